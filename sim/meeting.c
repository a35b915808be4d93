/*
 * A meeting goes through stages: the agents connect and talk; they are silent;
 * they say their last messages; they are closed. A node of its own, the course,
 * wakes up for every timed step and for what happens to the network.
 */
#include "sim/meeting.h"

#include "sim/peer.h"
#include "sim/stun.h"
#include "sim/umpire.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DRAIN ALTAIR_MSEC(500) /* after closing */

/* What has begun before the silence: searches, each later than the one before. */
#define LAST_CHECKS ALTAIR_SEC(60)

enum stage { TALK, QUIET, LAST, CLOSED };

/* A change of the meeting, on its way. */
struct event {
	const struct sim_change *change;
	altair_time at;
	bool ends;
};

/* The node of a run that its world owns. */
struct course {
	struct sim_node node;
	struct run *run;
};

struct run {
	const struct sim_meeting *meeting;
	struct sim_meeting_outcome *outcome;
	struct sim_region region;
	struct sim_umpire umpire;
	struct sim_signalling *signalling;
	struct sim_peer peer[2];
	struct event events[2 * SIM_CHANGES_MAX];
	size_t events_count;
	enum stage stage;
	altair_time stage_at; /* the next stage, or NEVER */
	altair_time last_from;
	altair_time end_at;
};

/* --- what a meeting is --------------------------------------------------- */

void sim_meeting_default(struct sim_meeting *meeting, const struct sim_kind *a,
			 const struct sim_kind *b)
{
	*meeting = (struct sim_meeting){
		.seed = 1,
		.signalling = ALTAIR_MSEC(20),
		.gap = ALTAIR_MSEC(50),
		.talk = ALTAIR_SEC(1),
		.limit = ALTAIR_SEC(15),
		.steps_max = 20000000,
	};
	for (unsigned s = 0; s < 2; s++)
		meeting->party[s] = (struct sim_party){
			.kind = s ? b : a,
			.controlling = s == 0,
			.up.delay = ALTAIR_USEC(12500),
			.down.delay = ALTAIR_USEC(12500),
			.nat_lifetime = ALTAIR_SEC(300),
		};
}

const char *sim_change_text(enum sim_change_kind kind)
{
	static const char *const texts[] = {
#define SIM_CHANGE_TEXT(name, text) text,
		SIM_CHANGES(SIM_CHANGE_TEXT)
#undef SIM_CHANGE_TEXT
	};

	return texts[kind];
}

bool sim_change_find(const char *name, enum sim_change_kind *kind)
{
	static const char *const names[] = {
#define SIM_CHANGE_NAME(name, text) #name,
		SIM_CHANGES(SIM_CHANGE_NAME)
#undef SIM_CHANGE_NAME
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcasecmp(names[i], name)) {
			*kind = (enum sim_change_kind)i;
			return true;
		}
	return false;
}

static bool can_pair(const struct sim_kind *a, const struct sim_kind *b)
{
	enum sim_pairing pairing = sim_kind_pair(a, b);

	return a->has_ipv4 && b->has_ipv4 &&
	       (pairing == SIM_PAIR_DIRECT || pairing == SIM_PAIR_PORT_CHANGED);
}

static bool has_ipv6(const struct sim_party *party)
{
	return (party->has_ipv6 && !party->kind->blocks_udp) ||
	       !party->kind->has_ipv4;
}

/* What a first interface amounts to: a carrier's NAT filters as `port` does. */
static const struct sim_kind *kind_of(const struct sim_meeting *meeting,
				      unsigned s)
{
	const struct sim_kind *kind = meeting->party[s].kind;

	if (meeting->same_carrier && kind->mapping == SIM_ENDPOINT_INDEPENDENT)
		return sim_kind_find("port");
	return kind;
}

enum sim_meeting_way sim_meeting_way(const struct sim_meeting *meeting)
{
	const struct sim_party *a = &meeting->party[0], *b = &meeting->party[1];
	const struct sim_kind *one = kind_of(meeting, 0);
	const struct sim_kind *other = kind_of(meeting, 1);
	bool direct = meeting->same_lan || (has_ipv6(a) && has_ipv6(b));

	if (!meeting->same_carrier || !meeting->no_hairpin)
		direct |= can_pair(one, other);
	if (a->mobile)
		direct |= can_pair(a->mobile, other);
	if (b->mobile)
		direct |= can_pair(one, b->mobile);
	if (a->mobile && b->mobile)
		direct |= can_pair(a->mobile, b->mobile);
	if (direct && !meeting->relay_only)
		return SIM_MEET_DIRECTLY;
	if (meeting->no_server || meeting->no_relay)
		return SIM_MEET_NEVER;
	return SIM_MEET_BY_RELAY;
}

