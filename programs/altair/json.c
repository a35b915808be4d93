/*
 * JSON by jansson. Everything that is not ASCII leaves as \uNNNN, so that a
 * line of JSON can do no harm to a terminal either.
 */
#include "json.h"

#include "hex.h"

#include "base64.h"
#include "command.h"
#include "print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_VERSION 1

static const struct {
	int code;
	const char *name;
} names[] = {
	{EXIT_INTERNAL, "internal"},
	{EXIT_USAGE, "usage"},
	{EXIT_LOCAL_NETWORK, "local_network"},
	{EXIT_SERVER, "server"},
	{EXIT_NO_PEER, "no_peer"},
	{EXIT_NO_DIRECT_PATH, "no_direct_path"},
	{EXIT_AUTHENTICATION, "authentication"},
	{EXIT_REFUSED, "refused"},
};

json_t *air_json_object(void)
{
	json_t *object = json_object();

	air_json_number(object, "v", JSON_VERSION);
	return object;
}

json_t *air_json_event(altair_time since, const char *event)
{
	json_t *object = air_json_object();

	air_json_number(object, "t", since / ALTAIR_MSEC(1));
	air_json_text(object, "event", event);
	return object;
}

void air_json_text(json_t *object, const char *key, const char *value)
{
	size_t len = strlen(value);
	json_t *text = json_stringn(value, len);

	while (!text && len > 0)
		text = json_stringn(value, --len);
	json_object_set_new(object, key, text);
}

void air_json_number(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

void air_json_addr(json_t *object, const char *key, const altair_addr *value)
{
	char text[ALTAIR_ADDR_TEXT];

	altair_addr_format(value, text, sizeof text);
	air_json_text(object, key, text);
}

void air_json_ms(json_t *object, const char *key, altair_time value)
{
	altair_time usec = value / ALTAIR_USEC(1);

	json_object_set_new(object, key, json_real((double)usec / 1000));
}

static void set_hex(json_t *object, altair_bytes value)
{
	char *hex = malloc(2 * value.len + 1);

	if (!hex)
		return;
	air_hex_write(value, hex);
	air_json_text(object, "hex", hex);
	free(hex);
}

void air_json_bytes(json_t *object, altair_bytes value)
{
	json_t *text = json_stringn((const char *)value.data, value.len);

	if (text)
		json_object_set_new(object, "text", text);
	else
		set_hex(object, value);
}

void air_json_base64(json_t *object, altair_bytes value)
{
	json_t *text = json_stringn((const char *)value.data, value.len);
	char *base64;

	if (text) {
		json_object_set_new(object, "text", text);
		return;
	}
	base64 = malloc(AIR_BASE64_TEXT(value.len));
	if (!base64)
		return;
	air_base64_write(value, base64);
	air_json_text(object, "base64", base64);
	free(base64);
}

char *air_json_line(json_t *object)
{
	char *line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII |
						JSON_REAL_PRECISION(9));

	json_decref(object);
	return line;
}

void air_json_write(json_t *object)
{
	char *line = air_json_line(object);

	if (line)
		air_print("%s\n", line);
	free(line);
}

json_t *air_json_failure(altair_time since, int code, const char *message)
{
	json_t *object = air_json_event(since, "error");

	air_json_number(object, "code", (uint64_t)code);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].code == code)
			air_json_text(object, "name", names[i].name);
	air_json_text(object, "message", message);
	return object;
}

void air_json_error(altair_time since, int code, const char *message)
{
	air_json_write(air_json_failure(since, code, message));
}
