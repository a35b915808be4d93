/* spread.h - which thread gets a connection. */
#ifndef AIR_SPREAD_H
#define AIR_SPREAD_H

#include <stdint.h>

/* Spreads the connections to `count` listeners of one address, of which `fd` is one,
 * by where they come from: those of one IPv4 address, or 64 bits of IPv6, come to
 * one listener. Returns 0, or ALTAIR_E_SYSTEM. */
int air_spread_by_source(int fd, uint8_t family, unsigned count);

#endif
