/*
 * Answers to our requests: who may be believed (RFC 8489 9.2.5), and what each
 * success and each error code does (RFC 8656 7.3, 7.4, 8.3, 10.3, 12.3).
 */
#include "turn/answer.h"

#include "base/addr.h"
#include "turn/reason.h"
#include "turn/refresh.h"

/* RFC 8489 9.2.5 sets no limit on 438 after 438; a nonce that is stale three
 * times in a row never was one. */
#define STALE_MAX 2
/* Shorter than this before its end a lease is not asked for again. */
#define RETRY_MIN ALTAIR_SEC(1)

#define UNDERSTOOD (AIR_STUN_SET_BASE | AIR_STUN_SET_TURN)

/* An answer that is final and not a yes. A server that has trouble of its own
 * (RFC 8489 6.3.4: 500 to 599) is asked again while it still holds the lease,
 * each time after half of what is left. */
static void refuse(struct altair_turn *t, uint32_t subject, altair_time now,
		   int code)
{
	struct air_lease *lease = air_subject_lease(t, subject);

	if (code >= 500 && code <= 599 && t->phase == TURN_ALLOCATED &&
	    lease->until > now && lease->until - now > RETRY_MIN) {
		air_heap_set(&t->timers, subject,
			     now + (lease->until - now) / 2);
		return;
	}
	air_refresh_lose(t, subject, now, air_turn_reason(code), code);
}

/* Permissions for a family that the server did not give. */
static void lose_other_family(struct altair_turn *t, altair_time now)
{
	for (uint32_t i = AIR_SUBJECT_FIRST_PERMISSION;
	     i < air_subject_count(t); i++) {
		const altair_addr *peer =
			i < air_subject_first_channel(t)
				? &air_subject_perm(t, i)->ip
				: &air_subject_channel(t, i)->peer;

		if (air_subject_lease(t, i)->is_wanted &&
		    !t->alloc.relayed[air_alloc_family(peer)].family)
			air_refresh_lose(t, i, now, ALTAIR_E_RELAY_FAMILY, 0);
	}
}

/* RFC 8656 7.3: an allocation that we cannot use is deleted. */
static void allocated(struct altair_turn *t, const struct air_request *r,
		      altair_time now, const struct air_stun_message *m)
{
	bool is_usable = air_alloc_read(&t->alloc, m, t->config.families) &&
			 t->alloc.lifetime > 0;

	if (t->is_closing || !is_usable) {
		air_refresh_delete(t, t->is_closing ? 0 : ALTAIR_E_RELAY_FAMILY,
				   0);
		return;
	}
	t->phase = TURN_ALLOCATED;
	t->rtt = r->rto.sent == 1 ? now - r->asked_at : 0;
	for (unsigned i = 0; i < AIR_ALLOC_FAMILIES; i++)
		t->is_relay_new[i] = t->config.families & 1u << i;
	air_refresh_hold(t, AIR_SUBJECT_ALLOCATION, r, now);
	lose_other_family(t, now);
}

/* The way is clear, or was: our 5-tuple has no allocation. */
static void allocate_anew(struct altair_turn *t)
{
	t->phase = TURN_ALLOCATING;
	t->lease.is_due = true;
}

static void refreshed(struct altair_turn *t, const struct air_request *r,
		      altair_time now, const struct air_stun_message *m)
{
	if (t->phase == TURN_CLEARING) {
		allocate_anew(t);
		return;
	}
	t->alloc.lifetime = air_alloc_lifetime(m);
	if (t->phase == TURN_DELETING || t->alloc.lifetime == 0)
		air_refresh_end(
			t, t->phase == TURN_DELETING ? 0 : ALTAIR_E_MISMATCH,
			0);
	else
		air_refresh_hold(t, AIR_SUBJECT_ALLOCATION, r, now);
}

static void grant(struct altair_turn *t, uint32_t subject,
		  const struct air_request *r, altair_time now)
{
	bool is_first = air_subject_lease(t, subject)->until == 0;

	air_refresh_hold(t, subject, r, now);
	if (is_first)
		air_refresh_tell(t, subject, 0, 0);
}

/* A permission or a channel; the latter brings the former (RFC 8656 12.3). */
static void granted(struct altair_turn *t, const struct air_request *r,
		    altair_time now)
{
	struct air_perm *p;

	grant(t, r->subject, r, now);
	if (r->subject < air_subject_first_channel(t))
		return;
	p = air_perm_find(&t->perms, &air_subject_channel(t, r->subject)->peer);
	if (p)
		grant(t, air_subject_of_perm(t, p), r, now);
}

static void succeed(struct altair_turn *t, const struct air_request *r,
		    altair_time now, const struct air_stun_message *m)
{
	if (m->unknown_count > 0) /* RFC 8489 6.3.3 */
		air_refresh_lose(t, r->subject, now, ALTAIR_E_INVALID, 0);
	else if (r->method == AIR_STUN_ALLOCATE)
		allocated(t, r, now, m);
	else if (r->method == AIR_STUN_REFRESH)
		refreshed(t, r, now, m);
	else
		granted(t, r, now);
}

/* RFC 8489 9.2.5, for 401 and 438. */
static void challenged(struct altair_turn *t, const struct air_request *r,
		       altair_time now, const struct air_stun_message *m)
{
	struct air_lease *lease = air_subject_lease(t, r->subject);
	int error = air_login_take(&t->login, m);

	if (error != 0)
		air_refresh_lose(t, r->subject, now, error, 0);
	else
		lease->is_due = true;
}

static bool was_tried(const struct altair_turn *t, const altair_addr *server)
{
	for (uint32_t i = 0; i < t->server_count; i++)
		if (altair_addr_equal(&t->servers[i], server))
			return true;
	return false;
}

