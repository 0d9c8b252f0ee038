/* What the files of the net driver share. */
#ifndef CS_RUNNER_DRIVER_INSIDE_H
#define CS_RUNNER_DRIVER_INSIDE_H

#include "runner/driver.h"

struct cs_runner_flight;

/* One port of a case: a datagram socket, or a connection. */
typedef struct cs_runner_plug {
  struct cs_runner_flight *flight;
  unsigned port;
  int fd;                         /* -1: none */
  bool waiting;                   /* to be connected, when it is its turn */
  bool connecting;                /* in the background */
  bool fresh;                     /* connected, and perhaps not accepted yet: nothing came */
  cs_runner_veil *veil;           /* secured transports: the security session, once there is one */
  const cs_runner_secure *secure; /* how it is to shake hands */
  cs_time since;                  /* when it was connected */
  bool over;                      /* the target's end of the stream was told */
  bool deaf;                      /* the target takes no more: what is to be sent is dropped */
  bool reset;                     /* sending found the stream broken off */
  bool ending;                    /* close our direction once everything is sent */
  bool closing;                   /* close once everything is sent */
  cs_runner_list queue;           /* cs_span: not sent yet */
  size_t sent;                    /* of the queue */
  size_t sent_part;               /* bytes of the first that is not sent wholly */
} cs_runner_plug;

/* A case under way. */
typedef struct cs_runner_flight {
  cs_runner_case *c;
  size_t index;
  cs_runner_arena arena;
  cs_runner_plug plugs[CS_RUNNER_PORTS_MAX];
  bool used;
  bool doubted;          /* it ended without a sign of life; a search says what that means */
  cs_err broken;         /* what a socket said: refused, unreachable */
  cs_err refused;        /* why a connection was not opened */
  const char *unsecured; /* why a handshake failed, or NULL */
} cs_runner_flight;

struct cs_runner_net {
  cs_runner_net_config config;
  cs_runner_arena arena;
  cs_net net;
  cs_runner_veils *veils; /* NULL where the transport is in the clear */
  cs_time tolerance;
  cs_time base;       /* of the tolerance, as measured at the beginning */
  cs_time stalled_at; /* when the last late wake-up was */
  const cs_runner_scenario *sanity;
  cs_runner_flight *flights; /* jobs of them, and one for the search for life */
  size_t flight_count;
  uint64_t sanity_runs;
  cs_time begin_after; /* no case begins on a connection before */
  bool searching;      /* the last flight looks whether the target is still there */
  const char *folder;  /* of the paths of our Unix-domain datagram sockets, or NULL */
  uint64_t paths;
};

static inline cs_time cs_runner_net_now(const cs_runner_net *u) {
  return u->net.ops->now(u->net.self);
}

/* Begins a case; the flight is free. */
void cs_runner_take_off(cs_runner_net *u, cs_runner_flight *f, cs_runner_case *c, size_t index);
/* Closes its ports; the flight is free again. */
void cs_runner_land(cs_runner_net *u, cs_runner_flight *f);
/* Waits for the first deadline or for something to come, and lets every flight
 * work on it. */
void cs_runner_net_turn(cs_runner_net *u);

/* Ports that wait for their turn to be connected. */
size_t cs_runner_net_waiting(const cs_runner_net *u);

/* Begins a search for a sign of life, in the last flight, if none is under way. */
void cs_runner_search(cs_runner_net *u);
/* True when the search of this flight is over; *why then says why the target
 * counts as gone, or is left alone. */
bool cs_runner_searched(cs_runner_net *u, const cs_runner_flight *f, const char **why);
/* What stop says. */
const char *cs_runner_net_stop(const cs_runner_net *u);

#endif
