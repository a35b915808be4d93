/* What clients ask for. The first two are for other nodes' claims and calls, too. */
#ifndef AIR_RENDEZVOUS_TAKE_H
#define AIR_RENDEZVOUS_TAKE_H

#include "rendezvous/state.h"

/* A claim for a nameplate of this node: its side in *side, which has joined and has
 * message 1, or why not. With several nodes a listener may have taken the nameplate
 * along, and his old connection may still seem to be there: so it is no such one here
 * until the directory has said so (`is_sure`), where it can be asked. */
enum altair_refusal air_take_claimed(altair_rendezvous *r, altair_time now,
				     const altair_note *claim, bool is_sure,
				     uint32_t *side);
/* A call for a key of this node, likewise. */
enum altair_refusal air_take_called(altair_rendezvous *r, altair_time now,
				    const altair_note *call, uint32_t *side);
/* A side that has asked for another one here, and got it. */
void air_take_join(altair_rendezvous *r, altair_time now, uint32_t side,
		   uint32_t other);
/* The side is back, the other one not yet. */
void air_take_wait(altair_rendezvous *r, altair_time now, uint32_t side);

#endif
