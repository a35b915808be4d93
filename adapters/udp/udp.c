/*
 * One UDP socket: opened once with all the memory it will ever use, then many
 * datagrams per system call in both directions. With ALTAIR_UDP_MERGE a slot of
 * a batch may hold a whole burst of one sender: the kernel merges on arrival
 * (UDP_GRO) and cuts on departure (UDP_SEGMENT); where it does not, we cut.
 *
 * Invariants: the descriptor never blocks and is closed on exec. A slot holds
 * 64 KiB, so the longest datagram there is (65,507 bytes over IPv4) arrives
 * whole. An IPv6 socket never carries IPv4. Nothing a peer sends, ICMP
 * included, makes a call fail.
 */
#define _GNU_SOURCE
#include <altair/error.h>
#include <altair/udp.h>

#include "sockaddr.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_MAX 64
#define SLOT_LEN 65536

/*
 * Slots are a little more than 64 KiB apart: at exactly 64 KiB the beginnings
 * of all of them would compete for the same few lines of the CPU's cache.
 */
#define SLOT_STRIDE (SLOT_LEN + 128)

/* What the kernel takes in one UDP_SEGMENT send: UDP_MAX_SEGMENTS of Linux
 * before 6.9, and the longest UDP payload over IPv4. */
#define SEGMENTS_MAX 64
#define PAYLOAD_MAX 65507

/* Control messages: where a datagram went, or shall leave from, and the length
 * of the datagrams of a burst. */
#define CONTROL_LEN                                                            \
	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)))

struct envelope {
	union air_sockaddr remote;
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_LEN];
};

/* The arrays of recvmmsg and sendmmsg. */
struct box {
	struct mmsghdr head[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	struct envelope envelope[BATCH_MAX];
};

/* What one call needs; several sockets may work in the same. */
struct desk {
	size_t batch;
	struct box in, out;
	uint16_t segment[BATCH_MAX]; /* out: of a burst, else 0             */
	bool ends[BATCH_MAX];	     /* out: the last part of its datagram  */
	size_t queued;		     /* out: messages that wait for flush   */
	uint8_t *slots;		     /* in: batch * SLOT_STRIDE bytes       */
};

struct altair_udp {
	int fd;
	altair_addr bound; /* as the system says                           */
	altair_addr local; /* of every path; "no address" on any address   */
	bool tells_local;  /* the kernel says which address was asked      */
	bool takes_bursts; /* and the length of their segments             */
	bool cuts_bursts;  /* the kernel cuts what we send                 */
	bool fragments;	   /* unless a datagram is whole                   */
	bool keeps_whole;  /* what leaves now                              */
	bool owns_desk;
	struct desk *desk;
};

/* What became of the datagrams of one altair_udp_send. */
struct outcome {
	size_t taken;
	int error; /* the first one, an errno */
};

/* --- opening -------------------------------------------------------------- */

static int open_error(int error)
{
	switch (error) {
	case EADDRINUSE:
		return ALTAIR_E_IN_USE;
	case EADDRNOTAVAIL:
	case EINVAL: /* a link-local address without its zone */
	case ENODEV: /* a zone that is no interface */
		return ALTAIR_E_ADDRESS;
	case EACCES:
	case EPERM:
		return ALTAIR_E_PERMISSION;
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
		return ALTAIR_E_FAMILY;
	case ENOMEM:
	case ENOBUFS:
		return ALTAIR_E_MEMORY;
	default:
		return ALTAIR_E_SYSTEM;
	}
}

static bool set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

static bool is_any_address(const altair_addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->ip, zero, sizeof zero) == 0;
}

/* Turns on an option that has one name for each family. */
static bool set_family_option(const altair_udp *udp, uint8_t family, int v4,
			      int v6)
{
	return family == ALTAIR_IPV6 ? set_option(udp->fd, IPPROTO_IPV6, v6, 1)
				     : set_option(udp->fd, IPPROTO_IP, v4, 1);
}

/* A bound socket has to be so already. */
static bool is_only_ipv6(int fd)
{
	int value = 0;
	socklen_t len = sizeof value;

	return getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &len) == 0 &&
	       value;
}

