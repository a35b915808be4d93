/*
 * Every rule of the auditor refutes a server that is broken in its way. The
 * broken servers stand in front of the real one and spoil what it takes or
 * gives, or are told other limits than the auditor.
 */
#include "check.h"

#include "base/machine.h"
#include "sim/ask.h"
#include "sim/siege.h"

enum sin {
	INNOCENT,
	SENDS_TO_DENIED,    /* what is for a peer, to 10.0.0.1            */
	SENDS_TO_STRANGERS, /* what is for a peer, to another             */
	SENDS_TWICE,	    /* everything for peers                       */
	ALTERS,		    /* one bit of it                              */
	TELLS_TWICE,	    /* everything for clients                     */
	TELLS_THE_WRONG,    /* data for a client, to his neighbour        */
	INVENTS_A_CHANNEL,  /* data in another channel                    */
	TELLS_NO_MESSAGE,
	FORGES_SUCCESS, /* refusals without proof become successes    */
	AMPLIFIES,	/* refusals without proof grow                */
	REFUSES_OWNERS, /* 437 for a successful refresh               */
	KEEPS_PORTS,	/* no port is ever closed                     */
	KEEPS_A_PORT,	/* the first one */
	SWALLOWS,	/* all data for peers */
	OPENS_TWICE,	/* ports                                      */
	IS_DEAF,	/* takes everything and does nothing          */
	NEVER_WAITS,
	REMEMBERS_THE_LAST_RUN,
	/* Told otherwise. */
	HAS_ONE_MORE,
	HAS_ONE_LESS,
	GIVES_ONE_MORE,
	GIVES_ONE_LESS,
	PERMITS_ONE_MORE,
	PERMITS_ONE_LESS,
	BINDS_ONE_MORE,
	BINDS_ONE_LESS,
	LIVES_LONGER,
	CHALLENGES_ALL,
	ALLOWS_ALL,
	DENIES_ALL
};

static struct broken {
	struct altair_machine machine;
	altair_machine *real;
	enum sin sin;
	altair_output again;
	uint8_t bytes[2048];
	bool has_more, has_sinned;
	unsigned runs;
} broken;

static struct sim_siege siege;

static void broken_input(altair_machine *machine, altair_time now,
			 altair_datagram *batch, size_t count)
{
	struct broken *b = (struct broken *)machine;

	for (size_t i = 0; b->sin == IS_DEAF && i < count; i++)
		batch[i].verdict = ALTAIR_TAKEN;
	if (b->sin != IS_DEAF)
		altair_input(b->real, now, batch, count);
}

static void broken_tick(altair_machine *machine, altair_time now)
{
	altair_tick(((struct broken *)machine)->real, now);
}

/* A copy that may be changed. */
static uint8_t *own(struct broken *b, altair_output *out)
{
	memset(b->bytes, 0, sizeof b->bytes);
	memcpy(b->bytes, out->datagram.bytes.data, out->datagram.bytes.len);
	out->datagram.bytes.data = b->bytes;
	return b->bytes;
}

static void repeat(struct broken *b, const altair_output *out)
{
	b->again = *out;
	own(b, &b->again);
	b->has_more = true;
}

static void spoil_for_peer(struct broken *b, altair_output *out)
{
	altair_addr *to = &out->datagram.path.remote;

	if (b->sin == SENDS_TO_DENIED)
		*to = sim_siege_denied(0);
	if (b->sin == SENDS_TO_STRANGERS)
		to->ip[to->family == ALTAIR_IPV6 ? 15 : 3] ^= 0x40;
	if (b->sin == SENDS_TWICE)
		repeat(b, out);
	if (b->sin == ALTERS)
		own(b, out)[0] ^= 1;
}

static void spoil_refusal(struct broken *b, altair_output *out)
{
	altair_bytes *bytes = &out->datagram.bytes;

	if (b->sin == FORGES_SUCCESS)
		own(b, out)[1] &= 0xef;
	if (b->sin == AMPLIFIES) {
		own(b, out)[3] = 200;
		bytes->len = 220;
	}
}

static void spoil_answer(struct broken *b, altair_output *out)
{
	struct sim_stun stun;
	altair_bytes v;

	if (!sim_stun_read(out->datagram.bytes, &stun))
		return;
	if (b->sin == TELLS_TWICE && stun.class == SIM_STUN_SUCCESS)
		repeat(b, out);
	if (stun.class == SIM_STUN_ERROR &&
	    sim_stun_find(&stun, SIM_ASK_NONCE, &v))
		spoil_refusal(b, out);
	if (b->sin == REFUSES_OWNERS && stun.class == SIM_STUN_SUCCESS &&
	    stun.method == SIM_STUN_PERMIT) {
		uint8_t *bytes = own(b, out);

		bytes[1] |= 0x10;
		/* An ERROR-CODE in place of the first attribute. */
		memmove(bytes + 28, bytes + 20, out->datagram.bytes.len - 20);
		memcpy(bytes + 20, (uint8_t[]){0, 9, 0, 4, 0, 0, 4, 37}, 8);
		out->datagram.bytes.len += 8;
		bytes[3] = (uint8_t)(bytes[3] + 8);
	}
}

