/* Sec-WebSocket-Key and the Sec-WebSocket-Accept that answers it (RFC 6455
 * sections 4.1 and 4.2.2). SHA-1 is a checksum here and protects nothing: both
 * of its inputs are public, it only shows that the server read this request as
 * a WebSocket's. That is why it is ours and works without a TLS library; what
 * needs cryptography goes through src/tls. */
#include "wire/ws_upgrade.h"

enum { SHA1_SIZE = 20, BLOCK = 64, GUID_SIZE = 36, TEXT_MAX = CS_WS_KEY_MAX + GUID_SIZE };

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

static uint32_t rotate(uint32_t x, unsigned n) {
  return x << n | x >> (32 - n);
}

/* One block of SHA-1 (FIPS 180-4 section 6.1.2). */
static void sha1_block(uint32_t h[5], const uint8_t *block) {
  uint32_t w[80];
  for (size_t t = 0; t < 16; t++)
    w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
           (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
  for (size_t t = 16; t < 80; t++)
    w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  uint32_t a = h[0];
  uint32_t b = h[1];
  uint32_t c = h[2];
  uint32_t d = h[3];
  uint32_t e = h[4];
  for (size_t t = 0; t < 80; t++) {
    uint32_t f = t < 20   ? (b & c) | (~b & d)
                 : t < 40 ? b ^ c ^ d
                 : t < 60 ? (b & c) | (b & d) | (c & d)
                          : b ^ c ^ d;
    uint32_t k = t < 20 ? 0x5a827999u : t < 40 ? 0x6ed9eba1u : t < 60 ? 0x8f1bbcdcu : 0xca62c1d6u;
    uint32_t sum = rotate(a, 5) + f + e + k + w[t];
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = sum;
  }
  h[0] += a;
  h[1] += b;
  h[2] += c;
  h[3] += d;
  h[4] += e;
}

/* The text is a key and the GUID: with its padding it takes two blocks. */
static void sha1(const uint8_t *text, size_t len, uint8_t out[SHA1_SIZE]) {
  uint8_t padded[2 * BLOCK] = {0};
  uint32_t h[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
  size_t total = len + 9 > BLOCK ? sizeof padded : BLOCK;
  memcpy(padded, text, len);
  padded[len] = 0x80;
  padded[total - 2] = (uint8_t)(len >> 5);
  padded[total - 1] = (uint8_t)(len << 3);
  for (size_t at = 0; at < total; at += BLOCK)
    sha1_block(h, padded + at);
  for (size_t i = 0; i < SHA1_SIZE; i++)
    out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* Base64 (RFC 4648 section 4), padded. */
static void base64(const uint8_t *at, size_t len, char *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < len; i += 3, out += 4) {
    size_t n = len - i < 3 ? len - i : 3;
    uint32_t v = (uint32_t)at[i] << 16;
    if (n > 1)
      v |= (uint32_t)at[i + 1] << 8;
    if (n > 2)
      v |= at[i + 2];
    out[0] = digits[v >> 18];
    out[1] = digits[v >> 12 & 63u];
    out[2] = '=';
    out[3] = '=';
    if (n > 1)
      out[2] = digits[v >> 6 & 63u];
    if (n > 2)
      out[3] = digits[v & 63u];
  }
}

void cs_wire_ws_key(const uint8_t nonce[16], char out[CS_WS_KEY_SIZE]) {
  base64(nonce, 16, out);
}

void cs_wire_ws_accept(cs_span key, char out[CS_WS_ACCEPT_SIZE]) {
  uint8_t text[TEXT_MAX];
  uint8_t digest[SHA1_SIZE];
  size_t n = key.len < CS_WS_KEY_MAX ? key.len : (size_t)CS_WS_KEY_MAX;
  if (n)
    memcpy(text, key.at, n);
  memcpy(text + n, guid, GUID_SIZE);
  sha1(text, n + GUID_SIZE, digest);
  base64(digest, sizeof digest, out);
}
