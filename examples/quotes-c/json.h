// Reads the members of a JSON object that are asked for, and passes over the rest.
//
// Invariant: `true` only for a whole, valid object; nothing is read past the end of its text.

#ifndef JSON_H
#define JSON_H

#include "text.h"

typedef enum { JSON_ABSENT, JSON_STRING, JSON_OTHER } json_kind;

typedef struct {
  text name;
  json_kind kind;
  // A string's characters, without escapes; of anything else its JSON.
  text value;
} json_member;

// Finds each of the members; one that comes twice counts as it comes last.
bool json_object(text source, json_member *members, size_t count);

#endif
