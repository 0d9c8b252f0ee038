#include "runner/driver.h"
#include "server/server.h"

/* Where virtual time begins, and how many turns a case may take before it is
 * given up: a defect may make the server talk without end. */
static const cs_time begin = CS_SECOND;
enum { TURNS_MAX = 200000, DATAGRAM_MAX = 65536 };

/* Carries datagrams both ways until neither side has any. */
static bool pump(cs_runner_case *c, cs_server *s, cs_time now, unsigned *turns) {
  static uint8_t buf[DATAGRAM_MAX];
  for (bool moved = true; moved;) {
    unsigned port;
    cs_span bytes;
    uint64_t peer;
    size_t len;
    moved = false;
    if (++*turns > TURNS_MAX)
      return false;
    while (cs_runner_case_transmit(c, &port, &bytes)) {
      cs_server_receive(s, (uint64_t)port + 1, false, bytes, now);
      moved = true;
    }
    while (!cs_runner_case_done(c) &&
           cs_server_transmit(s, now, buf, sizeof buf, &peer, &len) == CS_OK) {
      cs_runner_case_receive(c, (unsigned)(peer - 1), cs_span_of(buf, len), now);
      moved = true;
      if (++*turns > TURNS_MAX)
        return false;
    }
  }
  return true;
}

static void play(cs_runner_case *c, cs_server *s) {
  cs_time now = begin;
  unsigned turns = 0;
  cs_runner_case_start(c, now);
  while (pump(c, s, now, &turns) && !cs_runner_case_done(c)) {
    cs_time server = cs_server_deadline(s);
    cs_time mine = cs_runner_case_deadline(c);
    cs_time next = cs_time_min(server, mine);
    if (next == CS_TIME_NEVER)
      break;
    now = next > now ? next : now;
    if (server <= now)
      cs_server_expire(s, now);
    if (!pump(c, s, now, &turns))
      break;
    if (cs_runner_case_deadline(c) <= now)
      cs_runner_case_expire(c, now);
  }
  cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, "the server in memory talks without end", now);
}

void cs_runner_play_memory(cs_runner_case *c, uint64_t seed, const char *const *defects,
                           size_t defect_count) {
  cs_server_config config = {
      .alloc = &cs_net_heap_alloc, .seed = seed, .defects = defects, .defect_count = defect_count};
  const char *unknown = NULL;
  cs_server *s;
  if (cs_server_new(&config, begin, &s, &unknown) != CS_OK) {
    cs_runner_case_start(c, begin);
    cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, "the server in memory cannot be made", begin);
    return;
  }
  play(c, s);
  cs_server_free(s);
}
