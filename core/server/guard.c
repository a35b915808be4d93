/*
 * The long-term credential mechanism (RFC 8489 9.2), server side. The checks and
 * their order are those of 9.2.4. A client of RFC 5389 passes over
 * PASSWORD-ALGORITHMS and is served as MD5 and SHA-1; one that returns the list
 * must return ours, so that nobody on the way can shorten it.
 *
 * Who is not known is checked against a key that nobody has: an unknown name and
 * a wrong password take the same way and get the same answer. So does a right one
 * while its source waits for having guessed.
 */
#include "server/guard.h"

#include "base/addr.h"
#include "stun/auth.h"

#include <string.h>

/* RFC 8489 14.11, in order of preference. */
static const uint8_t algorithms[] = {0, AIR_STUN_ALGORITHM_SHA256, 0, 0,
				     0, AIR_STUN_ALGORITHM_MD5,	   0, 0};

/* Stands for a user that is not there. Who signs with its key is not let in,
 * either. */
static const altair_server_user nobody;

static const altair_server_user *find_user(const struct altair_server *s,
					   const struct air_stun_message *m)
{
	struct air_stun_value v;

	if (air_stun_message_get(m, AIR_STUN_USERNAME, &v))
		return air_user_find(&s->users, v.bytes);
	air_stun_message_get(m, AIR_STUN_USERHASH, &v);
	return air_user_find_hash(&s->users, v.bytes);
}

/* What the request was signed with; 0 when it contradicts itself or us. */
static uint64_t find_algorithm(const struct air_stun_message *m)
{
	altair_bytes ours = {algorithms, sizeof algorithms};
	struct air_stun_value list, chosen;
	bool has_list =
		air_stun_message_get(m, AIR_STUN_PASSWORD_ALGORITHMS, &list);
	bool has_choice =
		air_stun_message_get(m, AIR_STUN_PASSWORD_ALGORITHM, &chosen);

	if (!has_list && !has_choice)
		return AIR_STUN_ALGORITHM_MD5;
	if (!has_list || !has_choice || !air_bytes_equal(list.bytes, ours) ||
	    (chosen.number != AIR_STUN_ALGORITHM_MD5 &&
	     chosen.number != AIR_STUN_ALGORITHM_SHA256))
		return 0;
	return chosen.number;
}

static void make_key(struct air_server_key *key, const altair_server_user *user,
		     const struct air_stun_message *m, uint64_t algorithm)
{
	bool is_sha256 = algorithm == AIR_STUN_ALGORITHM_SHA256;

	key->len = is_sha256 ? sizeof user->sha256 : sizeof user->md5;
	memcpy(key->bytes, is_sha256 ? user->sha256 : user->md5, key->len);
	/* RFC 8489 9.2.4: SHA-1 only for those who said nothing of it. */
	key->is_sha256 =
		air_stun_message_place(m, AIR_STUN_PASSWORD_ALGORITHM) != NULL;
	key->with_fingerprint =
		air_stun_message_place(m, AIR_STUN_FINGERPRINT) != NULL;
}

/* RFC 8489 14.6: TURN allows no truncation. */
static bool is_proved(const struct altair_server *s,
		      const struct air_stun_message *m,
		      const struct air_server_key *key)
{
	altair_bytes bytes = {key->bytes, key->len};

	if (air_stun_message_place(m, AIR_STUN_MESSAGE_INTEGRITY_SHA256))
		return air_stun_check_sha256(m, s->crypto, bytes,
					     AIR_STUN_SHA256_LEN);
	/* RFC 8489 16.1.3: who knows the algorithms has no use for SHA-1. */
	return !key->is_sha256 && air_stun_check_sha1(m, s->crypto, bytes);
}

static bool has(const struct air_stun_message *m, uint16_t type)
{
	return air_stun_message_place(m, type) != NULL;
}

/* A static user, or nobody. */
static int check_static(struct altair_server *s,
			const struct air_stun_message *m, uint64_t algorithm,
			struct air_guest *guest)
{
	const altair_server_user *user = find_user(s, m);

	make_key(&guest->key, user ? user : &nobody, m, algorithm);
	if (!is_proved(s, m, &guest->key) || !user)
		return AIR_STUN_UNAUTHENTICATED;
	guest->owner = air_user_identity(&s->users, user->name);
	guest->name = user->name;
	return 0;
}

