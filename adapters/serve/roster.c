/*
 * The roster of a running server: each worker is asked at its desk, one after the
 * other. A session's id names its worker, too: those of n workers are n apart.
 */
#define _GNU_SOURCE
#include "crew.h"

#include <altair/error.h>

#include <stdlib.h>

/* What a worker is asked for; not all of it matters to every order. */
struct order {
	uint64_t id;
	size_t place, cap, count;
	altair_session *sessions;
	altair_session_peer *peers;
	const altair_server_config *config;
	void *memory;
	size_t len;
	bool drains;
	int result;
};

static void list(struct worker *w, void *user)
{
	struct order *o = user;

	o->count =
		altair_server_list(w->server, &o->place, o->sessions, o->cap);
}

static void find(struct worker *w, void *user)
{
	struct order *o = user;

	o->result = altair_server_find(w->server, o->id, o->sessions);
}

static void find_peers(struct worker *w, void *user)
{
	struct order *o = user;

	o->count = altair_server_peers(w->server, o->id, o->peers, o->cap);
}

static void end(struct worker *w, void *user)
{
	struct order *o = user;

	o->result = altair_server_end(w->server, o->id);
	air_worker_settle(w);
}

static void drain(struct worker *w, void *user)
{
	altair_server_drain(w->server, ((struct order *)user)->drains);
}

static void renew(struct worker *w, void *user)
{
	struct order *o = user;
	void *before = w->renewed;

	o->result = altair_server_renew(w->server, altair_clock_now(),
					o->memory, o->len, o->config);
	if (o->result != 0)
		return;
	w->renewed = o->memory;
	w->tells_time = o->config->rest_secret_count > 0;
	o->memory = before;
}

/* --- ids ------------------------------------------------------------------ */

static uint64_t outer_id(const altair_serve *serve, size_t worker, uint64_t id)
{
	return (id - 1) * serve->count + worker + 1;
}

/* Asks the worker whose session it is; false: there is no such id. */
static bool ask_owner(altair_serve *serve, uint64_t id, desk_work *work,
		      struct order *order)
{
	size_t worker;

	if (id == 0)
		return false;
	worker = (size_t)((id - 1) % serve->count);
	order->id = (id - 1) / serve->count + 1;
	air_desk_ask(&serve->workers[worker].desk, work, order);
	return true;
}

/* --- the calls ------------------------------------------------------------ */

size_t altair_serve_list(altair_serve *serve, uint64_t *place,
			 altair_session *out, size_t cap)
{
	while (*place >> 32 < serve->count) {
		size_t worker = (size_t)(*place >> 32);
		struct order o = {
			.place = (uint32_t)*place, .sessions = out, .cap = cap};

		air_desk_ask(&serve->workers[worker].desk, list, &o);
		*place = (uint64_t)worker << 32 | o.place;
		for (size_t i = 0; i < o.count; i++)
			out[i].id = outer_id(serve, worker, out[i].id);
		if (o.count > 0 || cap == 0)
			return o.count;
		*place = (uint64_t)(worker + 1) << 32;
	}
	return 0;
}

int altair_serve_find(altair_serve *serve, uint64_t id, altair_session *out)
{
	struct order o = {.sessions = out, .result = ALTAIR_E_INVALID};

	if (ask_owner(serve, id, find, &o) && o.result == 0)
		out->id = id;
	return o.result;
}

size_t altair_serve_peers(altair_serve *serve, uint64_t id,
			  altair_session_peer *out, size_t cap)
{
	struct order o = {.peers = out, .cap = cap};

	ask_owner(serve, id, find_peers, &o);
	return o.count;
}

int altair_serve_end(altair_serve *serve, uint64_t id)
{
	struct order o = {.result = ALTAIR_E_INVALID};

	ask_owner(serve, id, end, &o);
	return o.result;
}

void altair_serve_drain(altair_serve *serve, bool drains)
{
	struct order o = {.drains = drains};

	for (size_t i = 0; i < serve->count; i++)
		air_desk_ask(&serve->workers[i].desk, drain, &o);
}

int altair_serve_renew(altair_serve *serve, const altair_server_config *config)
{
	size_t len = altair_server_renew_size(config);
	void **memory = calloc(serve->count, sizeof *memory);
	int rc = len == 0 ? ALTAIR_E_INVALID : 0;

	if (!memory)
		return ALTAIR_E_MEMORY;
	for (size_t i = 0; i < serve->count && rc == 0; i++) {
		memory[i] = malloc(len);
		if (!memory[i])
			rc = ALTAIR_E_MEMORY;
	}
	/* All have the same answer, for they were started alike. */
	for (size_t i = 0; i < serve->count && rc == 0; i++) {
		struct order o = {
			.config = config, .memory = memory[i], .len = len};

		air_desk_ask(&serve->workers[i].desk, renew, &o);
		memory[i] = o.memory; /* free now, whichever it is */
		rc = o.result;
	}
	for (size_t i = 0; i < serve->count; i++)
		free(memory[i]);
	free(memory);
	return rc;
}
