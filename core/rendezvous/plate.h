/* Nameplates: numbers that a side waits with, or that were used up. */
#ifndef AIR_RENDEZVOUS_PLATE_H
#define AIR_RENDEZVOUS_PLATE_H

#include "rendezvous/state.h"

/* The plate with this number, open or used, or AIR_NONE. */
uint32_t air_plate_find(const altair_rendezvous *r, uint32_t number);
/* A number that is free here, at random; 0 when there is none. More digits with
 * each try. */
uint32_t air_plate_draw(const altair_rendezvous *r, uint32_t tries);
/* The side waits with this free number. False when there is no room. */
bool air_plate_open(altair_rendezvous *r, uint32_t side, uint32_t number);
/* It is used up: claimed by a token, or expired (NULL). */
void air_plate_use(altair_rendezvous *r, altair_time now, uint32_t plate,
		   const uint8_t *claimed_by);
/* Its side is over and nobody has claimed it: it has expired; one that a client
 * named itself leaves no trace. */
void air_plate_end(altair_rendezvous *r, altair_time now, uint32_t plate);
/* It is open elsewhere now: no trace of it is left here. */
void air_plate_remove(altair_rendezvous *r, uint32_t plate);
/* Forgets what was used ten minutes ago. */
void air_plate_due(altair_rendezvous *r, altair_time now);

#endif
