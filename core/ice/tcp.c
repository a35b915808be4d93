/*
 * ICE-TCP, the active side (RFC 6544): for a passive candidate of the peer we
 * open a stream, and its pair is held until it is open. On the stream messages
 * have a length of two bytes in front (RFC 4571 2). What comes from it is seen by
 * the rest of the agent as a datagram on a socket of its own.
 *
 * Our active candidate is told only when the peer has listed a passive one: to
 * others it is of no use. Streams are opened while there is no direct path, and
 * shut when their pair has failed, is dead, or is needed no longer.
 */
#include "ice/session.h"

#include "base/addr.h"
#include "base/assert.h"
#include "base/cursor.h"
#include "base/time.h"

#include <string.h>

#define OPEN_WAIT ALTAIR_SEC(10)
/* A suspect stream on which so long nothing came is dead: what lost its state on
 * the way says nothing, and TCP itself would try for many minutes. */
#define DEAD_AFTER ALTAIR_SEC(10)

/* RFC 6544 4.2: 3 bits for the direction, here active, and 13 bits. */
#define PREFERENCE (6u << 13 | 0x1fffu)

/* --- our candidates ------------------------------------------------------ */

/* The first host of the family, or NULL. */
static const struct air_candidate *find_host(const struct altair_agent *a,
					     enum altair_family family)
{
	for (uint32_t i = 0; i < a->list.locals_count; i++) {
		const struct air_candidate *c = &a->list.locals[i];

		if (c->type == CANDIDATE_HOST && !c->is_gone &&
		    c->addr.family == family)
			return c;
	}
	return NULL;
}

/* Or changes it, when its host is gone. */
static void add_base(struct altair_agent *a, enum altair_family family)
{
	altair_path path = {.sock = AIR_TCP_SOCK | (family == ALTAIR_IPV6),
			    .remote = {.family = (uint8_t)family}};
	const struct air_candidate *host = find_host(a, family);
	struct air_candidate c = {.type = CANDIDATE_TCP, .sock = path.sock};
	bool is_new = true;
	int place;

	place = air_checklist_find_base(&a->list, &path);
	if (!host || a->config.relay_only ||
	    (place >= 0 && air_host_has(a, &a->list.locals[place].addr)))
		return;
	c.addr = host->addr;
	c.addr.port = AIR_CANDIDATE_ACTIVE;
	c.base = c.addr;
	c.priority = air_candidate_priority(CANDIDATE_TCP, PREFERENCE);
	if (place >= 0)
		air_checklist_replace(&a->list, (uint32_t)place, &c);
	else
		place = air_checklist_add_local(&a->list, &c, &is_new);
	if (place < 0 || !is_new)
		return;
	a->has_tcp = true;
	if (!a->is_local_ended)
		air_gather_tell_one(a, (uint32_t)place);
}

void air_tcp_follow(struct altair_agent *a)
{
	a->tcp_followed = a->list.changes - 1;
}

static void follow_remotes(struct altair_agent *a)
{
	if (a->tcp_followed == a->list.changes)
		return;
	a->tcp_followed = a->list.changes;
	for (uint32_t i = 0; i < a->list.remotes_count; i++)
		if (a->list.remotes[i].type == CANDIDATE_TCP)
			add_base(a, a->list.remotes[i].addr.family);
}

/* --- streams ------------------------------------------------------------- */

/* The place of the driver's stream `sock`, or AIR_TCP_STREAMS_MAX. */
static size_t find_stream(const struct altair_agent *a, uint32_t sock)
{
	size_t i = 0;

	while (i < AIR_TCP_STREAMS_MAX &&
	       (a->tcp[i].remote.family == ALTAIR_NO_FAMILY ||
		a->tcp[i].sock != sock))
		i++;
	return i;
}

bool air_tcp_has(const struct altair_agent *a, uint32_t sock)
{
	return find_stream(a, sock) < AIR_TCP_STREAMS_MAX;
}