const char *sim_meeting_way_name(enum sim_meeting_way way)
{
	static const char *const names[] = {
		[SIM_MEET_DIRECTLY] = "direct",
		[SIM_MEET_BY_RELAY] = "relay",
		[SIM_MEET_NEVER] = "never",
	};

	return names[way];
}

/* --- the course ---------------------------------------------------------- */

static altair_time now_of(const struct run *run)
{
	return sim_world_now(run->region.world);
}

static bool is_timed(enum sim_change_kind kind)
{
	return kind == SIM_CHANGE_FLAP || kind == SIM_CHANGE_SLEEP ||
	       kind == SIM_CHANGE_CUT || kind == SIM_CHANGE_SERVER;
}

static struct event *next_event(struct run *run)
{
	struct event *next = NULL;

	for (size_t i = 0; i < run->events_count; i++)
		if (!next || run->events[i].at < next->at)
			next = &run->events[i];
	return next;
}

static altair_time course_next_at(const struct sim_node *node)
{
	struct run *run = ((const struct course *)node)->run;
	struct event *event = next_event(run);

	if (event && event->at < run->stage_at)
		return event->at;
	return run->stage_at;
}

static void happen(struct run *run, struct event *event)
{
	const struct sim_change *change = event->change;

	sim_umpire_changed(&run->umpire);
	if (event->ends) {
		sim_region_restore(&run->region, change);
		if (change->kind == SIM_CHANGE_FLAP)
			sim_peer_plug(&run->peer[change->side], true);
		*event = run->events[--run->events_count];
		return;
	}
	for (unsigned s = 0; s < 2; s++) {
		run->peer[s].changed_at = now_of(run);
		run->outcome->party[s].back_at = ALTAIR_NEVER;
	}
	sim_region_change(&run->region, change);
	if (change->kind == SIM_CHANGE_FLAP)
		sim_peer_plug(&run->peer[change->side], false);
	if (change->kind == SIM_CHANGE_RESTART)
		sim_peer_restart(&run->peer[change->side]);
	if (is_timed(change->kind))
		run->events[run->events_count++] = (struct event){
			change, now_of(run) + change->lasts, true};
	event->at += change->every;
	if (change->every == 0 ||
	    event->at > run->meeting->epoch + run->meeting->calm)
		*event = run->events[--run->events_count];
}

static void talk(struct run *run, bool talks)
{
	for (unsigned s = 0; s < 2; s++)
		sim_peer_talk(&run->peer[s], talks);
}

static void close_all(struct run *run)
{
	run->stage = CLOSED;
	run->stage_at = ALTAIR_NEVER;
	run->end_at = now_of(run) + DRAIN;
	for (unsigned s = 0; s < 2; s++) {
		sim_peer_close(&run->peer[s]);
		sim_umpire_closed(&run->umpire, s);
	}
}

static void say_last(struct run *run)
{
	run->stage = LAST;
	run->stage_at = run->meeting->epoch + run->meeting->limit;
	run->last_from = now_of(run);
	sim_umpire_quiet(&run->umpire, ALTAIR_NEVER);
	talk(run, true);
}

static void fall_silent(struct run *run)
{
	run->stage = QUIET;
	run->stage_at = now_of(run) + run->meeting->quiet;
	sim_umpire_quiet(&run->umpire, now_of(run) + LAST_CHECKS);
	talk(run, false);
}

static void course_run(struct sim_node *node)
{
	struct run *run = ((const struct course *)node)->run;
	struct event *event = next_event(run);

	if (event && event->at <= now_of(run))
		happen(run, event);
	else if (run->stage == QUIET)
		say_last(run);
	else
		close_all(run);
}

static void course_free(struct sim_node *node)
{
	free(node);
}

static const struct sim_node_ops course_ops = {
	.next_at = course_next_at,
	.run = course_run,
	.free = course_free,
};

static altair_time later(altair_time a, altair_time b)
{
	return a > b ? a : b;
}

/* When the talk has been long enough, or NEVER. */
static altair_time talk_ends(const struct run *run)
{
	const struct sim_party_outcome *party = run->outcome->party;
	altair_time both = later(party[0].heard_at, party[1].heard_at);
	altair_time calm = run->meeting->calm;

	if (both == ALTAIR_NEVER)
		return ALTAIR_NEVER;
	both += run->meeting->talk;
	return run->meeting->epoch +
	       (calm == ALTAIR_NEVER ? both : later(both, calm));
}

