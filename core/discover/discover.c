/*
 * The binding client: asks STUN servers for our public endpoint (RFC 8489 6,
 * Binding) and afterwards asks again to hold the mapping open.
 *
 * Every server has one transaction, its request kept in its own bytes, and one
 * timer for the next sending or the end. Invariants: a transaction is in the
 * table `transactions` from its creation until its server begins another one; a
 * server has at most one event that was not yet polled; a server with `is_open`
 * false has no timer. Addresses of one group on one socket take turns; one
 * answer settles them all. After ALTAIR_EV_DISCOVERED nothing is repeated, but
 * an answer that comes late is still taken: it may show that the mapping
 * varies.
 */
#include "base/addr.h"
#include "base/arena.h"
#include "base/heap.h"
#include "base/machine.h"
#include "base/rto.h"
#include "base/table.h"
#include "base/time.h"
#include "stun/auth.h"
#include "stun/mapped.h"

#include <altair/discover.h>

#include <string.h>

#define SERVERS_LIMIT 64
/* RFC 8489 6.2.1 lets both be configured; these keep RTO << Rc in range. */
#define RC_LIMIT 16
#define RM_LIMIT 256

/* A response to Binding may hold these; anything else in it is unknown. */
#define UNDERSTOOD AIR_STUN_SET_BASE

struct server {
	altair_answer answer;
	struct air_rto rto;
	altair_time asked_at; /* first sending of this transaction         */
	uint8_t request[AIR_STUN_HEADER_LEN];
	uint32_t misses;	 /* keep-alives without an answer             */
	enum altair_event event; /* to be polled                             */
	bool is_open;		 /* a transaction waits for its answer       */
	bool is_send_due;
};

/* Timers beyond those of the servers. */
enum { TIMER_TIMEOUT, TIMER_GRACE, TIMER_KEEPALIVE, TIMERS };

struct altair_discover {
	struct altair_machine machine;
	altair_discover_config config;
	struct server *servers;
	uint32_t count;
	struct air_heap timers; /* servers first, then the others           */
	struct air_table transactions;
	bool is_sealed;
	bool is_answered; /* at least once                                  */
	bool is_done;
	bool is_done_told;
	altair_discover_stats stats;
};

static void set_timer(struct altair_discover *d, uint32_t timer, altair_time at)
{
	air_heap_set(&d->timers, (uint32_t)d->config.servers_max + timer, at);
}

static bool same_group(const struct server *a, const struct server *b)
{
	return a->answer.group == b->answer.group &&
	       a->answer.sock == b->answer.sock;
}

static altair_bytes transaction_of(const struct server *s)
{
	return (altair_bytes){s->request + AIR_STUN_HEADER_LEN -
				      AIR_STUN_TRANSACTION_LEN,
			      AIR_STUN_TRANSACTION_LEN};
}

/* Gives the server a new request; 0 or ALTAIR_E_RANDOM. */
static int renew(struct altair_discover *d, struct server *s)
{
	const altair_crypto *crypto = d->config.crypto;
	struct air_stun_header header = {.class = AIR_STUN_REQUEST,
					 .method = AIR_STUN_BINDING};
	struct air_writer w = air_writer(s->request, sizeof s->request);

	if (crypto->random(crypto->user, header.transaction,
			   sizeof header.transaction) != 0)
		return ALTAIR_E_RANDOM;
	air_table_remove(&d->transactions, transaction_of(s));
	air_stun_header_encode(&w, &header);
	air_table_set(&d->transactions, transaction_of(s),
		      (uint32_t)(s - d->servers));
	return 0;
}

/* --- transactions -------------------------------------------------------- */

static void stop_sending(struct altair_discover *d, uint32_t server)
{
	d->servers[server].is_send_due = false;
	air_heap_set(&d->timers, server, ALTAIR_NEVER);
}

static void close(struct altair_discover *d, struct server *s)
{
	s->is_open = false;
	stop_sending(d, (uint32_t)(s - d->servers));
}

