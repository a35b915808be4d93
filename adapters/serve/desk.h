/*
 * desk.h - where another thread asks a worker for something: one order at a time,
 * done in the worker's thread between two rounds, while who asked waits.
 */
#ifndef AIR_DESK_H
#define AIR_DESK_H

#include <stdatomic.h>
#include <stdbool.h>

struct worker;

typedef void desk_work(struct worker *worker, void *order);

struct desk {
	int asked, done; /* eventfds */
	_Atomic(desk_work *) work;
	void *order;
	atomic_bool is_done;
};

/* Returns 0, or ALTAIR_E_SYSTEM. */
int air_desk_open(struct desk *desk);
/* Harmless when both descriptors are -1. */
void air_desk_close(struct desk *desk);
/* Has `work` done with `order` by the worker, which runs, and waits for it. */
void air_desk_ask(struct desk *desk, desk_work *work, void *order);
/* Has the worker look at its machine, soon, and does not wait for it. */
void air_desk_wake(struct desk *desk);
/* In the worker's thread, when `asked` is readable. */
void air_desk_serve(struct desk *desk, struct worker *worker);

#endif
