/*
 * The directory: nameplates ("n", number), present keys ("p", SHA-256) and sides of
 * mailboxes ("m", mailbox, seat), each with the node where they are. A question that
 * finds no room is one that was not answered: everything is asked again.
 */
#include "rendezvous/directory.h"

#include "base/cursor.h"

#define KEY_LIFE 120 /* seconds; said again every 60 */
#define PLATE_LIFE 600
#define LISTING_LEN (ALTAIR_RENDEZVOUS_NODE_LEN + 1 + 8)

static struct air_ask *next_ask(altair_rendezvous *r)
{
	if (!r->config.has_directory || !r->is_up || r->ask_count == AIR_ASKS)
		return NULL;
	r->stats.asks++;
	return &r->asks[(r->first_ask + r->ask_count++) % AIR_ASKS];
}

static uint64_t cookie_of(const altair_rendezvous *r, enum air_asked about,
			  uint32_t side)
{
	return (uint64_t)about << 56 | (uint64_t)side << 32 |
	       air_side_at(r, side)->generation;
}

enum air_asked air_directory_asked(const altair_rendezvous *r, uint64_t cookie,
				   uint32_t *side)
{
	*side = (uint32_t)(cookie >> 32) & 0xffffff;
	if (*side >= r->sides.fresh ||
	    air_side_at(r, *side)->generation != (uint32_t)cookie ||
	    (uint32_t)cookie == 0)
		return ASKED_NOTHING;
	return (enum air_asked)(cookie >> 56);
}

static void set_key(struct air_ask *ask, char kind, altair_bytes rest)
{
	struct air_writer w = air_writer(ask->key, sizeof ask->key);

	air_write_u8(&w, (uint8_t)kind);
	air_write_bytes(&w, rest);
	ask->key_len = (uint32_t)w.len;
}

static void set_plate_key(struct air_ask *ask, uint32_t number)
{
	uint8_t bytes[4];
	struct air_writer w = air_writer(bytes, sizeof bytes);

	air_write_u32(&w, number);
	set_key(ask, 'n', air_written(&w));
}

static void set_side_key(struct air_ask *ask, const struct air_side *s,
			 bool is_caller)
{
	uint8_t bytes[ALTAIR_NOTE_ID_LEN + 1];

	memcpy(bytes, s->mailbox, ALTAIR_NOTE_ID_LEN);
	bytes[ALTAIR_NOTE_ID_LEN] = is_caller;
	set_key(ask, 'm', (altair_bytes){bytes, sizeof bytes});
}

static void set_node(altair_rendezvous *r, struct air_ask *ask)
{
	memcpy(ask->value, r->config.node, ALTAIR_RENDEZVOUS_NODE_LEN);
	ask->value_len = ALTAIR_RENDEZVOUS_NODE_LEN;
	ask->seconds = KEY_LIFE;
}

static void hash_token(const altair_rendezvous *r, uint32_t side,
		       uint8_t out[8])
{
	const altair_crypto *crypto = r->config.crypto;
	altair_bytes token = {air_side_at(r, side)->token, ALTAIR_NOTE_ID_LEN};
	uint8_t hash[32];

	crypto->sha256(crypto->user, &token, 1, hash);
	memcpy(out, hash, 8);
}

void air_directory_plate(altair_rendezvous *r, uint32_t side,
			 enum altair_rendezvous_verb verb, bool is_used)
{
	struct air_ask *ask = next_ask(r);
	struct air_writer w;
	uint8_t hash[8];

	if (!ask)
		return;
	*ask = (struct air_ask){.verb = verb,
				.seconds = PLATE_LIFE,
				.cookie = cookie_of(r, ASKED_PLATE, side)};
	set_plate_key(ask, air_side_at(r, side)->nameplate);
	hash_token(r, side, hash);
	w = air_writer(ask->value, sizeof ask->value);
	air_write_bytes(
		&w, (altair_bytes){r->config.node, ALTAIR_RENDEZVOUS_NODE_LEN});
	air_write_u8(&w, is_used);
	air_write_bytes(&w, (altair_bytes){hash, sizeof hash});
	ask->value_len = (uint32_t)w.len;
}

void air_directory_listener(altair_rendezvous *r, uint32_t side)
{
	struct air_ask *ask = next_ask(r);

	if (!ask)
		return;
	*ask = (struct air_ask){.verb = ALTAIR_DIRECTORY_GET,
				.cookie = cookie_of(r, ASKED_LISTENER, side)};
	set_plate_key(ask, air_side_at(r, side)->nameplate);
}

void air_directory_present(altair_rendezvous *r, const uint8_t *key,
			   enum altair_rendezvous_verb verb)
{
	struct air_ask *ask = next_ask(r);

	if (!ask)
		return;
	*ask = (struct air_ask){.verb = verb};
	set_key(ask, 'p', (altair_bytes){key, ALTAIR_NOTE_KEY_LEN});
	set_node(r, ask);
}

void air_directory_called(altair_rendezvous *r, uint32_t side,
			  const uint8_t *key)
{
	struct air_ask *ask = next_ask(r);

	if (!ask)
		return;
	*ask = (struct air_ask){.verb = ALTAIR_DIRECTORY_GET,
				.cookie = cookie_of(r, ASKED_PRESENT, side)};
	set_key(ask, 'p', (altair_bytes){key, ALTAIR_NOTE_KEY_LEN});
}

void air_directory_side(altair_rendezvous *r, uint32_t side,
			enum altair_rendezvous_verb verb)
{
	const struct air_side *s = air_side_at(r, side);
	struct air_ask *ask = next_ask(r);

	if (!ask)
		return;
	*ask = (struct air_ask){.verb = verb};
	set_side_key(ask, s, s->is_caller);
	set_node(r, ask);
}

void air_directory_find(altair_rendezvous *r, uint32_t side,
			enum air_asked about)
{
	const struct air_side *s = air_side_at(r, side);
	struct air_ask *ask = next_ask(r);

	if (!ask)
		return;
	*ask = (struct air_ask){.verb = ALTAIR_DIRECTORY_GET,
				.cookie = cookie_of(r, about, side)};
	set_side_key(ask, s, s->is_caller == (about == ASKED_MOVED));
}

bool air_listing_read(altair_bytes value, struct air_listing *out)
{
	struct air_reader reader = air_reader(value);
	altair_bytes node = air_read_bytes(&reader, ALTAIR_RENDEZVOUS_NODE_LEN);
	uint8_t state = air_read_u8(&reader);
	altair_bytes hash = air_read_bytes(&reader, sizeof out->hash);

	if (reader.failed || reader.len > 0 || value.len != LISTING_LEN)
		return false;
	memcpy(out->node, node.data, node.len);
	memcpy(out->hash, hash.data, hash.len);
	out->is_used = state;
	return true;
}

bool air_listing_is_of(const altair_rendezvous *r,
		       const struct air_listing *listing, uint32_t side)
{
	uint8_t hash[8];

	hash_token(r, side, hash);
	return memcmp(hash, listing->hash, sizeof hash) == 0;
}
