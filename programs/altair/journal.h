/*
 * journal.h - what went wrong from outside, in lines that no flood can multiply:
 * at most one for each kind of event every ten seconds, with their number.
 */
#ifndef AIR_JOURNAL_H
#define AIR_JOURNAL_H

#include <altair/serve.h>

#include <uv.h>

struct journal {
	uv_timer_t timer;
	const altair_serve *serve;
	altair_server_stats before;
	unsigned long period; /* milliseconds */
};

/* Begins to look; `serve` must outlive it. */
void air_journal_open(struct journal *journal, uv_loop_t *loop,
		      const altair_serve *serve);
void air_journal_close(struct journal *journal);

#endif
