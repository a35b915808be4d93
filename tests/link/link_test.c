/*
 * A link on loopback: two of them on one loop and a server of ours, or none.
 */
#define _GNU_SOURCE
#include "check.h"

#include "adapters/certificate.h"
#include "house.h"

#include <altair/openssl.h>
#include <altair/udp.h>
#include <altair/uv_link.h>

#include <poll.h>
#include <stdlib.h>

static const char *const lo[] = {"lo"};
static uv_loop_t loop;
static struct house *house;
static char url[64];

struct side {
	altair_uv_link *link;
	const char *name;
	struct side *other;
	unsigned counts[ALTAIR_UV_LINK_FAILED + 1];
	char text[ALTAIR_UV_LINK_TICKET_TEXT]; /* of SHOW */
	char why[400];			       /* of FAILED */
	int reason;
	altair_uv_link_peer peer;
	bool has_pair, is_closed;
	char heard[ALTAIR_UV_LINK_MESSAGE_MAX + 1];
	unsigned messages;
};

static struct side a, b;
static bool is_late;

static void on_event(void *user, altair_uv_link *link,
		     const altair_uv_link_event *event)
{
	struct side *side = user;

	(void)link;
	uv_stop(&loop);
	if (getenv("LINK_TEST_LOUD"))
		printf("# %s: %d reason %d %.60s, %.1f ms\n", side->name,
		       (int)event->kind, event->reason,
		       event->text ? event->text : "",
		       (double)event->since / 1e6);
	side->counts[event->kind]++;
	if (event->kind == ALTAIR_UV_LINK_SHOW)
		snprintf(side->text, sizeof side->text, "%s", event->text);
	if (event->kind == ALTAIR_UV_LINK_FAILED) {
		snprintf(side->why, sizeof side->why, "%s", event->text);
		side->reason = event->reason;
	}
	if (event->kind == ALTAIR_UV_LINK_INTRODUCED) {
		side->peer = event->peer;
		side->has_pair = event->has_pair;
	}
}

static void on_message(void *user, altair_uv_link *link, altair_bytes message)
{
	struct side *side = user;

	(void)link;
	CHECK(side->counts[ALTAIR_UV_LINK_CONNECTED] == 1);
	memcpy(side->heard, message.data, message.len);
	side->heard[message.len] = '\0';
	side->messages++;
	uv_stop(&loop);
}

static const altair_uv_link_handlers handlers = {.event = on_event,
						 .message = on_message};

static void on_closed(void *user)
{
	struct side *side = user;

	side->is_closed = true;
	uv_stop(&loop);
}

static altair_uv_link_config defaults(enum altair_uv_link_way way)
{
	altair_uv_link_config config;

	altair_uv_link_config_default(&config);
	config.way = way;
	config.server = way == ALTAIR_UV_LINK_TICKET ? NULL : url;
	config.agent.agent.loopback = true;
	config.agent.interfaces = lo;
	config.agent.interfaces_count = 1;
	return config;
}

static void begin(void)
{
	a = (struct side){.name = "a", .other = &b};
	b = (struct side){.name = "b", .other = &a};
	is_late = false;
	uv_loop_init(&loop);
}

static void begin_house(void)
{
	begin();
	house = house_open(&loop, 0, NULL, NULL);
	CHECK(house != NULL);
	snprintf(url, sizeof url, "ws://127.0.0.1:%u", house_port(house));
}

static void open_side(struct side *side, const altair_uv_link_config *config)
{
	CHECK_EQ(altair_uv_link_open(&side->link, &loop, config, &handlers,
				     side),
		 0);
}

static void on_late(uv_timer_t *timer)
{
	(void)timer;
	is_late = true;
	uv_stop(&loop);
}

