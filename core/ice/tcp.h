/*
 * A stream of ICE-TCP (RFC 6544): to one passive candidate of the peer.
 */
#ifndef AIR_TCP_H
#define AIR_TCP_H

#include <altair/agent.h>

/* At the same time: to the best passive candidates. */
#define AIR_TCP_STREAMS_MAX 2

/* Inside the agent what goes by streams is a socket of its own: this and 0 for
 * IPv4 or 1 for IPv6. Drivers' numbers are below, those of relays above. */
#define AIR_TCP_SOCK UINT32_C(0x40000000)

enum { AIR_TCP_HEAD = 2 };

struct air_tcp {
	altair_addr remote;	/* no address: there is no stream            */
	altair_addr local;	/* or no address: not known                  */
	uint32_t sock;		/* the driver's number                       */
	bool is_open;		/* or it is to be opened                     */
	altair_time open_until; /* not yet open: it is given up              */
	uint32_t have;		/* bytes of a message that is not whole      */
	uint32_t skip;		/* bytes of one that is too long             */
	uint8_t bytes[AIR_TCP_HEAD + ALTAIR_AGENT_MESSAGE_MAX];
};

#endif
