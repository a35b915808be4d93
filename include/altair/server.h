/*
 * altair/server.h - a stateless STUN Binding server (RFC 8489) as a machine.
 *
 * It answers well-formed Binding requests and nothing else: no indication, no
 * response, no malformed datagram. An answer holds XOR-MAPPED-ADDRESS only: 32
 * bytes for IPv4, 44 for IPv6, 8 more when the request carried FINGERPRINT. A
 * request with unknown comprehension-required attributes gets 420 and their
 * list, at most 1.5 times the request. No state per client, no event, no timer.
 * Answers to a merged burst leave as one merged burst.
 */
#ifndef ALTAIR_SERVER_H
#define ALTAIR_SERVER_H

#include <altair/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_server altair_server;

typedef struct altair_server_config {
	size_t size;
	size_t batch_max;  /* datagrams (bursts) per altair_input, default 32 */
	size_t buffer_len; /* bytes of answers per altair_input, default
	                      128 KiB; what does not fit is not answered     */
} altair_server_config;

/* Fills in `size` and every default. */
ALTAIR_API void altair_server_config_default(altair_server_config *config);

/* Bytes of memory for altair_server_init; 0 if the configuration is invalid. */
ALTAIR_API size_t altair_server_size(const altair_server_config *config);

/* Returns 0, ALTAIR_E_INVALID, or ALTAIR_E_SPACE. */
ALTAIR_API int altair_server_init(altair_server **out, void *mem, size_t len,
				  const altair_server_config *config,
				  altair_time now);

/* What altair_input, altair_tick and altair_poll take. */
ALTAIR_API altair_machine *altair_server_machine(altair_server *server);

typedef struct altair_server_stats {
	size_t size;
	uint64_t requests; /* answered with success                          */
	uint64_t errors;   /* answered with an error                         */
	uint64_t ignored;  /* everything else                                */
} altair_server_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_server_get_stats(const altair_server *server,
					altair_server_stats *out);

#ifdef __cplusplus
}
#endif
#endif
