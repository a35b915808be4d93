/*
 * The verdict on both ends of one connection, for every code. What is relayed
 * here is a path whose remote candidate was listed as relayed.
 */
#include "ice_world.h"

#include <altair/verdict.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *name_of(int s)
{
	altair_agent_verdict v;

	altair_agent_get_verdict(w.side[s].agent, &v);
	CHECK_EQ(v.size, sizeof v);
	return v.name;
}

static void check_names(const char *a, const char *b)
{
	CHECK_STR(name_of(0), a);
	CHECK_STR(name_of(1), b);
}

static void every_code_has_its_texts(void)
{
#define ROW(id, name, sentence, advice)                                        \
	CHECK(strlen(name) > 3 && strlen(sentence) > 10 && strlen(advice) > 10);
	ALTAIR_AGENT_VERDICTS(ROW)
#undef ROW
}

/* --- directly ------------------------------------------------------------ */

static void two_open_hosts(void)
{
	begin_pair(true, false);
	check_names("checking", "checking");
	run_until(2000);
	check_names("direct-host", "direct-host");
	altair_agent_close(w.side[0].agent);
	CHECK_STR(name_of(0), "closed");
}

static void add_pair(const char *const hosts[2], const char *const publics[2])
{
	altair_agent_config c[2] = {config(true), config(false)};

	begin();
	for (int s = 0; s < 2; s++)
		add(s, &c[s], hosts[s], publics[s]);
}

static void one_network(void)
{
	static const char *const hosts[] = {"10.0.0.1:5000", "10.0.0.2:6000"};

	add_pair(hosts, hosts);
	gather();
	check_names("waiting-for-peer", "waiting-for-peer");
	exchange_credentials();
	check_names("waiting-for-peer", "waiting-for-peer");
	signal_candidate(0, 0);
	signal_candidate(1, 0);
	run_until(2000);
	check_names("direct-lan", "direct-lan");
}

static void tell(int to, const char *text)
{
	CHECK_EQ(altair_agent_add_remote(w.side[to].agent, w.now, text), 0);
}

static void through_a_nat(void)
{
	static const char *const hosts[] = {"10.0.0.1:5000", "192.0.2.2:6000"};
	static const char *const publics[] = {"192.0.2.1:1024",
					      "192.0.2.2:6000"};

	add_pair(hosts, publics);
	gather();
	exchange_credentials();
	signal_candidate(0, 0);
	run_until(2000);
	/* B knows A from its checks alone. */
	check_names("direct-nat", "direct");
	tell(1, "candidate:1 1 UDP 2130706431 10.0.0.1 5000 typ host");
	CHECK_STR(name_of(1), "direct");
	tell(1, "candidate:2 1 UDP 1694498815 192.0.2.1 1 typ srflx raddr "
		"10.0.0.1 rport 5000");
	CHECK_STR(name_of(1), "direct-nat");
}

/* No NAT is claimed of a host whose check came before its candidate. */
static void a_check_overtakes_the_candidate(void)
{
	static const char *const hosts[] = {"192.0.2.1:5000", "192.0.2.2:6000"};

	add_pair(hosts, hosts);
	gather();
	exchange_credentials();
	signal_candidate(0, 0);
	run_until(2000);
	check_names("direct-host", "direct");
	signal_candidate(1, 0);
	run_until(3000);
	check_names("direct-host", "direct-host");
}

/* --- not directly -------------------------------------------------------- */

/*
 * Both are behind NATs through which nothing goes but from and to the `public`
 * address, which no server sees. It is listed as a relayed one, or not at all.
 */
struct situation {
	const char *sees[2][2]; /* [side][server], NULL: no answer           */
	unsigned servers;	/* that were given                           */
	const char *lists[2];	/* instead of its own candidates             */
	const char *relayed[2], *failed[2]; /* names                         */
};

#define HOST_LINE(ip) "candidate:1 1 UDP 2130706431 " ip " 1 typ host"

