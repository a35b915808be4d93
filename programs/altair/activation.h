/*
 * activation.h - sockets that systemd has bound for us, sd_listen_fds(3).
 */
#ifndef AIR_ACTIVATION_H
#define AIR_ACTIVATION_H

#include <altair/base.h>

#define ACTIVATION_MAX 32

/* Writes the sockets that are there, the same at every call, and returns how
 * many. */
size_t air_activation_sockets(int out[ACTIVATION_MAX]);
/* Writes the addresses of the UDP ones, at most `cap`, and returns how many. */
size_t air_activation_addresses(altair_addr *out, size_t cap);

#endif
