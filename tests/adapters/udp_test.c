/*
 * adapters/udp over the loopback interface: every promise of altair/udp.h. Each
 * wait is a bounded poll(2); on loopback a datagram is there when the send
 * returns, so a wait that ends without one is a failure, not bad luck.
 */
#define _GNU_SOURCE
#include <altair/error.h>
#include <altair/udp.h>

#include "check.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 2000

static altair_addr address(const char *ip, uint16_t port)
{
	altair_addr addr = {.family = ALTAIR_NO_FAMILY};

	CHECK_EQ(altair_addr_parse_ip(&addr, ip, port), 0);
	return addr;
}

static altair_udp *open_on(const char *ip, unsigned flags, size_t batch)
{
	altair_addr local = address(ip, 0);
	altair_udp *udp = NULL;

	CHECK_EQ(altair_udp_open(&udp, &local, flags, batch), 0);
	return udp;
}

static altair_addr local_of(const altair_udp *udp)
{
	altair_addr addr;

	CHECK_EQ(altair_udp_local(udp, &addr), 0);
	CHECK(addr.port != 0);
	return addr;
}

static altair_datagram datagram(const altair_addr *to, const void *data,
				size_t len)
{
	return (altair_datagram){
		.path = {.remote = *to},
		.bytes = {.data = data, .len = len},
	};
}

static int send_bytes(altair_udp *udp, const altair_addr *to, const void *data,
		      size_t len)
{
	altair_datagram d = datagram(to, data, len);

	return altair_udp_send(udp, &d, 1);
}

static short wait_for(const altair_udp *udp, short events)
{
	struct pollfd p = {.fd = altair_udp_fd(udp), .events = events};

	return poll(&p, 1, WAIT_MS) == 1 ? p.revents : 0;
}

static int receive(altair_udp *udp, altair_datagram *out, size_t cap)
{
	CHECK(wait_for(udp, POLLIN) & POLLIN);
	return altair_udp_receive(udp, 7, out, cap);
}

static bool text_is(const altair_datagram *d, const char *text)
{
	return d->bytes.len == strlen(text) &&
	       memcmp(d->bytes.data, text, d->bytes.len) == 0;
}

/* A port of loopback that nothing listens on. */
static altair_addr closed_port(const char *ip)
{
	altair_udp *udp = open_on(ip, 0, 1);
	altair_addr addr = local_of(udp);

	altair_udp_close(udp);
	return addr;
}

static void there_and_back(const char *ip)
{
	altair_udp *a = open_on(ip, 0, 4), *b = open_on(ip, 0, 4);
	altair_addr from = local_of(a), to = local_of(b);
	altair_datagram in[4];

	CHECK_EQ(altair_udp_receive(b, 7, in, 4), 0);
	CHECK_EQ(send_bytes(a, &to, "one", 3), 1);
	CHECK_EQ(receive(b, in, 4), 1);
	CHECK(text_is(&in[0], "one"));
	CHECK_EQ(in[0].path.sock, 7);
	CHECK_EQ(in[0].segment, 0);
	CHECK_EQ(in[0].verdict, ALTAIR_NOT_MINE);
	CHECK(altair_addr_equal(&in[0].path.remote, &from));
	CHECK(altair_addr_equal(&in[0].path.local, &to));
	in[0].bytes = (altair_bytes){(const uint8_t *)"two", 3};
	CHECK_EQ(altair_udp_send(b, in, 1), 1);
	CHECK_EQ(receive(a, in, 4), 1);
	CHECK(text_is(&in[0], "two"));
	CHECK(altair_addr_equal(&in[0].path.remote, &to));
	altair_udp_close(a);
	altair_udp_close(b);
}

