/*
 * What proves a STUN message: MESSAGE-INTEGRITY in both variants, the keys for
 * them, and FINGERPRINT (RFC 8489 9, 14.4 to 14.7).
 */
#ifndef AIR_STUN_AUTH_H
#define AIR_STUN_AUTH_H

#include "stun/message.h"

#include <altair/crypto.h>

/* Adds MESSAGE-INTEGRITY over everything added so far. */
void air_stun_build_sha1(struct air_stun_builder *b,
			 const altair_crypto *crypto, altair_bytes key);
/* Adds MESSAGE-INTEGRITY-SHA256, cut to `len` bytes: 16, 20 ... 32. */
void air_stun_build_sha256(struct air_stun_builder *b,
			   const altair_crypto *crypto, altair_bytes key,
			   size_t len);
/* Adds FINGERPRINT. Nothing may be added behind it. */
void air_stun_build_fingerprint(struct air_stun_builder *b);

/* True when the attribute is there and right. */
bool air_stun_check_sha1(const struct air_stun_message *message,
			 const altair_crypto *crypto, altair_bytes key);
/* The same for an attribute of at least `min` bytes (RFC 8489 14.6: 32 unless
 * the usage allows less). */
bool air_stun_check_sha256(const struct air_stun_message *message,
			   const altair_crypto *crypto, altair_bytes key,
			   size_t min);
bool air_stun_check_fingerprint(const struct air_stun_message *message);
/* A FINGERPRINT may be missing but not wrong. */
bool air_stun_is_intact(const struct air_stun_message *message);

/* A user, prepared with OpaqueString (RFC 8265) by the caller. */
struct air_stun_user {
	altair_bytes name, realm, password;
};

/* The keys of the long-term mechanism (RFC 8489 18.5.1). */
void air_stun_key_md5(const altair_crypto *crypto,
		      const struct air_stun_user *user, uint8_t out[16]);
void air_stun_key_sha256(const altair_crypto *crypto,
			 const struct air_stun_user *user, uint8_t out[32]);
/* USERHASH (RFC 8489 14.4); the password is not used. */
void air_stun_userhash(const altair_crypto *crypto,
		       const struct air_stun_user *user, uint8_t out[32]);

#endif
