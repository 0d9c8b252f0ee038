/* What the files of the net driver share. */
#ifndef CS_RUNNER_DRIVER_INSIDE_H
#define CS_RUNNER_DRIVER_INSIDE_H

#include "runner/driver.h"

struct cs_runner_flight;

/* What is to be sent. */
typedef struct cs_runner_letter {
  cs_span bytes;
  bool group; /* to the group of all CoAP nodes */
} cs_runner_letter;

/* One port of a case: a datagram socket, or a connection. */
typedef struct cs_runner_plug {
  struct cs_runner_flight *flight;
  unsigned port;
  int fd;                         /* -1: none */
  int beside;                     /* datagrams: hears everybody but the target; -1: none */
  unsigned strangers;             /* datagrams that came to that */
  bool held;                      /* waits for its turn under --rate */
  uint64_t ticket;                /* since when, in order */
  bool waiting;                   /* to be connected, when it is its turn */
  bool connecting;                /* in the background */
  bool fresh;                     /* connected, and perhaps not accepted yet: nothing came */
  cs_runner_veil *veil;           /* secured transports: the security session, once there is one */
  const cs_runner_secure *secure; /* how it is to shake hands */
  bool unveiled;                  /* our client's, which shakes hands itself */
  cs_time since;                  /* when it was connected */
  bool over;                      /* the target's end of the stream was told */
  bool deaf;                      /* the target takes no more: what is to be sent is dropped */
  bool reset;                     /* sending found the stream broken off */
  bool ending;                    /* close our direction once everything is sent */
  bool closing;                   /* close once everything is sent */
  cs_runner_list queue;           /* cs_runner_letter: not sent yet */
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
  size_t held;           /* ports that wait for their turn: the time of the case stands still */
  cs_time held_since;    /* then */
  cs_time lag;           /* by how much its time is behind for such waits */
  cs_time limit;         /* how long it may last; 0: for ever */
  cs_time began;
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
  cs_runner_case *sign; /* the last that cs_runner_net_sanity played */
  cs_time due;          /* what cs_runner_net_due said */
  cs_time begin_after;  /* no case begins on a connection before */
  bool searching;       /* the last flight looks whether the target is still there */
  const char *folder;   /* of the paths of our Unix-domain datagram sockets, or NULL */
  uint64_t paths;
  cs_time next_send;        /* under --rate: when the next may go */
  size_t held;              /* ports that wait */
  uint64_t tickets;         /* given out so far */
  cs_runner_plug *turn;     /* whose turn it is */
  bool group_known;         /* the next two are settled */
  const char *barred;       /* why nothing can be sent to the group, or NULL */
  cs_net_address group;     /* of all CoAP nodes, at the target's port */
  uint8_t ports_used[8192]; /* a bit a port that datagrams were sent from not long ago */
  size_t ports_used_count;
};

static inline cs_time cs_runner_net_now(const cs_runner_net *u) {
  return u->net.ops->now(u->net.self);
}

/* The time of a case. */
static inline cs_time cs_runner_flight_now(const cs_runner_net *u, const cs_runner_flight *f) {
  return (f->held ? f->held_since : cs_runner_net_now(u)) - f->lag;
}
/* When a time of a case comes. */
static inline cs_time cs_runner_flight_wall(const cs_runner_flight *f, cs_time at) {
  return f->held ? CS_TIME_NEVER : cs_time_add(at, f->lag);
}

/* ---- driver_rate.c ---- */

/* Whether the port may send one more now; where not, it gets its turn. */
bool cs_runner_rate_allows(cs_runner_net *u, cs_runner_plug *p);
/* One was sent. */
void cs_runner_rate_spend(cs_runner_net *u);
/* The port has nothing to wait for any more. */
void cs_runner_rate_forget(cs_runner_net *u, cs_runner_plug *p);
/* The port whose turn it is now, or NULL. */
cs_runner_plug *cs_runner_rate_next(cs_runner_net *u);

/* ---- driver_beside.c ---- */

/* Opens the datagram socket of a port, from a port number that was not used just
 * before: what comes late to that one is nobody's. local is its address, or NULL. */
cs_err cs_runner_open_port(cs_runner_net *u, cs_runner_plug *p, const cs_net_address *local);
/* Takes what came to the port from others than the target. */
void cs_runner_overhear(cs_runner_net *u, cs_runner_plug *p);
void cs_runner_close_beside(cs_runner_net *u, cs_runner_plug *p);
/* Sends a datagram to the group. CS_ERR_UNREACHABLE ... */
cs_err cs_runner_send_group(cs_runner_net *u, cs_runner_plug *p, cs_span bytes);

/* ---- driver_port.c ---- */

/* Sends what waits on a port that is open. */
void cs_runner_unload(cs_runner_net *u, cs_runner_plug *p);
/* Begins a case; the flight is free. */
void cs_runner_take_off(cs_runner_net *u, cs_runner_flight *f, cs_runner_case *c, size_t index);
/* Closes its ports; the flight is free again. */
void cs_runner_land(cs_runner_net *u, cs_runner_flight *f);
/* Waits for the first deadline or for something to come, and lets every flight
 * work on it. */
void cs_runner_net_turn(cs_runner_net *u);
/* The same in two parts, for several in one loop: when there is something to do at the
 * latest; and what there is to do now, without waiting. */
cs_time cs_runner_net_due(cs_runner_net *u);
void cs_runner_net_glance(cs_runner_net *u);

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
