/* The client of a rendezvous server: what it says, what it tells, how it comes back. */
#include "rendezvous_world.h"

#include <altair/visit.h>

static altair_visit *v;
static void *mem;
static altair_time now;
static altair_visit_output out;
static altair_visit_config config;

static int toy_signs(void *user, altair_bytes message, uint8_t *to, size_t cap)
{
	(void)cap;
	toy_sign(world_text(user), message, to);
	return 32;
}

static void prepare(void)
{
	static char key[] = "key";

	altair_visit_config_default(&config);
	config.crypto = &toy_crypto;
	config.spki = world_text(key);
	config.sign = toy_signs;
	config.sign_user = key;
	now = ALTAIR_SEC(50);
	toy_state = 7;
}

static altair_visit *visit_new(void **memory)
{
	size_t len = altair_visit_size(&config);
	altair_visit *made;

	CHECK(len > 0);
	*memory = malloc(len);
	CHECK(*memory);
	CHECK_EQ(altair_visit_init(&made, *memory, len, &config, now), 0);
	return made;
}

static void expect(enum altair_visit_step step)
{
	CHECK_EQ(altair_visit_poll(v, &out), step);
}

static void expect_note(enum altair_note_type type)
{
	expect(ALTAIR_VISIT_NOTE);
	CHECK_EQ(out.note.type, type);
}

static enum altair_visit_verdict take(const altair_note *note)
{
	uint32_t mailbox = ALTAIR_VISIT_NONE;

	return altair_visit_take(v, now, note, &mailbox);
}

static void welcome(void)
{
	altair_note note = {.type = ALTAIR_NOTE_WELCOME};

	altair_visit_opened(v, now);
	expect(ALTAIR_VISIT_WAIT);
	memset(note.nonce, 3, sizeof note.nonce);
	CHECK_EQ(take(&note), ALTAIR_VISIT_SERVERS);
	expect(ALTAIR_VISIT_ONLINE);
}

static void go_online(void)
{
	prepare();
	v = visit_new(&mem);
	expect(ALTAIR_VISIT_CONNECT);
	welcome();
}

static altair_note about(const altair_note *asked, enum altair_note_type type)
{
	altair_note note = {.type = type, .has_token = true};

	memcpy(note.token, asked->token, sizeof note.token);
	memset(note.mailbox, 9, sizeof note.mailbox);
	return note;
}

static void a_listener_is_joined_and_hears(void)
{
	altair_note note, hello;
	uint32_t mailbox = 77;
	int room;

	go_online();
	room = altair_visit_listen(v, now);
	CHECK_EQ(room, 0);
	expect_note(ALTAIR_NOTE_LISTEN);
	note = about(&out.note, ALTAIR_NOTE_NAMEPLATE);
	note.nameplate = 12;
	note.seconds = 600;
	take(&note);
	expect(ALTAIR_VISIT_NAMEPLATE);
	CHECK_EQ(out.nameplate, 12);
	CHECK_EQ(out.seconds, 600);
	expect(ALTAIR_VISIT_WAIT);
	hello = about(&note, ALTAIR_NOTE_MESSAGE);
	hello.number = 1;
	hello.body = world_text("hello");
	CHECK_EQ(take(&hello), ALTAIR_VISIT_TAKEN); /* nobody has joined */
	note.type = ALTAIR_NOTE_JOINED;
	take(&note);
	expect(ALTAIR_VISIT_JOINED);
	CHECK_EQ(altair_visit_take(v, now, &hello, &mailbox),
		 ALTAIR_VISIT_BODY);
	CHECK_EQ(mailbox, 0);
	expect_note(ALTAIR_NOTE_ACK);
	CHECK_EQ(out.note.number, 1);
	/* Double, and out of order: acknowledged, not told. */
	CHECK_EQ(take(&hello), ALTAIR_VISIT_TAKEN);
	expect_note(ALTAIR_NOTE_ACK);
	hello.number = 3;
	CHECK_EQ(take(&hello), ALTAIR_VISIT_TAKEN);
	expect_note(ALTAIR_NOTE_ACK);
	CHECK_EQ(out.note.number, 1);
	free(mem);
}

