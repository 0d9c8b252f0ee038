/* /.well-known/core and its filters (RFC 6690 section 4.1). */
#include "ask.h"

static asked a;

static void open_server(void) {
  ask_open(&a, NULL);
}

static void close_server(void) {
  ask_close(&a);
}

static const char *links(const char *query) {
  char text[256];
  const char *begin = "CON GET mid=1 Uri-Path=\".well-known\" Uri-Path=\"core\" ";
  memcpy(text, begin, strlen(begin));
  memcpy(text + strlen(begin), query, strlen(query) + 1);
  const char *answer = ask(&a, text);
  ck_assert_begins(answer, "ACK 2.05 mid=0x0001 Content-Format=40");
  const char *payload = strstr(answer, " payload=");
  return payload ? payload + 9 : "";
}

typedef struct row {
  const char *query;
  const char *paths; /* in order; NULL: anything */
} row;

static const row rows[] = {
    {"Uri-Query=\"rt=Type1\"", "/link1 /link3 "},
    {"Uri-Query=\"rt=Type2\"", "/link1 /link2 "},
    {"Uri-Query=\"rt=Type*\"", "/link1 /link2 /link3 "},
    {"Uri-Query=\"if=If*\"", "/link1 /link2 "},
    {"Uri-Query=\"if=foo\"", "/link3 "},
    {"Uri-Query=\"sz=*\"", "/large /link1 "},
    {"Uri-Query=\"sz=010\"", ""},
    {"Uri-Query=\"rt=Type1 Type2\"", ""},
    {"Uri-Query=\"rt=Type2*\"", "/link1 /link2 "},
    {"Uri-Query=\"title=Third link\"", "/link3 "},
    {"Uri-Query=\"title=Third%20link\"", ""},
    {"Uri-Query=\"title=link\"", ""},
    {"Uri-Query=\"title=The \\\"second\\\" link, quoted\"", "/link2 "},
    {"Uri-Query=\"rel=describedby\"", "http://www.example.com/test "},
    {"Uri-Query=\"href=http*\"", "http://www.example.com/test "},
    {"Uri-Query=\"ct=41\"", "/multi-format "},
    {"Uri-Query=\"href=/link1\"", "/link1 "},
    {"Uri-Query=\"href=/link*\"", "/link1 /link2 /link3 "},
    {"Uri-Query=\"rt=Type1\" Uri-Query=\"if=foo\"", "/link3 "},
    {"Uri-Query=\"rt=Type\"", ""},
    {"Uri-Query=\"nosuch=*\"", ""},
};

START_TEST(filters) {
  const char *at = links(rows[_i].query);
  char found[512] = "";
  size_t n = 0;
  while ((at = strchr(at, '<'))) {
    size_t len = strcspn(++at, ">");
    memcpy(found + n, at, len);
    n += len;
    found[n++] = ' ';
  }
  found[n] = 0;
  ck_assert_str_eq(found, rows[_i].paths);
}
END_TEST

START_TEST(everything_is_listed) {
  const char *all = links("");
  ck_assert_ptr_nonnull(strstr(all, "</>;ct=0,"));
  ck_assert_ptr_nonnull(strstr(all, "</test>;rt=\\\"test\\\""));
  ck_assert_ptr_nonnull(strstr(all, "</link3>;"));
  ck_assert_begins(ask(&a, "CON GET mid=2 Uri-Path=\".well-known\" Uri-Path=\"core\" Accept=0"),
                   "ACK 4.06");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("directory");
  TCase *t = tcase_create("directory");
  suite_add_tcase(suite, t);
  tcase_add_checked_fixture(t, open_server, close_server);
  tcase_add_loop_test(t, filters, 0, (int)(sizeof rows / sizeof *rows));
  tcase_add_test(t, everything_is_listed);
  return cs_test_main(suite);
}
