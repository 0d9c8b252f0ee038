/* The part of the api_calls target that calls what needs no session: addresses,
 * URIs, options and their lists, blocks, strings, numbers and memory. What a
 * function promises is held to. */
#ifndef CS_FUZZ_API_VALUES_H
#define CS_FUZZ_API_VALUES_H

#include <netdb.h>

#include "fuzz/api/world.h"

/* ---- addresses ---- */

static void make_address(void) {
  coap_address_t *a = &w.addresses[u8() % ADDRESSES];
  uint8_t how = u8();
  cs_span b = bytes();
  if (how & 1) {
    *a = w.places[how >> 1 & 7 ? (how >> 1 & 7) % PLACES : 0];
  } else if (how & 2) {
    coap_address_t was = *a;
    asks();
    int done = coap_address_set_unix_domain(a, b.at, b.len);
    said(done);
    CS_ORACLE(done || memcmp(a, &was, sizeof was) == 0);
  } else {
    static const sa_family_t families[] = {AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC};
    coap_address_init(a);
    CS_ORACLE(a->size == sizeof a->addr);
    memcpy(&a->addr, b.at, b.len < sizeof a->addr ? b.len : sizeof a->addr);
    a->addr.sa.sa_family = how & 128 ? a->addr.sa.sa_family : families[how >> 2 & 3];
    if (how & 16)
      a->size = u8() % (sizeof a->addr + 1);
  }
}

static void look_at_address(void) {
  const coap_address_t *a = &w.addresses[u8() % ADDRESSES], *b = &w.addresses[u8() % ADDRESSES];
  unsigned char text[100];
  size_t room = u8() % sizeof text;
  memset(text, 0x5a, sizeof text);
  size_t n = coap_print_addr(a, text, room);
  CS_ORACLE(room == 0 ? n == 0 && text[0] == 0x5a : n < room && text[n] == 0);
  note(text, n);
  (void)coap_print_ip_addr(a, (char *)text, room);
  CS_ORACLE(text[room] == 0x5a);
  note_int(coap_address_equals(a, b));
  CS_ORACLE(coap_address_equals(a, b) == coap_address_equals(b, a));
  note_int(coap_is_mcast(a) | coap_is_bcast(a) << 1 | coap_is_af_unix(a) << 2 |
           coap_address_isany(a) << 3);
  coap_address_t copy;
  coap_address_init(&copy);
  coap_address_copy(&copy, a);
  uint16_t port = u16();
  coap_address_set_port(&copy, port);
  bool ported = a->addr.sa.sa_family == AF_INET || a->addr.sa.sa_family == AF_INET6;
  CS_ORACLE(coap_address_get_port(&copy) == (ported ? port : 0));
}

/* Literals and paths only: a name would go to the system's resolver, a zone to
 * its list of interfaces. */
static void resolve(void) {
  cs_span b = bytes();
  uint8_t how = u8();
  for (size_t i = 0; i < b.len; i++)
    if (b.at[i] == '%' && (i + 1 == b.len || b.at[i + 1] != '2'))
      return;
  coap_str_const_t text = {b.len, b.at};
  uint16_t port = u16();
  asks();
  coap_addr_info_t *list = coap_resolve_address_info(
      how & 1 ? NULL : &text, port, how & 2 ? port : 0, 0, u8(), AI_NUMERICHOST, u8(),
      how & 4 ? COAP_RESOLVE_TYPE_LOCAL : COAP_RESOLVE_TYPE_REMOTE);
  said(list);
  for (const coap_addr_info_t *i = list; i; i = i->next)
    note_int(i->proto);
  if (list)
    w.addresses[how >> 4 & 3] = list->addr;
  coap_free_address_info(list);
}

/* ---- URIs ---- */

static void into_options(const coap_uri_t *uri) {
  const coap_address_t *to = &w.addresses[u8() % ADDRESSES];
  uint8_t how = u8();
  asks();
  if (how & 1)
    said(coap_uri_into_optlist(uri, how & 2 ? to : NULL, &w.options, how & 4));
  else
    said(coap_uri_into_options(uri, how & 2 ? to : NULL, &w.options, how & 4, NULL, 0) >= 0);
}

static void split_uri(void) {
  cs_span b = bytes();
  uint8_t how = u8();
  coap_uri_t uri, was;
  memset(&was, 0x5a, sizeof was);
  uri = was;
  asks();
  int r = how & 1 ? coap_split_proxy_uri(b.at, b.len, &uri) : coap_split_uri(b.at, b.len, &uri);
  said(r >= 0);
  CS_ORACLE(r == 0 || memcmp(&uri, &was, sizeof was) == 0);
  if (r == 0) {
    CS_ORACLE(uri.scheme < COAP_URI_SCHEME_LAST);
    note(uri.host.s, uri.host.length);
    note(uri.path.s, uri.path.length);
    note(uri.query.s, uri.query.length);
    (void)coap_host_is_unix_domain(&uri.host);
    (void)coap_uri_scheme_is_secure(&uri);
    into_options(&uri);
  }
  if (how & 2) {
    coap_delete_uri(w.uri);
    asks();
    w.uri = coap_new_uri(b.at, (unsigned)b.len);
    said(w.uri);
    CS_ORACLE(w.uri || r != 0 || how & 1 || tls_arena.short_of);
  }
}

