/* What defects share: changing the options of messages and requests. */
#ifndef CS_SERVER_DEFECTS_EDIT_H
#define CS_SERVER_DEFECTS_EDIT_H

#include "server/defects.h"

/* The message parsed and is a request, a response. */
bool cs_defect_is_request(const cs_defect_message *d);
bool cs_defect_is_response(const cs_defect_message *d);
/* ... of class 2, 4 or 5. */
bool cs_defect_is_response_of(const cs_defect_message *d, unsigned class);

/* Tells of each option whether it goes; count is how many of the same number
 * came before it. */
typedef bool (*cs_defect_choice)(const cs_wire_option *o, size_t count);

/* Whether an option of the message is chosen. */
bool cs_defect_any_option(cs_span options, cs_defect_choice chosen);
/* Takes the chosen options out of a datagram, out of a request. */
void cs_defect_drop_options(cs_defect_message *d, cs_defect_choice chosen);
void cs_defect_drop_request_options(cs_defect_turn *t, cs_server_request *q,
                                    cs_defect_choice chosen);
/* Adds an option to a datagram. */
void cs_defect_add_option(cs_defect_message *d, uint16_t number, cs_span value);

/* Rejects the message that came in: a Reset for its Message ID; on a stream,
 * which has none, an Abort, and the connection is closed. Returns false, as the
 * hook then should. */
bool cs_defect_reject(cs_defect_turn *t, const cs_defect_message *d);

/* Where the code stands in a message of a stream, whatever else is wrong with
 * it; the code, or 0 when it is not that long. */
size_t cs_defect_code_at(const cs_defect_message *d);
uint8_t cs_defect_code(const cs_defect_message *d);

/* A setup hook: the session waits longer for a CSM than any scenario does. */
void cs_defect_patient(cs_core_config *config, cs_core_params *params);

/* Choices: an option that no table knows; a known one of the wrong length; one
 * more than may be. Each by class. */
bool cs_defect_unknown_critical(const cs_wire_option *o, size_t count);
bool cs_defect_unknown_elective(const cs_wire_option *o, size_t count);
bool cs_defect_long_critical(const cs_wire_option *o, size_t count);
bool cs_defect_long_elective(const cs_wire_option *o, size_t count);
bool cs_defect_repeated_critical(const cs_wire_option *o, size_t count);
bool cs_defect_repeated_elective(const cs_wire_option *o, size_t count);

/* A number that stands for the request's path, never 0. */
uint64_t cs_defect_path(const cs_server_request *q);

#endif
