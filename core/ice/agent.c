/*
 * The agent: what is due when, and the public functions.
 *
 * Invariant: new transactions leave at most one per Ta, servers and pairs in
 * turn; repeats, answers and consent are not counted (RFC 8445 14.2). Before their
 * time come the first questions to servers (BURST in gather.c) and one urgent pair
 * from relay to relay, which the next slot pays for.
 */
#include "ice/session.h"

#include "base/addr.h"
#include "base/assert.h"
#include "base/time.h"

#include <string.h>

#define TA_MIN ALTAIR_MSEC(5) /* RFC 8445 14.2 */
#define TA_MAX ALTAIR_SEC(1)

void air_session_send(struct altair_agent *a, const altair_path *path,
		      altair_bytes bytes)
{
	bool is_sent;

	if (path->sock >= AIR_RELAY_SOCK)
		is_sent = air_relay_send(a, path, bytes);
	else if (path->sock >= AIR_TCP_SOCK)
		is_sent = air_tcp_send(a, path, bytes);
	else
		is_sent = air_outbox_send(&a->outbox, path, bytes);
	a->stats.unsent += !is_sent;
}

/* --- time ---------------------------------------------------------------- */

void air_session_request(struct altair_agent *a, struct air_pair *pair,
			 const struct air_check *check)
{
	altair_path path = air_checklist_path(&a->list, pair);
	uint8_t buffer[AIR_CHECK_LEN_MAX];
	altair_bytes request =
		air_check_request(check, air_generation_keys(a, pair), buffer);

	pair->sent++;
	air_budget_spend(a, pair, request.len);
	air_session_send(a, &path, request);
}

static void send_check(struct altair_agent *a, struct air_pair *pair)
{
	bool is_tcp = a->list.locals[pair->local].type == CANDIDATE_TCP;

	/* RFC 8489 6.2.2: over a stream nothing is repeated. */
	if (!air_budget_allows(a, pair) || (is_tcp && pair->check.sent > 1))
		return;
	a->stats.checks++;
	air_session_request(a, pair, &pair->check);
}

/* What becomes of a pair that is kept its vigil decides: here a nomination was
 * not answered. */
static void give_up(struct altair_agent *a, struct air_pair *pair)
{
	if (!air_path_vigil(a, pair)) {
		air_pair_fail(pair);
		return;
	}
	air_pair_set_state(pair, PAIR_SUCCEEDED);
	pair->wants_nomination = false;
}

static void run_checks(struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];

		if (pair->state != PAIR_IN_PROGRESS)
			continue;
		switch (air_check_due(&pair->check, a->now)) {
		case CHECK_NOT_DUE:
			break;
		case CHECK_SEND:
			send_check(a, pair);
			break;
		case CHECK_GIVE_UP:
			give_up(a, pair);
			break;
		}
	}
}

struct air_check air_session_new_check(const struct altair_agent *a,
				       const struct air_pair *pair)
{
	return (struct air_check){
		.next = a->now,
		.tie_breaker = a->tie_breaker,
		.priority = air_candidate_prflx_priority(
			&a->list.locals[pair->local]),
		.controlling = a->list.controlling,
		.nominates = a->list.controlling &&
			     (pair->wants_nomination || pair->is_nominated),
	};
}

static void begin_check(struct altair_agent *a, struct air_pair *pair)
{
	const altair_crypto *crypto = a->keys.crypto;
	struct air_check check = air_session_new_check(a, pair);

	air_checklist_begin(pair);
	pair->check = check;
	pair->is_refused = false;
	a->is_checking = true;
	/* Without random bytes there is no check that may be sent. */
	if (crypto->random(crypto->user, pair->check.transaction,
			   sizeof pair->check.transaction) != 0) {
		air_pair_fail(pair);
		return;
	}
	air_check_due(&pair->check, a->now);
	send_check(a, pair);
}

/* The pair whose check may begin, or NULL. */
static struct air_pair *next_pair(const struct altair_agent *a)
{
	return a->keys.has_remote && a->discover && !a->config.lite
		       ? air_checklist_next(&a->list)
		       : NULL;
}

/* RFC 8445 14.2: gathering and checks share one pace. They take turns; the
 * first of all leaves at once. */
