/*
 * One relay in two threads, over loopback: real clients (altair/turn.h), of which
 * each thread gets some. Which thread has a client, its relayed port tells: the
 * first one has the lower half of them.
 */
#include "../check.h"

#include "server/quota.h"

#include <altair/error.h>
#include <altair/openssl.h>
#include <altair/serve.h>
#include <altair/turn.h>
#include <altair/udp.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#define CLIENTS 32
#define PORT_MIN 21000
#define PORT_MAX 21999
#define PATIENCE ALTAIR_SEC(20)
#define PAYLOAD "over the fence"

struct client {
	altair_udp *udp;
	altair_turn *turn;
	void *memory;
	altair_addr relayed;
	altair_time deadline;
	int ended;	   /* its reason */
	unsigned code;	   /* of the server */
	bool is_over;	   /* it failed, or has ended */
	unsigned channels; /* that stand, or were refused */
	unsigned refused;
	char heard[64]; /* the payload received last, and whose */
	altair_addr from;
};

static altair_serve *serve;
static altair_addr server;
static struct client clients[CLIENTS];

/* --- the server ------------------------------------------------------------ */

static altair_addr loopback(uint16_t port)
{
	altair_addr addr;

	CHECK_EQ(altair_addr_parse_ip(&addr, "127.0.0.1", port), 0);
	return addr;
}

static void start(altair_server_config *relay)
{
	const altair_addr listen = loopback(0);
	const altair_bytes name = {(const uint8_t *)"user", 4};
	const altair_bytes password = {(const uint8_t *)"pass", 4};
	altair_server_user user;
	altair_serve_config config;

	altair_server_make_user(&user, altair_openssl(), name, relay->realm,
				password);
	relay->crypto = altair_openssl();
	relay->users = &user;
	relay->user_count = 1;
	relay->relay_ipv4 = loopback(0);
	relay->port_min = PORT_MIN;
	relay->port_max = PORT_MAX;
	relay->challenge_rate = 0;
	altair_serve_config_default(&config);
	config.listen = &listen;
	config.listens = 1;
	config.threads = 2;
	config.relay = relay;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), 0);
	CHECK_EQ(altair_serve_local(serve, 0, &server), 0);
}

static altair_server_config limits(size_t allocations, unsigned quota)
{
	altair_server_config relay;

	altair_server_config_default(&relay);
	relay.allocations_max = allocations;
	relay.quota_user = quota;
	return relay;
}

/* --- a client -------------------------------------------------------------- */

static void hear_event(struct client *c, const altair_output *out)
{
	if (out->event == ALTAIR_EV_RELAY_ENDED) {
		c->is_over = true;
		c->ended = out->reason;
		c->code = out->total;
	} else if (out->event == ALTAIR_EV_RELAYED) {
		c->relayed = out->addr;
	} else if (out->event == ALTAIR_EV_CHANNEL) {
		c->channels++;
		c->refused += out->reason != 0;
	}
}

static void obey(struct client *c)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(altair_turn_machine(c->turn), &out)) !=
	       ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			altair_udp_send(c->udp, &out.datagram, 1);
		else
			hear_event(c, &out);
	}
	c->deadline = out.deadline;
}

static void go_on(struct client *c)
{
	altair_machine *machine = altair_turn_machine(c->turn);
	altair_datagram in;

	while (altair_udp_receive(c->udp, 0, &in, 1) == 1) {
		altair_input(machine, altair_clock_now(), &in, 1);
		if (in.verdict == ALTAIR_PAYLOAD) {
			snprintf(c->heard, sizeof c->heard, "%.*s",
				 (int)in.bytes.len,
				 (const char *)in.bytes.data);
			c->from = in.path.remote;
		}
	}
	if (altair_clock_now() >= c->deadline)
		altair_tick(machine, altair_clock_now());
	obey(c);
}

