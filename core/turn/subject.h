/*
 * Subjects: one number for everything that the server holds for us. 0 is the
 * allocation, then come the permissions, then the channels.
 */
#ifndef AIR_TURN_SUBJECT_H
#define AIR_TURN_SUBJECT_H

#include "turn/client.h"

enum { AIR_SUBJECT_ALLOCATION, AIR_SUBJECT_FIRST_PERMISSION };

uint32_t air_subject_first_channel(const struct altair_turn *t);
uint32_t air_subject_count(const struct altair_turn *t);
uint32_t air_subject_of_perm(const struct altair_turn *t,
			     const struct air_perm *perm);
uint32_t air_subject_of_channel(const struct altair_turn *t,
				const struct air_channel *channel);

/* The subject must be of the kind that is asked for. */
struct air_perm *air_subject_perm(struct altair_turn *t, uint32_t subject);
struct air_channel *air_subject_channel(struct altair_turn *t,
					uint32_t subject);
struct air_lease *air_subject_lease(struct altair_turn *t, uint32_t subject);

/* The server that is asked now. */
const altair_addr *air_subject_server(const struct altair_turn *t);

#endif
