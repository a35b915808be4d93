/*
 * The directory by Redis: one connection for what is asked, one for the channel
 * that is named as our node, which others publish to. Both are up, or there is no
 * directory. Redis is asked for a sign of life every second; when it says nothing for
 * three, both connections end and what was asked is answered with "not known". A
 * second later they are opened again.
 *
 * Invariant: what is under way is bounded, so a Redis that is slow costs no memory.
 */
#define _GNU_SOURCE
#include "directory.h"

#include "door.h"

#include <altair/error.h>
#include <altair/udp.h>

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <hiredis/adapters/libuv.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "altair:"
#define PREFIX_LEN (sizeof PREFIX - 1)
#define CHANNEL_LEN (PREFIX_LEN + 2 * ALTAIR_RENDEZVOUS_NODE_LEN)
#define KEY_LEN (PREFIX_LEN + ALTAIR_RENDEZVOUS_KEY_MAX)
#define TURN_MS 200
#define SIGN ALTAIR_SEC(1)
/* The machine says everything again before it begins anything new. */
#define SETTLE ALTAIR_SEC(2)
#define SILENCE ALTAIR_SEC(3)
#define UNDER_WAY_MAX 4096
#define HOST_MAX 256

static const char take_script[] =
	"local v = redis.call('GET', KEYS[1]) "
	"if v and v ~= ARGV[1] then return v end "
	"redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) "
	"return ARGV[1]";
static const char forget_script[] =
	"if redis.call('GET', KEYS[1]) == ARGV[1] then "
	"return redis.call('DEL', KEYS[1]) end "
	"return 0";

struct directory {
	struct altair_door *door;
	char host[HOST_MAX]; /* or a path, without port */
	char port_text[8];
	uint16_t port;
	redisAsyncContext *commands, *channel; /* NULL: none */
	uv_timer_t timer;
	uv_getaddrinfo_t lookup;
	altair_time heard; /* or begun */
	altair_time asked; /* for a sign of life */
	altair_time up_since;
	uint32_t under_way;
	uint8_t node[ALTAIR_RENDEZVOUS_NODE_LEN];
	bool is_up, is_looking_up, is_closed;
};

/* What an answer belongs to: in the place of a pointer. */
struct question {
	struct directory *directory;
	uint64_t cookie;
};

static altair_bytes bytes(const char *text, size_t len)
{
	return (altair_bytes){(const uint8_t *)text, len};
}

/* --- down and up ----------------------------------------------------------- */

static void drop(redisAsyncContext **context)
{
	redisAsyncContext *gone = *context;

	*context = NULL;
	if (gone)
		redisAsyncFree(gone);
}

/* What was asked is answered meanwhile, by its callbacks. */
static void lose(struct directory *d)
{
	bool was_up = d->is_up;

	d->is_up = false;
	drop(&d->commands);
	drop(&d->channel);
	d->heard = altair_clock_now();
	if (!was_up || d->is_closed)
		return;
	altair_rendezvous_directory(d->door->machine, altair_clock_now(),
				    false);
	air_door_run(d->door);
}

/* The library frees it after the callback. */
static void forget(struct directory *d, const redisAsyncContext *context)
{
	if (context == d->commands)
		d->commands = NULL;
	else if (context == d->channel)
		d->channel = NULL;
	else
		return; /* we had dropped it */
	lose(d);
}

static void on_connect(const redisAsyncContext *context, int status)
{
	if (status != REDIS_OK)
		forget(context->data, context);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	(void)status;
	forget(context->data, context);
}

/* --- the channel ----------------------------------------------------------- */

static void write_channel(char out[CHANNEL_LEN + 1], const uint8_t *node)
{
	memcpy(out, PREFIX, PREFIX_LEN);
	for (size_t i = 0; i < ALTAIR_RENDEZVOUS_NODE_LEN; i++)
		snprintf(out + PREFIX_LEN + 2 * i, 3, "%02x", node[i]);
}

static void take_post(struct directory *d, altair_bytes post)
{
	if (post.len < ALTAIR_RENDEZVOUS_NODE_LEN)
		return;
	altair_rendezvous_posted(
		d->door->machine, altair_clock_now(), post.data,
		(altair_bytes){post.data + ALTAIR_RENDEZVOUS_NODE_LEN,
			       post.len - ALTAIR_RENDEZVOUS_NODE_LEN});
	air_door_run(d->door);
}

static void rise(struct directory *d)
{
	d->is_up = true;
	d->up_since = altair_clock_now();
	altair_rendezvous_directory(d->door->machine, altair_clock_now(), true);
	air_door_run(d->door);
}

