/*
 * A number is open, then used, then forgotten; it is never opened again before that. Used
 * ones are in the order of their end, as all are remembered for the same time. What was
 * drawn or claimed is remembered, so a source leaves no more than its rate of asking: 60
 * a minute. A number that a client named and nobody claimed is free at once.
 */
#include "rendezvous/plate.h"

#include "base/assert.h"
#include "base/time.h"

#define REMEMBERED ALTAIR_SEC(600)
#define DRAWS 32

static altair_bytes key_of(const uint32_t *number)
{
	return (altair_bytes){(const uint8_t *)number, sizeof *number};
}

static void arm(altair_rendezvous *r)
{
	altair_time at = r->oldest_plate
				 ? air_plate_at(r, r->oldest_plate - 1)->until
				 : ALTAIR_NEVER;

	air_heap_set(&r->timers, r->clients_max + r->sides_max, at);
}

uint32_t air_plate_find(const altair_rendezvous *r, uint32_t number)
{
	uint32_t plate = *air_chain_head(&r->by_number, key_of(&number)) - 1;

	while (plate != AIR_NONE && air_plate_at(r, plate)->number != number)
		plate = air_plate_at(r, plate)->link - 1;
	return plate;
}

/* Ten times as many numbers as are in use: people type them. */
uint32_t air_plate_draw(const altair_rendezvous *r, uint32_t tries)
{
	uint32_t below = 10, number;

	while (below < 10 * (r->plates.used + 1) || tries-- > 0)
		below = below > ALTAIR_NOTE_NAMEPLATE_MAX ? below : below * 10;
	for (int i = 0; i < DRAWS; i++) {
		uint64_t drawn;

		if (!air_draw(r, &drawn, sizeof drawn))
			return 0;
		number = (uint32_t)(drawn % (below - 1)) + 1;
		if (air_plate_find(r, number) == AIR_NONE)
			return number;
	}
	return 0;
}

bool air_plate_open(altair_rendezvous *r, uint32_t side, uint32_t number)
{
	uint32_t *head = air_chain_head(&r->by_number, key_of(&number));
	uint32_t plate = air_store_take(&r->plates);

	if (plate == AIR_NONE)
		return false;
	AIR_ASSERT(air_plate_find(r, number) == AIR_NONE);
	*air_plate_at(r, plate) = (struct air_plate){
		.number = number, .link = *head, .side = side, .is_open = true};
	*head = plate + 1;
	air_side_at(r, side)->plate = plate;
	air_side_at(r, side)->nameplate = number;
	r->stats.nameplates++;
	return true;
}

void air_plate_use(altair_rendezvous *r, altair_time now, uint32_t plate,
		   const uint8_t *claimed_by)
{
	struct air_plate *it = air_plate_at(r, plate);

	AIR_ASSERT(it->is_open);
	air_side_at(r, it->side)->plate = AIR_NONE;
	it->is_open = false;
	it->has_expired = !claimed_by;
	if (claimed_by)
		memcpy(it->claimed_by, claimed_by, sizeof it->claimed_by);
	it->until = air_time_after(now, REMEMBERED);
	if (r->newest_plate)
		air_plate_at(r, r->newest_plate - 1)->next = plate + 1;
	else
		r->oldest_plate = plate + 1;
	r->newest_plate = plate + 1;
	r->stats.nameplates--;
	arm(r);
}

static void give(altair_rendezvous *r, uint32_t plate)
{
	struct air_plate *it = air_plate_at(r, plate);
	uint32_t *link = air_chain_head(&r->by_number, key_of(&it->number));

	while (*link != plate + 1)
		link = &air_plate_at(r, *link - 1)->link;
	*link = it->link;
	air_store_give(&r->plates, plate);
}

void air_plate_remove(altair_rendezvous *r, uint32_t plate)
{
	AIR_ASSERT(air_plate_at(r, plate)->is_open);
	air_side_at(r, air_plate_at(r, plate)->side)->plate = AIR_NONE;
	r->stats.nameplates--;
	give(r, plate);
}

void air_plate_end(altair_rendezvous *r, altair_time now, uint32_t plate)
{
	if (air_side_at(r, air_plate_at(r, plate)->side)->resumes)
		air_plate_remove(r, plate);
	else
		air_plate_use(r, now, plate, NULL);
}

static void forget_oldest(altair_rendezvous *r)
{
	uint32_t plate = r->oldest_plate - 1;

	r->oldest_plate = air_plate_at(r, plate)->next;
	if (!r->oldest_plate)
		r->newest_plate = 0;
	give(r, plate);
}

void air_plate_due(altair_rendezvous *r, altair_time now)
{
	while (r->oldest_plate &&
	       air_plate_at(r, r->oldest_plate - 1)->until <= now)
		forget_oldest(r);
	arm(r);
}
