/*
 * A relay: a TURN server of the user, and the client that holds an address on it
 * (altair_turn), begun anew whenever it ends.
 */
#ifndef AIR_RELAY_H
#define AIR_RELAY_H

#include <altair/agent.h>
#include <altair/turn.h>

/* Bytes of name and password together. */
#define AIR_RELAY_SECRETS_MAX 512

/* Inside the agent a relayed address is a socket of its own: this and the number
 * of its relay. Drivers' numbers are below. */
#define AIR_RELAY_SOCK UINT32_C(0x80000000)

enum { AIR_RELAY_FAMILIES = 2 };

struct air_relay {
	void *memory;	   /* of the client                                  */
	altair_turn *turn; /* in it, or NULL: there is none now              */
	altair_time deadline; /* what it wants                               */
	altair_time begin_at; /* no `turn`: when the next one may begin      */
	altair_time pause;    /* before the one after it                     */
	altair_time open_until; /* a stream that does not open is given up   */
	altair_time held_at;	/* the last address was given                */
	altair_addr server;
	uint32_t sock; /* the driver's number: of a host, or of the stream   */
	uint32_t attempts;
	int locals[AIR_RELAY_FAMILIES]; /* places in the checklist, or < 0   */
	int reason, code; /* why there was none the last time; or 0          */
	uint16_t name_len, password_len;
	uint8_t families;
	bool is_stream, is_tls;
	bool has_stream; /* the driver has it, or is to open it              */
	bool may_linger; /* the server may still hold an address for us       */
	bool is_settled; /* it has given an address or a reason before       */
	bool has_no_channels; /* it gives an allocation up over one        */
	altair_addr unbound;  /* the last peer that it gave no channel for */
	altair_addr local;    /* where the stream is from, or no address   */
	uint8_t secrets[AIR_RELAY_SECRETS_MAX];
};

#endif
