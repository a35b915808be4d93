/*
 * probe.c - the questions of RFC 4787 and RFC 5780 to a NAT whose both sides
 * are ours: how it maps (4.1), whether it keeps the port (4.2.1), for how long
 * (4.3), whom it lets in (5), whether it hairpins (6).
 *
 * "Nothing arrives" is never concluded from a clock. After the datagram in
 * question follows one that must pass, on the same way; what has not come
 * before it, does not come.
 */
#include "probe.h"

#include <stdio.h>

/* A mapping, as the socket that was sent to saw it. */
struct mapping {
	int socket;
	altair_addr local, seen;
	bool open;
};

struct outside {
	int socket;
	altair_addr local;
};

/* Two addresses, two ports on each. */
struct probe {
	const struct probe_net *net;
	struct outside far[2][2];
};

/* Bytes that are sent. */
enum { ASK = 'a', TEST = 't', LAST = 'z' };

static bool ask(struct probe *probe, struct mapping *map,
		const struct outside *to)
{
	uint8_t byte;

	probe->net->send(probe->net->self, map->socket, &to->local, ASK);
	map->open = probe->net->take(probe->net->self, to->socket, &map->seen,
				     &byte);
	return map->open;
}

/* A fresh socket inside, and its mapping towards `to`. */
static struct mapping begin(struct probe *probe, const struct outside *to)
{
	struct mapping map = {0};

	map.socket =
		probe->net->open(probe->net->self, PROBE_INSIDE, &map.local);
	ask(probe, &map, to);
	return map;
}

/* How many TEST arrive at the mapping's socket before the LAST that `by`
 * sends. */
static int count_tests(struct probe *probe, const struct mapping *map,
		       const struct outside *by)
{
	const struct probe_net *net = probe->net;
	altair_addr from;
	uint8_t byte;
	int count = 0;

	net->send(net->self, by->socket, &map->seen, LAST);
	while (net->take(net->self, map->socket, &from, &byte) && byte != LAST)
		count += byte == TEST;
	return count;
}

static bool passes(struct probe *probe, const struct mapping *map,
		   const struct outside *from, const struct outside *sure)
{
	probe->net->send(probe->net->self, from->socket, &map->seen, TEST);
	return count_tests(probe, map, sure) > 0;
}

static enum probe_scope find_mapping(struct probe *probe,
				     struct probe_report *out)
{
	struct mapping map = begin(probe, &probe->far[0][0]);
	struct mapping port = map, address = map;

	if (!map.open || !ask(probe, &port, &probe->far[0][1]) ||
	    !ask(probe, &address, &probe->far[1][0]))
		return PROBE_NONE;
	out->preserves = map.seen.port == map.local.port;
	out->sequential = port.seen.port == map.seen.port + 1 &&
			  address.seen.port == port.seen.port + 1;
	if (!altair_addr_equal(&map.seen, &port.seen))
		return PROBE_PORT;
	if (!altair_addr_equal(&map.seen, &address.seen))
		return PROBE_ADDRESS;
	return PROBE_ANY;
}

static enum probe_scope find_filtering(struct probe *probe)
{
	const struct outside *asked = &probe->far[0][0];
	struct mapping map = begin(probe, asked);

	if (passes(probe, &map, &probe->far[1][1], asked))
		return PROBE_ANY;
	if (passes(probe, &map, &probe->far[0][1], asked))
		return PROBE_ADDRESS;
	return PROBE_PORT;
}

static bool find_hairpin(struct probe *probe)
{
	struct mapping map = begin(probe, &probe->far[0][0]);
	struct mapping other = begin(probe, &probe->far[0][0]);

	probe->net->send(probe->net->self, other.socket, &map.seen, TEST);
	return count_tests(probe, &map, &probe->far[0][0]) > 0;
}

/* How many TEST came through to the mapping up to now. It may be closed: so a
 * datagram through a new one shows that all others have been judged, and only
 * then it is opened again for the LAST. */
static int settle(struct probe *probe, struct mapping *map)
{
	const struct outside *asked = &probe->far[0][0];
	struct mapping witness = begin(probe, asked);

	count_tests(probe, &witness, asked);
	ask(probe, map, asked);
	return count_tests(probe, map, asked);
}

/* Whether the mapping is gone after `idle`. */
static bool find_expiry(struct probe *probe, altair_time idle)
{
	const struct outside *asked = &probe->far[0][0];
	struct mapping map = begin(probe, asked);

	probe->net->rest(probe->net->self, idle);
	probe->net->send(probe->net->self, asked->socket, &map.seen, TEST);
	return settle(probe, &map) == 0;
}

/* Whether datagrams from outside, and no others, keep the mapping: each comes
 * in time, the last one long after the host's own. */
static bool find_inbound(struct probe *probe, altair_time idle)
{
	const struct outside *asked = &probe->far[0][0];
	struct mapping map = begin(probe, asked);
	altair_addr seen = map.seen;

	for (int i = 0; i < 4; i++) {
		probe->net->rest(probe->net->self, idle * 2 / 5);
		probe->net->send(probe->net->self, asked->socket, &seen, TEST);
	}
	return settle(probe, &map) == 4;
}

void probe_run(const struct probe_net *net, altair_time idle,
	       struct probe_report *out)
{
	struct probe probe = {.net = net};

	*out = (struct probe_report){0};
	for (int address = 0; address < 2; address++) {
		for (int port = 0; port < 2; port++) {
			struct outside *far = &probe.far[address][port];

			far->socket = net->open(net->self,
						address ? PROBE_OUTSIDE_2
							: PROBE_OUTSIDE_1,
						&far->local);
		}
	}
	out->mapping = find_mapping(&probe, out);
	if (out->mapping == PROBE_NONE)
		return;
	out->filtering = find_filtering(&probe);
	out->hairpins = find_hairpin(&probe);
	if (idle) {
		out->expires = find_expiry(&probe, idle);
		out->inbound = find_inbound(&probe, idle);
	}
}

void probe_print(const struct probe_report *report)
{
	static const char *const scope[] = {"none", "any", "address", "port"};

	printf("mapping %s\n", scope[report->mapping]);
	printf("filtering %s\n", scope[report->filtering]);
	printf("preserves %s\n", report->preserves ? "yes" : "no");
	printf("sequential %s\n", report->sequential ? "yes" : "no");
	printf("hairpins %s\n", report->hairpins ? "yes" : "no");
	printf("expires %s\n", report->expires ? "yes" : "no");
	printf("inbound %s\n", report->inbound ? "yes" : "no");
}
