/*
 * A hash table of fixed capacity from short keys to small indices: linear
 * probing over twice the capacity, deletion without tombstones, no allocation.
 * Keys are copied. The hash is keyed, so that a stranger cannot choose keys
 * that collide (SipHash-2-4, its key from the machine's random source).
 */
#ifndef AIR_TABLE_H
#define AIR_TABLE_H

#include "base/arena.h"

#define AIR_TABLE_KEY_MAX 44
#define AIR_TABLE_NONE UINT32_MAX

struct air_table_entry;

struct air_table {
	struct air_table_entry *slots;
	uint32_t slot_count, capacity, count;
	uint8_t hash_key[16];
};

/* Takes its memory for `capacity` keys from the arena. */
void air_table_init(struct air_table *table, struct air_arena *arena,
		    uint32_t capacity, const uint8_t hash_key[16]);
/* Sets the value of a key, which may be new. False when full. */
bool air_table_set(struct air_table *table, altair_bytes key, uint32_t value);
/* The value of a key, or AIR_TABLE_NONE. */
uint32_t air_table_get(const struct air_table *table, altair_bytes key);
/* Forgets a key; false if it was not there. */
bool air_table_remove(struct air_table *table, altair_bytes key);

/* SipHash-2-4 (Aumasson, Bernstein 2012). */
uint64_t air_siphash(const uint8_t key[16], altair_bytes bytes);

#endif
