/* RFC 8489 6.3.3; servers of RFC 3489 know only MAPPED-ADDRESS. */
#include "stun/mapped.h"

#include "base/addr.h"

bool air_stun_mapped(const struct air_stun_message *m, altair_addr *out)
{
	struct air_stun_value value;

	if ((!air_stun_message_get(m, AIR_STUN_XOR_MAPPED_ADDRESS, &value) ||
	     !air_addr_is_endpoint(&value.addr)) &&
	    (!air_stun_message_get(m, AIR_STUN_MAPPED_ADDRESS, &value) ||
	     !air_addr_is_endpoint(&value.addr)))
		return false;
	*out = air_addr_canonical(&value.addr);
	return true;
}
