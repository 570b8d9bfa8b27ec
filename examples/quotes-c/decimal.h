// Decimal numbers as integers: `12.50` is 1250 with 2 places.
//
// Invariant: exact until the one rounding at the end, which is down; what doesn't fit into 128 bits
// is `false`, never a wrong number.

#ifndef DECIMAL_H
#define DECIMAL_H

#include "text.h"

typedef unsigned __int128 whole;

typedef struct {
  whole digits;
  size_t places;
} decimal;

// Reads digits with at most one point among them: `12`, `12.50`.
bool decimal_parse(text source, decimal *read);

// `one × other`, rounded down to so many places.
bool decimal_times(decimal one, decimal other, size_t places, decimal *product);

// `one ÷ other`, rounded down to so many places; `other` isn't zero.
bool decimal_over(decimal one, decimal other, size_t places, decimal *quotient);

// Appends it with all its places.
void decimal_append(growing *to, decimal number);

#endif
