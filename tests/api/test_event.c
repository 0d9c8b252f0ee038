/* Events are told to the handler, and what it returns comes back. */
#include "fixture.h"

#include "api/event.h"

START_TEST(the_handler_decides_what_comes_back) {
  ck_assert_int_eq(cs_api_event(fx.session, COAP_EVENT_BAD_PACKET), 7);
  FX_TOLD("event 5001\n");
  coap_register_event_handler(fx.ctx, NULL);
  ck_assert_int_eq(cs_api_event(fx.session, COAP_EVENT_BAD_PACKET), 0);
  FX_TOLD("");
}
END_TEST

FX_SUITE("event", the_handler_decides_what_comes_back)
