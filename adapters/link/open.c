/*
 * The beginning of a link: its configuration is looked at before anything begins,
 * then all begins at once.
 */
#define _GNU_SOURCE
#include "link.h"

#include <altair/udp.h>

#include <stdlib.h>
#include <string.h>

void altair_uv_link_config_default(altair_uv_link_config *config)
{
	*config = (altair_uv_link_config){.size = sizeof *config};
	altair_uv_agent_config_default(&config->agent);
	config->agent.agent.relays_max = ALTAIR_AGENT_RELAYS_MAX;
	/* The least that RFC 8445 14.2 allows: there is one peer, and somebody
	 * waits for him. */
	config->agent.agent.ta = ALTAIR_MSEC(5);
}

/* ---- the configuration ---- */

static bool is_sound(const altair_uv_link_config *config)
{
	if (config->size != sizeof *config ||
	    config->peers_count > ALTAIR_UV_LINK_PEERS_MAX ||
	    (config->peers_count > 0 && !config->peers))
		return false;
	switch (config->way) {
	case ALTAIR_UV_LINK_LISTEN:
		return config->server &&
		       (!config->no_code || config->peers_count > 0);
	case ALTAIR_UV_LINK_CODE:
		return config->server && config->code;
	case ALTAIR_UV_LINK_CALL:
		return config->server && config->peers_count == 1;
	case ALTAIR_UV_LINK_TICKET:
		return true;
	}
	return false;
}

static int read_server(altair_uv_link *link,
		       const altair_uv_link_config *config)
{
	struct air_url *url = &link->stay.url;

	link->has_no_server = !config->server;
	if (!config->server)
		return 0;
	if (!air_url_parse(url, config->server))
		return ALTAIR_E_SYNTAX;
	if (!url->is_tls && !config->plain && !air_url_is_loopback(url))
		return ALTAIR_E_FORBIDDEN;
	if (config->ca && !(link->ca = strdup(config->ca)))
		return ALTAIR_E_MEMORY;
	return 0;
}

static int read_known(altair_uv_link *link, const altair_uv_link_config *config)
{
	if (config->peers_count == 0)
		return 0;
	link->known = calloc(config->peers_count, sizeof *link->known);
	if (!link->known)
		return ALTAIR_E_MEMORY;
	link->known_count = config->peers_count;
	for (size_t i = 0; i < config->peers_count; i++) {
		link->known[i].peer = config->peers[i];
		air_meeting_pair_id(config->peers[i].pair, link->known[i].id);
	}
	return 0;
}

static int read_config(altair_uv_link *link,
		       const altair_uv_link_config *config)
{
	const altair_crypto *crypto = altair_openssl();
	int error = is_sound(config) ? 0 : ALTAIR_E_INVALID;

	link->way = config->way;
	link->no_code = config->no_code;
	if (!error && config->way == ALTAIR_UV_LINK_CODE &&
	    altair_code_parse(&link->code, config->code) != 0)
		error = ALTAIR_E_SYNTAX;
	if (!error)
		error = read_server(link, config);
	if (!error)
		error = read_known(link, config);
	if (!error)
		error = crypto->random(crypto->user, link->ticket.secret,
				       AIR_TICKET_SECRET);
	return error;
}

static int make_key(altair_uv_link *link, altair_bytes pem)
{
	int error = pem.len > 0 ? altair_openssl_key_load(&link->key, pem)
				: altair_openssl_key_new(&link->key);

	if (error)
		return error == ALTAIR_E_INVALID ? ALTAIR_E_TLS : error;
	altair_openssl_key_hash(link->key, link->hash);
	error = altair_openssl_dtls_open(&link->dtls, link->key);
	link->has_dtls = error == 0;
	return error;
}

/* ---- its parts ---- */

static void add_servers(altair_uv_link *link,
			const altair_uv_link_config *config)
{
	altair_time now = altair_clock_now();

	for (size_t i = 0; i < config->stun_count; i++)
		(void)altair_agent_add_server(link->talk.agent, now,
					      &config->stun[i]);
	for (size_t i = 0; i < config->turn_count; i++)
		(void)altair_uv_agent_add_relay(link->talk.driver,
						&config->turn[i], NULL);
}

static int open_talk(altair_uv_link *link, const altair_uv_link_config *config)
{
	altair_uv_agent_config agent = config->agent;
	int error;

	agent.agent.crypto = altair_openssl();
	agent.agent.controlling = link->way == ALTAIR_UV_LINK_CODE ||
				  link->way == ALTAIR_UV_LINK_CALL;
	if (!agent.tls)
		agent.tls = &link->tls;
	link->talk.dtls = &link->dtls;
	link->talk.handlers = air_link_talk_handlers;
	link->talk.user = link;
	error = air_talk_open(&link->talk, link->loop, &agent);
	if (error)
		return error;
	link->servers.loop = link->loop;
	link->servers.driver = link->talk.driver;
	add_servers(link, config);
	if (link->has_no_server)
		air_servers_skip(&link->servers);
	return 0;
}

static int open_stay(altair_uv_link *link)
{
	if (link->has_no_server)
		return 0;
	link->stay.loop = link->loop;
	link->stay.key = link->key;
	link->stay.handlers = air_link_stay_handlers;
	link->stay.user = link;
	for (size_t i = 0; i < AIR_STAY_MAILBOXES; i++)
		link->meetings[i].mailbox = ALTAIR_VISIT_NONE;
	return air_stay_open(&link->stay, link->ca);
}

/* Everything that has handles; what fails is closed with what there is. */
static int open_parts(altair_uv_link *link, const altair_uv_link_config *config)
{
	int error = open_talk(link, config);

	if (!error)
		error = open_stay(link);
	if (error)
		link->has_no_server = true; /* nothing of the stay is there */
	return error;
}

int altair_uv_link_open(altair_uv_link **out, uv_loop_t *loop,
			const altair_uv_link_config *config,
			const altair_uv_link_handlers *handlers, void *user)
{
	altair_uv_link *link = calloc(1, sizeof *link);
	int error;

	if (!link)
		return ALTAIR_E_MEMORY;
	error = read_config(link, config);
	if (!error)
		error = make_key(link, config->key);
	if (!error && !loop && uv_loop_init(&link->own) != 0)
		error = ALTAIR_E_MEMORY;
	if (error) {
		air_link_free_things(link);
		free(link);
		return error;
	}
	link->loop = loop ? loop : &link->own;
	link->handlers = *handlers;
	link->user = user;
	link->opened_at = altair_clock_now();
	air_link_begin(link);
	error = open_parts(link, config);
	if (error) {
		link->user = NULL;
		altair_uv_link_close(link, NULL);
		while (!loop && altair_uv_link_turn(link))
			uv_run(&link->own, UV_RUN_ONCE);
		return error;
	}
	air_link_kick(link);
	*out = link;
	return 0;
}
