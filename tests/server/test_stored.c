/* Resources that hold what they are given: methods, formats, conditions. */
#include "ask.h"

static asked a;

static void open_server(void) {
  ask_open(&a, NULL);
}

static void close_server(void) {
  ask_close(&a);
}

/* The ETag of the response last read, as "0x...". */
static void etag_of(const char *text, char out[16]) {
  const char *at = strstr(text, "ETag=");
  ck_assert_ptr_nonnull(at);
  size_t n = strcspn(at + 5, " ");
  ck_assert_uint_lt(n, 16);
  memcpy(out, at + 5, n);
  out[n] = 0;
}

static const char *ask_with(const char *before, const char *etag, const char *after) {
  char text[512];
  size_t n = 0;
  const char *parts[] = {before, etag, after};
  for (int i = 0; i < 3; i++) {
    memcpy(text + n, parts[i], strlen(parts[i]));
    n += strlen(parts[i]);
  }
  text[n] = 0;
  return ask(&a, text);
}

START_TEST(put_creates_changes_and_delete_removes) {
  ck_assert_begins(ask(&a, "CON PUT mid=1 Uri-Path=\"new\" Content-Format=0 payload=\"one\""),
                   "ACK 2.01 mid=0x0001 ETag=");
  ck_assert_begins(ask(&a, "CON PUT mid=2 Uri-Path=\"new\" payload=\"\\xff\\x00two\""),
                   "ACK 2.04 mid=0x0002 ETag=");
  a.peer = 9;
  const char *text = ask(&a, "CON GET mid=3 Uri-Path=\"new\"");
  ck_assert_begins(text, "ACK 2.05 mid=0x0003 ETag=");
  ck_assert_ptr_null(strstr(text, "Content-Format"));
  ck_assert_ptr_nonnull(strstr(text, "payload=0xff0074776f"));
  ck_assert_str_eq(ask(&a, "CON DELETE mid=4 Uri-Path=\"new\""), "ACK 2.02 mid=0x0004");
  ck_assert_str_eq(ask(&a, "CON DELETE mid=5 Uri-Path=\"new\""), "ACK 2.02 mid=0x0005");
  ck_assert_begins(ask(&a, "CON GET mid=6 Uri-Path=\"new\""), "ACK 4.04");
}
END_TEST

START_TEST(deleting_test_makes_it_as_it_began) {
  ask(&a, "CON PUT mid=1 Uri-Path=\"test\" payload=\"other\"");
  ck_assert_str_eq(ask(&a, "CON DELETE mid=2 Uri-Path=\"test\""), "ACK 2.02 mid=0x0002");
  ck_assert_ptr_nonnull(strstr(ask(&a, "CON GET mid=3 Uri-Path=\"test\""), "a test resource"));
}
END_TEST

START_TEST(validation) {
  char etag[16];
  etag_of(ask(&a, "CON GET mid=1 Uri-Path=\"validate\""), etag);
  const char *text = ask_with("CON GET mid=2 ETag=0x01 ETag=", etag, " Uri-Path=\"validate\"");
  ck_assert_begins(text, "ACK 2.03 mid=0x0002 ETag=");
  ck_assert_ptr_null(strstr(text, "payload"));
  ck_assert_ptr_null(strstr(text, "Content-Format"));
  ask(&a, "CON PUT mid=3 Uri-Path=\"validate\" payload=\"next\"");
  ck_assert_begins(ask_with("CON GET mid=4 ETag=", etag, " Uri-Path=\"validate\""), "ACK 2.05");
}
END_TEST

START_TEST(conditions) {
  char etag[16];
  etag_of(ask(&a, "CON GET mid=1 Uri-Path=\"validate\""), etag);
  const char *put = " Uri-Path=\"validate\" payload=\"x\"";
  ck_assert_begins(ask_with("CON PUT mid=2 If-Match=", "0x0102", put), "ACK 4.12");
  ck_assert_begins(ask_with("CON PUT mid=3 If-Match=0x0102 If-Match=", etag, put), "ACK 2.04");
  ck_assert_begins(ask_with("CON PUT mid=4 If-Match=", etag, put), "ACK 4.12");
  ck_assert_begins(ask_with("CON PUT mid=5 If-Match=", "0x", put), "ACK 2.04");
  ck_assert_begins(ask(&a, "CON PUT mid=6 If-Match=0x Uri-Path=\"absent\""), "ACK 4.12");
  ck_assert_begins(ask(&a, "CON PUT mid=7 If-None-Match Uri-Path=\"create1\""), "ACK 2.01");
  ck_assert_begins(ask(&a, "CON PUT mid=8 If-None-Match Uri-Path=\"create1\""), "ACK 4.12");
  ck_assert_begins(ask(&a, "CON DELETE mid=9 If-None-Match Uri-Path=\"create1\""), "ACK 4.12");
  ck_assert_begins(ask(&a, "CON GET mid=10 Uri-Path=\"create1\""), "ACK 2.05");
}
END_TEST

