/*
 * Every judge refutes a machine that is broken in its way. The broken machines
 * stand in front of the real one and spoil what it takes or gives.
 */
#include "check.h"

#include "base/machine.h"
#include "sim/scenario.h"

#include <altair/punch.h>

enum sin {
	INNOCENT,
	CONNECTS_UNHEARD,   /* says CONNECTED before anything         */
	CONNECTS_UNPROVED,  /* ... as soon as it hears the peer       */
	CONNECTS_ELSEWHERE, /* names another port                     */
	CONNECTS_TWICE,
	FAILS_AFTERWARDS,
	VERIFIES_FIRST,	   /* VERIFIED, and never CONNECTED          */
	TAKES_ANY_PAYLOAD, /* whatever is no word                    */
	ANSWERS_THREE_TIMES,
	PUNCHES_SIX_TIMES,
	CHATTERS, /* sends whenever it is polled            */
	SPEAKS_AFTER_ITS_END,
	NEVER_WAITS,	/* one more event, always                 */
	WANTS_THE_PAST, /* a deadline that has been               */
	IS_DEAF,	/* takes every word and tells nobody      */
	SWALLOWS_MESSAGES,
	REMEMBERS_THE_LAST_RUN
};

struct broken {
	struct altair_machine machine;
	altair_machine *real;
	enum sin sin;
	altair_output again; /* what it gives once more */
	unsigned times;
	bool has_sinned;
};

static struct broken broken[2];
static unsigned runs;

static bool is_sent_word(const altair_output *out, const char *word)
{
	return out->datagram.bytes.len == strlen(word) &&
	       !memcmp(out->datagram.bytes.data, word, strlen(word));
}

static void broken_input(altair_machine *machine, altair_time now,
			 altair_datagram *batch, size_t count)
{
	struct broken *b = (struct broken *)machine;

	if (b->sin == IS_DEAF) {
		for (size_t i = 0; i < count; i++)
			batch[i].verdict = ALTAIR_TAKEN;
		return;
	}
	altair_input(b->real, now, batch, count);
	for (size_t i = 0; i < count; i++) {
		if (b->sin == TAKES_ANY_PAYLOAD)
			batch[i].verdict = ALTAIR_PAYLOAD;
		if (b->sin == SWALLOWS_MESSAGES &&
		    batch[i].verdict == ALTAIR_PAYLOAD)
			batch[i].verdict = ALTAIR_TAKEN;
	}
}

static void broken_tick(altair_machine *machine, altair_time now)
{
	altair_tick(((struct broken *)machine)->real, now);
}

static enum altair_step say(altair_output *out, enum altair_event event)
{
	*out = (altair_output){.event = event, .addr = broken[0].again.addr};
	CHECK(altair_addr_parse(&out->addr, "198.51.100.5:6000") == 0);
	return ALTAIR_EVENT;
}

/* What the sin adds once the real machine waits. */
static enum altair_step spoil_wait(struct broken *b, altair_output *out)
{
	if (b->sin == CONNECTS_UNHEARD && !b->has_sinned) {
		b->has_sinned = true;
		return say(out, ALTAIR_EV_CONNECTED);
	}
	if (b->sin == NEVER_WAITS)
		return say(out, ALTAIR_EV_HEARD);
	if (b->sin == WANTS_THE_PAST)
		out->deadline = 1;
	return ALTAIR_WAIT;
}

static enum altair_step spoil_send(struct broken *b, altair_output *out)
{
	if (b->sin == ANSWERS_THREE_TIMES && !is_sent_word(out, "PUNCH"))
		b->times = 12;
	if (b->sin == PUNCHES_SIX_TIMES && !b->has_sinned) {
		b->has_sinned = true;
		b->times = 1;
	}
	b->again = *out;
	return ALTAIR_SEND;
}

static enum altair_step spoil_event(struct broken *b, altair_output *out)
{
	bool connected = out->event == ALTAIR_EV_CONNECTED;

	if (b->sin == CONNECTS_UNPROVED && out->event == ALTAIR_EV_HEARD)
		out->event = ALTAIR_EV_CONNECTED;
	if (b->sin == CONNECTS_ELSEWHERE && connected)
		out->addr.port++;
	if (b->sin == VERIFIES_FIRST && connected)
		out->event = ALTAIR_EV_VERIFIED;
	if (b->sin == CONNECTS_TWICE && out->event == ALTAIR_EV_VERIFIED)
		out->event = ALTAIR_EV_CONNECTED;
	if (b->sin == FAILS_AFTERWARDS && out->event == ALTAIR_EV_VERIFIED)
		out->event = ALTAIR_EV_FAILED;
	if (b->sin == SPEAKS_AFTER_ITS_END && out->event == ALTAIR_EV_FAILED)
		b->times = 1;
	return ALTAIR_EVENT;
}

static enum altair_step broken_poll(altair_machine *machine, altair_output *out)
{
	struct broken *b = (struct broken *)machine;
	enum altair_step step;

	if (b->times > 0) {
		b->times--;
		*out = b->again;
		return ALTAIR_SEND;
	}
	step = altair_poll(b->real, out);
	if (step == ALTAIR_WAIT)
		return spoil_wait(b, out);
	if (step == ALTAIR_EVENT)
		return spoil_event(b, out);
	if (b->sin == REMEMBERS_THE_LAST_RUN && !b->has_sinned) {
		b->has_sinned = true;
		b->times = runs++ & 1;
	}
	if (b->sin == CHATTERS)
		b->times = 5;
	return spoil_send(b, out);
}

