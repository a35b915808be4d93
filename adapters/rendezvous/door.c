/*
 * The door's life, and the machine behind it. Everything but altair_door_admit
 * happens in the loop's thread. Invariant: whoever told the machine something
 * calls air_door_run before the loop goes on.
 */
#define _GNU_SOURCE
#include "door.h"

#include "directory.h"

#include <altair/error.h>
#include <altair/udp.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define HEAD_MAX 4096  /* bytes of a request */
#define HEADS_MAX 1024 /* requests under way */
#define RX_MAX 2048    /* most messages are whole in it */
#define CLOSING_TURNS 64
#define TIMER_MAX_MS 3600000u
#define PIPE_LEN 1048576 /* some 10,000 who knock at once */

void altair_door_config_default(altair_door_config *config)
{
	*config = (altair_door_config){.size = sizeof *config};
}

/* --- the machine ----------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
	struct altair_door *door = timer->data;

	altair_rendezvous_tick(door->machine, altair_clock_now());
	air_door_run(door);
}

static void wait_for(struct altair_door *door, altair_time deadline)
{
	altair_time now = altair_clock_now();
	uint64_t ms = 0;

	if (deadline > now)
		ms = (deadline - now + ALTAIR_MSEC(1) - 1) / ALTAIR_MSEC(1);
	if (deadline == ALTAIR_NEVER || ms > TIMER_MAX_MS)
		ms = TIMER_MAX_MS;
	/* The loop's own clock stands while it turns. */
	uv_update_time(door->loop);
	uv_timer_start(&door->timer, on_timer, ms, 0);
}

static void obey(struct altair_door *door, enum altair_rendezvous_step step,
		 const altair_rendezvous_output *out)
{
	struct guest *guest = &door->guests[out->client];

	if (step == ALTAIR_RENDEZVOUS_NOTES) {
		guest->has_notes = true;
		if (guest->state == GUEST_TALKS)
			lws_callback_on_writable(guest->wsi);
	} else if (step == ALTAIR_RENDEZVOUS_CLOSE) {
		air_guest_dismiss(door, guest);
	} else if (step == ALTAIR_RENDEZVOUS_ASK) {
		air_directory_ask(door->directory, &out->ask);
	} else {
		air_directory_post(door->directory, out->node, out->bytes);
	}
}

void air_door_run(struct altair_door *door)
{
	altair_rendezvous_output out;
	enum altair_rendezvous_step step;

	while ((step = altair_rendezvous_poll(door->machine, &out)) !=
	       ALTAIR_RENDEZVOUS_WAIT)
		obey(door, step, &out);
	wait_for(door, out.deadline);
}

static int open_machine(struct altair_door *door)
{
	altair_rendezvous_config config = *door->config.rendezvous;
	const altair_crypto *crypto = config.crypto;

	config.has_directory = door->config.redis != NULL;
	if (crypto->random(crypto->user, config.node, sizeof config.node) != 0)
		return ALTAIR_E_RANDOM;
	memcpy(door->node, config.node, sizeof door->node);
	door->count = (uint32_t)config.clients_max;
	door->memory_len = altair_rendezvous_size(&config);
	if (door->memory_len == 0)
		return ALTAIR_E_INVALID;
	door->memory = mmap(NULL, door->memory_len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (door->memory == MAP_FAILED) {
		door->memory = NULL;
		return ALTAIR_E_MEMORY;
	}
	return altair_rendezvous_init(&door->machine, door->memory,
				      door->memory_len, &config,
				      altair_clock_now());
}

/* --- libwebsockets --------------------------------------------------------- */

static const struct lws_protocols protocols[] = {
	{.name = "http", .callback = air_request_event},
	{.name = DOOR_PROTOCOL,
	 .callback = air_wire_event,
	 .rx_buffer_size = RX_MAX},
	{.name = NULL},
};

/* No timers of its own for idle sockets: each sign of life would pass through
 * those of all others. */
static const lws_retry_bo_t no_idle = {.secs_since_valid_hangup = 0};

static struct lws_vhost *make_host(struct altair_door *door, bool is_secure)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.vhost_name = is_secure ? "secure" : "plain",
		.user = door,
		.alpn = "http/1.1",
		.retry_and_idle_policy = &no_idle,
		.keepalive_timeout = ALTAIR_DOOR_HEAD / ALTAIR_SEC(1),
	};

	if (is_secure)
		info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
			       LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
	return lws_create_vhost(door->context, &info);
}

/* Its tables are made for as many descriptors as the soft limit allows, touched
 * or not: so that is kept low meanwhile. */
static struct lws_context *
make_context(const struct lws_context_creation_info *info, size_t descriptors)
{
	struct lws_context *context;
	struct rlimit before, low;

	if (descriptors == 0 || getrlimit(RLIMIT_NOFILE, &before) != 0 ||
	    before.rlim_cur <= descriptors)
		return lws_create_context(info);
	low = before;
	low.rlim_cur = descriptors;
	setrlimit(RLIMIT_NOFILE, &low);
	context = lws_create_context(info);
	setrlimit(RLIMIT_NOFILE, &before);
	return context;
}

