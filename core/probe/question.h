/*
 * The questions of a probe, and the probe itself, for the files that work on it:
 * question.c (asking and hearing), plan.c (what to ask next), facts.c (what the
 * answers say), probe.c (the machine).
 */
#ifndef AIR_PROBE_QUESTION_H
#define AIR_PROBE_QUESTION_H

#include "base/arena.h"
#include "base/machine.h"
#include "stun/message.h"

#include <altair/probe.h>

enum air_question_kind {
	ASK_SERVER,	/* who am I? To every server, from MAIN             */
	ASK_OTHER_IP,	/* to the other address of a server, from MAIN      */
	ASK_OTHER_BOTH, /* to its other address and port, from MAIN         */
	ASK_PORT,	/* from the other sockets                           */
	ASK_CHANGE_BOTH,
	ASK_CHANGE_PORT,
	ASK_CONTROL, /* for a change to where MAIN has sent before          */
	ASK_HAIRPIN, /* to our own mapping                                  */
	ASK_SIZE,
	ASK_LIFE_OPEN, /* makes a mapping                                   */
	ASK_LIFE_KEEP, /* the same, once more                               */
	ASK_LIFE       /* is it there still?                                */
};

enum air_question_state {
	QUESTION_OPEN,
	QUESTION_ANSWERED,
	QUESTION_REFUSED, /* with an error, or not as it was asked for      */
	QUESTION_SILENT,
	QUESTION_SKIPPED /* it was not needed any more                      */
};

struct air_question {
	enum air_question_kind kind;
	enum air_question_state state;
	uint32_t index;	  /* of the size, of the lifetime                   */
	uint32_t sock;	  /* enum altair_probe_sock                         */
	altair_addr to;	  /* who is asked                                   */
	altair_addr from; /* who answers                                    */
	uint8_t *request;
	size_t len;
	altair_time asked_at, answered_at, next, interval, rtt;
	unsigned sent, sends;
	bool backs_off, is_send_due;
	uint32_t order; /* of its first sending, from 1                     */
	altair_addr mapped, other;
};

/* A header, one attribute of four bytes, and SOFTWARE. */
#define AIR_QUESTION_SHORT (20 + 8 + 96)
#define AIR_QUESTION_LONG 1472 /* the longest that one Ethernet frame takes */

#define AIR_QUESTION_PACE ALTAIR_MSEC(100) /* at least, between repeats */
#define AIR_PROBE_SIZES 10
#define AIR_PROBE_LIVES 12

struct altair_probe {
	struct altair_machine machine;
	altair_probe_config config;
	altair_addr *local;
	struct air_question *questions;
	uint32_t count, questions_max;
	uint8_t *requests, *sizes; /* bytes of the short and the long ones   */
	uint32_t polled;	   /* the questions before it were looked at */
	uint32_t sent;		   /* questions that were sent               */
	bool is_sealed, is_done, is_done_told;
	altair_time pace;     /* between repeats where silence tells         */
	altair_time grace_at; /* servers that are silent then are not needed */
	/* What has been asked. */
	bool has_ports, has_changes, has_control, has_hairpin, has_sizes,
		has_lives;
};

/* What a question is to be; `from` is `to` where it is no address. */
struct air_question_order {
	enum air_question_kind kind;
	uint32_t index, sock;
	altair_addr to, from;
	altair_time at; /* when to send it first */
	uint16_t port;	/* for ASK_LIFE */
};

/* --- question.c ----------------------------------------------------------- */

/* Adds a question. 0, ALTAIR_E_FULL or ALTAIR_E_RANDOM. */
int air_question_add(struct altair_probe *p,
		     const struct air_question_order *order);
/* Sends and gives up what is due. */
void air_question_tick(struct altair_probe *p, altair_time now);
altair_time air_question_deadline(const struct altair_probe *p);
/* Takes a datagram; false when it is nothing of ours. */
bool air_question_take(struct altair_probe *p, altair_time now,
		       const altair_datagram *datagram);
/* The first question of a kind, or NULL. */
const struct air_question *air_question_find(const struct altair_probe *p,
					     enum air_question_kind kind,
					     uint32_t sock);
/* How many of a kind are open. */
size_t air_question_open(const struct altair_probe *p,
			 enum air_question_kind kind);
/* Those of a kind that are open are not needed any more. */
void air_question_skip(struct altair_probe *p, enum air_question_kind kind);
/* Servers that are asked there will not answer. */
void air_question_refuse(struct altair_probe *p, const altair_addr *remote);
/* The IP packet that a size question makes. */
unsigned air_question_size(const struct altair_probe *p, uint32_t index);
/* How long the mapping of a lifetime question is left alone. */
altair_time air_question_life(uint32_t index);

/* --- plan.c, facts.c ------------------------------------------------------ */

/* Asks what can be asked now, and sees when it is done. */
void air_probe_plan(struct altair_probe *p, altair_time now);
/* The first server that answered; and the first with another address, or NULL. */
const struct air_question *air_probe_server(const struct altair_probe *p);
const struct air_question *air_probe_pair(const struct altair_probe *p);
enum altair_dependence air_probe_mapping(const struct altair_probe *p);

#endif
