/* Who is let in by the TURN server: credentials, nonces, guesses and floods. */
#include "server_world.h"

/* --- who it is ----------------------------------------------------------- */

static void a_challenge_is_short_and_unsigned(void)
{
	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK(me.answer.bytes.len <= 80);
	CHECK(me.answer.bytes.len <= 3 * me.request.len);
	CHECK_EQ(me.answer.attr_count, 4);
	CHECK_MEM(answer_value(AIR_STUN_REALM).bytes.data, REALM, 6);
	CHECK_MEM(me.nonce, "obMatJos2wAAA", 13);
	CHECK_MEM(answer_value(AIR_STUN_PASSWORD_ALGORITHMS).bytes.data,
		  our_algorithms, 8);
	me.with_fingerprint = true; /* costs the same */
	get_challenged();
	CHECK(me.answer.bytes.len <= 80);
	CHECK_EQ(stats().allocations, 0);
	/* What a request without any attribute cannot want. */
	me.with_fingerprint = false;
	ask(AIR_STUN_ALLOCATE);
	CHECK_EQ(send_it(), 0);
}

static void both_mechanisms_let_in(void)
{
	for (int how = 0; how < 12; how++) {
		begin_default();
		be(ME, "user");
		me.algorithm = (uint16_t)(how % 3);
		me.hides_name = how / 3 % 2;
		me.with_fingerprint = how / 6;
		get_challenged();
		CHECK_EQ(allocate(), 0);
		CHECK_EQ(refresh(0), 0);
	}
}

static void nobody_else_is_let_in(void)
{
	size_t unknown, wrong;

	begin_default();
	for (me.algorithm = 0; me.algorithm < 3; me.algorithm++) {
		uint16_t algorithm = me.algorithm;

		be(ME, "nobody");
		me.algorithm = algorithm;
		get_challenged();
		CHECK_EQ(allocate(), 401);
		unknown = me.answer.bytes.len;
		be(ME, "user");
		me.algorithm = algorithm;
		me.password = "wrong";
		get_challenged();
		CHECK_EQ(allocate(), 401);
		wrong = me.answer.bytes.len;
		CHECK_EQ(unknown, wrong);
		me.hides_name = true;
		me.user = "nobody";
		CHECK_EQ(allocate(), 401);
		take_nonce();
	}
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(w.opened, 0);
}

static void a_request_that_contradicts_itself_is_400(void)
{
	static const uint16_t parts[] = {AIR_STUN_USERNAME, AIR_STUN_REALM,
					 AIR_STUN_NONCE};

	begin_default();
	be(ME, "user");
	get_challenged();
	for (int missing = 0; missing < 3; missing++) {
		ask(AIR_STUN_ALLOCATE);
		for (int i = 0; i < 3; i++)
			if (i != missing)
				with_bytes(parts[i], "abc", 3);
		air_stun_build_sha1(&me.b, &w.crypto, my_key());
		CHECK_EQ(answer_to_it(), 400);
		CHECK(!answer_has(AIR_STUN_NONCE));
	}
	/* One of the two attributes about algorithms, or another list. */
	for (int how = 0; how < 3; how++) {
		ask(AIR_STUN_ALLOCATE);
		with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
		with_name();
		with_bytes(AIR_STUN_REALM, REALM, 6);
		with_bytes(AIR_STUN_NONCE, me.nonce, me.nonce_len);
		if (how != 0)
			with_bytes(AIR_STUN_PASSWORD_ALGORITHMS, our_algorithms,
				   how == 1 ? 8 : 4);
		if (how != 1)
			with_number(AIR_STUN_PASSWORD_ALGORITHM, 2);
		me.algorithm = 2;
		air_stun_build_sha256(&me.b, &w.crypto, my_key(), 32);
		CHECK_EQ(answer_to_it(), 400);
	}
}

