/*
 * The verdict: why the connection is as it is. It is worked out when it is asked
 * for, from what the agent knows anyway: candidates of both sides, what came of
 * the pairs, the STUN servers' answers. The first row that holds decides.
 *
 * That a NAT maps per destination shows in two ways: two servers saw one base
 * differently, or the peer's checks came from, or went to, another port than
 * the server saw. That it filters per port is concluded: against a NAT that maps
 * per destination every other filter lets a direct path through.
 */
#include "ice/session.h"

#include <altair/verdict.h>

#include <string.h>

typedef bool predicate(const struct altair_agent *a);

struct row {
	predicate *holds;
	enum altair_agent_verdict_code code;
};

/* --- candidates ---------------------------------------------------------- */

static bool is_direct(const struct air_candidate *c)
{
	return c->type != CANDIDATE_RELAY;
}

static bool is_global(const struct air_candidate *c)
{
	return altair_addr_classify(&c->addr) == ALTAIR_ADDR_GLOBAL;
}

/* Two views of one base that the same NAT gives at present. */
static bool are_two_mappings(const struct air_candidate *one,
			     const struct air_candidate *two)
{
	return !one->is_gone && !two->is_gone &&
	       one->base.family != ALTAIR_NO_FAMILY &&
	       altair_addr_equal(&one->base, &two->base) &&
	       !altair_addr_equal(&one->addr, &two->addr) &&
	       altair_addr_classify(&one->addr) ==
		       altair_addr_classify(&two->addr);
}

/* What a check has shown beside what a server saw: the same NAT, another port. */
static bool is_other_port(const struct air_candidate *prflx,
			  const struct air_candidate *srflx)
{
	return prflx->type == CANDIDATE_PRFLX &&
	       altair_addr_same_ip(&prflx->addr, &srflx->addr) &&
	       prflx->addr.port != srflx->addr.port;
}

static bool varies(const struct air_candidate *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (list[i].type != CANDIDATE_SRFLX)
			continue;
		for (uint32_t k = 0; k < count; k++)
			if ((list[k].type == CANDIDATE_SRFLX &&
			     are_two_mappings(&list[i], &list[k])) ||
			    is_other_port(&list[k], &list[i]))
				return true;
	}
	return false;
}

static bool we_map_per_destination(const struct altair_agent *a)
{
	return varies(a->list.locals, a->list.locals_count);
}

static bool peer_maps_per_destination(const struct altair_agent *a)
{
	return varies(a->list.remotes, a->list.remotes_count);
}

/* --- servers ------------------------------------------------------------- */

/* Those that were asked over UDP and those that answered, whatever they said:
 * STUN and TURN. */
struct census {
	uint32_t asked, answered;
	uint32_t relays; /* among those asked */
};

static struct census count_servers(const struct altair_agent *a)
{
	struct census c = {0};
	altair_answer answer;

	for (size_t i = 0; a->discover &&
			   altair_discover_answer(a->discover, i, &answer) == 0;
	     i++) {
		c.asked++;
		c.answered += answer.state == ALTAIR_ANSWER_GIVEN ||
			      (answer.state == ALTAIR_ANSWER_FAILED &&
			       answer.reason != ALTAIR_E_TIMEOUT);
	}
	for (uint32_t i = 0; i < a->relays_count; i++) {
		const struct air_relay *r = &a->relays[i];

		c.asked += !r->is_stream;
		c.relays += !r->is_stream;
		c.answered += !r->is_stream &&
			      (air_relay_is_up(a, r) ||
			       (r->reason && r->reason != ALTAIR_E_TIMEOUT));
	}
	return c;
}

/* Two STUN servers at least saw the same. */
static bool we_map_for_all(const struct altair_agent *a)
{
	for (uint32_t i = 0; a->discover && i < a->hosts_count; i++)
		if (altair_discover_mapping(a->discover,
					    air_host_at(a, i)->sock) ==
		    ALTAIR_MAPPING_STABLE)
			return !we_map_per_destination(a);
	return false;
}

/* --- the reasons --------------------------------------------------------- */

