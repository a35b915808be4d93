/*
 * altair doctor - what this network lets through, and what that means for direct
 * connections. Everything is asked at the same time, and nothing is waited for
 * that an answer has decided.
 */
#define _GNU_SOURCE
#include "command.h"
#include "diagnosis.h"
#include "hops.h"
#include "json.h"
#include "options.h"
#include "print.h"
#include "prober.h"
#include "reach.h"
#include "resolve.h"
#include "run.h"
#include "sockaddr.h"

#include <altair/error.h>
#include <altair/openssl.h>

#include <netdb.h>
#include <string.h>

/* Longer than a NAT may keep a mapping that nobody uses: ours ends the search at
 * 305 s. */
#define LIFETIME_MAX ALTAIR_SEC(600)

struct doctor_options {
	struct option_list stun;
	bool only_ipv4, only_ipv6, json, lifetime;
	const char *report;
	altair_time timeout;
};

#define AT(member) offsetof(struct doctor_options, member)

static const struct option_row rows[] = {
	{.name = "stun",
	 .type = OPTION_LIST,
	 .value = "HOST[:PORT]",
	 .help = "ask this server (repeatable): one with two addresses, such\n"
		 "as `altair serve --alt-listen`, tells all, two others tell\n"
		 "the mapping (default: as discover)",
	 .at = AT(stun)},
	{.name = "ipv4",
	 .letter = '4',
	 .type = OPTION_FLAG,
	 .help = "IPv4 only",
	 .at = AT(only_ipv4)},
	{.name = "ipv6",
	 .letter = '6',
	 .type = OPTION_FLAG,
	 .help = "IPv6 only",
	 .at = AT(only_ipv6)},
	{.name = "lifetime",
	 .type = OPTION_FLAG,
	 .help = "measure how long an idle mapping lasts, too: minutes",
	 .at = AT(lifetime)},
	{.name = "timeout",
	 .type = OPTION_TIME,
	 .value = "TIME",
	 .help = "wait this long for names, TCP and TLS (default 5s)",
	 .at = AT(timeout),
	 .min = 10,
	 .max = 3600000},
	{.name = "json",
	 .type = OPTION_FLAG,
	 .help = "write one JSON object",
	 .at = AT(json)},
	{.name = "report",
	 .type = OPTION_TEXT,
	 .value = "FILE",
	 .help = "write a report to FILE, to be shown to others: without\n"
		 "names, and addresses cut to their networks",
	 .at = AT(report)},
	{0},
};

struct doctor;

struct doctor_name {
	struct resolve resolve;
	struct doctor *doctor;
};

struct doctor {
	struct run run;
	struct doctor_options options;
	struct server_list servers;
	struct doctor_name name[SERVERS_MAX];
	size_t resolving;
	struct prober prober[2]; /* IPv4, IPv6 */
	struct hops hops;
	struct reach reach;
	altair_tls tls;
	uv_getaddrinfo_t nat64_request;
	bool is_nat64_open;
	uv_timer_t timer;
	bool is_late; /* what is still waited for is not waited for */
	struct diagnosis diagnosis;
};

/* --- the end ------------------------------------------------------------------- */

static bool is_probing(const struct doctor *d)
{
	for (size_t i = 0; i < 2; i++)
		if (d->prober[i].probe && !d->prober[i].is_done)
			return true;
	return false;
}

static bool is_waiting(const struct doctor *d)
{
	bool has_hops = d->hops.to.family != ALTAIR_NO_FAMILY;

	return d->resolving > 0 || (has_hops && !d->hops.is_done) ||
	       !d->reach.is_done || d->is_nat64_open;
}

static void gather(struct doctor *d)
{
	struct diagnosis *out = &d->diagnosis;

	out->has_ipv4 = air_prober_get(&d->prober[0], &out->ipv4);
	out->has_ipv6 = air_prober_get(&d->prober[1], &out->ipv6);
	out->tcp = d->reach.tcp;
	out->tls = d->reach.tls_known;
	out->with_lifetime = d->options.lifetime;
	if (out->has_ipv4)
		altair_probe_judge_hops(&out->ipv4, d->hops.addr, d->hops.count,
					&out->carrier, &out->several);
}

static void show(struct doctor *d)
{
	int code;

	gather(d);
	code = air_diagnosis_code(&d->diagnosis);
	if (d->options.json)
		air_diagnosis_print_json(&d->diagnosis);
	else
		air_diagnosis_print(&d->diagnosis);
	if (d->options.report &&
	    air_diagnosis_save(&d->diagnosis, d->options.report) != EXIT_DONE)
		code = EXIT_INTERNAL;
	air_run_end(&d->run, code);
}

static void end_if_done(void *user)
{
	struct doctor *d = user;

	if (!d->run.over && !is_probing(d) && (d->is_late || !is_waiting(d)))
		show(d);
}

static void on_late(uv_timer_t *timer)
{
	struct doctor *d = timer->data;

	for (size_t i = 0; i < 2; i++)
		air_prober_seal(&d->prober[i]);
	air_reach_stop(&d->reach);
	air_reach_seal(&d->reach);
	d->is_late = true;
	end_if_done(d);
}

/* --- servers ------------------------------------------------------------------- */

static bool is_wanted(const struct doctor *d, const altair_addr *addr)
{
	return addr->family == ALTAIR_IPV6 ? !d->options.only_ipv4
					   : !d->options.only_ipv6;
}

