/*
 * A secure session: the time and the events of DTLS 1.2 (RFC 6347). The protocol
 * itself is behind the table of altair/dtls.h, which has neither.
 *
 * Invariants: what the peer says is given to the caller in ALTAIR_SECURE_OPEN alone, and
 * set_state is the only way there. What is not proved ends an attempt at most: only
 * the end of the patience fails a session that was not open, and tells the worst that
 * was met. A client begins another attempt no sooner than it would repeat a flight,
 * so two that do not agree exchange as little as two that do not hear each other.
 */
#include "base/arena.h"
#include "base/assert.h"
#include "base/machine.h"
#include "base/time.h"

#include <altair/secure.h>

#include <string.h>

/* RFC 6347 4.2.4.1 has 1 s and 60 s, for peers of whom nothing is known. */
#define REPEAT_UNKNOWN ALTAIR_MSEC(400)
#define REPEAT_MIN ALTAIR_MSEC(100)
#define REPEAT_MAX ALTAIR_SEC(1)
#define PATIENCE_MIN ALTAIR_MSEC(100)
#define PATIENCE_MAX ALTAIR_SEC(10)

/* RFC 7983 7: the first byte of what may be DTLS. */
#define DTLS_FIRST 20
#define DTLS_LAST 63

/* Datagrams that wait to be polled, and what they have in all: the longest one and some
 * short ones. A flight of ours has less than 800 bytes. */
#define OUT_MAX 4
#define OUT_LEN (ALTAIR_DTLS_DATAGRAM_MAX + 512)

/* For a server's last flight, and its request for a cookie, the client asks again only
 * when his own timer says so. Where much is lost they are sent so many times more;
 * the request just once, so that it is never more than the ClientHello was. */
#define LASTS_MAX 6
#define REQUESTS_MAX 1
#define EXTRA_LEN 96 /* the one has 75 bytes, the other 44 */

struct altair_secure {
	struct altair_machine machine;
	altair_secure_config config;
	altair_dtls_session *session;
	enum altair_secure_state state;
	altair_time now; /* the latest that we were told             */
	altair_time started_at, ends_at;
	altair_time repeat_at;	      /* no answer by then: the flight again */
	altair_time wait;	      /* what we waited for it this time     */
	altair_time rtt;	      /* 0: unknown                          */
	int reason;		      /* why no handshake has come to its end */
	bool has_secured, has_failed; /* events to tell               */
	altair_time took;
	uint8_t extra[EXTRA_LEN]; /* to be sent again                 */
	size_t extra_len;
	unsigned extra_left;
	uint8_t out[OUT_LEN];
	size_t out_at[OUT_MAX + 1]; /* where each begins, and the end */
	size_t out_first, out_count;
	altair_secure_stats stats;
};

static const altair_dtls *table(const struct altair_secure *s)
{
	return s->config.dtls;
}

static void set_state(struct altair_secure *s, enum altair_secure_state next)
{
	static const bool edges[5][5] = {
		[ALTAIR_SECURE_NEW] = {[ALTAIR_SECURE_SHAKING] = true,
				       [ALTAIR_SECURE_OPEN] = true,
				       [ALTAIR_SECURE_FAILED] = true,
				       [ALTAIR_SECURE_CLOSED] = true},
		[ALTAIR_SECURE_SHAKING] = {[ALTAIR_SECURE_OPEN] = true,
					   [ALTAIR_SECURE_FAILED] = true,
					   [ALTAIR_SECURE_CLOSED] = true},
		[ALTAIR_SECURE_OPEN] = {[ALTAIR_SECURE_FAILED] = true,
					[ALTAIR_SECURE_CLOSED] = true},
		[ALTAIR_SECURE_FAILED] = {[ALTAIR_SECURE_CLOSED] = true},
		[ALTAIR_SECURE_CLOSED] = {[ALTAIR_SECURE_CLOSED] = true},
	};

	AIR_ASSERT(edges[s->state][next]);
	s->state = next;
	s->ends_at = next == ALTAIR_SECURE_SHAKING ? s->ends_at : ALTAIR_NEVER;
	if (next != ALTAIR_SECURE_SHAKING)
		s->repeat_at = ALTAIR_NEVER;
}

static bool is_over(const struct altair_secure *s)
{
	return s->state == ALTAIR_SECURE_FAILED ||
	       s->state == ALTAIR_SECURE_CLOSED;
}

static void fail(struct altair_secure *s, int reason)
{
	s->reason = reason;
	s->has_failed = true;
	set_state(s, ALTAIR_SECURE_FAILED);
}

