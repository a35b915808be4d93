/* Keys and values of the directory, and the questions that wait for the driver. */
#ifndef AIR_RENDEZVOUS_DIRECTORY_H
#define AIR_RENDEZVOUS_DIRECTORY_H

#include "rendezvous/state.h"

/* What an answer is about. */
enum air_asked {
	ASKED_NOTHING,
	ASKED_PLATE,	/* TAKE of a nameplate           */
	ASKED_LISTENER, /* GET of a nameplate, to claim  */
	ASKED_PRESENT,	/* GET of a key, to call         */
	ASKED_OTHER,	/* GET of the other side         */
	ASKED_ALIVE,	/* the same, to know that it is  */
	ASKED_MOVED	/* GET of this side, as well     */
};

/* What the directory knows of a nameplate. */
struct air_listing {
	uint8_t node[ALTAIR_RENDEZVOUS_NODE_LEN];
	bool is_used;
	uint8_t hash[8]; /* of the listener's token */
};

/* Each asks only while the directory can be reached. */
void air_directory_plate(altair_rendezvous *r, uint32_t side,
			 enum altair_rendezvous_verb verb, bool is_used);
void air_directory_listener(altair_rendezvous *r, uint32_t side);
void air_directory_present(altair_rendezvous *r, const uint8_t *key,
			   enum altair_rendezvous_verb verb);
void air_directory_called(altair_rendezvous *r, uint32_t side,
			  const uint8_t *key);
void air_directory_side(altair_rendezvous *r, uint32_t side,
			enum altair_rendezvous_verb verb);
/* Where the other side is, or (ASKED_MOVED) this one. */
void air_directory_find(altair_rendezvous *r, uint32_t side,
			enum air_asked about);

/* Reads a value; false if it is none of ours. */
bool air_listing_read(altair_bytes value, struct air_listing *out);
/* What an answer is about, and the side that still waits for it. */
enum air_asked air_directory_asked(const altair_rendezvous *r, uint64_t cookie,
				   uint32_t *side);
/* True if the listing is one of this side. */
bool air_listing_is_of(const altair_rendezvous *r,
		       const struct air_listing *listing, uint32_t side);

#endif