/* A name that says until when it is good. Its holder is who stands beside the
 * time, so that tomorrow's name is the same user. */
static int check_timed(struct altair_server *s, altair_time now,
		       const struct air_stun_message *m, uint64_t algorithm,
		       struct air_guest *guest)
{
	struct air_stun_value name;
	altair_server_user user;
	altair_bytes holder;
	uint64_t until;

	if (!air_stun_message_get(m, AIR_STUN_USERNAME, &name) ||
	    !air_rest_read(name.bytes, &until, &holder))
		return AIR_STUN_UNAUTHENTICATED;
	user.name = name.bytes;
	for (size_t i = 0; i < s->rest.count; i++) {
		air_rest_make_user(&s->rest, i, s->crypto, s->realm, &user);
		make_key(&guest->key, &user, m, algorithm);
		if (!is_proved(s, m, &guest->key))
			continue;
		guest->owner = air_user_identity(&s->users, holder);
		guest->name = holder;
		guest->is_over = air_rest_is_over(&s->rest, now, until);
		return 0;
	}
	return AIR_STUN_UNAUTHENTICATED;
}

/* Whom the request names, whether there is such a user or not. */
static uint64_t read_claim(const struct altair_server *s,
			   const struct air_stun_message *m)
{
	const altair_server_user *user = find_user(s, m);
	struct air_stun_value v;
	altair_bytes holder;
	uint64_t until;

	if (user)
		return air_user_identity(&s->users, user->name);
	if (!air_stun_message_get(m, AIR_STUN_USERNAME, &v))
		air_stun_message_get(m, AIR_STUN_USERHASH, &v);
	else if (s->rest.count > 0 && air_rest_read(v.bytes, &until, &holder))
		v.bytes = holder;
	return air_user_identity(&s->users, v.bytes);
}

/* RFC 8489 9.2.4 has the nonce checked last. Then who has no nonce of ours would
 * learn by 401 or 438 whether a password is right, as often as they ask. */
int air_guard_check(struct altair_server *s, altair_time now,
		    const altair_addr *from, const struct air_stun_message *m,
		    struct air_guest *guest)
{
	struct air_stun_value nonce;
	uint64_t algorithm, claim;
	int code;

	memset(guest, 0, sizeof *guest);
	if (!has(m, AIR_STUN_MESSAGE_INTEGRITY) &&
	    !has(m, AIR_STUN_MESSAGE_INTEGRITY_SHA256))
		return AIR_STUN_UNAUTHENTICATED;
	if ((!has(m, AIR_STUN_USERNAME) && !has(m, AIR_STUN_USERHASH)) ||
	    !has(m, AIR_STUN_REALM) ||
	    !air_stun_message_get(m, AIR_STUN_NONCE, &nonce))
		return AIR_STUN_BAD_REQUEST;
	algorithm = find_algorithm(m);
	if (algorithm == 0)
		return AIR_STUN_BAD_REQUEST;
	if (!air_nonce_is_valid(&s->nonces, now, from, nonce.bytes))
		return AIR_STUN_STALE_NONCE;
	claim = read_claim(s, m);
	code = check_static(s, m, algorithm, guest);
	if (code != 0 && s->rest.count > 0)
		code = check_timed(s, now, m, algorithm, guest);
	if (code != 0)
		memset(guest, 0, sizeof *guest);
	guest->claim = claim;
	return code;
}

void air_guard_challenge(struct air_response *r, altair_time now)
{
	altair_addr from = air_addr_canonical(&r->path->remote);
	uint8_t nonce[AIR_NONCE_LEN];
	struct air_stun_value value = {.bytes = r->server->realm};

	air_response_add(r, AIR_STUN_REALM, &value);
	air_nonce_make(&r->server->nonces, now, &from, nonce);
	value.bytes = (altair_bytes){nonce, sizeof nonce};
	air_response_add(r, AIR_STUN_NONCE, &value);
	value.bytes = (altair_bytes){algorithms, sizeof algorithms};
	air_response_add(r, AIR_STUN_PASSWORD_ALGORITHMS, &value);
}
