#include "sim/books.h"

#include <string.h>

bool sim_books_is_same(const struct sim_books_path *one,
		       const struct sim_books_path *other)
{
	return altair_addr_equal(&one->client, &other->client) &&
	       altair_addr_equal(&one->server, &other->server);
}

static void expire_of(struct sim_books_allocation *one, altair_time now)
{
	size_t i = 0;

	one->is_live = one->is_live && one->until > now;
	while (i < one->permissions_count)
		if (one->permissions[i].until > now)
			i++;
		else
			one->permissions[i] =
				one->permissions[--one->permissions_count];
	i = 0;
	while (i < one->channels_count)
		if (one->channels[i].until > now)
			i++;
		else
			one->channels[i] = one->channels[--one->channels_count];
}

void sim_books_expire(struct sim_books *b, altair_time now)
{
	b->now = now;
	for (unsigned k = 0; k < SIM_BOOKS_ALLOCATIONS; k++)
		expire_of(&b->all[k], now);
}

unsigned sim_books_find(const struct sim_books *b,
			const struct sim_books_path *path)
{
	for (unsigned k = 0; k < SIM_BOOKS_NONE; k++) {
		const struct sim_books_allocation *one = &b->all[k];

		if (one->is_live &&
		    (sim_books_is_same(&one->path, path) ||
		     (one->is_moving && sim_books_is_same(&one->next, path))))
			return k;
	}
	return SIM_BOOKS_NONE;
}

/* The same, at the instant of a move also where it was. */
unsigned sim_books_find_lately(const struct sim_books *b,
			       const struct sim_books_path *path)
{
	unsigned found = sim_books_find(b, path);

	for (unsigned k = 0; k < SIM_BOOKS_NONE && found == SIM_BOOKS_NONE; k++)
		if (b->all[k].is_live && b->all[k].moved_at == b->now &&
		    sim_books_is_same(&b->all[k].was, path))
			found = k;
	return found;
}

/* Whose relayed address it is. */
unsigned sim_books_find_relayed(const struct sim_books *b,
				const altair_addr *relayed)
{
	for (unsigned k = 0; k < SIM_BOOKS_NONE; k++)
		for (unsigned f = 0; f < 2; f++)
			if (b->all[k].is_live &&
			    altair_addr_equal(&b->all[k].relayed[f], relayed))
				return k;
	return SIM_BOOKS_NONE;
}

struct sim_books_permission *
sim_books_permission(struct sim_books_allocation *one, const altair_addr *peer)
{
	for (size_t i = 0; i < one->permissions_count; i++)
		if (altair_addr_same_ip(&one->permissions[i].peer, peer))
			return &one->permissions[i];
	return NULL;
}

struct sim_books_channel *sim_books_channel(struct sim_books_allocation *one,
					    unsigned number)
{
	for (size_t i = 0; i < one->channels_count; i++)
		if (one->channels[i].number == number)
			return &one->channels[i];
	return NULL;
}

struct sim_books_channel *sim_books_channel_to(struct sim_books_allocation *one,
					       const altair_addr *peer)
{
	for (size_t i = 0; i < one->channels_count; i++)
		if (altair_addr_equal(&one->channels[i].peer, peer))
			return &one->channels[i];
	return NULL;
}

unsigned sim_books_live(const struct sim_books *b, unsigned user)
{
	unsigned count = 0;

	for (unsigned k = 0; k < SIM_BOOKS_NONE; k++)
		count += b->all[k].is_live &&
			 (user == SIM_BOOKS_ANYBODY || b->all[k].user == user);
	return count;
}

size_t sim_books_permissions(const struct sim_books *b)
{
	size_t count = 0;

	for (unsigned k = 0; k < SIM_BOOKS_NONE; k++)
		if (b->all[k].is_live)
			count += b->all[k].permissions_count;
	return count;
}

size_t sim_books_channels(const struct sim_books *b)
{
	size_t count = 0;

	for (unsigned k = 0; k < SIM_BOOKS_NONE; k++)
		if (b->all[k].is_live)
			count += b->all[k].channels_count;
	return count;
}

/* RFC 8016 3.2.2. What leaves at this instant may have come before. */
void sim_books_settle(struct sim_books *b, unsigned number,
		      const struct sim_books_path *path)
{
	struct sim_books_allocation *one = &b->all[number];

	if (!one->is_moving || !sim_books_is_same(&one->next, path))
		return;
	one->was = one->path;
	one->moved_at = b->now;
	one->path = one->next;
	one->is_moving = false;
}

/* Whose ticket it is, of the present or the one before. */
unsigned sim_books_find_ticket(const struct sim_books *b,
			       const uint8_t ticket[SIM_BOOKS_TICKET])
{
	for (unsigned k = 0; k < SIM_BOOKS_NONE; k++)
		for (unsigned i = 0; i < 2; i++)
			if (b->all[k].is_live &&
			    !memcmp(b->all[k].tickets[i], ticket,
				    SIM_BOOKS_TICKET))
				return k;
	return SIM_BOOKS_NONE;
}

/* Of what ends at this moment the server may not know yet. */
unsigned sim_books_ending(const struct sim_books *b)
{
	unsigned count = 0;

	for (unsigned k = 0; k < SIM_BOOKS_NONE; k++)
		count += !b->all[k].is_live && b->all[k].until == b->now;
	return count;
}
