/*
 * Two agents behind simulated NATs, their signalling a node that takes 20 ms:
 * who connects, and how long it takes until both have data of the other,
 * against what RFC 8445 allows with no waiting anywhere. Time 0: both hold each
 * other's credentials and begin to gather.
 */
#include "check.h"

#include "sim/network.h"

#include <altair/agent.h>
#include <altair/openssl.h>
#include <altair/server.h>

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SIGNAL_DELAY ALTAIR_MSEC(20)
#define SIGNALS_MAX 64
#define HELLO "hello from a peer"

struct side {
	struct world *world;
	unsigned number;
	altair_agent *agent;
	struct sim_host *host;
	altair_time heard_at;	  /* the first data; or NEVER             */
	altair_time connected_at; /* or NEVER                             */
	size_t said;
};

/* A message of the signalling: a candidate, or that there are no more. */
struct signal {
	altair_time at;
	unsigned to;
	char text[ALTAIR_CANDIDATE_TEXT];
};

struct world {
	struct sim_node node; /* the signalling */
	struct side side[2];
	struct sim_network network;
	struct signal signals[SIGNALS_MAX];
	size_t signal_count, signals_done;
	altair_time begun_at;
	altair_crypto crypto;
	struct sim_rng rng;
	void *memory[3];
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static altair_time now_of(const struct world *w)
{
	return sim_world_now(w->network.world);
}

/* --- signalling ---------------------------------------------------------- */

static void signal_text(struct side *from, const char *text)
{
	struct world *w = from->world;
	struct signal *s = &w->signals[w->signal_count++];

	if (w->signal_count > SIGNALS_MAX)
		abort();
	s->at = now_of(w) + SIGNAL_DELAY;
	s->to = !from->number;
	snprintf(s->text, sizeof s->text, "%s", text);
}

static altair_time signal_next_at(const struct sim_node *node)
{
	const struct world *w = (const struct world *)node;

	return w->signals_done < w->signal_count
		       ? w->signals[w->signals_done].at
		       : ALTAIR_NEVER;
}

static void signal_run(struct sim_node *node)
{
	struct world *w = (struct world *)node;
	const struct signal *s = &w->signals[w->signals_done++];
	struct side *to = &w->side[s->to];

	if (s->text[0] == '\0')
		altair_agent_end_of_candidates(to->agent, now_of(w));
	else if (altair_agent_add_remote(to->agent, now_of(w), s->text) != 0)
		abort();
	sim_host_poll(to->host);
}

static const struct sim_node_ops signal_ops = {
	.next_at = signal_next_at,
	.run = signal_run,
};

/* --- the program on both sides ------------------------------------------- */

static void say_hello(struct side *side)
{
	uint8_t room[ALTAIR_AGENT_HEADROOM + sizeof HELLO +
		     ALTAIR_AGENT_TAILROOM];
	uint8_t *payload = room + ALTAIR_AGENT_HEADROOM;
	altair_datagram d;

	memcpy(payload, HELLO, sizeof HELLO);
	if (altair_agent_wrap(side->agent, payload, sizeof HELLO, &d) != 0)
		return;
	side->said++;
	sim_host_send(side->host, &d);
}

static void see_event(void *user, const altair_output *out)
{
	struct side *side = user;
	char text[ALTAIR_CANDIDATE_TEXT];

	if (out->event == ALTAIR_EV_CANDIDATE) {
		if (altair_agent_candidate(side->agent, out->number, text,
					   sizeof text) < 0)
			abort();
		signal_text(side, text);
		if (side->world->network.attacker)
			sim_attacker_aim(side->world->network.attacker,
					 side->number, &out->addr);
	} else if (out->event == ALTAIR_EV_END_OF_CANDIDATES) {
		signal_text(side, "");
	} else if (out->event == ALTAIR_EV_SELECTED) {
		say_hello(side);
	} else if (out->event == ALTAIR_EV_STATE &&
		   out->number == ALTAIR_AGENT_CONNECTED &&
		   side->connected_at == ALTAIR_NEVER) {
		side->connected_at =
			now_of(side->world) - side->world->begun_at;
	}
}

static void see_datagram(void *user, const altair_datagram *d)
{
	struct side *side = user;

	if (d->verdict != ALTAIR_PAYLOAD)
		return;
	if (d->bytes.len != sizeof HELLO ||
	    memcmp(d->bytes.data, HELLO, sizeof HELLO) != 0)
		abort();
	if (side->heard_at == ALTAIR_NEVER)
		side->heard_at = now_of(side->world) - side->world->begun_at;
}

static const struct sim_app app = {
	.event = see_event,
	.datagram = see_datagram,
};

/* --- a run --------------------------------------------------------------- */

static void add_server(struct world *w)
{
	altair_server_config config;
	altair_server *server;
	size_t size;

	altair_server_config_default(&config);
	size = altair_server_size(&config);
	w->memory[2] = must(malloc(size));
	if (altair_server_init(&server, w->memory[2], size, &config,
			       now_of(w)) != 0)
		abort();
	sim_host_add(w->network.server[0], altair_server_machine(server));
}

static void make_agent(struct world *w, unsigned s)
{
	struct side *side = &w->side[s];
	altair_agent_config config;
	size_t size;

	altair_agent_config_default(&config);
	config.crypto = &w->crypto;
	config.controlling = s == 0;
	size = altair_agent_size(&config);
	w->memory[s] = must(malloc(size));
	side->host = w->network.peer[s];
	if (altair_agent_init(&side->agent, w->memory[s], size, &config,
			      now_of(w)) != 0 ||
	    altair_agent_add_host(side->agent, now_of(w), 0,
				  &w->network.peer_addr[s]) ||
	    altair_agent_add_server(side->agent, now_of(w),
				    &w->network.server_addr[0]))
		abort();
}

static void begin(struct world *w, const struct sim_scenario *scenario)
{
	memset(w, 0, sizeof *w);
	for (unsigned s = 0; s < 2; s++)
		w->side[s] = (struct side){.world = w,
					   .number = s,
					   .heard_at = ALTAIR_NEVER,
					   .connected_at = ALTAIR_NEVER};
	sim_network_build(&w->network, scenario, &app,
			  (void *const[]){&w->side[0], &w->side[1]});
	w->node = (struct sim_node){.ops = &signal_ops, .name = "signalling"};
	sim_world_add(w->network.world, &w->node);
	sim_rng_seed(&w->rng, scenario->seed, SIM_FOR_SECRETS, 0);
	w->crypto = sim_rng_crypto(&w->rng);
	w->crypto.hmac_sha1 = altair_openssl()->hmac_sha1;
	w->begun_at = now_of(w);
	add_server(w);
	for (unsigned s = 0; s < 2; s++)
		make_agent(w, s);
	for (unsigned s = 0; s < 2; s++) {
		const struct side *other = &w->side[!s];

		if (altair_agent_remote(w->side[s].agent, now_of(w),
					altair_agent_ufrag(other->agent),
					altair_agent_pwd(other->agent)) ||
		    altair_agent_gather(w->side[s].agent, now_of(w)))
			abort();
		altair_agent_seal(w->side[s].agent, now_of(w));
		sim_host_add(w->side[s].host,
			     altair_agent_machine(w->side[s].agent));
	}
}

static altair_time later(altair_time a, altair_time b)
{
	return a > b ? a : b;
}

static altair_time run_until(struct world *w, altair_time limit)
{
	enum sim_progress progress;
	altair_time both;

	do {
		progress = sim_world_step(w->network.world);
		both = later(w->side[0].heard_at, w->side[1].heard_at);
	} while (progress == SIM_STEPPED && both == ALTAIR_NEVER &&
		 now_of(w) < w->begun_at + limit);
	return both;
}

static uint64_t strangers_seen; /* by all agents of all runs */

static void end(struct world *w)
{
	for (unsigned s = 0; s < 2; s++) {
		altair_agent_stats stats;

		altair_agent_get_stats(w->side[s].agent, &stats);
		strangers_seen += stats.strangers;
	}
	sim_world_free(w->network.world);
	for (size_t i = 0; i < COUNT(w->memory); i++)
		free(w->memory[i]);
}

/* When both have data of the other, or NEVER. */
static altair_time run(const struct sim_scenario *scenario, altair_time limit)
{
	static struct world w;
	altair_time both;

	begin(&w, scenario);
	both = run_until(&w, limit);
	end(&w);
	return both;
}

/* --- times against the floor --------------------------------------------- */

struct cell {
	const char *a, *b;
	unsigned floor_ms; /* 0: no direct path */
};

/* Signalling 20, check 50; STUN 40 before; data from the open side at once. */
static const struct cell cells[] = {
	{"open", "open", 70},	 {"fw6", "fw6", 70},
	{"open", "full", 95},	 {"open", "addr", 95},
	{"open", "port", 95},	 {"open", "cgn", 95},
	{"open", "sym", 95},	 {"open", "symseq", 95},
	{"full", "full", 110},	 {"full", "addr", 110},
	{"full", "port", 110},	 {"full", "cgn", 110},
	{"addr", "addr", 110},	 {"addr", "port", 110},
	{"addr", "cgn", 110},	 {"port", "port", 110},
	{"port", "cgn", 110},	 {"cgn", "cgn", 110},
	{"full", "sym", 135},	 {"addr", "sym", 135},
	{"full", "symseq", 135}, {"addr", "symseq", 135},
	{"port", "sym", 0},	 {"cgn", "sym", 0},
	{"sym", "sym", 0},	 {"open", "udpblock", 0},
};

static altair_time run_cell(const struct cell *cell, bool turned, uint64_t seed)
{
	struct sim_scenario scenario;

	sim_scenario_default(&scenario,
			     sim_kind_find(turned ? cell->b : cell->a),
			     sim_kind_find(turned ? cell->a : cell->b));
	scenario.seed = seed;
	scenario.servers = 1;
	return run(&scenario, ALTAIR_SEC(15));
}

static void print_row(const struct cell *cell, altair_time worst)
{
	if (worst == ALTAIR_NEVER)
		printf("# %-6s %-8s %5s %8s\n", cell->a, cell->b, "-", "-");
	else
		printf("# %-6s %-8s %5u %8.1f %6.2f\n", cell->a, cell->b,
		       cell->floor_ms, (double)worst / 1e6,
		       (double)worst / 1e6 / cell->floor_ms);
}

/* The bar is 1.15 times the floor; either side controls. */
static void direct_pairs_are_at_the_floor(void)
{
	printf("# %-6s %-8s %5s %8s %6s\n", "a", "b", "floor", "ms", "factor");
	for (size_t i = 0; i < COUNT(cells); i++) {
		const struct cell *cell = &cells[i];
		altair_time worst = 0;

		for (unsigned k = 0; k < 20; k++)
			worst = later(worst, run_cell(cell, k & 1, k));
		print_row(cell, worst);
		if (cell->floor_ms)
			CHECK(worst <= ALTAIR_MSEC(cell->floor_ms) / 100 * 115);
		else
			CHECK(worst == ALTAIR_NEVER);
	}
}

static void neighbours_connect_without_the_router(void)
{
	struct sim_scenario scenario;
	altair_time both;

	sim_scenario_default(&scenario, sim_kind_find("port"),
			     sim_kind_find("port"));
	scenario.same_lan = true;
	scenario.servers = 1;
	both = run(&scenario, ALTAIR_SEC(15));
	printf("# same LAN: %.1f ms\n", (double)both / 1e6);
	CHECK(both <= ALTAIR_MSEC(20) / 100 * 115);
}

/* --- strangers ----------------------------------------------------------- */

/* Ten thousand datagrams a second, with forged sources: what arrives as data is
 * the peer's (see_datagram), and nobody is late for it. */
static void strangers_change_nothing(void)
{
	strangers_seen = 0;
	for (size_t i = 0; i < COUNT(cells); i++) {
		struct sim_scenario scenario;
		altair_time both;

		sim_scenario_default(&scenario, sim_kind_find(cells[i].a),
				     sim_kind_find(cells[i].b));
		scenario.servers = 1;
		scenario.exchange = 0;
		scenario.stranger_rate = 10000;
		scenario.stranger_forges = true;
		both = run(&scenario, ALTAIR_SEC(1));
		if (cells[i].floor_ms)
			CHECK(both <=
			      ALTAIR_MSEC(cells[i].floor_ms) / 100 * 115);
		else
			CHECK(both == ALTAIR_NEVER);
	}
	printf("# %llu strangers' datagrams got past the NATs\n",
	       (unsigned long long)strangers_seen);
	CHECK(strangers_seen > 1000);
}

/* --- loss ---------------------------------------------------------------- */

#define LOSS_RUNS 10000

static int by_value(const void *one, const void *other)
{
	altair_time a = *(const altair_time *)one;
	altair_time b = *(const altair_time *)other;

	return a < b ? -1 : a > b;
}

/* True when both are connected in time. */
static altair_time run_lossy(uint64_t seed, unsigned percent, altair_time limit)
{
	static const char *const names[] = {"open", "full", "addr", "port",
					    "cgn"};
	static struct world w;
	struct sim_scenario scenario;
	altair_time both;

	sim_scenario_default(&scenario, sim_kind_find(names[seed % 5]),
			     sim_kind_find(names[seed / 5 % 5]));
	scenario.seed = seed;
	scenario.servers = 1;
	scenario.early_faults = true;
	for (unsigned s = 0; s < 2; s++)
		scenario.side[s].up.loss = SIM_MILLION / 100 * percent;
	begin(&w, &scenario);
	do {
		both = later(w.side[0].connected_at, w.side[1].connected_at);
	} while (both == ALTAIR_NEVER && now_of(&w) < w.begun_at + limit &&
		 sim_world_step(w.network.world) == SIM_STEPPED);
	end(&w);
	return both;
}

/* Parts per thousand that may take longer than `limit`. */
static void check_loss(unsigned percent, altair_time limit, unsigned late_max)
{
	static altair_time took[LOSS_RUNS];
	unsigned late = 0;

	for (uint64_t seed = 0; seed < LOSS_RUNS; seed++) {
		took[seed] = run_lossy(seed, percent, limit);
		late += took[seed] > limit;
	}
	qsort(took, LOSS_RUNS, sizeof *took, by_value);
	printf("# %u %% loss each way: p50 %.0f ms, p99 %.0f ms, %u of %u "
	       "later than %.0f s\n",
	       percent, (double)took[LOSS_RUNS / 2] / 1e6,
	       (double)took[LOSS_RUNS / 100 * 99] / 1e6, late, LOSS_RUNS,
	       (double)limit / 1e9);
	CHECK(late * 1000 <= late_max * LOSS_RUNS);
}

static void loss_of_a_tenth(void)
{
	check_loss(10, ALTAIR_SEC(5), 1);
}

static void loss_of_a_third(void)
{
	check_loss(30, ALTAIR_SEC(10), 10);
}

static const struct check_test tests[] = {
	TEST(direct_pairs_are_at_the_floor),
	TEST(neighbours_connect_without_the_router),
	TEST(strangers_change_nothing),
	TEST(loss_of_a_tenth),
	TEST(loss_of_a_third),
};

CHECK_MAIN(tests)
