/*
 * A desk has one slot. Who asks fills it and wakes the worker; the worker does
 * what is in it and wakes who asked. So the machine is touched by its own thread
 * only, and its data path meets no lock.
 */
#define _GNU_SOURCE
#include "desk.h"

#include <altair/error.h>

#include <poll.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

int air_desk_open(struct desk *desk)
{
	desk->asked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	desk->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return desk->asked < 0 || desk->done < 0 ? ALTAIR_E_SYSTEM : 0;
}

void air_desk_close(struct desk *desk)
{
	if (desk->asked >= 0)
		close(desk->asked);
	if (desk->done >= 0)
		close(desk->done);
}

void air_desk_ask(struct desk *desk, desk_work *work, void *order)
{
	struct pollfd done = {.fd = desk->done, .events = POLLIN};
	eventfd_t count;

	desk->order = order;
	atomic_store_explicit(&desk->is_done, false, memory_order_relaxed);
	atomic_store_explicit(&desk->work, work, memory_order_release);
	eventfd_write(desk->asked, 1);
	while (!atomic_load_explicit(&desk->is_done, memory_order_acquire)) {
		poll(&done, 1, -1);
		(void)eventfd_read(desk->done, &count);
	}
}

void air_desk_wake(struct desk *desk)
{
	eventfd_write(desk->asked, 1);
}

void air_desk_serve(struct desk *desk, struct worker *worker)
{
	desk_work *work;
	eventfd_t count;

	(void)eventfd_read(desk->asked, &count);
	work = atomic_exchange_explicit(&desk->work, NULL,
					memory_order_acquire);
	if (!work)
		return;
	work(worker, desk->order);
	atomic_store_explicit(&desk->is_done, true, memory_order_release);
	eventfd_write(desk->done, 1);
}
