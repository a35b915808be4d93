/*
 * The guide's Layer 2 as a machine: PUNCH until the peer is heard, then a check
 * until both directions are proved, then data and the keep-alive. docs/punch.md
 * has the protocol, lead.h what counts as proof.
 *
 * Invariants: a word is answered at most once, and PONG only by the PONG that
 * tells the peer of our first proof and by three repetitions of it, so nothing
 * circulates. After the
 * connection only the peer's exact endpoint is looked at. An initiator sends no
 * PUNCH once it has heard the peer: that silence is what a doubtful PING waits
 * for.
 */
#include "base/addr.h"
#include "base/arena.h"
#include "base/assert.h"
#include "base/machine.h"
#include "punch/lead.h"
#include "punch/schedule.h"

#include <altair/punch.h>

#include <string.h>

/* The given endpoint and four other ports. One peer behind one NAT shows one of
 * them, seldom two; more is somebody who forges the peer's address. */
#define LEADS_MAX 5
#define OUTPUTS_MAX 64
/* The rest is for events, which must not be lost. */
#define WORDS_QUEUED_MAX 48
/* A peer that lost our last words repeats its PUNCH no longer than this. */
#define ANSWER_AFTER_CONNECTION ALTAIR_SEC(10)
#define LATE_PONGS_MAX 3
#define ROLES_INTERVALS 4
/* A slower initiator would be silent for as long as one that is satisfied. */
#define UNASKED_PING_INTERVAL_MAX ALTAIR_SEC(1)
#define KEEPALIVE_MIN ALTAIR_MSEC(10)

struct output {
	enum altair_step step;
	enum air_word word;	 /* SEND  */
	enum altair_event event; /* EVENT */
	int reason;
	altair_addr addr;
	uint32_t number, total;
	altair_time rtt;
};

struct altair_punch {
	struct altair_machine machine;
	altair_punch_config config;
	enum altair_punch_state state;
	altair_time ends_at; /* the overall timeout                     */
	struct air_schedule schedule;
	struct air_lead leads[LEADS_MAX]; /* [0]: the given endpoint    */
	size_t leads_count;
	size_t peer; /* CONNECTED: which lead it is                     */
	altair_time connected_at, keepalive_at;
	altair_time roles_at; /* no PING by then: no side is the initiator */
	altair_time rtt;      /* that the last PONG closed, 0 where unknown */
	bool is_heard, is_verified;
	bool is_refused;     /* since the last attempt began */
	unsigned late_pongs; /* answered after the connection */
	bool is_sprayed;     /* other ports count no more */
	struct output outputs[OUTPUTS_MAX];
	size_t outputs_first, outputs_count;
	altair_punch_stats stats;
};

/* --- output -------------------------------------------------------------- */

static void push(struct altair_punch *p, const struct output *out)
{
	if (p->outputs_count == OUTPUTS_MAX)
		return;
	p->outputs[(p->outputs_first + p->outputs_count++) % OUTPUTS_MAX] =
		*out;
}

static void send_word(struct altair_punch *p, altair_time now,
		      struct air_lead *lead, enum air_word word)
{
	struct output out = {
		.step = ALTAIR_SEND, .word = word, .addr = lead->remote};

	if (p->outputs_count >= WORDS_QUEUED_MAX)
		return;
	push(p, &out);
	air_lead_sent(lead, now, word);
	p->stats.sent++;
	p->keepalive_at = p->config.keepalive
				  ? air_time_after(now, p->config.keepalive)
				  : ALTAIR_NEVER;
}

static void tell(struct altair_punch *p, enum altair_event event, int reason,
		 const altair_addr *addr)
{
	struct output out = {.step = ALTAIR_EVENT,
			     .event = event,
			     .reason = reason,
			     .addr = *addr};

	push(p, &out);
}

/* The latest event, to complete its fields. */
static struct output *told(struct altair_punch *p)
{
	AIR_ASSERT(p->outputs_count > 0);
	return &p->outputs[(p->outputs_first + p->outputs_count - 1) %
			   OUTPUTS_MAX];
}

static altair_time deadline(const struct altair_punch *p)
{
	altair_time at = p->ends_at;

	if (p->state == ALTAIR_PUNCH_CONNECTED && p->keepalive_at < at)
		at = p->keepalive_at;
	if (p->roles_at < at)
		at = p->roles_at;
	if (!p->leads[0].is_heard && p->schedule.at < at)
		at = p->schedule.at;
	for (size_t i = 0; i < p->leads_count; i++) {
		altair_time lead_at = air_lead_deadline(&p->leads[i]);

		at = lead_at < at ? lead_at : at;
	}
	return at;
}

