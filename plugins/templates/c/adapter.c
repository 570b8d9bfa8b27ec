// The {{name}} adapter: an HMAC-SHA256 of the body, in hexadecimal, in the header `x-signature`.
//
// What goes to the router is a copy, which the bindings free; all else is `release`d with the call.

#include "bindings/adapter.h"
#include "json.h"

#define PROVIDER "{{name}}"
// The one type that is told as an event, and as what.
#define TYPE "payment.settled"
#define KIND PROVIDER "." TYPE

typedef hookswitch_plugin_types_reason_t reason;
typedef exports_hookswitch_plugin_protocol_callback_t callback;
typedef exports_hookswitch_plugin_protocol_verdict_t verdict;

static text text_from(adapter_string_t string) {
  return (text){(const char *)string.ptr, string.len};
}

static adapter_string_t copied(text from) {
  adapter_string_t copy;
  adapter_string_dup_n(&copy, from.at, from.length);
  return copy;
}

static reason because(text code, text detail) { return (reason){copied(code), copied(detail)}; }

void exports_hookswitch_plugin_protocol_describe(
    exports_hookswitch_plugin_protocol_manifest_t *ret) {
  *ret = (exports_hookswitch_plugin_protocol_manifest_t){.provider = copied(TEXT(PROVIDER))};
  ret->secrets.ptr = malloc(sizeof *ret->secrets.ptr);
  ret->secrets.len = 1;
  *ret->secrets.ptr = (hookswitch_plugin_types_secret_role_t){
      copied(TEXT("signing-secret")), true, copied(TEXT("the secret that the provider signs with"))};
  ret->events.ptr = malloc(sizeof *ret->events.ptr);
  ret->events.len = 1;
  *ret->events.ptr = copied(TEXT(KIND));
}

void exports_hookswitch_plugin_protocol_configure(
    exports_hookswitch_plugin_protocol_list_reason_t *ret) {
  *ret = (exports_hookswitch_plugin_protocol_list_reason_t){0};
}

static void forged(verdict *ret, text code, text detail) {
  ret->tag = HOOKSWITCH_PLUGIN_TYPES_VERDICT_FORGED;
  ret->val.forged = because(code, detail);
}

static adapter_string_t *header(callback *call, text name) {
  for (size_t at = 0; at < call->head.headers.len; at++)
    if (text_is(text_from(call->head.headers.ptr[at].name), name))
      return &call->head.headers.ptr[at].value;
  return NULL;
}

static void check(callback *call, verdict *ret) {
  adapter_string_t *signature = header(call, TEXT("x-signature"));
  if (!signature)
    return forged(ret, TEXT("signature_missing"), TEXT("there is no x-signature header"));
  adapter_list_u8_t tag;
  if (!hookswitch_plugin_text_decode_hex(signature, &tag))
    return forged(ret, TEXT("signature_malformed"), TEXT("the signature isn't hexadecimal"));
  // The key stays in the router: it is named here, and checked there.
  adapter_string_t role, version;
  adapter_string_set(&role, "signing-secret");
  bool matched = hookswitch_plugin_crypto_verify_mac(
      &role, HOOKSWITCH_PLUGIN_CRYPTO_KEY_FORM_UTF8, HOOKSWITCH_PLUGIN_CRYPTO_MAC_HMAC_SHA256,
      &call->body, &tag, &version);
  adapter_list_u8_free(&tag);
  if (!matched)
    return forged(ret, TEXT("signature_mismatch"), TEXT("no secret's signature is this one"));
  ret->tag = HOOKSWITCH_PLUGIN_TYPES_VERDICT_GENUINE;
  ret->val.genuine = (hookswitch_plugin_types_proof_t){.matched = {true, version}};
}

void exports_hookswitch_plugin_protocol_verify(callback *call, verdict *ret) {
  check(call, ret);
  exports_hookswitch_plugin_protocol_callback_free(call);
}

