/*
 * What somebody may send who is not the peer, or the peer's machine in bad hands:
 * forged, repeated, cut and endless records, plain alerts, ClientHellos in between, and
 * what they may cost. Rows 63 to 71 of docs/failures.md.
 */
#include "../../adapters/openssl/dtls.h"
#include "outsider.h"

#include <openssl/crypto.h>

static struct pair pair;

/* --- OpenSSL's memory, counted --------------------------------------------- */

static size_t held;

struct block {
	size_t len;
	max_align_t bytes[];
};

static void *count_malloc(size_t len, const char *file, int line)
{
	struct block *block = malloc(sizeof *block + len);

	(void)file, (void)line;
	if (!block)
		return NULL;
	block->len = len;
	held += len;
	return block->bytes;
}

static struct block *block_of(void *bytes)
{
	return (void *)((char *)bytes - offsetof(struct block, bytes));
}

static void count_free(void *bytes, const char *file, int line)
{
	(void)file, (void)line;
	if (!bytes)
		return;
	held -= block_of(bytes)->len;
	free(block_of(bytes));
}

static void *count_realloc(void *bytes, size_t len, const char *file, int line)
{
	void *again = count_malloc(len, file, line);
	size_t before = bytes ? block_of(bytes)->len : 0;

	if (again && bytes)
		memcpy(again, bytes, before < len ? before : len);
	if (again)
		count_free(bytes, file, line);
	return again;
}

__attribute__((constructor)) static void count_memory(void)
{
	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) !=
	    1)
		abort();
}

/* --- helpers --------------------------------------------------------------- */

static void make(bool asks_cookie)
{
	pair_make(&pair);
	pair.side[SERVER].config.role.asks_cookie = asks_cookie;
	pair_open(&pair);
}

static void settle(void)
{
	pair_start(&pair);
	pair_settle(&pair, ALTAIR_SEC(10));
	CHECK(pair.side[CLIENT].is_secured && pair.side[SERVER].is_secured);
}

static void end(void)
{
	pair_close(&pair);
	pair_end(&pair);
}

static void check_talk(void)
{
	pair_say(&pair, CLIENT, "still there");
	pair_say(&pair, SERVER, "so am I");
	pair_run(&pair, ALTAIR_SEC(1));
	pair_check_said(&pair, SERVER, "still there");
	pair_check_said(&pair, CLIENT, "so am I");
}

static enum altair_verdict give(int to, const uint8_t *bytes, size_t len)
{
	struct pair_datagram d = {.to = to, .len = len};

	memcpy(d.bytes, bytes, len);
	return pair_deliver(&pair, &d);
}

/* A record in the clear, or not. */
static size_t record(uint8_t *out, uint8_t type, unsigned epoch,
		     altair_bytes body)
{
	static uint8_t number;

	memset(out, 0, 13);
	out[0] = type;
	out[1] = 0xfe;
	out[2] = 0xfd;
	out[4] = (uint8_t)epoch;
	out[9] = 1; /* beyond what was sent so far */
	out[10] = ++number;
	out[11] = (uint8_t)(body.len >> 8);
	out[12] = (uint8_t)body.len;
	memcpy(out + 13, body.data, body.len);
	return 13 + body.len;
}

struct piece {
	unsigned type, number;
	size_t whole, from, len;
};

/* A record with one fragment of a message. */
static size_t fragment(uint8_t *out, const struct piece *p)
{
	uint8_t body[PAIR_DATAGRAM] = {(uint8_t)p->type,
				       (uint8_t)(p->whole >> 16),
				       (uint8_t)(p->whole >> 8),
				       (uint8_t)p->whole,
				       0,
				       (uint8_t)p->number,
				       (uint8_t)(p->from >> 16),
				       (uint8_t)(p->from >> 8),
				       (uint8_t)p->from,
				       (uint8_t)(p->len >> 16),
				       (uint8_t)(p->len >> 8),
				       (uint8_t)p->len};
	size_t there = p->len < 1000 ? p->len : 1000;

	return record(out, 22, 0, (altair_bytes){body, 12 + there});
}

