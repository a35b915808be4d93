/* Every limit of the rendezvous server: a test that reaches it, and comes back. */
#include "rendezvous_world.h"

static struct world w;
static altair_rendezvous_stats stats;

static int join_from(uint32_t client, unsigned host)
{
	altair_addr addr = world_addr(host);

	return altair_rendezvous_joined(w.r, w.now, client, &addr);
}

static void fifty_connections_from_one_source(void)
{
	world_default(&w);
	world_open(&w);
	for (uint32_t i = 0; i < 50; i++)
		CHECK_EQ(join_from(i, 1), 0);
	CHECK_EQ(join_from(50, 1), ALTAIR_E_FULL);
	CHECK_EQ(join_from(50, 2), 0); /* others are not concerned */
	world_leave(&w, 7);
	CHECK_EQ(join_from(7, 1), 0);
	CHECK_EQ(join_from(51, 1), ALTAIR_E_FULL);
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK_EQ(stats.refused_clients, 2);
	CHECK_EQ(stats.clients, 51);
	world_close(&w);
}

static void sixty_four_bits_of_ipv6_are_one_source(void)
{
	altair_addr addr = {.family = ALTAIR_IPV6, .ip = {0x20, 1, 0xd, 0xb8}};

	world_default(&w);
	world_open(&w);
	for (uint32_t i = 0; i < 50; i++) {
		addr.ip[15] = (uint8_t)i;
		CHECK_EQ(altair_rendezvous_joined(w.r, w.now, i, &addr), 0);
	}
	CHECK_EQ(altair_rendezvous_joined(w.r, w.now, 50, &addr),
		 ALTAIR_E_FULL);
	addr.ip[7] = 1;
	CHECK_EQ(altair_rendezvous_joined(w.r, w.now, 50, &addr), 0);
	world_close(&w);
}

static void many_sources_come_and_go(void)
{
	world_default(&w);
	world_open(&w);
	for (unsigned host = 0; host < 5000; host++) {
		CHECK_EQ(join_from(host % 200, host), 0);
		world_leave(&w, host % 200);
	}
	for (uint32_t i = 0; i < 50; i++)
		CHECK_EQ(join_from(i, 4999), 0);
	CHECK_EQ(join_from(50, 4999), ALTAIR_E_FULL);
	world_close(&w);
}

static bool listens(uint32_t client, uint32_t token)
{
	altair_note note = world_note(ALTAIR_NOTE_LISTEN, 0);

	memcpy(note.token, &token, sizeof token);
	note.token[15] = 1;
	world_take(&w, client, &note);
	if (!world_next(&w, client))
		return false;
	return w.note.type == ALTAIR_NOTE_NAMEPLATE;
}

static void twenty_mailboxes_that_wait_of_one_source(void)
{
	world_default(&w);
	w.config.notes_rate = 0;
	world_open(&w);
	world_join(&w, 0, 1);
	world_join(&w, 1, 1);
	for (uint32_t i = 0; i < 20; i++)
		CHECK(listens(i % 2, i));
	world_pass(&w, ALTAIR_SEC(10)); /* the rate is no hindrance */
	CHECK(!listens(1, 20));
	CHECK_EQ(w.note.refusal, ALTAIR_REFUSED_LIMIT);
	CHECK(w.note.seconds > 0);
	world_join(&w, 2, 2);
	CHECK(listens(2, 100));
	/* One that is closed makes room for one. */
	{
		altair_note close = world_note(ALTAIR_NOTE_CLOSE, 0);
		uint32_t number = 4;

		memcpy(close.token, &number, sizeof number);
		close.token[15] = 1;
		world_take(&w, 0, &close);
	}
	CHECK(listens(1, 21));
	CHECK(!listens(1, 22));
	world_close(&w);
}

static void ten_thousand_registrations_of_one_peer(void)
{
	uint32_t accepted = 0;

	world_default(&w);
	w.config.notes_rate = 0;
	world_open(&w);
	for (uint32_t i = 0; i < 10000; i++) {
		uint32_t client = i % 50;

		if (i < 50)
			world_join(&w, i, 1);
		accepted += listens(client, i);
		while (world_next(&w, client))
			;
	}
	CHECK_EQ(accepted, 20);
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK_EQ(stats.sides, 20);
	CHECK_EQ(stats.nameplates, 20);
	CHECK_EQ(stats.refused_limit, 10000 - 20);
	world_close(&w);
}

