/*
 * The introduction, as altair/meet.h has it: what two who know the secret get, what
 * everybody else does not, and what each failure of the field would look like here.
 */
#include "meet_world.h"

/* Whether `len` bytes stand anywhere in there. */
static bool holds(const void *memory, size_t size, const void *bytes,
		  size_t len)
{
	const uint8_t *at = memory;

	for (size_t i = 0; i + len <= size; i++) {
		if (memcmp(at + i, bytes, len) == 0)
			return true;
	}
	return false;
}

static struct side caller(void)
{
	altair_meet_config config = config_of(ALTAIR_MEET_CALLER);

	return side_of(&config);
}

static struct side listener(void)
{
	altair_meet_config config = config_of(ALTAIR_MEET_LISTENER);

	return side_of(&config);
}

static struct side with_secret(enum altair_meet_role role, const char *secret)
{
	altair_meet_config config = config_of(role);

	config.secret = text(secret);
	return side_of(&config);
}

static struct side with_context(enum altair_meet_role role, const char *context)
{
	altair_meet_config config = config_of(role);

	config.context = text(context);
	return side_of(&config);
}

static void both_are_introduced(void)
{
	struct side a = caller(), b = listener();
	uint8_t pairs[2][32];

	CHECK_EQ(a.times, 1);
	CHECK_EQ(a.said.len, 67);
	CHECK_EQ(b.times, 0);
	introduce(&a, &b);
	CHECK_EQ(a.times, 2);
	CHECK_EQ(b.times, 1);
	CHECK_EQ(altair_meet_peer(a.meet).len, strlen("the listener's"));
	CHECK_MEM(altair_meet_peer(a.meet).data, "the listener's", 14);
	CHECK_EQ(altair_meet_peer(b.meet).len, strlen("the caller's key"));
	CHECK_MEM(altair_meet_peer(b.meet).data, "the caller's key", 16);
	CHECK_EQ(altair_meet_pair(a.meet, pairs[0]), 0);
	CHECK_EQ(altair_meet_pair(b.meet, pairs[1]), 0);
	CHECK_MEM(pairs[0], pairs[1], 32);
	CHECK_EQ(a.deadline, ALTAIR_NEVER);
	CHECK_EQ(b.deadline, ALTAIR_NEVER);
	CHECK_EQ(a.failed + b.failed, 0);
	leave(&a);
	leave(&b);
}

static void each_meeting_is_another(void)
{
	uint8_t pairs[2][32];
	struct message shares[2];

	for (unsigned i = 0; i < 2; i++) {
		struct side a = caller(), b = listener();

		shares[i] = a.said;
		introduce(&a, &b);
		CHECK_EQ(altair_meet_pair(a.meet, pairs[i]), 0);
		leave(&a);
		leave(&b);
	}
	CHECK(memcmp(shares[0].bytes, shares[1].bytes, 67) != 0);
	CHECK(memcmp(pairs[0], pairs[1], 32) != 0);
}

static void with_the_slow_hash(void)
{
	altair_meet_config configs[2] = {config_of(ALTAIR_MEET_CALLER),
					 config_of(ALTAIR_MEET_LISTENER)};
	struct side a, b;

	configs[0].pake = configs[1].pake = altair_openssl_pake();
	a = side_of(&configs[0]);
	b = side_of(&configs[1]);
	introduce(&a, &b);
	leave(&a);
	leave(&b);
}

static void envelopes_go_both_ways(void)
{
	struct side a = caller(), b = listener();
	struct message m;

	introduce(&a, &b);
	for (unsigned i = 0; i < 5; i++) {
		m = envelope(&a, "from the caller");
		CHECK(!holds(m.bytes, m.len, "caller", 6));
		CHECK_STR(opened(&b, &m), "from the caller");
		m = envelope(&b, "from the listener");
		CHECK_STR(opened(&a, &m), "from the listener");
	}
	m = envelope(&a, "");
	CHECK_STR(opened(&b, &m), "");
	leave(&a);
	leave(&b);
}