static void copy_uri(void) {
  asks();
  coap_uri_t *copy = coap_clone_uri(w.uri);
  said(copy);
  if (!copy)
    return;
  CS_ORACLE(coap_string_equal(&copy->host, &w.uri->host) && copy->port == w.uri->port);
  coap_delete_uri(w.uri);
  w.uri = copy;
  into_options(w.uri);
}

static void split_parts(void) {
  unsigned char buf[128];
  cs_span b = bytes();
  uint8_t how = u8();
  size_t room = how >> 1, len = room;
  memset(buf, 0x5a, sizeof buf);
  asks();
  int n =
      how & 1 ? coap_split_path(b.at, b.len, buf, &len) : coap_split_query(b.at, b.len, buf, &len);
  said(n >= 0);
  CS_ORACLE(n < 0 ? buf[0] == 0x5a && len == room : len <= room);
  size_t at = 0;
  for (int i = 0; i < n; i++) {
    size_t size = coap_opt_size(buf + at);
    CS_ORACLE(size > 0 && at + size <= len);
    note(coap_opt_value(buf + at), coap_opt_length(buf + at));
    at += size;
  }
  CS_ORACLE(n < 0 || at == len);
  asks();
  if (how & 1)
    said(coap_path_into_optlist(b.at, b.len, COAP_OPTION_URI_PATH, &w.options));
  else
    said(coap_query_into_optlist(b.at, b.len, COAP_OPTION_URI_QUERY, &w.options));
}

/* ---- options ---- */

static void grow_list(void) {
  uint16_t number = u8() & 1 ? u16() : u8();
  cs_span b = bytes();
  asks();
  coap_optlist_t *o = coap_new_optlist(number, b.len, b.at);
  said(o);
  asks();
  said(coap_insert_optlist(&w.options, o));
  if (!o)
    return;
  asks();
  int twice = coap_insert_optlist(&w.options, o);
  said(twice);
  CS_ORACLE(!twice);
}

static void drop_list(void) {
  coap_delete_optlist(w.options);
  w.options = NULL;
}

static void parse_option(void) {
  cs_span b = bytes();
  coap_option_t o = {.delta = 0x5a5a};
  asks();
  size_t n = coap_opt_parse(b.at, b.len, &o);
  said(n);
  CS_ORACLE(n <= b.len && (n || o.delta == 0x5a5a));
  if (!n)
    return;
  uint8_t buf[300];
  size_t size = coap_opt_encode_size(o.delta, o.length);
  CS_ORACLE(size == n);
  CS_ORACLE(coap_opt_encode(buf, sizeof buf, o.delta, o.value, o.length) == n);
  CS_ORACLE(memcmp(buf, b.at, n) == 0);
  CS_ORACLE(coap_opt_size(b.at) == n && coap_opt_length(b.at) == o.length);
}

static void encode_option(void) {
  uint8_t buf[64];
  uint16_t delta = u16();
  size_t length = u16(), room = u8() % sizeof buf;
  cs_span b = bytes();
  memset(buf, 0x5a, sizeof buf);
  asks();
  size_t n = coap_opt_encode(buf, room, delta, b.at, b.len);
  said(n);
  CS_ORACLE(n <= room && buf[room] == 0x5a && (n || buf[0] == 0x5a));
  asks();
  n = coap_opt_setheader(buf, room, delta, length);
  said(n);
  CS_ORACLE(n <= room && buf[room] == 0x5a);
}

static void filter(void) {
  coap_opt_filter_t f;
  unsigned set = 0;
  coap_option_filter_clear(&f);
  for (unsigned i = u8() % 16; i; i--) {
    uint16_t number = u8() & 1 ? u16() : u8();
    bool had = coap_option_filter_get(&f, number);
    if (u8() & 3) {
      int done = coap_option_filter_set(&f, number);
      CS_ORACLE(!had || done);
      CS_ORACLE(coap_option_filter_get(&f, number) == done);
      set += !had && done;
    } else {
      CS_ORACLE(coap_option_filter_unset(&f, number) == had);
      CS_ORACLE(!coap_option_filter_get(&f, number));
      set -= had;
    }
    CS_ORACLE(set <= COAP_OPT_FILTER_SHORT + COAP_OPT_FILTER_LONG);
  }
}

/* ---- strings, numbers, bodies, memory ---- */

