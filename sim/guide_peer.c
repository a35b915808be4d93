#include "sim/guide_peer.h"

#include <altair/punch.h>

#include <string.h>

void sim_guide_config_default(struct sim_guide_config *config)
{
	*config = (struct sim_guide_config){
		.interval = ALTAIR_MSEC(400),
		.attempts = 5,
		.timeout = ALTAIR_SEC(10),
		.patience = ALTAIR_SEC(5),
	};
}

static altair_time now_of(const struct sim_guide_peer *peer)
{
	return sim_world_now(sim_host_node(peer->host)->world);
}

static void say(struct sim_guide_peer *peer, const altair_addr *to,
		const char *word)
{
	sim_host_send(peer->host,
		      &(altair_datagram){
			      .path.remote = *to,
			      .bytes = {(const uint8_t *)word, strlen(word)},
		      });
}

static void tell(struct sim_guide_peer *peer, enum altair_event event,
		 int reason)
{
	struct sim_node *node = sim_host_node(peer->host);

	sim_trace_add(sim_world_trace(node->world),
		      &(struct sim_record){
			      .at = now_of(peer),
			      .kind = SIM_HAPPENED,
			      .node = node->lane,
			      .event = event,
			      .reason = reason,
			      .addr = peer->remote,
		      });
}

/* Between two attempts it waits longer each time: by the number of the attempt
 * times the interval. */
static void punch(struct sim_guide_peer *peer)
{
	const struct sim_guide_config *config = &peer->config;

	if (peer->punches == ALTAIR_PUNCHES_PER_ATTEMPT) {
		peer->attempt++;
		peer->punches = 0;
	}
	if (peer->attempt == config->attempts) {
		peer->next = peer->ends_at;
		return;
	}
	say(peer, &config->peer, "PUNCH");
	peer->punches++;
	peer->next = now_of(peer) + config->interval;
	if (peer->punches < ALTAIR_PUNCHES_PER_ATTEMPT)
		return;
	peer->next += (peer->attempt + 1) * config->interval;
	if (peer->state != SIM_GUIDE_PUNCHES)
		peer->next = ALTAIR_NEVER;
}

void sim_guide_start(struct sim_guide_peer *peer,
		     const struct sim_guide_config *config,
		     struct sim_host *host)
{
	*peer = (struct sim_guide_peer){
		.config = *config,
		.host = host,
		.remote = config->peer,
	};
	peer->ends_at = now_of(peer) + config->timeout;
	punch(peer);
}

altair_time sim_guide_next_at(const struct sim_guide_peer *peer)
{
	return peer->next < peer->ends_at ? peer->next : peer->ends_at;
}

static void end(struct sim_guide_peer *peer, enum sim_guide_state state,
		int reason)
{
	peer->state = state;
	peer->ends_at = ALTAIR_NEVER;
	tell(peer,
	     state == SIM_GUIDE_IS_DONE ? ALTAIR_EV_VERIFIED : ALTAIR_EV_FAILED,
	     reason);
}

void sim_guide_run(struct sim_guide_peer *peer)
{
	if (now_of(peer) >= peer->ends_at)
		end(peer, SIM_GUIDE_GAVE_UP, ALTAIR_E_TIMEOUT);
	else if (now_of(peer) >= peer->next)
		punch(peer);
}

static bool is_word(const altair_datagram *datagram, const char *word)
{
	return datagram->bytes.len == strlen(word) &&
	       !memcmp(datagram->bytes.data, word, datagram->bytes.len);
}

static void succeed(struct sim_guide_peer *peer, const altair_addr *from)
{
	bool between = peer->punches == ALTAIR_PUNCHES_PER_ATTEMPT;

	peer->remote = *from;
	if (!peer->config.trails || between)
		peer->next = ALTAIR_NEVER;
	peer->ends_at = now_of(peer) + peer->config.patience;
	tell(peer, ALTAIR_EV_CONNECTED, 0);
	peer->state = SIM_GUIDE_WAITS_FOR_PING;
	if (!peer->config.initiator)
		return;
	peer->state = SIM_GUIDE_WAITS_FOR_PONG;
	say(peer, from, "PING");
}

void sim_guide_hear(struct sim_guide_peer *peer,
		    const altair_datagram *datagram)
{
	bool is_ping = is_word(datagram, "PING");
	bool is_pong = is_word(datagram, "PONG");

	switch (peer->state) {
	case SIM_GUIDE_PUNCHES:
		if (is_ping || is_pong || is_word(datagram, "PUNCH"))
			succeed(peer, &datagram->path.remote);
		break;
	case SIM_GUIDE_WAITS_FOR_PING:
		if (is_ping)
			say(peer, &peer->remote, "PONG");
		end(peer, is_ping ? SIM_GUIDE_IS_DONE : SIM_GUIDE_GAVE_UP, 0);
		break;
	case SIM_GUIDE_WAITS_FOR_PONG:
		end(peer, is_pong ? SIM_GUIDE_IS_DONE : SIM_GUIDE_GAVE_UP, 0);
		break;
	case SIM_GUIDE_IS_DONE:
	case SIM_GUIDE_GAVE_UP:
		break;
	}
}
