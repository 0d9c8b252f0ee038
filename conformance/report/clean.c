/* Text from a server made safe to show. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "report/inside.h"
#include "wire/utf8.h"

static uint32_t decode(const uint8_t *at, size_t n) {
  uint32_t c = n == 1 ? at[0] : at[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++)
    c = c << 6 | (at[i] & 0x3fu);
  return c;
}

/* Control characters of both ranges, line and paragraph separators, what
 * changes the direction of text, and what XML does not admit. */
static bool harmful(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef) || (c >= 0xfff9 && c <= 0xfffb);
}

static const char *entity(uint8_t c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return NULL;
  }
}

void cs_report_put(FILE *to, const char *text, cs_report_escape how) {
  cs_span left = cs_span_str(text ? text : "");
  while (left.len > 0) {
    size_t n = cs_wire_utf8_sequence(left);
    size_t take = n > 0 ? n : 1;
    const char *name = how == CS_REPORT_HTML ? entity(left.at[0]) : NULL;
    if (name)
      fputs(name, to);
    else if (n == 0 || harmful(decode(left.at, n)))
      for (size_t i = 0; i < take; i++)
        fprintf(to, "\\x%02x", left.at[i]);
    else
      fwrite(left.at, 1, n, to);
    left = cs_span_cut(left, take, left.len - take);
  }
}

char *cs_report_clean(const char *text) {
  char *out = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&out, &size);
  if (!to)
    return NULL;
  cs_report_put(to, text, CS_REPORT_PLAIN);
  bool bad = ferror(to) != 0;
  if (fclose(to) != 0 || bad) {
    free(out);
    return NULL;
  }
  return out;
}

/* A port has its number by when it was used first. A new connection of the same
 * port is another one. */
static unsigned number_of(const cs_report_case *c, size_t packet, unsigned *count) {
  unsigned n = 0;
  unsigned number[CS_REPORT_CONNECTIONS_MAX] = {0};
  uint16_t ports[CS_REPORT_CONNECTIONS_MAX];
  bool used[CS_REPORT_CONNECTIONS_MAX] = {false}; /* by more than what our client was told to do */
  size_t known = 0;
  unsigned mine = 0;
  for (size_t i = 0; i < c->packet_count && i <= packet; i++) {
    const cs_report_packet *p = &c->packets[i];
    size_t k = 0;
    while (k < known && ports[k] != p->port)
      k++;
    if (k == known) {
      if (known == CS_REPORT_CONNECTIONS_MAX)
        continue;
      ports[known] = p->port;
      number[known++] = ++n;
    } else if (p->kind == CS_REPORT_OPENED && used[k] && n < CS_REPORT_CONNECTIONS_MAX) {
      number[k] = ++n;
    }
    used[k] = used[k] || p->kind != CS_REPORT_EVENT;
    mine = number[k];
  }
  *count = n;
  return mine;
}

unsigned cs_report_connections(const cs_report_case *c) {
  unsigned count = 0;
  number_of(c, c->packet_count, &count);
  return count;
}

unsigned cs_report_connection(const cs_report_case *c, size_t packet) {
  unsigned count;
  return number_of(c, packet, &count);
}

const char *cs_report_ip_protocol(const cs_report_case *c) {
  bool datagrams =
      !c->transport || strcmp(c->transport, "udp") == 0 || strcmp(c->transport, "dtls") == 0;
  return datagrams ? "udp" : "tcp";
}

bool cs_report_is_raw(const cs_report_packet *p) {
  return p->notation && strncmp(p->notation, "raw ", 4) == 0;
}

const char *cs_report_seconds(cs_time t, char *text) {
  snprintf(text, CS_REPORT_TIME_MAX, "%llu.%06llu", (unsigned long long)(t / CS_SECOND),
           (unsigned long long)(t % CS_SECOND));
  return text;
}

const char *cs_report_date(int64_t started, char *text) {
  time_t t = (time_t)started;
  struct tm parts;
  text[0] = '\0';
  if (started != 0 && gmtime_r(&t, &parts))
    strftime(text, CS_REPORT_DATE_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}