/* Sets what must work before the bind. */
static bool prepare(const altair_udp *udp, uint8_t family, unsigned flags)
{
	if (family == ALTAIR_IPV6 && !is_only_ipv6(udp->fd) &&
	    !set_option(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return false;
	if ((flags & ALTAIR_UDP_REUSEPORT) &&
	    !set_option(udp->fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return false;
	if (udp->tells_local &&
	    !set_family_option(udp, family, IP_PKTINFO, IPV6_RECVPKTINFO))
		return false;
	return !(flags & ALTAIR_UDP_ERRORS) ||
	       set_family_option(udp, family, IP_RECVERR, IPV6_RECVERR);
}

/*
 * Whether what leaves from now on may be fragmented. Neither way believes what
 * routers say of the path: the one who asked for whole datagrams is told, and
 * decides (ip(7), IP_MTU_DISCOVER; linux/in.h: OMIT has DF 0).
 */
static bool keep_whole(altair_udp *udp, bool is_whole)
{
	udp->keeps_whole = is_whole;
	if (udp->bound.family == ALTAIR_IPV4)
		return set_option(udp->fd, IPPROTO_IP, IP_MTU_DISCOVER,
				  is_whole ? IP_PMTUDISC_PROBE
					   : IP_PMTUDISC_OMIT);
	return set_option(udp->fd, IPPROTO_IPV6, IPV6_DONTFRAG, is_whole) &&
	       set_option(udp->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			  is_whole ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_WANT);
}

/* What can only be said of a socket that is bound. Returns 0 or ALTAIR_E_*. */
static int settle(altair_udp *udp, unsigned flags)
{
	union air_sockaddr addr;
	socklen_t len = sizeof addr;

	if (getsockname(udp->fd, &addr.any, &len) != 0)
		return ALTAIR_E_SYSTEM;
	air_sockaddr_get(&udp->bound, &addr);
	if (!is_any_address(&udp->bound))
		udp->local = udp->bound;
	udp->fragments = flags & ALTAIR_UDP_FRAGMENTS;
	if (udp->fragments && !keep_whole(udp, false))
		return ALTAIR_E_SYSTEM;
	if (flags & ALTAIR_UDP_MERGE) {
		udp->takes_bursts = set_option(udp->fd, SOL_UDP, UDP_GRO, 1);
		/* 0 changes nothing: it asks whether the kernel knows it. */
		udp->cuts_bursts = set_option(udp->fd, SOL_UDP, UDP_SEGMENT, 0);
	}
	return 0;
}

/* Opens and binds the descriptor. Returns 0 or ALTAIR_E_*. */
static int bind_socket(altair_udp *udp, const altair_addr *local,
		       unsigned flags)
{
	union air_sockaddr addr;
	socklen_t len = air_sockaddr_set(&addr, local);

	if (len == 0)
		return ALTAIR_E_FAMILY;
	udp->fd = socket(addr.any.sa_family,
			 SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (udp->fd < 0)
		return open_error(errno);
	/* A socket on one address knows what was asked without being told. */
	udp->tells_local =
		(flags & ALTAIR_UDP_PKTINFO) && is_any_address(local);
	if (!prepare(udp, local->family, flags) ||
	    bind(udp->fd, &addr.any, len) != 0)
		return open_error(errno);
	return settle(udp, flags);
}

/* Takes a descriptor that is bound already. Returns 0 or ALTAIR_E_*. */
static int take_socket(altair_udp *udp, int fd, unsigned flags)
{
	union air_sockaddr addr;
	socklen_t len = sizeof addr;
	altair_addr local;

	if (getsockname(fd, &addr.any, &len) != 0)
		return ALTAIR_E_SYSTEM;
	air_sockaddr_get(&local, &addr);
	udp->fd = fd;
	udp->tells_local =
		(flags & ALTAIR_UDP_PKTINFO) && is_any_address(&local);
	return prepare(udp, local.family, flags) ? settle(udp, flags)
						 : ALTAIR_E_SYSTEM;
}

static void lay_out_head(struct box *box, size_t i)
{
	box->head[i].msg_hdr = (struct msghdr){
		.msg_name = &box->envelope[i].remote,
		.msg_iov = &box->iov[i],
		.msg_iovlen = 1,
		.msg_control = box->envelope[i].control,
	};
}

/* Says again how much fits, where the kernel has said how much there was. */
static void make_room(struct box *box, size_t i)
{
	box->head[i].msg_hdr.msg_namelen = sizeof box->envelope[i].remote;
	box->head[i].msg_hdr.msg_controllen = sizeof box->envelope[i].control;
}

static void lay_out(struct desk *desk)
{
	for (size_t i = 0; i < BATCH_MAX; i++) {
		lay_out_head(&desk->in, i);
		lay_out_head(&desk->out, i);
	}
	for (size_t i = 0; i < desk->batch; i++) {
		desk->in.iov[i].iov_base = desk->slots + i * SLOT_STRIDE;
		desk->in.iov[i].iov_len = SLOT_LEN;
		make_room(&desk->in, i);
	}
}

static void close_desk(struct desk *desk)
{
	free(desk->slots);
	free(desk);
}

static struct desk *open_desk(size_t batch)
{
	struct desk *desk = calloc(1, sizeof *desk);

	if (!desk)
		return NULL;
	desk->batch = batch;
	desk->slots = malloc(batch * SLOT_STRIDE);
	if (!desk->slots) {
		close_desk(desk);
		return NULL;
	}
	lay_out(desk);
	return desk;
}

static altair_udp *make(struct desk *desk)
{
	altair_udp *udp = calloc(1, sizeof *udp);

	if (!udp)
		return NULL;
	udp->fd = -1;
	udp->desk = desk;
	return udp;
}

/* Without a desk it gets one of its own, once it is bound; `rc` says how that
 * went. */
static int finish(altair_udp **out, altair_udp *udp, int rc, size_t batch)
{
	if (rc == 0 && !udp->desk) {
		udp->desk = open_desk(batch);
		udp->owns_desk = true;
		if (!udp->desk)
			rc = ALTAIR_E_MEMORY;
	}
	if (rc != 0) {
		altair_udp_close(udp);
		return rc;
	}
	*out = udp;
	return 0;
}

int altair_udp_open(altair_udp **out, const altair_addr *local, unsigned flags,
		    size_t batch)
{
	altair_udp *udp;

	if (batch < 1 || batch > BATCH_MAX)
		return ALTAIR_E_INVALID;
	udp = make(NULL);
	return udp ? finish(out, udp, bind_socket(udp, local, flags), batch)
		   : ALTAIR_E_MEMORY;
}

int altair_udp_open_beside(altair_udp **out, altair_udp *sibling,
			   const altair_addr *local, unsigned flags)
{
	altair_udp *udp = make(sibling->desk);

	return udp ? finish(out, udp, bind_socket(udp, local, flags), 0)
		   : ALTAIR_E_MEMORY;
}

int altair_udp_adopt(altair_udp **out, int fd, unsigned flags, size_t batch)
{
	altair_udp *udp;

	if (batch < 1 || batch > BATCH_MAX)
		return ALTAIR_E_INVALID;
	udp = make(NULL);
	return udp ? finish(out, udp, take_socket(udp, fd, flags), batch)
		   : ALTAIR_E_MEMORY;
}

void altair_udp_close(altair_udp *udp)
{
	if (!udp)
		return;
	if (udp->fd >= 0)
		close(udp->fd);
	if (udp->owns_desk && udp->desk)
		close_desk(udp->desk);
	free(udp);
}

int altair_udp_fd(const altair_udp *udp)
{
	return udp->fd;
}

int altair_udp_local(const altair_udp *udp, altair_addr *out)
{
	*out = udp->bound;
	return 0;
}

/* --- receiving ------------------------------------------------------------ */

/* Takes in one thing that the kernel says beside the bytes. */
static void read_message(const altair_udp *udp, const struct cmsghdr *c,
			 altair_datagram *datagram)
{
	altair_addr *local = &datagram->path.local;
	const uint8_t *data = CMSG_DATA(c);
	struct in6_pktinfo v6;
	struct in_pktinfo v4;
	int segment;

	if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
		memcpy(&segment, data, sizeof segment);
		if ((size_t)segment < datagram->bytes.len)
			datagram->segment = (size_t)segment;
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&v4, data, sizeof v4);
		*local = udp->bound;
		memcpy(local->ip, &v4.ipi_spec_dst, 4);
	} else if (c->cmsg_level == IPPROTO_IPV6 &&
		   c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&v6, data, sizeof v6);
		*local = udp->bound;
		memcpy(local->ip, &v6.ipi6_addr, 16);
		if (IN6_IS_ADDR_LINKLOCAL(&v6.ipi6_addr))
			local->scope = v6.ipi6_ifindex;
	}
}

static void read_control(const altair_udp *udp, struct msghdr *head,
			 altair_datagram *datagram)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c;
	     c = CMSG_NXTHDR(head, c))
		read_message(udp, c, datagram);
}

