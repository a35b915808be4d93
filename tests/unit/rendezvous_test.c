/* The rendezvous server: what clients ask for, and what they are told. */
#include "rendezvous_world.h"

static struct world w;
static uint8_t mailbox[16];

static void two_meet_by_a_nameplate(void)
{
	uint32_t nameplate;

	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	world_join(&w, 1, 2);
	nameplate = world_listen(&w, 0, 1);
	CHECK(nameplate >= 1 && nameplate <= 9);
	CHECK_EQ(w.note.seconds, 600);
	world_claim(&w, 1, 2, nameplate);
	world_expect(&w, 0, ALTAIR_NOTE_JOINED);
	memcpy(mailbox, w.note.mailbox, 16);
	world_expect(&w, 0, ALTAIR_NOTE_MESSAGE);
	CHECK_EQ(w.note.number, 1);
	CHECK_EQ(w.note.token[0], 1);
	CHECK_EQ(w.note.body.len, 5);
	CHECK_MEM(w.note.body.data, "first", 5);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	CHECK_MEM(w.note.mailbox, mailbox, 16);
	CHECK_EQ(w.note.token[0], 2);
	world_send(&w, 0, 1, 1, "answer");
	world_expect(&w, 1, ALTAIR_NOTE_MESSAGE);
	CHECK_EQ(w.note.token[0], 2);
	CHECK_MEM(w.note.body.data, "answer", 6);
	world_silent(&w, 0);
	world_silent(&w, 1);
	world_close(&w);
}

static void acknowledgements_go_to_the_other_side(void)
{
	altair_note ack = world_note(ALTAIR_NOTE_ACK, 1);

	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	ack.number = 1;
	world_take(&w, 0, &ack);
	world_expect(&w, 1, ALTAIR_NOTE_ACK);
	CHECK_EQ(w.note.number, 1);
	CHECK_EQ(w.note.token[0], 2);
	world_close(&w);
}

static void a_nameplate_is_good_for_one_claim(void)
{
	uint32_t nameplate;

	world_default(&w);
	world_open(&w);
	nameplate = world_pair(&w, mailbox);
	world_join(&w, 2, 3);
	world_claim(&w, 2, 3, nameplate);
	world_refused(&w, 2, ALTAIR_REFUSED_USED);
	world_silent(&w, 0);
	/* Also when both have left: for ten minutes. */
	world_close_side(&w, 0, 1, true);
	world_expect(&w, 1, ALTAIR_NOTE_GONE);
	CHECK(w.note.failed);
	world_claim(&w, 2, 3, nameplate);
	world_refused(&w, 2, ALTAIR_REFUSED_USED);
	world_listen(&w, 2, 4); /* stays */
	world_pass(&w, ALTAIR_SEC(599));
	world_claim(&w, 2, 3, nameplate);
	world_refused(&w, 2, ALTAIR_REFUSED_USED);
	world_pass(&w, ALTAIR_SEC(2));
	world_expect(&w, 2, ALTAIR_NOTE_ERROR); /* its own has expired */
	world_claim(&w, 2, 3, nameplate);
	world_refused(&w, 2, ALTAIR_REFUSED_NO_SUCH_NAMEPLATE);
	world_close(&w);
}

static void a_wrong_nameplate_is_told(void)
{
	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	world_claim(&w, 0, 1, 4711);
	world_refused(&w, 0, ALTAIR_REFUSED_NO_SUCH_NAMEPLATE);
	CHECK_EQ(w.note.token[0], 1);
	world_close(&w);
}

static void nobody_claims_in_ten_minutes(void)
{
	uint32_t nameplate;

	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	nameplate = world_listen(&w, 0, 1);
	world_pass(&w, ALTAIR_SEC(599));
	world_silent(&w, 0);
	world_pass(&w, ALTAIR_SEC(1));
	world_refused(&w, 0, ALTAIR_REFUSED_EXPIRED);
	world_join(&w, 1, 2);
	world_claim(&w, 1, 2, nameplate);
	world_refused(&w, 1, ALTAIR_REFUSED_EXPIRED);
	world_close(&w);
}

