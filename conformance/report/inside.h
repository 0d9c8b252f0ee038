/* What the writers share among themselves. */
#ifndef CS_REPORT_INSIDE_H
#define CS_REPORT_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "report/report.h"

typedef enum cs_report_escape {
  CS_REPORT_PLAIN, /* control characters and what is no UTF-8 become \xHH */
  CS_REPORT_HTML   /* that, and the characters HTML gives a meaning */
} cs_report_escape;

/* Puts text (NULL is ""), which may hold anything a hostile server sent, as
 * one line of valid UTF-8 that cannot move a terminal's cursor, reorder the
 * text around it or end a string of XML. */
void cs_report_put(FILE *to, const char *text, cs_report_escape how);

enum { CS_REPORT_TRANSPORTS_MAX = 8, CS_REPORT_CONNECTIONS_MAX = 64 };

/* How many ports a case used, which are connections on TCP and WebSocket; and
 * the number, from 1, of the one that a packet went over. More than
 * CS_REPORT_CONNECTIONS_MAX are not told apart. */
unsigned cs_report_connections(const cs_report_case *c);
unsigned cs_report_connection(const cs_report_case *c, size_t packet);

/* "udp" or "tcp": what carries the case's transport. */
const char *cs_report_ip_protocol(const cs_report_case *c);

/* Whether the packet's notation is its bytes. */
bool cs_report_is_raw(const cs_report_packet *p);

/* "0.002013": seconds with six digits. text holds at least CS_REPORT_TIME_MAX. */
#define CS_REPORT_TIME_MAX 32
const char *cs_report_seconds(cs_time t, char *text);

/* "2024-05-01T10:00:00Z", or "" when the run has no wall clock. */
#define CS_REPORT_DATE_MAX 32
const char *cs_report_date(int64_t started, char *text);

/* The cases of one section of a document, ordered by document and section and
 * within it as the run has them. */
typedef struct cs_report_group {
  char section[96];
  const cs_report_case **cases;
  size_t case_count;
  size_t counts[CS_VERDICT_COUNT_];
} cs_report_group;

typedef struct cs_report_groups {
  cs_report_group *at;
  size_t count;
  const cs_report_case **order; /* what the groups' cases point into */
} cs_report_groups;

/* False when memory ran out. */
bool cs_report_groups_make(const cs_report_run *run, cs_report_groups *groups);
void cs_report_groups_free(cs_report_groups *groups);

/* Which client port stands for a case's port or connection in the capture: the
 * same port where it is free, so that it is the one in the server's own logs,
 * and another where two cases or connections would be confused. */
typedef struct cs_report_ports {
  uint32_t *owner; /* 65536 of them: index of the case plus one */
  size_t used;
  size_t case_at;
  uint16_t shown[CS_REPORT_CONNECTIONS_MAX]; /* of the case, by connection */
} cs_report_ports;
bool cs_report_ports_make(cs_report_ports *ports);
void cs_report_ports_free(cs_report_ports *ports);
/* For a case's connection, whose own port this is. Cases must be asked about in
 * order. */
uint16_t cs_report_port(cs_report_ports *ports, size_t case_at, unsigned connection, uint16_t own);

/* True when the case's packets stand in the capture: those without TLS. */
bool cs_report_captured(const cs_report_case *c);

/* The port in the capture of every case's first packet, 0 where it has none:
 * an array of case_count (at least 1) to be freed; NULL when memory ran out. */
uint16_t *cs_report_capture_ports(const cs_report_run *run);

typedef bool (*cs_report_printer)(const cs_report_run *run, FILE *to);
bool cs_report_write_file(const cs_report_run *run, cs_report_printer print, const char *path,
                          char *why, size_t why_cap);

#endif
