/*
 * altair serve: a STUN server (RFC 8489) and relay (TURN, RFC 8656) on their
 * default port. It says where it listens and what others need to reach it, then
 * nothing until a signal ends it: no line is ever written because of a packet.
 */
#define _GNU_SOURCE
#include "activation.h"
#include "command.h"
#include "descriptors.h"
#include "print.h"
#include "service.h"

#include <altair/error.h>

#include <inttypes.h>
#include <string.h>

static bool has_streams(const struct plan *plan)
{
	return plan->relay.config.connections_max > 0;
}

/* Says why the server does not start. Returns the exit code. */
static int explain(const altair_addr *addr, int error)
{
	char text[ALTAIR_ADDR_TEXT];

	altair_addr_format(addr, text, sizeof text);
	switch (error) {
	case ALTAIR_E_IN_USE:
		return air_print_failure(
			EXIT_LOCAL_NETWORK,
			"another program listens on %s; stop it, or choose "
			"another port with --listen",
			text);
	case ALTAIR_E_ADDRESS:
		return air_print_failure(
			EXIT_LOCAL_NETWORK,
			"%s is not an address of this host; use --listen with "
			"one that it has, or 0.0.0.0 for all",
			text);
	case ALTAIR_E_PERMISSION:
		return air_print_failure(
			EXIT_LOCAL_NETWORK,
			"the system does not permit to listen on %s; "
			"choose a port above 1023 with --listen",
			text);
	case ALTAIR_E_FAMILY:
		return air_print_failure(
			EXIT_LOCAL_NETWORK,
			"this host has no %s, so nothing can listen on %s; "
			"use --listen with an address it has",
			addr->family == ALTAIR_IPV6 ? "IPv6" : "IPv4", text);
	default:
		return air_print_failure(EXIT_INTERNAL,
					 "cannot serve on %s: %s", text,
					 altair_strerror(error));
	}
}

/* Returns -1 to go on, or the exit code. */
static int start(struct service *service)
{
	struct plan *plan = service->plan;
	altair_serve_config config;
	int sockets[ACTIVATION_MAX];
	size_t failed;
	int rc;

	air_descriptors_raise(plan);
	altair_serve_config_default(&config);
	config.listen = plan->listen;
	config.listens = plan->listens;
	config.alternates = plan->alternates;
	config.alternate_count = plan->given.alternates.count;
	config.threads = plan->given.threads;
	if (has_streams(plan))
		config.relay = &plan->relay.config;
	/* It outlives this plan. */
	service->front = plan->front;
	plan->front.has_tls = false;
	config.tls = service->front.has_tls ? &service->front.tls : NULL;
	if (plan->given.front.queue_max)
		config.queue_max = plan->given.front.queue_max;
	config.http = air_meetings_admit;
	config.http_user = service;
	config.http_takes_tls = true;
	config.sockets = sockets;
	config.socket_count = air_activation_sockets(sockets);
	rc = altair_serve_open(&service->serve, &config, &failed);
	if ((rc == ALTAIR_E_FAMILY || rc == ALTAIR_E_ADDRESS) && failed == 1 &&
	    plan->given.listen.count == 0) {
		air_print_note("this host has no IPv6: only IPv4 is served");
		config.listens = 1;
		rc = altair_serve_open(&service->serve, &config, &failed);
	}
	plan->listens = config.listens;
	if (rc == 0)
		return -1;
	return explain(failed < config.listens
			       ? &plan->listen[failed]
			       : &plan->alternates[failed - config.listens],
		       rc);
}

/* One line per socket; scripts wait for them. */
static void say_listeners(struct service *service)
{
	struct plan *plan = service->plan;
	altair_addr addr;
	char text[ALTAIR_ADDR_TEXT];

	for (size_t i = 0; altair_serve_local(service->serve, i, &addr) == 0;
	     i++) {
		if (i < plan->listens)
			plan->listen[i] = addr;
		altair_addr_format(&addr, text, sizeof text);
		air_print("listening on %s/udp\n", text);
	}
	for (size_t i = 0; has_streams(plan) &&
			   altair_serve_local(service->serve, i, &addr) == 0;
	     i++) {
		altair_addr_format(&addr, text, sizeof text);
		air_print("listening on %s/tcp\n", text);
	}
}

/* True if an earlier listener has the same port. */
static bool is_repeated(const struct service *service, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (service->plan->listen[i].port ==
		    service->plan->listen[index].port)
			return true;
	return false;
}

