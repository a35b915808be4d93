/*
 * The messages of altair/meet.h are the bodies of one mailbox, envelopes included.
 * An envelope holds attribute lines (RFC 8839 5) and nothing else.
 *
 * Lines are sealed only when the visit has room for the envelope: what has been
 * sealed has to be sent, and in order.
 */
#define _GNU_SOURCE
#include "meeting.h"

#include <altair/openssl.h>
#include <altair/udp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Envelopes under way, below the window of the visit. */
#define UNDER_WAY_MAX 4

int air_meeting_open(struct air_meeting *meeting,
		     const struct air_meeting_terms *terms)
{
	altair_meet_config config;
	size_t size;
	int error;

	altair_meet_config_default(&config);
	config.crypto = altair_openssl();
	config.pake = altair_openssl_pake();
	config.role = terms->role;
	config.secret = terms->secret;
	config.context = (altair_bytes){(const uint8_t *)terms->context,
					strlen(terms->context)};
	config.identity = terms->identity;
	if (terms->patience > 0)
		config.patience = terms->patience;
	size = altair_meet_size(&config);
	meeting->memory = size > 0 ? malloc(size) : NULL;
	if (!meeting->memory)
		return ALTAIR_E_MEMORY;
	error = altair_meet_init(&meeting->meet, meeting->memory, size, &config,
				 altair_clock_now());
	if (error) {
		free(meeting->memory);
		meeting->meet = NULL;
		meeting->memory = NULL;
	}
	meeting->is_caller = terms->role == ALTAIR_MEET_CALLER;
	return error;
}

void air_meeting_close(struct air_meeting *meeting)
{
	if (meeting->meet)
		altair_meet_close(meeting->meet);
	free(meeting->memory);
	*meeting = (struct air_meeting){.mailbox = ALTAIR_VISIT_NONE};
}

void air_meeting_pair_id(const uint8_t pair[32],
			 uint8_t out[ALTAIR_NOTE_ID_LEN])
{
	static const char label[] = "altair 1 pair id";
	const altair_bytes parts[] = {
		{(const uint8_t *)label, sizeof label - 1},
	};
	const altair_crypto *crypto = altair_openssl();
	uint8_t hash[32];

	crypto->hmac_sha256(crypto->user, (altair_bytes){pair, 32}, parts, 1,
			    hash);
	memcpy(out, hash, ALTAIR_NOTE_ID_LEN);
}

void air_meeting_pair_context(const uint8_t id[ALTAIR_NOTE_ID_LEN], char *out,
			      size_t cap)
{
	size_t len = (size_t)snprintf(out, cap, "altair 1 pair ");

	for (size_t i = 0; i < ALTAIR_NOTE_ID_LEN && len + 3 <= cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%02x", id[i]);
}

void air_meeting_tell(struct air_meeting *meeting, const char *lines)
{
	size_t len = strlen(lines);

	if (len > sizeof meeting->lines - meeting->lines_len)
		return;
	memcpy(meeting->lines + meeting->lines_len, lines, len);
	meeting->lines_len += len;
}

void air_meeting_flush(struct air_meeting *meeting, altair_visit *visit)
{
	uint8_t room[ALTAIR_MEET_HEADROOM + ALTAIR_NOTE_BODY_MAX];
	const size_t most =
		sizeof room - ALTAIR_MEET_HEADROOM - ALTAIR_MEET_TAILROOM;
	altair_datagram envelope;

	if (meeting->lines_len == 0 || meeting->lines_len > most ||
	    altair_meet_state(meeting->meet) != ALTAIR_MEET_INTRODUCED ||
	    altair_visit_pending(visit, meeting->mailbox) >= UNDER_WAY_MAX)
		return;
	memcpy(room + ALTAIR_MEET_HEADROOM, meeting->lines, meeting->lines_len);
	if (altair_meet_wrap(meeting->meet, room + ALTAIR_MEET_HEADROOM,
			     meeting->lines_len, &envelope) != 0)
		return;
	meeting->lines_len = 0;
	(void)altair_visit_send(visit, altair_clock_now(), meeting->mailbox,
				envelope.bytes);
}
