/*
 * The server's streams on the loopback interface: what a connection is told apart
 * as, plain and within TLS, who may stay, and that a message is whole or not
 * there. Whatever a client waits for has a bound.
 */
#define _GNU_SOURCE
#include "streams_world.h"

/* --- told apart ------------------------------------------------------------ */

static void stun_over_tcp(void)
{
	int fd;

	start();
	fd = connect_from("127.0.0.1");
	say(fd, binding, sizeof binding);
	hear_binding(fd);
	for (size_t i = 0; i < sizeof binding; i++)
		say(fd, binding + i, 1);
	hear_binding(fd);
	close(fd);
	/* From the first byte on. */
	fd = connect_from("127.0.0.1");
	for (size_t i = 0; i < sizeof binding; i++)
		say(fd, binding + i, 1);
	hear_binding(fd);
	close(fd);
	stop();
}

static void http_has_two_answers(void)
{
	static const char health[] = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
	static const char other[] = "GET /healthy HTTP/1.1\r\n\r\n";
	int fd;

	start();
	fd = connect_from("127.0.0.1");
	say(fd, health, sizeof health - 1);
	hear_text(fd, "HTTP/1.1 200 ", "\r\n\r\nok\n");
	fd = connect_from("127.0.0.1");
	for (size_t i = 0; i < sizeof health - 1; i++)
		say(fd, health + i, 1);
	hear_text(fd, "HTTP/1.1 200 ", "\r\n\r\nok\n");
	fd = connect_from("127.0.0.1");
	say(fd, other, sizeof other - 1);
	hear_text(fd, "HTTP/1.1 404 ", "\r\n\r\nnot found\n");
	fd = connect_from("127.0.0.1");
	say(fd, "GET \n\n", 6);
	hear_text(fd, "HTTP/1.1 404 ", "\r\n\r\nnot found\n");
	CHECK_EQ(stats().streams_shut, 0);
	stop();
}

static void take_door(void *user, int fd, const altair_addr *from,
		      enum altair_serve_guest as)
{
	(void)user;
	w.from = *from;
	w.as = as;
	/* Out of the server's thread: nobody waits for its lock. */
	__atomic_store_n(&w.door, fd, __ATOMIC_RELEASE);
}

static int await_door(void)
{
	int fd = -1;

	for (int i = 0; i < WAIT_S * 100 && fd < 0; i++) {
		fd = __atomic_load_n(&w.door, __ATOMIC_ACQUIRE);
		if (fd < 0)
			poll(NULL, 0, 10);
	}
	return fd;
}

/* So many bytes of a socket that does not block, or with 0 its end. */
static void hear_all(int fd, uint8_t *out, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t have = 0;
	ssize_t n;

	do {
		CHECK_EQ(poll(&p, 1, WAIT_S * 1000), 1);
		n = recv(fd, out + have, len > 0 ? len - have : 1, 0);
		CHECK(n > 0 || (n == 0 && len == 0));
		have += (size_t)n;
	} while (have < len);
}

/* Who has a door gets the connection, and every byte of it. */
static void http_has_a_door(void)
{
	static const char request[] = "GET /anything HTTP/1.1\r\n\r\n";
	altair_server_config c = relay_config();
	uint8_t seen[sizeof request];
	int fd;

	start_with(&c, take_door);
	fd = connect_from("127.0.0.1");
	say(fd, request, sizeof request - 1);
	CHECK(await_door() > 0);
	hear_all(w.door, seen, sizeof request - 1);
	CHECK_MEM(seen, request, sizeof request - 1);
	CHECK_EQ(stats().streams, 0);
	CHECK_EQ(w.as, ALTAIR_SERVE_PLAIN);
	CHECK_EQ(altair_addr_classify(&w.from), ALTAIR_ADDR_LOOPBACK);
	CHECK(w.from.port != 0 && w.from.port != w.port);
	say(w.door, "hello", 5);
	close(w.door);
	hear(fd, seen, 5);
	hear_end(fd);
	stop();
}