/* --- flights --------------------------------------------------------------- */

static altair_bytes out_bytes(const struct altair_secure *s, size_t index)
{
	size_t at = s->out_at[index];

	return (altair_bytes){s->out + at, s->out_at[index + 1] - at};
}

/* Room for `need` bytes more; NULL: there is none before altair_poll has given what
 * waits. */
static uint8_t *out_room(struct altair_secure *s, size_t need)
{
	if (s->out_first == s->out_count)
		s->out_first = s->out_count = 0;
	if (s->out_count == OUT_MAX || s->out_at[s->out_count] + need > OUT_LEN)
		return NULL;
	return s->out + s->out_at[s->out_count];
}

static void out_add(struct altair_secure *s, size_t len)
{
	s->out_at[s->out_count + 1] = s->out_at[s->out_count] + len;
	s->out_count++;
}

/* What the session has for the peer. False: nothing. */
static bool collect(struct altair_secure *s)
{
	bool has_any = false;
	uint8_t *room;
	size_t len;

	while ((room = out_room(s, ALTAIR_DTLS_DATAGRAM_MAX)) != NULL) {
		len = table(s)->output(s->session, room);
		if (len == 0)
			break;
		out_add(s, len);
		has_any = true;
	}
	return has_any;
}

static altair_time first_wait(const struct altair_secure *s)
{
	if (s->rtt == 0)
		return REPEAT_UNKNOWN;
	if (s->rtt >= REPEAT_MAX / 2)
		return REPEAT_MAX;
	return air_time_later(2 * s->rtt, REPEAT_MIN);
}

/* Does the attempt go on? What an attempt says at its end is no flight. */
static bool is_shaking(const struct altair_secure *s)
{
	enum altair_dtls_state state = table(s)->state(s->session);

	return state == ALTAIR_DTLS_WAITING || state == ALTAIR_DTLS_REFUSED;
}

/* A flight has left, for the first time or once more. */
static void wait_for_answer(struct altair_secure *s, altair_time wait)
{
	s->wait = air_time_sooner(wait, REPEAT_MAX);
	s->repeat_at = air_time_after(s->now, s->wait);
}

static void begin(struct altair_secure *s)
{
	s->stats.attempts++;
	if (table(s)->begin(s->session) != 0)
		fail(s, ALTAIR_E_MEMORY);
}

/* --- what the session has come to ------------------------------------------ */

static void open_session(struct altair_secure *s)
{
	s->took =
		s->state == ALTAIR_SECURE_SHAKING ? s->now - s->started_at : 0;
	set_state(s, ALTAIR_SECURE_OPEN);
	s->has_secured = true;
}

static void note(struct altair_secure *s, int reason)
{
	if (s->reason != ALTAIR_E_IDENTITY)
		s->reason = reason;
}

/* An attempt is over. A server waits for the next one; a client begins it when
 * it would have repeated this one. */
static void lose_attempt(struct altair_secure *s, int reason)
{
	note(s, reason);
	if (!s->config.role.is_client)
		begin(s);
}

static void settle(struct altair_secure *s)
{
	enum altair_dtls_state state = table(s)->state(s->session);

	if (s->state == ALTAIR_SECURE_OPEN) {
		if (state == ALTAIR_DTLS_CLOSED)
			fail(s, ALTAIR_E_CLOSED);
		else if (state != ALTAIR_DTLS_OPEN)
			fail(s, ALTAIR_E_TLS);
		return;
	}
	if (state == ALTAIR_DTLS_OPEN)
		open_session(s);
	else if (state == ALTAIR_DTLS_STRANGER)
		lose_attempt(s, ALTAIR_E_IDENTITY);
	else if (state == ALTAIR_DTLS_REFUSED)
		note(s, ALTAIR_E_TLS);
	else if (state != ALTAIR_DTLS_WAITING)
		lose_attempt(s, ALTAIR_E_TLS);
}

static bool has_seen_loss(const struct altair_secure *s)
{
	return s->stats.repeated > 0 || s->stats.dropped > 0;
}

/* A server's latest answer, which waits in `out`. */
static void keep_extra(struct altair_secure *s, unsigned times)
{
	altair_bytes last = out_bytes(s, s->out_count - 1);

	if (last.len > sizeof s->extra)
		return;
	s->extra_left = times;
	s->extra_len = last.len;
	memcpy(s->extra, last.data, last.len);
	wait_for_answer(s, first_wait(s));
}

