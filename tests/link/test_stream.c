/* A stream is cut into messages wherever its bytes are cut (RFC 8323 section
 * 3.2), and what is held of one grows with the bytes that came. */
#include <check.h>
#include <string.h>

#include "link/link.h"
#include "support/check_main.h"
#include "support/memory.h"

static cs_test_memory memory;
static cs_link link;

static void setup(void) {
  cs_test_memory_init(&memory);
  cs_link_init(&link, CS_LINK_STREAM, &memory.alloc, 1024);
}
static void teardown(void) {
  cs_link_free(&link);
  ck_assert_uint_eq(memory.out_bytes, 0);
}

/* A GET without token or options; one with a token and a payload of 20 bytes
 * (extended length); an empty frame. */
static const uint8_t stream[] = {0x00, 0x01, 0xd1, 0x08, 0x02, 0x77, 0xff, 'a',  'b', 'c',
                                 'd',  'e',  'f',  'g',  'h',  'i',  'j',  'k',  'l', 'm',
                                 'n',  'o',  'p',  'q',  'r',  's',  't',  0x00, 0x00};
static const size_t sizes[] = {2, 25, 2};

/* Takes the messages that are there and checks them against the stream. */
static void take(size_t *count, size_t *offset) {
  cs_span m;
  cs_rule broken;
  while (cs_link_next(&link, &m, &broken) == CS_OK) {
    ck_assert_uint_lt(*count, 3);
    ck_assert_uint_eq(m.len, sizes[*count]);
    ck_assert_int_eq(memcmp(m.at, stream + *offset, m.len), 0);
    *offset += m.len;
    ++*count;
  }
}

START_TEST(every_pair_of_cuts_yields_the_same_messages) {
  for (size_t a = 0; a <= sizeof stream; a++) {
    for (size_t b = a; b <= sizeof stream; b++) {
      size_t count = 0, offset = 0;
      const size_t cut[] = {0, a, b, sizeof stream};
      for (int i = 0; i < 3; i++) {
        cs_link_feed(&link, cs_span_of(stream + cut[i], cut[i + 1] - cut[i]));
        take(&count, &offset);
      }
      ck_assert_uint_eq(count, 3);
    }
  }
}
END_TEST

START_TEST(an_announced_length_over_the_cap_breaks_the_stream_and_holds_nothing) {
  const uint8_t huge[] = {0xf0, 0xff, 0xff, 0xff, 0xff, 0x01};
  cs_span m;
  cs_rule broken = CS_RULE_NONE;
  cs_link_feed(&link, cs_span_of(huge, sizeof huge));
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_MESSAGE_CAP);
  cs_link_feed(&link, cs_span_of(stream, sizeof stream));
  broken = CS_RULE_NONE;
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_MESSAGE_CAP);
  ck_assert_uint_eq(memory.out_bytes, 0);
}
END_TEST

/* A frame of a gigabyte is announced to a link that would take it. */
START_TEST(memory_grows_with_the_bytes_that_came_not_with_the_length_announced) {
  static const uint8_t head[] = {0xf0, 0x3f, 0xff, 0x00, 0x00, 0x45, 0xff};
  static uint8_t body[3000];
  cs_span m;
  cs_rule broken;
  link.cap = UINT32_MAX;
  cs_link_feed(&link, cs_span_of(head, sizeof head));
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_AGAIN);
  ck_assert_uint_le(memory.peak_bytes, 128);
  for (size_t came = sizeof head; came < 40000; came += sizeof body) {
    cs_link_feed(&link, cs_span_of(body, sizeof body));
    ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_AGAIN);
    ck_assert_uint_le(memory.out_bytes, 2 * (came + sizeof body) + 128);
    ck_assert_uint_le(memory.peak_bytes, 3 * (came + sizeof body) + 128);
  }
}
END_TEST

START_TEST(no_more_than_the_message_is_held_in_the_end) {
  static uint8_t large[1024] = {0xe0, (1020 - 269) >> 8, (1020 - 269) & 0xff, 0x45, 0xff, 1};
  cs_span m;
  cs_rule broken;
  for (size_t i = 0; i < sizeof large - 1; i++) {
    cs_link_feed(&link, cs_span_of(large + i, 1));
    ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_AGAIN);
  }
  cs_link_feed(&link, cs_span_of(large + 1023, 1));
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_OK);
  ck_assert_uint_eq(m.len, sizeof large);
  ck_assert_uint_le(memory.out_bytes, sizeof large + 64);
  ck_assert_uint_le(memory.peak_bytes, 2 * sizeof large);
  /* Room doubled: a trickle of bytes is not copied again and again. */
  ck_assert_uint_le(memory.calls, 6);
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_AGAIN);
  ck_assert_uint_eq(memory.out_bytes, 0);
}
END_TEST

