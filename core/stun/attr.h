/*
 * STUN attributes: one table row per attribute says who defines it, how its
 * value is laid out and which lengths it may have; one codec per layout.
 */
#ifndef AIR_STUN_ATTR_H
#define AIR_STUN_ATTR_H

#include "stun/header.h"

/* Who defines an attribute. An agent understands some of these sets. */
enum air_stun_set {
	AIR_STUN_SET_BASE = 1,	   /* RFC 8489                              */
	AIR_STUN_SET_TURN = 2,	   /* RFC 8656, 6062, 7635, 8016            */
	AIR_STUN_SET_ICE = 4,	   /* RFC 8445                              */
	AIR_STUN_SET_BEHAVIOUR = 8 /* RFC 5780                              */
};

/* How a value is laid out, and which members of air_stun_value hold it. */
enum air_stun_kind {
	AIR_STUN_BYTES,	      /* bytes; also text, tokens, lists of types   */
	AIR_STUN_U8,	      /* number; the bytes behind it are reserved   */
	AIR_STUN_U16,	      /* number; the bytes behind it are reserved   */
	AIR_STUN_U32,	      /* number                                     */
	AIR_STUN_U64,	      /* number                                     */
	AIR_STUN_ADDRESS,     /* addr; "no address" for an unknown family   */
	AIR_STUN_XOR_ADDRESS, /* addr, the same                             */
	AIR_STUN_ERROR_TEXT,  /* number 300 to 699, family, bytes = reason  */
	AIR_STUN_ICMP_ERROR,  /* family = ICMP type, code, number = data    */
	AIR_STUN_ALGORITHM,   /* number, bytes = parameters                 */
	AIR_STUN_ALGORITHMS,  /* bytes; air_stun_algorithm_next walks them  */
	AIR_STUN_KINDS
};

struct air_stun_value {
	altair_addr addr;
	altair_bytes bytes; /* a view of the message */
	uint64_t number;
	uint8_t family; /* as on the wire */
	uint8_t code;
};

/* Lengths: min, min + step, min + 2 step ... up to max. */
struct air_stun_row {
	uint16_t type;
	uint16_t min, max, step;
	enum air_stun_kind kind;
	enum air_stun_set set;
	const char *name; /* as the RFC writes it */
};

/* The row of a type, or NULL. */
const struct air_stun_row *air_stun_row(uint16_t type);

/* The rows, in the order of their types. */
extern const struct air_stun_row air_stun_rows[];
extern const size_t air_stun_row_count;

/* Reads a value of the row's attribute from a message with this header; false
 * when length or contents break the row's rules. */
bool air_stun_attr_decode(const struct air_stun_row *row,
			  const struct air_stun_header *header,
			  altair_bytes bytes, struct air_stun_value *out);

/* Writes the whole attribute, its padding zeroed; the writer fails when the
 * value does not obey the row's rules. */
void air_stun_attr_encode(struct air_writer *w,
			  const struct air_stun_header *header, uint16_t type,
			  const struct air_stun_value *value);

/* Takes the next algorithm (number, bytes) from a PASSWORD-ALGORITHMS value;
 * false at the end or where the list is malformed (then the reader has failed).
 */
bool air_stun_algorithm_next(struct air_reader *r, struct air_stun_value *out);

#endif
