/*
 * Output of a connection. Invariant: `out` holds whole messages, for there is
 * room for all of a message's records before it is encrypted, and no message is
 * taken in part: a stream that lost the end of one could not be followed.
 */
#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* What TLS adds to a record: header, explicit nonce, content type and tag of the
 * ciphers that we offer are 30 bytes at most (RFC 5246 6.2.3.3, RFC 8446 5.2). */
#define RECORD_MAX 16384u
#define RECORD_OVERHEAD 64u

static size_t on_the_wire(const struct connection *c, size_t len)
{
	if (!c->session)
		return len;
	return len + (len / RECORD_MAX + 1) * RECORD_OVERHEAD;
}

bool air_connection_take_records(struct connection *c)
{
	size_t len;

	if (!c->session)
		return true;
	do {
		size_t room = c->out_max - c->waiting;

		len = c->tls->output(c->session, c->out + c->waiting, room);
		c->waiting += (uint32_t)len;
		if (room == 0)
			return false;
	} while (len > 0);
	c->has_waited |= c->waiting > 0;
	return true;
}

int air_connection_write(struct connection *c, altair_bytes bytes, size_t most)
{
	int error;

	if (c->waiting + on_the_wire(c, bytes.len) > most)
		return ALTAIR_E_AGAIN;
	if (c->session) {
		error = c->tls->write(c->session, bytes);
		if (error == 0 && !air_connection_take_records(c))
			error = ALTAIR_E_TLS;
		return error;
	}
	memcpy(c->out + c->waiting, bytes.data, bytes.len);
	c->waiting += (uint32_t)bytes.len;
	c->has_waited = true;
	return 0;
}

bool air_connection_flush(struct connection *c)
{
	uint32_t sent = 0;
	ssize_t n = 0;

	while (sent < c->waiting) {
		n = send(c->fd, c->out + sent, c->waiting - sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		sent += (uint32_t)n;
	}
	if (sent > 0 && sent < c->waiting)
		memmove(c->out, c->out + sent, c->waiting - sent);
	c->waiting -= sent;
	return n >= 0 || errno == EAGAIN;
}

void air_connection_close(struct connection *c)
{
	if (c->session)
		c->tls->close(c->session);
	if (c->fd >= 0)
		close(c->fd);
	/* A slow reader is gone, and its pages with it. */
	if (c->has_waited)
		madvise(c->out, c->out_max, MADV_DONTNEED);
	c->fd = -1;
	c->session = NULL;
}