/* Of siblings, one after the other into one batch. */
static void siblings_share_a_batch(void)
{
	altair_addr any = address("127.0.0.1", 0);
	altair_udp *a = open_on("127.0.0.1", 0, 3), *b, *c;
	altair_addr to_a = local_of(a), to_b;
	altair_datagram in[4];

	CHECK_EQ(altair_udp_open_beside(&b, a, &any, 0), 0);
	c = open_on("127.0.0.1", 0, 1);
	to_b = local_of(b);
	CHECK_EQ(send_bytes(c, &to_a, "one", 3), 1);
	CHECK_EQ(send_bytes(c, &to_b, "two", 3), 1);
	CHECK_EQ(send_bytes(c, &to_b, "more", 4), 1);
	CHECK_EQ(receive(a, in, 4), 1);
	CHECK(wait_for(b, POLLIN) & POLLIN);
	CHECK_EQ(altair_udp_receive_more(b, 8, in, 1, 2), 1);
	CHECK_EQ(altair_udp_receive_more(b, 8, in, 2, 4), 1);
	CHECK(text_is(&in[0], "one"));
	CHECK_EQ(in[0].path.sock, 7);
	CHECK(text_is(&in[1], "two"));
	CHECK(text_is(&in[2], "more"));
	CHECK_EQ(in[2].path.sock, 8);
	/* The memory holds three. */
	CHECK_EQ(altair_udp_receive_more(b, 8, in, 3, 4), 0);
	altair_udp_close(c);
	altair_udp_close(b);
	altair_udp_close(a);
}

static void ipv4_there_and_back(void)
{
	there_and_back("127.0.0.1");
}

static void ipv6_there_and_back(void)
{
	there_and_back("::1");
}

static void open_refuses_what_it_cannot_do(void)
{
	altair_udp *udp = open_on("127.0.0.1", 0, 1), *other = NULL;
	altair_addr taken = local_of(udp);
	altair_addr elsewhere = address("192.0.2.1", 0);
	altair_addr nowhere = {.family = ALTAIR_NO_FAMILY};
	altair_addr zoneless = address("fe80::1", 0);

	CHECK_EQ(altair_udp_open(&other, &taken, 0, 1), ALTAIR_E_IN_USE);
	CHECK_EQ(altair_udp_open(&other, &taken, ALTAIR_UDP_REUSEPORT, 1),
		 ALTAIR_E_IN_USE);
	CHECK_EQ(altair_udp_open(&other, &elsewhere, 0, 1), ALTAIR_E_ADDRESS);
	CHECK_EQ(altair_udp_open(&other, &zoneless, 0, 1), ALTAIR_E_ADDRESS);
	CHECK_EQ(altair_udp_open(&other, &nowhere, 0, 1), ALTAIR_E_FAMILY);
	CHECK_EQ(altair_udp_open(&other, &taken, 0, 0), ALTAIR_E_INVALID);
	CHECK_EQ(altair_udp_open(&other, &taken, 0, 65), ALTAIR_E_INVALID);
	CHECK(other == NULL);
	altair_udp_close(udp);
	altair_udp_close(NULL);
}

static void a_port_may_be_shared(void)
{
	altair_udp *a = open_on("127.0.0.1", ALTAIR_UDP_REUSEPORT, 1), *b;
	altair_addr port = local_of(a);

	CHECK_EQ(altair_udp_open(&b, &port, ALTAIR_UDP_REUSEPORT, 1), 0);
	altair_udp_close(b);
	altair_udp_close(a);
}

static void descriptor_never_blocks_nor_leaks(void)
{
	altair_udp *udp = open_on("127.0.0.1", 0, 1);
	int fd = altair_udp_fd(udp);

	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	altair_udp_close(udp);
}

static void families_do_not_mix(void)
{
	altair_udp *v6 = open_on("::", 0, 1), *v4;
	altair_addr any = address("0.0.0.0", local_of(v6).port);
	altair_addr to = address("127.0.0.1", any.port);

	/* Both may hold the same port: an IPv6 socket takes no IPv4. */
	CHECK_EQ(altair_udp_open(&v4, &any, 0, 1), 0);
	CHECK_EQ(send_bytes(v6, &to, "x", 1), ALTAIR_E_NETWORK);
	altair_udp_close(v4);
	altair_udp_close(v6);
}

/* Asks `ip` of a socket on every address and looks where the answer is from. */
static void answer_comes_from(const char *any, const char *ip,
			      const char *client)
{
	altair_udp *server = open_on(any, ALTAIR_UDP_PKTINFO, 4);
	altair_udp *asker = open_on(client, 0, 4);
	altair_addr asked = address(ip, local_of(server).port);
	altair_datagram in[4];

	/* Twice: the kernel's answer to one call may not spoil the next. */
	for (int turn = 0; turn < 2; turn++) {
		CHECK_EQ(send_bytes(asker, &asked, "?", 1), 1);
		CHECK_EQ(receive(server, in, 4), 1);
		CHECK(altair_addr_equal(&in[0].path.local, &asked));
		CHECK_EQ(altair_udp_send(server, in, 1), 1);
		CHECK_EQ(receive(asker, in, 4), 1);
		CHECK(altair_addr_equal(&in[0].path.remote, &asked));
	}
	altair_udp_close(server);
	altair_udp_close(asker);
}

