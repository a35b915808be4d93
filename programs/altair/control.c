/*
 * The control socket. Who may connect the file's mode says (0600), and once more
 * the kernel by SO_PEERCRED. One order at a time for each caller; a long list
 * leaves page by page, as fast as its caller reads.
 *
 * Invariant: a caller is either reading an order or writing an answer; nothing is
 * held for it but its line and one page.
 */
#define _GNU_SOURCE
#include "control.h"

#include "json.h"
#include "local.h"
#include "print.h"
#include "sessions.h"

#include <altair/udp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALLERS_MAX 16
#define IDLE_MAX 60000 /* ms without an order, or with an answer unread */
#define IDLE_LOOK 10000
#define LINE_MAX_LEN 1024
#define PAGE 64
#define PEERS_MAX 512 /* shown of one session */

struct caller {
	uv_pipe_t pipe;
	uv_write_t write;
	struct control *control;
	char line[LINE_MAX_LEN];
	size_t len;
	char *page; /* what is being written */
	size_t page_len;
	bool is_listing;
	uint64_t place;
	uint64_t count;
	uint64_t active; /* uv_now when something was last read or written */
};

struct control {
	uv_pipe_t pipe;
	uv_timer_t idle;
	struct service *service;
	struct caller *callers[CALLERS_MAX];
	char path[LOCAL_PATH_MAX];
};

/* --- answers -------------------------------------------------------------- */

static json_t *event(const struct caller *caller, const char *name)
{
	return air_json_event(air_run_time(&caller->control->service->run),
			      name);
}

/* Adds a line to what is to be written, and frees the object. */
static void add(struct caller *caller, json_t *object)
{
	char *line = air_json_line(object);
	size_t len = line ? strlen(line) : 0;
	char *page =
		line ? realloc(caller->page, caller->page_len + len + 1) : NULL;

	if (page) {
		memcpy(page + caller->page_len, line, len);
		page[caller->page_len + len] = '\n';
		caller->page = page;
		caller->page_len += len + 1;
	}
	free(line);
}

static void refuse(struct caller *caller, int code, const char *sentence)
{
	add(caller,
	    air_json_failure(air_run_time(&caller->control->service->run), code,
			     sentence));
}

static void finish(struct caller *caller)
{
	json_t *done = event(caller, "done");

	air_json_number(done, "count", caller->count);
	add(caller, done);
}

/* The next page of a list; its end behind the last one. */
static void add_sessions(struct caller *caller)
{
	altair_serve *serve = caller->control->service->serve;
	altair_session page[PAGE];
	size_t n = altair_serve_list(serve, &caller->place, page, PAGE);

	for (size_t i = 0; i < n; i++) {
		json_t *object = event(caller, "session");

		air_sessions_describe(object, &page[i], altair_clock_now());
		add(caller, object);
	}
	caller->count += n;
	caller->is_listing = n > 0;
	if (n == 0)
		finish(caller);
}

static void show(struct caller *caller, uint64_t id)
{
	altair_serve *serve = caller->control->service->serve;
	altair_session_peer peers[PEERS_MAX];
	altair_time now = altair_clock_now();
	altair_session session;
	json_t *object;
	size_t n;

	if (altair_serve_find(serve, id, &session) != 0) {
		refuse(caller, EXIT_USAGE, "there is no such session");
		return;
	}
	n = altair_serve_peers(serve, id, peers, PEERS_MAX);
	object = event(caller, "session");
	air_sessions_describe(object, &session, now);
	air_sessions_describe_peers(object, peers, n, now);
	if (session.permissions + session.channels > n)
		air_json_number(object, "more",
				session.permissions + session.channels - n);
	add(caller, object);
	caller->count = 1;
	finish(caller);
}

static void end(struct caller *caller, uint64_t id)
{
	if (altair_serve_end(caller->control->service->serve, id) != 0) {
		refuse(caller, EXIT_USAGE, "there is no such session");
		return;
	}
	caller->count = 1;
	finish(caller);
}

static void say_stats(struct caller *caller)
{
	const struct service *service = caller->control->service;
	json_t *object = event(caller, "stats");
	altair_server_stats stats;

	altair_serve_get_stats(service->serve, &stats);
	air_sessions_count(object, &stats);
	json_object_set_new(object, "draining", json_boolean(service->drains));
	add(caller, object);
	finish(caller);
}

static void reload(struct caller *caller)
{
	if (air_service_reload(caller->control->service) >= 0)
		refuse(caller, EXIT_USAGE,
		       "the settings stay as they are: the server has said "
		       "why");
	else
		finish(caller);
}

