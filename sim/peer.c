/*
 * The program: it begins to gather when its time comes, signals what the agent
 * says, says its first message as soon as there is a path, and the next ones at
 * their distance while it talks.
 */
#include "sim/peer.h"

#include "sim/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before its first message has left. */
#define HASTE ALTAIR_MSEC(5)

static altair_time now_of(const struct sim_peer *peer)
{
	return sim_world_now(peer->region->world);
}

static altair_time since_epoch(const struct sim_peer *peer)
{
	return now_of(peer) - peer->meeting->epoch;
}

static const struct sim_party *party_of(const struct sim_peer *peer)
{
	return &peer->meeting->party[peer->side];
}

static void must_be(bool condition)
{
	if (!condition)
		abort();
}

/* --- signalling ---------------------------------------------------------- */

static void signal(struct sim_peer *peer, enum sim_signal_kind kind,
		   const char *text)
{
	const struct sim_meeting *meeting = peer->meeting;
	struct sim_signal signal = {
		.at = now_of(peer) + meeting->signalling,
		.to = !peer->side,
		.kind = kind,
	};

	if (meeting->signals_until > 0 &&
	    since_epoch(peer) > meeting->signals_until)
		return;
	snprintf(signal.text, sizeof signal.text, "%s", text);
	if (kind == SIM_SIGNAL_CREDENTIALS) {
		signal.at += meeting->credentials;
		snprintf(signal.pwd, sizeof signal.pwd, "%s",
			 altair_agent_pwd(peer->agent));
	} else {
		signal.at += party_of(peer)->trickles;
	}
	sim_signalling_carry(peer->signalling, &signal);
}

void sim_peer_hear(struct sim_peer *peer, const struct sim_signal *signal)
{
	altair_time now = now_of(peer);

	if (peer->is_closed)
		return;
	switch (signal->kind) {
	case SIM_SIGNAL_CREDENTIALS:
		(void)altair_agent_remote(peer->agent, now, signal->text,
					  signal->pwd);
		break;
	case SIM_SIGNAL_CANDIDATE:
		(void)altair_agent_add_remote(peer->agent, now, signal->text);
		break;
	case SIM_SIGNAL_END:
		altair_agent_end_of_candidates(peer->agent, now);
		break;
	}
	if (peer->has_begun)
		sim_host_poll(peer->host);
}

/* --- talking ------------------------------------------------------------- */

static void say(struct sim_peer *peer)
{
	uint8_t room[ALTAIR_AGENT_HEADROOM + SIM_MESSAGE_LEN +
		     ALTAIR_AGENT_TAILROOM];
	uint8_t *payload = room + ALTAIR_AGENT_HEADROOM;
	struct sim_message message = {
		.side = peer->side,
		.number = peer->said + 1,
		.sent_at = now_of(peer),
	};
	altair_datagram datagram;

	sim_message_write(&message, peer->meeting->seed, payload);
	if (altair_agent_wrap(peer->agent, payload, SIM_MESSAGE_LEN,
			      &datagram) != 0)
		return;
	peer->outcome->messages_out = ++peer->said;
	if (peer->meeting->say)
		peer->meeting->say(peer->meeting->user, peer->side, peer->host,
				   &datagram);
	else
		sim_host_send(peer->host, &datagram);
	sim_host_poll(peer->host);
}

static void plan(struct sim_peer *peer, altair_time at)
{
	peer->next_message = at;
	sim_host_wake_at(peer->host, at);
}

/* The last resort of the program on side A. */
static bool must_restart(const struct sim_peer *peer)
{
	altair_time after = peer->meeting->restart_after, now = now_of(peer);

	return after > 0 && peer->side == 0 &&
	       now - peer->last_heard_at >= after &&
	       now - peer->restarted_at >= after;
}

static altair_time pause_of(const struct sim_peer *peer)
{
	if (peer->has_path)
		return peer->said > 0 ? peer->meeting->gap : HASTE;
	return peer->meeting->restart_after;
}

static void talk(struct sim_peer *peer)
{
	if (!peer->talks || !peer->has_begun || peer->is_closed) {
		plan(peer, ALTAIR_NEVER);
		return;
	}
	if (must_restart(peer))
		sim_peer_restart(peer);
	if (peer->has_path)
		say(peer);
	plan(peer,
	     pause_of(peer) > 0 ? now_of(peer) + pause_of(peer) : ALTAIR_NEVER);
}

