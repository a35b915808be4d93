/*
 * A TCP connection whose messages are datagrams to those above: what cannot be
 * sent soon is better dropped. So the kernel is asked to hold little that is
 * unsent (TCP_NOTSENT_LOWAT), and little waits here.
 *
 * Invariants: `out` holds what is for the wire, thus ciphertext with TLS, and
 * whole messages alone, for there is room for a message's records before it is
 * encrypted. A handler may close the stream: nothing touches it afterwards but
 * the loop.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 16384
/* Receives per wake-up, so that a fast server cannot starve the loop. */
#define ROUNDS_MAX 8
#define UNSENT_MAX 16384 /* in the kernel */
/* What TLS adds to a message of one record: RFC 8446 5.2 allows 256 bytes of
 * padding and tag and 5 of header. Ours are far shorter than a record. */
#define TLS_OVERHEAD 261

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool to_system(union address *out, const altair_addr *addr)
{
	char ip[ALTAIR_ADDR_TEXT];

	memset(out, 0, sizeof *out);
	altair_addr_format_ip(addr, ip, sizeof ip);
	return addr->family == ALTAIR_IPV6
		       ? uv_ip6_addr(ip, addr->port, &out->v6) == 0
		       : uv_ip4_addr(ip, addr->port, &out->v4) == 0;
}

static void local_address(const struct air_stream *s, altair_addr *out)
{
	union address own;
	socklen_t len = sizeof own;
	char ip[ALTAIR_ADDR_TEXT];

	memset(out, 0, sizeof *out);
	if (getsockname(s->fd, &own.any, &len) < 0 ||
	    uv_ip_name(&own.any, ip, sizeof ip) < 0)
		return;
	altair_addr_parse_ip(out, ip,
			     ntohs(own.any.sa_family == AF_INET6
					   ? own.v6.sin6_port
					   : own.v4.sin_port));
}

static void watch(struct air_stream *s);

static void lose(struct air_stream *s, int reason)
{
	if (s->is_over)
		return;
	s->is_over = true;
	uv_poll_stop(&s->poll);
	s->handlers->lost(s, reason);
}

/* --- sending -------------------------------------------------------------- */

/* Gives the kernel what waits. False: the connection is broken. */
static bool flush(struct air_stream *s)
{
	size_t sent = 0;

	while (sent < s->waiting) {
		ssize_t n = send(s->fd, s->out + sent, s->waiting - sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		sent += (size_t)n;
	}
	s->waiting -= sent;
	memmove(s->out, s->out + sent, s->waiting);
	return true;
}

/* Takes what the session has for the wire. False: it does not fit, which ends
 * the stream, for a record that is missing ends the session. */
static bool take_records(struct air_stream *s)
{
	size_t len;

	do {
		size_t room = sizeof s->out - s->waiting;

		len = s->tls->output(s->session, s->out + s->waiting, room);
		s->waiting += len;
		if (room == 0)
			return false;
	} while (len > 0);
	return true;
}

int air_stream_send(struct air_stream *stream, altair_bytes bytes, size_t most)
{
	size_t room = stream->session ? TLS_OVERHEAD : 0;
	int error = 0;

	if (!stream->is_open || stream->is_over)
		return ALTAIR_E_STATE;
	if (bytes.len + room > most ||
	    stream->waiting > most - bytes.len - room)
		return ALTAIR_E_AGAIN;
	if (stream->session) {
		error = stream->tls->write(stream->session, bytes);
		if (!error && !take_records(stream))
			error = ALTAIR_E_TLS;
	} else {
		memcpy(stream->out + stream->waiting, bytes.data, bytes.len);
		stream->waiting += bytes.len;
	}
	/* A broken connection is told by the loop, not from within a send. */
	if (!error)
		(void)flush(stream);
	watch(stream);
	return error;
}

/* --- receiving ------------------------------------------------------------ */

static void become_open(struct air_stream *s)
{
	altair_addr local;

	s->is_open = true;
	local_address(s, &local);
	s->handlers->opened(s, &local);
}

static void read_session(struct air_stream *s)
{
	uint8_t plain[CHUNK];
	int len;

	if (!s->is_open && s->tls->is_open(s->session))
		become_open(s);
	while (!s->is_over &&
	       (len = s->tls->read(s->session, plain, sizeof plain)) != 0) {
		if (len < 0) {
			lose(s, len);
			return;
		}
		s->handlers->received(s, (altair_bytes){plain, (size_t)len});
	}
}

static void take(struct air_stream *s, altair_bytes bytes)
{
	int error;

	if (!s->session) {
		s->handlers->received(s, bytes);
		return;
	}
	error = s->tls->input(s->session, bytes);
	/* Also after an error: the server is told what it was. */
	if (!take_records(s) || !flush(s))
		error = error ? error : ALTAIR_E_NETWORK;
	if (!error)
		read_session(s);
	if (!s->is_over && !error && !take_records(s))
		error = ALTAIR_E_TLS;
	if (error)
		lose(s, error);
}

static void receive(struct air_stream *s)
{
	uint8_t chunk[CHUNK];

	for (int i = 0; i < ROUNDS_MAX && !s->is_over; i++) {
		ssize_t len = recv(s->fd, chunk, sizeof chunk, MSG_DONTWAIT);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno == EAGAIN)
			return;
		if (len <= 0) {
			lose(s, ALTAIR_E_NETWORK);
			return;
		}
		take(s, (altair_bytes){chunk, (size_t)len});
	}
}

