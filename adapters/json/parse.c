/*
 * JSON text to a note. jansson decides what JSON is (RFC 8259: UTF-8, no NUL, no
 * key twice, nothing behind it); its own limit of depth is far above ours, so the
 * brackets are counted before it sees them. Then every row of the type's fields is
 * read, and nothing else is looked at.
 */
#include "adapters/json/base64url.h"
#include "adapters/json/field.h"

#include <altair/json.h>

#include <jansson.h>
#include <string.h>

#define DEPTH_MAX 4

/* Where bytes go that the note points to. */
struct scratch {
	uint8_t *at;
	size_t left;
};

static bool is_too_deep(altair_bytes text)
{
	bool in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == '"')
			in_string = !in_string;
		else if (in_string && c == '\\')
			i++;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > DEPTH_MAX)
			return true;
	}
	return false;
}

static altair_bytes text_of(const json_t *value)
{
	return (altair_bytes){(const uint8_t *)json_string_value(value),
			      json_string_length(value)};
}

static int read_id(const json_t *value, uint8_t *out, size_t len)
{
	altair_bytes text = text_of(value);
	int got = text.data ? air_base64url_read(text, out, len) : -1;

	return got == (int)len ? 0 : ALTAIR_E_SYNTAX;
}

/* Decodes base64url into the scratch. */
static int read_bytes(const json_t *value, const struct air_field_row *row,
		      struct scratch *scratch, altair_bytes *out)
{
	altair_bytes text = text_of(value);
	int len;

	if (!text.data || text.len > air_base64url_len(row->max))
		return ALTAIR_E_SYNTAX;
	if (text.len > scratch->left)
		return ALTAIR_E_SPACE;
	len = air_base64url_read(text, scratch->at, row->max);
	if (len < (int)row->min)
		return ALTAIR_E_SYNTAX;
	*out = (altair_bytes){scratch->at, (size_t)len};
	scratch->at += len;
	scratch->left -= (size_t)len;
	return 0;
}

static int read_number(const json_t *value, const struct air_field_row *row,
		       uint32_t *out)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < (json_int_t)row->min ||
	    number > (json_int_t)row->max)
		return ALTAIR_E_SYNTAX;
	*out = (uint32_t)number;
	return 0;
}

static int read_bool(const json_t *value, bool *out)
{
	if (!json_is_boolean(value))
		return ALTAIR_E_SYNTAX;
	*out = json_is_true(value);
	return 0;
}

static int read_code(const json_t *value, enum altair_refusal *out)
{
	const char *code = json_string_value(value);

	for (int i = ALTAIR_REFUSED_NO_SUCH_NAMEPLATE;
	     code && i <= ALTAIR_REFUSED_BUSY; i++) {
		if (strcmp(code, altair_refusal_code((enum altair_refusal)i)))
			continue;
		*out = (enum altair_refusal)i;
		return 0;
	}
	return ALTAIR_E_SYNTAX;
}

/* Copies a text of a welcome into the scratch. */
static int read_text(const json_t *value, struct scratch *scratch,
		     altair_bytes *out)
{
	altair_bytes text = text_of(value);

	if (!text.data || !air_text_is_plain(text))
		return ALTAIR_E_SYNTAX;
	if (text.len > scratch->left)
		return ALTAIR_E_SPACE;
	memcpy(scratch->at, text.data, text.len);
	*out = (altair_bytes){scratch->at, text.len};
	scratch->at += text.len;
	scratch->left -= text.len;
	return 0;
}

static int read_stun(const json_t *value, struct scratch *scratch,
		     altair_note *out)
{
	size_t count = json_array_size(value);
	int error = 0;

	if (!json_is_array(value) || count > ALTAIR_NOTE_SERVERS_MAX)
		return ALTAIR_E_SYNTAX;
	for (size_t i = 0; i < count && error == 0; i++)
		error = read_text(json_array_get(value, i), scratch,
				  &out->stun[i]);
	out->stun_count = count;
	return error;
}

static int read_turn(const json_t *value, struct scratch *scratch,
		     altair_note *out)
{
	size_t count = json_array_size(value);
	int error = 0;

	if (!json_is_array(value) || count > ALTAIR_NOTE_SERVERS_MAX)
		return ALTAIR_E_SYNTAX;
	for (size_t i = 0; i < count && error == 0; i++) {
		const json_t *one = json_array_get(value, i);
		altair_note_turn *turn = &out->turn[i];

		error = read_text(json_object_get(one, "url"), scratch,
				  &turn->url);
		if (error == 0)
			error = read_text(json_object_get(one, "username"),
					  scratch, &turn->username);
		if (error == 0)
			error = read_text(json_object_get(one, "password"),
					  scratch, &turn->password);
	}
	out->turn_count = count;
	return error;
}

static int read_field(const json_t *value, const struct air_field_row *row,
		      struct scratch *scratch, altair_note *out)
{
	void *at = (uint8_t *)out + row->offset;

	switch (row->kind) {
	case FIELD_IS_ID:
		return read_id(value, at, row->max);
	case FIELD_IS_BYTES:
		return read_bytes(value, row, scratch, at);
	case FIELD_IS_NUMBER:
		return read_number(value, row, at);
	case FIELD_IS_BOOL:
		return read_bool(value, at);
	case FIELD_IS_CODE:
		return read_code(value, &out->refusal);
	case FIELD_IS_STUN:
		return read_stun(value, scratch, out);
	case FIELD_IS_TURN:
		return read_turn(value, scratch, out);
	}
	return ALTAIR_E_SYNTAX;
}

static int read_note(const json_t *object, struct scratch *scratch,
		     altair_note *out)
{
	const char *name = json_string_value(json_object_get(object, "type"));
	const struct air_type_row *type;

	out->type = name ? air_type_named(name) : ALTAIR_NOTE_NONE;
	type = air_type_row(out->type);
	if (!type)
		return ALTAIR_E_SYNTAX;
	for (size_t i = 0; i < FIELDS; i++) {
		const json_t *value;
		int error;

		if (!((type->must | type->may) >> i & 1))
			continue;
		value = json_object_get(object, air_fields[i].key);
		if (!value && type->must >> i & 1)
			return ALTAIR_E_SYNTAX;
		error = value ? read_field(value, &air_fields[i], scratch, out)
			      : 0;
		if (error < 0)
			return error;
		if (i == FIELD_TOKEN && value)
			out->has_token = true;
	}
	/* Messages are counted from 1 on; only an ack may say that none came. */
	if (type->must >> FIELD_NUMBER & 1 && out->type != ALTAIR_NOTE_ACK &&
	    out->number == 0)
		return ALTAIR_E_SYNTAX;
	return 0;
}

int altair_note_parse(altair_note *out, altair_bytes text, uint8_t *scratch,
		      size_t scratch_len)
{
	struct scratch room = {scratch, scratch_len};
	altair_note note = {0};
	json_error_t why;
	json_t *object;
	int error = ALTAIR_E_SYNTAX;

	if (text.len > ALTAIR_NOTE_MAX)
		return ALTAIR_E_TOO_LONG;
	if (is_too_deep(text))
		return ALTAIR_E_SYNTAX;
	object = json_loadb((const char *)text.data, text.len,
			    JSON_REJECT_DUPLICATES, &why);
	if (!object)
		return json_error_code(&why) == json_error_out_of_memory
			       ? ALTAIR_E_MEMORY
			       : ALTAIR_E_SYNTAX;
	if (json_is_object(object))
		error = read_note(object, &room, &note);
	json_decref(object);
	if (error == 0)
		*out = note;
	return error;
}
