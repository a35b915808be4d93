/*
 * altair discover - shows our public endpoint as STUN servers see it, and
 * remembers the local port for `altair connect`.
 *
 * The endpoint is shown with the first answer; then the others have a moment
 * left to tell whether the NAT gives each destination another port. IPv4 is
 * shown first where both families answer.
 */
#define _GNU_SOURCE
#include "command.h"
#include "json.h"
#include "lookup.h"
#include "options.h"
#include "port.h"
#include "print.h"
#include "report.h"
#include "run.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

#define HOLD_INTERVAL ALTAIR_SEC(15) /* RFC 8085 3.5: no more often */

struct discover_options {
	struct option_list stun;
	unsigned local_port;
	bool only_ipv4, only_ipv6, json, hold;
	altair_time timeout;
};

#define AT(member) offsetof(struct discover_options, member)

static const struct option_row rows[] = {
	{"stun", 0, OPTION_LIST, "HOST[:PORT]",
	 "ask this STUN server (repeatable; default: the\n"
	 "environment's ALTAIR_STUN or STUN_SERVER, else\n"
	 "stun.l.google.com:19302 and one more)",
	 AT(stun), 0, 0, 0},
	{"local-port", 0, OPTION_NUMBER, "N", "use this local UDP port",
	 AT(local_port), 1, UINT16_MAX, 0},
	{"ipv4", '4', OPTION_FLAG, NULL, "IPv4 only", AT(only_ipv4), 0, 0, 0},
	{"ipv6", '6', OPTION_FLAG, NULL, "IPv6 only", AT(only_ipv6), 0, 0, 0},
	{"timeout", 0, OPTION_TIME, "TIME",
	 "give up after this time (default 5s; 400ms, 10s,\n"
	 "a bare number is seconds)",
	 AT(timeout), 10, 3600000, 0},
	{"json", 0, OPTION_FLAG, NULL, "write one JSON object", AT(json), 0, 0,
	 0},
	{"hold", 0, OPTION_FLAG, NULL, "hold the endpoint open until Ctrl+C",
	 AT(hold), 0, 0, 0},
	{0},
};

struct seen {
	struct lookup_answer first;
	bool is_known, is_shown;
};

struct discover {
	struct run run;
	struct discover_options options;
	struct server_list servers;
	struct lookup lookup;
	altair_uv *driver;
	struct seen seen[2]; /* by socket: IPv4, IPv6 */
};

/* ---- what is shown ---- */

static void show(struct discover *d, struct seen *seen)
{
	char text[ALTAIR_ADDR_TEXT];

	if (!seen->is_known || seen->is_shown || d->options.json)
		return;
	seen->is_shown = true;
	altair_addr_format(&seen->first.mapped, text, sizeof text);
	air_print_good("✓ Discovered public endpoint: %s", text);
	altair_addr_format_ip(&seen->first.mapped, text, sizeof text);
	air_print("  IP: %s\n  Port: %u\n", text, seen->first.mapped.port);
}

static json_t *json_of(const struct discover *d, const struct seen *seen,
		       uint32_t sock)
{
	char ip[ALTAIR_ADDR_TEXT];
	altair_addr unused[2];
	json_t *object = json_object();

	altair_addr_format_ip(&seen->first.mapped, ip, sizeof ip);
	air_json_addr(object, "endpoint", &seen->first.mapped);
	air_json_text(object, "ip", ip);
	air_json_number(object, "port", seen->first.mapped.port);
	air_json_addr(object, "local", &seen->first.local);
	air_json_text(object, "server", seen->first.server->name);
	if (seen->first.rtt)
		air_json_ms(object, "rtt_ms", seen->first.rtt);
	air_json_text(object, "mapping",
		      air_report_mapping_name(
			      air_lookup_mapping(&d->lookup, sock, unused)));
	return object;
}

/* One object: the first family's members, the other family's as a member. */
static void show_json(const struct discover *d)
{
	json_t *object = air_json_object(), *first = NULL;

	for (uint32_t sock = 0; sock < 2; sock++) {
		json_t *part;

		if (!d->seen[sock].is_known)
			continue;
		part = json_of(d, &d->seen[sock], sock);
		if (first) {
			json_object_set_new(object, "ipv6", part);
			continue;
		}
		first = part;
		json_object_update(object, part);
		json_decref(part);
	}
	air_json_write(object);
}

static void remember(const struct discover *d)
{
	for (size_t i = 0; i < 2; i++) {
		const struct lookup_answer *answer = &d->seen[i].first;

		if (d->seen[i].is_known)
			air_state_add(answer->local.port, &answer->mapped);
	}
}

static int fail(const struct discover *d, int code, const char *sentence)
{
	if (d->options.json)
		air_json_error(air_run_time(&d->run), code, sentence);
	return air_print_failure(code, "%s", sentence);
}

/* ---- what happens ---- */

static bool waits_for_ipv4(const struct discover *d)
{
	altair_answer answer;

	for (size_t i = 0;
	     altair_discover_answer(d->lookup.discover, i, &answer) == 0; i++)
		if (answer.sock == ALTAIR_UV_IPV4 &&
		    answer.state == ALTAIR_ANSWER_ASKED)
			return true;
	return false;
}

