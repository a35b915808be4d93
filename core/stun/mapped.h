/* Where a Binding response says that we are (RFC 8489 6.3.3). */
#ifndef AIR_STUN_MAPPED_H
#define AIR_STUN_MAPPED_H

#include "stun/message.h"

/* XOR-MAPPED-ADDRESS, or what servers of RFC 3489 know instead, canonical. False
 * when neither is an endpoint. */
bool air_stun_mapped(const struct air_stun_message *message, altair_addr *out);

#endif
