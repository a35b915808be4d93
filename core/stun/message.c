/*
 * STUN messages (RFC 8489 5, 6.3, 14).
 *
 * Reading walks the attributes once. A malformed one, more than 64, or one
 * behind FINGERPRINT refuses the whole message. Behind MESSAGE-INTEGRITY only
 * the SHA256 variant and FINGERPRINT are obeyed, behind
 * MESSAGE-INTEGRITY-SHA256 only FINGERPRINT (RFC 8489 14.5 to 14.7): everything
 * else there is as if absent. The first attribute of a type wins (RFC 8489 14).
 */
#include "stun/message.h"

/* How far the walk is; later stages obey less. */
enum stage { ANYTHING_GOES, BEHIND_SHA1, BEHIND_SHA256, AT_THE_END };

/* The stage that an attribute begins, ANYTHING_GOES for an ordinary one. */
static enum stage stage_of(uint16_t type)
{
	switch (type) {
	case AIR_STUN_MESSAGE_INTEGRITY:
		return BEHIND_SHA1;
	case AIR_STUN_MESSAGE_INTEGRITY_SHA256:
		return BEHIND_SHA256;
	case AIR_STUN_FINGERPRINT:
		return AT_THE_END;
	default:
		return ANYTHING_GOES;
	}
}

/* Notes an obeyed attribute; false when it is malformed. */
static bool note(struct air_stun_message *m, struct air_stun_place place,
		 altair_bytes value, unsigned understood)
{
	const struct air_stun_row *row = air_stun_row(place.type);
	struct air_stun_value decoded;

	if (!row || !(row->set & understood)) {
		if (!(place.type & AIR_STUN_OPTIONAL))
			m->unknown[m->unknown_count++] = place.type;
		return true;
	}
	m->attrs[m->attr_count++] = place;
	return air_stun_attr_decode(row, &m->header, value, &decoded);
}

bool air_stun_message_read(struct air_stun_message *out, altair_bytes datagram,
			   unsigned understood)
{
	enum stage stage = ANYTHING_GOES;
	struct air_reader r = air_reader(datagram);

	out->bytes = datagram;
	out->attr_count = 0;
	out->unknown_count = 0;
	if (!air_stun_header_decode(datagram, &out->header))
		return false;
	air_read_bytes(&r, AIR_STUN_HEADER_LEN);
	for (size_t seen = 0; r.len > 0; seen++) {
		size_t at = datagram.len - r.len;
		uint16_t type = air_read_u16(&r);
		uint16_t len = air_read_u16(&r);
		altair_bytes value = air_read_bytes(&r, len);
		struct air_stun_place place = {type, len, (uint32_t)at};
		enum stage begins = stage_of(type);

		air_read_bytes(&r, (4 - len % 4u) % 4);
		if (r.failed || seen == AIR_STUN_ATTRS_MAX ||
		    stage == AT_THE_END)
			return false;
		if (stage != ANYTHING_GOES && begins <= stage)
			continue;
		if (!note(out, place, value, understood))
			return false;
		stage = begins;
	}
	return true;
}

const struct air_stun_place *
air_stun_message_place(const struct air_stun_message *message, uint16_t type)
{
	for (size_t i = 0; i < message->attr_count; i++)
		if (message->attrs[i].type == type)
			return &message->attrs[i];
	return NULL;
}

bool air_stun_message_value(const struct air_stun_message *message,
			    const struct air_stun_place *place,
			    struct air_stun_value *out)
{
	altair_bytes value = {
		message->bytes.data + place->at + AIR_STUN_TLV_LEN, place->len};

	return air_stun_attr_decode(air_stun_row(place->type), &message->header,
				    value, out);
}

bool air_stun_message_get(const struct air_stun_message *message, uint16_t type,
			  struct air_stun_value *out)
{
	const struct air_stun_place *place =
		air_stun_message_place(message, type);

	if (!place)
		return false;
	return air_stun_message_value(message, place, out);
}

void air_stun_build(struct air_stun_builder *b, uint8_t *buffer, size_t cap,
		    const struct air_stun_header *header)
{
	size_t most = AIR_STUN_HEADER_LEN + AIR_STUN_BODY_MAX;

	b->w = air_writer(buffer, cap < most ? cap : most);
	b->header = *header;
	air_stun_header_encode(&b->w, header);
}

void air_stun_build_attr(struct air_stun_builder *b, uint16_t type,
			 const struct air_stun_value *value)
{
	air_stun_attr_encode(&b->w, &b->header, type, value);
}

altair_bytes air_stun_build_end(struct air_stun_builder *b)
{
	air_patch_u16(&b->w, 2, (uint16_t)(b->w.len - AIR_STUN_HEADER_LEN));
	return air_written(&b->w);
}
