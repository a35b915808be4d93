/*
 * A side goes through stages: it discovers; it waits for its start; it punches;
 * it talks; it is closed. The host wakes it for every timed step; what happens
 * on the network reaches it as events and datagrams.
 */
#include "sim/scenario.h"

#include "sim/guide_peer.h"
#include "sim/network.h"

#include <altair/discover.h>
#include <altair/punch.h>
#include <altair/server.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TELLING ALTAIR_MSEC(1) /* the exchange of the endpoints */
#define DRAIN ALTAIR_MSEC(500) /* after the last message, and after closing */

enum stage { DISCOVERS, WAITS, PUNCHES, TALKS, IS_CLOSED };

struct run;

struct peer {
	struct run *run;
	unsigned index;
	enum stage stage;
	struct sim_host *host;
	altair_discover *discover;
	altair_punch *punch;
	altair_machine *machine; /* the punch, or what stands before it */
	struct sim_guide_peer guide;
	altair_time next; /* its next timed step */
	unsigned messages_out;
};

struct run {
	const struct sim_scenario *scenario;
	struct sim_outcome *outcome;
	struct sim_network network;
	struct sim_judge judge;
	struct sim_rng secrets;
	altair_crypto crypto;
	altair_server *server[SIM_SERVERS_MAX];
	struct peer peer[2];
	altair_time base, close_at, end_at;
};

void sim_scenario_default(struct sim_scenario *scenario,
			  const struct sim_kind *a, const struct sim_kind *b)
{
	altair_punch_config config;

	altair_punch_config_default(&config);
	*scenario = (struct sim_scenario){
		.seed = 1,
		.servers = 2,
		.exchange = ALTAIR_SEC(2),
		.steps_max = 20000000,
		.messages = 3,
		.message_gap = ALTAIR_MSEC(100),
	};
	for (unsigned s = 0; s < 2; s++)
		scenario->side[s] = (struct sim_side){
			.kind = s ? b : a,
			.initiator = s == 0,
			.interval = config.interval,
			.timeout = config.timeout,
			.keepalive = config.keepalive,
			.attempts = config.attempts,
			.nat_lifetime = ALTAIR_SEC(300),
			.reboot_at = ALTAIR_NEVER,
		};
	sim_scenario_set_rtt(scenario, ALTAIR_MSEC(50));
}

void sim_scenario_set_rtt(struct sim_scenario *scenario, altair_time rtt)
{
	for (unsigned s = 0; s < 2; s++)
		scenario->side[s].up.delay = scenario->side[s].down.delay =
			rtt / 4;
}

altair_time sim_scenario_rtt(const struct sim_scenario *scenario)
{
	altair_time rtt = 0;

	for (unsigned s = 0; s < 2; s++)
		rtt += scenario->side[s].up.delay +
		       scenario->side[s].down.delay;
	return rtt;
}

static altair_time later(altair_time a, altair_time b)
{
	return a > b ? a : b;
}

bool sim_scenario_must_connect(const struct sim_scenario *scenario,
			       altair_time *by)
{
	const struct sim_side *a = &scenario->side[0], *b = &scenario->side[1];
	altair_time rtt = sim_scenario_rtt(scenario);
	altair_time interval = later(a->interval, b->interval);
	altair_time shortest =
		a->interval < b->interval ? a->interval : b->interval;
	altair_time jitter =
		a->up.jitter + a->down.jitter + b->up.jitter + b->down.jitter;
	enum sim_pairing pairing = sim_kind_pair(a->kind, b->kind);

	*by = later(later(a->start, b->start), scenario->calm) + 8 * interval +
	      4 * (rtt + jitter);
	if (scenario->calm == ALTAIR_NEVER ||
	    (pairing != SIM_PAIR_DIRECT && pairing != SIM_PAIR_PORT_CHANGED))
		return false;
	if ((a->is_guide || b->is_guide) &&
	    (scenario->calm > 0 || pairing != SIM_PAIR_DIRECT ||
	     scenario->stranger_rate > 0 || rtt + jitter >= shortest))
		return false;
	return *by <= a->start + a->timeout && *by <= b->start + b->timeout;
}