static void spoil_for_client(struct broken *b, altair_output *out)
{
	bool is_channel = out->datagram.bytes.data[0] >= 0x40;
	struct sim_stun stun;
	bool is_data =
		is_channel || (sim_stun_read(out->datagram.bytes, &stun) &&
			       stun.class == SIM_STUN_INDICATION);

	if (b->sin == TELLS_THE_WRONG && is_data && !is_channel)
		out->datagram.path.remote.port++;
	if (b->sin == INVENTS_A_CHANNEL && is_channel)
		own(b, out)[1] ^= 0x80;
	if (b->sin == TELLS_NO_MESSAGE && is_data)
		own(b, out)[0] = 0xff;
	spoil_answer(b, out);
}

static enum altair_step spoil_wait(struct broken *b, altair_output *out)
{
	if (b->sin == NEVER_WAITS) {
		*out = (altair_output){.event = ALTAIR_EV_NONE};
		return ALTAIR_EVENT;
	}
	if (b->sin == REMEMBERS_THE_LAST_RUN && !b->has_sinned) {
		b->has_sinned = true;
		*out = (altair_output){.event = ALTAIR_EV_NONE,
				       .number = ++b->runs};
		return ALTAIR_EVENT;
	}
	return ALTAIR_WAIT;
}

static bool is_for_peer(const altair_output *out)
{
	return out->datagram.path.sock >= ALTAIR_SERVER_RELAY &&
	       out->datagram.path.sock < ALTAIR_SERVER_STREAM;
}

static enum altair_step broken_poll(altair_machine *machine, altair_output *out)
{
	struct broken *b = (struct broken *)machine;
	enum altair_step step;

	if (b->has_more) {
		b->has_more = false;
		*out = b->again;
		return out->event == ALTAIR_EV_RELAY_OPEN ? ALTAIR_EVENT
							  : ALTAIR_SEND;
	}
	do
		step = altair_poll(b->real, out);
	while (b->sin == SWALLOWS && step == ALTAIR_SEND && is_for_peer(out));
	if (step == ALTAIR_WAIT)
		return spoil_wait(b, out);
	if (step == ALTAIR_SEND) {
		out->event = ALTAIR_EV_NONE;
		if (is_for_peer(out))
			spoil_for_peer(b, out);
		else
			spoil_for_client(b, out);
		return step;
	}
	if (out->event == ALTAIR_EV_RELAY_CLOSE &&
	    (b->sin == KEEPS_PORTS ||
	     (b->sin == KEEPS_A_PORT && !b->has_sinned))) {
		out->event = ALTAIR_EV_NONE;
		b->has_sinned = true;
	}
	if (b->sin == OPENS_TWICE && out->event == ALTAIR_EV_RELAY_OPEN) {
		b->again = *out;
		b->has_more = true;
	}
	return step;
}

static const struct air_machine_ops broken_ops = {broken_input, broken_tick,
						  broken_poll};

static altair_machine *wrap(void *user, altair_machine *real)
{
	unsigned runs = broken.runs;

	broken = (struct broken){.machine.ops = &broken_ops,
				 .real = real,
				 .sin = *(enum sin *)user,
				 .runs = runs};
	return &broken.machine;
}

static void allow_all(altair_server_config *c)
{
	static const altair_server_prefix all[] = {
		{{.family = ALTAIR_IPV4}, 0}, {{.family = ALTAIR_IPV6}, 0}};

	c->allow = all;
	c->allow_count = 2;
}

static void mislead(void *user, altair_server_config *c)
{
	enum sin sin = *(enum sin *)user;

	c->allocations_max += sin == HAS_ONE_MORE;
	c->allocations_max -= sin == HAS_ONE_LESS;
	c->quota_user += sin == GIVES_ONE_MORE;
	c->quota_user -= sin == GIVES_ONE_LESS;
	c->permissions_max += sin == PERMITS_ONE_MORE;
	c->permissions_max -= sin == PERMITS_ONE_LESS;
	c->channels_max += sin == BINDS_ONE_MORE;
	c->channels_max -= sin == BINDS_ONE_LESS;
	c->lifetime_max += sin == LIVES_LONGER;
	if (sin == CHALLENGES_ALL)
		c->challenge_rate = 0;
	if (sin == ALLOWS_ALL)
		allow_all(c);
	if (sin == DENIES_ALL)
		c->allow_count = 0;
}

