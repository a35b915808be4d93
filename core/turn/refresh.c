/*
 * Requests for what is due, and renewal in time (RFC 8656 8, 9, 12).
 *
 * Invariants: a subject has at most one open request; before there is an
 * allocation only subject 0 is asked for; a lease whose server is silent is
 * asked for again until it runs out, and then it is lost; after the end there
 * is no open request and no timer. On a stream, which repeats for us, a silent
 * server means that the stream is dead, and with it all that was held by it.
 *
 * A timer of a subject is its renewal, or its end while it is being renewed; a
 * timer of a request is its next sending, or its end.
 */
#include "turn/refresh.h"

#include "base/time.h"

static void set_request_timer(struct altair_turn *t,
			      const struct air_request *r, altair_time at)
{
	air_heap_set(&t->timers,
		     air_subject_count(t) + (uint32_t)(r - t->requests), at);
}

void air_refresh_close(struct altair_turn *t, struct air_request *r)
{
	r->is_open = false;
	r->is_send_due = false;
	set_request_timer(t, r, ALTAIR_NEVER);
}

bool air_refresh_cancel(struct altair_turn *t, uint32_t subject)
{
	struct air_request *r =
		air_request_of(t->requests, t->config.requests_max, subject);

	if (r)
		air_refresh_close(t, r);
	return r != NULL;
}

static uint16_t method_of(const struct altair_turn *t, uint32_t subject)
{
	if (subject >= air_subject_first_channel(t))
		return AIR_STUN_CHANNEL_BIND;
	if (subject >= AIR_SUBJECT_FIRST_PERMISSION)
		return AIR_STUN_CREATE_PERMISSION;
	return t->phase == TURN_ALLOCATING ? AIR_STUN_ALLOCATE
					   : AIR_STUN_REFRESH;
}

/* RFC 8656 5: Allocate and Refresh carry SOFTWARE. */
static void describe_allocation(struct altair_turn *t,
				struct air_stun_builder *b)
{
	struct air_stun_value software = {
		.bytes = air_text("altair " ALTAIR_VERSION)};
	bool is_end = t->phase == TURN_DELETING || t->phase == TURN_CLEARING;

	if (t->phase == TURN_ALLOCATING)
		air_alloc_ask(b, t->config.families);
	if (is_end || t->config.lifetime > 0)
		air_alloc_ask_lifetime(b, is_end ? 0 : t->config.lifetime);
	air_stun_build_attr(b, AIR_STUN_SOFTWARE, &software);
}

/* Writes a new request. 0, ALTAIR_E_RANDOM, or ALTAIR_E_TOO_LONG: what the
 * server makes us send. */
static int compose(struct altair_turn *t, struct air_request *r,
		   uint32_t subject)
{
	const altair_crypto *crypto = t->config.crypto;
	struct air_stun_header header = {.class = AIR_STUN_REQUEST,
					 .method = method_of(t, subject)};
	struct air_stun_builder b;

	if (crypto->random(crypto->user, header.transaction,
			   sizeof header.transaction) != 0)
		return ALTAIR_E_RANDOM;
	air_stun_build(&b, r->bytes, sizeof r->bytes, &header);
	if (subject == AIR_SUBJECT_ALLOCATION)
		describe_allocation(t, &b);
	else if (subject < air_subject_first_channel(t))
		air_perm_ask(air_subject_perm(t, subject), &b);
	else
		air_channel_ask(&t->channels, air_subject_channel(t, subject),
				&b);
	if (t->login.is_challenged)
		air_login_sign(&t->login, &b);
	air_stun_build_fingerprint(&b);
	r->len = (uint16_t)air_stun_build_end(&b).len;
	r->method = header.method;
	r->subject = subject;
	r->is_signed = t->login.is_challenged;
	r->is_doubted = false;
	return r->len > 0 ? 0 : ALTAIR_E_TOO_LONG;
}

static void begin(struct altair_turn *t, struct air_request *r, altair_time now)
{
	/* RFC 8489 6.2.2: a stream loses nothing; after Ti it is too late. */
	if (t->config.is_stream)
		air_rto_start(&r->rto, now, t->config.ti, 1, 1);
	else
		air_rto_start(&r->rto, now, t->config.rto, t->config.rc,
			      t->config.rm);
	air_rto_due(&r->rto, now);
	r->asked_at = now;
	r->is_open = true;
	r->is_send_due = true;
	set_request_timer(t, r, r->rto.next);
}

static void stop_everything(struct altair_turn *t)
{
	for (size_t i = 0; i < t->config.requests_max; i++)
		air_refresh_close(t, &t->requests[i]);
	for (uint32_t i = 0; i < air_subject_count(t); i++) {
		air_heap_set(&t->timers, i, ALTAIR_NEVER);
		air_subject_lease(t, i)->is_due = false;
		air_subject_lease(t, i)->until = 0;
	}
}

