/*
 * The world of the tests of the server's streams: one server on the loopback
 * interface, and clients that write by hand. Whatever a client waits for has a
 * bound.
 */
#ifndef ALTAIR_STREAMS_WORLD_H
#define ALTAIR_STREAMS_WORLD_H

#include "check.h"

#include <altair/error.h>
#include <altair/openssl.h>
#include <altair/serve.h>
#include <altair/turn.h>
#include <altair/udp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_S 10
#define CONNECTIONS 200

static const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1,  2,
				    3, 4, 5, 6, 7,    8,    9,	  10,	11, 12};

static struct {
	altair_serve *serve;
	altair_tls tls;
	altair_server_user user;
	altair_server_prefix allow;
	uint16_t port;
	int door; /* what was handed to us, or -1 */
	altair_addr from;
	enum altair_serve_guest as;
	bool takes_tls;
} w;

static inline altair_bytes text(const char *s)
{
	return (altair_bytes){(const uint8_t *)s, strlen(s)};
}

/* --- the server ------------------------------------------------------------ */

static inline altair_server_config relay_config(void)
{
	altair_server_config c;

	altair_server_config_default(&c);
	c.crypto = altair_openssl();
	c.allocations_max = 8;
	c.connections_max = CONNECTIONS;
	c.challenge_rate = 0;
	c.bandwidth_allocation = 0;
	altair_server_make_user(&w.user, c.crypto, text("user"), c.realm,
				text("pass"));
	c.users = &w.user;
	c.user_count = 1;
	altair_addr_parse_ip(&c.relay_ipv4, "127.0.0.1", 0);
	altair_addr_parse_ip(&w.allow.ip, "127.0.0.1", 0);
	w.allow.bits = 32;
	c.allow = &w.allow;
	c.allow_count = 1;
	return c;
}

static unsigned threads = 1; /* but where they are the point */

static inline void start_with(const altair_server_config *relay,
			      void (*http)(void *, int, const altair_addr *,
					   enum altair_serve_guest))
{
	altair_serve_config c;
	altair_addr local;
	const char *problem;

	altair_serve_config_default(&c);
	CHECK_EQ(altair_addr_parse_ip(&local, "127.0.0.1", 0), 0);
	CHECK_EQ(altair_openssl_server_open(&w.tls, NULL, &problem), 0);
	c.listen = &local;
	c.listens = 1;
	c.threads = threads;
	c.relay = relay;
	c.tls = &w.tls;
	c.http = http;
	c.http_takes_tls = w.takes_tls;
	CHECK_EQ(altair_serve_start(&w.serve, &c, NULL), 0);
	CHECK_EQ(altair_serve_local(w.serve, 0, &local), 0);
	w.port = local.port;
	w.door = -1;
}

static inline void start(void)
{
	altair_server_config c = relay_config();

	start_with(&c, NULL);
}

static inline void stop(void)
{
	altair_serve_stop(w.serve);
	altair_openssl_server_close(&w.tls);
}

static inline altair_server_stats stats(void)
{
	altair_server_stats s;

	altair_serve_get_stats(w.serve, &s);
	return s;
}

/* The server closes first and counts then: so it may take a moment. */
static inline void await_streams(uint64_t count)
{
	for (int i = 0; i < WAIT_S * 100 && stats().streams != count; i++)
		poll(NULL, 0, 10);
	CHECK_EQ(stats().streams, count);
}

/* --- a client -------------------------------------------------------------- */

static inline struct sockaddr_in endpoint(const char *ip, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

/* A connection from that address of this host. */
static inline int connect_from(const char *ip)
{
	struct sockaddr_in from = endpoint(ip, 0);
	struct sockaddr_in to = endpoint("127.0.0.1", w.port);
	struct timeval wait = {.tv_sec = WAIT_S};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	CHECK_EQ(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	CHECK_EQ(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static inline void say(int fd, const void *bytes, size_t len)
{
	CHECK_EQ(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void hear(int fd, void *out, size_t len)
{
	CHECK_EQ(recv(fd, out, len, MSG_WAITALL), (ssize_t)len);
}

static inline void hear_binding(int fd)
{
	uint8_t answer[32];

	hear(fd, answer, sizeof answer);
	CHECK_EQ(answer[0], 1);
	CHECK_EQ(answer[1], 1);
	CHECK_MEM(answer + 4, binding + 4, 16);
}

/* The server has closed it, and said nothing. */
static inline void hear_end(int fd)
{
	uint8_t byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	CHECK(n == 0 || (n < 0 && errno == ECONNRESET));
	close(fd);
}

/* What it says until its end begins with this. */
static inline void hear_text(int fd, const char *start, const char *end)
{
	char answer[256];
	ssize_t n = recv(fd, answer, sizeof answer - 1, MSG_WAITALL);

	CHECK(n > 0);
	answer[n] = '\0';
	CHECK(strncmp(answer, start, strlen(start)) == 0);
	CHECK((size_t)n > strlen(end));
	CHECK_STR(answer + n - strlen(end), end);
	close(fd);
}

static inline SSL *begin_tls(int fd, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	SSL_CTX_set_max_proto_version(context, version);
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	SSL_set_fd(ssl, fd);
	return ssl;
}

static inline SSL *secure(int fd, int version)
{
	SSL *ssl = begin_tls(fd, version);

	CHECK_EQ(SSL_connect(ssl), 1);
	return ssl;
}

static inline void leave(SSL *ssl)
{
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
}

#endif