/* A caller's first envelope may leave with his proof, and come with it. */
static void an_envelope_with_the_proof(void)
{
	struct side a = caller(), b = listener();
	altair_datagram batch[2] = {0};
	struct message m;

	hand(&b, 0, &a.said);
	hand(&a, 0, &b.said);
	m = envelope(&a, "early");
	batch[0].bytes = (altair_bytes){a.said.bytes, a.said.len};
	batch[1].bytes = (altair_bytes){m.bytes, m.len};
	altair_input(b.machine, 0, batch, 2);
	CHECK_EQ(batch[0].verdict, ALTAIR_TAKEN);
	CHECK_EQ(batch[1].verdict, ALTAIR_PAYLOAD);
	CHECK_MEM(batch[1].bytes.data, "early", 5);
	drain(&b);
	CHECK_EQ(b.introduced, 1);
	leave(&a);
	leave(&b);
}

/* What is told with the identity may still change while nobody has spoken. */
static void an_identity_may_change_until_it_is_sealed(void)
{
	static const uint8_t longest[ALTAIR_MEET_IDENTITY_MAX + 1];
	const altair_bytes late = {(const uint8_t *)"late", 4};
	struct side a = caller(), b = listener();

	CHECK_EQ(altair_meet_identity(a.meet,
				      (altair_bytes){longest, sizeof longest}),
		 ALTAIR_E_TOO_LONG);
	CHECK_EQ(altair_meet_identity(b.meet, late), 0);
	hand(&b, 0, &a.said);
	CHECK_EQ(altair_meet_identity(b.meet, late), ALTAIR_E_STATE);
	CHECK_EQ(altair_meet_identity(a.meet, late), 0);
	hand(&a, 0, &b.said);
	CHECK_EQ(altair_meet_identity(a.meet, late), ALTAIR_E_STATE);
	hand(&b, 0, &a.said);
	CHECK_EQ(altair_meet_peer(a.meet).len, 4);
	CHECK_MEM(altair_meet_peer(a.meet).data, "late", 4);
	CHECK_EQ(altair_meet_peer(b.meet).len, 4);
	CHECK_MEM(altair_meet_peer(b.meet).data, "late", 4);
	leave(&a);
	leave(&b);
}

static void the_longest_of_all(void)
{
	static uint8_t room[ALTAIR_MEET_MESSAGE_MAX];
	altair_meet_config config = config_of(ALTAIR_MEET_CALLER);
	static uint8_t longest[ALTAIR_MEET_IDENTITY_MAX + 1];
	altair_datagram d;
	struct side a, b;

	config.secret = (altair_bytes){longest, ALTAIR_MEET_SECRET_MAX};
	config.context = (altair_bytes){longest, ALTAIR_MEET_CONTEXT_MAX};
	config.identity = (altair_bytes){longest, ALTAIR_MEET_IDENTITY_MAX};
	a = side_of(&config);
	config.role = ALTAIR_MEET_LISTENER;
	b = side_of(&config);
	introduce(&a, &b);
	CHECK_EQ(altair_meet_peer(a.meet).len, ALTAIR_MEET_IDENTITY_MAX);
	CHECK_EQ(altair_meet_wrap(a.meet, room + ALTAIR_MEET_HEADROOM,
				  ALTAIR_MEET_PAYLOAD_MAX + 1, &d),
		 ALTAIR_E_TOO_LONG);
	CHECK_EQ(altair_meet_wrap(a.meet, room + ALTAIR_MEET_HEADROOM,
				  ALTAIR_MEET_PAYLOAD_MAX, &d),
		 0);
	CHECK_EQ(d.bytes.len, ALTAIR_MEET_MESSAGE_MAX);
	altair_input(b.machine, 0, &d, 1);
	CHECK_EQ(d.verdict, ALTAIR_PAYLOAD);
	CHECK_EQ(d.bytes.len, ALTAIR_MEET_PAYLOAD_MAX);
	leave(&a);
	leave(&b);
}

static void refused_config(const altair_meet_config *config)
{
	uint8_t memory[64];
	altair_meet *meet;

	CHECK_EQ(altair_meet_size(config), 0);
	CHECK_EQ(altair_meet_init(&meet, memory, sizeof memory, config, 0),
		 ALTAIR_E_INVALID);
}