/* Runs the loop until `done` says so. */
static void run_until(bool (*done)(void))
{
	static uv_timer_t late;

	uv_timer_init(&loop, &late);
	uv_timer_start(&late, on_late, 20000, 0);
	while (!done() && !is_late)
		uv_run(&loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&late, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	CHECK(!is_late);
}

static bool are_closed(void)
{
	return (!a.link || a.is_closed) && (!b.link || b.is_closed);
}

static void end(void)
{
	if (a.link)
		altair_uv_link_close(a.link, on_closed);
	if (b.link)
		altair_uv_link_close(b.link, on_closed);
	run_until(are_closed);
	if (house)
		house_close(house);
	house = NULL;
	uv_run(&loop, UV_RUN_NOWAIT);
	CHECK_EQ(uv_loop_close(&loop), 0); /* not one handle is left */
}

static bool a_shows(void)
{
	return a.counts[ALTAIR_UV_LINK_SHOW] > 0;
}

static bool both_show(void)
{
	return a_shows() && b.counts[ALTAIR_UV_LINK_SHOW] > 0;
}

static bool are_connected(void)
{
	return a.counts[ALTAIR_UV_LINK_CONNECTED] > 0 &&
	       b.counts[ALTAIR_UV_LINK_CONNECTED] > 0;
}

static bool have_heard(void)
{
	return a.messages > 0 && b.messages > 0;
}

static bool a_has_ended(void)
{
	return a.counts[ALTAIR_UV_LINK_LEFT] + a.counts[ALTAIR_UV_LINK_FAILED] >
	       0;
}

static bool b_has_ended(void)
{
	return b.counts[ALTAIR_UV_LINK_LEFT] + b.counts[ALTAIR_UV_LINK_FAILED] >
	       0;
}

static bool have_ended(void)
{
	return a_has_ended() && b_has_ended();
}

static void say(struct side *side, const char *text)
{
	CHECK_EQ(altair_uv_link_send(
			 side->link,
			 (altair_bytes){(const uint8_t *)text, strlen(text)}),
		 0);
}

static void talk(void)
{
	say(&a, "from a");
	say(&b, "from b");
	run_until(have_heard);
	CHECK(strcmp(a.heard, "from b") == 0);
	CHECK(strcmp(b.heard, "from a") == 0);
	CHECK_EQ(a.counts[ALTAIR_UV_LINK_CONNECTED], 1);
	CHECK_EQ(b.counts[ALTAIR_UV_LINK_CONNECTED], 1);
}

/* a closes, b is told; end() has to close b alone. */
static void a_leaves(void)
{
	altair_uv_link_close(a.link, on_closed);
	run_until(b_has_ended);
	CHECK_EQ(b.counts[ALTAIR_UV_LINK_LEFT], 1);
	while (!a.is_closed)
		uv_run(&loop, UV_RUN_DEFAULT);
	a.link = NULL;
}

/* ---- no server ---- */

static void open_by_ticket(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_TICKET);

	begin();
	open_side(&a, &config);
	open_side(&b, &config);
	run_until(both_show);
}

static void tickets_connect(void)
{
	open_by_ticket();
	CHECK_EQ(altair_uv_link_take(a.link, b.text), 0);
	CHECK_EQ(altair_uv_link_take(b.link, a.text), 0);
	run_until(are_connected);
	CHECK(a.has_pair && b.has_pair);
	CHECK(memcmp(a.peer.pair, b.peer.pair, 32) == 0);
	CHECK(memcmp(a.peer.key, b.peer.key, 32) != 0);
	talk();
	a_leaves();
	end();
}

static void a_ticket_may_be_broken_into_lines(void)
{
	char lines[2 * ALTAIR_UV_LINK_TICKET_TEXT];
	size_t len = 0;

	open_by_ticket();
	for (size_t i = 0; b.text[i]; i++) {
		lines[len++] = b.text[i];
		if (i % 64 == 63)
			lines[len++] = '\n';
	}
	lines[len] = '\0';
	CHECK_EQ(altair_uv_link_take(a.link, lines), 0);
	CHECK_EQ(altair_uv_link_take(a.link, lines), ALTAIR_E_STATE);
	CHECK_EQ(altair_uv_link_take(b.link, a.text), 0);
	run_until(are_connected);
	end();
}

static void no_ticket_is_taken_but_a_whole_one(void)
{
	char text[ALTAIR_UV_LINK_TICKET_TEXT];
	size_t len;

	open_by_ticket();
	CHECK_EQ(altair_uv_link_take(a.link, ""), ALTAIR_E_SYNTAX);
	CHECK_EQ(altair_uv_link_take(a.link, "altair1"), ALTAIR_E_SYNTAX);
	CHECK_EQ(altair_uv_link_take(a.link, a.text), ALTAIR_E_INVALID);
	len = strlen(b.text);
	for (size_t cut = 0; cut < len; cut++) {
		memcpy(text, b.text, cut);
		text[cut] = '\0';
		CHECK_EQ(altair_uv_link_take(a.link, text), ALTAIR_E_SYNTAX);
	}
	for (size_t i = 0; i < len; i++) {
		memcpy(text, b.text, len + 1);
		text[i] = text[i] == 'x' ? 'y' : 'x';
		CHECK_EQ(altair_uv_link_take(a.link, text), ALTAIR_E_SYNTAX);
	}
	end();
}