bool sim_outcome_connected(const struct sim_scenario *scenario,
			   const struct sim_outcome *outcome)
{
	for (unsigned s = 0; s < 2; s++) {
		const struct sim_side_outcome *side = &outcome->side[s];

		if ((scenario->side[s].is_guide
			     ? side->verified_at
			     : side->connected_at) == ALTAIR_NEVER)
			return false;
	}
	return true;
}

/* --- what happens is written down ---------------------------------------- */

static void note_event(struct sim_side_outcome *side,
		       const struct sim_record *r)
{
	if (r->event == ALTAIR_EV_CONNECTED) {
		side->connected_at = r->at;
		side->connected_to = r->addr;
	} else if (r->event == ALTAIR_EV_VERIFIED && r->reason == 0) {
		side->verified_at = r->at;
	} else if (r->event == ALTAIR_EV_FAILED) {
		side->reason = r->reason ? r->reason : ALTAIR_E_WORD;
	} else if (r->event == ALTAIR_EV_PORT_CHANGED) {
		side->port_changed = true;
	} else if (r->event == ALTAIR_EV_ROLES) {
		side->roles = (int)r->number;
	}
}

static void watch(void *user, const struct sim_record *r)
{
	struct run *run = user;

	sim_judge_see(&run->judge, r);
	for (unsigned s = 0; s < 2; s++)
		if (r->kind == SIM_HAPPENED &&
		    r->node == run->judge.side[s].lane)
			note_event(&run->outcome->side[s], r);
}

/* --- the stages of a side ------------------------------------------------ */

static altair_time now_of(const struct run *run)
{
	return sim_world_now(run->network.world);
}

static const struct sim_side *side_of(const struct peer *peer)
{
	return &peer->run->scenario->side[peer->index];
}

static struct sim_side_outcome *outcome_of(const struct peer *peer)
{
	return &peer->run->outcome->side[peer->index];
}

/* Wakes the host for its next step, or for the end. */
static void arm(struct peer *peer, altair_time next)
{
	altair_time close_at = peer->run->close_at;

	peer->next = next;
	sim_host_wake_at(peer->host, next < close_at ? next : close_at);
}

static void start_discovery(struct peer *peer)
{
	struct run *run = peer->run;
	altair_discover_config config;
	altair_time now = now_of(run);
	size_t size;
	void *memory;

	altair_discover_config_default(&config);
	config.crypto = &run->crypto;
	config.servers_max = SIM_SERVERS_MAX;
	size = altair_discover_size(&config);
	memory = sim_must(malloc(size));
	if (altair_discover_init(&peer->discover, memory, size, &config, now))
		abort();
	for (unsigned i = 0; i < run->scenario->servers; i++)
		if (altair_discover_add(peer->discover, now, 0,
					&run->network.server_addr[i], i) < 0)
			abort();
	altair_discover_seal(peer->discover, now);
	sim_host_add(peer->host, altair_discover_machine(peer->discover));
	arm(peer, run->base - TELLING);
}

/* The endpoint that the peer is told: the first answer, else our own address.
 */
static void end_discovery(struct peer *peer)
{
	struct sim_side_outcome *out = outcome_of(peer);
	altair_answer answer;

	out->mapped = peer->run->network.peer_addr[peer->index];
	out->mapping_varies = altair_discover_mapping(peer->discover, 0) ==
			      ALTAIR_MAPPING_VARIES;
	for (size_t i = altair_discover_count(peer->discover); i-- > 0;)
		if (altair_discover_answer(peer->discover, i, &answer) == 0 &&
		    answer.state == ALTAIR_ANSWER_GIVEN) {
			out->mapped = answer.mapped;
			out->is_discovered = true;
		}
	if (peer->run->network.attacker)
		sim_attacker_aim(peer->run->network.attacker, peer->index,
				 &out->mapped);
	peer->stage = WAITS;
	arm(peer, peer->run->base + side_of(peer)->start);
}

