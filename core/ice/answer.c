/*
 * What the peer sends: its checks (RFC 8445 7.3) and its responses to ours (RFC
 * 8445 7.2.5).
 *
 * A check is answered from the moment the agent exists: it is authenticated by
 * our password alone. What it shows is kept as a pair, whose own check waits
 * until the peer's credentials are known; AIR_PRFLX_MAX bounds how many. Errors
 * that the peer has not signed change nothing: a stranger may have sent them.
 */
#include "ice/session.h"

#include <string.h>

#define UNDERSTOOD (AIR_STUN_SET_BASE | AIR_STUN_SET_ICE)
/* A peer that moves again and again has many addresses in the end. */
#define FORGOTTEN_AFTER ALTAIR_SEC(5)

static enum altair_verdict ignore(struct altair_agent *a)
{
	a->stats.ignored++;
	return ALTAIR_TAKEN;
}

/* --- role conflicts ------------------------------------------------------ */

/* RFC 8445 6.1.1: where one side is lite the other one controls. */
static bool are_roles_fixed(const struct altair_agent *a)
{
	return a->config.lite || a->is_remote_lite;
}

/* What was to be nominated goes with the role; what was nominated stays. The
 * tie-breakers end it: a limit could leave both sides with one role. Checks on
 * their way in the old role begin anew: a conforming peer refuses them, others
 * drop them. */
static void switch_role(struct altair_agent *a)
{
	a->stats.role_switches++;
	air_checklist_set_role(&a->list, !a->list.controlling);
	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];

		pair->wants_nomination = false;
		if (pair->state != PAIR_IN_PROGRESS)
			continue;
		air_pair_set_state(pair, PAIR_WAITING);
		air_checklist_trigger(&a->list, pair);
	}
}

/* RFC 8445 7.3.1.1. False: refuse it with 487. */
static bool agree_on_roles(struct altair_agent *a,
			   const struct air_stun_message *request)
{
	bool controlling = a->list.controlling;
	struct air_stun_value theirs;

	if (!air_stun_message_get(request,
				  controlling ? AIR_STUN_ICE_CONTROLLING
					      : AIR_STUN_ICE_CONTROLLED,
				  &theirs))
		return true;
	if ((a->tie_breaker >= theirs.number) == controlling ||
	    are_roles_fixed(a))
		return false;
	switch_role(a);
	return true;
}

/* RFC 8445 7.2.5.1: the peer has the larger tie-breaker. */
static void take_role_conflict(struct altair_agent *a, struct air_pair *pair)
{
	const altair_crypto *crypto = a->keys.crypto;
	uint8_t bytes[8];
	struct air_reader r = air_reader((altair_bytes){bytes, sizeof bytes});

	if (are_roles_fixed(a)) {
		air_pair_refuse(pair);
		return;
	}
	switch_role(a);
	if (crypto->random(crypto->user, bytes, sizeof bytes) == 0)
		a->tie_breaker = air_read_u64(&r);
}

/* --- the peer's checks --------------------------------------------------- */

static void refuse(struct altair_agent *a, const altair_path *path,
		   const struct air_stun_message *request, int code)
{
	uint8_t buffer[AIR_CHECK_LEN_MAX];

	a->stats.refused++;
	a->stats.unauthenticated += code == AIR_STUN_UNAUTHENTICATED;
	air_session_send(a, path,
			 air_check_refusal(request, &a->keys,
					   (enum air_stun_error_code)code,
					   buffer));
}

/* The pair that the check came on; NULL when there is no room for it. */
static struct air_pair *find_or_add(struct altair_agent *a, altair_time now,
				    uint32_t base, const altair_addr *remote,
				    const struct air_stun_message *request)
{
	struct air_pair *pair = air_checklist_find(&a->list, base, remote);
	struct air_candidate c = {.addr = *remote, .type = CANDIDATE_PRFLX};
	struct air_stun_value priority;
	int place;
	bool is_new;

	/* To the passive candidates that we connect to the pairs are there. */
	if (pair || a->list.locals[base].type == CANDIDATE_TCP ||
	    !air_stun_message_get(request, AIR_STUN_PRIORITY, &priority))
		return pair;
	c.priority = (uint32_t)priority.number & INT32_MAX;
	/* RFC 8445 7.3.1.3: like no other one. "~" is no ice-char. */
	c.foundation[0] = '~';
	c.foundation[1] = (char)('0' + a->list.remotes_count);
	place = air_checklist_add_remote(&a->list, &c, &is_new);
	if (place < 0 && now > FORGOTTEN_AFTER)
		place = air_checklist_reuse_remote(
			&a->list, &c, now - FORGOTTEN_AFTER, a->path);
	if (place < 0)
		return NULL;
	return air_checklist_pair(&a->list, base, (uint32_t)place);
}

