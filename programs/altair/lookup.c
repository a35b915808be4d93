/*
 * Our public endpoint. Every address of a server's name is a server to ask; the
 * addresses of one name and family form a group, so both families are asked at
 * once and a dead address costs one RTO. A name is asked as soon as it is
 * resolved: a slow resolver delays nothing else.
 */
#define _GNU_SOURCE
#include "lookup.h"

#include "print.h"
#include "sockaddr.h"

#include <altair/udp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void settle(struct lookup *l, int reason)
{
	if (l->is_settled)
		return;
	l->is_settled = true;
	l->handlers.settled(l->handlers.user, reason);
}

static bool is_wanted(const struct lookup *l, const altair_addr *addr)
{
	return addr->family == ALTAIR_IPV4 ? l->config.ipv4 : l->config.ipv6;
}

static void ask(struct lookup *l, const struct lookup_name *name,
		const altair_addr *addr)
{
	bool is_v6 = addr->family == ALTAIR_IPV6;
	uint32_t sock = is_v6 ? ALTAIR_UV_IPV6 : ALTAIR_UV_IPV4;
	uint32_t group = (uint32_t)(name - l->name) * 2 + is_v6;
	altair_addr local;
	int index;

	if (!is_wanted(l, addr) ||
	    altair_uv_local(l->driver, sock, &local) != 0)
		return;
	index = altair_discover_add(l->discover, altair_uv_now(l->driver), sock,
				    addr, group);
	if (index >= 0)
		l->origin[index] = name->server;
}

/* A name is settled, with or without addresses. */
static void name_done(struct lookup *l)
{
	if (--l->resolving == 0) {
		altair_discover_seal(l->discover, altair_uv_now(l->driver));
		if (altair_discover_count(l->discover) == 0)
			settle(l, ALTAIR_E_RESOLVE);
	}
	altair_uv_kick(l->driver);
}

/* ---- names ---- */

static void on_found(void *user, const altair_addr *addr)
{
	struct lookup_name *name = user;

	ask(name->lookup, name, addr);
}

static void on_resolved(void *user, int status)
{
	struct lookup_name *name = user;
	const struct lookup_config *config = &name->lookup->config;

	name->error = status;
	if (status && config->servers->count > 1 &&
	    !config->servers->is_default)
		air_print_note("cannot resolve the STUN server %s (%s)",
			       name->server->host, uv_strerror(status));
	name_done(name->lookup);
}

int air_lookup_start(struct lookup *lookup, uv_loop_t *loop, altair_uv *driver,
		     const struct lookup_config *config,
		     const struct lookup_handlers *handlers)
{
	altair_discover_config machine;
	size_t need;
	int error;

	*lookup = (struct lookup){.config = *config,
				  .handlers = *handlers,
				  .loop = loop,
				  .driver = driver};
	altair_discover_config_default(&machine);
	machine.crypto = altair_system_random();
	machine.servers_max = LOOKUP_ADDRS_MAX;
	machine.timeout = config->timeout;
	if (config->is_patient)
		machine.grace_min = machine.grace_max = config->timeout;
	machine.keepalive = config->keepalive;
	need = altair_discover_size(&machine);
	lookup->memory = malloc(need);
	if (!lookup->memory)
		return ALTAIR_E_MEMORY;
	error = altair_discover_init(&lookup->discover, lookup->memory, need,
				     &machine, altair_uv_now(driver));
	if (!error)
		error = altair_uv_attach(
			driver, altair_discover_machine(lookup->discover));
	if (error)
		return error;
	lookup->resolving = config->servers->count;
	for (size_t i = 0; i < config->servers->count; i++) {
		struct lookup_name *name = &lookup->name[i];

		name->lookup = lookup;
		name->server = &config->servers->server[i];
		name->resolve = (struct resolve){
			.found = on_found, .done = on_resolved, .user = name};
		air_resolve_start(&name->resolve, loop, name->server);
	}
	return 0;
}

void air_lookup_stop(struct lookup *lookup)
{
	if (!lookup->discover)
		return;
	for (size_t i = 0; i < lookup->config.servers->count; i++)
		air_resolve_cancel(&lookup->name[i].resolve);
	altair_uv_detach(lookup->driver,
			 altair_discover_machine(lookup->discover));
	free(lookup->memory);
	lookup->memory = NULL;
	lookup->discover = NULL;
}

/* ---- events ---- */

static void on_answer(struct lookup *l, const altair_output *out)
{
	struct lookup_answer answer = {
		.server = l->origin[out->number],
		.mapped = out->addr,
		.rtt = out->rtt,
	};
	altair_answer given;

	altair_discover_answer(l->discover, out->number, &given);
	answer.sock = given.sock;
	altair_uv_local(l->driver, given.sock, &answer.local);
	air_sockaddr_route(&answer.local, &given.server, answer.local.port);
	l->handlers.answer(l->handlers.user, &answer);
}

bool air_lookup_event(struct lookup *lookup, altair_machine *machine,
		      const altair_output *out)
{
	if (!lookup->discover ||
	    machine != altair_discover_machine(lookup->discover))
		return false;
	if (out->event == ALTAIR_EV_ANSWER)
		on_answer(lookup, out);
	else if (out->event == ALTAIR_EV_DISCOVERED)
		settle(lookup, out->reason);
	else if (out->event == ALTAIR_EV_MAPPING_CHANGED &&
		 lookup->handlers.changed)
		lookup->handlers.changed(lookup->handlers.user, &out->addr);
	return true;
}