static void start_guide(struct peer *peer, const altair_addr *remote)
{
	const struct sim_side *side = side_of(peer);
	struct sim_guide_config config;

	sim_guide_config_default(&config);
	config.peer = *remote;
	config.initiator = side->initiator;
	config.interval = side->interval;
	config.timeout = side->timeout;
	config.trails = side->trails;
	sim_guide_start(&peer->guide, &config, peer->host);
	arm(peer, sim_guide_next_at(&peer->guide));
}

static void start_punch(struct peer *peer, const altair_addr *remote)
{
	const struct sim_scenario *scenario = peer->run->scenario;
	const struct sim_side *side = side_of(peer);
	altair_punch_config config;
	size_t size;
	void *memory;

	altair_punch_config_default(&config);
	config.peer = *remote;
	config.initiator = side->initiator;
	config.attempts = side->attempts;
	config.interval = side->interval;
	config.timeout = side->timeout;
	config.keepalive = side->keepalive;
	size = altair_punch_size(&config);
	memory = sim_must(malloc(size));
	if (altair_punch_init(&peer->punch, memory, size, &config,
			      now_of(peer->run)) < 0)
		abort();
	peer->machine = altair_punch_machine(peer->punch);
	if (scenario->wrap)
		peer->machine = scenario->wrap(scenario->user, peer->index,
					       peer->machine);
	sim_host_add(peer->host, peer->machine);
}

static void start(struct peer *peer)
{
	const altair_addr *remote =
		&peer->run->outcome->side[!peer->index].mapped;

	peer->stage = PUNCHES;
	outcome_of(peer)->started_at = now_of(peer->run);
	sim_judge_starts(&peer->run->judge, peer->index, now_of(peer->run),
			 remote);
	if (side_of(peer)->is_guide)
		start_guide(peer, remote);
	else
		start_punch(peer, remote);
}

static void talk(struct peer *peer)
{
	const struct sim_scenario *scenario = peer->run->scenario;
	altair_datagram datagram;
	char text[32];
	int len;

	arm(peer, ALTAIR_NEVER);
	if (!peer->punch || peer->messages_out == scenario->messages)
		return;
	peer->messages_out++;
	len = snprintf(text, sizeof text, "%s %u",
		       peer->messages_out == scenario->messages ? "last"
								: "message",
		       peer->messages_out);
	if (altair_punch_wrap(peer->punch, now_of(peer->run),
			      (altair_bytes){(uint8_t *)text, (size_t)len},
			      &datagram) == 0)
		sim_host_send(peer->host, &datagram);
	sim_host_poll(peer->host);
	arm(peer, peer->messages_out < scenario->messages
			  ? now_of(peer->run) + scenario->message_gap
			  : ALTAIR_NEVER);
}

static void close_all(struct run *run)
{
	run->close_at = ALTAIR_NEVER;
	run->end_at = now_of(run) + DRAIN;
	for (unsigned s = 0; s < 2; s++) {
		struct peer *peer = &run->peer[s];

		peer->stage = IS_CLOSED;
		arm(peer, ALTAIR_NEVER);
		if (!peer->punch)
			continue;
		altair_punch_close(peer->punch, now_of(run));
		sim_judge_closed(&run->judge, s);
		sim_host_poll(peer->host);
	}
}

static void wake(void *user)
{
	struct peer *peer = user;

	if (now_of(peer->run) >= peer->run->close_at) {
		close_all(peer->run);
	} else if (peer->stage == DISCOVERS) {
		end_discovery(peer);
	} else if (peer->stage == WAITS) {
		start(peer);
	} else if (side_of(peer)->is_guide && peer->stage >= PUNCHES) {
		sim_guide_run(&peer->guide);
		arm(peer, sim_guide_next_at(&peer->guide));
	} else if (peer->stage == TALKS) {
		talk(peer);
	}
}

static void hear(void *user, const altair_datagram *datagram)
{
	struct peer *peer = user;
	struct sim_side_outcome *out = outcome_of(peer);

	if (datagram->verdict == ALTAIR_PAYLOAD) {
		out->messages_in++;
		out->last_message_in |=
			datagram->bytes.len > 5 &&
			!memcmp(datagram->bytes.data, "last ", 5);
	} else if (side_of(peer)->is_guide && peer->stage == PUNCHES) {
		sim_guide_hear(&peer->guide, datagram);
		arm(peer, sim_guide_next_at(&peer->guide));
	}
}

