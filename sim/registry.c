/* What Redis does for altair serve, without Redis. */
#include "sim/registry.h"

#include <string.h>

static struct sim_registry_entry *find(struct sim_registry *registry,
				       altair_time now, altair_bytes key)
{
	struct sim_registry_entry *free_one = NULL;

	for (size_t i = 0; i < SIM_REGISTRY_ENTRIES; i++) {
		struct sim_registry_entry *e = &registry->entries[i];

		if (e->key_len && e->ends <= now)
			e->key_len = 0;
		if (e->key_len == key.len &&
		    memcmp(e->key, key.data, key.len) == 0)
			return e;
		if (!e->key_len && !free_one)
			free_one = e;
	}
	return free_one;
}

static void set(struct sim_registry_entry *e, altair_time now,
		const altair_rendezvous_ask *ask)
{
	memcpy(e->key, ask->key.data, ask->key.len);
	e->key_len = ask->key.len;
	memcpy(e->value, ask->value.data, ask->value.len);
	e->value_len = ask->value.len;
	e->ends = now + ALTAIR_SEC(ask->seconds);
}

static bool has(const struct sim_registry_entry *e, altair_bytes value)
{
	return e->key_len && e->value_len == value.len &&
	       memcmp(e->value, value.data, value.len) == 0;
}

bool sim_registry_ask(struct sim_registry *registry, altair_time now,
		      const altair_rendezvous_ask *ask, altair_bytes *value)
{
	struct sim_registry_entry *e = find(registry, now, ask->key);
	bool is_there = e && e->key_len > 0;

	*value = (altair_bytes){0};
	switch (ask->verb) {
	case ALTAIR_DIRECTORY_TAKE:
		if (e && (!is_there || has(e, ask->value)))
			set(e, now, ask);
		break;
	case ALTAIR_DIRECTORY_PUT:
		if (e)
			set(e, now, ask);
		return false;
	case ALTAIR_DIRECTORY_GET:
		break;
	case ALTAIR_DIRECTORY_FORGET:
		if (is_there && has(e, ask->value))
			e->key_len = 0;
		return false;
	}
	if (e && e->key_len)
		*value = (altair_bytes){e->value, e->value_len};
	return true;
}

void sim_registry_clear(struct sim_registry *registry)
{
	memset(registry, 0, sizeof *registry);
}