START_TEST(formats) {
  ck_assert_begins(ask(&a, "CON PUT mid=1 Uri-Path=\"n\" Content-Format=65000 payload=\"x\""),
                   "ACK 4.15");
  ck_assert_begins(ask(&a, "CON GET mid=2 Uri-Path=\"n\""), "ACK 4.04");
  /* Three bytes are too long for it: elective, so ignored. */
  ck_assert_begins(ask(&a, "CON PUT mid=3 Uri-Path=\"n\" Option-12=0x00fde8 payload=\"x\""),
                   "ACK 2.01");
  ck_assert_begins(ask(&a, "CON PUT mid=4 Uri-Path=\"n\" Content-Format=50 payload=\"{}\""),
                   "ACK 2.04");
  ck_assert_begins(ask(&a, "CON GET mid=5 Uri-Path=\"n\" Accept=0"), "ACK 4.06");
  ck_assert_ptr_nonnull(strstr(ask(&a, "CON GET mid=6 Uri-Path=\"n\" Accept=50"), "Format=50"));
}
END_TEST

START_TEST(post_creates_at_the_plugtests_location_first) {
  ck_assert_str_eq(ask(&a, "CON POST mid=1 Uri-Path=\"test\" payload=\"x\""),
                   "ACK 2.01 mid=0x0001 Location-Path=\"location1\" Location-Path=\"location2\" "
                   "Location-Path=\"location3\"");
  ck_assert_ptr_nonnull(strstr(
      ask(&a, "CON GET mid=2 Uri-Path=\"location1\" Uri-Path=\"location2\" Uri-Path=\"location3\""),
      "payload=\"x\""));
  ck_assert_begins(ask(&a, "CON POST mid=3 Uri-Path=\"validate\" payload=\"y\""), "ACK 2.04");
}
END_TEST

START_TEST(fetch_and_patch) {
  ck_assert_begins(ask(&a, "CON FETCH mid=1 Uri-Path=\"test\" payload=\"6\""), "ACK 4.15");
  ck_assert_begins(ask(&a, "CON FETCH mid=2 Uri-Path=\"test\" Content-Format=60 payload=\"6\""),
                   "ACK 4.15");
  ck_assert_ptr_nonnull(
      strstr(ask(&a, "CON FETCH mid=3 Uri-Path=\"test\" Content-Format=0 payload=\"6\""),
             "payload=\"a test\""));
  const char *patch = " Uri-Path=\"p\" Content-Format=0 payload=\"B\"";
  ask(&a, "CON PUT mid=4 Uri-Path=\"p\" Content-Format=0 payload=\"aaa\"");
  ck_assert_begins(ask_with("CON PATCH mid=5", "", patch), "ACK 2.04");
  ck_assert_begins(ask_with("CON iPATCH mid=6", "", patch), "ACK 2.04");
  ck_assert_begins(ask_with("CON iPATCH mid=7", "", patch), "ACK 2.04");
  ck_assert_ptr_nonnull(strstr(ask(&a, "CON GET mid=8 Uri-Path=\"p\""), "payload=\"BaaB\""));
}
END_TEST

START_TEST(too_large_is_refused_with_the_size) {
  static uint8_t put[4 + 2 + 1 + 1025] = {0x40, 3, 0, 1, 0xb1, 'x', 0xff};
  ask_send_bytes(&a, put, sizeof put);
  const char *text = ask_next(&a);
  ck_assert_begins(text, "ACK 4.13 mid=0x0001 Size1=1024");
  put[3] = 2;
  ask_send_bytes(&a, put, sizeof put - 1);
  ck_assert_begins(ask_next(&a), "ACK 2.01");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("stored");
  TCase *t = tcase_create("stored");
  suite_add_tcase(suite, t);
  tcase_add_checked_fixture(t, open_server, close_server);
  tcase_add_test(t, put_creates_changes_and_delete_removes);
  tcase_add_test(t, deleting_test_makes_it_as_it_began);
  tcase_add_test(t, validation);
  tcase_add_test(t, conditions);
  tcase_add_test(t, formats);
  tcase_add_test(t, post_creates_at_the_plugtests_location_first);
  tcase_add_test(t, fetch_and_patch);
  tcase_add_test(t, too_large_is_refused_with_the_size);
  return cs_test_main(suite);
}
