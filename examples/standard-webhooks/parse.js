// What a genuine callback holds: always one event, whose data is the body as received.
//
// Invariant: the event's id is the signed id of the message, which stays the same however often it
// is sent; so a repeat is known as one.

import { decodeUtf8 } from "hookswitch:plugin/text@0.1.0";

/** What the scheme recommends for types: words with dots between them. */
const TYPE_FORM = /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/;
const TYPE_LENGTH_MAX = 100;
const SUBJECT_LENGTH_MAX = 256;
const TIME_FORM = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,}(Z|[+-][0-9]{2}:[0-9]{2})$/;

/** The content of a callback; what is thrown becomes the parse fault. */
export function parse(call, { provider, prefix }) {
  const body = read(call.body);
  const id = call.head.headers.find((header) => header.name === `${prefix}-id`);
  const event = {
    id: id.value,
    aliases: [],
    kind: `${provider}.${typeOf(body.type)}`,
    subject: subjectOf(body.data),
    rank: null,
    occurredAtMs: timeOf(body.timestamp),
    data: null,
  };
  return { tag: "notification", val: [event] };
}

function read(bytes) {
  const malformed = (code, detail) => ({ tag: "malformed", val: { code, detail } });
  const text = decodeUtf8(bytes);
  if (text === null) throw malformed("body_not_utf8", "the body isn't UTF-8");
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw malformed("body_not_json", "the body isn't JSON");
  }
  // The scheme asks for no form of the body: whatever JSON it is, it is an event.
  return body !== null && typeof body === "object" ? body : {};
}

function typeOf(type) {
  const formed =
    typeof type === "string" && type.length <= TYPE_LENGTH_MAX && TYPE_FORM.test(type);
  return formed ? type : "untyped";
}

/** What it is about, where the body says so in the usual place. */
function subjectOf(data) {
  const id = data?.id;
  const formed = typeof id === "string" && id.length > 0 && id.length <= SUBJECT_LENGTH_MAX;
  return formed ? id : null;
}

function timeOf(time) {
  const milliseconds = typeof time === "string" && TIME_FORM.test(time) ? Date.parse(time) : NaN;
  // Times before 1970 are none.
  return milliseconds >= 0 ? milliseconds : null;
}
