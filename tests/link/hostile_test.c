/*
 * A link whose server lies when the protected session is there, a link that cannot
 * be opened, and what a link leaves in memory.
 */
#define _GNU_SOURCE
#include "check.h"

#include "adapters/link/meeting.h"
#include "adapters/link/ticket.h"
#include "house.h"

#include <altair/code.h>
#include <altair/uv_link.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const lo[] = {"lo"};
static uv_loop_t loop;
static struct house *house;
static char url[64];

struct side {
	altair_uv_link *link;
	unsigned counts[ALTAIR_UV_LINK_FAILED + 1];
	char text[ALTAIR_UV_LINK_TICKET_TEXT]; /* of SHOW */
	altair_uv_link_peer peer;
	unsigned messages;
	bool is_closed;
};

static struct side a, b;
static bool is_late;

/* What the server has seen of the two, and what it does with it. */
static struct {
	altair_note listen;  /* of a */
	uint32_t number;     /* of the last message of b */
	bool is_deaf;	     /* takes no more messages */
	altair_note closing; /* the last one */
} seen;

static bool look(void *user, altair_note *note)
{
	(void)user;
	switch (note->type) {
	case ALTAIR_NOTE_LISTEN:
		seen.listen = *note;
		break;
	case ALTAIR_NOTE_CLAIM:
		seen.number = 1;
		break;
	case ALTAIR_NOTE_SEND:
		if (seen.is_deaf)
			return true;
		if (memcmp(note->token, seen.listen.token,
			   sizeof note->token) != 0)
			seen.number = note->number;
		break;
	case ALTAIR_NOTE_CLOSE:
		seen.closing = *note;
		uv_stop(&loop);
		break;
	case ALTAIR_NOTE_PRESENT:
		return true; /* is not answered */
	default:
		break;
	}
	return false;
}

static void on_event(void *user, altair_uv_link *link,
		     const altair_uv_link_event *event)
{
	struct side *side = user;

	(void)link;
	uv_stop(&loop);
	side->counts[event->kind]++;
	if (event->kind == ALTAIR_UV_LINK_SHOW)
		snprintf(side->text, sizeof side->text, "%s", event->text);
	if (event->kind == ALTAIR_UV_LINK_INTRODUCED)
		side->peer = event->peer;
}

static void on_message(void *user, altair_uv_link *link, altair_bytes message)
{
	struct side *side = user;

	(void)link;
	(void)message;
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
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	memset(&seen, 0, sizeof seen);
	is_late = false;
	uv_loop_init(&loop);
}

static void on_late(uv_timer_t *timer)
{
	(void)timer;
	is_late = true;
	uv_stop(&loop);
}

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

static bool is_closed_at_server(void)
{
	return seen.closing.type == ALTAIR_NOTE_CLOSE;
}

static void open_side(struct side *side, const altair_uv_link_config *config)
{
	CHECK_EQ(altair_uv_link_open(&side->link, &loop, config, &handlers,
				     side),
		 0);
}

/* ---- a server that lies ---- */

static const uint8_t pair[32] = {7, 7, 7};

/* Two that are connected; a can be called by somebody else, too. */
static void connect_two(void)
{
	altair_uv_link_peer other = {.key = {1}};
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);

	begin();
	memcpy(other.pair, pair, sizeof pair);
	house = house_open(&loop, 0, NULL, NULL);
	CHECK(house != NULL);
	house_meddle(house, look, NULL);
	snprintf(url, sizeof url, "ws://127.0.0.1:%u", house_port(house));
	config.peers = &other;
	config.peers_count = 1;
	open_side(&a, &config);
	run_until(a_shows);
	config = defaults(ALTAIR_UV_LINK_CODE);
	config.code = a.text;
	open_side(&b, &config);
	run_until(are_connected);
	seen.closing.type = ALTAIR_NOTE_NONE;
	seen.is_deaf = true;
}

static void check_alive(void)
{
	static const altair_bytes text = {(const uint8_t *)"still", 5};

	CHECK_EQ(altair_uv_link_send(a.link, text), 0);
	CHECK_EQ(altair_uv_link_send(b.link, text), 0);
	run_until(have_heard);
	CHECK_EQ(a.counts[ALTAIR_UV_LINK_FAILED], 0);
	CHECK_EQ(b.counts[ALTAIR_UV_LINK_FAILED], 0);
	CHECK_EQ(a.counts[ALTAIR_UV_LINK_LEFT], 0);
	CHECK_EQ(b.counts[ALTAIR_UV_LINK_LEFT], 0);
	CHECK_EQ(a.counts[ALTAIR_UV_LINK_INTRODUCED], 1);
}

/* The next message for a is nothing that b has said. */
static void lie_to_a(void)
{
	altair_note note = {.type = ALTAIR_NOTE_MESSAGE,
			    .has_token = true,
			    .number = seen.number + 1,
			    .body = {(const uint8_t *)"nonsense", 8}};

	memcpy(note.token, seen.listen.token, sizeof note.token);
	house_lie(house, 0, &note);
	run_until(is_closed_at_server);
	CHECK_MEM(seen.closing.token, note.token, sizeof note.token);
	seen.closing.type = ALTAIR_NOTE_NONE;
}

