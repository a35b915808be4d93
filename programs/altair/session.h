/*
 * session.h - the open connection: lines of stdin become messages, messages
 * become lines of stdout, until one of them ends.
 */
#ifndef AIR_SESSION_H
#define AIR_SESSION_H

#include "input.h"
#include "report.h"
#include "run.h"
#include "shield.h"

#include <altair/punch.h>
#include <altair/uv.h>

struct session {
	struct run *run;
	const struct report *report;
	altair_uv *driver;
	altair_punch *punch;   /* NULL: not connected, or not any more        */
	struct shield *shield; /* NULL: messages go as they are             */
	struct input *input;
	altair_time began; /* of the connection                            */
	bool is_open;	   /* stdin is read                                */
};

/* Begins to read stdin; the other members are set. */
void air_session_begin(struct session *session);

/* Ends it with the summary, during the test, too; harmless when there is no
 * connection. */
void air_session_end(struct session *session, const char *reason);

#endif
