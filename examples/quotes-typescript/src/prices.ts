// Where prices come from: the settings first, then the price service that they name.
//
// Invariant: a price that can't be had makes the answer unavailable, never another price.

import { get } from "hookswitch:plugin/settings@0.1.0";
import { decline } from "./decline";
import { type Decimal, parse } from "./decimal";

interface Settings {
  /** Where `/prices/COIN/CURRENCY` answers `{"price":"5.55"}`, or 404. */
  price_service: string;
  /** Prices that aren't asked for. */
  prices?: Record<string, unknown>;
}

/** What one coin costs. */
export async function priceOf(coin: string, currency: string): Promise<Decimal> {
  const { price_service: service, prices = {} } = JSON.parse(get()) as Settings;
  const pair = `${coin}/${currency}`;
  // `hasOwn`: a pair that is called `constructor` isn't in the settings.
  if (!Object.hasOwn(prices, pair)) return read(await ask(service, coin, currency), "service");
  const text = prices[pair];
  if (typeof text !== "string") throw decline("unavailable", "the settings can't be read");
  return read(text, "settings");
}

async function ask(service: string, coin: string, currency: string): Promise<string> {
  // Names come from outside: encoded, they are two parts of the path, whatever they hold.
  const path = [coin, currency].map(encodeURIComponent).join("/");
  const failed = (why: string) => decline("unavailable", `the price service ${why}`);
  let response: Response;
  try {
    response = await fetch(`${service}/prices/${path}`);
  } catch {
    // Not listed under `allow_http`, not there, or too slow: a guest is told no more than that.
    throw failed("can't be reached");
  }
  if (response.status === 404) {
    throw decline("unprocessable", "unknown pair", "We don't trade this pair of currencies.");
  }
  if (!response.ok) throw failed(`answers ${response.status}`);
  let answer: { price?: unknown };
  try {
    answer = await response.json();
  } catch {
    throw failed("answers no JSON");
  }
  if (typeof answer?.price !== "string") throw failed("answers no price");
  return answer.price;
}

function read(text: string, from: string): Decimal {
  const price = parse(text);
  if (price?.digits) return price;
  throw decline("unavailable", `a price in the ${from} is not a decimal over zero`);
}
