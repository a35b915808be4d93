/*
 * Whom the blocking API connects with, and why it does not: wrong peers, silent
 * ones, strangers, one-way paths.
 */
#define _GNU_SOURCE
#include "side.h"

#include <stdatomic.h>

/* --- punching ------------------------------------------------------------- */

static void test_punch_arguments(void)
{
	static const struct {
		const char *peer;
		int error;
	} bad[] = {
		{"[2001:db8::1]:5000", ALTAIR_E_FAMILY},
		{"224.0.0.1:5000", ALTAIR_E_ADDRESS},
		{"255.255.255.255:5000", ALTAIR_E_ADDRESS},
		{"0.0.0.0:5000", ALTAIR_E_ADDRESS},
	};
	altair_addr local, peer;
	altair_conn *conn = prepare(&local), *out = NULL;
	altair_punch_config config;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK_EQ(altair_addr_parse(&peer, bad[i].peer), 0);
		config = towards(&peer);
		CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
			 bad[i].error);
	}
	config = towards(&local);
	CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
		 ALTAIR_E_ADDRESS);
	peer = loopback(0);
	config = towards(&peer);
	CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
		 ALTAIR_E_ADDRESS);
	peer = loopback(9);
	config = towards(&peer);
	config.interval = 0;
	CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
		 ALTAIR_E_INVALID);
	memset(&peer, 0, sizeof peer);
	CHECK_EQ(altair_conn_establish(&out, NULL, &peer), ALTAIR_E_ADDRESS);
	CHECK(out == NULL);
	altair_conn_close(conn);
}

static void test_punch_to_ourselves_on_any_address(void)
{
	altair_conn *conn;
	altair_addr local, self;
	altair_punch_config config;

	CHECK_EQ(altair_conn_prepare(&conn, NULL), 0);
	CHECK_EQ(altair_conn_local(conn, &local), 0);
	self = loopback(local.port);
	config = towards(&self);
	CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
		 ALTAIR_E_ADDRESS);
	altair_conn_close(conn);
}

static void test_punch_reasons(void)
{
	int fd = wire_open("127.0.0.1", 0);
	altair_addr local, silent = wire_local(fd), closed = closed_port();
	altair_conn *conn = prepare(&local), *out = NULL;
	altair_punch_config config = short_punch(&silent);

	CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
		 ALTAIR_E_TIMEOUT);
	config = short_punch(&closed);
	CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
		 ALTAIR_E_NO_PEER);
	CHECK_EQ(altair_conn_establish_with(&out, &local, &closed, &config),
		 ALTAIR_E_IN_USE);
	CHECK_EQ(altair_conn_establish_with(&out, NULL, &closed, &config),
		 ALTAIR_E_NO_PEER);
	CHECK(out == NULL);
	altair_conn_close(conn);
	close(fd);
}

/* A socket on 127.0.0.1 cannot send to the world: the system's word for it. */
static void test_nothing_can_leave(void)
{
	altair_addr local, far, mapped;
	altair_conn *conn = prepare(&local);
	altair_punch_config config;
	int error;

	CHECK_EQ(altair_addr_parse(&far, "203.0.113.1:3478"), 0);
	error = altair_conn_send_punch(conn, &far);
	CHECK(error == ALTAIR_E_NETWORK || error == ALTAIR_E_SYSTEM);
	config = short_punch(&far);
	CHECK_EQ(altair_conn_simultaneous_punch(conn, &config), error);
	CHECK_EQ(altair_conn_discover(conn, &far, 1, &mapped, NULL), error);
	altair_conn_close(conn);
}

static void *run_establish(void *argument)
{
	struct side *side = argument;

	side->punched = altair_conn_establish(&side->conn, side->local,
					      &side->config.peer);
	return NULL;
}

