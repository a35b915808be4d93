/*
 * run.h - one run of a command: the loop, the signals, and the one place where
 * it is decided how the run ends.
 */
#ifndef AIR_RUN_H
#define AIR_RUN_H

#include <altair/base.h>

#include <stdbool.h>
#include <uv.h>

struct run {
	uv_loop_t loop;
	uv_signal_t signal[3];
	uv_prepare_t watch; /* ends the run when stdout breaks */
	altair_time began;
	int code;
	bool over;
	/* A signal came; true: the run goes on. May be NULL. */
	bool (*takes)(void *user, int number);
	/* A signal came; the run ends after it. May be NULL. */
	void (*stopping)(void *user);
	void *user;
};

/* Returns 0, or EXIT_INTERNAL when the system lacks what a loop needs. */
int air_run_open(struct run *run);

/* Runs until air_run_end, a signal, or stdout breaks. */
void air_run_go(struct run *run);

/* Ends the run with exit code `code`; the first call decides. */
void air_run_end(struct run *run, int code);

/*
 * Closes the loop; every other handle on it must be on its way to be closed.
 * What the thread pool still waits for (a name server) is not waited for: then
 * the process ends here. Returns the exit code.
 */
int air_run_close(struct run *run);

/* Time since the run began. */
altair_time air_run_time(const struct run *run);

#endif
