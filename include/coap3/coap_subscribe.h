/* Values of the Observe option in requests (RFC 7641 section 2). */
#ifndef COAP_SUBSCRIBE_H_
#define COAP_SUBSCRIBE_H_

#define COAP_OBSERVE_ESTABLISH 0
#define COAP_OBSERVE_CANCEL 1

#endif