/* An empty code is one, too. */
static void configurations_that_are_none(void)
{
	static const uint8_t long_bytes[ALTAIR_MEET_IDENTITY_MAX + 1];
	altair_meet_config good = config_of(ALTAIR_MEET_CALLER), bad;
	altair_pake pake = *quick_pake();
	uint8_t memory[64];
	altair_meet *meet;

	bad = good, bad.secret.len = 0, refused_config(&bad);
	bad = good, bad.context.len = 0, refused_config(&bad);
	bad = good, bad.secret = (altair_bytes){long_bytes, 257},
	refused_config(&bad);
	bad = good, bad.context = (altair_bytes){long_bytes, 129},
	refused_config(&bad);
	bad = good,
	bad.identity = (altair_bytes){long_bytes, sizeof long_bytes},
	refused_config(&bad);
	bad = good, bad.is_datagram = true;
	bad.identity = (altair_bytes){long_bytes,
				      ALTAIR_MEET_IDENTITY_DATAGRAM_MAX + 1},
	refused_config(&bad);
	bad = good, bad.patience = 0, refused_config(&bad);
	bad = good, bad.size--, refused_config(&bad);
	bad = good, bad.crypto = NULL, refused_config(&bad);
	bad = good, bad.pake = NULL, refused_config(&bad);
	bad = good, bad.pake = &pake, pake.finish = NULL, refused_config(&bad);
	CHECK_EQ(altair_meet_init(&meet, memory, sizeof memory, &good, 0),
		 ALTAIR_E_SPACE);
}

/* --- the secret ---------------------------------------------------------- */

/* failures 82, 88: one guess, both are told, and what has been tried is spent. */
static void another_secret(void)
{
	struct side a = with_secret(ALTAIR_MEET_CALLER, "amber-winter");
	struct side b = listener();

	hand(&b, 0, &a.said);
	hand(&a, 0, &b.said);
	check_over(&a, ALTAIR_E_SECRET);
	CHECK_EQ(a.spent, 1);
	/* The caller refuses; so the listener need not wait. */
	hand(&b, 0, &a.said);
	check_over(&b, ALTAIR_E_SECRET);
	CHECK_EQ(b.spent, 1);
	CHECK_EQ(a.introduced + b.introduced, 0);
	leave(&a);
	leave(&b);
}

/* failures 82: a second guess at the same machine is not looked at. */
static void one_guess_is_all(void)
{
	struct side b = listener();
	struct side guesser = with_secret(ALTAIR_MEET_CALLER, "amber-winter");
	struct side right = caller();

	hand(&b, 0, &guesser.said);
	hand(&guesser, 0, &b.said);
	hand(&b, 0, &guesser.said);
	check_over(&b, ALTAIR_E_SECRET);
	hand(&b, 0, &right.said);
	CHECK_EQ(b.times, 1);
	CHECK_EQ(altair_meet_state(b.meet), ALTAIR_MEET_FAILED);
	leave(&b);
	leave(&guesser);
	leave(&right);
}

/* Nor are two at a caller: a server may answer once. */
static void a_caller_takes_one_answer(void)
{
	struct side a = caller(), b = listener();
	struct side guesser = with_secret(ALTAIR_MEET_LISTENER, "amber-winter");

	hand(&guesser, 0, &a.said);
	hand(&b, 0, &a.said);
	hand(&a, 0, &guesser.said);
	check_over(&a, ALTAIR_E_SECRET);
	hand(&a, 0, &b.said);
	check_over(&a, ALTAIR_E_SECRET);
	CHECK_EQ(a.introduced, 0);
	leave(&a);
	leave(&b);
	leave(&guesser);
}

/* failures 80: neither the secret nor a plain hash of it is in what a server sees, nor
 * an identity. */
static void nothing_of_the_secret_is_sent(void)
{
	struct side a = caller(), b = listener();
	const struct message *said[3];
	struct message share = a.said, answer;
	altair_bytes secret = text("amber-window");
	uint8_t hash[32];

	altair_openssl()->sha256(NULL, &secret, 1, hash);
	hand(&b, 0, &a.said);
	answer = b.said;
	hand(&a, 0, &b.said);
	said[0] = &share, said[1] = &answer, said[2] = &a.said;
	for (unsigned i = 0; i < 3; i++) {
		CHECK(!holds(said[i]->bytes, said[i]->len, "amber", 5));
		CHECK(!holds(said[i]->bytes, said[i]->len, "window", 6));
		CHECK(!holds(said[i]->bytes, said[i]->len, "listener", 8));
		CHECK(!holds(said[i]->bytes, said[i]->len, "caller", 6));
		for (unsigned k = 0; k + 4 <= 32; k++)
			CHECK(!holds(said[i]->bytes, said[i]->len, hash + k,
				     4));
	}
	leave(&a);
	leave(&b);
}

