#include "wire/http_text.h"
#include "wire/ws_upgrade.h"

/* The bytes of a head, read line by line. Every refusal belongs to a place, and
 * the first place wins: a head that comes in pieces is refused for the same
 * rule as one that comes whole. */
struct lines {
  cs_span bytes; /* no more than a head may have */
  size_t at;
};

/* The next line without its end. */
static cs_err next_line(struct lines *in, cs_span *line, cs_rule *broken) {
  for (size_t i = in->at; i < in->bytes.len; i++) {
    uint8_t c = in->bytes.at[i];
    if (c == '\r') {
      if (i + 1 == in->bytes.len)
        return CS_ERR_AGAIN;
      if (in->bytes.at[i + 1] == '\n') {
        *line = cs_span_cut(in->bytes, in->at, i - in->at);
        in->at = i + 2;
        return CS_OK;
      }
    }
    if (c == '\r' || c == '\n') {
      *broken = CS_RULE_HTTP_LINE_END;
      return CS_ERR_RULE;
    }
    if ((c < ' ' && c != '\t') || c == 0x7f) {
      *broken = CS_RULE_HTTP_CONTROL;
      return CS_ERR_RULE;
    }
  }
  return CS_ERR_AGAIN;
}

/* What stands before the next space, and the rest behind it. */
static bool take_word(cs_span *rest, cs_span *word) {
  for (size_t i = 0; i < rest->len; i++) {
    if (rest->at[i] == ' ') {
      *word = cs_span_cut(*rest, 0, i);
      *rest = cs_span_cut(*rest, i + 1, rest->len - i - 1);
      return true;
    }
  }
  return false;
}

static bool read_version(cs_span s, cs_wire_http_head *out) {
  static const uint8_t name[] = {'H', 'T', 'T', 'P', '/'};
  if (s.len != sizeof name + 3 || memcmp(s.at, name, sizeof name) != 0 ||
      !cs_wire_http_digit(s.at[5]) || s.at[6] != '.' || !cs_wire_http_digit(s.at[7]))
    return false;
  out->major = (uint8_t)(s.at[5] - '0');
  out->minor = (uint8_t)(s.at[7] - '0');
  return true;
}

/* RFC 7230 section 3.1.2. The reason may be empty, the space before it not: a
 * line that ends after the version or after the status is none. */
static bool read_status_line(cs_span line, cs_wire_http_head *out) {
  cs_span version;
  cs_span status;
  if (!take_word(&line, &version) || !take_word(&line, &status) || !read_version(version, out) ||
      status.len != 3)
    return false;
  unsigned value = 0;
  for (size_t i = 0; i < 3; i++) {
    if (!cs_wire_http_digit(status.at[i]))
      return false;
    value = value * 10 + (status.at[i] - '0');
  }
  out->status = (uint16_t)value;
  out->reason = line;
  return value >= 100;
}

/* RFC 7230 section 3.1.1. */
static bool read_request_line(cs_span line, cs_wire_http_head *out) {
  if (!take_word(&line, &out->method) || !take_word(&line, &out->target) ||
      !read_version(line, out) || out->method.len == 0 || out->target.len == 0)
    return false;
  for (size_t i = 0; i < out->method.len; i++)
    if (!cs_wire_http_tchar(out->method.at[i]))
      return false;
  for (size_t i = 0; i < out->target.len; i++)
    if (out->target.at[i] <= ' ' || out->target.at[i] > '~')
      return false;
  return true;
}

/* Where the name of a field ends; 0 when the line is no field. */
static size_t name_length(cs_span line) {
  size_t n = 0;
  while (n < line.len && cs_wire_http_tchar(line.at[n]))
    n++;
  return n < line.len && line.at[n] == ':' ? n : 0;
}

static cs_rule check_field(cs_span line, size_t count) {
  if (count > CS_HTTP_FIELDS_MAX)
    return CS_RULE_HTTP_FIELDS;
  if (cs_wire_http_space(line.at[0]))
    return CS_RULE_HTTP_FOLDED;
  return name_length(line) ? CS_RULE_NONE : CS_RULE_HTTP_FIELD;
}

