/* Defects of RFC 7252 section 8, and of where a message is sent from. */
#include "server/defects_edit.h"

static bool response_elsewhere(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  d->elsewhere = d->elsewhere || cs_defect_is_response(d);
  return true;
}

/* number[0] of the shared memory: a multicast message has come. */
static bool multicast_fatal(cs_defect_turn *t, cs_defect_message *d) {
  (void)d;
  t->shared->number[0] |= t->multicast;
  return t->shared->number[0] == 0;
}

static bool multicast_reset(cs_defect_turn *t, cs_defect_message *d) {
  if (!t->multicast || !cs_defect_is_request(d) || d->m.type != CS_NON)
    return true;
  cs_defect_send_empty(t, CS_RST, d->m.mid, 0);
  return false;
}

static void no_leisure(cs_core_config *config, cs_core_params *params) {
  (void)config;
  params->default_leisure = CS_MILLISECOND;
}

static void leisure_fixed(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (q->multicast)
    reply->delay = 3 * CS_SECOND;
}

static const cs_defect defects[] = {
    {.row = {"response-elsewhere", "RFC7252#5.3.2:response-source",
             "Sends responses from another endpoint than the one that was asked.", CS_DEFECT_UDP},
     .out = response_elsewhere},
    {.row = {"multicast-fatal", "RFC7252#8:multicast-prepared",
             "Hears nothing any more once a multicast message has come.", CS_DEFECT_UDP},
     .in = multicast_fatal},
    {.row = {"multicast-reset", "RFC7252#8.1:multicast-no-reset",
             "Answers a Non-confirmable multicast request by a Reset.", CS_DEFECT_UDP},
     .in = multicast_reset},
    {.row = {"leisure-fixed", "RFC7252#8.2:leisure-random",
             "Answers every multicast request after the same time.", CS_DEFECT_UDP},
     .setup = no_leisure,
     .reply = leisure_fixed},
};

const cs_defect_family cs_defects_place = {defects, sizeof defects / sizeof *defects};
