/*
 * The judges know who made a packet (packet.origin), which no machine does: a
 * forged source does not deceive them.
 */
#include "sim/judge.h"

#include <altair/punch.h>

#include <string.h>

#define UNDECIDED_INTERVALS 4

void sim_judge_init(struct sim_judge *judge, uint16_t lane_a, uint16_t lane_b)
{
	memset(judge, 0, sizeof *judge);
	judge->side[0].lane = lane_a;
	judge->side[1].lane = lane_b;
}

void sim_judge_starts(struct sim_judge *judge, unsigned side, altair_time now,
		      const altair_addr *given)
{
	judge->side[side].has_started = true;
	judge->side[side].started_at = now;
	judge->side[side].given = *given;
}

void sim_judge_closed(struct sim_judge *judge, unsigned side)
{
	judge->side[side].has_ended = true;
}

static void refuse(struct sim_judge *judge, unsigned side,
		   const struct sim_record *r, const char *violation)
{
	if (judge->violation)
		return;
	judge->violation = violation;
	judge->culprit = side;
	judge->at = r->at;
}

static bool is_word(const struct sim_packet *packet, const char *word)
{
	return packet->payload.len == strlen(word) &&
	       !memcmp(packet->payload.data, word, packet->payload.len);
}

static bool is_any_word(const struct sim_packet *packet)
{
	return packet->kind == SIM_UDP &&
	       (is_word(packet, "PUNCH") || is_word(packet, "PING") ||
		is_word(packet, "PONG"));
}

/* How many intervals began in a span, its beginning included. */
static uint64_t beats(altair_time span, altair_time interval)
{
	return interval == 0 ? 0 : span / interval + 1;
}

/* One for the first PING, one for the word that tells of the proof, one for
 * each interval while it punches, one more for each port of the peer's address
 * that speaks, and the keep-alives. */
static uint64_t unasked_allowed(const struct sim_judge_side *side,
				altair_time now)
{
	altair_time until = side->is_connected ? side->connected_at : now;
	uint64_t checks = beats(until - side->started_at, side->interval);
	uint64_t most = 2 + checks * (1 + side->ports_count);

	if (!side->is_connected)
		return most;
	return most + beats(ALTAIR_SEC(10), side->interval) +
	       beats(now - side->connected_at, side->keepalive);
}

static void judge_sent(struct sim_judge *judge, unsigned s,
		       const struct sim_record *r)
{
	struct sim_judge_side *side = &judge->side[s];
	uint64_t punches;

	if (side->has_ended)
		refuse(judge, s, r, "silence: it sends after its end");
	if (!side->has_started || !is_any_word(&r->packet))
		return;
	side->words++;
	if (side->words > side->asked + unasked_allowed(side, r->at))
		refuse(judge, s, r, "economy: more words than its budget");
	if (side->asked > 0 || !is_word(&r->packet, "PUNCH"))
		return;
	side->punches++;
	punches = side->attempts * ALTAIR_PUNCHES_PER_ATTEMPT;
	if (side->keepalive > 0)
		punches += (r->at - side->started_at) / side->keepalive;
	if (side->punches > punches)
		refuse(judge, s, r, "economy: more than 5 PUNCH per attempt");
}

static bool has_heard_from(const struct sim_judge_side *side,
			   const altair_addr *addr)
{
	for (size_t i = 0; i < side->heard_from_count; i++)
		if (altair_addr_equal(&side->heard_from[i], addr))
			return true;
	return false;
}

/* Another port than the given one. */
static void note_port(struct sim_judge_side *side, uint16_t port)
{
	for (size_t i = 0; i < side->ports_count; i++)
		if (side->ports[i] == port)
			return;
	if (port != side->given.port && side->ports_count < SIM_JUDGE_PORTS)
		side->ports[side->ports_count++] = port;
}

static void note_word(struct sim_judge_side *side, const struct sim_record *r)
{
	if (is_word(&r->packet, "PUNCH"))
		side->punched_at = r->at;
	if (!is_word(&r->packet, "PING"))
		return;
	if (side->pinged_at == 0)
		side->pinged_first_at = r->at;
	side->pinged_at = r->at;
}

static void judge_arrived(struct sim_judge *judge, unsigned s,
			  const struct sim_record *r)
{
	struct sim_judge_side *side = &judge->side[s];
	struct sim_judge_side *peer = &judge->side[!s];
	bool from_peer = r->packet.origin == peer->lane;

	if (r->verdict == ALTAIR_PAYLOAD && !from_peer)
		refuse(judge, s, r, "safety: payload of a stranger");
	if (!is_any_word(&r->packet) || !side->has_started)
		return;
	if (altair_addr_same_ip(&r->packet.src, &side->given)) {
		side->asked++;
		note_port(side, r->packet.src.port);
	}
	if (!from_peer || !peer->has_started)
		return;
	peer->reached++;
	note_word(side, r);
	if (!has_heard_from(side, &r->packet.src) &&
	    side->heard_from_count < SIM_JUDGE_ENDPOINTS)
		side->heard_from[side->heard_from_count++] = r->packet.src;
}

/* Two views that do not tell whether the peer hears us (docs/punch.md): a PING
 * within the first interval, which may be the answer to our first PUNCH, and a
 * PING with no PUNCH for four intervals, which is how the guide's own program
 * says that it is done. */
static bool is_undecidable(const struct sim_judge_side *side, altair_time now)
{
	altair_time silence = UNDECIDED_INTERVALS * side->interval;

	if (side->pinged_at == 0)
		return false;
	if (now - side->started_at < side->interval && side->pinged_at == now)
		return true;
	return now - side->pinged_first_at >= silence &&
	       now - side->punched_at >= silence;
}

static void judge_connected(struct sim_judge *judge, unsigned s,
			    const struct sim_record *r)
{
	struct sim_judge_side *side = &judge->side[s];

	if (side->is_connected)
		refuse(judge, s, r, "safety: connected twice");
	if (side->heard_from_count == 0)
		refuse(judge, s, r, "safety: connected, the peer not heard");
	side->is_unproved = side->reached == 0;
	if (side->is_unproved && !is_undecidable(side, r->at))
		refuse(judge, s, r,
		       "safety: connected, the peer hears nothing");
	if (!has_heard_from(side, &r->addr))
		refuse(judge, s, r, "safety: connected to the wrong endpoint");
	side->is_connected = true;
	side->connected_at = r->at;
}

static void judge_event(struct sim_judge *judge, unsigned s,
			const struct sim_record *r)
{
	struct sim_judge_side *side = &judge->side[s];

	side->attempts += r->event == ALTAIR_EV_ATTEMPT;
	if (r->event == ALTAIR_EV_CONNECTED)
		judge_connected(judge, s, r);
	if (r->event == ALTAIR_EV_VERIFIED && !side->is_connected)
		refuse(judge, s, r, "safety: verified, but not connected");
	if (r->event != ALTAIR_EV_FAILED)
		return;
	if (side->is_connected)
		refuse(judge, s, r, "safety: failed after it was connected");
	sim_judge_closed(judge, s);
}

void sim_judge_see(struct sim_judge *judge, const struct sim_record *record)
{
	unsigned s = record->node == judge->side[1].lane;

	if (record->node != judge->side[s].lane)
		return;
	if (record->kind == SIM_ARRIVED)
		judge_arrived(judge, s, record);
	if (judge->side[s].is_guide)
		return;
	if (record->kind == SIM_SENT)
		judge_sent(judge, s, record);
	if (record->kind == SIM_HAPPENED)
		judge_event(judge, s, record);
}
