/*
 * A tenant's machine is changed only when he is woken: what it says of its end
 * is noted, for it is still being polled then.
 */
#include "sim/tenant.h"

#include "sim/access.h"
#include "sim/ask.h"
#include "sim/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_LEN 65536
#define TEXT_MAX 64
#define FIRST_PORT 40000
#define SOCK 0u

static altair_time now_of(const struct sim_tenant *t)
{
	return sim_world_now(sim_host_node(t->host)->world);
}

static uint32_t below(struct sim_tenant *t, uint32_t n)
{
	return sim_rng_below(&t->rng, n);
}

static void plan(struct sim_tenant *t)
{
	sim_host_wake_at(t->host, now_of(t) + sim_rng_between(&t->rng, 1,
							      t->siege->gap));
}

unsigned sim_tenant_user(const struct sim_tenant *t)
{
	return t->index % t->siege->users;
}

/* --- his stream ---------------------------------------------------------- */

static void put(struct sim_tenant *t, enum sim_packet_kind kind,
		altair_bytes payload)
{
	sim_world_send(
		sim_host_node(t->host), t->port,
		&(struct sim_packet){
			.kind = (uint8_t)kind,
			.src = t->addr,
			.dst = sim_siege_server(t->addr.family == ALTAIR_IPV6),
			.payload = payload});
}

/* What the machine sends while his socket is none of UDP. */
static void send_stream(void *user, const altair_datagram *datagram)
{
	struct sim_tenant *t = user;

	if (t->is_open)
		put(t, SIM_STREAM, datagram->bytes);
}

static void see_stream(void *user, unsigned port,
		       const struct sim_packet *packet)
{
	struct sim_tenant *t = user;
	altair_bytes in = packet->payload;
	altair_datagram message;

	(void)port;
	if (!t->turn || !t->is_stream ||
	    !altair_addr_equal(&packet->dst, &t->addr))
		return;
	if (packet->kind == SIM_STREAM_OPENED) {
		t->is_open = true;
		altair_turn_opened(t->turn, now_of(t));
	} else if (packet->kind == SIM_STREAM_SHUT) {
		t->is_open = false;
		altair_turn_lost(t->turn, ALTAIR_E_NETWORK);
	} else {
		while (t->turn &&
		       altair_turn_unframe(t->turn, &in, &message) == 1)
			sim_host_take(t->host, &message, packet);
	}
	sim_host_poll(t->host);
}

/* --- his machine --------------------------------------------------------- */

static void forget(struct sim_tenant *t)
{
	if (t->turn)
		sim_host_remove(t->host, altair_turn_machine(t->turn));
	t->turn = NULL;
	t->has_ended = false;
	if (!t->is_stream)
		return;
	if (t->is_open)
		put(t, SIM_STREAM_SHUT, (altair_bytes){NULL, 0});
	t->is_stream = t->is_open = false;
	/* What is still on its way to a stream is for this one only. */
	t->addr.port++;
	sim_host_bind(t->host, SOCK, &t->addr, t->port);
}

/* Over TCP from now on. */
static void connect(struct sim_tenant *t)
{
	t->is_stream = true;
	sim_host_unbind(t->host, SOCK);
	t->addr.port++;
	put(t, SIM_STREAM_OPEN, (altair_bytes){NULL, 0});
}

static unsigned draw_families(struct sim_tenant *t)
{
	unsigned both = ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6;

	if (t->siege->ipv4 && t->siege->ipv6)
		return 1 + below(t, both);
	return t->siege->ipv4 ? ALTAIR_TURN_IPV4 : ALTAIR_TURN_IPV6;
}

static void begin(struct sim_tenant *t)
{
	struct sim_ask_account account = sim_ask_account(sim_tenant_user(t));
	altair_turn_config config;

	altair_turn_config_default(&config);
	config.crypto = &t->crypto;
	config.server = sim_siege_server(t->addr.family == ALTAIR_IPV6);
	config.sock = SOCK;
	config.name = sim_ask_text(account.name);
	config.password = sim_ask_text(account.password);
	config.families = draw_families(t);
	config.is_stream = t->siege->streams && below(t, 3) == 0;
	config.is_early = below(t, 2);
	config.takes_over = below(t, 2);
	config.lifetime = below(t, 2) * (600 + below(t, 3000));
	config.permissions_max = 6;
	config.channels_max = 4;
	if (config.is_stream)
		connect(t);
	if (altair_turn_init(&t->turn, t->memory, MEMORY_LEN, &config,
			     now_of(t)) != 0)
		abort();
	sim_host_add(t->host, altair_turn_machine(t->turn));
}

/* Another 5-tuple from now on. */
static void move_out(struct sim_tenant *t)
{
	forget(t);
	sim_host_unbind(t->host, SOCK);
	t->addr.port++;
	sim_host_bind(t->host, SOCK, &t->addr, t->port);
}

