#include "runner/probe.h"

#include <string.h>

const char cs_runner_probe_sanity[] = "# The target gives a sign of life.\n"
                                      "id probe/0/alive\n"
                                      "covers RFC7252#4.3:empty-con-reset\n"
                                      "transport udp tcp ws\n"
                                      "---\n"
                                      "alive\n";

/* On a stream the target says it. */
static const char extended_token[] = "# The target's CSM allows longer tokens.\n"
                                     "id probe/0/extended-token\n"
                                     "covers RFC7252#3:token-length-reserved\n"
                                     "transport tcp ws\n"
                                     "open upgraded\n"
                                     "needs cap:extended-token\n"
                                     "---\n"
                                     "> CSM Extended-Token-Length=65804\n"
                                     "< CSM Extended-Token-Length!=8 -> pass\n"
                                     "| * -> fail\n";

/* GET of a resource that can be observed, and an end to the observation. */
static const char observe[] = "# An observation is begun, and ended.\n"
                              "id probe/0/observe\n"
                              "covers RFC7252#4.3:empty-con-reset\n"
                              "transport udp tcp ws\n"
                              "---\n"
                              ">> GET token=$t @observe Observe=0\n"
                              "<< 2.05 Observe\n"
                              "| << 2.05 -> fail\n"
                              "| << * -> inconclusive\n"
                              "| * -> fail\n"
                              ">> GET token=$t @observe Observe=1\n"
                              "<< * -> pass\n"
                              "| * -> pass\n";

/* Block2 is critical: who does not know it has to say 4.02. */
static const char block2[] = "# A large resource comes in blocks.\n"
                             "id probe/0/block2\n"
                             "covers RFC7252#4.3:empty-con-reset\n"
                             "transport udp tcp ws\n"
                             "---\n"
                             ">> GET @large Block2=0/0/0\n"
                             "<< 2.05 Block2 -> pass\n"
                             "| << 2.05 -> fail\n"
                             "| << 4.02 -> quirk lacks\n"
                             "| << * -> inconclusive\n"
                             "| * -> fail\n";

static const char block1[] = "# The first block of a request is taken.\n"
                             "id probe/0/block1\n"
                             "covers RFC7252#4.3:empty-con-reset\n"
                             "transport udp tcp ws\n"
                             "---\n"
                             ">> PUT @large-update Content-Format=0 Block1=0/1/0 "
                             "payload=\"0123456789abcdef\"\n"
                             "<< * Block1 -> pass\n"
                             "| << 2.31|4.08 -> pass\n"
                             "| << 2.xx -> fail\n"
                             "| << 4.02 -> quirk lacks\n"
                             "| << * -> inconclusive\n"
                             "| * -> fail\n";

/* A server asks for an Echo when it has a reason to: where it asks for none, that
 * says nothing. */
static const char echo[] = "# A request is answered by 4.01 with Echo.\n"
                           "id probe/0/echo\n"
                           "covers RFC7252#4.3:empty-con-reset\n"
                           "transport udp tcp ws\n"
                           "---\n"
                           ">> GET @test\n"
                           "<< 4.01 Echo -> pass\n"
                           "| << * -> inconclusive\n"
                           "| * -> fail\n";

/* Three at once, since one may get lost; and what is suppressed must come without
 * the option. */
static const char no_response[] = "# What No-Response says is not sent.\n"
                                  "id probe/0/no-response\n"
                                  "covers RFC7252#4.3:empty-con-reset\n"
                                  "transport udp\n"
                                  "---\n"
                                  ">> NON GET @test\n"
                                  "<< 2.xx\n"
                                  "| * -> inconclusive\n"
                                  "port new\n"
                                  "> NON GET mid=$m1 token=$t1 @test No-Response=2\n"
                                  "> NON GET mid=$m2 token=$t2 @test No-Response=2\n"
                                  "> NON GET mid=$m3 token=$t3 @test No-Response=2\n"
                                  "silence 2s\n"
                                  "| * -> fail\n"
                                  "port new\n"
                                  ">> NON GET @test\n"
                                  "<< 2.xx -> pass\n"
                                  "| * -> inconclusive\n";