static const struct situation situations[] = {
	{.sees = {{"198.51.100.1:1", "198.51.100.1:2"},
		  {"198.51.100.2:1", "198.51.100.2:2"}},
	 .servers = 2,
	 .relayed = {"relayed-symmetric-symmetric",
		     "relayed-symmetric-symmetric"},
	 .failed = {"failed-symmetric-symmetric",
		    "failed-symmetric-symmetric"}},
	{.sees = {{"198.51.100.1:1", "198.51.100.1:2"},
		  {"198.51.100.2:1", "198.51.100.2:1"}},
	 .servers = 2,
	 .relayed = {"relayed-symmetric-port", "relayed-port-symmetric"},
	 .failed = {"failed-symmetric-port", "failed-port-symmetric"}},
	{.sees = {{"198.51.100.1:1", "198.51.100.1:1"},
		  {"198.51.100.1:2", "198.51.100.1:2"}},
	 .servers = 2,
	 .relayed = {"relayed-same-nat", "relayed-same-nat"},
	 .failed = {"failed-same-nat", "failed-same-nat"}},
	{.sees = {{NULL, NULL}, {"198.51.100.2:1", "198.51.100.2:1"}},
	 .servers = 2,
	 .relayed = {"relayed-udp-blocked", "relayed-peer-unreachable"},
	 .failed = {"failed-udp-blocked", "failed-peer-unreachable"}},
	{.sees = {{"198.51.100.1:1", "198.51.100.1:1"},
		  {"198.51.100.2:1", "198.51.100.2:1"}},
	 .servers = 2,
	 .relayed = {"relayed-firewall", "relayed-firewall"},
	 .failed = {"no-answer", "no-answer"}},
	{.sees = {{"198.51.100.1:1", NULL}, {"198.51.100.2:1", NULL}},
	 .servers = 1,
	 .relayed = {"relayed-unknown", "relayed-unknown"},
	 .failed = {"no-answer", "no-answer"}},
	{.servers = 0,
	 .relayed = {"relayed-peer-unreachable", "relayed-peer-unreachable"},
	 .failed = {"no-servers", "no-servers"}},
	{.sees = {{"198.51.100.1:1", NULL}, {"198.51.100.2:1", NULL}},
	 .servers = 1,
	 .lists = {HOST_LINE("2001:db8::1"), HOST_LINE("2001:db8::2")},
	 .relayed = {"relayed-no-common-family", "relayed-no-common-family"},
	 .failed = {"failed-no-common-family", "failed-no-common-family"}},
	{.sees = {{"198.51.100.1:1", NULL}, {"198.51.100.2:1", NULL}},
	 .servers = 1,
	 .lists = {"", ""},
	 .relayed = {"relayed-by-choice", "relayed-by-choice"},
	 .failed = {"no-candidates", "no-candidates"}},
};

static void add_servers(const struct situation *sit)
{
	static const char *const addrs[] = {"203.0.113.1:3478",
					    "203.0.113.2:3478"};

	for (unsigned i = 0; i < sit->servers; i++) {
		w.servers[i].addr = addr(addrs[i]);
		for (int s = 0; s < 2; s++) {
			if (sit->sees[s][i])
				w.servers[i].sees[s] = addr(sit->sees[s][i]);
			CHECK_EQ(altair_agent_add_server(w.side[s].agent, w.now,
							 &w.servers[i].addr),
				 0);
		}
	}
}

/* Everything that `from` has, or lists instead. */
static void signal_all(const struct situation *sit, int from)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	for (uint32_t i = 0; !sit->lists[from]; i++) {
		if (altair_agent_candidate(w.side[from].agent, i, text,
					   sizeof text) < 0)
			break;
		tell(!from, text);
	}
	if (sit->lists[from] && *sit->lists[from])
		tell(!from, sit->lists[from]);
}

static void signal_relayed(int from)
{
	char text[ALTAIR_CANDIDATE_TEXT], ip[ALTAIR_ADDR_TEXT];
	const altair_addr *a = &w.side[from].public;

	altair_addr_format_ip(a, ip, sizeof ip);
	snprintf(text, sizeof text,
		 "candidate:9 1 UDP 16777215 %s %d typ relay raddr 0.0.0.0 "
		 "rport 9",
		 ip, a->port);
	tell(!from, text);
}

static void meet(const struct situation *sit, bool has_relay)
{
	static const char *const hosts[] = {"10.0.0.1:5000", "10.1.0.1:6000"};
	static const char *const publics[] = {"192.0.2.1:1", "192.0.2.2:1"};

	add_pair(hosts, publics);
	add_servers(sit);
	gather();
	exchange_credentials();
	run_until(200);
	for (int s = 0; s < 2; s++) {
		signal_all(sit, s);
		if (has_relay)
			signal_relayed(s);
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	}
}

static void relayed_for_a_reason(void)
{
	for (size_t i = 0; i < COUNT(situations); i++) {
		const struct situation *sit = &situations[i];

		meet(sit, true);
		run_until(60000);
		/* As if over TCP: no datagram of a peer came to its socket. */
		if (sit->servers > 0 && !sit->sees[0][0])
			w.side[0].agent->list.locals[0].type = CANDIDATE_RELAY;
		printf("# %s\n", name_of(0));
		check_names(sit->relayed[0], sit->relayed[1]);
		for (int s = 0; s < 2; s++)
			CHECK(state_of(s) == ALTAIR_AGENT_COMPLETED);
	}
}

static void failed_for_a_reason(void)
{
	for (size_t i = 0; i < COUNT(situations); i++) {
		const struct situation *sit = &situations[i];

		meet(sit, false);
		run_until(60000);
		printf("# %s\n", name_of(0));
		check_names(sit->failed[0], sit->failed[1]);
		for (int s = 0; s < 2; s++)
			CHECK(state_of(s) == ALTAIR_AGENT_FAILED);
	}
}

