/*
 * conn - the guide's operations as blocking calls. One UDP socket, driven with
 * poll(2), serves a discovery, a punch and the data after it.
 *
 * Every call is a loop of turns. A turn obeys the machines (sends what they
 * want, notes their events), waits for a datagram or a deadline, and hands on
 * what came. The machines keep their own time, so that whatever the caller
 * waits for, requests are repeated and mappings are held open. Memory is taken
 * when the socket is prepared and when a machine is made, never per datagram.
 */
#define _GNU_SOURCE
#include <altair/conn.h>
#include <altair/udp.h>

#include "inbox.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* The guide: the initiator waits 5 s for PONG. */
#define VALIDATE_TIMEOUT ALTAIR_SEC(5)

/* Between discovery and punch: below the 30 s that are common for mappings. */
#define DISCOVER_KEEPALIVE ALTAIR_SEC(15)

/* The most servers that one discovery asks (altair/discover.h). */
#define SERVERS_MAX 64

struct altair_conn {
	altair_udp *udp;
	altair_addr local;
	altair_addr mapped; /* as the last discovery saw us                */

	altair_discover *discover; /* NULL before, and once connected       */
	void *discover_memory;
	bool is_discovered;

	altair_punch *punch; /* NULL before a punch and after a failed one */
	void *punch_memory;
	bool is_connected, is_tested;
	int untested; /* tested: why PONG never came, 0 if it did  */
	int failure;  /* why the punch ended                         */
	altair_time rtt;

	bool has_sent; /* since a machine was made: one datagram left */
	int unsent;    /* the last error of sending, 0 if none        */

	struct air_inbox inbox;
};

static altair_time later(altair_time now, altair_time wait)
{
	return wait > ALTAIR_NEVER - now ? ALTAIR_NEVER : now + wait;
}

/* The words of the protocol, docs/punch.md. */
static const char *word_of(altair_bytes bytes)
{
	static const char *const words[] = {"PUNCH", "PING", "PONG"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (bytes.len == strlen(words[i]) &&
		    memcmp(bytes.data, words[i], bytes.len) == 0)
			return words[i];
	}
	return NULL;
}

static void drop_discover(altair_conn *conn)
{
	free(conn->discover_memory);
	conn->discover_memory = NULL;
	conn->discover = NULL;
}

static void drop_punch(altair_conn *conn)
{
	free(conn->punch_memory);
	conn->punch_memory = NULL;
	conn->punch = NULL;
}

static int send_one(altair_conn *conn, const altair_datagram *datagram)
{
	int sent = altair_udp_send(conn->udp, datagram, 1);

	if (sent == 1) {
		conn->has_sent = true;
		return 0;
	}
	return sent < 0 ? sent : ALTAIR_E_AGAIN;
}

static void note(altair_conn *conn, const altair_output *out)
{
	switch (out->event) {
	case ALTAIR_EV_DISCOVERED:
		conn->is_discovered = true;
		break;
	case ALTAIR_EV_MAPPING_CHANGED:
		conn->mapped = out->addr;
		break;
	case ALTAIR_EV_CONNECTED:
		conn->is_connected = true;
		break;
	case ALTAIR_EV_VERIFIED:
		conn->is_tested = true;
		conn->untested = out->reason;
		conn->rtt = out->rtt;
		break;
	case ALTAIR_EV_FAILED:
		conn->failure = out->reason;
		break;
	default:
		break;
	}
}