/* RFC 8445 7.3.1.5. */
static void take_nomination(struct altair_agent *a, struct air_pair *pair,
			    bool nominates)
{
	if (!a->list.controlling && nominates)
		air_nominate_want(a, pair);
}

/* RFC 8445 7.3.1.4. The first time that the pair is heard a check on its way is
 * repeated at once, where the RFC cancels it and begins another: the filter that
 * swallowed it is open now. */
static void trigger(struct altair_agent *a, struct air_pair *pair,
		    altair_time now)
{
	if (pair->state == PAIR_IN_PROGRESS) {
		if (!pair->is_heard)
			pair->check.next = now;
	} else if (pair->state != PAIR_SUCCEEDED) {
		air_checklist_trigger(&a->list, pair);
	}
}

static void answer(struct altair_agent *a, altair_time now, uint32_t base,
		   const altair_datagram *datagram,
		   const struct air_stun_message *request)
{
	const altair_addr *remote = &datagram->path.remote;
	struct air_pair *pair = find_or_add(a, now, base, remote, request);
	bool nominates =
		air_stun_message_place(request, AIR_STUN_USE_CANDIDATE) != NULL;
	uint8_t buffer[AIR_CHECK_LEN_MAX];
	altair_bytes response =
		air_check_response(request, &a->keys, remote, buffer);

	a->stats.requests++;
	a->is_heard = true;
	a->is_proved |= a->keys.has_remote;
	air_session_send(a, &datagram->path, response);
	if (!pair)
		return;
	pair->bytes_in += datagram->bytes.len;
	air_path_hear(a, pair, now);
	if (!pair->is_valid)
		pair->bytes_out += response.len;
	/* The peer may have moved; a path that lives says so at once. */
	if (!pair->is_heard && a->path && a->path->is_nominated)
		air_path_doubt(a, now);
	if (a->config.lite) {
		air_lite_hear(a, pair, now, nominates);
	} else {
		take_nomination(a, pair, nominates);
		trigger(a, pair, now);
	}
	pair->is_heard = true;
}

/* The peer's check of the generation before, on a pair of then. */
static enum altair_verdict take_past(struct altair_agent *a, altair_time now,
				     const altair_datagram *datagram,
				     const struct air_stun_message *request,
				     uint32_t base)
{
	const altair_addr *remote = &datagram->path.remote;
	struct air_pair *pair = air_generation_find(a, base, remote);
	uint8_t buffer[AIR_CHECK_LEN_MAX];

	if (!pair || air_check_judge(request, &a->past.keys) != 0)
		return ignore(a);
	a->stats.requests++;
	air_path_hear(a, pair, now);
	if (a->config.lite) /* the consent of who never asks */
		pair->answered_at = now;
	air_session_send(
		a, &datagram->path,
		air_check_response(request, &a->past.keys, remote, buffer));
	return ALTAIR_TAKEN;
}

static enum altair_verdict take_request(struct altair_agent *a, altair_time now,
					const altair_datagram *datagram,
					const struct air_stun_message *request)
{
	int base = air_checklist_find_base(&a->list, &datagram->path);
	int code;

	if (base >= 0 && a->past.count > 0 &&
	    air_check_is_for_us(request, &a->past.keys))
		return take_past(a, now, datagram, request, (uint32_t)base);
	if (base < 0 || !air_check_is_for_us(request, &a->keys))
		return ALTAIR_NOT_MINE;
	code = air_check_judge(request, &a->keys);
	if (code == 0 && !agree_on_roles(a, request))
		code = AIR_STUN_ROLE_CONFLICT;
	if (code == 0)
		answer(a, now, (uint32_t)base, datagram, request);
	else
		refuse(a, &datagram->path, request, code);
	return ALTAIR_TAKEN;
}

/* --- responses ----------------------------------------------------------- */

static struct air_pair *find_check(struct altair_agent *a,
				   const struct air_stun_message *response)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];

		if (pair->state == PAIR_IN_PROGRESS &&
		    !memcmp(pair->check.transaction,
			    response->header.transaction,
			    AIR_STUN_TRANSACTION_LEN))
			return pair;
	}
	return NULL;
}