static void what_is_not_acknowledged_goes_again(void)
{
	altair_note note, ack;

	go_online();
	altair_visit_claim(v, now, 5, world_text("one"));
	expect_note(ALTAIR_NOTE_CLAIM);
	CHECK_EQ(out.note.nameplate, 5);
	CHECK_EQ(out.note.body.len, 3);
	note = about(&out.note, ALTAIR_NOTE_JOINED);
	take(&note);
	expect(ALTAIR_VISIT_JOINED);
	CHECK_EQ(altair_visit_send(v, now, 0, world_text("two")), 0);
	expect_note(ALTAIR_NOTE_SEND);
	CHECK_EQ(out.note.number, 2);
	expect(ALTAIR_VISIT_WAIT);
	CHECK(out.deadline == now + ALTAIR_SEC(2));
	now = out.deadline;
	altair_visit_tick(v, now);
	expect_note(ALTAIR_NOTE_CLAIM); /* message 1 is in it, always */
	expect_note(ALTAIR_NOTE_SEND);
	expect(ALTAIR_VISIT_WAIT);
	ack = about(&note, ALTAIR_NOTE_ACK);
	ack.number = 7; /* of the future: nonsense */
	take(&ack);
	CHECK_EQ(altair_visit_pending(v, 0), 2);
	ack.number = 1;
	take(&ack);
	CHECK_EQ(altair_visit_pending(v, 0), 1);
	now += ALTAIR_SEC(2);
	altair_visit_tick(v, now);
	expect_note(ALTAIR_NOTE_SEND);
	CHECK_EQ(out.note.number, 2);
	CHECK_MEM(out.note.body.data, "two", 3);
	ack.number = 2;
	take(&ack);
	expect(ALTAIR_VISIT_ACKED);
	expect(ALTAIR_VISIT_WAIT);
	CHECK(out.deadline == ALTAIR_NEVER);
	free(mem);
}

static void a_lost_connection_is_resumed(void)
{
	altair_note note;

	go_online();
	altair_visit_claim(v, now, 5, world_text("one"));
	expect_note(ALTAIR_NOTE_CLAIM);
	note = about(&out.note, ALTAIR_NOTE_JOINED);
	take(&note);
	expect(ALTAIR_VISIT_JOINED);
	altair_visit_lost(v, now);
	expect(ALTAIR_VISIT_OFFLINE);
	expect(ALTAIR_VISIT_WAIT);
	CHECK(out.deadline <= now + ALTAIR_SEC(6));
	altair_visit_hurry(v, now);
	expect(ALTAIR_VISIT_CONNECT);
	welcome();
	expect_note(ALTAIR_NOTE_RESUME);
	CHECK(out.note.is_caller);
	CHECK_EQ(out.note.mailbox[0], 9);
	CHECK_MEM(out.note.token, note.token, 16);
	take(&note);
	expect_note(ALTAIR_NOTE_CLAIM); /* number 1 is still pending */
	/* The answer to that sets off nothing more. */
	take(&note);
	expect(ALTAIR_VISIT_WAIT);
	free(mem);
}

static void a_listener_gets_its_nameplate_back(void)
{
	altair_note note;

	go_online();
	altair_visit_listen(v, now);
	expect_note(ALTAIR_NOTE_LISTEN);
	note = about(&out.note, ALTAIR_NOTE_NAMEPLATE);
	note.nameplate = 12;
	take(&note);
	expect(ALTAIR_VISIT_NAMEPLATE);
	altair_visit_lost(v, now);
	altair_visit_hurry(v, now);
	expect(ALTAIR_VISIT_OFFLINE);
	expect(ALTAIR_VISIT_CONNECT);
	welcome();
	expect_note(ALTAIR_NOTE_RESUME);
	CHECK(!out.note.is_caller);
	CHECK_EQ(out.note.nameplate, 12);
	take(&note);
	expect(ALTAIR_VISIT_WAIT); /* nothing new in it */
	free(mem);
}