static void run_slots(struct altair_agent *a)
{
	struct air_pair *pair;

	for (; a->burst > 0 && air_gather_has_work(a); a->burst--) {
		air_gather_ask(a, a->now);
		a->slot_at = air_time_after(a->now, a->config.ta);
		a->checks_next = true;
	}
	pair = next_pair(a);
	if (pair && pair == a->urgent && a->now < a->slot_at) {
		begin_check(a, pair);
		a->slot_at = air_time_after(a->slot_at, a->config.ta);
		pair = next_pair(a);
	}
	a->urgent = NULL;
	if (a->now < a->slot_at || (!pair && !air_gather_has_work(a)))
		return;
	if (pair && (a->checks_next || !air_gather_has_work(a))) {
		a->checks_next = false;
		begin_check(a, pair);
	} else {
		a->checks_next = true;
		air_gather_ask(a, a->now);
	}
	a->slot_at = air_time_after(a->now, a->config.ta);
}

static void run(struct altair_agent *a, altair_time now)
{
	bool has_slept = air_host_has_slept(a, now);

	a->now = now;
	if (air_state_is_over(a))
		return;
	if (has_slept)
		air_host_news(a, now);
	air_relay_run(a);
	air_tcp_run(a);
	air_gather_run(a);
	run_checks(a);
	air_generation_run(a);
	air_path_update(a);
	air_search_run(a);
	air_relay_follow(a);
	air_path_run(a);
	air_nominate_update(a);
	run_checks(a); /* those that go on */
	run_slots(a);
	air_state_update(a);
}

static altair_time deadline(const struct altair_agent *a)
{
	altair_time at = a->gather_deadline;

	if (air_state_is_over(a))
		return ALTAIR_NEVER;
	at = air_time_sooner(at, air_relay_deadline(a));
	at = air_time_sooner(at, air_tcp_deadline(a));
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		at = air_time_sooner(at, a->list.pairs[i].check.next);
	if (air_gather_has_work(a) || next_pair(a))
		at = air_time_sooner(at, a->slot_at);
	at = air_time_sooner(at, air_path_deadline(a));
	at = air_time_sooner(at, air_lite_deadline(a));
	at = air_time_sooner(at, a->search_at);
	at = air_time_sooner(at,
			     a->past.count > 0 ? a->past.until : ALTAIR_NEVER);
	if (a->nominate_at > a->now)
		at = air_time_sooner(at, a->nominate_at);
	if (a->patience_until > a->now)
		at = air_time_sooner(at, a->patience_until);
	if (a->fresh_until > a->now)
		at = air_time_sooner(at, a->fresh_until);
	return at;
}

/* --- the machine --------------------------------------------------------- */

/* Data of the peer comes from where a path may carry data. */
static enum altair_verdict take_data(struct altair_agent *a, altair_time now,
				     const altair_datagram *datagram)
{
	int base = air_checklist_find_base(&a->list, &datagram->path);
	const altair_addr *remote = &datagram->path.remote;
	struct air_pair *pair = NULL;

	if (base >= 0)
		pair = air_checklist_find(&a->list, (uint32_t)base, remote);
	if (base >= 0 && (!pair || !air_path_is_open(pair, now)))
		pair = air_generation_find(a, (uint32_t)base, remote);
	if (!pair || !air_path_is_open(pair, now)) {
		a->stats.strangers++;
		return ALTAIR_NOT_MINE;
	}
	pair->bytes_in += datagram->bytes.len;
	air_path_listen(a, pair, now);
	a->stats.messages_in++;
	a->stats.bytes_in += datagram->bytes.len;
	return ALTAIR_PAYLOAD;
}

/* What came through a relay, or by a stream of ICE-TCP, is taken as if it had come
 * to a socket of its own. */
static enum altair_verdict take(struct altair_agent *a, altair_time now,
				altair_datagram *datagram)
{
	uint32_t sock = datagram->path.sock;
	enum altair_verdict verdict;

	if (datagram->segment != 0 || air_state_is_over(a) ||
	    sock >= AIR_TCP_SOCK)
		return ALTAIR_NOT_MINE;
	if (air_relay_take(a, now, datagram) == ALTAIR_TAKEN)
		return ALTAIR_TAKEN;
	air_tcp_take(a, &datagram->path);
	if (air_stun_recognise(datagram->bytes))
		verdict = air_answer_take(a, now, datagram);
	else
		verdict = take_data(a, now, datagram);
	datagram->path.sock = sock;
	return verdict;
}

