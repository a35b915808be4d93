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
#include "hex.h"
#include "input.h"
#include "json.h"
#include "options.h"
#include "order.h"
#include "print.h"
#include "resolve.h"
#include "run.h"
#include "server.h"
#include "turn_uri.h"

#include <altair/openssl.h>
#include <altair/turn.h>
#include <altair/udp.h>
#include <altair/uv_agent.h>

#include <net/if.h>
#include <string.h>

_Static_assert(ORDER_MESSAGE_MAX == INPUT_LINE_MAX / 4 * 3,
	       "base64 that fills a line");

struct agent_options {
	bool controlling, controlled, hold, relay_only;
	struct option_list stun, turn, interfaces;
	const char *ca, *tls_sha256;
	unsigned ta, port;
};

#define AT(member) offsetof(struct agent_options, member)

static const struct option_row rows[] = {
	{"controlling", 0, OPTION_FLAG, NULL,
	 "this side decides which path is used (the default);\n"
	 "one of the two should",
	 AT(controlling), 0, 0, 0},
	{"controlled", 0, OPTION_FLAG, NULL, "the other side decides",
	 AT(controlled), 0, 0, 0},
	{"stun", 0, OPTION_LIST, "HOST[:PORT]",
	 "ask this STUN server for our public address\n"
	 "(repeatable, up to 4; default: none)",
	 AT(stun), 0, 0, 0},
	{"turn", 0, OPTION_LIST, "URI",
	 "use this TURN server, turn:USER:PASS@HOST[:PORT] and\n"
	 "?transport=udp, tcp or tls (repeatable, up to 4)",
	 AT(turn), 0, 0, 0},
	{"relay-only", 0, OPTION_FLAG, NULL, "use no path but by a relay",
	 AT(relay_only), 0, 0, 0},
	{"ca", 0, OPTION_TEXT, "FILE",
	 "trust the certificates in FILE for TLS, and no others\n"
	 "(default: those of the system)",
	 AT(ca), 0, 0, 0},
	{"tls-sha256", 0, OPTION_TEXT, "HEX",
	 "trust the server whose certificate has this SHA-256, as\n"
	 "`altair serve` shows it, and no other",
	 AT(tls_sha256), 0, 0, 0},
	{"ta", 0, OPTION_NUMBER, "MS",
	 "milliseconds between two new transactions\n"
	 "(default 20)",
	 AT(ta), 5, 1000, 0},
	{"port", 0, OPTION_NUMBER, "N", "use this local UDP port", AT(port), 1,
	 UINT16_MAX, 0},
	{"interface", 0, OPTION_LIST, "IF",
	 "use the addresses of this network interface and no\n"
	 "others (repeatable)",
	 AT(interfaces), 0, 0, 0},
	{"hold", 0, OPTION_FLAG, NULL,
	 "begin with the order \"gather\", not at once", AT(hold), 0, 0, 0},
	{0},
};

struct agent_run;

/* A server whose name is being resolved. */
struct name {
	struct resolve resolve;
	struct agent_run *run;
	const struct server *server;
	const struct turn_uri *turn; /* NULL: a STUN server */
	bool has[2];		     /* an address that is used: v4, v6 */
	int error;		     /* why the last one is not; or 0 */
	bool is_alone;		     /* there is room for one family only */
};

struct agent_run {
	struct run run;
	struct agent_options options;
	struct server_list stun;
	struct turn_uri turn[ALTAIR_AGENT_RELAYS_MAX];
	size_t turns;
	struct name names[SERVERS_MAX + ALTAIR_AGENT_RELAYS_MAX];
	size_t names_count, resolving;
	/* By the number of the relay. */
	const struct server *relays[ALTAIR_AGENT_RELAYS_MAX];
	int relay_errors[ALTAIR_AGENT_RELAYS_MAX]; /* said already */
	altair_tls tls;
	bool has_tls;
	struct input input;
	uv_prepare_t watch;	    /* before the loop sleeps */
	int verdict;		    /* the code that was said last; -1: none */
	altair_agent_pair selected; /* as it was said last; size 0: none */
	altair_uv_agent *driver;
	altair_agent *agent;
	bool is_gathering;
};

