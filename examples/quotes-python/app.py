"""A responder: it prices a crypto ramp, from a table in the code that its settings may override.

Invariant: the same question at the same moment has the same answer, and never promises more than
the price allows: amounts are exact, and rounded down once.
"""

import base64
import json
from datetime import datetime, timedelta
from typing import NoReturn, Optional

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import settings
from wit_world.imports.types import Answer, Context, Decline, DeclineStatus, Request

import decimals
from decimals import Number

# What each asset can be divided into, in decimal places.
PLACES = {
    "BRL": 2,
    "EUR": 2,
    "USD": 2,
    "ETHEREUM_ETH": 18,
    "SOLANA_SOL": 9,
    "SOLANA_USDC": 6,
}

# What one coin costs. Made up: a real responder would ask a market.
PRICES = {
    "ETHEREUM_ETH/BRL": "16500.00",
    "ETHEREUM_ETH/EUR": "2750.00",
    "ETHEREUM_ETH/USD": "3000.00",
    "SOLANA_SOL/BRL": "825.00",
    "SOLANA_SOL/EUR": "137.50",
    "SOLANA_SOL/USD": "150.00",
    "SOLANA_USDC/BRL": "5.55",
    "SOLANA_USDC/EUR": "0.93",
    "SOLANA_USDC/USD": "1.00",
}

HOLDS = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1)


class Answering(exports.Answering):
    """The one interface that a responder exports. componentize-py finds it by its name."""

    def compute(self, request: Request, context: Context) -> Answer:
        if request.kind not in ("quote", "redirect-order"):
            decline(DeclineStatus.UNPROCESSABLE, "only quotes and redirects")
        trade = Trade(request.data)
        price = trade.price()
        paid = trade.convert(price)
        # The id comes from outside and goes into a link: this form is safe in both.
        identity = base64.urlsafe_b64encode(request.id.encode()).decode().rstrip("=")
        # `datetime.now()` would read a clock; what the time is, is the router's word.
        until = EPOCH + timedelta(milliseconds=context.now_ms) + HOLDS
        answer = {
            "toAmount": str(paid),
            "rawResponse": {
                "exchangeRate": str(price),
                "quoteId": f"q_{identity}",
                "expiresAt": until.isoformat(timespec="milliseconds") + "Z",
            },
        }
        if request.kind == "redirect-order":
            answer["redirectUrl"] = f"https://ramp.example.com/checkout/q_{identity}"
        return Answer(json.dumps(answer))


class Trade:
    """The members of a trade that decide its price."""

    def __init__(self, data: str):
        try:
            trade = json.loads(data)
            members = ("rampType", "fromCurrency", "toCurrency", "fromAmount")
            ramp, self.source, self.target, self.amount = (trade[name] for name in members)
        except (ValueError, LookupError, TypeError, RecursionError):
            ramp = None
        if ramp not in ("ONRAMP", "OFFRAMP") or not all(
            isinstance(text, str) for text in (self.source, self.target, self.amount)
        ):
            decline(DeclineStatus.INVALID, "a member is missing, or has the wrong form")
        self.buys = ramp == "ONRAMP"

    def price(self) -> Number:
        """What one coin of this trade costs."""
        coin, currency = (self.target, self.source) if self.buys else (self.source, self.target)
        prices = PRICES | json.loads(settings.get()).get("prices", {})
        text = prices.get(f"{coin}/{currency}")
        if text is None:
            customer = "We don't trade this pair of currencies."
            decline(DeclineStatus.UNPROCESSABLE, "unknown pair", customer)
        if not isinstance(text, str):
            decline(DeclineStatus.UNAVAILABLE, "the settings can't be read")
        price = decimals.parse(text)
        if not price or not price.digits:
            reason = "a price in the settings is not a decimal over zero"
            decline(DeclineStatus.UNAVAILABLE, reason)
        return price

    def convert(self, price: Number) -> Number:
        """What is paid out, in the smallest unit of its asset."""
        amount = decimals.parse(self.amount)
        if not amount or not amount.digits:
            decline(DeclineStatus.INVALID, "fromAmount is not a decimal over zero")
        places = PLACES.get(self.target)
        if places is None:
            customer = "We don't pay out in this currency."
            decline(DeclineStatus.UNPROCESSABLE, "unknown currency", customer)
        paid = (decimals.over if self.buys else decimals.times)(amount, price, places)
        if not paid:
            decline(DeclineStatus.INVALID, "fromAmount has too many digits")
        if not paid.digits:
            customer = "This amount is too small."
            decline(DeclineStatus.UNPROCESSABLE, "fromAmount pays out nothing", customer)
        return paid


def decline(status: DeclineStatus, reason: str, customer: Optional[str] = None) -> NoReturn:
    """Says no: `Err` is the error of the WIT function's `result`."""
    raise Err(Decline(status, reason, customer))