static void refusals_are_told_and_end_it(void)
{
	static const enum altair_refusal final[] = {
		ALTAIR_REFUSED_NO_SUCH_NAMEPLATE, ALTAIR_REFUSED_USED,
		ALTAIR_REFUSED_EXPIRED, ALTAIR_REFUSED_LIMIT,
		ALTAIR_REFUSED_NOT_ALLOWED};

	for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
		altair_note note;

		go_online();
		altair_visit_claim(v, now, 5, world_text("one"));
		expect_note(ALTAIR_NOTE_CLAIM);
		note = about(&out.note, ALTAIR_NOTE_ERROR);
		note.refusal = final[i];
		note.seconds = 9;
		take(&note);
		expect(ALTAIR_VISIT_REFUSED);
		CHECK_EQ(out.refusal, final[i]);
		CHECK_EQ(out.seconds, 9);
		CHECK_EQ(out.mailbox, 0);
		expect(ALTAIR_VISIT_WAIT);
		CHECK_EQ(altair_visit_send(v, now, 0, world_text("x")),
			 ALTAIR_E_STATE);
		CHECK_EQ(altair_visit_listen(v, now), 0); /* free again */
		free(mem);
	}
}

static void busy_is_tried_again_for_a_while(void)
{
	altair_time start;

	go_online();
	start = now;
	altair_visit_claim(v, now, 5, world_text("one"));
	for (;;) {
		altair_note note;

		if (altair_visit_poll(v, &out) == ALTAIR_VISIT_REFUSED)
			break;
		CHECK_EQ(out.note.type, ALTAIR_NOTE_CLAIM);
		note = about(&out.note, ALTAIR_NOTE_ERROR);
		note.refusal = ALTAIR_REFUSED_BUSY;
		note.seconds = 2;
		take(&note);
		if (altair_visit_poll(v, &out) == ALTAIR_VISIT_REFUSED)
			break;
		CHECK(out.deadline == now + ALTAIR_SEC(2));
		now = out.deadline;
		altair_visit_tick(v, now);
	}
	CHECK_EQ(out.refusal, ALTAIR_REFUSED_BUSY);
	CHECK(now - start >= ALTAIR_SEC(70) && now - start <= ALTAIR_SEC(75));
	free(mem);
}

static void presence_is_signed_for_each_welcome(void)
{
	altair_note note = {.type = ALTAIR_NOTE_PRESENT};

	go_online();
	CHECK_EQ(altair_visit_present(v, now), 0);
	expect_note(ALTAIR_NOTE_PRESENT);
	CHECK_EQ(out.note.spki.len, 3);
	CHECK_EQ(out.note.signature.len, 32);
	take(&note);
	expect(ALTAIR_VISIT_PRESENT);
	altair_visit_lost(v, now);
	altair_visit_hurry(v, now);
	expect(ALTAIR_VISIT_OFFLINE);
	expect(ALTAIR_VISIT_CONNECT);
	welcome();
	expect_note(ALTAIR_NOTE_PRESENT);
	note = (altair_note){.type = ALTAIR_NOTE_ERROR,
			     .refusal = ALTAIR_REFUSED_NOT_ALLOWED};
	take(&note);
	expect(ALTAIR_VISIT_REFUSED);
	CHECK_EQ(out.mailbox, ALTAIR_VISIT_NONE);
	free(mem);
}

static void a_call_comes_and_goes(void)
{
	altair_note note = {.type = ALTAIR_NOTE_CALLED, .has_token = true};

	go_online();
	memset(note.token, 4, sizeof note.token);
	memset(note.pair, 5, sizeof note.pair);
	take(&note);
	expect(ALTAIR_VISIT_CALLED);
	CHECK_EQ(out.pair[0], 5);
	take(&note); /* again: the same one */
	expect(ALTAIR_VISIT_WAIT);
	altair_visit_close(v, now, 0, true);
	expect_note(ALTAIR_NOTE_CLOSE);
	CHECK(out.note.failed);
	CHECK_EQ(out.note.token[0], 4);
	expect(ALTAIR_VISIT_WAIT);
	/* Five at once: there is room for four. */
	for (uint8_t i = 0; i < 5; i++) {
		memset(note.token, 10 + i, sizeof note.token);
		take(&note);
	}
	for (int i = 0; i < 4; i++)
		expect(ALTAIR_VISIT_CALLED);
	expect(ALTAIR_VISIT_WAIT);
	note.type = ALTAIR_NOTE_GONE;
	note.failed = true;
	memset(note.token, 11, sizeof note.token);
	take(&note);
	expect(ALTAIR_VISIT_GONE);
	CHECK_EQ(out.mailbox, 1);
	CHECK(out.failed);
	free(mem);
}

