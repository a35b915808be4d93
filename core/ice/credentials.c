/*
 * Credentials (RFC 8445 5.3, RFC 8839 5.4). Ours have 48 random bits for the
 * fragment and 144 for the password, where 24 and 128 are asked for.
 */
#include "ice/credentials.h"

#include "base/cursor.h"

#include <string.h>

#define UFRAG_LEN 8
#define PWD_LEN 24

static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"abcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_ice_char(uint8_t c)
{
	for (size_t i = 0; i < sizeof ice_chars - 1; i++)
		if ((uint8_t)ice_chars[i] == c)
			return true;
	return false;
}

bool air_credentials_are_ice_chars(altair_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_ice_char(text.data[i]))
			return false;
	return true;
}

static int make(const altair_crypto *crypto, char *out, size_t len)
{
	uint8_t random[PWD_LEN];

	if (crypto->random(crypto->user, random, len) != 0)
		return ALTAIR_E_RANDOM;
	for (size_t i = 0; i < len; i++)
		out[i] = ice_chars[random[i] % 64];
	out[len] = '\0';
	return 0;
}

int air_credentials_make(struct air_credentials *out,
			 const altair_crypto *crypto)
{
	int error = make(crypto, out->ufrag, UFRAG_LEN);

	return error ? error : make(crypto, out->pwd, PWD_LEN);
}

static bool take(char *out, const char *text, size_t least)
{
	altair_bytes bytes = air_text(text);

	if (bytes.len < least || bytes.len > AIR_CREDENTIAL_MAX ||
	    !air_credentials_are_ice_chars(bytes))
		return false;
	memcpy(out, text, bytes.len + 1);
	return true;
}

int air_credentials_read(struct air_credentials *out, const char *ufrag,
			 const char *pwd)
{
	struct air_credentials read;

	if (!take(read.ufrag, ufrag, AIR_UFRAG_MIN) ||
	    !take(read.pwd, pwd, AIR_PWD_MIN))
		return ALTAIR_E_SYNTAX;
	*out = read;
	return 0;
}