/* ---- by code ---- */

static void listen_with(const altair_uv_link_config *config)
{
	open_side(&a, config);
	run_until(a_shows);
}

static void call_with(const char *code)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_CODE);

	config.code = code;
	open_side(&b, &config);
}

static void codes_connect(void)
{
	const altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	begin_house();
	listen_with(&config);
	call_with(a.text);
	run_until(are_connected);
	CHECK(a.has_pair && b.has_pair);
	CHECK(memcmp(a.peer.pair, b.peer.pair, 32) == 0);
	talk();
	a_leaves();
	end();
}

static void a_wrong_code_burns_it(void)
{
	const altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);
	char code[64];

	begin_house();
	listen_with(&config);
	snprintf(code, sizeof code, "%.*s-acid-acid", (int)strcspn(a.text, "-"),
		 a.text);
	call_with(code);
	run_until(have_ended);
	CHECK_EQ(a.reason, ALTAIR_E_SECRET);
	CHECK_EQ(b.reason, ALTAIR_E_SECRET);
	CHECK(strstr(a.why, "used up") != NULL);
	CHECK(strstr(b.why, "used up") != NULL);
	CHECK_EQ(a.counts[ALTAIR_UV_LINK_INTRODUCED], 0);
	end();
}

static void a_code_of_nobody_is_refused(void)
{
	begin_house();
	call_with("4711-acid-acid");
	run_until(b_has_ended);
	CHECK_EQ(b.reason, ALTAIR_E_NO_PEER);
	end();
}

static void no_server_is_said_at_once(void)
{
	begin();
	snprintf(url, sizeof url, "ws://127.0.0.1:9");
	call_with("7-acid-acid");
	run_until(b_has_ended);
	CHECK_EQ(b.reason, ALTAIR_E_NETWORK);
	CHECK_EQ(b.counts[ALTAIR_UV_LINK_SERVER], 1);
	end();
}

/* Of the addresses of a name the first one that answers is used. */
static void a_server_has_a_name(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);
	char named[64];

	begin_house();
	snprintf(named, sizeof named, "ws://localhost:%u", house_port(house));
	config.server = named;
	listen_with(&config);
	end();
}

static void a_name_of_nobody_is_said(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	begin();
	config.server = "wss://nobody.invalid"; /* RFC 6761 6.4 */
	open_side(&b, &config);
	run_until(b_has_ended);
	CHECK_EQ(b.reason, ALTAIR_E_RESOLVE);
	end();
}

/* One that opens and closes at once, whatever is under way. */
static void who_changes_his_mind_leaves_nothing_behind(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	for (int turns = 0; turns < 6; turns++) {
		begin_house();
		config.server = turns % 2 ? url : "wss://nobody.invalid";
		open_side(&a, &config);
		for (int k = 0; k < turns; k++)
			uv_run(&loop, UV_RUN_NOWAIT);
		end();
	}
}

/* ---- TLS ---- */

static struct certificate certificate;

/* Writes the hash behind a URL. */
static void pin(char *text, size_t cap, bool is_right)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned len;
	size_t at = (size_t)snprintf(text, cap, "wss://127.0.0.1:%u#",
				     house_port(house));

	CHECK(X509_digest(certificate.x509, EVP_sha256(), hash, &len));
	hash[31] ^= !is_right;
	for (unsigned i = 0; i < 32; i++)
		at += (size_t)snprintf(text + at, cap - at, "%02x", hash[i]);
}

static void begin_tls(const char *names)
{
	begin();
	CHECK(certificate_make(&certificate, names, 3600));
	house = house_open(&loop, 0, certificate.file, certificate.key_file);
	CHECK(house != NULL);
	snprintf(url, sizeof url, "wss://127.0.0.1:%u", house_port(house));
}

static void end_tls(void)
{
	end();
	certificate_free(&certificate);
}

