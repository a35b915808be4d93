/*
 * The TURN client (RFC 8656): one allocation with its permissions and channels.
 * Here: payload in both directions, and the public functions.
 */
#include "turn/client.h"

#include "base/addr.h"
#include "base/arena.h"
#include "base/assert.h"
#include "turn/answer.h"
#include "turn/data.h"
#include "turn/reason.h"
#include "turn/refresh.h"

#include <string.h>

#define TABLE_LIMIT 256
#define REQUESTS_LIMIT 32
/* RFC 8489 6.2.1 lets both be configured; these keep RTO << Rc in range. */
#define RC_LIMIT 16
#define RM_LIMIT 256
/* Leaves room for the headers in a 16-bit length. */
#define PAYLOAD_MAX 65000
/* STUN with the most that its 16-bit length can say, and then some. */
#define MESSAGE_LIMIT 65556
#define MESSAGE_MIN 64

#define UNDERSTOOD (AIR_STUN_SET_BASE | AIR_STUN_SET_TURN)
#define FAMILIES (ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6)

/* --- input --------------------------------------------------------------- */

static enum altair_verdict ignore(struct altair_turn *t)
{
	t->stats.ignored++;
	return ALTAIR_TAKEN;
}

/* Gives the datagram the peer's view, if the peer may send to us. */
static enum altair_verdict deliver(struct altair_turn *t, altair_datagram *d,
				   const altair_addr *peer, altair_bytes bytes)
{
	if (t->phase != TURN_ALLOCATED || !air_perm_find(&t->perms, peer))
		return ignore(t);
	t->stats.payloads++;
	d->path.remote = *peer;
	d->path.local = t->alloc.relayed[air_alloc_family(peer)];
	d->bytes = bytes;
	return ALTAIR_PAYLOAD;
}

static enum altair_verdict take_channel(struct altair_turn *t,
					altair_datagram *d)
{
	struct air_channel *c;
	altair_bytes payload;
	uint16_t number;

	if (!air_data_read_channel(d->bytes, &number, &payload))
		return ignore(t);
	c = air_channel_numbered(&t->channels, number);
	return c ? deliver(t, d, &c->peer, payload) : ignore(t);
}

/* RFC 8656 11.6. */
static enum altair_verdict take_icmp(struct altair_turn *t,
				     const altair_addr *peer,
				     const struct air_stun_value *icmp)
{
	if (t->phase != TURN_ALLOCATED || !air_perm_find(&t->perms, peer))
		return ignore(t);
	t->unreachable = (struct air_turn_unreachable){*peer, icmp->family,
						       icmp->code, true};
	return ALTAIR_TAKEN;
}

/* RFC 8656 11.4. */
static enum altair_verdict take_data(struct altair_turn *t, altair_datagram *d)
{
	struct air_stun_message m;
	struct air_stun_value peer, v;

	if (!air_stun_message_read(&m, d->bytes, UNDERSTOOD) ||
	    m.unknown_count > 0 || !air_stun_is_intact(&m) ||
	    !air_stun_message_get(&m, AIR_STUN_XOR_PEER_ADDRESS, &peer) ||
	    !air_addr_is_endpoint(&peer.addr))
		return ignore(t);
	peer.addr = air_addr_canonical(&peer.addr);
	if (air_stun_message_get(&m, AIR_STUN_ICMP, &v))
		return take_icmp(t, &peer.addr, &v);
	if (!air_stun_message_get(&m, AIR_STUN_DATA_ATTR, &v))
		return ignore(t);
	return deliver(t, d, &peer.addr, v.bytes);
}

static enum altair_verdict take_stun(struct altair_turn *t, altair_time now,
				     altair_datagram *d)
{
	struct air_request *r =
		air_request_find(t->requests, t->config.requests_max, d->bytes);
	struct air_stun_header h;

	if (r) {
		air_turn_answer_take(t, r, now, d->bytes);
		return ALTAIR_TAKEN;
	}
	if (!air_stun_header_decode(d->bytes, &h))
		return ignore(t);
	if (h.method == AIR_STUN_BINDING)
		return ALTAIR_NOT_MINE;
	if (h.class == AIR_STUN_INDICATION && h.method == AIR_STUN_DATA)
		return take_data(t, d);
	return ignore(t);
}