static bool is_always(const struct altair_agent *a)
{
	(void)a;
	return true;
}

/* A direct path is still on trial, for the first time. */
static bool is_trying(const struct altair_agent *a)
{
	altair_agent_pair pair;

	for (uint32_t i = 0; altair_agent_get_pair(a, i, &pair) == 0; i++)
		if (pair.kind != ALTAIR_PATH_RELAY &&
		    pair.sent <= AIR_CHECK_SENDINGS &&
		    (pair.outcome == ALTAIR_PAIR_WAITING ||
		     pair.outcome == ALTAIR_PAIR_CHECKING))
			return true;
	return false;
}

static bool is_by_choice(const struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->list.remotes_count; i++)
		if (is_direct(&a->list.remotes[i]))
			return a->config.relay_only;
	return true;
}

static bool have_we_family(const struct altair_agent *a, uint8_t family)
{
	for (uint32_t i = 0; i < a->hosts_count; i++)
		if (!air_host_at(a, i)->is_gone &&
		    air_host_at(a, i)->addr.family == family)
			return true;
	return false;
}

/* The peer lists addresses, and we have none of their families. */
static bool is_without_family(const struct altair_agent *a)
{
	bool is_any = false;

	for (uint32_t i = 0; i < a->list.remotes_count; i++) {
		const struct air_candidate *c = &a->list.remotes[i];

		is_any |= is_direct(c);
		if (is_direct(c) && have_we_family(a, c->addr.family))
			return false;
	}
	return is_any;
}

/* Something came to a socket of ours from a peer. */
static bool is_host_reached(const struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		const struct air_pair *pair = &a->list.pairs[i];

		if (a->list.locals[pair->local].type == CANDIDATE_HOST &&
		    (pair->is_heard || pair->is_valid))
			return true;
	}
	return false;
}

/* The server answers to a stream, and is asked over UDP, too. */
static bool is_reached_by_stream(const struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->relays_count; i++)
		for (uint32_t k = 0; k < a->relays_count; k++)
			if (a->relays[i].is_stream && !a->relays[k].is_stream &&
			    air_relay_is_up(a, &a->relays[i]) &&
			    altair_addr_same_ip(&a->relays[i].server,
						&a->relays[k].server))
				return true;
	return false;
}

/* Servers were asked, and not one answered; nor did a peer. Where relays alone were
 * asked it may as well be that they do not run. */
static bool is_udp_blocked(const struct altair_agent *a)
{
	struct census c = count_servers(a);

	return c.asked > 0 && c.answered == 0 && !is_host_reached(a) &&
	       (c.asked > c.relays || is_reached_by_stream(a));
}

/* The reason of a relay that gives no address, or 0. */
static int relay_reason(const struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->relays_count; i++)
		if (!air_relay_is_up(a, &a->relays[i]) && a->relays[i].reason)
			return a->relays[i].reason;
	return 0;
}

static bool is_relay_refused(const struct altair_agent *a)
{
	int reason = relay_reason(a);

	return reason != 0 && reason != ALTAIR_E_TIMEOUT;
}

static bool is_relay_silent(const struct altair_agent *a)
{
	return relay_reason(a) == ALTAIR_E_TIMEOUT;
}

static bool has_no_server(const struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->hosts_count; i++)
		if (!air_host_at(a, i)->is_gone && is_global(air_host_at(a, i)))
			return false;
	return a->servers_count + a->relays_count == 0;
}

static bool is_peer_unreachable(const struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->list.remotes_count; i++)
		if (is_direct(&a->list.remotes[i]) &&
		    is_global(&a->list.remotes[i]))
			return false;
	return true;
}

/* True when we have it now as our address on a NAT. */
static bool is_our_nat(const struct altair_agent *a, const altair_addr *addr)
{
	for (uint32_t i = 0; i < a->list.locals_count; i++)
		if (a->list.locals[i].type == CANDIDATE_SRFLX &&
		    !a->list.locals[i].is_gone &&
		    altair_addr_same_ip(&a->list.locals[i].addr, addr))
			return true;
	return false;
}

