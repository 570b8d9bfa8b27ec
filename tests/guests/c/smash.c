// A responder that writes past the end of an array on its stack, on and on: over its own data, then
// past the end of its memory. There is no return address to overwrite: those aren't in its memory.

#include "responder.h"

bool exports_hookswitch_plugin_answering_compute(
    exports_hookswitch_plugin_answering_request_t *request,
    exports_hookswitch_plugin_answering_context_t *context,
    exports_hookswitch_plugin_answering_answer_t *answer,
    exports_hookswitch_plugin_answering_decline_t *no) {
  (void)request, (void)context, (void)no;
  char small[16];
  volatile char *at = small;
  for (;;) *at++ = 'A';
  answer->data.ptr = (uint8_t *)small;
  return true;
}
