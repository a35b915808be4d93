/*
 * The TURN client makes and ends an allocation: the challenge in both
 * generations, every error code, redirection, both families, closing.
 */
#include "turn_world.h"

/* --- the challenge ------------------------------------------------------- */

static void first_request_names_nobody(void)
{
	altair_turn_config c = config();

	begin(&c);
	CHECK_EQ(w.sent_count, 1);
	check_request(0, AIR_STUN_ALLOCATE);
	check_addr(w.sent[0].to, SERVER);
	CHECK(!has(0, AIR_STUN_USERNAME) && !has(0, AIR_STUN_REALM));
	CHECK(!has(0, AIR_STUN_MESSAGE_INTEGRITY));
	CHECK(!has(0, AIR_STUN_REQUESTED_ADDRESS_FAMILY));
	CHECK(!has(0, AIR_STUN_LIFETIME));
	CHECK_EQ(value(0, AIR_STUN_REQUESTED_TRANSPORT).number, 17);
	CHECK_EQ(w.deadline, START + MS(500));
}

static void challenge_then_allocation(void)
{
	altair_turn_config c = config();
	altair_addr a;

	begin(&c);
	w.now += MS(40);
	challenge(0, 401);
	CHECK_EQ(w.sent_count, 2);
	CHECK(is_authentic(1));
	CHECK_MEM(value(1, AIR_STUN_NONCE).bytes.data, "nonce-1", 7);
	CHECK_MEM(value(1, AIR_STUN_USERNAME).bytes.data, "user", 4);
	CHECK(memcmp(w.sent[0].bytes + 8, w.sent[1].bytes + 8, 12) != 0);
	CHECK_EQ(altair_turn_relayed(w.t, ALTAIR_IPV4, &a), ALTAIR_E_STATE);
	CHECK_EQ(altair_turn_mapped(w.t, &a), ALTAIR_E_STATE);
	w.now += MS(40);
	allocate(1, 600);
	check_addr(event(0, ALTAIR_EV_RELAYED, 0)->addr, RELAYED);
	CHECK_EQ(w.told[0].out.rtt, MS(40));
	CHECK_EQ(altair_turn_relayed(w.t, ALTAIR_IPV4, &a), 0);
	check_addr(a, RELAYED);
	CHECK_EQ(altair_turn_relayed(w.t, ALTAIR_IPV6, &a), ALTAIR_E_STATE);
	CHECK_EQ(altair_turn_mapped(w.t, &a), 0);
	check_addr(a, ME);
	CHECK_EQ(altair_turn_server(w.t, &a), 0);
	check_addr(a, SERVER);
}

static void server_without_credentials(void)
{
	altair_turn_config c = config();

	begin(&c);
	answer(0, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	deliver(finish(false));
	event(0, ALTAIR_EV_RELAYED, 0);
}

static void wrong_credentials(void)
{
	altair_turn_config c = config();

	c.password = text("guess");
	begin(&c);
	challenge(0, 401);
	CHECK(!is_authentic(1));
	challenge(1, 401);
	CHECK_EQ(event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_CREDENTIALS)->total,
		 401);
	CHECK_EQ(w.sent_count, 2);
	CHECK_EQ(w.deadline, ALTAIR_NEVER);
}

static void challenge_without_nonce(void)
{
	altair_turn_config c = config();

	begin(&c);
	answer(0, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, 401);
	add_bytes(AIR_STUN_REALM, text(REALM));
	deliver(finish(false));
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_INVALID);
	begin(&c);
	answer(0, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, 401);
	add_bytes(AIR_STUN_NONCE, text("nonce")); /* no realm */
	deliver(finish(false));
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_INVALID);
}

static void wrong_fingerprint_counts_as_not_come(void)
{
	altair_turn_config c = config();
	altair_bytes bytes;

	begin(&c);
	answer(0, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, 401);
	add_bytes(AIR_STUN_REALM, text(REALM));
	add_bytes(AIR_STUN_NONCE, text("nonce"));
	bytes = finish(false);
	reply_bytes[bytes.len - 1] ^= 1;
	CHECK_EQ(deliver(bytes), ALTAIR_TAKEN);
	CHECK_EQ(w.sent_count, 1);
	reply_bytes[bytes.len - 1] ^= 1;
	deliver(bytes);
	CHECK_EQ(w.sent_count, 2);
}

