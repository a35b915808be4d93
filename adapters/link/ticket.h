/*
 * ticket.h - all that the other side has to know, as a text that people carry.
 */
#ifndef AIR_TICKET_H
#define AIR_TICKET_H

#include <altair/agent.h>

#define AIR_TICKET_SECRET 16

struct air_ticket {
	uint8_t key[32]; /* SHA-256 of the public key                         */
	uint8_t secret[AIR_TICKET_SECRET]; /* random, of this ticket alone    */
	char lines[ALTAIR_AGENT_DESCRIPTION_TEXT]; /* RFC 8839 5              */
};

/* Writes it. Returns the length without the NUL, or ALTAIR_E_SPACE. */
int air_ticket_format(const struct air_ticket *ticket, char *out, size_t cap);

/* Reads one; white space counts nowhere. 0, or ALTAIR_E_SYNTAX. */
int air_ticket_parse(struct air_ticket *out, const char *text);

#endif