/* Who has received it drops it as replayed. */
static void repeat_extra(struct altair_secure *s)
{
	uint8_t *room = out_room(s, s->extra_len);

	s->repeat_at = ALTAIR_NEVER;
	if (room) {
		memcpy(room, s->extra, s->extra_len);
		out_add(s, s->extra_len);
	}
	if (--s->extra_left > 0)
		wait_for_answer(s, 2 * s->wait);
}

/* A server's answer to `len` bytes for which nobody's timer is set. */
static void mind_answer(struct altair_secure *s, size_t len)
{
	if (s->config.role.is_client)
		return;
	if (s->state == ALTAIR_SECURE_OPEN && has_seen_loss(s))
		keep_extra(s, LASTS_MAX);
	else if (is_shaking(s) && s->repeat_at == ALTAIR_NEVER &&
		 len >= 2 * out_bytes(s, s->out_count - 1).len)
		keep_extra(s, REQUESTS_MAX);
}

/* --- datagrams that arrive ------------------------------------------------- */

static bool may_be_dtls(const altair_datagram *datagram)
{
	return datagram->segment == 0 && datagram->bytes.len > 0 &&
	       datagram->bytes.data[0] >= DTLS_FIRST &&
	       datagram->bytes.data[0] <= DTLS_LAST;
}

/* A client that has not begun is not spoken to. */
static bool listens(const struct altair_secure *s)
{
	return !is_over(s) &&
	       (s->state != ALTAIR_SECURE_NEW || !s->config.role.is_client);
}

static enum altair_verdict hear(struct altair_secure *s,
				altair_datagram *datagram)
{
	enum altair_secure_state before = s->state;
	unsigned flights = table(s)->flights(s->session);
	bool has_answer;
	int said;

	if (!may_be_dtls(datagram))
		return ALTAIR_NOT_MINE;
	if (!listens(s)) {
		s->stats.dropped++;
		return ALTAIR_TAKEN;
	}
	/* In the caller's buffer, which altair/secure.h wants writable. */
	said = table(s)->input(s->session, (uint8_t *)datagram->bytes.data,
			       datagram->bytes.len);
	has_answer = collect(s);
	settle(s);
	if (table(s)->flights(s->session) != flights && is_shaking(s)) {
		s->extra_left = 0;
		wait_for_answer(s, first_wait(s));
	} else if (has_answer && before != ALTAIR_SECURE_OPEN && !is_over(s)) {
		mind_answer(s, datagram->bytes.len);
	}
	if (said >= 0) {
		/* What ended the session may have stood behind it. */
		AIR_ASSERT(before == ALTAIR_SECURE_OPEN || s->has_secured);
		s->repeat_at = ALTAIR_NEVER; /* he has our last flight */
		s->extra_left = 0;
		datagram->bytes.len = (size_t)said;
		s->stats.messages_in++;
		s->stats.bytes_in += (size_t)said;
		return ALTAIR_PAYLOAD;
	}
	if (!has_answer && s->state == before)
		s->stats.dropped++;
	return ALTAIR_TAKEN;
}

/* --- time ------------------------------------------------------------------ */

static void repeat(struct altair_secure *s)
{
	enum altair_dtls_state state = table(s)->state(s->session);
	bool has_flight;

	if (s->extra_left > 0) {
		repeat_extra(s);
		return;
	}
	if (s->config.role.is_client && state != ALTAIR_DTLS_WAITING) {
		begin(s);
	} else {
		table(s)->again(s->session);
		settle(s);
	}
	/* Or it waits behind what was not polled yet. */
	has_flight = collect(s) || s->out_first < s->out_count;
	s->stats.repeated += has_flight;
	s->repeat_at = ALTAIR_NEVER;
	if (!is_over(s) && (has_flight || s->config.role.is_client))
		wait_for_answer(s, 2 * s->wait);
}

static void run(struct altair_secure *s, altair_time now)
{
	s->now = now;
	if (s->state == ALTAIR_SECURE_SHAKING && now >= s->ends_at)
		fail(s, s->reason);
	if (now >= s->repeat_at)
		repeat(s);
}

static void secure_input(altair_machine *machine, altair_time now,
			 altair_datagram *batch, size_t count)
{
	struct altair_secure *s = (struct altair_secure *)machine;

	s->now = now;
	for (size_t i = 0; i < count; i++)
		batch[i].verdict = hear(s, &batch[i]);
	run(s, now);
}

static void secure_tick(altair_machine *machine, altair_time now)
{
	run((struct altair_secure *)machine, now);
}

static enum altair_step secure_poll(altair_machine *machine, altair_output *out)
{
	struct altair_secure *s = (struct altair_secure *)machine;