static void sixty_a_minute_of_one_source(void)
{
	uint32_t in_minute = 0, at_once = 0;

	world_default(&w);
	w.config.notes_rate = 0;
	world_open(&w);
	world_join(&w, 0, 1);
	world_listen(&w, 0, 200);	     /* so that it is not idle */
	for (uint32_t i = 0; i < 600; i++) { /* every 100 ms, for a minute */
		world_claim(&w, 0, (uint8_t)(1 + i % 100), 4711);
		world_expect(&w, 0, ALTAIR_NOTE_ERROR);
		if (w.note.refusal == ALTAIR_REFUSED_LIMIT) {
			CHECK_EQ(w.note.seconds, 1 + (w.note.seconds > 1));
		} else {
			in_minute++;
			at_once += i < 15;
		}
		world_pass(&w, ALTAIR_MSEC(100));
	}
	CHECK_EQ(at_once, 15);
	CHECK(in_minute <= 60 && in_minute >= 57);
	world_pass(&w, ALTAIR_SEC(30)); /* all forgiven */
	for (uint32_t i = 0; i < 20; i++) {
		world_claim(&w, 0, 99, 4711);
		world_refused(&w, 0, ALTAIR_REFUSED_NO_SUCH_NAMEPLATE);
	}
	world_claim(&w, 0, 99, 4711);
	world_refused(&w, 0, ALTAIR_REFUSED_LIMIT);
	/* From elsewhere it goes on. */
	world_join(&w, 1, 2);
	world_claim(&w, 1, 99, 4711);
	world_refused(&w, 1, ALTAIR_REFUSED_NO_SUCH_NAMEPLATE);
	/* And to come with a new connection is no way round. */
	world_leave(&w, 0);
	world_join(&w, 0, 1);
	world_claim(&w, 0, 99, 4711);
	world_refused(&w, 0, ALTAIR_REFUSED_LIMIT);
	world_close(&w);
}

static unsigned verified;

static bool count_verify(void *user, altair_bytes spki, altair_bytes message,
			 altair_bytes signature)
{
	verified++;
	return toy_verify(user, spki, message, signature);
}

static void signatures_have_a_rate(bool is_right)
{
	static const char text[] = ALTAIR_NOTE_PRESENCE;
	uint8_t message[sizeof text - 1 + ALTAIR_NOTE_NONCE_LEN], signature[32];
	altair_note note = {.type = ALTAIR_NOTE_PRESENT,
			    .spki = world_text("key"),
			    .signature = world_text("wrong")};

	verified = 0;
	world_default(&w);
	w.config.verify = count_verify;
	w.config.notes_rate = 0;
	world_open(&w);
	world_join(&w, 0, 1);
	memcpy(message, text, sizeof text - 1);
	memcpy(message + sizeof text - 1, w.nonce, ALTAIR_NOTE_NONCE_LEN);
	toy_sign(note.spki, (altair_bytes){message, sizeof message}, signature);
	if (is_right)
		note.signature = (altair_bytes){signature, sizeof signature};
	for (int i = 0; i < 100; i++) {
		world_take(&w, 0, &note);
		world_expect(&w, 0,
			     is_right ? ALTAIR_NOTE_PRESENT
				      : ALTAIR_NOTE_ERROR);
		if (!is_right)
			CHECK_EQ(w.note.refusal, ALTAIR_REFUSED_NOT_ALLOWED);
	}
	world_take(&w, 0, &note);
	world_refused(&w, 0, ALTAIR_REFUSED_LIMIT);
	CHECK_EQ(verified, 100); /* not looked at any more */
	world_close(&w);
}

static void wrong_signatures_have_a_rate(void)
{
	signatures_have_a_rate(false);
}

static void right_signatures_have_a_rate(void)
{
	signatures_have_a_rate(true);
}

static void resume_from(uint32_t client, uint32_t number)
{
	altair_note note = world_note(ALTAIR_NOTE_RESUME, 3);

	memcpy(note.token, &number, sizeof number);
	memcpy(note.mailbox, &number, sizeof number);
	world_take(&w, client, &note);
}

