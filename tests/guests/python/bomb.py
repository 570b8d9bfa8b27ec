"""A responder that allocates for ever: its memory can't grow past what the router gives it."""

from wit_world import exports


class Answering(exports.Answering):
    def compute(self, request, context):
        held = []
        while True:
            held.append(bytearray(1 << 20))
