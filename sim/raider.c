#include "sim/raider.h"

#include "sim/access.h"
#include "sim/digest.h"

#include <string.h>

#define BURSTS 10 /* a second */
#define FORGED 64 /* addresses that he forges */

static altair_time now_of(const struct sim_raider *r)
{
	return sim_world_now(sim_host_node(r->host)->world);
}

static uint32_t below(struct sim_raider *r, uint32_t n)
{
	return sim_rng_below(&r->rng, n);
}

/* A challenge to one of his own addresses. */
static void hear(void *user, const altair_datagram *datagram)
{
	struct sim_raider *r = user;
	uint32_t n = datagram->path.sock;
	struct sim_stun stun;
	altair_bytes v;

	if (!sim_stun_read(datagram->bytes, &stun) ||
	    !sim_stun_find(&stun, SIM_ASK_NONCE, &v) ||
	    v.len > SIM_RAIDER_NONCE_MAX)
		return;
	memcpy(r->nonce[n], v.data, v.len);
	r->nonce_len[n] = v.len;
}

/* --- what he says -------------------------------------------------------- */

static void ask(struct sim_raider *r)
{
	static const enum sim_stun_method methods[] = {
		SIM_STUN_ALLOCATE, SIM_STUN_ALLOCATE, SIM_STUN_REFRESH,
		SIM_STUN_PERMIT,   SIM_STUN_CHANNEL,  SIM_STUN_BINDING};
	altair_addr peer = sim_siege_peer(below(r, SIM_SIEGE_PEERS));

	sim_ask_begin(&r->ask, SIM_STUN_REQUEST, methods[below(r, 6)], &r->rng);
	if (below(r, 2))
		sim_ask_add_u32(&r->ask, SIM_ASK_TRANSPORT, SIM_ASK_UDP);
	if (below(r, 4) == 0)
		sim_ask_add_addr(&r->ask, SIM_STUN_PEER, &peer);
	if (below(r, 8) == 0) /* what nobody understands */
		sim_ask_add_u32(&r->ask, 0x7000 + below(r, 8), 0);
}

static void guess(struct sim_raider *r, unsigned n)
{
	struct sim_ask_account account =
		sim_ask_account(below(r, r->siege->users + 1));

	account.password[0]++;
	ask(r);
	sim_ask_sign(&r->ask, &r->crypto, &account,
		     (altair_bytes){r->nonce[n], r->nonce_len[n]});
}

static void forge_data(struct sim_raider *r)
{
	altair_addr peer =
		below(r, 2) ? sim_siege_denied(below(r, SIM_SIEGE_DENIED))
			    : sim_siege_peer(below(r, SIM_SIEGE_PEERS));
	static const uint8_t channel[] = {0x40, 0, 0, 4, 'r', 'a', 'i', 'd'};

	if (below(r, 2)) {
		memcpy(r->ask.bytes, channel, sizeof channel);
		r->ask.len = sizeof channel;
		return;
	}
	sim_ask_begin(&r->ask, SIM_STUN_INDICATION,
		      below(r, 4) ? SIM_STUN_SEND : SIM_STUN_DATA, &r->rng);
	sim_ask_add_addr(&r->ask, SIM_STUN_PEER, &peer);
	sim_ask_add(&r->ask, SIM_STUN_PAYLOAD, sim_ask_text("raid"));
}

static void make_noise(struct sim_raider *r)
{
	if (below(r, 2)) {
		sim_ask_begin(&r->ask,
			      below(r, 2) ? SIM_STUN_ERROR : SIM_STUN_SUCCESS,
			      SIM_STUN_ALLOCATE, &r->rng);
		return;
	}
	r->ask.len = below(r, 60);
	for (size_t i = 0; i < r->ask.len; i++)
		r->ask.bytes[i] = (uint8_t)below(r, 256);
}

/* --- from where, to where ------------------------------------------------ */

static altair_addr forge_source(struct sim_raider *r, unsigned n)
{
	altair_addr source = r->seats[n];

	source.ip[source.family == ALTAIR_IPV6 ? 7 : 3] =
		(uint8_t)(100 + below(r, FORGED));
	source.port = (uint16_t)(1024 + below(r, 60000));
	return source;
}

static void say(struct sim_raider *r)
{
	unsigned n = below(r, SIM_RAIDER_SEATS);
	altair_addr source = r->seats[n];
	altair_addr server = sim_siege_server(source.family == ALTAIR_IPV6);

	switch (below(r, 8)) {
	case 0:
	case 1:
		guess(r, n);
		break;
	case 2:
		forge_data(r);
		break;
	case 3:
		make_noise(r);
		break;
	default:
		ask(r);
	}
	if (below(r, 3) == 0)
		source = forge_source(r, n);
	if (below(r, 6) == 0) /* where relay ports are */
		server.port = (uint16_t)(50000 + below(r, r->siege->ports));
	sim_world_send(
		sim_host_node(r->host), r->port,
		&(struct sim_packet){.kind = SIM_UDP,
				     .src = source,
				     .dst = server,
				     .payload = {r->ask.bytes, r->ask.len}});
}

static void wake(void *user)
{
	struct sim_raider *r = user;
	uint32_t most = 1 + 2 * r->siege->raider_rate / BURSTS;

	for (uint32_t i = below(r, most); i > 0; i--)
		say(r);
	if (now_of(r) < r->siege->epoch + r->siege->storm)
		sim_host_wake_at(r->host, now_of(r) + ALTAIR_SEC(1) / BURSTS);
}

static const struct sim_app raider_app = {.datagram = hear, .wake = wake};

void sim_raider_init(struct sim_raider *r, uint64_t seed)
{
	sim_rng_seed(&r->rng, seed, SIM_FOR_ATTACKER, 2);
	r->crypto = sim_digest_crypto(&r->rng);
	r->host = sim_must(sim_host_new("raider", NULL, &raider_app, r));
}

void sim_raider_settle(struct sim_raider *r, unsigned port)
{
	static const char *const ips[] = {"198.51.100.66", "198.51.100.67",
					  "2001:db8:66::1", "2001:db8:67::1"};

	r->port = port;
	for (unsigned n = 0; n < SIM_RAIDER_SEATS; n++) {
		r->seats[n] = sim_addr(ips[n], 6666);
		sim_host_bind(r->host, n, &r->seats[n], port);
	}
	if (r->siege->raider_rate > 0)
		sim_host_wake_at(r->host, now_of(r) + 1);
}
