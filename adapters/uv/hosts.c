/*
 * Host candidates of this system by rtnetlink(7), which tells of each address
 * whether it is deprecated, temporary or not yet usable.
 *
 * Left out (RFC 8445 5.1.1.1): loopback, interfaces that are down or have no
 * carrier, link-local addresses, those that are tentative or duplicate. Not for
 * what begins, but for what uses them already: addresses that are deprecated (RFC
 * 4862 5.5.4), and those from which a temporary one was made (RFC 8981): they would
 * allow tracking. Bridges and cables of virtual machines and
 * containers lead nowhere that another interface does not. An interface that is
 * named by the user counts, whatever it is.
 *
 * Order: RFC 8421 4, IPv6 and IPv4 by turns, so that a broken family costs one
 * place only; unique local addresses come last (RFC 6724 2.1). Temporary ones
 * before the others (RFC 6724 5, rule 7).
 */
#define _GNU_SOURCE
#include "hosts.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than any host has that is no router; the rest is not looked at. */
#define LINKS_MAX 64
#define ANSWER_MAX 32768 /* what the kernel fills at most */
#define PREFIX_LEN 8	 /* bytes of an autoconfigured one, RFC 4291 2.5.1 */
#define NEWS_MAX 256	 /* read at once; the rest calls again */
#define READINGS_MAX 8	 /* of a list that changes meanwhile */
#define BRIDGE_DIGITS 12 /* of Docker's: "br-" and the network's first ones */

struct found {
	altair_addr addr;
	uint32_t link;
	bool is_temporary;
	bool is_origin; /* temporary ones may be made from it */
	bool is_fading; /* nothing new begins there */
};

struct scan {
	const struct air_hosts_filter *filter;
	int links[LINKS_MAX]; /* the index of each interface that counts */
	size_t links_count;
	struct found found[AIR_HOSTS_FOUND_MAX];
	bool is_torn; /* the list changed while it was read */
	size_t found_count;
};

/* --- what counts ---------------------------------------------------------- */

static bool is_named(const struct air_hosts_filter *filter, const char *name)
{
	for (size_t i = 0; i < filter->count; i++)
		if (strcmp(filter->names[i], name) == 0)
			return true;
	return false;
}

/* A router's own is "br-lan". */
static bool is_docker_bridge(const char *name)
{
	return strncmp(name, "br-", 3) == 0 &&
	       strspn(name + 3, "0123456789abcdef") == BRIDGE_DIGITS &&
	       strlen(name + 3) == BRIDGE_DIGITS;
}

/* As Docker, libvirt, LXC, Podman, Kubernetes and hypervisors name them; VPNs have
 * "tap", too. */
static bool is_virtual(const char *name)
{
	static const char *const prefixes[] = {
		"cali",	  "cni",     "docker", "flannel", "lxc",   "lxd",
		"podman", "vboxnet", "veth",   "virbr",	  "vmnet",
	};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return is_docker_bridge(name);
}

static bool counts(const struct air_hosts_filter *filter, const char *name,
		   unsigned flags)
{
	if (!(flags & IFF_UP) || !(flags & IFF_RUNNING))
		return false;
	if (filter->count > 0)
		return is_named(filter, name);
	return !(flags & IFF_LOOPBACK) && !is_virtual(name);
}

static bool is_usable(const altair_addr *addr, uint32_t flags)
{
	enum altair_addr_class class = altair_addr_classify(addr);

	return !(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) &&
	       class != ALTAIR_ADDR_LINK_LOCAL && class != ALTAIR_ADDR_NONE &&
	       class != ALTAIR_ADDR_MULTICAST;
}

/* --- what the kernel says ------------------------------------------------- */

/* The macros of the system for this step cast away the alignment, which holds:
 * all lengths are rounded up to it. */
static const void *behind(const void *at, size_t len)
{
	return (const uint8_t *)at + NLMSG_ALIGN(len);
}

/* The attribute of that type behind a body of `body_len` bytes; NULL: none. */
static const struct rtattr *find(const struct nlmsghdr *message,
				 size_t body_len, unsigned short type)
{
	size_t left = message->nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(body_len));
	const struct rtattr *at = behind(NLMSG_DATA(message), body_len);

	while (RTA_OK(at, left)) {
		if (at->rta_type == type)
			return at;
		left -= RTA_ALIGN(at->rta_len) < left ? RTA_ALIGN(at->rta_len)
						      : left;
		at = behind(at, at->rta_len);
	}
	return NULL;
}

