/*
 * bench-clients PORT PID tls|plain COUNT SECONDS: so many clients of the rendezvous on
 * 127.0.0.1, who are present and idle for so long; then pairs of them talk, 1,000
 * messages a second. PID is the server. One object of JSON says what it cost: memory
 * of the server for each client (the slope between a quarter of them and all),
 * how many are still there at the end, and how long a message takes.
 *
 * 50 clients have one source, as the server wants it; sources are 127.1.0.1 and so on.
 */
#define _GNU_SOURCE
#include "ws_link.h"

#include <altair/json.h>
#include <altair/openssl.h>
#include <altair/udp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define EACH_SOURCE 50
#define UNDER_WAY_MAX 64
#define PAIRS 100
#define TALK_S 20
#define RATE 1000
#define SAMPLES (TALK_S * RATE)

enum role { IDLE, LISTENS, CLAIMS, IS_PAIRED };

struct client {
	struct ws_link link;
	uint8_t token[ALTAIR_NOTE_ID_LEN];
	uint32_t peer, number;
	enum role role;
	bool is_present;
};

static struct {
	int epoll;
	uint16_t port;
	SSL_CTX *context; /* NULL: plain */
	struct client *all;
	uint32_t count, opened, present, lost, paired, heard;
	uint64_t took[SAMPLES]; /* microseconds */
} w;

static void fail(const char *what)
{
	fprintf(stderr, "bench-clients: %s\n", what);
	exit(3);
}

/* --- notes ----------------------------------------------------------------- */

static void say(struct client *c, const altair_note *note)
{
	static char text[ALTAIR_NOTE_MAX];
	int len = altair_note_format(note, text, sizeof text);

	if (len < 0)
		fail("a note that is none");
	ws_link_say(&c->link,
		    (altair_bytes){(const uint8_t *)text, (size_t)len});
}

static void present(struct client *c, const altair_note *welcome)
{
	uint8_t message[sizeof ALTAIR_NOTE_PRESENCE - 1 +
			ALTAIR_NOTE_NONCE_LEN];
	uint8_t signature[ALTAIR_SIGNATURE_MAX];
	uint8_t spki[ALTAIR_SPKI_LEN];
	altair_note note = {.type = ALTAIR_NOTE_PRESENT};
	altair_openssl_key *key;
	int len;

	if (altair_openssl_key_new(&key) != 0)
		fail("no memory");
	altair_openssl_key_spki(key, spki);

	memcpy(message, ALTAIR_NOTE_PRESENCE, sizeof ALTAIR_NOTE_PRESENCE - 1);
	memcpy(message + sizeof ALTAIR_NOTE_PRESENCE - 1, welcome->nonce,
	       ALTAIR_NOTE_NONCE_LEN);
	len = altair_openssl_key_sign(
		key, (altair_bytes){message, sizeof message}, signature);
	altair_openssl_key_free(key);
	note.spki = (altair_bytes){spki, sizeof spki};
	note.signature = (altair_bytes){signature, len > 0 ? (size_t)len : 0};
	say(c, &note);
}

static altair_note note_of(struct client *c, enum altair_note_type type)
{
	altair_note note = {.type = type, .has_token = true};

	memcpy(note.token, c->token, sizeof note.token);
	return note;
}

static void claim(struct client *c, uint32_t nameplate)
{
	struct client *peer = &w.all[c->peer];
	altair_note note = note_of(peer, ALTAIR_NOTE_CLAIM);

	note.nameplate = nameplate;
	peer->number = 1;
	say(peer, &note);
}

/* A body is the time when it was sent. */
static void take_message(struct client *c, const altair_note *message)
{
	altair_note ack = note_of(c, ALTAIR_NOTE_ACK);
	altair_time sent;

	ack.number = message->number;
	say(c, &ack);
	if (message->body.len != sizeof sent || w.heard == SAMPLES)
		return;
	memcpy(&sent, message->body.data, sizeof sent);
	w.took[w.heard++] = (altair_clock_now() - sent) / ALTAIR_USEC(1);
}

static void take(void *user, altair_bytes text)
{
	static uint8_t scratch[ALTAIR_NOTE_MAX];
	struct client *c = user;
	altair_note note;

	if (altair_note_parse(&note, text, scratch, sizeof scratch) != 0)
		fail("the server says what is no note");
	switch (note.type) {
	case ALTAIR_NOTE_WELCOME:
		present(c, &note);
		return;
	case ALTAIR_NOTE_PRESENT:
		w.present += !c->is_present;
		c->is_present = true;
		return;
	case ALTAIR_NOTE_NAMEPLATE:
		claim(c, note.nameplate);
		return;
	case ALTAIR_NOTE_JOINED:
		w.paired += c->role != IS_PAIRED;
		c->role = IS_PAIRED;
		return;
	case ALTAIR_NOTE_MESSAGE:
		take_message(c, &note);
		return;
	case ALTAIR_NOTE_ACK:
		return;
	default:
		fprintf(stderr, "bench-clients: %.*s\n", (int)text.len,
			(const char *)text.data);
		fail("that was not to come");
	}
}

/* --- links ----------------------------------------------------------------- */

