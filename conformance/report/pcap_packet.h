/* Packets of a capture: IPv4 over loopback. */
#ifndef CS_REPORT_PCAP_PACKET_H
#define CS_REPORT_PCAP_PACKET_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/time.h"

void cs_report_pcap_header(FILE *to);

/* One UDP datagram; data beyond what fits one is cut off. */
void cs_report_pcap_udp(FILE *to, cs_time at, uint16_t from, uint16_t dest, cs_span data);

enum {
  CS_REPORT_FIN = 1,
  CS_REPORT_SYN = 2,
  CS_REPORT_RST = 4,
  CS_REPORT_PSH = 8,
  CS_REPORT_ACK = 16
};

/* One TCP segment; of data at most CS_REPORT_SEGMENT_MAX bytes. */
#define CS_REPORT_SEGMENT_MAX 65495u
typedef struct cs_report_segment {
  uint16_t from, dest;
  uint32_t seq, ack;
  unsigned flags;
} cs_report_segment;
void cs_report_pcap_tcp(FILE *to, cs_time at, const cs_report_segment *segment, cs_span data);

#endif
