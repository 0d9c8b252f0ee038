/* The command line of --spawn: words, ports. */
#include <stdio.h>
#include <string.h>

#include "runner/spawn.h"

bool cs_runner_spawn_words(const char *command, cs_runner_arena *arena, cs_runner_list *words,
                           const char **why) {
  char *word = cs_runner_get(arena, strlen(command) + 1);
  size_t len = 0;
  bool there = false; /* a word has begun; it may be empty: '' */
  char quote = '\0';
  for (const char *c = command;; c++) {
    bool space = *c == ' ' || *c == '\t' || *c == '\n';
    if (*c == '\0' && quote) {
      *why = cs_runner_format(arena, "a %c is not closed in: %s", quote, command);
      return false;
    }
    if (*c == '\0' || (space && !quote)) {
      if (there)
        *(const char **)cs_runner_push(arena, words, sizeof word) =
            cs_runner_text(arena, cs_span_of(word, len));
      there = false;
      len = 0;
      if (*c == '\0')
        break;
    } else if (quote ? *c == quote : *c == '\'' || *c == '"') {
      quote = quote ? '\0' : *c;
      there = true;
    } else {
      bool escape =
          *c == '\\' && (quote == '\0' || (quote == '"' && (c[1] == '"' || c[1] == '\\')));
      if (escape && c[1] == '\0') {
        *why = cs_runner_format(arena, "nothing is behind the last \\ in: %s", command);
        return false;
      }
      word[len++] = escape ? *++c : *c;
      there = true;
    }
  }
  if (words->count == 0)
    *why = "the command is empty";
  return words->count > 0;
}

const char *cs_runner_spawn_fill(const char *text, const uint16_t ports[CS_RUNNER_SPAWN_PORTS],
                                 cs_runner_arena *arena) {
  static const char *const names[CS_RUNNER_SPAWN_PORTS] = {"{port}", "{port2}", "{port3}"};
  char *out = cs_runner_get(arena, 2 * strlen(text) + 1); /* a number is no longer than a name */
  size_t len = 0;
  while (*text) {
    size_t i = 0;
    while (i < CS_RUNNER_SPAWN_PORTS && strncmp(text, names[i], strlen(names[i])) != 0)
      i++;
    if (i == CS_RUNNER_SPAWN_PORTS) {
      out[len++] = *text++;
      continue;
    }
    len += (size_t)snprintf(out + len, 8, "%u", ports[i]);
    text += strlen(names[i]);
  }
  return out;
}

/* Binds both kinds of socket at one port that the system chooses. */
static cs_err try_port(cs_net *net, const cs_net_address *at, int fds[2], uint16_t *port) {
  cs_net_address bound;
  fds[0] = fds[1] = -1;
  cs_err err = net->ops->open(net->self, CS_NET_STREAM, at, NULL, &fds[0]);
  if (err == CS_OK)
    err = net->ops->local(net->self, fds[0], &bound);
  if (err == CS_OK)
    err = net->ops->open(net->self, CS_NET_DATAGRAM, &bound, NULL, &fds[1]);
  if (err == CS_OK)
    *port = cs_net_address_port(&bound);
  return err;
}

cs_err cs_runner_spawn_ports(const cs_net_address *at, uint16_t ports[CS_RUNNER_SPAWN_PORTS]) {
  enum { TRIES = 100 };
  cs_net net;
  cs_net_address any_port = *at;
  cs_err err = CS_OK;
  int fds[2];
  if (cs_net_address_family(at) == AF_UNIX)
    (void)cs_net_address_literal(cs_span_str("127.0.0.1"), 0, &any_port);
  cs_net_address_set_port(&any_port, 0);
  if (cs_net_posix_new(&cs_net_heap_alloc, &net) != CS_OK)
    return CS_ERR_SYSTEM;
  size_t have = 0;
  /* They stay open until all are found, so that they differ. */
  for (unsigned i = 0; i < TRIES && have < CS_RUNNER_SPAWN_PORTS; i++) {
    err = try_port(&net, &any_port, fds, &ports[have]);
    if (err == CS_OK)
      have++;
    else if (err != CS_ERR_IN_USE)
      break;
  }
  cs_net_posix_free(&net, &cs_net_heap_alloc);
  return have == CS_RUNNER_SPAWN_PORTS ? CS_OK : err;
}