static int open_library(struct altair_door *door)
{
	void *loops[] = {door->loop};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.options = LWS_SERVER_OPTION_LIBUV |
			   LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
			   LWS_SERVER_OPTION_VALIDATE_UTF8 |
			   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
		.foreign_loops = loops,
		.user = door,
		.max_http_header_data2 = HEAD_MAX,
		.max_http_header_pool2 = HEADS_MAX,
		.timeout_secs = ALTAIR_DOOR_HEAD / ALTAIR_SEC(1),
	};

	lws_set_log_level(0, NULL);
	door->context = make_context(&info, door->config.descriptors);
	if (!door->context)
		return ALTAIR_E_SYSTEM;
	door->plain = make_host(door, false);
	if (door->config.tls)
		door->secure = make_host(door, true);
	return door->plain && (door->secure || !door->config.tls)
		       ? 0
		       : ALTAIR_E_MEMORY;
}

/* --- its life -------------------------------------------------------------- */

static void on_knocks(uv_poll_t *poll, int status, int events)
{
	(void)events;
	if (status == 0)
		air_guests_take(poll->data);
}

static int open_pipe(struct altair_door *door)
{
	if (pipe2(door->pipe, O_NONBLOCK | O_CLOEXEC) != 0)
		return ALTAIR_E_SYSTEM;
	/* As long as the system allows. */
	(void)fcntl(door->pipe[1], F_SETPIPE_SZ, PIPE_LEN);
	if (uv_poll_init(door->loop, &door->knocks, door->pipe[0]) != 0)
		return ALTAIR_E_SYSTEM;
	door->knocks.data = door;
	uv_timer_init(door->loop, &door->timer);
	door->timer.data = door;
	uv_timer_init(door->loop, &door->looks);
	door->looks.data = door;
	return 0;
}

static int open_directory(struct altair_door *door)
{
	return door->config.redis ? air_directory_open(&door->directory, door,
						       door->config.redis)
				  : 0;
}

int altair_door_open(altair_door **out, void *loop,
		     const altair_door_config *config)
{
	struct altair_door *door = calloc(1, sizeof *door);
	int error;

	if (!door)
		return ALTAIR_E_MEMORY;
	door->config = *config;
	door->loop = loop;
	door->pipe[0] = door->pipe[1] = -1;
	error = open_pipe(door);
	if (error == 0)
		error = open_machine(door);
	if (error == 0)
		error = air_guests_open(door) ? 0 : ALTAIR_E_MEMORY;
	if (error == 0)
		error = open_library(door);
	if (error == 0)
		error = open_directory(door);
	if (error != 0) {
		altair_door_close(door);
		altair_door_free(door);
		return error;
	}
	uv_poll_start(&door->knocks, UV_READABLE, on_knocks);
	air_door_run(door);
	*out = door;
	return 0;
}

void altair_door_drain(altair_door *door, uint32_t seconds)
{
	if (door->drains)
		return;
	door->drains = true;
	altair_rendezvous_drain(door->machine, altair_clock_now(), seconds);
	air_door_run(door);
}

bool altair_door_is_ready(const altair_door *door)
{
	return !door->drains &&
	       (!door->directory || air_directory_is_up(door->directory));
}

void altair_door_get_stats(const altair_door *door, altair_door_stats *out)
{
	altair_rendezvous_get_stats(door->machine, &out->rendezvous);
	out->size = sizeof *out;
	out->guests = door->guests_now;
	out->clients = door->clients_now;
	out->refused = door->refused;
	out->late = door->late;
	out->denied = door->denied;
	out->is_connected =
		!door->directory || air_directory_is_up(door->directory);
}

/* The library wants its loop to turn between the two halves of its end. */
static void close_library(struct altair_door *door)
{
	lws_context_destroy(door->context);
	for (int turn = 0; turn < CLOSING_TURNS; turn++)
		uv_run(door->loop, UV_RUN_NOWAIT);
	lws_context_destroy(door->context);
}

void altair_door_close(altair_door *door)
{
	if (!door)
		return;
	door->is_closed = true;
	if (door->context)
		close_library(door);
	air_directory_close(door->directory);
	if (door->knocks.data)
		uv_close((uv_handle_t *)&door->knocks, NULL);
	if (door->timer.data)
		uv_close((uv_handle_t *)&door->timer, NULL);
	if (door->looks.data)
		uv_close((uv_handle_t *)&door->looks, NULL);
	for (int turn = 0; turn < CLOSING_TURNS; turn++)
		uv_run(door->loop, UV_RUN_NOWAIT);
}

void altair_door_free(altair_door *door)
{
	if (!door)
		return;
	air_guests_close(door);
	if (door->memory)
		munmap(door->memory, door->memory_len);
	free(door);
}
