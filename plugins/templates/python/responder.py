"""The {{name}} responder: quotes at one fixed rate, in whole millionths: floats are no money."""

import json
import re

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import settings
from wit_world.imports.types import Answer, Context, Decline, DeclineStatus, Request

PLACES = 6
ONE = 10**PLACES
# How long a quote holds.
HOLDS_MS = 60_000
DECIMAL = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?", re.ASCII)


class Answering(exports.Answering):
    """componentize-py finds this class by the name of the interface."""

    def compute(self, request: Request, context: Context) -> Answer:
        if request.kind != "quote":
            raise decline(DeclineStatus.UNPROCESSABLE, "only quotes", "We only quote prices.")
        data = json_object(request.data)
        if data is None:
            raise decline(DeclineStatus.INVALID, "the data is no JSON object")
        amount = millionths(data.get("fromAmount"))
        if amount is None:
            raise decline(
                DeclineStatus.INVALID, "fromAmount is no decimal with up to 6 places"
            )
        rate = millionths((json_object(settings.get()) or {}).get("rate", "0.18"))
        if rate is None:
            raise decline(DeclineStatus.UNAVAILABLE, "the setting `rate` is no decimal")
        answer = {
            "toAmount": decimal(amount * rate // ONE),
            # The time is the router's word: a guest reads no clock.
            "rawResponse": {"rate": decimal(rate), "expiresAtMs": context.now_ms + HOLDS_MS},
        }
        return Answer(json.dumps(answer))


def millionths(value: object) -> int | None:
    """Digits with at most 12 before the point and 6 behind it."""
    found = DECIMAL.fullmatch(value) if isinstance(value, str) else None
    return int(found[1] + (found[2] or "").ljust(PLACES, "0")) if found else None


def decimal(count: int) -> str:
    return f"{count // ONE}.{count % ONE:0{PLACES}}"


def json_object(text: str) -> dict | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def decline(status: DeclineStatus, reason: str, customer_reason: str | None = None) -> Err:
    """What is raised so is the error of the function's `result`."""
    return Err(Decline(status, reason, customer_reason))
