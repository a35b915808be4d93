/*
 * tests/interop/wire.h - plain IPv4 sockets for tests: the other side of the
 * wire, written without the library under test.
 */
#ifndef WIRE_H
#define WIRE_H

#include <altair/base.h>

#include <sys/types.h>

/* A UDP socket bound to `ip` (port 0: any); ends the program if that fails. */
int wire_open(const char *ip, uint16_t port);
altair_addr wire_local(int fd);

/* Sends one datagram; a refusal by the other host is no error. */
void wire_send(int fd, const altair_addr *to, const void *bytes, size_t len);
void wire_say(int fd, const altair_addr *to, const char *word);

/* One datagram within `wait`: its length, or -1. `from` may be NULL. */
ssize_t wire_receive(int fd, altair_time wait, void *buf, size_t cap,
		     altair_addr *from);

/* True when the next datagram within `wait` is exactly `word`. */
bool wire_hears(int fd, altair_time wait, const char *word);

/* CLOCK_MONOTONIC, and waiting for a time on it. */
altair_time wire_now(void);
void wire_sleep_until(altair_time when);

#endif
