/*
 * probe.h - an honest client: it asks the server a binding and has a datagram
 * relayed to a peer and back, again and again, and notes how long that takes.
 */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include "turn_links.h"

#include <stdatomic.h>

#define PROBES_MAX (1u << 18)

/* One kind of question. */
struct probe_figures {
	uint32_t asked, lost;
	uint32_t rtt_us[PROBES_MAX];
};

struct probe {
	struct links links;
	struct sockaddr_in peer_addr;
	int binding;		       /* a socket connected to the server */
	int peer;		       /* what is relayed to */
	struct probe_figures *figures; /* two: of bindings, of relayed ones */
	atomic_bool ends;
};

/* Opens the sockets and makes the allocation. False after a line on stderr. */
bool probe_open(struct probe *probe, const struct sockaddr_in *server);
/* Asks until `ends`, as a thread does, and adds to `figures`. */
void *probe_run(void *probe);
/* So many hundredths of what was measured took at most this, in microseconds; 0
 * of nothing. */
uint32_t probe_percentile(struct probe_figures *figures, unsigned hundredths);

#endif
