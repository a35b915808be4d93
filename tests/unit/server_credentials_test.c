/* Guessing: what it costs us, what it tells, whom it locks out. */
#include "server_world.h"

/* Everything that the hashes are asked to do. */
static struct work {
	char function;
	size_t key_len, len;
} work[256];
static size_t works;

static void note(char function, altair_bytes key, const altair_bytes *parts,
		 size_t count)
{
	struct work *next = &work[works++ % 256];

	*next = (struct work){.function = function, .key_len = key.len};
	for (size_t i = 0; i < count; i++)
		next->len += parts[i].len;
}

static void noted_sha1(void *user, altair_bytes key, const altair_bytes *parts,
		       size_t count, uint8_t out[20])
{
	note('1', key, parts, count);
	altair_openssl()->hmac_sha1(user, key, parts, count, out);
}

static void noted_sha256(void *user, altair_bytes key,
			 const altair_bytes *parts, size_t count,
			 uint8_t out[32])
{
	note('2', key, parts, count);
	altair_openssl()->hmac_sha256(user, key, parts, count, out);
}

static void noted_md5(void *user, const altair_bytes *parts, size_t count,
		      uint8_t out[16])
{
	note('5', (altair_bytes){NULL, 0}, parts, count);
	altair_openssl()->md5(user, parts, count, out);
}

static void noted_digest(void *user, const altair_bytes *parts, size_t count,
			 uint8_t out[32])
{
	note('d', (altair_bytes){NULL, 0}, parts, count);
	altair_openssl()->sha256(user, parts, count, out);
}

static altair_server_config noted_config(bool with_secrets)
{
	static altair_bytes secrets[2];
	altair_server_config c = config();

	w.crypto.hmac_sha1 = noted_sha1;
	w.crypto.hmac_sha256 = noted_sha256;
	w.crypto.md5 = noted_md5;
	w.crypto.sha256 = noted_digest;
	secrets[0] = text("one secret");
	secrets[1] = text("another");
	c.rest_secrets = secrets;
	c.rest_secret_count = with_secrets ? 2 : 0;
	c.unix_time = 1790000000;
	return c;
}

/* One who asks in one of six ways. */
static void be_asking(unsigned how, const char *user, const char *password)
{
	be(ME, user);
	me.password = password;
	me.algorithm = (uint16_t)(how % 3);
	me.hides_name = how / 3;
}

/* Sends what is signed and notes only what the server does with it. */
static int refused(void)
{
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	sign();
	works = 0;
	return answer_to_it();
}

static void check_same(const struct work *one, const struct work *other)
{
	CHECK_EQ(one->function, other->function);
	CHECK_EQ(one->key_len, other->key_len);
	CHECK_EQ(one->len, other->len);
}

/* The work and the answer of what is refused are the same. */
static void compare(unsigned how, const char *const names[2],
		    const char *const passwords[2])
{
	struct work first[256];
	size_t count = 0, len = 0;

	for (int i = 0; i < 2; i++) {
		be_asking(how, names[i], passwords[i]);
		get_challenged();
		CHECK_EQ(refused(), 401);
		CHECK(works > 0 && works < 256);
		CHECK(i == 0 || (works == count && last()->len == len));
		for (size_t k = 0; i > 0 && k < count; k++)
			check_same(&work[k], &first[k]);
		memcpy(first, work, sizeof first);
		count = works;
		len = last()->len;
		wait_seconds(61); /* not to be taken for a guesser */
	}
}

static void unknown_names_and_wrong_passwords_cost_the_same(void)
{
	static const char *const wrong[2] = {"wrong", "wrong"};
	static const char *const names[2] = {"user", "resu"};

	for (unsigned how = 0; how < 12; how++) {
		altair_server_config c = noted_config(how >= 6);

		begin(&c);
		compare(how % 6, names, wrong);
	}
}