/* --- the loop ------------------------------------------------------------- */

static void connected(struct air_stream *s)
{
	int error = 0;
	socklen_t len = sizeof error;

	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		lose(s, ALTAIR_E_NETWORK);
		return;
	}
	s->is_connected = true;
	if (!s->session)
		become_open(s);
	else if (!take_records(s))
		lose(s, ALTAIR_E_TLS);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct air_stream *s = poll->data;

	if (status < 0)
		events = UV_READABLE | UV_WRITABLE; /* the calls tell which */
	if (!s->is_connected)
		connected(s);
	else if (events & UV_READABLE)
		receive(s);
	if (!s->is_over && !flush(s))
		lose(s, ALTAIR_E_NETWORK);
	watch(s);
}

static void watch(struct air_stream *s)
{
	bool wants_write = !s->is_connected || s->waiting > 0;

	if (!s->is_over)
		uv_poll_start(&s->poll,
			      wants_write ? UV_READABLE | UV_WRITABLE
					  : UV_READABLE,
			      on_poll);
}

/* --- opening and closing -------------------------------------------------- */

static int connect_to(struct air_stream *s, const altair_addr *remote)
{
	const int on = 1, unsent = UNSENT_MAX;
	union address to;
	int family = remote->family == ALTAIR_IPV6 ? AF_INET6 : AF_INET;

	if (!to_system(&to, remote))
		return ALTAIR_E_ADDRESS;
	s->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return errno == EAFNOSUPPORT ? ALTAIR_E_FAMILY
					     : ALTAIR_E_SYSTEM;
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(s->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
		   sizeof unsent);
	if (connect(s->fd, &to.any,
		    family == AF_INET6 ? sizeof to.v6 : sizeof to.v4) < 0 &&
	    errno != EINPROGRESS)
		return ALTAIR_E_NETWORK;
	return 0;
}

int air_stream_open(struct air_stream *stream, uv_loop_t *loop,
		    const altair_addr *remote, const altair_tls *tls,
		    const char *name)
{
	int error;

	stream->fd = -1;
	stream->tls = tls;
	error = tls ? tls->open(tls->user, &stream->session, name) : 0;
	if (!error)
		error = connect_to(stream, remote);
	if (!error && uv_poll_init(loop, &stream->poll, stream->fd) < 0)
		error = ALTAIR_E_SYSTEM;
	if (error) {
		if (stream->session)
			tls->close(stream->session);
		if (stream->fd >= 0)
			close(stream->fd);
		return error;
	}
	stream->poll.data = stream;
	watch(stream);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct air_stream *s = handle->data;

	if (s->session)
		s->tls->close(s->session);
	s->handlers->closed(s);
}

void air_stream_close(struct air_stream *stream)
{
	stream->is_over = true;
	uv_close((uv_handle_t *)&stream->poll, on_closed);
	/* Only after uv_close: the loop knows the descriptor. */
	close(stream->fd);
}
