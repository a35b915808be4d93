/* Any text as a ticket, and any text in one: what is written is read again as it was.
 * And as the address of a server, of those that a welcome names, too. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "adapters/link/servers.h"
#include "adapters/link/ticket.h"
#include "adapters/link/url.h"

#include <string.h>

static void read_any(const char *text, altair_bytes bytes)
{
	static struct air_ticket ticket;
	static struct air_server server;
	struct air_url url;

	if (air_ticket_parse(&ticket, text) == 0)
		FUZZ_CHECK(strlen(ticket.lines) < sizeof ticket.lines);
	if (air_url_parse(&url, text))
		FUZZ_CHECK(url.port > 0 && url.host[0] != '\0');
	if (air_server_parse(&server, bytes))
		FUZZ_CHECK(server.port > 0 && server.host[0] != '\0');
}

static void write_any(const char *lines)
{
	static struct air_ticket ticket, same;
	static char text[3 * sizeof ticket];
	const size_t cap = sizeof ticket.lines;

	memset(&ticket, 7, sizeof ticket);
	snprintf(ticket.lines, cap, "%.*s", (int)cap / 2, lines);
	FUZZ_CHECK(air_ticket_format(&ticket, text, sizeof text) > 0);
	FUZZ_CHECK(air_ticket_parse(&same, text) == 0);
	FUZZ_CHECK(memcmp(same.key, ticket.key, sizeof same.key) == 0);
	FUZZ_CHECK(strlen(same.lines) <= strlen(ticket.lines));
	text[strlen(text) / 2] ^= 1; /* still a letter or none */
	FUZZ_CHECK(air_ticket_parse(&same, text) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char text[16384];

	if (len >= sizeof text)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	read_any(text, (altair_bytes){data, len});
	write_any(text);
	return 0;
}
