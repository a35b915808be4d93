/*
 * talk.h - the protected session: an agent, and DTLS on whatever path it has.
 */
#ifndef AIR_TALK_H
#define AIR_TALK_H

#include <altair/secure.h>
#include <altair/uv_agent.h>
#include <altair/verdict.h>

/* Datagrams of DTLS that wait until the path takes them. */
#define AIR_TALK_HELD 4

struct air_talk_handlers {
	/* Attribute lines for the peer, besides those of air_talk_describe. */
	void (*lines)(void *user, const char *lines);
	/* Our own candidates are complete. */
	void (*gathered)(void *user);
	/* The peer has proved its key; messages go both ways. */
	void (*opened)(void *user);
	void (*message)(void *user, altair_bytes message);
	/* Another path; or the path is silent, or not any more. */
	void (*moved)(void *user);
	void (*silent)(void *user, bool is_silent);
	/* It is over: ALTAIR_E_CLOSED (by the peer), or why. */
	void (*over)(void *user, int reason);
	/* air_talk_run is wanted soon. */
	void (*kick)(void *user);
};

struct air_talk {
	altair_uv_agent *driver;
	altair_agent *agent;
	const altair_dtls *dtls;
	altair_secure *secure; /* NULL: it is not known who the peer is     */
	void *memory;	       /* of `secure`                               */
	struct air_talk_handlers handlers;
	void *user;
	bool is_open, is_over, is_silent, is_gathered, is_telling;
	bool has_no_path; /* why it is over: ask the agent's verdict       */
	size_t held_count;
	size_t held_len[AIR_TALK_HELD];
	uint8_t held[AIR_TALK_HELD][ALTAIR_DTLS_DATAGRAM_MAX];
	size_t early_len; /* what came before `secure` */
	uint8_t early[ALTAIR_DTLS_DATAGRAM_MAX];
	uint8_t room[ALTAIR_SECURE_HEADROOM + ALTAIR_SECURE_MESSAGE_MAX +
		     ALTAIR_SECURE_TAILROOM];
};

/* `talk` is all zero but `dtls`, `handlers` and `user`. Begins to gather. What
 * altair_uv_agent_open returns. */
int air_talk_open(struct air_talk *talk, uv_loop_t *loop,
		  const altair_uv_agent_config *config);

/* Writes our description; from now on `lines` tells what comes after it. */
int air_talk_describe(struct air_talk *talk, char *out, size_t cap);

/* The peer's attribute lines. 0, or what altair_agent_accept returns. */
int air_talk_accept(struct air_talk *talk, const char *lines);

/* Who the peer has to be, and which of the two begins. 0, or ALTAIR_E_MEMORY. */
int air_talk_expect(struct air_talk *talk, const uint8_t peer[32],
		    bool is_client);

/* 0, ALTAIR_E_STATE, ALTAIR_E_TOO_LONG, or what altair_uv_agent_send returns. */
int air_talk_send(struct air_talk *talk, altair_bytes message);

/* Does what is due; returns when to be called again. */
altair_time air_talk_run(struct air_talk *talk, altair_time now);

/* Tells the peer that it is over, if it can be told; no handler is called any
 * more. */
void air_talk_goodbye(struct air_talk *talk);

/* `closed` is given the talk. */
void air_talk_close(struct air_talk *talk, void (*closed)(void *user));

#endif
