#include "report/pcap_packet.h"

#define LOOPBACK 0x7f000001u
#define UDP_MAX 65507u /* what fits one IPv4 datagram */
#define LINKTYPE_RAW 101u

enum { UDP = 17, TCP = 6, WINDOW = 65535 };

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

static void put_u16_at(uint8_t *at, uint16_t v) {
  at[0] = (uint8_t)(v >> 8);
  at[1] = (uint8_t)v;
}

/* Fields of the file's own headers are in the byte order that its first word
 * tells: written little-endian here. */
static void put_le32(FILE *to, uint32_t v) {
  uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
  fwrite(bytes, 1, sizeof bytes, to);
}

void cs_report_pcap_header(FILE *to) {
  put_le32(to, 0xa1b2c3d4);             /* microseconds */
  put_le32(to, 2u | (uint32_t)4 << 16); /* version 2.4 */
  put_le32(to, 0);
  put_le32(to, 0);
  put_le32(to, 65535);
  put_le32(to, LINKTYPE_RAW);
}

/* The IPv4 header; len is that of what it carries. */
static void put_ip(cs_base_writer *w, uint8_t *head, unsigned protocol, uint32_t len) {
  cs_base_put_u16(w, 0x4500);
  cs_base_put_u16(w, len + 20);
  cs_base_put_u32(w, 0x00004000); /* identification 0, do not fragment */
  cs_base_put_u16(w, 64u << 8 | protocol);
  cs_base_put_u16(w, 0);
  cs_base_put_u32(w, LOOPBACK);
  cs_base_put_u32(w, LOOPBACK);
  put_u16_at(head + 10, fold(sum_words(0, cs_span_of(head, 20))));
}

/* The checksum over the pseudo-header (both addresses, protocol and length),
 * the header behind the IPv4 one, whose checksum is 0 so far, and the data. */
static uint16_t checksum(const uint8_t *head, size_t head_len, unsigned protocol, cs_span data) {
  uint32_t sum = protocol + (uint32_t)(head_len - 20 + data.len);
  sum = sum_words(sum, cs_span_of(head + 12, head_len - 12));
  return fold(sum_words(sum, data));
}

static void put_record(FILE *to, cs_time at, cs_span head, cs_span data) {
  put_le32(to, (uint32_t)(at / CS_SECOND));
  put_le32(to, (uint32_t)(at % CS_SECOND));
  put_le32(to, (uint32_t)(head.len + data.len));
  put_le32(to, (uint32_t)(head.len + data.len));
  fwrite(head.at, 1, head.len, to);
  if (data.len > 0)
    fwrite(data.at, 1, data.len, to);
}

void cs_report_pcap_udp(FILE *to, cs_time at, uint16_t from, uint16_t dest, cs_span data) {
  uint8_t head[28];
  if (data.len > UDP_MAX)
    data.len = UDP_MAX;
  uint32_t len = (uint32_t)data.len + 8;
  cs_base_writer w = cs_base_writer_of(head, sizeof head);
  put_ip(&w, head, UDP, len);
  cs_base_put_u16(&w, from);
  cs_base_put_u16(&w, dest);
  cs_base_put_u16(&w, len);
  cs_base_put_u16(&w, 0);
  uint16_t check = checksum(head, sizeof head, UDP, data);
  put_u16_at(head + 26, check ? check : 0xffff);
  put_record(to, at, cs_span_of(head, sizeof head), data);
}

void cs_report_pcap_tcp(FILE *to, cs_time at, const cs_report_segment *segment, cs_span data) {
  uint8_t head[40];
  cs_base_writer w = cs_base_writer_of(head, sizeof head);
  put_ip(&w, head, TCP, (uint32_t)data.len + 20);
  cs_base_put_u16(&w, segment->from);
  cs_base_put_u16(&w, segment->dest);
  cs_base_put_u32(&w, segment->seq);
  cs_base_put_u32(&w, segment->ack);
  cs_base_put_u16(&w, 5u << 12 | segment->flags);
  cs_base_put_u16(&w, WINDOW);
  cs_base_put_u32(&w, 0); /* checksum, below; no urgent data */
  put_u16_at(head + 36, checksum(head, sizeof head, TCP, data));
  put_record(to, at, cs_span_of(head, sizeof head), data);
}
