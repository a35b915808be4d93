/*
 * What a server may be told: defaults, and the bounds of each setting. Whoever
 * passes here has memory that can be counted and addresses that can be bound.
 */
#include "server/config.h"

#include "base/addr.h"
#include "server/bandwidth.h"
#include "server/alternate.h"
#include "server/binding.h"
#include "server/common.h"
#include "server/policy.h"

#include <string.h>

#define BATCH_LIMIT 4096
#define BUFFER_LIMIT (16u << 20)
#define ALLOCATIONS_LIMIT 1000000
#define USERS_LIMIT 1000000
#define SECRETS_LIMIT 8
#define EACH_DEFAULT 64
#define EACH_LIMIT 4096
#define CONNECTIONS_LIMIT 100000
#define CONNECTIONS_PREFIX 50
#define HANDSHAKES 50
#define RATE_LIMIT 10000
#define MESSAGE_MIN 2048
#define MESSAGE_DEFAULT 16384
#define MESSAGE_LIMIT 65536
#define GUESSES 10
#define WAIT_LIMIT ALTAIR_SEC(3600)
#define TIME_LIMIT ALTAIR_SEC(86400)
#define POOL_LIMIT (16u << 20)
#define REALM_MAX 127	  /* RFC 8489 14.9: fewer than 128 characters */
#define NAME_MAX 508	  /* RFC 8489 14.3 */
#define LIFETIME_MIN 600  /* RFC 8656 3.2 */
#define LIFETIME_MAX 3600 /* RFC 8656 7.2 */
#define LIFETIME_LIMIT 86400
#define PORT_MIN 49152 /* RFC 8656 7.2 */
#define PORT_LIMIT 1024

void altair_server_config_default(altair_server_config *config)
{
	static const uint8_t realm[] = {'a', 'l', 't', 'a', 'i', 'r'};

	memset(config, 0, sizeof *config);
	config->size = sizeof *config;
	config->batch_max = 32;
	config->buffer_len = 128u << 10;
	config->realm = (altair_bytes){realm, sizeof realm};
	config->port_min = PORT_MIN;
	config->port_max = UINT16_MAX;
	config->permissions_each = EACH_DEFAULT;
	config->channels_each = EACH_DEFAULT;
	config->quota_user = 10;
	config->quota_prefix = 32;
	config->bandwidth_allocation = 10000000;
	config->mobility = true;
	config->lifetime = LIFETIME_MIN;
	config->lifetime_max = LIFETIME_MAX;
	config->challenge_rate = 10;
	config->guesses_max = GUESSES;
	config->guess_wait = ALTAIR_SEC(30);
	config->guess_wait_max = ALTAIR_SEC(600);
	config->connections_prefix = CONNECTIONS_PREFIX;
	config->tls_rate = HANDSHAKES;
	config->silence_max = ALTAIR_SEC(5);
	config->proof_max = ALTAIR_SEC(10);
	config->idle_max = ALTAIR_SEC(60);
	config->message_max = MESSAGE_DEFAULT;
	config->nonce_life = ALTAIR_SEC(3600);
}

static bool has_all(const altair_crypto *c)
{
	return c && c->random && c->hmac_sha1 && c->hmac_sha256 && c->md5 &&
	       c->sha256;
}

static bool is_relay(const altair_addr *addr, enum altair_family family)
{
	altair_addr with_port = *addr;

	with_port.port = 1;
	return addr->family == ALTAIR_NO_FAMILY ||
	       (addr->family == family && air_addr_is_endpoint(&with_port));
}

static bool are_relays_valid(const altair_server_config *c)
{
	return is_relay(&c->relay_ipv4, ALTAIR_IPV4) &&
	       is_relay(&c->relay_ipv6, ALTAIR_IPV6) &&
	       is_relay(&c->external_ipv4, ALTAIR_IPV4) &&
	       is_relay(&c->external_ipv6, ALTAIR_IPV6) &&
	       (c->relay_ipv4.family || c->relay_ipv6.family) &&
	       (c->relay_ipv4.family || !c->external_ipv4.family) &&
	       (c->relay_ipv6.family || !c->external_ipv6.family) &&
	       c->port_min >= PORT_LIMIT && c->port_min <= c->port_max;
}

static bool are_users_valid(const altair_server_config *c)
{
	if (c->user_count > USERS_LIMIT)
		return false;
	for (size_t i = 0; i < c->user_count; i++)
		if (c->users[i].name.len > NAME_MAX)
			return false;
	for (size_t i = 0; i < c->rest_secret_count && i < SECRETS_LIMIT; i++)
		if (c->rest_secrets[i].len == 0)
			return false;
	return c->realm.len <= REALM_MAX &&
	       c->rest_secret_count <= SECRETS_LIMIT;
}

static bool is_time(altair_time time)
{
	return time >= ALTAIR_SEC(1) && time <= TIME_LIMIT;
}

static bool are_streams_valid(const altair_server_config *c)
{
	return c->connections_max == 0 ||
	       (c->connections_max <= CONNECTIONS_LIMIT && c->crypto &&
		c->crypto->random && c->tls_rate <= RATE_LIMIT &&
		is_time(c->silence_max) && is_time(c->proof_max) &&
		is_time(c->idle_max) && c->message_max >= MESSAGE_MIN &&
		c->message_max <= MESSAGE_LIMIT);
}

static bool are_limits_valid(const altair_server_config *c)
{
	return c->allocations_max <= ALLOCATIONS_LIMIT &&
	       c->permissions_max <= POOL_LIMIT &&
	       c->channels_max <= POOL_LIMIT && c->permissions_each >= 1 &&
	       c->permissions_each <= EACH_LIMIT && c->channels_each >= 1 &&
	       c->channels_each <= EACH_LIMIT &&
	       c->lifetime_max >= LIFETIME_MIN &&
	       c->lifetime_max <= LIFETIME_LIMIT &&
	       c->lifetime >= LIFETIME_MIN && c->lifetime <= c->lifetime_max &&
	       c->guesses_max >= 1 && c->guesses_max <= AIR_GUESSES_LIMIT &&
	       is_time(c->guess_wait) && c->guess_wait <= c->guess_wait_max &&
	       c->guess_wait_max <= WAIT_LIMIT &&
	       c->challenge_rate <= RATE_LIMIT && air_bandwidth_is_valid(c) &&
	       is_time(c->nonce_life);
}

static bool is_share_valid(const altair_server_config *c)
{
	return c->workers >= 1 && c->workers <= AIR_WORKERS_MAX &&
	       c->worker < c->workers && c->port_max >= c->port_min &&
	       c->workers <= (unsigned)(c->port_max - c->port_min) + 1;
}

bool air_server_config_is_valid(const altair_server_config *config)
{
	if (config->size != sizeof *config || config->batch_max < 1 ||
	    config->batch_max > BATCH_LIMIT ||
	    config->buffer_len < AIR_BINDING_MAX + 8 ||
	    config->buffer_len > BUFFER_LIMIT ||
	    !air_alternate_is_valid(config))
		return false;
	if (!are_streams_valid(config) ||
	    (config->common && !is_share_valid(config)))
		return false;
	return config->allocations_max == 0 ||
	       (has_all(config->crypto) && are_relays_valid(config) &&
		are_users_valid(config) && are_limits_valid(config) &&
		air_policy_is_valid(config));
}