static void open_one(void)
{
	uint32_t sources = (w.count + EACH_SOURCE - 1) / EACH_SOURCE;
	uint32_t i = w.opened++, source = i % sources;
	struct client *c = &w.all[i];
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
				    .data.ptr = c};

	source = 0x7f010001u + (source / 250 << 8) + source % 250;
	if (!ws_link_open(&c->link, source, w.port, w.context) ||
	    epoll_ctl(w.epoll, EPOLL_CTL_ADD, c->link.fd, &event) != 0)
		fail("no descriptor, or no address: ulimit -n");
	if (altair_openssl()->random(NULL, c->token, sizeof c->token) != 0)
		fail("no random bytes");
}

static void turn(int wait_ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(w.epoll, events, 256, wait_ms);

	for (int k = 0; k < n; k++) {
		struct client *c = events[k].data.ptr;
		bool was_over = c->link.state == WS_LINK_IS_OVER;

		ws_link_move(&c->link, take, c);
		if (!was_over && c->link.state == WS_LINK_IS_OVER) {
			w.lost++;
			ws_link_close(&c->link);
		}
	}
}

static void wait_for(const uint32_t *counter, uint32_t count, unsigned seconds)
{
	altair_time end = altair_clock_now() + ALTAIR_SEC(seconds);

	while (*counter < count && altair_clock_now() < end)
		turn(10);
}

static void open_up_to(uint32_t count)
{
	altair_time end = altair_clock_now() + ALTAIR_SEC(300);

	while (w.present + w.lost < count && altair_clock_now() < end) {
		while (w.opened < count &&
		       w.opened - w.present - w.lost < UNDER_WAY_MAX)
			open_one();
		turn(10);
	}
	if (w.present < count)
		fail("clients were turned away");
}

/* --- measuring ------------------------------------------------------------- */

static uint64_t memory_of(const char *pid)
{
	char path[64];
	unsigned long all, resident = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%s/statm", pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%lu %lu", &all, &resident) != 2)
		fail("no such server");
	fclose(file);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void pair(void)
{
	for (uint32_t i = 0; i < PAIRS; i++) {
		struct client *a = &w.all[2 * i], *b = &w.all[2 * i + 1];
		altair_note note = note_of(a, ALTAIR_NOTE_LISTEN);

		a->peer = 2 * i + 1;
		b->peer = 2 * i;
		a->role = LISTENS;
		b->role = CLAIMS;
		say(a, &note);
	}
	wait_for(&w.paired, 2 * PAIRS, 20);
	if (w.paired < 2 * PAIRS)
		fail("pairs that did not meet");
}

static void talk(void)
{
	altair_time begun = altair_clock_now(), now;

	for (uint32_t sent = 0; sent < SAMPLES;) {
		struct client *c = &w.all[sent % (2 * PAIRS)];
		altair_note note = note_of(c, ALTAIR_NOTE_SEND);

		now = altair_clock_now();
		if (now < begun + sent * (ALTAIR_SEC(1) / RATE)) {
			turn(1);
			continue;
		}
		note.number = ++c->number;
		note.body = (altair_bytes){(const uint8_t *)&now, sizeof now};
		say(c, &note);
		sent++;
		turn(0);
	}
	wait_for(&w.heard, SAMPLES, 5);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void begin(char **argv)
{
	struct rlimit limit;

	w.port = (uint16_t)strtoul(argv[1], NULL, 10);
	w.count = (uint32_t)strtoul(argv[4], NULL, 10);
	w.all = calloc(w.count, sizeof *w.all);
	w.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!w.all || w.epoll < 0 || w.count < 4 * PAIRS)
		fail("it needs 400 clients, and memory for them");
	if (strcmp(argv[3], "tls") == 0) {
		static const unsigned char protocol[] = "\x08http/1.1";

		w.context = SSL_CTX_new(TLS_client_method());
		SSL_CTX_set_mode(w.context, SSL_MODE_RELEASE_BUFFERS);
		SSL_CTX_set_alpn_protos(w.context, protocol,
					sizeof protocol - 1);
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	uint64_t first, all;
	altair_time begun, end;
	double each;

	if (argc != 6)
		fail("PORT PID tls|plain COUNT SECONDS");
	begin(argv);
	begun = altair_clock_now();
	open_up_to(w.count / 4);
	first = memory_of(argv[2]);
	open_up_to(w.count);
	all = memory_of(argv[2]);
	begun = altair_clock_now() - begun;
	end = altair_clock_now() + ALTAIR_SEC(strtoul(argv[5], NULL, 10));
	while (altair_clock_now() < end)
		turn(100);
	pair();
	talk();
	qsort(w.took, w.heard, sizeof *w.took, compare);
	each = ((double)all - (double)first) / (w.count - w.count / 4);
	printf("{\"kind\":\"%s\",\"clients\":%" PRIu32 ",\"held\":%" PRIu32
	       ",\"opened_s\":%.1f,\"rss_mib\":%.1f,\"kib_each\":%.2f,"
	       "\"messages\":%" PRIu32 ",\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n",
	       argv[3], w.count, w.count - w.lost,
	       (double)begun / (double)ALTAIR_SEC(1),
	       (double)memory_of(argv[2]) / 1048576, each / 1024, w.heard,
	       (double)w.took[w.heard / 2] / 1000,
	       (double)w.took[(size_t)w.heard * 99 / 100] / 1000);
	return 0;
}
