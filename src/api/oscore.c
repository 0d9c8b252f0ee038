#include <coap3/coap.h>

#include "api/error.h"

static void *refuse(const char *function) {
  cs_api_fail_err(function, CS_ERR_UNSUPPORTED, CS_RULE_NONE, "OSCORE");
  return NULL;
}

coap_session_t *coap_new_client_session_oscore(coap_context_t *ctx, const coap_address_t *local_if,
                                               const coap_address_t *server, coap_proto_t proto,
                                               coap_oscore_conf_t *oscore_conf) {
  (void)ctx, (void)local_if, (void)server, (void)proto, (void)oscore_conf;
  return refuse(__func__);
}

coap_session_t *coap_new_client_session_oscore_psk(coap_context_t *ctx,
                                                   const coap_address_t *local_if,
                                                   const coap_address_t *server, coap_proto_t proto,
                                                   coap_dtls_cpsk_t *psk_data,
                                                   coap_oscore_conf_t *oscore_conf) {
  (void)ctx, (void)local_if, (void)server, (void)proto, (void)psk_data, (void)oscore_conf;
  return refuse(__func__);
}

coap_session_t *coap_new_client_session_oscore_pki(coap_context_t *ctx,
                                                   const coap_address_t *local_if,
                                                   const coap_address_t *server, coap_proto_t proto,
                                                   coap_dtls_pki_t *pki_data,
                                                   coap_oscore_conf_t *oscore_conf) {
  (void)ctx, (void)local_if, (void)server, (void)proto, (void)pki_data, (void)oscore_conf;
  return refuse(__func__);
}

coap_oscore_conf_t *coap_new_oscore_conf(coap_str_const_t conf_mem,
                                         coap_oscore_save_seq_num_t save_seq_num_func,
                                         void *save_seq_num_func_param, uint64_t start_seq_num) {
  (void)conf_mem, (void)save_seq_num_func, (void)save_seq_num_func_param, (void)start_seq_num;
  return refuse(__func__);
}

int coap_delete_oscore_conf(coap_oscore_conf_t *oscore_conf) {
  (void)oscore_conf;
  refuse(__func__);
  return 0;
}
