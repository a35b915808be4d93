/*
 * altair agent - the connectivity agent with a script as its signalling: JSON
 * Lines on standard input and output.
 *
 * The order of things: the sockets are opened and the credentials said; the names
 * of the servers are resolved, all at once; gathering begins at once (with --hold
 * at the order "gather") and is sealed when the last name is settled. Nothing
 * waits for anything else.
 */
#define _GNU_SOURCE
#include "agent_json.h"
#include "command.h"
#include "input.h"
#include "json.h"
#include "options.h"
#include "order.h"
#include "print.h"
#include "resolve.h"
#include "run.h"
#include "server.h"

#include <altair/openssl.h>
#include <altair/udp.h>
#include <altair/uv_agent.h>

#include <string.h>

struct agent_options {
	bool controlling, controlled, hold;
	struct option_list stun, interfaces;
	unsigned ta, port;
};

#define AT(member) offsetof(struct agent_options, member)

static const struct option_row rows[] = {
	{"controlling", 0, OPTION_FLAG, NULL,
	 "this side decides which path is used (the default);\n"
	 "one of the two should",
	 AT(controlling), 0, 0},
	{"controlled", 0, OPTION_FLAG, NULL, "the other side decides",
	 AT(controlled), 0, 0},
	{"stun", 0, OPTION_LIST, "HOST[:PORT]",
	 "ask this STUN server for our public address\n"
	 "(repeatable; default: none)",
	 AT(stun), 0, 0},
	{"ta", 0, OPTION_NUMBER, "MS",
	 "milliseconds between two new transactions\n"
	 "(default 20)",
	 AT(ta), 5, 1000},
	{"port", 0, OPTION_NUMBER, "N", "use this local UDP port", AT(port), 1,
	 UINT16_MAX},
	{"interface", 0, OPTION_LIST, "IF",
	 "use the addresses of this network interface and no\n"
	 "others (repeatable)",
	 AT(interfaces), 0, 0},
	{"hold", 0, OPTION_FLAG, NULL,
	 "begin with the order \"gather\", not at once", AT(hold), 0, 0},
	{0},
};

struct agent_run;

/* A server whose name is being resolved. */
struct name {
	struct resolve resolve;
	struct agent_run *run;
	const struct server *server;
	unsigned found;
};

struct agent_run {
	struct run run;
	struct agent_options options;
	struct server_list stun;
	struct name names[SERVERS_MAX];
	size_t resolving;
	struct input input;
	uv_check_t watch; /* after each turn of the loop: the verdict */
	int verdict;	  /* the code that was said last; -1: none */
	altair_uv_agent *driver;
	altair_agent *agent;
	bool is_gathering;
};

static altair_time since(const struct agent_run *r)
{
	return air_run_time(&r->run);
}

/* ---- the verdict ---- */

static void say_verdict(struct agent_run *r)
{
	altair_agent_verdict verdict = {.size = sizeof verdict};

	altair_agent_get_verdict(r->agent, &verdict);
	air_agent_json_verdict(since(r), &verdict);
	r->verdict = (int)verdict.code;
}

static void watch_verdict(uv_check_t *watch)
{
	struct agent_run *r = watch->data;
	altair_agent_verdict verdict = {.size = sizeof verdict};

	altair_agent_get_verdict(r->agent, &verdict);
	if (r->is_gathering && !r->run.over && (int)verdict.code != r->verdict)
		say_verdict(r);
}

/* ---- ends ---- */

/* The verdict at the end is that of the session, not that it was closed. */
static void say_closed(void *user)
{
	struct agent_run *r = user;

	if (!r->agent || altair_agent_state(r->agent) == ALTAIR_AGENT_FAILED)
		return;
	air_agent_json_state(since(r), ALTAIR_AGENT_CLOSED);
	say_verdict(r);
}

static void close_run(struct agent_run *r)
{
	if (r->run.over)
		return;
	say_closed(r);
	air_run_end(&r->run, EXIT_DONE);
}

/* Says on both streams why the run ends. */
static void fail(struct agent_run *r, int code, const char *sentence)
{
	air_json_error(since(r), code, sentence);
	air_run_end(&r->run, air_print_failure(code, "%s", sentence));
}

static void refuse(const struct agent_run *r, int error)
{
	air_agent_json_refusal(since(r), error, altair_strerror(error));
}

/* ---- servers ---- */

static void seal(struct agent_run *r)
{
	if (!r->is_gathering || r->resolving > 0)
		return;
	altair_agent_seal(r->agent, altair_uv_agent_now(r->driver));
	altair_uv_agent_kick(r->driver);
}

static void on_found(void *user, const altair_addr *addr)
{
	struct name *name = user;
	struct agent_run *r = name->run;
	int error = altair_agent_add_server(
		r->agent, altair_uv_agent_now(r->driver), addr);

	if (!error)
		name->found++;
	altair_uv_agent_kick(r->driver);
}

