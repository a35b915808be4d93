/*
 * peer.h - the peer's endpoint as a person gives it, and everything that it
 * cannot be.
 */
#ifndef AIR_PEER_H
#define AIR_PEER_H

#include <altair/base.h>

/*
 * Reads the peer's endpoint. False: `why` says in half a sentence what is wrong
 * ("has no port: ...").
 */
bool air_peer_parse(altair_addr *out, const char *text, char *why, size_t cap);

/* True when `peer` is the socket that is bound to `local`. */
bool air_peer_is_local(const altair_addr *peer, const altair_addr *local);

#endif
