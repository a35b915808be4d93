/*
 * Streams of clients (RFC 8489 6.2.2, RFC 8656 3.1). A stranger is a stream whose
 * user has not proved who they are: it has a place for a few seconds, so many of
 * one prefix have one, and when all are taken the oldest stranger gives way; where
 * there are several machines it may be another's (server/seats.c). Who
 * has proved it keeps the place while it has an allocation, or asks now and then;
 * so one prefix has at most as many streams as it may have strangers and
 * allocations together.
 *
 * Invariants: `become` alone changes a state, and with it the list and the place
 * of the prefix; a stranger is in the list of strangers and counts for its
 * prefix, what is to be shut is in the other list, all others are in none. What
 * is neither free nor shut counts in the crowd of its prefix, and has a timer.
 */
#include "base/addr.h"
#include "base/assert.h"
#include "base/cursor.h"
#include "base/time.h"
#include "server/prefix.h"
#include "server/relay.h"
#include "stun/header.h"
#include "stun/wire.h"

#include <altair/error.h>

#include <string.h>

/* Our own limits. What a stranger may send. */
#define STRANGER_MAX 2048
/* So often is a stranger told that it is one. */
#define REFUSALS_MAX 10

static const struct air_stream_list nobody = {AIR_POOL_NONE, AIR_POOL_NONE};

/* What is counted together with other machines, if there are any. */
static void share(struct air_server_streams *s, struct air_arena *arena,
		  const altair_server_config *c)
{
	struct air_throttle *others = NULL;

	s->seats = &s->own;
	s->worker = 0;
	s->asked = -1;
	if (c->common) {
		s->seats = &c->common->seats;
		s->worker = c->worker;
		others = &c->common->throttles[OF_HANDSHAKES];
	} else {
		air_seats_init(&s->own, arena, s->max, 1);
	}
	air_throttle_init(&s->handshakes, arena, AIR_THROTTLE_TRUE, s->hash_key,
			  others);
	s->handshakes.rate = c->tls_rate;
}

void air_server_stream_init(struct air_server_streams *s,
			    struct air_arena *arena,
			    const altair_server_config *config,
			    const uint8_t hash_key[16])
{
	uint32_t max = (uint32_t)config->connections_max;
	uint32_t prefix_max = config->connections_prefix;

	s->max = max;
	s->table_len = max > 0 ? max + 1 : 0;
	s->prefix_max = prefix_max > 0 ? prefix_max : UINT32_MAX;
	s->message_max = config->message_max;
	s->times = (struct air_stream_times){
		config->silence_max, config->proof_max, config->idle_max};
	s->strangers = s->shut = nobody;
	memcpy(s->hash_key, hash_key, sizeof s->hash_key);
	if (max == 0)
		return;
	s->all = air_arena_take(arena, s->table_len, sizeof *s->all);
	air_heap_init(&s->timers, arena, s->table_len);
	share(s, arena, config);
	for (uint32_t i = 0; i < s->table_len; i++) {
		struct air_frame measured;

		air_frame_init(s->all ? &s->all[i].frame : &measured, arena,
			       s->message_max);
	}
}

static bool is_known(const struct air_server_streams *s, uint32_t sock)
{
	return sock >= ALTAIR_SERVER_STREAM &&
	       sock - ALTAIR_SERVER_STREAM < s->table_len;
}

static bool is_live(const struct air_server_stream *stream)
{
	return stream->state != STREAM_FREE && stream->state != STREAM_IS_SHUT;
}

/* The stream that a sock is as long as it is neither shut nor lost, or NULL. */
static struct air_server_stream *get(struct air_server_streams *s,
				     uint32_t sock)
{
	struct air_server_stream *stream;

	if (!is_known(s, sock))
		return NULL;
	stream = &s->all[sock - ALTAIR_SERVER_STREAM];
	return is_live(stream) ? stream : NULL;
}

bool air_server_stream_lives(struct air_server_streams *s, uint32_t sock)
{
	return !air_server_stream_is(sock) || get(s, sock);
}

bool air_server_stream_is_secure(const struct air_server_streams *s,
				 uint32_t sock)
{
	return is_known(s, sock) &&
	       s->all[sock - ALTAIR_SERVER_STREAM].is_secure;
}

/* --- lists and states ---------------------------------------------------- */

static struct air_stream_list *list_of(struct air_server_streams *s,
				       enum air_stream_state state)
{
	switch (state) {
	case STREAM_IS_SILENT:
	case STREAM_SAID_SOMETHING:
		return &s->strangers;
	case STREAM_IS_SHUT:
		return &s->shut;
	default:
		return NULL;
	}
}

static void enlist(struct air_server_streams *s, struct air_stream_list *list,
		   uint32_t i)
{
	s->all[i].before = list->last;
	s->all[i].after = AIR_POOL_NONE;
	if (list->last != AIR_POOL_NONE)
		s->all[list->last].after = i;
	else
		list->first = i;
	list->last = i;
}