static void everything_else_is_closed(void)
{
	static const char *const all[] = {
		"SSH-2.0-OpenSSH\r\n",
		"POST / HTTP/1.1\r\n\r\n",
		"\x40\x01\x00\x04wxyz", /* ChannelData opens nothing */
		"\x02\x02\x02\x02",
		"\x16\x16\x16\x16\x16\x16\x16\x16",
		"\x16\x03\x01\xff\xff\x01\xff\xff\xff\x03\x03",
		"\x80\x80\x80\x80",
	};

	start();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		int fd = connect_from("127.0.0.1");
		char rest[64];

		say(fd, all[i], all[i][2] ? strlen(all[i]) : 8);
		/* TLS says why. */
		if (all[i][0] == 0x16)
			while (recv(fd, rest, sizeof rest, 0) > 0)
				continue;
		hear_end(fd);
	}
	CHECK_EQ(stats().streams, 0);
	/* Fewer bytes than tell anything, and the end. */
	for (size_t len = 0; len < 4; len++) {
		int fd = connect_from("127.0.0.1");

		say(fd, "\0\1\0", len);
		shutdown(fd, SHUT_WR);
		hear_end(fd);
	}
	stop();
}

/* --- within TLS ------------------------------------------------------------ */

static void ssl_hear(SSL *ssl, void *out, int len)
{
	int have = 0, n = 1;

	while (have < len && n > 0) {
		n = SSL_read(ssl, (uint8_t *)out + have, len - have);
		have += n > 0 ? n : 0;
	}
	CHECK_EQ(have, len);
}

static void the_same_within_tls(void)
{
	static const char health[] = "GET /health HTTP/1.1\r\n\r\n";
	const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	uint8_t answer[128];
	SSL *ssl;

	start();
	for (int v = 0; v < 2; v++) {
		ssl = secure(connect_from("127.0.0.1"), versions[v]);
		CHECK_EQ(SSL_version(ssl), versions[v]);
		CHECK_EQ(SSL_write(ssl, binding, 3), 3);
		CHECK_EQ(SSL_write(ssl, binding + 3, 17), 17);
		ssl_hear(ssl, answer, 32);
		CHECK_MEM(answer + 4, binding + 4, 16);
		leave(ssl);
		ssl = secure(connect_from("127.0.0.1"), versions[v]);
		CHECK_EQ(SSL_write(ssl, health, sizeof health - 1),
			 (int)sizeof health - 1);
		ssl_hear(ssl, answer, 15);
		CHECK_MEM(answer, "HTTP/1.1 200 OK", 15);
		leave(ssl);
		ssl = secure(connect_from("127.0.0.1"), versions[v]);
		CHECK_EQ(SSL_write(ssl, "\x40\0\0\0", 4), 4);
		CHECK(SSL_read(ssl, answer, 1) <= 0);
		leave(ssl);
		/* TLS within TLS is none. */
		ssl = secure(connect_from("127.0.0.1"), versions[v]);
		CHECK_EQ(SSL_write(ssl, "\x16\x03\x01\x00", 4), 4);
		CHECK(SSL_read(ssl, answer, 1) <= 0);
		leave(ssl);
	}
	stop();
}

/* What the door is given within TLS: the same bytes, both ways, however many
 * there are and whoever is slow, up to the end of either side. */
