/*
 * directory.h - what several nodes share, and how they reach each other: Redis.
 */
#ifndef AIR_DIRECTORY_H
#define AIR_DIRECTORY_H

#include <altair/rendezvous.h>

struct altair_door;
struct directory;

/* `at` is "HOST:PORT" or "unix:PATH". Returns 0, ALTAIR_E_INVALID or
 * ALTAIR_E_MEMORY; that nobody answers there is no error. */
int air_directory_open(struct directory **out, struct altair_door *door,
		       const char *at);
/* Also NULL; its memory goes with the next turns of the loop. */
void air_directory_close(struct directory *directory);
bool air_directory_is_up(const struct directory *directory);

/* Answers come to the machine. */
void air_directory_ask(struct directory *directory,
		       const altair_rendezvous_ask *ask);
void air_directory_post(struct directory *directory, const uint8_t *node,
			altair_bytes bytes);

#endif
