// A responder: it prices a crypto ramp, from a table in the code that its settings may override.
//
// Invariant: the same question at the same moment has the same answer, and never promises more than
// the price allows: amounts are exact, and rounded down once.

#include "bindings/responder.h"
#include "decimal.h"
#include "json.h"

typedef exports_hookswitch_plugin_answering_decline_t declined;

// What each asset can be divided into, in decimal places.
static const struct {
  text name;
  size_t places;
} ASSETS[] = {
    {TEXT("BRL"), 2},           {TEXT("EUR"), 2},        {TEXT("USD"), 2},
    {TEXT("ETHEREUM_ETH"), 18}, {TEXT("SOLANA_SOL"), 9}, {TEXT("SOLANA_USDC"), 6},
};

// What one coin costs. Made up: a real responder would ask a market.
static const struct {
  text pair, price;
} PRICES[] = {
    {TEXT("ETHEREUM_ETH/BRL"), TEXT("16500.00")}, {TEXT("ETHEREUM_ETH/EUR"), TEXT("2750.00")},
    {TEXT("ETHEREUM_ETH/USD"), TEXT("3000.00")},  {TEXT("SOLANA_SOL/BRL"), TEXT("825.00")},
    {TEXT("SOLANA_SOL/EUR"), TEXT("137.50")},     {TEXT("SOLANA_SOL/USD"), TEXT("150.00")},
    {TEXT("SOLANA_USDC/BRL"), TEXT("5.55")},      {TEXT("SOLANA_USDC/EUR"), TEXT("0.93")},
    {TEXT("SOLANA_USDC/USD"), TEXT("1.00")},
};

// How long a price holds.
#define HOLDS_MS 60000
// The first millisecond of the year 10000, where the form of times ends.
#define END_MS 253402300800000

#define COUNT(table) (sizeof(table) / sizeof *(table))

typedef struct {
  bool buys;
  text from, to, amount;
} trade;

static text text_from(responder_string_t string) {
  return (text){(const char *)string.ptr, string.len};
}

// What goes to the router: the bindings free it once it is there.
static responder_string_t copied(text from) {
  responder_string_t copy;
  responder_string_dup_n(&copy, from.at, from.length);
  return copy;
}

// Says no; `customer` may be empty. Gives `false`, for `return`.
static bool decline(declined *no, int status, text reason, text customer) {
  no->status = (hookswitch_plugin_types_decline_status_t)status;
  no->reason = copied(reason);
  no->customer_reason.is_some = customer.length > 0;
  if (customer.length) no->customer_reason.val = copied(customer);
  return false;
}

#define INVALID HOOKSWITCH_PLUGIN_TYPES_DECLINE_STATUS_INVALID
#define UNPROCESSABLE HOOKSWITCH_PLUGIN_TYPES_DECLINE_STATUS_UNPROCESSABLE
#define UNAVAILABLE HOOKSWITCH_PLUGIN_TYPES_DECLINE_STATUS_UNAVAILABLE

// The members of a trade that decide its price.
static bool read_trade(text data, trade *read, declined *no) {
  json_member members[] = {{.name = TEXT("rampType")},
                           {.name = TEXT("fromCurrency")},
                           {.name = TEXT("toCurrency")},
                           {.name = TEXT("fromAmount")}};
  bool good = json_object(data, members, COUNT(members));
  for (size_t at = 0; at < COUNT(members); at++) good = good && members[at].kind == JSON_STRING;
  bool buys = good && text_is(members[0].value, TEXT("ONRAMP"));
  if (!good || (!buys && !text_is(members[0].value, TEXT("OFFRAMP"))))
    return decline(no, INVALID, TEXT("a member is missing, or has the wrong form"), TEXT(""));
  *read = (trade){buys, members[1].value, members[2].value, members[3].value};
  return true;
}

// The price of a pair in the settings; the text is empty where they don't name it.
static bool price_in_settings(text pair, json_member *found) {
  responder_string_t settings;
  hookswitch_plugin_settings_get(&settings);
  json_member prices = {.name = TEXT("prices")};
  *found = (json_member){.name = pair};
  bool good = json_object(text_from(settings), &prices, 1);
  if (good && prices.kind != JSON_ABSENT)
    good = json_object(prices.value, found, 1) && found->kind != JSON_OTHER;
  responder_string_free(&settings);
  return good;
}

// What one coin of this trade costs.
static bool price_of(const trade *asked, decimal *price, declined *no) {
  growing pair = {0};
  append(&pair, asked->buys ? asked->to : asked->from);
  append(&pair, TEXT("/"));
  append(&pair, asked->buys ? asked->from : asked->to);
  json_member found;
  if (!price_in_settings(text_of(pair), &found))
    return decline(no, UNAVAILABLE, TEXT("the settings can't be read"), TEXT(""));
  for (size_t at = 0; found.kind == JSON_ABSENT && at < COUNT(PRICES); at++)
    if (text_is(PRICES[at].pair, found.name))
      found = (json_member){found.name, JSON_STRING, PRICES[at].price};
  if (found.kind == JSON_ABSENT)
    return decline(no, UNPROCESSABLE, TEXT("unknown pair"),
                   TEXT("We don't trade this pair of currencies."));
  if (!decimal_parse(found.value, price) || price->digits == 0)
    return decline(no, UNAVAILABLE,
                   TEXT("a price in the settings is not a decimal over zero"), TEXT(""));
  return true;
}