/* RFC 8445 7.2.5.2.1. */
static bool is_symmetric(const struct altair_agent *a,
			 const struct air_pair *pair, const altair_path *path)
{
	return altair_addr_equal(&a->list.remotes[pair->remote].addr,
				 &path->remote) &&
	       air_checklist_find_base(&a->list, path) == (int)pair->local;
}

static bool is_seen(const struct altair_agent *a, uint32_t local)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		if (a->list.pairs[i].is_valid && a->list.pairs[i].seen == local)
			return true;
	for (uint32_t i = 0; i < a->past.count; i++)
		if (a->list.pairs[AIR_PAIRS_MAX + i].seen == local)
			return true;
	return false;
}

/* Addresses that no peer sees us at any more. */
static void forget_unseen(struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->list.locals_count; i++)
		if (a->list.locals[i].type == CANDIDATE_PRFLX &&
		    !a->list.locals[i].is_gone && !is_seen(a, i))
			air_checklist_retire(&a->list, i);
}

/* RFC 8445 7.2.5.3.1: the peer sees us at this address, perhaps a new one. */
static void learn_prflx(struct altair_agent *a, struct air_pair *pair,
			const altair_addr *mapped)
{
	const struct air_candidate *base = &a->list.locals[pair->local];
	struct air_candidate c = *base;
	bool is_new;
	int place;

	pair->seen = pair->local;
	if (base->type == CANDIDATE_TCP)
		return; /* nobody can connect to it */
	c.addr = *mapped;
	c.type = CANDIDATE_PRFLX;
	c.base = *air_candidate_base(base);
	c.priority = pair->check.priority;
	memset(c.foundation, 0, sizeof c.foundation);
	forget_unseen(a);
	place = air_checklist_add_local(&a->list, &c, &is_new);
	if (place >= 0)
		pair->seen = (uint8_t)place;
}

/* The peer sees us otherwise than before: so do others. A stream's port says
 * nothing of them. */
static void see_mapping(struct altair_agent *a, struct air_pair *pair,
			altair_time now, const altair_addr *mapped)
{
	if (a->list.locals[pair->local].type == CANDIDATE_TCP ||
	    altair_addr_equal(&a->list.locals[pair->seen].addr, mapped))
		return;
	learn_prflx(a, pair, mapped);
	if (pair == a->path)
		air_host_news(a, now);
}

/* The peer came to our relay from an address that it did not list. It may have
 * moved there: what it sends to from everywhere opens its NAT and ours. */
static void reach_out(struct altair_agent *a, const struct air_pair *pair)
{
	if (a->list.remotes[pair->remote].type != CANDIDATE_PRFLX ||
	    a->list.locals[pair->local].type != CANDIDATE_RELAY)
		return;
	for (uint32_t i = 0; i < a->list.locals_count; i++)
		(void)air_checklist_pair(&a->list, i, pair->remote);
}

static void succeed(struct altair_agent *a, struct air_pair *pair,
		    altair_time now, const altair_addr *mapped)
{
	struct air_vigil *vigil = air_path_vigil(a, pair);

	a->stats.answers++;
	pair->answered++;
	if (pair->check.sent == 1)
		pair->rtt = now - pair->check.sent_at;
	a->is_proved = true;
	pair->is_valid = true;
	pair->is_suspect = false;
	pair->heard_at = pair->answered_at = now;
	if (vigil)
		air_vigil_consent(vigil, now, a->keys.crypto);
	learn_prflx(a, pair, mapped);
	air_checklist_succeed(&a->list, pair);
	reach_out(a, pair);
	if (pair->wants_nomination &&
	    (pair->check.nominates || !a->list.controlling))
		air_nominate_conclude(a, pair);
}

static enum altair_verdict conclude(struct altair_agent *a,
				    struct air_pair *pair, altair_time now,
				    const altair_datagram *datagram,
				    const struct air_stun_message *response)
{
	struct air_stun_value value;

	if (!air_check_is_genuine(response, &a->keys)) {
		a->stats.unauthenticated++;
		return ignore(a);
	}
	/* RFC 8445 7.2.5.2.1 lets an answer from elsewhere fail the check; who
	 * sees and replays it would then end the connection. */
	if (!is_symmetric(a, pair, &datagram->path))
		return ignore(a);
	if (response->header.class == AIR_STUN_SUCCESS &&
	    response->unknown_count == 0 &&
	    air_stun_message_get(response, AIR_STUN_XOR_MAPPED_ADDRESS, &value))
		succeed(a, pair, now, &value.addr);
	else if (response->header.class == AIR_STUN_ERROR &&
		 air_stun_message_get(response, AIR_STUN_ERROR_CODE, &value) &&
		 value.number == AIR_STUN_ROLE_CONFLICT)
		take_role_conflict(a, pair);
	else
		air_pair_refuse(pair);
	return ALTAIR_TAKEN;
}

