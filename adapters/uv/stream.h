/*
 * stream.h - a TCP connection on a loop, with TLS if wanted.
 */
#ifndef AIR_STREAM_H
#define AIR_STREAM_H

#include <altair/tls.h>

#include <uv.h>

/* What may wait to be sent: payload up to the first bound, everything up to the
 * second. What does not fit is dropped whole, as datagrams are. */
#define AIR_STREAM_PAYLOAD_MAX 32768u
#define AIR_STREAM_WAITING_MAX 65536u

struct air_stream;

struct air_stream_handlers {
	/* It is open, TLS included; from our address `local`. */
	void (*opened)(struct air_stream *stream, const altair_addr *local);
	/* Bytes; they are valid for the call. */
	void (*received)(struct air_stream *stream, altair_bytes bytes);
	/* It could not be opened, or ended; only air_stream_close is allowed
	 * now. */
	void (*lost)(struct air_stream *stream, int reason);
	/* It is closed: free it. */
	void (*closed)(struct air_stream *stream);
};

struct air_stream {
	uv_poll_t poll;
	const struct air_stream_handlers *handlers;
	void *user;
	uint32_t number;
	int fd;
	const altair_tls *tls; /* NULL: plain */
	altair_tls_session *session;
	bool is_connected, is_open, is_over;
	size_t waiting; /* bytes of `out` */
	uint8_t out[AIR_STREAM_WAITING_MAX];
};

/*
 * Begins to connect; `handlers`, `user` and `number` are set, the rest is zero.
 * With `tls` the server has to be `name`. Returns 0, and the stream lives until
 * `closed`, or an ALTAIR_E_*: then it was never open.
 */
int air_stream_open(struct air_stream *stream, uv_loop_t *loop,
		    const altair_addr *remote, const altair_tls *tls,
		    const char *name);

/* Sends all of `bytes`, now or later. 0, ALTAIR_E_STATE (not open), or
 * ALTAIR_E_AGAIN when more than `most` bytes would wait. */
int air_stream_send(struct air_stream *stream, altair_bytes bytes, size_t most);

/* What waits is given to the kernel as far as it takes it. */
void air_stream_close(struct air_stream *stream);

#endif
