/* The checklist: what is paired, in which order, and how states may change. */
#include "check.h"
#include "ice/checklist.h"

#include <altair/error.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct air_checklist list;

static void begin(void)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 16];
	struct air_arena arena = {memory, sizeof memory, 0, false};

	air_checklist_init(&list, &arena);
	list.controlling = true;
	CHECK(!arena.failed);
}

static altair_addr addr(const char *text)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, text), 0);
	return a;
}

static int local(const char *text, enum air_candidate_type type,
		 const char *base)
{
	struct air_candidate c = {.type = type};
	bool is_new;

	c.addr = addr(text);
	c.base = addr(base);
	c.priority = air_candidate_priority(type, 65535 - list.locals_count);
	return air_checklist_add_local(&list, &c, &is_new);
}

static int remote(const char *text, enum air_candidate_type type,
		  const char *foundation, uint32_t preference)
{
	struct air_candidate c = {.type = type};
	bool is_new;

	c.addr = addr(text);
	c.priority = air_candidate_priority(type, preference);
	snprintf(c.foundation, sizeof c.foundation, "%s", foundation);
	return air_checklist_add_remote(&list, &c, &is_new);
}

static void reflexive_candidates_are_pruned(void)
{
	begin();
	CHECK_EQ(local("10.0.0.1:5000", CANDIDATE_HOST, "10.0.0.1:5000"), 0);
	CHECK_EQ(local("192.0.2.1:5000", CANDIDATE_SRFLX, "10.0.0.1:5000"), 1);
	CHECK_EQ(remote("192.0.2.2:6000", CANDIDATE_HOST, "1", 65535), 0);
	CHECK_EQ(remote("[2001:db8::2]:6000", CANDIDATE_HOST, "2", 65534), 1);
	CHECK_EQ(list.pairs_count, 1);
	CHECK_EQ(list.pairs[0].local, 0);
	CHECK_EQ(list.pairs[0].remote, 0);
	/* Again: the same ones. */
	CHECK_EQ(local("192.0.2.1:5000", CANDIDATE_SRFLX, "10.0.0.1:5000"), 1);
	CHECK_EQ(remote("192.0.2.2:6000", CANDIDATE_SRFLX, "9", 1), 0);
	CHECK_EQ(list.pairs_count, 1);
}

static void the_best_pair_is_first(void)
{
	struct air_pair *first, *second;

	begin();
	local("10.0.0.1:5000", CANDIDATE_HOST, "10.0.0.1:5000");
	remote("192.0.2.2:6000", CANDIDATE_SRFLX, "1", 65535);
	remote("192.0.2.3:6000", CANDIDATE_HOST, "2", 65535);
	first = air_checklist_next(&list);
	CHECK_EQ(first->remote, 1);
	air_checklist_begin(first);
	CHECK_EQ(first->state, PAIR_IN_PROGRESS);
	second = air_checklist_next(&list);
	CHECK_EQ(second->remote, 0);
	CHECK(first->priority > second->priority);
	air_checklist_begin(second);
	CHECK(!air_checklist_next(&list));
}

static void the_triggered_queue_is_first_come_first_served(void)
{
	begin();
	local("10.0.0.1:5000", CANDIDATE_HOST, "10.0.0.1:5000");
	remote("192.0.2.2:6000", CANDIDATE_HOST, "1", 3);
	remote("192.0.2.3:6000", CANDIDATE_HOST, "2", 2);
	remote("192.0.2.4:6000", CANDIDATE_HOST, "3", 1);
	air_checklist_trigger(&list, &list.pairs[2]);
	air_checklist_trigger(&list, &list.pairs[1]);
	air_checklist_trigger(&list, &list.pairs[2]);
	CHECK(air_checklist_next(&list) == &list.pairs[2]);
	air_checklist_begin(&list.pairs[2]);
	CHECK(air_checklist_next(&list) == &list.pairs[1]);
	air_checklist_begin(&list.pairs[1]);
	list.pairs[0].is_stopped = true;
	CHECK(!air_checklist_next(&list));
	list.pairs[0].is_stopped = false;
	CHECK(air_checklist_next(&list) == &list.pairs[0]);
}

