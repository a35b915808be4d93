/*
 * Every judge of a meeting refutes an agent that is broken in its way. The
 * broken agents stand in front of the real one and spoil what it takes or gives,
 * or send their messages themselves.
 */
#include "check.h"

#include "base/machine.h"
#include "sim/host.h"
#include "sim/meeting.h"
#include "sim/message.h"
#include "sim/umpire.h"

#include <altair/agent.h>

#include <stdlib.h>

enum sin {
	INNOCENT,
	TALKS_TO_ANYBODY,     /* data beside every check                  */
	OVERRUNS_THE_HEARD,   /* much data beside every answer            */
	CONNECTS_AT_ONCE,     /* says so before anything                  */
	SELECTS_ELSEWHERE,    /* names another port                       */
	TAKES_ANY_PAYLOAD,    /* whatever is no STUN                      */
	HAMMERS_THE_SILENT,   /* sends every check forty times            */
	CHATTERS_IN_SILENCE,  /* repeats its last request for ever        */
	SPEAKS_AFTER_ITS_END, /* once                                     */
	FAILS_AT_ONCE,
	NEVER_WAITS, /* one more event, always                           */
	IS_DEAF,     /* takes everything and does nothing                */
	SWALLOWS,    /* takes messages after the third and keeps them    */
	REMEMBERS_THE_LAST_RUN,
	SAYS_ALL_TWICE,
	SPEAKS_AS_THE_OTHER
};

struct broken {
	struct altair_machine machine;
	altair_machine *real;
	enum sin sin;
	altair_output again; /* what it gives once more           */
	uint8_t bytes[1500]; /* of it                             */
	unsigned times, messages;
	altair_time now;
	bool has_sinned;
};

static struct broken broken;
static struct sim_meeting meeting;
static unsigned runs;

static bool is_stun(const altair_output *out, uint8_t first, uint8_t second)
{
	return out->datagram.bytes.data[0] == first &&
	       out->datagram.bytes.data[1] == second;
}

/* Gives it `times` more, as it is or as data. */
static void repeat(struct broken *b, const altair_output *out, unsigned times,
		   bool as_data)
{
	b->again = *out;
	memcpy(b->bytes, out->datagram.bytes.data, out->datagram.bytes.len);
	if (as_data)
		memset(b->bytes, 'x', sizeof b->bytes);
	b->again.datagram.bytes.data = b->bytes;
	b->times = times;
}

static void broken_input(altair_machine *machine, altair_time now,
			 altair_datagram *batch, size_t count)
{
	struct broken *b = (struct broken *)machine;

	b->now = now;
	for (size_t i = 0; b->sin == IS_DEAF && i < count; i++)
		batch[i].verdict = ALTAIR_TAKEN;
	if (b->sin == IS_DEAF)
		return;
	altair_input(b->real, now, batch, count);
	for (size_t i = 0; i < count; i++) {
		if (b->sin == TAKES_ANY_PAYLOAD &&
		    batch[i].verdict == ALTAIR_NOT_MINE)
			batch[i].verdict = ALTAIR_PAYLOAD;
		if (b->sin == SWALLOWS && batch[i].verdict == ALTAIR_PAYLOAD &&
		    ++b->messages > 3)
			batch[i].verdict = ALTAIR_TAKEN;
	}
}

static void broken_tick(altair_machine *machine, altair_time now)
{
	struct broken *b = (struct broken *)machine;

	b->now = now;
	if (b->sin == CHATTERS_IN_SILENCE && b->again.datagram.bytes.data)
		b->times = 1;
	altair_tick(b->real, now);
}

static enum altair_step say_state(altair_output *out, uint32_t state)
{
	*out = (altair_output){.event = ALTAIR_EV_STATE, .number = state};
	return ALTAIR_EVENT;
}

/* What the sin adds once the real agent waits. */
static enum altair_step spoil_wait(struct broken *b, altair_output *out)
{
	if (b->sin == NEVER_WAITS)
		return say_state(out, ALTAIR_AGENT_CHECKING);
	if (b->sin == CHATTERS_IN_SILENCE && b->again.datagram.bytes.data &&
	    out->deadline > b->now + ALTAIR_MSEC(100))
		out->deadline = b->now + ALTAIR_MSEC(100);
	if (b->has_sinned)
		return ALTAIR_WAIT;
	b->has_sinned = true;
	if (b->sin == CONNECTS_AT_ONCE)
		return say_state(out, ALTAIR_AGENT_CONNECTED);
	if (b->sin == FAILS_AT_ONCE)
		return say_state(out, ALTAIR_AGENT_FAILED);
	return ALTAIR_WAIT;
}

