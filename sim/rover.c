#include "sim/rover.h"

#include "sim/access.h"
#include "sim/digest.h"

#include <stdio.h>
#include <string.h>

#define FIRST_PORT 4000
#define LAST_IPV4 6 /* seats from there on have IPv6 */
#define TEXT_MAX 48
#define STALE 0x0426u /* 438, as RFC 8489 14.8 has it */

/* Not the last one: the server's own IP is one that peers may have, too. */
#define DENIED (SIM_SIEGE_DENIED - 1)

/* So slow that a source which is told one thing a second is told each. */
#define PACE ALTAIR_MSEC(1100)

static altair_time now_of(const struct sim_rover *r)
{
	return sim_world_now(sim_host_node(r->host)->world);
}

static uint32_t below(struct sim_rover *r, uint32_t n)
{
	return sim_rng_below(&r->rng, n);
}

static uint32_t family_of(const struct sim_rover *r)
{
	return r->siege->ipv4 ? SIM_ASK_IPV4 : SIM_ASK_IPV6;
}

/* --- what he hears ------------------------------------------------------- */

static void keep(struct sim_rover_kept kept[SIM_ROVER_KEPT], unsigned *count,
		 altair_bytes bytes, unsigned user)
{
	struct sim_rover_kept *k = &kept[(*count)++ % SIM_ROVER_KEPT];

	if (bytes.len > sizeof k->bytes)
		return;
	memcpy(k->bytes, bytes.data, bytes.len);
	k->len = bytes.len;
	k->user = user;
}

static void hear(void *user, const altair_datagram *datagram)
{
	struct sim_rover *r = user;
	struct sim_rover_seat *seat = &r->seats[datagram->path.sock];
	struct sim_stun stun;
	altair_bytes v;

	if (!sim_stun_read(datagram->bytes, &stun))
		return;
	if (sim_stun_find(&stun, SIM_ASK_NONCE, &v) &&
	    v.len <= sizeof seat->nonce) {
		memcpy(seat->nonce, v.data, v.len);
		seat->nonce_len = v.len;
	}
	if (r->takes_all &&
	    sim_stun_number(&stun, SIM_ASK_ERROR_CODE) == STALE && r->step > 0)
		r->step--; /* once more */
	if (sim_stun_find(&stun, SIM_ASK_TICKET, &v))
		keep(r->tickets, &r->tickets_count, v, seat->user);
	if (sim_stun_find(&stun, SIM_ASK_TOKEN, &v))
		keep(r->tokens, &r->tokens_count, v, seat->user);
}

/* --- what he says -------------------------------------------------------- */

static void send(struct sim_rover *r, unsigned n)
{
	const struct sim_rover_seat *seat = &r->seats[n];
	altair_datagram datagram = {
		.path.sock = n,
		.path.remote =
			sim_siege_server(seat->addr.family == ALTAIR_IPV6),
		.bytes = {r->ask.bytes, r->ask.len},
	};

	sim_host_send(r->host, &datagram);
}

static void sign_and_send(struct sim_rover *r, unsigned n, unsigned user)
{
	const struct sim_rover_seat *seat = &r->seats[n];
	struct sim_ask_account account = sim_ask_account(user);

	sim_ask_sign(&r->ask, &r->crypto, &account,
		     (altair_bytes){seat->nonce, seat->nonce_len});
	sim_auditor_made(r->auditor, user, &seat->addr,
			 (altair_bytes){r->ask.bytes, r->ask.len});
	send(r, n);
}

static void begin(struct sim_rover *r, enum sim_stun_method method)
{
	sim_ask_begin(&r->ask, SIM_STUN_REQUEST, method, &r->rng);
}