// What is paid out, in the smallest unit of its asset.
static bool convert(const trade *asked, decimal price, decimal *paid, declined *no) {
  decimal amount;
  if (!decimal_parse(asked->amount, &amount) || amount.digits == 0)
    return decline(no, INVALID, TEXT("fromAmount is not a decimal over zero"), TEXT(""));
  size_t asset = 0;
  while (asset < COUNT(ASSETS) && !text_is(ASSETS[asset].name, asked->to)) asset++;
  if (asset == COUNT(ASSETS))
    return decline(no, UNPROCESSABLE, TEXT("unknown currency"),
                   TEXT("We don't pay out in this currency."));
  size_t places = ASSETS[asset].places;
  bool fits = asked->buys ? decimal_over(amount, price, places, paid)
                          : decimal_times(amount, price, places, paid);
  if (!fits) return decline(no, INVALID, TEXT("fromAmount has too many digits"), TEXT(""));
  if (paid->digits == 0)
    return decline(no, UNPROCESSABLE, TEXT("fromAmount pays out nothing"),
                   TEXT("This amount is too small."));
  return true;
}

static void append_number(growing *to, uint64_t number, size_t width) {
  char digits[20];
  for (size_t at = width; at-- > 0; number /= 10) digits[at] = '0' + (char)(number % 10);
  append(to, (text){digits, width});
}

// `2026-11-22T13:05:00.250Z`. The date is counted from March, so that a leap day comes last.
static void append_time(growing *to, uint64_t unix_ms) {
  if (unix_ms >= END_MS) unix_ms = END_MS - 1;
  uint64_t clock = unix_ms % 86400000, days = unix_ms / 86400000 + 719468;
  uint64_t era = days / 146097, day = days % 146097;
  uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  day -= 365 * year + year / 4 - year / 100;
  uint64_t month = (5 * day + 2) / 153;
  day -= (153 * month + 2) / 5;
  month = month < 10 ? month + 3 : month - 9;
  struct {
    uint64_t number;
    size_t width;
    text after;
  } parts[] = {{year + era * 400 + (month <= 2), 4, TEXT("-")}, {month, 2, TEXT("-")},
               {day + 1, 2, TEXT("T")},                         {clock / 3600000, 2, TEXT(":")},
               {clock / 60000 % 60, 2, TEXT(":")},              {clock / 1000 % 60, 2, TEXT(".")},
               {clock % 1000, 3, TEXT("Z")}};
  for (size_t at = 0; at < COUNT(parts); at++) {
    append_number(to, parts[at].number, parts[at].width);
    append(to, parts[at].after);
  }
}

// No text in it needs an escape: they are numbers, times, and an id in base64.
static growing written(decimal paid, decimal price, text quote_id, bool redirects,
                       uint64_t now_ms) {
  growing answer = {0};
  append(&answer, TEXT("{\"toAmount\":\""));
  decimal_append(&answer, paid);
  append(&answer, TEXT("\",\"rawResponse\":{\"exchangeRate\":\""));
  decimal_append(&answer, price);
  append(&answer, TEXT("\",\"quoteId\":\"q_"));
  append(&answer, quote_id);
  append(&answer, TEXT("\",\"expiresAt\":\""));
  append_time(&answer, now_ms > END_MS ? END_MS : now_ms + HOLDS_MS);
  append(&answer, TEXT("\"}"));
  if (redirects) {
    append(&answer, TEXT(",\"redirectUrl\":\"https://ramp.example.com/checkout/q_"));
    append(&answer, quote_id);
    append(&answer, TEXT("\""));
  }
  append(&answer, TEXT("}"));
  return answer;
}

static bool compute(exports_hookswitch_plugin_answering_request_t *request, uint64_t now_ms,
                    exports_hookswitch_plugin_answering_answer_t *answer, declined *no) {
  text kind = text_from(request->kind);
  bool redirects = text_is(kind, TEXT("redirect-order"));
  if (!redirects && !text_is(kind, TEXT("quote")))
    return decline(no, UNPROCESSABLE, TEXT("only quotes and redirects"), TEXT(""));
  trade asked;
  decimal price, paid;
  if (!read_trade(text_from(request->data), &asked, no)) return false;
  if (!price_of(&asked, &price, no) || !convert(&asked, price, &paid, no)) return false;
  // The id comes from outside and goes into a link: this form is safe in both.
  responder_list_u8_t id = {request->id.ptr, request->id.len};
  responder_string_t quote_id;
  hookswitch_plugin_text_encode_base64url(&id, &quote_id);
  answer->data = copied(text_of(written(paid, price, text_from(quote_id), redirects, now_ms)));
  responder_string_free(&quote_id);
  return true;
}

bool exports_hookswitch_plugin_answering_compute(
    exports_hookswitch_plugin_answering_request_t *request,
    exports_hookswitch_plugin_answering_context_t *context,
    exports_hookswitch_plugin_answering_answer_t *answer, declined *no) {
  bool answered = compute(request, context->now_ms, answer, no);
  // Arguments are the guest's own to free.
  exports_hookswitch_plugin_answering_request_free(request);
  exports_hookswitch_plugin_answering_context_free(context);
  release();
  return answered;
}