static void ask(struct altair_discover *d, struct server *s, altair_time now)
{
	s->is_open = true;
	s->asked_at = now;
	air_rto_start(&s->rto, now, d->config.rto, d->config.rc, d->config.rm);
	air_rto_due(&s->rto, now);
	s->is_send_due = true;
	air_heap_set(&d->timers, (uint32_t)(s - d->servers), s->rto.next);
	if (s->answer.state == ALTAIR_ANSWER_WAITING)
		s->answer.state = ALTAIR_ANSWER_ASKED;
}

/* Asks the next address of the group, if its turn has come. */
static void ask_next(struct altair_discover *d, const struct server *s,
		     altair_time now)
{
	struct server *end = d->servers + d->count;

	for (struct server *next = d->servers + (s - d->servers) + 1;
	     next < end; next++) {
		if (!same_group(s, next))
			continue;
		if (next->answer.state == ALTAIR_ANSWER_WAITING)
			ask(d, next, now);
		return;
	}
}

static bool is_settled(const struct altair_discover *d, const struct server *s)
{
	if (s->answer.state == ALTAIR_ANSWER_FAILED)
		return true;
	for (uint32_t i = 0; i < d->count; i++)
		if (same_group(s, &d->servers[i]) &&
		    d->servers[i].answer.state == ALTAIR_ANSWER_GIVEN)
			return true;
	return false;
}

static void finish(struct altair_discover *d, altair_time now)
{
	d->is_sealed = true;
	d->is_done = true;
	for (uint32_t i = 0; i < d->count; i++)
		stop_sending(d, i);
	set_timer(d, TIMER_TIMEOUT, ALTAIR_NEVER);
	set_timer(d, TIMER_GRACE, ALTAIR_NEVER);
	if (d->config.keepalive && d->is_answered)
		set_timer(d, TIMER_KEEPALIVE,
			  air_time_after(now, d->config.keepalive));
}

static void finish_if_settled(struct altair_discover *d, altair_time now)
{
	if (!d->is_sealed || d->is_done)
		return;
	for (uint32_t i = 0; i < d->count; i++)
		if (!is_settled(d, &d->servers[i]))
			return;
	finish(d, now);
}

/* The transaction ends without an address: `code` is the server's. */
static void fail(struct altair_discover *d, struct server *s, int reason,
		 int code)
{
	close(d, s);
	if (s->answer.state == ALTAIR_ANSWER_GIVEN) {
		s->misses++;
		return;
	}
	s->answer.state = ALTAIR_ANSWER_FAILED;
	s->answer.reason = reason;
	s->answer.code = code;
	if (!d->is_done)
		s->event = ALTAIR_EV_SERVER_FAILED;
}

static void fail_and_go_on(struct altair_discover *d, struct server *s,
			   altair_time now, int reason, int code)
{
	fail(d, s, reason, code);
	if (d->is_done)
		return;
	ask_next(d, s, now);
	finish_if_settled(d, now);
}

/* --- answers ------------------------------------------------------------- */

static void start_grace(struct altair_discover *d, altair_time now,
			altair_time round_trip)
{
	altair_time grace = 2 * round_trip;

	if (grace < d->config.grace_min)
		grace = d->config.grace_min;
	if (grace > d->config.grace_max)
		grace = d->config.grace_max;
	d->is_answered = true;
	set_timer(d, TIMER_GRACE, air_time_after(now, grace));
}

/* The others of the group need no repeats any more. */
static void close_group(struct altair_discover *d, const struct server *s)
{
	for (uint32_t i = 0; i < d->count; i++) {
		if (same_group(s, &d->servers[i]))
			stop_sending(d, i);
	}
}

static void accept(struct altair_discover *d, struct server *s, altair_time now,
		   const altair_addr *mapped)
{
	altair_time round_trip = now - s->asked_at;
	bool is_repeat = s->answer.state == ALTAIR_ANSWER_GIVEN;

	close(d, s);
	s->misses = 0;
	d->stats.answers++;
	if (!is_repeat)
		s->event = ALTAIR_EV_ANSWER;
	else if (!altair_addr_equal(mapped, &s->answer.mapped))
		s->event = ALTAIR_EV_MAPPING_CHANGED;
	s->answer.state = ALTAIR_ANSWER_GIVEN;
	s->answer.mapped = *mapped;
	s->answer.rtt = s->rto.sent == 1 ? round_trip : 0;
	if (d->is_done)
		return;
	close_group(d, s);
	if (!d->is_answered)
		start_grace(d, now, round_trip);
	finish_if_settled(d, now);
}