static void what_is_resumed_is_no_way_round(void)
{
	world_default(&w);
	w.config.notes_rate = 0;
	world_open(&w);
	world_join(&w, 0, 1);
	for (uint32_t i = 0; i < 20; i++) {
		resume_from(0, i);
		world_expect(&w, 0, ALTAIR_NOTE_JOINED);
	}
	resume_from(0, 20);
	world_refused(&w, 0, ALTAIR_REFUSED_LIMIT);
	world_pass(&w, ALTAIR_SEC(60)); /* nobody has come to any of them */
	for (uint32_t i = 0; i < 20; i++)
		world_expect(&w, 0, ALTAIR_NOTE_GONE);
	resume_from(0, 21);
	world_expect(&w, 0, ALTAIR_NOTE_JOINED);
	world_close(&w);
}

static void resume_number(uint32_t client, uint32_t number)
{
	altair_note note = world_note(ALTAIR_NOTE_RESUME, 3);

	memset(note.mailbox, 9, sizeof note.mailbox);
	note.nameplate = number;
	world_take(&w, client, &note);
}

static void coming_back_has_a_rate(void)
{
	world_default(&w);
	w.config.notes_rate = 0;
	world_open(&w);
	world_join(&w, 0, 1);
	for (uint32_t i = 1; i <= 100; i++) {
		resume_number(0, i);
		world_expect(&w, 0, ALTAIR_NOTE_NAMEPLATE);
		world_close_side(&w, 0, 3, false);
	}
	resume_number(0, 101);
	world_refused(&w, 0, ALTAIR_REFUSED_LIMIT);
	CHECK_EQ(w.note.seconds, 1);
	world_join(&w, 1, 2); /* others are not concerned */
	resume_number(1, 101);
	world_expect(&w, 1, ALTAIR_NOTE_NAMEPLATE);
	world_pass(&w, ALTAIR_SEC(3));
	for (uint32_t i = 0; i < 10; i++) {
		resume_number(0, 200 + i);
		world_expect(&w, 0, ALTAIR_NOTE_NAMEPLATE);
		world_close_side(&w, 0, 3, false);
	}
	world_close(&w);
}

static void a_number_that_one_names_is_not_used_up(void)
{
	world_default(&w);
	w.config.mailboxes_max = 4; /* eight numbers */
	w.config.notes_rate = 0;
	world_open(&w);
	world_join(&w, 0, 1);
	world_join(&w, 1, 2);
	for (uint32_t i = 1; i <= 20; i++) {
		resume_number(0, i);
		world_expect(&w, 0, ALTAIR_NOTE_NAMEPLATE);
		CHECK_EQ(w.note.nameplate, i);
		world_close_side(&w, 0, 3, false);
	}
	world_listen(&w, 1, 1);
	/* Once it is claimed it is. */
	resume_number(0, 4711);
	world_expect(&w, 0, ALTAIR_NOTE_NAMEPLATE);
	world_claim(&w, 1, 2, 4711);
	world_expect(&w, 1, ALTAIR_NOTE_JOINED);
	world_close_side(&w, 0, 3, false);
	world_expect(&w, 1, ALTAIR_NOTE_GONE);
	world_claim(&w, 1, 4, 4711);
	world_refused(&w, 1, ALTAIR_REFUSED_USED);
	world_close(&w);
}

static void thirty_two_mailboxes_of_one_connection(void)
{
	world_default(&w);
	w.config.open_prefix = 0; /* and so no rate */
	w.config.notes_rate = 0;
	world_open(&w);
	world_join(&w, 0, 1);
	for (uint32_t i = 0; i < 32; i++)
		CHECK(listens(0, i));
	CHECK(!listens(0, 32));
	CHECK_EQ(w.note.refusal, ALTAIR_REFUSED_LIMIT);
	world_join(&w, 1, 1);
	CHECK(listens(1, 32));
	world_leave(&w, 1);
	world_pass(&w, ALTAIR_SEC(61));
	world_close(&w);
}

static void mailboxes_in_all(void)
{
	world_default(&w);
	w.config.mailboxes_max = 4; /* eight sides */
	w.config.open_prefix = 0;
	w.config.notes_rate = 0;
	world_open(&w);
	world_join(&w, 0, 1);
	for (uint32_t i = 0; i < 8; i++)
		CHECK(listens(0, i));
	CHECK(!listens(0, 9));
	CHECK_EQ(w.note.refusal, ALTAIR_REFUSED_BUSY);
	CHECK_EQ(w.note.seconds, 2);
	world_leave(&w, 0);
	world_pass(&w, ALTAIR_SEC(60));
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK_EQ(stats.sides, 0);
	/* The numbers that were used up are remembered for ten minutes. */
	world_join(&w, 0, 1);
	CHECK(!listens(0, 10));
	CHECK_EQ(w.note.refusal, ALTAIR_REFUSED_BUSY);
	world_pass(&w, ALTAIR_SEC(30));
	world_leave(&w, 0);
	world_pass(&w, ALTAIR_SEC(600));
	world_join(&w, 0, 1);
	CHECK(listens(0, 11));
	world_close(&w);
}

