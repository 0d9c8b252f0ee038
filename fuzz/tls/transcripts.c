/* Writes seeds of the targets that drive a client over (D)TLS: what a live server
 * of the mbedTLS in use says to it, under each of the suites, whole and with what a
 * network does to it. Compiled once for each target, with its TARGET_ lines.
 *
 * usage: transcripts FOLDER
 * FOLDER/established gets those that complete the handshake and exchange data,
 * FOLDER/other the rest. */
#include <stdio.h>
#include <sys/stat.h>

#include FUZZ_TARGET /* its TARGET_ lines, and pump.h */

static client c;
static live s;
static pump p;
static const char *folder;
static unsigned count;

static void save(const char *name, uint8_t setup, bool complete) {
  char path[1024];
  CS_ORACLE(!p.record.overflow);
  if (complete && (c.established == 0 || c.responses == 0)) {
    fprintf(stderr, "transcripts: %s of set-up %02x came to no data\n", name, setup);
    exit(1);
  }
  (void)snprintf(path, sizeof path, "%s/%s/transcript-%02x-%s", folder,
                 complete ? "established" : "other", setup, name);
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(p.bytes, 1, p.record.len, f) != p.record.len || fclose(f) != 0) {
    perror(path);
    exit(1);
  }
  count++;
  pump_end(&p);
}

static void begin(uint8_t setup, kind_of_server kind, size_t mtu) {
  pump_begin(&p, &c, &s, setup, kind, mtu);
}

static void whole(uint8_t setup) {
  begin(setup, HONEST, 1152);
  pump_do2(&p, OP_REQUEST, 0x10);
  pump_run(&p);
  pump_do1(&p, OP_PING);
  pump_run(&p);
  pump_do1(&p, OP_RELEASE);
  pump_run(&p);
  save("whole", setup, true);
}

/* Over DTLS: HelloVerifyRequest and every flight come twice, and the client has sent each
 * of its own twice too. */
static void doubled(uint8_t setup) {
  begin(setup, HONEST, 1152);
  pump_do2(&p, OP_REQUEST, 2);
  for (unsigned rounds = 0; rounds < 8; rounds++) {
    uint8_t buf[4096];
    size_t n;
    pump_do1(&p, OP_DEADLINE);
    (void)pump_serve(&p);
    while (live_says(&s, buf, sizeof buf, &n)) {
      pump_give(&p, buf, n);
      pump_give(&p, buf, n);
    }
  }
  pump_run(&p);
  save("doubled", setup, true);
}

/* Every flight of the server's is in small datagrams and comes backwards. */
static void backwards(uint8_t setup) {
  static uint8_t buf[64][512];
  size_t n[64];
  begin(setup, HONEST, 200);
  pump_do2(&p, OP_REQUEST, 1);
  for (unsigned rounds = 0; rounds < 8; rounds++) {
    unsigned held = 0;
    (void)pump_serve(&p);
    while (held < 64 && live_says(&s, buf[held], sizeof buf[held], &n[held]))
      held++;
    while (held--)
      pump_give(&p, buf[held], n[held]);
  }
  pump_run(&p);
  save("backwards", setup, true);
}

/* A stream comes byte by byte. */
static void in_bytes(uint8_t setup) {
  static uint8_t buf[65535];
  begin(setup, HONEST, 1152);
  pump_do2(&p, OP_REQUEST, 0);
  for (unsigned rounds = 0; rounds < 8; rounds++) {
    size_t n;
    (void)pump_serve(&p);
    while (live_says(&s, buf, sizeof buf, &n))
      for (size_t at = 0; at < n; at += 97)
        pump_give(&p, buf + at, n - at < 97 ? n - at : 97);
  }
  save("in-pieces", setup, true);
}

/* The first session ends by its server, another follows. */
static void again(uint8_t setup) {
  begin(setup, HONEST, 1152);
  pump_do2(&p, OP_REQUEST, 0);
  pump_run(&p);
  cs_endpoint_release(s.e, s.now);
  live_turn(&s);
  pump_run(&p);
  pump_do1(&p, OP_AGAIN);
  pump_do2(&p, OP_REQUEST, 0);
  pump_run(&p);
  save("again", setup, true);
}

/* A server that is not whom the client wants; it may still complete the handshake
 * with a client that takes anyone. */
static void stranger(uint8_t setup, kind_of_server kind, const char *name) {
  begin(setup, kind, 1152);
  pump_do2(&p, OP_REQUEST, 0);
  pump_run(&p);
  pump_do1(&p, OP_AGAIN);
  pump_run(&p);
  save(name, setup, false);
}

/* The server gives up in the middle, or after it. */
static void alerted(uint8_t setup, unsigned after) {
  char name[32];
  begin(setup, HONEST, 1152);
  pump_do2(&p, OP_REQUEST, 0);
  for (unsigned i = 0; i < after; i++) {
    (void)pump_serve(&p);
    while (pump_answer(&p))
      ;
  }
  cs_tls_alert((cs_tls *)cs_endpoint_tls(s.e), 40, s.now);
  cs_endpoint_expire(s.e, s.now);
  live_turn(&s);
  pump_run(&p);
  (void)snprintf(name, sizeof name, "alert-%u", after);
  save(name, setup, false);
}

/* Nobody answers, then somebody does; memory is short now and then. */
static void late(uint8_t setup) {
  begin(setup, HONEST, 1152);
  pump_do2(&p, OP_REQUEST, 0);
  pump_lose(&p);
  for (unsigned i = 0; i < 3; i++) {
    pump_do1(&p, OP_DEADLINE);
    if (i < 2)
      pump_lose(&p);
  }
  pump_run(&p);
  pump_do(&p, (const uint8_t[]){OP_TIME, 0x10, 0}, 3);
  pump_do2(&p, OP_LINK, 0);
  save("late", setup, !client_streams(&c));
}