/* On a stream nothing gets lost, and a later answer shows that the first is not on its
 * way any more. */
static const char no_response_streams[] = "# What No-Response says is not sent.\n"
                                          "id probe/0/no-response\n"
                                          "covers RFC7252#4.3:empty-con-reset\n"
                                          "transport tcp ws\n"
                                          "---\n"
                                          "> GET token=$t1 @test\n"
                                          "< 2.xx token=$t1\n"
                                          "| * -> inconclusive\n"
                                          "> GET token=$t2 @test No-Response=2\n"
                                          "silence 2s\n"
                                          "| * -> fail\n"
                                          "> GET token=$t3 @test\n"
                                          "< 2.xx token=$t3 -> pass\n"
                                          "| * -> fail\n";

static const char multicast[] = "# A request to the group of all CoAP nodes is answered.\n"
                                "id probe/0/multicast\n"
                                "covers RFC7252#8:multicast-prepared\n"
                                "transport udp\n"
                                "security plain\n"
                                "---\n"
                                ">> multicast NON GET Uri-Path=\".well-known\" Uri-Path=\"core\"\n"
                                "<< 2.xx within 7s -> pass\n"
                                "| * -> fail\n";

/* What it has nothing to say to, it answers when it was asked alone: so it knows when
 * it was asked as one of many. */
static const char multicast_aware[] =
    "# A request to the group that could only be answered by an error is not answered.\n"
    "id probe/0/multicast-aware\n"
    "covers RFC7252#8:multicast-prepared\n"
    "transport udp\n"
    "security plain\n"
    "---\n"
    ">> NON GET Uri-Path=\"coapspec-nothing-here\"\n"
    "<< 4.xx\n"
    "| * -> fail\n"
    ">> multicast NON GET Uri-Path=\".well-known\" Uri-Path=\"core\"\n"
    "<< 2.xx within 7s\n"
    "| * -> fail\n"
    ">> multicast NON GET Uri-Path=\"coapspec-nothing-here\"\n"
    "<< 4.xx within 7s -> fail\n"
    "| silence 7s -> pass\n"
    "| * -> fail\n";

/* Datagrams have no such message, and nothing is lacking there. */
static const char csm[] = "# The target gives a sign of life.\n"
                          "id probe/0/csm\n"
                          "covers RFC7252#4.3:empty-con-reset\n"
                          "transport udp\n"
                          "---\n"
                          "alive\n";
static const char csm_streams[] = "# The target sends a Capabilities and Settings Message.\n"
                                  "id probe/0/csm\n"
                                  "covers RFC7252#4.3:empty-con-reset\n"
                                  "transport tcp ws\n"
                                  "open upgraded\n"
                                  "---\n"
                                  "> CSM\n"
                                  "< CSM -> pass\n"
                                  "| silence 5s -> fail\n"
                                  "| * -> inconclusive\n";

/* Who does not filter returns the whole list. */
static const char link_filter[] =
    "# A filter that no link passes leaves none.\n"
    "id probe/0/link-filter\n"
    "covers RFC7252#4.3:empty-con-reset\n"
    "transport udp tcp ws\n"
    "---\n"
    ">> GET Uri-Path=\".well-known\" Uri-Path=\"core\"\n"
    "<< 2.05 payload=*\n"
    "| << * -> inconclusive\n"
    "| * -> inconclusive\n"
    ">> GET Uri-Path=\".well-known\" Uri-Path=\"core\" Uri-Query=\"rt=coapspec-no-such-type\"\n"
    "<< 2.05 payload= -> pass\n"
    "| << 4.04 -> pass\n"
    "| << * -> fail\n"
    "| * -> inconclusive\n";

/* Whoever knows the method has something else to say than 4.05 or 5.01, but 4.04
 * where nothing is there. */
static const char fetch[] = "# FETCH is known.\n"
                            "id probe/0/fetch\n"
                            "covers RFC7252#4.3:empty-con-reset\n"
                            "transport udp tcp ws\n"
                            "---\n"
                            ">> FETCH @fetch Content-Format=0 payload=\"4\"\n"
                            "<< 4.05|5.01 -> fail\n"
                            "| << 4.04 -> inconclusive\n"
                            "| << * -> pass\n"
                            "| * -> inconclusive\n";

