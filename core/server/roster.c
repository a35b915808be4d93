/*
 * The roster: what an operator sees of allocations, and how they end one. It only
 * looks, and ends by the one function that ends allocations. A session's id is
 * the number of its allocation among all that ever were.
 */
#include "base/cursor.h"
#include "server/config.h"
#include "server/state.h"
#include "server/stream.h"

#include <altair/error.h>
#include <altair/roster.h>

#include <string.h>

static void describe(const struct altair_server *s,
		     const struct air_allocation *a, altair_session *out)
{
	memset(out, 0, sizeof *out);
	out->id = a->serial;
	out->client = a->path;
	out->is_secure = air_server_stream_is_secure(&s->streams, a->path.sock);
	for (unsigned f = 0; f < FAMILIES; f++) {
		if (!a->port[f])
			continue;
		out->relayed[f] = s->allocations.ports[f].told;
		out->relayed[f].port = a->port[f];
	}
	out->began = a->began;
	out->expiry = a->expiry;
	out->permissions = a->permissions.count;
	out->channels = a->channels.count;
	out->to_peers = a->to_peers;
	out->from_peers = a->from_peers;
	out->name_len = a->name_len;
	memcpy(out->name, a->name, sizeof out->name);
}

/* The open allocation of this id, or NULL. */
static struct air_allocation *find(const struct altair_server *s, uint64_t id)
{
	for (uint32_t i = 0; s->relays && i < s->allocations.pool.count; i++) {
		struct air_allocation *a = &s->allocations.all[i];

		if (a->state == ALLOCATION_OPEN && a->serial == id)
			return a;
	}
	return NULL;
}

size_t altair_server_list(const altair_server *s, size_t *place,
			  altair_session *out, size_t cap)
{
	size_t all = s->relays ? s->allocations.pool.count : 0, count = 0;

	for (; *place < all && count < cap; ++*place) {
		const struct air_allocation *a = &s->allocations.all[*place];

		if (a->state == ALLOCATION_OPEN)
			describe(s, a, &out[count++]);
	}
	return count;
}

int altair_server_find(const altair_server *s, uint64_t id, altair_session *out)
{
	const struct air_allocation *a = find(s, id);

	if (!a)
		return ALTAIR_E_INVALID;
	describe(s, a, out);
	return 0;
}

static size_t copy_channels(const struct altair_server *s,
			    const struct air_allocation *a,
			    altair_session_peer *out, size_t cap)
{
	const struct air_server_channels *all = &s->allocations.channels;
	size_t count = 0;

	for (uint32_t i = a->channels.head; i != AIR_POOL_NONE && count < cap;
	     i = all->all[i].next)
		out[count++] = (altair_session_peer){
			.addr = all->all[i].peer,
			.channel = all->all[i].number,
			.expiry = s->timers.at[all->first_timer + i]};
	return count;
}

static size_t copy_permissions(const struct altair_server *s,
			       const struct air_allocation *a,
			       altair_session_peer *out, size_t cap)
{
	const struct air_permissions *all = &s->allocations.permissions;
	size_t count = 0;

	for (uint32_t i = a->permissions.head;
	     i != AIR_POOL_NONE && count < cap; i = all->all[i].next) {
		altair_session_peer *peer = &out[count++];

		*peer = (altair_session_peer){
			.addr.family = all->all[i].family,
			.expiry = s->timers.at[all->first_timer + i]};
		memcpy(peer->addr.ip, all->all[i].ip, sizeof peer->addr.ip);
	}
	return count;
}

size_t altair_server_peers(const altair_server *s, uint64_t id,
			   altair_session_peer *out, size_t cap)
{
	const struct air_allocation *a = find(s, id);
	size_t count;

	if (!a)
		return 0;
	count = copy_channels(s, a, out, cap);
	return count + copy_permissions(s, a, out + count, cap - count);
}

int altair_server_end(altair_server *s, uint64_t id)
{
	struct air_allocation *a = find(s, id);
	uint32_t sock;

	if (!a)
		return ALTAIR_E_INVALID;
	sock = a->path.sock;
	air_server_outbox_clear(&s->out);
	air_allocation_end(&s->allocations, a);
	if (air_server_stream_is(sock) &&
	    air_server_stream_lives(&s->streams, sock))
		air_server_stream_shut(s, sock);
	return 0;
}

void altair_server_drain(altair_server *s, bool drains)
{
	s->drains = drains;
}

/* --- renewal -------------------------------------------------------------- */

/* What is renewed, in memory of its own. */
struct renewed {
	struct air_users users;
	struct air_rest rest;
	struct air_policy policy;
};

static void lay_out(struct renewed *r, struct air_arena *arena,
		    const altair_server_config *c, const uint8_t hash_key[16])
{
	air_user_init(&r->users, arena, c, hash_key);
	air_rest_init(&r->rest, arena, c);
	air_policy_renew(&r->policy, arena, c);
}

size_t altair_server_renew_size(const altair_server_config *config)
{
	static const uint8_t no_key[16];
	struct air_arena arena = {0};
	struct renewed scratch;

	if (!air_server_config_is_valid(config) || config->allocations_max == 0)
		return 0;
	lay_out(&scratch, &arena, config, no_key);
	return arena.used;
}

int altair_server_renew(altair_server *s, altair_time now, void *mem,
			size_t len, const altair_server_config *c)
{
	struct air_arena arena = {mem, len, 0, false};
	struct renewed r = {.policy = s->policy};

	if (!s->relays || !air_server_config_is_valid(c) ||
	    c->allocations_max == 0 || !air_bytes_equal(c->realm, s->realm))
		return ALTAIR_E_INVALID;
	lay_out(&r, &arena, c, s->allocations.hash_key);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	s->users = r.users;
	s->rest = r.rest;
	s->rest.at = now;
	s->policy = r.policy;
	s->nonces.hides_names = c->rest_secret_count == 0;
	s->quota[OF_USER] = c->quota_user;
	s->quota[OF_PREFIX] = c->quota_prefix;
	air_bandwidth_set(&s->bandwidth, c);
	s->throttle.rate = c->challenge_rate;
	air_throttle_set_guesses(&s->throttle, c);
	s->streams.handshakes.rate = c->tls_rate;
	return 0;
}
