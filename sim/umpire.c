/*
 * The judges know who made a packet (packet.origin) and every STUN message that
 * each agent ever made: a forged or altered one does not deceive them, and one
 * that is replayed unaltered proves what the protocol says that it proves.
 */
#include "sim/umpire.h"

#include "sim/digest.h"
#include "sim/message.h"
#include "sim/stun.h"

#include <stdlib.h>
#include <string.h>

/* Marks one of our addresses as that from which the relay is reached: what goes
 * through it leaves another address than what goes directly. */
#define THROUGH_RELAY 1u

/* A packet as the agents mean it: what is in a relay's wrapping, from where and
 * to where. */
struct leaf {
	altair_addr local, remote;
	altair_bytes bytes;
	struct sim_stun stun;
	bool is_stun;
};

void sim_umpire_init(struct sim_umpire *umpire,
		     const struct sim_meeting *meeting)
{
	memset(umpire, 0, sizeof *umpire);
	umpire->meeting = meeting;
	umpire->quiet_from = ALTAIR_NEVER;
	for (unsigned s = 0; s < 2; s++)
		umpire->side[s].begun_at = meeting->epoch;
}

void sim_umpire_drop(struct sim_umpire *umpire)
{
	for (unsigned s = 0; s < 2; s++) {
		struct sim_umpire_side *side = &umpire->side[s];

		free(side->legs);
		free(side->messages);
		sim_set_drop(&side->made);
		sim_set_drop(&side->asked);
		sim_set_drop(&side->seen);
	}
}

void sim_umpire_changed(struct sim_umpire *umpire)
{
	umpire->changes++;
}

void sim_umpire_quiet(struct sim_umpire *umpire, altair_time from)
{
	umpire->quiet_from = from;
}

void sim_umpire_closed(struct sim_umpire *umpire, unsigned side)
{
	umpire->side[side].has_ended = true;
}

static void refuse(struct sim_umpire *umpire, unsigned side,
		   const struct sim_record *r, const char *violation)
{
	if (umpire->violation)
		return;
	umpire->violation = violation;
	umpire->culprit = side;
	umpire->at = r->at;
}

/* --- packets ------------------------------------------------------------- */

static bool is_server(const struct sim_umpire *umpire, const altair_addr *addr)
{
	return altair_addr_equal(addr, &umpire->servers[0]) ||
	       altair_addr_equal(addr, &umpire->servers[1]);
}

static const altair_addr *find_channel(const struct sim_umpire_side *side,
				       const altair_addr *local,
				       unsigned number)
{
	for (size_t i = side->channels_count; i-- > 0;)
		if (side->channels[i].number == number &&
		    altair_addr_equal(&side->channels[i].local, local))
			return &side->channels[i].peer;
	return NULL;
}

/* Takes the relay's wrapping off. */
static void unwrap(const struct sim_umpire_side *side, struct leaf *leaf)
{
	altair_addr client = leaf->local;
	altair_bytes inner;
	const altair_addr *peer;
	unsigned number;

	if (leaf->is_stun && (leaf->stun.method == SIM_STUN_SEND ||
			      leaf->stun.method == SIM_STUN_DATA)) {
		if (!sim_stun_find(&leaf->stun, SIM_STUN_PAYLOAD, &inner) ||
		    !sim_stun_find_addr(&leaf->stun, SIM_STUN_PEER,
					&leaf->remote))
			return;
	} else if (sim_stun_channel(leaf->bytes, &number, &inner)) {
		peer = find_channel(side, &client, number);
		if (!peer)
			return;
		leaf->remote = *peer;
	} else {
		return;
	}
	leaf->bytes = inner;
	leaf->is_stun = sim_stun_read(inner, &leaf->stun);
}

static struct leaf leaf_of(const struct sim_umpire *umpire, unsigned s,
			   const struct sim_packet *packet, bool is_out)
{
	struct leaf leaf = {
		.local = is_out ? packet->src : packet->dst,
		.remote = is_out ? packet->dst : packet->src,
		.bytes = packet->payload,
	};

	leaf.is_stun = sim_stun_read(leaf.bytes, &leaf.stun);
	if (is_server(umpire, &leaf.remote)) {
		altair_addr server = leaf.remote;

		unwrap(&umpire->side[s], &leaf);
		if (!altair_addr_equal(&server, &leaf.remote))
			leaf.local.scope = THROUGH_RELAY;
	}
	return leaf;
}