/* failures 81: candidates, which go in envelopes, cannot leave before. */
static void nothing_is_wrapped_before(void)
{
	struct side a = caller(), b = listener();
	uint8_t room[64] = {0};
	altair_datagram d;

	CHECK_EQ(altair_meet_wrap(a.meet, room + 16, 8, &d), ALTAIR_E_STATE);
	hand(&b, 0, &a.said);
	CHECK_EQ(altair_meet_wrap(b.meet, room + 16, 8, &d), ALTAIR_E_STATE);
	CHECK_EQ(altair_meet_peer(b.meet).len, 0);
	hand(&a, 0, &b.said);
	CHECK_EQ(altair_meet_wrap(b.meet, room + 16, 8, &d), ALTAIR_E_STATE);
	leave(&a);
	leave(&b);
}

/* failures 88. */
static void a_peer_who_never_confirms(void)
{
	struct side a = caller(), b = listener();
	altair_time later = ALTAIR_SEC(300);

	CHECK_EQ(b.deadline, ALTAIR_NEVER);
	altair_tick(b.machine, later);
	drain(&b);
	hand(&b, later, &a.said);
	CHECK_EQ(b.deadline, later + ALTAIR_SEC(10));
	altair_tick(b.machine, later + ALTAIR_SEC(10) - 1);
	drain(&b);
	CHECK_EQ(b.failed, 0);
	altair_tick(b.machine, later + ALTAIR_SEC(10));
	drain(&b);
	check_over(&b, ALTAIR_E_TIMEOUT);
	CHECK_EQ(b.spent, 1);
	CHECK_EQ(b.times, 1);
	leave(&a);
	leave(&b);
}

static void a_listener_who_never_answers(void)
{
	struct side a = caller();

	CHECK_EQ(a.deadline, ALTAIR_SEC(10));
	altair_tick(a.machine, ALTAIR_SEC(10));
	drain(&a);
	check_over(&a, ALTAIR_E_TIMEOUT);
	CHECK_EQ(a.spent, 0);
	CHECK_EQ(a.times, 1);
	leave(&a);
}

/* Whatever is left in memory after the end, it is none of that. */
static void secrets_are_wiped(void)
{
	struct side a = caller(), b = listener();
	altair_meet_config config = config_of(ALTAIR_MEET_CALLER);
	uint8_t w[32], pair[32];

	quick(NULL, config.secret, config.context, w);
	CHECK(holds(a.memory, a.size, w, sizeof w));
	introduce(&a, &b);
	CHECK(!holds(a.memory, a.size, w, sizeof w));
	CHECK(!holds(b.memory, b.size, w, sizeof w));
	CHECK_EQ(altair_meet_pair(a.meet, pair), 0);
	CHECK(holds(a.memory, a.size, pair, sizeof pair));
	altair_meet_close(a.meet);
	altair_meet_close(b.meet);
	CHECK(!holds(a.memory, a.size, pair, sizeof pair));
	CHECK(!holds(b.memory, b.size, pair, sizeof pair));
	CHECK(!holds(a.memory, a.size, "the listener's", 14));
	leave(&a);
	leave(&b);
}

static void secrets_are_wiped_by_failure(void)
{
	struct side a = caller();
	altair_meet_config config = config_of(ALTAIR_MEET_CALLER);
	uint8_t w[32];

	quick(NULL, config.secret, config.context, w);
	altair_tick(a.machine, ALTAIR_SEC(10));
	drain(&a);
	CHECK(!holds(a.memory, a.size, w, sizeof w));
	leave(&a);
}

/* --- who is bound to what ------------------------------------------------ */

/* failures 86: our own message is no answer, and no call. */
static void reflection(void)
{
	struct side a = caller(), b = listener(), other = caller();
	struct message own;

	hand(&a, 0, &a.said);
	check_over(&a, ALTAIR_E_TAMPERED);
	hand(&b, 0, &other.said);
	own = b.said;
	hand(&b, 0, &own);
	check_over(&b, ALTAIR_E_TAMPERED);
	leave(&a);
	leave(&b);
	leave(&other);
}

/* failures 86: dressed up as what should come: share back as share, then the
 * listener's confirmation of it all as the caller's. */
