/*
 * Static users (RFC 8489 9.2). Their passwords are not here, only the two keys
 * of RFC 8489 18.5.1. A name is found by its keyed hash and then compared; a
 * USERHASH (RFC 8489 14.4) is found by itself.
 */
#include "server/user.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "stun/auth.h"

#include <string.h>

#define USERHASH_LEN 32

uint64_t air_user_identity(const struct air_users *users, altair_bytes name)
{
	uint64_t hash = air_siphash(users->hash_key, name);

	return hash ? hash : 1;
}

static altair_bytes name_key(const struct air_users *users, altair_bytes name,
			     uint8_t key[8])
{
	struct air_writer w = air_writer(key, 8);

	air_write_u64(&w, air_user_identity(users, name));
	return air_written(&w);
}

static void add(struct air_users *users, uint32_t i,
		const altair_server_config *config)
{
	struct air_stun_user who = {.name = users->all[i].name,
				    .realm = config->realm};
	uint8_t userhash[USERHASH_LEN], key[8];
	altair_bytes name = name_key(users, who.name, key);

	air_stun_userhash(config->crypto, &who, userhash);
	/* The first of a name counts. */
	if (air_table_get(&users->table, name) != AIR_TABLE_NONE)
		return;
	air_table_set(&users->table, name, i);
	air_table_set(&users->table, (altair_bytes){userhash, sizeof userhash},
		      i);
}

void air_user_init(struct air_users *users, struct air_arena *arena,
		   const altair_server_config *config,
		   const uint8_t hash_key[16])
{
	uint32_t count = (uint32_t)config->user_count;
	uint8_t *names;
	size_t len = 0;

	for (uint32_t i = 0; i < count; i++)
		len += config->users[i].name.len;
	users->all = air_arena_take(arena, count, sizeof *users->all);
	names = air_arena_take(arena, len, 1);
	memcpy(users->hash_key, hash_key, sizeof users->hash_key);
	air_table_init(&users->table, arena, 2 * count + 1, hash_key);
	if (!users->table.slots || !users->all || !names)
		return;
	for (uint32_t i = 0; i < count; i++) {
		altair_server_user *u = &users->all[i];

		*u = config->users[i];
		if (u->name.len > 0)
			memcpy(names, u->name.data, u->name.len);
		u->name.data = names;
		names += u->name.len;
		add(users, i, config);
	}
}

const altair_server_user *air_user_find(const struct air_users *users,
					altair_bytes name)
{
	uint8_t key[8];
	uint32_t i = air_table_get(&users->table, name_key(users, name, key));

	if (i == AIR_TABLE_NONE || !air_bytes_equal(users->all[i].name, name))
		return NULL;
	return &users->all[i];
}

const altair_server_user *air_user_find_hash(const struct air_users *users,
					     altair_bytes userhash)
{
	uint32_t i;

	AIR_ASSERT(userhash.len == USERHASH_LEN);
	i = air_table_get(&users->table, userhash);
	return i == AIR_TABLE_NONE ? NULL : &users->all[i];
}

void altair_server_make_user(altair_server_user *out,
			     const altair_crypto *crypto, altair_bytes name,
			     altair_bytes realm, altair_bytes password)
{
	struct air_stun_user user = {name, realm, password};

	out->name = name;
	air_stun_key_md5(crypto, &user, out->md5);
	air_stun_key_sha256(crypto, &user, out->sha256);
}