/* Without faults a direct way has to be found in the end. */
static bool must_be_direct(const struct run *run)
{
	return run->meeting->calm == 0 &&
	       sim_meeting_way(run->meeting) == SIM_MEET_DIRECTLY;
}

static bool has_heard_last(const struct run *run)
{
	for (unsigned s = 0; s < 2; s++) {
		const struct sim_party_outcome *party = &run->outcome->party[s];

		if (run->peer[s].last_sent_at < run->last_from ||
		    party->messages_in == 0 ||
		    (must_be_direct(run) && party->is_relayed))
			return false;
	}
	return true;
}

/* Between two steps. */
static void direct(struct run *run)
{
	const struct sim_party_outcome *party = run->outcome->party;

	if (run->stage == TALK && now_of(run) >= talk_ends(run)) {
		if (run->meeting->quiet > 0)
			fall_silent(run);
		else
			say_last(run);
	} else if (run->stage == LAST && has_heard_last(run)) {
		run->outcome->is_done = true;
		close_all(run);
	} else if (run->stage < CLOSED && run->meeting->restart_after == 0 &&
		   party[0].state == ALTAIR_AGENT_FAILED &&
		   party[1].state == ALTAIR_AGENT_FAILED) {
		close_all(run);
	}
}

/* --- the run ------------------------------------------------------------- */

/* What a host and its server say to each other. Who is on that way and has an
 * answer of his there first decides what our address is and whether there is a
 * relay: a challenge is not signed (RFC 8489 9.2.4), nor is an indication. */
static bool is_of_server(const struct run *run, const struct sim_packet *packet)
{
	const altair_addr *servers = run->region.server_addr;
	unsigned v6 = packet->src.family == ALTAIR_IPV6;
	struct sim_stun stun;

	return (altair_addr_equal(&packet->src, &servers[v6]) ||
		altair_addr_equal(&packet->dst, &servers[v6])) &&
	       sim_stun_read(packet->payload, &stun);
}

static void watch(void *user, const struct sim_record *r)
{
	struct run *run = user;

	sim_umpire_see(&run->umpire, r);
	for (unsigned s = 0; s < 2; s++) {
		struct sim_party_outcome *party = &run->outcome->party[s];

		if (r->node != run->umpire.side[s].lane)
			continue;
		if (r->kind == SIM_ARRIVED && r->verdict == ALTAIR_PAYLOAD)
			party->is_relayed = altair_addr_same_ip(
				&r->packet.src,
				&run->region.server_addr[r->packet.src.family ==
							 ALTAIR_IPV6]);
		party->packets_quiet +=
			r->kind == SIM_SENT && run->stage == QUIET;
	}
	if (run->region.intruder && r->to == SIM_NODES_MAX &&
	    (r->kind == SIM_SENT || r->kind == SIM_FORWARDED) &&
	    !is_of_server(run, &r->packet))
		sim_intruder_see(run->region.intruder, &r->packet);
}

static void hear_signal(void *user, const struct sim_signal *signal)
{
	struct run *run = user;

	sim_peer_hear(&run->peer[signal->to], signal);
}

static void begin_umpire(struct run *run)
{
	struct sim_umpire *umpire = &run->umpire;

	sim_umpire_init(umpire, run->meeting);
	for (unsigned s = 0; s < 2; s++) {
		umpire->side[s].lane =
			sim_host_node(run->region.side[s].host)->lane;
		umpire->servers[s] = run->region.server_addr[s];
	}
	if (run->region.intruder) {
		umpire->has_intruder = true;
		umpire->intruder =
			sim_intruder_node(run->region.intruder)->lane;
	}
}

static void begin_course(struct run *run)
{
	const struct sim_meeting *meeting = run->meeting;
	struct course *course = sim_must(calloc(1, sizeof *course));

	run->stage_at = meeting->epoch + meeting->limit;
	run->end_at = ALTAIR_NEVER;
	course->node = (struct sim_node){.ops = &course_ops, .name = "course"};
	course->run = run;
	sim_world_add(run->region.world, &course->node);
	for (size_t i = 0; i < meeting->changes; i++)
		run->events[run->events_count++] = (struct event){
			&meeting->change[i],
			meeting->epoch + meeting->change[i].at, false};
}

