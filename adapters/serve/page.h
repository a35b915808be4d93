/*
 * page.h - two answers to HTTP where the program has no door for it: that the
 * server is well, and that there is nothing else.
 */
#ifndef AIR_PAGE_H
#define AIR_PAGE_H

#include <altair/base.h>

#define PAGE_WANTED "GET /health "
#define PAGE_WANTED_LEN (sizeof PAGE_WANTED - 1)

/* How far a request was read. All zero at its beginning. */
struct page {
	uint16_t len;	    /* bytes of it                      */
	bool is_other;	    /* not the one page that there is   */
	uint8_t line_feeds; /* of the empty line at its end     */
};

/* Takes bytes of a request. The answer when its head has ended, or is too long;
 * else no bytes. The connection is then to be closed. */
altair_bytes air_page_take(struct page *page, altair_bytes bytes);

#endif
