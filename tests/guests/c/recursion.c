// A responder that calls itself for ever, with nothing of its own on the stack in its memory: so it
// is the router's stack for it that runs out.

#include "responder.h"

static volatile uint64_t depth;

static uint64_t deeper(uint64_t by) {
  depth += by;
  return deeper(by + depth) * 3 + depth;
}

bool exports_hookswitch_plugin_answering_compute(
    exports_hookswitch_plugin_answering_request_t *request,
    exports_hookswitch_plugin_answering_context_t *context,
    exports_hookswitch_plugin_answering_answer_t *answer,
    exports_hookswitch_plugin_answering_decline_t *no) {
  (void)request, (void)no;
  answer->data.len = deeper(context->now_ms);
  return true;
}
