/*
 * One run of two agents, and the subcommands about them.
 */
#include "order.h"
#include "sim.h"

#include "sim/meeting_matrix.h"
#include "sim/meeting_swarm.h"
#include "sim/replay.h"

#include <stdio.h>
#include <string.h>

enum option_id {
	OPT_NAT = 1000,
	OPT_MOBILE_A,
	OPT_MOBILE_B,
	OPT_IPV6,
	OPT_CONTROLLING,
	OPT_SAME_LAN,
	OPT_SAME_CARRIER,
	OPT_NO_HAIRPIN,
	OPT_NO_SERVER,
	OPT_NO_RELAY,
	OPT_RELAY_ONLY,
	OPT_RTT,
	OPT_LATE_A,
	OPT_LATE_B,
	OPT_TRICKLE_A,
	OPT_TRICKLE_B,
	OPT_SIGNALLING,
	OPT_TA,
	OPT_TALK,
	OPT_QUIET,
	OPT_LIMIT,
	OPT_JITTER,
	OPT_NAT_LIFETIME,
	OPT_STRANGER,
	OPT_CHANGE
};

static const struct option options[] = {
	{"nat", required_argument, NULL, OPT_NAT},
	{"mobile-a", required_argument, NULL, OPT_MOBILE_A},
	{"mobile-b", required_argument, NULL, OPT_MOBILE_B},
	{"ipv6", required_argument, NULL, OPT_IPV6},
	{"controlling", required_argument, NULL, OPT_CONTROLLING},
	{"same-lan", no_argument, NULL, OPT_SAME_LAN},
	{"same-carrier", no_argument, NULL, OPT_SAME_CARRIER},
	{"no-hairpin", no_argument, NULL, OPT_NO_HAIRPIN},
	{"no-server", no_argument, NULL, OPT_NO_SERVER},
	{"no-relay", no_argument, NULL, OPT_NO_RELAY},
	{"relay-only", no_argument, NULL, OPT_RELAY_ONLY},
	{"rtt", required_argument, NULL, OPT_RTT},
	{"late-a", required_argument, NULL, OPT_LATE_A},
	{"late-b", required_argument, NULL, OPT_LATE_B},
	{"trickle-a", required_argument, NULL, OPT_TRICKLE_A},
	{"trickle-b", required_argument, NULL, OPT_TRICKLE_B},
	{"signalling", required_argument, NULL, OPT_SIGNALLING},
	{"ta", required_argument, NULL, OPT_TA},
	{"talk", required_argument, NULL, OPT_TALK},
	{"quiet", required_argument, NULL, OPT_QUIET},
	{"limit", required_argument, NULL, OPT_LIMIT},
	{"jitter", required_argument, NULL, OPT_JITTER},
	{"nat-lifetime", required_argument, NULL, OPT_NAT_LIFETIME},
	{"loss", required_argument, NULL, OPT_LOSS},
	{"duplicate", required_argument, NULL, OPT_DUPLICATE},
	{"reorder", required_argument, NULL, OPT_REORDER},
	{"corrupt", required_argument, NULL, OPT_CORRUPT},
	{"stranger", required_argument, NULL, OPT_STRANGER},
	{"change", required_argument, NULL, OPT_CHANGE},
	{"seed", required_argument, NULL, OPT_SEED},
	{"svg", required_argument, NULL, OPT_SVG},
	{"trace", no_argument, NULL, OPT_TRACE},
	{"ascii", no_argument, NULL, OPT_ASCII},
	{"quiet-diagram", no_argument, NULL, OPT_QUIET_DIAGRAM},
	{"explain", no_argument, NULL, OPT_EXPLAIN},
	{NULL, 0, NULL, 0},
};

struct request {
	struct sim_meeting meeting;
	unsigned kinds; /* how many --nat there were */
	struct order order;
	char line[SIM_REPLAY_MAX]; /* what replays it, as it was given */
};

/* --- options ------------------------------------------------------------- */

static bool set_nat(struct request *request, const char *name)
{
	const struct sim_kind *kind = sim_kind_find(name);

	if (!kind || request->kinds == 2)
		return false;
	if (request->kinds == 0)
		request->meeting.party[0].kind = kind;
	request->meeting.party[1].kind = kind;
	request->kinds++;
	return true;
}

static bool set_who(struct sim_meeting *meeting, int id, const char *who)
{
	bool both = !strcmp(who, "both");
	bool on[2] = {both || !strcmp(who, "a"), both || !strcmp(who, "b")};

	for (unsigned s = 0; s < 2; s++)
		if (id == OPT_IPV6)
			meeting->party[s].has_ipv6 = on[s];
		else
			meeting->party[s].controlling = on[s];
	return on[0] || on[1] || !strcmp(who, "none");
}

