/*
 * Nonces that nobody keeps (RFC 8489 9.2): time and a MAC over time and the
 * client's address, behind the cookie that announces what we can.
 */
#ifndef AIR_SERVER_NONCE_H
#define AIR_SERVER_NONCE_H

#include <altair/crypto.h>

enum { AIR_NONCE_LEN = 24 };

struct air_nonces {
	const altair_crypto *crypto;
	altair_time life;      /* of a nonce, and of a key */
	altair_time key_since; /* when the present key was made */
	bool has_previous;
	bool hides_names; /* announce RFC 8489 9.2.1, username anonymity */
	uint8_t key[32], previous[32];
};

/* 0, or ALTAIR_E_RANDOM. */
int air_nonce_init(struct air_nonces *nonces, const altair_crypto *crypto,
		   altair_time now, altair_time life);
/* The nonce of a client at this time. */
void air_nonce_make(struct air_nonces *nonces, altair_time now,
		    const altair_addr *client, uint8_t out[AIR_NONCE_LEN]);
/* True for one that this client was given, and not too long ago. */
bool air_nonce_is_valid(const struct air_nonces *nonces, altair_time now,
			const altair_addr *client, altair_bytes nonce);

#endif