static const struct air_machine_ops broken_ops = {broken_input, broken_tick,
						  broken_poll};

static altair_machine *wrap(void *user, unsigned side, altair_machine *real)
{
	enum sin sin = *(enum sin *)user;

	if (side != 0)
		return real;
	broken[side] = (struct broken){
		.machine.ops = &broken_ops, .real = real, .sin = sin};
	return &broken[side].machine;
}

static struct sim_scenario scenario;

/* Two port-restricted homes, B 300 ms later. */
static void ordinary(void)
{
	sim_scenario_default(&scenario, sim_kind_find("port"),
			     sim_kind_find("port"));
	scenario.side[1].start = ALTAIR_MSEC(300);
}

static void check_verdict(enum sin sin, const char *violation)
{
	struct sim_outcome outcome;

	scenario.wrap = wrap;
	scenario.user = &sin;
	sim_scenario_judge(&scenario, &outcome);
	CHECK_STR(outcome.violation ? outcome.violation : "none", violation);
}

static void acquits_the_innocent(void)
{
	ordinary();
	check_verdict(INNOCENT, "none");
	scenario.stranger_rate = 100;
	check_verdict(INNOCENT, "none");
	scenario.side[1].up.cut = true;
	scenario.calm = ALTAIR_NEVER;
	check_verdict(INNOCENT, "none");
}

static void refutes_unheard(void)
{
	ordinary();
	check_verdict(CONNECTS_UNHEARD,
		      "safety: connected, the peer not heard");
}

static void refutes_unproved(void)
{
	ordinary();
	scenario.side[0].up.cut = true;
	scenario.calm = ALTAIR_NEVER;
	check_verdict(CONNECTS_UNPROVED,
		      "safety: connected, the peer hears nothing");
}

static void refutes_wrong_endpoint(void)
{
	ordinary();
	check_verdict(CONNECTS_ELSEWHERE,
		      "safety: connected to the wrong endpoint");
}

static void refutes_connecting_twice(void)
{
	ordinary();
	check_verdict(CONNECTS_TWICE, "safety: connected twice");
}

static void refutes_failing_afterwards(void)
{
	ordinary();
	check_verdict(FAILS_AFTERWARDS,
		      "safety: failed after it was connected");
}

static void refutes_verifying_first(void)
{
	ordinary();
	check_verdict(VERIFIES_FIRST, "safety: verified, but not connected");
}

static void refutes_payload_of_a_stranger(void)
{
	ordinary();
	scenario.side[0].kind = sim_kind_find("full");
	scenario.stranger_rate = 100;
	check_verdict(TAKES_ANY_PAYLOAD, "safety: payload of a stranger");
}

static void refutes_many_answers(void)
{
	ordinary();
	check_verdict(ANSWERS_THREE_TIMES,
		      "economy: more words than its budget");
}

static void refutes_many_punches(void)
{
	ordinary();
	scenario.side[1].start = ALTAIR_SEC(5);
	check_verdict(PUNCHES_SIX_TIMES,
		      "economy: more than 5 PUNCH per attempt");
}

static void refutes_chatter(void)
{
	ordinary();
	scenario.side[0].initiator = false;
	scenario.side[1].initiator = true;
	check_verdict(CHATTERS, "economy: more words than its budget");
}

static void refutes_speaking_after_the_end(void)
{
	ordinary();
	scenario.side[1].up.cut = true;
	scenario.calm = ALTAIR_NEVER;
	check_verdict(SPEAKS_AFTER_ITS_END, "silence: it sends after its end");
}

static void refutes_a_machine_that_never_waits(void)
{
	ordinary();
	scenario.steps_max = 100000;
	check_verdict(NEVER_WAITS, "economy: it never ends");
}

static void refutes_a_deadline_in_the_past(void)
{
	ordinary();
	scenario.steps_max = 100000;
	check_verdict(WANTS_THE_PAST, "economy: it never ends");
}

static void refutes_the_deaf(void)
{
	ordinary();
	check_verdict(IS_DEAF, "liveness: not connected");
}

static void refutes_swallowing(void)
{
	ordinary();
	check_verdict(SWALLOWS_MESSAGES, "liveness: messages do not arrive");
}

static void refutes_chance(void)
{
	ordinary();
	check_verdict(REMEMBERS_THE_LAST_RUN,
		      "determinism: two runs of one seed differ");
}

/* A pair that no punch can connect is not refuted for not connecting. */
static void asks_nothing_impossible(void)
{
	ordinary();
	scenario.side[1].kind = sim_kind_find("sym");
	check_verdict(INNOCENT, "none");
	scenario.side[0].kind = sim_kind_find("udpblock");
	check_verdict(INNOCENT, "none");
}

static const struct check_test tests[] = {
	TEST(acquits_the_innocent),
	TEST(asks_nothing_impossible),
	TEST(refutes_unheard),
	TEST(refutes_unproved),
	TEST(refutes_wrong_endpoint),
	TEST(refutes_connecting_twice),
	TEST(refutes_failing_afterwards),
	TEST(refutes_verifying_first),
	TEST(refutes_payload_of_a_stranger),
	TEST(refutes_many_answers),
	TEST(refutes_many_punches),
	TEST(refutes_chatter),
	TEST(refutes_speaking_after_the_end),
	TEST(refutes_a_machine_that_never_waits),
	TEST(refutes_a_deadline_in_the_past),
	TEST(refutes_the_deaf),
	TEST(refutes_swallowing),
	TEST(refutes_chance),
};

CHECK_MAIN(tests)