/* recvmmsg into the places from `first` on; its errors are either ours
 * (ALTAIR_E_SYSTEM) or nothing. */
static int take(altair_udp *udp, size_t first, size_t cap)
{
	/* The first call may return the ICMP error of an earlier datagram. */
	for (int tries = 0; tries < 2; tries++) {
		int n = recvmmsg(udp->fd, udp->desk->in.head + first,
				 (unsigned)(cap - first), 0, NULL);

		if (n >= 0)
			return n;
		if (errno == EAGAIN)
			return 0;
		if (errno == EBADF || errno == EFAULT || errno == EINVAL ||
		    errno == ENOTSOCK)
			return ALTAIR_E_SYSTEM;
	}
	return 0;
}

int altair_udp_receive(altair_udp *udp, uint32_t sock, altair_datagram *batch,
		       size_t cap)
{
	return altair_udp_receive_more(udp, sock, batch, 0, cap);
}

int altair_udp_receive_more(altair_udp *udp, uint32_t sock,
			    altair_datagram *batch, size_t used, size_t cap)
{
	size_t end = cap < udp->desk->batch ? cap : udp->desk->batch;
	int n = used < end ? take(udp, used, end) : 0;

	for (size_t i = used; n > 0 && i < used + (size_t)n; i++) {
		altair_datagram *d = &batch[i];

		d->path.sock = sock;
		d->path.local = udp->local;
		air_sockaddr_get(&d->path.remote,
				 &udp->desk->in.envelope[i].remote);
		d->bytes.data = udp->desk->in.iov[i].iov_base;
		d->bytes.len = udp->desk->in.head[i].msg_len;
		d->segment = 0;
		d->verdict = ALTAIR_NOT_MINE;
		read_control(udp, &udp->desk->in.head[i].msg_hdr, d);
		make_room(&udp->desk->in, i);
	}
	return n;
}

