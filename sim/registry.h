/* The directory that rendezvous nodes share, with the verbs of altair/rendezvous.h:
 * keys, values, lives. It answers when its driver asks it to. */
#ifndef SIM_REGISTRY_H
#define SIM_REGISTRY_H

#include <altair/rendezvous.h>

#define SIM_REGISTRY_ENTRIES 512

struct sim_registry_entry {
	uint8_t key[ALTAIR_RENDEZVOUS_KEY_MAX];
	uint8_t value[ALTAIR_RENDEZVOUS_VALUE_MAX];
	size_t key_len, value_len; /* key_len 0: free */
	altair_time ends;
};

struct sim_registry {
	struct sim_registry_entry entries[SIM_REGISTRY_ENTRIES];
};

/* Does what is asked. True if there is an answer: *value, valid until the next
 * call. */
bool sim_registry_ask(struct sim_registry *registry, altair_time now,
		      const altair_rendezvous_ask *ask, altair_bytes *value);
/* It forgets everything. */
void sim_registry_clear(struct sim_registry *registry);

#endif
