/*
 * relay.h - the relay of `altair serve`: from options to the server's
 * configuration. Where nothing is said it makes credentials of its own.
 */
#ifndef AIR_RELAY_H
#define AIR_RELAY_H

#include "options.h"
#include "roll.h"

#include <altair/server.h>

#define RELAY_PASSWORD_LEN 24
#define RELAY_SECRETS_MAX 8
#define RELAY_SECRET_FILE_MAX 4096

struct relay_options {
	struct option_list users, allow, relay_ips, external_ips;
	const char *realm, *ports, *rest_secret_file, *challenge_rate;
	const char *users_file;
	unsigned allocations_max, quota_user, quota_prefix;
	/* Bandwidths. */
	const char *rate_allocation, *rate_user, *rate_prefix, *rate_total;
	unsigned permissions_each, channels_each;
	unsigned permissions_max, channels_max;
	altair_time lifetime, lifetime_max, nonce_life;
	unsigned guesses_max;
	altair_time guess_wait, guess_wait_max;
	bool no_mobility, low_ports;
};

struct relay {
	altair_server_config config;
	struct roll roll;
	altair_server_user *users;
	altair_server_prefix allow[OPTION_LIST_MAX];
	altair_addr *own; /* addresses of this host */
	char secret_file[RELAY_SECRET_FILE_MAX];
	altair_bytes secrets[RELAY_SECRETS_MAX];
	bool is_generated; /* the password is ours to tell */
	char password[RELAY_PASSWORD_LEN + 1];
	bool is_drawn; /* the REST secret is ours, and nobody is told it */
	char secret[RELAY_PASSWORD_LEN + 1];
};

/*
 * Reads the options. Relayed addresses that are not given are those of the
 * listeners or, where these are on any address, those of the way out. Returns
 * -1 to go on (without any address `config.allocations_max` is 0), or the exit
 * code.
 */
int air_relay_read(const struct command *self, struct relay *relay,
		   const struct relay_options *given, const altair_addr *listen,
		   size_t listens);
/* Asks the system whether the relayed addresses that were given are ours: at
 * start, for one may come and go. Returns as above. */
int air_relay_check_ips(const struct command *self,
			const struct relay_options *given);
/* Harmless when all zero. */
void air_relay_free(struct relay *relay);
/* Reads the addresses of this host again; true when they are others now, and the
 * server is to be told. */
bool air_relay_has_moved(struct relay *relay);
/* A password and a secret that are ours stay as they were before. */
void air_relay_keep(struct relay *relay, const struct relay *before);
/* What the administrator and the clients need. `server` is how clients may
 * name the server. */
void air_relay_say(const struct relay *relay, const char *server);

#endif
