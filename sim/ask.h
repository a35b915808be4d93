/*
 * Messages to a TURN server written by hand: what no client of ours would send,
 * and the accounts that a besieged server knows.
 */
#ifndef SIM_ASK_H
#define SIM_ASK_H

#include "sim/rng.h"
#include "sim/stun.h"

#define SIM_ASK_MAX 640
#define SIM_ASK_NAME_MAX 8
#define SIM_ASK_PASSWORD_MAX 24

enum sim_ask_attribute {
	SIM_ASK_ERROR_CODE = 0x0009,
	SIM_ASK_LIFETIME = 0x000d,
	SIM_ASK_REALM = 0x0014,
	SIM_ASK_NONCE = 0x0015,
	SIM_ASK_FAMILY = 0x0017,
	SIM_ASK_EVEN_PORT = 0x0018,
	SIM_ASK_TRANSPORT = 0x0019,
	SIM_ASK_INTEGRITY_SHA256 = 0x001c,
	SIM_ASK_TOKEN = 0x0022,
	SIM_ASK_BOTH_FAMILIES = 0x8000,
	SIM_ASK_TICKET = 0x8030
};

/* What STUN says for IPv4 and IPv6 (RFC 8489 14.1), in the first byte. */
#define SIM_ASK_IPV4 UINT32_C(0x01000000)
#define SIM_ASK_IPV6 UINT32_C(0x02000000)
#define SIM_ASK_UDP (UINT32_C(17) << 24)

struct sim_ask {
	uint8_t bytes[SIM_ASK_MAX];
	size_t len;
};

struct sim_ask_account {
	char name[SIM_ASK_NAME_MAX], password[SIM_ASK_PASSWORD_MAX];
};

/* The account of this number. */
struct sim_ask_account sim_ask_account(unsigned number);
altair_bytes sim_ask_text(const char *text);

void sim_ask_begin(struct sim_ask *ask, enum sim_stun_class class,
		   enum sim_stun_method method, struct sim_rng *rng);
void sim_ask_add(struct sim_ask *ask, unsigned type, altair_bytes value);
void sim_ask_add_u32(struct sim_ask *ask, unsigned type, uint32_t value);
void sim_ask_add_addr(struct sim_ask *ask, unsigned type,
		      const altair_addr *addr);
/* As a client of RFC 5389 does, in the realm "altair". */
void sim_ask_sign(struct sim_ask *ask, const altair_crypto *crypto,
		  const struct sim_ask_account *account, altair_bytes nonce);

#endif
