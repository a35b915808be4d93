/*
 * session.h - the open connection: lines of stdin become messages, messages
 * become lines of stdout, until one of them ends.
 */
#ifndef AIR_SESSION_H
#define AIR_SESSION_H

#include "input.h"
#include "report.h"
#include "run.h"

#include <altair/punch.h>
#include <altair/uv.h>

struct session {
	struct run *run;
	const struct report *report;
	altair_uv *driver;
	altair_punch *punch;
	struct input *input;
	altair_time began;
	bool is_open;
};

/* Begins to read stdin; the other members are set. */
void air_session_begin(struct session *session);

/* Ends it with the summary; harmless when it is not open. */
void air_session_end(struct session *session, const char *reason);

#endif