static void the_right_certificate_is_trusted(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);
	char pinned[128];

	begin_tls("DNS:elsewhere.example"); /* names do not count */
	pin(pinned, sizeof pinned, true);
	config.server = pinned;
	listen_with(&config);
	config = defaults(ALTAIR_UV_LINK_CODE);
	config.server = pinned;
	config.code = a.text;
	open_side(&b, &config);
	run_until(are_connected);
	talk();
	end_tls();
}

static void check_refused(const altair_uv_link_config *config)
{
	open_side(&b, config);
	run_until(b_has_ended);
	CHECK_EQ(b.reason, ALTAIR_E_TLS);
	CHECK_EQ(b.counts[ALTAIR_UV_LINK_SHOW], 0);
}

static void another_certificate_is_not(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);
	char pinned[128];

	begin_tls("IP:127.0.0.1");
	pin(pinned, sizeof pinned, false);
	config.server = pinned;
	check_refused(&config);
	end_tls();
}

static void nor_is_one_that_nobody_vouches_for(void)
{
	const altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	begin_tls("IP:127.0.0.1");
	check_refused(&config);
	end_tls();
}

static void an_authority_vouches_for_a_name(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	begin_tls("IP:127.0.0.1");
	config.ca = certificate.file;
	listen_with(&config);
	end_tls();
}

static void and_for_no_other(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	begin_tls("DNS:elsewhere.example,IP:127.0.0.2");
	config.ca = certificate.file;
	check_refused(&config);
	end_tls();
}

/* ---- by name ---- */

static char pems[2][ALTAIR_KEY_PEM];

static altair_bytes make_pem(int i)
{
	altair_openssl_key *key;
	int len;

	CHECK_EQ(altair_openssl_key_new(&key), 0);
	len = altair_openssl_key_save(key, pems[i], sizeof pems[i]);
	altair_openssl_key_free(key);
	CHECK(len > 0);
	return (altair_bytes){(const uint8_t *)pems[i], (size_t)len};
}

static void who_has_met_needs_no_code(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);
	altair_bytes key_a = make_pem(0), key_b = make_pem(1);
	altair_uv_link_peer peer_a, peer_b;

	begin_house();
	config.key = key_a;
	listen_with(&config);
	config = defaults(ALTAIR_UV_LINK_CODE);
	config.key = key_b;
	config.code = a.text;
	open_side(&b, &config);
	run_until(are_connected);
	peer_b = a.peer;
	peer_a = b.peer;
	end();

	begin_house();
	config = defaults(ALTAIR_UV_LINK_LISTEN);
	config.key = key_a;
	config.peers = &peer_b;
	config.peers_count = 1;
	listen_with(&config);
	config = defaults(ALTAIR_UV_LINK_CALL);
	config.key = key_b;
	config.peers = &peer_a;
	config.peers_count = 1;
	open_side(&b, &config);
	run_until(are_connected);
	CHECK(!a.has_pair);
	CHECK(memcmp(b.peer.key, peer_a.key, 32) == 0);
	talk();
	end();
}

static void call_peer(const altair_uv_link_peer *peer, altair_bytes key)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_CALL);

	config.key = key;
	config.peers = peer;
	config.peers_count = 1;
	open_side(&b, &config);
}

/* a listens for b, who is made out of nothing; *peer is what b knows of a. */
static void listen_for_b(altair_uv_link_peer *peer, altair_bytes *key_b)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);
	altair_openssl_key *key;
	altair_uv_link_peer other;

	config.key = make_pem(0);
	*key_b = make_pem(1);
	memset(peer->pair, 7, sizeof peer->pair);
	memset(other.pair, 7, sizeof other.pair);
	CHECK_EQ(altair_openssl_key_load(&key, config.key), 0);
	altair_openssl_key_hash(key, peer->key);
	altair_openssl_key_free(key);
	CHECK_EQ(altair_openssl_key_load(&key, *key_b), 0);
	altair_openssl_key_hash(key, other.key);
	altair_openssl_key_free(key);
	config.peers = &other;
	config.peers_count = 1;
	begin_house();
	listen_with(&config);
}

static void who_is_not_known_is_not_let_in(void)
{
	altair_uv_link_peer peer;
	altair_bytes key;

	listen_for_b(&peer, &key);
	peer.pair[0] ^= 1;
	call_peer(&peer, key);
	run_until(b_has_ended);
	CHECK_EQ(b.reason, ALTAIR_E_CLOSED);
	CHECK(!a_has_ended());
	CHECK_EQ(a.counts[ALTAIR_UV_LINK_INTRODUCED], 0);
	end();
}