/* Who is known calls a, who refuses: that is seen. */
static void call_a(void)
{
	altair_note note = {.type = ALTAIR_NOTE_CALLED,
			    .has_token = true,
			    .token = {1, 2, 3},
			    .mailbox = {4, 5, 6}};

	air_meeting_pair_id(pair, note.pair);
	house_lie(house, 0, &note);
	run_until(is_closed_at_server);
	CHECK_MEM(seen.closing.token, note.token, sizeof note.token);
}

static void a_message_of_the_server_ends_no_session(void)
{
	connect_two();
	lie_to_a();
	check_alive();
	end();
}

static void who_has_lost_his_server_is_not_introduced_again(void)
{
	connect_two();
	lie_to_a();
	call_a();
	check_alive();
	end();
}

static void an_error_of_the_server_ends_no_session(void)
{
	const altair_note note = {.type = ALTAIR_NOTE_ERROR,
				  .refusal = ALTAIR_REFUSED_NOT_ALLOWED};

	connect_two();
	house_lie(house, 0, &note);
	for (int turn = 0; turn < 8; turn++)
		uv_run(&loop, UV_RUN_NOWAIT);
	call_a();
	check_alive();
	end();
}

/* ---- a link that cannot be opened ---- */

static void a_port_in_use_is_an_error(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	begin();
	CHECK_EQ(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	config.server = "ws://127.0.0.1:9";
	config.agent.port = ntohs(at.sin_port);
	CHECK(altair_uv_link_open(&a.link, &loop, &config, &handlers, &a) < 0);
	a.link = NULL;
	run_until(are_closed);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK(altair_uv_link_open(&a.link, NULL, &config, &handlers, &a) < 0);
	a.link = NULL;
	close(fd);
	end();
}

/* libwebsockets 4.1.6 keeps a piece of a context that it could not make. Asked by
 * LeakSanitizer, of gcc and of clang. */
__attribute__((visibility("default"))) const char *
__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libwebsockets.so\n";
}

/* With `spare` descriptors: opened and closed, or not opened. */
static void open_with(rlim_t spare)
{
	const altair_uv_link_config config = defaults(ALTAIR_UV_LINK_LISTEN);
	struct rlimit all, few;
	int first, error;

	begin();
	first = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(first);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = (struct rlimit){(rlim_t)first + spare, all.rlim_max};
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
	error = altair_uv_link_open(&a.link, &loop, &config, &handlers, &a);
	if (error)
		a.link = NULL;
	for (int turn = 0; turn < 64; turn++)
		uv_run(&loop, UV_RUN_NOWAIT);
	if (a.link)
		altair_uv_link_close(a.link, on_closed);
	run_until(are_closed);
	a.link = NULL;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &all), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	end();
}

static void few_descriptors_are_an_error(void)
{
	snprintf(url, sizeof url, "ws://127.0.0.1:9");
	for (rlim_t spare = 0; spare < 16; spare++)
		open_with(spare);
}

/* ---- what is left in memory ---- */

static const void *secrets[4];
static size_t secret_lens[4];
static unsigned found;

void __real_free(void *block);
void __wrap_free(void *block);

void __wrap_free(void *block)
{
	for (size_t i = 0; block && i < 4 && secret_lens[i] > 0; i++)
		found += memmem(block, malloc_usable_size(block), secrets[i],
				secret_lens[i]) != NULL;
	__real_free(block);
}

static void look_for(size_t i, const void *secret, size_t len)
{
	secrets[i] = secret;
	secret_lens[i] = len;
}

static void check_wiped(void)
{
	found = 0;
	end();
	memset(secret_lens, 0, sizeof secret_lens);
	CHECK_EQ(found, 0);
}

static void tickets_are_wiped(void)
{
	altair_uv_link_config config = defaults(ALTAIR_UV_LINK_TICKET);
	static struct air_ticket tickets[2];

	begin();
	open_side(&a, &config);
	open_side(&b, &config);
	run_until(both_show);
	CHECK_EQ(air_ticket_parse(&tickets[0], a.text), 0);
	CHECK_EQ(air_ticket_parse(&tickets[1], b.text), 0);
	CHECK_EQ(altair_uv_link_take(a.link, b.text), 0);
	CHECK_EQ(altair_uv_link_take(b.link, a.text), 0);
	run_until(are_connected);
	look_for(0, a.peer.pair, sizeof a.peer.pair);
	look_for(1, tickets[0].secret, AIR_TICKET_SECRET);
	look_for(2, tickets[1].secret, AIR_TICKET_SECRET);
	check_wiped();
}

static void codes_and_pairs_are_wiped(void)
{
	static altair_code code;

	connect_two();
	CHECK_EQ(altair_code_parse(&code, a.text), 0);
	look_for(0, a.peer.pair, sizeof a.peer.pair);
	look_for(1, pair, sizeof pair);
	look_for(2, &code, sizeof code);
	check_wiped();
}

static const struct check_test tests[] = {
	TEST(a_message_of_the_server_ends_no_session),
	TEST(who_has_lost_his_server_is_not_introduced_again),
	TEST(an_error_of_the_server_ends_no_session),
	TEST(a_port_in_use_is_an_error),
	TEST(few_descriptors_are_an_error),
	TEST(tickets_are_wiped),
	TEST(codes_and_pairs_are_wiped),
};

CHECK_MAIN(tests)