static void on_resolved(void *user, int status)
{
	struct name *name = user;
	struct agent_run *r = name->run;
	char sentence[400];

	r->resolving--;
	if (status) {
		snprintf(sentence, sizeof sentence,
			 "the server %s was not resolved: %s",
			 name->server->name, uv_strerror(status));
		air_agent_json_refusal(since(r), ALTAIR_E_RESOLVE, sentence);
	} else if (name->found == 0) {
		snprintf(sentence, sizeof sentence,
			 "the server %s has no address that can be asked",
			 name->server->name);
		air_agent_json_refusal(since(r), ALTAIR_E_ADDRESS, sentence);
	}
	seal(r);
}

static void resolve_names(struct agent_run *r)
{
	r->resolving = r->stun.count;
	for (size_t i = 0; i < r->stun.count; i++) {
		struct name *name = &r->names[i];

		*name = (struct name){
			.resolve = {.found = on_found,
				    .done = on_resolved,
				    .user = name},
			.run = r,
			.server = &r->stun.server[i],
		};
		air_resolve_start(&name->resolve, &r->run.loop, name->server);
	}
}

/* ---- orders ---- */

static void gather(struct agent_run *r)
{
	altair_time now = altair_uv_agent_now(r->driver);
	int error;

	if (r->is_gathering) {
		refuse(r, ALTAIR_E_STATE);
		return;
	}
	if (altair_uv_agent_hosts(r->driver) == 0) {
		fail(r, EXIT_LOCAL_NETWORK,
		     r->options.interfaces.count > 0
			     ? "no such interface has an address that can be "
			       "used: see `ip address`"
			     : "this host has no network: no interface that is "
			       "up has an address that can be used");
		return;
	}
	r->is_gathering = true;
	air_agent_json_state(since(r), ALTAIR_AGENT_GATHERING);
	error = altair_agent_gather(r->agent, now);
	if (error)
		fail(r, EXIT_INTERNAL, altair_strerror(error));
	seal(r);
	altair_uv_agent_kick(r->driver);
}

/* A candidate that is right but of no use to us is none of the script's
 * mistakes: it is counted (stats, "unusable"). */
static void take_candidate(struct agent_run *r, const struct order *order)
{
	int error = altair_agent_add_remote(
		r->agent, altair_uv_agent_now(r->driver), order->candidate);

	if (error == ALTAIR_E_SYNTAX)
		air_agent_json_refusal(since(r), error,
				       "\"candidate\" is no candidate line");
	else if (error && error != ALTAIR_E_ADDRESS)
		refuse(r, error);
}

static void take_remote(struct agent_run *r, const struct order *order)
{
	int error =
		altair_agent_remote(r->agent, altair_uv_agent_now(r->driver),
				    order->ufrag, order->pwd);

	if (error == ALTAIR_E_SYNTAX)
		air_agent_json_refusal(since(r), error,
				       "\"ufrag\" or \"pwd\" is none");
	else if (error)
		refuse(r, error);
}

static void obey(struct agent_run *r, const struct order *order)
{
	int error = 0;

	switch (order->kind) {
	case ORDER_REMOTE:
		take_remote(r, order);
		break;
	case ORDER_CANDIDATE:
		take_candidate(r, order);
		break;
	case ORDER_END_OF_CANDIDATES:
		altair_agent_end_of_candidates(r->agent,
					       altair_uv_agent_now(r->driver));
		break;
	case ORDER_GATHER:
		gather(r);
		break;
	case ORDER_SEND:
		error = altair_uv_agent_send(r->driver, order->message);
		break;
	case ORDER_RESTART:
		error = altair_agent_restart(r->agent,
					     altair_uv_agent_now(r->driver));
		break;
	case ORDER_STATS:
		air_agent_json_stats(since(r), r->agent);
		break;
	case ORDER_CLOSE:
		close_run(r);
		break;
	}
	if (error)
		refuse(r, error);
	altair_uv_agent_kick(r->driver);
}

static void on_line(void *user, altair_bytes line, bool is_cut)
{
	struct agent_run *r = user;
	struct order order;
	char why[300];

	if (r->run.over)
		return;
	if (is_cut) {
		air_agent_json_refusal(since(r), ALTAIR_E_TOO_LONG,
				       "the line is longer than 16384 bytes");
		return;
	}
	if (air_order_read(&order, line, why, sizeof why))
		obey(r, &order);
	else
		air_agent_json_refusal(since(r), ALTAIR_E_SYNTAX, why);
	air_order_free(&order);
}

static void on_end(void *user, bool at_start)
{
	(void)at_start;
	close_run(user);
}

/* ---- the driver ---- */