static bool is_same_nat(const struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->list.remotes_count; i++)
		if (a->list.remotes[i].type == CANDIDATE_SRFLX &&
		    is_our_nat(a, &a->list.remotes[i].addr))
			return true;
	return false;
}

static bool do_both_map_per_destination(const struct altair_agent *a)
{
	return we_map_per_destination(a) && peer_maps_per_destination(a);
}

/* The peer refused our checks or we its, or its answers are signed otherwise. */
static bool is_unauthenticated(const struct altair_agent *a)
{
	return a->stats.unauthenticated > 0 && a->stats.answers == 0;
}

static bool is_without_candidates(const struct altair_agent *a)
{
	return a->list.remotes_count == 0;
}

static bool is_heard(const struct altair_agent *a)
{
	return a->is_heard;
}

/* --- the tables ---------------------------------------------------------- */

static const struct row relayed[] = {
	{is_trying, ALTAIR_VERDICT_RELAYED_FOR_NOW},
	{is_by_choice, ALTAIR_VERDICT_RELAYED_BY_CHOICE},
	{is_without_family, ALTAIR_VERDICT_RELAYED_FAMILY},
	{is_udp_blocked, ALTAIR_VERDICT_RELAYED_UDP_BLOCKED},
	{is_peer_unreachable, ALTAIR_VERDICT_RELAYED_PEER_UNREACHABLE},
	{is_same_nat, ALTAIR_VERDICT_RELAYED_SAME_NAT},
	{do_both_map_per_destination,
	 ALTAIR_VERDICT_RELAYED_SYMMETRIC_SYMMETRIC},
	{we_map_per_destination, ALTAIR_VERDICT_RELAYED_SYMMETRIC_PORT},
	{peer_maps_per_destination, ALTAIR_VERDICT_RELAYED_PORT_SYMMETRIC},
	{we_map_for_all, ALTAIR_VERDICT_RELAYED_FIREWALL},
	{is_always, ALTAIR_VERDICT_RELAYED_UNKNOWN},
};

static const struct row failed[] = {
	{is_unauthenticated, ALTAIR_VERDICT_WRONG_CREDENTIALS},
	{is_without_candidates, ALTAIR_VERDICT_NO_CANDIDATES},
	{is_heard, ALTAIR_VERDICT_ONE_WAY},
	{is_relay_refused, ALTAIR_VERDICT_RELAY_REFUSED},
	{is_without_family, ALTAIR_VERDICT_FAILED_FAMILY},
	{is_udp_blocked, ALTAIR_VERDICT_FAILED_UDP_BLOCKED},
	{is_relay_silent, ALTAIR_VERDICT_RELAY_SILENT},
	{has_no_server, ALTAIR_VERDICT_NO_SERVERS},
	{is_peer_unreachable, ALTAIR_VERDICT_FAILED_PEER_UNREACHABLE},
	{is_same_nat, ALTAIR_VERDICT_FAILED_SAME_NAT},
	{do_both_map_per_destination,
	 ALTAIR_VERDICT_FAILED_SYMMETRIC_SYMMETRIC},
	{we_map_per_destination, ALTAIR_VERDICT_FAILED_SYMMETRIC_PORT},
	{peer_maps_per_destination, ALTAIR_VERDICT_FAILED_PORT_SYMMETRIC},
	{is_always, ALTAIR_VERDICT_NO_ANSWER},
};

static enum altair_agent_verdict_code first_of(const struct row *row,
					       const struct altair_agent *a)
{
	while (!row->holds(a))
		row++;
	return row->code;
}

/* --- the verdict --------------------------------------------------------- */

/* The peer has listed it, or is where its NAT was seen: an address that a check
 * alone has shown may be a host's that is still to be listed. */
static bool is_explained(const struct altair_agent *a,
			 const altair_agent_pair *pair)
{
	bool is_nat = false;

	for (uint32_t i = 0; i < a->list.remotes_count; i++)
		is_nat |= a->list.remotes[i].type == CANDIDATE_SRFLX &&
			  altair_addr_same_ip(&a->list.remotes[i].addr,
					      &pair->remote_addr);
	return pair->remote_type != ALTAIR_CANDIDATE_PRFLX || is_nat;
}

