/* What the core needs of addresses beyond the public functions. */
#ifndef AIR_ADDR_H
#define AIR_ADDR_H

#include <altair/base.h>

/* Bytes of `ip` in use: 4, 16, or 0 for no address. */
size_t air_addr_ip_len(const altair_addr *addr);

/* An IPv4 address in IPv4-mapped IPv6 form (RFC 4291 2.5.5.2) becomes IPv4. */
altair_addr air_addr_canonical(const altair_addr *addr);

/* True for an address and port that one other host can have: no port 0, no
 * multicast, no broadcast, no unspecified address. */
bool air_addr_is_endpoint(const altair_addr *addr);

#endif