static void clients_in_all(void)
{
	world_default(&w);
	w.config.clients_max = 3;
	world_open(&w);
	for (uint32_t i = 0; i < 3; i++)
		CHECK_EQ(join_from(i, i), 0);
	CHECK_EQ(join_from(3, 3), ALTAIR_E_INVALID);
	world_leave(&w, 1);
	CHECK_EQ(join_from(1, 3), 0);
	world_close(&w);
}

static void fifty_notes_a_second_of_one_connection(void)
{
	uint32_t heard = 0;
	uint8_t mailbox[16];

	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	for (uint32_t i = 1; i <= 250; i++) {
		world_send(&w, 0, 1, i, "x");
		heard += world_next(&w, 1);
	}
	CHECK(heard >= 98 && heard <= 102);
	world_refused(&w, 0, ALTAIR_REFUSED_LIMIT);
	while (world_next(&w, 0))
		;
	world_pass(&w, ALTAIR_SEC(1));
	for (uint32_t i = 1; i <= 100; i++) {
		world_send(&w, 0, 1, i, "x");
		heard += world_next(&w, 1);
	}
	CHECK(heard >= 147 && heard <= 153);
	world_close(&w);
}

static void who_goes_on_above_the_rate_is_closed(void)
{
	uint8_t mailbox[16];
	uint32_t sent = 0;

	world_default(&w);
	world_open(&w);
	world_pair(&w, mailbox);
	/* Twice the rate, for a minute: what is too much is refused. */
	for (uint32_t i = 1; i <= 6000; i++) {
		world_send(&w, 0, 1, i, "x");
		while (world_next(&w, 0) || world_next(&w, 1))
			;
		world_pass(&w, ALTAIR_MSEC(10));
	}
	world_pass(&w, ALTAIR_SEC(3));
	CHECK(altair_rendezvous_may_speak(w.r, w.now, 0));
	/* All at once: no more than 101 are taken, and 200 refused. */
	while (sent < 1000 && !world_is_closed(&w, 0)) {
		world_send(&w, 0, 1, ++sent, "x");
		while (world_next(&w, 0) || world_next(&w, 1))
			;
	}
	CHECK(sent >= 299 && sent <= 301);
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK_EQ(stats.closed, 1);
	CHECK(!altair_rendezvous_may_speak(w.r, w.now, 0));
	world_close(&w);
}

static void sixty_four_kib_wait_for_one_connection(void)
{
	static uint8_t body[ALTAIR_NOTE_BODY_MAX];
	altair_note note = world_note(ALTAIR_NOTE_SEND, 1);
	uint8_t mailbox[16];
	uint32_t read = 0;

	world_default(&w);
	w.config.notes_rate = 0;
	world_open(&w);
	world_pair(&w, mailbox);
	note.body = (altair_bytes){body, sizeof body};
	for (note.number = 1; note.number <= 1000; note.number++) {
		memset(body, (int)note.number, sizeof body);
		world_take(&w, 0, &note); /* client 1 does not read */
	}
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK(stats.waiting <= 64 << 10);
	CHECK_EQ(stats.dropped, 1000 - 7);
	CHECK(!world_is_closed(&w, 1));
	/* Those that were kept are whole and the first ones. */
	while (world_next(&w, 1)) {
		CHECK_EQ(w.note.number, ++read);
		CHECK_EQ(w.note.body.len, sizeof body);
		CHECK_EQ(w.note.body.data[0], (uint8_t)read);
		CHECK_EQ(w.note.body.data[sizeof body - 1], (uint8_t)read);
	}
	CHECK_EQ(read, 7);
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK_EQ(stats.waiting, 0);
	note.number = 8;
	world_take(&w, 0, &note);
	world_expect(&w, 1, ALTAIR_NOTE_MESSAGE);
	world_close(&w);
}