static void a_door_within_tls(void)
{
	static const char request[] = "GET /socket HTTP/1.1\r\n\r\n";
	static uint8_t much[3000000], seen[sizeof much];
	altair_server_config c = relay_config();
	SSL *ssl;
	size_t said = 0, heard = 0;
	int n;

	for (size_t i = 0; i < sizeof much; i++)
		much[i] = (uint8_t)(i * 2654435761u >> 24);
	start_with(&c, take_door);
	ssl = secure(connect_from("127.0.0.1"), TLS1_3_VERSION);
	CHECK_EQ(SSL_write(ssl, request, 2), 2);
	CHECK_EQ(SSL_write(ssl, request + 2, sizeof request - 3),
		 (int)sizeof request - 3);
	CHECK(await_door() > 0);
	CHECK_EQ(stats().streams, 0);
	CHECK_EQ(w.as, ALTAIR_SERVE_DECRYPTED);
	CHECK_EQ(altair_addr_classify(&w.from), ALTAIR_ADDR_LOOPBACK);
	hear_all(w.door, seen, sizeof request - 1);
	CHECK_MEM(seen, request, sizeof request - 1);
	/* Outwards, with a client that does not read until all is written that
	 * can be. */
	while (heard < sizeof much) {
		while (said < sizeof much &&
		       (n = (int)send(w.door, much + said, sizeof much - said,
				      MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
			said += (size_t)n;
		n = SSL_read(ssl, seen + heard, (int)(sizeof seen - heard));
		CHECK(n > 0);
		heard += (size_t)n;
	}
	CHECK_MEM(seen, much, sizeof much);
	/* Inwards, and the client's end. */
	for (said = 0; said < 100000; said += 1000)
		CHECK_EQ(SSL_write(ssl, much + said, 1000), 1000);
	leave(ssl);
	hear_all(w.door, seen, said);
	CHECK_MEM(seen, much, said);
	hear_all(w.door, seen, 0);
	close(w.door);
	/* The last word of a program that closes. */
	w.door = -1;
	ssl = secure(connect_from("127.0.0.1"), TLS1_2_VERSION);
	CHECK_EQ(SSL_write(ssl, request, 5), 5);
	CHECK(await_door() > 0);
	for (said = 0; said < 100000; said += (size_t)n) {
		n = (int)send(w.door, much + said, 100000 - said, MSG_NOSIGNAL);
		CHECK(n > 0 || errno == EAGAIN);
		n = n > 0 ? n : 0;
	}
	close(w.door);
	ssl_hear(ssl, seen, 100000);
	CHECK_MEM(seen, much, 100000);
	CHECK(SSL_read(ssl, seen, 1) <= 0);
	leave(ssl);
	stop();
}

/* A ClientHello, with protocols as ALPN has them. Returns its length. */
static int make_hello(uint8_t out[4096], const char *protocols)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	BIO *wire = BIO_new(BIO_s_mem());
	int len;

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), wire);
	if (protocols)
		SSL_set_alpn_protos(ssl, (const uint8_t *)protocols,
				    (unsigned)strlen(protocols));
	SSL_set_connect_state(ssl);
	SSL_do_handshake(ssl);
	len = BIO_read(wire, out, 4096);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return len;
}

/* TLS for HTTP goes to a door that does TLS, and nobody has read of it. */
static void a_door_that_does_tls(void)
{
	static const char *const mine[] = {"\x08http/1.1",
					   "\x02h2\x08http/1.1"};
	altair_server_config c = relay_config();
	uint8_t hello[4096], seen[4096];
	size_t len;
	int fd;

	w.takes_tls = true;
	start_with(&c, take_door);
	for (size_t i = 0; i < 2; i++) {
		len = (size_t)make_hello(hello, mine[i]);
		fd = connect_from("127.0.0.1");
		/* At once, or in pieces. */
		for (size_t at = 0; at < len && i > 0; at++)
			say(fd, hello + at, 1);
		if (i == 0)
			say(fd, hello, len);
		CHECK(await_door() > 0);
		CHECK_EQ(w.as, ALTAIR_SERVE_TLS);
		hear_all(w.door, seen, len);
		CHECK_MEM(seen, hello, len);
		CHECK_EQ(stats().streams, 0);
		close(w.door);
		w.door = -1;
		hear_end(fd);
	}
	w.takes_tls = false;
	stop();
}

