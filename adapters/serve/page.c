/*
 * No HTTP is read here: the first bytes of a request are compared with one text,
 * and its head ends with an empty line (RFC 9112 2.1). Two fixed texts answer.
 */
#include "page.h"

#include <string.h>

/* A longer head is not waited for. */
#define HEAD_MAX 8192

#define ANSWER(status, len, body)                                              \
	"HTTP/1.1 " status                                                     \
	"\r\nContent-Type: text/plain\r\nContent-Length: " len                 \
	"\r\nConnection: close\r\n\r\n" body

static const char well[] = ANSWER("200 OK", "3", "ok\n");
static const char nothing[] = ANSWER("404 Not Found", "10", "not found\n");

static void take_byte(struct page *p, uint8_t byte)
{
	static const char wanted[] = PAGE_WANTED;

	if (p->len < PAGE_WANTED_LEN && byte != (uint8_t)wanted[p->len])
		p->is_other = true;
	if (byte == '\n')
		p->line_feeds++;
	else if (byte != '\r')
		p->line_feeds = 0;
	p->len++;
}

altair_bytes air_page_take(struct page *p, altair_bytes bytes)
{
	size_t i = 0;

	while (i < bytes.len && p->line_feeds < 2 && p->len < HEAD_MAX)
		take_byte(p, bytes.data[i++]);
	if (p->line_feeds < 2 && p->len < HEAD_MAX)
		return (altair_bytes){NULL, 0};
	if (p->is_other || p->len < PAGE_WANTED_LEN)
		return (altair_bytes){(const uint8_t *)nothing,
				      sizeof nothing - 1};
	return (altair_bytes){(const uint8_t *)well, sizeof well - 1};
}
