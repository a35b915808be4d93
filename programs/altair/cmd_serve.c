/*
 * altair serve: a STUN binding server (RFC 8489) on the default port of STUN
 * (18.6). It says where it listens and what others need to reach it, then
 * nothing until a signal ends it: no line is ever written because of a packet.
 */
#define _GNU_SOURCE
#include "command.h"
#include "options.h"
#include "print.h"
#include "run.h"

#include <altair/error.h>
#include <altair/serve.h>

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define THREADS_MAX 256

struct serve_options {
	struct option_list listen;
	unsigned threads;
};

static const char *const default_listen[] = {"0.0.0.0:3478", "[::]:3478"};

static const struct option_row options[] = {
	{.name = "listen",
	 .type = OPTION_LIST,
	 .value = "IP:PORT",
	 .help = "listen here; repeatable; port 0 takes a free one\n"
		 "(default 0.0.0.0:3478 and [::]:3478)",
	 .at = offsetof(struct serve_options, listen)},
	{.name = "threads",
	 .type = OPTION_NUMBER,
	 .value = "N",
	 .help = "run N threads (default: one for each CPU)",
	 .at = offsetof(struct serve_options, threads),
	 .min = 1,
	 .max = THREADS_MAX},
	{.name = NULL},
};

/* The addresses to listen on, and the server once it runs. */
struct service {
	altair_addr listen[OPTION_LIST_MAX];
	size_t listens;
	altair_serve *serve;
};

/* Like altair_addr_parse, but port 0 is allowed. */
static int parse_listen(altair_addr *out, const char *text)
{
	const char *colon = strrchr(text, ':');
	char copy[ALTAIR_ADDR_TEXT];
	int rc;

	if (!colon || strcmp(colon, ":0") != 0 || strlen(text) >= sizeof copy)
		return altair_addr_parse(out, text);
	memcpy(copy, text, strlen(text) + 1);
	copy[strlen(text) - 1] = '1';
	rc = altair_addr_parse(out, copy);
	if (rc == 0)
		out->port = 0;
	return rc;
}

/* Returns -1 to go on, or the exit code. */
static int read_listeners(const struct command *self, struct service *service,
			  const struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		altair_addr *addr = &service->listen[i];
		enum altair_addr_class class;
		int rc = parse_listen(addr, list->item[i]);

		if (rc != 0)
			return air_options_complain(
				self,
				"--listen wants an endpoint such as "
				"0.0.0.0:3478 or [::]:3478, not '%s': %s",
				list->item[i], altair_strerror(rc));
		class = altair_addr_classify(addr);
		if (class == ALTAIR_ADDR_MULTICAST ||
		    class == ALTAIR_ADDR_BROADCAST)
			return air_options_complain(
				self,
				"--listen wants an address of this host, "
				"not '%s'",
				list->item[i]);
	}
	service->listens = list->count;
	return -1;
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
			"another program listens on %s/udp; stop it, or choose "
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
			"the system does not permit to listen on %s/udp; "
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
static int start(struct service *service, const struct serve_options *given)
{
	altair_serve_config config;
	size_t failed;
	int rc;

	altair_serve_config_default(&config);
	config.listen = service->listen;
	config.listens = service->listens;
	config.threads = given->threads;
	rc = altair_serve_start(&service->serve, &config, &failed);
	if ((rc == ALTAIR_E_FAMILY || rc == ALTAIR_E_ADDRESS) && failed == 1 &&
	    given->listen.count == 0) {
		air_print_note("this host has no IPv6: only IPv4 is served");
		config.listens = 1;
		rc = altair_serve_start(&service->serve, &config, &failed);
	}
	service->listens = config.listens;
	return rc == 0 ? -1 : explain(&service->listen[failed], rc);
}

/* One line per listener; scripts wait for them. */
static void say_listeners(struct service *service)
{
	for (size_t i = 0; i < service->listens; i++) {
		altair_addr *addr = &service->listen[i];
		char text[ALTAIR_ADDR_TEXT];

		altair_serve_local(service->serve, i, addr);
		altair_addr_format(addr, text, sizeof text);
		air_print("listening on %s/udp\n", text);
	}
}

/* True if an earlier listener has the same port. */
static bool is_repeated(const struct service *service, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (service->listen[i].port == service->listen[index].port)
			return true;
	return false;
}

/* What the administrator and the clients need, once for each port. */
static void say_how_to_use(const struct service *service)
{
	for (size_t i = 0; i < service->listens; i++) {
		const altair_addr *addr = &service->listen[i];
		enum altair_addr_class class = altair_addr_classify(addr);
		char text[ALTAIR_ADDR_TEXT];

		if (is_repeated(service, i))
			continue;
		if (class != ALTAIR_ADDR_LOOPBACK)
			air_print("firewall: let UDP port %u in\n",
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

static void say_summary(const struct service *service)
{
	altair_server_stats stats;

	altair_serve_get_stats(service->serve, &stats);
	fprintf(stderr,
		"served %" PRIu64 " requests, refused %" PRIu64
		", ignored %" PRIu64 " other datagrams\n",
		stats.requests, stats.errors, stats.ignored);
}

static int run_service(struct service *service)
{
	struct run run = {.code = EXIT_DONE};
	int code = air_run_open(&run);

	if (code != 0)
		return air_print_failure(code, "the event loop did not start");
	say_listeners(service);
	say_how_to_use(service);
	air_run_go(&run);
	say_summary(service);
	code = air_run_close(&run);
	/* A service is stopped with SIGTERM: that is its good end. */
	return code == EXIT_SIGNAL + SIGTERM ? EXIT_DONE : code;
}

static int run_serve(const struct command *self, int argc, char **argv)
{
	struct serve_options given = {.threads = 0};
	const struct option_list fallback = {
		.item = {default_listen[0], default_listen[1]},
		.count = 2,
	};
	struct service service = {.serve = NULL};
	int code = air_options_read(self, argc, argv, &given);

	if (code < 0)
		code = read_listeners(self, &service,
				      given.listen.count > 0 ? &given.listen
							     : &fallback);
	if (code < 0)
		code = start(&service, &given);
	if (code < 0)
		code = run_service(&service);
	altair_serve_stop(service.serve);
	return code;
}

const struct command air_command_serve = {
	.name = "serve",
	.summary = "be a STUN server for others",
	.about = "Answers STUN binding requests over UDP: the server that\n"
		 "`altair discover --stun` asks. It keeps nothing about its\n"
		 "clients and answers nothing but requests. Ctrl-C or SIGTERM\n"
		 "ends it.",
	.options = options,
	.run = run_serve,
};