static enum altair_step punch_poll(altair_machine *machine, altair_output *out)
{
	struct altair_punch *p = (struct altair_punch *)machine;
	const struct output *next = &p->outputs[p->outputs_first];

	memset(out, 0, sizeof *out);
	if (p->outputs_count == 0) {
		out->deadline = deadline(p);
		return ALTAIR_WAIT;
	}
	p->outputs_first = (p->outputs_first + 1) % OUTPUTS_MAX;
	p->outputs_count--;
	out->event = next->event;
	out->reason = next->reason;
	out->addr = next->addr;
	out->number = next->number;
	out->total = next->total;
	out->rtt = next->rtt;
	if (next->step == ALTAIR_SEND) {
		out->datagram.path.sock = p->config.sock;
		out->datagram.path.remote = next->addr;
		out->datagram.bytes = air_word_bytes(next->word);
	}
	return next->step;
}

/* --- the end, good and bad ----------------------------------------------- */

static void set_state(struct altair_punch *p, enum altair_punch_state next)
{
	static const bool edges[4][4] = {
		[ALTAIR_PUNCH_PUNCHING] = {[ALTAIR_PUNCH_CONNECTED] = true,
					   [ALTAIR_PUNCH_FAILED] = true,
					   [ALTAIR_PUNCH_CLOSED] = true},
		[ALTAIR_PUNCH_CONNECTED] = {[ALTAIR_PUNCH_CLOSED] = true},
		[ALTAIR_PUNCH_FAILED] = {[ALTAIR_PUNCH_CLOSED] = true},
		[ALTAIR_PUNCH_CLOSED] = {[ALTAIR_PUNCH_CLOSED] = true},
	};

	AIR_ASSERT(edges[p->state][next]);
	p->state = next;
}

/* Nothing is due any more. */
static void stop_timers(struct altair_punch *p)
{
	for (size_t i = 0; i < p->leads_count; i++) {
		p->leads[i].doubt_until = ALTAIR_NEVER;
		p->leads[i].answer_at = ALTAIR_NEVER;
		p->leads[i].check_at = ALTAIR_NEVER;
	}
	p->schedule.at = ALTAIR_NEVER;
	p->roles_at = ALTAIR_NEVER;
}

static void verify(struct altair_punch *p, int reason)
{
	if (p->is_verified)
		return;
	p->is_verified = true;
	p->ends_at = ALTAIR_NEVER;
	p->leads[p->peer].check_at = ALTAIR_NEVER;
	tell(p, ALTAIR_EV_VERIFIED, reason, &p->leads[p->peer].remote);
	if (p->config.initiator && reason == 0)
		told(p)->rtt = p->rtt;
}

static void tell_roles(struct altair_punch *p, const struct air_lead *peer)
{
	p->roles_at = ALTAIR_NEVER;
	tell(p, ALTAIR_EV_ROLES, 0, &peer->remote);
	told(p)->number = p->config.initiator ? 2 : 0;
}

/* A PING tells that the peer is an initiator. Its absence tells nothing before an
 * initiator's PING, which follows its own proof, had the time to come. */
static void compare_roles(struct altair_punch *p, altair_time now,
			  const struct air_lead *peer)
{
	bool has_pinged = peer->ping_heard_at != ALTAIR_NEVER;

	if (p->config.initiator && has_pinged)
		tell_roles(p, peer);
	if (!p->config.initiator && !has_pinged)
		p->roles_at = air_time_after(now, ROLES_INTERVALS *
							  p->config.interval);
}

/* Both directions are proved. `proof` is the word that did it, WORD_NONE where
 * silence did. */
static void connect(struct altair_punch *p, altair_time now,
		    struct air_lead *lead, enum air_word proof)
{
	p->peer = (size_t)(lead - p->leads);
	p->connected_at = now;
	set_state(p, ALTAIR_PUNCH_CONNECTED);
	stop_timers(p);
	if (p->peer != 0)
		tell(p, ALTAIR_EV_PORT_CHANGED, 0, &lead->remote);
	tell(p, ALTAIR_EV_CONNECTED, 0, &lead->remote);
	compare_roles(p, now, lead);
	if (proof == WORD_PONG)
		send_word(p, now, lead, WORD_PONG);
	if (proof == WORD_PONG && p->config.initiator)
		send_word(p, now, lead, WORD_PING);
	if (proof == WORD_PONG || !p->config.initiator)
		verify(p, 0);
	else
		lead->check_at = air_time_after(now, p->config.interval);
}

