#include "wire/message.h"

#include <stddef.h>

const char *cs_wire_code_name(uint8_t code) {
  static const char *const names[256] = {
      [CS_CODE_EMPTY] = "Empty",
      /* Methods: RFC 7252 section 12.1.1, RFC 8132 section 6. */
      [CS_CODE(0, 1)] = "GET",
      [CS_CODE(0, 2)] = "POST",
      [CS_CODE(0, 3)] = "PUT",
      [CS_CODE(0, 4)] = "DELETE",
      [CS_CODE(0, 5)] = "FETCH",
      [CS_CODE(0, 6)] = "PATCH",
      [CS_CODE(0, 7)] = "iPATCH",
      /* Responses: RFC 7252 section 12.1.2, RFC 7959 section 6, RFC 8132
       * section 6, RFC 8516, RFC 8768. */
      [CS_CODE(2, 1)] = "Created",
      [CS_CODE(2, 2)] = "Deleted",
      [CS_CODE(2, 3)] = "Valid",
      [CS_CODE(2, 4)] = "Changed",
      [CS_CODE(2, 5)] = "Content",
      [CS_CODE(2, 31)] = "Continue",
      [CS_CODE(4, 0)] = "Bad Request",
      [CS_CODE(4, 1)] = "Unauthorized",
      [CS_CODE(4, 2)] = "Bad Option",
      [CS_CODE(4, 3)] = "Forbidden",
      [CS_CODE(4, 4)] = "Not Found",
      [CS_CODE(4, 5)] = "Method Not Allowed",
      [CS_CODE(4, 6)] = "Not Acceptable",
      [CS_CODE(4, 8)] = "Request Entity Incomplete",
      [CS_CODE(4, 9)] = "Conflict",
      [CS_CODE(4, 12)] = "Precondition Failed",
      [CS_CODE(4, 13)] = "Request Entity Too Large",
      [CS_CODE(4, 15)] = "Unsupported Content-Format",
      [CS_CODE(4, 22)] = "Unprocessable Entity",
      [CS_CODE(4, 29)] = "Too Many Requests",
      [CS_CODE(5, 0)] = "Internal Server Error",
      [CS_CODE(5, 1)] = "Not Implemented",
      [CS_CODE(5, 2)] = "Bad Gateway",
      [CS_CODE(5, 3)] = "Service Unavailable",
      [CS_CODE(5, 4)] = "Gateway Timeout",
      [CS_CODE(5, 5)] = "Proxying Not Supported",
      [CS_CODE(5, 8)] = "Hop Limit Reached",
      /* Signaling: RFC 8323 section 11.1. */
      [CS_CODE(7, 1)] = "CSM",
      [CS_CODE(7, 2)] = "Ping",
      [CS_CODE(7, 3)] = "Pong",
      [CS_CODE(7, 4)] = "Release",
      [CS_CODE(7, 5)] = "Abort",
  };
  return names[code];
}

const char *cs_wire_type_name(uint8_t type) {
  static const char *const names[] = {"CON", "NON", "ACK", "RST"};
  return type <= CS_RST ? names[type] : NULL;
}
