#include "sim/meeting_matrix.h"

#include <string.h>

/* Signalling, a check, STUN, what an open host saves, a filter that is opened by
 * the second check; an allocation with its challenge, a check by the relay. */
#define SIGNAL 20u
#define CHECK 50u
#define STUN 40u
#define SAVED 15u
#define SECOND_CHECK 25u
#define ALLOCATION 80u
#define RELAYED_CHECK 80u
#define OPEN_STREAM 40u

static bool is_open(const struct sim_kind *kind)
{
	return kind->nats == 0 && !kind->has_firewall;
}

static bool is_symmetric(const struct sim_kind *kind)
{
	return kind->mapping == SIM_ADDRESS_AND_PORT_DEPENDENT;
}

unsigned sim_meeting_floor(const struct sim_meeting *meeting)
{
	const struct sim_kind *a = meeting->party[0].kind;
	const struct sim_kind *b = meeting->party[1].kind;

	if (sim_meeting_way(meeting) == SIM_MEET_NEVER)
		return 0;
	if (sim_meeting_way(meeting) == SIM_MEET_BY_RELAY)
		return ALLOCATION + SIGNAL + RELAYED_CHECK +
		       (a->blocks_udp || b->blocks_udp ? OPEN_STREAM : 0);
	if (meeting->same_lan)
		return SIGNAL;
	if (!a->has_ipv4 || (is_open(a) && is_open(b)))
		return SIGNAL + CHECK;
	if (is_open(a) || is_open(b))
		return STUN + SIGNAL + CHECK - SAVED;
	if (meeting->same_carrier || is_symmetric(a) || is_symmetric(b))
		return STUN + SIGNAL + CHECK + SECOND_CHECK;
	return STUN + SIGNAL + CHECK;
}

static altair_time later(altair_time a, altair_time b)
{
	return a > b ? a : b;
}

static size_t write_run(FILE *out, const struct sim_meeting *meeting)
{
	struct sim_meeting_outcome outcome;
	const struct sim_party_outcome *party = outcome.party;
	altair_time both;

	sim_meeting_judge(meeting, &outcome);
	both = later(party[0].heard_at, party[1].heard_at);
	if (both == ALTAIR_NEVER)
		fprintf(out, "  %-6s %6s", "none", "-");
	else
		fprintf(out, "  %-6s %6.1f",
			party[0].is_relayed || party[1].is_relayed ? "relay"
								   : "direct",
			(double)both / 1e6);
	if (outcome.violation)
		fprintf(out, "  REFUSED: %s", outcome.violation);
	return outcome.violation != NULL;
}

static size_t write_pair(FILE *out, struct sim_meeting *meeting,
			 const char *what)
{
	unsigned floor_ms = sim_meeting_floor(meeting);
	size_t refused = 0;

	fprintf(out, "%-8s %-8s %-12s", meeting->party[0].kind->name,
		meeting->party[1].kind->name, what);
	if (floor_ms)
		fprintf(out, " %3u", floor_ms);
	else
		fprintf(out, " %3s", "-");
	for (unsigned a = 0; a < 2; a++) {
		meeting->party[a].controlling = true;
		meeting->party[!a].controlling = false;
		refused += write_run(out, meeting);
	}
	fprintf(out, "\n");
	return refused;
}

static size_t write_special(FILE *out)
{
	const struct sim_kind *port = sim_kind_find("port");
	const struct sim_kind *sym = sim_kind_find("sym");
	struct sim_meeting meeting;
	size_t refused = 0;

	sim_meeting_default(&meeting, port, port);
	meeting.same_lan = true;
	refused += write_pair(out, &meeting, "same LAN");
	meeting.same_lan = false;
	meeting.same_carrier = true;
	refused += write_pair(out, &meeting, "one carrier");
	meeting.no_hairpin = true;
	refused += write_pair(out, &meeting, "no hairpin");
	sim_meeting_default(&meeting, sym, port);
	meeting.party[0].has_ipv6 = true;
	refused += write_pair(out, &meeting, "IPv6 of A");
	meeting.party[1].has_ipv6 = true;
	refused += write_pair(out, &meeting, "IPv6");
	sim_meeting_default(&meeting, sym, port);
	meeting.party[0].mobile = sim_kind_find("cgn");
	return refused + write_pair(out, &meeting, "A also cgn");
}

size_t sim_meeting_matrix(FILE *out)
{
	size_t refused = 0;

	fprintf(out, "# A        B                   floor  A controls       "
		     "B controls\n");
	for (size_t a = 0; a < sim_kind_count(); a++)
		for (size_t b = 0; b < sim_kind_count(); b++) {
			struct sim_meeting meeting;

			sim_meeting_default(&meeting, sim_kind_at(a),
					    sim_kind_at(b));
			meeting.limit = ALTAIR_SEC(45);
			refused += write_pair(out, &meeting, "");
		}
	return refused + write_special(out);
}