static void answer_leaves_from_what_was_asked(void)
{
	answer_comes_from("0.0.0.0", "127.0.0.1", "127.0.0.1");
	answer_comes_from("0.0.0.0", "127.9.8.7", "127.0.0.1");
	answer_comes_from("::", "::1", "::1");
}

static void without_pktinfo_any_address_is_none(void)
{
	altair_udp *server = open_on("0.0.0.0", 0, 1);
	altair_udp *asker = open_on("127.0.0.1", 0, 1);
	altair_addr to = address("127.0.0.1", local_of(server).port);
	altair_datagram in;

	CHECK_EQ(send_bytes(asker, &to, "?", 1), 1);
	CHECK_EQ(receive(server, &in, 1), 1);
	CHECK_EQ(in.path.local.family, ALTAIR_NO_FAMILY);
	altair_udp_close(server);
	altair_udp_close(asker);
}

static void many_per_call(void)
{
	altair_udp *a = open_on("127.0.0.1", 0, 1);
	altair_udp *b = open_on("127.0.0.1", 0, 64);
	altair_addr to = local_of(b);
	altair_datagram out[100], in[100];
	uint8_t number[100];
	int got = 0;

	for (uint8_t i = 0; i < 100; i++) {
		number[i] = i;
		out[i] = datagram(&to, &number[i], 1);
	}
	CHECK_EQ(altair_udp_send(a, out, 100), 100);
	/* At most `cap`, at most the batch, and in order. */
	CHECK_EQ(receive(b, in, 10), 10);
	CHECK_EQ(in[9].bytes.data[0], 9);
	for (got = 10; got < 100;) {
		int n = receive(b, in, 100);

		CHECK(n > 0 && n <= 64);
		for (int i = 0; i < n; i++)
			CHECK_EQ(in[i].bytes.data[0], got++);
	}
	altair_udp_close(a);
	altair_udp_close(b);
}

static void empty_and_longest_arrive_whole(void)
{
	static uint8_t bytes[65508];
	altair_udp *a = open_on("127.0.0.1", 0, 1);
	altair_udp *b = open_on("127.0.0.1", 0, 2);
	altair_addr to = local_of(b);
	altair_datagram in[2];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	CHECK_EQ(send_bytes(a, &to, bytes, 0), 1);
	CHECK_EQ(send_bytes(a, &to, bytes, 65507), 1);
	CHECK_EQ(send_bytes(a, &to, bytes, 65508), ALTAIR_E_TOO_LONG);
	CHECK_EQ(receive(b, in, 2), 2);
	CHECK_EQ(in[0].bytes.len, 0);
	CHECK_EQ(in[1].bytes.len, 65507);
	CHECK_MEM(in[1].bytes.data, bytes, 65507);
	altair_udp_close(a);
	altair_udp_close(b);
}

/* Sends 150 segments of 20 bytes and one of 5; says in how many pieces they
 * came. More than one send can carry, so it is cut in any case. */
static int send_burst(unsigned from_flags, unsigned to_flags)
{
	altair_udp *a = open_on("127.0.0.1", from_flags, 1);
	altair_udp *b = open_on("127.0.0.1", to_flags, 64);
	altair_addr to = local_of(b);
	uint8_t bytes[150 * 20 + 5];
	altair_datagram out = datagram(&to, bytes, sizeof bytes), in[64];
	size_t at = 0;
	int pieces = 0;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i % 251);
	/* A single datagram first: it must not spoil what comes after it. */
	CHECK_EQ(send_bytes(a, &to, "x", 1), 1);
	CHECK_EQ(receive(b, in, 64), 1);
	CHECK_EQ(in[0].segment, 0);
	out.segment = 20;
	CHECK_EQ(altair_udp_send(a, &out, 1), 1);
	while (at < sizeof bytes) {
		int n = receive(b, in, 64);

		CHECK(n > 0);
		for (int i = 0; i < n; i++, pieces++) {
			CHECK(in[i].bytes.len <= sizeof bytes - at);
			CHECK_MEM(in[i].bytes.data, bytes + at,
				  in[i].bytes.len);
			CHECK(in[i].segment == 20 ||
			      (in[i].segment == 0 && in[i].bytes.len <= 20));
			at += in[i].bytes.len;
		}
	}
	altair_udp_close(a);
	altair_udp_close(b);
	return pieces;
}