static void check_verdict(enum sin sin, const char *violation)
{
	struct sim_siege_outcome outcome;

	siege.wrap = wrap;
	siege.mislead = mislead;
	siege.user = &sin;
	sim_siege_judge(&siege, &outcome);
	CHECK_STR(outcome.violation ? outcome.violation : "none", violation);
}

static void refutes(enum sin sin, const char *violation)
{
	sim_siege_default(&siege);
	check_verdict(sin, violation);
}

static void acquits_the_innocent(void)
{
	struct sim_siege_outcome outcome;

	refutes(INNOCENT, "none");
	siege.raider_rate = 50;
	siege.intruder_rate = 20;
	siege.intruder_skills = 63;
	check_verdict(INNOCENT, "none");
	/* A siege in which things happen. */
	siege.storm = ALTAIR_SEC(2000);
	siege.allocations = 6;
	siege.quota = 3;
	sim_siege_run(&siege, &outcome, NULL);
	CHECK(outcome.allocated > 10);
	CHECK(outcome.moved > 0);
	CHECK(outcome.to_peers > 10);
	CHECK(outcome.to_clients > 10);
}

static void refutes_data_past_the_gate(void)
{
	refutes(SENDS_TO_DENIED, "gate: data for a denied address");
	refutes(SENDS_TO_STRANGERS, "gate: data for a peer without permission");
	refutes(TELLS_THE_WRONG, "gate: data for somebody without allocation");
	refutes(INVENTS_A_CHANNEL, "gate: data in a channel that there is not");
	refutes(TELLS_NO_MESSAGE, "gate: something that is no message");
	refutes(ALLOWS_ALL, "gate: a denied address is permitted");
	/* However quiet the storm was: somebody asks for it. */
	sim_siege_default(&siege);
	siege.rover = false;
	siege.storm = 1;
	check_verdict(ALLOWS_ALL, "gate: a denied address is permitted");
	refutes(FORGES_SUCCESS, "gate: a stranger is served");
}

static void refutes_what_is_not_once(void)
{
	refutes(SENDS_TWICE, "once: data for a peer that did not just come");
	refutes(ALTERS, "once: data for a peer that did not just come");
	refutes(TELLS_TWICE, "once: an answer that nobody just asked for");
}

static void refutes_spending(void)
{
	refutes(AMPLIFIES, "budget: a long answer without proof");
	sim_siege_default(&siege);
	siege.raider_rate = 200;
	check_verdict(CHALLENGES_ALL, "budget: a source is told too often");
}

static void refutes_more_than_there_is(void)
{
	sim_siege_default(&siege);
	siege.quota = 3;
	check_verdict(HAS_ONE_MORE,
		      "limits: more allocations than the table has");
	refutes(GIVES_ONE_MORE, "limits: a user has more than his quota");
	refutes(PERMITS_ONE_MORE, "limits: more permissions than there are");
	refutes(BINDS_ONE_MORE, "limits: more channels than there are");
	sim_siege_default(&siege);
	siege.lifetime_max = 700;
	check_verdict(LIVES_LONGER, "limits: a lifetime");
}

static void refutes_leaks(void)
{
	refutes(HAS_ONE_LESS,
		"room: 508 although there is room for an allocation");
	refutes(GIVES_ONE_LESS, "room: 486 although the quota is not reached");
	refutes(PERMITS_ONE_LESS,
		"room: 508 although there is room for a peer");
	refutes(BINDS_ONE_LESS, "room: 508 although there is room for a peer");
	refutes(REFUSES_OWNERS, "room: an owner has lost his allocation");
	refutes(DENIES_ALL, "room: a peer is denied that is none to deny");
	refutes(KEEPS_PORTS, "gate: a port is opened twice");
	sim_siege_default(&siege);
	siege.ports = 10000;
	check_verdict(KEEPS_A_PORT,
		      "end: something is left when everybody is gone");
	refutes(OPENS_TWICE, "gate: a port is opened twice");
}

static void refutes_doing_nothing(void)
{
	sim_siege_default(&siege);
	siege.steps_max = 100000;
	check_verdict(IS_DEAF, "end: not all allocations can be had again");
	refutes(SWALLOWS, "end: no data passes");
	refutes(NEVER_WAITS, "economy: it never ends");
}

static void refutes_chance(void)
{
	refutes(REMEMBERS_THE_LAST_RUN,
		"determinism: two runs of one seed differ");
}

static const struct check_test tests[] = {
	TEST(acquits_the_innocent),	  TEST(refutes_data_past_the_gate),
	TEST(refutes_what_is_not_once),	  TEST(refutes_spending),
	TEST(refutes_more_than_there_is), TEST(refutes_leaks),
	TEST(refutes_doing_nothing),	  TEST(refutes_chance),
};

CHECK_MAIN(tests)