static void open_client(struct client *c)
{
	const altair_addr local = loopback(0);
	altair_turn_config config;
	size_t len;

	*c = (struct client){.ended = 0};
	CHECK_EQ(altair_udp_open(&c->udp, &local, 0, 1), 0);
	altair_turn_config_default(&config);
	config.crypto = altair_openssl();
	config.server = server;
	config.name = (altair_bytes){(const uint8_t *)"user", 4};
	config.password = (altair_bytes){(const uint8_t *)"pass", 4};
	len = altair_turn_size(&config);
	c->memory = malloc(len);
	CHECK(c->memory != NULL);
	CHECK_EQ(altair_turn_init(&c->turn, c->memory, len, &config,
				  altair_clock_now()),
		 0);
	obey(c);
}

static void close_clients(void)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		altair_udp_close(clients[i].udp);
		free(clients[i].memory);
		clients[i] = (struct client){.ended = 0};
	}
	altair_serve_stop(serve);
}

/* Drives the first `count` clients until each is done. */
static void await(size_t count, bool (*is_done)(const struct client *c))
{
	altair_time end = altair_clock_now() + PATIENCE;
	struct pollfd ready[CLIENTS];
	size_t done;

	do {
		CHECK(altair_clock_now() < end);
		done = 0;
		for (size_t i = 0; i < count; i++) {
			struct client *c = &clients[i];

			ready[i] = (struct pollfd){.fd = altair_udp_fd(c->udp),
						   .events = POLLIN};
			if (!c->is_over)
				go_on(c);
			done += is_done(c);
		}
		if (done < count)
			poll(ready, count, 10);
	} while (done < count);
}

static bool is_allocated(const struct client *c)
{
	return c->is_over || c->relayed.port != 0;
}

static bool is_bound(const struct client *c)
{
	return c->channels > 0;
}

static bool has_heard(const struct client *c)
{
	return c->heard[0] != '\0';
}

static bool is_over(const struct client *c)
{
	return c->is_over;
}

static size_t count_allocated(size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += !clients[i].is_over;
	return sum;
}

static void allocate(size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		open_client(&clients[i]);
	await(end, is_allocated);
}

static bool is_of_first_thread(const struct client *c)
{
	return c->relayed.port <= PORT_MIN + (PORT_MAX - PORT_MIN) / 2;
}

/* Puts a client of each thread at the front. */
static void find_both(size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct client other = clients[i];

		if (is_of_first_thread(&other) ==
		    is_of_first_thread(&clients[0]))
			continue;
		clients[i] = clients[1];
		clients[1] = other;
		return;
	}
	CHECK_STR("the kernel", "gives clients to both threads");
}

/* --- what is tested -------------------------------------------------------- */

static void say(struct client *c, const altair_addr *peer)
{
	uint8_t room[ALTAIR_TURN_HEADROOM + sizeof PAYLOAD +
		     ALTAIR_TURN_TAILROOM];
	altair_datagram out;

	memcpy(room + ALTAIR_TURN_HEADROOM, PAYLOAD, sizeof PAYLOAD);
	CHECK_EQ(altair_turn_wrap(c->turn, peer, room + ALTAIR_TURN_HEADROOM,
				  sizeof PAYLOAD, &out),
		 0);
	CHECK_EQ(altair_udp_send(c->udp, &out, 1), 1);
}

static void clients_of_two_threads_are_peers(void)
{
	altair_server_config relay = limits(100, 100);
	altair_server_stats stats;

	start(&relay);
	allocate(0, CLIENTS);
	find_both(CLIENTS);
	for (size_t i = 0; i < 2; i++)
		altair_turn_bind(clients[i].turn, altair_clock_now(),
				 &clients[1 - i].relayed);
	await(2, is_bound);
	CHECK_EQ(clients[0].refused + clients[1].refused, 0);
	say(&clients[0], &clients[1].relayed);
	say(&clients[1], &clients[0].relayed);
	await(2, has_heard);
	for (size_t i = 0; i < 2; i++) {
		CHECK_STR(clients[i].heard, PAYLOAD);
		CHECK(altair_addr_equal(&clients[i].from,
					&clients[1 - i].relayed));
	}
	altair_serve_get_stats(serve, &stats);
	CHECK_EQ(stats.allocations, CLIENTS);
	CHECK_EQ(stats.to_peers, 2);
	CHECK_EQ(stats.from_peers, 2);
	close_clients();
}

