/*
 * The server's state, for the files that work on it: request.c and allocate.c
 * (what clients ask), guard.c (who they are), response.c (what they are told),
 * relay.c (data), server.c (the machine).
 */
#ifndef AIR_SERVER_STATE_H
#define AIR_SERVER_STATE_H

#include "base/machine.h"
#include "server/allocation.h"
#include "server/alternate.h"
#include "server/binding.h"
#include "server/nonce.h"
#include "server/policy.h"
#include "server/rest.h"
#include "server/stream.h"
#include "server/throttle.h"
#include "server/user.h"

struct altair_server {
	struct altair_machine machine;
	altair_time now; /* of the input that is being taken */
	size_t batch_max;
	struct air_server_outbox out;
	struct air_binding binding;
	struct air_alternates alternates;
	altair_server_stats stats;
	struct air_server_streams streams;
	/* TURN; all of it only where `relays` */
	bool relays;
	const altair_crypto *crypto;
	altair_bytes realm;
	bool is_mobile;		  /* RFC 8016 is offered */
	unsigned worker, workers; /* which of our machines this is */
	bool dont_fragment;	  /* RFC 8656 18.9 is offered */
	uint32_t lifetime, lifetime_max;
	unsigned permissions_each, channels_each, quota[OWNERS];
	struct air_users users;
	struct air_rest rest;
	struct air_nonces nonces;
	struct air_throttle throttle;
	struct air_bandwidth bandwidth;
	struct air_policy policy;
	struct air_heap timers;
	struct air_allocations allocations;
	struct altair_server_common own; /* where there is no other machine */
	bool drains;			 /* no allocation may begin */
	uint64_t indications;		 /* sent; makes their transaction ids */
};

#endif