static void agent_input(altair_machine *machine, altair_time now,
			altair_datagram *batch, size_t count)
{
	struct altair_agent *a = (struct altair_agent *)machine;

	air_outbox_reset(&a->outbox);
	for (size_t i = 0; i < count; i++)
		batch[i].verdict = take(a, now, &batch[i]);
	run(a, now);
}

static void agent_tick(altair_machine *machine, altair_time now)
{
	struct altair_agent *a = (struct altair_agent *)machine;

	air_outbox_reset(&a->outbox);
	run(a, now);
}

static enum altair_step agent_poll(altair_machine *machine, altair_output *out)
{
	struct altair_agent *a = (struct altair_agent *)machine;

	if (air_outbox_take(&a->outbox, out))
		return out->event == ALTAIR_EV_NONE ? ALTAIR_SEND
						    : ALTAIR_EVENT;
	out->deadline = deadline(a);
	/* Data makes it due at once: that the driver was late says nothing. */
	a->due = a->has_spoken ? ALTAIR_NEVER : out->deadline;
	return ALTAIR_WAIT;
}

static const struct air_machine_ops ops = {agent_input, agent_tick, agent_poll};

/* --- the public functions ------------------------------------------------ */

void altair_agent_config_default(altair_agent_config *config)
{
	memset(config, 0, sizeof *config);
	config->size = sizeof *config;
	config->ta = ALTAIR_MSEC(20);
	config->patience = ALTAIR_MSEC(39500); /* RFC 8863 4 */
	config->relays_max = 2;
}

static bool is_valid(const altair_agent_config *c)
{
	return c->size == sizeof *c && c->crypto && c->crypto->random &&
	       c->crypto->hmac_sha1 && c->ta >= TA_MIN && c->ta <= TA_MAX &&
	       c->relays_max <= ALTAIR_AGENT_RELAYS_MAX;
}

/* Lays the agent out; into `scratch` when the arena only measures. */
static struct altair_agent *lay_out(struct air_arena *arena,
				    const altair_agent_config *config,
				    struct altair_agent *scratch)
{
	struct altair_agent *a = air_arena_take(arena, 1, sizeof *a);

	if (!a)
		a = scratch;
	air_checklist_init(&a->list, arena);
	air_outbox_init(&a->outbox, arena);
	air_gather_init(a, config->crypto, arena);
	air_relay_init(a, config, arena);
	return a;
}

size_t altair_agent_size(const altair_agent_config *config)
{
	struct air_arena arena = {0};
	struct altair_agent scratch;

	if (!is_valid(config))
		return 0;
	lay_out(&arena, config, &scratch);
	return arena.used;
}

static int make_secrets(struct altair_agent *a)
{
	const altair_crypto *crypto = a->config.crypto;
	uint8_t bytes[8];
	struct air_reader r = air_reader((altair_bytes){bytes, sizeof bytes});

	if (crypto->random(crypto->user, bytes, sizeof bytes) != 0)
		return ALTAIR_E_RANDOM;
	a->tie_breaker = air_read_u64(&r);
	a->keys.crypto = crypto;
	return air_credentials_make(&a->keys.local, crypto);
}

int altair_agent_init(altair_agent **out, void *mem, size_t len,
		      const altair_agent_config *config, altair_time now)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_agent scratch, *a;

	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	a = lay_out(&arena, config, &scratch);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	a->machine.ops = &ops;
	a->config = *config;
	a->list.controlling = config->controlling && !config->lite;
	a->list.relay_only = config->relay_only;
	a->now = now;
	a->slot_at = now;
	a->gather_deadline = ALTAIR_NEVER;
	a->patience_until = ALTAIR_NEVER;
	a->nominate_at = ALTAIR_NEVER;
	a->past.until = a->search_at = a->due = ALTAIR_NEVER;
	*out = a;
	return make_secrets(a);
}

altair_machine *altair_agent_machine(altair_agent *a)
{
	return &a->machine;
}

