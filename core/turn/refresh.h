/* What is asked of the server, and when; and how a life ends. */
#ifndef AIR_TURN_REFRESH_H
#define AIR_TURN_REFRESH_H

#include "turn/subject.h"

/* Gives what is due a free request. */
void air_refresh_pump(struct altair_turn *t, altair_time now);

void air_refresh_close(struct altair_turn *t, struct air_request *r);
/* Forgets the request of a subject; true when there was one. */
bool air_refresh_cancel(struct altair_turn *t, uint32_t subject);

/* Asks for the allocation again, now. */
void air_refresh_probe(struct altair_turn *t, altair_time now);

/* The answer grants the request's subject; it will be renewed in time. */
void air_refresh_hold(struct altair_turn *t, uint32_t subject,
		      const struct air_request *r, altair_time now);
/* The subject is not had, or no longer; the allocation is the end. */
void air_refresh_lose(struct altair_turn *t, uint32_t subject, altair_time now,
		      int reason, int code);
/* An event about a permission or channel. */
void air_refresh_tell(struct altair_turn *t, uint32_t subject, int reason,
		      int code);

/* Deletes the allocation (RFC 8656 8.1) for this reason; needs a pump. */
void air_refresh_delete(struct altair_turn *t, int reason, int code);
void air_refresh_end(struct altair_turn *t, int reason, int code);

/* The timer of a request, or of a subject, is due. */
void air_refresh_run_request(struct altair_turn *t, struct air_request *r,
			     altair_time now);
void air_refresh_run_subject(struct altair_turn *t, uint32_t subject,
			     altair_time now);

#endif