static void introduce(struct run *run)
{
	for (unsigned s = 0; s < 2; s++) {
		const altair_agent *other = run->peer[!s].agent;

		if (altair_agent_remote(run->peer[s].agent, now_of(run),
					altair_agent_ufrag(other),
					altair_agent_pwd(other)) != 0)
			abort();
	}
}

static void begin(struct run *run)
{
	const struct sim_meeting *meeting = run->meeting;
	void *users[2] = {&run->peer[0], &run->peer[1]};
	struct sim_trace *trace;

	sim_region_build(&run->region, meeting, &sim_peer_app, users);
	trace = sim_world_trace(run->region.world);
	trace->keep = meeting->keep_trace;
	trace->watch = watch;
	trace->user = run;
	begin_umpire(run);
	run->signalling = sim_must(sim_signalling_new(hear_signal, run));
	sim_world_add(run->region.world, sim_signalling_node(run->signalling));
	begin_course(run);
	for (unsigned s = 0; s < 2; s++) {
		run->peer[s] = (struct sim_peer){
			.meeting = meeting,
			.side = s,
			.region = &run->region,
			.signalling = run->signalling,
			.outcome = &run->outcome->party[s],
		};
		sim_peer_open(&run->peer[s]);
	}
	if (meeting->credentials == 0)
		introduce(run);
}

static void violate(struct run *run, unsigned culprit, const char *violation)
{
	struct sim_meeting_outcome *outcome = run->outcome;

	if (outcome->violation)
		return;
	outcome->violation = violation;
	outcome->culprit = culprit;
	outcome->violated_at = now_of(run) - run->meeting->epoch;
}

static void judge_the_end(struct run *run)
{
	const struct sim_meeting *meeting = run->meeting;
	enum sim_meeting_way way = sim_meeting_way(meeting);

	if (run->umpire.violation) {
		violate(run, run->umpire.culprit, run->umpire.violation);
		run->outcome->violated_at = run->umpire.at - meeting->epoch;
	}
	for (unsigned s = 0; s < 2; s++) {
		const struct sim_party_outcome *party = &run->outcome->party[s];

		if (way == SIM_MEET_NEVER && party->messages_in > 0)
			violate(run, s, "way: connected where none is");
		if (must_be_direct(run) && party->is_relayed)
			violate(run, s, "way: relayed where a direct one is");
		if (way != SIM_MEET_NEVER && meeting->calm != ALTAIR_NEVER &&
		    !run->outcome->is_done)
			violate(run, s,
				party->messages_in > 0
					? "liveness: the last messages "
					  "do not arrive"
					: "liveness: not connected");
	}
}

static void finish(struct run *run)
{
	struct sim_meeting_outcome *outcome = run->outcome;

	outcome->ended_at = now_of(run) - run->meeting->epoch;
	outcome->hash = sim_world_trace(run->region.world)->hash;
	for (unsigned s = 0; s < 2; s++)
		sim_peer_drop(&run->peer[s]);
	sim_umpire_drop(&run->umpire);
	sim_region_drop(&run->region);
}

void sim_meeting_run(const struct sim_meeting *meeting,
		     struct sim_meeting_outcome *outcome,
		     struct sim_world **world)
{
	struct run run = {.meeting = meeting, .outcome = outcome};
	enum sim_progress progress;

	memset(outcome, 0, sizeof *outcome);
	for (unsigned s = 0; s < 2; s++)
		outcome->party[s].connected_at = outcome->party[s].heard_at =
			outcome->party[s].back_at = ALTAIR_NEVER;
	begin(&run);
	do {
		progress = sim_world_step(run.region.world);
		direct(&run);
	} while (progress == SIM_STEPPED && now_of(&run) < run.end_at &&
		 !run.umpire.violation);
	if (progress == SIM_ENDLESS)
		violate(&run, 0, "economy: it never ends");
	judge_the_end(&run);
	finish(&run);
	if (world && meeting->keep_trace) {
		sim_world_trace(run.region.world)->watch = NULL;
		*world = run.region.world;
	} else {
		sim_world_free(run.region.world);
	}
}

void sim_meeting_judge(const struct sim_meeting *meeting,
		       struct sim_meeting_outcome *outcome)
{
	struct sim_meeting_outcome again;

	sim_meeting_run(meeting, &again, NULL);
	sim_meeting_run(meeting, outcome, NULL);
	if (again.hash == outcome->hash || outcome->violation)
		return;
	outcome->violation = "determinism: two runs of one seed differ";
	outcome->violated_at = outcome->ended_at;
}