static void take_link(struct scan *scan, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	const struct rtattr *name = find(message, sizeof *link, IFLA_IFNAME);

	if (name && scan->links_count < LINKS_MAX &&
	    counts(scan->filter, RTA_DATA(name), link->ifi_flags))
		scan->links[scan->links_count++] = link->ifi_index;
}

static bool is_link(const struct scan *scan, unsigned index)
{
	for (size_t i = 0; i < scan->links_count; i++)
		if (scan->links[i] == (int)index)
			return true;
	return false;
}

static bool is_known(const struct scan *scan, const altair_addr *addr)
{
	for (size_t i = 0; i < scan->found_count; i++)
		if (altair_addr_equal(&scan->found[i].addr, addr))
			return true;
	return false;
}

static void take_address(struct scan *scan, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *head = NLMSG_DATA(message);
	const struct rtattr *ip = find(message, sizeof *head, IFA_LOCAL);
	const struct rtattr *more = find(message, sizeof *head, IFA_FLAGS);
	bool is_v6 = head->ifa_family == AF_INET6;
	altair_addr addr = {.family = is_v6 ? ALTAIR_IPV6 : ALTAIR_IPV4};
	uint32_t flags = head->ifa_flags;

	if (!ip) /* on a point-to-point link IFA_ADDRESS is the other end's */
		ip = find(message, sizeof *head, IFA_ADDRESS);
	if (!ip || !is_link(scan, head->ifa_index) ||
	    RTA_PAYLOAD(ip) != (is_v6 ? 16u : 4u))
		return;
	memcpy(addr.ip, RTA_DATA(ip), RTA_PAYLOAD(ip));
	if (more)
		memcpy(&flags, RTA_DATA(more), sizeof flags);
	if (!is_usable(&addr, flags) || is_known(scan, &addr) ||
	    scan->found_count == AIR_HOSTS_FOUND_MAX)
		return;
	scan->found[scan->found_count++] = (struct found){
		.addr = addr,
		.link = head->ifa_index,
		/* The bit means "secondary" for IPv4. */
		.is_temporary = is_v6 && flags & IFA_F_TEMPORARY,
		.is_origin = is_v6 && flags & IFA_F_MANAGETEMPADDR,
		.is_fading = flags & IFA_F_DEPRECATED,
	};
}

static void take_message(struct scan *scan, const struct nlmsghdr *message)
{
	if (message->nlmsg_type == RTM_NEWLINK &&
	    message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		take_link(scan, message);
	if (message->nlmsg_type == RTM_NEWADDR &&
	    message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifaddrmsg)))
		take_address(scan, message);
}

/* What the last message says: an errno, negative, or 0. */
static int read_end(const struct nlmsghdr *message)
{
	int error = 0;

	/* Both kinds begin with it; old kernels end a list without. */
	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof error))
		memcpy(&error, NLMSG_DATA(message), sizeof error);
	return error;
}

enum taken { THERE_IS_MORE, LIST_HAS_ENDED, LIST_HAS_FAILED };

/* Takes one answer apart. */
static enum taken take(struct scan *scan, const void *answer, size_t len)
{
	const struct nlmsghdr *message = answer;

	while (NLMSG_OK(message, len)) {
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			scan->is_torn = true;
		if (message->nlmsg_type == NLMSG_DONE ||
		    message->nlmsg_type == NLMSG_ERROR)
			return read_end(message) == 0 ? LIST_HAS_ENDED
						      : LIST_HAS_FAILED;
		take_message(scan, message);
		len -= NLMSG_ALIGN(message->nlmsg_len) < len
			       ? NLMSG_ALIGN(message->nlmsg_len)
			       : len;
		message = behind(message, message->nlmsg_len);
	}
	return THERE_IS_MORE;
}

static int list(struct scan *scan, int fd, unsigned short type)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg body;
	} request = {
		.head = {.nlmsg_len = sizeof request,
			 .nlmsg_type = type,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.rtgen_family = AF_UNSPEC},
	};
	_Alignas(struct nlmsghdr) char answer[ANSWER_MAX];
	enum taken taken = THERE_IS_MORE;
	ssize_t got;

	if (send(fd, &request, sizeof request, 0) < 0)
		return ALTAIR_E_SYSTEM;
	while (taken == THERE_IS_MORE) {
		got = recv(fd, answer, sizeof answer, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return ALTAIR_E_SYSTEM;
		taken = take(scan, answer, (size_t)got);
	}
	return taken == LIST_HAS_ENDED ? 0 : ALTAIR_E_SYSTEM;
}

