/* The tables of the wire protocol (docs/rendezvous.md): types and their fields.
 * Reader and writer are made of the same rows, so they cannot disagree. */
#include "adapters/json/field.h"

#include <string.h>

#define AT(member) offsetof(altair_note, member)

const struct air_field_row air_fields[FIELDS] = {
	[FIELD_TOKEN] = {"token", FIELD_IS_ID, AT(token), 0,
			 ALTAIR_NOTE_ID_LEN},
	[FIELD_MAILBOX] = {"mailbox", FIELD_IS_ID, AT(mailbox), 0,
			   ALTAIR_NOTE_ID_LEN},
	[FIELD_PAIR] = {"pair", FIELD_IS_ID, AT(pair), 0, ALTAIR_NOTE_ID_LEN},
	[FIELD_KEY] = {"key", FIELD_IS_ID, AT(key), 0, ALTAIR_NOTE_KEY_LEN},
	[FIELD_NONCE] = {"nonce", FIELD_IS_ID, AT(nonce), 0,
			 ALTAIR_NOTE_NONCE_LEN},
	[FIELD_BODY] = {"body", FIELD_IS_BYTES, AT(body), 0,
			ALTAIR_NOTE_BODY_MAX},
	[FIELD_SPKI] = {"spki", FIELD_IS_BYTES, AT(spki), 1,
			ALTAIR_NOTE_SPKI_MAX},
	[FIELD_SIGNATURE] = {"signature", FIELD_IS_BYTES, AT(signature), 1,
			     ALTAIR_NOTE_SIGNATURE_MAX},
	[FIELD_NAMEPLATE] = {"nameplate", FIELD_IS_NUMBER, AT(nameplate), 1,
			     ALTAIR_NOTE_NAMEPLATE_MAX},
	[FIELD_NUMBER] = {"number", FIELD_IS_NUMBER, AT(number), 0,
			  ALTAIR_NOTE_NUMBER_MAX},
	[FIELD_SECONDS] = {"seconds", FIELD_IS_NUMBER, AT(seconds), 0,
			   ALTAIR_NOTE_SECONDS_MAX},
	[FIELD_CALLER] = {"caller", FIELD_IS_BOOL, AT(is_caller), 0, 1},
	[FIELD_FAILED] = {"failed", FIELD_IS_BOOL, AT(failed), 0, 1},
	[FIELD_CODE] = {"code", FIELD_IS_CODE, AT(refusal), 0, 0},
	[FIELD_STUN] = {"stun", FIELD_IS_STUN, AT(stun), 0,
			ALTAIR_NOTE_SERVERS_MAX},
	[FIELD_TURN] = {"turn", FIELD_IS_TURN, AT(turn), 0,
			ALTAIR_NOTE_SERVERS_MAX},
};

#define F(name) (1u << FIELD_##name)

static const struct air_type_row types[] = {
	[ALTAIR_NOTE_LISTEN] = {"listen", F(TOKEN), 0},
	[ALTAIR_NOTE_CLAIM] = {"claim", F(TOKEN) | F(NAMEPLATE) | F(BODY), 0},
	[ALTAIR_NOTE_PRESENT] = {"present", 0, F(SPKI) | F(SIGNATURE)},
	[ALTAIR_NOTE_CALL] = {"call", F(TOKEN) | F(KEY) | F(PAIR) | F(BODY), 0},
	[ALTAIR_NOTE_RESUME] = {"resume", F(TOKEN) | F(MAILBOX),
				F(CALLER) | F(NAMEPLATE)},
	[ALTAIR_NOTE_SEND] = {"send", F(TOKEN) | F(NUMBER) | F(BODY), 0},
	[ALTAIR_NOTE_ACK] = {"ack", F(TOKEN) | F(NUMBER), 0},
	[ALTAIR_NOTE_CLOSE] = {"close", F(TOKEN), F(FAILED)},
	[ALTAIR_NOTE_WELCOME] = {"welcome", F(NONCE),
				 F(STUN) | F(TURN) | F(SECONDS)},
	[ALTAIR_NOTE_NAMEPLATE] = {"nameplate",
				   F(TOKEN) | F(MAILBOX) | F(NAMEPLATE) |
					   F(SECONDS),
				   0},
	[ALTAIR_NOTE_JOINED] = {"joined", F(TOKEN) | F(MAILBOX), 0},
	[ALTAIR_NOTE_CALLED] = {"called", F(TOKEN) | F(MAILBOX) | F(PAIR), 0},
	[ALTAIR_NOTE_MESSAGE] = {"message", F(TOKEN) | F(NUMBER) | F(BODY), 0},
	[ALTAIR_NOTE_GONE] = {"gone", F(TOKEN), F(FAILED)},
	[ALTAIR_NOTE_ERROR] = {"error", F(CODE), F(TOKEN) | F(SECONDS)},
	[ALTAIR_NOTE_BYE] = {"bye", F(SECONDS), 0},
};

#define TYPES (sizeof types / sizeof types[0])

const struct air_type_row *air_type_row(enum altair_note_type type)
{
	if ((size_t)type >= TYPES || !types[type].name)
		return NULL;
	return &types[type];
}

enum altair_note_type air_type_named(const char *name)
{
	for (size_t i = 1; i < TYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return (enum altair_note_type)i;
	return ALTAIR_NOTE_NONE;
}

bool air_text_is_plain(altair_bytes text)
{
	if (text.len == 0 || text.len > ALTAIR_NOTE_TEXT_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] > 0x7e ||
		    text.data[i] == '"' || text.data[i] == '\\')
			return false;
	return true;
}