void air_refresh_end(struct altair_turn *t, int reason, int code)
{
	if (t->phase == TURN_ENDED)
		return;
	stop_everything(t);
	t->phase = TURN_ENDED;
	t->is_end_new = true;
	/* What began the deletion is the reason. */
	if (t->end_reason == 0) {
		t->end_reason = reason;
		t->end_code = code;
	}
}

void air_refresh_pump(struct altair_turn *t, altair_time now)
{
	bool has_more = t->phase == TURN_ALLOCATED;
	uint32_t last =
		has_more ? air_subject_count(t) : AIR_SUBJECT_FIRST_PERMISSION;

	for (uint32_t i = 0; i < last && t->phase != TURN_ENDED; i++) {
		struct air_lease *lease = air_subject_lease(t, i);
		struct air_request *r;
		int error;

		if (!lease->is_due)
			continue;
		r = air_request_free(t->requests, t->config.requests_max);
		if (!r)
			return;
		lease->is_due = false;
		error = compose(t, r, i);
		if (error == 0)
			begin(t, r, now);
		else
			air_refresh_end(t, error, 0);
	}
}

void air_refresh_probe(struct altair_turn *t, altair_time now)
{
	if (t->phase != TURN_ALLOCATED)
		return;
	/* One under way may have minutes between its repeats; on a stream it has
	 * none, and its time must not begin anew. */
	if (t->config.is_stream &&
	    air_request_of(t->requests, t->config.requests_max,
			   AIR_SUBJECT_ALLOCATION))
		return;
	air_refresh_cancel(t, AIR_SUBJECT_ALLOCATION);
	t->lease.is_due = true;
	air_refresh_pump(t, now);
}

void air_refresh_delete(struct altair_turn *t, int reason, int code)
{
	stop_everything(t);
	t->phase = TURN_DELETING;
	t->end_reason = reason;
	t->end_code = code;
	t->lease.is_due = true;
}

void air_refresh_tell(struct altair_turn *t, uint32_t subject, int reason,
		      int code)
{
	struct air_lease *lease = air_subject_lease(t, subject);
	bool is_channel = subject >= air_subject_first_channel(t);

	lease->event = is_channel ? ALTAIR_EV_CHANNEL : ALTAIR_EV_PERMITTED;
	lease->reason = reason;
	lease->code = code;
}

void air_refresh_lose(struct altair_turn *t, uint32_t subject, altair_time now,
		      int reason, int code)
{
	bool is_wished = t->is_closing || t->phase == TURN_DELETING;

	if (subject == AIR_SUBJECT_ALLOCATION) {
		air_refresh_end(t, is_wished ? 0 : reason,
				is_wished ? 0 : code);
		return;
	}
	air_lease_drop(air_subject_lease(t, subject), now,
		       air_refresh_cancel(t, subject));
	air_heap_set(&t->timers, subject, ALTAIR_NEVER);
	air_refresh_tell(t, subject, reason, code);
}

static altair_time lifetime_of(const struct altair_turn *t)
{
	return ALTAIR_SEC(t->alloc.lifetime);
}

void air_refresh_hold(struct altair_turn *t, uint32_t subject,
		      const struct air_request *r, altair_time now)
{
	struct air_lease *lease = air_subject_lease(t, subject);

	air_lease_grant(lease, r->asked_at, now,
			subject == AIR_SUBJECT_ALLOCATION ? lifetime_of(t)
							  : lease->duration);
	air_heap_set(&t->timers, subject, air_lease_renewal(lease));
}

/* The subject's request got no answer in all its time. */
static void give_up(struct altair_turn *t, const struct air_request *r,
		    uint32_t subject, altair_time now)
{
	air_refresh_lose(t, subject, now,
			 r->is_doubted ? ALTAIR_E_INTEGRITY : ALTAIR_E_TIMEOUT,
			 0);
}

void air_refresh_run_request(struct altair_turn *t, struct air_request *r,
			     altair_time now)
{
	struct air_lease *lease = air_subject_lease(t, r->subject);

	if (air_rto_due(&r->rto, now) == RTO_SEND) {
		r->is_send_due = true;
		set_request_timer(t, r, r->rto.next);
		return;
	}
	air_refresh_close(t, r);
	/* The server may have said yes for all we know. */
	lease->gone = air_time_after(now, lease->duration);
	if (t->config.is_stream)
		give_up(t, r, AIR_SUBJECT_ALLOCATION, now);
	else if (lease->until > now && t->phase == TURN_ALLOCATED)
		lease->is_due = true;
	else
		give_up(t, r, r->subject, now);
}

void air_refresh_run_subject(struct altair_turn *t, uint32_t subject,
			     altair_time now)
{
	struct air_lease *lease = air_subject_lease(t, subject);

	if (now >= lease->until) {
		air_refresh_lose(t, subject, now, ALTAIR_E_TIMEOUT, 0);
		return;
	}
	air_heap_set(&t->timers, subject, lease->until);
	lease->is_due =
		!air_request_of(t->requests, t->config.requests_max, subject);
}
