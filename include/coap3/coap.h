/* The client side of libcoap 4.3's public interface, source-compatible. This
 * header includes all the others; programs write #include <coap3/coap.h>.
 *
 * Conventions that hold for every function:
 *  - A function that is given something outside its documented domain (NULL
 *    where NULL is not allowed, an unknown protocol, a value out of bounds)
 *    has no effect, returns what its comment names for failure, and leaves a
 *    reason that coap_last_error() returns and that is logged once.
 *  - A context and what belongs to it (sessions, PDUs of its sessions) are
 *    used by one thread at a time. Several contexts may be used by several
 *    threads. Process-wide settings may be changed from any thread.
 *  - "RFC" with a section names the text that a function obeys. */
#ifndef COAP_H_
#define COAP_H_

#define LIBCOAP_PACKAGE_BUGREPORT "the issue tracker of coapspec"
#define LIBCOAP_PACKAGE_NAME "coapspec"
#define LIBCOAP_PACKAGE_STRING "coapspec (libcoap 4.3.4 client interface)"
#define LIBCOAP_PACKAGE_VERSION "4.3.4"

/* The version of the interface as a number: major, minor, patch. */
#define LIBCOAP_VERSION (4003004U)

#ifdef __cplusplus
extern "C" {
#endif

#include "coap3/libcoap.h"

#include "coap3/coap_forward_decls.h"

#include "coap3/coap_address.h"
#include "coap3/coap_block.h"
#include "coap3/coap_debug.h"
#include "coap3/coap_dtls.h"
#include "coap3/coap_encode.h"
#include "coap3/coap_error.h"
#include "coap3/coap_event.h"
#include "coap3/coap_io.h"
#include "coap3/coap_mem.h"
#include "coap3/coap_net.h"
#include "coap3/coap_option.h"
#include "coap3/coap_oscore.h"
#include "coap3/coap_pdu.h"
#include "coap3/coap_prng.h"
#include "coap3/coap_session.h"
#include "coap3/coap_str.h"
#include "coap3/coap_subscribe.h"
#include "coap3/coap_supported.h"
#include "coap3/coap_time.h"
#include "coap3/coap_uri.h"
#include "coap3/coap_ws.h"

#ifdef __cplusplus
}
#endif

#endif