/* A handshake that fails is followed by one that does not (Californium CVE-2020-27222). */
static void after_failure(uint8_t setup) {
  begin(setup, HONEST, 1152);
  for (unsigned i = 0; i < 2; i++) {
    (void)pump_serve(&p);
    while (pump_answer(&p))
      ;
  }
  cs_tls_alert((cs_tls *)cs_endpoint_tls(s.e), 40, s.now);
  cs_endpoint_expire(s.e, s.now);
  live_turn(&s);
  pump_run(&p);
  pump_do1(&p, OP_AGAIN);
  pump_do2(&p, OP_REQUEST, 0);
  pump_run(&p);
  save("regress-californium-CVE-2020-27222-after-failure", setup, true);
}

/* Memory is short in the client's last steps (mbedTLS CVE-2025-27810). */
static void short_of_memory(uint8_t setup, uint8_t from_now) {
  char name[80];
  begin(setup, HONEST, 1152);
  pump_do2(&p, OP_REQUEST, 0);
  for (unsigned i = 0; i < 2; i++) {
    (void)pump_serve(&p);
    while (pump_answer(&p))
      ;
  }
  (void)pump_serve(&p);
  pump_do2(&p, OP_FAIL, from_now);
  pump_run(&p);
  (void)snprintf(name, sizeof name, "regress-mbedtls-CVE-2025-27810-short-of-memory-%u", from_now);
  save(name, setup, false);
}

/* Records in an established session that are too short for their tag, or empty
 * (tinydtls CVE-2021-42144 and others), in the right epoch and in the wrong one. */
static void short_records(uint8_t setup) {
  begin(setup, HONEST, 1152);
  pump_run(&p);
  for (uint8_t len = 0; len < 18; len = (uint8_t)(len + 3))
    for (uint8_t epoch = 0; epoch < 3; epoch++) {
      uint8_t record[13 + 18] = {23, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 1, len, 0, len};
      pump_give(&p, record, 13u + len);
    }
  pump_do2(&p, OP_REQUEST, 0);
  pump_run(&p);
  save("short-records", setup, true);
}

/* The server's key exchange without its signature (Californium CVE-2021-34433), or
 * signed with a hash that was not offered (mbedTLS CVE-2026-25834). */
static void key_exchange(uint8_t setup, bool unsigned_one) {
  enum { RECORD = 13, HANDSHAKE = 12, SERVER_KEY_EXCHANGE = 12 };
  begin(setup, HONEST, 1152);
  pump_do2(&p, OP_REQUEST, 0);
  for (unsigned rounds = 0; rounds < 4; rounds++) {
    static uint8_t buf[4096];
    size_t n;
    (void)pump_serve(&p);
    while (live_says(&s, buf, sizeof buf, &n)) {
      for (size_t at = 0; at + RECORD + HANDSHAKE + 4 < n;) {
        uint8_t *r = buf + at, *m = r + RECORD, *body = m + HANDSHAKE;
        size_t len = RECORD + ((size_t)r[11] << 8 | r[12]);
        if (r[0] == 22 && !r[4] && m[0] == SERVER_KEY_EXCHANGE && unsigned_one) {
          size_t keep = 4u + body[3];
          memmove(body + keep, r + len, n - at - len);
          n -= len - RECORD - HANDSHAKE - keep;
          len = RECORD + HANDSHAKE + keep;
          r[12] = (uint8_t)(HANDSHAKE + keep);
          r[11] = m[1] = m[2] = m[9] = m[10] = 0;
          m[3] = m[11] = (uint8_t)keep;
        } else if (r[0] == 22 && !r[4] && m[0] == SERVER_KEY_EXCHANGE) {
          body[4 + body[3]] = 2; /* SHA-1 */
        }
        at += len;
      }
      pump_give(&p, buf, n);
    }
  }
  save(unsigned_one ? "regress-californium-CVE-2021-34433-unsigned"
                    : "regress-mbedtls-CVE-2026-25834-signed-with-sha-1",
       setup, false);
}

static void seeds_of(uint8_t setup) {
  whole(setup);
  if (setup & 3 & ~1) /* of the others two suites are enough */
    return;
  begin(setup, HONEST, 1152);
  bool stream = client_streams(&c);
  pump_end(&p);
  if (stream) {
    in_bytes(setup);
  } else {
    doubled(setup);
    backwards(setup);
    again(setup);
    late(setup);
    after_failure(setup);
    short_records(setup);
    for (uint8_t n = 1; n <= 32; n = (uint8_t)(n * 2))
      short_of_memory(setup, n);
    if (c.trusts != BY_PSK) {
      key_exchange(setup, true);
      key_exchange(setup, false);
    }
  }
  stranger(setup, WRONG_KEY, "wrong-key");
  stranger(setup, INTRUDER, "intruder");
  for (unsigned after = 0; after < 4; after++)
    alerted(setup, after);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  folder = argv[1];
  char path[1024];
  mkdir(folder, 0777);
  (void)snprintf(path, sizeof path, "%s/established", folder);
  mkdir(path, 0777);
  (void)snprintf(path, sizeof path, "%s/other", folder);
  mkdir(path, 0777);
  secrets_begin();
  static const cs_link_kind links[] = {TARGET_LINKS};
  static const trust trusts[] = {TARGET_TRUSTS};
  for (unsigned link = 0; link < sizeof links / sizeof *links; link++)
    for (unsigned t = 0; t < sizeof trusts / sizeof *trusts; t++)
      for (unsigned rest = 0; rest < 16; rest++)
        seeds_of((uint8_t)(rest | t << 4 | link << 6));
  secrets_end();
  printf("%u transcripts in %s\n", count, folder);
  return 0;
}