static void who_does_not_read_what_matters_is_closed(void)
{
	world_default(&w);
	w.config.notes_rate = 0;
	world_open(&w);
	world_join(&w, 0, 1);
	for (uint32_t i = 0; i < 300 && !world_is_closed(&w, 0); i++)
		world_claim(&w, 0, 1, 4711); /* errors that are not read */
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK_EQ(stats.closed, 1);
	CHECK_EQ(stats.waiting, 0);
	world_claim(&w, 0, 1, 4711);
	world_silent(&w, 0);
	world_leave(&w, 0);
	world_join(&w, 0, 1);
	world_close(&w);
}

static void what_waits_for_all_has_an_end(void)
{
	static uint8_t body[ALTAIR_NOTE_BODY_MAX];
	altair_note note = world_note(ALTAIR_NOTE_SEND, 1);
	uint32_t kept = 0;

	world_default(&w);
	w.config.notes_rate = 0;
	w.config.open_prefix = 0;
	w.config.pool_len = 128 << 10; /* two clients' worth */
	world_open(&w);
	note.body = (altair_bytes){body, sizeof body};
	for (uint32_t pair = 0; pair < 4; pair++) {
		uint32_t nameplate;

		world_join(&w, 2 * pair, 1);
		world_join(&w, 2 * pair + 1, 2);
		nameplate = world_listen(&w, 2 * pair, (uint8_t)(2 * pair));
		world_claim(&w, 2 * pair + 1, (uint8_t)(2 * pair + 1),
			    nameplate);
		while (world_next(&w, 2 * pair) || world_next(&w, 2 * pair + 1))
			;
	}
	for (uint32_t pair = 0; pair < 4; pair++) {
		memset(note.token, (int)(2 * pair), sizeof note.token);
		for (note.number = 1; note.number <= 20; note.number++)
			world_take(&w, 2 * pair, &note);
	}
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK(stats.waiting <= 128 << 10);
	for (uint32_t pair = 0; pair < 4; pair++)
		while (world_next(&w, 2 * pair + 1))
			kept++;
	CHECK(kept >= 14 && kept <= 16);
	altair_rendezvous_get_stats(w.r, &stats);
	CHECK_EQ(stats.waiting, 0);
	memset(note.token, 6, sizeof note.token);
	world_take(&w, 6, &note);
	world_expect(&w, 7, ALTAIR_NOTE_MESSAGE);
	world_close(&w);
}

static void a_connection_without_mailbox_and_presence_is_idle(void)
{
	world_default(&w);
	world_open(&w);
	world_join(&w, 0, 1);
	world_join(&w, 1, 1);
	world_listen(&w, 1, 1);
	world_pass(&w, ALTAIR_SEC(59));
	world_silent(&w, 0);
	world_pass(&w, ALTAIR_SEC(1));
	world_expect(&w, 0, ALTAIR_NOTE_BYE);
	world_silent(&w, 0);
	CHECK(world_is_closed(&w, 0));
	world_silent(&w, 1);
	world_close_side(&w, 1, 1, false);
	world_pass(&w, ALTAIR_SEC(30));
	world_listen(&w, 1, 2);
	world_pass(&w, ALTAIR_SEC(120));
	world_silent(&w, 1);
	world_close(&w);
}

static const struct check_test tests[] = {
	TEST(fifty_connections_from_one_source),
	TEST(sixty_four_bits_of_ipv6_are_one_source),
	TEST(many_sources_come_and_go),
	TEST(twenty_mailboxes_that_wait_of_one_source),
	TEST(ten_thousand_registrations_of_one_peer),
	TEST(sixty_a_minute_of_one_source),
	TEST(wrong_signatures_have_a_rate),
	TEST(right_signatures_have_a_rate),
	TEST(what_is_resumed_is_no_way_round),
	TEST(coming_back_has_a_rate),
	TEST(a_number_that_one_names_is_not_used_up),
	TEST(thirty_two_mailboxes_of_one_connection),
	TEST(mailboxes_in_all),
	TEST(clients_in_all),
	TEST(fifty_notes_a_second_of_one_connection),
	TEST(who_goes_on_above_the_rate_is_closed),
	TEST(sixty_four_kib_wait_for_one_connection),
	TEST(who_does_not_read_what_matters_is_closed),
	TEST(what_waits_for_all_has_an_end),
	TEST(a_connection_without_mailbox_and_presence_is_idle),
};
CHECK_MAIN(tests)
