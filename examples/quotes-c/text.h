// Texts as a pointer and a length, and one that grows while an answer is written.
//
// Invariant: nothing here ends at a NUL byte. What is allocated here lives until `release`, so that
// a kept instance takes no more memory from call to call; without memory the guest traps.

#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *at;
  size_t length;
} text;

#define TEXT(literal) ((text){literal, sizeof(literal) - 1})

static inline bool text_is(text one, text other) {
  return one.length == other.length && memcmp(one.at, other.at, one.length) == 0;
}

typedef struct {
  char *at;
  size_t length, room;
} growing;

void append(growing *to, text more);

static inline text text_of(growing done) { return (text){done.at, done.length}; }

// Memory for this call.
void *allocate(size_t bytes);

// Frees what `allocate` and `append` brought.
void release(void);

#endif
