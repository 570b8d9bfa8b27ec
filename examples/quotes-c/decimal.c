// See decimal.h.

#include "decimal.h"

static bool times(whole one, whole other, whole *product) {
  return !__builtin_mul_overflow(one, other, product);
}

// Appends one more digit to a number.
static bool push(whole *digits, char digit) {
  if (digit < '0' || digit > '9') return false;
  whole more = (whole)(digit - '0');
  return times(*digits, 10, digits) && !__builtin_add_overflow(*digits, more, digits);
}

bool decimal_parse(text source, decimal *read) {
  const char *point = source.length ? memchr(source.at, '.', source.length) : NULL;
  size_t before = point ? (size_t)(point - source.at) : source.length;
  // A number without a point has one place, a zero, so that a price is always shown with one.
  text fraction = point ? (text){point + 1, source.length - before - 1} : TEXT("0");
  if (before == 0 || fraction.length == 0) return false;
  whole digits = 0;
  for (size_t at = 0; at < before; at++)
    if (!push(&digits, source.at[at])) return false;
  for (size_t at = 0; at < fraction.length; at++)
    if (!push(&digits, fraction.at[at])) return false;
  *read = (decimal){digits, fraction.length};
  return true;
}

static bool power(size_t exponent, whole *result) {
  *result = 1;
  for (; exponent; exponent--)
    if (!times(*result, 10, result)) return false;
  return true;
}

// 10 to the `wanted` over 10 to the `given`, with what both hold cancelled, to overflow later.
static bool powers(size_t wanted, size_t given, whole *up, whole *down) {
  return power(wanted > given ? wanted - given : 0, up) &&
         power(given > wanted ? given - wanted : 0, down);
}

bool decimal_times(decimal one, decimal other, size_t places, decimal *product) {
  whole up, down, digits;
  if (!times(one.digits, other.digits, &digits)) return false;
  if (!powers(places, one.places + other.places, &up, &down)) return false;
  if (!times(digits, up, &digits)) return false;
  *product = (decimal){digits / down, places};
  return true;
}

bool decimal_over(decimal one, decimal other, size_t places, decimal *quotient) {
  whole up, down;
  if (!powers(other.places + places, one.places, &up, &down)) return false;
  if (!times(one.digits, up, &up) || !times(other.digits, down, &down)) return false;
  *quotient = (decimal){up / down, places};
  return true;
}

void decimal_append(growing *to, decimal number) {
  // At least one digit before the point, and each place, also where they are zeros.
  size_t room = number.places + 40, start = room;
  char *digits = allocate(room);
  for (whole rest = number.digits; rest || room - start <= number.places; rest /= 10)
    digits[--start] = '0' + (char)(rest % 10);
  append(to, (text){digits + start, room - start - number.places});
  if (number.places) {
    append(to, TEXT("."));
    append(to, (text){digits + room - number.places, number.places});
  }
}
