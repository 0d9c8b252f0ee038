/* A session of mbedTLS as a byte transform: what a driver calls. */
#include "tls/mbedtls_inside.h"

cs_err cs_tls_open(const cs_tls_config *config, cs_time now, cs_tls **out) {
  const cs_base_alloc *alloc = config->setup->shared->alloc;
  cs_tls *t = cs_base_get(alloc, sizeof *t);
  if (!t)
    return CS_ERR_MEMORY;
  memset(t, 0, sizeof *t);
  t->alloc = alloc;
  t->setup = cs_tls_setup_share(config->setup);
  t->kind = config->kind;
  t->no_cid = config->no_cid;
  t->no_tls13 = config->no_tls13;
  t->callbacks = config->callbacks;
  t->judge.setup = t->setup;
  t->judge.callbacks = &t->callbacks;
  t->now = now;
  t->mtu = config->mtu;
  t->handshake_timeout =
      config->handshake_timeout ? config->handshake_timeout : CS_TLS_HANDSHAKE_TIMEOUT;
  t->handshake_end = cs_time_add(now, t->handshake_timeout);
  mbedtls_ssl_init(&t->ssl);
  mbedtls_ssl_config_init(&t->conf);
  cs_err err = cs_tls_configure(t, config);
  if (err == CS_OK && t->callbacks.prepare && !t->callbacks.prepare(t->callbacks.ctx, &t->ssl))
    err = CS_ERR_STATE;
  if (err == CS_OK) {
    cs_tls_handshake(t);
    if (t->state == CS_TLS_FAILED)
      err = t->failure.rule == CS_RULE_OUT_OF_MEMORY ? CS_ERR_MEMORY : CS_ERR_ARGUMENT;
  }
  if (err != CS_OK) {
    cs_tls_close(t);
    return err;
  }
  *out = t;
  return CS_OK;
}

void cs_tls_close(cs_tls *t) {
  if (!t)
    return;
  const cs_base_alloc *alloc = t->alloc;
  cs_tls_setup *setup = t->setup;
  mbedtls_ssl_free(&t->ssl);
  mbedtls_ssl_config_free(&t->conf);
  cs_tls_output_free(t);
  cs_tls_configure_free(t);
  mbedtls_platform_zeroize(t, sizeof *t);
  cs_base_put(alloc, t, sizeof *t);
  cs_tls_setup_free(setup); /* the allocator may end with it */
}

cs_tls_state cs_tls_state_of(const cs_tls *t) {
  return t->state;
}

cs_tls_kind cs_tls_kind_of(const cs_tls *t) {
  return t->kind;
}

bool cs_tls_negotiated_of(const cs_tls *t, cs_tls_negotiated *out) {
  if (!t->ssl.session || !tls_handshake_over(&t->ssl))
    return false;
  bool server = t->setup->role == CS_TLS_SERVER;
  /* The library asks for what it could take as const. */
  mbedtls_ssl_context *ssl = (mbedtls_ssl_context *)&t->ssl;
  const cs_tls_negotiated n = {
      .version = tls_version_of(ssl),
      .suite = (uint16_t)t->ssl.session->ciphersuite,
      .name = mbedtls_ssl_get_ciphersuite(ssl),
      .alpn = mbedtls_ssl_get_alpn_protocol(ssl),
      .server_name = cs_span_of(t->server_name, server ? t->server_name_len : 0),
      .identity = cs_span_of(t->identity, t->identity_len),
      .client_certificate = server && mbedtls_ssl_get_peer_cert(ssl) != NULL,
      .cid = tls_cid_in_use(ssl),
  };
  *out = n;
  return true;
}

/* Whether it is a server on DTLS that has not read a ClientHello yet. */
static bool awaits_hello(const cs_tls *t) {
  return t->kind == CS_TLS_DATAGRAM && t->setup->role == CS_TLS_SERVER &&
         t->state == CS_TLS_HANDSHAKING &&
         (t->ssl.state == MBEDTLS_SSL_HELLO_REQUEST || t->ssl.state == MBEDTLS_SSL_CLIENT_HELLO);
}

