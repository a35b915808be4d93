/*
 * The course of a siege: the storm; half of the tenants close and half vanish;
 * every lifetime passes, and nothing may be left; the rover takes all there is.
 */
#include "sim/siege.h"

#include "sim/access.h"
#include "sim/auditor.h"
#include "sim/intruder.h"
#include "sim/raider.h"
#include "sim/rover.h"
#include "sim/server.h"
#include "sim/tenant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_PORT 3478
#define PEER_PORT 7000
#define PORT_MIN 50000
#define PEER_SOCKS 2 /* a host answers from one of so many */

/* Retransmissions of what is closed end by then. */
#define FAREWELL ALTAIR_SEC(100)
/* The longest lifetime of anything but an allocation, and the longest wait for
 * wrong passwords. */
#define OTHER_LIVES ALTAIR_SEC(700)

enum stage { STORM, FAREWELLS, LAPSE, AGAIN, OVER };

struct run {
	const struct sim_siege *siege;
	struct sim_siege_outcome *outcome;
	struct sim_world *world;
	struct sim_server server;
	struct sim_server_plan plan;
	struct sim_tenant tenants[SIM_TENANTS];
	struct sim_rover rover;
	struct sim_raider raider;
	struct sim_intruder *intruder; /* or NULL */
	struct sim_host *peers;
	struct sim_rng peers_rng;
	unsigned peers_port, peers_said;
	struct sim_auditor auditor;
	altair_server_user users[SIM_SIEGE_USERS_MAX];
	struct sim_ask_account accounts[SIM_SIEGE_USERS_MAX];
	enum stage stage;
	altair_time stage_at; /* the next one begins */
	altair_time restart_at;
};

/* The node that makes time pass. */
struct course {
	struct sim_node node;
	struct run *run;
};

static altair_time now_of(const struct run *run)
{
	return sim_world_now(run->world);
}

/* --- addresses ----------------------------------------------------------- */

altair_addr sim_siege_server(bool is_ipv6)
{
	return sim_addr(is_ipv6 ? "2001:db8:f::1" : "192.0.2.1", SERVER_PORT);
}

altair_addr sim_siege_peer(unsigned number)
{
	static const char *const ips[] = {"198.51.100.10", "2001:db8:d::10",
					  "198.51.100.11", "2001:db8:d::11"};

	return sim_addr(ips[number % SIM_SIEGE_PEERS], PEER_PORT);
}

altair_addr sim_siege_denied(unsigned number)
{
	static const char *const ips[] = {"10.0.0.1",	     "127.0.0.1",
					  "::ffff:10.0.0.1", "2002:a00:1::1",
					  "fe80::1",	     "192.0.2.1"};

	return sim_addr(ips[number % SIM_SIEGE_DENIED],
			number % SIM_SIEGE_DENIED == 5 ? SERVER_PORT
						       : PEER_PORT);
}

static bool starts_with(const altair_addr *addr, const uint8_t *bytes,
			size_t len)
{
	return memcmp(addr->ip, bytes, len) == 0;
}

bool sim_siege_is_server(const altair_addr *addr)
{
	altair_addr own = sim_siege_server(addr->family == ALTAIR_IPV6);

	return altair_addr_same_ip(&own, addr);
}

/* The internet of the simulator, without the server itself. */
bool sim_siege_allows(const altair_addr *peer)
{
	static const uint8_t four[][3] = {
		{192, 0, 2}, {198, 51, 100}, {203, 0, 113}};
	static const uint8_t six[] = {0x20, 0x01, 0x0d, 0xb8};

	if (sim_siege_is_server(peer))
		return false;
	if (peer->family == ALTAIR_IPV6)
		return starts_with(peer, six, sizeof six);
	for (size_t i = 0; i < 3; i++)
		if (starts_with(peer, four[i], 3))
			return true;
	return false;
}

/* --- the server ---------------------------------------------------------- */

static void name_users(struct run *run, altair_server_config *config)
{
	for (unsigned i = 0; i < run->siege->users; i++) {
		struct sim_ask_account *account = &run->accounts[i];

		*account = sim_ask_account(i);
		altair_server_make_user(&run->users[i], config->crypto,
					sim_ask_text(account->name),
					config->realm,
					sim_ask_text(account->password));
	}
	config->users = run->users;
	config->user_count = run->siege->users;
}