static void refused(void *user, const altair_addr *remote)
{
	struct peer *peer = user;

	if (peer->punch)
		altair_punch_refused(peer->punch, remote);
}

static const struct sim_app app = {
	.datagram = hear,
	.refused = refused,
	.wake = wake,
};

/* --- the run ------------------------------------------------------------- */

static void add_servers(struct run *run)
{
	altair_server_config config;
	size_t size;

	altair_server_config_default(&config);
	config.buffer_len = 4096;
	size = altair_server_size(&config);
	for (unsigned i = 0; i < run->scenario->servers; i++) {
		if (altair_server_init(&run->server[i], sim_must(malloc(size)),
				       size, &config, run->scenario->epoch))
			abort();
		sim_host_add(run->network.server[i],
			     altair_server_machine(run->server[i]));
	}
}

static void begin(struct run *run)
{
	const struct sim_scenario *scenario = run->scenario;
	void *users[2] = {&run->peer[0], &run->peer[1]};
	struct sim_trace *trace;

	run->base = scenario->epoch + scenario->exchange;
	run->close_at = run->end_at = ALTAIR_NEVER;
	sim_rng_seed(&run->secrets, scenario->seed, SIM_FOR_SECRETS, 0);
	run->crypto = sim_rng_crypto(&run->secrets);
	sim_network_build(&run->network, scenario, &app, users);
	trace = sim_world_trace(run->network.world);
	trace->keep = scenario->keep_trace;
	trace->watch = watch;
	trace->user = run;
	sim_judge_init(&run->judge, sim_host_node(run->network.peer[0])->lane,
		       sim_host_node(run->network.peer[1])->lane);
	add_servers(run);
	for (unsigned s = 0; s < 2; s++) {
		struct sim_judge_side *judged = &run->judge.side[s];

		judged->is_guide = scenario->side[s].is_guide;
		judged->interval = scenario->side[s].interval;
		judged->keepalive = scenario->side[s].keepalive;
		run->peer[s] = (struct peer){
			.run = run, .index = s, .host = run->network.peer[s]};
		start_discovery(&run->peer[s]);
	}
}

static bool is_settled(const struct peer *peer)
{
	const struct sim_side_outcome *out = outcome_of(peer);

	return out->reason != 0 ||
	       (side_of(peer)->is_guide ? out->verified_at
					: out->connected_at) != ALTAIR_NEVER;
}

static void start_to_talk(struct run *run)
{
	const struct sim_scenario *scenario = run->scenario;
	bool never = scenario->calm == ALTAIR_NEVER;
	altair_time calm = never ? 0 : run->base + scenario->calm;
	altair_time at = later(now_of(run), calm) + scenario->quiet +
			 scenario->message_gap;

	run->close_at = at + scenario->messages * scenario->message_gap + DRAIN;
	for (unsigned s = 0; s < 2; s++) {
		run->peer[s].stage = TALKS;
		arm(&run->peer[s], at);
	}
}

/* Between two steps: when both sides are settled, what comes then. */
static void direct(struct run *run)
{
	if (run->close_at != ALTAIR_NEVER || run->end_at != ALTAIR_NEVER ||
	    !is_settled(&run->peer[0]) || !is_settled(&run->peer[1]))
		return;
	if (sim_outcome_connected(run->scenario, run->outcome)) {
		start_to_talk(run);
		return;
	}
	run->close_at = now_of(run) + DRAIN;
	for (unsigned s = 0; s < 2; s++)
		arm(&run->peer[s], ALTAIR_NEVER);
}

static void violate(struct sim_outcome *outcome, unsigned culprit,
		    altair_time at, const char *violation)
{
	if (outcome->violation)
		return;
	outcome->violation = violation;
	outcome->culprit = culprit;
	outcome->violated_at = at;
}

