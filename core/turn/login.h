/*
 * The long-term credentials towards one server: what its challenge asked for,
 * how a request is signed, which response proves itself.
 */
#ifndef AIR_TURN_LOGIN_H
#define AIR_TURN_LOGIN_H

#include "base/arena.h"
#include "stun/auth.h"

enum {
	AIR_LOGIN_NAME_MAX = 508,	/* RFC 8489 14.3                    */
	AIR_LOGIN_TEXT_MAX = 763,	/* RFC 8489 14.9, 14.10             */
	AIR_LOGIN_ALGORITHMS_MAX = 256, /* as core/stun/attr.c has it       */
};

struct air_login {
	const altair_crypto *crypto;
	altair_bytes name, password;
	bool is_challenged; /* the rest is valid                            */
	bool hides_name;    /* USERHASH instead of USERNAME                 */
	uint16_t algorithm; /* 0: as RFC 5389, without a choice             */
	uint16_t realm_len, nonce_len, algorithms_len;
	uint8_t realm[AIR_LOGIN_TEXT_MAX], nonce[AIR_LOGIN_TEXT_MAX];
	uint8_t algorithms[AIR_LOGIN_ALGORITHMS_MAX];
	uint8_t key[32], key_len;
};

/* Copies name and password into the arena. */
void air_login_init(struct air_login *login, struct air_arena *arena,
		    altair_bytes name, altair_bytes password);
/* Back to before the first challenge. */
void air_login_reset(struct air_login *login);
/* True for 401 and 438, which no server signs. */
bool air_login_is_challenge(const struct air_stun_message *response);
/* True when the response lacks what its own nonce, or our session, says that
 * the server has: somebody made it weaker on the way (RFC 8489 9.2.1). */
bool air_login_is_weakened(const struct air_login *login,
			   const struct air_stun_message *response);
/* Takes realm and nonce from a 401 or 438. 0, ALTAIR_E_INVALID (it has none),
 * or ALTAIR_E_UNSUPPORTED (no algorithm of ours). */
int air_login_take(struct air_login *login,
		   const struct air_stun_message *response);
/* Adds who we are, and the proof. */
void air_login_sign(const struct air_login *login, struct air_stun_builder *b);
/* True when the response holds the right proof. */
bool air_login_is_proved(const struct air_login *login,
			 const struct air_stun_message *response);

#endif