static void configure(void *user, altair_server_config *config)
{
	static altair_addr never[2];
	struct run *run = user;
	const struct sim_siege *siege = run->siege;
	const altair_addr none = {.family = ALTAIR_NO_FAMILY};

	name_users(run, config);
	never[0] = sim_siege_server(false);
	never[1] = sim_siege_server(true);
	config->never = never;
	config->never_count = 2;
	config->allocations_max = siege->allocations;
	config->quota_user = siege->quota;
	config->permissions_max = siege->permissions;
	config->channels_max = siege->channels;
	config->permissions_each = siege->permissions_each;
	config->channels_each = siege->channels_each;
	config->lifetime_max = siege->lifetime_max;
	config->nonce_life = siege->nonce_life;
	config->challenge_rate = siege->challenge_rate;
	config->mobility = siege->mobility;
	config->connections_max = siege->streams;
	config->port_min = PORT_MIN;
	config->port_max = (uint16_t)(PORT_MIN + siege->ports - 1);
	if (!siege->ipv4)
		config->relay_ipv4 = none;
	if (!siege->ipv6)
		config->relay_ipv6 = none;
	if (siege->mislead)
		siege->mislead(siege->user, config);
}

static void see_failed(void *user, const altair_addr *addr)
{
	sim_auditor_unbound(&((struct run *)user)->auditor, addr);
}

static void see_shut(void *user, const altair_addr *client)
{
	sim_auditor_shut(&((struct run *)user)->auditor, client);
}

static altair_machine *wrap(void *user, altair_machine *real)
{
	const struct sim_siege *siege = ((struct run *)user)->siege;

	return siege->wrap ? siege->wrap(siege->user, real) : real;
}

/* --- peers: two thirds of what comes is answered ------------------------- */

static void answer(void *user, const altair_datagram *datagram)
{
	struct run *run = user;
	uint32_t sock = datagram->path.sock;
	altair_datagram out = *datagram;
	char text[48];

	if (sim_rng_below(&run->peers_rng, 3) == 0 && run->stage == STORM)
		return;
	if (sim_rng_below(&run->peers_rng, 8) == 0)
		out.path.sock = sock ^ 1; /* from another port */
	out.bytes.data = (const uint8_t *)text;
	out.bytes.len = (size_t)snprintf(text, sizeof text, "peer %u says %u",
					 sock, run->peers_said++);
	sim_host_send(run->peers, &out);
}

static const struct sim_app peers_app = {.datagram = answer};

static void settle_peers(struct run *run, unsigned port)
{
	for (unsigned i = 0; i < SIM_SIEGE_PEERS * PEER_SOCKS; i++) {
		altair_addr addr = sim_siege_peer(i / PEER_SOCKS);

		addr.port = (uint16_t)(addr.port + i % PEER_SOCKS);
		sim_host_bind(run->peers, i, &addr, port);
	}
}

/* --- the network --------------------------------------------------------- */

static struct sim_link_config from_epoch(const struct sim_siege *siege,
					 const struct sim_link_config *config)
{
	struct sim_link_config out = *config;

	out.from = siege->epoch;
	out.until = siege->epoch + siege->storm;
	return out;
}

static unsigned attach(struct run *run, struct sim_host *host, bool is_faulty)
{
	static const struct sim_link_config perfect = {.delay = ALTAIR_MSEC(5)};
	struct sim_link_config up = from_epoch(run->siege, &run->siege->up);
	struct sim_link_config down = from_epoch(run->siege, &run->siege->down);
	struct sim_node *node = sim_host_node(host);

	sim_world_add(run->world, node);
	return sim_world_attach(run->world, node, 0, is_faulty ? &up : &perfect,
				is_faulty ? &down : &perfect);
}

static void route(struct run *run, struct sim_host *host, unsigned port,
		  const altair_addr *addr)
{
	sim_world_route(run->world, sim_host_node(host), port, addr);
}

static void build_server(struct run *run)
{
	struct sim_server *server = &run->server;
	altair_addr addr[2];

	run->plan = (struct sim_server_plan){
		.configure = configure,
		.failed = see_failed,
		.shut = see_shut,
		.wrap = wrap,
		.user = run,
		.bind_fails = run->siege->bind_fails,
		.bind_takes = run->siege->bind_takes,
	};
	server->plan = &run->plan;
	server->host =
		sim_must(sim_host_new("server", NULL, &sim_server_app, server));
	server->port = attach(run, server->host, false);
	for (uint32_t i = 0; i < 2; i++) {
		addr[i] = sim_siege_server(i);
		sim_host_bind(server->host, i, &addr[i], server->port);
		route(run, server->host, server->port, &addr[i]);
	}
	sim_server_start(server, run->siege->seed, addr);
}

