/* The report for programs. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/inside.h"

/* Sets key to text, or to null where there is none. */
static bool set_text(json_t *object, const char *key, const char *text) {
  char *clean = text ? cs_report_clean(text) : NULL;
  if (text && !clean)
    return false;
  int rc = json_object_set_new(object, key, clean ? json_string(clean) : json_null());
  free(clean);
  return rc == 0;
}

static bool set_seconds(json_t *object, const char *key, cs_time t) {
  return json_object_set_new(object, key, json_real((double)t / 1e6)) == 0;
}

static bool set_number(json_t *object, const char *key, uint64_t n) {
  if (n <= INT64_MAX)
    return json_object_set_new(object, key, json_integer((json_int_t)n)) == 0;
  char text[24]; /* JSON readers have no larger integers: as a string */
  snprintf(text, sizeof text, "%llu", (unsigned long long)n);
  return json_object_set_new(object, key, json_string(text)) == 0;
}

static json_t *bytes_json(cs_span bytes) {
  static const char digit[] = "0123456789abcdef";
  char *hex = malloc(bytes.len * 2 + 1);
  if (!hex)
    return NULL;
  for (size_t i = 0; i < bytes.len; i++) {
    hex[2 * i] = digit[bytes.at[i] >> 4];
    hex[2 * i + 1] = digit[bytes.at[i] & 15];
  }
  json_t *json = json_stringn(hex, bytes.len * 2);
  free(hex);
  return json;
}

/* "+0.002013s < ACK 2.05 mid=0x0001": a line of notation, its time counted
 * from the start of the case. */
static json_t *exchange_json(const cs_report_packet *p) {
  char at[CS_REPORT_TIME_MAX];
  char *clean = cs_report_clean(p->notation);
  json_t *json =
      clean ? json_sprintf("+%ss %c %s", cs_report_seconds(p->at, at), p->sent ? '>' : '<', clean)
            : NULL;
  free(clean);
  return json;
}

static const char *kind_name(cs_report_packet_kind kind) {
  switch (kind) {
  case CS_REPORT_OPENED:
    return "opened";
  case CS_REPORT_ENDED:
    return "ended";
  case CS_REPORT_RESET:
    return "reset";
  case CS_REPORT_SECURITY:
    return "security";
  case CS_REPORT_EVENT:
    return "event";
  default:
    return "bytes";
  }
}

static json_t *packet_json(const cs_report_case *c, size_t i) {
  const cs_report_packet *p = &c->packets[i];
  json_t *json = json_object();
  bool ok = json && set_seconds(json, "at", p->at) &&
            set_text(json, "direction", p->sent ? "sent" : "received") &&
            set_number(json, "port", p->port) &&
            set_number(json, "connection", cs_report_connection(c, i)) &&
            set_text(json, "kind", kind_name(p->kind)) && set_text(json, "message", p->notation) &&
            (!p->from || set_text(json, "from", p->from)) &&
            json_object_set_new(json, "bytes", bytes_json(p->bytes)) == 0;
  if (!ok) {
    json_decref(json);
    return NULL;
  }
  return json;
}

/* The packets as lines, and as objects. */
static bool set_packets(json_t *json, const cs_report_case *c) {
  json_t *exchange = json_array(), *packets = json_array();
  bool ok = exchange && packets;
  for (size_t i = 0; ok && i < c->packet_count; i++)
    ok = json_array_append_new(exchange, exchange_json(&c->packets[i])) == 0 &&
         json_array_append_new(packets, packet_json(c, i)) == 0;
  /* json_object_set takes its own reference, so that all paths release alike. */
  ok = ok && json_object_set(json, "exchange", exchange) == 0 &&
       json_object_set(json, "packets", packets) == 0;
  json_decref(exchange);
  json_decref(packets);
  return ok;
}

static json_t *case_json(const cs_report_case *c, uint16_t capture_port) {
  json_t *json = json_object(), *requirements = json_array();
  char section[96];
  cs_report_section(c->id, section, sizeof section);
  bool ok = json && requirements && set_text(json, "id", c->id) &&
            set_text(json, "transport", c->transport) &&
            set_text(json, "verdict", cs_verdict_name(c->verdict));
  for (size_t i = 0; ok && i < c->requirement_count; i++)
    ok = json_array_append_new(requirements, json_string(c->requirements[i])) == 0;
  ok = ok && json_object_set(json, "requirements", requirements) == 0 &&
       set_text(json, "message", c->message ? c->message : "") &&
       set_text(json, "title", c->title) && set_text(json, "section", section) &&
       set_text(json, "statement", c->statement) && set_text(json, "file", c->file) &&
       (!c->reproducer || set_text(json, "reproducer", c->reproducer)) &&
       set_number(json, "line", c->line) && set_seconds(json, "duration", c->duration) &&
       set_number(json, "capture_port", capture_port) && set_packets(json, c);
  json_decref(requirements);
  if (!ok) {
    json_decref(json);
    return NULL;
  }
  return json;
}