static enum altair_verdict take(struct altair_turn *t, altair_time now,
				altair_datagram *d)
{
	bool is_stun = air_stun_recognise(d->bytes);

	if (d->segment != 0 || (!is_stun && !air_data_is_channel(d->bytes)))
		return ALTAIR_NOT_MINE;
	if (d->path.sock == t->config.sock &&
	    altair_addr_equal(&d->path.remote, air_subject_server(t)))
		return is_stun ? take_stun(t, now, d) : take_channel(t, d);
	if (is_stun &&
	    air_request_find(t->requests, t->config.requests_max, d->bytes))
		return ignore(t);
	return ALTAIR_NOT_MINE;
}

/* --- time ---------------------------------------------------------------- */

static void turn_tick(altair_machine *machine, altair_time now)
{
	struct altair_turn *t = (struct altair_turn *)machine;
	uint32_t timer, subjects = air_subject_count(t);

	while (air_heap_pop(&t->timers, now, &timer)) {
		if (timer < subjects)
			air_refresh_run_subject(t, timer, now);
		else
			air_refresh_run_request(
				t, &t->requests[timer - subjects], now);
	}
	air_refresh_pump(t, now);
}

static void turn_input(altair_machine *machine, altair_time now,
		       altair_datagram *batch, size_t count)
{
	struct altair_turn *t = (struct altair_turn *)machine;

	for (size_t i = 0; i < count; i++)
		batch[i].verdict = take(t, now, &batch[i]);
	turn_tick(machine, now);
}

/* --- output -------------------------------------------------------------- */

static bool poll_relay(struct altair_turn *t, altair_output *out)
{
	for (unsigned i = 0; i < AIR_ALLOC_FAMILIES; i++) {
		if (!t->is_relay_new[i])
			continue;
		t->is_relay_new[i] = false;
		out->event = ALTAIR_EV_RELAYED;
		out->addr = t->alloc.relayed[i];
		out->rtt = t->rtt;
		if (out->addr.family != ALTAIR_NO_FAMILY)
			return true;
		out->addr.family =
			i == AIR_ALLOC_IPV4 ? ALTAIR_IPV4 : ALTAIR_IPV6;
		out->total = (uint32_t)t->alloc.refused[i];
		out->reason = t->alloc.refused[i]
				      ? air_turn_reason(t->alloc.refused[i])
				      : ALTAIR_E_RELAY_FAMILY;
		return true;
	}
	return false;
}

static bool poll_leases(struct altair_turn *t, altair_output *out)
{
	for (uint32_t i = AIR_SUBJECT_FIRST_PERMISSION;
	     i < air_subject_count(t); i++) {
		struct air_lease *lease = air_subject_lease(t, i);

		if (lease->event == ALTAIR_EV_NONE)
			continue;
		out->event = lease->event;
		out->reason = lease->reason;
		out->total = (uint32_t)lease->code;
		if (i < air_subject_first_channel(t)) {
			out->addr = air_subject_perm(t, i)->ip;
		} else {
			out->addr = air_subject_channel(t, i)->peer;
			out->number = air_channel_number(
				&t->channels, air_subject_channel(t, i));
		}
		lease->event = ALTAIR_EV_NONE;
		return true;
	}
	return false;
}

static bool poll_rest(struct altair_turn *t, altair_output *out)
{
	if (t->unreachable.is_new) {
		t->unreachable.is_new = false;
		out->event = ALTAIR_EV_UNREACHABLE;
		out->addr = t->unreachable.peer;
		out->number = t->unreachable.type;
		out->total = t->unreachable.code;
	} else if (t->is_move_new) {
		t->is_move_new = false;
		out->event = ALTAIR_EV_RELAY_MOVED;
		out->addr = *air_subject_server(t);
	} else if (t->is_end_new) {
		t->is_end_new = false;
		out->event = ALTAIR_EV_RELAY_ENDED;
		out->reason = t->end_reason;
		out->total = (uint32_t)t->end_code;
	} else {
		return false;
	}
	return true;
}

