/*
 * The hash is FNV-1a over 64-bit words, folded by a rotation so that high bits
 * come down again. It covers everything a record says except pointers.
 */
#include "sim/trace.h"

#include "sim/message.h"
#include "sim/stun.h"

#include <altair/agent.h>

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
		[ALTAIR_EV_RELAYED] = "RELAYED",
		[ALTAIR_EV_PERMITTED] = "PERMITTED",
		[ALTAIR_EV_CHANNEL] = "CHANNEL",
		[ALTAIR_EV_UNREACHABLE] = "UNREACHABLE",
		[ALTAIR_EV_RELAY_MOVED] = "RELAY MOVED",
		[ALTAIR_EV_RELAY_ENDED] = "RELAY ENDED",
		[ALTAIR_EV_CANDIDATE] = "CANDIDATE",
		[ALTAIR_EV_END_OF_CANDIDATES] = "END OF CANDIDATES",
		[ALTAIR_EV_STATE] = "STATE",
		[ALTAIR_EV_SELECTED] = "SELECTED",
		[ALTAIR_EV_CREDENTIALS] = "CREDENTIALS",
		[ALTAIR_EV_RELAY_OPEN] = "RELAY OPEN",
		[ALTAIR_EV_RELAY_CLOSE] = "RELAY CLOSE",
		[ALTAIR_EV_OPEN] = "OPEN",
		[ALTAIR_EV_SHUT] = "SHUT",
		[ALTAIR_EV_PROBED] = "PROBED",
	};

	if ((size_t)event >= sizeof names / sizeof *names || !names[event])
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

/* "STUN request", or what TURN calls it; the check of an agent begins with
 * USERNAME (RFC 8489 14.3), which a server's clients do not send. */
static const char *stun_name(const uint8_t *head)
{
	static const char *const methods[] = {
		[SIM_STUN_ALLOCATE] = "Allocate",
		[SIM_STUN_REFRESH] = "Refresh",
		[SIM_STUN_SEND] = "Send",
		[SIM_STUN_DATA] = "Data",
		[SIM_STUN_PERMIT] = "Permission",
		[SIM_STUN_CHANNEL] = "Channel",
	};
	unsigned method = head[1] & 0xfu;
	unsigned class = (head[0] & 1u) << 1 | (head[1] >> 4 & 1u);

	if (method < sizeof methods / sizeof *methods && methods[method] &&
	    class != SIM_STUN_ERROR)
		return methods[method];
	if (class == SIM_STUN_ERROR)
		return method == SIM_STUN_BINDING ? "STUN error" : "TURN error";
	if (class == SIM_STUN_SUCCESS)
		return "STUN answer";
	return head[SIM_STUN_HEADER + 1] == SIM_STUN_USERNAME ? "check"
							      : "STUN request";
}

char *sim_payload_name(const uint8_t *head, size_t len, char *out, size_t cap)
{
	static const uint8_t cookie[] = {0x21, 0x12, 0xa4, 0x42};

	if (len <= 16 && is_text(head, len))
		snprintf(out, cap, "%.*s", (int)len, (const char *)head);
	else if (len >= SIM_STUN_HEADER &&
		 !memcmp(head + 4, cookie, sizeof cookie))
		snprintf(out, cap, "%s", stun_name(head));
	else if (len == SIM_MESSAGE_LEN && head[0] == SIM_MESSAGE_FIRST_BYTE)
		snprintf(out, cap, "message");
	else if (len > SIM_MESSAGE_LEN && head[0] >> 4 == 4)
		snprintf(out, cap, "ChannelData");
	else
		snprintf(out, cap, "%zu bytes", len);
	return out;
}

const char *sim_state_name(uint32_t state)
{
	static const char *const names[] = {
		[ALTAIR_AGENT_GATHERING] = "gathering",
		[ALTAIR_AGENT_CHECKING] = "checking",
		[ALTAIR_AGENT_CONNECTED] = "connected",
		[ALTAIR_AGENT_COMPLETED] = "completed",
		[ALTAIR_AGENT_SUSPECT] = "suspect",
		[ALTAIR_AGENT_DISCONNECTED] = "disconnected",
		[ALTAIR_AGENT_FAILED] = "failed",
		[ALTAIR_AGENT_CLOSED] = "closed",
	};

	return state < sizeof names / sizeof *names ? names[state] : "?";
}
