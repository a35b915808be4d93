/*
 * What clients are told: that STUN and the relay are where they asked for us, by
 * the name they used, and a name and password for the relay that are good for some
 * hours. Those are made as the relay takes them apart again (its REST secret, given
 * or drawn at start): a time and a random holder, so that each has a quota.
 */
#define _GNU_SOURCE
#include "meetings.h"

#include "base64.h"
#include "descriptors.h"
#include "hex.h"
#include "print.h"
#include "service.h"

#include <altair/error.h>
#include <altair/openssl.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 16000
#define CREDENTIALS_S 43200
#define HOLDER_LEN 8

size_t air_meetings_max(const struct meeting_options *given)
{
	return given->clients_max ? given->clients_max : CLIENTS_MAX;
}

int air_meetings_read(const struct command *self,
		      const struct meeting_options *given)
{
	if (!given->redis || altair_door_is_redis(given->redis))
		return -1;
	return air_options_refuse(self, "redis", given->redis,
				  "wants HOST:PORT or unix:PATH, not '%s'",
				  given->redis);
}

/* --- the welcome ----------------------------------------------------------- */

static altair_bytes text_of(const char *text)
{
	return (altair_bytes){(const uint8_t *)text, strlen(text)};
}

static bool make_credentials(struct meetings *m, const struct relay *relay)
{
	const altair_crypto *crypto = relay->config.crypto;
	uint8_t holder[HOLDER_LEN], mac[20];
	char digits[2 * HOLDER_LEN + 1];
	altair_bytes name;

	if (crypto->random(crypto->user, holder, sizeof holder) != 0)
		return false;
	air_hex_write((altair_bytes){holder, sizeof holder}, digits);
	snprintf(m->name, sizeof m->name, "%" PRId64 ":%s",
		 (int64_t)time(NULL) + CREDENTIALS_S, digits);
	name = text_of(m->name);
	crypto->hmac_sha1(crypto->user, relay->config.rest_secrets[0], &name, 1,
			  mac);
	air_base64_write((altair_bytes){mac, sizeof mac}, m->password);
	return true;
}

static void add_turn(struct meetings *m, altair_note *note, const char *host,
		     const char *scheme, const char *transport)
{
	char *url = m->urls[note->turn_count];

	snprintf(url, sizeof m->urls[0], "%s:%s?transport=%s", scheme, host,
		 transport);
	note->turn[note->turn_count++] =
		(altair_note_turn){.url = text_of(url),
				   .username = text_of(m->name),
				   .password = text_of(m->password)};
}

/* "name" is at our first port. */
static void write_host(char out[128], const char *host, uint16_t port)
{
	const char *bracket = strrchr(host, ']');
	const char *colon = strrchr(host, ':');

	if (colon && (!bracket || colon > bracket))
		snprintf(out, 128, "%s", host);
	else
		snprintf(out, 128, "%s:%u", host, (unsigned)port);
}

static void welcome(void *user, const char *host, altair_note *note)
{
	struct service *service = user;
	struct meetings *m = &service->meetings;
	const struct relay *relay = &service->plan->relay;
	char at[128];

	if (host[0] == '\0')
		return;
	write_host(at, host, service->plan->listen[0].port);
	snprintf(m->stun, sizeof m->stun, "stun:%s", at);
	note->stun[note->stun_count++] = text_of(m->stun);
	if (relay->config.allocations_max == 0 || !make_credentials(m, relay))
		return;
	add_turn(m, note, at, "turn", "udp");
	add_turn(m, note, at, "turn", "tcp");
	/* Nobody but those who have its hash would trust another one. */
	if (service->front.has_tls && !service->front.is_generated)
		add_turn(m, note, at, "turns", "tcp");
	note->seconds = CREDENTIALS_S;
}

/* --- its life -------------------------------------------------------------- */

static bool verify(void *user, altair_bytes spki, altair_bytes message,
		   altair_bytes signature)
{
	(void)user;
	return altair_openssl_key_verify(spki, message, signature);
}

static int explain(int error)
{
	if (error == ALTAIR_E_SYSTEM)
		return air_print_failure(EXIT_INTERNAL,
					 "WebSockets did not start: "
					 "libwebsockets lacks its libuv part");
	return air_print_failure(EXIT_INTERNAL, "WebSockets did not start: %s",
				 altair_strerror(error));
}

int air_meetings_open(struct service *service)
{
	const struct meeting_options *given = &service->plan->given.meetings;
	altair_rendezvous_config rendezvous;
	altair_door_config config;
	int error;

	if (service->plan->relay.config.connections_max == 0)
		return -1;
	altair_rendezvous_config_default(&rendezvous);
	rendezvous.crypto = altair_openssl();
	rendezvous.verify = verify;
	rendezvous.clients_max = air_meetings_max(given);
	altair_door_config_default(&config);
	config.rendezvous = &rendezvous;
	config.tls = service->front.has_tls ? &service->front.tls : NULL;
	config.plain = given->plain;
	config.descriptors = air_descriptors_need(service->plan);
	config.welcome = welcome;
	config.user = service;
	config.redis = given->redis;
	error = altair_door_open(&service->meetings.door, &service->run.loop,
				 &config);
	return error == 0 ? -1 : explain(error);
}

void air_meetings_admit(void *user, int fd, const altair_addr *from,
			enum altair_serve_guest as)
{
	struct service *service = user;

	if (service->meetings.door)
		altair_door_admit(service->meetings.door, fd, from, as);
	else
		close(fd);
}

void air_meetings_say(const struct service *service)
{
	const altair_addr *at = &service->plan->listen[0];
	char host[ALTAIR_ADDR_TEXT + 8], digits[65];
	uint8_t hash[32];

	if (!service->meetings.door)
		return;
	if (altair_addr_classify(at) == ALTAIR_ADDR_NONE)
		snprintf(host, sizeof host, "HOST:%u", (unsigned)at->port);
	else
		altair_addr_format(at, host, sizeof host);
	if (service->front.has_tls) {
		altair_openssl_server_hash(&service->front.tls, hash);
		air_hex_write((altair_bytes){hash, sizeof hash}, digits);
		air_print("server:   wss://%s%s%s\n", host,
			  service->front.is_generated ? "#" : "",
			  service->front.is_generated ? digits : "");
	}
	if (service->plan->given.meetings.plain)
		air_print("server:   ws://%s (anybody on the way can read who "
			  "meets whom)\n",
			  host);
}

void air_meetings_close(struct service *service)
{
	altair_door_close(service->meetings.door);
}

void air_meetings_free(struct service *service)
{
	altair_door_free(service->meetings.door);
	service->meetings.door = NULL;
}