static bool poll_request(struct altair_turn *t, altair_output *out)
{
	for (size_t i = 0; i < t->config.requests_max; i++) {
		struct air_request *r = &t->requests[i];

		if (!r->is_send_due)
			continue;
		r->is_send_due = false;
		t->stats.sent++;
		out->datagram.path.sock = t->config.sock;
		out->datagram.path.remote = *air_subject_server(t);
		out->datagram.bytes = (altair_bytes){r->bytes, r->len};
		return true;
	}
	return false;
}

static enum altair_step turn_poll(altair_machine *machine, altair_output *out)
{
	struct altair_turn *t = (struct altair_turn *)machine;

	memset(out, 0, sizeof *out);
	if (poll_relay(t, out) || poll_leases(t, out) || poll_rest(t, out))
		return ALTAIR_EVENT;
	if (poll_request(t, out))
		return ALTAIR_SEND;
	out->deadline = air_heap_next(&t->timers);
	return ALTAIR_WAIT;
}

static const struct air_machine_ops ops = {turn_input, turn_tick, turn_poll};

/* --- the public functions ------------------------------------------------ */

void altair_turn_config_default(altair_turn_config *config)
{
	memset(config, 0, sizeof *config);
	config->size = sizeof *config;
	config->families = ALTAIR_TURN_IPV4;
	config->permissions_max = 32;
	config->channels_max = 16;
	config->requests_max = 8;
	config->message_max = 2048;
	config->rto = ALTAIR_MSEC(500);	 /* RFC 8489 6.2.1 */
	config->rc = 7;			 /* RFC 8489 6.2.1 */
	config->rm = 16;		 /* RFC 8489 6.2.1 */
	config->ti = ALTAIR_MSEC(39500); /* RFC 8489 6.2.2 */
}

static bool has_all(const altair_crypto *c)
{
	return c && c->random && c->hmac_sha1 && c->hmac_sha256 && c->md5 &&
	       c->sha256;
}

static bool is_timely(const altair_turn_config *c)
{
	return c->rto >= ALTAIR_MSEC(1) && c->rto <= ALTAIR_SEC(60) &&
	       c->rc >= 1 && c->rc <= RC_LIMIT && c->rm >= 1 &&
	       c->rm <= RM_LIMIT && c->ti >= ALTAIR_MSEC(1) &&
	       c->ti <= ALTAIR_SEC(3600);
}

static bool is_valid(const altair_turn_config *c)
{
	return c->size == sizeof *c && has_all(c->crypto) &&
	       c->name.len <= AIR_LOGIN_NAME_MAX &&
	       c->password.len <= AIR_LOGIN_NAME_MAX && c->families >= 1 &&
	       c->families <= FAMILIES && c->permissions_max >= 1 &&
	       c->permissions_max <= TABLE_LIMIT && c->channels_max >= 1 &&
	       c->channels_max <= TABLE_LIMIT && c->requests_max >= 1 &&
	       c->requests_max <= REQUESTS_LIMIT &&
	       c->message_max >= MESSAGE_MIN &&
	       c->message_max <= MESSAGE_LIMIT && is_timely(c);
}

/* Lays the machine out; into `scratch` when the arena only measures. */
static struct altair_turn *lay_out(struct air_arena *arena,
				   const altair_turn_config *c,
				   struct altair_turn *scratch)
{
	struct altair_turn *t = air_arena_take(arena, 1, sizeof *t);

	if (!t)
		t = scratch;
	air_perm_init(&t->perms, arena, (uint32_t)c->permissions_max);
	air_channel_init(&t->channels, arena, (uint32_t)c->channels_max);
	t->requests =
		air_arena_take(arena, c->requests_max, sizeof *t->requests);
	air_heap_init(&t->timers, arena,
		      air_subject_count(t) + (uint32_t)c->requests_max);
	air_frame_init(&t->frame, arena, c->is_stream ? c->message_max : 0);
	air_login_init(&t->login, arena, c->name, c->password);
	return t;
}

size_t altair_turn_size(const altair_turn_config *config)
{
	struct air_arena arena = {0};
	struct altair_turn scratch;

	if (!is_valid(config))
		return 0;
	lay_out(&arena, config, &scratch);
	return arena.used;
}