static void a_shorter_proof_is_none(void)
{
	begin_default();
	be(ME, "user");
	me.algorithm = 2;
	get_challenged();
	for (size_t len = 16; len <= 32; len += 4) {
		ask(AIR_STUN_REFRESH);
		with_name();
		with_bytes(AIR_STUN_REALM, REALM, 6);
		with_bytes(AIR_STUN_NONCE, me.nonce, me.nonce_len);
		with_bytes(AIR_STUN_PASSWORD_ALGORITHMS, our_algorithms, 8);
		with_number(AIR_STUN_PASSWORD_ALGORITHM, 2);
		air_stun_build_sha256(&me.b, &w.crypto, my_key(), len);
		CHECK_EQ(answer_to_it(), len == 32 ? 437 : 401);
	}
	/* SHA-1 from one who knows the algorithms (RFC 8489 16.1.3). */
	ask(AIR_STUN_REFRESH);
	with_name();
	with_bytes(AIR_STUN_REALM, REALM, 6);
	with_bytes(AIR_STUN_NONCE, me.nonce, me.nonce_len);
	with_bytes(AIR_STUN_PASSWORD_ALGORITHMS, our_algorithms, 8);
	with_number(AIR_STUN_PASSWORD_ALGORITHM, 2);
	air_stun_build_sha1(&me.b, &w.crypto, my_key());
	CHECK_EQ(answer_to_it(), 401);
}

static void nonces_are_bound_to_address_and_time(void)
{
	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate(), 0);
	me.from = "203.0.113.5:40001"; /* another port of the same NAT */
	CHECK_EQ(allocate(), 438);
	CHECK_EQ(answer_value(AIR_STUN_PASSWORD_ALGORITHMS).bytes.len, 8);
	take_nonce();
	CHECK_EQ(allocate(), 0);
	me.from = "203.0.113.6:40001"; /* the same port of another */
	CHECK_EQ(allocate(), 438);
	me.from = ME;
	get_challenged();
	CHECK_EQ(refresh(3600), 0);
	wait_seconds(3598);
	CHECK_EQ(refresh(3600), 0);
	wait_seconds(3);
	CHECK_EQ(refresh(3600), 438);
	take_nonce();
	CHECK_EQ(refresh(3600), 0);
	for (size_t i = 0; i < me.nonce_len; i++) {
		me.nonce[i] ^= 1;
		CHECK_EQ(refresh(3600), 438);
		me.nonce[i] ^= 1;
	}
	me.nonce_len--;
	CHECK_EQ(refresh(3600), 438);
}

/* A key that was replaced still proves what was given under it. */
static void nonces_outlive_the_change_of_keys(void)
{
	uint8_t old[24];

	begin_default();
	be(ME, "user");
	wait_seconds(3500);
	get_challenged();
	memcpy(old, me.nonce, sizeof old);
	wait_seconds(200);
	be(OTHER, "other"); /* whose challenge makes a new key */
	get_challenged();
	CHECK_EQ(allocate(), 0);
	be(ME, "user");
	memcpy(me.nonce, old, sizeof old);
	me.nonce_len = sizeof old;
	CHECK_EQ(allocate(), 0);
	wait_seconds(3401); /* an hour after it was given */
	CHECK_EQ(allocate(), 438);
}

/* An old MAC behind a newer time. */
static void the_time_of_a_nonce_is_proved(void)
{
	static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				    "pqrstuvwxyz0123456789+/";
	uint8_t old[24];

	begin_default();
	be(ME, "user");
	get_challenged();
	memcpy(old, me.nonce, sizeof old);
	wait_seconds(3500);
	get_challenged();
	CHECK(memcmp(me.nonce, old, 15) != 0);
	memcpy(me.nonce + 16, old + 16, 8);
	for (int i = 0; i < 64; i++) { /* this one holds some of both */
		me.nonce[15] = (uint8_t)signs[i];
		CHECK_EQ(refresh(600), 438);
	}
}

static void what_follows_the_proof_is_not_there(void)
{
	begin_default();
	arrive(ME, "user");
	ask(AIR_STUN_REFRESH);
	with_number(AIR_STUN_LIFETIME, 1800);
	sign();
	/* Row 13 of the failures: LIFETIME 0, appended and not signed. */
	with_number(AIR_STUN_LIFETIME, 0);
	CHECK_EQ(answer_to_it(), 0);
	CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 1800);
	CHECK_EQ(stats().allocations, 1);
	ask(AIR_STUN_REFRESH);
	sign();
	with_number(AIR_STUN_LIFETIME, 0);
	CHECK_EQ(answer_to_it(), 0);
	CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 600);
	/* A peer behind it is none; one before it is. */
	ask(AIR_STUN_CREATE_PERMISSION);
	sign();
	with_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER);
	CHECK_EQ(answer_to_it(), 400);
}

/* --- floods and guesses -------------------------------------------------- */

static size_t challenges_of(const char *from, int count)
{
	size_t before = w.sent_count;

	for (int i = 0; i < count; i++) {
		me.from = from;
		ask(AIR_STUN_ALLOCATE);
		with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
		send_it();
	}
	return w.sent_count - before;
}