/* Also where nothing listens. */
static altair_addr draw_peer(struct sim_rover *r)
{
	altair_addr peer = sim_siege_peer(below(r, SIM_SIEGE_PEERS));
	unsigned what = below(r, 12);

	peer.port = (uint16_t)(peer.port + below(r, 3));
	if (what == 0)
		return sim_siege_denied(below(r, SIM_SIEGE_DENIED));
	if (what == 1)
		peer.port = (uint16_t)below(r, 1024);
	if (what == 2)
		peer.ip[peer.family == ALTAIR_IPV6 ? 15 : 3] =
			(uint8_t)below(r, 256);
	if (what == 3) {
		peer = sim_siege_server(peer.family == ALTAIR_IPV6);
		peer.port = (uint16_t)(50000 + below(r, r->siege->ports + 2));
	}
	return peer;
}

static void add_peers(struct sim_rover *r, unsigned count)
{
	while (count-- > 0) {
		altair_addr peer = draw_peer(r);

		sim_ask_add_addr(&r->ask, SIM_STUN_PEER, &peer);
	}
}

static void add_family(struct sim_rover *r)
{
	switch (below(r, 4)) {
	case 0:
		sim_ask_add_u32(&r->ask, SIM_ASK_BOTH_FAMILIES, SIM_ASK_IPV6);
		break;
	case 1:
		sim_ask_add_u32(&r->ask, SIM_ASK_FAMILY, SIM_ASK_IPV6);
		break;
	default:
		sim_ask_add_u32(&r->ask, SIM_ASK_FAMILY, family_of(r));
	}
}

static void ask_allocation(struct sim_rover *r, unsigned n)
{
	static const uint8_t even[] = {0}, pair[] = {0x80};
	const struct sim_rover_kept *token =
		&r->tokens[below(r, SIM_ROVER_KEPT)];

	begin(r, SIM_STUN_ALLOCATE);
	sim_ask_add_u32(&r->ask, SIM_ASK_TRANSPORT, SIM_ASK_UDP);
	if (below(r, 2))
		sim_ask_add_u32(&r->ask, SIM_ASK_LIFETIME, below(r, 4000));
	if (below(r, 2))
		sim_ask_add(&r->ask, SIM_ASK_TICKET, (altair_bytes){NULL, 0});
	if (token->len > 0 && below(r, 2)) {
		sim_ask_add(&r->ask, SIM_ASK_TOKEN,
			    (altair_bytes){token->bytes, token->len});
	} else {
		add_family(r);
		if (below(r, 3) == 0)
			sim_ask_add(
				&r->ask, SIM_ASK_EVEN_PORT,
				(altair_bytes){below(r, 2) ? even : pair, 1});
	}
	sign_and_send(r, n, r->seats[n].user);
}

static void ask_refresh(struct sim_rover *r, unsigned n)
{
	const struct sim_rover_kept *ticket =
		&r->tickets[below(r, SIM_ROVER_KEPT)];
	unsigned user = r->seats[n].user;

	begin(r, SIM_STUN_REFRESH);
	if (below(r, 2))
		sim_ask_add_u32(&r->ask, SIM_ASK_LIFETIME,
				below(r, 3) ? 600 + below(r, 3000) : 0);
	if (ticket->len > 0 && below(r, 2)) {
		sim_ask_add(&r->ask, SIM_ASK_TICKET,
			    (altair_bytes){ticket->bytes, ticket->len});
		if (below(r, 4))
			r->seats[n].user = user = ticket->user;
	}
	sign_and_send(r, n, user);
}

static void ask_peers(struct sim_rover *r, unsigned n)
{
	unsigned user = r->seats[n].user;

	if (below(r, 2)) {
		begin(r, SIM_STUN_PERMIT);
		add_peers(r, 1 + below(r, SIM_AUDITOR_PEERS - 1));
	} else {
		begin(r, SIM_STUN_CHANNEL);
		sim_ask_add_u32(
			&r->ask, SIM_STUN_CHANNEL_NUMBER,
			(below(r, 8) ? 0x4000u + below(r, 4) : below(r, 65536))
				<< 16);
		add_peers(r, 1);
	}
	if (below(r, 16) == 0) /* in another's name */
		user = below(r, r->siege->users);
	sign_and_send(r, n, user);
}

