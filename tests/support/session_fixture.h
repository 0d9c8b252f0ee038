/* A core session under test: virtual clock, seeded randomness, counted memory,
 * messages written and read in the notation. */
#ifndef CS_TESTS_SESSION_FIXTURE_H
#define CS_TESTS_SESSION_FIXTURE_H

#include "core/session.h"
#include "support/memory.h"

typedef struct cs_test_session {
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_core_config config;
  cs_core_session *s;
  cs_time now;
  uint8_t in[2048]; /* what receive gave to the session */
  char text[8192];  /* what transmit printed */
  cs_core_peer to;
} cs_test_session;

/* Opens a session in this role with these parameters (NULL: the defaults). */
void cs_test_session_open(cs_test_session *t, cs_core_role role, const cs_core_params *params);
/* The same over a reliable form (TCP), connected. with (may be NULL) has the
 * caps and what our CSM says; its role, form and seams are not looked at. */
void cs_test_session_open_reliable(cs_test_session *t, cs_core_role role,
                                   const cs_core_config *with);
/* Lets our CSM out and takes the peer's, in the notation. */
void cs_test_greet(cs_test_session *t, const char *csm);
/* The next event is this kind with this rule; returns it. */
cs_core_event cs_test_told(cs_test_session *t, cs_core_event_kind kind, cs_rule rule);
/* Closes it and checks that no memory is left. */
void cs_test_session_close(cs_test_session *t);

/* Gives the session one message in the notation, or bytes. */
void cs_test_receive(cs_test_session *t, const char *notation);
void cs_test_receive_from(cs_test_session *t, cs_core_peer from, bool multicast,
                          const char *notation);
void cs_test_receive_bytes(cs_test_session *t, cs_span bytes);

/* The next message to send in the notation; "" when there is none. Valid until
 * the next call. */
const char *cs_test_transmit(cs_test_session *t);

/* The next event; fails the test when there is none. */
cs_core_event cs_test_event(cs_test_session *t);
/* Fails the test when there is an event. */
void cs_test_no_event(cs_test_session *t);

/* Fails unless a client is told of a ping, and of nothing else. */
void cs_test_pinged(cs_test_session *t);

/* Moves the clock by this much and lets the session expire. */
void cs_test_pass(cs_test_session *t, cs_time by);
/* Moves the clock to the session's deadline; returns how far that was. */
cs_time cs_test_to_deadline(cs_test_session *t);

/* Sends GET with this token and Message ID; app is the request's pointer. */
cs_core_request *cs_test_get(cs_test_session *t, uint8_t type, int32_t mid, const char *token,
                             void *app);

/* Fails unless the strings are equal. */
#define CS_TEST_TEXT(got, want) ck_assert_str_eq((got), (want))

#endif
