/*
 * json.h - JSON Lines on stdout: {"v":1,"t":MS,"event":NAME, ...}. docs/json.md
 * lists the events and their fields.
 */
#ifndef AIR_JSON_H
#define AIR_JSON_H

#include <altair/base.h>

#include <jansson.h>

/* An object with the version in it; the caller adds and writes it. */
json_t *air_json_object(void);

/* The same with the time since the start and the name of an event. */
json_t *air_json_event(altair_time since, const char *event);

/* Adds members. A text that was cut within a sign loses the rest of it. An
 * address is added as text, a time as milliseconds. */
void air_json_text(json_t *object, const char *key, const char *value);
void air_json_number(json_t *object, const char *key, uint64_t value);
void air_json_addr(json_t *object, const char *key, const altair_addr *value);
void air_json_ms(json_t *object, const char *key, altair_time value);

/* "text" if the bytes are UTF-8, else "hex". */
void air_json_bytes(json_t *object, altair_bytes value);

/* "text" if the bytes are UTF-8, else "base64". */
void air_json_base64(json_t *object, altair_bytes value);

/* The object as one line, without its end, to be freed; or NULL. Frees the
 * object. */
char *air_json_line(json_t *object);

/* Writes the object as one line and frees it. */
void air_json_write(json_t *object);

/* The event "error": the exit code, its name, and the sentence. */
json_t *air_json_failure(altair_time since, int code, const char *message);

/* Writes it. */
void air_json_error(altair_time since, int code, const char *message);

#endif