static void strings(void) {
  cs_span b = bytes();
  asks();
  coap_str_const_t *s = coap_new_str_const(b.at, b.len);
  said(s);
  asks();
  coap_bin_const_t *n = coap_new_bin_const(b.at, b.len);
  said(n);
  CS_ORACLE(!s || !n || (s->length == b.len && coap_binary_equal(s, n) && s->s[b.len] == 0));
  coap_delete_str_const(s);
  coap_delete_bin_const(n);
  asks();
  coap_string_t *t = coap_new_string(b.len);
  said(t);
  if (!t)
    return;
  CS_ORACLE(t->length == b.len && t->s[b.len] == 0);
  coap_delete_string(w.string);
  w.string = t;
}

static void numbers(void) {
  uint8_t buf[12];
  cs_span b = bytes();
  size_t room = u8() % 9;
  uint64_t value = coap_decode_var_bytes8(b.at, b.len);
  memset(buf, 0x5a, sizeof buf);
  unsigned n = coap_encode_var_safe8(buf, room, value);
  CS_ORACLE(n <= room && buf[n] == 0x5a);
  CS_ORACLE(n == 0 || coap_decode_var_bytes8(buf, n) == value);
  unsigned small = coap_decode_var_bytes(b.at, b.len);
  n = coap_encode_var_safe(buf, sizeof buf, small);
  CS_ORACLE(n <= 4 && coap_decode_var_bytes(buf, n) == small);
  note_int(coap_fls(small));
  note_int(coap_flsll((long long)value));
  note_int(
      coap_opt_block_num(b.len && coap_opt_parse(b.at, b.len, &(coap_option_t){0}) ? b.at : NULL));
}

static void body(void) {
  cs_span b = bytes();
  size_t offset = u8() & 128 ? SIZE_MAX - u16() : u16();
  size_t total = u8() & 128 ? 0 : u16();
  asks();
  w.body = coap_block_build_body(w.body, b.len, b.at, offset, total);
  said(w.body);
  CS_ORACLE(!w.body || (w.body->length >= offset + b.len &&
                        (!b.len || memcmp(w.body->s + offset, b.at, b.len) == 0)));
}

static void pieces(void) {
  void **p = &w.pieces[u8() % PIECES];
  size_t n = u16();
  uint8_t how = u8();
  if (how & 1) {
    coap_free_type(COAP_PDU, *p);
    *p = NULL;
  } else if (how & 2) {
    coap_free(*p);
    *p = coap_malloc(n);
  } else {
    void *moved = coap_realloc_type(COAP_STRING, *p, n);
    if (moved) {
      *p = moved;
      memset(moved, 1, n);
    }
  }
}

/* What is said about the build and the process, and settings of it. */
static void settings(void) {
  char text[120];
  size_t room = u8() % sizeof text;
  text[room] = 0x5a;
  (void)coap_string_tls_version(text, room);
  (void)coap_string_tls_support(text, room);
  CS_ORACLE(text[room] == 0x5a);
  CS_ORACLE(coap_get_tls_library_version() != NULL);
  note_int(coap_get_available_scheme_hint_bits(u8() & 1, u8() & 1, (coap_proto_t)(u8() % 12)));
  (void)coap_response_phrase(u8());
  coap_dtls_set_log_level((coap_log_t)u8());
  uint8_t level = u8() % 16;
  coap_log_t was = coap_get_log_level();
  coap_set_log_level((coap_log_t)level);
  CS_ORACLE(coap_get_log_level() == (coap_log_t)level || coap_get_log_level() == was);
  coap_enable_pdu_data_output(u8() & 1);
  cs_span b = bytes();
  memcpy(text, b.at, b.len < sizeof text - 1 ? b.len : sizeof text - 1);
  text[b.len < sizeof text - 1 ? b.len : sizeof text - 1] = 0;
  /* A percentage would draw from the system's generator. */
  if (!strchr(text, '%')) {
    asks();
    said(coap_debug_set_packet_loss(text));
  }
}

static void refused_constructors(void) {
  asks();
  CS_ORACLE(!coap_new_context(&w.places[AT_UDP]));
  said(false);
  asks();
  coap_oscore_conf_t *conf = coap_new_oscore_conf((coap_str_const_t){0, NULL}, NULL, NULL, 0);
  said(conf);
  CS_ORACLE(!conf && !coap_oscore_is_supported());
  asks();
  CS_ORACLE(
      !coap_new_client_session_oscore(w.context, NULL, &w.places[AT_UDP], COAP_PROTO_UDP, NULL));
  said(false);
}

static void free_values(void) {
  for (unsigned i = 0; i < PDUS; i++)
    coap_delete_pdu(w.pdus[i]);
  drop_list();
  coap_delete_uri(w.uri);
  coap_delete_string(w.string);
  coap_delete_binary(w.body);
  for (unsigned i = 0; i < PIECES; i++)
    coap_free(w.pieces[i]);
}

#endif