static const struct air_tcp *stream_to(const struct altair_agent *a,
				       const altair_addr *remote)
{
	for (size_t i = 0; i < AIR_TCP_STREAMS_MAX; i++)
		if (altair_addr_equal(&a->tcp[i].remote, remote))
			return &a->tcp[i];
	return NULL;
}

static void tell(struct altair_agent *a, const struct air_tcp *stream,
		 enum altair_event event)
{
	altair_output out = {
		.event = event, .addr = stream->remote, .number = stream->sock};

	air_outbox_tell(&a->outbox, &out);
}

static void open_stream(struct altair_agent *a, const altair_addr *remote)
{
	for (size_t i = 0; i < AIR_TCP_STREAMS_MAX; i++) {
		struct air_tcp *stream = &a->tcp[i];

		if (stream->remote.family != ALTAIR_NO_FAMILY)
			continue;
		stream->remote = *remote;
		stream->local.family = ALTAIR_NO_FAMILY;
		stream->sock = ALTAIR_AGENT_STREAM + a->streams_count++;
		stream->is_open = false;
		stream->open_until = air_time_after(a->now, OPEN_WAIT);
		stream->have = stream->skip = 0;
		tell(a, stream, ALTAIR_EV_OPEN);
		return;
	}
}

static bool is_tcp(const struct altair_agent *a, const struct air_pair *pair)
{
	return a->list.locals[pair->local].type == CANDIDATE_TCP;
}

static const altair_addr *remote_of(const struct altair_agent *a,
				    const struct air_pair *pair)
{
	return &a->list.remotes[pair->remote].addr;
}

static bool is_pair_of(const struct altair_agent *a,
		       const struct air_pair *pair,
		       const struct air_tcp *stream)
{
	return is_tcp(a, pair) &&
	       altair_addr_equal(remote_of(a, pair), &stream->remote);
}

/* The stream is no more: what was known of its pairs is not true any longer. */
static void forget_stream(struct altair_agent *a, struct air_tcp *stream)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		if (is_pair_of(a, &a->list.pairs[i], stream))
			air_pair_drop(&a->list.pairs[i]);
	for (uint32_t i = 0; i < a->past.count; i++)
		if (is_pair_of(a, &a->list.pairs[AIR_PAIRS_MAX + i], stream))
			air_pair_drop(&a->list.pairs[AIR_PAIRS_MAX + i]);
	stream->remote.family = ALTAIR_NO_FAMILY;
}

static void shut(struct altair_agent *a, struct air_tcp *stream)
{
	tell(a, stream, ALTAIR_EV_SHUT);
	forget_stream(a, stream);
}

static bool has_direct_path(const struct altair_agent *a)
{
	return a->path && a->path->is_valid && !a->path->is_suspect &&
	       !air_path_is_relayed(a, a->path);
}

/* When the stream of the pair is dead, if nothing comes. */
static altair_time dies_at(const struct air_pair *pair)
{
	return pair->is_valid && pair->is_suspect
		       ? air_time_after(pair->heard_at, DEAD_AFTER)
		       : ALTAIR_NEVER;
}

static bool is_needed(const struct altair_agent *a, const struct air_pair *pair)
{
	if (a->now >= dies_at(pair))
		return false;
	if (pair == a->path || pair->is_kept)
		return true;
	return pair->state != PAIR_FAILED && !pair->is_stopped;
}

static bool has_pair(const struct altair_agent *a, const struct air_tcp *stream)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		if (is_pair_of(a, &a->list.pairs[i], stream))
			return true;
	return false;
}

/* A stream of the past, which nobody would open again, is held to the end, unless the
 * present has a pair that waits for another one. */
static bool is_held_by_past(const struct altair_agent *a,
			    const struct air_tcp *stream)
{
	for (uint32_t i = 0; i < a->past.count; i++) {
		const struct air_pair *pair = &a->list.pairs[AIR_PAIRS_MAX + i];

		if (air_path_is_open(pair, a->now) &&
		    is_pair_of(a, pair, stream) &&
		    (a->now < dies_at(pair) || !has_pair(a, stream)))
			return true;
	}
	return false;
}

