/*
 * One socket for each distance, so that an answer's distance is known whatever a
 * router quotes of the datagram (RFC 792: 8 bytes of it at least). What arrives
 * at the server is a Binding request like any other.
 */
#define _GNU_SOURCE
#include "hops.h"

#include "sockaddr.h"

#include <altair/udp.h>

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS 4
#define ROUND_MS 250

static void finish(struct hops *h)
{
	if (h->is_done)
		return;
	h->is_done = true;
	uv_timer_stop(&h->timer);
	h->done(h->user);
}

/* All that were asked have answered, up to one that ends the private part. */
static bool is_enough(const struct hops *h)
{
	for (size_t i = 0; i < h->count; i++) {
		enum altair_addr_class class =
			altair_addr_classify(&h->addr[i]);

		if (class == ALTAIR_ADDR_NONE)
			return false;
		if (class != ALTAIR_ADDR_PRIVATE && class != ALTAIR_ADDR_SHARED)
			return true;
	}
	return true;
}

static void ask(const struct hop *hop)
{
	/* Binding, no attributes (RFC 8489 5). */
	uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	const altair_crypto *crypto = altair_system_random();

	if (crypto->random(crypto->user, request + 8, 12) == 0)
		(void)!send(hop->fd, request, sizeof request, 0);
}

/* The router that an ICMP error came from, if it is about the time to live. */
static bool read_error(struct hop *hop, altair_addr *out)
{
	_Alignas(struct cmsghdr) char control[512];
	char payload[64];
	struct iovec iov = {payload, sizeof payload};
	struct msghdr head = {.msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof control};

	if (recvmsg(hop->fd, &head, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&head); c;
	     c = CMSG_NXTHDR(&head, c)) {
		struct {
			struct sock_extended_err error;
			struct sockaddr_in from;
		} e;

		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR ||
		    c->cmsg_len < CMSG_LEN(sizeof e))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof e);
		return e.error.ee_origin == SO_EE_ORIGIN_ICMP &&
		       e.error.ee_type == ICMP_TIME_EXCEEDED &&
		       air_sockaddr_read(out, (struct sockaddr *)&e.from, 0);
	}
	return false;
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct hop *hop = poll->data;
	struct hops *h = hop->hops;
	altair_addr *addr = &h->addr[hop - h->hop];
	char answer[64];

	(void)status;
	(void)events;
	if (!read_error(hop, addr) &&
	    recv(hop->fd, answer, sizeof answer, MSG_DONTWAIT) > 0)
		*addr = h->to; /* it is that near */
	/* libuv stops at an error of the socket. */
	uv_poll_start(poll, UV_READABLE, on_event);
	if (is_enough(h))
		finish(h);
}

static void on_round(uv_timer_t *timer)
{
	struct hops *h = timer->data;

	if (h->rounds++ == ROUNDS) {
		finish(h);
		return;
	}
	for (size_t i = 0; i < h->count; i++)
		if (h->addr[i].family == ALTAIR_NO_FAMILY)
			ask(&h->hop[i]);
}

static bool open_hop(struct hops *h, uv_loop_t *loop, int ttl)
{
	struct hop *hop = &h->hop[h->count];
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(h->to.port)};
	int on = 1;

	memcpy(&to.sin_addr, h->to.ip, 4);
	hop->hops = h;
	hop->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (hop->fd < 0)
		return false;
	hop->poll.data = hop;
	if (setsockopt(hop->fd, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl) != 0 ||
	    setsockopt(hop->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on) != 0 ||
	    connect(hop->fd, (struct sockaddr *)&to, sizeof to) != 0 ||
	    uv_poll_init(loop, &hop->poll, hop->fd) < 0) {
		close(hop->fd);
		return false;
	}
	uv_poll_start(&hop->poll, UV_READABLE, on_event);
	h->count++;
	return true;
}

void air_hops_start(struct hops *h, uv_loop_t *loop, const altair_addr *to)
{
	h->to = *to;
	uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	for (int ttl = 1; ttl <= HOPS_MAX && open_hop(h, loop, ttl); ttl++)
		;
	if (h->count == 0)
		finish(h);
	else
		uv_timer_start(&h->timer, on_round, 0, ROUND_MS);
}

void air_hops_close(struct hops *h)
{
	if (h->to.family == ALTAIR_NO_FAMILY)
		return;
	uv_close((uv_handle_t *)&h->timer, NULL);
	for (size_t i = 0; i < h->count; i++) {
		uv_close((uv_handle_t *)&h->hop[i].poll, NULL);
		close(h->hop[i].fd);
	}
	h->to.family = ALTAIR_NO_FAMILY;
}