static altair_time *time_of(struct sim_meeting *meeting, int id)
{
	switch (id) {
	case OPT_LATE_A:
		return &meeting->party[0].start;
	case OPT_LATE_B:
		return &meeting->party[1].start;
	case OPT_TRICKLE_A:
		return &meeting->party[0].trickles;
	case OPT_TRICKLE_B:
		return &meeting->party[1].trickles;
	case OPT_SIGNALLING:
		return &meeting->signalling;
	case OPT_TA:
		return &meeting->ta;
	case OPT_TALK:
		return &meeting->talk;
	case OPT_QUIET:
		return &meeting->quiet;
	default:
		return &meeting->limit;
	}
}

static bool set_time(struct sim_meeting *meeting, int id, const char *text)
{
	uint64_t time;

	if (!read_time(text, &time) || time > ALTAIR_SEC(1000000))
		return false;
	for (unsigned s = 0; s < 2; s++) {
		struct sim_party *party = &meeting->party[s];

		if (id == OPT_RTT)
			party->up.delay = party->down.delay = time / 4;
		else if (id == OPT_JITTER)
			party->up.jitter = party->down.jitter = time;
		else if (id == OPT_NAT_LIFETIME)
			party->nat_lifetime = time;
	}
	if (id != OPT_RTT && id != OPT_JITTER && id != OPT_NAT_LIFETIME)
		*time_of(meeting, id) = time;
	return id != OPT_TA ||
	       (time >= ALTAIR_MSEC(5) && time <= ALTAIR_SEC(1));
}

static bool set_share(struct sim_meeting *meeting, int id, const char *text)
{
	bool ok = true;

	for (unsigned s = 0; s < 2; s++)
		ok &= order_set_fault(&meeting->party[s].up,
				      &meeting->party[s].down, id, text);
	return ok;
}

static bool set_stranger(struct sim_meeting *meeting, const char *text)
{
	uint64_t rate;

	if (!read_number(text, 1000000, &rate))
		return false;
	meeting->intruder_rate = (uint32_t)rate;
	meeting->intruder_skills = SIM_INTRUDER_ALL;
	return true;
}

/* "move:a@5s", "cut@5s+2s": what, at whom, when, for how long. */
static bool set_change(struct sim_meeting *meeting, const char *text)
{
	struct sim_change *change = &meeting->change[meeting->changes];
	char what[16], side = 'a', at[24], lasts[24] = "1s";
	altair_time end;

	if (meeting->changes == SIM_CHANGES_MAX ||
	    (sscanf(text, "%15[a-z]:%c@%23[0-9a-z.]+%23[0-9a-z.]", what, &side,
		    at, lasts) < 3 &&
	     sscanf(text, "%15[a-z]@%23[0-9a-z.]+%23[0-9a-z.]", what, at,
		    lasts) < 2))
		return false;
	if (!sim_change_find(what, &change->kind) ||
	    (side != 'a' && side != 'b') || !read_time(at, &change->at) ||
	    !read_time(lasts, &change->lasts))
		return false;
	change->side = side == 'b';
	meeting->changes++;
	end = change->at + change->lasts;
	if (end > meeting->calm)
		meeting->calm = end;
	return true;
}

static bool set(void *user, int id, const char *text)
{
	struct request *request = user;
	struct sim_meeting *meeting = &request->meeting;

	if (id >= OPT_SEED)
		return order_set_output(&request->order, id, text);
	request->order.is_varied = true;
	if (id == OPT_NAT)
		return set_nat(request, text);
	if (id == OPT_MOBILE_A || id == OPT_MOBILE_B)
		return (meeting->party[id - OPT_MOBILE_A].mobile =
				sim_kind_find(text)) != NULL;
	if (id == OPT_IPV6 || id == OPT_CONTROLLING)
		return set_who(meeting, id, text);
	if (id >= OPT_RTT && id <= OPT_NAT_LIFETIME)
		return set_time(meeting, id, text);
	if (id >= OPT_LOSS && id <= OPT_CORRUPT)
		return set_share(meeting, id, text);
	if (id == OPT_STRANGER)
		return set_stranger(meeting, text);
	if (id == OPT_CHANGE)
		return set_change(meeting, text);
	meeting->same_lan |= id == OPT_SAME_LAN;
	meeting->same_carrier |= id == OPT_SAME_CARRIER;
	meeting->no_hairpin |= id == OPT_NO_HAIRPIN;
	meeting->no_server |= id == OPT_NO_SERVER;
	meeting->no_relay |= id == OPT_NO_RELAY;
	meeting->relay_only |= id == OPT_RELAY_ONLY;
	return true;
}