/* RFC 8838 12, the three rules. */
static void foundations_are_frozen_and_thaw(void)
{
	begin();
	local("10.0.0.1:5000", CANDIDATE_HOST, "10.0.0.1:5000");
	remote("192.0.2.2:6001", CANDIDATE_HOST, "1", 5);
	remote("192.0.2.2:6002", CANDIDATE_HOST, "1", 4);
	remote("192.0.2.2:6003", CANDIDATE_HOST, "1", 6);
	remote("192.0.2.2:6004", CANDIDATE_HOST, "2", 1);
	CHECK_EQ(list.pairs[0].state, PAIR_WAITING);
	CHECK_EQ(list.pairs[1].state, PAIR_FROZEN);
	CHECK_EQ(list.pairs[2].state, PAIR_WAITING); /* the best: rule 1 */
	CHECK_EQ(list.pairs[3].state, PAIR_WAITING);
	air_checklist_begin(&list.pairs[0]);
	air_checklist_succeed(&list, &list.pairs[0]);
	CHECK_EQ(list.pairs[1].state, PAIR_WAITING);
	remote("192.0.2.2:6005", CANDIDATE_HOST, "1", 3);
	CHECK_EQ(list.pairs[4].state, PAIR_WAITING); /* rule 2 */
}

static void an_idle_foundation_thaws(void)
{
	begin();
	local("10.0.0.1:5000", CANDIDATE_HOST, "10.0.0.1:5000");
	remote("192.0.2.2:6001", CANDIDATE_HOST, "1", 5);
	remote("192.0.2.2:6002", CANDIDATE_HOST, "1", 4);
	air_checklist_begin(&list.pairs[0]);
	CHECK(!air_checklist_next(&list));
	air_pair_fail(&list.pairs[0]);
	CHECK_EQ(list.pairs[1].state, PAIR_FROZEN);
	CHECK(air_checklist_next(&list) == &list.pairs[1]);
}

static void the_role_decides_between_two(void)
{
	uint64_t controlling;

	begin();
	local("10.0.0.1:5000", CANDIDATE_HOST, "10.0.0.1:5000");
	remote("192.0.2.2:6001", CANDIDATE_SRFLX, "1", 5);
	controlling = list.pairs[0].priority;
	CHECK(controlling & 1); /* G > D */
	air_checklist_set_role(&list, false);
	CHECK_EQ(list.pairs[0].priority, controlling - 1);
}

/* A peer with 10,000 candidates. */
static void the_peer_may_list_twenty(void)
{
	char text[ALTAIR_ADDR_TEXT];
	int last = 0;

	begin();
	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof text, "10.0.0.%d:5000", i + 1);
		CHECK_EQ(local(text, CANDIDATE_HOST, text), i);
	}
	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof text, "192.0.2.2:%d", i + 1);
		last = remote(text, CANDIDATE_HOST, "1", 1);
		CHECK_EQ(last, i < AIR_SIGNALLED_MAX ? i : ALTAIR_E_FULL);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "192.0.2.3:%d", i + 1);
		last = remote(text, CANDIDATE_PRFLX, "~", 1);
		CHECK_EQ(last, i < AIR_PRFLX_MAX ? AIR_SIGNALLED_MAX + i
						 : ALTAIR_E_FULL);
	}
	CHECK_EQ(list.pairs_count, AIR_PAIRS_MAX);
}

static void a_better_pair_takes_the_place_of_the_worst(void)
{
	char text[ALTAIR_ADDR_TEXT];
	struct air_pair *best;

	the_peer_may_list_twenty();
	list.remotes_count = 19;
	best = air_checklist_next(&list);
	air_checklist_begin(best);
	snprintf(text, sizeof text, "192.0.2.9:9");
	CHECK_EQ(remote(text, CANDIDATE_HOST, "2", 65535), 19);
	CHECK_EQ(list.pairs_count, AIR_PAIRS_MAX);
	CHECK_EQ(best->state, PAIR_IN_PROGRESS);
	CHECK_EQ(air_checklist_next(&list)->remote, 19);
}

static void a_peer_reflexive_candidate_gets_its_name(void)
{
	begin();
	local("10.0.0.1:5000", CANDIDATE_HOST, "10.0.0.1:5000");
	local("10.0.0.9:5000", CANDIDATE_HOST, "10.0.0.9:5000");
	CHECK_EQ(remote("192.0.2.2:6000", CANDIDATE_PRFLX, "~0", 7), 0);
	CHECK_EQ(list.pairs_count, 0);
	CHECK(air_checklist_pair(&list, 0, 0) == &list.pairs[0]);
	CHECK_EQ(remote("192.0.2.2:6000", CANDIDATE_SRFLX, "5", 9), 0);
	CHECK_EQ(list.remotes[0].type, CANDIDATE_SRFLX);
	CHECK_STR(list.remotes[0].foundation, "5");
	/* RFC 8838 11: as if it had been listed first. */
	CHECK_EQ(list.remotes[0].priority,
		 air_candidate_priority(CANDIDATE_SRFLX, 9));
	CHECK_EQ(list.pairs[0].priority,
		 air_pair_priority(list.locals[0].priority,
				   list.remotes[0].priority));
	CHECK_EQ(list.pairs_count, 2);
}

