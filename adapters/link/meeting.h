/*
 * meeting.h - one introduction (altair/meet.h) in one mailbox of a stay.
 */
#ifndef AIR_MEETING_H
#define AIR_MEETING_H

#include <altair/meet.h>
#include <altair/uv_link.h>
#include <altair/visit.h>

/* Lines that wait to be sealed in an envelope. */
#define AIR_MEETING_LINES ALTAIR_AGENT_DESCRIPTION_TEXT

struct air_meeting {
	altair_meet *meet; /* NULL: there is none                          */
	void *memory;	   /* of `meet`                                    */
	bool is_caller;
	bool is_described;  /* the other side has our description           */
	uint32_t mailbox;   /* ALTAIR_VISIT_NONE: none yet                 */
	uint32_t nameplate; /* 0: by name                                  */
	const altair_uv_link_peer *known; /* NULL: by code                */
	size_t lines_len;
	char lines[AIR_MEETING_LINES];
};

/* Who we are and what both know. */
struct air_meeting_terms {
	enum altair_meet_role role;
	altair_bytes secret;
	const char *context;
	altair_bytes identity;
	altair_time patience; /* 0: the default */
};

/* The mailbox and what belongs to it are the caller's. 0, ALTAIR_E_RANDOM, or
 * ALTAIR_E_MEMORY. */
int air_meeting_open(struct air_meeting *meeting,
		     const struct air_meeting_terms *terms);

/* Wipes it; NULL meet is allowed. */
void air_meeting_close(struct air_meeting *meeting);

/* The id by which two who have met find each other: 16 bytes of HMAC. */
void air_meeting_pair_id(const uint8_t pair[32],
			 uint8_t out[ALTAIR_NOTE_ID_LEN]);

/* What both sides of a meeting by name call it; `out` has room for 64. */
void air_meeting_pair_context(const uint8_t id[ALTAIR_NOTE_ID_LEN], char *out,
			      size_t cap);

/* Adds lines for the next envelope; what does not fit is dropped. */
void air_meeting_tell(struct air_meeting *meeting, const char *lines);

/* Seals what waits and sends it, if it may be sent now. */
void air_meeting_flush(struct air_meeting *meeting, altair_visit *visit);

#endif