/* --- orders --------------------------------------------------------------- */

static void obey(struct caller *caller, const char *order, uint64_t id)
{
	caller->count = caller->place = 0;
	if (strcmp(order, "list") == 0) {
		add_sessions(caller);
	} else if (strcmp(order, "show") == 0) {
		show(caller, id);
	} else if (strcmp(order, "kill") == 0) {
		end(caller, id);
	} else if (strcmp(order, "stats") == 0) {
		say_stats(caller);
	} else if (strcmp(order, "reload") == 0) {
		reload(caller);
	} else if (strcmp(order, "drain") == 0) {
		air_service_drain(caller->control->service);
		finish(caller);
	} else {
		refuse(caller, EXIT_USAGE, "there is no such order");
	}
}

static void on_line(struct caller *caller, size_t len)
{
	json_t *object =
		json_loadb(caller->line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *order = json_string_value(json_object_get(object, "cmd"));
	json_int_t id = json_integer_value(json_object_get(object, "id"));

	if (order)
		obey(caller, order, id > 0 ? (uint64_t)id : 0);
	else
		refuse(caller, EXIT_USAGE, "this is no order");
	json_decref(object);
}

/* --- callers -------------------------------------------------------------- */

static void read_on(struct caller *caller);

static void free_caller(uv_handle_t *handle)
{
	struct caller *caller = handle->data;

	free(caller->page);
	free(caller);
}

static void dismiss(struct caller *caller)
{
	struct control *control = caller->control;

	for (size_t i = 0; i < CALLERS_MAX; i++)
		if (control->callers[i] == caller)
			control->callers[i] = NULL;
	if (!uv_is_closing((uv_handle_t *)&caller->pipe))
		uv_close((uv_handle_t *)&caller->pipe, free_caller);
}

/* Who is silent for long shall not keep others away. */
static void dismiss_idle(uv_timer_t *timer)
{
	struct control *control = timer->data;

	for (size_t i = 0; i < CALLERS_MAX; i++) {
		struct caller *caller = control->callers[i];

		if (caller && uv_now(timer->loop) - caller->active >= IDLE_MAX)
			dismiss(caller);
	}
}

/* One of too many: is told so, where that needs no waiting. */
static void turn_away(struct caller *caller)
{
	uv_buf_t buffer;

	refuse(caller, EXIT_SERVER,
	       "as many as may are asking the server already; try again");
	if (caller->page) {
		buffer = uv_buf_init(caller->page, (unsigned)caller->page_len);
		uv_try_write((uv_stream_t *)&caller->pipe, &buffer, 1);
	}
	dismiss(caller);
}

static void send_page(struct caller *caller);

static void on_written(uv_write_t *request, int status)
{
	struct caller *caller = request->data;

	free(caller->page);
	caller->page = NULL;
	caller->page_len = 0;
	if (status == UV_ECANCELED)
		return;
	caller->active = uv_now(caller->pipe.loop);
	if (status < 0) {
		dismiss(caller);
	} else if (caller->is_listing) {
		add_sessions(caller);
		send_page(caller);
	} else {
		read_on(caller);
	}
}

static void send_page(struct caller *caller)
{
	uv_buf_t buffer;

	if (!caller->page) {
		dismiss(caller);
		return;
	}
	buffer = uv_buf_init(caller->page, (unsigned)caller->page_len);
	caller->write.data = caller;
	if (uv_write(&caller->write, (uv_stream_t *)&caller->pipe, &buffer, 1,
		     on_written) < 0)
		dismiss(caller);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct caller *caller = handle->data;

	(void)suggested;
	*out = uv_buf_init(caller->line + caller->len,
			   (unsigned)(LINE_MAX_LEN - caller->len));
}

/* Takes the first line, if there is a whole one. */
static void take_line(struct caller *caller)
{
	char *end = memchr(caller->line, '\n', caller->len);
	size_t len = end ? (size_t)(end - caller->line) : caller->len;

	if (!end && caller->len < LINE_MAX_LEN) {
		read_on(caller);
		return;
	}
	on_line(caller, len);
	len += end != NULL;
	memmove(caller->line, caller->line + len, caller->len - len);
	caller->len -= len;
	send_page(caller);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct caller *caller = stream->data;

	(void)buffer;
	if (n == 0)
		return;
	uv_read_stop(stream);
	if (n < 0) {
		dismiss(caller);
		return;
	}
	caller->len += (size_t)n;
	caller->active = uv_now(stream->loop);
	take_line(caller);
}

static void read_on(struct caller *caller)
{
	if (caller->len > 0 && memchr(caller->line, '\n', caller->len))
		take_line(caller);
	else if (uv_read_start((uv_stream_t *)&caller->pipe, on_allocate,
			       on_read) < 0)
		dismiss(caller);
}

/* Our own user, or root. */
static bool is_welcome(uv_pipe_t *pipe)
{
	struct ucred who;
	socklen_t len = sizeof who;
	int fd;

	if (uv_fileno((uv_handle_t *)pipe, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		return false;
	return who.uid == geteuid() || who.uid == 0;
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct control *control = stream->data;
	struct caller *caller;
	size_t i = 0;

	caller = status < 0 ? NULL : calloc(1, sizeof *caller);
	if (!caller)
		return;
	uv_pipe_init(stream->loop, &caller->pipe, 0);
	caller->pipe.data = caller;
	caller->control = control;
	while (i < CALLERS_MAX && control->callers[i])
		i++;
	if (uv_accept(stream, (uv_stream_t *)&caller->pipe) < 0 ||
	    !is_welcome(&caller->pipe)) {
		dismiss(caller);
		return;
	}
	if (i == CALLERS_MAX) {
		turn_away(caller);
		return;
	}
	caller->active = uv_now(stream->loop);
	control->callers[i] = caller;
	read_on(caller);
}

/* --- its life ------------------------------------------------------------- */

/* Makes room at the path: a socket that nobody has is removed, and nothing else
 * ever is. Returns -1 to go on, or the exit code. */
static int clear_path(const char *path)
{
	struct stat there;
	int fd;

	if (lstat(path, &there) != 0)
		return -1;
	if (!S_ISSOCK(there.st_mode))
		return air_print_failure(
			EXIT_USAGE,
			"--control wants a path for a socket, and %s is "
			"something else; choose another, or remove it",
			path);
	fd = air_local_connect(path);
	if (fd >= 0) {
		close(fd);
		return air_print_failure(
			EXIT_LOCAL_NETWORK,
			"another server has the control socket %s; choose "
			"another with --control",
			path);
	}
	if (errno == ECONNREFUSED)
		unlink(path);
	return -1;
}

/* Whose it is to be, when privileges are gone; never what a link points to. */
static bool give_away(const struct service *service, const char *path)
{
	const struct privilege *p = &service->plan->privilege;

	return !p->user || lchown(path, p->uid, p->gid) == 0;
}

/* The directory of the path, if it is not there. */
static void make_directory(const struct service *service, const char *path)
{
	char directory[LOCAL_PATH_MAX];
	char *slash;

	snprintf(directory, sizeof directory, "%s", path);
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return;
	*slash = '\0';
	if (mkdir(directory, 0700) == 0)
		give_away(service, directory);
}

static int listen_at(struct control *control, const char *path)
{
	mode_t before;
	int rc, code;

	make_directory(control->service, path);
	code = clear_path(path);
	if (code >= 0)
		return code;
	before = umask(0177);
	rc = uv_pipe_bind(&control->pipe, path);
	umask(before);
	if (rc == 0 && !give_away(control->service, path))
		rc = uv_translate_sys_error(errno);
	if (rc == 0) {
		snprintf(control->path, sizeof control->path, "%s", path);
		rc = uv_listen((uv_stream_t *)&control->pipe, CALLERS_MAX,
			       on_connection);
	}
	return rc == 0 ? -1
		       : air_print_failure(EXIT_LOCAL_NETWORK,
					   "cannot make the control socket %s: "
					   "%s",
					   path, uv_strerror(rc));
}

int air_control_open(struct service *service, const char *path)
{
	struct control *control = calloc(1, sizeof *control);

	if (!control)
		return air_print_failure(EXIT_INTERNAL, "out of memory");
	control->service = service;
	service->control = control;
	uv_pipe_init(&service->run.loop, &control->pipe, 0);
	control->pipe.data = control;
	uv_timer_init(&service->run.loop, &control->idle);
	control->idle.data = control;
	uv_timer_start(&control->idle, dismiss_idle, IDLE_LOOK, IDLE_LOOK);
	return listen_at(control, path);
}

static void free_control(uv_handle_t *handle)
{
	free(handle->data);
}

static void free_idle(uv_handle_t *handle)
{
	struct control *control = handle->data;

	uv_close((uv_handle_t *)&control->idle, free_control);
}

void air_control_close(struct control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < CALLERS_MAX; i++)
		if (control->callers[i])
			dismiss(control->callers[i]);
	if (control->path[0])
		unlink(control->path);
	uv_close((uv_handle_t *)&control->pipe, free_idle);
}