/* Row 39: at most ten challenges a second, for others as many as ever. */
static void a_source_is_challenged_ten_times_a_second(void)
{
	altair_server_config c = config();
	static const char *const ten[] = {ME, "203.0.113.5:1",
					  "[2001:db8::5]:9"};

	c.challenge_rate = 10;
	begin(&c);
	be(ME, "user");
	CHECK_EQ(challenges_of(ME, 100), 10);
	CHECK_EQ(challenges_of("203.0.113.5:1", 100), 0); /* the same host */
	CHECK_EQ(challenges_of(OTHER, 5), 5);
	CHECK_EQ(challenges_of("[2001:db8::5]:9", 100), 10);
	CHECK_EQ(challenges_of("[2001:db8::6]:9", 100), 0); /* same /64 */
	CHECK_EQ(challenges_of("[2001:db8:0:1::6]:9", 100), 10);
	CHECK_EQ(stats().throttled, 90 + 100 + 90 + 100 + 90);
	for (int second = 0; second < 5; second++) {
		wait_seconds(1);
		CHECK_EQ(challenges_of(ten[second % 3], 100), 10);
	}
	/* Who proves something is answered, however often. */
	arrive(OTHER, "user");
	for (int i = 0; i < 100; i++)
		CHECK_EQ(refresh(600), 0);
	CHECK_EQ(challenges_of(OTHER, 100), 9);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(permit("10.0.0.1:5000"), 403);
	/* 400 and 438 prove nothing, either. */
	wait_seconds(1);
	me.nonce[20] ^= 1;
	for (int i = 0; i < 20; i++) {
		ask(AIR_STUN_REFRESH);
		if (i % 2)
			sign();
		else
			air_stun_build_sha1(&me.b, &w.crypto, my_key());
		CHECK_EQ(send_it(), i < 10);
	}
}

/* Row 40, and the flood: any number of sources, no memory, and the next one is
 * still answered. */
static void a_flood_from_everywhere_leaves_room_for_others(void)
{
	altair_server_config c = config();
	char from[40];
	size_t lost = 0;

	c.challenge_rate = 10;
	begin(&c);
	be(ME, "user");
	for (int i = 0; i < 60000; i++) {
		snprintf(from, sizeof from, "11.%d.%d.%d:4000", i >> 16 & 255,
			 i >> 8 & 255, i & 255);
		lost += 1 - challenges_of(from, 1);
	}
	CHECK(lost < 60);
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(challenges_of(OTHER, 1), 1);
}

static void who_guesses_waits(void)
{
	unsigned waits = 30;

	begin_default();
	arrive(ME, "user"); /* behind the same NAT */
	for (int round = 0; round < 7; round++) {
		be("203.0.113.5:999", "user");
		me.password = "guess";
		for (int i = 0; i < 10; i++) {
			get_challenged();
			CHECK_EQ(allocate(), 401);
			wait_seconds(1);
		}
		me.password = "pass"; /* right, and not looked at */
		CHECK_EQ(allocate(), 401);
		wait_seconds(waits - 3);
		CHECK_EQ(allocate(), 401);
		be(ME, "user"); /* what is there goes on */
		get_challenged();
		CHECK_EQ(refresh(3600), 0);
		wait_seconds(2);
		be("203.0.113.5:999", "user");
		get_challenged();
		CHECK_EQ(allocate(), 0);
		CHECK_EQ(refresh(0), 0);
		waits = waits * 2 < 600 ? waits * 2 : 600;
	}
	/* After twenty minutes of peace it begins anew. */
	wait_seconds(1300);
	me.password = "guess";
	for (int i = 0; i < 10; i++) {
		get_challenged();
		CHECK_EQ(allocate(), 401);
		wait_seconds(1);
	}
	wait_seconds(30);
	me.password = "pass";
	get_challenged();
	CHECK_EQ(allocate(), 0);
}

/* --- time-limited credentials -------------------------------------------- */

#define UNIX 1790000000u

/* The password that a secret makes of a name. */
static const char *password_of(const char *secret, const char *name)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	static char out[32];
	altair_bytes part = text(name);
	uint8_t mac[21] = {0};

	w.crypto.hmac_sha1(NULL, text(secret), &part, 1, mac);
	for (int i = 0; i < 7; i++) {
		uint32_t v = (uint32_t)mac[3 * i] << 16 |
			     (uint32_t)mac[3 * i + 1] << 8 | mac[3 * i + 2];

		for (int k = 0; k < 4; k++)
			out[4 * i + k] = alphabet[v >> (18 - 6 * k) & 63];
	}
	out[27] = '=';
	return out;
}

