/*
 * altair connect - to an endpoint: discovers, punches, tests, and stays open, on one
 * socket for each family from start to end. By a code, a name or tickets: dial.h.
 *
 * The order of things: the sockets are opened on the port that `discover` used;
 * the first answer of a STUN server starts the punch (without --peer: the
 * question for it); the other servers may still answer meanwhile and tell that
 * the NAT maps per destination; the connection opens the session.
 */
#define _GNU_SOURCE
#include "command.h"
#include "connect_options.h"
#include "dial.h"
#include "lookup.h"
#include "options.h"
#include "peer.h"
#include "port.h"
#include "print.h"
#include "prompt.h"
#include "report.h"
#include "run.h"
#include "secret.h"
#include "session.h"
#include "shield.h"
#include "sockaddr.h"
#include "state.h"

#include <altair/udp.h>

#include <stdlib.h>
#include <string.h>

#define LOOKUP_TIMEOUT ALTAIR_SEC(5)
#define PROMPT_KEEPALIVE ALTAIR_SEC(15) /* RFC 8085 3.5: no more often */

struct connect {
	struct run run;
	struct connect_options options;
	struct server_list servers;
	struct report report;
	struct state state;
	struct lookup lookup;
	altair_uv *driver;
	struct input input;
	struct prompt prompt;
	struct dial dial;
	struct session session;
	struct shield shield; /* of --secret                            */
	altair_time shielded_in;
	bool is_tested;	    /* or needs no test                             */
	altair_addr peer;   /* no address until it is known */
	altair_addr own[2]; /* by socket */
	bool has_varied;
	altair_punch *punch;
	void *punch_memory;
	altair_time punch_began;
	bool has_refused; /* the connected peer's host, ever */
	bool may_be_own;  /* a discovery of this computer showed --peer */
};

static void end(struct connect *c, int code)
{
	air_run_end(&c->run, code);
}

static uint32_t sock_of(const altair_addr *addr)
{
	return addr->family == ALTAIR_IPV6 ? ALTAIR_UV_IPV6 : ALTAIR_UV_IPV4;
}

/* ---- the punch ---- */

static int start_punch(struct connect *c)
{
	altair_punch_config config;
	size_t need;
	int error;

	altair_punch_config_default(&config);
	config.peer = c->peer;
	config.sock = sock_of(&c->peer);
	config.initiator = c->options.initiator;
	config.attempts = c->options.attempts;
	config.interval = c->options.interval;
	config.timeout = c->options.timeout;
	need = altair_punch_size(&config);
	c->punch_began = altair_uv_now(c->driver);
	c->punch_memory = malloc(need);
	if (!c->punch_memory)
		return ALTAIR_E_MEMORY;
	error = altair_punch_init(&c->punch, c->punch_memory, need, &config,
				  altair_uv_now(c->driver));
	if (!error)
		error = altair_uv_attach(c->driver,
					 altair_punch_machine(c->punch));
	return error;
}

static void begin_punch(struct connect *c)
{
	int error;

	air_report_punching(&c->report, &c->own[sock_of(&c->peer)], &c->peer);
	error = start_punch(c);
	if (error)
		end(c, air_report_failure(&c->report, EXIT_INTERNAL,
					  "cannot punch: %s",
					  altair_strerror(error)));
}

/* When it is tested, and safe where it has to be. */
static void begin_session(struct connect *c)
{
	if (c->session.is_open || !c->is_tested ||
	    (c->shield.secret_len && !c->shield.is_secured))
		return;
	if (c->shield.secret_len)
		air_report_secured(&c->report, c->shielded_in);
	air_report_open(&c->report);
	air_session_begin(&c->session);
}

/* ---- the secret ---- */

static void on_secured(void *user, altair_time took)
{
	struct connect *c = user;

	c->shielded_in = took;
	begin_session(c);
}

static void on_message(void *user, altair_bytes message)
{
	struct connect *c = user;

	air_report_message(&c->report, message);
}

static void on_unsafe(void *user, int reason, bool is_met)
{
	struct connect *c = user;
	char sentence[256];

	if (reason == ALTAIR_E_CLOSED) {
		air_print_note("the peer has ended the connection");
		air_session_end(&c->session, "peer");
		end(c, EXIT_DONE);
		return;
	}
	air_shield_explain(reason, is_met, sentence, sizeof sentence);
	end(c,
	    air_report_failure(&c->report,
			       reason == ALTAIR_E_MEMORY ? EXIT_INTERNAL
							 : EXIT_AUTHENTICATION,
			       "%s", sentence));
}