int altair_turn_init(altair_turn **out, void *mem, size_t len,
		     const altair_turn_config *config, altair_time now)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_turn scratch, *t;

	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	if (!air_addr_is_endpoint(&config->server))
		return ALTAIR_E_ADDRESS;
	t = lay_out(&arena, config, &scratch);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	t->machine.ops = &ops;
	t->config = *config;
	t->config.name = t->login.name;
	t->config.password = t->login.password;
	t->login.crypto = config->crypto;
	t->servers[t->server_count++] = air_addr_canonical(&config->server);
	t->lease.is_wanted = true;
	*out = t;
	if (!config->is_stream)
		altair_turn_opened(t, now);
	return 0;
}

altair_machine *altair_turn_machine(altair_turn *turn)
{
	return &turn->machine;
}

/* Copies an address, if it is one. */
static int give(const altair_addr *addr, altair_addr *out)
{
	if (addr->family == ALTAIR_NO_FAMILY)
		return ALTAIR_E_STATE;
	*out = *addr;
	return 0;
}

int altair_turn_relayed(const altair_turn *t, enum altair_family family,
			altair_addr *out)
{
	if (t->phase != TURN_ALLOCATED)
		return ALTAIR_E_STATE;
	return give(&t->alloc.relayed[family == ALTAIR_IPV6], out);
}

int altair_turn_mapped(const altair_turn *t, altair_addr *out)
{
	return give(&t->alloc.mapped, out);
}

int altair_turn_server(const altair_turn *t, altair_addr *out)
{
	return give(air_subject_server(t), out);
}

/* True when the relay can reach addresses of this family, or may yet. */
static bool serves(const struct altair_turn *t, const altair_addr *peer)
{
	unsigned family = air_alloc_family(peer);

	if (t->phase == TURN_ALLOCATED)
		return t->alloc.relayed[family].family != ALTAIR_NO_FAMILY;
	return t->config.families & 1u << family;
}

int altair_turn_permit(altair_turn *t, altair_time now, const altair_addr *peer)
{
	altair_addr ip = air_addr_canonical(peer);
	struct air_perm *p;

	if (t->phase > TURN_ALLOCATED || t->is_closing)
		return ALTAIR_E_STATE;
	if (!air_addr_is_endpoint(&ip))
		return ALTAIR_E_ADDRESS;
	if (!serves(t, &ip))
		return ALTAIR_E_FAMILY;
	if (air_perm_find(&t->perms, &ip))
		return 0;
	p = air_perm_add(&t->perms, &ip);
	if (!p)
		return ALTAIR_E_FULL;
	p->lease.is_due = true;
	air_refresh_pump(t, now);
	return 0;
}

int altair_turn_bind(altair_turn *t, altair_time now, const altair_addr *peer)
{
	altair_addr to = air_addr_canonical(peer);
	int error = altair_turn_permit(t, now, peer);
	struct air_channel *c;

	if (error != 0)
		return error;
	if (air_channel_find(&t->channels, &to))
		return 0;
	c = air_channel_add(&t->channels, now, &to);
	if (!c)
		return ALTAIR_E_FULL;
	c->lease.is_due = true;
	air_refresh_pump(t, now);
	return 0;
}

static void forget(struct altair_turn *t, uint32_t subject, altair_time now)
{
	struct air_lease *lease = air_subject_lease(t, subject);

	air_lease_drop(lease, now, air_refresh_cancel(t, subject));
	lease->event = ALTAIR_EV_NONE;
	air_heap_set(&t->timers, subject, ALTAIR_NEVER);
}

void altair_turn_forget(altair_turn *t, altair_time now,
			const altair_addr *peer)
{
	altair_addr ip = air_addr_canonical(peer);
	struct air_perm *p = air_perm_find(&t->perms, &ip);

	if (p)
		forget(t, air_subject_of_perm(t, p), now);
	for (uint32_t i = 0; i < t->channels.count; i++) {
		struct air_channel *c = &t->channels.all[i];

		if (c->lease.is_wanted && altair_addr_same_ip(&c->peer, &ip))
			forget(t, air_subject_of_channel(t, c), now);
	}
	air_refresh_pump(t, now);
}

