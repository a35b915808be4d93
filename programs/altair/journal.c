/*
 * The server's threads only count; this timer, on the command's loop, looks at
 * the counters every ten seconds. Nothing of a packet is in a line.
 */
#define _GNU_SOURCE
#include "journal.h"

#include "print.h"

#include <inttypes.h>
#include <stdlib.h>

#define PERIOD_MS 10000

/* A member of altair_server_stats, and what its growth means. */
static const struct kind {
	size_t at;
	const char *sentence;
} kinds[] = {
	{offsetof(altair_server_stats, throttled),
	 "requests not looked at: their sources ask too often, or guess"},
	{offsetof(altair_server_stats, denied),
	 "requests for peers that are not relayed to"},
	{offsetof(altair_server_stats, limited),
	 "datagrams beyond a bandwidth"},
	{offsetof(altair_server_stats, streams_refused),
	 "connections without room, or with too many handshakes of TLS"},
};

static uint64_t value_of(const altair_server_stats *stats, size_t at)
{
	return *(const uint64_t *)(const void *)((const char *)stats + at);
}

static void look(uv_timer_t *timer)
{
	struct journal *j = timer->data;
	altair_server_stats now;

	altair_serve_get_stats(j->serve, &now);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		uint64_t more = value_of(&now, kinds[i].at) -
				value_of(&j->before, kinds[i].at);

		if (more > 0)
			air_print_note("%" PRIu64 " %s, in %lu s", more,
				       kinds[i].sentence, j->period / 1000);
	}
	j->before = now;
}

void air_journal_open(struct journal *j, uv_loop_t *loop,
		      const altair_serve *serve)
{
	j->serve = serve;
	j->period = PERIOD_MS;
	j->before = (altair_server_stats){.size = sizeof j->before};
	uv_timer_init(loop, &j->timer);
	j->timer.data = j;
	uv_timer_start(&j->timer, look, j->period, j->period);
}

void air_journal_close(struct journal *j)
{
	uv_close((uv_handle_t *)&j->timer, NULL);
}