/* "subscribe", its name and how many there are; "message", its name and a post. */
static void on_channel(redisAsyncContext *context, void *answer, void *user)
{
	struct directory *d = user;
	const redisReply *reply = answer;

	if (!reply || context != d->channel)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		lose(d);
		return;
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return;
	if (strcmp(reply->element[0]->str, "subscribe") == 0)
		rise(d);
	else if (reply->element[2]->type == REDIS_REPLY_STRING)
		take_post(d, bytes(reply->element[2]->str,
				   (size_t)reply->element[2]->len));
}

/* --- connecting ------------------------------------------------------------ */

static redisAsyncContext *make(struct directory *d, const char *host)
{
	redisAsyncContext *context = d->port ? redisAsyncConnect(host, d->port)
					     : redisAsyncConnectUnix(host);

	if (!context)
		return NULL;
	context->data = d;
	if (context->err ||
	    redisLibuvAttach(context, d->door->loop) != REDIS_OK) {
		redisAsyncFree(context);
		return NULL;
	}
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
	return context;
}

/* `host` is an address, or a path. */
static void connect_to(struct directory *d, const char *host)
{
	char channel[CHANNEL_LEN + 1];

	d->heard = altair_clock_now();
	d->commands = make(d, host);
	d->channel = d->commands ? make(d, host) : NULL;
	if (!d->channel) {
		lose(d);
		return;
	}
	write_channel(channel, d->node);
	redisAsyncCommand(d->channel, on_channel, d, "SUBSCRIBE %s", channel);
}

static void on_lookup(uv_getaddrinfo_t *lookup, int status,
		      struct addrinfo *found)
{
	struct directory *d = lookup->data;
	char host[NI_MAXHOST];

	d->is_looking_up = false;
	if (status == 0 && !d->is_closed &&
	    getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host,
			NULL, 0, NI_NUMERICHOST) == 0)
		connect_to(d, host);
	uv_freeaddrinfo(found);
}

static void begin(struct directory *d)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	altair_addr addr;

	if (d->is_looking_up)
		return;
	if (d->port == 0 || altair_addr_parse_ip(&addr, d->host, 0) == 0) {
		connect_to(d, d->host);
		return;
	}
	d->lookup.data = d;
	d->is_looking_up = uv_getaddrinfo(d->door->loop, &d->lookup, on_lookup,
					  d->host, d->port_text, &hints) == 0;
}

static void on_sign(redisAsyncContext *context, void *reply, void *user)
{
	struct directory *d = user;

	if (reply && context == d->commands)
		d->heard = altair_clock_now();
}

static void on_turn(uv_timer_t *timer)
{
	struct directory *d = timer->data;
	altair_time now = altair_clock_now();

	if (!d->commands) {
		begin(d);
	} else if (now - d->heard >= SILENCE) {
		lose(d);
	} else if (now - d->asked >= SIGN) {
		d->asked = now;
		redisAsyncCommand(d->commands, on_sign, d, "PING");
	}
}

/* --- asking ---------------------------------------------------------------- */

static void answer(struct directory *d, uint64_t cookie, bool is_known,
		   altair_bytes value)
{
	altair_rendezvous_answer(d->door->machine, altair_clock_now(), cookie,
				 is_known, value);
}

static void on_answer(redisAsyncContext *context, void *reply_, void *user)
{
	struct question *question = user;
	struct directory *d = question->directory;
	const redisReply *reply = reply_;
	altair_bytes value = {NULL, 0};
	bool is_known = reply && (reply->type == REDIS_REPLY_STRING ||
				  reply->type == REDIS_REPLY_NIL);

	(void)context;
	d->under_way--;
	if (reply && reply->type == REDIS_REPLY_STRING)
		value = bytes(reply->str, (size_t)reply->len);
	if (!d->is_closed) {
		answer(d, question->cookie, is_known, value);
		air_door_run(d->door);
	}
	free(question);
}

static void on_done(redisAsyncContext *context, void *reply, void *user)
{
	struct directory *d = user;

	(void)context;
	(void)reply;
	d->under_way--;
}

struct command {
	const char *part[8];
	size_t len[8];
	int count;
};

static void add(struct command *command, const void *part, size_t len)
{
	command->part[command->count] = part;
	command->len[command->count++] = len;
}

static void add_word(struct command *command, const char *word)
{
	add(command, word, strlen(word));
}

/* False: it was not taken. */
static bool send_command(struct directory *d, const struct command *command,
			 redisCallbackFn *then, void *user)
{
	if (!d->is_up || d->under_way >= UNDER_WAY_MAX ||
	    redisAsyncCommandArgv(d->commands, then, user, command->count,
				  (const char **)command->part,
				  command->len) != REDIS_OK)
		return false;
	d->under_way++;
	return true;
}