static void who_acknowledges_nothing_is_gone(void)
{
	altair_time start;
	altair_note note;

	go_online();
	altair_visit_claim(v, now, 5, world_text("one"));
	expect_note(ALTAIR_NOTE_CLAIM);
	note = about(&out.note, ALTAIR_NOTE_JOINED);
	take(&note);
	expect(ALTAIR_VISIT_JOINED);
	start = now;
	while (altair_visit_poll(v, &out) != ALTAIR_VISIT_GONE) {
		CHECK(now < start + ALTAIR_SEC(80));
		if (out.note.type)
			continue;
		now = out.deadline;
		altair_visit_tick(v, now);
	}
	CHECK(now >= start + ALTAIR_SEC(75));
	free(mem);
}

static void the_window_has_an_end(void)
{
	static uint8_t body[ALTAIR_NOTE_BODY_MAX + 1];

	go_online();
	altair_visit_listen(v, now);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(altair_visit_send(v, now, 0, world_text("x")), 0);
	CHECK_EQ(altair_visit_send(v, now, 0, world_text("x")), ALTAIR_E_FULL);
	altair_visit_listen(v, now);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(altair_visit_send(
				 v, now, 1,
				 (altair_bytes){body, ALTAIR_NOTE_BODY_MAX}),
			 0);
	CHECK_EQ(altair_visit_send(v, now, 1, world_text("x")), ALTAIR_E_FULL);
	CHECK_EQ(altair_visit_send(v, now, 2, world_text("x")), ALTAIR_E_STATE);
	CHECK_EQ(altair_visit_claim(v, now, 5,
				    (altair_bytes){body, sizeof body}),
		 ALTAIR_E_TOO_LONG);
	CHECK_EQ(altair_visit_claim(v, now, 0, world_text("x")),
		 ALTAIR_E_INVALID);
	altair_visit_listen(v, now);
	altair_visit_listen(v, now);
	CHECK_EQ(altair_visit_listen(v, now), ALTAIR_E_FULL);
	free(mem);
}

static void a_server_without_welcome_is_left(void)
{
	prepare();
	v = visit_new(&mem);
	expect(ALTAIR_VISIT_CONNECT);
	altair_visit_opened(v, now);
	expect(ALTAIR_VISIT_WAIT);
	CHECK(out.deadline == now + ALTAIR_SEC(10));
	now = out.deadline;
	altair_visit_tick(v, now);
	expect(ALTAIR_VISIT_DISCONNECT);
	expect(ALTAIR_VISIT_WAIT);
	CHECK(out.deadline > now && out.deadline <= now + ALTAIR_SEC(6));
	free(mem);
}

static void a_bye_says_when_to_come_again(void)
{
	altair_note bye = {.type = ALTAIR_NOTE_BYE, .seconds = 30};

	for (int i = 0; i < 50; i++) {
		go_online();
		toy_state = (uint64_t)i;
		take(&bye);
		expect(ALTAIR_VISIT_DISCONNECT);
		expect(ALTAIR_VISIT_OFFLINE);
		expect(ALTAIR_VISIT_WAIT);
		CHECK(out.deadline >= now + ALTAIR_SEC(15));
		CHECK(out.deadline <= now + ALTAIR_SEC(45));
		free(mem);
	}
	/* Idle: it stays away until there is something to do. */
	go_online();
	bye.seconds = 0;
	take(&bye);
	expect(ALTAIR_VISIT_DISCONNECT);
	expect(ALTAIR_VISIT_OFFLINE);
	expect(ALTAIR_VISIT_WAIT);
	CHECK(out.deadline == ALTAIR_NEVER);
	altair_visit_listen(v, now);
	expect(ALTAIR_VISIT_CONNECT);
	free(mem);
}

#define CROWD 5000

static struct {
	altair_visit *v;
	void *mem;
	altair_time next;
	bool is_back;
} crowd[CROWD];