/* Whether a datagram begins with a record of epoch 0 that holds a ClientHello. */
static bool is_hello(cs_span datagram) {
  enum { HEADER = 13, MESSAGE_HEADER = 12 };
  cs_base_reader r = cs_base_reader_of(datagram);
  cs_span header, body;
  if (!cs_base_take(&r, HEADER, &header) || header.at[0] != MBEDTLS_SSL_MSG_HANDSHAKE ||
      header.at[1] != 0xfe || header.at[3] != 0 || header.at[4] != 0)
    return false;
  size_t len = (size_t)header.at[11] << 8 | header.at[12];
  return len >= MESSAGE_HEADER && cs_base_take(&r, len, &body) &&
         body.at[0] == MBEDTLS_SSL_HS_CLIENT_HELLO;
}

cs_err cs_tls_feed(cs_tls *t, cs_span bytes, cs_time now) {
  if (t->in.len)
    return CS_ERR_STATE;
  t->now = now;
  if (t->state == CS_TLS_FAILED || t->deaf)
    return CS_OK; /* what comes after the end is passed over */
  if (awaits_hello(t) && !is_hello(bytes))
    return CS_OK; /* RFC 6347 section 4.1.2.7: passed over; the library would not */
  if (t->state == CS_TLS_HANDSHAKING) {
    size_t max = t->kind == CS_TLS_DATAGRAM ? (size_t)CS_TLS_HANDSHAKE_DATAGRAMS_MAX
                                            : (size_t)CS_TLS_HANDSHAKE_BYTES_MAX;
    t->taken += t->kind == CS_TLS_DATAGRAM ? 1 : bytes.len;
    if (t->taken > max) {
      cs_tls_fail(t, CS_RULE_TLS_HANDSHAKE_FLOOD, 40);
      return CS_OK;
    }
  }
  t->in = bytes;
  return CS_OK;
}

/* One record's data; what the library returns of its own accord becomes what the
 * session is from now on. */
static cs_err read_data(cs_tls *t, uint8_t *buf, size_t cap, size_t *len) {
  unsigned idle = 0;
  for (;;) {
    size_t left = t->in.len;
    t->alert_out = false;
    t->alert_said = 0;
    int ret = mbedtls_ssl_read(&t->ssl, buf, cap);
    if (ret > 0) {
      *len = (size_t)ret;
      return CS_OK;
    }
    switch (ret) {
    case 0: /* an empty record */
#if TLS_MBEDTLS_3
    case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
#endif
      break;
    case MBEDTLS_ERR_SSL_WANT_READ:
      /* More may be in the same datagram, behind a warning that it passed over. */
      idle = t->in.len == left ? idle + 1 : 0;
      if ((t->in.len == 0 && !mbedtls_ssl_check_pending(&t->ssl)) || idle > 2)
        return CS_ERR_AGAIN;
      break;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
      t->state = CS_TLS_CLOSED;
      t->peer_closed = t->deaf = true;
      t->in.len = 0;
      return CS_ERR_CLOSED;
    case MBEDTLS_ERR_SSL_CLIENT_RECONNECT:
      cs_tls_handshake_again(t);
      return CS_ERR_AGAIN;
    default:
      if (ret == TLS_ERR_BAD_CLIENT_HELLO && t->kind == CS_TLS_DATAGRAM &&
          t->setup->role == CS_TLS_SERVER) {
        tls_drop_datagram(&t->ssl);
        break;
      }
      cs_tls_fail_by(t, ret);
      return cs_tls_failed(t);
    }
  }
}

/* After our close_notify only the peer's counts; whatever else ends the reading,
 * ends it for good. */
static void read_on(cs_tls *t, uint8_t *buf, size_t cap) {
  int ret;
  do {
    ret = mbedtls_ssl_read(&t->ssl, buf, cap);
  } while (ret >= 0);
  t->peer_closed = ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
  t->deaf = ret < 0 && ret != MBEDTLS_ERR_SSL_WANT_READ;
}

bool cs_tls_peer_closed(const cs_tls *t) {
  return t->peer_closed;
}