/* While a source waits, the right password costs what a wrong one does, too. */
static void waiting_tells_nothing(void)
{
	static const char *const names[3][2] = {
		{"user", "user"}, {"user", "resu"}, {"resu", "user"}};
	static const char *const passwords[3][2] = {
		{"pass", "wrong"}, {"pass", "wrong"}, {"wrong", "pass"}};
	altair_server_config c = noted_config(false);

	begin(&c);
	be(ME, "user");
	me.password = "guess";
	for (int i = 0; i < 10 * 8; i++) {
		get_challenged();
		CHECK_EQ(allocate(), 401);
		if (i % 10 == 9)
			wait_seconds(600);
	}
	for (int i = 0; i < 10; i++) {
		get_challenged();
		CHECK_EQ(allocate(), 401);
	}
	for (unsigned i = 0; i < 3; i++)
		compare(i, names[i], passwords[i]);
	CHECK_EQ(stats().allocations, 0);
}

/* --- who is locked out --------------------------------------------------- */

static void guess(const char *from, const char *user, unsigned times)
{
	be(from, user);
	me.password = "guess";
	for (unsigned i = 0; i < times; i++) {
		get_challenged();
		CHECK_EQ(allocate(), 401);
	}
}

/* 0 for who is let in; what there is is given back. */
static int try(const char *from, const char *user)
{
	int code;

	be(from, user);
	get_challenged();
	code = allocate();
	if (code == 0)
		CHECK_EQ(refresh(0), 0);
	return code;
}

static void a_guesser_locks_out_nobody_who_is_known_there(void)
{
	begin_default();
	CHECK_EQ(try("203.0.113.5:1000", "other"), 0);
	guess("203.0.113.5:2000", "user", 10);
	CHECK_EQ(try("203.0.113.5:2000", "user"), 401);
	/* One who has been there before, on another port. */
	CHECK_EQ(try("203.0.113.5:3000", "other"), 0);
	/* One who has not, and the same one from elsewhere. */
	CHECK_EQ(try("203.0.113.5:4000", "third"), 401);
	CHECK_EQ(try("203.0.113.6:4000", "third"), 0);
	/* Who is known is guessed at ten times as well, and alone. */
	guess("203.0.113.5:2000", "other", 10);
	CHECK_EQ(try("203.0.113.5:3000", "other"), 401);
	wait_seconds(31);
	CHECK_EQ(try("203.0.113.5:3000", "other"), 0);
	CHECK_EQ(try("203.0.113.5:4000", "third"), 0);
}

/* UDP repeats what is not answered. */
static void a_repeated_request_is_one_guess(void)
{
	begin_default();
	be(ME, "user");
	get_challenged();
	for (int i = 0; i < 9; i++) {
		me.password = "typed wrong";
		CHECK_EQ(allocate(), 401);
		for (int k = 0; k < 7; k++)
			deliver(0, me.from, me.request, 0);
		take_nonce();
	}
	me.password = "pass";
	CHECK_EQ(allocate(), 0);
	CHECK_EQ(stats().throttled, 0);
}

/* What one has is no window to what others have. */
static void who_has_an_allocation_guesses_no_more_than_others(void)
{
	begin_default();
	arrive(ME, "user");
	me.user = "other";
	me.password = "guess";
	for (int i = 0; i < 10; i++)
		CHECK_EQ(refresh(600), 401);
	me.password = "pass";
	CHECK_EQ(refresh(600), 401); /* it would be 441 */
	me.user = "user";
	CHECK_EQ(refresh(600), 0);
}

/* A nonce of nobody, of another address, of long ago: no word on passwords. */
static void without_a_nonce_of_ours_nothing_is_told(void)
{
	static const char *const passwords[] = {"pass", "wrong"};
	altair_server_config c = noted_config(false);

	begin(&c);
	for (int i = 0; i < 40; i++) {
		be(ME, i % 4 < 2 ? "user" : "resu");
		get_challenged();
		me.from = OTHER;
		me.password = passwords[i % 2];
		CHECK_EQ(refused(), 438);
		/* The nonce that was shown and the one that is given. */
		CHECK_EQ(works, 2);
	}
	CHECK_EQ(try(OTHER, "user"), 0); /* and nobody is punished for it */
}

static const struct check_test tests[] = {
	TEST(unknown_names_and_wrong_passwords_cost_the_same),
	TEST(waiting_tells_nothing),
	TEST(a_guesser_locks_out_nobody_who_is_known_there),
	TEST(a_repeated_request_is_one_guess),
	TEST(who_has_an_allocation_guesses_no_more_than_others),
	TEST(without_a_nonce_of_ours_nothing_is_told),
};

CHECK_MAIN(tests)
