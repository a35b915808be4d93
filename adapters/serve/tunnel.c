/*
 * A tunnel. Invariant: of either side nothing is read while something of it still
 * waits for the other, so that what waits has a bound and a slow reader slows the
 * writer down.
 */
#define _GNU_SOURCE
#include "tunnel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void air_tunnel_close(struct tunnel *t)
{
	air_connection_close(&t->outer);
	close(t->inner);
	t->inner = -1;
	madvise(t->in, TUNNEL_IN_MAX, MADV_DONTNEED);
}

/* --- inwards --------------------------------------------------------------- */

/* Gives the program what waits. False: it does not listen any more. */
static bool push(struct tunnel *t)
{
	ssize_t n;

	if (t->in_len == 0)
		return true;
	n = send(t->inner, t->in, t->in_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	memmove(t->in, t->in + n, t->in_len - (size_t)n);
	t->in_len -= (uint32_t)n;
	return true;
}

/* What the session still has. False: it is over. */
static bool decrypt(struct tunnel *t)
{
	struct connection *c = &t->outer;
	int len;

	do {
		len = c->tls->read(c->session, t->in + t->in_len,
				   TUNNEL_IN_MAX - t->in_len);
		if (len > 0)
			t->in_len += (uint32_t)len;
	} while (len > 0 && t->in_len < TUNNEL_IN_MAX);
	return len >= 0;
}

int air_tunnel_open(struct tunnel *t, struct connection *c, altair_bytes said)
{
	uint8_t *out = t->outer.out;
	int pair[2];

	if (said.len + c->head_len > TUNNEL_IN_MAX ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		       pair) != 0)
		return -1;
	t->outer = *c;
	t->outer.out = out;
	memcpy(out, c->out, c->waiting);
	t->outer.has_waited = true;
	t->inner = pair[0];
	t->is_cut = false;
	memcpy(t->in, c->head, c->head_len);
	if (said.len > 0)
		memcpy(t->in + c->head_len, said.data, said.len);
	t->in_len = (uint32_t)(c->head_len + said.len);
	/* The socket will not tell of what the session has. */
	(void)decrypt(t);
	(void)air_connection_take_records(&t->outer);
	t->outer_events = t->inner_events = UINT32_MAX; /* none yet */
	c->fd = -1;
	c->session = NULL;
	return pair[1];
}

void air_tunnel_cut(struct tunnel *t)
{
	t->is_cut = true;
	t->in_len = 0;
}

static bool move_in(struct tunnel *t, uint8_t *chunk, size_t size)
{
	struct connection *c = &t->outer;
	bool is_good = true;
	ssize_t n;

	if (!push(t))
		return false;
	if (t->in_len > 0)
		return true;
	n = recv(c->fd, chunk, size, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	if (c->tls->input(c->session, (altair_bytes){chunk, (size_t)n}) != 0)
		return false;
	is_good = decrypt(t);
	/* What came before the end counts. */
	return push(t) && is_good && air_connection_take_records(c) &&
	       air_connection_flush(c);
}

/* --- outwards -------------------------------------------------------------- */

/* One part of it. False: it is over. */
static bool move_part(struct tunnel *t, uint8_t *chunk, size_t size)
{
	struct connection *c = &t->outer;
	ssize_t n;

	if (!air_connection_flush(c))
		return false;
	if (c->waiting > 0)
		return true;
	n = recv(t->inner, chunk, size, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	if (air_connection_write(c, (altair_bytes){chunk, (size_t)n},
				 c->out_max) != 0)
		return false;
	return air_connection_flush(c);
}

static bool move_out(struct tunnel *t, uint8_t *chunk, size_t size)
{
	bool is_good;

	/* Nobody will tell that there is more of what was said last. */
	do
		is_good = move_part(t, chunk, size);
	while (is_good && t->is_cut && t->outer.waiting == 0);
	return is_good;
}

bool air_tunnel_move(struct tunnel *t, uint8_t *chunk, size_t len)
{
	/* First what the program has said: it may be its last word. */
	return move_out(t, chunk, len) && (t->is_cut || move_in(t, chunk, len));
}

uint32_t air_tunnel_outer_events(const struct tunnel *t)
{
	return (t->in_len == 0 && !t->is_cut ? POLLIN : 0u) |
	       (t->outer.waiting > 0 ? POLLOUT : 0u);
}

uint32_t air_tunnel_inner_events(const struct tunnel *t)
{
	return (t->outer.waiting == 0 ? POLLIN : 0u) |
	       (t->in_len > 0 ? POLLOUT : 0u);
}