static void send_data(struct sim_rover *r, unsigned n)
{
	char text[TEXT_MAX];
	altair_addr peer = draw_peer(r);
	size_t len =
		(size_t)snprintf(text, sizeof text, "rover says %u", r->said++);

	if (below(r, 2)) {
		sim_ask_begin(&r->ask, SIM_STUN_INDICATION, SIM_STUN_SEND,
			      &r->rng);
		sim_ask_add_addr(&r->ask, SIM_STUN_PEER, &peer);
		sim_ask_add(&r->ask, SIM_STUN_PAYLOAD,
			    (altair_bytes){(uint8_t *)text, len});
	} else { /* padded, as over a stream, or not */
		r->ask.len = 4 + (below(r, 2) ? len : (len + 3) / 4 * 4);
		memset(r->ask.bytes, 0, r->ask.len);
		r->ask.bytes[0] = 0x40;
		r->ask.bytes[1] = (uint8_t)below(r, 5);
		r->ask.bytes[3] = (uint8_t)len;
		memcpy(r->ask.bytes + 4, text, len);
	}
	send(r, n);
}

static void act(struct sim_rover *r)
{
	unsigned n = below(r, SIM_ROVER_SEATS);

	if (r->seats[n].nonce_len == 0 || below(r, 40) == 0) {
		r->seats[n].user = below(r, r->siege->users);
		begin(r, SIM_STUN_ALLOCATE);
		sim_ask_add_u32(&r->ask, SIM_ASK_TRANSPORT, SIM_ASK_UDP);
		send(r, n);
		return;
	}
	switch (below(r, 10)) {
	case 0:
	case 1:
	case 2:
		ask_allocation(r, n);
		break;
	case 3:
	case 4:
		ask_refresh(r, n);
		break;
	case 5:
	case 6:
	case 7:
		ask_peers(r, n);
		break;
	default:
		send_data(r, n);
	}
}

/* --- all that there is --------------------------------------------------- */

/* One seat more than there are allocations. */
static unsigned seats_used(const struct sim_rover *r)
{
	return r->siege->allocations + 1;
}

/* Each user takes what he may; who comes then is the first one again. */
static unsigned user_of(const struct sim_rover *r, unsigned n)
{
	unsigned user = n / r->siege->quota;

	return user < r->siege->users ? user : 0;
}

static altair_addr peer_number(const struct sim_rover *r, unsigned number)
{
	altair_addr peer = sim_siege_peer(!r->siege->ipv4);

	if (number > 0)
		peer.ip[peer.family == ALTAIR_IPV6 ? 15 : 3] =
			(uint8_t)(100 + number);
	return peer;
}

static void take_allocation(struct sim_rover *r, unsigned n, unsigned user)
{
	begin(r, SIM_STUN_ALLOCATE);
	r->seats[n].user = user;
	sim_ask_add_u32(&r->ask, SIM_ASK_TRANSPORT, SIM_ASK_UDP);
	sim_ask_add_u32(&r->ask, SIM_ASK_FAMILY, family_of(r));
	if (r->seats[n].nonce_len == 0)
		send(r, n);
	else
		sign_and_send(r, n, user);
}

/* Channels to one IP, then permissions for others; of each one too many. */
static void take_peer(struct sim_rover *r, unsigned n, unsigned number)
{
	unsigned channels = r->siege->channels_each + 1;
	altair_addr peer;

	begin(r, number < channels ? SIM_STUN_CHANNEL : SIM_STUN_PERMIT);
	if (number < channels) {
		peer = peer_number(r, 0);
		peer.port = (uint16_t)(peer.port + number);
		sim_ask_add_u32(&r->ask, SIM_STUN_CHANNEL_NUMBER,
				(0x4000u + number) << 16);
	} else {
		peer = peer_number(r, number - channels);
	}
	sim_ask_add_addr(&r->ask, SIM_STUN_PEER, &peer);
	sign_and_send(r, n, r->seats[n].user);
}

