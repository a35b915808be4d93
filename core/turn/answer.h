/* What an answer of the server does. */
#ifndef AIR_TURN_ANSWER_H
#define AIR_TURN_ANSWER_H

#include "turn/subject.h"

/* `bytes` name the transaction of `request` and came from the server. */
void air_turn_answer_take(struct altair_turn *t, struct air_request *request,
			  altair_time now, altair_bytes bytes);

#endif