/* The edges that are allowed; all others must stop the program. */
static const bool edges[5][5] = {
	[PAIR_FROZEN] = {[PAIR_WAITING] = true, [PAIR_FAILED] = true},
	[PAIR_WAITING] = {[PAIR_IN_PROGRESS] = true, [PAIR_FAILED] = true},
	[PAIR_IN_PROGRESS] = {[PAIR_WAITING] = true,
			      [PAIR_SUCCEEDED] = true,
			      [PAIR_FAILED] = true},
	[PAIR_SUCCEEDED] = {[PAIR_WAITING] = true,
			    [PAIR_IN_PROGRESS] = true,
			    [PAIR_FAILED] = true},
	[PAIR_FAILED] = {[PAIR_WAITING] = true},
};

static bool survives(enum air_pair_state from, enum air_pair_state to)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct air_pair pair = {.state = from};

		signal(SIGILL, SIG_DFL);
		signal(SIGTRAP, SIG_DFL);
		air_pair_set_state(&pair, to);
		_exit(pair.state == to ? 0 : 1);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void states_change_along_the_edges_only(void)
{
	for (int i = 0; i < 25; i++)
		CHECK_EQ(survives((enum air_pair_state)(i / 5),
				  (enum air_pair_state)(i % 5)),
			 edges[i / 5][i % 5]);
}

static void three_times_what_came(void)
{
	struct air_pair pair = {.bytes_in = 100};

	CHECK_EQ(air_pair_allowance(&pair), 300);
	pair.bytes_out = 299;
	CHECK_EQ(air_pair_allowance(&pair), 1);
	pair.bytes_out = 301;
	CHECK_EQ(air_pair_allowance(&pair), 0);
	pair.is_valid = true;
	CHECK(air_pair_allowance(&pair) == UINT64_MAX);
}

/* Places are used again: what another one still has is not given twice. */
static void a_foundation_stands_for_one_thing(void)
{
	struct air_candidate new = {.type = CANDIDATE_HOST};

	begin();
	local("10.0.0.1:5000", CANDIDATE_HOST, "10.0.0.1:5000");
	local("10.0.0.1:5001", CANDIDATE_HOST, "10.0.0.1:5001");
	local("10.0.0.2:5000", CANDIDATE_HOST, "10.0.0.2:5000");
	CHECK_STR(list.locals[1].foundation, list.locals[0].foundation);
	air_checklist_retire(&list, 0);
	new.addr = new.base = addr("10.0.0.3:5000");
	air_checklist_replace(&list, 0, &new);
	for (int i = 1; i < 3; i++)
		CHECK(strcmp(list.locals[0].foundation,
			     list.locals[i].foundation) != 0);
	/* Equal ones have the same, wherever they are. */
	new.addr = new.base = addr("10.0.0.2:5007");
	air_checklist_replace(&list, 0, &new);
	CHECK_STR(list.locals[0].foundation, list.locals[2].foundation);
}

/* What data goes to keeps its address, also while it is only heard. */
static void the_paths_remote_is_not_reused(void)
{
	struct air_candidate new = {.type = CANDIDATE_PRFLX};
	struct air_pair *pair;

	begin();
	local("10.0.0.1:5000", CANDIDATE_HOST, "10.0.0.1:5000");
	remote("192.0.2.2:6000", CANDIDATE_PRFLX, "~0", 5);
	pair = air_checklist_pair(&list, 0, 0);
	pair->is_heard = true;
	pair->heard_at = 1;
	new.addr = addr("192.0.2.3:6000");
	CHECK_EQ(air_checklist_reuse_remote(&list, &new, 100, pair),
		 ALTAIR_E_FULL);
	CHECK_EQ(air_checklist_reuse_remote(&list, &new, 100, NULL), 0);
}

static const struct check_test tests[] = {
	TEST(reflexive_candidates_are_pruned),
	TEST(the_best_pair_is_first),
	TEST(the_triggered_queue_is_first_come_first_served),
	TEST(foundations_are_frozen_and_thaw),
	TEST(an_idle_foundation_thaws),
	TEST(the_role_decides_between_two),
	TEST(the_peer_may_list_twenty),
	TEST(a_better_pair_takes_the_place_of_the_worst),
	TEST(a_peer_reflexive_candidate_gets_its_name),
	TEST(states_change_along_the_edges_only),
	TEST(three_times_what_came),
	TEST(a_foundation_stands_for_one_thing),
	TEST(the_paths_remote_is_not_reused),
};

CHECK_MAIN(tests)
