/* What "coapspec run" is pointed at. */
#ifndef CS_RUNNER_TARGET_H
#define CS_RUNNER_TARGET_H

#include "net/net.h"
#include "runner/scenario.h"

/* Reads a target's URI: false with *why when it is none that can be tested.
 * Asks no resolver. */
bool cs_runner_target_check(const char *uri, cs_runner_arena *arena, const char **why);
/* The transport that a checked URI asks for. */
cs_runner_transport cs_runner_target_transport(const char *uri);
/* Host and port of a checked URI as they are written, the port only when it is
 * there: what an HTTP request says as its Host. "localhost" for a path. */
const char *cs_runner_target_host(const char *uri, cs_runner_arena *arena);
/* The host alone, name or address, for a server's certificate; NULL for a path. */
const char *cs_runner_target_name(const char *uri, cs_runner_arena *arena);
/* Whether a checked URI is at the default port of its scheme. */
bool cs_runner_target_at_default_port(const char *uri);
/* The URI with the port {port} where it has none: only its outer form is looked
 * at, so it may hold {port2} already. */
const char *cs_runner_target_with_port(const char *uri, cs_runner_arena *arena);
/* The address of a checked URI; false with *why when its name has none. */
bool cs_runner_target_resolve(const char *uri, cs_runner_arena *arena, cs_net_address *out,
                              const char **why);
/* "127.0.0.1:5683", "[::1]:0": false with *why. */
bool cs_runner_bind_address(const char *text, cs_runner_arena *arena, cs_net_address *out,
                            const char **why);

#endif
