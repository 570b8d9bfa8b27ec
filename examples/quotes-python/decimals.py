"""Decimal numbers as integers: `12.50` is 1250 with 2 places.

Invariant: exact until the one rounding at the end, which is down. No number takes more than 128
bits, as in every language that these quotes are written in; what does is `None`.
"""

import re
from dataclasses import dataclass
from typing import Optional

LIMIT = 1 << 128
# `[0-9]`: `\d` takes the digits of every script.
FORM = re.compile(r"([0-9]+)(?:\.([0-9]+))?")


@dataclass(frozen=True)
class Number:
    digits: int
    places: int

    def __str__(self) -> str:
        """With all its places."""
        text = str(self.digits).rjust(self.places + 1, "0")
        point = len(text) - self.places
        return f"{text[:point]}.{text[point:]}" if self.places else text


def parse(text: str) -> Optional[Number]:
    """Reads digits with at most one point among them: `12`, `12.50`."""
    found = FORM.fullmatch(text)
    if not found:
        return None
    whole, fraction = found[1], found[2] or "0"
    # No more digits than that are ever converted, however long a text came.
    digits = (whole + fraction).lstrip("0") or "0"
    if len(digits) > 39 or int(digits) >= LIMIT:
        return None
    return Number(int(digits), len(fraction))


def times(one: Number, other: Number, places: int) -> Optional[Number]:
    """`one × other`, rounded down to so many places."""
    up, down = _powers(places, one.places + other.places)
    return _divided([one.digits, other.digits, up], [down], places)


def over(one: Number, other: Number, places: int) -> Optional[Number]:
    """`one ÷ other`, rounded down to so many places; `other` isn't zero."""
    up, down = _powers(other.places + places, one.places)
    return _divided([one.digits, up], [other.digits, down], places)


def _powers(wanted: int, given: int) -> tuple[int, int]:
    """10 to the `wanted` over 10 to the `given`, with what both hold cancelled."""
    # 10 to the 39 is more than 128 bits; no larger power is worked out.
    power = lambda exponent: 10 ** min(max(exponent, 0), 39)
    return power(wanted - given), power(given - wanted)


def _divided(above: list[int], below: list[int], places: int) -> Optional[Number]:
    one, other = _product(above), _product(below)
    return None if one is None or other is None else Number(one // other, places)


def _product(factors: list[int]) -> Optional[int]:
    product = 1
    for factor in factors:
        product *= factor
        if factor >= LIMIT or product >= LIMIT:
            return None
    return product
