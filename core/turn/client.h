/*
 * The TURN client's state, for the files that work on it: subject.c (who is
 * who), refresh.c (what is asked and when), answer.c (what the server says),
 * client.c (payload, and the outside).
 */
#ifndef AIR_TURN_CLIENT_H
#define AIR_TURN_CLIENT_H

#include "base/heap.h"
#include "base/machine.h"
#include "turn/alloc.h"
#include "turn/channel.h"
#include "turn/frame.h"
#include "turn/login.h"
#include "turn/perm.h"
#include "turn/request.h"

#include <altair/turn.h>

/* How many servers we try by ALTERNATE-SERVER, the first one included. */
#define AIR_TURN_SERVERS_MAX 4

enum air_turn_phase {
	TURN_WAITS_FOR_STREAM,
	TURN_ALLOCATING,
	TURN_CLEARING, /* deletes what is there, to allocate anew            */
	TURN_ALLOCATED,
	TURN_DELETING,
	TURN_ENDED
};

struct air_turn_unreachable {
	altair_addr peer;
	uint8_t type, code;
	bool is_new;
};

struct altair_turn {
	struct altair_machine machine;
	altair_turn_config config;
	enum air_turn_phase phase;
	bool has_cleared;
	bool is_closing; /* as soon as the Allocate request is answered     */
	altair_addr servers[AIR_TURN_SERVERS_MAX];
	uint32_t server_count; /* the last one is asked                     */
	struct air_login login;
	struct air_alloc alloc;
	altair_time rtt;
	struct air_lease lease; /* of the allocation                        */
	struct air_perms perms;
	struct air_channels channels;
	struct air_request *requests;
	struct air_heap timers; /* subjects, then requests                  */
	struct air_frame frame;
	int end_reason, end_code;
	bool is_end_new, is_move_new, is_relay_new[AIR_ALLOC_FAMILIES];
	struct air_turn_unreachable unreachable;
	altair_turn_stats stats;
};

#endif
