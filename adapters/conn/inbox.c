/*
 * inbox - a queue of messages in one block of bytes. A record is the length in
 * four bytes of the host's order, then the message. Records never wrap around
 * the end: when the rest is too short, what is queued moves to the front.
 */
#include "inbox.h"

#include <string.h>

bool air_inbox_put(struct air_inbox *inbox, altair_bytes message)
{
	uint32_t len = (uint32_t)message.len;
	size_t used = inbox->tail - inbox->head;

	if (message.len > AIR_INBOX_BYTES - sizeof len ||
	    used > AIR_INBOX_BYTES - sizeof len - message.len)
		return false;
	if (inbox->tail > AIR_INBOX_BYTES - sizeof len - message.len) {
		memmove(inbox->bytes, inbox->bytes + inbox->head, used);
		inbox->head = 0;
		inbox->tail = used;
	}
	memcpy(inbox->bytes + inbox->tail, &len, sizeof len);
	if (len > 0)
		memcpy(inbox->bytes + inbox->tail + sizeof len, message.data,
		       len);
	inbox->tail += sizeof len + len;
	return true;
}

bool air_inbox_take(struct air_inbox *inbox, altair_bytes *message)
{
	uint32_t len;

	if (inbox->head == inbox->tail)
		return false;
	memcpy(&len, inbox->bytes + inbox->head, sizeof len);
	message->data = inbox->bytes + inbox->head + sizeof len;
	message->len = len;
	inbox->head += sizeof len + len;
	return true;
}