static void on_answer(void *user, const struct lookup_answer *answer)
{
	struct discover *d = user;
	struct seen *seen = &d->seen[answer->sock];

	if (seen->is_known)
		return;
	seen->is_known = true;
	seen->first = *answer;
	if (answer->sock == ALTAIR_UV_IPV4 || !waits_for_ipv4(d))
		show(d, seen);
}

static void show_verdict(const struct discover *d)
{
	altair_addr seen[2];

	for (uint32_t sock = 0; sock < 2; sock++)
		if (d->seen[sock].is_known &&
		    air_lookup_mapping(&d->lookup, sock, seen) ==
			    ALTAIR_MAPPING_VARIES)
			air_report_varies_note(seen);
}

static void on_settled(void *user, int reason)
{
	struct discover *d = user;
	char sentence[1024];

	if (reason) {
		air_lookup_explain(&d->lookup, reason, sentence,
				   sizeof sentence);
		air_run_end(&d->run, fail(d, EXIT_LOCAL_NETWORK, sentence));
		return;
	}
	show(d, &d->seen[ALTAIR_UV_IPV4]);
	show(d, &d->seen[ALTAIR_UV_IPV6]);
	if (d->options.json)
		show_json(d);
	else
		show_verdict(d);
	remember(d);
	if (!d->options.hold)
		air_run_end(&d->run, EXIT_DONE);
	else if (!d->options.json)
		air_print("\nHolding this endpoint open. "
			  "Press Ctrl+C to end.\n");
}

static void on_changed(void *user, const altair_addr *mapped)
{
	struct discover *d = user;
	bool is_v6 = mapped->family == ALTAIR_IPV6;
	struct seen *seen = &d->seen[is_v6 ? ALTAIR_UV_IPV6 : ALTAIR_UV_IPV4];

	seen->first.mapped = *mapped;
	seen->is_shown = false;
	if (d->options.json)
		show_json(d);
	show(d, seen);
}

static void on_event(void *user, altair_machine *machine,
		     const altair_output *out)
{
	struct discover *d = user;

	air_lookup_event(&d->lookup, machine, out);
}

static void on_unsent(void *user, const altair_addr *remote, int error)
{
	struct discover *d = user;

	air_lookup_unsent(&d->lookup, remote, error);
}

static void on_refused(void *user, const altair_addr *remote)
{
	on_unsent(user, remote, ALTAIR_E_NO_PEER);
}

/* ---- the command ---- */

static int start(struct discover *d, const struct port_choice *choice)
{
	const altair_uv_handlers handlers = {
		.event = on_event, .refused = on_refused, .unsent = on_unsent};
	const struct lookup_config config = {
		.servers = &d->servers,
		.ipv4 = choice->ipv4,
		.ipv6 = choice->ipv6,
		.timeout = d->options.timeout,
		.keepalive = d->options.hold ? HOLD_INTERVAL : 0,
	};
	const struct lookup_handlers lookup = {.answer = on_answer,
					       .settled = on_settled,
					       .changed = on_changed,
					       .user = d};
	char text[1024];
	int error =
		air_port_open(&d->driver, &d->run.loop, choice, &handlers, d);

	if (error) {
		air_port_explain(choice, error, text, sizeof text);
		return fail(d, EXIT_LOCAL_NETWORK, text);
	}
	if (!d->options.json) {
		air_server_names(&d->servers, text, sizeof text);
		air_print("Discovering public endpoint using STUN server: "
			  "%s\n\n",
			  text);
	}
	error = air_lookup_start(&d->lookup, &d->run.loop, d->driver, &config,
				 &lookup);
	return error ? fail(d, EXIT_INTERNAL, altair_strerror(error)) : 0;
}

static int run_discover(const struct command *self, int argc, char **argv)
{
	static struct discover d; /* a name being resolved refers to it */
	struct port_choice choice = {.ipv4 = true, .ipv6 = true};
	int code;

	d.options.timeout = ALTAIR_SEC(5);
	code = air_options_read(self, argc, argv, &d.options);
	if (code >= 0)
		return code;
	if (d.options.only_ipv4 && d.options.only_ipv6)
		return air_options_complain(self,
					    "-4 and -6 exclude each other");
	code = air_server_choose(self, &d.options.stun, &d.servers);
	if (code)
		return code;
	choice.ipv4 = !d.options.only_ipv6;
	choice.ipv6 = !d.options.only_ipv4;
	choice.asked = d.options.local_port;
	if (air_run_open(&d.run))
		return air_print_failure(EXIT_INTERNAL, "no event loop");
	code = start(&d, &choice);
	if (code)
		air_run_end(&d.run, code);
	air_run_go(&d.run);
	if (d.options.hold && (d.seen[0].is_known || d.seen[1].is_known))
		remember(&d);
	air_lookup_stop(&d.lookup);
	if (d.driver)
		altair_uv_close(d.driver, NULL);
	return air_run_close(&d.run);
}

const struct command air_command_discover = {
	.name = "discover",
	.summary = "show this host's public endpoint",
	.about = "Asks STUN servers for the public IP address and port of "
		 "this host. A\nfollowing `altair connect` uses the same "
		 "local port again.",
	.options = rows,
	.run = run_discover,
};