static void conclude(struct altair_discover *d, struct server *s,
		     altair_time now, const struct air_stun_message *m)
{
	struct air_stun_value error;
	altair_addr mapped;

	if (m->header.class == AIR_STUN_SUCCESS && m->unknown_count == 0 &&
	    air_stun_mapped(m, &mapped))
		accept(d, s, now, &mapped);
	else if (m->header.class == AIR_STUN_ERROR &&
		 air_stun_message_get(m, AIR_STUN_ERROR_CODE, &error))
		fail_and_go_on(d, s, now, ALTAIR_E_SERVER, (int)error.number);
	else
		fail_and_go_on(d, s, now, ALTAIR_E_INVALID, 0);
}

static bool is_response(const struct air_stun_message *m)
{
	return m->header.method == AIR_STUN_BINDING &&
	       (m->header.class == AIR_STUN_SUCCESS ||
		m->header.class == AIR_STUN_ERROR);
}

static bool is_from(const struct server *s, const altair_path *path)
{
	return path->sock == s->answer.sock &&
	       altair_addr_equal(&path->remote, &s->answer.server);
}

static bool was_asked(const struct altair_discover *d, const altair_path *path)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (is_from(&d->servers[i], path))
			return true;
	return false;
}

/* The server whose transaction a recognised message names, or NULL. */
static struct server *find_server(struct altair_discover *d,
				  altair_bytes message)
{
	altair_bytes transaction = {message.data + AIR_STUN_HEADER_LEN -
					    AIR_STUN_TRANSACTION_LEN,
				    AIR_STUN_TRANSACTION_LEN};
	uint32_t i = air_table_get(&d->transactions, transaction);

	return i == AIR_TABLE_NONE ? NULL : &d->servers[i];
}

static enum altair_verdict take(struct altair_discover *d, altair_time now,
				const altair_datagram *datagram)
{
	struct air_stun_message m;
	struct server *s;

	if (datagram->segment != 0 || !air_stun_recognise(datagram->bytes))
		return ALTAIR_NOT_MINE;
	s = find_server(d, datagram->bytes);
	if (!s) { /* another session's on this socket, perhaps */
		d->stats.ignored += was_asked(d, &datagram->path);
		return ALTAIR_NOT_MINE;
	}
	if (s->is_open && is_from(s, &datagram->path) &&
	    air_stun_message_read(&m, datagram->bytes, UNDERSTOOD) &&
	    is_response(&m) && air_stun_is_intact(&m))
		conclude(d, s, now, &m);
	else
		d->stats.ignored++;
	return ALTAIR_TAKEN;
}

/* --- time ---------------------------------------------------------------- */

/* Everything that still waits has waited long enough. */
static void time_out(struct altair_discover *d, altair_time now)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (!is_settled(d, &d->servers[i]))
			fail(d, &d->servers[i], ALTAIR_E_TIMEOUT, 0);
	finish(d, now);
}

static void run_server(struct altair_discover *d, struct server *s,
		       altair_time now)
{
	if (air_rto_due(&s->rto, now) == RTO_GIVE_UP) {
		fail_and_go_on(d, s, now, ALTAIR_E_TIMEOUT, 0);
		return;
	}
	s->is_send_due = true;
	air_heap_set(&d->timers, (uint32_t)(s - d->servers), s->rto.next);
	if (!d->is_done)
		ask_next(d, s, now);
}

/* True for the one server of its socket that the keep-alive asks: the first of
 * those with the fewest misses. */
static bool holds_the_mapping(const struct altair_discover *d,
			      const struct server *s)
{
	if (s->answer.state != ALTAIR_ANSWER_GIVEN)
		return false;
	for (uint32_t i = 0; i < d->count; i++) {
		const struct server *o = &d->servers[i];

		if (o->answer.state == ALTAIR_ANSWER_GIVEN &&
		    o->answer.sock == s->answer.sock &&
		    (o->misses < s->misses ||
		     (o->misses == s->misses && o < s)))
			return false;
	}
	return true;
}