static void reflection_in_another_dress(void)
{
	struct side a = caller(), b = listener(), c = caller();
	struct message forged = {.len = 67 + 32 + 16};

	memcpy(forged.bytes, a.said.bytes, 67);
	forged.bytes[1] = 2;
	hand(&a, 0, &forged);
	check_over(&a, ALTAIR_E_SECRET);
	hand(&b, 0, &c.said);
	forged.bytes[0] = b.said.bytes[0];
	forged.bytes[1] = 3;
	forged.len = b.said.len - ALTAIR_PAKE_POINT;
	memcpy(forged.bytes + 2, b.said.bytes + 67, forged.len - 2);
	hand(&b, 0, &forged);
	check_over(&b, ALTAIR_E_SECRET);
	CHECK_EQ(a.introduced + b.introduced, 0);
	leave(&a);
	leave(&b);
	leave(&c);
}

/* failures 86: two callers, two listeners. */
static void swapped_roles(void)
{
	struct side a = caller(), c = caller(), b = listener(), d = listener();

	hand(&a, 0, &c.said);
	check_over(&a, ALTAIR_E_TAMPERED);
	hand(&b, 0, &c.said);
	hand(&d, 0, &b.said);
	check_over(&d, ALTAIR_E_TAMPERED);
	CHECK_EQ(d.spent, 0);
	leave(&a);
	leave(&b);
	leave(&c);
	leave(&d);
}

/* failures 86: the same secret, met somewhere else. */
static void another_room(void)
{
	struct side a = caller();
	struct side b = with_context(ALTAIR_MEET_LISTENER, "altair 1 code 8");

	hand(&b, 0, &a.said);
	hand(&a, 0, &b.said);
	check_over(&a, ALTAIR_E_SECRET);
	hand(&b, 0, &a.said);
	check_over(&b, ALTAIR_E_SECRET);
	leave(&a);
	leave(&b);
}

/* Even where the slow hash made the same of both. */
static int deaf(void *user, altair_bytes secret, altair_bytes salt,
		uint8_t w[ALTAIR_PAKE_SCALAR])
{
	(void)salt;
	return quick(user, secret, (altair_bytes){0}, w);
}

static void another_room_without_salt(void)
{
	altair_pake pake = *quick_pake();
	altair_meet_config config = config_of(ALTAIR_MEET_CALLER);
	struct side a, b;

	pake.stretch = deaf;
	config.pake = &pake;
	a = side_of(&config);
	config.role = ALTAIR_MEET_LISTENER;
	config.context = text("altair 1 code 8");
	b = side_of(&config);
	hand(&b, 0, &a.said);
	hand(&a, 0, &b.said);
	check_over(&a, ALTAIR_E_SECRET);
	leave(&a);
	leave(&b);
}

/* failures 86: what was said in one meeting is worth nothing in the next, of the same
 * two with the same secret. */
static void replay_of_another_meeting(void)
{
	struct side a = caller(), b = listener(), c = caller(), d = listener();
	struct message share = a.said, answer, proof;

	hand(&b, 0, &share);
	answer = b.said;
	hand(&a, 0, &answer);
	proof = a.said;
	hand(&b, 0, &proof);
	CHECK_EQ(a.introduced + b.introduced, 2);
	hand(&c, 0, &answer);
	check_over(&c, ALTAIR_E_SECRET);
	hand(&d, 0, &share);
	CHECK(memcmp(d.said.bytes, answer.bytes, answer.len) != 0);
	hand(&d, 0, &proof);
	check_over(&d, ALTAIR_E_SECRET);
	leave(&a);
	leave(&b);
	leave(&c);
	leave(&d);
}

/* failures 86: every bit of every message counts, identities included. */
static void every_bit_counts(void)
{
	size_t lens[3] = {0};

	for (unsigned which = 0, bit = 0; which < 3;) {
		struct side a = caller(), b = listener();
		struct side *heard = which == 1 ? &a : &b;

		if (which > 0)
			hand(&b, 0, &a.said);
		if (which == 2)
			hand(&a, 0, &b.said);
		lens[which] = which == 1 ? b.said.len : a.said.len;
		if (which == 1) {
			b.said.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			hand(&a, 0, &b.said);
		} else {
			a.said.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			hand(&b, 0, &a.said);
		}
		/* Of a share that is changed a point may come: then the answer
		 * to it is no good. */
		if (heard->failed == 0)
			hand(&a, 0, &b.said);
		CHECK_EQ(heard->introduced, 0);
		CHECK(a.failed == 1 || b.failed == 1);
		CHECK(which == 2 || a.introduced == 0);
		leave(&a);
		leave(&b);
		bit += which == 0 ? 7 : 1;
		if (bit >= 8 * lens[which])
			which++, bit = 0;
	}
}