/* A server elsewhere has no business sending us to our own host. */
static bool leads_inside(const struct altair_turn *t, const altair_addr *next)
{
	return altair_addr_classify(next) == ALTAIR_ADDR_LOOPBACK &&
	       altair_addr_classify(air_subject_server(t)) !=
		       ALTAIR_ADDR_LOOPBACK;
}

/* The server to go to instead (RFC 8489 10): of the family that we speak with
 * it, and none that has sent us away; false when there is none. */
static bool find_alternate(const struct altair_turn *t,
			   const struct air_stun_message *m, altair_addr *out)
{
	struct air_stun_value v;

	for (size_t i = 0; i < m->attr_count; i++) {
		if (m->attrs[i].type != AIR_STUN_ALTERNATE_SERVER ||
		    !air_stun_message_value(m, &m->attrs[i], &v) ||
		    !air_addr_is_endpoint(&v.addr) ||
		    v.addr.family != air_subject_server(t)->family)
			continue;
		*out = v.addr;
		return !was_tried(t, out) && !leads_inside(t, out) &&
		       t->server_count < AIR_TURN_SERVERS_MAX;
	}
	return false;
}

static void move(struct altair_turn *t, const struct air_stun_message *m)
{
	altair_addr next;

	if (!find_alternate(t, m, &next)) {
		air_refresh_end(t, ALTAIR_E_REDIRECT, AIR_STUN_TRY_ALTERNATE);
		return;
	}
	t->servers[t->server_count++] = next;
	t->is_move_new = true;
	t->lease.stale_count = 0;
	air_login_reset(&t->login);
	air_frame_reset(&t->frame);
	t->phase =
		t->config.is_stream ? TURN_WAITS_FOR_STREAM : TURN_ALLOCATING;
	t->lease.is_due = !t->config.is_stream;
}

/* RFC 8656 5: the 5-tuple has an allocation, or none. */
static void mismatch(struct altair_turn *t, const struct air_request *r,
		     altair_time now)
{
	if (t->phase == TURN_CLEARING) {
		allocate_anew(t);
	} else if (r->method == AIR_STUN_ALLOCATE && t->config.takes_over &&
		   !t->has_cleared) {
		t->has_cleared = true;
		t->phase = TURN_CLEARING;
		t->lease.is_due = true;
	} else {
		air_refresh_lose(t, AIR_SUBJECT_ALLOCATION, now,
				 ALTAIR_E_MISMATCH,
				 AIR_STUN_ALLOCATION_MISMATCH);
	}
}

/* RFC 8656 12.3: after a 400 to ChannelBind the two sides do not agree on what the
 * allocation holds. */
static void give_back(struct altair_turn *t, uint32_t channel, int code)
{
	air_refresh_tell(t, channel, ALTAIR_E_SERVER, code);
	air_refresh_delete(t, ALTAIR_E_SERVER, code);
}

static void fail(struct altair_turn *t, const struct air_request *r,
		 altair_time now, const struct air_stun_message *m)
{
	struct air_stun_value error = {0};
	int code;

	air_stun_message_get(m, AIR_STUN_ERROR_CODE, &error);
	code = (int)error.number;
	if (t->is_closing && t->phase == TURN_ALLOCATING)
		air_refresh_end(t, 0, 0);
	else if (code == AIR_STUN_UNAUTHENTICATED && !r->is_signed)
		challenged(t, r, now, m);
	else if (code == AIR_STUN_STALE_NONCE &&
		 air_subject_lease(t, r->subject)->stale_count++ < STALE_MAX)
		challenged(t, r, now, m);
	else if (code == AIR_STUN_TRY_ALTERNATE &&
		 r->method == AIR_STUN_ALLOCATE)
		move(t, m);
	else if (code == AIR_STUN_ALLOCATION_MISMATCH)
		mismatch(t, r, now);
	else if (code == AIR_STUN_BAD_REQUEST &&
		 r->method == AIR_STUN_CHANNEL_BIND)
		give_back(t, r->subject, code);
	else
		refuse(t, r->subject, now, code);
}

/* RFC 8489 9.2.5: what is neither proved nor a challenge counts as not come. */
static bool is_trusted(const struct altair_turn *t, const struct air_request *r,
		       const struct air_stun_message *m)
{
	if (air_login_is_weakened(&t->login, m))
		return false;
	return !r->is_signed || air_login_is_challenge(m) ||
	       air_login_is_proved(&t->login, m);
}

/* RFC 8489 9.2.5: over a stream nothing better will come. */
static void doubt(struct altair_turn *t, struct air_request *r, altair_time now)
{
	t->stats.ignored++;
	r->is_doubted = true;
	if (!t->config.is_stream)
		return;
	air_refresh_close(t, r);
	air_refresh_lose(t, r->subject, now, ALTAIR_E_INTEGRITY, 0);
}

void air_turn_answer_take(struct altair_turn *t, struct air_request *r,
			  altair_time now, altair_bytes bytes)
{
	struct air_stun_message m;

	if (!air_stun_message_read(&m, bytes, UNDERSTOOD) ||
	    !air_request_is_answered(r, &m) || !air_stun_is_intact(&m)) {
		t->stats.ignored++;
		return;
	}
	if (!is_trusted(t, r, &m)) {
		doubt(t, r, now);
		return;
	}
	t->stats.answers++;
	air_refresh_close(t, r);
	if (m.header.class == AIR_STUN_SUCCESS)
		succeed(t, r, now, &m);
	else
		fail(t, r, now, &m);
	air_refresh_pump(t, now);
}
