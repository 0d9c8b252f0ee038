#include "base/error.h"

const char *cs_base_err_text(cs_err e) {
  static const char *const text[CS_ERR_COUNT_] = {
      [CS_OK] = "ok",
      [CS_ERR_ARGUMENT] = "argument out of its domain",
      [CS_ERR_MEMORY] = "out of memory",
      [CS_ERR_LIMIT] = "limit reached",
      [CS_ERR_TOO_LARGE] = "message too large",
      [CS_ERR_RULE] = "protocol rule broken",
      [CS_ERR_DUPLICATE] = "already in use",
      [CS_ERR_NOT_FOUND] = "not found",
      [CS_ERR_STATE] = "not possible in this state",
      [CS_ERR_UNSUPPORTED] = "not supported by this build",
      [CS_ERR_AGAIN] = "try again later",
      [CS_ERR_CLOSED] = "closed",
      [CS_ERR_RESET] = "connection reset",
      [CS_ERR_REFUSED] = "connection refused",
      [CS_ERR_UNREACHABLE] = "host unreachable",
      [CS_ERR_IN_USE] = "address in use",
      [CS_ERR_PERMISSION] = "permission denied",
      [CS_ERR_RESOLVE] = "host name has no address",
      [CS_ERR_SYSTEM] = "system error",
  };
  if ((unsigned)e >= CS_ERR_COUNT_)
    return "unknown error";
  return text[e];
}