static void stale_nonce_twice_is_no_failure(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	w.nonce = "nonce-2";
	challenge(1, 438);
	w.nonce = "nonce-3";
	challenge(2, 438);
	CHECK_MEM(value(3, AIR_STUN_NONCE).bytes.data, "nonce-3", 7);
	allocate(3, 600);
	event(0, ALTAIR_EV_RELAYED, 0);
}

static void stale_nonce_three_times_is(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	challenge(1, 438);
	challenge(2, 438);
	challenge(3, 438);
	CHECK_EQ(event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_SERVER)->total, 438);
}

/* --- RFC 8489: algorithms, anonymity, bid-down --------------------------- */

/* "obMatJos2" and the features: algorithms; both. */
#define WITH_ALGORITHMS "obMatJos2gAAAnonce"
#define WITH_BOTH "obMatJos2wAAAnonce"
static const uint8_t md5_then_sha256[] = {0, 1, 0, 0, 0, 2, 0, 0};
static const uint8_t sha256_then_md5[] = {0, 2, 0, 0, 0, 1, 0, 0};
static const uint8_t only_md5[] = {0, 1, 0, 0};
static const uint8_t only_unknown[] = {0, 9, 0, 0};

static void offer(const uint8_t *algorithms, size_t len, uint16_t chosen)
{
	w.algorithms = algorithms;
	w.algorithms_len = len;
	w.algorithm = chosen;
	w.nonce = WITH_ALGORITHMS;
}

static void sha256_where_both_are_offered(void)
{
	altair_turn_config c = config();

	begin(&c);
	offer(md5_then_sha256, 8, AIR_STUN_ALGORITHM_SHA256);
	challenge(0, 401);
	CHECK(is_authentic(1));
	CHECK_EQ(value(1, AIR_STUN_PASSWORD_ALGORITHM).number, 2);
	CHECK_MEM(value(1, AIR_STUN_PASSWORD_ALGORITHMS).bytes.data,
		  md5_then_sha256, 8);
	CHECK(!has(1, AIR_STUN_MESSAGE_INTEGRITY) && has(1, AIR_STUN_USERNAME));
	allocate(1, 600);
	event(0, ALTAIR_EV_RELAYED, 0);
}

static void sha256_where_it_comes_first(void)
{
	altair_turn_config c = config();

	begin(&c);
	offer(sha256_then_md5, 8, AIR_STUN_ALGORITHM_SHA256);
	challenge(0, 401);
	CHECK(is_authentic(1));
	CHECK_EQ(value(1, AIR_STUN_PASSWORD_ALGORITHM).number, 2);
}

static void md5_key_with_sha256_proof(void)
{
	altair_turn_config c = config();

	begin(&c);
	offer(only_md5, 4, AIR_STUN_ALGORITHM_MD5);
	challenge(0, 401);
	CHECK(is_authentic(1));
	CHECK(has(1, AIR_STUN_MESSAGE_INTEGRITY_SHA256));
	allocate(1, 600);
	event(0, ALTAIR_EV_RELAYED, 0);
}

static void no_algorithm_of_ours(void)
{
	altair_turn_config c = config();

	begin(&c);
	offer(only_unknown, 4, 0);
	challenge(0, 401);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_UNSUPPORTED);
	CHECK_EQ(w.sent_count, 1);
}

static void hidden_name(void)
{
	struct air_stun_user user = {text("user"), text(REALM), text("pass")};
	altair_turn_config c = config();
	uint8_t hash[32];

	begin(&c);
	offer(md5_then_sha256, 8, AIR_STUN_ALGORITHM_SHA256);
	w.nonce = WITH_BOTH;
	challenge(0, 401);
	air_stun_userhash(&w.crypto, &user, hash);
	CHECK(!has(1, AIR_STUN_USERNAME));
	CHECK_MEM(value(1, AIR_STUN_USERHASH).bytes.data, hash, 32);
	CHECK(is_authentic(1));
}

/* Somebody took the list out of the challenge: it counts as not come, the true
 * one does. */
