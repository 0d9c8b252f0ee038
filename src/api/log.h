/* The log as the other files of api use it. */
#ifndef CS_API_LOG_H
#define CS_API_LOG_H

#include <stdbool.h>

#include <coap3/coap.h>

/* Sets what coap_cleanup() brings back. */
void cs_api_log_reset(void);

/* Whether coap_show_pdu() writes to stdout. */
bool cs_api_log_show_direct(void);
/* Whether it prints payloads. */
bool cs_api_log_show_payload(void);

#endif
