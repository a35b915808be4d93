/*
 * Descriptions: two agents that exchange nothing else, the examples of RFC 8839,
 * and what is refused and changes nothing.
 */
#include "ice_world.h"

#define UFRAG "a=ice-ufrag:8hhY\n"
#define PWD "a=ice-pwd:asd88fgpdd777uzjYhagZg\n"
#define LINE(n) "a=candidate:1 1 UDP 2130706431 192.0.2.2 " #n " typ host\n"

static altair_agent *a;

/* One agent, with the address 192.0.2.1:5000, that gathers. */
static void begin_one(void)
{
	altair_agent_config c = config(true);

	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	a = w.side[0].agent;
	CHECK_EQ(altair_agent_gather(a, w.now), 0);
	altair_agent_seal(a, w.now);
	drain(0);
}

static int accept_text(const char *text)
{
	return altair_agent_accept(a, w.now, text);
}

static void describe(int s, char out[ALTAIR_AGENT_DESCRIPTION_TEXT])
{
	int len = altair_agent_describe(w.side[s].agent, out,
					ALTAIR_AGENT_DESCRIPTION_TEXT);

	CHECK(len > 0 && (size_t)len == strlen(out));
}

static void writes_the_lines_of_the_rfc(void)
{
	char text[ALTAIR_AGENT_DESCRIPTION_TEXT], want[sizeof text];
	altair_agent_config c = config(true);

	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	a = w.side[0].agent;
	describe(0, text);
	CHECK(!strstr(text, "candidate")); /* not gathered yet */
	CHECK_EQ(altair_agent_gather(a, w.now), 0);
	altair_agent_seal(a, w.now);
	drain(0);
	describe(0, text);
	snprintf(want, sizeof want,
		 "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n"
		 "a=ice-options:ice2 trickle\r\n"
		 "a=candidate:A 1 UDP 2130706431 192.0.2.1 5000 typ host\r\n"
		 "a=end-of-candidates\r\n",
		 altair_agent_ufrag(a), altair_agent_pwd(a));
	CHECK_STR(text, want);
	for (size_t cap = 0; cap <= strlen(want); cap++)
		CHECK_EQ(altair_agent_describe(a, text, cap), ALTAIR_E_SPACE);
	CHECK_EQ(altair_agent_describe(a, text, strlen(want) + 1),
		 (int)strlen(want));
}

/* Nothing else is exchanged, and all of it twice. */
static void two_agents_connect_by_their_descriptions(void)
{
	altair_agent_config c[2] = {config(true), config(false)};
	char text[ALTAIR_AGENT_DESCRIPTION_TEXT];

	begin();
	add(0, &c[0], "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &c[1], "192.0.2.2:6000", "192.0.2.2:6000");
	gather();
	for (int i = 0; i < 4; i++) {
		describe(i & 1, text);
		CHECK_EQ(altair_agent_accept(w.side[!(i & 1)].agent, w.now,
					     text),
			 0);
	}
	run_until(2000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK_EQ(w.side[s].agent->list.remotes_count, 1);
		CHECK(w.side[s].agent->is_remote_ended);
	}
	/* What was learned by checks is not told. */
	describe(0, text);
	CHECK(!strstr(text, "prflx"));
}

static void reads_a_whole_sdp(void)
{
	begin_one();
	CHECK_EQ(
		accept_text("v=0\r\n"
			    "o=jdoe 2890844526 2890842807 IN IP4 192.0.2.1\r\n"
			    "s=\r\n"
			    "c=IN IP4 192.0.2.3\r\n"
			    "t=0 0\r\n"
			    "a=ice-options:ice2 trickle\r\n"
			    "a=ice-pacing:50\r\n"
			    "a=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
			    "a=ice-ufrag:8hhY\r\n"
			    "m=audio 45664 RTP/AVP 0\r\n"
			    "a=rtpmap:0 PCMU/8000\r\n"
			    "a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 "
			    "typ host\r\n"
			    "a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 "
			    "typ srflx raddr 203.0.113.141 rport 8998\r\n"),
		0);
	CHECK_EQ(a->list.remotes_count, 2);
	CHECK_STR(a->keys.remote.ufrag, "8hhY");
	CHECK_STR(a->keys.remote.pwd, "asd88fgpdd777uzjYhagZg");
	CHECK(!a->is_remote_ended); /* it trickles */
}

static void without_trickle_the_candidates_are_complete(void)
{
	begin_one();
	CHECK_EQ(accept_text(UFRAG PWD "a=ice-options:ice2\n" LINE(1)), 0);
	CHECK(a->is_remote_ended);
	begin_one();
	CHECK_EQ(accept_text(UFRAG PWD LINE(1)), 0);
	CHECK(a->is_remote_ended);
	/* A part of one says nothing. */
	begin_one();
	CHECK_EQ(accept_text(LINE(1)), 0);
	CHECK(!a->is_remote_ended);
	CHECK_EQ(accept_text("a=end-of-candidates"), 0);
	CHECK(a->is_remote_ended);
}

static void the_same_again_is_harmless(void)
{
	static const char text[] =
		UFRAG UFRAG PWD PWD LINE(1) LINE(1) "a=end-of-candidates\n"
						    "a=end-of-candidates\n";

	begin_one();
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(accept_text(text), 0);
		CHECK_EQ(a->list.remotes_count, 1);
	}
}

