/*
 * altair serve: a STUN server (RFC 8489) and relay (TURN, RFC 8656) on their
 * default port. It says where it listens and what others need to reach it, then
 * nothing until a signal ends it: no line is ever written because of a packet.
 */
#define _GNU_SOURCE
#include "command.h"
#include "options.h"
#include "print.h"
#include "relay.h"
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
	struct relay_options relay;
};

#define RELAY(member) offsetof(struct serve_options, relay.member)

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
	 .help = "run N threads; the relay has one, so more than one\n"
		 "answer STUN only (default 1)",
	 .at = offsetof(struct serve_options, threads),
	 .min = 1,
	 .max = THREADS_MAX},
	{.name = "user",
	 .type = OPTION_LIST,
	 .value = "NAME:PASSWORD",
	 .help = "let this user relay; repeatable (default: one with a\n"
		 "random password, which is shown)",
	 .at = RELAY(users)},
	{.name = "rest-secret-file",
	 .type = OPTION_TEXT,
	 .value = "FILE",
	 .help = "let in names with a time that have the password which\n"
		 "a secret in FILE, one a line, makes of them",
	 .at = RELAY(rest_secret_file)},
	{.name = "realm",
	 .type = OPTION_TEXT,
	 .value = "REALM",
	 .help = "the realm of the credentials (default altair)",
	 .at = RELAY(realm)},
	{.name = "relay-ip",
	 .type = OPTION_LIST,
	 .value = "IP",
	 .help = "relay from this address; one a family (default: the\n"
		 "listener's, or that of the way to the internet)",
	 .at = RELAY(relay_ips)},
	{.name = "external-ip",
	 .type = OPTION_LIST,
	 .value = "IP",
	 .help = "tell clients this address instead, behind a 1:1 NAT",
	 .at = RELAY(external_ips)},
	{.name = "relay-ports",
	 .type = OPTION_TEXT,
	 .value = "A-B",
	 .help = "the ports of relayed addresses (default 49152-65535)",
	 .at = RELAY(ports)},
	{.name = "relay-allow",
	 .type = OPTION_LIST,
	 .value = "CIDR",
	 .help = "relay to these peers, too, which are denied otherwise:\n"
		 "private and other addresses that are not global; an\n"
		 "address of this host by itself (/32, /128); repeatable",
	 .at = RELAY(allow)},
	{.name = "max-allocations",
	 .type = OPTION_NUMBER,
	 .value = "N",
	 .help = "relayed addresses at the same time (default 1000)",
	 .at = RELAY(allocations_max),
	 .min = 1,
	 .max = 1000000},
	{.name = "quota-user",
	 .type = OPTION_NUMBER,
	 .value = "N",
	 .help = "relayed addresses of one user (default 10)",
	 .at = RELAY(quota_user),
	 .min = 1,
	 .max = 1000000},
	{.name = "challenge-rate",
	 .type = OPTION_TEXT,
	 .value = "N",
	 .help = "answers a second to one source that has proved nothing\n"
		 "(default 10; 0: any number)",
	 .at = RELAY(challenge_rate)},
	{.name = NULL},
};

/* The addresses to listen on, and the server once it runs. */
struct service {
	altair_addr listen[OPTION_LIST_MAX];
	size_t listens;
	struct relay relay;
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
	if (service->relay.config.allocations_max > 0)
		config.relay = &service->relay.config;
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

/* How clients name the first listener. */
static void say_relay(const struct service *service)
{
	char text[ALTAIR_ADDR_TEXT + 8];

	if (service->relay.config.allocations_max == 0)
		return;
	if (altair_addr_classify(&service->listen[0]) == ALTAIR_ADDR_NONE)
		snprintf(text, sizeof text, "HOST:%u",
			 (unsigned)service->listen[0].port);
	else
		altair_addr_format(&service->listen[0], text, sizeof text);
	air_relay_say(&service->relay, text);
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
	if (stats.allocated > 0)
		fprintf(stderr,
			"relayed %" PRIu64 " datagrams to peers and %" PRIu64
			" from them, for %" PRIu64 " allocations\n",
			stats.to_peers, stats.from_peers, stats.allocated);
}

static int run_service(struct service *service)
{
	struct run run = {.code = EXIT_DONE};
	int code = air_run_open(&run);

	if (code != 0)
		return air_print_failure(code, "the event loop did not start");
	say_listeners(service);
	say_how_to_use(service);
	say_relay(service);
	air_run_go(&run);
	say_summary(service);
	code = air_run_close(&run);
	/* A service is stopped with SIGTERM: that is its good end. */
	return code == EXIT_SIGNAL + SIGTERM ? EXIT_DONE : code;
}

/* Returns -1 to go on, or the exit code. */
static int prepare_relay(const struct command *self, struct service *service,
			 const struct serve_options *given)
{
	if (given->threads > 1 && air_relay_is_wanted(&given->relay))
		return air_options_complain(
			self, "the relay has one thread: leave --threads out");
	if (given->threads > 1)
		return -1;
	return air_relay_read(self, &service->relay, &given->relay,
			      service->listen, service->listens);
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
		code = prepare_relay(self, &service, &given);
	if (code < 0)
		code = start(&service, &given);
	if (code < 0)
		code = run_service(&service);
	altair_serve_stop(service.serve);
	return code;
}

const struct command air_command_serve = {
	.name = "serve",
	.summary = "be a STUN server and relay for others",
	.about = "Answers STUN binding requests over UDP, as `altair discover\n"
		 "--stun` asks them, and relays for users with a password "
		 "(TURN).\n"
		 "Nobody else costs it memory, and nobody reaches its own "
		 "network\n"
		 "through it. Ctrl-C or SIGTERM ends it.",
	.options = options,
	.run = run_serve,
};
