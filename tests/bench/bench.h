/* What the measured programs share. They use the public interface only, so
 * that the same source is compiled against our library and against Debian's;
 * those that look below it are named *_wire.c. */
#ifndef CS_BENCH_BENCH_H
#define CS_BENCH_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The 60 bytes of design/client-api.md: CON POST with a token of four bytes,
 * three Uri-Path, Content-Format and a payload. */
static const uint8_t bench_request[] = {
    0x44, 0x02, 0x7d, 0x34, 0xde, 0xad, 0xbe, 0xef,                     /* header, token */
    0xb7, 's',  'e',  'n',  's',  'o',  'r',  's',                      /* Uri-Path */
    0x07, 'k',  'i',  't',  'c',  'h',  'e',  'n',                      /* Uri-Path */
    0x0b, 't',  'e',  'm',  'p',  'e',  'r',  'a',  't', 'u', 'r', 'e', /* Uri-Path */
    0x11, 0x32,                                                         /* Content-Format */
    0xff, '{',  '"',  'v',  'a',  'l',  'u',  'e',  '"', ':', '2', '1',
    '.',  '5',  '0',  ',',  '"',  'u',  '"',  ':',  '1', '}'};
_Static_assert(sizeof bench_request == 60, "the request has 60 bytes");

/* 63 characters. */
static const char bench_uri[] = "coap://server.example.com:5690/sensors/kitchen/temp?unit=kelvin";
_Static_assert(sizeof bench_uri - 1 == 63, "the URI has 63 characters");

/* A positive number from the command line; ends the program otherwise. */
static inline unsigned long bench_count(const char *text) {
  char *end = NULL;
  unsigned long n = text ? strtoul(text, &end, 10) : 0;
  if (n == 0 || *end != '\0') {
    fprintf(stderr, "a count is wanted, not \"%s\"\n", text ? text : "");
    exit(2);
  }
  return n;
}

static inline void bench_fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

#endif