static altair_time since(const struct agent_run *r)
{
	return air_run_time(&r->run);
}

/* ---- what changes by itself ---- */

static void say_selected(struct agent_run *r)
{
	r->selected.size = sizeof r->selected;
	if (altair_agent_selected(r->agent, &r->selected) == 0)
		air_agent_json_selected(since(r), r->agent, &r->selected);
}

/* True when more is known of the selected pair's ends: a candidate that was
 * found by its checks is told of by signalling later. */
static bool has_changed(const struct agent_run *r)
{
	const altair_agent_pair *was = &r->selected;
	altair_agent_pair is = {.size = sizeof is};

	return was->size > 0 && altair_agent_selected(r->agent, &is) == 0 &&
	       (is.kind != was->kind || is.local != was->local ||
		is.remote != was->remote || is.local_type != was->local_type ||
		is.remote_type != was->remote_type);
}

static void say_verdict(struct agent_run *r)
{
	altair_agent_verdict verdict = {.size = sizeof verdict};

	altair_agent_get_verdict(r->agent, &verdict);
	air_agent_json_verdict(since(r), &verdict);
	r->verdict = (int)verdict.code;
}

static void watch_agent(uv_prepare_t *watch)
{
	struct agent_run *r = watch->data;
	altair_agent_verdict verdict = {.size = sizeof verdict};

	if (!r->is_gathering || r->run.over)
		return;
	if (has_changed(r))
		say_selected(r);
	altair_agent_get_verdict(r->agent, &verdict);
	if ((int)verdict.code != r->verdict)
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

/* `order` was not obeyed. */
static void refuse(const struct agent_run *r, const struct order *order,
		   int error, const char *why)
{
	char sentence[400];

	snprintf(sentence, sizeof sentence, "%s%s%s%s", order->cmd ? "\"" : "",
		 order->cmd ? order->cmd : "", order->cmd ? "\": " : "", why);
	air_agent_json_refusal(since(r), error, sentence);
}

/* ---- servers ---- */

static void seal(struct agent_run *r)
{
	if (!r->is_gathering || r->resolving > 0)
		return;
	altair_agent_seal(r->agent, altair_uv_agent_now(r->driver));
	altair_uv_agent_kick(r->driver);
}

static int add_relay(struct name *name, const altair_addr *addr)
{
	const struct turn_uri *uri = name->turn;
	const altair_agent_relay relay = {
		.size = sizeof relay,
		.server = *addr,
		.name = {uri->name, uri->name_len},
		.password = {uri->password, uri->password_len},
		.families = ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6,
		.is_stream = uri->transport != TURN_UDP,
		.is_tls = uri->transport == TURN_TLS,
	};
	int number = altair_uv_agent_add_relay(name->run->driver, &relay,
					       uri->server.host);

	if (number >= 0)
		name->run->relays[number] = &uri->server;
	return number;
}

static void on_found(void *user, const altair_addr *addr)
{
	struct name *name = user;
	struct agent_run *r = name->run;
	int rc;

	bool *has = &name->has[addr->family == ALTAIR_IPV6];

	if (*has || (name->is_alone && (name->has[0] || name->has[1])))
		return;
	rc = name->turn
		     ? add_relay(name, addr)
		     : altair_agent_add_server(
			       r->agent, altair_uv_agent_now(r->driver), addr);
	*has = rc >= 0;
	name->error = rc < 0 ? rc : 0;
	altair_uv_agent_kick(r->driver);
}

static void say_useless(const struct agent_run *r, const struct name *name)
{
	int error = name->error ? name->error : ALTAIR_E_ADDRESS;
	char sentence[400];

	snprintf(sentence, sizeof sentence, "the server %s %s%s",
		 name->server->name,
		 error == ALTAIR_E_ADDRESS ? "has no address that can be asked"
					   : "cannot be used: ",
		 error == ALTAIR_E_ADDRESS ? "" : altair_strerror(error));
	air_agent_json_refusal(since(r), error, sentence);
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
	} else if (!name->has[0] && !name->has[1]) {
		say_useless(r, name);
	}
	seal(r);
}

