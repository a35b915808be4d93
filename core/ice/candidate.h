/*
 * A candidate: an address at which an agent may be reached (RFC 8445 5.1), and
 * its text (RFC 8839 5.1).
 */
#ifndef AIR_CANDIDATE_H
#define AIR_CANDIDATE_H

#include <altair/error.h>

#define AIR_FOUNDATION_MAX 32 /* RFC 8839 5.1 */
/* RFC 8445 5.1.2.1: for an agent with one address. */
#define AIR_LOCAL_PREFERENCE_MAX 65535u

/* RFC 6544 4.5: the port of a candidate that connects, "discard". */
#define AIR_CANDIDATE_ACTIVE 9

enum air_candidate_type {
	CANDIDATE_HOST,
	CANDIDATE_SRFLX,
	CANDIDATE_PRFLX,
	CANDIDATE_RELAY,
	CANDIDATE_TCP /* a host's: ours active, the peer's passive (RFC 6544) */
};

struct air_candidate {
	altair_addr addr;
	/* What it is sent from (RFC 8445 5.1.1.2), but see air_candidate_base;
	 * of the peer's: what it says, or no address. */
	altair_addr base;
	uint32_t sock;	 /* local: the caller's number for the socket       */
	uint32_t server; /* local: the server that showed it, from 0        */
	uint32_t priority;
	enum air_candidate_type type;
	bool has_name; /* parsed: a name instead of an IP; `addr` is none    */
	bool is_gone;  /* local: it is not ours any more                      */
	char foundation[AIR_FOUNDATION_MAX + 1];
};

/* RFC 8445 5.1.2.1, component 1. */
uint32_t air_candidate_priority(enum air_candidate_type type,
				uint32_t local_preference);
/* What a peer-reflexive candidate seen through this one has (RFC 8445 7.1.1):
 * the same local preference, another type. */
uint32_t air_candidate_prflx_priority(const struct air_candidate *base);

/* What is sent from: a relayed address is its own base, and where the server sees
 * us lies in its place. */
const altair_addr *air_candidate_base(const struct air_candidate *local);

/* True for an address that may be a candidate: somebody can be there, and it is
 * neither loopback (RFC 8445 5.1.1.1; with `loopback` it may be) nor link-local,
 * which needs a zone that no text carries. */
bool air_candidate_is_usable(const altair_addr *addr, bool loopback);

/*
 * Reads "candidate:..." without "a=". 0, ALTAIR_E_SYNTAX, or ALTAIR_E_ADDRESS
 * for one that is well-formed and not for us: a name, another transport than
 * UDP, another component than 1, an unknown type. Extensions are skipped.
 */
int air_candidate_parse(struct air_candidate *out, const char *text);
/* The length without the NUL, or ALTAIR_E_SPACE. */
int air_candidate_format(const struct air_candidate *candidate, char *out,
			 size_t cap);

#endif