static void shut_needless(struct altair_agent *a, struct air_tcp *stream)
{
	if (stream->remote.family == ALTAIR_NO_FAMILY ||
	    is_held_by_past(a, stream))
		return;
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		if (is_pair_of(a, &a->list.pairs[i], stream) &&
		    is_needed(a, &a->list.pairs[i]) &&
		    a->now < stream->open_until)
			return;
	shut(a, stream);
}

/* The best pair that still waits for its stream to be asked for, or NULL. */
static struct air_pair *next_to_open(struct altair_agent *a)
{
	struct air_pair *best = NULL;

	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];

		if (is_tcp(a, pair) && pair->state <= PAIR_WAITING &&
		    !pair->is_stopped && !stream_to(a, remote_of(a, pair)) &&
		    (!best || pair->priority > best->priority))
			best = pair;
	}
	return best;
}

static void hold(struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];
		const struct air_tcp *stream;

		if (!is_tcp(a, pair))
			continue;
		stream = stream_to(a, remote_of(a, pair));
		pair->is_held = !stream || !stream->is_open;
	}
}

void air_tcp_run(struct altair_agent *a)
{
	follow_remotes(a);
	if (!a->has_tcp)
		return;
	for (size_t i = 0; i < AIR_TCP_STREAMS_MAX; i++)
		shut_needless(a, &a->tcp[i]);
	for (size_t i = 0; i < AIR_TCP_STREAMS_MAX && !has_direct_path(a) &&
			   a->keys.has_remote && a->discover;
	     i++) {
		const struct air_pair *pair = next_to_open(a);

		if (pair)
			open_stream(a, remote_of(a, pair));
	}
	hold(a);
}

altair_time air_tcp_deadline(const struct altair_agent *a)
{
	altair_time at = ALTAIR_NEVER;

	for (size_t i = 0; i < AIR_TCP_STREAMS_MAX; i++)
		if (a->tcp[i].remote.family != ALTAIR_NO_FAMILY &&
		    a->tcp[i].open_until < at)
			at = a->tcp[i].open_until;
	for (size_t i = 0; i < AIR_KEPT_MAX; i++) {
		const struct air_pair *pair = a->kept[i].pair;

		if (pair && is_tcp(a, pair) && dies_at(pair) > a->now &&
		    dies_at(pair) < at)
			at = dies_at(pair);
	}
	return at;
}

/* It is no fault of the peer's: its candidate is tried anew. */
static void abandon(struct altair_agent *a, struct air_tcp *stream)
{
	const altair_addr remote = stream->remote;

	shut(a, stream);
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		if (is_tcp(a, &a->list.pairs[i]) &&
		    altair_addr_equal(remote_of(a, &a->list.pairs[i]), &remote))
			air_pair_set_state(&a->list.pairs[i], PAIR_WAITING);
}

void air_tcp_abandon(struct altair_agent *a, const altair_addr *gone)
{
	for (size_t i = 0; i < AIR_TCP_STREAMS_MAX; i++)
		if (a->tcp[i].remote.family != ALTAIR_NO_FAMILY &&
		    altair_addr_same_ip(&a->tcp[i].local, gone))
			abandon(a, &a->tcp[i]);
}

void air_tcp_opened(struct altair_agent *a, uint32_t sock,
		    const altair_addr *local)
{
	size_t i = find_stream(a, sock);

	if (i == AIR_TCP_STREAMS_MAX)
		return;
	if (local)
		a->tcp[i].local = air_addr_canonical(local);
	a->tcp[i].is_open = true;
	a->tcp[i].open_until = ALTAIR_NEVER;
}

void air_tcp_lost(struct altair_agent *a, uint32_t sock)
{
	if (air_tcp_has(a, sock))
		forget_stream(a, &a->tcp[find_stream(a, sock)]);
}