/* An empty merge patch changes nothing. */
#define PATCHES(method, name)                                                                      \
  "# " method " is known.\n"                                                                       \
  "id probe/0/" name "\n"                                                                          \
  "covers RFC7252#4.3:empty-con-reset\n"                                                           \
  "transport udp tcp ws\n"                                                                         \
  "---\n"                                                                                          \
  ">> " method " @patch Content-Format=52 payload=\"{}\"\n"                                        \
  "<< 4.05|5.01 -> fail\n"                                                                         \
  "| << 4.04 -> inconclusive\n"                                                                    \
  "| << * -> pass\n"                                                                               \
  "| * -> inconclusive\n"

static const cs_runner_probe probes[] = {
    {"extended-token", "tokens of more than 8 bytes (RFC 8974)",
     "# A token of 13 bytes is echoed.\n"
     "id probe/0/extended-token\n"
     "covers RFC7252#3:token-length-reserved\n"
     "transport udp\n"
     "needs cap:extended-token\n"
     "---\n"
     "> raw 4d 01 $m 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d bb 2e 77 65 6c 6c 2d 6b 6e 6f 77 6e "
     "04 63 6f 72 65\n"
     "< ACK 2.xx|4.xx|5.xx mid=$m token=0102030405060708090a0b0c0d -> pass\n"
     "| * -> fail\n",
     extended_token},
    {"link-format", "/.well-known/core",
     "# The list of resources can be had.\n"
     "id probe/0/link-format\n"
     "covers RFC7252#4.3:empty-con-reset\n"
     "transport udp tcp ws\n"
     "---\n"
     ">> GET Uri-Path=\".well-known\" Uri-Path=\"core\"\n"
     "<< 2.05 Content-Format=40 -> pass\n"
     "| * -> fail\n",
     NULL},
    {"csm", "a Capabilities and Settings Message of its own (RFC 8323)", csm, csm_streams},
    {"link-filter", "filters on /.well-known/core (RFC 6690)", link_filter, NULL},
    {"fetch", "FETCH (RFC 8132)", fetch, NULL},
    {"patch", "PATCH (RFC 8132)", PATCHES("PATCH", "patch"), NULL},
    {"ipatch", "iPATCH (RFC 8132)", PATCHES("iPATCH", "ipatch"), NULL},
    {"observe", "observation of resources (RFC 7641)", observe, NULL},
    {"block2", "block-wise responses (RFC 7959)", block2, NULL},
    {"block1", "block-wise requests (RFC 7959)", block1, NULL},
    {"echo", "a demand for Echo (RFC 9175)", echo, NULL},
    {"no-response", "No-Response (RFC 7967)", no_response, no_response_streams},
    {"multicast", "a place in the multicast group of all CoAP nodes", multicast, NULL},
    {"multicast-aware", "an eye for requests that came by multicast", multicast_aware, NULL},
    {"psk", "the pre-shared key that the profile or --psk-file gives", NULL, NULL},
    {"certificate", "certificates, by its profile", NULL, NULL},
    {"anonymous", "a place for clients without credentials, by its profile", NULL, NULL},
    {"default-port", "the default port of its scheme", NULL, NULL},
};

const cs_runner_probe *cs_runner_probe_named(const char *cap) {
  for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
    if (strcmp(probes[i].cap, cap) == 0)
      return &probes[i];
  return NULL;
}

const cs_runner_probe *cs_runner_probe_at(size_t i) {
  return i < sizeof probes / sizeof probes[0] ? &probes[i] : NULL;
}

const char *cs_runner_probe_names(cs_runner_arena *arena) {
  const char *names = "";
  for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
    if (probes[i].text)
      names = cs_runner_format(arena, "%s%s%s", names, *names ? ", " : "", probes[i].cap);
  return names;
}

const char *cs_runner_probe_text(const cs_runner_probe *p, cs_runner_transport t) {
  return p->on_streams && 1u << t & CS_RUNNER_STREAMS ? p->on_streams : p->text;
}
