/*
 * What may be fragmented and what may not, in a network namespace of its own
 * whose loopback has a short MTU; a raw socket sees the IP headers.
 */
#define _GNU_SOURCE
#include <altair/error.h>
#include <altair/udp.h>

#include "check.h"

#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MTU 1400
#define LONGER 3000
#define WAIT_MS 2000

static altair_udp *open_on(const char *ip, unsigned flags)
{
	altair_addr local;
	altair_udp *udp = NULL;

	CHECK_EQ(altair_addr_parse_ip(&local, ip, 0), 0);
	CHECK_EQ(altair_udp_open(&udp, &local, flags, 4), 0);
	return udp;
}

static int send_bytes(altair_udp *udp, altair_udp *to, size_t len, bool whole)
{
	static const uint8_t bytes[LONGER];
	altair_datagram d = {.bytes = {bytes, len}, .whole = whole};

	CHECK_EQ(altair_udp_local(to, &d.path.remote), 0);
	return altair_udp_send(udp, &d, 1);
}

static short wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, WAIT_MS) == 1 ? p.revents : 0;
}

static size_t receive(altair_udp *udp)
{
	altair_datagram d;

	CHECK(wait_for(altair_udp_fd(udp), POLLIN) & POLLIN);
	CHECK_EQ(altair_udp_receive(udp, 0, &d, 1), 1);
	return d.bytes.len;
}

/* Long ones arrive in fragments, unless they are to stay whole. */
static void too_long(const char *ip, uint8_t type, uint8_t code)
{
	altair_udp *a = open_on(ip, ALTAIR_UDP_ERRORS | ALTAIR_UDP_FRAGMENTS);
	altair_udp *b = open_on(ip, 0);
	altair_icmp icmp;

	CHECK_EQ(send_bytes(a, b, LONGER, false), 1);
	CHECK_EQ(receive(b), LONGER);
	CHECK_EQ(send_bytes(a, b, 1000, true), 1);
	CHECK_EQ(receive(b), 1000);
	CHECK_EQ(altair_udp_icmp(a, &icmp), 0);
	CHECK_EQ(send_bytes(a, b, LONGER, true), ALTAIR_E_TOO_LONG);
	CHECK(wait_for(altair_udp_fd(a), 0) & POLLERR);
	CHECK_EQ(altair_udp_icmp(a, &icmp), 1);
	CHECK_EQ(icmp.type, type);
	CHECK_EQ(icmp.code, code);
	CHECK_EQ(icmp.mtu, MTU);
	/* And back again. */
	CHECK_EQ(send_bytes(a, b, LONGER, false), 1);
	CHECK_EQ(receive(b), LONGER);
	altair_udp_close(a);
	altair_udp_close(b);
}

static void what_is_too_long_is_told(void)
{
	too_long("127.0.0.1", ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED);
	too_long("::1", ICMP6_PACKET_TOO_BIG, 0);
}

/* The next UDP datagram on the loopback has DF. */
static bool has_df(int raw)
{
	struct iphdr header;

	CHECK(wait_for(raw, POLLIN) & POLLIN);
	CHECK(recv(raw, &header, sizeof header, MSG_TRUNC) > 0);
	return ntohs(header.frag_off) & IP_DF;
}

static void only_whole_ones_have_df(void)
{
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
	altair_udp *a = open_on("127.0.0.1", ALTAIR_UDP_FRAGMENTS);
	altair_udp *b = open_on("127.0.0.1", 0);

	CHECK(raw >= 0);
	for (int i = 0; i < 6; i++) {
		CHECK_EQ(send_bytes(a, b, 100, i % 3 == 1), 1);
		CHECK_EQ(has_df(raw), i % 3 == 1);
	}
	altair_udp_close(a);
	altair_udp_close(b);
	close(raw);
}

static bool shorten_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_mtu = MTU};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done = fd >= 0 && ioctl(fd, SIOCSIFMTU, &request) == 0;

	request.ifr_flags = IFF_UP;
	done = done && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return done;
}

static const struct check_test tests[] = {
	TEST(what_is_too_long_is_told),
	TEST(only_whole_ones_have_df),
};

int main(int argc, char **argv)
{
	if ((unshare(CLONE_NEWNET) != 0 &&
	     unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ||
	    !shorten_loopback()) {
		printf("skipped: no right to make a network namespace\n");
		return 77;
	}
	return check_run(tests, sizeof tests / sizeof *tests, argc, argv);
}