static json_t *requirement_json(const cs_report_requirement *r) {
  json_t *json = json_object();
  bool ok = json && set_text(json, "id", r->id) && set_text(json, "level", r->level) &&
            set_text(json, "summary", r->summary);
  if (!ok) {
    json_decref(json);
    return NULL;
  }
  return json;
}

static json_t *target_json(const cs_report_target *t) {
  json_t *json = json_object();
  bool ok = json && set_text(json, "uri", t->uri) && set_text(json, "transport", t->transport) &&
            set_text(json, "trouble", t->trouble) &&
            (!t->security || set_text(json, "security", t->security));
  if (!ok) {
    json_decref(json);
    return NULL;
  }
  return json;
}

/* The counts of the verdicts over one transport, or over all (NULL). */
static json_t *counts_json(const cs_report_run *run, const char *transport) {
  json_t *json = json_object();
  bool ok = json != NULL;
  for (int v = 0; ok && v < CS_VERDICT_COUNT_; v++)
    ok = set_number(json, cs_verdict_name((cs_verdict)v),
                    cs_report_count_over(run, transport, (cs_verdict)v));
  if (!ok) {
    json_decref(json);
    return NULL;
  }
  return json;
}

/* The same for each transport. */
static json_t *transports_json(const cs_report_run *run) {
  const char *names[CS_REPORT_TRANSPORTS_MAX];
  size_t n = cs_report_transports(run, names, CS_REPORT_TRANSPORTS_MAX);
  json_t *json = json_object();
  bool ok = json != NULL;
  for (size_t i = 0; ok && i < n; i++)
    ok = json_object_set_new(json, names[i], counts_json(run, names[i])) == 0;
  if (!ok) {
    json_decref(json);
    return NULL;
  }
  return json;
}

static json_t *capability_json(const cs_report_capability *c) {
  const char *difference = cs_report_difference(c);
  const cs_report_case probe = {
      .transport = c->transport, .packets = c->packets, .packet_count = c->packet_count};
  json_t *json = json_object();
  bool ok = json && set_text(json, "capability", c->name) && set_text(json, "what", c->what) &&
            set_text(json, "transport", c->transport) &&
            set_text(json, "declared", c->declared < 0 ? NULL : cs_report_declared(c)) &&
            set_text(json, "observed", cs_report_observed(c)) &&
            set_text(json, "difference", *difference ? difference : NULL) &&
            set_text(json, "message", c->message) && set_packets(json, &probe);
  if (!ok) {
    json_decref(json);
    return NULL;
  }
  return json;
}

static json_t *run_json(const cs_report_run *run, const uint16_t *capture_ports) {
  json_t *json = json_object(), *cases = json_array(), *known = json_array();
  json_t *targets = json_array(), *capabilities = json_array();
  char date[CS_REPORT_DATE_MAX];
  cs_report_date(run->started, date);
  bool ok = json && cases && known && targets && capabilities &&
            set_text(json, "tool", run->tool) && set_text(json, "version", run->version) &&
            set_text(json, "target", run->target) && set_text(json, "profile", run->profile) &&
            set_text(json, "device", run->device) && set_text(json, "driver", run->driver) &&
            set_number(json, "seed", run->seed) && set_text(json, "started", *date ? date : NULL) &&
            set_seconds(json, "duration", run->duration) && set_text(json, "trouble", run->trouble);
  for (size_t i = 0; ok && i < run->target_count; i++)
    ok = json_array_append_new(targets, target_json(&run->targets[i])) == 0;
  for (size_t i = 0; ok && i < run->capability_count; i++)
    ok = json_array_append_new(capabilities, capability_json(&run->capabilities[i])) == 0;
  for (size_t i = 0; ok && i < run->case_count; i++)
    ok = json_array_append_new(cases, case_json(&run->cases[i], capture_ports[i])) == 0;
  for (size_t i = 0; ok && i < run->known_count; i++)
    ok = json_array_append_new(known, requirement_json(&run->known[i])) == 0;
  ok = ok && json_object_set(json, "targets", targets) == 0 &&
       json_object_set_new(json, "summary", counts_json(run, NULL)) == 0 &&
       json_object_set_new(json, "transports", transports_json(run)) == 0 &&
       json_object_set(json, "capabilities", capabilities) == 0 &&
       json_object_set(json, "cases", cases) == 0 &&
       json_object_set(json, "requirements", known) == 0;
  json_decref(targets);
  json_decref(capabilities);
  json_decref(cases);
  json_decref(known);
  if (!ok) {
    json_decref(json);
    return NULL;
  }
  return json;
}

bool cs_report_print_json(const cs_report_run *run, FILE *to) {
  uint16_t *capture_ports = cs_report_capture_ports(run);
  json_t *json = capture_ports ? run_json(run, capture_ports) : NULL;
  free(capture_ports);
  if (!json)
    return false;
  int rc = json_dumpf(json, to, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
  json_decref(json);
  fputc('\n', to);
  return rc == 0 && !ferror(to);
}