static void build_clients(struct run *run)
{
	for (unsigned i = 0; i < SIM_TENANTS; i++) {
		struct sim_tenant *t = &run->tenants[i];

		t->siege = run->siege;
		t->index = i;
		t->all = run->tenants;
		sim_tenant_init(t, run->siege->seed);
		sim_tenant_settle(t, attach(run, t->host, true));
		route(run, t->host, t->port, &t->addr);
	}
	run->rover.siege = run->siege;
	run->rover.auditor = &run->auditor;
	sim_rover_init(&run->rover, run->siege->seed);
	sim_rover_settle(&run->rover, attach(run, run->rover.host, true));
	route(run, run->rover.host, 0, &run->rover.seats[0].addr);
	route(run, run->rover.host, 0,
	      &run->rover.seats[SIM_ROVER_SEATS - 1].addr);
}

static void build_others(struct run *run)
{
	struct sim_intruder_config config = {
		.skills = run->siege->intruder_skills,
		.per_second = run->siege->intruder_rate,
		.from = run->siege->epoch,
		.until = run->siege->epoch + run->siege->storm,
		.seed = run->siege->seed,
	};
	static const struct sim_link_config perfect;
	struct sim_node *node;

	run->peers = sim_must(sim_host_new("peers", NULL, &peers_app, run));
	sim_rng_seed(&run->peers_rng, run->siege->seed, SIM_FOR_SIEGE, 81);
	run->peers_port = attach(run, run->peers, false);
	settle_peers(run, run->peers_port);
	for (unsigned i = 0; i < SIM_SIEGE_PEERS; i++) {
		altair_addr addr = sim_siege_peer(i);

		route(run, run->peers, run->peers_port, &addr);
	}
	run->raider.siege = run->siege;
	sim_raider_init(&run->raider, run->siege->seed);
	sim_raider_settle(&run->raider, attach(run, run->raider.host, false));
	route(run, run->raider.host, run->raider.port, NULL);
	if (config.skills == 0 || config.per_second == 0)
		return;
	config.addresses[0] = run->raider.seats[0];
	config.addresses[1] = run->raider.seats[SIM_RAIDER_SEATS - 1];
	run->intruder = sim_must(sim_intruder_new("intruder", &config));
	node = sim_intruder_node(run->intruder);
	sim_world_add(run->world, node);
	sim_world_attach(run->world, node, 0, &perfect, &perfect);
}

/* --- the course ---------------------------------------------------------- */

static void leave(struct run *run)
{
	for (unsigned i = 0; i < SIM_TENANTS; i++)
		sim_tenant_leave(&run->tenants[i], i % 2);
	sim_rover_leave(&run->rover);
}

static void go_on(struct run *run)
{
	altair_time lives = ALTAIR_SEC(run->siege->lifetime_max) + OTHER_LIVES;

	switch (++run->stage) {
	case FAREWELLS:
		leave(run);
		run->stage_at += FAREWELL;
		break;
	case LAPSE:
		for (unsigned i = 0; i < SIM_TENANTS; i++)
			sim_tenant_leave(&run->tenants[i], false);
		run->stage_at += lives;
		break;
	case AGAIN:
		sim_auditor_all_gone(&run->auditor);
		run->plan.bind_fails = 0;
		run->plan.bind_takes = 0;
		run->stage_at += sim_rover_take_all(&run->rover);
		break;
	default:
		sim_auditor_all_taken(&run->auditor);
		run->stage_at = ALTAIR_NEVER;
	}
}

static void restart(struct run *run)
{
	altair_addr addr[2] = {sim_siege_server(false), sim_siege_server(true)};

	run->restart_at = ALTAIR_NEVER;
	sim_auditor_restarted(&run->auditor);
	sim_server_start(&run->server, run->siege->seed, addr);
}

static altair_time course_next_at(const struct sim_node *node)
{
	const struct run *run = ((const struct course *)node)->run;

	return run->restart_at < run->stage_at ? run->restart_at
					       : run->stage_at;
}