	memset(out, 0, sizeof *out);
	if (s->out_first < s->out_count) {
		out->datagram.bytes = out_bytes(s, s->out_first++);
		return ALTAIR_SEND;
	}
	if (s->has_secured) {
		s->has_secured = false;
		out->event = ALTAIR_EV_SECURED;
		out->rtt = s->took;
		return ALTAIR_EVENT;
	}
	if (s->has_failed) {
		s->has_failed = false;
		out->event = ALTAIR_EV_FAILED;
		out->reason = s->reason;
		return ALTAIR_EVENT;
	}
	out->deadline = air_time_sooner(s->repeat_at, s->ends_at);
	return ALTAIR_WAIT;
}

static const struct air_machine_ops ops = {secure_input, secure_tick,
					   secure_poll};

/* --- the public functions -------------------------------------------------- */

void altair_secure_config_default(altair_secure_config *config)
{
	memset(config, 0, sizeof *config);
	config->size = sizeof *config;
	config->role.size = sizeof config->role;
	config->patience = ALTAIR_SEC(10);
}

static bool is_valid(const altair_secure_config *config)
{
	return config->size == sizeof *config &&
	       config->role.size == sizeof config->role && config->dtls &&
	       config->dtls->size == sizeof *config->dtls &&
	       config->patience >= PATIENCE_MIN &&
	       config->patience <= PATIENCE_MAX;
}

size_t altair_secure_size(const altair_secure_config *config)
{
	return is_valid(config) ? sizeof(struct altair_secure) : 0;
}

int altair_secure_init(altair_secure **out, void *mem, size_t len,
		       const altair_secure_config *config)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_secure *s;

	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	s = air_arena_take(&arena, 1, sizeof *s);
	if (!s)
		return ALTAIR_E_SPACE;
	s->machine.ops = &ops;
	s->config = *config;
	s->reason = ALTAIR_E_TIMEOUT;
	s->ends_at = s->repeat_at = ALTAIR_NEVER;
	if (table(s)->open(table(s)->user, &s->session, &config->role) != 0)
		return ALTAIR_E_MEMORY;
	if (!config->role.is_client)
		begin(s);
	if (is_over(s)) {
		altair_secure_free(s);
		return ALTAIR_E_MEMORY;
	}
	*out = s;
	return 0;
}

void altair_secure_free(altair_secure *secure)
{
	table(secure)->close(secure->session);
	secure->session = NULL;
}

void altair_secure_start(altair_secure *secure, altair_time now)
{
	secure->now = now;
	if (secure->state != ALTAIR_SECURE_NEW)
		return;
	secure->started_at = now;
	secure->ends_at = air_time_after(now, secure->config.patience);
	set_state(secure, ALTAIR_SECURE_SHAKING);
	if (!secure->config.role.is_client)
		return;
	begin(secure);
	collect(secure);
	if (secure->state == ALTAIR_SECURE_SHAKING)
		wait_for_answer(secure, first_wait(secure));
}

void altair_secure_rtt(altair_secure *secure, altair_time rtt)
{
	secure->rtt = rtt;
}

altair_machine *altair_secure_machine(altair_secure *secure)
{
	return &secure->machine;
}

enum altair_secure_state altair_secure_state(const altair_secure *secure)
{
	return secure->state;
}

int altair_secure_wrap(altair_secure *secure, uint8_t *payload, size_t len,
		       altair_datagram *out)
{
	int record;

	memset(out, 0, sizeof *out);
	if (secure->state != ALTAIR_SECURE_OPEN)
		return ALTAIR_E_STATE;
	if (len > ALTAIR_SECURE_MESSAGE_MAX)
		return ALTAIR_E_TOO_LONG;
	if (len == 0)
		return ALTAIR_E_INVALID;
	record = table(secure)->seal(secure->session, payload, len);
	if (record < 0)
		return record;
	out->bytes = (altair_bytes){payload - ALTAIR_SECURE_HEADROOM,
				    (size_t)record};
	secure->stats.messages_out++;
	secure->stats.bytes_out += len;
	return 0;
}

void altair_secure_close(altair_secure *secure)
{
	if (secure->state == ALTAIR_SECURE_OPEN)
		table(secure)->finish(secure->session);
	set_state(secure, ALTAIR_SECURE_CLOSED);
	secure->has_secured = secure->has_failed = false;
	collect(secure);
}

void altair_secure_get_stats(const altair_secure *secure,
			     altair_secure_stats *out)
{
	*out = secure->stats;
	out->size = sizeof *out;
}
