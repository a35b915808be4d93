/*
 * Linear probing. Invariant: between a key's home slot and its slot no slot is
 * empty; `remove` keeps it by moving later keys back instead of leaving
 * tombstones, so look-ups stay short for ever.
 */
#include "base/table.h"

#include "base/assert.h"

#include <string.h>

struct air_table_entry {
	uint32_t value;
	uint8_t key_len; /* + 1; 0: the slot is empty */
	uint8_t key[AIR_TABLE_KEY_MAX];
};

void air_table_init(struct air_table *table, struct air_arena *arena,
		    uint32_t capacity, const uint8_t hash_key[16])
{
	AIR_ASSERT(capacity > 0 && capacity <= UINT32_MAX / 2);
	table->slot_count = 2 * capacity;
	table->slots =
		air_arena_take(arena, table->slot_count, sizeof *table->slots);
	table->capacity = capacity;
	table->count = 0;
	memcpy(table->hash_key, hash_key, sizeof table->hash_key);
}

static uint32_t home(const struct air_table *table, altair_bytes key)
{
	return (uint32_t)(air_siphash(table->hash_key, key) %
			  table->slot_count);
}

static uint32_t after(const struct air_table *table, uint32_t slot)
{
	return slot + 1 == table->slot_count ? 0 : slot + 1;
}

static bool holds(const struct air_table_entry *entry, altair_bytes key)
{
	return entry->key_len == key.len + 1 &&
	       memcmp(entry->key, key.data, key.len) == 0;
}

/* The slot of the key, or the empty slot where it would go. */
static uint32_t find(const struct air_table *table, altair_bytes key)
{
	uint32_t slot;

	AIR_ASSERT(key.len > 0 && key.len <= AIR_TABLE_KEY_MAX);
	slot = home(table, key);
	while (table->slots[slot].key_len && !holds(&table->slots[slot], key))
		slot = after(table, slot);
	return slot;
}

bool air_table_set(struct air_table *table, altair_bytes key, uint32_t value)
{
	struct air_table_entry *entry = &table->slots[find(table, key)];

	if (!entry->key_len) {
		if (table->count == table->capacity)
			return false;
		table->count++;
		entry->key_len = (uint8_t)(key.len + 1);
		memcpy(entry->key, key.data, key.len);
	}
	entry->value = value;
	return true;
}

uint32_t air_table_get(const struct air_table *table, altair_bytes key)
{
	const struct air_table_entry *entry = &table->slots[find(table, key)];

	return entry->key_len ? entry->value : AIR_TABLE_NONE;
}

/* True when `slot` lies in the cyclic interval (empty, candidate]: then a key
 * at `candidate` whose home is `slot` must stay behind the gap. */
static bool between(uint32_t empty, uint32_t slot, uint32_t candidate)
{
	if (empty <= candidate)
		return empty < slot && slot <= candidate;
	return empty < slot || slot <= candidate;
}

bool air_table_remove(struct air_table *table, altair_bytes key)
{
	uint32_t gap = find(table, key);
	uint32_t slot = gap;

	if (!table->slots[gap].key_len)
		return false;
	for (;;) {
		const struct air_table_entry *entry;

		slot = after(table, slot);
		entry = &table->slots[slot];
		if (!entry->key_len)
			break;
		if (between(gap,
			    home(table, (altair_bytes){entry->key,
						       entry->key_len - 1u}),
			    slot))
			continue;
		table->slots[gap] = *entry;
		gap = slot;
	}
	memset(&table->slots[gap], 0, sizeof table->slots[gap]);
	table->count--;
	return true;
}

static uint64_t rotate(uint64_t v, unsigned by)
{
	return v << by | v >> (64 - by);
}

static uint64_t load_little(const uint8_t *at, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)at[i] << 8 * i;
	return v;
}

static void sip_rounds(uint64_t v[4], int rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

uint64_t air_siphash(const uint8_t key[16], altair_bytes bytes)
{
	uint64_t k0 = load_little(key, 8), k1 = load_little(key + 8, 8);
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
			 k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
	size_t whole = bytes.len / 8 * 8;
	uint64_t m;

	for (size_t i = 0; i < whole; i += 8) {
		m = load_little(bytes.data + i, 8);
		v[3] ^= m;
		sip_rounds(v, 2);
		v[0] ^= m;
	}
	m = (uint64_t)bytes.len << 56;
	if (bytes.len > whole)
		m |= load_little(bytes.data + whole, bytes.len - whole);
	v[3] ^= m;
	sip_rounds(v, 2);
	v[0] ^= m;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
