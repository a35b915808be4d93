/*
 * Stateless nonces. 24 characters, so that a challenge has at most 80 bytes:
 * the cookie of RFC 8489 9.2, four characters of security features, and in
 * base64 16 bits of time and 48 bits of MAC. The time counts steps of 1/4096 of
 * a nonce's life and wraps; a key lives for one life and is kept for another, so
 * that no nonce of an earlier round is valid. To guess a MAC only lets one use a
 * nonce of another address: the password is still needed.
 */
#include "server/nonce.h"

#include "base/cursor.h"

#include <string.h>

#define STEPS 4096
#define MAC_LEN 6

/* RFC 8489 18.1: password algorithms and username anonymity, bits 0 and 1 of
 * 24, in base64; and the former alone. */
#define HEAD "obMatJos2wAAA"
#define HEAD_NAMED "obMatJos2gAAA"
#define HEAD_LEN (sizeof HEAD - 1)

static const char alphabet[] = /* RFC 4648 4 */
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int air_nonce_init(struct air_nonces *nonces, const altair_crypto *crypto,
		   altair_time now, altair_time life)
{
	nonces->crypto = crypto;
	nonces->life = life;
	nonces->key_since = now;
	nonces->has_previous = false;
	return crypto->random(crypto->user, nonces->key, sizeof nonces->key);
}

/* A random source that fails leaves the old key in use. */
static void rotate(struct air_nonces *nonces, altair_time now)
{
	const altair_crypto *crypto = nonces->crypto;
	uint8_t fresh[sizeof nonces->key];

	if (now - nonces->key_since < nonces->life ||
	    crypto->random(crypto->user, fresh, sizeof fresh) != 0)
		return;
	/* A key that nobody was given a nonce of for so long counts as gone. */
	nonces->has_previous = now - nonces->key_since < 2 * nonces->life;
	memcpy(nonces->previous, nonces->key, sizeof nonces->previous);
	memcpy(nonces->key, fresh, sizeof nonces->key);
	nonces->key_since = now;
}

static uint16_t step_of(const struct air_nonces *nonces, altair_time now)
{
	return (uint16_t)(now / (nonces->life / STEPS));
}

static void spell(const struct air_nonces *nonces, const uint8_t key[32],
		  uint16_t step, const altair_addr *client,
		  uint8_t out[AIR_NONCE_LEN])
{
	uint8_t subject[32], mac[32], raw[8];
	struct air_writer w = air_writer(subject, sizeof subject);
	struct air_writer r = air_writer(raw, sizeof raw);
	altair_bytes part;
	uint64_t bits = 0;

	air_write_u16(&w, step);
	air_write_u16(&w, client->port);
	air_write_u8(&w, client->family);
	air_write_bytes(&w, (altair_bytes){client->ip, sizeof client->ip});
	part = air_written(&w);
	nonces->crypto->hmac_sha256(nonces->crypto->user,
				    (altair_bytes){key, 32}, &part, 1, mac);
	air_write_u16(&r, step);
	air_write_bytes(&r, (altair_bytes){mac, MAC_LEN});
	for (size_t i = 0; i < sizeof raw; i++)
		bits = bits << 8 | raw[i];
	memcpy(out, nonces->hides_names ? HEAD : HEAD_NAMED, HEAD_LEN);
	/* Eleven sextets, the last one of four bits. */
	for (size_t i = HEAD_LEN; i < AIR_NONCE_LEN; i++) {
		size_t done = 6 * (i - HEAD_LEN);

		out[i] = (uint8_t)alphabet[done < 60 ? bits >> (58 - done) & 63
						     : (bits & 15) << 2];
	}
}

void air_nonce_make(struct air_nonces *nonces, altair_time now,
		    const altair_addr *client, uint8_t out[AIR_NONCE_LEN])
{
	rotate(nonces, now);
	spell(nonces, nonces->key, step_of(nonces, now), client, out);
}

static uint64_t sextet(uint8_t c)
{
	for (uint64_t v = 0; v < 64; v++)
		if ((uint8_t)alphabet[v] == c)
			return v;
	return 0;
}

bool air_nonce_is_valid(const struct air_nonces *nonces, altair_time now,
			const altair_addr *client, altair_bytes nonce)
{
	uint8_t expected[AIR_NONCE_LEN];
	altair_bytes want = {expected, sizeof expected};
	uint16_t step, age;

	if (nonce.len != AIR_NONCE_LEN)
		return false;
	/* 16 bits of time: two sextets and a half. */
	step = (uint16_t)(sextet(nonce.data[HEAD_LEN]) << 10 |
			  sextet(nonce.data[HEAD_LEN + 1]) << 4 |
			  sextet(nonce.data[HEAD_LEN + 2]) >> 2);
	age = (uint16_t)(step_of(nonces, now) - step);
	if (age >= STEPS)
		return false;
	spell(nonces, nonces->key, step, client, expected);
	if (air_bytes_equal_secret(nonce, want))
		return true;
	if (!nonces->has_previous)
		return false;
	spell(nonces, nonces->previous, step, client, expected);
	return air_bytes_equal_secret(nonce, want);
}