cs_err cs_tls_read(cs_tls *t, uint8_t *buf, size_t cap, size_t *len) {
  if (t->state == CS_TLS_HANDSHAKING)
    cs_tls_handshake(t);
  cs_err err = CS_ERR_AGAIN;
  if (t->state == CS_TLS_ESTABLISHED)
    err = read_data(t, buf, cap, len);
  if (t->state == CS_TLS_HANDSHAKING && err == CS_ERR_AGAIN)
    cs_tls_handshake(t); /* a client began anew just now */
  if (t->state == CS_TLS_FAILED)
    err = cs_tls_failed(t);
  if (t->state == CS_TLS_CLOSED) {
    if (!t->deaf)
      read_on(t, buf, cap);
    err = CS_ERR_CLOSED;
  }
  if (err != CS_OK)
    t->in.len = 0;
  return err;
}

cs_err cs_tls_write(cs_tls *t, cs_span data, cs_time now) {
  t->now = now;
  if (t->state != CS_TLS_ESTABLISHED)
    return CS_ERR_STATE;
  if (t->out_first)
    return CS_ERR_AGAIN;
  int most = mbedtls_ssl_get_max_out_record_payload(&t->ssl);
  if (data.len > CS_TLS_RECORD_MAX ||
      (t->kind == CS_TLS_DATAGRAM && (most < 0 || data.len > (size_t)most)))
    return CS_ERR_TOO_LARGE;
  /* A peer's limit on fragments may make several records of a stream's data. */
  size_t records = most > 0 ? data.len / (size_t)most + 1 : 1;
  if (!cs_tls_output_reserve(t, data.len + records * cs_tls_overhead(t)))
    return CS_ERR_MEMORY;
  size_t done = 0;
  do {
    int ret = mbedtls_ssl_write(&t->ssl, data.len ? data.at + done : NULL, data.len - done);
    if (ret < 0) {
      cs_tls_fail_by(t, ret);
      return cs_tls_failed(t);
    }
    done += (size_t)ret;
  } while (done < data.len);
  return CS_OK;
}

void cs_tls_finish(cs_tls *t, cs_time now) {
  t->now = now;
  bool by_peer = t->state == CS_TLS_CLOSED;
  if ((t->state != CS_TLS_ESTABLISHED && !by_peer) || t->close_said)
    return;
  t->close_said = true;
  t->state = CS_TLS_CLOSED;
  t->in.len = 0;
  (void)mbedtls_ssl_close_notify(&t->ssl); /* without memory for it, it is lost */
}

void cs_tls_alert(cs_tls *t, uint8_t description, cs_time now) {
  t->now = now;
  if (t->state == CS_TLS_HANDSHAKING || t->state == CS_TLS_ESTABLISHED)
    cs_tls_fail(t, CS_RULE_NONE, description);
}

size_t cs_tls_overhead(const cs_tls *t) {
  if (!tls_handshake_over(&t->ssl) || t->state == CS_TLS_HANDSHAKING)
    return cs_tls_worst_overhead(t);
  int n = mbedtls_ssl_get_record_expansion(&t->ssl);
  return n > 0 ? (size_t)n : cs_tls_worst_overhead(t);
}

cs_err cs_tls_set_mtu(cs_tls *t, size_t mtu) {
  if (t->kind != CS_TLS_DATAGRAM || mtu < TLS_MTU_MIN || mtu > TLS_MTU_MAX)
    return CS_ERR_ARGUMENT;
  t->mtu = mtu;
  mbedtls_ssl_set_mtu(&t->ssl, (uint16_t)mtu);
  return CS_OK;
}

cs_time cs_tls_deadline(const cs_tls *t) {
  if (t->state != CS_TLS_HANDSHAKING)
    return CS_TIME_NEVER;
  return cs_time_min(t->handshake_end, cs_tls_timer_end(t));
}

void cs_tls_expire(cs_tls *t, cs_time now) {
  t->now = now;
  if (t->state != CS_TLS_HANDSHAKING)
    return;
  if (now >= t->handshake_end)
    cs_tls_fail(t, CS_RULE_TLS_TIMEOUT, 0);
  else if (now >= cs_tls_timer_end(t))
    cs_tls_handshake(t);
}

void *cs_tls_library_session(cs_tls *t) {
  return &t->ssl;
}