static void course_run(struct sim_node *node)
{
	struct run *run = ((struct course *)node)->run;

	if (run->restart_at <= now_of(run))
		restart(run);
	else
		go_on(run);
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

/* --- the run ------------------------------------------------------------- */

static void watch(void *user, const struct sim_record *r)
{
	struct run *run = user;

	for (unsigned i = 0; i < SIM_TENANTS; i++)
		if (r->kind == SIM_SENT &&
		    r->node == sim_host_node(run->tenants[i].host)->lane)
			sim_auditor_made(&run->auditor,
					 sim_tenant_user(&run->tenants[i]),
					 &r->packet.src, r->packet.payload);
	sim_auditor_see(&run->auditor, r);
	if (run->intruder && r->to == SIM_NODES_MAX &&
	    (r->kind == SIM_SENT || r->kind == SIM_FORWARDED))
		sim_intruder_see(run->intruder, &r->packet);
}

static void begin(struct run *run)
{
	const struct sim_siege *siege = run->siege;
	struct sim_world_config config = {
		.seed = siege->seed,
		.start = siege->epoch,
		.until = ALTAIR_NEVER - 1,
		.steps_max = siege->steps_max,
	};
	struct course *course = sim_must(calloc(1, sizeof *course));
	struct sim_trace *trace;

	run->world = sim_must(sim_world_new(&config));
	trace = sim_world_trace(run->world);
	trace->keep = siege->keep_trace;
	sim_auditor_init(&run->auditor, siege);
	sim_world_network(run->world, "internet", true);
	build_server(run);
	build_clients(run);
	build_others(run);
	run->auditor.server = sim_host_node(run->server.host)->lane;
	trace->watch = watch;
	trace->user = run;
	course->node = (struct sim_node){.ops = &course_ops, .name = "course"};
	course->run = run;
	sim_world_add(run->world, &course->node);
	run->stage_at = siege->epoch + siege->storm;
	run->restart_at = siege->restart_at ? siege->epoch + siege->restart_at
					    : ALTAIR_NEVER;
}

static void finish(struct run *run)
{
	struct sim_siege_outcome *outcome = run->outcome;

	outcome->ended_at = now_of(run) - run->siege->epoch;
	outcome->hash = sim_world_trace(run->world)->hash;
	outcome->allocated = run->auditor.allocated;
	outcome->moved = run->auditor.moved;
	outcome->to_peers = run->auditor.to_peers_ever;
	outcome->to_clients = run->auditor.to_clients_ever;
	outcome->refused = run->auditor.refused;
	outcome->violation = run->auditor.violation;
	outcome->violated_at = run->auditor.at - run->siege->epoch;
	for (unsigned i = 0; i < SIM_TENANTS; i++)
		sim_tenant_drop(&run->tenants[i]);
	sim_server_drop(&run->server);
	sim_auditor_drop(&run->auditor);
}

static void count(struct run *run)
{
	altair_server_stats stats;

	altair_server_get_stats(run->server.machine, &stats);
	sim_auditor_count(&run->auditor, now_of(run), stats.allocations);
}

void sim_siege_run(const struct sim_siege *siege,
		   struct sim_siege_outcome *outcome, struct sim_world **world)
{
	struct run *run = sim_must(calloc(1, sizeof *run));
	enum sim_progress progress;

	memset(outcome, 0, sizeof *outcome);
	run->siege = siege;
	run->outcome = outcome;
	begin(run);
	do {
		progress = sim_world_step(run->world);
		count(run);
	} while (progress == SIM_STEPPED && run->stage < OVER &&
		 !run->auditor.violation);
	if (progress != SIM_STEPPED && !run->auditor.violation)
		run->auditor.violation = "economy: it never ends";
	finish(run);
	if (world && siege->keep_trace) {
		sim_world_trace(run->world)->watch = NULL;
		*world = run->world;
	} else {
		sim_world_free(run->world);
	}
	free(run);
}

void sim_siege_judge(const struct sim_siege *siege,
		     struct sim_siege_outcome *outcome)
{
	struct sim_siege_outcome again;

	sim_siege_run(siege, &again, NULL);
	sim_siege_run(siege, outcome, NULL);
	if (again.hash == outcome->hash || outcome->violation)
		return;
	outcome->violation = "determinism: two runs of one seed differ";
	outcome->violated_at = outcome->ended_at;
}

void sim_siege_default(struct sim_siege *siege)
{
	*siege = (struct sim_siege){
		.seed = 1,
		.epoch = ALTAIR_SEC(1000),
		.allocations = 3,
		.users = 2,
		.quota = 2,
		.permissions = 6,
		.channels = 5,
		.permissions_each = 4,
		.channels_each = 3,
		.lifetime_max = 3600,
		.nonce_life = ALTAIR_SEC(3600),
		.challenge_rate = 10,
		.mobility = true,
		.ipv4 = true,
		.ipv6 = true,
		.streams = 3,
		.ports = 32,
		.gap = ALTAIR_SEC(1),
		.storm = ALTAIR_SEC(60),
		.rover = true,
		.up.delay = ALTAIR_MSEC(10),
		.down.delay = ALTAIR_MSEC(10),
		.steps_max = 1000000,
	};
}