static void keep_alive(struct altair_discover *d, altair_time now)
{
	for (uint32_t i = 0; i < d->count; i++) {
		struct server *s = &d->servers[i];

		/* An unanswered keep-alive is a miss. */
		if (s->is_open && s->answer.state == ALTAIR_ANSWER_GIVEN)
			fail(d, s, ALTAIR_E_TIMEOUT, 0);
	}
	for (uint32_t i = 0; i < d->count; i++) {
		struct server *s = &d->servers[i];

		if (holds_the_mapping(d, s) && renew(d, s) == 0)
			ask(d, s, now);
	}
	set_timer(d, TIMER_KEEPALIVE, air_time_after(now, d->config.keepalive));
}

static void discover_tick(altair_machine *machine, altair_time now)
{
	struct altair_discover *d = (struct altair_discover *)machine;
	uint32_t timer, servers = (uint32_t)d->config.servers_max;

	while (air_heap_pop(&d->timers, now, &timer)) {
		if (timer < servers)
			run_server(d, &d->servers[timer], now);
		else if (timer == servers + TIMER_TIMEOUT)
			time_out(d, now);
		else if (timer == servers + TIMER_GRACE)
			finish(d, now);
		else
			keep_alive(d, now);
	}
}

static void discover_input(altair_machine *machine, altair_time now,
			   altair_datagram *batch, size_t count)
{
	struct altair_discover *d = (struct altair_discover *)machine;

	for (size_t i = 0; i < count; i++)
		batch[i].verdict = take(d, now, &batch[i]);
	discover_tick(machine, now);
}

/* --- output -------------------------------------------------------------- */

static void fill_event(struct server *s, uint32_t number, altair_output *out)
{
	out->event = s->event;
	out->number = number;
	if (s->event == ALTAIR_EV_SERVER_FAILED) {
		out->addr = s->answer.server;
		out->reason = s->answer.reason;
		out->total = (uint32_t)s->answer.code;
	} else {
		out->addr = s->answer.mapped;
		out->rtt = s->answer.rtt;
	}
	s->event = ALTAIR_EV_NONE;
}

static void fill_send(struct server *s, altair_output *out)
{
	out->datagram.path.sock = s->answer.sock;
	out->datagram.path.remote = s->answer.server;
	out->datagram.bytes = (altair_bytes){s->request, sizeof s->request};
	s->is_send_due = false;
}

static enum altair_step discover_poll(altair_machine *machine,
				      altair_output *out)
{
	struct altair_discover *d = (struct altair_discover *)machine;

	memset(out, 0, sizeof *out);
	for (uint32_t i = 0; i < d->count; i++) {
		struct server *s = &d->servers[i];

		if (s->event != ALTAIR_EV_NONE) {
			fill_event(s, i, out);
			return ALTAIR_EVENT;
		}
		if (s->is_send_due) {
			fill_send(s, out);
			d->stats.sent++;
			return ALTAIR_SEND;
		}
	}
	if (d->is_done && !d->is_done_told) {
		d->is_done_told = true;
		out->event = ALTAIR_EV_DISCOVERED;
		out->reason = d->is_answered ? 0 : ALTAIR_E_NO_ANSWER;
		return ALTAIR_EVENT;
	}
	out->deadline = air_heap_next(&d->timers);
	return ALTAIR_WAIT;
}

static const struct air_machine_ops ops = {discover_input, discover_tick,
					   discover_poll};

/* --- the public functions ------------------------------------------------ */

void altair_discover_config_default(altair_discover_config *config)
{
	memset(config, 0, sizeof *config);
	config->size = sizeof *config;
	config->servers_max = 16;
	config->rto = ALTAIR_MSEC(500); /* RFC 8489 6.2.1 */
	config->rc = 7;			/* RFC 8489 6.2.1 */
	config->rm = 16;		/* RFC 8489 6.2.1 */
	config->timeout = ALTAIR_SEC(5);
	config->grace_min = ALTAIR_MSEC(50);
	config->grace_max = ALTAIR_MSEC(250);
}

static bool is_valid(const altair_discover_config *c)
{
	return c->size == sizeof *c && c->crypto && c->crypto->random &&
	       c->servers_max >= 1 && c->servers_max <= SERVERS_LIMIT &&
	       c->rto >= ALTAIR_MSEC(1) && c->rto <= ALTAIR_SEC(60) &&
	       c->rc >= 1 && c->rc <= RC_LIMIT && c->rm >= 1 &&
	       c->rm <= RM_LIMIT && c->timeout > 0 &&
	       c->grace_min <= c->grace_max;
}