static void on_found(void *user, const altair_addr *addr)
{
	struct doctor *d = ((struct doctor_name *)user)->doctor;
	struct prober *p = &d->prober[addr->family == ALTAIR_IPV6];
	altair_addr unused;

	if (d->is_late || !is_wanted(d, addr) ||
	    !air_sockaddr_route(&unused, addr, 0))
		return;
	if (!p->probe &&
	    air_prober_open(p, &d->run.loop, addr,
			    d->options.lifetime ? LIFETIME_MAX : 0) != 0)
		return;
	air_prober_add(p, addr);
	air_reach_add(&d->reach, addr);
	if (addr->family == ALTAIR_IPV4 &&
	    d->hops.to.family == ALTAIR_NO_FAMILY)
		air_hops_start(&d->hops, &d->run.loop, addr);
}

static void on_resolved(void *user, int status)
{
	struct doctor_name *name = user;
	struct doctor *d = name->doctor;

	if (status)
		air_print_note("cannot resolve the STUN server %s (%s)",
			       d->servers.server[name - d->name].host,
			       uv_strerror(status));
	if (--d->resolving > 0)
		return;
	air_prober_seal(&d->prober[0]);
	air_prober_seal(&d->prober[1]);
	air_reach_seal(&d->reach);
	end_if_done(d);
}

static void start_servers(struct doctor *d)
{
	d->resolving = d->servers.count;
	for (size_t i = 0; i < d->servers.count; i++) {
		struct doctor_name *name = &d->name[i];

		name->doctor = d;
		name->resolve = (struct resolve){
			.found = on_found, .done = on_resolved, .user = name};
		air_resolve_start(&name->resolve, &d->run.loop,
				  &d->servers.server[i]);
	}
}

/* A way to the internet, of which the documentation's addresses are as good as
 * any. */
static bool has_way(const char *ip)
{
	altair_addr internet, unused;

	return altair_addr_parse_ip(&internet, ip, 1) == 0 &&
	       air_sockaddr_route(&unused, &internet, 1);
}

/* --- NAT64 (RFC 7050) ------------------------------------------------------------ */

static void on_nat64(uv_getaddrinfo_t *request, int status,
		     struct addrinfo *found)
{
	struct doctor *d = request->data;

	if (status == 0 && found)
		d->diagnosis.nat64 = ALTAIR_YES;
	else if (status == UV_EAI_NONAME || status == UV_EAI_NODATA ||
		 status == UV_EAI_ADDRFAMILY)
		d->diagnosis.nat64 = ALTAIR_NO;
	uv_freeaddrinfo(found);
	d->is_nat64_open = false;
	if (status != UV_ECANCELED)
		end_if_done(d);
}

/* Whoever asks about this host alone asks nobody else. */
static bool is_local(const struct server_list *servers)
{
	altair_addr addr;

	for (size_t i = 0; i < servers->count; i++)
		if (altair_addr_parse_ip(&addr, servers->server[i].host, 1) !=
			    0 ||
		    altair_addr_classify(&addr) != ALTAIR_ADDR_LOOPBACK)
			return false;
	return true;
}

/* That name has no IPv6 address, unless the network's name server makes one. A
 * host without a way to the internet by IPv6 has no NAT64. */
static void start_nat64(struct doctor *d)
{
	const struct addrinfo hints = {.ai_family = AF_INET6,
				       .ai_socktype = SOCK_DGRAM};

	if (d->diagnosis.is_without6) {
		d->diagnosis.nat64 = ALTAIR_NO;
		return;
	}
	if (is_local(&d->servers))
		return;
	d->nat64_request.data = d;
	d->is_nat64_open =
		uv_getaddrinfo(&d->run.loop, &d->nat64_request, on_nat64,
			       "ipv4only.arpa", NULL, &hints) == 0;
}

/* --- the command ----------------------------------------------------------------- */

static void start(struct doctor *d)
{
	for (size_t i = 0; i < 2; i++) {
		d->prober[i].done = end_if_done;
		d->prober[i].user = d;
	}
	d->hops.done = end_if_done;
	d->hops.user = d;
	d->reach.loop = &d->run.loop;
	d->reach.done = end_if_done;
	d->reach.user = d;
	if (altair_openssl_tls_open(&d->tls, NULL) == 0)
		d->reach.tls = &d->tls;
	uv_timer_init(&d->run.loop, &d->timer);
	d->timer.data = d;
	uv_timer_start(&d->timer, on_late, d->options.timeout / ALTAIR_MSEC(1),
		       0);
	if (d->options.lifetime)
		air_print_note("measuring how long a mapping lasts takes up to "
			       "six minutes");
	d->diagnosis.is_without4 = !has_way("192.0.2.1");
	d->diagnosis.is_without6 = !has_way("2001:db8::1");
	start_nat64(d);
	start_servers(d);
}

static void stop(struct doctor *d)
{
	for (size_t i = 0; i < d->servers.count; i++)
		air_resolve_cancel(&d->name[i].resolve);
	if (d->is_nat64_open)
		uv_cancel((uv_req_t *)&d->nat64_request);
	air_reach_stop(&d->reach);
	air_hops_close(&d->hops);
	air_prober_close(&d->prober[0]);
	air_prober_close(&d->prober[1]);
	uv_close((uv_handle_t *)&d->timer, NULL);
	if (d->reach.tls)
		altair_openssl_tls_close(&d->tls);
}

static int run_doctor(const struct command *self, int argc, char **argv)
{
	static struct doctor d; /* a name being resolved refers to it */
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
	if (air_run_open(&d.run))
		return air_print_failure(EXIT_INTERNAL, "no event loop");
	start(&d);
	air_run_go(&d.run);
	stop(&d);
	return air_run_close(&d.run);
}

const struct command air_command_doctor = {
	.name = "doctor",
	.summary = "say what this network lets through",
	.about = "Finds out what the NATs and firewalls on the way do, and "
		 "says which peers\ncan be reached directly. What cannot be "
		 "known is unknown, and no verdict\nforbids to try.",
	.options = rows,
	.run = run_doctor,
};