/* --- what he does -------------------------------------------------------- */

/* Anybody: a peer, the relayed address of a tenant, what is denied. */
static altair_addr draw_peer(struct sim_tenant *t)
{
	const struct sim_tenant *other = &t->all[below(t, SIM_TENANTS)];
	enum altair_family family = below(t, 2) ? ALTAIR_IPV6 : ALTAIR_IPV4;
	altair_addr addr;

	switch (below(t, 8)) {
	case 0:
		return sim_siege_denied(below(t, SIM_SIEGE_DENIED));
	case 1:
	case 2:
		if (other->turn &&
		    altair_turn_relayed(other->turn, family, &addr) == 0)
			return addr;
		break;
	default:
		break;
	}
	addr = sim_siege_peer(below(t, SIM_SIEGE_PEERS));
	addr.port = (uint16_t)(addr.port + below(t, 2));
	return addr;
}

/* Mostly one whom he may reach. */
static altair_addr draw_listener(struct sim_tenant *t)
{
	altair_addr peer = draw_peer(t);

	for (unsigned i = 0; i < 64; i++) {
		if (altair_turn_allows(t->turn, &peer) || below(t, 16) == 0)
			break;
		peer = draw_peer(t);
	}
	return peer;
}

static void say(struct sim_tenant *t)
{
	uint8_t room[ALTAIR_TURN_HEADROOM + TEXT_MAX + ALTAIR_TURN_TAILROOM];
	char *payload = (char *)room + ALTAIR_TURN_HEADROOM;
	altair_addr peer = draw_listener(t);
	altair_datagram datagram;
	size_t len;

	memset(payload, '.', TEXT_MAX);
	len = (size_t)snprintf(payload, TEXT_MAX, "tenant %u says %u", t->index,
			       (unsigned)t->said++);
	len += below(t, (uint32_t)(TEXT_MAX - len));
	if (altair_turn_wrap(t->turn, &peer, (uint8_t *)payload, len,
			     &datagram) == 0)
		sim_host_send(t->host, &datagram);
}

static void act(struct sim_tenant *t)
{
	altair_addr peer = draw_peer(t);
	altair_time now = now_of(t);

	switch (below(t, 24)) {
	case 0:
		altair_turn_close(t->turn, now);
		break;
	case 1: /* vanishes, and comes back somewhere else */
		move_out(t);
		return;
	case 2: /* comes back to the same place */
		forget(t);
		return;
	case 3:
		altair_turn_probe(t->turn, now);
		break;
	case 4:
		altair_turn_forget(t->turn, now, &peer);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		altair_turn_permit(t->turn, now, &peer);
		break;
	case 9:
	case 10:
	case 11:
		altair_turn_bind(t->turn, now, &peer);
		break;
	default:
		say(t);
	}
	sim_host_poll(t->host);
}

static void wake(void *user)
{
	struct sim_tenant *t = user;

	if (t->has_ended)
		forget(t);
	if (t->is_over)
		return;
	if (t->turn)
		act(t);
	else
		begin(t);
	plan(t);
}

static void see_event(void *user, const altair_output *out)
{
	struct sim_tenant *t = user;

	t->has_ended |= out->event == ALTAIR_EV_RELAY_ENDED;
}

static const struct sim_app tenant_app = {
	.event = see_event,
	.stream = see_stream,
	.send = send_stream,
	.wake = wake,
};

/* --- his life ------------------------------------------------------------ */

void sim_tenant_init(struct sim_tenant *t, uint64_t seed)
{
	static const char *const names[] = {"tenant 1", "tenant 2", "tenant 3",
					    "tenant 4"};

	sim_rng_seed(&t->rng, seed, SIM_FOR_SIEGE, 64 + t->index);
	sim_rng_seed(&t->secrets, seed, SIM_FOR_SECRETS, 4 + t->index);
	t->crypto = sim_digest_crypto(&t->secrets);
	t->host = sim_must(sim_host_new(names[t->index], NULL, &tenant_app, t));
	t->memory = sim_must(malloc(MEMORY_LEN));
}

void sim_tenant_settle(struct sim_tenant *t, unsigned port)
{
	/* Two of them share what the server takes for one source. */
	static const char *const ips[] = {"203.0.113.20", "203.0.113.21",
					  "2001:db8:c::20", "2001:db8:c::21"};

	t->port = port;
	t->addr = sim_addr(ips[t->index],
			   (uint16_t)(FIRST_PORT + 1000 * t->index));
	sim_host_bind(t->host, SOCK, &t->addr, port);
	plan(t);
}

void sim_tenant_leave(struct sim_tenant *t, bool closes)
{
	t->is_over = true;
	if (t->turn && closes)
		altair_turn_close(t->turn, now_of(t));
	else
		forget(t);
	sim_host_poll(t->host);
}

void sim_tenant_drop(struct sim_tenant *t)
{
	free(t->memory);
}
