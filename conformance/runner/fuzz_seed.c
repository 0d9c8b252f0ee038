/* Scenarios become seeds: what they send, as steps that can be changed. */
#include "runner/case.h"
#include "runner/fuzz_input.h"
#include "runner/values.h"
#include "wire/option.h"

/* The scenario's bytes are made with this; an input shifts Message IDs and tokens. */
enum { SEED_OF_BYTES = 1 };

struct making {
  cs_runner_fuzz_corpus *corpus;
  cs_runner_maker maker;
  cs_runner_values values;
  cs_runner_fresh fresh;
  cs_runner_list steps; /* cs_runner_fuzz_step */
  unsigned port, ports;
};

static void take_options(cs_runner_arena *arena, cs_span encoded, cs_runner_fuzz_step *to) {
  cs_wire_option_iter it = cs_wire_options(encoded);
  cs_wire_option o;
  size_t n = 0;
  while (cs_wire_option_next(&it, &o))
    n++;
  to->options = cs_runner_get(arena, (n + 1) * sizeof *to->options);
  it = cs_wire_options(encoded);
  while (cs_wire_option_next(&it, &o) && to->option_count < CS_RUNNER_FUZZ_OPTIONS_MAX)
    to->options[to->option_count++] = (cs_runner_fuzz_option){
        .number = o.number, .value = o.value, .delta = -1, .length = -1, .claimed = -1};
}

/* True when the message can be taken apart. */
static bool take_message(cs_runner_arena *arena, cs_wire_form form, cs_span message,
                         cs_runner_fuzz_step *to) {
  static const cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  cs_wire_message m;
  if (message.len == 0 || cs_wire_parse(form, message, &any, &m) != CS_RULE_NONE)
    return false;
  to->kind = CS_RUNNER_FUZZ_MESSAGE;
  to->version = 1;
  to->type = m.type;
  to->code = m.code;
  to->mid = m.mid;
  to->token = m.token;
  to->payload = m.payload;
  take_options(arena, m.options, to);
  return true;
}

static bool make_send(struct making *k, const cs_runner_send *send, cs_runner_fuzz_step *to) {
  static const cs_runner_frame binary = {.opcode = CS_WS_BINARY, .fin = true, .masked = true};
  cs_runner_made made;
  const char *why;
  cs_runner_arena *arena = k->corpus->arena;
  *to = (cs_runner_fuzz_step){.kind = CS_RUNNER_FUZZ_BYTES,
                              .port = (uint8_t)k->port,
                              .tkl = -1,
                              .length = -1,
                              .slowly = send->slowly,
                              .plain = send->plain,
                              .frame = binary};
  if (send->kind == CS_RUNNER_SEND_ALERT) {
    to->kind = CS_RUNNER_FUZZ_ALERT;
    to->alert = send->alert;
    return true;
  }
  if (!cs_runner_make(&k->maker, send, &made, &why))
    return false;
  to->bytes = made.bytes;
  if (send->kind == CS_RUNNER_SEND_FRAME) {
    size_t len = 0;
    for (size_t i = 0; i < send->field_count; i++)
      len += cs_runner_field_value(&k->maker, &send->fields[i]).len;
    cs_base_writer w = cs_base_writer_of(cs_runner_get(arena, len + 1), len);
    for (size_t i = 0; i < send->field_count; i++)
      cs_base_put_span(&w, cs_runner_field_value(&k->maker, &send->fields[i]));
    to->kind = CS_RUNNER_FUZZ_FRAME;
    to->frame = send->frame;
    to->bytes = cs_base_written(&w);
  } else if (send->kind != CS_RUNNER_SEND_UPGRADE) {
    take_message(arena, k->maker.form, made.message, to);
  }
  return to->bytes.len <= CS_RUNNER_FUZZ_MESSAGE_MAX;
}

/* False when the scenario is no seed. */
static bool make_step(struct making *k, const cs_runner_step *step) {
  cs_runner_fuzz_step to = {.port = (uint8_t)k->port, .tkl = -1, .length = -1};
  switch (step->kind) {
  case CS_RUNNER_SEND:
    if (!make_send(k, &step->send, &to))
      return false;
    break;
  case CS_RUNNER_PORT_NEW:
    if (k->ports == CS_RUNNER_FUZZ_PORTS_MAX)
      return false;
    k->port = k->ports++;
    return true;
  case CS_RUNNER_PORT_FIRST:
    k->port = 0;
    return true;
  case CS_RUNNER_CLOSE:
    to.kind = CS_RUNNER_FUZZ_CLOSE;
    break;
  case CS_RUNNER_END:
    to.kind = CS_RUNNER_FUZZ_END;
    break;
  case CS_RUNNER_OPEN_SECURE:
    return false;
  default:
    return true;
  }
  if (k->steps.count == CS_RUNNER_FUZZ_STEPS_MAX)
    return true; /* the beginning will do */
  *(cs_runner_fuzz_step *)cs_runner_push(k->corpus->arena, &k->steps, sizeof to) = to;
  return true;
}

static bool usual_security(const cs_runner_secure *s) {
  return s->with == CS_RUNNER_WITH_ANY && s->suite == 0 && !s->sni && !s->alpn;
}

static void add_seed(cs_runner_fuzz_corpus *corpus, const cs_runner_variant *v,
                     const cs_runner_profile *profile, const char *host) {
  const cs_runner_scenario *s = v->scenario;
  struct making k = {.corpus = corpus, .ports = 1};
  if (!usual_security(&s->secure))
    return;
  cs_runner_fresh_init(&k.fresh, SEED_OF_BYTES, v->id);
  k.maker = (cs_runner_maker){.scenario = s,
                              .profile = profile,
                              .arena = corpus->arena,
                              .values = &k.values,
                              .fresh = &k.fresh,
                              .form = cs_runner_form(corpus->transport),
                              .host = host,
                              .type = v->type};
  for (size_t i = 0; i < s->step_count; i++)
    if (!make_step(&k, &s->steps[i]))
      return;
  if (k.steps.count == 0)
    return;
  *(cs_runner_fuzz_seed *)cs_runner_push(corpus->arena, &corpus->seeds,
                                         sizeof(cs_runner_fuzz_seed)) =
      (cs_runner_fuzz_seed){v->id, s->open, k.steps.items, k.steps.count, k.ports};
}

void cs_runner_fuzz_corpus_make(cs_runner_fuzz_corpus *corpus, cs_runner_arena *arena,
                                cs_runner_transport transport, const cs_runner_variant *variants,
                                size_t count, const cs_runner_profile *profile, const char *host) {
  *corpus = (cs_runner_fuzz_corpus){.arena = arena, .transport = transport};
  for (size_t i = 0; i < count; i++)
    if (variants[i].transport == transport)
      add_seed(corpus, &variants[i], profile, host);
}
