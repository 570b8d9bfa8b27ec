"""The {{name}} adapter: an HMAC-SHA256 of the body, in hexadecimal, in the header `x-signature`."""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import crypto, text
from wit_world.imports.crypto import KeyForm, Mac
from wit_world.imports.types import (
    Callback, Content, Content_Notification, Event, Head, Header, Manifest, Outcome,
    Outcome_Accepted, Outcome_Duplicate, Outcome_Forged, Outcome_Malformed, Outcome_NotFound,
    Outcome_Unavailable, ParseFault_Malformed, Proof, Reason, Reply, SecretRole, Verdict,
    Verdict_Forged, Verdict_Genuine,
)

# The one type that is told as an event, and as what.
TYPE = "payment.settled"
KIND = "{{name}}.payment.settled"

STATUS_OF_ERROR = {
    Outcome_Forged: 401,
    Outcome_Malformed: 400,
    Outcome_NotFound: 404,
    Outcome_Unavailable: 503,
}


class Protocol(exports.Protocol):
    """componentize-py finds this class by the name of the interface."""

    def describe(self) -> Manifest:
        role = SecretRole("signing-secret", True, "the secret that the provider signs with")
        return Manifest("{{name}}", settings=[], secrets=[role], answers=[], events=[KIND])

    def configure(self) -> list[Reason]:
        return []

    def verify(self, call: Callback) -> Verdict:
        signatures = [h.value for h in call.head.headers if h.name == "x-signature"]
        if not signatures:
            return forged("signature_missing", "there is no x-signature header")
        tag = text.decode_hex(signatures[0])
        if tag is None:
            return forged("signature_malformed", "the signature isn't hexadecimal")
        # The key stays in the router: it is named here, and checked there.
        matched = crypto.verify_mac(
            "signing-secret", KeyForm.UTF8, Mac.HMAC_SHA256, call.body, tag
        )
        if matched is None:
            return forged("signature_mismatch", "no secret's signature is this one")
        return Verdict_Genuine(Proof(matched, None))

    def parse(self, call: Callback) -> Content:
        try:
            body = json.loads(call.body)
        except (ValueError, RecursionError):
            body = None
        body = body if isinstance(body, dict) else {}
        identity, what = body.get("id"), body.get("type")
        if not isinstance(identity, str) or not isinstance(what, str):
            detail = "the body is no JSON object with an id and a type"
            # What is raised so is the error of the function's `result`.
            raise Err(ParseFault_Malformed(Reason("body_malformed", detail)))
        if what != TYPE:
            return Content_Notification([])
        payment = body.get("payment")
        subject = payment if isinstance(payment, str) else None
        return Content_Notification([Event(identity, [], KIND, subject, None, None, None)])

    def respond(self, head: Head, outcome: Outcome) -> Reply:
        if isinstance(outcome, (Outcome_Accepted, Outcome_Duplicate)):
            return reply(200, {"ok": True})
        status = STATUS_OF_ERROR.get(type(outcome))
        if status is None:
            # This provider asks nothing and sends no challenge.
            raise Err(Reason("not_asked", "this adapter parses no requests"))
        return reply(status, {"error": outcome.value.code})


def forged(code: str, detail: str) -> Verdict:
    return Verdict_Forged(Reason(code, detail))


def reply(status: int, body: dict) -> Reply:
    kind = Header("content-type", "application/json")
    return Reply(status, [kind], json.dumps(body, separators=(",", ":")).encode())
