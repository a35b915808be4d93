/*
 * A note to JSON text, by the same rows that the reader has. What may be missing
 * is left out where it is zero.
 */
#include "adapters/json/base64url.h"
#include "adapters/json/field.h"

#include <altair/json.h>

#include <jansson.h>
#include <string.h>

#define TEXT_MAX ((ALTAIR_NOTE_BODY_MAX + 2) / 3 * 4)

static json_t *make_base64url(altair_bytes bytes)
{
	char text[TEXT_MAX];

	air_base64url_write(bytes, text);
	return json_stringn(text, air_base64url_len(bytes.len));
}

static json_t *make_text(altair_bytes text)
{
	if (!air_text_is_plain(text))
		return NULL;
	return json_stringn((const char *)text.data, text.len);
}

/* The array, if memory sufficed for all of its elements. */
static json_t *whole(json_t *array, size_t count)
{
	if (json_array_size(array) == count)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *make_stun(const altair_note *note)
{
	json_t *array = json_array();

	for (size_t i = 0; i < note->stun_count; i++)
		json_array_append_new(array, make_text(note->stun[i]));
	return whole(array, note->stun_count);
}

static json_t *make_turn(const altair_note *note)
{
	json_t *array = json_array();

	for (size_t i = 0; i < note->turn_count; i++) {
		const altair_note_turn *turn = &note->turn[i];
		json_t *one = json_object();

		if (json_object_set_new(one, "url", make_text(turn->url)) ||
		    json_object_set_new(one, "username",
					make_text(turn->username)) ||
		    json_object_set_new(one, "password",
					make_text(turn->password)))
			json_decref(one);
		else
			json_array_append_new(array, one);
	}
	return whole(array, note->turn_count);
}

static json_t *make_field(const altair_note *note,
			  const struct air_field_row *row)
{
	const void *at = (const uint8_t *)note + row->offset;

	switch (row->kind) {
	case FIELD_IS_ID:
		return make_base64url((altair_bytes){at, row->max});
	case FIELD_IS_BYTES:
		return make_base64url(*(const altair_bytes *)at);
	case FIELD_IS_NUMBER:
		return json_integer(*(const uint32_t *)at);
	case FIELD_IS_BOOL:
		return json_boolean(*(const bool *)at);
	case FIELD_IS_CODE:
		return json_string(altair_refusal_code(note->refusal));
	case FIELD_IS_STUN:
		return make_stun(note);
	case FIELD_IS_TURN:
		return make_turn(note);
	}
	return NULL;
}

/* True where the field holds something that need not be said. */
static bool is_zero(const altair_note *note, size_t field)
{
	const struct air_field_row *row = &air_fields[field];
	const void *at = (const uint8_t *)note + row->offset;

	switch (row->kind) {
	case FIELD_IS_ID:
		return field == FIELD_TOKEN && !note->has_token;
	case FIELD_IS_BYTES:
		return ((const altair_bytes *)at)->len == 0;
	case FIELD_IS_NUMBER:
		return *(const uint32_t *)at == 0;
	case FIELD_IS_BOOL:
		return !*(const bool *)at;
	case FIELD_IS_CODE:
		return false;
	case FIELD_IS_STUN:
		return note->stun_count == 0;
	case FIELD_IS_TURN:
		return note->turn_count == 0;
	}
	return true;
}

static bool is_plain_turn(const altair_note_turn *turn)
{
	return air_text_is_plain(turn->url) &&
	       air_text_is_plain(turn->username) &&
	       air_text_is_plain(turn->password);
}

static bool are_servers_valid(const altair_note *note)
{
	if (note->stun_count > ALTAIR_NOTE_SERVERS_MAX ||
	    note->turn_count > ALTAIR_NOTE_SERVERS_MAX)
		return false;
	for (size_t i = 0; i < note->stun_count; i++)
		if (!air_text_is_plain(note->stun[i]))
			return false;
	for (size_t i = 0; i < note->turn_count; i++)
		if (!is_plain_turn(&note->turn[i]))
			return false;
	return true;
}

static bool is_valid(const altair_note *note, size_t field)
{
	const struct air_field_row *row = &air_fields[field];
	const void *at = (const uint8_t *)note + row->offset;
	uint32_t number;

	switch (row->kind) {
	case FIELD_IS_BYTES:
		return ((const altair_bytes *)at)->len >= row->min &&
		       ((const altair_bytes *)at)->len <= row->max;
	case FIELD_IS_NUMBER:
		number = *(const uint32_t *)at;
		return number >= row->min && number <= row->max &&
		       (number > 0 || field != FIELD_NUMBER ||
			note->type == ALTAIR_NOTE_ACK);
	case FIELD_IS_CODE:
		return note->refusal >= ALTAIR_REFUSED_NO_SUCH_NAMEPLATE &&
		       note->refusal <= ALTAIR_REFUSED_BUSY;
	case FIELD_IS_STUN:
	case FIELD_IS_TURN:
		return are_servers_valid(note);
	case FIELD_IS_ID:
	case FIELD_IS_BOOL:
		return true;
	}
	return false;
}

/* A field of the type goes into the object. 0 or an error. */
static int add_field(json_t *object, const altair_note *note, size_t field)
{
	const struct air_field_row *row = &air_fields[field];

	if (!is_valid(note, field))
		return ALTAIR_E_INVALID;
	return json_object_set_new(object, row->key, make_field(note, row))
		       ? ALTAIR_E_MEMORY
		       : 0;
}

static int make_note(json_t *object, const altair_note *note,
		     const struct air_type_row *type)
{
	int error = json_object_set_new(object, "type", json_string(type->name))
			    ? ALTAIR_E_MEMORY
			    : 0;

	for (size_t i = 0; i < FIELDS && error == 0; i++) {
		bool is_must = type->must >> i & 1;
		bool is_may = type->may >> i & 1;

		if (is_must || (is_may && !is_zero(note, i)))
			error = add_field(object, note, i);
	}
	return error;
}

int altair_note_format(const altair_note *note, char *out, size_t cap)
{
	const struct air_type_row *type = air_type_row(note->type);
	json_t *object;
	size_t len;
	int error;

	if (!type)
		return ALTAIR_E_INVALID;
	object = json_object();
	error = object ? make_note(object, note, type) : ALTAIR_E_MEMORY;
	len = error == 0 ? json_dumpb(object, out, cap, JSON_COMPACT) : 0;
	json_decref(object);
	if (error < 0)
		return error;
	if (len == 0)
		return ALTAIR_E_MEMORY;
	return len <= cap ? (int)len : ALTAIR_E_SPACE;
}
