/*
 * http.h - the HTTP server of `altair serve`, on the command's loop.
 */
#ifndef AIR_HTTP_H
#define AIR_HTTP_H

#include <altair/base.h>

#include <stdbool.h>
#include <uv.h>

struct http;

struct http_answer {
	unsigned status; /* 0: there is no such page */
	const char *type;
	char *body; /* of malloc; taken over */
};

/* Answers GET of `path`. */
typedef void http_ask(void *user, const char *path, struct http_answer *out);

struct http_config {
	uv_loop_t *loop;
	http_ask *ask;
	void *user;
	/* 403 for names in Host that are no address and not localhost: a web
	 * page of somebody else's reaches no local port by its own name. */
	bool is_local;
};

/* A listening socket; port 0 is filled in. Returns -1 with errno. */
int air_http_bind(altair_addr *at);

/* Returns NULL without memory, or where the library lacks its libuv part. */
struct http *air_http_open(const struct http_config *config);
/* Takes over a listening socket. Returns 0, or an error of libuv. */
int air_http_listen(struct http *http, int fd);
/* Ends all connections. Not from within the loop, which it turns. Also NULL. */
void air_http_close(struct http *http);

#endif
