/*
 * The numbering of what the server holds for us: leases, timers and requests
 * all speak of it by subject. Invariant: numbers follow from the sizes of the
 * tables alone, so a subject never moves.
 */
#include "turn/subject.h"

uint32_t air_subject_first_channel(const struct altair_turn *t)
{
	return AIR_SUBJECT_FIRST_PERMISSION + t->perms.count;
}

uint32_t air_subject_count(const struct altair_turn *t)
{
	return air_subject_first_channel(t) + t->channels.count;
}

uint32_t air_subject_of_perm(const struct altair_turn *t,
			     const struct air_perm *p)
{
	return AIR_SUBJECT_FIRST_PERMISSION + (uint32_t)(p - t->perms.all);
}

uint32_t air_subject_of_channel(const struct altair_turn *t,
				const struct air_channel *c)
{
	return air_subject_first_channel(t) + (uint32_t)(c - t->channels.all);
}

struct air_perm *air_subject_perm(struct altair_turn *t, uint32_t subject)
{
	return &t->perms.all[subject - AIR_SUBJECT_FIRST_PERMISSION];
}

struct air_channel *air_subject_channel(struct altair_turn *t, uint32_t subject)
{
	return &t->channels.all[subject - air_subject_first_channel(t)];
}

struct air_lease *air_subject_lease(struct altair_turn *t, uint32_t subject)
{
	if (subject == AIR_SUBJECT_ALLOCATION)
		return &t->lease;
	if (subject < air_subject_first_channel(t))
		return &air_subject_perm(t, subject)->lease;
	return &air_subject_channel(t, subject)->lease;
}

const altair_addr *air_subject_server(const struct altair_turn *t)
{
	return &t->servers[t->server_count - 1];
}