static void bursts_stay_merged(void)
{
	CHECK_EQ(send_burst(ALTAIR_UDP_MERGE, ALTAIR_UDP_MERGE), 3);
}

static void bursts_are_cut_where_one_side_cannot(void)
{
	CHECK_EQ(send_burst(ALTAIR_UDP_MERGE, 0), 151);
	CHECK_EQ(send_burst(0, ALTAIR_UDP_MERGE), 151);
}

/* A segment that does not fit the interface, too, is refused by the kernel:
 * the burst must go as single datagrams. */
static void refused_bursts_go_singly(void)
{
	static uint8_t bytes[64000];
	altair_udp *a = open_on("127.0.0.1", ALTAIR_UDP_MERGE, 1);
	altair_udp *b = open_on("127.0.0.1", 0, 4);
	altair_addr to = local_of(b);
	altair_datagram out = datagram(&to, bytes, sizeof bytes), in[4];
	int no_checksum = 1;

	/* The kernel cuts nothing that it may give no checksum. */
	CHECK_EQ(setsockopt(altair_udp_fd(a), SOL_SOCKET, SO_NO_CHECK,
			    &no_checksum, sizeof no_checksum),
		 0);
	memset(bytes, 'x', sizeof bytes);
	out.segment = 30000;
	CHECK_EQ(altair_udp_send(a, &out, 1), 1);
	CHECK_EQ(receive(b, in, 4), 3);
	CHECK_EQ(in[0].bytes.len, 30000);
	CHECK_EQ(in[2].bytes.len, 4000);
	altair_udp_close(a);
	altair_udp_close(b);
}

static void refusal_is_queued(const char *ip)
{
	altair_udp *udp = open_on(ip, ALTAIR_UDP_ERRORS, 1);
	altair_addr nobody = closed_port(ip), about;

	CHECK_EQ(altair_udp_error(udp, &about), 0);
	CHECK_EQ(send_bytes(udp, &nobody, "x", 1), 1);
	CHECK(wait_for(udp, 0) & POLLERR);
	CHECK_EQ(altair_udp_error(udp, &about), 1);
	CHECK(altair_addr_equal(&about, &nobody));
	CHECK_EQ(altair_udp_error(udp, &about), 0);
	altair_udp_close(udp);
}

static void refusals_are_queued(void)
{
	refusal_is_queued("127.0.0.1");
	refusal_is_queued("::1");
}

/* An ICMP message about a datagram from `about` to `to`, as routers write it: the
 * datagram's IP and UDP headers follow (RFC 792). */
