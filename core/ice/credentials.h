/*
 * The user fragment and password of one generation of one side (RFC 8445 5.3).
 */
#ifndef AIR_CREDENTIALS_H
#define AIR_CREDENTIALS_H

#include <altair/crypto.h>
#include <altair/error.h>

/* RFC 8839 5.4 */
#define AIR_UFRAG_MIN 4
#define AIR_PWD_MIN 22
#define AIR_CREDENTIAL_MAX 256

struct air_credentials {
	char ufrag[AIR_CREDENTIAL_MAX + 1];
	char pwd[AIR_CREDENTIAL_MAX + 1];
};

/* True when all of it is ALPHA / DIGIT / "+" / "/" (RFC 8839 5.1). */
bool air_credentials_are_ice_chars(altair_bytes text);

/* New ones of ours; 0 or ALTAIR_E_RANDOM. */
int air_credentials_make(struct air_credentials *out,
			 const altair_crypto *crypto);
/* The peer's; 0, or ALTAIR_E_SYNTAX for what RFC 8839 5.4 does not allow. */
int air_credentials_read(struct air_credentials *out, const char *ufrag,
			 const char *pwd);

#endif