static void add_name(struct agent_run *r, const struct server *server,
		     const struct turn_uri *turn)
{
	r->names[r->names_count++] = (struct name){
		.resolve = {.found = on_found, .done = on_resolved},
		.run = r,
		.server = server,
		.turn = turn,
		.is_alone = turn ? 2 * r->turns > ALTAIR_AGENT_RELAYS_MAX
				 : 2 * r->stun.count > ALTAIR_AGENT_SERVERS_MAX,
	};
}

static void resolve_names(struct agent_run *r)
{
	for (size_t i = 0; i < r->stun.count; i++)
		add_name(r, &r->stun.server[i], NULL);
	for (size_t i = 0; i < r->turns; i++)
		add_name(r, &r->turn[i].server, &r->turn[i]);
	r->resolving = r->names_count;
	for (size_t i = 0; i < r->names_count; i++) {
		struct name *name = &r->names[i];

		name->resolve.user = name;
		air_resolve_start(&name->resolve, &r->run.loop, name->server);
	}
}

/* It will be asked again; what it says is said once. */
static void say_relay_ended(struct agent_run *r, const altair_output *out)
{
	char sentence[400];

	if (out->reason == 0 || out->number >= ALTAIR_AGENT_RELAYS_MAX ||
	    r->relay_errors[out->number] == out->reason)
		return;
	r->relay_errors[out->number] = out->reason;
	snprintf(sentence, sizeof sentence,
		 "the TURN server %s gives no address: %s",
		 r->relays[out->number]->name, altair_strerror(out->reason));
	air_agent_json_refusal(since(r), out->reason, sentence);
}

/* ---- orders ---- */

static void gather(struct agent_run *r)
{
	altair_time now = altair_uv_agent_now(r->driver);
	int error;

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
		refuse(r, order, error, "\"candidate\" is no candidate line");
	else if (error && error != ALTAIR_E_ADDRESS)
		refuse(r, order, error, altair_strerror(error));
}

