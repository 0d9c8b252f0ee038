/* From a request to its response: defects, resources, responses that wait. */
#include "server/inside.h"
#include "server/resource.h"

enum { MAX_DELAYED = 16 /* separate responses that one peer waits for */ };

static cs_err send_reply(cs_core_session *session, cs_core_exchange *x,
                         const cs_server_reply *reply, cs_time now) {
  cs_core_response_spec spec = {reply->code, cs_span_of(reply->options, reply->options_len),
                                cs_span_of(reply->payload, reply->payload_len), reply->type};
  return cs_core_respond(session, x, &spec, now);
}

static void respond(cs_server_peer *p, cs_core_exchange *x, const cs_server_reply *reply,
                    cs_time now) {
  cs_core_session *session = cs_endpoint_session(p->endpoint);
  if (reply->silent) {
    cs_core_ignore(session, x, now);
    return;
  }
  cs_err err = send_reply(session, x, reply, now);
  if (err == CS_ERR_TOO_LARGE) {
    /* The peer has said that it takes no message as long as this one, and there
     * is no Block to cut it up by. */
    cs_server_reply less;
    cs_server_reply_init(&less, CS_CODE(5, 0));
    less.type = reply->type;
    err = send_reply(session, x, &less, now);
  }
  if (err != CS_OK)
    cs_core_ignore(session, x, now);
}

/* Acknowledges now; the response waits. */
static void respond_later(cs_server *s, cs_server_peer *p, cs_core_exchange *x,
                          cs_server_reply *reply, cs_time now) {
  cs_server_delayed *d = p->waiting_count < MAX_DELAYED ? cs_base_get(s->alloc, sizeof *d) : NULL;
  if (!d) {
    cs_server_reply_error(reply, CS_CODE(5, 3), "too many wait");
    respond(p, x, reply, now);
    return;
  }
  d->exchange = x;
  d->due = cs_time_add(now, reply->delay);
  d->reply = *reply;
  d->next = p->waiting;
  p->waiting = d;
  p->waiting_count++;
  cs_core_defer(cs_endpoint_session(p->endpoint), x, now);
}

/* What a peer on a stream has said of itself goes with its request. */
static cs_server_request request_of(const cs_server *s, const cs_server_peer *p,
                                    const cs_core_event *e) {
  cs_server_request q = {.peer = p->number, .multicast = s->multicast, .message = e->message};
  if (p->form == CS_WIRE_UDP)
    return q;
  const cs_core_settings *said = cs_core_peer_settings(cs_endpoint_session(p->endpoint));
  q.room = said->max_message;
  q.bert = said->block_wise && said->max_message > CS_SERVER_BASE_SIZE;
  return q;
}

static void handle(cs_server *s, cs_server_peer *p, const cs_core_event *e, cs_time now) {
  cs_server_request q = request_of(s, p, e);
  cs_server_reply reply;
  if (!cs_server_answered(s, p, &q, &reply, now))
    cs_server_handle(&s->store, &q, &reply);
  cs_server_alter_reply(s, p, &q, &reply, now);
  if (reply.delay && !reply.silent)
    respond_later(s, p, e->exchange, &reply, now);
  else
    respond(p, e->exchange, &reply, now);
}

void cs_server_handle_events(cs_server *s, cs_server_peer *p, cs_time now) {
  cs_core_event e;
  while (cs_endpoint_next_event(p->endpoint, &e)) {
    if (e.kind == CS_EVENT_REQUEST)
      handle(s, p, &e, now);
    cs_endpoint_answer(p->endpoint, &e, true, now);
  }
}

void cs_server_send_due(cs_server *s, cs_server_peer *p, cs_time now) {
  cs_server_delayed **at = &p->waiting;
  while (*at) {
    cs_server_delayed *d = *at;
    if (d->due > now) {
      at = &d->next;
      continue;
    }
    *at = d->next;
    p->waiting_count--;
    respond(p, d->exchange, &d->reply, now);
    cs_base_put(s->alloc, d, sizeof *d);
  }
}
