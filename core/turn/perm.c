/*
 * The table of permissions (RFC 8656 9, 10). A place is free when its
 * permission is not wanted and its last event was polled. A permission has no
 * rest: it can be asked for again right after it was dropped.
 */
#include "turn/perm.h"

#include <string.h>

void air_perm_init(struct air_perms *perms, struct air_arena *arena,
		   uint32_t count)
{
	perms->all = air_arena_take(arena, count, sizeof *perms->all);
	perms->count = count;
}

struct air_perm *air_perm_find(const struct air_perms *perms,
			       const altair_addr *peer)
{
	for (uint32_t i = 0; i < perms->count; i++) {
		struct air_perm *p = &perms->all[i];

		if (p->lease.is_wanted && altair_addr_same_ip(&p->ip, peer))
			return p;
	}
	return NULL;
}

struct air_perm *air_perm_add(struct air_perms *perms, const altair_addr *peer)
{
	for (uint32_t i = 0; i < perms->count; i++) {
		struct air_perm *p = &perms->all[i];

		if (p->lease.is_wanted || p->lease.event != ALTAIR_EV_NONE)
			continue;
		memset(p, 0, sizeof *p);
		p->ip = *peer;
		p->ip.port = 0;
		p->lease.duration = AIR_PERM_DURATION;
		p->lease.is_wanted = true;
		return p;
	}
	return NULL;
}

void air_perm_ask(const struct air_perm *perm, struct air_stun_builder *b)
{
	struct air_stun_value peer = {.addr = perm->ip};

	air_stun_build_attr(b, AIR_STUN_XOR_PEER_ADDRESS, &peer);
}