void air_lookup_unsent(struct lookup *lookup, const altair_addr *remote,
		       int error)
{
	altair_answer answer;
	bool hopeless = lookup->discover && lookup->resolving == 0;

	if (!lookup->discover)
		return;
	for (size_t i = 0;
	     altair_discover_answer(lookup->discover, i, &answer) == 0; i++) {
		if (altair_addr_equal(&answer.server, remote))
			lookup->is_dead[i] = true;
		if (!lookup->is_dead[i] &&
		    answer.state != ALTAIR_ANSWER_WAITING)
			hopeless = false;
	}
	if (hopeless)
		settle(lookup, error);
}

/* ---- what it means ---- */

enum altair_mapping air_lookup_mapping(const struct lookup *lookup,
				       uint32_t sock, altair_addr seen[2])
{
	enum altair_mapping mapping =
		altair_discover_mapping(lookup->discover, sock);
	altair_answer answer;
	size_t count = 0;

	if (mapping != ALTAIR_MAPPING_VARIES)
		return mapping;
	for (size_t i = 0;
	     altair_discover_answer(lookup->discover, i, &answer) == 0; i++) {
		if (answer.state != ALTAIR_ANSWER_GIVEN || answer.sock != sock)
			continue;
		if (count == 0)
			seen[count++] = answer.mapped;
		else if (!altair_addr_equal(&seen[0], &answer.mapped))
			seen[1] = answer.mapped;
	}
	return mapping;
}

static const char no_ipv6[] =
	"no STUN server can be reached over IPv6: this host seems to have "
	"none; name a server of IPv4 with --stun, and use IPv4 on both sides";

/* True where a way leads to the addresses of the internet, of which the
 * documentation's are as good as any. */
static bool has_ipv6(void)
{
	altair_addr addr, unused;

	return altair_addr_parse_ip(&addr, "2001:db8::1", 1) == 0 &&
	       air_sockaddr_route(&unused, &addr, 1);
}

/* True when no server of IPv4 was asked. */
static bool is_all_ipv6(const struct lookup *l)
{
	altair_answer answer;

	for (size_t i = 0; altair_discover_answer(l->discover, i, &answer) == 0;
	     i++)
		if (answer.sock == ALTAIR_UV_IPV4)
			return false;
	return true;
}

/* No name had an address that we may use. */
static void explain_names(const struct lookup *l, char *out, size_t cap)
{
	const struct lookup_name *name = &l->name[0];
	const char *family = l->config.ipv4 ? "IPv4" : "IPv6";

	for (size_t i = 0; i < l->config.servers->count; i++)
		if (!l->name[i].error)
			name = &l->name[i];
	if (name->error)
		snprintf(out, cap,
			 "cannot resolve the STUN server %s (%s): check the "
			 "name and your DNS, or name another with --stun",
			 name->server->host, uv_strerror(name->error));
	else if (!l->config.ipv4 && !has_ipv6())
		snprintf(out, cap, "%s", no_ipv6);
	else
		snprintf(out, cap,
			 "the STUN server %s has no %s address that this host "
			 "can use: name another with --stun",
			 name->server->host, family);
}

/* Servers were asked and none answered with an endpoint. */
static void explain_silence(const struct lookup *l, char *out, size_t cap)
{
	char names[512];
	altair_answer answer;
	altair_discover_stats stats = {.size = sizeof stats};

	for (size_t i = 0; altair_discover_answer(l->discover, i, &answer) == 0;
	     i++) {
		if (answer.state != ALTAIR_ANSWER_FAILED ||
		    answer.reason == ALTAIR_E_TIMEOUT)
			continue;
		if (answer.reason == ALTAIR_E_SERVER)
			snprintf(out, cap,
				 "the STUN server %s answered with an error "
				 "(%d): name another with --stun",
				 l->origin[i]->name, answer.code);
		else
			snprintf(out, cap,
				 "the STUN server %s answered without telling "
				 "our endpoint: name another with --stun",
				 l->origin[i]->name);
		return;
	}
	air_server_names(l->config.servers, names, sizeof names);
	altair_discover_get_stats(l->discover, &stats);
	if (stats.ignored > 0)
		snprintf(out, cap,
			 "no valid STUN answer from %s (%llu wrong ones were "
			 "ignored): name another server with --stun",
			 names, (unsigned long long)stats.ignored);
	else
		snprintf(out, cap,
			 "no STUN answer from %s: check that your network lets "
			 "UDP out, or name another server with --stun",
			 names);
}

static void explain_refusal(const struct lookup *l, char *out, size_t cap)
{
	char names[512];

	air_server_names(l->config.servers, names, sizeof names);
	snprintf(out, cap,
		 "no STUN answer: our datagrams to %s were refused (ICMP), "
		 "nothing listens there or a firewall forbids it; check the "
		 "port, or name another server with --stun",
		 names);
}

void air_lookup_explain(const struct lookup *lookup, int reason, char *out,
			size_t cap)
{
	if (reason == ALTAIR_E_NETWORK && is_all_ipv6(lookup))
		snprintf(out, cap, "%s", no_ipv6);
	else if (reason == ALTAIR_E_NETWORK)
		snprintf(out, cap,
			 "the network cannot be reached: check that this host "
			 "is connected");
	else if (reason == ALTAIR_E_NO_PEER)
		explain_refusal(lookup, out, cap);
	else if (reason == ALTAIR_E_PERMISSION)
		snprintf(out, cap,
			 "this host's firewall forbids sending UDP: allow "
			 "altair to send");
	else if (lookup->resolving > 0 &&
		 altair_discover_count(lookup->discover) == 0)
		snprintf(out, cap,
			 "the name of the STUN server was not resolved in "
			 "time: check your DNS, or give an address to --stun");
	else if (reason == ALTAIR_E_RESOLVE ||
		 altair_discover_count(lookup->discover) == 0)
		explain_names(lookup, out, cap);
	else
		explain_silence(lookup, out, cap);
}