static void bid_down_is_noticed(void)
{
	altair_turn_config c = config();

	begin(&c);
	offer(md5_then_sha256, 8, AIR_STUN_ALGORITHM_SHA256);
	w.is_mute = true;
	challenge(0, 401);
	CHECK_EQ(w.sent_count, 1);
	CHECK_EQ(stats().ignored, 1);
	w.is_mute = false;
	challenge(0, 401);
	CHECK(is_authentic(1));
}

static void bid_down_is_told(void)
{
	altair_turn_config c = config();

	begin(&c);
	offer(md5_then_sha256, 8, AIR_STUN_ALGORITHM_SHA256);
	w.is_mute = true;
	challenge(0, 401);
	run_until(40000);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_INTEGRITY);
	CHECK_EQ(w.told[0].at, MS(39500));
}

/* A later 438 cannot take us back to RFC 5389. */
static void bid_down_by_stale_nonce(void)
{
	altair_turn_config c = config();

	begin(&c);
	offer(md5_then_sha256, 8, AIR_STUN_ALGORITHM_SHA256);
	challenge(0, 401);
	w.nonce = "plain";
	w.is_mute = true;
	challenge(1, 438);
	CHECK_EQ(w.sent_count, 2);
	allocate(1, 600);
	event(0, ALTAIR_EV_RELAYED, 0);
}

/* --- who may answer ------------------------------------------------------ */

static void only_the_server_counts(void)
{
	altair_turn_config c = config();
	altair_bytes bytes;

	begin(&c);
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	bytes = finish(true);
	CHECK_EQ(deliver_from(OTHER, bytes), ALTAIR_TAKEN);
	CHECK_EQ(deliver_from("192.0.2.1:3479", bytes), ALTAIR_TAKEN);
	CHECK_EQ(stats().ignored, 2);
	CHECK_EQ(w.told_count, 0);
	reply_bytes[19] ^= 1; /* another transaction */
	CHECK_EQ(deliver_from(OTHER, bytes), ALTAIR_NOT_MINE);
	CHECK_EQ(deliver(bytes), ALTAIR_TAKEN);
	reply_bytes[19] ^= 1;
	w.got.path.sock = 9;
	memcpy(w.got_bytes, bytes.data, bytes.len);
	altair_input(w.m, w.now, &w.got, 1);
	drain();
	CHECK_EQ(w.told_count, 0);
	CHECK_EQ(deliver(bytes), ALTAIR_TAKEN);
	event(0, ALTAIR_EV_RELAYED, 0);
}

static void only_what_is_proved_counts(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	for (int code = 0; code < 600; code += code ? 100 : 300) {
		answer(1, code ? AIR_STUN_ERROR : AIR_STUN_SUCCESS);
		if (code)
			add_number(AIR_STUN_ERROR_CODE, (uint64_t)code);
		deliver(finish(false));
	}
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	air_stun_build_sha1(&reply, &w.crypto, server_key());
	reply_bytes[reply.w.len - 1] ^= 1;
	deliver(finish(false));
	CHECK_EQ(w.told_count, 0);
	CHECK_EQ(stats().ignored, 5);
	run_until(40000);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_INTEGRITY);
}

static void binding_is_for_others(void)
{
	static const uint8_t binding[20] = {0x01, 0x01, 0,    0,
					    0x21, 0x12, 0xa4, 0x42};
	altair_turn_config c = config();

	begin(&c);
	CHECK_EQ(deliver((altair_bytes){binding, 20}), ALTAIR_NOT_MINE);
	CHECK_EQ(deliver(text("PUNCH")), ALTAIR_NOT_MINE);
	CHECK_EQ(deliver(text("")), ALTAIR_NOT_MINE);
	CHECK_EQ(deliver(text("\x80 something of RTP")), ALTAIR_NOT_MINE);
}

static void silence(void)
{
	static const altair_time at[] = {
		0, MS(500), MS(1500), MS(3500), MS(7500), MS(15500), MS(31500)};
	altair_turn_config c = config();

	begin(&c);
	run_until(60000);
	CHECK_EQ(w.sent_count, 7);
	for (size_t i = 0; i < 7; i++) {
		CHECK_EQ(w.sent[i].at, at[i]);
		CHECK_MEM(w.sent[i].bytes, w.sent[0].bytes, w.sent[0].len);
	}
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_TIMEOUT);
	CHECK_EQ(w.told[0].at, MS(39500));
	CHECK_EQ(w.deadline, ALTAIR_NEVER);
}

