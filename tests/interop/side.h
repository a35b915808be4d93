/*
 * tests/interop/side.h - what tests of the blocking API share: sockets on
 * loopback, and both sides of a connection in threads.
 */
#ifndef SIDE_H
#define SIDE_H

#include "../check.h"
#include "wire.h"

#include <altair/conn.h>

#include <pthread.h>
#include <unistd.h>

/* Long enough for anything that is going to happen on a busy machine. */
#define PATIENCE ALTAIR_SEC(5)

static inline altair_bytes text(const char *string)
{
	return (altair_bytes){(const uint8_t *)string, strlen(string)};
}

/* An endpoint on 127.0.0.1, and a socket that can be reached there. */
static inline altair_addr loopback(uint16_t port)
{
	return (altair_addr){
		.family = ALTAIR_IPV4, .ip = {127, 0, 0, 1}, .port = port};
}

static inline altair_conn *prepare(altair_addr *local)
{
	altair_addr any_port = loopback(0);
	altair_conn *conn;

	CHECK_EQ(altair_conn_prepare(&conn, &any_port), 0);
	CHECK_EQ(altair_conn_local(conn, local), 0);
	CHECK(local->port != 0);
	return conn;
}

/* A port where nothing listens. */
static inline altair_addr closed_port(void)
{
	int fd = wire_open("127.0.0.1", 0);
	altair_addr addr = wire_local(fd);

	close(fd);
	return addr;
}

static inline void receive_text(altair_conn *conn, const char *want)
{
	char buf[64];
	size_t len;

	CHECK_EQ(altair_conn_receive(conn, PATIENCE, buf, sizeof buf, &len,
				     NULL),
		 0);
	CHECK_EQ(len, strlen(want));
	CHECK_MEM(buf, want, len);
}

static inline altair_punch_config towards(const altair_addr *peer)
{
	altair_punch_config config;

	altair_punch_config_default(&config);
	config.peer = *peer;
	return config;
}

/* --- one side of a connection, in a thread -------------------------------- */

struct side {
	pthread_t thread;
	altair_conn *conn;
	altair_punch_config config;
	int punched, ping_ponged;
	const altair_addr *local; /* of a test's own                 */
	altair_time timeout;	  /* of a test's own, 0: any             */
	altair_time rtt;
};

static inline void *run_side(void *argument)
{
	struct side *side = argument;

	side->rtt = ALTAIR_NEVER;
	side->ping_ponged = ALTAIR_E_STATE;
	side->punched =
		altair_conn_simultaneous_punch(side->conn, &side->config);
	if (side->punched == 0)
		side->ping_ponged =
			altair_conn_ping_pong(side->conn, PATIENCE, &side->rtt);
	return NULL;
}

static inline void connect_sides(struct side sides[2])
{
	for (int i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&sides[i].thread, NULL, run_side,
					&sides[i]),
			 0);
	for (int i = 0; i < 2; i++)
		pthread_join(sides[i].thread, NULL);
}

/* Two connected and verified ends; the first one is the initiator. */
static inline void make_pair(struct side sides[2])
{
	altair_addr local[2];

	for (int i = 0; i < 2; i++)
		sides[i].conn = prepare(&local[i]);
	for (int i = 0; i < 2; i++) {
		sides[i].config = towards(&local[1 - i]);
		sides[i].config.initiator = i == 0;
	}
	connect_sides(sides);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(sides[i].punched, 0);
		CHECK_EQ(sides[i].ping_ponged, 0);
	}
}

static inline void close_pair(struct side sides[2])
{
	altair_conn_close(sides[0].conn);
	altair_conn_close(sides[1].conn);
}

static inline altair_punch_config short_punch(const altair_addr *peer)
{
	altair_punch_config config = towards(peer);

	config.interval = ALTAIR_MSEC(50);
	config.timeout = ALTAIR_MSEC(500);
	config.attempts = 0;
	return config;
}

#endif