/* True where no NAT can stand between us and that address: a refusal then comes
 * from the peer's host itself. */
static bool is_without_nat(const altair_addr *peer)
{
	switch (altair_addr_classify(peer)) {
	case ALTAIR_ADDR_LOOPBACK:
	case ALTAIR_ADDR_PRIVATE:
	case ALTAIR_ADDR_LINK_LOCAL:
		return true;
	default:
		return false;
	}
}

static void begin_shield(struct connect *c)
{
	int error;

	c->shield.driver = c->driver;
	c->shield.punch = c->punch;
	c->shield.handlers = (struct shield_handlers){.secured = on_secured,
						      .message = on_message,
						      .failed = on_unsafe,
						      .user = c};
	error = air_shield_begin(&c->shield, &c->run.loop,
				 c->options.initiator);
	if (error)
		on_unsafe(c, error, false);
}

static void on_connected(struct connect *c, const altair_output *out)
{
	air_lookup_stop(&c->lookup);
	c->session.punch = c->punch;
	c->session.began = altair_uv_now(c->driver);
	air_report_connected(&c->report, &out->addr);
	c->is_tested = c->options.skip_test;
	if (c->shield.secret_len)
		begin_shield(c);
	begin_session(c);
}

/* What else is known about an endpoint from which nothing came. */
static const char *hint(const struct connect *c, bool is_refused)
{
	if (c->may_be_own)
		return "; this computer's own `altair discover` showed that "
		       "endpoint: give the one that your peer's shows";
	if (is_refused)
		return "; the peer's host or router refuses our datagrams, so "
		       "nothing is open there now";
	return "";
}

static int explain_silence(struct connect *c, const char *peer, bool is_refused)
{
	if (c->has_varied)
		return air_report_failure(
			&c->report, EXIT_NO_DIRECT_PATH,
			"no direct path to %s: your own NAT gives a different "
			"port per destination, so the endpoint you gave your "
			"peer is not the one it would need; use another "
			"network on this side, IPv6 on both sides, or wait for "
			"relay support%s",
			peer, hint(c, is_refused));
	return air_report_failure(
		&c->report, EXIT_NO_DIRECT_PATH,
		"nothing arrived from %s in time: either the peer was not "
		"running `altair connect` at the same time or an endpoint is "
		"wrong (discover on both sides and start again), or one of the "
		"two NATs gives a different port per destination (use another "
		"network or IPv6 on that side)%s",
		peer, hint(c, is_refused));
}

static void on_failed(struct connect *c, const altair_output *out)
{
	char peer[ALTAIR_ADDR_TEXT];
	bool is_refused = out->reason == ALTAIR_E_NO_PEER;
	int code;

	altair_addr_format(&c->peer, peer, sizeof peer);
	if (is_refused && !c->has_varied && is_without_nat(&c->peer))
		code = air_report_failure(
			&c->report, EXIT_NO_PEER,
			"the host of %s refused our datagrams, nothing listens "
			"there: start `altair connect` on the peer, and check "
			"the endpoint%s",
			peer, hint(c, false));
	else if (out->reason == ALTAIR_E_ONE_WAY)
		code = air_report_failure(
			&c->report, EXIT_NO_DIRECT_PATH,
			"only one direction works: %s was heard, but never "
			"heard us; check the endpoint that you gave the peer, "
			"and the firewalls on both sides, then start both "
			"again",
			peer);
	else
		code = explain_silence(c, peer, is_refused);
	end(c, code);
}

static void on_punch_event(struct connect *c, const altair_output *out)
{
	switch (out->event) {
	case ALTAIR_EV_ATTEMPT:
		air_report_attempt(&c->report, out);
		break;
	case ALTAIR_EV_HEARD:
		air_report_heard(&c->report, &out->addr);
		break;
	case ALTAIR_EV_PORT_CHANGED:
		air_report_port_changed(&c->report, &c->peer, &out->addr);
		break;
	case ALTAIR_EV_CONNECTED:
		on_connected(c, out);
		break;
	case ALTAIR_EV_ROLES:
		air_report_roles(&c->report, out->number);
		air_shield_draw(&c->shield);
		break;
	case ALTAIR_EV_VERIFIED:
		air_report_verified(&c->report, out);
		air_shield_rtt(&c->shield, out->rtt);
		c->is_tested = true;
		begin_session(c);
		break;
	case ALTAIR_EV_FAILED:
		on_failed(c, out);
		break;
	default:
		break;
	}
}

