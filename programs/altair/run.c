/*
 * The loop of a command. A run ends with 0, with an error's code, with 128 + n
 * after signal n, or with EXIT_INTERNAL when stdout cannot be written (SIGPIPE
 * is ignored, so a closed pipe is a write error like any other).
 */
#define _GNU_SOURCE
#include "run.h"

#include "command.h"
#include "print.h"

#include <altair/udp.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

#define SIGNALS (sizeof signals / sizeof *signals)
#define CLOSING_TURNS 16

void air_run_end(struct run *run, int code)
{
	if (run->over)
		return;
	run->over = true;
	run->code = code;
	uv_stop(&run->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct run *run = handle->data;

	if (!run->over && run->takes && run->takes(run->user, number))
		return;
	if (!run->over && run->stopping)
		run->stopping(run->user);
	air_run_end(run, EXIT_SIGNAL + number);
}

static void watch_output(uv_prepare_t *handle)
{
	struct run *run = handle->data;

	if (air_print_is_broken())
		air_run_end(run, EXIT_INTERNAL);
}

/* nohup(1) has SIGHUP ignored for us. SIGINT is taken even if it is ignored, as
 * for the background jobs of a script. */
static bool is_ours(int number)
{
	struct sigaction action;

	return number != SIGHUP || (sigaction(SIGHUP, NULL, &action) == 0 &&
				    action.sa_handler != SIG_IGN);
}

int air_run_open(struct run *run)
{
	signal(SIGPIPE, SIG_IGN);
	run->began = altair_clock_now();
	if (uv_loop_init(&run->loop) < 0)
		return EXIT_INTERNAL;
	for (size_t i = 0; i < SIGNALS; i++) {
		uv_signal_init(&run->loop, &run->signal[i]);
		run->signal[i].data = run;
		if (is_ours(signals[i]))
			uv_signal_start(&run->signal[i], on_signal, signals[i]);
	}
	uv_prepare_init(&run->loop, &run->watch);
	run->watch.data = run;
	uv_prepare_start(&run->watch, watch_output);
	return 0;
}

void air_run_go(struct run *run)
{
	while (!run->over)
		uv_run(&run->loop, UV_RUN_DEFAULT);
}

int air_run_close(struct run *run)
{
	for (size_t i = 0; i < SIGNALS; i++)
		uv_close((uv_handle_t *)&run->signal[i], NULL);
	uv_close((uv_handle_t *)&run->watch, NULL);
	/* Closing takes two turns; more are for requests being cancelled. */
	for (int turn = 0; turn < CLOSING_TURNS; turn++)
		uv_run(&run->loop, UV_RUN_NOWAIT);
	if (uv_loop_close(&run->loop) == UV_EBUSY) {
		fflush(NULL);
		_exit(run->code);
	}
	uv_library_shutdown(); /* its threads give their memory back */
	return run->code;
}

altair_time air_run_time(const struct run *run)
{
	return altair_clock_now() - run->began;
}
