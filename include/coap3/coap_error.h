/* EXTENSION of coapspec: this header is not part of libcoap's interface.
 * Functions that fail say so by their return value, as libcoap's do; here is
 * why. Programs that are also built against libcoap test
 * COAP_HAVE_LAST_ERROR. */
#ifndef COAP_ERROR_H_
#define COAP_ERROR_H_

#define COAP_HAVE_LAST_ERROR 1

/* The reason of the most recent failure of a library function in the calling
 * thread, as one English sentence without a newline, beginning with the name of
 * the function; an empty string when there was none. Never NULL. The text
 * stays valid until the next failure in this thread. Success does not clear
 * it. The same text was given to the log once, at level COAP_LOG_WARN. */
const char *coap_last_error(void);

/* The id of the protocol rule that the most recent failure was about, such as
 * "RFC7252#5.4.3:option-length", or NULL when it was about no rule. Static. */
const char *coap_last_rule(void);

/* Forgets the reason of this thread. */
void coap_clear_last_error(void);

#endif
