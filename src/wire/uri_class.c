#include "wire/uri_text.h"

/* Sums of the bits of uri_text.h, so that the table below can be read. */
enum {
  QM = CS_URI_QUERY,                  /* ? */
  SL = CS_URI_PATH | CS_URI_QUERY,    /* / : @ */
  SD = CS_URI_NAME | SL,              /* sub-delims */
  UN = CS_URI_UNRESERVED | SD,        /* - . _ ~ */
  AL = UN,                            /* g to z */
  HX = UN | CS_URI_HEX,               /* a to f */
  DG = UN | CS_URI_HEX | CS_URI_DIGIT /* 0 to 9 */
};

/* clang-format off */
const uint32_t cs_wire_uri_class[256] = {
  /*        0   1   2   3   4   5   6   7   8   9   a   b   c   d   e   f */
  [0x20] =  0, SD,  0,  0, SD,  0, SD, SD, SD, SD, SD, SD, SD, UN, UN, SL,
  [0x30] = DG, DG, DG, DG, DG, DG, DG, DG, DG, DG, SL, SD,  0, SD,  0, QM,
  [0x40] = SL, HX, HX, HX, HX, HX, HX, AL, AL, AL, AL, AL, AL, AL, AL, AL,
  [0x50] = AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL,  0,  0,  0,  0, UN,
  [0x60] =  0, HX, HX, HX, HX, HX, HX, AL, AL, AL, AL, AL, AL, AL, AL, AL,
  [0x70] = AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL,  0,  0,  0, UN,  0,
};
/* clang-format on */