/* failures 87: as messages. */
static void shares_that_are_none(void)
{
	static const uint8_t firsts[] = {0, 1, 2, 3, 4, 5, 6, 7, 255};

	for (size_t i = 0; i < sizeof firsts; i++) {
		struct side a = caller(), b = listener();
		struct message bad = {.bytes = {0xf5, 1}, .len = 67};

		bad.bytes[2] = firsts[i];
		hand(&b, 0, &bad);
		check_over(&b, ALTAIR_E_TAMPERED);
		CHECK_EQ(b.times, 0);
		CHECK_EQ(b.spent, 0);
		bad.bytes[1] = 2;
		bad.len = 67 + 32 + 16;
		hand(&a, 0, &bad);
		check_over(&a, ALTAIR_E_TAMPERED);
		CHECK_EQ(a.times, 1);
		leave(&a);
		leave(&b);
	}
}

/* Every length of every kind, in every state: the end, and nothing given away. */
static void lengths_and_kinds(void)
{
	for (unsigned kind = 0; kind < 8; kind++) {
		for (size_t len = 0; len < MESSAGE_MAX; len += 1 + len / 8) {
			struct side a = caller(), b = listener();
			struct side c = caller(), d = listener();
			struct message junk = {.bytes = {0xf5, (uint8_t)kind},
					       .len = len};

			hand(&a, 0, &junk);
			hand(&b, 0, &junk);
			CHECK_EQ(a.failed + b.failed, 2);
			hand(&d, 0, &c.said);
			hand(&d, 0, &junk);
			CHECK_EQ(d.failed, 1);
			CHECK_EQ(a.introduced + b.introduced + d.introduced, 0);
			leave(&a);
			leave(&b);
			leave(&c);
			leave(&d);
		}
	}
}

/* --- envelopes ----------------------------------------------------------- */

static void spoilt(void (*spoil)(struct side *a, struct side *b))
{
	struct side a = caller(), b = listener();

	introduce(&a, &b);
	spoil(&a, &b);
	check_over(&b, ALTAIR_E_TAMPERED);
	leave(&a);
	leave(&b);
}

static void repeated(struct side *a, struct side *b)
{
	struct message m = envelope(a, "once");

	CHECK_STR(opened(b, &m), "once");
	CHECK(opened(b, &m) == NULL);
}

static void reordered(struct side *a, struct side *b)
{
	struct message second;

	envelope(a, "first");
	second = envelope(a, "second");
	CHECK(opened(b, &second) == NULL);
}

static void turned_back(struct side *a, struct side *b)
{
	struct message m = envelope(b, "hello");

	(void)a;
	CHECK(opened(b, &m) == NULL);
}

static void renumbered(struct side *a, struct side *b)
{
	struct message second;

	envelope(a, "first");
	second = envelope(a, "second");
	memset(second.bytes + 2, 0, 8);
	CHECK(opened(b, &second) == NULL);
}

static void cut(struct side *a, struct side *b)
{
	struct message m = envelope(a, "hello");

	m.len--;
	CHECK(opened(b, &m) == NULL);
}

static void too_short(struct side *a, struct side *b)
{
	struct message m = envelope(a, "");

	m.len = 2 + 8 + 15;
	CHECK(opened(b, &m) == NULL);
}

static void proof_again(struct side *a, struct side *b)
{
	hand(b, 0, &a->said);
}

static void envelopes_in_wrong_hands(void)
{
	spoilt(repeated);
	spoilt(reordered);
	spoilt(turned_back);
	spoilt(renumbered);
	spoilt(cut);
	spoilt(too_short);
	spoilt(proof_again);
}

static void every_bit_of_an_envelope(void)
{
	for (unsigned bit = 0; bit < 8 * (10 + 3 + 16); bit++) {
		struct side a = caller(), b = listener();
		struct message m;

		introduce(&a, &b);
		m = envelope(&a, "abc");
		m.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(opened(&b, &m) == NULL);
		check_over(&b, ALTAIR_E_TAMPERED);
		leave(&a);
		leave(&b);
	}
}