static enum altair_step spoil_send(struct broken *b, altair_output *out)
{
	bool is_request = is_stun(out, 0, 1), is_answer = is_stun(out, 1, 1);

	if (b->sin == TALKS_TO_ANYBODY && is_request)
		repeat(b, out, 1, true);
	if (b->sin == OVERRUNS_THE_HEARD && is_answer)
		repeat(b, out, 4, true);
	if (b->sin == HAMMERS_THE_SILENT && is_request)
		repeat(b, out, 40, false);
	if ((b->sin == CHATTERS_IN_SILENCE || b->sin == SPEAKS_AFTER_ITS_END) &&
	    is_request)
		repeat(b, out, 0, false);
	if (b->sin == REMEMBERS_THE_LAST_RUN && !b->has_sinned) {
		b->has_sinned = true;
		repeat(b, out, runs++ & 1, false);
	}
	return ALTAIR_SEND;
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
	if (step == ALTAIR_SEND)
		return spoil_send(b, out);
	if (b->sin == SELECTS_ELSEWHERE && out->event == ALTAIR_EV_SELECTED)
		out->addr.port++;
	if (b->sin == SPEAKS_AFTER_ITS_END && out->event == ALTAIR_EV_STATE &&
	    out->number == ALTAIR_AGENT_FAILED)
		b->times = 1;
	return ALTAIR_EVENT;
}

static const struct air_machine_ops broken_ops = {broken_input, broken_tick,
						  broken_poll};

static altair_machine *wrap(void *user, unsigned side, altair_machine *real)
{
	if (side != 0)
		return real;
	broken = (struct broken){.machine.ops = &broken_ops,
				 .real = real,
				 .sin = *(enum sin *)user};
	return &broken.machine;
}

static void say(void *user, unsigned side, struct sim_host *host,
		const altair_datagram *datagram)
{
	enum sin sin = *(enum sin *)user;
	altair_datagram other = *datagram;
	uint8_t bytes[SIM_MESSAGE_LEN];
	struct sim_message message;

	if (side == 0 && sin == SPEAKS_AS_THE_OTHER) {
		sim_message_read(datagram->bytes, meeting.seed, &message);
		message.side = 1;
		sim_message_write(&message, meeting.seed, bytes);
		other.bytes.data = bytes;
	}
	sim_host_send(host, &other);
	if (side == 0 && sin == SAYS_ALL_TWICE)
		sim_host_send(host, &other);
}

static void ordinary(const char *a, const char *b)
{
	sim_meeting_default(&meeting, sim_kind_find(a), sim_kind_find(b));
}

static void check_verdict(enum sin sin, const char *violation)
{
	struct sim_meeting_outcome outcome;

	meeting.wrap = wrap;
	meeting.say = say;
	meeting.user = &sin;
	sim_meeting_judge(&meeting, &outcome);
	CHECK_STR(outcome.violation ? outcome.violation : "none", violation);
}

static void acquits_the_innocent(void)
{
	ordinary("port", "port");
	check_verdict(INNOCENT, "none");
	meeting.quiet = ALTAIR_SEC(60);
	meeting.limit = ALTAIR_SEC(100);
	check_verdict(INNOCENT, "none");
	meeting.intruder_skills = SIM_INTRUDER_ALL;
	meeting.intruder_rate = 100;
	meeting.calm = ALTAIR_SEC(2);
	check_verdict(INNOCENT, "none");
	ordinary("udpblock", "open");
	check_verdict(INNOCENT, "none");
	meeting.no_relay = true;
	meeting.limit = ALTAIR_SEC(45);
	check_verdict(INNOCENT, "none");
}

static void refutes_data_to_anybody(void)
{
	ordinary("port", "port");
	check_verdict(TALKS_TO_ANYBODY, "proof: data to an unproved address");
}

static void refutes_much_data_to_the_heard(void)
{
	ordinary("open", "port");
	check_verdict(OVERRUNS_THE_HEARD,
		      "proof: more than three times the bytes received");
}

static void refutes_connecting_at_once(void)
{
	ordinary("port", "port");
	check_verdict(CONNECTS_AT_ONCE, "proof: connected without any");
}

static void refutes_selecting_elsewhere(void)
{
	ordinary("port", "port");
	check_verdict(SELECTS_ELSEWHERE, "proof: selected without any");
}

static void refutes_data_of_a_stranger(void)
{
	ordinary("open", "open");
	meeting.intruder_skills = SIM_INTRUDER_SPEAKS;
	meeting.intruder_rate = 1000;
	meeting.calm = ALTAIR_SEC(2);
	check_verdict(TAKES_ANY_PAYLOAD, "right peer: data of a stranger");
}