static void send_icmp(int raw, uint8_t code, const altair_addr *about,
		      const altair_addr *to)
{
	uint8_t m[8 + 20 + 8] = {
		3, code, [8] = 0x45, [11] = 29, [16] = 64, [17] = IPPROTO_UDP};
	struct sockaddr_in here = {.sin_family = AF_INET};
	uint32_t sum = 0;

	memcpy(m + 20, about->ip, 4);
	memcpy(m + 24, to->ip, 4);
	m[28] = (uint8_t)(about->port >> 8);
	m[29] = (uint8_t)about->port;
	m[30] = (uint8_t)(to->port >> 8);
	m[31] = (uint8_t)to->port;
	m[33] = 9;
	for (size_t i = 0; i < sizeof m; i += 2)
		sum += (uint32_t)m[i] << 8 | m[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	m[2] = (uint8_t)(sum >> 8);
	m[3] = (uint8_t)sum;
	memcpy(&here.sin_addr, about->ip, 4);
	CHECK_EQ(sendto(raw, m, sizeof m, 0, (struct sockaddr *)&here,
			sizeof here),
		 sizeof m);
}

/* A router without a way says nothing about the port. */
static void only_a_closed_port_is_a_refusal(void)
{
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	altair_udp *udp = open_on("127.0.0.1", ALTAIR_UDP_ERRORS, 1);
	altair_addr here = local_of(udp), about;
	altair_addr to = address("127.0.0.2", 9);

	if (raw < 0) {
		printf("# no right to write ICMP\n");
		altair_udp_close(udp);
		return;
	}
	for (uint8_t code = 0; code <= 13; code++) {
		send_icmp(raw, code, &here, &to);
		CHECK_EQ(altair_udp_error(udp, &about), code == 3);
	}
	CHECK(altair_addr_equal(&about, &to));
	close(raw);
	altair_udp_close(udp);
}

static void refusals_disturb_nothing(void)
{
	altair_udp *a = open_on("127.0.0.1", ALTAIR_UDP_ERRORS, 4);
	altair_udp *b = open_on("127.0.0.1", 0, 4);
	altair_addr nobody = closed_port("127.0.0.1");
	altair_addr here = local_of(a), there = local_of(b);
	altair_datagram in[4];

	/* The refusal waits in the socket: neither call may report it. */
	CHECK_EQ(send_bytes(a, &nobody, "x", 1), 1);
	CHECK(wait_for(a, 0) & POLLERR);
	CHECK_EQ(send_bytes(a, &there, "y", 1), 1);
	CHECK_EQ(receive(b, in, 4), 1);
	CHECK_EQ(send_bytes(a, &nobody, "x", 1), 1);
	CHECK_EQ(send_bytes(b, &here, "z", 1), 1);
	CHECK_EQ(receive(a, in, 4), 1);
	CHECK(text_is(&in[0], "z"));
	CHECK_EQ(altair_udp_receive(a, 0, in, 4), 0);
	altair_udp_close(a);
	altair_udp_close(b);
}

static void part_of_a_batch_may_fail(void)
{
	altair_udp *a = open_on("127.0.0.1", 0, 1);
	altair_udp *b = open_on("127.0.0.1", 0, 4);
	altair_addr to = local_of(b), no_address = {.port = 1};
	altair_addr far = address("192.0.2.1", 9), v6 = address("::1", 9);
	altair_datagram in[4];
	altair_datagram out[] = {
		datagram(&far, "x", 1), /* from 127.0.0.1: never leaves */
		datagram(&to, "1", 1),	       datagram(&v6, "x", 1),
		datagram(&no_address, "x", 1), datagram(&to, "2", 1),
	};

	CHECK_EQ(altair_udp_send(a, out, 5), 2);
	CHECK_EQ(receive(b, in, 4), 2);
	CHECK(text_is(&in[0], "1"));
	CHECK(text_is(&in[1], "2"));
	CHECK_EQ(altair_udp_send(a, out + 3, 1), ALTAIR_E_NETWORK);
	CHECK_EQ(altair_udp_send(a, out, 0), 0);
	altair_udp_close(a);
	altair_udp_close(b);
}

static void clock_and_random(void)
{
	const altair_crypto *crypto = altair_system_random();
	uint8_t a[32] = {0}, b[32] = {0};
	altair_time now = altair_clock_now();

	CHECK(now > 0);
	CHECK(altair_clock_now() >= now);
	CHECK(!crypto->hmac_sha1 && !crypto->sha256 && !crypto->md5);
	CHECK_EQ(crypto->random(crypto->user, a, sizeof a), 0);
	CHECK_EQ(crypto->random(crypto->user, b, sizeof b), 0);
	CHECK(memcmp(a, b, sizeof a) != 0);
}

static const struct check_test tests[] = {
	TEST(ipv4_there_and_back),
	TEST(ipv6_there_and_back),
	TEST(siblings_share_a_batch),
	TEST(open_refuses_what_it_cannot_do),
	TEST(a_port_may_be_shared),
	TEST(descriptor_never_blocks_nor_leaks),
	TEST(families_do_not_mix),
	TEST(answer_leaves_from_what_was_asked),
	TEST(without_pktinfo_any_address_is_none),
	TEST(many_per_call),
	TEST(empty_and_longest_arrive_whole),
	TEST(bursts_stay_merged),
	TEST(bursts_are_cut_where_one_side_cannot),
	TEST(refused_bursts_go_singly),
	TEST(refusals_are_queued),
	TEST(only_a_closed_port_is_a_refusal),
	TEST(refusals_disturb_nothing),
	TEST(part_of_a_batch_may_fail),
	TEST(clock_and_random),
};
CHECK_MAIN(tests)