/* ---- the driver ---- */

static void on_event(void *user, altair_machine *machine,
		     const altair_output *out)
{
	struct connect *c = user;

	if (!c->run.over && !air_lookup_event(&c->lookup, machine, out))
		on_punch_event(c, out);
}

static void on_payload(void *user, altair_machine *machine,
		       const altair_datagram *datagram)
{
	struct connect *c = user;

	(void)machine;
	if (c->run.over)
		return;
	if (c->shield.secret_len)
		air_shield_input(&c->shield, datagram);
	else
		air_report_message(&c->report, datagram->bytes);
}

static void on_refused(void *user, const altair_addr *remote)
{
	struct connect *c = user;
	altair_path path;

	if (c->run.over)
		return;
	air_lookup_unsent(&c->lookup, remote, ALTAIR_E_NO_PEER);
	if (!c->punch)
		return;
	altair_punch_refused(c->punch, remote);
	if (c->has_refused || altair_punch_path(c->punch, &path) != 0 ||
	    !altair_addr_equal(&path.remote, remote))
		return;
	c->has_refused = true;
	air_report_refused(&c->report, remote);
}

/* Where already the first words cannot leave, waiting does not help. */
static void on_unsent(void *user, const altair_addr *remote, int error)
{
	struct connect *c = user;
	char peer[ALTAIR_ADDR_TEXT];

	air_lookup_unsent(&c->lookup, remote, error);
	if (c->run.over || !c->punch || !altair_addr_equal(remote, &c->peer) ||
	    altair_uv_now(c->driver) - c->punch_began > c->options.interval ||
	    altair_punch_state(c->punch) != ALTAIR_PUNCH_PUNCHING)
		return;
	altair_addr_format(remote, peer, sizeof peer);
	if (error == ALTAIR_E_NETWORK || error == ALTAIR_E_FAMILY)
		end(c,
		    air_report_failure(
			    &c->report, EXIT_LOCAL_NETWORK,
			    "this host has no way to %s: no route to its "
			    "%s address; use the other family on both sides "
			    "or another network",
			    peer,
			    remote->family == ALTAIR_IPV6 ? "IPv6" : "IPv4"));
	else if (error == ALTAIR_E_PERMISSION)
		end(c, air_report_failure(
			       &c->report, EXIT_LOCAL_NETWORK,
			       "this host does not permit sending to %s: check "
			       "its firewall and the address",
			       peer));
}

/* ---- the discovery ---- */

/* What is remembered of the socket of that family; NULL: nothing. */
static const struct state_entry *remembered(const struct connect *c,
					    uint32_t sock)
{
	return air_state_find(
		&c->state, sock == ALTAIR_UV_IPV6 ? ALTAIR_IPV6 : ALTAIR_IPV4,
		&c->peer);
}

/* The local port that `discover` used shortly before, 0 if it did not. */
static unsigned recent_port(const struct connect *c, uint32_t sock)
{
	const struct state_entry *entry = remembered(c, sock);

	return entry && air_state_is_recent(entry) ? entry->local_port : 0;
}

static void compare(struct connect *c, const altair_addr *mapped)
{
	const struct state_entry *before = remembered(c, sock_of(mapped));

	if (before && !c->options.local_port &&
	    !altair_addr_equal(&before->mapped, mapped))
		air_report_moved(&c->report, &before->mapped, mapped);
}

/* True when the peer is ourselves. */
static bool is_own(const struct connect *c, const altair_addr *peer)
{
	altair_addr local;

	if (altair_addr_equal(peer, &c->own[sock_of(peer)]))
		return true;
	return altair_uv_local(c->driver, sock_of(peer), &local) == 0 &&
	       air_peer_is_local(peer, &local);
}

static int complain_own(const struct connect *c)
{
	return air_report_failure(
		&c->report, EXIT_USAGE,
		"--peer '%s' is your own public endpoint: give the one that "
		"your peer's `altair discover` shows",
		c->options.peer);
}

static void check_mapping(struct connect *c, uint32_t sock)
{
	altair_addr seen[2];

	if (c->has_varied ||
	    air_lookup_mapping(&c->lookup, sock, seen) != ALTAIR_MAPPING_VARIES)
		return;
	c->has_varied = true;
	air_report_varies(&c->report, seen);
}

