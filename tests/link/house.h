/*
 * house.h - a small rendezvous server on loopback in the process of a test: the
 * machine of altair/rendezvous.h behind libwebsockets.
 */
#ifndef HOUSE_H
#define HOUSE_H

#include <altair/note.h>

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct house;

/* NULL: it could not be opened. Port 0: any. `cert` and `key` are PEM files, NULL for
 * no TLS. */
struct house *house_open(uv_loop_t *loop, uint16_t port, const char *cert,
			 const char *key);
uint16_t house_port(const struct house *house);

/* Sees each note from a client; true: it is lost, or was changed by `meddle`. */
void house_meddle(struct house *house,
		  bool (*meddle)(void *user, altair_note *note), void *user);

/* Says this to a client, the first that came is 0, behind what is true. What `note`
 * borrows has to last. */
void house_lie(struct house *house, unsigned number, const altair_note *note);

/* What every client is offered as STUN server, "stun:...". */
void house_offer(struct house *house, const char *stun);

/* Closes at once, as a crash would; turns the loop. */
void house_close(struct house *house);

#endif