/* The first datagram that a client of ours sends. */
static size_t hello(uint8_t *out)
{
	altair_output step;
	size_t len = 0;

	altair_secure_start(pair.side[CLIENT].secure, pair.now);
	if (altair_poll(pair_machine(&pair, CLIENT), &step) == ALTAIR_SEND) {
		len = step.datagram.bytes.len;
		memcpy(out, step.datagram.bytes.data, len);
	}
	CHECK(len > 60);
	return len;
}

/* --- records --------------------------------------------------------------- */

static void forged_record_with_the_highest_number(void)
{
	uint8_t forged[200];

	make(false);
	settle();
	for (int to = 0; to < 2; to++) {
		memset(forged, 0xff, sizeof forged);
		forged[0] = 23;
		forged[1] = 0xfe;
		forged[2] = 0xfd;
		forged[3] = 0, forged[4] = 1; /* the epoch of the session */
		forged[11] = 0, forged[12] = sizeof forged - 13;
		CHECK_EQ(give(to, forged, sizeof forged), ALTAIR_TAKEN);
	}
	check_talk();
	end();
}

static struct pair_datagram recorded[64];
static size_t recorded_count;

static bool keep(struct pair *p, struct pair_datagram *d)
{
	(void)p;
	if (recorded_count < 64)
		recorded[recorded_count++] = *d;
	return true;
}

/* Each datagram of a whole session once more, to both sides, in and after it. */
static void replay_of_each_record(void)
{
	unsigned before[2];

	recorded_count = 0;
	make(false);
	pair.look = keep;
	settle();
	for (int i = 0; i < 10; i++)
		check_talk();
	pair.look = NULL;
	CHECK(recorded_count >= 24);
	before[0] = pair.side[0].payloads, before[1] = pair.side[1].payloads;
	for (size_t i = 0; i < recorded_count; i++) {
		give(recorded[i].to, recorded[i].bytes, recorded[i].len);
		give(!recorded[i].to, recorded[i].bytes, recorded[i].len);
		pair_run(&pair, ALTAIR_MSEC(1));
	}
	CHECK_EQ(pair.side[0].payloads, before[0]);
	CHECK_EQ(pair.side[1].payloads, before[1]);
	check_talk();
	/* Nor in a session of the same keys later on. */
	pair_close(&pair);
	pair_open(&pair);
	settle();
	for (size_t i = 0; i < recorded_count; i++)
		give(recorded[i].to, recorded[i].bytes, recorded[i].len);
	CHECK_EQ(pair.side[0].payloads + pair.side[1].payloads, 0);
	check_talk();
	end();
}

static bool change_one_bit(struct pair *p, struct pair_datagram *d)
{
	d->bytes[pair_random(p) % d->len] ^=
		(uint8_t)(1u << pair_random(p) % 8);
	return true;
}

/* A changed record says nothing, and ends nothing. */
static void changed_records_are_silence(void)
{
	make(false);
	settle();
	pair.look = change_one_bit;
	for (int i = 0; i < 2000; i++) {
		pair_say(&pair, i % 2, "a message that is changed on its way");
		pair_run(&pair, ALTAIR_MSEC(100));
	}
	CHECK_EQ(pair.side[0].payloads + pair.side[1].payloads, 0);
	pair.look = NULL;
	check_talk();
	end();
}

/* Too short to be anything, in the epoch of the session. */
static void short_records_are_silence(void)
{
	uint8_t bytes[100], body[64] = {0};

	make(false);
	settle();
	for (size_t len = 0; len < sizeof body; len++)
		for (unsigned type = 20; type <= 24; type++)
			for (int to = 0; to < 2; to++) {
				give(to, bytes,
				     record(bytes, (uint8_t)type, 1,
					    (altair_bytes){body, len}));
				CHECK_EQ(altair_secure_state(
						 pair.side[to].secure),
					 ALTAIR_SECURE_OPEN);
			}
	check_talk();
	end();
}

static void other_epochs_are_silence(void)
{
	uint8_t bytes[100], body[40] = {0};

	make(false);
	settle();
	for (unsigned epoch = 0; epoch < 256; epoch++)
		for (unsigned type = 20; type <= 24; type++)
			give((int)(epoch % 2), bytes,
			     record(bytes, (uint8_t)type, epoch,
				    (altair_bytes){body, sizeof body}));
	check_talk();
	end();
}

