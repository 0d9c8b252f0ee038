/* A run with every verdict in it, and with what a hostile server could have
 * put into strings. */
#ifndef CS_TESTS_REPORT_SAMPLE_H
#define CS_TESTS_REPORT_SAMPLE_H

#include "report/report.h"

#define SAMPLE_CASES 11

/* Text that is no text: a terminal escape, a NUL's neighbours, a broken and an
 * overlong sequence, a bidirectional override, a non-character, markup. */
#define HOSTILE "a\x01\x1b[31m\x7f\xff\xc0\xaf\xe2\x80\xae\xef\xbf\xbf<b>&\"']]>\xc3\xa4"
/* What a writer shows of it, before the escapes of its own syntax. */
#define HOSTILE_SHOWN                                                                              \
  "a\\x01\\x1b[31m\\x7f\\xff\\xc0\\xaf\\xe2\\x80\\xae\\xef\\xbf\\xbf<b>&\"']]>\xc3\xa4"

static const uint8_t sample_ping[] = {0x40, 0x00, 0x12, 0x34};
static const uint8_t sample_reset[] = {0x70, 0x00, 0x12, 0x34};
/* CON GET mid=0x7d34 token=20 Uri-Path="test" */
static const uint8_t sample_get[] = {0x41, 0x01, 0x7d, 0x34, 0x20, 0xb4, 't', 'e', 's', 't'};
/* ACK 2.05 mid=0x7d34 token=20 payload="odd" */
static const uint8_t sample_content[] = {0x61, 0x45, 0x7d, 0x34, 0x20, 0xff, 'o', 'd', 'd'};

#define SAMPLE_SPAN(a)                                                                             \
  { a, sizeof(a) }

static const cs_report_packet sample_ping_packets[] = {
    {0, 1, SAMPLE_SPAN(sample_ping), "CON 0.00 mid=0x1234", 40001, CS_REPORT_BYTES, 0, false, false,
     NULL},
    {2013, 0, SAMPLE_SPAN(sample_reset), "RST 0.00 mid=0x1234", 40001, CS_REPORT_BYTES, 0, false,
     false, NULL},
};
static const cs_report_packet sample_get_packets[] = {
    {0, 1, SAMPLE_SPAN(sample_get), "CON GET mid=0x7d34 token=20 Uri-Path=\"test\"", 40001,
     CS_REPORT_BYTES, 0, false, false, NULL},
    {93 * CS_SECOND, 0, SAMPLE_SPAN(sample_content), "ACK 2.05 payload=\"" HOSTILE "\"", 40001,
     CS_REPORT_BYTES, 0, false, false, NULL},
};

static const char *const sample_requirements[] = {"RFC7252#4.3:empty-con-reset",
                                                  "RFC7252#4.2:other"};
static const cs_report_requirement sample_known[] = {
    {"RFC7252#4.3:empty-con-reset", "MUST", "an Empty Confirmable message is answered by Reset"},
};

#define SAMPLE_CASE(ID, VERDICT, MESSAGE, PACKETS)                                                 \
  {                                                                                                \
    .id = ID, .title = "What " ID " shows", .file = "scenarios/x.scn", .transport = "udp",         \
    .verdict = VERDICT, .requirements = sample_requirements, .requirement_count = 2,               \
    .statement = (VERDICT) == CS_VERDICT_PASS ? NULL : "RFC7252#4.3:empty-con-reset",              \
    .line = (VERDICT) == CS_VERDICT_PASS ? 0 : 7, .message = MESSAGE, .duration = 2 * CS_SECOND,   \
    .packets = PACKETS, .packet_count = 2                                                          \
  }

static const cs_report_case sample_cases[SAMPLE_CASES] = {
    SAMPLE_CASE("7252/5.10/pass", CS_VERDICT_PASS, "", sample_ping_packets),
    SAMPLE_CASE("7252/4.3/fail", CS_VERDICT_FAIL, "wanted RST, got " HOSTILE, sample_get_packets),
    SAMPLE_CASE("7252/4.3/warn", CS_VERDICT_WARN, "no jitter", sample_ping_packets),
    SAMPLE_CASE("7252/5.2/quirk", CS_VERDICT_QUIRK, "drops-malformed-con", sample_ping_packets),
    SAMPLE_CASE("7252/5.2/skip", CS_VERDICT_SKIP, "no role:large", sample_ping_packets),
    SAMPLE_CASE("7252/5.2/inconclusive", CS_VERDICT_INCONCLUSIVE, "lost", sample_ping_packets),
    SAMPLE_CASE("7252/5.2/xfail", CS_VERDICT_XFAIL, "declared", sample_ping_packets),
    SAMPLE_CASE("7252/5.2/xpass", CS_VERDICT_XPASS, "was declared", sample_ping_packets),
    SAMPLE_CASE("7252/5.2/flaky", CS_VERDICT_FLAKY, "once only", sample_ping_packets),
    SAMPLE_CASE("7252/5.2/crash", CS_VERDICT_CRASH, "the server died", sample_ping_packets),
    SAMPLE_CASE("7252/5.2/second-pass", CS_VERDICT_PASS, "", sample_get_packets),
};

static const cs_report_run sample_run = {
    .tool = "coapspec",
    .version = "0.1.0",
    .target = "coap://127.0.0.1:5683",
    .profile = "libcoap",
    .driver = "udp",
    .seed = 42,
    .started = 1700000000,
    .duration = 95 * CS_SECOND + 250000,
    .cases = sample_cases,
    .case_count = SAMPLE_CASES,
    .known = sample_known,
    .known_count = 1,
};

#endif
