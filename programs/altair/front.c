/*
 * The certificate of `altair serve`. Without --cert and --key it makes one, so
 * that TLS is always there; who connects knows it by its SHA-256.
 */
#define _GNU_SOURCE
#include "front.h"

#include "hex.h"
#include "limits.h"
#include "print.h"

#include <altair/openssl.h>

#define CONNECTIONS 1000

/* Returns the exit code. */
static int refuse(const struct command *self, const struct front_options *given,
		  const char *problem)
{
	if (!given->cert)
		return air_print_failure(
			EXIT_INTERNAL,
			"the certificate that is made at start %s", problem);
	return air_options_refuse(self, "cert", given->cert,
				  "wants a certificate, but '%s' %s",
				  given->cert, problem);
}

/* What is not given is 0, and the default stays. */
static void take_numbers(altair_server_config *c,
			 const struct front_options *given)
{
	c->connections_max =
		given->connections_max ? given->connections_max : CONNECTIONS;
	if (given->connections_prefix)
		c->connections_prefix = given->connections_prefix;
	if (given->silence_max)
		c->silence_max = given->silence_max;
	if (given->proof_max)
		c->proof_max = given->proof_max;
	if (given->idle_max)
		c->idle_max = given->idle_max;
	if (given->message_max)
		c->message_max = given->message_max;
}

int air_front_read(const struct command *self, struct front *front,
		   const struct front_options *given,
		   altair_server_config *config)
{
	altair_openssl_files files = {given->cert, given->key};
	const char *problem;
	int code = air_limits_read_rate(self, "tls-rate", &config->tls_rate,
					given->tls_rate);

	if (code >= 0)
		return code;
	take_numbers(config, given);
	if (!given->cert != !given->key)
		return air_options_complain(
			self,
			"--cert and --key want one another: a certificate "
			"and its key, both in PEM");
	if (altair_openssl_server_open(&front->tls, given->cert ? &files : NULL,
				       &problem) != 0)
		return refuse(self, given, problem);
	front->has_tls = true;
	front->is_generated = !given->cert;
	return -1;
}

int air_front_renew(const struct command *self, const struct front *front,
		    const struct front_options *given)
{
	altair_openssl_files files = {given->cert, given->key};
	const char *problem;

	if (front->has_tls && !given->cert && !front->is_generated)
		air_print_note("no 'cert' any more: the one that was read "
			       "before stays until a new start");
	if (!front->has_tls || !given->cert)
		return -1;
	if (!given->key)
		return air_options_complain(self, "--cert wants a --key");
	if (altair_openssl_server_renew(&front->tls, &files, &problem) != 0)
		return refuse(self, given, problem);
	return -1;
}

void air_front_say(const struct front *front)
{
	uint8_t hash[32];
	char text[2 * sizeof hash + 1];

	if (!front->has_tls)
		return;
	altair_openssl_server_hash(&front->tls, hash);
	air_hex_write((altair_bytes){hash, sizeof hash}, text);
	air_print("tls:      SHA-256 %s%s\n", text,
		  front->is_generated ? " (made at this start)" : "");
}

void air_front_close(struct front *front)
{
	if (front->has_tls)
		altair_openssl_server_close(&front->tls);
	front->has_tls = false;
}