static void lost_answers(void)
{
	altair_turn_config c = config();

	begin(&c);
	run_until(600);
	challenge(1, 401); /* the answer to the repeat: the same transaction */
	CHECK_EQ(w.sent_count, 3);
	run_until(2200);
	CHECK_EQ(w.sent_count, 5);
	allocate(4, 600);
	CHECK_EQ(event(0, ALTAIR_EV_RELAYED, 0)->rtt, 0);
}

/* --- answers that are not what they seem (failures of other code) -------- */

/* What stands behind the proof was written by anybody. */
static void unsigned_attributes_are_not_obeyed(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	add_number(AIR_STUN_LIFETIME, 600);
	air_stun_build_sha1(&reply, &w.crypto, server_key());
	add_number(AIR_STUN_LIFETIME, 0);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, "203.0.113.66:6");
	deliver(finish(false));
	check_addr(event(0, ALTAIR_EV_RELAYED, 0)->addr, RELAYED);
	CHECK_EQ(w.deadline, START + MS(540000));
}

static void first_attribute_wins(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, "203.0.113.66:6");
	deliver(finish(true));
	CHECK_EQ(w.told_count, 1);
	check_addr(event(0, ALTAIR_EV_RELAYED, 0)->addr, RELAYED);
}

/* Every bit of an answer spoilt that its proof covers: none of them counts.
 * FINGERPRINT, behind it, may as well not be there. */
static void spoilt_answers(void)
{
	altair_turn_config c = config();
	altair_bytes bytes;

	begin(&c);
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	bytes = finish(true);
	for (size_t bit = 0; bit < 8 * (bytes.len - 8); bit++) {
		reply_bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CHECK(deliver(bytes) != ALTAIR_PAYLOAD);
		reply_bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < bytes.len; len++)
		CHECK(deliver((altair_bytes){bytes.data, len}) !=
		      ALTAIR_PAYLOAD);
	CHECK_EQ(w.told_count, 0);
	deliver(bytes);
	event(0, ALTAIR_EV_RELAYED, 0);
}

static void sixty_five_attributes(void)
{
	altair_turn_config c = config();

	begin(&c);
	answer(0, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	for (int i = 1; i < 65; i++)
		add_number(AIR_STUN_LIFETIME, 600);
	deliver(air_stun_build_end(&reply));
	CHECK_EQ(w.told_count, 0);
	CHECK_EQ(stats().ignored, 1);
}

/* --- error codes --------------------------------------------------------- */

static void every_error_code(void)
{
	static const struct {
		int code, reason;
	} rows[] = {
		{400, ALTAIR_E_SERVER},	      {403, ALTAIR_E_FORBIDDEN},
		{405, ALTAIR_E_SERVER},	      {420, ALTAIR_E_UNSUPPORTED},
		{437, ALTAIR_E_MISMATCH},     {440, ALTAIR_E_RELAY_FAMILY},
		{441, ALTAIR_E_CREDENTIALS},  {442, ALTAIR_E_UNSUPPORTED},
		{443, ALTAIR_E_RELAY_FAMILY}, {446, ALTAIR_E_SERVER},
		{447, ALTAIR_E_SERVER},	      {486, ALTAIR_E_QUOTA},
		{487, ALTAIR_E_SERVER},	      {500, ALTAIR_E_SERVER},
		{508, ALTAIR_E_CAPACITY},     {699, ALTAIR_E_SERVER},
	};
	altair_turn_config c = config();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin(&c);
		challenge(0, 401);
		refuse(1, rows[i].code);
		CHECK_EQ(event(0, ALTAIR_EV_RELAY_ENDED, rows[i].reason)->total,
			 rows[i].code);
		CHECK_EQ(w.sent_count, 2);
		CHECK_EQ(w.deadline, ALTAIR_NEVER);
		CHECK_EQ(permit(PEER), ALTAIR_E_STATE);
	}
}

