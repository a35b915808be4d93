/*
 * A connection counts when the server says something in its protocol: the answer
 * to a Binding request, or the first byte of a TLS handshake or alert. Who proves
 * what by a certificate does not matter here. A refusal tells nothing of the
 * network: perhaps nobody serves there. Nor does the silence of one server; that
 * of all of several does.
 */
#define _GNU_SOURCE
#include "reach.h"

#include <altair/udp.h>

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define TLS_PORT 5349 /* RFC 8489 18.6 */
#define TLS_ALERT 0x15
#define TLS_HANDSHAKE 0x16

static enum altair_known *known_of(struct reach_try *t)
{
	return t->is_tls ? &t->reach->tls_known : &t->reach->tcp;
}

/* No: at least two hosts, and none of them said a thing. */
static void conclude(struct reach *r, bool is_tls)
{
	const struct reach_try *first = NULL;
	enum altair_known *known = is_tls ? &r->tls_known : &r->tcp;
	bool are_two = false;

	if (*known != ALTAIR_UNKNOWN)
		return;
	for (size_t i = 0; i < r->count; i++) {
		const struct reach_try *t = &r->list[i];

		if (t->is_tls != is_tls)
			continue;
		if (!t->is_silent)
			return;
		first = first ? first : t;
		are_two = are_two || !altair_addr_same_ip(&t->to, &first->to);
	}
	if (are_two)
		*known = ALTAIR_NO;
}

static void finish(struct reach *r)
{
	bool is_known =
		r->tcp == ALTAIR_YES && (r->tls_known == ALTAIR_YES || !r->tls);

	if (r->is_done || !r->is_sealed || (r->over < r->count && !is_known))
		return;
	r->is_done = true;
	air_reach_stop(r);
	conclude(r, false);
	conclude(r, true);
	r->done(r->user);
}

static void end(struct reach_try *t, bool is_silent)
{
	if (t->is_over)
		return;
	t->is_over = true;
	t->is_silent = is_silent;
	t->reach->over++;
	uv_close((uv_handle_t *)&t->tcp, NULL);
	finish(t->reach);
}

static void give_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct reach_try *t = handle->data;

	(void)size;
	*buf = uv_buf_init((char *)t->in, sizeof t->in);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct reach_try *t = stream->data;
	/* The answer's class and method (RFC 8489 5). */
	bool is_answer = n >= 2 && t->in[0] == 0x01 && (t->in[1] & 0xef) == 1;
	bool is_tls =
		n >= 1 && (t->in[0] == TLS_HANDSHAKE || t->in[0] == TLS_ALERT);

	(void)buf;
	if (n == 0)
		return;
	if (t->is_tls ? is_tls : is_answer)
		*known_of(t) = ALTAIR_YES;
	end(t, false);
}

static void on_connected(uv_connect_t *request, int status)
{
	struct reach_try *t = request->data;
	uv_buf_t out = uv_buf_init((char *)t->out, (unsigned)t->out_len);

	if (status == UV_ECANCELED)
		return;
	if (status < 0) {
		end(t, status == UV_ETIMEDOUT);
		return;
	}
	uv_read_start((uv_stream_t *)&t->tcp, give_room, on_read);
	uv_write(&t->write, (uv_stream_t *)&t->tcp, &out, 1, NULL);
}

/* What the connection says first. */
static bool write_first(struct reach_try *t, const altair_tls *tls)
{
	/* Binding, no attributes (RFC 8489 5). */
	static const uint8_t head[8] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	const altair_crypto *crypto = altair_system_random();
	altair_tls_session *session;
	char name[ALTAIR_ADDR_TEXT];

	if (!t->is_tls) {
		memcpy(t->out, head, sizeof head);
		t->out_len = 20;
		return crypto->random(crypto->user, t->out + 8, 12) == 0;
	}
	altair_addr_format_ip(&t->to, name, sizeof name);
	if (tls->open(tls->user, &session, name) != 0)
		return false;
	t->out_len = tls->output(session, t->out, sizeof t->out);
	tls->close(session);
	return t->out_len > 0;
}

static void add(struct reach *r, const altair_addr *addr, bool is_tls,
		uint16_t port)
{
	struct reach_try *t = &r->list[r->count];
	char ip[ALTAIR_ADDR_TEXT];
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	bool is_v6 = addr->family == ALTAIR_IPV6;

	if (r->count == REACH_MAX || r->is_done)
		return;
	altair_addr_format_ip(addr, ip, sizeof ip);
	uv_ip6_addr(is_v6 ? ip : "::", port, &v6);
	uv_ip4_addr(is_v6 ? "0.0.0.0" : ip, port, &v4);
	*t = (struct reach_try){.reach = r, .to = *addr, .is_tls = is_tls};
	if (!write_first(t, r->tls) || uv_tcp_init(r->loop, &t->tcp) < 0)
		return;
	t->tcp.data = t;
	t->connect.data = t;
	r->count++;
	if (uv_tcp_connect(&t->connect, &t->tcp,
			   is_v6 ? (const struct sockaddr *)&v6
				 : (const struct sockaddr *)&v4,
			   on_connected) < 0)
		end(t, false);
}

void air_reach_add(struct reach *r, const altair_addr *addr)
{
	add(r, addr, false, addr->port);
	if (!r->tls)
		return;
	add(r, addr, true, addr->port);
	if (addr->port != TLS_PORT)
		add(r, addr, true, TLS_PORT);
}

void air_reach_seal(struct reach *r)
{
	r->is_sealed = true;
	finish(r);
}

void air_reach_stop(struct reach *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (!r->list[i].is_over)
			end(&r->list[i], true);
}
