// Callbacks as a sender of the scheme makes them, for `hookswitch send`: signed and ready.
//
// Invariant: the same arguments give the same bytes; nothing is drawn at random, since every fresh
// instance of this engine would draw the same.

import { signMac } from "hookswitch:plugin/signing@0.1.0";
import { encodeBase64, encodeUtf8 } from "hookswitch:plugin/text@0.1.0";
import { settings } from "./settings.js";
import { SECRET, signed } from "./verify.js";

export const kinds = () => ["contact.created", "contact.updated", "contact.deleted"];

/** One callback of a kind, the names above or any other type. `options` may name `id` and `data`. */
export function simulate(kind, options, nowMs, seed) {
  const { prefix } = settings();
  const { id = `msg_${seed}`, data = { id: `contact_${seed}` }, ...more } = JSON.parse(options);
  if (Object.keys(more).length > 0) {
    throw { code: "options_invalid", detail: "the options are id and data" };
  }
  const timestamp = new Date(nowMs).toISOString();
  const body = encodeUtf8(JSON.stringify({ type: kind, timestamp, data }));
  const time = `${Math.floor(nowMs / 1000)}`;
  const tag = signMac(SECRET, "base64-without-whsec", "hmac-sha256", signed(id, time, body));
  const headers = {
    "content-type": "application/json",
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: time,
    [`${prefix}-signature`]: `v1,${encodeBase64(tag)}`,
  };
  const head = {
    id: "",
    method: "POST",
    url: "https://hooks.example.com/standard-webhooks",
    params: [],
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    peer: "203.0.113.9",
    receivedAtMs: nowMs,
  };
  return { head, body };
}