/* What one of the crowd wants, while the server is up or not. */
static void serve(size_t i, bool is_up, unsigned *connects)
{
	altair_note hello = {.type = ALTAIR_NOTE_WELCOME};
	enum altair_visit_step step;
	uint32_t mailbox;

	while ((step = altair_visit_poll(crowd[i].v, &out)) !=
	       ALTAIR_VISIT_WAIT) {
		if (step != ALTAIR_VISIT_CONNECT)
			continue;
		(*connects)++;
		if (!is_up) {
			altair_visit_lost(crowd[i].v, now);
			continue;
		}
		altair_visit_opened(crowd[i].v, now);
		altair_visit_take(crowd[i].v, now, &hello, &mailbox);
		crowd[i].is_back = true;
	}
	crowd[i].next = out.deadline;
}

/* The server dies, and is up again after `down`: when all are back, and how many come
 * in the worst second. */
static altair_time stampede(altair_time down, unsigned *worst)
{
	altair_time death = now, second = now, last = 0;
	unsigned connects = 0, back = 0;

	for (size_t i = 0; i < CROWD; i++) {
		crowd[i].is_back = false;
		altair_visit_lost(crowd[i].v, now);
		serve(i, false, &connects);
	}
	for (*worst = 0; back < CROWD; now += ALTAIR_MSEC(20)) {
		CHECK(now < death + down + ALTAIR_SEC(120));
		if (now >= second + ALTAIR_SEC(1)) {
			*worst = connects > *worst ? connects : *worst;
			connects = 0;
			second = now;
		}
		for (size_t i = 0; i < CROWD; i++) {
			if (crowd[i].is_back || crowd[i].next > now)
				continue;
			altair_visit_tick(crowd[i].v, now);
			serve(i, now >= death + down, &connects);
			back += crowd[i].is_back;
			last = now;
		}
	}
	return last - death - down;
}

static void five_thousand_come_back_within_a_minute(void)
{
	static const unsigned downs[] = {0, 1, 5, 20, 120};

	prepare();
	for (size_t i = 0; i < CROWD; i++) {
		unsigned connects = 0;

		crowd[i].v = visit_new(&crowd[i].mem);
		altair_visit_listen(crowd[i].v, now);
		serve(i, true, &connects);
		CHECK(crowd[i].is_back);
	}
	for (size_t i = 0; i < sizeof downs / sizeof *downs; i++) {
		unsigned worst;
		altair_time last = stampede(ALTAIR_SEC(downs[i]), &worst);

		printf("# down %u s: all back %u ms after that, at most %u in "
		       "a second\n",
		       downs[i], (unsigned)(last / ALTAIR_MSEC(1)), worst);
		CHECK(last <= ALTAIR_SEC(60));
		CHECK(worst <= CROWD / 5);
	}
	for (size_t i = 0; i < CROWD; i++)
		free(crowd[i].mem);
}

static void bad_configurations(void)
{
	prepare();
	config.mailboxes_max = 65;
	CHECK_EQ(altair_visit_size(&config), 0);
	prepare();
	config.window_len = ALTAIR_NOTE_BODY_MAX - 1;
	CHECK_EQ(altair_visit_size(&config), 0);
	prepare();
	config.crypto = NULL;
	CHECK_EQ(altair_visit_size(&config), 0);
	prepare();
	config.spki.len = 0;
	v = visit_new(&mem);
	CHECK_EQ(altair_visit_present(v, now), ALTAIR_E_STATE);
	free(mem);
}

static const struct check_test tests[] = {
	TEST(a_listener_is_joined_and_hears),
	TEST(what_is_not_acknowledged_goes_again),
	TEST(a_lost_connection_is_resumed),
	TEST(a_listener_gets_its_nameplate_back),
	TEST(refusals_are_told_and_end_it),
	TEST(busy_is_tried_again_for_a_while),
	TEST(presence_is_signed_for_each_welcome),
	TEST(a_call_comes_and_goes),
	TEST(who_acknowledges_nothing_is_gone),
	TEST(the_window_has_an_end),
	TEST(a_server_without_welcome_is_left),
	TEST(a_bye_says_when_to_come_again),
	TEST(five_thousand_come_back_within_a_minute),
	TEST(bad_configurations),
};
CHECK_MAIN(tests)
