/*
 * The name is "time:user", "user:time" or "time", the time in seconds of Unix;
 * the password is the base64 of HMAC-SHA1 over the name. Nothing is kept of such
 * users: whoever shows a name and the right proof is let in until its time.
 */
#include "server/rest.h"

#include "base/cursor.h"

#include <string.h>

#define MAC_LEN 20
#define PASSWORD_LEN 28 /* its base64, padded */
#define DIGITS_MAX 18	/* of seconds; fits into 64 bits */

void air_rest_init(struct air_rest *rest, struct air_arena *arena,
		   const altair_server_config *config)
{
	rest->count = config->rest_secret_count;
	rest->secrets =
		air_arena_take(arena, rest->count, sizeof *rest->secrets);
	for (size_t i = 0; i < rest->count; i++) {
		altair_bytes secret = config->rest_secrets[i];
		uint8_t *copy = air_arena_take(arena, secret.len, 1);

		if (!copy || !rest->secrets)
			continue;
		memcpy(copy, secret.data, secret.len);
		rest->secrets[i] = (altair_bytes){copy, secret.len};
	}
	rest->unix_time = config->unix_time;
}

static bool read_time(altair_bytes text, uint64_t *out)
{
	*out = 0;
	if (text.len == 0 || text.len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*out = *out * 10 + (text.data[i] - '0');
	}
	return true;
}

bool air_rest_read(altair_bytes name, uint64_t *until, altair_bytes *user)
{
	altair_bytes before = name, after = {name.data, 0};

	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] != ':')
			continue;
		before.len = i;
		after.data = name.data + i + 1;
		after.len = name.len - i - 1;
		break;
	}
	*user = after.len > 0 ? after : name;
	if (read_time(before, until))
		return true;
	*user = before;
	return read_time(after, until);
}

bool air_rest_is_over(const struct air_rest *rest, altair_time now,
		      uint64_t until)
{
	altair_time passed = now > rest->at ? now - rest->at : 0;

	return until < rest->unix_time + passed / ALTAIR_SEC(1);
}

/* RFC 4648 4. */
static void write_base64(const uint8_t mac[MAC_LEN], uint8_t out[PASSWORD_LEN])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";

	for (size_t i = 0; i < PASSWORD_LEN - 1; i++) {
		size_t bit = 6 * i, at = bit / 8;
		unsigned two = (unsigned)mac[at] << 8;

		if (at + 1 < MAC_LEN)
			two |= mac[at + 1];
		out[i] = (uint8_t)alphabet[two >> (10 - bit % 8) & 63];
	}
	out[PASSWORD_LEN - 1] = '=';
}

void air_rest_make_user(const struct air_rest *rest, size_t secret,
			const altair_crypto *crypto, altair_bytes realm,
			altair_server_user *user)
{
	uint8_t mac[MAC_LEN], password[PASSWORD_LEN];

	crypto->hmac_sha1(crypto->user, rest->secrets[secret], &user->name, 1,
			  mac);
	write_base64(mac, password);
	altair_server_make_user(user, crypto, user->name, realm,
				(altair_bytes){password, sizeof password});
}
