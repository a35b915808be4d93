/*
 * probe.h - what a NAT does, asked from both of its sides. The questions are
 * here once; who carries the datagrams (sockets in namespaces, or the
 * simulator's NAT) is a table of functions.
 */
#ifndef LAB_PROBE_H
#define LAB_PROBE_H

#include <altair/altair.h>

/* Where a socket of the probe stands. Outside there are two addresses. */
enum probe_side { PROBE_INSIDE, PROBE_OUTSIDE_1, PROBE_OUTSIDE_2 };

struct probe_net {
	void *self;
	/* A new socket; its number from 0 up, and its address. */
	int (*open)(void *self, enum probe_side side, altair_addr *local);
	/* Sends one byte from socket `from`. */
	void (*send)(void *self, int from, const altair_addr *to, uint8_t byte);
	/* The next datagram that reached socket `at`; waits for it a little.
	 * False when there is none. */
	bool (*take)(void *self, int at, altair_addr *from, uint8_t *byte);
	/* Nothing is sent for so long. */
	void (*rest)(void *self, altair_time duration);
};

enum probe_scope { PROBE_NONE, PROBE_ANY, PROBE_ADDRESS, PROBE_PORT };

struct probe_report {
	enum probe_scope mapping;   /* a mapping lasts for: any destination,
				       one address, one address and port; NONE:
				       nothing gets out                       */
	enum probe_scope filtering; /* who may answer, in the same words      */
	bool preserves;		    /* the public port is the private one     */
	bool sequential;	    /* every mapping has the next port        */
	bool hairpins;		    /* inside to inside by the public address */
	bool expires;		    /* gone after `idle` of silence           */
	bool inbound;		    /* traffic from outside alone keeps it    */
};

/* Asks everything; `idle` is the silence that `expires` is about. */
void probe_run(const struct probe_net *net, altair_time idle,
	       struct probe_report *out);

/* Prints it, one word and its value a line. */
void probe_print(const struct probe_report *report);

#endif