/* --- sending -------------------------------------------------------------- */

static int send_error(int error)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return ALTAIR_E_NETWORK;
	case EPERM:
	case EACCES:
		return ALTAIR_E_PERMISSION;
	case EAGAIN:
	case ENOBUFS:
		return ALTAIR_E_AGAIN;
	case EMSGSIZE:
		return ALTAIR_E_TOO_LONG;
	default:
		return ALTAIR_E_SYSTEM;
	}
}

static void add_control(struct msghdr *head, int level, int type,
			altair_bytes value)
{
	void *end = (uint8_t *)head->msg_control + head->msg_controllen;
	struct cmsghdr *c = end;

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(value.len);
	memcpy(CMSG_DATA(c), value.data, value.len);
	head->msg_controllen += CMSG_SPACE(value.len);
}

/* Lets the datagram leave from `local`. */
static void add_local(struct msghdr *head, const altair_addr *local)
{
	struct in6_pktinfo v6 = {.ipi6_ifindex = local->scope};
	struct in_pktinfo v4 = {.ipi_ifindex = 0};

	if (local->family == ALTAIR_IPV4) {
		memcpy(&v4.ipi_spec_dst, local->ip, 4);
		add_control(head, IPPROTO_IP, IP_PKTINFO,
			    (altair_bytes){(uint8_t *)&v4, sizeof v4});
	} else if (local->family == ALTAIR_IPV6) {
		memcpy(&v6.ipi6_addr, local->ip, 16);
		add_control(head, IPPROTO_IPV6, IPV6_PKTINFO,
			    (altair_bytes){(uint8_t *)&v6, sizeof v6});
	}
}