static void on_answer(void *user, const struct lookup_answer *answer)
{
	struct connect *c = user;
	altair_addr *own = &c->own[answer->sock];

	if (c->run.over)
		return;
	if (own->family) {
		check_mapping(c, answer->sock);
		return;
	}
	*own = answer->mapped;
	air_report_own(&c->report, answer);
	compare(c, own);
	air_state_add(answer->local.port, own);
	if (!c->peer.family)
		return;
	if (is_own(c, &c->peer))
		end(c, complain_own(c));
	else
		begin_punch(c);
}

static void on_settled(void *user, int reason)
{
	struct connect *c = user;
	/* A code is of use without an endpoint of ours. */
	bool may_dial =
		!c->peer.family && c->dial.chat.profile.options.server != NULL;
	char sentence[1024];

	if (c->run.over)
		return;
	if (reason) {
		air_lookup_explain(&c->lookup, reason, sentence,
				   sizeof sentence);
		if (!may_dial)
			end(c,
			    air_report_failure(&c->report, EXIT_LOCAL_NETWORK,
					       "%s", sentence));
		else
			air_print_note("%s", sentence);
	} else if (!c->peer.family) {
		air_print("  Give it to your peer, and ask for theirs.\n");
	}
	if (!c->peer.family && !c->run.over)
		air_prompt_ask(&c->prompt);
}

static void on_changed(void *user, const altair_addr *mapped)
{
	struct connect *c = user;
	altair_addr *own = &c->own[sock_of(mapped)];

	air_report_moved(&c->report, own, mapped);
	*own = *mapped;
}

/* ---- the prompt ---- */

static bool take_peer(struct connect *c, const char *text, char *why,
		      size_t cap)
{
	const char *problem = NULL;
	altair_addr peer;

	if (!air_peer_parse(&peer, text, why, cap))
		return false;
	if (!c->own[sock_of(&peer)].family)
		problem = peer.family == ALTAIR_IPV6
				  ? "is IPv6, and this host has no public IPv6"
				  : "is IPv4, and this host has no public IPv4";
	else if (is_own(c, &peer))
		problem = "is your own endpoint: give your peer's";
	if (problem) {
		snprintf(why, cap, "%s", problem);
		return false;
	}
	c->peer = peer;
	begin_punch(c);
	return true;
}

/* A code or a name: the link has sockets of its own. */
static void dial(struct connect *c)
{
	int code;

	air_lookup_stop(&c->lookup);
	altair_uv_close(c->driver, NULL);
	c->driver = NULL;
	code = air_dial_start(&c->dial);
	if (code)
		end(c, code);
}

static bool take_answer(void *user, const char *text, char *why, size_t cap)
{
	struct connect *c = user;
	altair_addr addr;

	if (strchr(text, ':') || altair_addr_parse_ip(&addr, text, 1) == 0)
		return take_peer(c, text, why, cap);
	if (c->session.shield) {
		snprintf(why, cap, "is no IP:Port, which --secret is for");
		return false;
	}
	if (!air_dial_take(&c->dial, text, why, cap))
		return false;
	dial(c);
	return true;
}

static void complete(void *user, char *text, char *choices, size_t cap)
{
	struct connect *c = user;

	air_dial_complete(&c->dial, text, choices, cap);
}

static void give_up(void *user)
{
	struct connect *c = user;

	end(c, air_report_failure(&c->report, EXIT_USAGE,
				  "no peer was given: run `altair connect "
				  "CODE`, or with --peer IP:PORT"));
}

/* ---- the command ---- */

static int check_peer(const struct command *self, struct connect *c)
{
	const struct connect_options *o = &c->options;
	char why[256];

	if (o->dial.words.count > 0 || o->dial.code_file || o->dial.manual)
		return air_options_complain(self,
					    "--peer goes without a code, a "
					    "name or --manual");
	if (!air_peer_parse(&c->peer, o->peer, why, sizeof why))
		return air_options_complain(self, "--peer '%s' %s", o->peer,
					    why);
	if (c->peer.family == ALTAIR_IPV6 ? o->only_ipv4 : o->only_ipv6)
		return air_options_complain(
			self,
			"--peer '%s' is not of the family that %s asks for",
			o->peer, o->only_ipv4 ? "-4" : "-6");
	return 0;
}

