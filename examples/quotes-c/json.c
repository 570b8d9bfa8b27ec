// See json.h.

#include "json.h"

typedef struct {
  const char *at, *end;
} rest;

// How deep lists and objects may be in each other: the guest's stack is small.
#define DEPTH_MAX 32

static bool value(rest *from, int depth);

static void space(rest *from) {
  while (from->at < from->end && memchr(" \t\r\n", *from->at, 4)) from->at++;
}

static bool take(rest *from, char wanted) {
  if (from->at == from->end || *from->at != wanted) return false;
  from->at++;
  return true;
}

static bool hex4(rest *from, unsigned *unit) {
  *unit = 0;
  for (int count = 0; count < 4; count++, from->at++) {
    if (from->at == from->end) return false;
    char c = *from->at;
    unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                            : 16;
    if (digit == 16) return false;
    *unit = *unit * 16 + digit;
  }
  return true;
}

// `\uXXXX`, after the `u`, as UTF-8. Half of a pair is none.
static bool unicode(rest *from, growing *to) {
  unsigned point, low;
  if (!hex4(from, &point) || (point >= 0xDC00 && point < 0xE000)) return false;
  if (point >= 0xD800 && point < 0xDC00) {
    if (!take(from, '\\') || !take(from, 'u') || !hex4(from, &low)) return false;
    if (low < 0xDC00 || low >= 0xE000) return false;
    point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
  }
  char bytes[4];
  size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t at = length; at-- > 1; point >>= 6) bytes[at] = (char)(0x80 | (point & 0x3F));
  bytes[0] = (char)(lead[length] | point);
  append(to, (text){bytes, length});
  return true;
}

static bool escape(rest *from, growing *to) {
  static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  if (take(from, 'u')) return unicode(from, to);
  const char *name = from->at < from->end ? memchr(names, *from->at, 8) : NULL;
  if (!name) return false;
  from->at++;
  append(to, (text){meant + (name - names), 1});
  return true;
}

// A string with its quotes. `into` is NULL where nobody wants it.
static bool string(rest *from, text *into) {
  growing read = {0};
  bool ended = false;
  if (!take(from, '"')) return false;
  while (from->at < from->end && !(ended = take(from, '"'))) {
    if (take(from, '\\')) {
      if (!escape(from, &read)) break;
    } else if ((unsigned char)*from->at < 0x20) {
      break;
    } else {
      append(&read, (text){from->at++, 1});
    }
  }
  if (into) *into = text_of(read);
  return ended;
}

static size_t digits(rest *from) {
  const char *start = from->at;
  while (from->at < from->end && *from->at >= '0' && *from->at <= '9') from->at++;
  return (size_t)(from->at - start);
}

static bool number(rest *from) {
  take(from, '-');
  if (!take(from, '0') && !digits(from)) return false;
  if (take(from, '.') && !digits(from)) return false;
  if (take(from, 'e') || take(from, 'E')) {
    if (!take(from, '+')) take(from, '-');
    return digits(from) > 0;
  }
  return true;
}

static bool word(rest *from, text wanted) {
  if ((size_t)(from->end - from->at) < wanted.length) return false;
  if (memcmp(from->at, wanted.at, wanted.length) != 0) return false;
  from->at += wanted.length;
  return true;
}

static bool list(rest *from, int depth) {
  if (!take(from, '[')) return false;
  space(from);
  if (take(from, ']')) return true;
  do {
    if (!value(from, depth)) return false;
  } while (take(from, ','));
  return take(from, ']');
}

static bool keep(rest *from, json_member *member, int depth) {
  space(from);
  rest start = *from;
  if (!value(from, depth)) return false;
  member->kind = *start.at == '"' ? JSON_STRING : JSON_OTHER;
  if (member->kind == JSON_STRING) return string(&start, &member->value);
  member->value = (text){start.at, (size_t)(from->at - start.at)};
  return true;
}

static bool object(rest *from, json_member *members, size_t count, int depth) {
  if (!take(from, '{')) return false;
  space(from);
  if (take(from, '}')) return true;
  do {
    text name;
    json_member ignored, *member = &ignored;
    space(from);
    if (!string(from, &name)) return false;
    for (size_t at = 0; at < count; at++)
      if (text_is(members[at].name, name)) member = &members[at];
    space(from);
    if (!take(from, ':')) return false;
    if (member == &ignored ? !value(from, depth) : !keep(from, member, depth)) return false;
  } while (take(from, ','));
  return take(from, '}');
}

// A value, with the white space around it.
static bool value(rest *from, int depth) {
  if (depth == DEPTH_MAX) return false;
  space(from);
  bool read = false;
  // The first character says what it has to be; what fails as that is nothing else.
  switch (from->at < from->end ? *from->at : 0) {
    case '"': read = string(from, NULL); break;
    case '[': read = list(from, depth + 1); break;
    case '{': read = object(from, NULL, 0, depth + 1); break;
    case 't': read = word(from, TEXT("true")); break;
    case 'f': read = word(from, TEXT("false")); break;
    case 'n': read = word(from, TEXT("null")); break;
    default: read = number(from);
  }
  space(from);
  return read;
}

bool json_object(text source, json_member *members, size_t count) {
  rest from = {source.at, source.at + source.length};
  for (size_t at = 0; at < count; at++) members[at].kind = JSON_ABSENT;
  space(&from);
  if (!object(&from, members, count, 0)) return false;
  space(&from);
  return from.at == from.end;
}