static void take_remote(struct agent_run *r, const struct order *order)
{
	int error = order->is_lite ? altair_agent_remote_is_lite(r->agent) : 0;

	if (error == 0)
		error = altair_agent_remote(r->agent,
					    altair_uv_agent_now(r->driver),
					    order->ufrag, order->pwd);
	if (error == ALTAIR_E_SYNTAX)
		refuse(r, order, error, "\"ufrag\" or \"pwd\" is none");
	else if (error)
		refuse(r, order, error, altair_strerror(error));
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
		if (r->is_gathering)
			error = ALTAIR_E_STATE;
		else
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
		refuse(r, order, error, altair_strerror(error));
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
		refuse(r, &order, ALTAIR_E_SYNTAX, why);
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
	if (v.code == ALTAIR_VERDICT_FAILED_UDP_BLOCKED)
		code = EXIT_LOCAL_NETWORK;
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
	if (out->event == ALTAIR_EV_RELAY_ENDED)
		say_relay_ended(r, out);
	if (out->event == ALTAIR_EV_SELECTED)
		say_selected(r);
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
	config.agent.relays_max = r->turns > 0 ? ALTAIR_AGENT_RELAYS_MAX : 0;
	config.agent.relay_only = o->relay_only;
	config.tls = r->has_tls ? &r->tls : NULL;
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

/* The list of processes need not show the password any longer. */
static void hide(const char *uri)
{
	char *c = (char *)(uintptr_t)strchr(uri, ':');

	while (c && *++c && *c != '@')
		*c = '*';
}

/* Returns 0 to go on, or the exit code. */
static int open_trusting(const struct command *self, struct agent_run *r)
{
	uint8_t hash[32];

	if (!r->options.tls_sha256)
		return altair_openssl_tls_open(&r->tls, r->options.ca) == 0
			       ? 0
			       : air_options_complain(
					 self,
					 "--ca '%s' is no file with "
					 "certificates (PEM)",
					 r->options.ca ? r->options.ca : "");
	if (r->options.ca)
		return air_options_complain(
			self, "--ca and --tls-sha256 exclude each other");
	if (!air_hex_read(hash, sizeof hash, r->options.tls_sha256))
		return air_options_complain(
			self,
			"--tls-sha256 wants 64 hexadecimal digits, not "
			"'%s'",
			r->options.tls_sha256);
	if (altair_openssl_tls_pin(&r->tls, hash) != 0)
		return air_print_failure(EXIT_INTERNAL, "out of memory");
	return 0;
}

static int open_tls(const struct command *self, struct agent_run *r)
{
	bool is_wanted = r->options.ca || r->options.tls_sha256;
	int code = 0;

	for (size_t i = 0; i < r->turns; i++)
		is_wanted |= r->turn[i].transport == TURN_TLS;
	if (is_wanted)
		code = open_trusting(self, r);
	r->has_tls = is_wanted && code == 0;
	return code;
}

static int read_relays(const struct command *self, struct agent_run *r)
{
	const struct option_list *given = &r->options.turn;

	if (given->count > ALTAIR_AGENT_RELAYS_MAX)
		return air_options_complain(
			self, "--turn is given more than %d times",
			ALTAIR_AGENT_RELAYS_MAX);
	for (size_t i = 0; i < given->count; i++) {
		if (!air_turn_uri_parse(&r->turn[i], given->item[i]))
			return air_options_complain(
				self,
				"--turn wants turn:USER:PASS@HOST[:PORT], "
				"perhaps with ?transport=udp, tcp or tls; in "
				"USER and PASS other signs than letters and "
				"digits are written as %%XX, and they have at "
				"most %d bytes each and %d together",
				TURN_NAME_MAX, TURN_LOGIN_MAX);
		hide(given->item[i]);
	}
	r->turns = given->count;
	if (r->options.relay_only && r->turns == 0)
		return air_options_complain(self, "--relay-only wants --turn");
	return open_tls(self, r);
}

static int read_options(const struct command *self, int argc, char **argv,
			struct agent_run *r)
{
	int code;

	r->options.ta = 20;
	r->verdict = -1;
	code = air_options_read(self, argc, argv, &r->options);
	if (code >= 0)
		return code;
	for (size_t i = 0; i < r->options.interfaces.count; i++)
		if (strlen(r->options.interfaces.item[i]) >= IF_NAMESIZE)
			return air_options_complain(
				self, "no interface has a name as long as '%s'",
				r->options.interfaces.item[i]);
	if (r->options.controlling && r->options.controlled)
		return air_options_complain(self, "--controlling and "
						  "--controlled exclude each "
						  "other");
	code = air_server_read(self, &r->options.stun, &r->stun);
	if (!code && r->stun.count > ALTAIR_AGENT_SERVERS_MAX)
		code = air_options_complain(
			self, "--stun is given more than %d times",
			ALTAIR_AGENT_SERVERS_MAX);
	if (!code)
		code = read_relays(self, r);
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
	uv_prepare_init(&r->run.loop, &r->watch);
	r->watch.data = r;
	uv_prepare_start(&r->watch, watch_agent);
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
	int code;

	for (size_t i = 0; i < r->names_count; i++)
		air_resolve_cancel(&r->names[i].resolve);
	air_input_close(&r->input);
	if (r->driver) {
		uv_close((uv_handle_t *)&r->watch, NULL);
		altair_uv_agent_close(r->driver, NULL);
	}
	code = air_run_close(&r->run);
	if (r->has_tls)
		altair_openssl_tls_close(&r->tls);
	return code;
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