static bool has_connected_by(const struct run *run, unsigned s, altair_time by)
{
	const struct sim_side_outcome *out = &run->outcome->side[s];

	return out->connected_at != ALTAIR_NEVER &&
	       out->connected_at <= run->base + by;
}

static bool messages_must_pass(const struct run *run)
{
	const struct sim_scenario *scenario = run->scenario;
	const struct sim_side *a = &scenario->side[0], *b = &scenario->side[1];

	return scenario->messages > 0 && scenario->calm != ALTAIR_NEVER &&
	       sim_outcome_connected(scenario, run->outcome) && !a->is_guide &&
	       !b->is_guide;
}

/* A NAT that forgets a side which is connected already, and so is silent, keeps
 * the other side from getting there. */
static bool is_cut_short(const struct run *run)
{
	for (unsigned s = 0; s < 2; s++) {
		altair_time reboot_at = run->scenario->side[s].reboot_at;

		if (reboot_at != ALTAIR_NEVER &&
		    has_connected_by(run, s, reboot_at))
			return true;
	}
	return false;
}

static void judge_the_end(struct run *run)
{
	struct sim_outcome *outcome = run->outcome;
	altair_time by, now = now_of(run);

	if (run->judge.violation)
		violate(outcome, run->judge.culprit, run->judge.at,
			run->judge.violation);
	for (unsigned s = 0; s < 2; s++) {
		if (sim_scenario_must_connect(run->scenario, &by) &&
		    outcome->side[0].is_discovered &&
		    outcome->side[1].is_discovered && !is_cut_short(run) &&
		    !has_connected_by(run, s, by))
			violate(outcome, s, now, "liveness: not connected");
		if (run->judge.side[s].is_unproved &&
		    run->judge.side[s].reached == 0 && !is_cut_short(run))
			violate(outcome, s, now,
				"safety: connected, the peer never heard it");
		if (messages_must_pass(run) &&
		    !outcome->side[s].last_message_in)
			violate(outcome, s, now,
				"liveness: messages do not arrive");
	}
}

static void finish(struct run *run)
{
	struct sim_outcome *outcome = run->outcome;

	outcome->ended_at = now_of(run);
	outcome->exchanged_at = run->base;
	outcome->hash = sim_world_trace(run->network.world)->hash;
	for (unsigned s = 0; s < 2; s++) {
		outcome->side[s].is_unproved = run->judge.side[s].is_unproved;
		free(run->peer[s].discover);
		free(run->peer[s].punch);
	}
	for (unsigned i = 0; i < run->scenario->servers; i++)
		free(run->server[i]);
}

void sim_scenario_run(const struct sim_scenario *scenario,
		      struct sim_outcome *outcome, struct sim_world **world)
{
	struct run run = {.scenario = scenario, .outcome = outcome};
	enum sim_progress progress;

	*outcome = (struct sim_outcome){0};
	for (unsigned s = 0; s < 2; s++) {
		outcome->side[s].started_at = ALTAIR_NEVER;
		outcome->side[s].connected_at = ALTAIR_NEVER;
		outcome->side[s].verified_at = ALTAIR_NEVER;
		outcome->side[s].roles = -1;
	}
	begin(&run);
	do {
		progress = sim_world_step(run.network.world);
		direct(&run);
	} while (progress == SIM_STEPPED && now_of(&run) < run.end_at &&
		 !run.judge.violation);
	if (progress == SIM_ENDLESS)
		violate(outcome, 0, now_of(&run), "economy: it never ends");
	judge_the_end(&run);
	finish(&run);
	if (world && scenario->keep_trace) {
		sim_world_trace(run.network.world)->watch = NULL;
		*world = run.network.world;
	} else {
		sim_world_free(run.network.world);
	}
}

void sim_scenario_judge(const struct sim_scenario *scenario,
			struct sim_outcome *outcome)
{
	struct sim_outcome again;

	sim_scenario_run(scenario, &again, NULL);
	sim_scenario_run(scenario, outcome, NULL);
	if (again.hash != outcome->hash)
		violate(outcome, 0, outcome->ended_at,
			"determinism: two runs of one seed differ");
}
