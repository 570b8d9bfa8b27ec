// Decimal numbers as integers: `12.50` is 1250n with 2 places.
//
// Invariant: exact until the one rounding at the end, which is down. No number takes more than 128
// bits, as in every language that these quotes are written in; what does is `null`.

const LIMIT = 1n << 128n;

const fits = (digits) => (digits < LIMIT ? digits : null);

/** Reads digits with at most one point among them: `12`, `12.50`. */
export function parse(text) {
  const found = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (!found) return null;
  const [, whole, fraction = "0"] = found;
  const digits = fits(BigInt(whole + fraction));
  return digits === null ? null : { digits, places: fraction.length };
}

/** `one × other`, rounded down to so many places. */
export function times(one, other, places) {
  const [up, down] = powers(places, one.places + other.places);
  return divided(product(product(one.digits, other.digits), up), down, places);
}

/** `one ÷ other`, rounded down to so many places; `other` isn't zero. */
export function over(one, other, places) {
  const [up, down] = powers(other.places + places, one.places);
  return divided(product(one.digits, up), product(other.digits, down), places);
}

/** As text, with all its places. */
export function show({ digits, places }) {
  const text = digits.toString().padStart(places + 1, "0");
  const point = text.length - places;
  return places === 0 ? text : `${text.slice(0, point)}.${text.slice(point)}`;
}

const product = (one, other) => (one === null || other === null ? null : fits(one * other));

const divided = (one, other, places) =>
  one === null || other === null ? null : { digits: one / other, places };

/** 10 to the `wanted` over 10 to the `given`, with what both hold cancelled. */
function powers(wanted, given) {
  // 10 to the 39 is more than 128 bits; no larger power is worked out, however long a text came.
  const power = (exponent) => fits(10n ** BigInt(Math.min(Math.max(exponent, 0), 39)));
  return [power(wanted - given), power(given - wanted)];
}