static void write_command(struct command *out, const altair_rendezvous_ask *ask,
			  char key[KEY_LEN], char seconds[12])
{
	size_t len = PREFIX_LEN + ask->key.len;

	memcpy(key, PREFIX, PREFIX_LEN);
	memcpy(key + PREFIX_LEN, ask->key.data, ask->key.len);
	snprintf(seconds, 12, "%u", (unsigned)ask->seconds);
	if (ask->verb == ALTAIR_DIRECTORY_GET) {
		add_word(out, "GET");
		add(out, key, len);
		return;
	}
	if (ask->verb == ALTAIR_DIRECTORY_PUT) {
		add_word(out, "SET");
	} else {
		add_word(out, "EVAL");
		add_word(out, ask->verb == ALTAIR_DIRECTORY_TAKE
				      ? take_script
				      : forget_script);
		add_word(out, "1");
	}
	add(out, key, len);
	add(out, ask->value.data, ask->value.len);
	if (ask->verb == ALTAIR_DIRECTORY_PUT)
		add_word(out, "EX");
	if (ask->verb != ALTAIR_DIRECTORY_FORGET)
		add_word(out, seconds);
}

void air_directory_ask(struct directory *d, const altair_rendezvous_ask *ask)
{
	bool wants_answer = ask->verb == ALTAIR_DIRECTORY_TAKE ||
			    ask->verb == ALTAIR_DIRECTORY_GET;
	struct question *question = NULL;
	struct command command = {.count = 0};
	uint64_t cookie = ask->cookie;
	char key[KEY_LEN], seconds[12];

	write_command(&command, ask, key, seconds);
	if (!wants_answer) {
		send_command(d, &command, on_done, d);
		return;
	}
	question = malloc(sizeof *question);
	if (question)
		*question = (struct question){d, cookie};
	if (!question || !send_command(d, &command, on_answer, question)) {
		free(question);
		answer(d, cookie, false, (altair_bytes){NULL, 0});
	}
}

void air_directory_post(struct directory *d, const uint8_t *node,
			altair_bytes post)
{
	uint8_t whole[ALTAIR_RENDEZVOUS_NODE_LEN + ALTAIR_RENDEZVOUS_POST_MAX];
	struct command command = {.count = 0};
	char channel[CHANNEL_LEN + 1];

	memcpy(whole, d->node, ALTAIR_RENDEZVOUS_NODE_LEN);
	memcpy(whole + ALTAIR_RENDEZVOUS_NODE_LEN, post.data, post.len);
	write_channel(channel, node);
	add_word(&command, "PUBLISH");
	add_word(&command, channel);
	add(&command, whole, ALTAIR_RENDEZVOUS_NODE_LEN + post.len);
	send_command(d, &command, on_done, d);
}

bool air_directory_is_up(const struct directory *d)
{
	return d->is_up && altair_clock_now() - d->up_since >= SETTLE;
}

/* --- its life -------------------------------------------------------------- */

static bool parse(struct directory *d, const char *at)
{
	const char *colon = strrchr(at, ':');
	size_t len = strlen(at);
	long port;
	char *end;

	if (strncmp(at, "unix:", 5) == 0 && len > 5 && len - 5 < HOST_MAX) {
		memcpy(d->host, at + 5, len - 4);
		return true;
	}
	if (!colon || colon == at || colon - at >= HOST_MAX)
		return false;
	port = strtol(colon + 1, &end, 10);
	if (*end != '\0' || port < 1 || port > UINT16_MAX)
		return false;
	memcpy(d->host, at, (size_t)(colon - at));
	d->port = (uint16_t)port;
	snprintf(d->port_text, sizeof d->port_text, "%u", (unsigned)d->port);
	/* An IPv6 address has brackets. */
	len = strlen(d->host);
	if (d->host[0] == '[' && d->host[len - 1] == ']') {
		memmove(d->host, d->host + 1, len - 2);
		d->host[len - 2] = '\0';
	}
	return d->host[0] != '\0';
}

bool altair_door_is_redis(const char *at)
{
	struct directory probe = {.port = 0};

	return parse(&probe, at);
}

int air_directory_open(struct directory **out, struct altair_door *door,
		       const char *at)
{
	struct directory *d = calloc(1, sizeof *d);

	if (!d)
		return ALTAIR_E_MEMORY;
	d->door = door;
	memcpy(d->node, door->node, sizeof d->node);
	if (!parse(d, at)) {
		free(d);
		return ALTAIR_E_INVALID;
	}
	uv_timer_init(door->loop, &d->timer);
	d->timer.data = d;
	uv_timer_start(&d->timer, on_turn, 0, TURN_MS);
	*out = d;
	return 0;
}

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void air_directory_close(struct directory *d)
{
	if (!d)
		return;
	d->is_closed = true;
	lose(d);
	if (d->is_looking_up)
		uv_cancel((uv_req_t *)&d->lookup);
	uv_close((uv_handle_t *)&d->timer, on_closed);
}
