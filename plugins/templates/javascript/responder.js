// The {{name}} responder: quotes at one fixed rate, in whole millionths, since floats are no money.

import settings from "hookswitch:plugin/settings@0.1.0";

const PLACES = 6;
const ONE = 1_000_000n;
/** How long a quote holds. */
const HOLDS_MS = 60_000;

export const answering = {
  compute(request, context) {
    if (request.kind !== "quote") {
      throw decline("unprocessable", "only quotes", "We only quote prices.");
    }
    const data = object(request.data);
    if (!data) throw decline("invalid", "the data is no JSON object");
    const amount = millionths(data.fromAmount);
    if (amount === undefined) {
      throw decline("invalid", "fromAmount is no decimal with up to 6 places");
    }
    const rate = millionths(object(settings.get())?.rate ?? "0.18");
    if (rate === undefined) throw decline("unavailable", "the setting `rate` is no decimal");
    const answer = {
      toAmount: decimal((amount * rate) / ONE),
      // The time is the router's word: a guest reads no clock.
      rawResponse: { rate: decimal(rate), expiresAtMs: context.nowMs + HOLDS_MS },
    };
    return { data: JSON.stringify(answer) };
  },
};

/** Digits with at most 12 before the point and 6 behind it, as a BigInt. */
function millionths(value) {
  if (typeof value !== "string" || !/^[0-9]{1,12}(\.[0-9]{1,6})?$/.test(value)) return undefined;
  const [whole, fraction = ""] = value.split(".");
  return BigInt(whole + fraction.padEnd(PLACES, "0"));
}

function decimal(count) {
  return `${count / ONE}.${String(count % ONE).padStart(PLACES, "0")}`;
}

/** What is thrown is the error of the function's `result`. */
function decline(status, reason, customerReason) {
  return { status, reason, customerReason };
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