static void another_key_than_the_known_one_is_said(void)
{
	altair_uv_link_peer peer;
	altair_bytes key;

	listen_for_b(&peer, &key);
	call_peer(&peer, make_pem(1)); /* b has a new key */
	run_until(b_has_ended);
	CHECK(!a_has_ended());
	CHECK_EQ(a.counts[ALTAIR_UV_LINK_INTRODUCED], 0);
	CHECK_EQ(b.counts[ALTAIR_UV_LINK_CONNECTED], 0);
	end();
}

/* ---- a server that is no friend ---- */

struct meddler {
	unsigned number, count; /* which message of all, and how many came */
	size_t at;		/* which byte of it */
};

static bool change_a_byte(void *user, altair_note *note)
{
	struct meddler *m = user;

	if (note->type != ALTAIR_NOTE_CLAIM && note->type != ALTAIR_NOTE_SEND)
		return false;
	if (m->count++ == m->number)
		((uint8_t *)(uintptr_t)
			 note->body.data)[m->at % note->body.len] ^= 1;
	return false;
}

/* Where nobody can have tried the code there is a new one, else it is over. */
static bool is_refuted(void)
{
	return b_has_ended() &&
	       (a_has_ended() || a.counts[ALTAIR_UV_LINK_SHOW] == 2);
}

static void nothing_that_was_changed_is_believed(void)
{
	const altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	for (unsigned k = 0; k < 9; k++) {
		struct meddler meddler = {.number = k / 3,
					  .at = 40 + k % 3 * 50};

		begin_house();
		house_meddle(house, change_a_byte, &meddler);
		listen_with(&config);
		call_with(a.text);
		run_until(is_refuted);
		CHECK(a.reason == ALTAIR_E_SECRET ||
		      a.reason == ALTAIR_E_TAMPERED ||
		      a.counts[ALTAIR_UV_LINK_SHOW] == 2);
		CHECK_EQ(a.counts[ALTAIR_UV_LINK_INTRODUCED], 0);
		CHECK_EQ(a.counts[ALTAIR_UV_LINK_CONNECTED], 0);
		CHECK_EQ(b.counts[ALTAIR_UV_LINK_CONNECTED], 0);
		end();
	}
}

/* The server sees neither the words nor an address of ours. */
struct reader {
	char words[64];
	bool saw;
};

static bool look_for(void *user, altair_note *note)
{
	struct reader *r = user;

	if (note->body.len > 0 &&
	    (memmem(note->body.data, note->body.len, r->words,
		    strlen(r->words)) ||
	     memmem(note->body.data, note->body.len, "127.0.0.1", 9)))
		r->saw = true;
	return false;
}

static void the_server_learns_nothing(void)
{
	const altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);
	struct reader reader = {.words = ""};

	begin_house();
	house_meddle(house, look_for, &reader);
	listen_with(&config);
	snprintf(reader.words, sizeof reader.words, "%s",
		 strchr(a.text, '-') + 1);
	call_with(a.text);
	run_until(are_connected);
	CHECK(!reader.saw);
	end();
}

static void a_session_outlives_its_server(void)
{
	const altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	begin_house();
	listen_with(&config);
	call_with(a.text);
	run_until(are_connected);
	house_close(house);
	house = NULL;
	talk();
	a_leaves();
	end();
}

/* ---- the private loop ---- */

static void turn_both(void)
{
	struct pollfd fds[2] = {
		{.fd = altair_uv_link_fd(a.link), .events = POLLIN},
		{.fd = altair_uv_link_fd(b.link), .events = POLLIN},
	};
	int wait = altair_uv_link_timeout(a.link);
	int other = altair_uv_link_timeout(b.link);

	if (wait < 0 || (other >= 0 && other < wait))
		wait = other;
	CHECK(poll(fds, 2, wait) >= 0);
	CHECK(altair_uv_link_turn(a.link));
	CHECK(altair_uv_link_turn(b.link));
}