bool exports_hookswitch_plugin_protocol_parse(
    callback *call, exports_hookswitch_plugin_protocol_content_t *ret,
    exports_hookswitch_plugin_protocol_parse_fault_t *err) {
  json_member members[] = {
      {.name = TEXT("id")}, {.name = TEXT("type")}, {.name = TEXT("payment")}};
  json_member *id = &members[0], *type = &members[1], *payment = &members[2];
  bool good = json_object((text){(const char *)call->body.ptr, call->body.len}, members, 3) &&
              id->kind == JSON_STRING && type->kind == JSON_STRING;
  *ret = (exports_hookswitch_plugin_protocol_content_t){
      .tag = HOOKSWITCH_PLUGIN_TYPES_CONTENT_NOTIFICATION};
  if (!good) {
    err->tag = HOOKSWITCH_PLUGIN_TYPES_PARSE_FAULT_MALFORMED;
    err->val.malformed = because(TEXT("body_malformed"),
                                 TEXT("the body is no JSON object with an id and a type"));
  } else if (text_is(type->value, TEXT(TYPE))) {
    hookswitch_plugin_types_event_t *event = calloc(1, sizeof *event);
    event->id = copied(id->value);
    event->kind = copied(TEXT(KIND));
    event->subject.is_some = payment->kind == JSON_STRING;
    if (event->subject.is_some) event->subject.val = copied(payment->value);
    ret->val.notification = (hookswitch_plugin_types_list_event_t){event, 1};
  }
  release();
  exports_hookswitch_plugin_protocol_callback_free(call);
  return good;
}

static void reply(exports_hookswitch_plugin_protocol_reply_t *ret, uint16_t status, text body) {
  ret->status = status;
  ret->headers.ptr = malloc(sizeof *ret->headers.ptr);
  ret->headers.len = 1;
  *ret->headers.ptr = (hookswitch_plugin_types_header_t){copied(TEXT("content-type")),
                                                         copied(TEXT("application/json"))};
  adapter_string_t copy = copied(body);
  ret->body = (adapter_list_u8_t){copy.ptr, copy.len};
}

bool exports_hookswitch_plugin_protocol_respond(
    exports_hookswitch_plugin_protocol_head_t *head,
    exports_hookswitch_plugin_protocol_outcome_t *outcome,
    exports_hookswitch_plugin_protocol_reply_t *ret,
    exports_hookswitch_plugin_protocol_reason_t *err) {
  // All that carry a reason lie in the same place of the union.
  uint16_t status = 0;
  switch (outcome->tag) {
    case HOOKSWITCH_PLUGIN_TYPES_OUTCOME_ACCEPTED:
    case HOOKSWITCH_PLUGIN_TYPES_OUTCOME_DUPLICATE: status = 200; break;
    case HOOKSWITCH_PLUGIN_TYPES_OUTCOME_MALFORMED: status = 400; break;
    case HOOKSWITCH_PLUGIN_TYPES_OUTCOME_FORGED: status = 401; break;
    case HOOKSWITCH_PLUGIN_TYPES_OUTCOME_NOT_FOUND: status = 404; break;
    case HOOKSWITCH_PLUGIN_TYPES_OUTCOME_UNAVAILABLE: status = 503; break;
  }
  if (status == 200) {
    reply(ret, status, TEXT("{\"ok\":true}"));
  } else if (status) {
    // A code is a word in snake_case, so nothing in it needs an escape.
    growing body = {0};
    append(&body, TEXT("{\"error\":\""));
    append(&body, text_from(outcome->val.forged.code));
    append(&body, TEXT("\"}"));
    reply(ret, status, text_of(body));
  } else {
    // This provider asks nothing and sends no challenge.
    *err = because(TEXT("not_asked"), TEXT("this adapter parses no requests"));
  }
  release();
  exports_hookswitch_plugin_protocol_head_free(head);
  exports_hookswitch_plugin_protocol_outcome_free(outcome);
  return status != 0;
}