/* The same door has everybody else as before. */
static void a_door_and_other_tls(void)
{
	static const char *const other[] = {
		NULL, "\x02h2", "\x09stun.turn",
		"\x08http/1.1\x09stun.turn\x12stun.nat-discovery"};
	altair_server_config c = relay_config();
	uint8_t hello[4096], seen[8];
	SSL *ssl;
	int fd, len;

	w.takes_tls = true;
	start_with(&c, take_door);
	ssl = secure(connect_from("127.0.0.1"), TLS1_3_VERSION);
	CHECK_EQ(SSL_write(ssl, "GET /", 5), 5);
	CHECK(await_door() > 0);
	CHECK_EQ(w.as, ALTAIR_SERVE_DECRYPTED);
	hear_all(w.door, seen, 5);
	close(w.door);
	w.door = -1;
	leave(ssl);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		len = make_hello(hello, other[i]);
		fd = connect_from("127.0.0.1");
		say(fd, hello, (size_t)len);
		hear(fd, seen, 1);
		CHECK_EQ(seen[0], 0x16); /* its answer is ours */
		CHECK_EQ(w.door, -1);
		close(fd);
	}
	/* Half of one, and the end. */
	len = make_hello(hello, "\x08http/1.1");
	fd = connect_from("127.0.0.1");
	say(fd, hello, (size_t)len / 2);
	shutdown(fd, SHUT_WR);
	hear_end(fd);
	CHECK_EQ(w.door, -1);
	await_streams(0);
	w.takes_tls = false;
	stop();
}

/* --- a TURN client --------------------------------------------------------- */

static struct {
	int fd;
	altair_turn *turn;
	altair_machine *m;
	void *memory;
	bool is_relayed, is_bound, is_permitted;
	size_t payloads;
	altair_addr peer;
} me;

static void turn_write(void)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(me.m, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			say(me.fd, out.datagram.bytes.data,
			    out.datagram.bytes.len);
		me.is_relayed |=
			step == ALTAIR_EVENT && out.event == ALTAIR_EV_RELAYED;
		me.is_bound |=
			step == ALTAIR_EVENT && out.event == ALTAIR_EV_CHANNEL;
	}
}

/* Reads once; 0 at the end. Every message of the stream must be one. */
static ssize_t turn_read(void)
{
	static uint8_t chunk[65536];
	ssize_t n = recv(me.fd, chunk, sizeof chunk, 0);
	altair_bytes in = {chunk, n > 0 ? (size_t)n : 0};
	altair_datagram d;
	int got;

	while ((got = altair_turn_unframe(me.turn, &in, &d)) == 1) {
		altair_input(me.m, altair_clock_now(), &d, 1);
		me.payloads += d.verdict == ALTAIR_PAYLOAD;
	}
	CHECK_EQ(got, 0);
	turn_write();
	return n;
}

/* An allocation with a channel to a peer on this host. */
static void settle(altair_udp **peer)
{
	altair_turn_config c;
	altair_addr any, relayed;
	size_t len;

	memset(&me, 0, sizeof me);
	altair_turn_config_default(&c);
	c.crypto = altair_openssl();
	c.is_stream = true;
	c.name = text("user");
	c.password = text("pass");
	altair_addr_parse_ip(&c.server, "127.0.0.1", w.port);
	altair_addr_parse_ip(&any, "127.0.0.1", 0);
	CHECK_EQ(altair_udp_open(peer, &any, 0, 32), 0);
	CHECK_EQ(altair_udp_local(*peer, &me.peer), 0);
	len = altair_turn_size(&c);
	me.memory = malloc(len);
	CHECK_EQ(altair_turn_init(&me.turn, me.memory, len, &c,
				  altair_clock_now()),
		 0);
	me.m = altair_turn_machine(me.turn);
	me.fd = connect_from("127.0.0.1");
	altair_turn_opened(me.turn, altair_clock_now());
	CHECK_EQ(altair_turn_bind(me.turn, altair_clock_now(), &me.peer), 0);
	for (turn_write(); !me.is_bound;)
		CHECK(turn_read() > 0);
	CHECK_EQ(altair_turn_relayed(me.turn, ALTAIR_IPV4, &relayed), 0);
}