static void test_establish(void)
{
	altair_addr local[2] = {closed_port(), closed_port()};
	struct side sides[2] = {{0}};

	local[1].ip[3] = 2; /* never the same endpoint twice */
	for (int i = 0; i < 2; i++) {
		sides[i].local = &local[i];
		sides[i].config.peer = local[1 - i];
		CHECK_EQ(pthread_create(&sides[i].thread, NULL, run_establish,
					&sides[i]),
			 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(sides[i].thread, NULL);
		CHECK_EQ(sides[i].punched, 0);
		CHECK_EQ(altair_conn_validate(sides[i].conn), 0);
	}
	close_pair(sides);
}

static void test_punch_again_after_a_failure(void)
{
	int fd = wire_open("127.0.0.1", 0);
	altair_addr silent = wire_local(fd), local[2];
	altair_punch_config config = short_punch(&silent);
	struct side sides[2];

	for (int i = 0; i < 2; i++)
		sides[i].conn = prepare(&local[i]);
	for (int i = 0; i < 2; i++)
		sides[i].config = towards(&local[1 - i]);
	CHECK_EQ(altair_conn_simultaneous_punch(sides[0].conn, &config),
		 ALTAIR_E_TIMEOUT);
	connect_sides(sides);
	CHECK_EQ(sides[0].punched, 0);
	CHECK_EQ(sides[1].punched, 0);
	close_pair(sides);
	close(fd);
}

static void test_roles_do_not_matter(void)
{
	altair_addr local[2];
	struct side sides[2];

	for (int both = 0; both < 2; both++) {
		for (int i = 0; i < 2; i++)
			sides[i].conn = prepare(&local[i]);
		for (int i = 0; i < 2; i++) {
			sides[i].config = towards(&local[1 - i]);
			sides[i].config.initiator = both;
		}
		connect_sides(sides);
		for (int i = 0; i < 2; i++) {
			CHECK_EQ(sides[i].punched, 0);
			CHECK_EQ(sides[i].ping_ponged, 0);
		}
		close_pair(sides);
	}
}

/* --- peers that are not what they seem ------------------------------------ */

struct noise {
	pthread_t thread;
	atomic_bool is_over;
	int fd;
	altair_addr to;
	altair_time every;
	const char *const *words; /* ends with NULL                       */
};

static void *make_noise(void *argument)
{
	struct noise *noise = argument;

	for (size_t i = 0; !atomic_load(&noise->is_over); i++) {
		if (!noise->words[i])
			i = 0;
		wire_say(noise->fd, &noise->to, noise->words[i]);
		wire_sleep_until(wire_now() + noise->every);
	}
	return NULL;
}

static void start_noise(struct noise *noise)
{
	atomic_init(&noise->is_over, false);
	CHECK_EQ(pthread_create(&noise->thread, NULL, make_noise, noise), 0);
}

static void stop_noise(struct noise *noise)
{
	atomic_store(&noise->is_over, true);
	pthread_join(noise->thread, NULL);
	close(noise->fd);
}

static const char *const all_words[] = {"PONG", "PUNCH", "PING", "junk", NULL};
static const char *const only_junk[] = {"junk", NULL};
static const char *const only_punch[] = {"PUNCH", NULL};

static void test_stranger_is_not_the_peer(void)
{
	struct noise noise = {.fd = wire_open("127.0.0.2", 0),
			      .every = ALTAIR_USEC(200),
			      .words = all_words};
	int fd = wire_open("127.0.0.1", 0);
	altair_addr local, peer = wire_local(fd);
	altair_punch_config config = short_punch(&peer);
	altair_conn *conn = prepare(&local);

	noise.to = local;
	start_noise(&noise);
	CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
		 ALTAIR_E_TIMEOUT);
	stop_noise(&noise);
	altair_conn_close(conn);
	close(fd);
}

/* A flood of what is no word must not keep a wait from ending. */
static void test_noise_does_not_hold_up_a_timeout(void)
{
	struct noise noise = {.fd = wire_open("127.0.0.2", 0),
			      .every = ALTAIR_USEC(200),
			      .words = only_junk};
	altair_addr local, from;
	altair_conn *conn = prepare(&local);
	char word[8];

	noise.to = local;
	start_noise(&noise);
	CHECK_EQ(altair_conn_listen_for_punch(conn, ALTAIR_MSEC(100), &from,
					      word),
		 ALTAIR_E_TIMEOUT);
	stop_noise(&noise);
	altair_conn_close(conn);
}

static void test_right_peer_amid_a_stranger(void)
{
	struct noise noise = {.fd = wire_open("127.0.0.2", 0),
			      .every = ALTAIR_USEC(200),
			      .words = all_words};
	altair_addr local[2], peer;
	struct side sides[2];

	for (int i = 0; i < 2; i++)
		sides[i].conn = prepare(&local[i]);
	for (int i = 0; i < 2; i++) {
		sides[i].config = towards(&local[1 - i]);
		sides[i].config.initiator = i == 0;
	}
	noise.to = local[1];
	start_noise(&noise);
	connect_sides(sides);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(sides[i].punched, 0);
		CHECK_EQ(sides[i].ping_ponged, 0);
		CHECK_EQ(altair_conn_peer(sides[i].conn, &peer), 0);
		CHECK(altair_addr_equal(&peer, &local[1 - i]));
	}
	CHECK_EQ(altair_conn_send(sides[0].conn, text("only this"), NULL), 0);
	receive_text(sides[1].conn, "only this");
	stop_noise(&noise);
	close_pair(sides);
}

/* It sends PUNCH and is deaf: we hear it, it never proves that it hears us. */
static void test_one_way_peer_is_no_connection(void)
{
	for (int initiator = 0; initiator < 2; initiator++) {
		struct noise noise = {.fd = wire_open("127.0.0.1", 0),
				      .every = ALTAIR_MSEC(20),
				      .words = only_punch};
		altair_addr local, peer = wire_local(noise.fd);
		altair_punch_config config = short_punch(&peer);
		altair_conn *conn = prepare(&local);

		config.initiator = initiator;
		noise.to = local;
		start_noise(&noise);
		CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
			 ALTAIR_E_ONE_WAY);
		CHECK_EQ(altair_conn_peer(conn, &peer), ALTAIR_E_STATE);
		stop_noise(&noise);
		altair_conn_close(conn);
	}
}

static const struct check_test tests[] = {
	TEST(test_punch_arguments),
	TEST(test_punch_to_ourselves_on_any_address),
	TEST(test_punch_reasons),
	TEST(test_nothing_can_leave),
	TEST(test_establish),
	TEST(test_punch_again_after_a_failure),
	TEST(test_roles_do_not_matter),
	TEST(test_stranger_is_not_the_peer),
	TEST(test_noise_does_not_hold_up_a_timeout),
	TEST(test_right_peer_amid_a_stranger),
	TEST(test_one_way_peer_is_no_connection),
};

CHECK_MAIN(tests)