/* Faults given by options last for ever: nothing has to connect then. */
static int settle(struct request *request)
{
	struct sim_meeting *meeting = &request->meeting;
	const struct sim_party *a = &meeting->party[0], *b = &meeting->party[1];

	request->order.is_plain |= request->order.is_varied;
	if (!request->order.is_plain) {
		sim_meeting_draw(meeting, request->order.seed);
		sim_replay_agent(request->order.seed, request->line);
		return SIM_EXIT_DONE;
	}
	if (request->order.explain)
		return usage_error("--explain is about a seed alone", NULL);
	meeting->seed = request->order.seed;
	if (meeting->limit == 0)
		meeting->limit = meeting->calm + meeting->talk +
				 meeting->quiet + ALTAIR_SEC(45);
	if (a->up.loss || a->up.corrupt || a->down.reorder ||
	    a->down.duplicate || meeting->intruder_rate)
		meeting->calm = ALTAIR_NEVER;
	if ((meeting->same_lan || meeting->same_carrier) &&
	    (a->kind->nats != 1 || b->kind->nats != 1 ||
	     (meeting->same_lan && a->kind != b->kind)))
		return usage_error("--same-lan wants one kind with one NAT, "
				   "--same-carrier two with one NAT each",
				   NULL);
	return SIM_EXIT_DONE;
}

static void keep_line(struct request *request, int argc, char **argv)
{
	size_t len = (size_t)snprintf(request->line, SIM_REPLAY_MAX,
				      "altair-sim agent");

	for (int i = 1; i < argc && len < SIM_REPLAY_MAX; i++)
		len += (size_t)snprintf(request->line + len,
					SIM_REPLAY_MAX - len, " %s", argv[i]);
}

static int read_options(struct request *request, int argc, char **argv)
{
	int status;

	keep_line(request, argc, argv);
	sim_meeting_default(&request->meeting, sim_kind_find("port"),
			    sim_kind_find("port"));
	request->meeting.limit = 0;
	request->meeting.talk = ALTAIR_MSEC(100);
	request->order.seed = 1;
	request->order.is_plain = true;
	status = order_read(options, argc, argv, set, request);
	return status ? status : settle(request);
}

/* --- output -------------------------------------------------------------- */

static void print_party(const struct sim_meeting_outcome *outcome, unsigned s)
{
	const struct sim_party_outcome *party = &outcome->party[s];

	printf("peer %c  ", 'A' + (int)s);
	if (party->connected_at == ALTAIR_NEVER) {
		printf("not connected: %s\n",
		       altair_strerror(party->reason ? party->reason
						     : ALTAIR_E_TIMEOUT));
		return;
	}
	printf("connected after %.1f ms, %s", (double)party->connected_at / 1e6,
	       party->is_relayed ? "relayed" : "direct");
	if (party->heard_at != ALTAIR_NEVER)
		printf(", first data after %.1f ms",
		       (double)party->heard_at / 1e6);
	if (party->gap > 0)
		printf(", %u messages, longest silence %.1f ms",
		       party->messages_in, (double)party->gap / 1e6);
	printf("\n");
}

static int report(const struct request *request,
		  const struct sim_meeting_outcome *outcome)
{
	if (!request->order.trace && !request->order.quiet_diagram)
		printf("\n");
	for (unsigned s = 0; s < 2; s++)
		print_party(outcome, s);
	if (outcome->violation)
		printf("judges  REFUSED: %s (peer %c, at %.3f ms)\n",
		       outcome->violation, 'A' + (int)outcome->culprit,
		       (double)outcome->violated_at / 1e6);
	printf("replay  %s\n", request->line);
	if (outcome->violation)
		return SIM_EXIT_REFUSED;
	return outcome->is_done ? SIM_EXIT_DONE : SIM_EXIT_NO_PATH;
}

static int run(int argc, char **argv)
{
	struct request request = {.kinds = 0};
	struct sim_meeting_outcome outcome;
	struct sim_draw draw = {NULL, 0, 0, false};
	int status = read_options(&request, argc, argv);

	if (status != SIM_EXIT_DONE)
		return status;
	if (request.order.explain) {
		sim_meeting_explain(stdout, request.order.seed);
		return SIM_EXIT_DONE;
	}
	request.meeting.keep_trace = true;
	sim_meeting_run(&request.meeting, &outcome, &draw.world);
	draw.zero = request.meeting.epoch;
	draw.is_ascii = request.order.ascii;
	status = order_show(&request.order, &draw, request.line);
	sim_world_free(draw.world);
	return status ? status : report(&request, &outcome);
}

int cmd_agent(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "soak"))
		return cmd_soak(SOAK_AGENT, argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "matrix")) {
		if (argc > 2)
			return usage_error("`matrix` takes no argument", NULL);
		return sim_meeting_matrix(stdout) ? SIM_EXIT_REFUSED
						  : SIM_EXIT_DONE;
	}
	return run(argc, argv);
}