/* --- messages ------------------------------------------------------------ */

void air_tcp_take(const struct altair_agent *a, altair_path *path)
{
	size_t i = find_stream(a, path->sock);

	if (i == AIR_TCP_STREAMS_MAX)
		return;
	path->remote = a->tcp[i].remote;
	path->local.family = ALTAIR_NO_FAMILY;
	path->sock = AIR_TCP_SOCK | (path->remote.family == ALTAIR_IPV6);
}

int air_tcp_wrap(const struct altair_agent *a, const altair_path *path,
		 uint8_t *payload, size_t len, altair_datagram *out)
{
	const struct air_tcp *stream = stream_to(a, &path->remote);
	struct air_writer w = air_writer(payload - AIR_TCP_HEAD, AIR_TCP_HEAD);

	if (!stream || !stream->is_open)
		return ALTAIR_E_STATE;
	air_write_u16(&w, (uint16_t)len);
	out->path =
		(altair_path){.sock = stream->sock, .remote = stream->remote};
	out->bytes = (altair_bytes){payload - AIR_TCP_HEAD, AIR_TCP_HEAD + len};
	return 0;
}

bool air_tcp_send(struct altair_agent *a, const altair_path *path,
		  altair_bytes bytes)
{
	uint8_t room[AIR_TCP_HEAD + AIR_CHECK_LEN_MAX];
	altair_datagram d;

	AIR_ASSERT(bytes.len <= AIR_CHECK_LEN_MAX);
	memcpy(room + AIR_TCP_HEAD, bytes.data, bytes.len);
	return air_tcp_wrap(a, path, room + AIR_TCP_HEAD, bytes.len, &d) == 0 &&
	       air_outbox_send(&a->outbox, &d.path, d.bytes);
}

/* Moves at most `most` bytes to the end of what there is of a message. */
static void gather(struct air_tcp *s, altair_bytes *in, size_t most)
{
	size_t len = in->len < most ? in->len : most;

	if (len == 0)
		return;
	memcpy(s->bytes + s->have, in->data, len);
	s->have += (uint32_t)len;
	in->data += len;
	in->len -= len;
}

static void pass(struct air_tcp *s, altair_bytes *in)
{
	size_t len = in->len < s->skip ? in->len : s->skip;

	s->skip -= (uint32_t)len;
	in->data += len;
	in->len -= len;
}

static bool next_message(struct air_tcp *s, altair_bytes *in, altair_bytes *out)
{
	size_t want;

	while (pass(s, in), in->len > 0) {
		if (s->have < AIR_TCP_HEAD)
			gather(s, in, AIR_TCP_HEAD - s->have);
		if (s->have < AIR_TCP_HEAD)
			break;
		want = (size_t)s->bytes[0] << 8 | s->bytes[1];
		/* RFC 4571 2: one without bytes is allowed, and nothing. */
		if (want == 0 || want > ALTAIR_AGENT_MESSAGE_MAX) {
			s->skip = (uint32_t)want;
			s->have = 0;
			continue;
		}
		gather(s, in, AIR_TCP_HEAD + want - s->have);
		if (s->have < AIR_TCP_HEAD + want)
			break;
		s->have = 0;
		*out = (altair_bytes){s->bytes + AIR_TCP_HEAD, want};
		return true;
	}
	return false;
}

int air_tcp_unframe(struct altair_agent *a, uint32_t sock, altair_bytes *in,
		    altair_datagram *out)
{
	struct air_tcp *stream = &a->tcp[find_stream(a, sock)];

	memset(out, 0, sizeof *out);
	out->path = (altair_path){.sock = sock, .remote = stream->remote};
	return next_message(stream, in, &out->bytes);
}

uint32_t air_tcp_outer(const struct altair_agent *a, const altair_path *path)
{
	const struct air_tcp *stream = stream_to(a, &path->remote);

	return stream ? stream->sock : 0;
}
