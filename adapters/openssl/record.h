/*
 * record.h - records of DTLS 1.2 as they arrive: cut out of a datagram, and those
 * of the handshake that may reach OpenSSL.
 */
#ifndef AIR_RECORD_H
#define AIR_RECORD_H

#include <altair/base.h>

enum air_record_type {
	RECORD_CHANGE_CIPHER = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23
};

struct air_record {
	altair_bytes all;  /* with its header  */
	altair_bytes body; /* without          */
	uint8_t type;
	uint16_t epoch;
};

/* Cuts the next record off. False: there is none, or no whole one. */
bool air_record_next(altair_bytes *rest, struct air_record *out);

/* Of records in clear. A fragment of a message that an altair would send, to a client
 * or to a server: */
bool air_record_is_message(const struct air_record *record, bool to_client);
/* The number of its message. */
unsigned air_record_number(const struct air_record *record);
/* Such a fragment, the first of a ClientHello; then *random is its random. */
bool air_record_is_hello(const struct air_record *record, altair_bytes *random);
/* A fatal alert. */
bool air_record_is_fatal(const struct air_record *record);

#endif
