// A responder: it prices a crypto ramp, by asking a price service.
//
// Invariant: an answer never promises more than the price allows: amounts are exact, and rounded
// down once.

import type { Answer, Context, Request } from "hookswitch:plugin/types@0.1.0";
import { encodeBase64url, encodeUtf8 } from "hookswitch:plugin/text@0.1.0";
import { decline } from "./decline";
import { type Decimal, over, parse, show, times } from "./decimal";
import { priceOf } from "./prices";

/** What each asset can be divided into, in decimal places. */
const PLACES = new Map([
  ["BRL", 2],
  ["EUR", 2],
  ["USD", 2],
  ["ETHEREUM_ETH", 18],
  ["SOLANA_SOL", 9],
  ["SOLANA_USDC", 6],
]);

/** How long a price holds. */
const HOLDS_MS = 60_000n;

interface Trade {
  buys: boolean;
  fromCurrency: string;
  toCurrency: string;
  fromAmount: string;
}

export const answering = {
  /** The WIT function is a plain one; the engine waits for the promise. */
  async compute(request: Request, context: Context): Promise<Answer> {
    if (request.kind !== "quote" && request.kind !== "redirect-order") {
      throw decline("unprocessable", "only quotes and redirects");
    }
    const trade = read(request.data);
    const { buys, fromCurrency, toCurrency } = trade;
    const pair: [string, string] = buys ? [toCurrency, fromCurrency] : [fromCurrency, toCurrency];
    const price = await priceOf(...pair);
    const toAmount = show(convert(trade, price));
    // The id comes from outside and goes into a link: this form is safe in both.
    const quoteId = `q_${encodeBase64url(encodeUtf8(request.id))}`;
    // A snapshotted engine's own clock may stand still: the time is what the router says it is.
    const expiresAt = new Date(Number(context.nowMs + HOLDS_MS)).toISOString();
    const answer = {
      toAmount,
      rawResponse: { exchangeRate: show(price), quoteId, expiresAt },
      ...(request.kind === "redirect-order" && {
        redirectUrl: `https://ramp.example.com/checkout/${quoteId}`,
      }),
    };
    return { data: JSON.stringify(answer) };
  },
};

/** The members of a trade that decide its price. */
function read(data: string): Trade {
  const invalid = decline("invalid", "a member is missing, or has the wrong form");
  let trade: Record<string, unknown> | null;
  try {
    trade = JSON.parse(data);
  } catch {
    throw invalid;
  }
  const { rampType, fromCurrency, toCurrency, fromAmount } = trade ?? {};
  if (rampType !== "ONRAMP" && rampType !== "OFFRAMP") throw invalid;
  if (typeof fromCurrency !== "string" || typeof toCurrency !== "string") throw invalid;
  if (typeof fromAmount !== "string") throw invalid;
  return { buys: rampType === "ONRAMP", fromCurrency, toCurrency, fromAmount };
}

/** What is paid out, in the smallest unit of its asset. */
function convert({ buys, toCurrency, fromAmount }: Trade, price: Decimal): Decimal {
  const amount = parse(fromAmount);
  if (!amount?.digits) throw decline("invalid", "fromAmount is not a decimal over zero");
  const places = PLACES.get(toCurrency);
  if (places === undefined) {
    const customer = "We don't pay out in this currency.";
    throw decline("unprocessable", "unknown currency", customer);
  }
  const paid = buys ? over(amount, price, places) : times(amount, price, places);
  if (!paid) throw decline("invalid", "fromAmount has too many digits");
  if (!paid.digits) {
    throw decline("unprocessable", "fromAmount pays out nothing", "This amount is too small.");
  }
  return paid;
}
