/*
 * tests/interop/forwarder.h - a far network on loopback: lines that carry
 * datagrams between two ends and take their time for it, in both directions.
 */
#ifndef FORWARDER_H
#define FORWARDER_H

#include <altair/base.h>

struct forwarder;

struct line {
	int fd[2];	    /* fd[i] is what end i takes for the other end */
	altair_addr end[2]; /* datagrams from elsewhere are dropped        */
	altair_time delay;  /* each way                                    */
};

/* Runs a thread over `count` lines, which are copied, until it is stopped. */
struct forwarder *forwarder_start(const struct line *lines, size_t count);

/* Also closes the lines' descriptors. */
void forwarder_stop(struct forwarder *forwarder);

#endif