static void fail(struct altair_punch *p)
{
	int reason = p->is_refused ? ALTAIR_E_NO_PEER : ALTAIR_E_TIMEOUT;

	if (p->is_heard)
		reason = ALTAIR_E_ONE_WAY;
	set_state(p, ALTAIR_PUNCH_FAILED);
	stop_timers(p);
	p->ends_at = ALTAIR_NEVER;
	tell(p, ALTAIR_EV_FAILED, reason, &p->config.peer);
}

/* --- words that arrive --------------------------------------------------- */

static struct air_lead *find_lead(struct altair_punch *p,
				  const altair_addr *remote)
{
	for (size_t i = 0; i < p->leads_count; i++) {
		if (altair_addr_equal(&p->leads[i].remote, remote))
			return &p->leads[i];
	}
	return NULL;
}

/* The lead for another port of the peer's address; NULL, for ever, when there
 * are too many of them. */
static struct air_lead *add_lead(struct altair_punch *p,
				 const altair_addr *remote)
{
	if (p->leads_count == LEADS_MAX) {
		p->is_sprayed = true;
		p->leads_count = 1;
	}
	if (p->is_sprayed)
		return NULL;
	p->leads[p->leads_count] = air_lead(remote, 0);
	return &p->leads[p->leads_count++];
}

/* The lead that `remote` is or may become, NULL for a stranger. */
static struct air_lead *admit(struct altair_punch *p, const altair_addr *remote)
{
	struct air_lead *lead = find_lead(p, remote);

	if (p->state == ALTAIR_PUNCH_CONNECTED)
		return lead == &p->leads[p->peer] ? lead : NULL;
	if (lead == &p->leads[0]) {
		/* The exact endpoint speaks: other ports are strangers. */
		p->leads_count = 1;
		return lead;
	}
	if (!altair_addr_same_ip(remote, &p->config.peer) ||
	    p->leads[0].is_heard)
		return NULL;
	return lead ? lead : add_lead(p, remote);
}

/* When the answer to a PUNCH may leave: a PING of ours must not look as if it
 * followed our own PUNCH unasked. */
static altair_time answer_time(const struct altair_punch *p, altair_time now,
			       const struct air_lead *lead)
{
	if (!p->config.initiator || lead->punched_at == ALTAIR_NEVER)
		return now;
	return air_time_after(lead->punched_at, AIR_LEAD_BACK_TO_BACK);
}

static void send_answer(struct altair_punch *p, altair_time now,
			struct air_lead *lead)
{
	lead->answer_at = ALTAIR_NEVER;
	send_word(p, now, lead, p->config.initiator ? WORD_PING : WORD_PONG);
}

/* PING gets PONG. PUNCH gets what the role sends next; but PONG, which is proof,
 * where the guide's program need not be minded: it does not speak from another
 * port, and needs nothing more once connected. */
static void answer(struct altair_punch *p, altair_time now,
		   struct air_lead *lead, enum air_word heard)
{
	if (heard == WORD_PONG)
		return;
	if (heard == WORD_PING || p->state == ALTAIR_PUNCH_CONNECTED ||
	    lead != &p->leads[0]) {
		send_word(p, now, lead, WORD_PONG);
		return;
	}
	if (lead->answer_at == ALTAIR_NEVER)
		lead->answer_at = answer_time(p, now, lead);
	if (lead->answer_at <= now)
		send_answer(p, now, lead);
}

static void hear_when_punching(struct altair_punch *p, altair_time now,
			       struct air_lead *lead, enum air_word word)
{
	bool proof = air_lead_hears(lead, now, word, p->config.interval);

	if (!p->is_heard) {
		p->is_heard = true;
		tell(p, ALTAIR_EV_HEARD, 0, &lead->remote);
	}
	answer(p, now, lead, word);
	if (proof)
		connect(p, now, lead, word);
}

/* The check of a responder that missed our PONG: PONG again, a few times, and
 * not so soon that two connected sides could answer each other. */
static void hear_late_pong(struct altair_punch *p, altair_time now,
			   struct air_lead *lead)
{
	bool was_verified = p->is_verified;

	verify(p, 0);
	if (!was_verified || p->late_pongs == LATE_PONGS_MAX ||
	    now - lead->sent_at < p->config.interval / 2)
		return;
	p->late_pongs++;
	send_word(p, now, lead, WORD_PONG);
}

