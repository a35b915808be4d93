/*
 * {"cmd":NAME, ...}: docs/json.md has the members. Members that are not known
 * are passed over, as a reader of our lines passes over ours.
 */
#include "order.h"

#include "base64.h"

#include <stdio.h>
#include <string.h>

struct reader {
	struct order *order;
	char *why;
	size_t cap;
};

static bool complain(struct reader *r, const char *what)
{
	snprintf(r->why, r->cap, "%s", what);
	return false;
}

static bool complain_about(struct reader *r, const char *key, const char *what)
{
	snprintf(r->why, r->cap, "\"%s\" %s", key, what);
	return false;
}

/* A member that is a text without a NUL in it. */
static bool read_text(struct reader *r, const char *key, const char **out)
{
	const json_t *value = json_object_get(r->order->json, key);
	const char *text = json_string_value(value);

	if (!value)
		return complain_about(r, key, "is missing");
	if (!text || strlen(text) != json_string_length(value))
		return complain_about(r, key, "is not a text");
	*out = text;
	return true;
}

static bool read_remote(struct reader *r)
{
	const json_t *lite = json_object_get(r->order->json, "lite");

	if (lite && !json_is_boolean(lite))
		return complain_about(r, "lite", "is not true or false");
	r->order->is_lite = json_is_true(lite);
	return read_text(r, "ufrag", &r->order->ufrag) &&
	       read_text(r, "pwd", &r->order->pwd);
}

static bool read_candidate(struct reader *r)
{
	return read_text(r, "candidate", &r->order->candidate);
}

static bool read_send(struct reader *r)
{
	struct order *order = r->order;
	const json_t *text = json_object_get(order->json, "text");
	const json_t *base64 = json_object_get(order->json, "base64");

	if (!json_is_string(text) == !json_is_string(base64))
		return complain(r, "it wants either \"text\" or \"base64\", "
				   "a text");
	if (json_is_string(text)) {
		order->message.data = (const uint8_t *)json_string_value(text);
		order->message.len = json_string_length(text);
		return true;
	}
	order->message.data = order->bytes;
	if (!air_base64_read(json_string_value(base64),
			     json_string_length(base64), order->bytes,
			     sizeof order->bytes, &order->message.len))
		return complain_about(r, "base64", "is no base64");
	return true;
}

static const struct {
	const char *name;
	enum order_kind kind;
	bool (*read)(struct reader *r); /* NULL: it has no members */
} kinds[] = {
	{"remote", ORDER_REMOTE, read_remote},
	{"candidate", ORDER_CANDIDATE, read_candidate},
	{"end-of-candidates", ORDER_END_OF_CANDIDATES, NULL},
	{"gather", ORDER_GATHER, NULL},
	{"send", ORDER_SEND, read_send},
	{"restart", ORDER_RESTART, NULL},
	{"stats", ORDER_STATS, NULL},
	{"close", ORDER_CLOSE, NULL},
};

static bool read_kind(struct reader *r)
{
	const char *name;

	if (!json_is_object(r->order->json))
		return complain(r, "the line is not a JSON object");
	if (!read_text(r, "cmd", &name))
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		r->order->kind = kinds[i].kind;
		r->order->cmd = kinds[i].name;
		return !kinds[i].read || kinds[i].read(r);
	}
	snprintf(r->why, r->cap, "unknown cmd \"%.40s\"", name);
	return false;
}

bool air_order_read(struct order *out, altair_bytes line, char *why, size_t cap)
{
	struct reader r = {out, why, cap};
	json_error_t error;

	*out = (struct order){0};
	out->json = json_loadb((const char *)line.data, line.len,
			       JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
	if (!out->json) {
		snprintf(why, cap, "the line is not JSON: %s", error.text);
		return false;
	}
	return read_kind(&r);
}

void air_order_free(struct order *order)
{
	json_decref(order->json);
	order->json = NULL;
}