static void note(struct outcome *outcome, int error)
{
	if (outcome->error == 0)
		outcome->error = error;
}

/* Sends, one by one, the datagrams of a burst the kernel would not cut.
 * Returns 0 or an errno. */
static int send_singly(altair_udp *udp, size_t index)
{
	struct msghdr head = udp->desk->out.head[index].msg_hdr;
	struct iovec whole = *head.msg_iov;
	struct iovec piece;
	size_t segment = udp->desk->segment[index];
	int error = 0;

	/* The length of the segments is the last control message. */
	head.msg_controllen -= CMSG_SPACE(sizeof *udp->desk->segment);
	head.msg_iov = &piece;
	for (size_t at = 0; at < whole.iov_len; at += segment) {
		size_t left = whole.iov_len - at;

		piece.iov_base = (uint8_t *)whole.iov_base + at;
		piece.iov_len = left < segment ? left : segment;
		if (sendmsg(udp->fd, &head, 0) < 0)
			error = errno;
	}
	return error;
}

/* Gives messages to the kernel from number `first` on; how many it took, or -1. A
 * plain one by itself goes the shortest way. */
static int give(const altair_udp *udp, size_t first)
{
	const struct msghdr *head = &udp->desk->out.head[first].msg_hdr;
	size_t count = udp->desk->queued - first;

	if (count > 1 || head->msg_controllen > 0)
		return sendmmsg(udp->fd, udp->desk->out.head + first,
				(unsigned)count, 0);
	return sendto(udp->fd, head->msg_iov->iov_base, head->msg_iov->iov_len,
		      0, head->msg_name, head->msg_namelen) < 0
		       ? -1
		       : 1;
}

/* Gives the queued messages to the kernel. */
static void flush(altair_udp *udp, struct outcome *outcome)
{
	size_t done = 0, failed = SIZE_MAX;

	while (done < udp->desk->queued) {
		int n = give(udp, done);
		int error = errno;

		for (int i = 0; i < n; i++)
			outcome->taken += udp->desk->ends[done++];
		if (n > 0)
			continue;
		if (error == EAGAIN) {
			note(outcome, error);
			break;
		}
		/* The first error may be the ICMP error of an earlier one. */
		if (failed != done) {
			failed = done;
			continue;
		}
		if (udp->desk->segment[done] != 0)
			error = send_singly(udp, done);
		if (error != 0)
			note(outcome, error);
		else
			outcome->taken += udp->desk->ends[done];
		done++;
	}
	udp->desk->queued = 0;
}

/* Queues one message: a part of `datagram`, with its `segment` or 0. */
static void queue(altair_udp *udp, const altair_datagram *datagram,
		  altair_bytes part, size_t segment)
{
	size_t i = udp->desk->queued++;
	struct msghdr *head = &udp->desk->out.head[i].msg_hdr;
	uint16_t value = (uint16_t)segment;

	head->msg_namelen = air_sockaddr_set(&udp->desk->out.envelope[i].remote,
					     &datagram->path.remote);
	head->msg_controllen = 0;
	if (udp->tells_local)
		add_local(head, &datagram->path.local);
	if (segment != 0)
		add_control(head, SOL_UDP, UDP_SEGMENT,
			    (altair_bytes){(uint8_t *)&value, sizeof value});
	udp->desk->out.iov[i].iov_base = (void *)(uintptr_t)part.data;
	udp->desk->out.iov[i].iov_len = part.len;
	udp->desk->segment[i] = value;
	udp->desk->ends[i] = part.data + part.len ==
			     datagram->bytes.data + datagram->bytes.len;
}

/* The most bytes of this datagram that one message may carry. */
static size_t part_len(const altair_udp *udp, const altair_datagram *datagram)
{
	size_t segment = datagram->segment;
	size_t count = SEGMENTS_MAX;

	if (segment == 0 || segment >= datagram->bytes.len)
		return datagram->bytes.len;
	if (!udp->cuts_bursts || segment > PAYLOAD_MAX / 2)
		return segment;
	if (count > PAYLOAD_MAX / segment)
		count = PAYLOAD_MAX / segment;
	return count * segment;
}