static void hear_when_connected(struct altair_punch *p, altair_time now,
				struct air_lead *lead, enum air_word word)
{
	p->stats.late++;
	if (word == WORD_PING && lead->ping_heard_at == ALTAIR_NEVER) {
		lead->ping_heard_at = now;
		p->roles_at = ALTAIR_NEVER;
		if (p->config.initiator)
			tell_roles(p, lead);
	}
	if (word == WORD_PONG)
		hear_late_pong(p, now, lead);
	else if (word == WORD_PING ||
		 now - p->connected_at < ANSWER_AFTER_CONNECTION)
		answer(p, now, lead, word);
}

static enum altair_verdict take_message(struct altair_punch *p,
					const altair_datagram *datagram)
{
	p->stats.messages_in++;
	p->stats.bytes_in += datagram->bytes.len;
	return ALTAIR_PAYLOAD;
}

static enum altair_verdict hear(struct altair_punch *p, altair_time now,
				const altair_datagram *datagram)
{
	enum air_word word = air_word_read(datagram->bytes);
	const altair_addr *from = &datagram->path.remote;
	bool punching = p->state == ALTAIR_PUNCH_PUNCHING;
	struct air_lead *lead;

	if (datagram->path.sock != p->config.sock ||
	    (!punching && p->state != ALTAIR_PUNCH_CONNECTED))
		return ALTAIR_NOT_MINE;
	if (punching && word == WORD_NONE &&
	    altair_addr_same_ip(from, &p->config.peer)) {
		p->stats.garbage++;
		return ALTAIR_TAKEN;
	}
	lead = punching && word == WORD_NONE ? NULL : admit(p, from);
	if (!lead) {
		p->stats.strangers++;
		return ALTAIR_NOT_MINE;
	}
	if (word == WORD_NONE)
		return take_message(p, datagram);
	p->stats.heard++;
	if (word == WORD_PONG)
		p->rtt = air_lead_round_trip(lead, now, p->config.interval);
	if (punching)
		hear_when_punching(p, now, lead, word);
	else
		hear_when_connected(p, now, lead, word);
	return ALTAIR_TAKEN;
}

/* --- time ---------------------------------------------------------------- */

/* The word that repeats once the peer was heard: what its answer proves. A peer
 * that has sent PING gets PONG, because the guide's own program takes nothing
 * else then. */
static enum air_word check_word(const struct altair_punch *p,
				const struct air_lead *lead)
{
	if (p->config.initiator)
		return WORD_PING;
	return lead->ping_heard_at == ALTAIR_NEVER ? WORD_PUNCH : WORD_PONG;
}

static void run_lead(struct altair_punch *p, altair_time now,
		     struct air_lead *lead)
{
	if (lead->doubt_until <= now) {
		connect(p, now, lead, WORD_NONE);
		return;
	}
	if (lead->answer_at <= now)
		send_answer(p, now, lead);
	if (lead->check_at <= now) {
		lead->check_at = air_time_after(now, p->config.interval);
		send_word(p, now, lead, check_word(p, lead));
	}
}

static void run_schedule(struct altair_punch *p, altair_time now)
{
	enum air_schedule_step step;
	struct air_lead *given = &p->leads[0];
	bool is_first = given->sent_at == ALTAIR_NEVER;

	if (given->is_heard)
		return;
	step = air_schedule_due(&p->schedule, now);
	if (step == SCHEDULE_NOTHING_DUE)
		return;
	if (step == SCHEDULE_ATTEMPT_BEGINS &&
	    p->outputs_count < WORDS_QUEUED_MAX) {
		tell(p, ALTAIR_EV_ATTEMPT, 0, &given->remote);
		told(p)->number = p->schedule.attempt;
		told(p)->total = p->config.attempts;
	}
	if (step == SCHEDULE_ATTEMPT_BEGINS)
		p->is_refused = false;
	send_word(p, now, given, WORD_PUNCH);
	if (is_first && p->config.initiator &&
	    p->config.interval <= UNASKED_PING_INTERVAL_MAX)
		send_word(p, now, given, WORD_PING);
}

static void run(struct altair_punch *p, altair_time now)
{
	for (size_t i = 0; i < p->leads_count; i++) {
		if (p->state == ALTAIR_PUNCH_PUNCHING || i == p->peer)
			run_lead(p, now, &p->leads[i]);
	}
	if (p->state == ALTAIR_PUNCH_PUNCHING && now >= p->ends_at)
		fail(p);
	if (p->state == ALTAIR_PUNCH_PUNCHING)
		run_schedule(p, now);
	if (p->state != ALTAIR_PUNCH_CONNECTED)
		return;
	if (now >= p->ends_at)
		verify(p, ALTAIR_E_TIMEOUT);
	if (now >= p->roles_at)
		tell_roles(p, &p->leads[p->peer]);
	if (now >= p->keepalive_at) {
		send_word(p, now, &p->leads[p->peer], WORD_PUNCH);
		p->stats.keepalives++;
	}
}

