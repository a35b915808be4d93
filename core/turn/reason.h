/* What a server's error code means for us. */
#ifndef AIR_TURN_REASON_H
#define AIR_TURN_REASON_H

/* ALTAIR_E_*; ALTAIR_E_SERVER for codes that have no meaning of their own. */
int air_turn_reason(int code);

#endif