void sim_peer_talk(struct sim_peer *peer, bool talks)
{
	if (talks && !peer->talks)
		peer->last_heard_at = now_of(peer);
	peer->talks = talks;
	talk(peer);
}

static void take(struct sim_peer *peer, const struct sim_message *message)
{
	struct sim_party_outcome *out = peer->outcome;
	altair_time now = now_of(peer);

	if (out->heard_at == ALTAIR_NEVER)
		out->heard_at = since_epoch(peer);
	else if (peer->talks && now - peer->last_heard_at > out->gap)
		out->gap = now - peer->last_heard_at;
	peer->last_heard_at = now;
	peer->last_sent_at = message->sent_at;
	out->messages_in++;
	if (out->back_at == ALTAIR_NEVER &&
	    message->sent_at >= peer->changed_at)
		out->back_at = since_epoch(peer);
}

/* --- the application of the host ----------------------------------------- */

static void see_datagram(void *user, const altair_datagram *datagram)
{
	struct sim_peer *peer = user;
	struct sim_message message;

	if (datagram->verdict == ALTAIR_PAYLOAD &&
	    sim_message_read(datagram->bytes, peer->meeting->seed, &message) &&
	    message.side != peer->side)
		take(peer, &message);
}

static void see_state(struct sim_peer *peer, const altair_output *out)
{
	struct sim_party_outcome *outcome = peer->outcome;

	outcome->state = (enum altair_agent_state)out->number;
	if (out->number == ALTAIR_AGENT_FAILED)
		outcome->reason = out->reason;
	if (out->number == ALTAIR_AGENT_CONNECTED &&
	    outcome->connected_at == ALTAIR_NEVER)
		outcome->connected_at = since_epoch(peer);
}

static void see_event(void *user, const altair_output *out)
{
	struct sim_peer *peer = user;
	char text[ALTAIR_CANDIDATE_TEXT];

	if (out->event == ALTAIR_EV_CANDIDATE) {
		must_be(altair_agent_candidate(peer->agent, out->number, text,
					       sizeof text) > 0);
		signal(peer, SIM_SIGNAL_CANDIDATE, text);
	} else if (out->event == ALTAIR_EV_END_OF_CANDIDATES) {
		signal(peer, SIM_SIGNAL_END, "");
	} else if (out->event == ALTAIR_EV_CREDENTIALS) {
		signal(peer, SIM_SIGNAL_CREDENTIALS,
		       altair_agent_ufrag(peer->agent));
	} else if (out->event == ALTAIR_EV_OPEN) {
		sim_stream_open(peer, out->number, &out->addr);
	} else if (out->event == ALTAIR_EV_SHUT) {
		sim_stream_shut(peer, out->number);
	} else if (out->event == ALTAIR_EV_STATE) {
		see_state(peer, out);
	} else if (out->event == ALTAIR_EV_SELECTED) {
		if (!peer->has_path) {
			peer->has_path = true;
			talk(peer);
		}
	}
}

static void begin(struct sim_peer *peer)
{
	peer->has_begun = true;
	if (peer->meeting->credentials > 0)
		signal(peer, SIM_SIGNAL_CREDENTIALS,
		       altair_agent_ufrag(peer->agent));
	must_be(altair_agent_gather(peer->agent, now_of(peer)) == 0);
	altair_agent_seal(peer->agent, now_of(peer));
	sim_host_add(peer->host, peer->machine);
}

static void wake(void *user)
{
	struct sim_peer *peer = user;

	if (peer->is_closed)
		return;
	if (!peer->has_begun)
		begin(peer);
	talk(peer);
}

static void see_stream(void *user, unsigned port,
		       const struct sim_packet *packet)
{
	(void)port;
	sim_stream_take(user, packet);
}

static void send_stream(void *user, const altair_datagram *datagram)
{
	sim_stream_send(user, datagram);
}

const struct sim_app sim_peer_app = {
	.event = see_event,
	.stream = see_stream,
	.send = send_stream,
	.datagram = see_datagram,
	.wake = wake,
};

/* --- beginning and end --------------------------------------------------- */