static void punch_input(altair_machine *machine, altair_time now,
			altair_datagram *batch, size_t count)
{
	struct altair_punch *p = (struct altair_punch *)machine;

	for (size_t i = 0; i < count; i++) {
		batch[i].verdict = ALTAIR_NOT_MINE;
		if (batch[i].segment == 0)
			batch[i].verdict = hear(p, now, &batch[i]);
	}
	run(p, now);
}

static void punch_tick(altair_machine *machine, altair_time now)
{
	run((struct altair_punch *)machine, now);
}

static const struct air_machine_ops ops = {punch_input, punch_tick, punch_poll};

/* --- the public functions ------------------------------------------------ */

void altair_punch_config_default(altair_punch_config *config)
{
	memset(config, 0, sizeof *config);
	config->size = sizeof *config;
	config->attempts = 5;
	config->interval = ALTAIR_MSEC(400);
	config->timeout = ALTAIR_SEC(10);
	config->keepalive = ALTAIR_SEC(15);
}

static bool is_valid(const altair_punch_config *config)
{
	return config->size == sizeof *config &&
	       config->interval >= ALTAIR_MSEC(10) &&
	       config->interval <= ALTAIR_SEC(60) && config->timeout > 0 &&
	       (config->keepalive == 0 || config->keepalive >= KEEPALIVE_MIN);
}

size_t altair_punch_size(const altair_punch_config *config)
{
	return is_valid(config) ? sizeof(struct altair_punch) : 0;
}

int altair_punch_init(altair_punch **out, void *mem, size_t len,
		      const altair_punch_config *config, altair_time now)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_punch *p;

	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	if (!air_addr_is_endpoint(&config->peer))
		return ALTAIR_E_ADDRESS;
	p = air_arena_take(&arena, 1, sizeof *p);
	if (!p)
		return ALTAIR_E_SPACE;
	p->machine.ops = &ops;
	p->config = *config;
	p->config.peer = air_addr_canonical(&config->peer);
	p->ends_at = air_time_after(now, config->timeout);
	p->keepalive_at = ALTAIR_NEVER;
	p->roles_at = ALTAIR_NEVER;
	p->schedule = (struct air_schedule){.interval = config->interval,
					    .keepalive = config->keepalive,
					    .attempts = config->attempts,
					    .at = now};
	p->leads[0] = air_lead(&p->config.peer,
			       air_time_after(now, config->interval));
	p->leads_count = 1;
	run(p, now);
	*out = p;
	return 0;
}

altair_machine *altair_punch_machine(altair_punch *punch)
{
	return &punch->machine;
}

enum altair_punch_state altair_punch_state(const altair_punch *punch)
{
	return punch->state;
}

int altair_punch_path(const altair_punch *punch, altair_path *out)
{
	if (punch->state != ALTAIR_PUNCH_CONNECTED)
		return ALTAIR_E_STATE;
	memset(out, 0, sizeof *out);
	out->sock = punch->config.sock;
	out->remote = punch->leads[punch->peer].remote;
	return 0;
}

int altair_punch_wrap(altair_punch *punch, altair_time now,
		      altair_bytes message, altair_datagram *out)
{
	memset(out, 0, sizeof *out);
	if (altair_punch_path(punch, &out->path) != 0)
		return ALTAIR_E_STATE;
	if (message.len > ALTAIR_MESSAGE_MAX)
		return ALTAIR_E_TOO_LONG;
	if (air_word_read(message) != WORD_NONE)
		return ALTAIR_E_WORD;
	out->bytes = message;
	punch->stats.messages_out++;
	punch->stats.bytes_out += message.len;
	if (punch->config.keepalive)
		punch->keepalive_at =
			air_time_after(now, punch->config.keepalive);
	return 0;
}

void altair_punch_refused(altair_punch *punch, const altair_addr *remote)
{
	if (altair_addr_equal(remote, &punch->config.peer))
		punch->is_refused = true;
}

void altair_punch_close(altair_punch *punch, altair_time now)
{
	(void)now;
	set_state(punch, ALTAIR_PUNCH_CLOSED);
	stop_timers(punch);
	punch->ends_at = ALTAIR_NEVER;
	punch->outputs_count = 0;
}

void altair_punch_get_stats(const altair_punch *punch, altair_punch_stats *out)
{
	*out = punch->stats;
	out->size = sizeof *out;
}