static int log_in(const char *from, const char *secret, const char *name)
{
	be(from, name);
	me.password = password_of(secret, name);
	get_challenged();
	return allocate();
}

static altair_server_config timed_config(void)
{
	static altair_bytes secrets[2];
	altair_server_config c = config();

	secrets[0] = text("new secret");
	secrets[1] = text("old secret");
	c.rest_secrets = secrets;
	c.rest_secret_count = 2;
	c.unix_time = UNIX;
	c.quota_user = 2;
	return c;
}

static void names_with_a_time(void)
{
	static const char *const good[] = {
		"1790000000:ann", "ann:1790000000", "1790000000",
		"4294967297:in the year 2106", "999999999999999999:x"};
	static const char *const bad[] = {"1789999999:ann",
					  "0:ann",
					  "ann",
					  ":",
					  "",
					  "17x:ann",
					  "1790000000x",
					  "9999999999999999999:x",
					  "-1790000000:ann"};
	altair_server_config c = timed_config();

	for (int i = 0; i < 5; i++) {
		begin(&c);
		CHECK_EQ(log_in(ME, i % 2 ? "new secret" : "old secret",
				good[i]),
			 0);
		CHECK_EQ(refresh(0), 0);
		CHECK_EQ(log_in(ME, "no secret", good[i]), 401);
	}
	for (int i = 0; i < 9; i++) {
		CHECK_EQ(log_in(ME, "new secret", bad[i]), 401);
		wait_seconds(60); /* not to be taken for a guesser */
	}
	CHECK_MEM(me.nonce, "obMatJos2gAAA", 13); /* names are not hidden */
	arrive(OTHER, "user");			  /* and a static user */
	me.algorithm = 2;
	me.user = "1790009999:ann";
	me.password = password_of("new secret", me.user);
	me.from = ME;
	get_challenged();
	CHECK_EQ(allocate(), 0);
	CHECK_EQ(stats().allocations, 2);
}

static void a_call_outlives_its_name(void)
{
	altair_server_config c = timed_config();

	begin(&c);
	CHECK_EQ(log_in(ME, "new secret", "1790000010:ann"), 0);
	wait_seconds(10);
	be(OTHER, "1790000010:ann");
	CHECK_EQ(log_in(OTHER, "new secret", "1790000010:ann"), 0);
	CHECK_EQ(refresh(0), 0);
	wait_seconds(1);
	CHECK_EQ(log_in(OTHER, "new secret", "1790000010:ann"), 401);
	be(ME, "1790000010:ann");
	me.password = password_of("new secret", me.user);
	get_challenged();
	CHECK_EQ(refresh(600), 0);
	CHECK_EQ(permit(PEER), 0);
	/* Another name of the same holder, another holder. */
	me.user = "1790009999:ann";
	me.password = password_of("new secret", me.user);
	CHECK_EQ(refresh(600), 0);
	me.user = "1790009999:ben";
	me.password = password_of("new secret", me.user);
	CHECK_EQ(refresh(600), 441);
	/* The clock was set back. */
	altair_server_set_time(w.s, w.now, UNIX);
	CHECK_EQ(log_in(OTHER, "new secret", "1790000010:ann"), 0);
	/* Quotas are the holder's. */
	CHECK_EQ(log_in("203.0.113.6:40001", "old secret", "1790000011:ann"),
		 486);
	CHECK_EQ(log_in("203.0.113.6:40001", "old secret", "1790000011:ben"),
		 0);
}

static const struct check_test tests[] = {
	TEST(a_challenge_is_short_and_unsigned),
	TEST(both_mechanisms_let_in),
	TEST(nobody_else_is_let_in),
	TEST(a_request_that_contradicts_itself_is_400),
	TEST(a_shorter_proof_is_none),
	TEST(nonces_are_bound_to_address_and_time),
	TEST(nonces_outlive_the_change_of_keys),
	TEST(the_time_of_a_nonce_is_proved),
	TEST(what_follows_the_proof_is_not_there),
	TEST(a_source_is_challenged_ten_times_a_second),
	TEST(a_flood_from_everywhere_leaves_room_for_others),
	TEST(who_guesses_waits),
	TEST(names_with_a_time),
	TEST(a_call_outlives_its_name),
};

CHECK_MAIN(tests)