/* Counters, and none of them twice (RFC 5288 3). */
static void nonces_of_a_million_records(void)
{
	enum { RECORDS = 1 << 20 };
	uint8_t room[64];
	uint64_t first = 0;
	altair_datagram out;

	make(false);
	settle();
	for (uint64_t i = 0; i < RECORDS; i++) {
		uint64_t nonce = 0;

		room[ALTAIR_SECURE_HEADROOM] = (uint8_t)i;
		CHECK_EQ(altair_secure_wrap(pair.side[CLIENT].secure,
					    room + ALTAIR_SECURE_HEADROOM, 1,
					    &out),
			 0);
		for (size_t k = 13; k < 21; k++)
			nonce = nonce << 8 | out.bytes.data[k];
		if (i == 0)
			first = nonce;
		CHECK(nonce == first + i);
	}
	end();
}

static int compare_randoms(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static void client_randoms_differ(void)
{
	enum { HELLOS = 10000 };
	static uint8_t randoms[HELLOS][32];
	static const uint8_t none[32];
	uint8_t bytes[PAIR_DATAGRAM];

	make(false);
	for (int i = 0; i < HELLOS; i++) {
		hello(bytes);
		memcpy(randoms[i], bytes + 27, 32);
		CHECK(memcmp(randoms[i], none, 32) != 0);
		pair_close(&pair);
		pair_open(&pair);
	}
	qsort(randoms, HELLOS, 32, compare_randoms);
	for (int i = 1; i < HELLOS; i++)
		CHECK(memcmp(randoms[i - 1], randoms[i], 32) != 0);
	end();
}

/* --- what is not proved ---------------------------------------------------- */

/* Before each datagram of the handshake a hundred alerts in clear. */
static bool alerts_first(struct pair *p, struct pair_datagram *d)
{
	uint8_t bytes[32];

	for (unsigned i = 0; i < 100; i++) {
		uint8_t alert[2] = {(uint8_t)(1 + i % 2), (uint8_t)i};

		/* give() would deliver later: straight to the other side. */
		give(d->to, bytes,
		     record(bytes, 21, 0, (altair_bytes){alert, 2}));
	}
	(void)p;
	return true;
}

static void alerts_in_clear_end_nothing(void)
{
	static const uint8_t close_notify[2] = {1, 0}, fatal[2] = {2, 40};
	uint8_t bytes[32];

	for (int asks_cookie = 0; asks_cookie < 2; asks_cookie++) {
		make(asks_cookie);
		pair.look = alerts_first;
		settle();
		for (int to = 0; to < 2; to++) {
			give(to, bytes,
			     record(bytes, 21, 0,
				    (altair_bytes){close_notify, 2}));
			give(to, bytes,
			     record(bytes, 21, 0, (altair_bytes){fatal, 2}));
			give(to, bytes,
			     record(bytes, 21, 1, (altair_bytes){fatal, 2}));
		}
		pair.look = NULL;
		check_talk();
		end();
	}
}

/* A ClientHello of somebody else before each datagram to the server. */
static uint8_t strangers[64][PAIR_DATAGRAM];
static size_t stranger_len[64], stranger_next;

static void record_strangers(void)
{
	make(false);
	for (size_t i = 0; i < 64; i++) {
		stranger_len[i] = hello(strangers[i]);
		pair_close(&pair);
		pair_open(&pair);
	}
	end();
	stranger_next = 0;
}

static bool stranger_first(struct pair *p, struct pair_datagram *d)
{
	size_t i = stranger_next++ % 64;

	(void)p;
	if (d->to == SERVER)
		give(SERVER, strangers[i], stranger_len[i]);
	return true;
}

/* Where a ClientHello may come from elsewhere a cookie is asked for, and the peer does
 * not lose anything by it. */
static void hello_race_with_cookie(void)
{
	record_strangers();
	make(true);
	pair.look = stranger_first;
	settle();
	/* An answer to the stranger may bring the cookie earlier. */
	CHECK(pair.side[CLIENT].took <= 6 * pair.delay);
	check_talk();
	end();
}

/* On a path that a check has opened there is no cookie; a stranger who forges the
 * peer's address there costs time. */
static bool stranger_once(struct pair *p, struct pair_datagram *d)
{
	(void)p;
	if (d->to == SERVER && stranger_next < 3)
		give(SERVER, strangers[stranger_next],
		     stranger_len[stranger_next]);
	stranger_next += d->to == SERVER;
	return true;
}

static void hello_race_without_cookie(void)
{
	record_strangers();
	make(false);
	pair.look = stranger_once;
	settle();
	CHECK(pair.side[CLIENT].took < ALTAIR_SEC(5));
	check_talk();
	end();
}

/* Messages that break an attempt: the next one succeeds. */
static bool break_once(struct pair *p, struct pair_datagram *d)
{
	uint8_t bytes[PAIR_DATAGRAM];
	unsigned *left = p->user;

	if (*left == 0)
		return true;
	--*left;
	for (unsigned type = 0; type < 24; type++)
		for (unsigned number = 0; number < 4; number++)
			give(!d->to, bytes,
			     fragment(bytes, &(struct piece){type, number, 40,
							     0, 40}));
	return true;
}

static void broken_attempts_are_followed_by_another(void)
{
	for (unsigned breaks = 1; breaks < 4; breaks++) {
		unsigned left = breaks;

		make(false);
		pair.look = break_once;
		pair.user = &left;
		settle();
		check_talk();
		end();
	}
}

static void cookie_of_another_session(void)
{
	uint8_t first[PAIR_DATAGRAM], second[PAIR_DATAGRAM];
	size_t len;
	altair_output out;

	/* A whole second ClientHello, with the cookie of a session. */
	recorded_count = 0;
	make(true);
	pair.look = keep;
	settle();
	pair.look = NULL;
	CHECK(recorded_count > 3 && recorded[2].to == SERVER);
	pair_close(&pair);
	pair_open(&pair);
	for (int i = 0; i < 100; i++) {
		give(SERVER, recorded[2].bytes, recorded[2].len);
		CHECK_EQ(altair_poll(pair_machine(&pair, SERVER), &out),
			 ALTAIR_SEND);
		/* Asked again, in fewer bytes than it brought. */
		CHECK(out.datagram.bytes.len < recorded[2].len);
		CHECK_EQ(out.datagram.bytes.data[13], 3);
		CHECK_EQ(altair_poll(pair_machine(&pair, SERVER), &out),
			 ALTAIR_WAIT);
	}
	len = hello(first);
	memcpy(second, first, len);
	settle();
	end();
}

/* Of somebody who was not seen yet: no more goes to him than came, however long it
 * takes. */
static void asking_is_no_amplifier(void)
{
	uint8_t bytes[PAIR_DATAGRAM];
	size_t len, came = 0;

	make(true);
	len = hello(bytes);
	pair_close(&pair);
	pair_open(&pair);
	altair_secure_start(pair.side[SERVER].secure, pair.now);
	pair.side[SERVER].sent_bytes = 0;
	for (int i = 0; i < 9; i++) {
		give(SERVER, bytes, len);
		came += len;
		pair_run(&pair, ALTAIR_MSEC(1 + i * 200));
		CHECK(pair.side[SERVER].sent_bytes <= came);
	}
	CHECK(pair.side[SERVER].sent_bytes > came / 4);
	end();
}

/* --- what it may cost ------------------------------------------------------ */

#define HALF_OPEN_MAX ((size_t)64 * 1024)

static size_t memory_of_server(size_t before)
{
	return held - before + sizeof(altair_dtls_session) +
	       altair_secure_size(&pair.side[SERVER].config);
}

/* Nonsense of every kind. */
static void flood(void)
{
	uint8_t bytes[PAIR_DATAGRAM], body[64] = {0};

	for (int i = 0; i < 300; i++) {
		uint64_t dice = pair_random(&pair);
		const size_t wholes[] = {0, 1, 40, 900, 2048, 16000, 0xffffff};
		struct piece p = {.type = (unsigned)(dice % 25),
				  .number = (unsigned)(dice >> 8) % 24,
				  .whole = wholes[(dice >> 16) % 7]};

		p.from = (dice >> 24) % 3 ? 0 : (dice >> 32) % (p.whole + 1);
		p.len = (dice >> 28) % 4 ? p.whole - p.from : 0;
		give(SERVER, bytes, fragment(bytes, &p));
		give(SERVER, bytes,
		     record(bytes, (uint8_t)(20 + dice % 5),
			    (unsigned)(dice >> 40) % 4,
			    (altair_bytes){body, (dice >> 44) % 64}));
	}
}

/* The first pieces of messages that are not due yet, as long as they can be. */
static void flood_pieces(void)
{
	static const unsigned types[] = {11, 15, 16};
	uint8_t bytes[PAIR_DATAGRAM];

	for (unsigned number = 2; number < 16; number++)
		for (unsigned i = 0; i < 3; i++)
			give(SERVER, bytes,
			     fragment(bytes, &(struct piece){types[i], number,
							     16000, 0, 900}));
}

/* Records of the next epoch, whose keys are not known yet. */
static void flood_early(void)
{
	uint8_t bytes[PAIR_DATAGRAM], body[64] = {0};

	for (size_t i = 0; i < 200; i++)
		give(SERVER, bytes,
		     record(bytes, 22, 1, (altair_bytes){body, sizeof body}));
}

static void half_open_costs_64_kib(void)
{
	static void (*const floods[])(void) = {flood_pieces, flood_early,
					       flood};
	uint8_t first[PAIR_DATAGRAM];
	size_t len, before, most = 0, now;

	for (int asks_cookie = 0; asks_cookie < 2; asks_cookie++) {
		make(asks_cookie);
		settle(); /* what the library makes once is there now */
		pair_close(&pair);
		pair_open(&pair);
		len = hello(first);
		pair_close(&pair);
		before = held;
		pair_open(&pair);
		altair_secure_free(pair.side[CLIENT].secure);
		for (uint8_t i = 0; i < 60; i++) {
			first[28] = i; /* another attempt */
			give(SERVER, first, len);
			floods[i % 3]();
			now = memory_of_server(before);
			most = now > most ? now : most;
			CHECK(now <= HALF_OPEN_MAX);
		}
		altair_secure_free(pair.side[SERVER].secure);
		/* One thread's state of random numbers and errors stays. */
		CHECK(held <= before + 8192);
		for (int who = 0; who < 2; who++)
			free(pair.side[who].mem);
		pair_end(&pair);
	}
	printf("# a half-open handshake holds %zu bytes at most\n", most);
}

/* No state at all before the cookie, and nothing is left of what was begun. */
static void a_hundred_thousand_half_open(void)
{
	uint8_t bytes[PAIR_DATAGRAM];
	size_t len, before;

	make(true);
	len = hello(bytes);
	give(SERVER, bytes, len);
	before = held;
	for (uint32_t i = 0; i < 100000; i++) {
		bytes[27] = (uint8_t)i; /* of its random */
		bytes[28] = (uint8_t)(i >> 8);
		bytes[29] = (uint8_t)(i >> 16);
		give(SERVER, bytes, len);
		CHECK(held <= before + 1024);
	}
	settle();
	check_talk();
	end();
	/* Without a cookie each takes the place of the one before it. */
	make(false);
	len = hello(bytes);
	give(SERVER, bytes, len);
	before = held;
	for (uint32_t i = 0; i < 2000; i++) {
		bytes[27] = (uint8_t)i;
		bytes[28] = (uint8_t)(i >> 8);
		give(SERVER, bytes, len);
		CHECK(held <= before + 4096);
	}
	pair_close(&pair);
	pair_open(&pair);
	settle();
	end();
}

/* 200 fragments, and a hundred thousand of nothing. */
static void fragments_without_end(void)
{
	uint8_t bytes[PAIR_DATAGRAM];

	make(false);
	for (size_t i = 0; i < 200; i++)
		give(SERVER, bytes,
		     fragment(bytes, &(struct piece){1, 0, 200, i, 1}));
	for (size_t i = 0; i < 100000; i++)
		give(SERVER, bytes,
		     fragment(bytes, &(struct piece){1, 0, 200, i % 200, 0}));
	settle();
	check_talk();
	end();
}

/* More is sent than the queue has room for: what is too much is lost. */
static void a_full_queue_goes_on(void)
{
	uint8_t bytes[PAIR_DATAGRAM];
	size_t len;

	record_strangers();
	make(false);
	for (size_t i = 0; i < 64; i++)
		give(SERVER, strangers[i], stranger_len[i]); /* not polled */
	len = hello(bytes);
	give(SERVER, bytes, len);
	settle();
	check_talk();
	end();
}

/* --- what is not spoken ---------------------------------------------------- */

static const struct {
	const char *ciphers, *groups, *signatures;
	int version;
	bool is_good;
} offers[] = {
	{"ECDHE-ECDSA-AES128-GCM-SHA256", "X25519:P-256", NULL, DTLS1_2_VERSION,
	 true},
	{"ECDHE-ECDSA-AES256-GCM-SHA384", "P-256", NULL, DTLS1_2_VERSION, true},
	{"ECDHE-ECDSA-CHACHA20-POLY1305", "P-256", NULL, DTLS1_2_VERSION, true},
	{"ALL:@SECLEVEL=0", NULL, NULL, DTLS1_VERSION, false},
	{"ECDHE-ECDSA-AES128-SHA", NULL, NULL, DTLS1_2_VERSION, false},
	{"ECDHE-ECDSA-AES128-SHA256", NULL, NULL, DTLS1_2_VERSION, false},
	{"ECDHE-ECDSA-AES256-SHA384", NULL, NULL, DTLS1_2_VERSION, false},
	{"ECDHE-ECDSA-AES128-CCM8", NULL, NULL, DTLS1_2_VERSION, false},
	{"ECDHE-ECDSA-AES128-CCM", NULL, NULL, DTLS1_2_VERSION, false},
	{"ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0", NULL, NULL, DTLS1_2_VERSION,
	 false},
	{"eNULL:@SECLEVEL=0", NULL, NULL, DTLS1_2_VERSION, false},
	{"aNULL:@SECLEVEL=0", NULL, NULL, DTLS1_2_VERSION, false},
	{"AES128-GCM-SHA256", NULL, NULL, DTLS1_2_VERSION, false},
	{"DHE-RSA-AES128-GCM-SHA256", NULL, NULL, DTLS1_2_VERSION, false},
	{"ECDHE-RSA-AES128-GCM-SHA256", NULL, NULL, DTLS1_2_VERSION, false},
	{"PSK-AES128-GCM-SHA256", NULL, NULL, DTLS1_2_VERSION, false},
	{"ECDHE-ECDSA-AES128-GCM-SHA256", "P-521", NULL, DTLS1_2_VERSION,
	 false},
	{"ECDHE-ECDSA-AES128-GCM-SHA256", "P-384", NULL, DTLS1_2_VERSION,
	 false},
	{"ECDHE-ECDSA-AES128-GCM-SHA256", NULL, "ECDSA+SHA1", DTLS1_2_VERSION,
	 false},
};

static bool offer(int who, size_t i, EVP_PKEY *key)
{
	struct outsider outsider;
	bool is_open;

	outsider_make(&outsider);
	SSL_CTX_set_max_proto_version(outsider.context, offers[i].version);
	if (SSL_CTX_set_cipher_list(outsider.context, offers[i].ciphers) != 1) {
		SSL_CTX_free(outsider.context);
		return false; /* not even OpenSSL has it any more */
	}
	if (offers[i].groups)
		SSL_CTX_set1_groups_list(outsider.context, offers[i].groups);
	if (offers[i].signatures)
		SSL_CTX_set1_sigalgs_list(outsider.context,
					  offers[i].signatures);
	outsider_is(&outsider, key);
	outsider_connect(&outsider, who == SERVER);
	pair_open(&pair);
	pair_start(&pair);
	is_open = outsider_shake(&outsider, &pair, who);
	CHECK(is_open || !pair.side[who].is_secured);
	outsider_end(&outsider);
	pair_close(&pair);
	return is_open;
}

static void ciphers_and_versions(void)
{
	for (int who = 0; who < 2; who++) {
		EVP_PKEY *peer;

		pair_make(&pair);
		peer = outsider_key(pair.side[!who].key);
		for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
			bool is_open = offer(who, i, peer);

			if (is_open != offers[i].is_good)
				printf("# %d: %s, %x\n", who, offers[i].ciphers,
				       (unsigned)offers[i].version);
			CHECK_EQ(is_open, offers[i].is_good);
		}
		EVP_PKEY_free(peer);
		pair_end(&pair);
	}
}