/* What the peer sees of us an answer says: until then nothing is known. */
static enum altair_agent_verdict_code
judge_direct(const struct altair_agent *a, const altair_agent_pair *pair)
{
	enum altair_addr_class class = altair_addr_classify(&pair->remote_addr);

	if (pair->local_type != ALTAIR_CANDIDATE_HOST)
		return ALTAIR_VERDICT_DIRECT_NAT;
	if (!is_explained(a, pair) || !a->path->is_valid)
		return ALTAIR_VERDICT_DIRECT;
	if (pair->remote_type != ALTAIR_CANDIDATE_HOST)
		return ALTAIR_VERDICT_DIRECT_NAT;
	return class == ALTAIR_ADDR_GLOBAL ? ALTAIR_VERDICT_DIRECT_HOST
					   : ALTAIR_VERDICT_DIRECT_LAN;
}

static enum altair_agent_verdict_code judge_path(const struct altair_agent *a)
{
	altair_agent_pair pair;

	if (altair_agent_selected(a, &pair) != 0)
		return ALTAIR_VERDICT_CHECKING;
	switch (pair.kind) {
	case ALTAIR_PATH_RELAY:
		return first_of(relayed, a);
	case ALTAIR_PATH_TCP:
		return ALTAIR_VERDICT_DIRECT_TCP;
	case ALTAIR_PATH_DIRECT:
		break;
	}
	return judge_direct(a, &pair);
}

/* No path yet. Wrong credentials are told before the patience ends. */
static enum altair_agent_verdict_code judge_start(const struct altair_agent *a)
{
	if (is_unauthenticated(a))
		return ALTAIR_VERDICT_WRONG_CREDENTIALS;
	if (!a->keys.has_remote ||
	    (a->list.remotes_count == 0 && !a->is_remote_ended))
		return ALTAIR_VERDICT_WAITING;
	if (a->list.remotes_count == 0)
		return ALTAIR_VERDICT_NO_CANDIDATES;
	return a->state == ALTAIR_AGENT_GATHERING ? ALTAIR_VERDICT_GATHERING
						  : ALTAIR_VERDICT_CHECKING;
}

static enum altair_agent_verdict_code judge(const struct altair_agent *a)
{
	switch (a->state) {
	case ALTAIR_AGENT_GATHERING:
	case ALTAIR_AGENT_CHECKING:
		return judge_start(a);
	case ALTAIR_AGENT_SUSPECT:
		return ALTAIR_VERDICT_SILENT;
	case ALTAIR_AGENT_DISCONNECTED:
		return ALTAIR_VERDICT_CONSENT_LOST;
	case ALTAIR_AGENT_FAILED:
		return a->path ? ALTAIR_VERDICT_CONSENT_LOST
			       : first_of(failed, a);
	case ALTAIR_AGENT_CLOSED:
		return ALTAIR_VERDICT_CLOSED;
	case ALTAIR_AGENT_CONNECTED:
	case ALTAIR_AGENT_COMPLETED:
		break;
	}
	return judge_path(a);
}

void altair_agent_get_verdict(const altair_agent *a, altair_agent_verdict *out)
{
	static const struct text {
		const char *name, *sentence, *advice;
	} texts[] = {
#define TEXT(id, name, sentence, advice) {name, sentence, advice},
		ALTAIR_AGENT_VERDICTS(TEXT)
#undef TEXT
	};

	memset(out, 0, sizeof *out);
	out->size = sizeof *out;
	out->code = judge(a);
	out->name = texts[out->code].name;
	out->sentence = texts[out->code].sentence;
	out->advice = texts[out->code].advice;
	if (out->code == ALTAIR_VERDICT_RELAY_REFUSED ||
	    out->code == ALTAIR_VERDICT_RELAY_SILENT)
		out->reason = relay_reason(a);
}