/* --- what the tables cannot do ------------------------------------------- */

static int no_memory_left;

static int scarce_hkdf(void *user, altair_bytes key, altair_bytes salt,
		       altair_bytes info, uint8_t *out)
{
	if (no_memory_left-- == 0)
		return ALTAIR_E_MEMORY;
	return altair_openssl_pake()->hkdf(user, key, salt, info, out);
}

static int scarce_seal(void *user, const altair_pake_seal *how, uint8_t *bytes,
		       size_t len)
{
	if (no_memory_left-- == 0)
		return ALTAIR_E_MEMORY;
	return altair_openssl_pake()->seal(user, how, bytes, len);
}

static int scarce_open(void *user, const altair_pake_seal *how, uint8_t *bytes,
		       size_t len)
{
	if (no_memory_left-- == 0)
		return ALTAIR_E_MEMORY;
	return altair_openssl_pake()->open(user, how, bytes, len);
}

static int scarce_finish(void *user, const altair_pake_side *side,
			 const uint8_t *peer, uint8_t *out)
{
	if (no_memory_left-- == 0)
		return ALTAIR_E_MEMORY;
	return altair_openssl_pake()->finish(user, side, peer, out);
}

/* Every call that may fail fails once: the machine says so, and nobody is
 * introduced by halves. */
static void without_memory(void)
{
	altair_pake pake = *quick_pake();
	altair_meet_config configs[2] = {config_of(ALTAIR_MEET_CALLER),
					 config_of(ALTAIR_MEET_LISTENER)};
	unsigned failures = 0;

	pake.hkdf = scarce_hkdf;
	pake.seal = scarce_seal;
	pake.open = scarce_open;
	pake.finish = scarce_finish;
	for (int n = 0; n < 40; n++) {
		struct side a, b;

		configs[n % 2].pake = &pake;
		configs[1 - n % 2].pake = quick_pake();
		no_memory_left = n / 2;
		a = side_of(&configs[0]);
		b = side_of(&configs[1]);
		hand(&b, 0, &a.said);
		hand(&a, 0, &b.said);
		hand(&b, 0, &a.said);
		if (no_memory_left < 0) {
			struct side *poor = n % 2 ? &b : &a;

			failures++;
			check_over(poor, ALTAIR_E_MEMORY);
			CHECK_EQ(poor->introduced, 0);
		} else {
			CHECK_EQ(a.introduced + b.introduced, 2);
		}
		leave(&a);
		leave(&b);
	}
	CHECK_EQ(failures, 18);
}

static int no_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	memset(out, 0, len);
	return ALTAIR_E_RANDOM;
}

static void without_random_numbers(void)
{
	static _Alignas(max_align_t) uint8_t memory[16384];
	altair_crypto crypto = *altair_openssl();
	altair_meet_config config = config_of(ALTAIR_MEET_CALLER);
	altair_meet *meet;

	crypto.random = no_random;
	config.crypto = &crypto;
	CHECK_EQ(altair_meet_init(&meet, memory, sizeof memory, &config, 0),
		 ALTAIR_E_RANDOM);
}

static const struct check_test tests[] = {
	TEST(both_are_introduced),
	TEST(each_meeting_is_another),
	TEST(with_the_slow_hash),
	TEST(envelopes_go_both_ways),
	TEST(an_envelope_with_the_proof),
	TEST(an_identity_may_change_until_it_is_sealed),
	TEST(the_longest_of_all),
	TEST(configurations_that_are_none),
	TEST(another_secret),
	TEST(one_guess_is_all),
	TEST(a_caller_takes_one_answer),
	TEST(nothing_of_the_secret_is_sent),
	TEST(nothing_is_wrapped_before),
	TEST(a_peer_who_never_confirms),
	TEST(a_listener_who_never_answers),
	TEST(secrets_are_wiped),
	TEST(secrets_are_wiped_by_failure),
	TEST(reflection),
	TEST(reflection_in_another_dress),
	TEST(swapped_roles),
	TEST(another_room),
	TEST(another_room_without_salt),
	TEST(replay_of_another_meeting),
	TEST(every_bit_counts),
	TEST(shares_that_are_none),
	TEST(lengths_and_kinds),
	TEST(envelopes_in_wrong_hands),
	TEST(every_bit_of_an_envelope),
	TEST(without_memory),
	TEST(without_random_numbers),
};
CHECK_MAIN(tests)
