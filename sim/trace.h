/*
 * The record of a run: every packet sent, forwarded, dropped and arrived, and
 * every event of a machine. It is hashed always (two runs of one seed must have
 * the same hash), shown to a watcher (the judges), and kept when asked (the
 * diagram).
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "sim/packet.h"

#include <altair/machine.h>

#define SIM_HEAD 32 /* bytes of the payload that a record keeps */

enum sim_record_kind {
	SIM_SENT,      /* `node` made the packet and put it on a line     */
	SIM_FORWARDED, /* a box or the network passed it on               */
	SIM_DROPPED,   /* it ends at `node`                               */
	SIM_ARRIVED,   /* a machine of host `node` took it: `verdict`     */
	SIM_HAPPENED   /* a machine of host `node` said `event`           */
};

/* Lanes are the nodes, and after them the networks that have a delay. */
struct sim_record {
	altair_time at;
	altair_time until; /* SENT, FORWARDED: when it reaches `to`       */
	enum sim_record_kind kind;
	uint16_t node, to;
	enum sim_drop drop;
	enum altair_verdict verdict;
	struct sim_packet packet; /* payload: valid for the watcher only */
	uint8_t head[SIM_HEAD];	  /* its beginning                       */
	enum altair_event event;
	int reason;
	altair_addr addr;
	uint32_t number, total;
	altair_time rtt;
};

struct sim_trace {
	uint64_t hash;
	bool keep;
	struct sim_record *records; /* when kept */
	size_t count, cap;
	void (*watch)(void *user, const struct sim_record *record);
	void *user;
};

void sim_trace_init(struct sim_trace *trace);
void sim_trace_drop(struct sim_trace *trace);
void sim_trace_add(struct sim_trace *trace, const struct sim_record *record);

/* "HEARD" for ALTAIR_EV_HEARD. */
const char *sim_event_name(enum altair_event event);

/* "connected" for ALTAIR_AGENT_CONNECTED. */
const char *sim_state_name(uint32_t state);

/* What the payload is, for a person: "PUNCH", "STUN request", "18 bytes";
 * `head` is its beginning, `len` its length. Returns `out`. */
char *sim_payload_name(const uint8_t *head, size_t len, char *out, size_t cap);

#endif
