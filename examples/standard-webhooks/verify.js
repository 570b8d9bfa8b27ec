// Is it genuine? An HMAC-SHA256 over the id, the time and the body, with dots between them; the
// header may hold several, for while the sender changes its secret.
//
// Invariant: the key stays in the router, which also compares in constant time. The time is judged
// last, so that "late" is only ever said of what was signed.

import { verifyMac } from "hookswitch:plugin/crypto@0.1.0";
import { decodeBase64, encodeUtf8 } from "hookswitch:plugin/text@0.1.0";

export const SECRET = "signing-secret";

/** Signatures of one header that are looked at. A sender has one for each of its secrets. */
const SIGNATURES_MAX = 8;

/** Visible ASCII without a dot: with one, where the id ends and the time begins were a guess. */
const ID_FORM = /^[!-\-/-~]{1,256}$/;
/** A time in seconds has ten digits until the year 2286. */
const TIME_FORM = /^[0-9]{1,12}$/;

const reason = (code, detail) => ({ code, detail });

/** The verdict on a callback. */
export function verify(call, { prefix, toleranceMs }) {
  const { id, time, signatures, refusal } = read(call.head, prefix);
  if (refusal) return { tag: "forged", val: refusal };
  const content = signed(id, time, call.body);
  // A matched version of the secret has a name; `null` says that none matched.
  const matched = signatures
    .map((tag) => verifyMac(SECRET, "base64-without-whsec", "hmac-sha256", content, tag))
    .find((version) => version !== null);
  if (matched === undefined) {
    const detail = "no version of the secret gives any of the signatures";
    return { tag: "forged", val: reason("signature_mismatch", detail) };
  }
  const apart = call.head.receivedAtMs - Number(time) * 1000;
  if (Math.abs(apart) > toleranceMs) {
    const [code, side] = apart > 0 ? ["timestamp_late", "ago"] : ["timestamp_early", "ahead"];
    const detail = `signed ${Math.floor(Math.abs(apart) / 1000)} s ${side}`;
    return { tag: "forged", val: reason(code, detail) };
  }
  // The id alone tells one sending from another: the same again is the same event.
  return { tag: "genuine", val: { matched, replayKey: null } };
}

/** What is signed: exactly the bytes that came. */
export function signed(id, time, body) {
  const start = encodeUtf8(`${id}.${time}.`);
  const content = new Uint8Array(start.length + body.length);
  content.set(start);
  content.set(body, start.length);
  return content;
}

/** The three headers, or the reason why they are none. */
function read(head, prefix) {
  const [id, time, list] = ["id", "timestamp", "signature"].map((name) => {
    const named = head.headers.filter((header) => header.name === `${prefix}-${name}`);
    return named.map((header) => header.value);
  });
  for (const [name, values] of Object.entries({ id, timestamp: time, signature: list })) {
    if (values.length === 0) return refuse(`${name}_missing`, `there is no ${prefix}-${name}`);
    // Two are ambiguous: it may be that another one was signed than the one that is read.
    if (values.length > 1) return refuse(`${name}_repeated`, `${prefix}-${name} comes twice`);
  }
  if (!ID_FORM.test(id[0])) return refuse("id_form", "an id is visible ASCII without a dot");
  if (!TIME_FORM.test(time[0])) return refuse("timestamp_form", "a time is Unix seconds");
  const signatures = list[0]
    .split(" ")
    // Other versions, such as v1a of the asymmetric scheme, are not ours to judge.
    .filter((one) => one.startsWith("v1,"))
    .slice(0, SIGNATURES_MAX)
    .map((one) => decodeBase64(one.slice(3)))
    .filter((tag) => tag !== null && tag.length === 32);
  if (signatures.length === 0) {
    return refuse("signature_form", "none of the signatures is v1 and 32 bytes in base64");
  }
  return { id: id[0], time: time[0], signatures };
}

const refuse = (code, detail) => ({ refusal: reason(code, detail) });

/** What was signed and where it looked, for `hookswitch explain`. */
export function facts(call, { prefix, toleranceMs }) {
  const { id, time, signatures, refusal } = read(call.head, prefix);
  if (refusal) return [{ name: "headers", value: refusal.detail }];
  const facts = {
    "signed text": `${id}.${time}. and ${call.body.length} bytes of body`,
    "signatures of version v1": `${signatures.length}`,
    "signed at": new Date(Number(time) * 1000).toISOString(),
    "received at": new Date(call.head.receivedAtMs).toISOString(),
    tolerance: `${toleranceMs / 1000} s`,
  };
  return Object.entries(facts).map(([name, value]) => ({ name, value }));
}