int altair_agent_add_host(altair_agent *a, altair_time now, uint32_t sock,
			  const altair_addr *addr)
{
	int error;

	if (a->state == ALTAIR_AGENT_CLOSED)
		return ALTAIR_E_STATE;
	if (sock >= ALTAIR_AGENT_STREAM)
		return ALTAIR_E_INVALID;
	if (!air_candidate_is_usable(addr, a->config.loopback))
		return ALTAIR_E_ADDRESS;
	a->now = now;
	error = air_host_add(a, sock, addr);
	run(a, now);
	return error;
}

int altair_agent_remove_host(altair_agent *a, altair_time now, uint32_t sock,
			     const altair_addr *addr)
{
	int error;

	if (a->state == ALTAIR_AGENT_CLOSED)
		return ALTAIR_E_STATE;
	a->now = now;
	error = air_host_remove(a, sock, addr);
	run(a, now);
	return error;
}

void altair_agent_resumed(altair_agent *a, altair_time now)
{
	if (air_state_is_over(a))
		return;
	air_host_news(a, now);
	run(a, now);
}

int altair_agent_add_server(altair_agent *a, altair_time now,
			    const altair_addr *server)
{
	altair_addr new = air_addr_canonical(server);

	if (a->is_sealed || a->config.lite || air_state_is_over(a))
		return ALTAIR_E_STATE;
	if (!air_candidate_is_usable(server, a->config.loopback))
		return ALTAIR_E_ADDRESS;
	for (uint32_t i = 0; i < a->servers_count; i++)
		if (altair_addr_equal(&a->servers[i], &new))
			return 0;
	if (a->servers_count == ALTAIR_AGENT_SERVERS_MAX)
		return ALTAIR_E_FULL;
	a->servers[a->servers_count++] = new;
	run(a, now);
	return 0;
}

int altair_agent_add_relay(altair_agent *a, altair_time now,
			   const altair_agent_relay *relay)
{
	int number;

	if (a->is_sealed || a->config.lite || air_state_is_over(a))
		return ALTAIR_E_STATE;
	number = air_relay_add(a, relay);
	run(a, now);
	return number;
}

int altair_agent_gather(altair_agent *a, altair_time now)
{
	int error;

	if (a->discover || air_state_is_over(a))
		return ALTAIR_E_STATE;
	error = air_gather_begin(a, now);
	/* What came before counts from here: nothing was tried yet. */
	if (a->keys.has_remote)
		a->patience_until = air_time_after(now, a->config.patience);
	run(a, now);
	return error;
}

void altair_agent_seal(altair_agent *a, altair_time now)
{
	a->is_sealed = true;
	run(a, now);
}

const char *altair_agent_ufrag(const altair_agent *a)
{
	return a->keys.local.ufrag;
}

const char *altair_agent_pwd(const altair_agent *a)
{
	return a->keys.local.pwd;
}

int altair_agent_candidate(const altair_agent *a, uint32_t number, char *out,
			   size_t cap)
{
	if (number >= a->list.locals_count)
		return ALTAIR_E_INVALID;
	return air_candidate_format(&a->list.locals[number], out, cap);
}

int altair_agent_remote(altair_agent *a, altair_time now, const char *ufrag,
			const char *pwd)
{
	struct air_credentials remote;
	int error;

	if (a->state == ALTAIR_AGENT_CLOSED)
		return ALTAIR_E_STATE;
	error = air_credentials_read(&remote, ufrag, pwd);
	if (!error)
		error = air_generation_remote(a, now, &remote);
	run(a, now);
	return error;
}

int altair_agent_restart(altair_agent *a, altair_time now)
{
	int error;

	if (!a->discover || a->state == ALTAIR_AGENT_CLOSED)
		return ALTAIR_E_STATE;
	error = air_generation_begin(a, now);
	run(a, now);
	return error;
}

static int add_remote(struct altair_agent *a, altair_time now, const char *text)
{
	struct air_candidate c;
	bool is_new;
	int rc = air_candidate_parse(&c, text);

	if (rc == ALTAIR_E_SYNTAX)
		return rc;
	a->stats.names += c.has_name;
	if (rc == 0 && !air_candidate_is_usable(&c.addr, a->config.loopback))
		rc = ALTAIR_E_ADDRESS;
	/* Those of our own finding have places of their own, and wait for a
	 * check; what the peer lists has one. */
	if (c.type == CANDIDATE_PRFLX)
		c.type = CANDIDATE_SRFLX;
	if (rc == 0)
		rc = air_checklist_add_remote(&a->list, &c, &is_new);
	if (rc >= 0 && is_new)
		a->fresh_until = air_time_after(now, a->config.patience);
	a->stats.unusable += rc < 0;
	return rc < 0 ? rc : 0;
}