static struct sim_umpire_leg *find_leg(struct sim_umpire_side *side,
				       const struct leaf *leaf)
{
	for (size_t i = 0; i < side->legs_count; i++)
		if (altair_addr_equal(&side->legs[i].remote, &leaf->remote) &&
		    altair_addr_equal(&side->legs[i].local, &leaf->local))
			return &side->legs[i];
	return NULL;
}

static struct sim_umpire_leg *get_leg(struct sim_umpire *umpire,
				      struct sim_umpire_side *side,
				      const struct leaf *leaf)
{
	struct sim_umpire_leg *leg = find_leg(side, leaf);

	if (leg)
		return leg;
	if (side->legs_count == side->legs_cap) {
		side->legs_cap = side->legs_cap ? side->legs_cap * 2 : 16;
		side->legs = sim_must(
			realloc(side->legs, side->legs_cap * sizeof *leg));
	}
	leg = &side->legs[side->legs_count++];
	*leg = (struct sim_umpire_leg){
		.local = leaf->local,
		.remote = leaf->remote,
		.change = umpire->changes,
	};
	return leg;
}

static bool is_proved(const struct sim_umpire_leg *leg)
{
	return leg && (leg->is_checked || leg->is_answered);
}

/* Of what MESSAGE-INTEGRITY protects: what stands behind it may change, and so
 * may the length in the header. */
static uint64_t digest_of(const struct sim_stun *stun)
{
	const uint8_t *bytes = stun->bytes.data;
	size_t len = stun->bytes.len;
	altair_bytes integrity;

	if (sim_stun_find(stun, SIM_STUN_INTEGRITY, &integrity))
		len = (size_t)(integrity.data - bytes) + integrity.len;
	return sim_digest(sim_digest(0, bytes, 2), bytes + 4, len - 4);
}

static uint64_t transaction_of(const struct leaf *leaf)
{
	uint64_t hash = sim_digest(0, leaf->local.ip, sizeof leaf->local.ip);

	hash = sim_digest(hash ^ leaf->local.port, leaf->remote.ip,
			  sizeof leaf->remote.ip);
	return sim_digest(hash ^ leaf->remote.port,
			  sim_stun_transaction(&leaf->stun),
			  SIM_STUN_TRANSACTION);
}

static bool is_answer(const struct leaf *leaf)
{
	return leaf->is_stun && (leaf->stun.class == SIM_STUN_SUCCESS ||
				 leaf->stun.class == SIM_STUN_ERROR);
}

/* --- what leaves --------------------------------------------------------- */

static struct sim_umpire_message *message_at(struct sim_umpire_side *side,
					     uint32_t number)
{
	if (number >= side->messages_cap) {
		size_t cap = number < 32 ? 64 : (size_t)number * 2;

		side->messages = sim_must(
			realloc(side->messages, cap * sizeof *side->messages));
		memset(side->messages + side->messages_cap, 0,
		       (cap - side->messages_cap) * sizeof *side->messages);
		side->messages_cap = cap;
	}
	return &side->messages[number];
}

static void judge_silence(struct sim_umpire *umpire, unsigned s,
			  const struct sim_record *r)
{
	struct sim_umpire_side *side = &umpire->side[s];
	altair_time *oldest = &side->sent[side->sent_count % SIM_UMPIRE_QUIET];
	bool is_full = side->sent_count >= SIM_UMPIRE_QUIET;

	if (umpire->quiet_from != ALTAIR_NEVER && is_full &&
	    *oldest >= umpire->quiet_from &&
	    r->at - *oldest < SIM_UMPIRE_QUIET_SPAN)
		refuse(umpire, s, r,
		       "economy: more than two packets a second in silence");
	*oldest = r->at;
	side->sent_count++;
}

/* Through whichever of our addresses. */
static bool has_heard(const struct sim_umpire_side *side,
		      const altair_addr *remote)
{
	for (size_t i = 0; i < side->legs_count; i++)
		if (side->legs[i].is_heard &&
		    altair_addr_equal(&side->legs[i].remote, remote))
			return true;
	return false;
}

/* Requests. */
static void judge_unheard(struct sim_umpire *umpire, unsigned s,
			  const struct sim_record *r,
			  struct sim_umpire_leg *leg)
{
	uint32_t most = SIM_UMPIRE_UNHEARD;