static void strike(struct air_server_streams *s, struct air_stream_list *list,
		   uint32_t i)
{
	uint32_t before = s->all[i].before, after = s->all[i].after;

	if (before != AIR_POOL_NONE)
		s->all[before].after = after;
	else
		list->first = after;
	if (after != AIR_POOL_NONE)
		s->all[after].before = before;
	else
		list->last = before;
}

/* When the oldest stranger came. */
static altair_time oldest_since(const struct air_server_streams *s)
{
	return s->strangers.first != AIR_POOL_NONE
		       ? s->all[s->strangers.first].since
		       : ALTAIR_NEVER;
}

static void become(struct air_server_streams *s,
		   struct air_server_stream *stream,
		   enum air_stream_state state)
{
	uint32_t i = (uint32_t)(stream - s->all);
	struct air_stream_list *old = list_of(s, stream->state);
	struct air_stream_list *new = list_of(s, state);
	bool was_live = is_live(stream);

	if (old != new &&old)
		strike(s, old, i);
	if (old != new &&old == &s->strangers)
		air_quota_give(&s->seats->strangers, stream->prefix);
	stream->state = (uint8_t)state;
	if (old != new &&new)
		enlist(s, new, i);
	air_seats_tell(s->seats, s->worker, oldest_since(s));
	s->count += (uint32_t)is_live(stream);
	s->count -= (uint32_t)was_live;
	if (was_live && !is_live(stream)) {
		air_quota_give(&s->seats->crowds, stream->crowd);
		air_seats_give(s->seats);
	}
	if (!is_live(stream))
		air_heap_set(&s->timers, i, ALTAIR_NEVER);
}

/* --- coming -------------------------------------------------------------- */

static void begin(struct air_server_streams *s, altair_time now, uint32_t i,
		  const altair_path *path)
{
	struct air_server_stream *stream = &s->all[i];

	stream->path = *path;
	stream->path.sock = ALTAIR_SERVER_STREAM + i;
	stream->since = now;
	stream->refusals = 0;
	stream->is_secure = false;
	air_frame_reset(&stream->frame);
	stream->frame.max = STRANGER_MAX;
	stream->frame.is_strict = true;
	/* ChannelData does not open a stream. */
	stream->frame.channel_max = AIR_STUN_CHANNEL_MIN - 1;
	become(s, stream, STREAM_IS_SILENT);
	air_heap_set(&s->timers, i, air_time_after(now, s->times.silence));
}

/* So many streams may one prefix have. */
static uint32_t crowd_max(const struct altair_server *server)
{
	uint32_t strangers = server->streams.prefix_max;
	uint32_t more = server->quota[OF_PREFIX];

	return strangers < UINT32_MAX - more ? strangers + more : UINT32_MAX;
}

/* Shuts strangers that other machines have no room for. */
static void give_way(struct altair_server *server)
{
	struct air_server_streams *s = &server->streams;

	while (air_seats_wants(s->seats, s->worker))
		if (s->strangers.first != AIR_POOL_NONE)
			air_server_stream_shut(server,
					       ALTAIR_SERVER_STREAM +
						       s->strangers.first);
}

/* A seat for one more, if need be that of our oldest stranger. */
static bool take_seat(struct altair_server *server)
{
	struct air_server_streams *s = &server->streams;

	while (!air_seats_take(s->seats)) {
		if (s->strangers.first == AIR_POOL_NONE)
			return false;
		air_server_stream_shut(server, ALTAIR_SERVER_STREAM +
						       s->strangers.first);
	}
	s->asked = air_seats_ask(s->seats);
	give_way(server);
	return true;
}

/* Makes room for one more, who comes from `from`, and counts it; false: there is
 * none. */
static bool make_room(struct altair_server *server, const altair_addr *from,
		      struct air_server_stream *stream)
{
	struct air_server_streams *s = &server->streams;
	struct air_seats *seats = s->seats;
	uint64_t owner = air_prefix_hash(s->hash_key, from);

	stream->crowd =
		air_quota_take(&seats->crowds, owner, crowd_max(server));
	if (stream->crowd == AIR_POOL_NONE)
		return false;
	stream->prefix =
		air_quota_take(&seats->strangers, owner, s->prefix_max);
	if (stream->prefix != AIR_POOL_NONE && take_seat(server))
		return true;
	if (stream->prefix != AIR_POOL_NONE)
		air_quota_give(&seats->strangers, stream->prefix);
	air_quota_give(&seats->crowds, stream->crowd);
	return false;
}

int altair_server_accepted(altair_server *server, altair_time now,
			   uint32_t sock, const altair_path *path)
{
	struct air_server_streams *s = &server->streams;
	altair_addr from = air_addr_canonical(&path->remote);
	uint32_t i = sock - ALTAIR_SERVER_STREAM;

	if (!is_known(s, sock) || s->all[i].state != STREAM_FREE)
		return ALTAIR_E_INVALID;
	if (!make_room(server, &from, &s->all[i])) {
		server->stats.streams_refused++;
		return ALTAIR_E_FULL;
	}
	begin(s, now, i, path);
	return 0;
}

int altair_server_wakes(altair_server *server)
{
	struct air_server_streams *s = &server->streams;
	int asked = s->asked;

	s->asked = -1;
	return asked == (int)s->worker ? -1 : asked;
}