static void refutes_ones_own_message(void)
{
	ordinary("open", "open");
	check_verdict(SPEAKS_AS_THE_OTHER, "right peer: its own message");
}

static void refutes_hammering(void)
{
	ordinary("port", "port");
	check_verdict(HAMMERS_THE_SILENT,
		      "economy: too many packets to a silent address");
}

static void refutes_chatter(void)
{
	ordinary("port", "port");
	meeting.quiet = ALTAIR_SEC(150);
	meeting.limit = ALTAIR_SEC(180);
	check_verdict(CHATTERS_IN_SILENCE,
		      "economy: more than two packets a second in silence");
}

static void refutes_speaking_after_the_end(void)
{
	ordinary("udpblock", "port");
	meeting.no_relay = true;
	meeting.limit = ALTAIR_SEC(60);
	check_verdict(SPEAKS_AFTER_ITS_END, "end: it sends after its end");
}

static void refutes_failing_at_once(void)
{
	ordinary("port", "port");
	check_verdict(FAILS_AT_ONCE, "end: it fails before its patience ends");
}

static void refutes_an_agent_that_never_waits(void)
{
	ordinary("port", "port");
	meeting.steps_max = 100000;
	check_verdict(NEVER_WAITS, "economy: it never ends");
}

static void refutes_the_deaf(void)
{
	ordinary("port", "port");
	check_verdict(IS_DEAF, "liveness: not connected");
}

static void refutes_swallowing(void)
{
	ordinary("port", "port");
	check_verdict(SWALLOWS, "liveness: the last messages do not arrive");
}

static void refutes_saying_all_twice(void)
{
	ordinary("port", "port");
	check_verdict(SAYS_ALL_TWICE, "once: a message leaves twice");
}

/* No agent can do this to its peer, but a relay could. */
static void refutes_arriving_twice(void)
{
	uint8_t bytes[SIM_MESSAGE_LEN];
	struct sim_umpire umpire;
	struct sim_record r = {.kind = SIM_ARRIVED,
			       .node = 1,
			       .verdict = ALTAIR_PAYLOAD,
			       .packet.payload = {bytes, sizeof bytes}};

	ordinary("port", "port");
	sim_message_write(&(struct sim_message){.number = 1}, meeting.seed,
			  bytes);
	sim_umpire_init(&umpire, &meeting);
	umpire.side[1].lane = 1;
	umpire.side[1].legs = calloc(1, sizeof *umpire.side[1].legs);
	umpire.side[1].legs_count = umpire.side[1].legs_cap = 1;
	umpire.side[1].legs[0].is_checked = true;
	r.packet.id = 7;
	sim_umpire_see(&umpire, &r);
	sim_umpire_see(&umpire, &r); /* a copy of the network's */
	CHECK(!umpire.violation);
	r.packet.id = 8;
	sim_umpire_see(&umpire, &r);
	CHECK_STR(umpire.violation ? umpire.violation : "none",
		  "once: a message arrives twice");
	sim_umpire_drop(&umpire);
}

/* A network that says it lets no UDP through, and does. */
static void refutes_a_way_where_none_is(void)
{
	struct sim_kind liar = *sim_kind_find("open");

	ordinary("open", "open");
	liar.blocks_udp = true;
	meeting.no_relay = true;
	meeting.party[0].kind = &liar;
	check_verdict(INNOCENT, "way: connected where none is");
}

static void refutes_chance(void)
{
	ordinary("port", "port");
	check_verdict(REMEMBERS_THE_LAST_RUN,
		      "determinism: two runs of one seed differ");
}

static const struct check_test tests[] = {
	TEST(acquits_the_innocent),
	TEST(refutes_data_to_anybody),
	TEST(refutes_much_data_to_the_heard),
	TEST(refutes_connecting_at_once),
	TEST(refutes_selecting_elsewhere),
	TEST(refutes_data_of_a_stranger),
	TEST(refutes_ones_own_message),
	TEST(refutes_hammering),
	TEST(refutes_chatter),
	TEST(refutes_speaking_after_the_end),
	TEST(refutes_failing_at_once),
	TEST(refutes_an_agent_that_never_waits),
	TEST(refutes_the_deaf),
	TEST(refutes_swallowing),
	TEST(refutes_saying_all_twice),
	TEST(refutes_arriving_twice),
	TEST(refutes_a_way_where_none_is),
	TEST(refutes_chance),
};

CHECK_MAIN(tests)
