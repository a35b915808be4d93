/*
 * The operator's side of `altair serve`, in the command's own thread: it asks the
 * server's threads at their desks and never touches what is theirs.
 *
 * SIGHUP reads the settings again; SIGTERM lets sessions come to their end, a
 * second one does not; SIGINT never does.
 */
#define _GNU_SOURCE
#include "service.h"

#include "control.h"
#include "http.h"
#include "metrics.h"
#include "notify.h"
#include "print.h"

#include <altair/error.h>
#include <altair/udp.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define DRAIN_DEFAULT ALTAIR_SEC(30)
#define DRAIN_LOOK_MS 100
#define BYE_S 10 /* clients come again about then */

/* --- reload --------------------------------------------------------------- */

/* Returns -1, or the exit code. */
static int take_over(struct service *service, struct plan *fresh)
{
	int rc = 0;

	air_relay_keep(&fresh->relay, &service->plan->relay);
	if (fresh->relay.config.allocations_max > 0 &&
	    service->plan->relay.config.allocations_max > 0)
		rc = altair_serve_renew(service->serve, &fresh->relay.config);
	return rc == 0 ? -1
		       : air_print_failure(EXIT_INTERNAL,
					   "the settings stay as they are: %s",
					   altair_strerror(rc));
}

static bool is_same(altair_bytes a, altair_bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static int read_again(struct service *service)
{
	const struct option_row *row;
	struct plan *fresh, *before = service->plan;
	int code = air_plan_read(&fresh, service->self, service->argc,
				 service->argv);

	/* Users' keys are made of the realm, so none of them would be right. */
	if (code < 0 &&
	    !is_same(fresh->relay.config.realm, before->relay.config.realm))
		code = air_print_failure(EXIT_USAGE,
					 "another 'realm' wants a new start; "
					 "the settings stay as they are");
	if (code < 0)
		code = take_over(service, fresh);
	if (code < 0)
		code = air_front_renew(service->self, &service->front,
				       &fresh->given.front);
	if (code >= 0) {
		air_plan_free(fresh);
		return code;
	}
	row = air_options_differ(service->self, &before->given, &fresh->given);
	if (row)
		air_print_note("another '%s' wants a new start", row->name);
	service->plan = fresh;
	air_plan_free(before);
	return -1;
}

int air_service_reload(struct service *service)
{
	int code;

	air_notify("RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   altair_clock_now() / ALTAIR_USEC(1));
	code = read_again(service);
	air_service_ready(service);
	return code;
}

void air_service_ready(const struct service *service)
{
	const char *drains = service->drains ? "draining" : "running";

	air_notify("READY=1\nSTATUS=%s, up to %zu sessions", drains,
		   service->plan->relay.config.allocations_max);
}

/* All is well when this thread and each of the server's answer. */
static void tell_watchdog(uv_timer_t *timer)
{
	struct service *service = timer->data;

	altair_serve_drain(service->serve, service->drains);
	air_notify("WATCHDOG=1");
}

/* An address of ours that came after the start is no peer, either. */
static void keep_own(void *user)
{
	struct service *service = user;
	struct relay *relay = &service->plan->relay;
	int rc = 0;

	if (relay->config.allocations_max > 0 && air_relay_has_moved(relay))
		rc = altair_serve_renew(service->serve, &relay->config);
	if (rc != 0)
		air_print_note("new addresses of this host can be reached "
			       "through the relay until a reload: %s",
			       altair_strerror(rc));
}

static int watch_own(struct service *service)
{
	int rc = air_own_watch(&service->own, &service->run.loop, keep_own,
			       service);

	if (rc != 0)
		return air_print_failure(EXIT_LOCAL_NETWORK,
					 "cannot watch the addresses of this "
					 "host: %s",
					 uv_strerror(rc));
	keep_own(service); /* what came since the plan was read */
	return -1;
}

/* --- drain ---------------------------------------------------------------- */

static uint64_t sessions(const struct service *service)
{
	altair_server_stats stats;

	altair_serve_get_stats(service->serve, &stats);
	return stats.allocations;
}

/* Clients of the rendezvous: they have been told, and leave. */
static uint64_t clients(const struct service *service)
{
	altair_door_stats stats = {.guests = 0};

	if (service->meetings.door)
		altair_door_get_stats(service->meetings.door, &stats);
	return stats.clients;
}

static void look(uv_timer_t *timer)
{
	struct service *service = timer->data;

	if ((sessions(service) == 0 && clients(service) == 0) ||
	    altair_clock_now() >= service->drain_end)
		air_run_end(&service->run, EXIT_SIGNAL + SIGTERM);
}

void air_service_drain(struct service *service)
{
	const struct settings *given = &service->plan->given;
	altair_time time =
		given->drain_timeout ? given->drain_timeout : DRAIN_DEFAULT;

	if (service->drains)
		return;
	service->drains = true;
	service->drain_end = altair_clock_now() + time;
	altair_serve_drain(service->serve, true);
	if (service->meetings.door)
		altair_door_drain(service->meetings.door, BYE_S);
	air_notify("STOPPING=1\nSTATUS=draining, %" PRIu64 " sessions\n"
		   "EXTEND_TIMEOUT_USEC=%" PRIu64,
		   sessions(service), (time + ALTAIR_SEC(10)) / ALTAIR_USEC(1));
	uv_timer_start(&service->draining, look, 0, DRAIN_LOOK_MS);
	if (sessions(service) > 0)
		air_print_note("%" PRIu64 " sessions may go on for %" PRIu64
			       " s; SIGTERM again ends them",
			       sessions(service), time / ALTAIR_SEC(1));
}

/* --- signals -------------------------------------------------------------- */

/* True: the run goes on. */
static bool take_signal(void *user, int number)
{
	struct service *service = user;

	if (number == SIGHUP) {
		air_service_reload(service);
		return true;
	}
	if (number != SIGTERM || service->drains)
		return false;
	air_service_drain(service);
	return true;
}

/* --- its life ------------------------------------------------------------- */

int air_service_bind(struct service *service)
{
	altair_addr *at = &service->plan->metrics;
	char text[ALTAIR_ADDR_TEXT];

	service->metrics_fd = -1;
	if (at->family == ALTAIR_NO_FAMILY)
		return -1;
	service->metrics_fd = air_http_bind(at);
	altair_addr_format(at, text, sizeof text);
	if (service->metrics_fd < 0)
		return air_print_failure(EXIT_LOCAL_NETWORK,
					 "cannot listen on %s/tcp for metrics: "
					 "%s",
					 text, strerror(errno));
	service->plan->relay.config.never = at;
	service->plan->relay.config.never_count = 1;
	return -1;
}

static int open_metrics(struct service *service)
{
	struct http_config config = {.loop = &service->run.loop,
				     .ask = air_metrics_answer,
				     .user = service,
				     .is_local = true};
	int fd = service->metrics_fd;

	if (fd < 0)
		return -1;
	service->metrics_fd = -1;
	service->metrics = air_http_open(&config);
	if (service->metrics && air_http_listen(service->metrics, fd) == 0)
		return -1;
	return air_print_failure(EXIT_INTERNAL, "HTTP did not start");
}

/* What is asked of the server's threads has to wait for them. */
static int start_threads(struct service *service)
{
	uint64_t watchdog = air_notify_watchdog() / ALTAIR_MSEC(1);

	if (altair_serve_run(service->serve) != 0)
		return air_print_failure(EXIT_INTERNAL,
					 "the system lets no more threads "
					 "start: choose fewer with --threads, "
					 "or raise the limit (ulimit -u)");
	if (watchdog > 0)
		uv_timer_start(&service->watchdog, tell_watchdog, 0, watchdog);
	return watch_own(service);
}

int air_service_open(struct service *service)
{
	const char *path = service->plan->given.control;
	int code = air_run_open(&service->run);

	if (code != 0)
		return air_print_failure(code, "the event loop did not start");
	service->run.takes = take_signal;
	service->run.user = service;
	uv_timer_init(&service->run.loop, &service->draining);
	service->draining.data = service;
	uv_timer_init(&service->run.loop, &service->watchdog);
	service->watchdog.data = service;
	air_journal_open(&service->journal, &service->run.loop, service->serve);
	code = open_metrics(service);
	if (code < 0)
		code = air_meetings_open(service);
	if (code < 0 && path)
		code = air_control_open(service, path);
	if (code < 0)
		code = air_privilege_drop(&service->plan->privilege);
	return code < 0 ? start_threads(service) : code;
}

int air_service_run(struct service *service)
{
	int code;

	air_run_go(&service->run);
	air_control_close(service->control);
	air_meetings_close(service);
	air_http_close(service->metrics);
	uv_close((uv_handle_t *)&service->draining, NULL);
	uv_close((uv_handle_t *)&service->watchdog, NULL);
	air_own_close(&service->own);
	air_journal_close(&service->journal);
	code = air_run_close(&service->run);
	/* A service is stopped with SIGTERM: that is its good end. */
	return code == EXIT_SIGNAL + SIGTERM ? EXIT_DONE : code;
}