/* What a former life has left behind is deleted first, once. */
static void an_old_allocation_is_taken_over(void)
{
	altair_turn_config c = config();

	c.takes_over = true;
	begin(&c);
	challenge(0, 401);
	refuse(1, 437);
	CHECK_EQ(w.sent_count, 3);
	check_request(2, AIR_STUN_REFRESH);
	CHECK_EQ(value(2, AIR_STUN_LIFETIME).number, 0);
	CHECK(is_authentic(2));
	refresh(2, 0);
	check_request(3, AIR_STUN_ALLOCATE);
	CHECK(!has(3, AIR_STUN_LIFETIME));
	allocate(3, 600);
	event(0, ALTAIR_EV_RELAYED, 0);

	begin(&c);
	challenge(0, 401);
	refuse(1, 437);
	refuse(2, 437); /* there is none after all */
	check_request(3, AIR_STUN_ALLOCATE);
	refuse(3, 437);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_MISMATCH);

	begin(&c);
	challenge(0, 401);
	refuse(1, 437);
	refuse(2, 441);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_CREDENTIALS);

	begin(&c);
	challenge(0, 401);
	refuse(1, 437);
	altair_turn_close(w.t, w.now);
	drain();
	event(0, ALTAIR_EV_RELAY_ENDED, 0);
}

static void unknown_attribute_in_a_success(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	add_number(AIR_STUN_PRIORITY, 1); /* of ICE */
	deliver(finish(true));
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_INVALID);
}

/* --- redirection --------------------------------------------------------- */

static void send_away(size_t n, const char *to)
{
	answer(n, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, 300);
	if (to)
		add_addr(AIR_STUN_ALTERNATE_SERVER, to);
	deliver(finish(false));
}

static void another_server(void)
{
	altair_turn_config c = config();

	begin(&c);
	send_away(0, OTHER);
	check_addr(event(0, ALTAIR_EV_RELAY_MOVED, 0)->addr, OTHER);
	CHECK_EQ(w.sent_count, 2);
	check_addr(w.sent[1].to, OTHER);
	CHECK(!has(1, AIR_STUN_USERNAME));
	w.server = OTHER;
	challenge(1, 401);
	CHECK(is_authentic(2));
	allocate(2, 600);
	event(1, ALTAIR_EV_RELAYED, 0);
}

/* Nothing of the first server's challenge goes to the second one. */
static void another_server_after_the_challenge(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	challenge(1, 438);
	challenge(2, 438);
	answer(3, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, 300);
	add_addr(AIR_STUN_ALTERNATE_SERVER, OTHER);
	deliver(finish(true));
	check_addr(w.sent[4].to, OTHER);
	CHECK(!has(4, AIR_STUN_NONCE) && !has(4, AIR_STUN_USERNAME));
	w.server = OTHER;
	challenge(4, 401);
	challenge(5, 438);
	challenge(6, 438);
	allocate(7, 600);
	event(1, ALTAIR_EV_RELAYED, 0);
}

static void never_the_same_twice(void)
{
	altair_turn_config c = config();

	begin(&c);
	send_away(0, OTHER);
	w.server = OTHER;
	send_away(1, SERVER);
	CHECK_EQ(event(1, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_REDIRECT)->total,
		 300);
	begin(&c);
	send_away(0, SERVER);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_REDIRECT);
}

static void a_few_times_only(void)
{
	static const char *const servers[] = {
		OTHER, "192.0.2.3:3478", "192.0.2.4:3478", "192.0.2.5:3478"};
	altair_turn_config c = config();

	begin(&c);
	for (size_t i = 0; i < 4; i++) {
		send_away(i, servers[i]);
		w.server = servers[i];
	}
	CHECK_EQ(w.told_count, 4);
	event(3, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_REDIRECT);
}

static void nowhere_to_go(void)
{
	altair_turn_config c = config();

	begin(&c);
	send_away(0, NULL);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_REDIRECT);
	begin(&c);
	send_away(0, "[2001:db8::1]:3478"); /* not our family */
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_REDIRECT);
	begin(&c);
	send_away(0, "127.0.0.1:3478"); /* our own host */
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_REDIRECT);
	CHECK_EQ(w.sent_count, 1);
}

/* --- families ------------------------------------------------------------ */

static void ipv6_alone(void)
{
	altair_turn_config c = config();

	c.families = ALTAIR_TURN_IPV6;
	begin(&c);
	CHECK_EQ(value(0, AIR_STUN_REQUESTED_ADDRESS_FAMILY).number, 2);
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED6);
	deliver(finish(true));
	check_addr(event(0, ALTAIR_EV_RELAYED, 0)->addr, RELAYED6);
	CHECK_EQ(w.told_count, 1);
	CHECK_EQ(permit(PEER), ALTAIR_E_FAMILY);
	CHECK_EQ(permit(PEER6), 0);
}