static void fail_by_verdict(struct agent_run *r)
{
	altair_agent_verdict v = {.size = sizeof v};
	char sentence[400];
	int code = EXIT_NO_DIRECT_PATH;

	altair_agent_get_verdict(r->agent, &v);
	if (v.code == ALTAIR_VERDICT_RELAY_REFUSED ||
	    v.code == ALTAIR_VERDICT_RELAY_SILENT)
		code = EXIT_SERVER;
	if (v.code == ALTAIR_VERDICT_WRONG_CREDENTIALS)
		code = EXIT_AUTHENTICATION;
	snprintf(sentence, sizeof sentence, "no path: %s; %s", v.sentence,
		 v.advice);
	fail(r, code, sentence);
}

static void on_event(void *user, const altair_output *out)
{
	struct agent_run *r = user;

	if (r->run.over)
		return;
	air_agent_json_event(since(r), r->agent, out);
	if (out->event != ALTAIR_EV_STATE || out->number != ALTAIR_AGENT_FAILED)
		return;
	say_verdict(r);
	fail_by_verdict(r);
}

static void on_message(void *user, altair_bytes message)
{
	struct agent_run *r = user;

	if (!r->run.over)
		air_agent_json_data(since(r), message);
}

static bool names_loopback(const struct option_list *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (strcmp(interfaces->item[i], "lo") == 0)
			return true;
	return false;
}

static int open_driver(struct agent_run *r)
{
	const altair_uv_agent_handlers handlers = {.event = on_event,
						   .message = on_message};
	const struct agent_options *o = &r->options;
	altair_uv_agent_config config;
	int error;

	altair_uv_agent_config_default(&config);
	config.agent.crypto = altair_openssl();
	config.agent.controlling = !o->controlled;
	config.agent.loopback = names_loopback(&o->interfaces);
	config.agent.ta = ALTAIR_MSEC(o->ta);
	config.port = (uint16_t)o->port;
	config.interfaces = o->interfaces.item;
	config.interfaces_count = o->interfaces.count;
	error = altair_uv_agent_open(&r->driver, &r->run.loop, &config,
				     &handlers, r);
	if (!error)
		r->agent = altair_uv_agent_agent(r->driver);
	return error;
}

/* ---- the command ---- */

static int read_options(const struct command *self, int argc, char **argv,
			struct agent_run *r)
{
	int code;

	r->options.ta = 20;
	r->verdict = -1;
	code = air_options_read(self, argc, argv, &r->options);
	if (code >= 0)
		return code;
	if (r->options.controlling && r->options.controlled)
		return air_options_complain(self, "--controlling and "
						  "--controlled exclude each "
						  "other");
	code = air_server_read(self, &r->options.stun, &r->stun);
	return code ? code : -1;
}

static void start(struct agent_run *r)
{
	int error = open_driver(r);

	if (error == ALTAIR_E_IN_USE)
		fail(r, EXIT_LOCAL_NETWORK, "the local port is taken");
	else if (error == ALTAIR_E_PERMISSION)
		fail(r, EXIT_LOCAL_NETWORK,
		     "the system does not permit this local port");
	else if (error)
		fail(r, EXIT_INTERNAL, altair_strerror(error));
	if (error)
		return;
	uv_check_init(&r->run.loop, &r->watch);
	r->watch.data = r;
	uv_check_start(&r->watch, watch_verdict);
	error = air_input_open(&r->input, &r->run.loop);
	if (error) {
		fail(r, EXIT_USAGE, "standard input is closed");
		return;
	}
	r->input.on_line = on_line;
	r->input.on_end = on_end;
	r->input.user = r;
	air_agent_json_credentials(since(r), r->agent);
	resolve_names(r);
	if (!r->options.hold)
		gather(r);
	air_input_start(&r->input);
}

static int finish(struct agent_run *r)
{
	for (size_t i = 0; i < r->stun.count; i++)
		air_resolve_cancel(&r->names[i].resolve);
	air_input_close(&r->input);
	if (r->driver) {
		uv_close((uv_handle_t *)&r->watch, NULL);
		altair_uv_agent_close(r->driver, NULL);
	}
	return air_run_close(&r->run);
}

static int run_agent(const struct command *self, int argc, char **argv)
{
	static struct agent_run r; /* a name being resolved refers to it */
	int code = read_options(self, argc, argv, &r);

	if (code >= 0)
		return code;
	if (air_run_open(&r.run))
		return air_print_failure(EXIT_INTERNAL, "no event loop");
	r.run.stopping = say_closed;
	r.run.user = &r;
	start(&r);
	air_run_go(&r.run);
	return finish(&r);
}

const struct command air_command_agent = {
	.name = "agent",
	.summary = "connect by ICE, a script being the signalling",
	.about = "Connects to any ICE agent (RFC 8445). Standard output and\n"
		 "input are JSON Lines: what it says the script carries to\n"
		 "the peer, and what the peer says to it. The end of input\n"
		 "closes.",
	.options = rows,
	.run = run_agent,
};