static void a_listener_who_leaves_takes_the_nameplate_along(void)
{
	uint32_t nameplate;

	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	world_join(&w, 1, 2);
	nameplate = world_listen(&w, 0, 1);
	world_close_side(&w, 0, 1, false);
	world_claim(&w, 1, 2, nameplate);
	world_refused(&w, 1, ALTAIR_REFUSED_EXPIRED);
	world_close(&w);
}

static void what_is_said_again_is_answered_again(void)
{
	uint32_t nameplate;

	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	world_join(&w, 1, 2);
	nameplate = world_listen(&w, 0, 1);
	CHECK_EQ(world_listen(&w, 0, 1), nameplate);
	world_claim(&w, 1, 2, nameplate);
	world_claim(&w, 1, 2, nameplate);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_expect(&w, 0, ALTAIR_NOTE_JOINED);
	world_expect(&w, 0, ALTAIR_NOTE_MESSAGE);
	world_expect(&w, 0, ALTAIR_NOTE_MESSAGE);
	CHECK_EQ(w.note.number, 1);
	world_close(&w);
}

static void a_side_comes_back_within_a_minute(void)
{
	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	world_leave(&w, 0);
	world_send(&w, 1, 2, 2, "lost"); /* it is sent again later */
	world_pass(&w, ALTAIR_SEC(59));
	world_silent(&w, 1);
	world_join(&w, 0, 1);
	world_resume(&w, 0, 1, mailbox, false);
	world_expect(&w, 0, ALTAIR_NOTE_JOINED);
	world_silent(&w, 0);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_send(&w, 1, 2, 2, "again");
	world_expect(&w, 0, ALTAIR_NOTE_MESSAGE);
	CHECK_EQ(w.note.number, 2);
	world_pass(&w, ALTAIR_SEC(120));
	world_silent(&w, 1);
	world_close(&w);
}

static void a_side_that_stays_away_is_gone(void)
{
	altair_rendezvous_stats stats;

	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	world_leave(&w, 0);
	world_pass(&w, ALTAIR_SEC(60));
	world_expect(&w, 1, ALTAIR_NOTE_GONE);
	CHECK(!w.note.failed);
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK_EQ(stats.sides, 0);
	world_close(&w);
}

static void who_was_away_when_it_ended_is_told_then(void)
{
	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	world_leave(&w, 0);
	world_close_side(&w, 1, 2, true);
	world_join(&w, 0, 1);
	world_resume(&w, 0, 1, mailbox, false);
	world_expect(&w, 0, ALTAIR_NOTE_GONE);
	CHECK(w.note.failed);
	world_close(&w);
}

static void an_old_connection_loses_its_side_to_the_new_one(void)
{
	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	world_join(&w, 2, 1); /* the same client; the old one hangs */
	world_resume(&w, 2, 1, mailbox, false);
	world_expect(&w, 2, ALTAIR_NOTE_JOINED);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_send(&w, 0, 1, 1, "from the dead");
	world_refused(&w, 0, ALTAIR_REFUSED_NOT_ALLOWED);
	world_leave(&w, 0);
	world_pass(&w, ALTAIR_SEC(61));
	world_silent(&w, 1);
	world_send(&w, 1, 2, 2, "x");
	world_expect(&w, 2, ALTAIR_NOTE_MESSAGE);
	world_close(&w);
}

static void a_stranger_gets_no_side(void)
{
	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	world_join(&w, 2, 3);
	/* A token of his own, in either seat; a wrong mailbox; a wrong seat. */
	world_resume(&w, 2, 9, mailbox, true);
	world_refused(&w, 2, ALTAIR_REFUSED_NOT_ALLOWED);
	world_resume(&w, 2, 9, mailbox, false);
	world_refused(&w, 2, ALTAIR_REFUSED_NOT_ALLOWED);
	world_resume(&w, 2, 1, mailbox, true);
	world_refused(&w, 2, ALTAIR_REFUSED_NOT_ALLOWED);
	mailbox[0] ^= 1;
	world_resume(&w, 2, 1, mailbox, false);
	world_refused(&w, 2, ALTAIR_REFUSED_NOT_ALLOWED);
	world_send(&w, 2, 2, 2, "x");
	world_refused(&w, 2, ALTAIR_REFUSED_NOT_ALLOWED);
	world_close_side(&w, 2, 1, true);
	world_silent(&w, 2);
	world_silent(&w, 0);
	world_silent(&w, 1);
	world_close(&w);
}

