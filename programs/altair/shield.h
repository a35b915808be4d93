/*
 * shield.h - the punched path made safe by a secret that both people know: the
 * introduction (altair/meet.h), then the secure session (altair/secure.h), over the
 * datagrams of altair_punch.
 */
#ifndef AIR_SHIELD_H
#define AIR_SHIELD_H

#include <altair/meet.h>
#include <altair/openssl.h>
#include <altair/punch.h>
#include <altair/secure.h>
#include <altair/uv.h>

#include <uv.h>

/* The longest message: one byte says what it is, for DTLS has no empty one. */
#define SHIELD_MESSAGE_MAX (ALTAIR_SECURE_MESSAGE_MAX - 1)

struct shield_handlers {
	/* Messages go both ways now; `took` since air_shield_begin. */
	void (*secured)(void *user, altair_time took);
	void (*message)(void *user, altair_bytes message);
	/* It is over: an ALTAIR_E_*, of altair/meet.h when not `is_met`, else of
	 * altair/secure.h. */
	void (*failed)(void *user, int reason, bool is_met);
	void *user;
};

struct shield {
	uv_timer_t timer;
	altair_uv *driver;
	altair_punch *punch;
	struct shield_handlers handlers;
	char secret[ALTAIR_MEET_SECRET_MAX];
	size_t secret_len; /* 0: there is no shield                        */
	bool is_begun, is_caller, is_met, is_secured, is_over;
	altair_time began, rtt;
	uint8_t lot[8]; /* where --initiator does not say who speaks first */
	unsigned lots;	/* how often it may yet be said                   */
	altair_time lot_at;
	bool has_lot;
	altair_openssl_key *key;
	altair_dtls dtls;
	altair_meet *meet;
	void *meet_memory;
	altair_secure *secure;
	void *secure_memory;
	uint64_t messages_in, bytes_in, messages_out, bytes_out;
};

/* Begins: there is a path, `secret`, `driver`, `punch` and the handlers are set. 0
 * or an ALTAIR_E_*. */
int air_shield_begin(struct shield *shield, uv_loop_t *loop, bool is_caller);

/* Both or neither are the initiator: who speaks first is drawn by lot. */
void air_shield_draw(struct shield *shield);

/* The path's round trip. */
void air_shield_rtt(struct shield *shield, altair_time rtt);

/* What altair_punch has given as payload. */
void air_shield_input(struct shield *shield, const altair_datagram *datagram);

/* Sends a message: 0, or an ALTAIR_E_*. */
int air_shield_send(struct shield *shield, altair_bytes message);

/* The sentence about what `failed` tells. */
void air_shield_explain(int reason, bool is_met, char *out, size_t cap);

/* Tells the peer that it is over. */
void air_shield_end(struct shield *shield);

/* Gives everything back; the secret is wiped. Harmless when it was not begun. */
void air_shield_close(struct shield *shield);

#endif
