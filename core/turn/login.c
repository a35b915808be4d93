/*
 * The long-term credential mechanism (RFC 8489 9.2), client side. A server
 * without PASSWORD-ALGORITHMS is of RFC 5389: MD5 key, MESSAGE-INTEGRITY. One
 * with it gets back its list and our choice, SHA-256 if it is there (RFC 8656
 * 6), and MESSAGE-INTEGRITY-SHA256, and never again less (RFC 8489 9.2.5).
 */
#include "turn/login.h"

#include <altair/error.h>

#include <string.h>

/* RFC 8489 9.2: a nonce that begins so goes on with four characters of base64,
 * the security features. */
#define COOKIE "obMatJos2"
#define FEATURES_LEN 4
#define FEATURE_ALGORITHMS 0x800000u /* RFC 8489 18.1: bit 0 of 24 */
#define FEATURE_ANONYMITY 0x400000u  /* RFC 8489 18.1: bit 1 of 24 */

void air_login_init(struct air_login *login, struct air_arena *arena,
		    altair_bytes name, altair_bytes password)
{
	uint8_t *copy = air_arena_take(arena, name.len + password.len, 1);

	if (!copy)
		return;
	login->name = (altair_bytes){copy, name.len};
	if (name.len > 0)
		memcpy(copy, name.data, name.len);
	if (password.len > 0)
		memcpy(copy + name.len, password.data, password.len);
	login->password = (altair_bytes){copy + name.len, password.len};
}

void air_login_reset(struct air_login *login)
{
	login->is_challenged = false;
	login->hides_name = false;
	login->algorithm = 0;
	login->realm_len = 0;
	login->algorithms_len = 0;
}

/* RFC 4648 4; 64 for what is none of its characters. */
static uint32_t sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26u;
	if (c >= '0' && c <= '9')
		return c - '0' + 52u;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* The security features that a nonce announces, 0 without a cookie. */
static uint32_t features_of(altair_bytes nonce)
{
	altair_bytes cookie = air_text(COOKIE);
	uint32_t features = 0;

	if (nonce.len < cookie.len + FEATURES_LEN ||
	    memcmp(nonce.data, cookie.data, cookie.len) != 0)
		return 0;
	for (size_t i = 0; i < FEATURES_LEN; i++) {
		uint32_t six = sextet(nonce.data[cookie.len + i]);

		if (six == 64)
			return 0;
		features = features << 6 | six;
	}
	return features;
}

bool air_login_is_challenge(const struct air_stun_message *m)
{
	struct air_stun_value error;

	return m->header.class == AIR_STUN_ERROR &&
	       air_stun_message_get(m, AIR_STUN_ERROR_CODE, &error) &&
	       (error.number == AIR_STUN_UNAUTHENTICATED ||
		error.number == AIR_STUN_STALE_NONCE);
}

bool air_login_is_weakened(const struct air_login *login,
			   const struct air_stun_message *m)
{
	struct air_stun_value nonce;

	if (air_stun_message_place(m, AIR_STUN_PASSWORD_ALGORITHMS))
		return false;
	if (login->algorithm != 0 && air_login_is_challenge(m))
		return true;
	return air_stun_message_get(m, AIR_STUN_NONCE, &nonce) &&
	       (features_of(nonce.bytes) & FEATURE_ALGORITHMS);
}

/* Copies an attribute of at most `max` bytes; false when it is not there. */
static bool copy(const struct air_stun_message *m, uint16_t type, uint8_t *to,
		 uint16_t *len)
{
	struct air_stun_value value;

	if (!air_stun_message_get(m, type, &value))
		return false;
	if (value.bytes.len > 0)
		memcpy(to, value.bytes.data, value.bytes.len);
	*len = (uint16_t)value.bytes.len;
	return true;
}

/* Our choice from the server's list; 0 when there is nothing to choose. */
static uint16_t choose(const struct air_login *l)
{
	struct air_reader r =
		air_reader((altair_bytes){l->algorithms, l->algorithms_len});
	struct air_stun_value each;
	uint16_t chosen = 0;

	while (air_stun_algorithm_next(&r, &each)) {
		if (each.number == AIR_STUN_ALGORITHM_SHA256 ||
		    each.number == AIR_STUN_ALGORITHM_MD5)
			chosen = chosen > each.number ? chosen
						      : (uint16_t)each.number;
	}
	return chosen;
}

static struct air_stun_user user_of(const struct air_login *l)
{
	return (struct air_stun_user){
		.name = l->name,
		.realm = {l->realm, l->realm_len},
		.password = l->password,
	};
}

static void make_key(struct air_login *l)
{
	struct air_stun_user user = user_of(l);

	if (l->algorithm == AIR_STUN_ALGORITHM_SHA256) {
		air_stun_key_sha256(l->crypto, &user, l->key);
		l->key_len = 32;
	} else {
		air_stun_key_md5(l->crypto, &user, l->key);
		l->key_len = 16;
	}
}

int air_login_take(struct air_login *l, const struct air_stun_message *m)
{
	bool has_realm = copy(m, AIR_STUN_REALM, l->realm, &l->realm_len);
	uint32_t features;

	if (!copy(m, AIR_STUN_NONCE, l->nonce, &l->nonce_len) ||
	    !(has_realm || l->is_challenged))
		return ALTAIR_E_INVALID;
	if (copy(m, AIR_STUN_PASSWORD_ALGORITHMS, l->algorithms,
		 &l->algorithms_len)) {
		l->algorithm = choose(l);
		if (l->algorithm == 0)
			return ALTAIR_E_UNSUPPORTED;
	}
	features = features_of((altair_bytes){l->nonce, l->nonce_len});
	l->hides_name = features & FEATURE_ANONYMITY;
	l->is_challenged = true;
	make_key(l);
	return 0;
}

static void add_bytes(struct air_stun_builder *b, uint16_t type,
		      const uint8_t *data, size_t len)
{
	struct air_stun_value value = {.bytes = {data, len}};

	air_stun_build_attr(b, type, &value);
}

static altair_bytes key_of(const struct air_login *l)
{
	return (altair_bytes){l->key, l->key_len};
}

void air_login_sign(const struct air_login *l, struct air_stun_builder *b)
{
	struct air_stun_value algorithm = {.number = l->algorithm};
	struct air_stun_user user = user_of(l);
	uint8_t hash[32];

	if (l->hides_name) {
		air_stun_userhash(l->crypto, &user, hash);
		add_bytes(b, AIR_STUN_USERHASH, hash, sizeof hash);
	} else {
		add_bytes(b, AIR_STUN_USERNAME, l->name.data, l->name.len);
	}
	add_bytes(b, AIR_STUN_REALM, l->realm, l->realm_len);
	add_bytes(b, AIR_STUN_NONCE, l->nonce, l->nonce_len);
	if (l->algorithm == 0) {
		air_stun_build_sha1(b, l->crypto, key_of(l));
		return;
	}
	add_bytes(b, AIR_STUN_PASSWORD_ALGORITHMS, l->algorithms,
		  l->algorithms_len);
	air_stun_build_attr(b, AIR_STUN_PASSWORD_ALGORITHM, &algorithm);
	air_stun_build_sha256(b, l->crypto, key_of(l), AIR_STUN_SHA256_LEN);
}

bool air_login_is_proved(const struct air_login *l,
			 const struct air_stun_message *m)
{
	if (l->algorithm == 0)
		return air_stun_check_sha1(m, l->crypto, key_of(l));
	/* RFC 8489 14.6: TURN allows no truncation. */
	return air_stun_check_sha256(m, l->crypto, key_of(l),
				     AIR_STUN_SHA256_LEN);
}
