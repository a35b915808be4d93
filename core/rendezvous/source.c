/*
 * Requests are counted by one time, at which all would be forgiven (GCRA): each
 * moves it on by an interval, and it may lie at most `burst` intervals ahead. With
 * 20 at once and one more every 1.5 s no minute has more than 60. Who comes back
 * does so with all connections of a source at once (50), each with a presence and a
 * mailbox: that has a rate of its own, 100 at once and one more every 0.3 s.
 */
#include "rendezvous/source.h"

#include "base/assert.h"

#include <string.h>

#define RETURNS 5 /* for one that is asked */

void air_sources_init(struct air_sources *sources, struct air_arena *arena,
		      uint32_t count, const uint8_t hash_key[16])
{
	air_store_init(&sources->store, arena, count,
		       sizeof(struct air_source));
	air_chain_init(&sources->chain, arena, count, hash_key);
}

static struct air_source *at(const struct air_sources *sources, uint32_t source)
{
	return air_store_at(&sources->store, source);
}

static altair_bytes key_of(const struct air_source *source)
{
	return (altair_bytes){source->key, sizeof source->key};
}

/* The link that says `source`, to be changed. */
static uint32_t *link_to(struct air_sources *sources, uint32_t source)
{
	uint32_t *link =
		air_chain_head(&sources->chain, key_of(at(sources, source)));

	while (*link != source + 1) {
		AIR_ASSERT(*link);
		link = &at(sources, *link - 1)->link;
	}
	return link;
}

static bool has_nothing(const struct air_source *source)
{
	return source->connections == 0 && source->open == 0;
}

/* Out of the list of those that have nothing. */
static void wake(struct air_sources *sources, uint32_t source)
{
	struct air_source *it = at(sources, source);

	if (it->older)
		at(sources, it->older - 1)->newer = it->newer;
	else
		sources->oldest = it->newer;
	if (it->newer)
		at(sources, it->newer - 1)->older = it->older;
	else
		sources->newest = it->older;
	it->older = it->newer = 0;
}

static void rest(struct air_sources *sources, uint32_t source)
{
	struct air_source *it = at(sources, source);

	if (!has_nothing(it))
		return;
	it->older = sources->newest;
	it->newer = 0;
	if (sources->newest)
		at(sources, sources->newest - 1)->newer = source + 1;
	else
		sources->oldest = source + 1;
	sources->newest = source + 1;
}

/* A place for a new one, if need be of the one that has had nothing longest. */
static uint32_t make_place(struct air_sources *sources)
{
	uint32_t source = air_store_take(&sources->store);

	if (source != AIR_NONE || !sources->oldest)
		return source;
	source = sources->oldest - 1;
	wake(sources, source);
	*link_to(sources, source) = at(sources, source)->link;
	memset(at(sources, source), 0, sizeof(struct air_source));
	return source;
}

static void write_key(uint8_t key[9], const altair_addr *from)
{
	memset(key, 0, 9);
	key[0] = from->family;
	memcpy(key + 1, from->ip, from->family == ALTAIR_IPV6 ? 8 : 4);
}

uint32_t air_source_connect(struct air_sources *sources,
			    const altair_addr *from)
{
	uint8_t key[9];
	uint32_t *head, source;
	struct air_source *it;

	write_key(key, from);
	head = air_chain_head(&sources->chain, (altair_bytes){key, sizeof key});
	source = *head - 1;
	while (source != AIR_NONE &&
	       memcmp(at(sources, source)->key, key, sizeof key) != 0)
		source = at(sources, source)->link - 1;
	if (source == AIR_NONE) {
		source = make_place(sources);
		if (source == AIR_NONE)
			return AIR_NONE;
		it = at(sources, source);
		memcpy(it->key, key, sizeof key);
		it->link = *head;
		*head = source + 1;
	} else if (has_nothing(at(sources, source))) {
		wake(sources, source);
	}
	it = at(sources, source);
	if (sources->connections_max &&
	    it->connections >= sources->connections_max)
		return AIR_NONE;
	it->connections++;
	return source;
}

void air_source_disconnect(struct air_sources *sources, uint32_t source)
{
	AIR_ASSERT(at(sources, source)->connections > 0);
	at(sources, source)->connections--;
	rest(sources, source);
}

bool air_source_may(struct air_sources *sources, uint32_t source,
		    enum air_rate rate, altair_time now, uint32_t *seconds)
{
	unsigned times = rate == RATE_OF_RETURNING ? RETURNS : 1;
	altair_time interval = sources->interval / times;
	altair_time most = (sources->burst * times - 1) * interval;
	altair_time *next = &at(sources, source)->next[rate];
	altair_time ahead = *next > now ? *next - now : 0;

	if (sources->burst == 0)
		return true;
	if (ahead > most) {
		*seconds = (uint32_t)((ahead - most) / ALTAIR_SEC(1)) + 1;
		return false;
	}
	*next = now + ahead + interval;
	return true;
}

bool air_source_open(struct air_sources *sources, uint32_t source)
{
	struct air_source *it = at(sources, source);

	if (sources->burst && it->open >= sources->burst)
		return false;
	it->open++;
	return true;
}

void air_source_paired(struct air_sources *sources, uint32_t source)
{
	AIR_ASSERT(at(sources, source)->open > 0);
	at(sources, source)->open--;
	rest(sources, source);
}
