/*
 * A whole STUN message: a reader that validates once and then answers
 * questions, and a builder over the caller's buffer. Neither copies values.
 */
#ifndef AIR_STUN_MESSAGE_H
#define AIR_STUN_MESSAGE_H

#include "stun/attr.h"

/* Where an obeyed attribute is in the message. */
struct air_stun_place {
	uint16_t type;
	uint16_t len; /* of the value */
	uint32_t at;  /* of its type field, from the start of the message */
};

struct air_stun_message {
	altair_bytes bytes;
	struct air_stun_header header;
	struct air_stun_place attrs[AIR_STUN_ATTRS_MAX];
	size_t attr_count;
	/* Comprehension-required attributes that are not understood. */
	uint16_t unknown[AIR_STUN_ATTRS_MAX];
	size_t unknown_count;
};

/*
 * Reads a datagram, of which `out` stays a view. `understood` is the sum of the
 * attribute sets that the caller understands. False when the datagram is no
 * STUN message or breaks a rule; then nothing of it may be used.
 */
bool air_stun_message_read(struct air_stun_message *out, altair_bytes datagram,
			   unsigned understood);

/* The first attribute of a type, or NULL. */
const struct air_stun_place *
air_stun_message_place(const struct air_stun_message *message, uint16_t type);

/* The value at a place of this message. */
bool air_stun_message_value(const struct air_stun_message *message,
			    const struct air_stun_place *place,
			    struct air_stun_value *out);

/* The value of the first attribute of a type; false when there is none. */
bool air_stun_message_get(const struct air_stun_message *message, uint16_t type,
			  struct air_stun_value *out);

struct air_stun_builder {
	struct air_writer w;
	struct air_stun_header header;
};

/* Begins a message in `buffer`. Errors are sticky; _end tells. */
void air_stun_build(struct air_stun_builder *b, uint8_t *buffer, size_t cap,
		    const struct air_stun_header *header);
void air_stun_build_attr(struct air_stun_builder *b, uint16_t type,
			 const struct air_stun_value *value);
/* The finished message; no bytes when it did not fit or a value was wrong. */
altair_bytes air_stun_build_end(struct air_stun_builder *b);

#endif
