/*
 * Allocate and Refresh (RFC 8656 7.1, 7.3, 8). One family is asked for by
 * REQUESTED-ADDRESS-FAMILY, IPv4 by saying nothing, which older servers know
 * too; both by ADDITIONAL-ADDRESS-FAMILY, to which the server may answer with
 * one and the reason why not the other.
 */
#include "turn/alloc.h"

#include "base/addr.h"

#include <altair/turn.h>

#include <string.h>

unsigned air_alloc_family(const altair_addr *addr)
{
	return addr->family == ALTAIR_IPV6 ? AIR_ALLOC_IPV6 : AIR_ALLOC_IPV4;
}

void air_alloc_ask(struct air_stun_builder *b, unsigned families)
{
	struct air_stun_value transport = {.number = AIR_STUN_TRANSPORT_UDP};
	struct air_stun_value ipv6 = {.number = AIR_STUN_IPV6};

	air_stun_build_attr(b, AIR_STUN_REQUESTED_TRANSPORT, &transport);
	if (families == ALTAIR_TURN_IPV6)
		air_stun_build_attr(b, AIR_STUN_REQUESTED_ADDRESS_FAMILY,
				    &ipv6);
	else if (families == (ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6))
		air_stun_build_attr(b, AIR_STUN_ADDITIONAL_ADDRESS_FAMILY,
				    &ipv6);
}

void air_alloc_ask_lifetime(struct air_stun_builder *b, uint32_t lifetime)
{
	struct air_stun_value value = {.number = lifetime};

	air_stun_build_attr(b, AIR_STUN_LIFETIME, &value);
}

uint32_t air_alloc_lifetime(const struct air_stun_message *m)
{
	struct air_stun_value value;

	return air_stun_message_get(m, AIR_STUN_LIFETIME, &value)
		       ? (uint32_t)value.number
		       : AIR_ALLOC_LIFETIME;
}

/* Takes the first relayed address of each family that was asked for. */
static void take_relayed(struct air_alloc *a, const struct air_stun_value *v,
			 unsigned families)
{
	unsigned family = air_alloc_family(&v->addr);

	if (air_addr_is_endpoint(&v->addr) && families & 1u << family &&
	    a->relayed[family].family == ALTAIR_NO_FAMILY)
		a->relayed[family] = v->addr;
}

bool air_alloc_read(struct air_alloc *a, const struct air_stun_message *m,
		    unsigned families)
{
	struct air_stun_value v;

	memset(a, 0, sizeof *a);
	a->lifetime = air_alloc_lifetime(m);
	for (size_t i = 0; i < m->attr_count; i++) {
		if (!air_stun_message_value(m, &m->attrs[i], &v))
			continue;
		if (m->attrs[i].type == AIR_STUN_XOR_RELAYED_ADDRESS)
			take_relayed(a, &v, families);
		else if (m->attrs[i].type == AIR_STUN_ADDRESS_ERROR_CODE)
			a->refused[v.family == AIR_STUN_IPV6] = (int)v.number;
	}
	if (air_stun_message_get(m, AIR_STUN_XOR_MAPPED_ADDRESS, &v) &&
	    air_addr_is_endpoint(&v.addr))
		a->mapped = air_addr_canonical(&v.addr);
	return a->relayed[AIR_ALLOC_IPV4].family != ALTAIR_NO_FAMILY ||
	       a->relayed[AIR_ALLOC_IPV6].family != ALTAIR_NO_FAMILY;
}
