/*
 * forwarder - one thread, one queue per direction of each line. The delay of a
 * line is constant, so a queue is in the order of departure and datagrams are
 * never reordered. A full queue drops, as a router does.
 */
#define _GNU_SOURCE
#include "forwarder.h"

#include "wire.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOTS 64
#define SLOT_BYTES 1500

/* The longest wait, so that a stop is seen. */
#define PATIENCE_MS 20

struct slot {
	altair_time departs;
	size_t len;
	uint8_t bytes[SLOT_BYTES];
};

struct queue {
	size_t first, count;
	struct slot slots[SLOTS];
};

struct forwarder {
	pthread_t thread;
	atomic_bool is_stopping;
	size_t count;
	struct line *lines;
	struct queue *queues;	 /* two per line: towards end 0 and end 1  */
	struct pollfd *readable; /* two per line                           */
};

/* What end `from` of a line sent joins the queue towards the other end. */
static void take(struct forwarder *forwarder, size_t line, unsigned from)
{
	const struct line *on = &forwarder->lines[line];
	struct queue *queue = &forwarder->queues[2 * line + !from];
	struct slot dropped, *slot = &dropped;
	altair_addr sender;
	ssize_t len;

	if (queue->count < SLOTS)
		slot = &queue->slots[(queue->first + queue->count) % SLOTS];
	len = wire_receive(on->fd[from], 0, slot->bytes, SLOT_BYTES, &sender);
	if (len < 0 || slot == &dropped ||
	    !altair_addr_equal(&sender, &on->end[from]))
		return;
	slot->len = (size_t)len;
	slot->departs = wire_now() + on->delay;
	queue->count++;
}

/* Sends what is due towards end `to`; returns when the next departs. */
static altair_time give(struct forwarder *forwarder, size_t line, unsigned to,
			altair_time now)
{
	const struct line *on = &forwarder->lines[line];
	struct queue *queue = &forwarder->queues[2 * line + to];
	struct slot *slot;

	while (queue->count > 0) {
		slot = &queue->slots[queue->first];
		if (slot->departs > now)
			return slot->departs;
		wire_send(on->fd[to], &on->end[to], slot->bytes, slot->len);
		queue->first = (queue->first + 1) % SLOTS;
		queue->count--;
	}
	return ALTAIR_NEVER;
}

/* Sends all that is due; returns how long to wait for more, in ms. */
static int give_all(struct forwarder *forwarder)
{
	altair_time now = wire_now(), next = ALTAIR_NEVER, departs;

	for (size_t i = 0; i < 2 * forwarder->count; i++) {
		departs = give(forwarder, i / 2, (unsigned)(i % 2), now);
		next = departs < next ? departs : next;
	}
	if (next - now > ALTAIR_MSEC(PATIENCE_MS))
		return PATIENCE_MS;
	return (int)((next - now) / ALTAIR_MSEC(1)) + 1;
}

static void *run(void *argument)
{
	struct forwarder *forwarder = argument;
	size_t count = 2 * forwarder->count;

	while (!atomic_load(&forwarder->is_stopping)) {
		int wait = give_all(forwarder);

		poll(forwarder->readable, (nfds_t)count, wait);
		for (size_t i = 0; i < count; i++) {
			if (forwarder->readable[i].revents)
				take(forwarder, i / 2, (unsigned)(i % 2));
		}
	}
	return NULL;
}

struct forwarder *forwarder_start(const struct line *lines, size_t count)
{
	struct forwarder *forwarder = calloc(1, sizeof *forwarder);

	forwarder->count = count;
	forwarder->lines = calloc(count, sizeof *lines);
	forwarder->queues = calloc(2 * count, sizeof *forwarder->queues);
	forwarder->readable = calloc(2 * count, sizeof *forwarder->readable);
	memcpy(forwarder->lines, lines, count * sizeof *lines);
	for (size_t i = 0; i < 2 * count; i++) {
		forwarder->readable[i].fd = lines[i / 2].fd[i % 2];
		forwarder->readable[i].events = POLLIN;
	}
	pthread_create(&forwarder->thread, NULL, run, forwarder);
	return forwarder;
}

void forwarder_stop(struct forwarder *forwarder)
{
	atomic_store(&forwarder->is_stopping, true);
	pthread_join(forwarder->thread, NULL);
	for (size_t i = 0; i < 2 * forwarder->count; i++)
		close(forwarder->lines[i / 2].fd[i % 2]);
	free(forwarder->lines);
	free(forwarder->queues);
	free(forwarder->readable);
	free(forwarder);
}