static void part(altair_udp *peer)
{
	altair_udp_close(peer);
	close(me.fd);
	free(me.memory);
}

static void flood(altair_udp *peer, size_t count)
{
	static uint8_t payload[1201];
	altair_addr relayed;
	altair_datagram d = {.bytes = {payload, sizeof payload}};

	CHECK_EQ(altair_turn_relayed(me.turn, ALTAIR_IPV4, &relayed), 0);
	d.path.remote = relayed;
	/* Long ones fill what there is, short ones the last of it. */
	for (size_t i = 0; i < count; i++) {
		d.bytes.len = i % 2 ? 1 : sizeof payload;
		altair_udp_send(peer, &d, 1);
	}
}

/* Who does not read loses what is relayed, and nothing else: every message is
 * whole, and a request is answered yet. */
static void a_slow_reader_loses_whole_messages(void)
{
	altair_udp *peer;
	size_t sent = 0;
	uint64_t sends;
	altair_turn_stats s;

	start();
	settle(&peer);
	/* Until much more was relayed than can wait on the way. */
	while (stats().from_peers < 30000 && sent < 3000000) {
		flood(peer, 100);
		sent += 100;
	}
	CHECK(stats().from_peers >= 30000);
	CHECK_EQ(stats().streams, 1);
	altair_turn_probe(me.turn, altair_clock_now());
	altair_turn_get_stats(me.turn, &s);
	sends = s.answers;
	turn_write();
	while (s.answers == sends) {
		CHECK(turn_read() > 0);
		altair_turn_get_stats(me.turn, &s);
	}
	CHECK(me.payloads > 0);
	CHECK(me.payloads < 30000);
	CHECK_EQ(stats().streams_shut, 0);
	part(peer);
	stop();
}

/* Who asks and does not read what it is told is closed. */
static void who_never_reads_answers_is_closed(void)
{
	static uint8_t many[400 * sizeof binding];
	altair_udp *peer;
	int round = 0;

	for (size_t i = 0; i < sizeof many; i += sizeof binding)
		memcpy(many + i, binding, sizeof binding);
	start();
	settle(&peer);
	while (round < 100000 &&
	       send(me.fd, many, sizeof many, MSG_NOSIGNAL) > 0)
		round++;
	CHECK(round < 100000);
	await_streams(0);
	CHECK_EQ(stats().allocations, 0);
	part(peer);
	stop();
}

/* --- places ---------------------------------------------------------------- */

/* Failures 26. */
static void silent_connections_leave_others_alone(void)
{
	static int silent[1000];
	altair_udp *peer;
	int fd;

	start();
	settle(&peer);
	for (int i = 0; i < 1000; i++)
		silent[i] = connect_from("127.0.0.2");
	fd = connect_from("127.0.0.3");
	say(fd, binding, sizeof binding);
	hear_binding(fd);
	close(fd);
	/* Who was here before is here yet. */
	altair_turn_probe(me.turn, altair_clock_now());
	turn_write();
	CHECK(turn_read() > 0);
	CHECK(stats().streams <= 52);
	CHECK(stats().streams_refused >= 949);
	for (int i = 0; i < 1000; i++)
		close(silent[i]);
	/* And the address has its places again. */
	for (int i = 0; i < 50; i++) {
		fd = connect_from("127.0.0.2");
		say(fd, binding, sizeof binding);
		hear_binding(fd);
		close(fd);
	}
	part(peer);
	stop();
}

static const struct check_test tests[] = {
	TEST(stun_over_tcp),
	TEST(http_has_two_answers),
	TEST(http_has_a_door),
	TEST(a_door_that_does_tls),
	TEST(a_door_and_other_tls),
	TEST(everything_else_is_closed),
	TEST(the_same_within_tls),
	TEST(a_door_within_tls),
	TEST(a_slow_reader_loses_whole_messages),
	TEST(who_never_reads_answers_is_closed),
	TEST(silent_connections_leave_others_alone),
};
CHECK_MAIN(tests)
