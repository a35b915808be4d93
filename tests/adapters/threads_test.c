/*
 * One relay in two threads, over loopback: real clients (altair/turn.h), of which
 * each thread gets some. Which thread has a client, its relayed port tells: the
 * first one has the lower half of them.
 */
#include "../check.h"

#include "server/quota.h"
#include "stun/auth.h"

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

/* --- a client that goes on elsewhere --------------------------------------- */

/* What altair/turn.h does not ask for is written by hand. */
struct hand {
	altair_udp *udp;
	struct air_stun_builder b;
	uint8_t request[512], nonce[128], key[16];
	size_t nonce_len;
	uint8_t transaction;
	altair_datagram got;
	struct air_stun_message answer;
};

static void open_hand(struct hand *h)
{
	const altair_addr local = loopback(0);
	const struct air_stun_user user = {
		.name = {(const uint8_t *)"user", 4},
		.realm = {(const uint8_t *)"altair", 6},
		.password = {(const uint8_t *)"pass", 4}};

	*h = (struct hand){.nonce_len = 0};
	CHECK_EQ(altair_udp_open(&h->udp, &local, 0, 1), 0);
	air_stun_key_md5(altair_openssl(), &user, h->key);
}

static void begin_request(struct hand *h, uint16_t method)
{
	struct air_stun_header header = {.class = AIR_STUN_REQUEST,
					 .method = method};

	header.transaction[0] = ++h->transaction;
	air_stun_build(&h->b, h->request, sizeof h->request, &header);
	if (method == AIR_STUN_ALLOCATE) {
		struct air_stun_value udp = {.number = AIR_STUN_TRANSPORT_UDP};

		air_stun_build_attr(&h->b, AIR_STUN_REQUESTED_TRANSPORT, &udp);
	}
}

static void add_bytes(struct hand *h, uint16_t type, const void *data,
		      size_t len)
{
	struct air_stun_value v = {.bytes = {data, len}};

	air_stun_build_attr(&h->b, type, &v);
}

/* Sends the request; the code of the answer, 0 for a success. */
static int exchange(struct hand *h)
{
	struct pollfd ready = {.fd = altair_udp_fd(h->udp), .events = POLLIN};
	altair_datagram out = {.path.remote = server};
	struct air_stun_value v;

	if (h->nonce_len > 0) {
		add_bytes(h, AIR_STUN_USERNAME, "user", 4);
		add_bytes(h, AIR_STUN_REALM, "altair", 6);
		add_bytes(h, AIR_STUN_NONCE, h->nonce, h->nonce_len);
		air_stun_build_sha1(&h->b, altair_openssl(),
				    (altair_bytes){h->key, 16});
	}
	out.bytes = air_stun_build_end(&h->b);
	CHECK_EQ(altair_udp_send(h->udp, &out, 1), 1);
	do {
		CHECK_EQ(poll(&ready, 1, 10000), 1);
		CHECK_EQ(altair_udp_receive(h->udp, 0, &h->got, 1), 1);
		CHECK(air_stun_message_read(&h->answer, h->got.bytes,
					    AIR_STUN_SET_BASE |
						    AIR_STUN_SET_TURN));
	} while (h->answer.header.transaction[0] != h->transaction);
	if (air_stun_message_get(&h->answer, AIR_STUN_NONCE, &v)) {
		memcpy(h->nonce, v.bytes.data, v.bytes.len);
		h->nonce_len = v.bytes.len;
	}
	if (!air_stun_message_get(&h->answer, AIR_STUN_ERROR_CODE, &v))
		return 0;
	return (int)v.number;
}

static struct air_stun_value get(const struct hand *h, uint16_t type)
{
	struct air_stun_value v;

	CHECK(air_stun_message_get(&h->answer, type, &v));
	return v;
}

/* A request with one attribute more, again while a nonce is missing. */
static int ask(struct hand *h, uint16_t method, uint16_t type,
	       struct air_stun_value value)
{
	int code = 0;

	for (int i = 0; i < 3; i++) {
		begin_request(h, method);
		air_stun_build_attr(&h->b, type, &value);
		code = exchange(h);
		if (code != 401 && code != 438)
			break;
	}
	return code;
}

/* Each of many comes with the same thing; whichever thread the kernel gives one
 * to, it finds what is another's. */
static struct air_stun_value keep(const struct hand *h, uint16_t type,
				  uint8_t room[64])
{
	struct air_stun_value v = get(h, type);

	CHECK(v.bytes.len <= 64);
	memcpy(room, v.bytes.data, v.bytes.len);
	v.bytes.data = room;
	return v;
}

static void a_client_that_moves_is_found(void)
{
	static const struct air_stun_value none;
	altair_server_config relay = limits(100, 100);
	struct air_stun_value relayed, ticket;
	uint8_t room[64];
	struct hand h;

	start(&relay);
	open_hand(&h);
	CHECK_EQ(ask(&h, AIR_STUN_ALLOCATE, AIR_STUN_MOBILITY_TICKET, none), 0);
	relayed = get(&h, AIR_STUN_XOR_RELAYED_ADDRESS);
	ticket = keep(&h, AIR_STUN_MOBILITY_TICKET, room);
	for (int i = 0; i < CLIENTS; i++) {
		altair_udp_close(h.udp);
		open_hand(&h);
		CHECK_EQ(ask(&h, AIR_STUN_REFRESH, AIR_STUN_MOBILITY_TICKET,
			     ticket),
			 0);
		ticket = keep(&h, AIR_STUN_MOBILITY_TICKET, room);
		/* What has no ticket finds its way, too. */
		CHECK_EQ(ask(&h, AIR_STUN_CREATE_PERMISSION,
			     AIR_STUN_XOR_PEER_ADDRESS, relayed),
			 0);
		CHECK_EQ(ask(&h, AIR_STUN_REFRESH, AIR_STUN_LIFETIME,
			     (struct air_stun_value){.number = 600}),
			 0);
	}
	altair_udp_close(h.udp);
	altair_serve_stop(serve);
}

static void a_reserved_port_is_found(void)
{
	const struct air_stun_value reserve = {
		.number = AIR_STUN_EVEN_PORT_RESERVE};
	altair_server_config relay = limits(100, 100);
	struct air_stun_value relayed, token, above;
	struct hand first, second;
	uint8_t room[64];

	start(&relay);
	for (int i = 0; i < CLIENTS / 2; i++) {
		open_hand(&first);
		open_hand(&second);
		CHECK_EQ(ask(&first, AIR_STUN_ALLOCATE, AIR_STUN_EVEN_PORT,
			     reserve),
			 0);
		relayed = get(&first, AIR_STUN_XOR_RELAYED_ADDRESS);
		token = keep(&first, AIR_STUN_RESERVATION_TOKEN, room);
		CHECK_EQ(ask(&second, AIR_STUN_ALLOCATE,
			     AIR_STUN_RESERVATION_TOKEN, token),
			 0);
		above = get(&second, AIR_STUN_XOR_RELAYED_ADDRESS);
		CHECK_EQ(above.addr.port, relayed.addr.port + 1);
		altair_udp_close(first.udp);
		altair_udp_close(second.udp);
	}
	altair_serve_stop(serve);
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
	TEST(a_client_that_moves_is_found),
	TEST(a_reserved_port_is_found),
	TEST(threads_share_a_table_of_quotas),
};
CHECK_MAIN(tests)
