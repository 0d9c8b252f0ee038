#include "net/net.h"

static void fill(void *ctx, uint8_t *out, size_t n) {
  cs_net *net = ctx;
  net->ops->entropy(net->self, out, n);
}

cs_base_random cs_net_random(cs_net *net) {
  cs_base_random r = {fill, net};
  return r;
}
