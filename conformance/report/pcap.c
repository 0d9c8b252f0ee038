/* The exchanges as a packet capture that any analyser reads: IPv4 over
 * loopback, the target on port 5683, each case behind a port of its own. The
 * cases follow one another in time although many of them ran at once, so that
 * a conversation is not torn apart. Time counts from the start of the run, in
 * memory from zero. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "report/inside.h"

#define SERVER_PORT 5683u
#define LOOPBACK 0x7f000001u
#define PAYLOAD_MAX 65507u /* what fits one IPv4 datagram */
#define FIRST_FREE_PORT 49152u
#define LINKTYPE_RAW 101u

bool cs_report_captured(const cs_report_case *c) {
  return c->transport && strcmp(c->transport, "udp") == 0;
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

uint16_t cs_report_port(cs_report_ports *ports, size_t case_at, uint16_t own) {
  if (ports->case_at != case_at + 1) {
    ports->case_at = case_at + 1;
    ports->map_count = 0;
  }
  for (size_t i = 0; i < ports->map_count; i++)
    if (ports->map[i].own == own)
      return ports->map[i].shown;
  uint16_t shown = own;
  if (own < 1024 || own == SERVER_PORT || ports->owner[own] != 0)
    shown = free_port(ports);
  if (ports->map_count < sizeof ports->map / sizeof ports->map[0]) {
    ports->map[ports->map_count].own = own;
    ports->map[ports->map_count++].shown = shown;
    ports->owner[shown] = (uint32_t)(case_at + 1);
    ports->used++;
  }
  return shown;
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
      uint16_t shown = cs_report_port(&ports, i, c->packets[p].port);
      if (p == 0)
        first[i] = shown;
    }
  }
  cs_report_ports_free(&ports);
  return first;
}

static uint32_t sum_words(uint32_t sum, cs_span s) {
  for (size_t i = 0; i + 1 < s.len; i += 2)
    sum += (uint32_t)s.at[i] << 8 | s.at[i + 1];
  if (s.len % 2)
    sum += (uint32_t)s.at[s.len - 1] << 8;
  return sum;
}

static uint16_t fold(uint32_t sum) {
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

/* Fields of the file's own headers are in the byte order that its first word
 * tells: written little-endian here. */
static void put_le32(FILE *to, uint32_t v) {
  uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
  fwrite(bytes, 1, sizeof bytes, to);
}

static void put_file_header(FILE *to) {
  put_le32(to, 0xa1b2c3d4);             /* microseconds */
  put_le32(to, 2u | (uint32_t)4 << 16); /* version 2.4 */
  put_le32(to, 0);
  put_le32(to, 0);
  put_le32(to, 65535);
  put_le32(to, LINKTYPE_RAW);
}

static void put_packet(FILE *to, cs_time at, uint16_t from, uint16_t dest, cs_span data) {
  uint8_t head[28];
  if (data.len > PAYLOAD_MAX)
    data.len = PAYLOAD_MAX;
  uint32_t udp_len = (uint32_t)data.len + 8, total = udp_len + 20;
  cs_base_writer w = cs_base_writer_of(head, sizeof head);
  cs_base_put_u16(&w, 0x4500);
  cs_base_put_u16(&w, total);
  cs_base_put_u32(&w, 0x00004000); /* identification 0, do not fragment */
  cs_base_put_u16(&w, 64u << 8 | 17u);
  cs_base_put_u16(&w, 0); /* header checksum, below */
  cs_base_put_u32(&w, LOOPBACK);
  cs_base_put_u32(&w, LOOPBACK);
  uint16_t check = fold(sum_words(0, cs_span_of(head, 20)));
  head[10] = (uint8_t)(check >> 8);
  head[11] = (uint8_t)check;
  cs_base_put_u16(&w, from);
  cs_base_put_u16(&w, dest);
  cs_base_put_u16(&w, udp_len);
  cs_base_put_u16(&w, 0);
  /* The pseudo-header: both addresses, the protocol and the length. */
  uint32_t sum = sum_words(17 + udp_len, cs_span_of(head + 12, 16));
  check = fold(sum_words(sum, data));
  if (check == 0)
    check = 0xffff;
  head[26] = (uint8_t)(check >> 8);
  head[27] = (uint8_t)check;

  put_le32(to, (uint32_t)(at / CS_SECOND));
  put_le32(to, (uint32_t)(at % CS_SECOND));
  put_le32(to, total);
  put_le32(to, total);
  fwrite(head, 1, sizeof head, to);
  if (data.len > 0)
    fwrite(data.at, 1, data.len, to);
}

bool cs_report_print_pcap(const cs_report_run *run, FILE *to) {
  cs_report_ports ports;
  if (!cs_report_ports_make(&ports))
    return false;
  put_file_header(to);
  cs_time base = run->started > 0 ? (cs_time)run->started * CS_SECOND : 0;
  for (size_t i = 0; i < run->case_count; i++) {
    const cs_report_case *c = &run->cases[i];
    cs_time last = 0;
    if (!cs_report_captured(c))
      continue;
    for (size_t p = 0; p < c->packet_count; p++) {
      const cs_report_packet *packet = &c->packets[p];
      uint16_t port = cs_report_port(&ports, i, packet->port);
      uint16_t from = packet->sent ? port : (uint16_t)SERVER_PORT;
      uint16_t dest = packet->sent ? (uint16_t)SERVER_PORT : port;
      put_packet(to, base + packet->at, from, dest, packet->bytes);
      last = packet->at > last ? packet->at : last;
    }
    base += (c->duration > last ? c->duration : last) + CS_SECOND;
  }
  cs_report_ports_free(&ports);
  return !ferror(to);
}