	if (leg->change != umpire->changes) {
		leg->change = umpire->changes;
		leg->unheard = 0;
	}
	if (is_server(umpire, &leg->remote))
		most += (uint32_t)((r->at - umpire->meeting->epoch) /
				   SIM_UMPIRE_SERVER_PACE);
	if (!has_heard(&umpire->side[s], &leg->remote) && ++leg->unheard > most)
		refuse(umpire, s, r,
		       "economy: too many packets to a silent address");
}

static void judge_unanswered(struct sim_umpire *umpire, unsigned s,
			     const struct sim_record *r,
			     struct sim_umpire_leg *leg, size_t len)
{
	if (leg->is_answered)
		return;
	leg->bytes_out += len;
	if (leg->bytes_out > 3 * leg->bytes_in)
		refuse(umpire, s, r,
		       "proof: more than three times the bytes received");
}

static void judge_data(struct sim_umpire *umpire, unsigned s,
		       const struct sim_record *r, const struct leaf *leaf)
{
	struct sim_umpire_side *side = &umpire->side[s];
	struct sim_umpire_leg *leg = find_leg(side, leaf);
	struct sim_message message;

	if (is_proved(leg))
		judge_unanswered(umpire, s, r, leg, leaf->bytes.len);
	else
		refuse(umpire, s, r, "proof: data to an unproved address");
	if (sim_message_read(leaf->bytes, umpire->meeting->seed, &message) &&
	    ++message_at(side, message.number)->sent > 1)
		refuse(umpire, s, r, "once: a message leaves twice");
}

static void note_channel(struct sim_umpire_side *side, const struct leaf *leaf)
{
	struct sim_umpire_channel *channel;
	altair_bytes number;

	if (leaf->stun.method != SIM_STUN_CHANNEL ||
	    side->channels_count == SIM_UMPIRE_CHANNELS)
		return;
	channel = &side->channels[side->channels_count];
	if (!sim_stun_find_addr(&leaf->stun, SIM_STUN_PEER, &channel->peer) ||
	    !sim_stun_find(&leaf->stun, SIM_STUN_CHANNEL_NUMBER, &number) ||
	    number.len != 4)
		return;
	channel->number =
		(unsigned)number.data[0] << 8 | (unsigned)number.data[1];
	channel->local = leaf->local;
	side->channels_count++;
}

static void judge_sent(struct sim_umpire *umpire, unsigned s,
		       const struct sim_record *r)
{
	struct sim_umpire_side *side = &umpire->side[s];
	struct leaf leaf = leaf_of(umpire, s, &r->packet, true);
	struct sim_umpire_leg *leg;

	if (r->packet.kind != SIM_UDP && r->packet.kind != SIM_STREAM)
		return;
	if (side->has_ended)
		refuse(umpire, s, r, "end: it sends after its end");
	judge_silence(umpire, s, r);
	if (!leaf.is_stun) {
		judge_data(umpire, s, r, &leaf);
		return;
	}
	sim_set_add(&side->made, digest_of(&leaf.stun));
	if (leaf.stun.class == SIM_STUN_REQUEST) {
		note_channel(side, &leaf);
		sim_set_add(&side->asked, transaction_of(&leaf));
		judge_unheard(umpire, s, r, get_leg(umpire, side, &leaf));
	} else if (is_answer(&leaf)) {
		leg = find_leg(side, &leaf);
		if (leg && is_proved(leg))
			judge_unanswered(umpire, s, r, leg, leaf.bytes.len);
	}
}

/* --- what arrives -------------------------------------------------------- */

static void note_proof(struct sim_umpire *umpire, unsigned s,
		       const struct leaf *leaf)
{
	struct sim_umpire_side *side = &umpire->side[s];
	struct sim_umpire_leg *leg = find_leg(side, leaf);
	bool is_peers =
		leaf->is_stun && leaf->stun.method == SIM_STUN_BINDING &&
		sim_set_has(&umpire->side[!s].made, digest_of(&leaf->stun));

	if (is_peers && leaf->stun.class == SIM_STUN_REQUEST) {
		leg = get_leg(umpire, side, leaf);
		leg->is_checked = true;
	}
	if (is_peers && leg && leaf->stun.class == SIM_STUN_SUCCESS &&
	    sim_set_has(&side->asked, transaction_of(leaf)))
		leg->is_answered = true;
	if (!leg)
		return;
	leg->is_heard = true;
	leg->bytes_in += leaf->bytes.len;
}