/* What of the agent a description may change. */
struct fingerprint {
	bool has_remote, is_remote_ended;
	uint32_t remotes;
	uint64_t unusable;
};

static struct fingerprint look(void)
{
	struct fingerprint f;

	memset(&f, 0, sizeof f);
	f.has_remote = a->keys.has_remote;
	f.is_remote_ended = a->is_remote_ended;
	f.remotes = a->list.remotes_count;
	f.unusable = a->stats.unusable;
	return f;
}

static void refuse(const char *text, int error)
{
	struct fingerprint before = look(), after;

	CHECK_EQ(accept_text(text), error);
	after = look();
	CHECK_MEM(&after, &before, sizeof after);
}

/* With the credentials that are known it is a part: what it leaves out says nothing. */
static void a_part_undoes_nothing(void)
{
	begin_one();
	CHECK_EQ(accept_text("a=ice-lite\na=ice-options:trickle\n" UFRAG PWD),
		 0);
	CHECK(a->is_remote_lite && !a->is_remote_ended);
	CHECK_EQ(accept_text(UFRAG PWD LINE(1)), 0);
	CHECK(a->is_remote_lite && !a->is_remote_ended);
	CHECK_EQ(a->list.remotes_count, 1);
	/* A description of its own does. */
	CHECK_EQ(accept_text("a=ice-ufrag:9hhY\n" PWD LINE(1)), 0);
	CHECK(!a->is_remote_lite && a->is_remote_ended);
}

/* Everything before the wrong line is right. */
static void an_error_changes_nothing(void)
{
	static const char *const texts[] = {
		"",
		"\n\n\r\n",
		"hello",
		"v=0\r\ns=\r\n",
		UFRAG,
		PWD,
		UFRAG "a=ice-ufrag:9hhY\n" PWD,
		UFRAG PWD "a=ice-pwd:bsd88fgpdd777uzjYhagZg\n",
		LINE(1) "a=ice-ufrag:\n" PWD,
		LINE(1) "a=ice-ufrag:8hh\n" PWD,
		LINE(1) UFRAG "a=ice-pwd:asd88fgpdd777uzjYhagZ\n",
		LINE(1) UFRAG "a=ice-pwd:\n",
		LINE(1) UFRAG PWD "a=candidate:1 1 UDP 2130706431 192.0",
		LINE(1) UFRAG PWD "a=candidate:1 1 UDP 2130706431 192.0.2.2 2",
		LINE(1) UFRAG PWD "a=candidate:\n" LINE(3),
		"a=end-of-candidates\na=candidate:1 1 UDP x 1 1 typ host\n",
	};

	begin_one();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		refuse(texts[i], ALTAIR_E_SYNTAX);
}

/* Row 58: invalid characters in fragment and password. */
static void credentials_have_ice_chars_only(void)
{
	char text[200];

	begin_one();
	for (int c = 1; c < 256; c++) {
		bool ice = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			   (c >= 'a' && c <= 'z') || c == '+' || c == '/';

		if (ice || c == '\n')
			continue;
		snprintf(text, sizeof text, "a=ice-ufrag:8h%cY\n" PWD, c);
		refuse(text, ALTAIR_E_SYNTAX);
		snprintf(text, sizeof text,
			 UFRAG "a=ice-pwd:asd88fgpdd7%c7uzjYhagZg\n", c);
		refuse(text, ALTAIR_E_SYNTAX);
		snprintf(text, sizeof text,
			 UFRAG PWD "a=candidate:%c 1 UDP 1 192.0.2.1 1 "
				   "typ host\n",
			 c);
		refuse(text, ALTAIR_E_SYNTAX);
	}
}

