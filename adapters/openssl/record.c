/*
 * The records of DTLS 1.2 (RFC 6347 4.1) and what they carry of the handshake (4.2.2).
 *
 * Before the other side has proved anything OpenSSL keeps up to ten messages that
 * came too early, each with the length that its first fragment claims (up to 16 KiB),
 * and walks whatever it is given. So it gets only what one of us sends: one fragment
 * in a record, of a message that belongs in this direction and is not long, with bytes
 * in it, and none of the numbers that no handshake of ours comes to.
 */
#include "record.h"

#include <string.h>

#define HEADER 13
#define FRAGMENT 12 /* RFC 6347 4.2.2: header of a fragment */
#define MAJOR 0xfe  /* of DTLS 1.0 and 1.2 */
#define RANDOM_AT (FRAGMENT + 2)
#define RANDOM 32
#define CLIENT_HELLO 1
#define SERVER_HELLO 2
#define HELLO_VERIFY_REQUEST 3
#define CERTIFICATE 11
#define SERVER_KEY_EXCHANGE 12
#define CERTIFICATE_REQUEST 13
#define SERVER_HELLO_DONE 14
#define CERTIFICATE_VERIFY 15
#define CLIENT_KEY_EXCHANGE 16
#define FATAL 2
#define MESSAGE_MAX 1024 /* a Certificate of ours has less than 400 bytes */
#define NUMBER_MAX 6	 /* the last one of a handshake with a cookie     */

static size_t read16(const uint8_t *at)
{
	return (size_t)at[0] << 8 | at[1];
}

static size_t read24(const uint8_t *at)
{
	return (size_t)at[0] << 16 | read16(at + 1);
}

bool air_record_next(altair_bytes *rest, struct air_record *out)
{
	size_t len;

	if (rest->len < HEADER || rest->data[1] != MAJOR)
		return false;
	len = read16(rest->data + 11);
	if (len > rest->len - HEADER)
		return false;
	*out = (struct air_record){
		.all = {rest->data, HEADER + len},
		.body = {rest->data + HEADER, len},
		.type = rest->data[0],
		.epoch = (uint16_t)read16(rest->data + 3),
	};
	rest->data += HEADER + len;
	rest->len -= HEADER + len;
	return true;
}

static bool is_for(uint8_t type, bool to_client)
{
	switch (type) {
	case CERTIFICATE:
		return true;
	case SERVER_HELLO:
	case HELLO_VERIFY_REQUEST:
	case SERVER_KEY_EXCHANGE:
	case CERTIFICATE_REQUEST:
	case SERVER_HELLO_DONE:
		return to_client;
	case CLIENT_HELLO:
	case CERTIFICATE_VERIFY:
	case CLIENT_KEY_EXCHANGE:
		return !to_client;
	default:
		return false;
	}
}

bool air_record_is_message(const struct air_record *record, bool to_client)
{
	const uint8_t *at = record->body.data;
	size_t whole, from, len;

	if (record->body.len < FRAGMENT || !is_for(at[0], to_client))
		return false;
	whole = read24(at + 1);
	from = read24(at + 6);
	len = read24(at + 9);
	return record->body.len == FRAGMENT + len && whole <= MESSAGE_MAX &&
	       from + len <= whole && (len > 0 || whole == 0) &&
	       read16(at + 4) <= NUMBER_MAX;
}

unsigned air_record_number(const struct air_record *record)
{
	return (unsigned)read16(record->body.data + 4);
}

bool air_record_is_hello(const struct air_record *record, altair_bytes *random)
{
	const uint8_t *at = record->body.data;

	if (record->type != RECORD_HANDSHAKE || record->epoch != 0 ||
	    !air_record_is_message(record, false) ||
	    record->body.len < RANDOM_AT + RANDOM || at[0] != CLIENT_HELLO ||
	    read24(at + 6) != 0)
		return false;
	*random = (altair_bytes){at + RANDOM_AT, RANDOM};
	return true;
}

bool air_record_is_fatal(const struct air_record *record)
{
	return record->type == RECORD_ALERT && record->body.len == 2 &&
	       record->body.data[0] == FATAL;
}
