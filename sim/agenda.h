/*
 * What is to happen in a lobby, and when: events in the order of their time, those of
 * one time in the order in which they were planned.
 */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include <altair/rendezvous.h>

enum sim_event_kind {
	SIM_TO_NODE,	    /* a note arrives there            */
	SIM_TO_USER,	    /* a note arrives there            */
	SIM_OPENS,	    /* a connection                    */
	SIM_BREAKS_AT_NODE, /* it learns that it is lost       */
	SIM_BREAKS_AT_USER,
	SIM_POST_ARRIVES,
	SIM_DIRECTORY_ANSWERS,
	SIM_USER_SAYS,	/* the next message                */
	SIM_USER_HEARS, /* the code, from the partner      */
	SIM_NODE_REVIVES,
	SIM_DIRECTORY_REVIVES,
	SIM_READS, /* a node may write to it again    */
	SIM_TROUBLE
};

struct sim_event {
	altair_time at;
	uint64_t seq;
	enum sim_event_kind kind;
	uint32_t who;	/* node, user or connection */
	uint64_t value; /* epoch, cookie, nameplate */
	bool flag;
	altair_note note;
	uint8_t id[ALTAIR_RENDEZVOUS_NODE_LEN];
	uint8_t *bytes; /* owned; of the note's body, too */
	size_t len;
};

struct sim_agenda {
	struct sim_event **heap;
	size_t count, cap;
	uint64_t seq;
};

/* A new event, to be filled further. */
struct sim_event *sim_agenda_plan(struct sim_agenda *agenda, altair_time at,
				  enum sim_event_kind kind, uint32_t who);
/* When the next one is due, or ALTAIR_NEVER. */
altair_time sim_agenda_next(const struct sim_agenda *agenda);
/* Takes the next one, for sim_event_free. There is one. */
struct sim_event *sim_agenda_take(struct sim_agenda *agenda);
void sim_agenda_free(struct sim_agenda *agenda);

/* Copies bytes, or a note with all that it points to. */
void sim_event_set_bytes(struct sim_event *event, altair_bytes bytes);
void sim_event_set_note(struct sim_event *event, const altair_note *note);
void sim_event_free(struct sim_event *event);

#endif