/* Invariant: a permission that is wanted and not due was asked for. */
bool altair_turn_allows(const altair_turn *t, const altair_addr *peer)
{
	altair_addr to = air_addr_canonical(peer);
	const struct air_perm *p = air_perm_find(&t->perms, &to);

	return t->phase == TURN_ALLOCATED && p &&
	       (p->lease.until > 0 || (t->config.is_early && !p->lease.is_due));
}

int altair_turn_permission(const altair_turn *t, size_t index, altair_addr *out)
{
	if (index >= t->perms.count)
		return ALTAIR_E_INVALID;
	if (!t->perms.all[index].lease.is_wanted)
		return ALTAIR_E_STATE;
	return give(&t->perms.all[index].ip, out);
}

int altair_turn_wrap(altair_turn *t, const altair_addr *peer, uint8_t *payload,
		     size_t len, altair_datagram *out)
{
	const altair_crypto *crypto = t->config.crypto;
	struct air_stun_header h = {.class = AIR_STUN_INDICATION,
				    .method = AIR_STUN_SEND};
	altair_addr to = air_addr_canonical(peer);
	struct air_channel *c = air_channel_find(&t->channels, &to);

	if (len > PAYLOAD_MAX)
		return ALTAIR_E_TOO_LONG;
	if (!air_addr_is_endpoint(&to))
		return ALTAIR_E_ADDRESS;
	if (!altair_turn_allows(t, &to))
		return ALTAIR_E_STATE;
	memset(out, 0, sizeof *out);
	out->path.sock = t->config.sock;
	out->path.remote = *air_subject_server(t);
	if (c && c->lease.until > 0) {
		out->bytes = air_data_wrap_channel(
			air_channel_number(&t->channels, c),
			(altair_bytes){payload, len}, payload,
			t->config.is_stream);
	} else {
		if (crypto->random(crypto->user, h.transaction,
				   sizeof h.transaction) != 0)
			return ALTAIR_E_RANDOM;
		out->bytes = air_data_wrap_send(&h, &to, payload, len);
	}
	t->stats.wrapped++;
	return 0;
}

void altair_turn_probe(altair_turn *t, altair_time now)
{
	air_refresh_probe(t, now);
}

void altair_turn_close(altair_turn *t, altair_time now)
{
	bool is_asked = air_request_of(t->requests, t->config.requests_max,
				       AIR_SUBJECT_ALLOCATION) != NULL;

	if (t->phase == TURN_ALLOCATED)
		air_refresh_delete(t, 0, 0);
	else if (t->phase == TURN_ALLOCATING && is_asked)
		t->is_closing = true;
	else if (t->phase < TURN_ALLOCATED)
		air_refresh_end(t, 0, 0);
	air_refresh_pump(t, now);
}

void altair_turn_opened(altair_turn *t, altair_time now)
{
	if (t->phase != TURN_WAITS_FOR_STREAM)
		return;
	t->phase = TURN_ALLOCATING;
	t->lease.is_due = true;
	air_refresh_pump(t, now);
}

void altair_turn_lost(altair_turn *t, int reason)
{
	bool is_wished = t->is_closing || t->phase == TURN_DELETING;

	air_refresh_end(t, is_wished ? 0 : reason, 0);
}

int altair_turn_unframe(altair_turn *t, altair_bytes *in, altair_datagram *out)
{
	enum air_frame_step step;

	AIR_ASSERT(t->config.is_stream);
	memset(out, 0, sizeof *out);
	out->path.sock = t->config.sock;
	out->path.remote = *air_subject_server(t);
	step = air_frame_next(&t->frame, in, &out->bytes);
	if (step == FRAME_WANTS_MORE)
		return 0;
	if (step == FRAME_IS_BROKEN || !(air_stun_recognise(out->bytes) ||
					 air_data_is_channel(out->bytes))) {
		t->frame.is_broken = true;
		return ALTAIR_E_INVALID;
	}
	return 1;
}

void altair_turn_get_stats(const altair_turn *t, altair_turn_stats *out)
{
	*out = t->stats;
	out->size = sizeof *out;
}