static void both_families(void)
{
	altair_turn_config c = config();
	altair_addr a;

	c.families = ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6;
	begin(&c);
	CHECK_EQ(value(0, AIR_STUN_ADDITIONAL_ADDRESS_FAMILY).number, 2);
	CHECK(!has(0, AIR_STUN_REQUESTED_ADDRESS_FAMILY));
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED6);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	deliver(finish(true));
	check_addr(event(0, ALTAIR_EV_RELAYED, 0)->addr, RELAYED);
	check_addr(event(1, ALTAIR_EV_RELAYED, 0)->addr, RELAYED6);
	CHECK_EQ(altair_turn_relayed(w.t, ALTAIR_IPV6, &a), 0);
}

static void one_of_both(void)
{
	struct air_stun_value error = {.family = AIR_STUN_IPV6, .number = 508};
	altair_turn_config c = config();

	c.families = ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6;
	begin(&c);
	CHECK_EQ(permit(PEER6), 0); /* it may yet come */
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	air_stun_build_attr(&reply, AIR_STUN_ADDRESS_ERROR_CODE, &error);
	deliver(finish(true));
	event(0, ALTAIR_EV_RELAYED, 0);
	CHECK_EQ(event(1, ALTAIR_EV_RELAYED, ALTAIR_E_CAPACITY)->total, 508);
	CHECK_EQ(w.told[1].out.addr.family, ALTAIR_IPV6);
	event(2, ALTAIR_EV_PERMITTED, ALTAIR_E_RELAY_FAMILY);
	CHECK_EQ(permit(PEER6), ALTAIR_E_FAMILY);
}

/* RFC 8656 7.3: what we cannot use is deleted. */
static void a_family_nobody_asked_for(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED6);
	deliver(finish(true));
	CHECK_EQ(value(2, AIR_STUN_LIFETIME).number, 0);
	refresh(2, 0);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_RELAY_FAMILY);
}

/* --- the end ------------------------------------------------------------- */

static void closing_deletes(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	altair_turn_close(w.t, w.now);
	drain();
	CHECK_EQ(w.sent_count, 3);
	CHECK_EQ(value(2, AIR_STUN_LIFETIME).number, 0);
	CHECK(is_authentic(2));
	altair_turn_close(w.t, w.now);
	drain();
	refresh(2, 0);
	event(1, ALTAIR_EV_RELAY_ENDED, 0);
	CHECK_EQ(w.told_count, 2);
	CHECK_EQ(w.deadline, ALTAIR_NEVER);
}

static void closing_what_is_gone(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	altair_turn_close(w.t, w.now);
	drain();
	w.nonce = "nonce-2";
	challenge(2, 438);
	CHECK_EQ(value(3, AIR_STUN_LIFETIME).number, 0);
	refuse(3, 437);
	event(1, ALTAIR_EV_RELAY_ENDED, 0);
}

static void closing_before_the_answer(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	altair_turn_close(w.t, w.now);
	CHECK_EQ(permit(PEER), ALTAIR_E_STATE);
	allocate(1, 600);
	CHECK_EQ(value(2, AIR_STUN_LIFETIME).number, 0);
	refresh(2, 0);
	event(0, ALTAIR_EV_RELAY_ENDED, 0);
	begin(&c);
	altair_turn_close(w.t, w.now);
	challenge(0, 401);
	event(0, ALTAIR_EV_RELAY_ENDED, 0);
	CHECK_EQ(w.sent_count, 1);
}

static void closing_a_silent_server(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	altair_turn_close(w.t, w.now);
	run_until(40000);
	event(1, ALTAIR_EV_RELAY_ENDED, 0);
	CHECK_EQ(w.sent_count, 9);
}

/* --- configuration ------------------------------------------------------- */

static void lifetime_is_asked_for(void)
{
	altair_turn_config c = config();

	c.lifetime = 1200;
	begin(&c);
	CHECK_EQ(value(0, AIR_STUN_LIFETIME).number, 1200);
}

