// See text.h.

#include "text.h"

#include <stdalign.h>

typedef struct chunk {
  alignas(max_align_t) struct chunk *next;
} chunk;

static chunk *chunks;

void *allocate(size_t bytes) {
  chunk *made = malloc(sizeof *made + bytes);
  // The call ends here, and the router says which limit it ran into.
  if (!made) __builtin_trap();
  made->next = chunks;
  chunks = made;
  return made + 1;
}

void release(void) {
  while (chunks) {
    chunk *next = chunks->next;
    free(chunks);
    chunks = next;
  }
}

void append(growing *to, text more) {
  if (to->room - to->length < more.length) {
    size_t room = (to->length + more.length) * 2;
    char *larger = allocate(room);
    if (to->length) memcpy(larger, to->at, to->length);
    to->at = larger;
    to->room = room;
  }
  if (more.length) memcpy(to->at + to->length, more.at, more.length);
  to->length += more.length;
}