/* The peer, with settings of its own, in an open session. */
static void meet_peer(struct outsider *outsider, int who, EVP_PKEY **key)
{
	pair_make(&pair);
	pair_open(&pair);
	*key = outsider_key(pair.side[!who].key);
	outsider_make(outsider);
	outsider_is(outsider, *key);
	outsider_connect(outsider, who == SERVER);
	pair_start(&pair);
	CHECK(outsider_shake(outsider, &pair, who));
}

static void no_renegotiation_tickets_compression(void)
{
	for (int who = 0; who < 2; who++) {
		struct outsider outsider;
		EVP_PKEY *key;
		struct pair_datagram d = {.to = who};

		meet_peer(&outsider, who, &key);
		CHECK(SSL_get_current_compression(outsider.ssl) == NULL);
		CHECK(!SSL_SESSION_has_ticket(SSL_get_session(outsider.ssl)));
		CHECK(SSL_get_secure_renegotiation_support(outsider.ssl));
		CHECK(SSL_get_extms_support(outsider.ssl) == 1);
		/* It asks for a handshake again, and gets none. */
		SSL_renegotiate(outsider.ssl);
		SSL_do_handshake(outsider.ssl);
		d.len = outsider_output(&outsider, d.bytes, sizeof d.bytes);
		CHECK(d.len > 0);
		pair_deliver(&pair, &d);
		CHECK_EQ(altair_secure_state(pair.side[who].secure),
			 ALTAIR_SECURE_OPEN);
		outsider_end(&outsider);
		EVP_PKEY_free(key);
		end();
	}
}