static void a_server_that_has_forgotten_pairs_them_again(void)
{
	uint32_t nameplate;

	world_default(&w);
	world_open(&w);
	nameplate = world_pair(&w, mailbox);
	world_close(&w);
	world_open(&w);
	world_join(&w, 0, 2);
	world_resume(&w, 0, 2, mailbox, true);
	world_expect(&w, 0, ALTAIR_NOTE_JOINED);
	world_send(&w, 0, 2, 2, "nobody there yet");
	world_join(&w, 1, 1);
	world_resume(&w, 1, 1, mailbox, false);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_expect(&w, 0, ALTAIR_NOTE_JOINED);
	world_send(&w, 0, 2, 2, "now");
	world_expect(&w, 1, ALTAIR_NOTE_MESSAGE);
	world_join(&w, 2, 3);
	world_claim(&w, 2, 3, nameplate);
	world_refused(&w, 2, ALTAIR_REFUSED_NO_SUCH_NAMEPLATE);
	world_close(&w);
}

static void nobody_waits_for_ever_for_one_who_was_forgotten(void)
{
	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 2);
	memset(mailbox, 7, 16);
	world_resume(&w, 0, 2, mailbox, true);
	world_expect(&w, 0, ALTAIR_NOTE_JOINED);
	world_pass(&w, ALTAIR_SEC(60));
	world_expect(&w, 0, ALTAIR_NOTE_GONE);
	world_close(&w);
}

