#include <coap3/coap.h>

#include "api/log.h"
#include "api/loss.h"
#include "api/pdu.h"
#include "api/prng.h"

void coap_startup(void) {
}

void coap_cleanup(void) {
  cs_api_log_reset();
  cs_api_loss_reset();
  cs_api_prng_reset();
  cs_api_pdu_reset();
}
