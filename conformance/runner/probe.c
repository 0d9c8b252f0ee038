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

const char *cs_runner_probe_text(const cs_runner_probe *p, cs_runner_transport t) {
  return p->on_streams && 1u << t & CS_RUNNER_STREAMS ? p->on_streams : p->text;
}
