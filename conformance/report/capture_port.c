/* Client ports of the capture. */
#include <stdlib.h>
#include <string.h>

#include "report/inside.h"

#define SERVER_PORT 5683u
#define FIRST_FREE_PORT 49152u

bool cs_report_captured(const cs_report_case *c) {
  static const char *const transports[] = {"udp", "tcp", "ws", "dtls", "tls", "wss"};
  for (size_t i = 0; c->transport && i < sizeof transports / sizeof *transports; i++)
    if (strcmp(c->transport, transports[i]) == 0)
      return true;
  return false;
}

bool cs_report_ports_make(cs_report_ports *ports) {
  memset(ports, 0, sizeof *ports);
  ports->owner = calloc(65536, sizeof *ports->owner);
  return ports->owner != NULL;
}

void cs_report_ports_free(cs_report_ports *ports) {
  free(ports->owner);
  ports->owner = NULL;
}

static uint16_t free_port(const cs_report_ports *ports) {
  for (unsigned n = 0; n < 65536 - 1024; n++) {
    unsigned port = 1024 + (FIRST_FREE_PORT - 1024 + (unsigned)ports->used + n) % (65536 - 1024);
    if (ports->owner[port] == 0 && port != SERVER_PORT)
      return (uint16_t)port;
  }
  return FIRST_FREE_PORT; /* more cases than ports: some are shared */
}

uint16_t cs_report_port(cs_report_ports *ports, size_t case_at, unsigned connection, uint16_t own) {
  if (ports->case_at != case_at + 1) {
    ports->case_at = case_at + 1;
    memset(ports->shown, 0, sizeof ports->shown);
  }
  uint16_t *shown = &ports->shown[connection % CS_REPORT_CONNECTIONS_MAX];
  if (*shown)
    return *shown;
  *shown = own;
  if (own < 1024 || own == SERVER_PORT || ports->owner[own] != 0)
    *shown = free_port(ports);
  ports->owner[*shown] = (uint32_t)(case_at + 1);
  ports->used++;
  return *shown;
}

uint16_t *cs_report_capture_ports(const cs_report_run *run) {
  cs_report_ports ports;
  uint16_t *first = calloc(run->case_count + 1, sizeof *first);
  if (!first || !cs_report_ports_make(&ports)) {
    free(first);
    return NULL;
  }
  for (size_t i = 0; i < run->case_count; i++) {
    const cs_report_case *c = &run->cases[i];
    for (size_t p = 0; cs_report_captured(c) && p < c->packet_count; p++) {
      uint16_t shown = cs_report_port(&ports, i, cs_report_connection(c, p), c->packets[p].port);
      if (p == 0)
        first[i] = shown;
    }
  }
  cs_report_ports_free(&ports);
  return first;
}