static altair_time obey_one(altair_conn *conn, altair_machine *machine)
{
	altair_output out;
	enum altair_step step;
	int error;

	while ((step = altair_poll(machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_EVENT) {
			note(conn, &out);
			continue;
		}
		error = send_one(conn, &out.datagram);
		if (error < 0)
			conn->unsent = error;
	}
	return out.deadline;
}

/* Obeys all machines until they wait; returns the earliest deadline. */
static altair_time obey(altair_conn *conn)
{
	altair_time deadline = ALTAIR_NEVER, other;

	if (conn->discover)
		deadline =
			obey_one(conn, altair_discover_machine(conn->discover));
	if (conn->punch) {
		other = obey_one(conn, altair_punch_machine(conn->punch));
		deadline = other < deadline ? other : deadline;
	}
	return deadline;
}

static void tick(altair_conn *conn, altair_time now)
{
	if (conn->discover)
		altair_tick(altair_discover_machine(conn->discover), now);
	if (conn->punch)
		altair_tick(altair_punch_machine(conn->punch), now);
}

/* Offers a datagram to the machines and leaves the verdict in it. */
static void offer(altair_conn *conn, altair_time now, altair_datagram *datagram)
{
	datagram->verdict = ALTAIR_NOT_MINE;
	if (conn->discover)
		altair_input(altair_discover_machine(conn->discover), now,
			     datagram, 1);
	if (conn->punch && datagram->verdict == ALTAIR_NOT_MINE)
		altair_input(altair_punch_machine(conn->punch), now, datagram,
			     1);
}

/* Waits for readability. 1, 0 when `until` came, or an error. */
static int wait_readable(const altair_conn *conn, altair_time until)
{
	struct pollfd fd = {.fd = altair_conn_fd(conn), .events = POLLIN};
	altair_time now = altair_clock_now(), ms;
	int timeout = -1, ready;

	if (until != ALTAIR_NEVER) {
		ms = until > now ? (until - now - 1) / ALTAIR_MSEC(1) + 1 : 0;
		timeout = ms < INT_MAX ? (int)ms : INT_MAX;
	}
	ready = poll(&fd, 1, timeout);
	if (ready < 0)
		return errno == EINTR ? ALTAIR_E_INTERRUPTED : ALTAIR_E_SYSTEM;
	return ready;
}

/* Tells the punch which hosts refused our datagrams. */
static void hear_refusals(altair_conn *conn)
{
	altair_addr remote;

	while (altair_udp_error(conn->udp, &remote) == 1) {
		if (conn->punch)
			altair_punch_refused(conn->punch, &remote);
	}
}

/*
 * One turn, at most until `until`. Returns 1 with a datagram that is payload or
 * no machine's (valid until the next turn), 0 when there was none, or an error,
 * which is ALTAIR_E_TIMEOUT once `until` has come.
 */
static int turn(altair_conn *conn, altair_time until, altair_datagram *datagram)
{
	altair_time deadline = obey(conn), now;
	int got;

	got = wait_readable(conn, deadline < until ? deadline : until);
	if (got > 0) {
		hear_refusals(conn);
		got = altair_udp_receive(conn->udp, 0, datagram, 1);
	}
	if (got < 0)
		return got;
	now = altair_clock_now();
	if (got > 0)
		offer(conn, now, datagram);
	if (now >= deadline)
		tick(conn, now);
	obey(conn);
	if (got > 0 && datagram->verdict != ALTAIR_TAKEN)
		return 1;
	return now >= until ? ALTAIR_E_TIMEOUT : 0;
}

/*
 * A turn of a call that does not want messages: payload is kept for the next
 * receive. 0 or an error.
 */
static int turn_aside(altair_conn *conn, altair_time until)
{
	altair_datagram datagram;
	int got = turn(conn, until, &datagram);

	if (got <= 0)
		return got;
	if (datagram.verdict == ALTAIR_PAYLOAD)
		air_inbox_put(&conn->inbox, datagram.bytes);
	return altair_clock_now() >= until ? ALTAIR_E_TIMEOUT : 0;
}

int altair_conn_prepare(altair_conn **out, const altair_addr *local)
{
	static const altair_addr any = {.family = ALTAIR_IPV4};
	altair_conn *conn = calloc(1, sizeof *conn);
	int error;

	if (!conn)
		return ALTAIR_E_MEMORY;
	error = altair_udp_open(&conn->udp, local ? local : &any,
				ALTAIR_UDP_ERRORS, 1);
	if (error == 0)
		error = altair_udp_local(conn->udp, &conn->local);
	if (error < 0) {
		altair_conn_close(conn);
		return error;
	}
	*out = conn;
	return 0;
}

void altair_conn_close(altair_conn *conn)
{
	if (!conn)
		return;
	drop_discover(conn);
	drop_punch(conn);
	altair_udp_close(conn->udp);
	free(conn);
}

int altair_conn_local(const altair_conn *conn, altair_addr *out)
{
	*out = conn->local;
	return 0;
}

int altair_conn_fd(const altair_conn *conn)
{
	return altair_udp_fd(conn->udp);
}

int altair_conn_peer(const altair_conn *conn, altair_addr *out)
{
	altair_path path;

	if (!conn->is_connected || altair_punch_path(conn->punch, &path) < 0)
		return ALTAIR_E_STATE;
	*out = path.remote;
	return 0;
}

/* Makes the machine and adds the servers that the socket can reach. */
static int make_discover(altair_conn *conn, const altair_addr *servers,
			 size_t count)
{
	altair_discover_config config;
	altair_time now = altair_clock_now();
	size_t len;
	int rc;

	altair_discover_config_default(&config);
	config.crypto = altair_system_random();
	config.servers_max = count;
	config.keepalive = DISCOVER_KEEPALIVE;
	len = altair_discover_size(&config);
	conn->discover_memory = malloc(len);
	if (!conn->discover_memory)
		return ALTAIR_E_MEMORY;
	rc = altair_discover_init(&conn->discover, conn->discover_memory, len,
				  &config, now);
	for (size_t i = 0; i < count && rc >= 0; i++) {
		if (servers[i].family == conn->local.family)
			rc = altair_discover_add(conn->discover, now, 0,
						 &servers[i], (uint32_t)i);
	}
	if (rc < 0)
		return rc;
	altair_discover_seal(conn->discover, now);
	return altair_discover_count(conn->discover) > 0 ? 0 : ALTAIR_E_FAMILY;
}

/* The first answer in the order of the servers. */
static int first_answer(const altair_discover *discover, altair_addr *mapped)
{
	altair_answer answer;

	for (size_t i = 0; i < altair_discover_count(discover); i++) {
		if (altair_discover_answer(discover, i, &answer) == 0 &&
		    answer.state == ALTAIR_ANSWER_GIVEN) {
			*mapped = answer.mapped;
			return 0;
		}
	}
	return ALTAIR_E_NO_ANSWER;
}

static int run_discover(altair_conn *conn)
{
	int error = 0;

	conn->is_discovered = false;
	conn->has_sent = false;
	conn->unsent = 0;
	/* a machine may be done at once: obey before the first wait */
	for (obey(conn); !conn->is_discovered && error == 0;)
		error = turn_aside(conn, ALTAIR_NEVER);
	if (error == 0)
		error = first_answer(conn->discover, &conn->mapped);
	if (error == ALTAIR_E_NO_ANSWER && !conn->has_sent && conn->unsent < 0)
		error = conn->unsent;
	return error;
}

int altair_conn_discover(altair_conn *conn, const altair_addr *servers,
			 size_t count, altair_addr *mapped,
			 enum altair_mapping *mapping)
{
	int error;

	if (count == 0 || count > SERVERS_MAX)
		return ALTAIR_E_INVALID;
	drop_discover(conn);
	error = make_discover(conn, servers, count);
	if (error == 0)
		error = run_discover(conn);
	if (error == 0) {
		*mapped = conn->mapped;
		if (mapping)
			*mapping = altair_discover_mapping(conn->discover, 0);
	}
	if (error < 0 || conn->is_connected)
		drop_discover(conn);
	return error;
}

/* Sends bytes to anyone, outside of a connection. */
static int send_plain(altair_conn *conn, altair_bytes bytes,
		      const altair_addr *remote)
{
	altair_datagram datagram = {.path.remote = *remote, .bytes = bytes};

	if (remote->family != conn->local.family)
		return ALTAIR_E_FAMILY;
	return send_one(conn, &datagram);
}

int altair_conn_send_punch(altair_conn *conn, const altair_addr *remote)
{
	static const altair_bytes punch = {(const uint8_t *)"PUNCH", 5};

	return send_plain(conn, punch, remote);
}

int altair_conn_listen_for_punch(altair_conn *conn, altair_time timeout,
				 altair_addr *from, char word[8])
{
	altair_time until = later(altair_clock_now(), timeout);
	altair_datagram datagram;
	const char *heard;
	int got;

	if (conn->is_connected)
		return ALTAIR_E_STATE;
	while ((got = turn(conn, until, &datagram)) >= 0) {
		heard = got > 0 ? word_of(datagram.bytes) : NULL;
		if (heard) {
			*from = datagram.path.remote;
			memcpy(word, heard, strlen(heard) + 1);
			return 0;
		}
		if (altair_clock_now() >= until)
			return ALTAIR_E_TIMEOUT;
	}
	return got;
}

/* True for an endpoint that is this very socket. */
static bool is_self(const altair_conn *conn, const altair_addr *peer)
{
	bool is_any = altair_addr_classify(&conn->local) == ALTAIR_ADDR_NONE;

	if (altair_addr_equal(peer, &conn->local) ||
	    altair_addr_equal(peer, &conn->mapped))
		return true;
	return is_any && peer->port == conn->local.port &&
	       altair_addr_classify(peer) == ALTAIR_ADDR_LOOPBACK;
}

static int make_punch(altair_conn *conn, const altair_punch_config *wanted)
{
	altair_punch_config config = *wanted;
	size_t len;

	config.sock = 0;
	len = altair_punch_size(&config);
	if (len == 0)
		return ALTAIR_E_INVALID;
	conn->punch_memory = malloc(len);
	if (!conn->punch_memory)
		return ALTAIR_E_MEMORY;
	return altair_punch_init(&conn->punch, conn->punch_memory, len, &config,
				 altair_clock_now());
}

/* Until connected, failed or interrupted. 0 or the reason. */
static int run_punch(altair_conn *conn)
{
	int error = 0;

	conn->failure = 0;
	conn->has_sent = false;
	conn->unsent = 0;
	for (obey(conn); !conn->is_connected && error == 0;) {
		error = conn->failure;
		if (error == 0)
			error = turn_aside(conn, ALTAIR_NEVER);
	}
	if (error == ALTAIR_E_TIMEOUT && !conn->has_sent && conn->unsent < 0)
		error = conn->unsent;
	return error;
}

int altair_conn_simultaneous_punch(altair_conn *conn,
				   const altair_punch_config *config)
{
	int error;

	if (conn->is_connected)
		return ALTAIR_E_STATE;
	if (config->peer.family != ALTAIR_NO_FAMILY &&
	    config->peer.family != conn->local.family)
		return ALTAIR_E_FAMILY;
	if (is_self(conn, &config->peer))
		return ALTAIR_E_ADDRESS;
	error = make_punch(conn, config);
	if (error == 0)
		error = run_punch(conn);
	if (error < 0)
		drop_punch(conn);
	else
		drop_discover(conn);
	return error;
}

int altair_conn_establish(altair_conn **out, const altair_addr *local,
			  const altair_addr *remote)
{
	altair_punch_config config;

	altair_punch_config_default(&config);
	return altair_conn_establish_with(out, local, remote, &config);
}

int altair_conn_establish_with(altair_conn **out, const altair_addr *local,
			       const altair_addr *remote,
			       const altair_punch_config *config)
{
	altair_addr any = {.family = remote->family};
	altair_punch_config to_remote = *config;
	altair_conn *conn;
	int error;

	to_remote.peer = *remote;
	if (remote->family == ALTAIR_NO_FAMILY)
		return ALTAIR_E_ADDRESS;
	error = altair_conn_prepare(&conn, local ? local : &any);
	if (error < 0)
		return error;
	error = altair_conn_simultaneous_punch(conn, &to_remote);
	if (error < 0) {
		altair_conn_close(conn);
		return error;
	}
	*out = conn;
	return 0;
}

int altair_conn_ping_pong(altair_conn *conn, altair_time timeout,
			  altair_time *rtt)
{
	altair_time until = later(altair_clock_now(), timeout);
	int error = 0;

	if (!conn->is_connected)
		return ALTAIR_E_STATE;
	while (!conn->is_tested && error == 0)
		error = turn_aside(conn, until);
	if (conn->is_tested)
		error = conn->untested;
	if (error == 0 && rtt)
		*rtt = conn->rtt;
	return error;
}

int altair_conn_validate(altair_conn *conn)
{
	return altair_conn_ping_pong(conn, VALIDATE_TIMEOUT, NULL);
}

int altair_conn_send(altair_conn *conn, altair_bytes message,
		     const altair_addr *remote)
{
	altair_datagram datagram;
	altair_addr peer;
	int error;

	if (conn->is_connected) {
		altair_conn_peer(conn, &peer);
		if (remote && !altair_addr_equal(remote, &peer))
			return ALTAIR_E_ADDRESS;
		error = altair_punch_wrap(conn->punch, altair_clock_now(),
					  message, &datagram);
		return error < 0 ? error : send_one(conn, &datagram);
	}
	if (!remote)
		return ALTAIR_E_STATE;
	if (message.len > ALTAIR_MESSAGE_MAX)
		return ALTAIR_E_TOO_LONG;
	if (word_of(message))
		return ALTAIR_E_WORD;
	return send_plain(conn, message, remote);
}

/* Copies a message to the caller. 0, or ALTAIR_E_SPACE when it was cut. */
static int deliver(altair_bytes message, void *buf, size_t cap, size_t *len)
{
	size_t fits = message.len < cap ? message.len : cap;

	if (fits > 0)
		memcpy(buf, message.data, fits);
	*len = message.len;
	return message.len > cap ? ALTAIR_E_SPACE : 0;
}

int altair_conn_receive(altair_conn *conn, altair_time timeout, void *buf,
			size_t cap, size_t *len, altair_addr *from)
{
	altair_time until = later(altair_clock_now(), timeout);
	altair_datagram datagram;
	altair_bytes kept;
	int got;

	if (air_inbox_take(&conn->inbox, &kept)) {
		if (from)
			altair_conn_peer(conn, from);
		return deliver(kept, buf, cap, len);
	}
	while ((got = turn(conn, until, &datagram)) >= 0) {
		if (got > 0 && (datagram.verdict == ALTAIR_PAYLOAD ||
				!conn->is_connected)) {
			if (from)
				*from = datagram.path.remote;
			return deliver(datagram.bytes, buf, cap, len);
		}
		if (altair_clock_now() >= until)
			return ALTAIR_E_TIMEOUT;
	}
	return got;
}
