/*
 * The hash is FNV-1a over 64-bit words, folded by a rotation so that high bits
 * come down again. It covers everything a record says except pointers.
 */
#include "sim/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FNV_BASIS 14695981039346656037u
#define FNV_PRIME 1099511628211u

void sim_trace_init(struct sim_trace *trace)
{
	*trace = (struct sim_trace){.hash = FNV_BASIS};
}

void sim_trace_drop(struct sim_trace *trace)
{
	free(trace->records);
	trace->records = NULL;
	trace->count = trace->cap = 0;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * FNV_PRIME;
	return hash << 29 | hash >> 35;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *data, size_t len)
{
	uint64_t word;

	for (; len >= sizeof word; data += sizeof word, len -= sizeof word) {
		memcpy(&word, data, sizeof word);
		hash = mix(hash, word);
	}
	for (word = len; len > 0; data++, len--)
		word = word << 8 | *data;
	return mix(hash, word);
}

static uint64_t mix_addr(uint64_t hash, const altair_addr *addr)
{
	uint64_t halves[2];

	memcpy(halves, addr->ip, sizeof halves);
	hash = mix(hash, halves[0] ^ addr->port);
	return mix(hash, halves[1] ^ addr->family);
}

static uint64_t mix_packet(uint64_t hash, const struct sim_packet *packet)
{
	hash = mix(hash, packet->id << 16 | (uint64_t)packet->kind << 8 |
				 packet->ttl);
	hash = mix_addr(hash, &packet->src);
	hash = mix_addr(hash, &packet->dst);
	if (packet->kind == SIM_UNREACHABLE)
		return mix_addr(hash, &packet->about);
	return mix_bytes(hash, packet->payload.data, packet->payload.len);
}

static void hash_record(struct sim_trace *trace, const struct sim_record *r)
{
	uint64_t hash = trace->hash;

	hash = mix(hash, r->at);
	hash = mix(hash, (uint64_t)r->kind << 48 | (uint64_t)r->node << 32 |
				 (uint64_t)r->to << 16 |
				 (uint64_t)r->drop << 8 | r->verdict);
	if (r->kind == SIM_HAPPENED) {
		hash = mix(hash,
			   (uint64_t)r->event << 32 | (uint32_t)r->reason);
		hash = mix(hash, (uint64_t)r->number << 32 | r->total);
		hash = mix_addr(mix(hash, r->rtt), &r->addr);
	} else {
		hash = mix_packet(mix(hash, r->until), &r->packet);
	}
	trace->hash = hash;
}

static void keep_record(struct sim_trace *trace, const struct sim_record *r)
{
	struct sim_record *kept;

	if (trace->count == trace->cap) {
		size_t cap = trace->cap ? trace->cap * 2 : 256;

		kept = realloc(trace->records, cap * sizeof *kept);
		if (!kept)
			abort();
		trace->records = kept;
		trace->cap = cap;
	}
	kept = &trace->records[trace->count++];
	*kept = *r;
	if (r->packet.payload.len > 0)
		memcpy(kept->head, r->packet.payload.data,
		       r->packet.payload.len < SIM_HEAD ? r->packet.payload.len
							: SIM_HEAD);
	kept->packet.payload.data = NULL;
}

void sim_trace_add(struct sim_trace *trace, const struct sim_record *record)
{
	hash_record(trace, record);
	if (trace->watch)
		trace->watch(trace->user, record);
	if (trace->keep)
		keep_record(trace, record);
}

const char *sim_event_name(enum altair_event event)
{
	static const char *const names[] = {
		[ALTAIR_EV_NONE] = "NONE",
		[ALTAIR_EV_ANSWER] = "ANSWER",
		[ALTAIR_EV_SERVER_FAILED] = "SERVER FAILED",
		[ALTAIR_EV_MAPPING_CHANGED] = "MAPPING CHANGED",
		[ALTAIR_EV_DISCOVERED] = "DISCOVERED",
		[ALTAIR_EV_ATTEMPT] = "ATTEMPT",
		[ALTAIR_EV_HEARD] = "HEARD",
		[ALTAIR_EV_PORT_CHANGED] = "PORT CHANGED",
		[ALTAIR_EV_CONNECTED] = "CONNECTED",
		[ALTAIR_EV_VERIFIED] = "VERIFIED",
		[ALTAIR_EV_ROLES] = "ROLES",
		[ALTAIR_EV_FAILED] = "FAILED",
		[ALTAIR_EV_CANDIDATE] = "CANDIDATE",
		[ALTAIR_EV_END_OF_CANDIDATES] = "END OF CANDIDATES",
		[ALTAIR_EV_STATE] = "STATE",
		[ALTAIR_EV_SELECTED] = "SELECTED",
	};

	if ((size_t)event >= sizeof names / sizeof *names)
		return "?";
	return names[event];
}

static bool is_text(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (head[i] < ' ' || head[i] > '~')
			return false;
	return len > 0;
}

char *sim_payload_name(const uint8_t *head, size_t len, char *out, size_t cap)
{
	static const uint8_t cookie[] = {0x21, 0x12, 0xa4, 0x42};

	if (len <= 16 && is_text(head, len))
		snprintf(out, cap, "%.*s", (int)len, (const char *)head);
	else if (len >= 20 && !memcmp(head + 4, cookie, sizeof cookie))
		snprintf(out, cap, "STUN %s",
			 head[0] & 1 ? "answer" : "request");
	else
		snprintf(out, cap, "%zu bytes", len);
	return out;
}