static void a_descriptor_is_enough(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_TICKET);

	begin();
	CHECK_EQ(altair_uv_link_open(&a.link, NULL, &config, &handlers, &a), 0);
	CHECK_EQ(altair_uv_link_open(&b.link, NULL, &config, &handlers, &b), 0);
	while (!both_show())
		turn_both();
	CHECK_EQ(altair_uv_link_take(a.link, b.text), 0);
	CHECK_EQ(altair_uv_link_take(b.link, a.text), 0);
	while (!are_connected())
		turn_both();
	say(&a, "from a");
	say(&b, "from b");
	while (!have_heard())
		turn_both();
	altair_uv_link_close(a.link, on_closed);
	altair_uv_link_close(b.link, on_closed);
	while (altair_uv_link_turn(a.link))
		;
	while (altair_uv_link_turn(b.link))
		;
	CHECK(a.is_closed && b.is_closed);
	uv_loop_close(&loop);
}

static void a_descriptor_is_enough_for_codes(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	begin_house();
	CHECK_EQ(altair_uv_link_open(&a.link, NULL, &config, &handlers, &a), 0);
	while (!a_shows()) {
		uv_run(&loop, UV_RUN_NOWAIT); /* the server's */
		CHECK(altair_uv_link_turn(a.link));
	}
	config = defaults(ALTAIR_UV_LINK_CODE);
	config.code = a.text;
	CHECK_EQ(altair_uv_link_open(&b.link, NULL, &config, &handlers, &b), 0);
	while (!are_connected()) {
		uv_run(&loop, UV_RUN_NOWAIT);
		CHECK(altair_uv_link_turn(a.link));
		CHECK(altair_uv_link_turn(b.link));
	}
	altair_uv_link_close(a.link, on_closed);
	while (altair_uv_link_turn(a.link))
		uv_run(&loop, UV_RUN_NOWAIT);
	while (!b_has_ended())
		CHECK(altair_uv_link_turn(b.link));
	CHECK_EQ(b.counts[ALTAIR_UV_LINK_LEFT], 1);
	altair_uv_link_close(b.link, on_closed);
	while (altair_uv_link_turn(b.link))
		uv_run(&loop, UV_RUN_NOWAIT);
	CHECK(a.is_closed && b.is_closed);
	a.link = b.link = NULL;
	end();
}

/* ---- mistakes ---- */

static int try_open(const altair_uv_link_config *config)
{
	altair_uv_link *link;

	return altair_uv_link_open(&link, &loop, config, &handlers, NULL);
}

static void mistakes_are_said_at_once(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	begin();
	config.server = NULL;
	CHECK_EQ(try_open(&config), ALTAIR_E_INVALID);
	config.server = "http://example.net";
	CHECK_EQ(try_open(&config), ALTAIR_E_SYNTAX);
	config.server = "ws://example.net";
	CHECK_EQ(try_open(&config), ALTAIR_E_FORBIDDEN);
	config = defaults(ALTAIR_UV_LINK_CODE);
	config.server = "wss://example.net";
	config.code = "7-horse";
	CHECK_EQ(try_open(&config), ALTAIR_E_SYNTAX);
	config.code = "7-acid-acid";
	config.key = (altair_bytes){(const uint8_t *)"nothing", 7};
	CHECK_EQ(try_open(&config), ALTAIR_E_TLS);
	end();
}

static const struct check_test tests[] = {
	TEST(tickets_connect),
	TEST(a_ticket_may_be_broken_into_lines),
	TEST(no_ticket_is_taken_but_a_whole_one),
	TEST(a_descriptor_is_enough),
	TEST(a_descriptor_is_enough_for_codes),
	TEST(codes_connect),
	TEST(a_wrong_code_burns_it),
	TEST(a_code_of_nobody_is_refused),
	TEST(no_server_is_said_at_once),
	TEST(a_server_has_a_name),
	TEST(a_name_of_nobody_is_said),
	TEST(who_changes_his_mind_leaves_nothing_behind),
	TEST(the_right_certificate_is_trusted),
	TEST(another_certificate_is_not),
	TEST(nor_is_one_that_nobody_vouches_for),
	TEST(an_authority_vouches_for_a_name),
	TEST(and_for_no_other),
	TEST(who_has_met_needs_no_code),
	TEST(who_is_not_known_is_not_let_in),
	TEST(another_key_than_the_known_one_is_said),
	TEST(nothing_that_was_changed_is_believed),
	TEST(the_server_learns_nothing),
	TEST(a_session_outlives_its_server),
	TEST(mistakes_are_said_at_once),
};

CHECK_MAIN(tests)
