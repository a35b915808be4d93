/*
 * A link. Its mask is zero (RFC 6455 5.3 wants a random one against proxies, of which
 * there are none here), so nothing has to be copied to be sent.
 */
#define _GNU_SOURCE
#include "ws_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX 16384
#define FRAME_MAX (MESSAGE_MAX + 8)

static uint8_t chunk[65536];

bool ws_link_open(struct ws_link *link, uint32_t source, uint16_t port,
		  SSL_CTX *context)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int on = 1;

	*link = (struct ws_link){.state = WS_LINK_CONNECTS};
	link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (link->fd < 0)
		return false;
	setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(link->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
		   sizeof on);
	at.sin_addr.s_addr = htonl(source);
	if (bind(link->fd, (struct sockaddr *)&at, sizeof at) != 0)
		return false;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons(port);
	if (connect(link->fd, (struct sockaddr *)&at, sizeof at) != 0 &&
	    errno != EINPROGRESS)
		return false;
	if (context) {
		link->ssl = SSL_new(context);
		SSL_set_fd(link->ssl, link->fd);
		SSL_set_connect_state(link->ssl);
	}
	return true;
}

void ws_link_close(struct ws_link *link)
{
	SSL_free(link->ssl);
	free(link->have);
	if (link->fd >= 0)
		close(link->fd);
	*link = (struct ws_link){.fd = -1, .state = WS_LINK_IS_OVER};
}

static void put(struct ws_link *link, const void *bytes, size_t len)
{
	ssize_t n = link->ssl ? SSL_write(link->ssl, bytes, (int)len)
			      : send(link->fd, bytes, len, MSG_NOSIGNAL);

	if (n != (ssize_t)len)
		link->state = WS_LINK_IS_OVER;
}

/* Bytes; 0: none now; below 0: the end. */
static ssize_t get(struct ws_link *link)
{
	ssize_t n;

	if (!link->ssl) {
		n = recv(link->fd, chunk, sizeof chunk, 0);
		if (n < 0 && errno == EAGAIN)
			return 0;
		return n > 0 ? n : -1;
	}
	n = SSL_read(link->ssl, chunk, sizeof chunk);
	if (n <= 0 && SSL_get_error(link->ssl, (int)n) == SSL_ERROR_WANT_READ)
		return 0;
	return n > 0 ? n : -1;
}

static void send_frame(struct ws_link *link, unsigned opcode, altair_bytes text)
{
	uint8_t frame[FRAME_MAX] = {(uint8_t)(0x80 | opcode)};
	size_t at = 2;

	if (text.len > MESSAGE_MAX) {
		link->state = WS_LINK_IS_OVER;
		return;
	}
	if (text.len < 126) {
		frame[1] = (uint8_t)(0x80 | text.len);
	} else {
		frame[1] = 0x80 | 126;
		frame[at++] = (uint8_t)(text.len >> 8);
		frame[at++] = (uint8_t)text.len;
	}
	at += 4; /* the mask */
	memcpy(frame + at, text.data, text.len);
	put(link, frame, at + text.len);
}

void ws_link_say(struct ws_link *link, altair_bytes text)
{
	send_frame(link, 1, text);
}

static void ask(struct ws_link *link)
{
	static const char request[] =
		"GET /v1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Protocol: altair.v1\r\n\r\n";

	link->state = WS_LINK_ASKS;
	put(link, request, sizeof request - 1);
}

static void shake(struct ws_link *link)
{
	int rc = SSL_do_handshake(link->ssl);

	if (rc == 1)
		ask(link);
	else if (SSL_get_error(link->ssl, rc) != SSL_ERROR_WANT_READ)
		link->state = WS_LINK_IS_OVER;
}

static void connected(struct ws_link *link)
{
	int error = 0;
	socklen_t len = sizeof error;

	getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		link->state = WS_LINK_IS_OVER;
	} else if (link->ssl) {
		link->state = WS_LINK_SHAKES;
		shake(link);
	} else {
		ask(link);
	}
}

/* The first frame in there: its length, 0 if it is not whole. */
static size_t frame_of(altair_bytes in, altair_bytes *text)
{
	size_t len, at = 2;

	if (in.len < 4)
		return in.len >= 2 && in.data[1] <= in.len - 2
			       ? (*text = (altair_bytes){in.data + 2,
							 in.data[1]},
				  2u + in.data[1])
			       : 0;
	len = in.data[1];
	if (len == 126) {
		len = (size_t)in.data[2] << 8 | in.data[3];
		at = 4;
	}
	*text = (altair_bytes){in.data + at, len};
	return in.len >= at + len ? at + len : 0;
}

static size_t take_answer(struct ws_link *link, altair_bytes in)
{
	const uint8_t *end = memmem(in.data, in.len, "\r\n\r\n", 4);

	if (!end)
		return 0;
	link->state = in.len > 12 && memcmp(in.data + 9, "101", 3) == 0
			      ? WS_LINK_TALKS
			      : WS_LINK_IS_OVER;
	return (size_t)(end + 4 - in.data);
}

static size_t take_frame(struct ws_link *link, altair_bytes in,
			 void (*take)(void *, altair_bytes), void *user)
{
	altair_bytes text;
	size_t len = frame_of(in, &text);

	if (len == 0)
		return 0;
	switch (in.data[0] & 15) {
	case 1:
		take(user, text);
		break;
	case 9:
		send_frame(link, 10, text);
		break;
	default:
		link->state = WS_LINK_IS_OVER;
	}
	return len;
}

/* Keeps what is not whole. */
static void take_all(struct ws_link *link, altair_bytes in,
		     void (*take)(void *, altair_bytes), void *user)
{
	size_t used = 1;
	uint8_t *rest = NULL;

	while (used > 0 && in.len > 0 && link->state != WS_LINK_IS_OVER) {
		used = link->state == WS_LINK_ASKS
			       ? take_answer(link, in)
			       : take_frame(link, in, take, user);
		in.data += used;
		in.len -= used;
	}
	if (in.len > 0 && (rest = malloc(in.len)) != NULL)
		memcpy(rest, in.data, in.len);
	free(link->have);
	link->have = rest;
	link->have_len = rest ? in.len : 0;
}

void ws_link_move(struct ws_link *link,
		  void (*take)(void *user, altair_bytes text), void *user)
{
	static uint8_t whole[sizeof chunk + FRAME_MAX];
	ssize_t n;

	if (link->state == WS_LINK_CONNECTS)
		connected(link);
	else if (link->state == WS_LINK_SHAKES)
		shake(link);
	while ((link->state == WS_LINK_ASKS || link->state == WS_LINK_TALKS) &&
	       (n = get(link)) != 0) {
		if (n < 0 || link->have_len > FRAME_MAX) {
			link->state = WS_LINK_IS_OVER;
			return;
		}
		if (link->have_len > 0)
			memcpy(whole, link->have, link->have_len);
		memcpy(whole + link->have_len, chunk, (size_t)n);
		take_all(link,
			 (altair_bytes){whole, link->have_len + (size_t)n},
			 take, user);
	}
}