int altair_server_secured(altair_server *server, altair_time now, uint32_t sock)
{
	struct air_server_stream *stream = get(&server->streams, sock);
	altair_addr from;

	if (!stream)
		return ALTAIR_E_INVALID;
	from = air_addr_canonical(&stream->path.remote);
	if (!air_throttle_allows(&server->streams.handshakes, now, &from)) {
		server->stats.streams_refused++;
		return ALTAIR_E_FULL;
	}
	stream->is_secure = true;
	return 0;
}

int altair_server_unframe(altair_server *server, uint32_t sock,
			  altair_bytes *in, altair_datagram *out)
{
	struct air_server_streams *s = &server->streams;
	struct air_server_stream *stream = get(s, sock);
	enum air_frame_step step;

	memset(out, 0, sizeof *out);
	if (!stream)
		return ALTAIR_E_INVALID;
	step = air_frame_next(&stream->frame, in, &out->bytes);
	if (step == FRAME_WANTS_MORE)
		return 0;
	if (step == FRAME_IS_BROKEN || !(air_relay_is_channel(out->bytes) ||
					 air_stun_recognise(out->bytes))) {
		stream->frame.is_broken = true;
		return ALTAIR_E_INVALID;
	}
	if (stream->state == STREAM_IS_SILENT)
		become(s, stream, STREAM_SAID_SOMETHING);
	out->path = stream->path;
	return 1;
}

/* --- proof ---------------------------------------------------------------- */

void air_server_stream_prove(struct air_server_streams *s, altair_time now,
			     const altair_path *path)
{
	struct air_server_stream *stream = get(s, path->sock);

	if (!stream)
		return;
	stream->since = now;
	if (stream->state == STREAM_IS_PROVED)
		return;
	become(s, stream, STREAM_IS_PROVED);
	stream->frame.max = s->message_max;
	stream->frame.channel_max = AIR_RELAY_CHANNEL_MAX;
	air_heap_set(&s->timers, path->sock - ALTAIR_SERVER_STREAM,
		     air_time_after(now, s->times.idle));
}

bool air_server_stream_refuses(struct altair_server *server, uint32_t sock)
{
	struct air_server_stream *stream = get(&server->streams, sock);

	if (stream && stream->refusals++ < REFUSALS_MAX)
		return true;
	air_server_stream_shut(server, sock);
	return false;
}

/* --- going ---------------------------------------------------------------- */

static struct air_allocation *allocation_of(struct altair_server *server,
					    const altair_path *path)
{
	return server->relays ? air_allocation_find(&server->allocations, path)
			      : NULL;
}

/* What the stream's client had goes with it. */
static void leave(struct altair_server *server, const altair_path *path)
{
	struct air_allocation *a = allocation_of(server, path);

	if (a)
		air_allocation_leave(&server->allocations, a, path);
}

void air_server_stream_shut(struct altair_server *server, uint32_t sock)
{
	struct air_server_stream *stream = get(&server->streams, sock);

	if (!stream)
		return;
	leave(server, &stream->path);
	become(&server->streams, stream, STREAM_IS_SHUT);
	server->stats.streams_shut++;
}

void altair_server_lost(altair_server *server, uint32_t sock)
{
	struct air_server_streams *s = &server->streams;

	if (get(s, sock))
		leave(server, &get(s, sock)->path);
	if (is_known(s, sock))
		become(s, &s->all[sock - ALTAIR_SERVER_STREAM], STREAM_FREE);
}

/* Until when a stream may stay; not later than `now` when its time is over. */
static altair_time patience(struct altair_server *server, altair_time now,
			    const struct air_server_stream *stream)
{
	const struct air_stream_times *times = &server->streams.times;

	if (stream->state == STREAM_IS_SILENT)
		return air_time_after(stream->since, times->silence);
	if (stream->state == STREAM_SAID_SOMETHING)
		return air_time_after(stream->since, times->proof);
	return air_time_after(
		allocation_of(server, &stream->path) ? now : stream->since,
		times->idle);
}

void air_server_stream_expire(struct altair_server *server, altair_time now)
{
	struct air_server_streams *s = &server->streams;
	altair_time until;
	uint32_t i;

	while (s->max > 0 && air_heap_pop(&s->timers, now, &i)) {
		until = patience(server, now, &s->all[i]);
		if (until > now)
			air_heap_set(&s->timers, i, until);
		else
			air_server_stream_shut(server,
					       ALTAIR_SERVER_STREAM + i);
	}
	if (s->max > 0)
		give_way(server);
}

altair_time air_server_stream_deadline(const struct air_server_streams *s)
{
	return s->max > 0 ? air_heap_next(&s->timers) : ALTAIR_NEVER;
}

uint32_t air_server_stream_next_shut(struct air_server_streams *s)
{
	uint32_t i = s->max > 0 ? s->shut.first : AIR_POOL_NONE;

	if (i == AIR_POOL_NONE)
		return 0;
	become(s, &s->all[i], STREAM_FREE);
	return ALTAIR_SERVER_STREAM + i;
}