/* Lays the machine out; into `scratch` when the arena only measures. */
static struct altair_discover *lay_out(struct air_arena *arena,
				       const altair_discover_config *config,
				       struct altair_discover *scratch,
				       const uint8_t hash_key[16])
{
	struct altair_discover *d = air_arena_take(arena, 1, sizeof *d);
	uint32_t servers = (uint32_t)config->servers_max;

	if (!d)
		d = scratch;
	d->servers = air_arena_take(arena, servers, sizeof *d->servers);
	air_heap_init(&d->timers, arena, servers + TIMERS);
	air_table_init(&d->transactions, arena, servers, hash_key);
	return d;
}

size_t altair_discover_size(const altair_discover_config *config)
{
	static const uint8_t no_key[16];
	struct air_arena arena = {0};
	struct altair_discover scratch;

	if (!is_valid(config))
		return 0;
	lay_out(&arena, config, &scratch, no_key);
	return arena.used;
}

int altair_discover_init(altair_discover **out, void *mem, size_t len,
			 const altair_discover_config *config, altair_time now)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_discover scratch, *d;
	uint8_t hash_key[16];

	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	if (config->crypto->random(config->crypto->user, hash_key,
				   sizeof hash_key) != 0)
		return ALTAIR_E_RANDOM;
	d = lay_out(&arena, config, &scratch, hash_key);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	d->machine.ops = &ops;
	d->config = *config;
	set_timer(d, TIMER_TIMEOUT, air_time_after(now, config->timeout));
	*out = d;
	return 0;
}

altair_machine *altair_discover_machine(altair_discover *discover)
{
	return &discover->machine;
}

/* True when another address of the group has been asked or has answered. */
static bool must_wait(const struct altair_discover *d, const struct server *s)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (&d->servers[i] != s && same_group(&d->servers[i], s) &&
		    d->servers[i].answer.state != ALTAIR_ANSWER_FAILED)
			return true;
	return false;
}

int altair_discover_add(altair_discover *d, altair_time now, uint32_t sock,
			const altair_addr *server, uint32_t group)
{
	struct server *s = &d->servers[d->count];
	int rc;

	if (d->is_sealed)
		return ALTAIR_E_STATE;
	if (d->count == d->config.servers_max)
		return ALTAIR_E_FULL;
	if (!air_addr_is_endpoint(server))
		return ALTAIR_E_ADDRESS;
	s->answer.server = air_addr_canonical(server);
	s->answer.sock = sock;
	s->answer.group = group;
	s->answer.state = ALTAIR_ANSWER_WAITING;
	rc = renew(d, s);
	if (rc != 0)
		return rc;
	d->count++;
	if (!must_wait(d, s))
		ask(d, s, now);
	return (int)d->count - 1;
}

void altair_discover_seal(altair_discover *d, altair_time now)
{
	d->is_sealed = true;
	finish_if_settled(d, now);
}

size_t altair_discover_count(const altair_discover *d)
{
	return d->count;
}

int altair_discover_answer(const altair_discover *d, size_t index,
			   altair_answer *out)
{
	if (index >= d->count)
		return ALTAIR_E_INVALID;
	*out = d->servers[index].answer;
	return 0;
}

enum altair_mapping altair_discover_mapping(const altair_discover *d,
					    uint32_t sock)
{
	const altair_addr *first = NULL;
	enum altair_mapping mapping = ALTAIR_MAPPING_UNKNOWN;

	for (uint32_t i = 0; i < d->count; i++) {
		const altair_answer *a = &d->servers[i].answer;

		if (a->state != ALTAIR_ANSWER_GIVEN || a->sock != sock)
			continue;
		if (first && !altair_addr_equal(first, &a->mapped))
			return ALTAIR_MAPPING_VARIES;
		if (first)
			mapping = ALTAIR_MAPPING_STABLE;
		else
			first = &a->mapped;
	}
	return mapping;
}

void altair_discover_get_stats(const altair_discover *d,
			       altair_discover_stats *out)
{
	*out = d->stats;
	out->size = sizeof *out;
}