/* Over the family that its host has; over TCP, too, where nothing else leaves.
 */
static void add_relay(struct sim_peer *peer)
{
	bool is_ipv6 =
		peer->region->side[peer->side].interface[0].addr.family ==
		ALTAIR_IPV6;
	altair_agent_relay relay =
		sim_server_relay(&peer->region->server_addr[is_ipv6]);

	must_be(altair_agent_add_relay(peer->agent, now_of(peer), &relay) >= 0);
	relay.is_stream = true;
	if (party_of(peer)->kind->blocks_udp)
		must_be(altair_agent_add_relay(peer->agent, now_of(peer),
					       &relay) >= 0);
}

static void add_addresses(struct sim_peer *peer)
{
	const struct sim_region_side *side = &peer->region->side[peer->side];
	altair_time now = now_of(peer);

	for (size_t i = 0; i < side->count; i++)
		must_be(altair_agent_add_host(peer->agent, now,
					      side->interface[i].sock,
					      &side->interface[i].addr) == 0);
	for (size_t i = 0; i < 2 && !peer->meeting->no_server; i++)
		must_be(altair_agent_add_server(
				peer->agent, now,
				&peer->region->server_addr[i]) == 0);
	if (peer->meeting->two_servers)
		must_be(altair_agent_add_server(peer->agent, now,
						&peer->region->second_addr) ==
			0);
	if (!peer->meeting->no_server && !peer->meeting->no_relay)
		add_relay(peer);
}

void sim_peer_open(struct sim_peer *peer)
{
	const struct sim_meeting *meeting = peer->meeting;
	altair_agent_config config;
	size_t size;

	peer->host = peer->region->side[peer->side].host;
	peer->talks = true;
	peer->last_heard_at = peer->restarted_at = meeting->epoch;
	sim_rng_seed(&peer->secrets, meeting->seed, SIM_FOR_SECRETS,
		     1 + peer->side);
	peer->crypto = sim_digest_crypto(&peer->secrets);
	altair_agent_config_default(&config);
	config.crypto = &peer->crypto;
	config.controlling = party_of(peer)->controlling;
	config.relay_only = meeting->relay_only;
	if (meeting->ta > 0)
		config.ta = meeting->ta;
	size = altair_agent_size(&config);
	peer->memory = sim_must(malloc(size));
	must_be(altair_agent_init(&peer->agent, peer->memory, size, &config,
				  now_of(peer)) == 0);
	add_addresses(peer);
	peer->machine = altair_agent_machine(peer->agent);
	if (meeting->wrap)
		peer->machine =
			meeting->wrap(meeting->user, peer->side, peer->machine);
	plan(peer, meeting->epoch + party_of(peer)->start);
}

/* A driver closes the socket of an address that is gone, and binds another port
 * when it is there again. */
void sim_peer_plug(struct sim_peer *peer, bool is_up)
{
	struct sim_interface *first =
		&peer->region->side[peer->side].interface[0];
	altair_time now = now_of(peer);

	if (peer->is_closed)
		return;
	if (is_up) {
		first->addr.port++;
		sim_host_bind(peer->host, first->sock, &first->addr,
			      first->port);
		must_be(altair_agent_add_host(peer->agent, now, first->sock,
					      &first->addr) == 0);
	} else {
		sim_host_unbind(peer->host, first->sock);
		must_be(altair_agent_remove_host(peer->agent, now, first->sock,
						 &first->addr) == 0);
	}
	if (peer->has_begun)
		sim_host_poll(peer->host);
}

void sim_peer_restart(struct sim_peer *peer)
{
	peer->restarted_at = now_of(peer);
	if (!peer->has_begun || peer->is_closed)
		return;
	must_be(altair_agent_restart(peer->agent, now_of(peer)) == 0);
	sim_host_poll(peer->host);
}

void sim_peer_close(struct sim_peer *peer)
{
	peer->is_closed = true;
	altair_agent_get_stats(peer->agent, &peer->outcome->stats);
	altair_agent_get_verdict(peer->agent, &peer->outcome->verdict);
	altair_agent_close(peer->agent);
	if (peer->has_begun)
		sim_host_poll(peer->host);
}

void sim_peer_drop(struct sim_peer *peer)
{
	free(peer->memory);
}