static void a_nameplate_outlives_the_server(void)
{
	altair_note resume = world_note(ALTAIR_NOTE_RESUME, 1);

	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	resume.nameplate = world_listen(&w, 0, 1);
	memcpy(resume.mailbox, w.note.mailbox, 16);
	world_close(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	world_take(&w, 0, &resume);
	world_expect(&w, 0, ALTAIR_NOTE_NAMEPLATE);
	CHECK_EQ(w.note.nameplate, resume.nameplate);
	/* Another listener who says to have had it does not get it. */
	world_join(&w, 1, 2);
	memset(resume.token, 2, 16);
	memset(resume.mailbox, 2, 16);
	world_take(&w, 1, &resume);
	world_refused(&w, 1, ALTAIR_REFUSED_USED);
	world_claim(&w, 1, 3, resume.nameplate);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_close(&w);
}

static void present_as(uint32_t client, const char *name, bool is_right)
{
	static const char text[] = ALTAIR_NOTE_PRESENCE;
	static uint8_t message[64], signature[32];
	altair_note note = {.type = ALTAIR_NOTE_PRESENT,
			    .spki = world_text(name),
			    .signature = {signature, 32}};
	size_t len = sizeof text - 1;

	memcpy(message, text, len);
	memcpy(message + len, w.nonce, ALTAIR_NOTE_NONCE_LEN);
	len += ALTAIR_NOTE_NONCE_LEN;
	toy_sign(note.spki, (altair_bytes){message, len}, signature);
	signature[0] ^= !is_right;
	world_take(&w, client, &note);
}

static altair_note call_to(const char *name, uint8_t token)
{
	altair_note call = world_note(ALTAIR_NOTE_CALL, token);
	altair_bytes spki = world_text(name);

	toy_sha256(NULL, &spki, 1, call.key);
	memset(call.pair, 0x77, sizeof call.pair);
	call.body = world_text("hello");
	return call;
}

static void a_key_is_called(void)
{
	altair_note call = call_to("key", 5);
	uint8_t token[16];

	world_default(&w);
	world_open(&w);
	world_join(&w, 1, 2);
	world_take(&w, 1, &call);
	world_refused(&w, 1, ALTAIR_REFUSED_ABSENT);
	world_join(&w, 0, 1);
	present_as(0, "key", true);
	world_expect(&w, 0, ALTAIR_NOTE_PRESENT);
	world_take(&w, 1, &call);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	memcpy(mailbox, w.note.mailbox, 16);
	world_expect(&w, 0, ALTAIR_NOTE_CALLED);
	CHECK_EQ(w.note.pair[15], 0x77);
	CHECK_MEM(w.note.mailbox, mailbox, 16);
	CHECK(memcmp(w.note.token, call.token, 16) != 0);
	memcpy(token, w.note.token, 16);
	world_expect(&w, 0, ALTAIR_NOTE_MESSAGE);
	CHECK_MEM(w.note.token, token, 16);
	CHECK_EQ(w.note.number, 1);
	/* Again: message 1 only. */
	world_take(&w, 1, &call);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_expect(&w, 0, ALTAIR_NOTE_MESSAGE);
	world_silent(&w, 0);
	/* Who is called anew over another connection takes the call there. */
	world_leave(&w, 0);
	world_take(&w, 1, &call);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_join(&w, 3, 1);
	present_as(3, "key", true);
	world_expect(&w, 3, ALTAIR_NOTE_PRESENT);
	world_take(&w, 1, &call);
	world_expect(&w, 3, ALTAIR_NOTE_CALLED);
	CHECK_MEM(w.note.token, token, 16);
	world_expect(&w, 3, ALTAIR_NOTE_MESSAGE);
	world_close(&w);
}

static void a_wrong_signature_is_no_presence(void)
{
	altair_note call = call_to("key", 5);

	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	present_as(0, "key", false);
	world_refused(&w, 0, ALTAIR_REFUSED_NOT_ALLOWED);
	/* One for another connection's nonce, too. */
	world_join(&w, 1, 2);
	present_as(0, "key", true);
	world_refused(&w, 0, ALTAIR_REFUSED_NOT_ALLOWED);
	world_take(&w, 1, &call);
	world_refused(&w, 1, ALTAIR_REFUSED_ABSENT);
	world_close(&w);
}

static void a_key_twice_and_the_newest_is_called(void)
{
	altair_note call = call_to("key", 5);

	world_default(&w);
	world_open(&w);
	for (uint32_t i = 0; i < 2; i++) {
		world_join(&w, i, 1);
		present_as(i, "key", true);
		world_expect(&w, i, ALTAIR_NOTE_PRESENT);
	}
	world_join(&w, 2, 2);
	world_take(&w, 2, &call);
	world_expect(&w, 1, ALTAIR_NOTE_CALLED);
	world_silent(&w, 0);
	world_leave(&w, 1);
	memset(call.token, 6, 16);
	world_take(&w, 2, &call);
	world_expect(&w, 0, ALTAIR_NOTE_CALLED);
	world_leave(&w, 0);
	memset(call.token, 7, 16);
	world_take(&w, 2, &call);
	world_expect(&w, 2, ALTAIR_NOTE_JOINED);
	world_expect(&w, 2, ALTAIR_NOTE_JOINED);
	world_refused(&w, 2, ALTAIR_REFUSED_ABSENT);
	world_close(&w);
}

static void a_mailbox_id_that_somebody_took_before_is_no_way_in(void)
{
	altair_note call = call_to("key", 5);
	altair_bytes token = {call.token, 16};
	uint8_t hash[32];

	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	present_as(0, "key", true);
	world_expect(&w, 0, ALTAIR_NOTE_PRESENT);
	world_join(&w, 1, 2);
	toy_sha256(NULL, &token, 1, hash);
	world_resume(&w, 1, 8, hash, true);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_take(&w, 1, &call);
	world_refused(&w, 1, ALTAIR_REFUSED_USED);
	world_close(&w);
}

static void there_is_nothing_to_list(void)
{
	static const enum altair_note_type of_server[] = {
		ALTAIR_NOTE_NONE,      ALTAIR_NOTE_WELCOME,
		ALTAIR_NOTE_NAMEPLATE, ALTAIR_NOTE_JOINED,
		ALTAIR_NOTE_CALLED,    ALTAIR_NOTE_MESSAGE,
		ALTAIR_NOTE_GONE,      ALTAIR_NOTE_ERROR,
		ALTAIR_NOTE_BYE,       (enum altair_note_type)99};
	altair_rendezvous_stats stats;

	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	for (uint32_t i = 0; i < sizeof of_server / sizeof *of_server; i++) {
		altair_note note = world_note(of_server[i], 1);

		world_join(&w, 10 + i, 1);
		world_take(&w, 10 + i, &note);
		world_refused(&w, 10 + i, ALTAIR_REFUSED_INVALID);
		world_silent(&w, 10 + i);
		CHECK(world_is_closed(&w, 10 + i));
	}
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK_EQ(stats.garbled, sizeof of_server / sizeof *of_server);
	world_silent(&w, 0);
	world_close(&w);
}

static void drain_says_when_to_come_again(void)
{
	altair_addr addr = world_addr(9);

	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	altair_rendezvous_drain(w.r, w.now, 30);
	world_expect(&w, 0, ALTAIR_NOTE_BYE);
	CHECK_EQ(w.note.seconds, 30);
	CHECK(!world_is_closed(&w, 0));
	world_silent(&w, 0);
	CHECK(world_is_closed(&w, 0));
	CHECK_EQ(altair_rendezvous_joined(w.r, w.now, 5, &addr), ALTAIR_E_FULL);
	world_pass(&w, ALTAIR_MSEC(4900)); /* client 1 does not read */
	CHECK(!world_is_closed(&w, 1));
	w.now += ALTAIR_MSEC(100);
	altair_rendezvous_tick(w.r, w.now);
	CHECK(world_is_closed(&w, 1));
	world_close(&w);
}

static void bad_configurations_and_numbers(void)
{
	altair_addr addr = world_addr(9);

	world_default(&w);
	w.config.crypto = NULL;
	CHECK_EQ(altair_rendezvous_size(&w.config), 0);
	world_default(&w);
	w.config.rate_prefix = w.config.open_prefix;
	CHECK_EQ(altair_rendezvous_size(&w.config), 0);
	world_default(&w);
	w.config.pool_len = w.config.queue_len - 1;
	CHECK_EQ(altair_rendezvous_size(&w.config), 0);
	world_default(&w);
	w.config.mailboxes_max = 0;
	CHECK_EQ(altair_rendezvous_size(&w.config), 0);
	world_default(&w);
	world_open(&w);
	CHECK_EQ(altair_rendezvous_joined(w.r, w.now, 200, &addr),
		 ALTAIR_E_INVALID);
	world_join(&w, 199, 1);
	CHECK_EQ(altair_rendezvous_joined(w.r, w.now, 199, &addr),
		 ALTAIR_E_INVALID);
	world_leave(&w, 198);
	world_leave(&w, 4000);
	altair_rendezvous_garbled(w.r, w.now, 4000);
	CHECK(!altair_rendezvous_next(w.r, 4000, &w.note));
	world_close(&w);
}

static const struct check_test tests[] = {
	TEST(two_meet_by_a_nameplate),
	TEST(acknowledgements_go_to_the_other_side),
	TEST(a_nameplate_is_good_for_one_claim),
	TEST(a_wrong_nameplate_is_told),
	TEST(nobody_claims_in_ten_minutes),
	TEST(a_listener_who_leaves_takes_the_nameplate_along),
	TEST(what_is_said_again_is_answered_again),
	TEST(a_side_comes_back_within_a_minute),
	TEST(a_side_that_stays_away_is_gone),
	TEST(who_was_away_when_it_ended_is_told_then),
	TEST(an_old_connection_loses_its_side_to_the_new_one),
	TEST(a_stranger_gets_no_side),
	TEST(a_server_that_has_forgotten_pairs_them_again),
	TEST(nobody_waits_for_ever_for_one_who_was_forgotten),
	TEST(a_nameplate_outlives_the_server),
	TEST(a_key_is_called),
	TEST(a_wrong_signature_is_no_presence),
	TEST(a_key_twice_and_the_newest_is_called),
	TEST(a_mailbox_id_that_somebody_took_before_is_no_way_in),
	TEST(there_is_nothing_to_list),
	TEST(drain_says_when_to_come_again),
	TEST(bad_configurations_and_numbers),
};
CHECK_MAIN(tests)