static int read_secret(const struct command *self, struct connect *c)
{
	const struct secret_source source = {
		.file = c->options.secret_file,
		.variable = "ALTAIR_SECRET",
		.question = "Secret that both sides know: ",
		.can_ask = !c->options.json && air_prompt_is_possible()};

	if (!c->options.secret && !c->options.secret_file)
		return 0;
	c->session.shield = &c->shield;
	c->report.is_protected = true;
	return air_secret_read(self, &source, c->shield.secret,
			       sizeof c->shield.secret, &c->shield.secret_len);
}

/* Without --peer: a code, a name, tickets, or nothing, that is to be asked for. */
static int choose(const struct command *self, struct connect *c)
{
	struct connect_options *o = &c->options;
	struct chat *chat = &c->dial.chat;
	int code;

	chat->report = (struct chat_report){
		.run = &c->run, .json = o->json, .raw = o->raw};
	o->dial.client.local_port = o->local_port;
	code = air_dial_choose(&c->dial, self, &o->dial);
	if (code == 0 && (o->initiator || o->skip_test || o->only_ipv4 ||
			  o->only_ipv6 || o->secret || o->secret_file))
		return air_options_complain(self, "--initiator, --skip-test, "
						  "--secret, -4 and -6 go with "
						  "--peer");
	if (code >= 0)
		return code;
	if (!o->json && air_prompt_is_possible())
		return 0;
	return air_options_complain(
		self, "say whom: a code, a name, or --peer IP:PORT; %s",
		o->json ? "--json does not ask for it"
			: "there is no terminal to ask for it");
}

static int read_options(const struct command *self, int argc, char **argv,
			struct connect *c)
{
	int code;

	c->options.attempts = 5;
	c->options.interval = ALTAIR_MSEC(400);
	c->options.timeout = ALTAIR_SEC(10);
	code = air_options_read(self, argc, argv, &c->options);
	if (code >= 0)
		return code;
	if (c->options.only_ipv4 && c->options.only_ipv6)
		return air_options_complain(self,
					    "-4 and -6 exclude each other");
	code = c->options.peer ? check_peer(self, c) : choose(self, c);
	if (!code)
		code = air_server_choose(self, &c->options.stun, &c->servers);
	c->report = (struct report){.run = &c->run,
				    .json = c->options.json,
				    .initiator = c->options.initiator,
				    .skips_test = c->options.skip_test,
				    .raw = c->options.raw};
	if (!code)
		code = read_secret(self, c);
	return code ? code : -1;
}

static int open_driver(struct connect *c, const struct port_choice *choice)
{
	const altair_uv_handlers handlers = {.event = on_event,
					     .payload = on_payload,
					     .refused = on_refused,
					     .unsent = on_unsent};
	char sentence[256];
	int error =
		air_port_open(&c->driver, &c->run.loop, choice, &handlers, c);

	if (error) {
		air_port_explain(choice, error, sentence, sizeof sentence);
		return air_report_failure(&c->report, EXIT_LOCAL_NETWORK, "%s",
					  sentence);
	}
	if (c->peer.family && is_own(c, &c->peer))
		return air_report_failure(
			&c->report, EXIT_USAGE,
			"--peer '%s' is this command's own socket: give the "
			"endpoint that your peer's `altair discover` shows",
			c->options.peer);
	return 0;
}

/* Without a way to the peer there is nothing to discover. A link-local address
 * without its zone has none, either, but is no matter of the family. */
static int check_route(const struct connect *c)
{
	altair_addr unused;
	char peer[ALTAIR_ADDR_TEXT];

	if (c->peer.family != ALTAIR_IPV6 ||
	    altair_addr_classify(&c->peer) == ALTAIR_ADDR_LINK_LOCAL ||
	    air_sockaddr_route(&unused, &c->peer, 1))
		return 0;
	altair_addr_format(&c->peer, peer, sizeof peer);
	return air_report_failure(
		&c->report, EXIT_LOCAL_NETWORK,
		"this host has no IPv6 that leads to %s: use IPv4 on both "
		"sides, or another network",
		peer);
}

static bool is_port_free(const struct state_entry *entry)
{
	const altair_addr local = {.family = entry->mapped.family,
				   .port = entry->local_port};
	altair_udp *probe;

	if (altair_udp_open(&probe, &local, 0, 1) != 0)
		return false;
	altair_udp_close(probe);
	return true;
}

/* Is --peer what our own `discover` showed? A local port that is in use belongs
 * to a peer on this computer. */
static int check_shown(struct connect *c)
{
	bool is_only;
	const struct state_entry *entry =
		air_state_showed(&c->state, &c->peer, &is_only);

	if (!entry)
		return 0;
	if (!is_only || (c->options.local_port &&
			 c->options.local_port != entry->local_port)) {
		c->may_be_own = true;
		return 0;
	}
	return is_port_free(entry) ? complain_own(c) : 0;
}

