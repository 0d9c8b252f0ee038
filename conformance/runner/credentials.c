#include "runner/credentials.h"

#include <stdio.h>
#include <string.h>

#include "runner/embedded.h"
#include "runner/library.h"
#include "runner/veil.h"

enum { PEM_MAX = 1 << 20, PSK_FILE_MAX = 1 << 16 };

static int hex_digit(uint8_t c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

static bool read_hex(cs_span text, cs_runner_arena *arena, cs_span *out) {
  if (text.len == 0 || text.len % 2 || text.len / 2 > CS_TLS_KEY_MAX)
    return false;
  uint8_t *bytes = cs_runner_get(arena, text.len / 2);
  for (size_t i = 0; i < text.len / 2; i++) {
    int high = hex_digit(text.at[2 * i]);
    int low = hex_digit(text.at[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    bytes[i] = (uint8_t)(high << 4 | low);
  }
  *out = cs_span_of(bytes, text.len / 2);
  return true;
}

bool cs_runner_credentials_psk(cs_span text, cs_runner_arena *arena, cs_span *identity,
                               cs_span *key, const char **why) {
  unsigned number = 0;
  while (text.len) {
    const uint8_t *end = memchr(text.at, '\n', text.len);
    size_t len = end ? (size_t)(end - text.at) : text.len;
    cs_span line = cs_span_cut(text, 0, len);
    text = cs_span_cut(text, len + (end != NULL), text.len - len - (end != NULL));
    number++;
    if (line.len && line.at[line.len - 1] == '\r')
      line.len--;
    if (line.len == 0 || line.at[0] == '#')
      continue;
    size_t colon = line.len;
    while (colon && line.at[colon - 1] != ':')
      colon--;
    cs_span name = cs_span_of(line.at, colon ? colon - 1 : 0);
    if (name.len == 0 || name.len > CS_TLS_IDENTITY_MAX) {
      *why =
          cs_runner_format(arena, "line %u is no identity:hexkey (an identity has 1 to %d bytes)",
                           number, CS_TLS_IDENTITY_MAX);
      return false;
    }
    if (!read_hex(cs_span_cut(line, colon, line.len - colon), arena, key)) {
      *why = cs_runner_format(arena,
                              "line %u: behind the last colon there is no key of 1 to %d "
                              "bytes in hex",
                              number, CS_TLS_KEY_MAX);
      return false;
    }
    *identity = cs_runner_copy(arena, name);
    return true;
  }
  *why = "there is no line identity:hexkey in it";
  return false;
}

static bool embedded(const char *path, cs_span *out) {
  for (const cs_runner_embedded *f = cs_runner_embedded_files; f->path; f++)
    if (strcmp(f->path, path) == 0) {
      *out = f->text;
      return true;
    }
  fprintf(stderr, "coapspec: %s is not part of the program\n", path);
  return false;
}

void cs_runner_credentials_server(cs_runner_arena *arena, cs_server_credentials *out) {
  const char *why;
  cs_span text;
  memset(out, 0, sizeof *out);
  if (embedded("credentials/psk.txt", &text))
    (void)cs_runner_credentials_psk(text, arena, &out->identity, &out->key, &why);
  (void)embedded("credentials/ca.pem", &out->ca);
  (void)embedded("credentials/server.chain.pem", &out->certificate);
  (void)embedded("credentials/server.key", &out->private_key);
}

/* Where a file is that the command line or the profile names. */
struct place {
  const char *path; /* NULL: nowhere */
  bool inside;      /* the program */
};

static struct place place_of(const char *given, const char *in_profile, const cs_runner_profile *p,
                             cs_runner_arena *arena) {
  if (given)
    return (struct place){given, false};
  if (!in_profile)
    return (struct place){NULL, false};
  if (p->embedded) /* all of them are in conformance/profiles */
    return (struct place){strncmp(in_profile, "../", 3) == 0 ? in_profile + 3 : in_profile, true};
  const char *slash = strrchr(p->file, '/');
  if (in_profile[0] == '/' || !slash)
    return (struct place){in_profile, false};
  return (struct place){
      cs_runner_format(arena, "%.*s/%s", (int)(slash - p->file), p->file, in_profile), false};
}

static bool read_place(struct place at, size_t max, cs_runner_arena *arena, cs_span *out) {
  if (!at.path)
    return true;
  return at.inside ? embedded(at.path, out) : cs_runner_read_file(arena, at.path, max, out);
}

static bool complain(const char *path, const char *why) {
  fprintf(stderr, "coapspec: %s: %s\n", path, why);
  return false;
}

/* Tries one kind of credentials, before anything is run. */
static bool try_them(const cs_runner_credentials *c, cs_runner_with with, const char *path) {
  const char *why = NULL;
  if (cs_runner_veil_try(c, with, &why))
    return true;
  return complain(path, why);
}

static bool read_psk(struct place at, cs_runner_arena *arena, cs_runner_credentials *out) {
  cs_span text = {NULL, 0};
  const char *why;
  if (!at.path)
    return true;
  if (!read_place(at, PSK_FILE_MAX, arena, &text))
    return false;
  return cs_runner_credentials_psk(text, arena, &out->identity, &out->key, &why) ||
         complain(at.path, why);
}

/* What the profile does not say follows from what there is. */
static void settle_offers(const cs_runner_security *s, cs_runner_credentials *c) {
  unsigned here = (c->key.len ? 1u << CS_RUNNER_WITH_PSK : 0) |
                  (c->ca.len || c->certificate.len ? 1u << CS_RUNNER_WITH_CERTIFICATE : 0);
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++)
    c->offers[t] = s->capabilities[t] ? s->capabilities[t]
                   : here             ? here
                                      : 1u << CS_RUNNER_WITH_NOTHING;
}

cs_runner_with cs_runner_credentials_usual(const cs_runner_credentials *c,
                                           cs_runner_transport transport) {
  unsigned offers = c->offers[transport];
  if (c->key.len && offers & 1u << CS_RUNNER_WITH_PSK)
    return CS_RUNNER_WITH_PSK;
  bool has_pki = c->ca.len || c->certificate.len;
  return has_pki && offers & 1u << CS_RUNNER_WITH_CERTIFICATE ? CS_RUNNER_WITH_CERTIFICATE
                                                              : CS_RUNNER_WITH_NOTHING;
}

bool cs_runner_credentials_read(const cs_runner_profile *p, const cs_runner_credential_files *files,
                                cs_runner_arena *arena, cs_runner_credentials *out) {
  const cs_runner_security *s = &p->security;
  bool pair = files->certificate || files->key;
  memset(out, 0, sizeof *out);
  if (pair && !(files->certificate && files->key))
    return complain(files->certificate ? "--cert" : "--key", files->certificate
                                                                 ? "a certificate needs its --key"
                                                                 : "a key needs its --cert");
  struct place psk = place_of(files->psk, s->psk_file, p, arena);
  struct place ca = place_of(files->ca, s->ca, p, arena);
  struct place certificate = place_of(files->certificate, pair ? NULL : s->certificate, p, arena);
  struct place key = place_of(files->key, pair ? NULL : s->key, p, arena);
  if (!read_psk(psk, arena, out) || !read_place(ca, PEM_MAX, arena, &out->ca) ||
      !read_place(certificate, PEM_MAX, arena, &out->certificate) ||
      !read_place(key, PEM_MAX, arena, &out->private_key) ||
      !embedded("credentials/intruder.pem", &out->intruder) ||
      !embedded("credentials/intruder.key", &out->intruder_key))
    return false;
  /* An empty file would mean to trust anyone. */
  if (ca.path && out->ca.len == 0)
    return complain(ca.path, "it is empty");
  if (certificate.path && (out->certificate.len == 0 || out->private_key.len == 0))
    return complain(out->certificate.len ? key.path : certificate.path, "it is empty");
  out->server_name = s->sni;
  settle_offers(s, out);
  bool has_pki = out->ca.len || out->certificate.len;
  return (!out->key.len || try_them(out, CS_RUNNER_WITH_PSK, psk.path)) &&
         (!has_pki ||
          try_them(out, CS_RUNNER_WITH_CERTIFICATE, certificate.path ? certificate.path : ca.path));
}