/* How clients name the first listener. */
static void say_relay(const struct service *service)
{
	char text[ALTAIR_ADDR_TEXT + 8];

	if (service->plan->relay.config.allocations_max == 0)
		return;
	if (altair_addr_classify(&service->plan->listen[0]) == ALTAIR_ADDR_NONE)
		snprintf(text, sizeof text, "HOST:%u",
			 (unsigned)service->plan->listen[0].port);
	else
		altair_addr_format(&service->plan->listen[0], text,
				   sizeof text);
	air_relay_say(&service->plan->relay, text);
}

/* What the administrator and the clients need, once for each port. */
static void say_how_to_use(const struct service *service)
{
	for (size_t i = 0; i < service->plan->listens; i++) {
		const altair_addr *addr = &service->plan->listen[i];
		enum altair_addr_class class = altair_addr_classify(addr);
		char text[ALTAIR_ADDR_TEXT];

		if (is_repeated(service, i))
			continue;
		if (class != ALTAIR_ADDR_LOOPBACK)
			air_print("firewall: let %s port %u in\n",
				  has_streams(service->plan) ? "UDP and TCP"
							     : "UDP",
				  (unsigned)addr->port);
		if (class == ALTAIR_ADDR_NONE)
			air_print("clients:  altair discover --stun HOST:%u "
				  "(HOST: a name or address of this host)\n",
				  (unsigned)addr->port);
		else if (altair_addr_format(addr, text, sizeof text) > 0)
			air_print("clients:  altair discover --stun %s\n",
				  text);
	}
}

/* What the operator may ask. */
static void say_metrics(const struct service *service)
{
	const altair_addr *at = &service->plan->metrics;
	char text[ALTAIR_ADDR_TEXT];

	if (at->family == ALTAIR_NO_FAMILY)
		return;
	altair_addr_format(at, text, sizeof text);
	air_print("metrics:  http://%s/metrics\n", text);
}

static void say_summary(const struct service *service)
{
	altair_server_stats stats;

	altair_serve_get_stats(service->serve, &stats);
	fprintf(stderr,
		"served %" PRIu64 " requests, refused %" PRIu64
		", ignored %" PRIu64 " other datagrams\n",
		stats.requests, stats.errors, stats.ignored);
	if (stats.allocated > 0)
		fprintf(stderr,
			"relayed %" PRIu64 " datagrams to peers and %" PRIu64
			" from them, for %" PRIu64 " allocations\n",
			stats.to_peers, stats.from_peers, stats.allocated);
}

static int say_checked(const struct settings *given)
{
	air_print("%s: good\n",
		  given->file.path ? given->file.path : "options");
	return EXIT_DONE;
}

static int run_service(struct service *service)
{
	int code = air_service_open(service);

	if (code >= 0) {
		air_run_end(&service->run, code);
		return air_service_run(service);
	}
	say_listeners(service);
	say_how_to_use(service);
	say_relay(service);
	air_front_say(&service->front);
	air_meetings_say(service);
	say_metrics(service);
	air_service_ready(service);
	code = air_service_run(service);
	say_summary(service);
	return code;
}

static int run_serve(const struct command *self, int argc, char **argv)
{
	struct service service = {.self = self, .argc = argc, .argv = argv};
	int code = air_plan_read(&service.plan, self, argc, argv);

	if (code < 0)
		code = air_relay_check_ips(self, &service.plan->given.relay);
	if (code < 0 && service.plan->given.check)
		code = say_checked(&service.plan->given);
	air_privilege_lock();
	if (code < 0)
		code = air_service_bind(&service);
	if (code < 0)
		code = start(&service);
	if (code < 0)
		code = run_service(&service);
	altair_serve_stop(service.serve);
	air_meetings_free(&service);
	air_front_close(&service.front);
	air_plan_free(service.plan);
	return code;
}

const struct command air_command_serve = {
	.name = "serve",
	.summary = "be a STUN server and relay for others",
	.about = "Answers STUN binding requests over UDP, TCP and TLS, as\n"
		 "`altair discover --stun` asks them, and relays for users "
		 "with a\n"
		 "password (TURN). Nobody else costs it memory, and nobody "
		 "reaches\n"
		 "its own network through it. Ctrl-C or SIGTERM ends it.",
	.options = air_settings,
	.run = run_serve,
};
