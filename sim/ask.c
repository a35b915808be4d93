#include "sim/ask.h"

#include <stdio.h>
#include <string.h>

#define REALM "altair"
#define SHA1_LEN 20

static const uint8_t cookie[] = {0x21, 0x12, 0xa4, 0x42};

struct sim_ask_account sim_ask_account(unsigned number)
{
	struct sim_ask_account account;

	snprintf(account.name, sizeof account.name, "user%u", number % 100);
	snprintf(account.password, sizeof account.password, "word of user%u",
		 number % 100);
	return account;
}

altair_bytes sim_ask_text(const char *text)
{
	return (altair_bytes){(const uint8_t *)text, strlen(text)};
}

static void put_u16(uint8_t *at, size_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

void sim_ask_begin(struct sim_ask *ask, enum sim_stun_class class,
		   enum sim_stun_method method, struct sim_rng *rng)
{
	unsigned low = (unsigned)class & 1, high = (unsigned)class >> 1;

	memset(ask, 0, sizeof *ask);
	put_u16(ask->bytes, (unsigned)method | low << 4 | high << 8);
	memcpy(ask->bytes + 4, cookie, sizeof cookie);
	for (size_t i = 8; i < SIM_STUN_HEADER; i++)
		ask->bytes[i] = (uint8_t)sim_rng_u32(rng);
	ask->len = SIM_STUN_HEADER;
}

/* What has no room is left out. */
void sim_ask_add(struct sim_ask *ask, unsigned type, altair_bytes value)
{
	size_t padded = (value.len + 3) / 4 * 4;

	if (ask->len + 4 + padded > SIM_ASK_MAX)
		return;
	put_u16(ask->bytes + ask->len, type);
	put_u16(ask->bytes + ask->len + 2, value.len);
	if (value.len > 0)
		memcpy(ask->bytes + ask->len + 4, value.data, value.len);
	ask->len += 4 + padded;
	put_u16(ask->bytes + 2, ask->len - SIM_STUN_HEADER);
}

void sim_ask_add_u32(struct sim_ask *ask, unsigned type, uint32_t value)
{
	uint8_t bytes[4];

	put_u16(bytes, value >> 16);
	put_u16(bytes + 2, value & 0xffff);
	sim_ask_add(ask, type, (altair_bytes){bytes, sizeof bytes});
}

void sim_ask_add_addr(struct sim_ask *ask, unsigned type,
		      const altair_addr *addr)
{
	size_t len = addr->family == ALTAIR_IPV6 ? 16 : 4;
	uint8_t bytes[20] = {0, len == 16 ? 2 : 1};

	put_u16(bytes + 2, addr->port ^ 0x2112u);
	for (size_t i = 0; i < len; i++)
		bytes[4 + i] = addr->ip[i] ^ ask->bytes[4 + i];
	sim_ask_add(ask, type, (altair_bytes){bytes, 4 + len});
}

/* RFC 8489 14.5: over everything before it, with the length behind it. */
static void add_integrity(struct sim_ask *ask, const altair_crypto *crypto,
			  altair_bytes key)
{
	altair_bytes before = {ask->bytes, ask->len};
	uint8_t mac[SHA1_LEN];

	put_u16(ask->bytes + 2, ask->len + 4 + SHA1_LEN - SIM_STUN_HEADER);
	crypto->hmac_sha1(crypto->user, key, &before, 1, mac);
	sim_ask_add(ask, SIM_STUN_INTEGRITY, (altair_bytes){mac, sizeof mac});
}

void sim_ask_sign(struct sim_ask *ask, const altair_crypto *crypto,
		  const struct sim_ask_account *account, altair_bytes nonce)
{
	altair_bytes colon = sim_ask_text(":");
	altair_bytes parts[] = {sim_ask_text(account->name), colon,
				sim_ask_text(REALM), colon,
				sim_ask_text(account->password)};
	uint8_t key[16];

	sim_ask_add(ask, SIM_STUN_USERNAME, parts[0]);
	sim_ask_add(ask, SIM_ASK_REALM, parts[2]);
	sim_ask_add(ask, SIM_ASK_NONCE, nonce);
	crypto->md5(crypto->user, parts, sizeof parts / sizeof *parts, key);
	add_integrity(ask, crypto, (altair_bytes){key, sizeof key});
}