static void credentials_have_their_lengths(void)
{
	char text[1200], long_one[300];

	memset(long_one, 'x', sizeof long_one);
	for (int len = 255; len < 260; len++) {
		begin_one();
		snprintf(text, sizeof text, "a=ice-ufrag:%.*s\r\n" PWD, len,
			 long_one);
		if (len > 256)
			refuse(text, ALTAIR_E_SYNTAX);
		else
			CHECK_EQ(accept_text(text), 0);
		begin_one();
		snprintf(text, sizeof text, UFRAG "a=ice-pwd:%.*s\r\n", len,
			 long_one);
		if (len > 256)
			refuse(text, ALTAIR_E_SYNTAX);
		else
			CHECK_EQ(accept_text(text), 0);
	}
}

/* A name, another component, another transport, loopback: not for us, and no
 * reason to refuse the rest. */
static void candidates_of_no_use_are_counted(void)
{
	begin_one();
	CHECK_EQ(
		accept_text("a=candidate:1 1 UDP 1 "
			    "4a1f7c5e-9e5e-4d7c-9a7c-3f4b2d8f2a31.local 5000 "
			    "typ host\n"
			    "a=candidate:1 2 UDP 1 192.0.2.2 5000 typ host\n"
			    "a=candidate:1 1 SCTP 1 192.0.2.2 9 typ host\n"
			    "a=candidate:1 1 UDP 1 127.0.0.1 5000 typ host\n"
			    "a=candidate:1 1 UDP 1 224.0.0.1 5000 typ host\n"
			    "a=candidate:1 1 UDP 1 192.0.2.2 0 typ host\n" LINE(
				    6000)),
		0);
	CHECK_EQ(a->list.remotes_count, 1);
	CHECK_EQ(stats_of(0).unusable, 6);
	CHECK_EQ(stats_of(0).names, 1);
}

/* The extensions of a candidate may be long; they are not ours. */
static void long_lines_are_cut(void)
{
	static char text[8000];
	size_t len;

	begin_one();
	len = (size_t)snprintf(text, sizeof text,
			       "a=candidate:1 1 UDP 1 192.0.2.2 1 typ host x ");
	memset(text + len, 'y', 5000);
	snprintf(text + len + 5000, 200, "\n" LINE(2));
	CHECK_EQ(accept_text(text), 0);
	CHECK_EQ(a->list.remotes_count, 2);
	memset(text, 'z', 5000);
	snprintf(text + 5000, 200, "\n" LINE(3));
	CHECK_EQ(accept_text(text), 0);
	CHECK_EQ(a->list.remotes_count, 3);
}

/* Row 54, the part of the text: ten thousand lines are too long for one text,
 * and however they come, twenty candidates are kept. */
static void a_peer_with_ten_thousand_candidates(void)
{
	static char text[10000 * 64];
	size_t len = 0, lines = 0;

	begin_one();
	while (lines < 10000)
		len += (size_t)snprintf(text + len, sizeof text - len,
					"a=candidate:%zu 1 UDP 1 192.0.2.2 "
					"%zu typ host\n",
					lines % 9 + 1, lines + 1),
			lines++;
	CHECK(len > ALTAIR_AGENT_DESCRIPTION_MAX);
	refuse(text, ALTAIR_E_TOO_LONG);
	for (len = 0; len + 64 < ALTAIR_AGENT_DESCRIPTION_MAX;)
		len += strcspn(text + len, "\n") + 1;
	text[len] = '\0';
	CHECK_EQ(accept_text(text), 0);
	CHECK_EQ(a->list.remotes_count, AIR_SIGNALLED_MAX);
	CHECK(stats_of(0).unusable > 1000);
}

static void it_is_over(void)
{
	begin_one();
	altair_agent_close(a);
	refuse(UFRAG PWD LINE(1), ALTAIR_E_STATE);
}

static const struct check_test tests[] = {
	TEST(writes_the_lines_of_the_rfc),
	TEST(two_agents_connect_by_their_descriptions),
	TEST(reads_a_whole_sdp),
	TEST(without_trickle_the_candidates_are_complete),
	TEST(the_same_again_is_harmless),
	TEST(a_part_undoes_nothing),
	TEST(an_error_changes_nothing),
	TEST(credentials_have_ice_chars_only),
	TEST(credentials_have_their_lengths),
	TEST(candidates_of_no_use_are_counted),
	TEST(long_lines_are_cut),
	TEST(a_peer_with_ten_thousand_candidates),
	TEST(it_is_over),
};

CHECK_MAIN(tests)