/* What nobody may reach, while there is room for it: from the first seat, each
 * address once. */
static void ask_for_denied(struct sim_rover *r, unsigned number)
{
	altair_addr peer = sim_siege_denied(number);

	begin(r, SIM_STUN_PERMIT);
	sim_ask_add_addr(&r->ask, SIM_STUN_PEER, &peer);
	sign_and_send(r, 0, r->seats[0].user);
}

/* In channel 0x4000 of the first seat; its peer answers. */
static void say_something(struct sim_rover *r)
{
	static const uint8_t data[] = {0x40, 0, 0, 4, 'd', 'a', 't', 'a'};

	memcpy(r->ask.bytes, data, sizeof data);
	r->ask.len = sizeof data;
	send(r, 0);
}

static unsigned steps_of_peers(const struct sim_rover *r)
{
	return r->siege->channels_each + r->siege->permissions_each + 3;
}

/* Who has all that he may asks once more, from the seat that is left. */
static void take_place(struct sim_rover *r, unsigned place)
{
	unsigned spare = r->siege->allocations;

	if (place == r->siege->quota)
		take_allocation(r, spare, 0);
	else if (place < r->siege->quota)
		take_allocation(r, place, user_of(r, place));
	else
		take_allocation(r, place - 1, user_of(r, place - 1));
}

/* Allocations twice: the first time for the nonce. */
static bool take_next(struct sim_rover *r)
{
	unsigned seats = seats_used(r), step = r->step++;

	if (step < 2 * (seats + 1)) {
		take_place(r, step / 2);
		return true;
	}
	step -= 2 * (seats + 1);
	if (step < DENIED) {
		ask_for_denied(r, step);
		return true;
	}
	step -= DENIED;
	if (step < seats * steps_of_peers(r)) {
		/* All channels first. */
		take_peer(r, step % seats, step / seats);
		return true;
	}
	step -= seats * steps_of_peers(r);
	say_something(r);
	return false;
}

static void wake(void *user)
{
	struct sim_rover *r = user;

	if (r->is_over)
		return;
	if (!r->takes_all)
		act(r);
	else if (!take_next(r))
		return;
	sim_host_wake_at(
		r->host,
		now_of(r) + (r->takes_all ? PACE
					  : sim_rng_between(&r->rng, 1,
							    r->siege->gap)));
}

static const struct sim_app rover_app = {.datagram = hear, .wake = wake};

/* --- his life ------------------------------------------------------------ */

void sim_rover_init(struct sim_rover *r, uint64_t seed)
{
	sim_rng_seed(&r->rng, seed, SIM_FOR_SIEGE, 80);
	r->crypto = sim_digest_crypto(&r->rng);
	r->host = sim_must(sim_host_new("rover", NULL, &rover_app, r));
}

void sim_rover_settle(struct sim_rover *r, unsigned port)
{
	for (unsigned n = 0; n < SIM_ROVER_SEATS; n++) {
		struct sim_rover_seat *seat = &r->seats[n];

		seat->addr = sim_addr(n < LAST_IPV4 ? "203.0.113.30"
						    : "2001:db8:c:1::30",
				      (uint16_t)(FIRST_PORT + n));
		seat->user = n % r->siege->users;
		sim_host_bind(r->host, n, &seat->addr, port);
	}
	if (r->siege->rover)
		sim_host_wake_at(r->host, now_of(r) + 1);
}

void sim_rover_leave(struct sim_rover *r)
{
	r->is_over = true;
}

altair_time sim_rover_take_all(struct sim_rover *r)
{
	unsigned steps =
		seats_used(r) * (2 + steps_of_peers(r)) + SIM_SIEGE_DENIED + 6;

	r->is_over = false;
	r->takes_all = true;
	r->step = 0;
	for (unsigned n = 0; n < SIM_ROVER_SEATS; n++)
		r->seats[n].nonce_len = 0;
	sim_host_wake_at(r->host, now_of(r) + 1);
	return 2 * steps * PACE;
}