/* A relayed address of ours is a peer as long as somebody has it. */
static void a_free_port_of_another_thread_is_no_peer(void)
{
	altair_server_config relay = limits(100, 100);
	altair_addr gone;

	start(&relay);
	allocate(0, CLIENTS);
	find_both(CLIENTS);
	gone = clients[1].relayed;
	altair_turn_close(clients[1].turn, altair_clock_now());
	obey(&clients[1]);
	await(CLIENTS, is_allocated);
	while (!clients[1].is_over)
		await(2, is_allocated);
	altair_turn_bind(clients[0].turn, altair_clock_now(), &gone);
	await(1, is_bound);
	CHECK_EQ(clients[0].refused, 1);
	close_clients();
}

static void a_quota_holds_for_all_threads(void)
{
	altair_server_config relay = limits(100, 5);

	start(&relay);
	allocate(0, CLIENTS);
	CHECK_EQ(count_allocated(CLIENTS), 5);
	for (size_t i = 0; i < CLIENTS; i++) {
		CHECK(!clients[i].is_over || clients[i].code == 486);
		if (clients[i].is_over)
			continue;
		/* What one thread gives back another may take. */
		altair_turn_close(clients[i].turn, altair_clock_now());
		obey(&clients[i]);
	}
	await(CLIENTS, is_over);
	for (size_t i = 0; i < CLIENTS; i++) {
		altair_udp_close(clients[i].udp);
		free(clients[i].memory);
	}
	allocate(0, CLIENTS);
	CHECK_EQ(count_allocated(CLIENTS), 5);
	close_clients();
}

static void the_limit_holds_for_all_threads(void)
{
	altair_server_config relay = limits(7, 100);

	start(&relay);
	allocate(0, CLIENTS);
	CHECK_EQ(count_allocated(CLIENTS), 7);
	for (size_t i = 0; i < CLIENTS; i++)
		CHECK(!clients[i].is_over || clients[i].code == 508);
	close_clients();
}

/* --- the table of owners --------------------------------------------------- */

#define OWNERS_USED 8
#define ROUNDS 100000
#define QUOTA 3

static struct air_quotas quotas;
static atomic_int used[OWNERS_USED];
static atomic_bool has_exceeded;

static void *take_and_give(void *user)
{
	uint32_t random = (uint32_t)(uintptr_t)user, held[OWNERS_USED];
	bool has[OWNERS_USED] = {false};

	for (int i = 0; i < ROUNDS; i++) {
		unsigned u = (random = random * 1664525u + 1013904223u) >> 29;
		uint64_t owner = (u + 1ULL) << 20; /* neighbours */

		if (has[u]) {
			used[u]--;
			air_quota_give(&quotas, held[u]);
			has[u] = false;
			continue;
		}
		held[u] = air_quota_take(&quotas, owner, QUOTA);
		has[u] = held[u] != AIR_POOL_NONE;
		if (has[u] && ++used[u] > QUOTA)
			has_exceeded = true;
	}
	for (unsigned u = 0; u < OWNERS_USED; u++) {
		if (!has[u])
			continue;
		used[u]--;
		air_quota_give(&quotas, held[u]);
	}
	return NULL;
}

static void threads_share_a_table_of_quotas(void)
{
	static _Alignas(max_align_t) uint8_t memory[16384];
	struct air_arena arena = {memory, sizeof memory, 0, false};
	pthread_t threads[5];

	air_quota_init(&quotas, &arena, 16);
	CHECK(!arena.failed);
	for (size_t i = 0; i < 5; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, take_and_give,
					(void *)(uintptr_t)(i + 1)),
			 0);
	for (size_t i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	CHECK(!has_exceeded);
	for (uint32_t i = 0; i < quotas.places; i++)
		CHECK_EQ(quotas.words[i] & AIR_QUOTA_COUNT, 0);
}

static const struct check_test tests[] = {
	TEST(clients_of_two_threads_are_peers),
	TEST(a_free_port_of_another_thread_is_no_peer),
	TEST(a_quota_holds_for_all_threads),
	TEST(the_limit_holds_for_all_threads),
	TEST(threads_share_a_table_of_quotas),
};
CHECK_MAIN(tests)
