/*
 * Message integrity and fingerprint (RFC 8489 14.5 to 14.7).
 *
 * Both are computed over the message up to the attribute itself, with the
 * header's length set to the attribute's end. The bytes stay untouched: the
 * length is given to the hash as a part of its own. MACs are compared in
 * constant time.
 */
#include "stun/auth.h"

#include "base/assert.h"
#include "base/crc32.h"

/* The message before one attribute, as the hashes want it. */
struct covered {
	uint8_t length[2];
	altair_bytes parts[3];
};

/* `message` is what comes before an attribute with `value_len` bytes of value.
 */
static void cover(struct covered *c, altair_bytes message, size_t value_len)
{
	struct air_writer w = air_writer(c->length, sizeof c->length);

	air_write_u16(&w, (uint16_t)(message.len - AIR_STUN_HEADER_LEN +
				     AIR_STUN_TLV_LEN + value_len));
	c->parts[0] = (altair_bytes){message.data, 2};
	c->parts[1] = (altair_bytes){c->length, 2};
	c->parts[2] = (altair_bytes){message.data + 4, message.len - 4};
}

/* The MAC of `type` over what is covered; both fit into 32 bytes. */
static void compute_mac(const altair_crypto *crypto, altair_bytes key,
			uint16_t type, const struct covered *c,
			uint8_t mac[AIR_STUN_SHA256_LEN])
{
	if (type == AIR_STUN_MESSAGE_INTEGRITY)
		crypto->hmac_sha1(crypto->user, key, c->parts, 3, mac);
	else
		crypto->hmac_sha256(crypto->user, key, c->parts, 3, mac);
}

/* Adds an attribute of `len` bytes of MAC. */
static void build_mac(struct air_stun_builder *b, const altair_crypto *crypto,
		      altair_bytes key, uint16_t type, size_t len)
{
	uint8_t mac[AIR_STUN_SHA256_LEN];
	struct air_stun_value value = {.bytes = {mac, len}};
	struct covered c;

	if (b->w.failed)
		return;
	cover(&c, air_written(&b->w), len);
	compute_mac(crypto, key, type, &c, mac);
	air_stun_build_attr(b, type, &value);
}

static bool check_mac(const struct air_stun_message *message,
		      const altair_crypto *crypto, altair_bytes key,
		      uint16_t type, size_t min)
{
	const struct air_stun_place *place =
		air_stun_message_place(message, type);
	uint8_t mac[AIR_STUN_SHA256_LEN];
	altair_bytes found;
	struct covered c;

	if (!place || place->len < min)
		return false;
	cover(&c, (altair_bytes){message->bytes.data, place->at}, place->len);
	compute_mac(crypto, key, type, &c, mac);
	found.data = message->bytes.data + place->at + AIR_STUN_TLV_LEN;
	found.len = place->len;
	return air_bytes_equal_secret(found, (altair_bytes){mac, place->len});
}

void air_stun_build_sha1(struct air_stun_builder *b,
			 const altair_crypto *crypto, altair_bytes key)
{
	build_mac(b, crypto, key, AIR_STUN_MESSAGE_INTEGRITY,
		  AIR_STUN_SHA1_LEN);
}

void air_stun_build_sha256(struct air_stun_builder *b,
			   const altair_crypto *crypto, altair_bytes key,
			   size_t len)
{
	AIR_ASSERT(len <= AIR_STUN_SHA256_LEN);
	build_mac(b, crypto, key, AIR_STUN_MESSAGE_INTEGRITY_SHA256, len);
}

bool air_stun_check_sha1(const struct air_stun_message *message,
			 const altair_crypto *crypto, altair_bytes key)
{
	return check_mac(message, crypto, key, AIR_STUN_MESSAGE_INTEGRITY,
			 AIR_STUN_SHA1_LEN);
}

bool air_stun_check_sha256(const struct air_stun_message *message,
			   const altair_crypto *crypto, altair_bytes key,
			   size_t min)
{
	return check_mac(message, crypto, key,
			 AIR_STUN_MESSAGE_INTEGRITY_SHA256, min);
}

/* The FINGERPRINT of the message that comes before it. */
static uint32_t fingerprint(altair_bytes message)
{
	struct covered c;

	cover(&c, message, sizeof(uint32_t));
	return air_crc32(c.parts, 3) ^ AIR_STUN_FINGERPRINT_XOR;
}

void air_stun_build_fingerprint(struct air_stun_builder *b)
{
	struct air_stun_value value = {0};

	if (b->w.failed)
		return;
	value.number = fingerprint(air_written(&b->w));
	air_stun_build_attr(b, AIR_STUN_FINGERPRINT, &value);
}

bool air_stun_check_fingerprint(const struct air_stun_message *message)
{
	struct air_stun_value value;
	size_t at;

	if (!air_stun_message_get(message, AIR_STUN_FINGERPRINT, &value))
		return false;
	at = air_stun_message_place(message, AIR_STUN_FINGERPRINT)->at;
	return value.number ==
	       fingerprint((altair_bytes){message->bytes.data, at});
}

bool air_stun_is_intact(const struct air_stun_message *message)
{
	return !air_stun_message_place(message, AIR_STUN_FINGERPRINT) ||
	       air_stun_check_fingerprint(message);
}

/* "name:realm" or, with the password, "name:realm:password". */
static size_t join(const struct air_stun_user *user, bool with_password,
		   altair_bytes parts[5])
{
	altair_bytes colon = air_text(":");

	parts[0] = user->name;
	parts[1] = colon;
	parts[2] = user->realm;
	parts[3] = colon;
	parts[4] = user->password;
	return with_password ? 5 : 3;
}

void air_stun_key_md5(const altair_crypto *crypto,
		      const struct air_stun_user *user, uint8_t out[16])
{
	altair_bytes parts[5];

	crypto->md5(crypto->user, parts, join(user, true, parts), out);
}

void air_stun_key_sha256(const altair_crypto *crypto,
			 const struct air_stun_user *user, uint8_t out[32])
{
	altair_bytes parts[5];

	crypto->sha256(crypto->user, parts, join(user, true, parts), out);
}

void air_stun_userhash(const altair_crypto *crypto,
		       const struct air_stun_user *user, uint8_t out[32])
{
	altair_bytes parts[5];

	crypto->sha256(crypto->user, parts, join(user, false, parts), out);
}