int altair_agent_add_remote(altair_agent *a, altair_time now, const char *text)
{
	int error;

	if (air_state_is_over(a))
		return ALTAIR_E_STATE;
	error = add_remote(a, now, text);
	run(a, now);
	return error;
}

void altair_agent_end_of_candidates(altair_agent *a, altair_time now)
{
	a->is_remote_ended = true;
	run(a, now);
}

enum altair_agent_state altair_agent_state(const altair_agent *a)
{
	return a->state;
}

bool altair_agent_is_controlling(const altair_agent *a)
{
	return a->list.controlling;
}

int altair_agent_path(const altair_agent *a, altair_path *out)
{
	memset(out, 0, sizeof *out);
	if (!a->path || air_state_is_over(a) ||
	    a->state == ALTAIR_AGENT_DISCONNECTED)
		return ALTAIR_E_STATE;
	*out = air_checklist_path(&a->list, a->path);
	if (out->sock >= AIR_RELAY_SOCK)
		out->sock = air_relay_outer(a, out->sock);
	else if (out->sock >= AIR_TCP_SOCK)
		out->sock = air_tcp_outer(a, out);
	return 0;
}

/* Fills in what goes over the wire. */
static int fill(struct altair_agent *a, uint8_t *payload, size_t len,
		altair_datagram *out)
{
	out->path = air_checklist_path(&a->list, a->path);
	out->bytes = (altair_bytes){payload, len};
	if (out->path.sock >= AIR_RELAY_SOCK)
		return air_relay_wrap(a, &out->path, payload, len, out);
	if (out->path.sock >= AIR_TCP_SOCK)
		return air_tcp_wrap(a, &out->path, payload, len, out);
	return 0;
}

int altair_agent_wrap(altair_agent *a, uint8_t *payload, size_t len,
		      altair_datagram *out)
{
	int error;

	memset(out, 0, sizeof *out);
	if (altair_agent_path(a, &out->path) != 0)
		return ALTAIR_E_STATE;
	if (len > ALTAIR_AGENT_MESSAGE_MAX)
		return ALTAIR_E_TOO_LONG;
	if (air_stun_recognise((altair_bytes){payload, len}))
		return ALTAIR_E_WORD;
	if (len > air_pair_allowance(a->path))
		return ALTAIR_E_AGAIN;
	error = fill(a, payload, len, out);
	if (error)
		return error;
	if (!a->path->is_valid)
		a->path->bytes_out += len;
	air_path_speak(a);
	a->stats.messages_out++;
	a->stats.bytes_out += len;
	return 0;
}

void altair_agent_close(altair_agent *a)
{
	bool was_closed = a->state == ALTAIR_AGENT_CLOSED;

	air_state_close(a);
	air_outbox_clear(&a->outbox);
	if (!was_closed) /* failed is not closed: the servers hold addresses */
		air_relay_close(a);
}

void altair_agent_opened(altair_agent *a, altair_time now, uint32_t sock,
			 const altair_addr *local)
{
	if (a->state == ALTAIR_AGENT_CLOSED)
		return; /* a restart may follow failure */
	a->now = now;
	air_relay_opened(a, sock, local);
	air_tcp_opened(a, sock, local);
	run(a, now);
}

void altair_agent_lost(altair_agent *a, altair_time now, uint32_t sock,
		       int reason)
{
	if (a->state == ALTAIR_AGENT_CLOSED)
		return;
	a->now = now;
	air_relay_lost(a, sock, reason);
	air_tcp_lost(a, sock);
	run(a, now);
}

int altair_agent_unframe(altair_agent *a, uint32_t sock, altair_bytes *in,
			 altair_datagram *out)
{
	return air_tcp_has(a, sock) ? air_tcp_unframe(a, sock, in, out)
				    : air_relay_unframe(a, sock, in, out);
}

void altair_agent_get_stats(const altair_agent *a, altair_agent_stats *out)
{
	*out = a->stats;
	out->size = sizeof *out;
}
