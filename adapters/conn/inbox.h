/*
 * adapters/conn/inbox.h - messages that arrived while the caller waited for
 * something else, first in, first out. Fixed memory: when it is full the newest
 * message is dropped, as a full socket buffer drops it.
 */
#ifndef AIR_INBOX_H
#define AIR_INBOX_H

#include <altair/base.h>

/* Room for one datagram of the greatest size, or for 50 of our own messages. */
#define AIR_INBOX_BYTES 66000

struct air_inbox {
	size_t head, tail; /* the records are bytes[head..tail)              */
	uint8_t bytes[AIR_INBOX_BYTES];
};

/* False when it did not fit. */
bool air_inbox_put(struct air_inbox *inbox, altair_bytes message);

/* The oldest message, valid until the next put; false when there is none. */
bool air_inbox_take(struct air_inbox *inbox, altair_bytes *message);

#endif