/* Queues a whole datagram, or all parts of a burst. */
static void send_datagram(altair_udp *udp, const altair_datagram *datagram,
			  struct outcome *outcome)
{
	size_t part_max = part_len(udp, datagram);
	altair_bytes part = {.data = datagram->bytes.data};
	size_t left = datagram->bytes.len;

	if (datagram->path.remote.family != udp->bound.family) {
		note(outcome, EAFNOSUPPORT);
		return;
	}
	do {
		size_t segment = datagram->segment;

		part.len = left < part_max ? left : part_max;
		queue(udp, datagram, part, part.len > segment ? segment : 0);
		part.data += part.len;
		left -= part.len;
		if (udp->desk->queued == BATCH_MAX)
			flush(udp, outcome);
	} while (left > 0);
}

int altair_udp_send(altair_udp *udp, const altair_datagram *batch, size_t count)
{
	struct outcome outcome = {.taken = 0};

	for (size_t i = 0; i < count; i++) {
		if (udp->fragments && batch[i].whole != udp->keeps_whole) {
			flush(udp, &outcome);
			keep_whole(udp, batch[i].whole);
		}
		send_datagram(udp, &batch[i], &outcome);
	}
	flush(udp, &outcome);
	if (outcome.taken > 0 || outcome.error == 0)
		return (int)outcome.taken;
	return send_error(outcome.error);
}

/* --- ICMP errors ---------------------------------------------------------- */

/* What the error says; false for one of no kind that we know. A datagram that is
 * too long for the first link never left: the next router would have said this. */
static bool read_error(const struct sock_extended_err *e, altair_icmp *out)
{
	bool is_v6 = out->remote.family == ALTAIR_IPV6;
	bool is_ours = e->ee_origin == SO_EE_ORIGIN_LOCAL;

	if (is_ours && e->ee_errno != EMSGSIZE)
		return false;
	if (!is_ours && e->ee_origin != SO_EE_ORIGIN_ICMP &&
	    e->ee_origin != SO_EE_ORIGIN_ICMP6)
		return false;
	out->type = e->ee_type;
	out->code = e->ee_code;
	if (is_ours) {
		out->type = is_v6 ? ICMP6_PACKET_TOO_BIG : ICMP_DEST_UNREACH;
		out->code = is_v6 ? 0 : ICMP_FRAG_NEEDED;
	}
	out->mtu = e->ee_errno == EMSGSIZE ? e->ee_info : 0;
	return true;
}

/* Finds the error among the control messages. */
static bool find_error(struct msghdr *head, altair_icmp *out)
{
	struct sock_extended_err e;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c;
	     c = CMSG_NXTHDR(head, c)) {
		if (!(c->cmsg_level == IPPROTO_IP &&
		      c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 &&
		      c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof e);
		return read_error(&e, out);
	}
	return false;
}

int altair_udp_icmp(altair_udp *udp, altair_icmp *out)
{
	union air_sockaddr about;
	_Alignas(struct cmsghdr) uint8_t control[256];
	struct msghdr head = {.msg_name = &about, .msg_control = control};

	do {
		head.msg_namelen = sizeof about;
		head.msg_controllen = sizeof control;
		if (recvmsg(udp->fd, &head, MSG_ERRQUEUE) < 0)
			return 0;
		air_sockaddr_get(&out->remote, &about);
	} while (!find_error(&head, out));
	return 1;
}

/* RFC 792 and RFC 4443 3.1: nothing listens at the port. The other codes tell of
 * the way there, which may be better a moment later. */
static bool is_refusal(const altair_icmp *icmp)
{
	if (icmp->remote.family == ALTAIR_IPV6)
		return icmp->type == ICMP6_DST_UNREACH &&
		       icmp->code == ICMP6_DST_UNREACH_NOPORT;
	return icmp->type == ICMP_DEST_UNREACH &&
	       icmp->code == ICMP_PORT_UNREACH;
}

int altair_udp_error(altair_udp *udp, altair_addr *remote)
{
	altair_icmp icmp;

	do
		if (altair_udp_icmp(udp, &icmp) == 0)
			return 0;
	while (!is_refusal(&icmp));
	*remote = icmp.remote;
	return 1;
}