/* All lines of a head that is no longer than it may be. */
static cs_err read_lines(struct lines *in, bool response, cs_wire_http_head *out, cs_rule *broken) {
  cs_span line;
  cs_err e = next_line(in, &line, broken);
  if (e != CS_OK)
    return e;
  if (response ? !read_status_line(line, out) : !read_request_line(line, out)) {
    *broken = response ? CS_RULE_HTTP_STATUS_LINE : CS_RULE_HTTP_REQUEST_LINE;
    return CS_ERR_RULE;
  }
  size_t start = in->at;
  for (size_t count = 1;; count++) {
    size_t before = in->at;
    e = next_line(in, &line, broken);
    if (e != CS_OK)
      return e;
    if (line.len == 0) {
      out->fields = cs_span_cut(in->bytes, start, before - start);
      out->size = in->at;
      return CS_OK;
    }
    cs_rule rule = check_field(line, count);
    if (rule != CS_RULE_NONE) {
      *broken = rule;
      return CS_ERR_RULE;
    }
  }
}

cs_err cs_wire_http_read(cs_span bytes, bool response, cs_wire_http_head *out, cs_rule *broken) {
  cs_wire_http_head head;
  memset(&head, 0, sizeof head);
  head.response = response;
  bool full = bytes.len >= CS_HTTP_HEAD_MAX;
  struct lines in = {full ? cs_span_cut(bytes, 0, CS_HTTP_HEAD_MAX) : bytes, 0};
  cs_err e = read_lines(&in, response, &head, broken);
  if (e == CS_ERR_AGAIN && full) {
    *broken = CS_RULE_HTTP_HEAD_SIZE;
    return CS_ERR_RULE;
  }
  if (e == CS_OK)
    *out = head;
  return e;
}

cs_wire_http_iter cs_wire_http_fields(const cs_wire_http_head *head) {
  cs_wire_http_iter it = {head->fields};
  return it;
}

bool cs_wire_http_next(cs_wire_http_iter *it, cs_span *name, cs_span *value) {
  struct lines in = {it->rest, 0};
  cs_span line;
  cs_rule broken;
  if (next_line(&in, &line, &broken) != CS_OK)
    return false;
  size_t n = name_length(line);
  if (n == 0)
    return false;
  *name = cs_span_cut(line, 0, n);
  *value = cs_wire_http_trim(cs_span_cut(line, n + 1, line.len - n - 1));
  it->rest = cs_span_cut(it->rest, in.at, it->rest.len - in.at);
  return true;
}

bool cs_wire_http_field(const cs_wire_http_head *head, const char *name, cs_span *value) {
  cs_wire_http_iter it = cs_wire_http_fields(head);
  cs_span n;
  cs_span v;
  while (cs_wire_http_next(&it, &n, &v)) {
    if (cs_wire_http_is(n, name, false)) {
      *value = v;
      return true;
    }
  }
  return false;
}

size_t cs_wire_http_count(const cs_wire_http_head *head, const char *name) {
  cs_wire_http_iter it = cs_wire_http_fields(head);
  size_t count = 0;
  cs_span n;
  cs_span v;
  while (cs_wire_http_next(&it, &n, &v))
    count += cs_wire_http_is(n, name, false);
  return count;
}

/* Whether a comma-separated list has the word. */
static bool list_has(cs_span list, const char *token, bool exact) {
  for (;;) {
    size_t end = 0;
    while (end < list.len && list.at[end] != ',')
      end++;
    if (cs_wire_http_is(cs_wire_http_trim(cs_span_cut(list, 0, end)), token, exact))
      return true;
    if (end == list.len)
      return false;
    list = cs_span_cut(list, end + 1, list.len - end - 1);
  }
}

static bool fields_have(const cs_wire_http_head *head, const char *name, const char *token,
                        bool exact) {
  cs_wire_http_iter it = cs_wire_http_fields(head);
  cs_span n;
  cs_span v;
  while (cs_wire_http_next(&it, &n, &v))
    if (cs_wire_http_is(n, name, false) && list_has(v, token, exact))
      return true;
  return false;
}

bool cs_wire_http_has(const cs_wire_http_head *head, const char *name, const char *token) {
  return fields_have(head, name, token, false);
}

bool cs_wire_http_has_exact(const cs_wire_http_head *head, const char *name, const char *token) {
  return fields_have(head, name, token, true);
}
