/* The exchanges as a packet capture that any analyser reads: IPv4 over
 * loopback, the target on port 5683 (WebSocket: 80), each case and connection
 * behind a port of its own. The cases follow one another in time although many
 * of them ran at once, so that a conversation is not torn apart. Time counts
 * from the start of the run, in memory from zero. TCP's own packets were not
 * seen: they are made up from what the streams carried. Over (D)TLS that is what
 * was protected: the capture has it in the clear, as the plain transport has it. */
#include <string.h>

#include "report/inside.h"
#include "report/pcap_packet.h"

/* What came from another endpoint than the target has a port of its own. */
enum { COAP_PORT = 5683, HTTP_PORT = 80, ELSEWHERE_PORT = 9 };

/* One connection. Sequence numbers begin at 0, which readers show anyway. */
struct connection {
  bool open;
  bool ended[2]; /* by the target, by us */
  bool reset;
  uint16_t port, server;
  uint32_t next[2]; /* sequence number of the next byte of the target, of us */
};

static void put_segment(FILE *to, cs_time at, struct connection *c, int sent, unsigned flags,
                        cs_span data) {
  cs_report_segment segment = {.from = sent ? c->port : c->server,
                               .dest = sent ? c->server : c->port,
                               .seq = c->next[sent],
                               .ack = flags & CS_REPORT_ACK ? c->next[!sent] : 0,
                               .flags = flags};
  cs_report_pcap_tcp(to, at, &segment, data);
  bool counts = (flags & (CS_REPORT_SYN | CS_REPORT_FIN)) != 0;
  c->next[sent] += (uint32_t)data.len + counts;
}

static void put_flags(FILE *to, cs_time at, struct connection *c, int sent, unsigned flags) {
  put_segment(to, at, c, sent, flags, cs_span_of(NULL, 0));
}

static void open_connection(FILE *to, cs_time at, struct connection *c) {
  c->open = true;
  put_flags(to, at, c, 1, CS_REPORT_SYN);
  put_flags(to, at, c, 0, CS_REPORT_SYN | CS_REPORT_ACK);
  put_flags(to, at, c, 1, CS_REPORT_ACK);
}

static void end_direction(FILE *to, cs_time at, struct connection *c, int sent) {
  if (!c->open || c->ended[sent] || c->reset)
    return;
  c->ended[sent] = true;
  put_flags(to, at, c, sent, CS_REPORT_FIN | CS_REPORT_ACK);
  if (c->ended[!sent])
    put_flags(to, at, c, !sent, CS_REPORT_ACK);
}

static void put_stream(FILE *to, cs_time at, struct connection *c, const cs_report_packet *p) {
  cs_span left = p->bytes;
  if (p->kind == CS_REPORT_EVENT)
    return;
  if (!c->open)
    open_connection(to, at, c);
  switch (p->kind) {
  case CS_REPORT_OPENED:
  case CS_REPORT_SECURITY:
    break;
  case CS_REPORT_ENDED:
    end_direction(to, at, c, p->sent != 0);
    break;
  case CS_REPORT_RESET:
    if (!c->reset)
      put_flags(to, at, c, p->sent != 0, CS_REPORT_RST | CS_REPORT_ACK);
    c->reset = true;
    break;
  default:
    while (left.len > 0) {
      size_t n = left.len < CS_REPORT_SEGMENT_MAX ? left.len : CS_REPORT_SEGMENT_MAX;
      put_segment(to, at, c, p->sent != 0, CS_REPORT_PSH | CS_REPORT_ACK, cs_span_cut(left, 0, n));
      left = cs_span_cut(left, n, left.len - n);
    }
  }
}

/* The packets of a case; the time of its last. */
static cs_time put_case(const cs_report_run *run, size_t i, cs_time base, cs_report_ports *ports,
                        FILE *to) {
  const cs_report_case *c = &run->cases[i];
  bool udp = strcmp(cs_report_ip_protocol(c), "udp") == 0;
  struct connection connections[CS_REPORT_CONNECTIONS_MAX];
  memset(connections, 0, sizeof connections);
  cs_time last = 0;
  for (size_t k = 0; k < c->packet_count; k++) {
    const cs_report_packet *p = &c->packets[k];
    unsigned number = cs_report_connection(c, k);
    uint16_t port = cs_report_port(ports, i, number, p->port);
    last = p->at > last ? p->at : last;
    if (udp && p->kind != CS_REPORT_BYTES)
      continue;
    if (udp) {
      uint16_t target = p->from ? ELSEWHERE_PORT : COAP_PORT;
      cs_report_pcap_udp(to, base + p->at, p->sent ? port : target, p->sent ? target : port,
                         p->bytes);
      continue;
    }
    struct connection *at = &connections[number % CS_REPORT_CONNECTIONS_MAX];
    at->port = port;
    bool web = strcmp(c->transport, "ws") == 0 || strcmp(c->transport, "wss") == 0;
    at->server = web ? HTTP_PORT : COAP_PORT;
    put_stream(to, base + p->at, at, p);
  }
  for (size_t k = 0; k < CS_REPORT_CONNECTIONS_MAX; k++) {
    end_direction(to, base + last, &connections[k], 1);
    end_direction(to, base + last, &connections[k], 0);
  }
  return last;
}

bool cs_report_print_pcap(const cs_report_run *run, FILE *to) {
  cs_report_ports ports;
  if (!cs_report_ports_make(&ports))
    return false;
  cs_report_pcap_header(to);
  cs_time base = run->started > 0 ? (cs_time)run->started * CS_SECOND : 0;
  for (size_t i = 0; i < run->case_count; i++) {
    const cs_report_case *c = &run->cases[i];
    if (!cs_report_captured(c))
      continue;
    cs_time last = put_case(run, i, base, &ports, to);
    base += (c->duration > last ? c->duration : last) + CS_SECOND;
  }
  cs_report_ports_free(&ports);
  return !ferror(to);
}