static struct air_vigil *find_vigil(struct altair_agent *a,
				    const struct air_stun_message *response,
				    altair_time *asked_at)
{
	for (size_t i = 0; i < AIR_KEPT_MAX; i++) {
		if (!a->kept[i].pair)
			continue;
		*asked_at = air_vigil_find(&a->kept[i],
					   response->header.transaction);
		if (*asked_at != ALTAIR_NEVER)
			return &a->kept[i];
	}
	return NULL;
}

/* RFC 7675 5.1: a matching, authenticated, non-error response from there. */
static enum altair_verdict take_consent(struct altair_agent *a, altair_time now,
					const altair_datagram *datagram,
					const struct air_stun_message *response)
{
	altair_time asked_at;
	struct air_vigil *vigil = find_vigil(a, response, &asked_at);
	struct air_stun_value mapped;
	struct air_pair *pair;

	if (!vigil)
		return ALTAIR_NOT_MINE;
	pair = vigil->pair;
	if (!air_check_is_genuine(response, air_generation_keys(a, pair)) ||
	    !is_symmetric(a, pair, &datagram->path))
		return ignore(a);
	if (response->header.class != AIR_STUN_SUCCESS) {
		/* A check of its own finds out about the roles. */
		if (!air_generation_is_past(a, pair) &&
		    pair->state == PAIR_SUCCEEDED)
			air_checklist_trigger(&a->list, pair);
		return ignore(a);
	}
	air_vigil_spend(vigil, response->header.transaction);
	a->stats.answers++;
	pair->answered++;
	pair->consented++;
	pair->rtt = now - asked_at;
	if (air_stun_message_get(response, AIR_STUN_XOR_MAPPED_ADDRESS,
				 &mapped))
		see_mapping(a, pair, now, &mapped.addr);
	pair->heard_at = pair->answered_at = now;
	air_vigil_consent(vigil, now, a->keys.crypto);
	return ALTAIR_TAKEN;
}

/* Perhaps a STUN server's. */
static enum altair_verdict ask_gathering(struct altair_agent *a,
					 altair_time now,
					 const altair_datagram *datagram)
{
	altair_datagram copy = *datagram;

	if (!a->discover)
		return ALTAIR_NOT_MINE;
	altair_input(altair_discover_machine(a->discover), now, &copy, 1);
	return copy.verdict;
}

static enum altair_verdict
take_response(struct altair_agent *a, altair_time now,
	      const altair_datagram *datagram,
	      const struct air_stun_message *response)
{
	struct air_pair *pair = find_check(a, response);
	enum altair_verdict verdict;

	if (pair)
		return conclude(a, pair, now, datagram, response);
	verdict = take_consent(a, now, datagram, response);
	return verdict == ALTAIR_NOT_MINE ? ask_gathering(a, now, datagram)
					  : verdict;
}

/* Of an address that we know, malformed STUN is nobody else's. */
static enum altair_verdict take_useless(struct altair_agent *a,
					const altair_datagram *datagram)
{
	int base = air_checklist_find_base(&a->list, &datagram->path);

	if (base < 0 || !air_checklist_find(&a->list, (uint32_t)base,
					    &datagram->path.remote))
		return ALTAIR_NOT_MINE;
	return ignore(a);
}

/* Several sessions may share a socket, and their peers an address: requests are
 * told apart by the fragment, responses by the transaction. */
enum altair_verdict air_answer_take(struct altair_agent *a, altair_time now,
				    const altair_datagram *datagram)
{
	struct air_stun_message m;

	if (!air_stun_message_read(&m, datagram->bytes, UNDERSTOOD) ||
	    m.header.method != AIR_STUN_BINDING ||
	    m.header.class == AIR_STUN_INDICATION ||
	    (air_stun_message_place(&m, AIR_STUN_FINGERPRINT) &&
	     !air_stun_check_fingerprint(&m)))
		return take_useless(a, datagram);
	return m.header.class == AIR_STUN_REQUEST
		       ? take_request(a, now, datagram, &m)
		       : take_response(a, now, datagram, &m);
}