/* Each allocation fails once; called again, the link goes on as if it had not. */
START_TEST(any_failed_allocation_can_be_repeated) {
  static uint8_t large[804] = {0xe0, (800 - 269) >> 8, (800 - 269) & 0xff, 0x45, 0xff, 7};
  for (size_t fail = 1;; fail++) {
    cs_span m;
    cs_rule broken;
    cs_err e = CS_ERR_AGAIN;
    bool failed = false;
    cs_test_memory_init(&memory);
    memory.fail_at = fail;
    cs_link_init(&link, CS_LINK_STREAM, &memory.alloc, 1024);
    for (size_t at = 0; at < sizeof large; at += 67) {
      ck_assert_int_eq(e, CS_ERR_AGAIN);
      size_t n = sizeof large - at < 67 ? sizeof large - at : 67;
      cs_link_feed(&link, cs_span_of(large + at, n));
      while ((e = cs_link_next(&link, &m, &broken)) == CS_ERR_MEMORY)
        failed = true;
    }
    ck_assert_int_eq(e, CS_OK);
    ck_assert_uint_eq(m.len, sizeof large);
    ck_assert_mem_eq(m.at, large, sizeof large);
    cs_link_free(&link);
    ck_assert_uint_eq(memory.out_bytes, 0);
    if (!failed)
      break;
  }
}
END_TEST

START_TEST(a_failed_allocation_can_be_repeated) {
  cs_span m;
  cs_rule broken;
  memory.fail_at = 1;
  cs_link_feed(&link, cs_span_of(stream, 1));
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_MEMORY);
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_AGAIN);
  cs_link_feed(&link, cs_span_of(stream + 1, 1));
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_OK);
  ck_assert_uint_eq(m.len, 2);
}
END_TEST

START_TEST(a_message_over_the_cap_is_refused_even_when_it_is_all_there) {
  static uint8_t large[1100] = {0xe0, (1024 - 269) >> 8, (1024 - 269) & 0xff, 0x45};
  cs_span m;
  cs_rule broken = CS_RULE_NONE;
  cs_link_feed(&link, cs_span_of(large, sizeof large));
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_MESSAGE_CAP);
}
END_TEST

/* Longer than what is set aside for a header, so that what is held moves. */
START_TEST(a_long_message_comes_byte_by_byte) {
  static uint8_t large[804] = {0xe0, (800 - 269) >> 8, (800 - 269) & 0xff, 0x45, 0xff};
  cs_span m;
  cs_rule broken;
  for (size_t i = 5; i < sizeof large; i++)
    large[i] = (uint8_t)i;
  for (size_t i = 0; i < sizeof large; i++) {
    ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_AGAIN);
    cs_link_feed(&link, cs_span_of(large + i, 1));
  }
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_OK);
  ck_assert_uint_eq(m.len, sizeof large);
  ck_assert_mem_eq(m.at, large, sizeof large);
}
END_TEST

START_TEST(what_was_held_of_a_refused_message_is_given_back) {
  static const uint8_t large[] = {0xe0, 0xff, 0xff, 0x45};
  cs_span m;
  cs_rule broken;
  cs_err e = CS_ERR_AGAIN;
  for (size_t i = 0; i < sizeof large && e == CS_ERR_AGAIN; i++) {
    cs_link_feed(&link, cs_span_of(large + i, 1));
    e = cs_link_next(&link, &m, &broken);
  }
  ck_assert_int_eq(e, CS_ERR_RULE);
  ck_assert_uint_eq(memory.out_bytes, 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("link/stream");
  TCase *c = tcase_create("stream");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, every_pair_of_cuts_yields_the_same_messages);
  tcase_add_test(c, an_announced_length_over_the_cap_breaks_the_stream_and_holds_nothing);
  tcase_add_test(c, memory_grows_with_the_bytes_that_came_not_with_the_length_announced);
  tcase_add_test(c, no_more_than_the_message_is_held_in_the_end);
  tcase_add_test(c, any_failed_allocation_can_be_repeated);
  tcase_add_test(c, a_failed_allocation_can_be_repeated);
  tcase_add_test(c, a_message_over_the_cap_is_refused_even_when_it_is_all_there);
  tcase_add_test(c, a_long_message_comes_byte_by_byte);
  tcase_add_test(c, what_was_held_of_a_refused_message_is_given_back);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