static void relayed_while_direct_paths_are_tried(void)
{
	meet(&situations[0], true);
	run_until(400);
	check_names("relayed-for-now", "relayed-for-now");
}

/* One server; the other end's check comes from a port that it did not see. */
static void a_check_shows_how_the_nat_maps(void)
{
	static const char *const hosts[] = {"10.0.0.1:5000", "192.0.2.2:6000"};
	static const char *const publics[] = {"192.0.2.1:77", "192.0.2.2:6000"};
	static const struct situation sit = {
		.sees = {{"192.0.2.1:1", NULL}, {"192.0.2.2:6000", NULL}},
		.servers = 1};

	add_pair(hosts, publics);
	add_servers(&sit);
	gather();
	exchange_credentials();
	run_until(200);
	for (int s = 0; s < 2; s++)
		signal_all(&sit, s);
	run_until(2000);
	check_names("direct-nat", "direct-nat");
	/* Let the same path be relayed: then that is why. */
	w.side[0].agent->list.locals[0].type = CANDIDATE_RELAY;
	w.side[1].agent->list.locals[0].type = CANDIDATE_RELAY;
	check_names("relayed-symmetric-port", "relayed-port-symmetric");
}

/* --- credentials, directions, silence ------------------------------------ */

static void meet_with(const char *pwd_for_a, const char *pwd_for_b)
{
	const char *pwd[] = {pwd_for_a, pwd_for_b};
	altair_agent_config c[2] = {config(true), config(false)};

	begin();
	add(0, &c[0], "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &c[1], "192.0.2.2:6000", "192.0.2.2:6000");
	gather();
	for (int s = 0; s < 2; s++) {
		altair_agent *other = w.side[!s].agent;

		CHECK_EQ(altair_agent_remote(w.side[s].agent, w.now,
					     altair_agent_ufrag(other),
					     pwd[s] ? pwd[s]
						    : altair_agent_pwd(other)),
			 0);
		signal_candidate(s, 0);
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	}
}

static void credentials_that_do_not_fit(void)
{
	static const char wrong[] = "0123456789012345678901";

	meet_with(wrong, wrong);
	run_until(100);
	check_names("wrong-credentials", "wrong-credentials"); /* early */
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	check_names("wrong-credentials", "wrong-credentials");
	/* One side has it right: it is answered, the other one is not. */
	meet_with(wrong, NULL);
	run_until(60000);
	CHECK_STR(name_of(0), "wrong-credentials");
}

static bool drop_answers_to_a(const struct flight *f)
{
	return f->to == 0 && (f->bytes[0] & 1);
}

static bool drop_all_to_a(const struct flight *f)
{
	return f->to == 0;
}

static void one_direction_only(void)
{
	begin_pair(true, false);
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	w.drop = drop_answers_to_a;
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK_STR(name_of(0), "one-way");
}

static void the_path_falls_silent(void)
{
	begin_pair(true, false);
	run_until(10000);
	w.drop = drop_all_to_a;
	run_until(10000 + 20000);
	CHECK_STR(name_of(0), "silent");
	run_until(10000 + 60000);
	CHECK_STR(name_of(0), "consent-lost");
	w.drop = NULL;
	run_until(100000);
	check_names("direct-host", "direct-host");
	w.drop = drop_all_to_a;
	run_until(100000 + 700000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK_STR(name_of(0), "consent-lost");
}

/* Names only, as a browser without a microphone lists them. */
static void names_are_no_candidates(void)
{
	altair_agent_config c = config(true);

	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	altair_agent_seal(w.side[0].agent, w.now);
	CHECK_EQ(altair_agent_remote(w.side[0].agent, w.now, "peer",
				     "0123456789012345678901"),
		 0);
	CHECK_EQ(altair_agent_add_remote(w.side[0].agent, w.now,
					 "candidate:1 1 UDP 1 x.local 5000 "
					 "typ host"),
		 ALTAIR_E_ADDRESS);
	drain(0);
	CHECK_STR(name_of(0), "waiting-for-peer");
	altair_agent_end_of_candidates(w.side[0].agent, w.now);
	drain(0);
	CHECK_STR(name_of(0), "no-candidates");
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK_STR(name_of(0), "no-candidates");
	CHECK_EQ(stats_of(0).names, 1);
}

static const struct check_test tests[] = {
	TEST(every_code_has_its_texts),
	TEST(two_open_hosts),
	TEST(one_network),
	TEST(through_a_nat),
	TEST(a_check_overtakes_the_candidate),
	TEST(relayed_for_a_reason),
	TEST(failed_for_a_reason),
	TEST(relayed_while_direct_paths_are_tried),
	TEST(a_check_shows_how_the_nat_maps),
	TEST(credentials_that_do_not_fit),
	TEST(one_direction_only),
	TEST(the_path_falls_silent),
	TEST(names_are_no_candidates),
};

CHECK_MAIN(tests)