static void judge_payload(struct sim_umpire *umpire, unsigned s,
			  const struct sim_record *r, const struct leaf *leaf)
{
	struct sim_umpire_message *count;
	struct sim_message message;

	if (!is_proved(find_leg(&umpire->side[s], leaf)))
		refuse(umpire, s, r, "right peer: data of a stranger");
	if (!sim_message_read(leaf->bytes, umpire->meeting->seed, &message))
		return;
	if (message.side == s) {
		refuse(umpire, s, r, "right peer: its own message");
		return;
	}
	count = message_at(&umpire->side[message.side], message.number);
	if (++count->taken > 1 + count->copies)
		refuse(umpire, s, r, "once: a message arrives twice");
}

/* What a relay's wrapping holds, whoever sees it. */
static altair_bytes inner_of(altair_bytes bytes)
{
	struct sim_stun stun;
	altair_bytes inner;
	unsigned number;

	if (sim_stun_read(bytes, &stun) &&
	    sim_stun_find(&stun, SIM_STUN_PAYLOAD, &inner))
		return inner;
	return sim_stun_channel(bytes, &number, &inner) ? inner : bytes;
}

/* Whoever gets it: the same packet once more, or one of the intruder. */
static void count_copies(struct sim_umpire *umpire,
			 const struct sim_packet *packet)
{
	bool is_his =
		umpire->has_intruder && packet->origin == umpire->intruder;
	struct sim_message message;
	struct sim_umpire_side *from;

	if (!sim_message_read(inner_of(packet->payload), umpire->meeting->seed,
			      &message))
		return;
	from = &umpire->side[message.side];
	if (is_his ||
	    !sim_set_add(&from->seen, packet->id << 32 | message.number))
		message_at(from, message.number)->copies++;
}

static void judge_arrived(struct sim_umpire *umpire, unsigned s,
			  const struct sim_record *r)
{
	struct leaf leaf = leaf_of(umpire, s, &r->packet, false);

	note_proof(umpire, s, &leaf);
	if (r->verdict == ALTAIR_PAYLOAD)
		judge_payload(umpire, s, r, &leaf);
}

/* --- what it says -------------------------------------------------------- */

static bool has_proof(const struct sim_umpire_side *side,
		      const altair_addr *remote)
{
	for (size_t i = 0; i < side->legs_count; i++)
		if (is_proved(&side->legs[i]) &&
		    (!remote ||
		     altair_addr_equal(&side->legs[i].remote, remote)))
			return true;
	return false;
}

static void judge_failure(struct sim_umpire *umpire, unsigned s,
			  const struct sim_record *r)
{
	altair_agent_config config;

	altair_agent_config_default(&config);
	if (!umpire->side[s].is_connected &&
	    r->at - umpire->side[s].begun_at < config.patience)
		refuse(umpire, s, r, "end: it fails before its patience ends");
	umpire->side[s].has_ended = true;
}

static void judge_event(struct sim_umpire *umpire, unsigned s,
			const struct sim_record *r)
{
	struct sim_umpire_side *side = &umpire->side[s];
	bool connects = r->event == ALTAIR_EV_STATE &&
			(r->number == ALTAIR_AGENT_CONNECTED ||
			 r->number == ALTAIR_AGENT_COMPLETED);

	if (connects && !has_proof(side, NULL))
		refuse(umpire, s, r, "proof: connected without any");
	side->is_connected |= connects;
	if (r->event == ALTAIR_EV_CREDENTIALS) {
		sim_umpire_changed(umpire);
		side->begun_at = r->at;
		side->has_ended = false;
	}
	if (r->event == ALTAIR_EV_SELECTED && !has_proof(side, &r->addr))
		refuse(umpire, s, r, "proof: selected without any");
	if (r->event == ALTAIR_EV_STATE && r->number == ALTAIR_AGENT_FAILED)
		judge_failure(umpire, s, r);
}

void sim_umpire_see(struct sim_umpire *umpire, const struct sim_record *record)
{
	unsigned s = record->node == umpire->side[1].lane;

	if (record->kind == SIM_ARRIVED)
		count_copies(umpire, &record->packet);
	if (record->node != umpire->side[s].lane)
		return;
	if (record->kind == SIM_ARRIVED)
		judge_arrived(umpire, s, record);
	if (record->kind == SIM_SENT)
		judge_sent(umpire, s, record);
	if (record->kind == SIM_HAPPENED)
		judge_event(umpire, s, record);
}
