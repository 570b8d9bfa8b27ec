// The {{name}} responder: quotes at one fixed rate, in whole millionths, since floats are no money.
//
// What goes to the router is a copy, which the bindings free; all else is `release`d with the call.

#include "bindings/responder.h"
#include "json.h"

typedef unsigned __int128 whole;
typedef exports_hookswitch_plugin_answering_decline_t declined;

#define PLACES 6
#define ONE 1000000
// How long a quote holds.
#define HOLDS_MS 60000

#define INVALID HOOKSWITCH_PLUGIN_TYPES_DECLINE_STATUS_INVALID
#define UNPROCESSABLE HOOKSWITCH_PLUGIN_TYPES_DECLINE_STATUS_UNPROCESSABLE
#define UNAVAILABLE HOOKSWITCH_PLUGIN_TYPES_DECLINE_STATUS_UNAVAILABLE

static text text_from(responder_string_t string) {
  return (text){(const char *)string.ptr, string.len};
}

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

// Digits with at most 12 before the point and 6 behind it; two such numbers' product fits.
static bool millionths(json_member member, whole *read) {
  size_t before = 0, behind = 0;
  bool point = false;
  *read = 0;
  if (member.kind != JSON_STRING) return false;
  for (size_t at = 0; at < member.value.length; at++) {
    char c = member.value.at[at];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || (point ? ++behind > PLACES : ++before > 12)) return false;
    *read = *read * 10 + (whole)(c - '0');
  }
  if (before == 0 || (point && behind == 0)) return false;
  for (; behind < PLACES; behind++) *read *= 10;
  return true;
}

static void append_digits(growing *to, whole number, size_t least) {
  char digits[40];
  size_t start = sizeof digits;
  for (; number || sizeof digits - start < least; number /= 10)
    digits[--start] = '0' + (char)(number % 10);
  append(to, (text){digits + start, sizeof digits - start});
}

static void append_decimal(growing *to, whole count) {
  append_digits(to, count / ONE, 1);
  append(to, TEXT("."));
  append_digits(to, count % ONE, PLACES);
}

// The rate of the settings, where they have one.
static bool rate_of_settings(whole *rate) {
  responder_string_t settings;
  hookswitch_plugin_settings_get(&settings);
  json_member found = {.name = TEXT("rate")};
  bool good = json_object(text_from(settings), &found, 1);
  if (good && found.kind == JSON_ABSENT)
    found = (json_member){found.name, JSON_STRING, TEXT("0.18")};
  good = good && millionths(found, rate);
  responder_string_free(&settings);
  return good;
}

static bool quote(exports_hookswitch_plugin_answering_request_t *request, uint64_t now_ms,
                  growing *answer, declined *no) {
  if (!text_is(text_from(request->kind), TEXT("quote")))
    return decline(no, UNPROCESSABLE, TEXT("only quotes"), TEXT("We only quote prices."));
  json_member asked = {.name = TEXT("fromAmount")};
  if (!json_object(text_from(request->data), &asked, 1))
    return decline(no, INVALID, TEXT("the data is no JSON object"), TEXT(""));
  whole amount, rate;
  if (!millionths(asked, &amount))
    return decline(no, INVALID, TEXT("fromAmount is no decimal with up to 6 places"), TEXT(""));
  if (!rate_of_settings(&rate))
    return decline(no, UNAVAILABLE, TEXT("the setting `rate` is no decimal"), TEXT(""));
  append(answer, TEXT("{\"toAmount\":\""));
  append_decimal(answer, amount * rate / ONE);
  append(answer, TEXT("\",\"rawResponse\":{\"rate\":\""));
  append_decimal(answer, rate);
  // The time is the router's word: a guest reads no clock.
  append(answer, TEXT("\",\"expiresAtMs\":"));
  append_digits(answer, now_ms + HOLDS_MS, 1);
  append(answer, TEXT("}}"));
  return true;
}

bool exports_hookswitch_plugin_answering_compute(
    exports_hookswitch_plugin_answering_request_t *request,
    exports_hookswitch_plugin_answering_context_t *context,
    exports_hookswitch_plugin_answering_answer_t *ret, declined *err) {
  growing answer = {0};
  bool answers = quote(request, context->now_ms, &answer, err);
  if (answers) ret->data = copied(text_of(answer));
  release();
  exports_hookswitch_plugin_answering_request_free(request);
  exports_hookswitch_plugin_answering_context_free(context);
  return answers;
}