/* RFC 8445 5.1.1.1: the same interface and prefix. */
static bool is_replaced(const struct scan *scan, const struct found *origin)
{
	for (size_t i = 0; origin->is_origin && i < scan->found_count; i++) {
		const struct found *f = &scan->found[i];

		if (f->is_temporary && f->link == origin->link &&
		    memcmp(f->addr.ip, origin->addr.ip, PREFIX_LEN) == 0)
			return true;
	}
	return false;
}

static void mark_replaced(struct scan *scan)
{
	for (size_t i = 0; i < scan->found_count; i++)
		scan->found[i].is_fading |= is_replaced(scan, &scan->found[i]);
}

/* --- the order ------------------------------------------------------------ */

enum place { IPV6_GLOBAL, IPV4_ANY, IPV6_LOCAL };

static enum place place_of(const altair_addr *addr)
{
	if (addr->family == ALTAIR_IPV4)
		return IPV4_ANY;
	return altair_addr_classify(addr) == ALTAIR_ADDR_PRIVATE ? IPV6_LOCAL
								 : IPV6_GLOBAL;
}

/* How many of the same place come before this one, which is not fading. */
static size_t before(const struct scan *scan, size_t index)
{
	const struct found *self = &scan->found[index];
	size_t count = 0;

	for (size_t i = 0; i < scan->found_count; i++) {
		const struct found *f = &scan->found[i];

		if (f->is_fading || place_of(&f->addr) != place_of(&self->addr))
			continue;
		if (f->is_temporary == self->is_temporary ? i < index
							  : f->is_temporary)
			count++;
	}
	return count;
}

/* The smaller, the sooner; no two are equal. */
static size_t key(const struct scan *scan, size_t index)
{
	enum place place = place_of(&scan->found[index].addr);
	size_t turn = before(scan, index);

	if (scan->found[index].is_fading)
		return 3 * AIR_HOSTS_FOUND_MAX + index;
	return place == IPV6_LOCAL ? 2 * AIR_HOSTS_FOUND_MAX + turn
				   : 2 * turn + place;
}

static void order(const struct scan *scan, struct air_hosts *out)
{
	size_t keys[AIR_HOSTS_FOUND_MAX];

	out->count = scan->found_count;
	out->fit = 0;
	for (size_t i = 0; i < scan->found_count; i++)
		keys[i] = key(scan, i);
	for (size_t i = 0; i < scan->found_count; i++) {
		size_t place = 0;

		for (size_t k = 0; k < scan->found_count; k++)
			place += keys[k] < keys[i];
		out->all[place] = scan->found[i].addr;
		out->fit += !scan->found[i].is_fading;
	}
}

static int scan_once(struct scan *scan, const struct air_hosts_filter *filter)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int error;

	if (fd < 0)
		return ALTAIR_E_SYSTEM;
	memset(scan, 0, sizeof *scan);
	scan->filter = filter;
	error = list(scan, fd, RTM_GETLINK);
	if (!error)
		error = list(scan, fd, RTM_GETADDR);
	close(fd);
	return error;
}

int air_hosts_read(const struct air_hosts_filter *filter, struct air_hosts *out)
{
	struct scan scan = {.is_torn = true};
	int error = 0;

	/* What still changes then brings news of its own. */
	for (int i = 0; i < READINGS_MAX && !error && scan.is_torn; i++)
		error = scan_once(&scan, filter);
	if (error)
		return error;
	mark_replaced(&scan);
	order(&scan, out);
	return 0;
}

/* --- changes -------------------------------------------------------------- */

int air_hosts_watch(void)
{
	const struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups =
			RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_ROUTE);

	if (fd < 0)
		return ALTAIR_E_SYSTEM;
	if (bind(fd, (const struct sockaddr *)&groups, sizeof groups) == 0)
		return fd;
	close(fd);
	return ALTAIR_E_SYSTEM;
}

/* What it says is not looked at: who reads the list anew misses nothing, not
 * even what overflowed (ENOBUFS). */
void air_hosts_drain(int fd)
{
	char news[4096];

	for (int i = 0; i < NEWS_MAX; i++)
		if (recv(fd, news, sizeof news, 0) < 0 && errno != ENOBUFS)
			return;
}
