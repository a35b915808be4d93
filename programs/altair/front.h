/*
 * front.h - TCP and TLS of `altair serve`: how many connections, and the
 * certificate, given or made at start.
 */
#ifndef AIR_FRONT_H
#define AIR_FRONT_H

#include "options.h"

#include <altair/serve.h>

struct front_options {
	const char *cert, *key;
	unsigned connections_max, connections_prefix;
	const char *tls_rate;
	altair_time silence_max, proof_max, idle_max;
	unsigned message_max, queue_max;
};

struct front {
	altair_tls tls;
	bool has_tls, is_generated;
};

/* Reads the options into the configuration, and the certificate. Returns -1 to
 * go on, or the exit code. */
int air_front_read(const struct command *self, struct front *front,
		   const struct front_options *given,
		   altair_server_config *config);
/* Reads the certificate again, for connections to come: on SIGHUP. One that was
 * made stays. Returns as above; then nothing has changed. */
int air_front_renew(const struct command *self, const struct front *front,
		    const struct front_options *given);
/* The certificate's SHA-256, which a client may compare. */
void air_front_say(const struct front *front);
/* After altair_serve_stop. */
void air_front_close(struct front *front);

#endif