static int start(struct connect *c)
{
	bool is_v6 = c->peer.family == ALTAIR_IPV6;
	bool is_v4 = c->peer.family == ALTAIR_IPV4;
	struct port_choice choice = {
		.ipv4 = !c->options.only_ipv6 && !is_v6,
		.ipv6 = !c->options.only_ipv4 && !is_v4,
		.asked = c->options.local_port,
	};
	const struct lookup_config config = {
		.servers = &c->servers,
		.ipv4 = choice.ipv4,
		.ipv6 = choice.ipv6,
		.timeout = LOOKUP_TIMEOUT,
		/* The first answer starts the punch; the others have its time. */
		.is_patient = c->peer.family != ALTAIR_NO_FAMILY,
		.keepalive = c->peer.family ? 0 : PROMPT_KEEPALIVE,
	};
	const struct lookup_handlers handlers = {.answer = on_answer,
						 .settled = on_settled,
						 .changed = on_changed,
						 .user = c};
	int error;

	air_state_read(&c->state);
	if (choice.ipv4)
		choice.again = recent_port(c, ALTAIR_UV_IPV4);
	if (choice.ipv6 && !choice.again)
		choice.again = recent_port(c, ALTAIR_UV_IPV6);
	error = check_route(c);
	if (!error)
		error = check_shown(c);
	if (!error)
		error = open_driver(c, &choice);
	if (error)
		return error;
	air_report_begin(&c->report, &c->servers);
	error = air_lookup_start(&c->lookup, &c->run.loop, c->driver, &config,
				 &handlers);
	if (!error)
		error = air_input_open(&c->input, &c->run.loop);
	return error ? air_report_failure(&c->report, EXIT_INTERNAL, "%s",
					  altair_strerror(error))
		     : 0;
}

static void on_signal(void *user)
{
	struct connect *c = user;

	air_session_end(&c->session, "signal");
	air_chat_stop(&c->dial.chat, "signal");
}

static int finish(struct connect *c)
{
	air_lookup_stop(&c->lookup);
	air_prompt_stop(&c->prompt);
	air_dial_close(&c->dial);
	air_input_close(&c->input);
	air_shield_close(&c->shield);
	if (c->driver)
		altair_uv_close(c->driver, NULL);
	free(c->punch_memory);
	return air_run_close(&c->run);
}

static int start_dial(struct connect *c)
{
	if (air_input_open(&c->input, &c->run.loop) != 0)
		return air_print_failure(EXIT_USAGE,
					 "standard input is closed");
	c->dial.tickets.servers = c->servers;
	return air_dial_start(&c->dial);
}

static int run_connect(const struct command *self, int argc, char **argv)
{
	static struct connect c; /* a name being resolved refers to it */
	int code;

	c.dial.chat.run = &c.run;
	c.dial.chat.input = &c.input;
	code = read_options(self, argc, argv, &c);
	if (code >= 0)
		return code;
	if (air_run_open(&c.run))
		return air_print_failure(EXIT_INTERNAL, "no event loop");
	c.run.stopping = on_signal;
	c.run.user = &c;
	c.prompt = (struct prompt){
		.input = &c.input,
		.question = "\nPeer's public IP:Port, code or name: ",
		.take = take_answer,
		.complete = complete,
		.give_up = give_up,
		.user = &c};
	c.session.run = &c.run;
	c.session.report = &c.report;
	c.session.input = &c.input;
	code = c.dial.is_chosen ? start_dial(&c) : start(&c);
	c.session.driver = c.driver;
	if (code)
		air_run_end(&c.run, code);
	air_run_go(&c.run);
	return finish(&c);
}

const struct command air_command_connect = {
	.name = "connect",
	.summary = "connect to a peer",
	.about = "Connects to who runs `altair listen`: by the code that is "
		 "shown there, or by the\nname of a peer you have met. Then "
		 "each line typed is a message, encrypted for\nthat peer.\n\n"
		 "With --peer, both sides run it at the same time, one of them "
		 "with --initiator:\nUDP hole punching, without --secret "
		 "neither "
		 "authenticated nor encrypted.",
	.words = "[CODE | NAME]",
	.words_at = offsetof(struct connect_options, dial.words),
	.options = air_connect_rows,
	.run = run_connect,
};
