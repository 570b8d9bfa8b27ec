// A responder: it prices a crypto ramp, from a table in the code that its settings may override.
//
// Invariant: the same question at the same moment has the same answer, and never promises more
// than the price allows: amounts are exact, and rounded down once.

import settings from "hookswitch:plugin/settings@0.1.0";
import text from "hookswitch:plugin/text@0.1.0";
import { over, parse, show, times } from "./decimal.js";

/** What each asset can be divided into, in decimal places. */
const PLACES = new Map([
  ["BRL", 2],
  ["EUR", 2],
  ["USD", 2],
  ["ETHEREUM_ETH", 18],
  ["SOLANA_SOL", 9],
  ["SOLANA_USDC", 6],
]);

/** What one coin costs. Made up: a real responder would ask a market. */
const PRICES = new Map([
  ["ETHEREUM_ETH/BRL", "16500.00"],
  ["ETHEREUM_ETH/EUR", "2750.00"],
  ["ETHEREUM_ETH/USD", "3000.00"],
  ["SOLANA_SOL/BRL", "825.00"],
  ["SOLANA_SOL/EUR", "137.50"],
  ["SOLANA_SOL/USD", "150.00"],
  ["SOLANA_USDC/BRL", "5.55"],
  ["SOLANA_USDC/EUR", "0.93"],
  ["SOLANA_USDC/USD", "1.00"],
]);

/** How long a price holds. */
const HOLDS_MS = 60_000;

/** What is thrown becomes the error of the WIT function's `result`. */
const decline = (status, reason, customerReason = null) => ({ status, reason, customerReason });

export const answering = {
  compute(request, context) {
    if (request.kind !== "quote" && request.kind !== "redirect-order") {
      throw decline("unprocessable", "only quotes and redirects");
    }
    const trade = read(request.data);
    const price = priceOf(trade);
    const toAmount = show(convert(trade, price));
    // The id comes from outside and goes into a link: this form is safe in both.
    const quoteId = `q_${text.encodeBase64url(text.encodeUtf8(request.id))}`;
    // A guest's own clock stands still or traps: the time is what the router says it is.
    const expiresAt = new Date(context.nowMs + HOLDS_MS).toISOString();
    const answer = {
      toAmount,
      rawResponse: { exchangeRate: show(price), quoteId, expiresAt },
    };
    if (request.kind === "redirect-order") {
      answer.redirectUrl = `https://ramp.example.com/checkout/${quoteId}`;
    }
    return { data: JSON.stringify(answer) };
  },
};

/** The members of a trade that decide its price. */
function read(data) {
  const invalid = decline("invalid", "a member is missing, or has the wrong form");
  let trade;
  try {
    trade = JSON.parse(data);
  } catch {
    throw invalid;
  }
  const { rampType, fromCurrency, toCurrency, fromAmount } = trade ?? {};
  const texts = [rampType, fromCurrency, toCurrency, fromAmount];
  if (texts.some((member) => typeof member !== "string")) throw invalid;
  if (rampType !== "ONRAMP" && rampType !== "OFFRAMP") throw invalid;
  return { buys: rampType === "ONRAMP", fromCurrency, toCurrency, fromAmount };
}

/** What one coin of this trade costs. */
function priceOf({ buys, fromCurrency, toCurrency }) {
  const pair = buys ? `${toCurrency}/${fromCurrency}` : `${fromCurrency}/${toCurrency}`;
  const { prices = {} } = JSON.parse(settings.get());
  // `hasOwn`: a pair that is called `constructor` isn't in the settings.
  const found = Object.hasOwn(prices, pair) ? prices[pair] : PRICES.get(pair);
  if (found === undefined) {
    throw decline("unprocessable", "unknown pair", "We don't trade this pair of currencies.");
  }
  if (typeof found !== "string") throw decline("unavailable", "the settings can't be read");
  const price = parse(found);
  if (!price?.digits) {
    throw decline("unavailable", "a price in the settings is not a decimal over zero");
  }
  return price;
}

/** What is paid out, in the smallest unit of its asset. */
function convert({ buys, toCurrency, fromAmount }, price) {
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
