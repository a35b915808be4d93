/*
 * Listeners: an endpoint each, an address of this host or every address. Port 0
 * is any free one, so that it never clashes.
 */
#define _GNU_SOURCE
#include "listeners.h"

#include <altair/error.h>

#include <string.h>

/* Like altair_addr_parse, but port 0 is allowed. */
static int parse(altair_addr *out, const char *text)
{
	const char *colon = strrchr(text, ':');
	char copy[ALTAIR_ADDR_TEXT];
	int rc;

	if (!colon || strcmp(colon, ":0") != 0 || strlen(text) >= sizeof copy)
		return altair_addr_parse(out, text);
	memcpy(copy, text, strlen(text) + 1);
	copy[strlen(text) - 1] = '1';
	rc = altair_addr_parse(out, copy);
	if (rc == 0)
		out->port = 0;
	return rc;
}

bool air_listeners_clash(const altair_addr *a, const altair_addr *b)
{
	return a->family == b->family && a->port == b->port && a->port != 0 &&
	       (altair_addr_equal(a, b) ||
		altair_addr_classify(a) == ALTAIR_ADDR_NONE ||
		altair_addr_classify(b) == ALTAIR_ADDR_NONE);
}

/* Returns -1 to go on, or the exit code. */
static int read_one(const struct command *self, const char *name,
		    const char *text, altair_addr *out)
{
	enum altair_addr_class class;
	int rc = parse(out, text);

	if (rc != 0)
		return air_options_refuse(
			self, name, text,
			"wants an endpoint such as 0.0.0.0:3478 or [::]:3478, "
			"not '%s': %s",
			text, altair_strerror(rc));
	class = altair_addr_classify(out);
	if (class == ALTAIR_ADDR_MULTICAST || class == ALTAIR_ADDR_BROADCAST)
		return air_options_refuse(
			self, name, text,
			"wants an address of this host, not '%s'", text);
	return -1;
}

int air_listeners_read(const struct command *self, const char *name,
		       const struct option_list *list, altair_addr *out)
{
	for (size_t i = 0; i < list->count; i++) {
		int code = read_one(self, name, list->item[i], &out[i]);

		if (code >= 0)
			return code;
		for (size_t k = 0; k < i; k++)
			if (air_listeners_clash(&out[k], &out[i]))
				return air_options_refuse(
					self, name, list->item[i],
					"wants addresses that differ: %s and "
					"%s are one",
					list->item[k], list->item[i]);
	}
	return -1;
}
