/* What each side is told about its connection, for every pair of networks. */
#include "check.h"

#include "sim/meeting.h"

#include <string.h>

/* What one side should be told, from what both networks are. */
struct view {
	const struct sim_kind *own, *peers;
	enum sim_meeting_way way;
};

static bool is_symmetric(const struct sim_kind *kind)
{
	return kind->mapping == SIM_ADDRESS_AND_PORT_DEPENDENT;
}

static bool has_nat(const struct sim_kind *kind)
{
	return kind->nats > 0;
}

static const char *direct_name(const struct view *v)
{
	return has_nat(v->own) || has_nat(v->peers) ? "direct-nat"
						    : "direct-host";
}

/* Without "relayed-" or "failed-". */
static const char *reason_of(const struct view *v)
{
	/* A meeting gives IPv6 to a kind that has nothing else. */
	if (v->own->has_ipv4 != v->peers->has_ipv4)
		return "no-common-family";
	if (v->own->blocks_udp)
		return "udp-blocked";
	if (is_symmetric(v->own) && is_symmetric(v->peers))
		return "symmetric-symmetric";
	return is_symmetric(v->own) ? "symmetric-port" : "port-symmetric";
}

static void check_side(const struct view *v, const altair_agent_verdict *got)
{
	char want[64];

	if (v->way == SIM_MEET_DIRECTLY)
		snprintf(want, sizeof want, "%s", direct_name(v));
	else
		snprintf(want, sizeof want, "%s-%s",
			 v->way == SIM_MEET_BY_RELAY ? "relayed" : "failed",
			 reason_of(v));
	if (strcmp(got->name, want) != 0)
		printf("# %s with %s\n", v->own->name, v->peers->name);
	CHECK_STR(got->name, want);
}

/* The peer of a network that lets no UDP out: it lists a public address, where
 * it has one, so that nothing is known but silence. */
static bool is_beside_a_block(const struct view *v)
{
	return v->peers->blocks_udp && !v->own->blocks_udp;
}

static void check_pair(const struct sim_kind *a, const struct sim_kind *b,
		       bool no_relay)
{
	struct sim_meeting_outcome outcome;
	struct sim_meeting meeting;

	sim_meeting_default(&meeting, a, b);
	meeting.no_relay = no_relay;
	meeting.two_servers = true;
	/* Until the last direct attempt, of the second search, has ended. */
	meeting.talk = ALTAIR_SEC(30);
	meeting.limit = ALTAIR_SEC(120);
	sim_meeting_run(&meeting, &outcome, NULL);
	if (outcome.violation)
		printf("# %s with %s\n", a->name, b->name);
	CHECK_STR(outcome.violation ? outcome.violation : "none", "none");
	for (unsigned s = 0; s < 2; s++) {
		struct view v = {s ? b : a, s ? a : b,
				 sim_meeting_way(&meeting)};

		if (is_beside_a_block(&v) && v.way == SIM_MEET_BY_RELAY)
			CHECK(!strncmp(outcome.party[s].verdict.name,
				       "relayed-", 8));
		else if (is_beside_a_block(&v))
			CHECK(!strncmp(outcome.party[s].verdict.name, "failed-",
				       7) ||
			      !strcmp(outcome.party[s].verdict.name,
				      "no-answer"));
		else
			check_side(&v, &outcome.party[s].verdict);
	}
}

static void check_all(bool no_relay)
{
	for (size_t i = 0; i < sim_kind_count(); i++)
		for (size_t k = 0; k < sim_kind_count(); k++)
			check_pair(sim_kind_at(i), sim_kind_at(k), no_relay);
}

static void every_pair_with_a_relay(void)
{
	check_all(false);
}

static void every_pair_without_one(void)
{
	check_all(true);
}

static const struct check_test tests[] = {
	TEST(every_pair_with_a_relay),
	TEST(every_pair_without_one),
};

CHECK_MAIN(tests)