static void no_resumption(void)
{
	struct outsider first, again;
	EVP_PKEY *key;
	SSL_SESSION *session;

	meet_peer(&first, SERVER, &key);
	session = SSL_get1_session(first.ssl);
	outsider_make(&again);
	outsider_is(&again, key);
	outsider_connect(&again, true);
	CHECK(SSL_set_session(again.ssl, session) == 1);
	pair_close(&pair);
	pair_open(&pair);
	pair_start(&pair);
	CHECK(outsider_shake(&again, &pair, SERVER));
	CHECK(!SSL_session_reused(again.ssl));
	SSL_SESSION_free(session);
	outsider_end(&first);
	outsider_end(&again);
	EVP_PKEY_free(key);
	end();
}

/* Two megabytes of certificates are not collected. */
static void long_certificates(void)
{
	for (int who = 0; who < 2; who++) {
		struct outsider outsider;
		EVP_PKEY *key;
		X509 *cert;

		pair_make(&pair);
		pair_open(&pair);
		key = outsider_key(pair.side[!who].key);
		cert = outsider_certificate(key, key);
		outsider_make(&outsider);
		outsider_is(&outsider, key);
		for (int i = 0; i < 10; i++)
			CHECK(SSL_CTX_add1_chain_cert(outsider.context, cert) ==
			      1);
		outsider_connect(&outsider, who == SERVER);
		pair_start(&pair);
		CHECK(!outsider_shake(&outsider, &pair, who));
		CHECK(!pair.side[who].is_secured);
		outsider_end(&outsider);
		X509_free(cert);
		EVP_PKEY_free(key);
		end();
	}
}

static const struct check_test tests[] = {
	TEST(forged_record_with_the_highest_number),
	TEST(replay_of_each_record),
	TEST(changed_records_are_silence),
	TEST(short_records_are_silence),
	TEST(other_epochs_are_silence),
	TEST(nonces_of_a_million_records),
	TEST(client_randoms_differ),
	TEST(alerts_in_clear_end_nothing),
	TEST(hello_race_with_cookie),
	TEST(hello_race_without_cookie),
	TEST(broken_attempts_are_followed_by_another),
	TEST(cookie_of_another_session),
	TEST(asking_is_no_amplifier),
	TEST(half_open_costs_64_kib),
	TEST(a_hundred_thousand_half_open),
	TEST(fragments_without_end),
	TEST(a_full_queue_goes_on),
	TEST(ciphers_and_versions),
	TEST(no_renegotiation_tickets_compression),
	TEST(no_resumption),
	TEST(long_certificates),
};

CHECK_MAIN(tests)