static void credentials_are_copied(void)
{
	char name[] = "user", password[] = "pass";
	altair_turn_config c = config();

	c.name = text(name);
	c.password = text(password);
	begin(&c);
	memset(name, 'x', 4);
	memset(password, 'x', 4);
	challenge(0, 401);
	CHECK(is_authentic(1));
}

static void configurations_refused(void)
{
	altair_turn_config good = config(), c;
	static uint8_t memory[1 << 16];
	altair_crypto crypto = *good.crypto;
	altair_turn *t;

	CHECK(altair_turn_size(&good) <= 24 * 1024);
	for (int i = 0; i < 9; i++) {
		c = good;
		c.size -= i == 0;
		c.families = i == 1 ? 0 : i == 2 ? 4 : c.families;
		c.permissions_max = i == 3 ? 0 : c.permissions_max;
		c.channels_max = i == 4 ? 257 : c.channels_max;
		c.requests_max = i == 5 ? 33 : c.requests_max;
		c.rc = i == 6 ? 17 : c.rc;
		c.name.len = i == 7 ? 509 : c.name.len;
		crypto.md5 = NULL;
		c.crypto = i == 8 ? &crypto : c.crypto;
		CHECK_EQ(altair_turn_size(&c), 0);
		CHECK_EQ(altair_turn_init(&t, memory, sizeof memory, &c, 0),
			 ALTAIR_E_INVALID);
	}
	CHECK_EQ(altair_turn_init(&t, memory, altair_turn_size(&good) - 1,
				  &good, 0),
		 ALTAIR_E_SPACE);
	good.server.port = 0;
	CHECK_EQ(altair_turn_init(&t, memory, sizeof memory, &good, 0),
		 ALTAIR_E_ADDRESS);
}

static void no_random_numbers(void)
{
	altair_turn_config c = config();

	begin(&c);
	random_fails = true;
	challenge(0, 401);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_RANDOM);
}

/* A realm and a nonce as long as they may be do not fit into a datagram. */
static void too_long_a_challenge(void)
{
	static char nonce[764];
	altair_turn_config c = config();

	begin(&c);
	memset(nonce, 'n', 763);
	answer(0, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, 401);
	add_bytes(AIR_STUN_REALM, text(nonce));
	add_bytes(AIR_STUN_NONCE, text(nonce));
	deliver(finish(false));
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_TOO_LONG);
}

static const struct check_test tests[] = {
	TEST(first_request_names_nobody),
	TEST(challenge_then_allocation),
	TEST(server_without_credentials),
	TEST(wrong_credentials),
	TEST(challenge_without_nonce),
	TEST(wrong_fingerprint_counts_as_not_come),
	TEST(stale_nonce_twice_is_no_failure),
	TEST(stale_nonce_three_times_is),
	TEST(sha256_where_both_are_offered),
	TEST(sha256_where_it_comes_first),
	TEST(md5_key_with_sha256_proof),
	TEST(no_algorithm_of_ours),
	TEST(hidden_name),
	TEST(bid_down_is_noticed),
	TEST(bid_down_is_told),
	TEST(bid_down_by_stale_nonce),
	TEST(only_the_server_counts),
	TEST(only_what_is_proved_counts),
	TEST(binding_is_for_others),
	TEST(silence),
	TEST(lost_answers),
	TEST(unsigned_attributes_are_not_obeyed),
	TEST(first_attribute_wins),
	TEST(spoilt_answers),
	TEST(sixty_five_attributes),
	TEST(every_error_code),
	TEST(an_old_allocation_is_taken_over),
	TEST(unknown_attribute_in_a_success),
	TEST(another_server),
	TEST(another_server_after_the_challenge),
	TEST(never_the_same_twice),
	TEST(a_few_times_only),
	TEST(nowhere_to_go),
	TEST(ipv6_alone),
	TEST(both_families),
	TEST(one_of_both),
	TEST(a_family_nobody_asked_for),
	TEST(closing_deletes),
	TEST(closing_what_is_gone),
	TEST(closing_before_the_answer),
	TEST(closing_a_silent_server),
	TEST(lifetime_is_asked_for),
	TEST(credentials_are_copied),
	TEST(configurations_refused),
	TEST(no_random_numbers),
	TEST(too_long_a_challenge),
};

CHECK_MAIN(tests)
