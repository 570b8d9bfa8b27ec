// The {{name}} adapter: an HMAC-SHA256 of the body, in hexadecimal, in the header `x-signature`.

import crypto from "hookswitch:plugin/crypto@0.1.0";
import text from "hookswitch:plugin/text@0.1.0";

/** The one type that is told as an event, and as what. */
const TYPE = "payment.settled";
const KIND = "{{name}}.payment.settled";

export const protocol = {
  describe() {
    const about = "the secret that the provider signs with";
    return {
      provider: "{{name}}",
      settings: [],
      secrets: [{ name: "signing-secret", required: true, about }],
      answers: [],
      events: [KIND],
    };
  },

  configure() {
    return [];
  },

  verify(call) {
    const signature = call.head.headers.find((header) => header.name === "x-signature");
    if (!signature) return forged("signature_missing", "there is no x-signature header");
    const tag = text.decodeHex(signature.value);
    if (!tag) return forged("signature_malformed", "the signature isn't hexadecimal");
    // The key stays in the router: it is named here, and checked there.
    const matched = crypto.verifyMac("signing-secret", "utf8", "hmac-sha256", call.body, tag);
    if (!matched) return forged("signature_mismatch", "no secret's signature is this one");
    return { tag: "genuine", val: { matched, replayKey: undefined } };
  },

  parse(call) {
    const body = object(text.decodeUtf8(call.body));
    if (typeof body?.id !== "string" || typeof body.type !== "string") {
      const detail = "the body is no JSON object with an id and a type";
      // What is thrown is the error of the function's `result`.
      throw { tag: "malformed", val: { code: "body_malformed", detail } };
    }
    if (body.type !== TYPE) return { tag: "notification", val: [] };
    const subject = typeof body.payment === "string" ? body.payment : undefined;
    return { tag: "notification", val: [{ id: body.id, aliases: [], kind: KIND, subject }] };
  },

  respond(head, outcome) {
    switch (outcome.tag) {
      case "accepted":
      case "duplicate":
        return reply(200, { ok: true });
      case "forged":
        return reply(401, { error: outcome.val.code });
      case "malformed":
        return reply(400, { error: outcome.val.code });
      case "not-found":
        return reply(404, { error: outcome.val.code });
      case "unavailable":
        return reply(503, { error: outcome.val.code });
      default:
        // This provider asks nothing and sends no challenge.
        throw { code: "not_asked", detail: "this adapter parses no requests" };
    }
  },
};

function forged(code, detail) {
  return { tag: "forged", val: { code, detail } };
}

/** The object that a text holds as JSON; anything else is undefined. */
function object(json) {
  try {
    const value = JSON.parse(json);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function reply(status, body) {
  const headers = [{ name: "content-type", value: "application/json" }];
  return { status, headers, body: text.encodeUtf8(JSON.stringify(body)) };
}
