/* What counts as one source: an IPv4 address, or the first 64 bits of an IPv6
 * one, for whoever has one address of such a network has all. */
#ifndef AIR_SERVER_PREFIX_H
#define AIR_SERVER_PREFIX_H

#include "base/table.h"

/* The keyed hash of a canonical address's source. */
static inline uint64_t air_prefix_hash(const uint8_t key[16],
				       const altair_addr *source)
{
	altair_bytes prefix = {source->ip,
			       source->family == ALTAIR_IPV6 ? 8 : 4};

	return air_siphash(key, prefix);
}

#endif
