/*
 * pair.h - two secure sessions and a path between them, in virtual time: it has a
 * delay, it loses, and a test looks at every datagram on it.
 */
#ifndef PAIR_H
#define PAIR_H

#include "check.h"

#include <altair/openssl.h>
#include <altair/secure.h>

#include <stdlib.h>

#define PAIR_QUEUE 256
#define PAIR_DATAGRAM 2048

enum { CLIENT, SERVER };

struct pair_side {
	altair_openssl_key *key;
	altair_dtls dtls;
	altair_secure_config config;
	altair_secure *secure;
	void *mem;
	bool is_secured, has_failed;
	int reason;
	altair_time secured_at, took;
	unsigned payloads;
	uint8_t said[PAIR_DATAGRAM]; /* the latest payload */
	size_t said_len;
	size_t sent, sent_bytes, got_bytes, longest;
};

struct pair_datagram {
	altair_time at;
	int to;
	size_t len;
	uint8_t bytes[PAIR_DATAGRAM];
};

struct pair {
	struct pair_side side[2];
	altair_time now, delay;
	unsigned loss; /* of 100, each way */
	uint64_t random;
	/* Looks at a datagram before it leaves; false: it is lost. */
	bool (*look)(struct pair *pair, struct pair_datagram *datagram);
	void *user;
	struct pair_datagram queue[PAIR_QUEUE];
	size_t count;
};

static inline uint64_t pair_random(struct pair *pair)
{
	pair->random ^= pair->random << 13;
	pair->random ^= pair->random >> 7;
	pair->random ^= pair->random << 17;
	return pair->random;
}

static inline altair_machine *pair_machine(struct pair *pair, int who)
{
	return altair_secure_machine(pair->side[who].secure);
}

/* Puts a datagram on its way, whoever made it. */
static inline void pair_inject(struct pair *pair, int to, const uint8_t *bytes,
			       size_t len)
{
	struct pair_datagram *d = &pair->queue[pair->count];

	CHECK(pair->count < PAIR_QUEUE && len <= sizeof d->bytes);
	d->at = pair->now + pair->delay;
	d->to = to;
	d->len = len;
	memcpy(d->bytes, bytes, len);
	pair->count++;
}

static inline void pair_send(struct pair *pair, int from, altair_bytes bytes)
{
	struct pair_side *side = &pair->side[from];
	struct pair_datagram *d = &pair->queue[pair->count];

	side->sent++;
	side->sent_bytes += bytes.len;
	if (bytes.len > side->longest)
		side->longest = bytes.len;
	pair_inject(pair, !from, bytes.data, bytes.len);
	if ((pair->look && !pair->look(pair, d)) ||
	    pair_random(pair) % 100 < pair->loss)
		pair->count--;
}

/* Sends and tells; gives the deadline. */
static inline altair_time pair_drain(struct pair *pair, int who)
{
	struct pair_side *side = &pair->side[who];
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(pair_machine(pair, who), &out)) !=
	       ALTAIR_WAIT) {
		if (step == ALTAIR_SEND) {
			pair_send(pair, who, out.datagram.bytes);
		} else if (out.event == ALTAIR_EV_SECURED) {
			CHECK(!side->is_secured && !side->has_failed);
			side->is_secured = true;
			side->secured_at = pair->now;
			side->took = out.rtt;
		} else {
			CHECK_EQ(out.event, ALTAIR_EV_FAILED);
			CHECK(!side->has_failed);
			side->has_failed = true;
			side->reason = out.reason;
		}
	}
	return out.deadline;
}

static inline enum altair_verdict pair_deliver(struct pair *pair,
					       struct pair_datagram *d)
{
	struct pair_side *side = &pair->side[d->to];
	altair_datagram datagram = {.bytes = {d->bytes, d->len}};

	side->got_bytes += d->len;
	altair_input(pair_machine(pair, d->to), pair->now, &datagram, 1);
	if (datagram.verdict == ALTAIR_PAYLOAD) {
		side->payloads++;
		side->said_len = datagram.bytes.len;
		memcpy(side->said, datagram.bytes.data, datagram.bytes.len);
	}
	return datagram.verdict;
}

/* One step: what is due first. False: nothing until `until`. */
static inline bool pair_step(struct pair *pair, altair_time until)
{
	static struct pair_datagram d; /* one at a time */
	altair_time at[2] = {pair_drain(pair, CLIENT),
			     pair_drain(pair, SERVER)};
	altair_time next = at[0] < at[1] ? at[0] : at[1];
	size_t first = PAIR_QUEUE;

	for (size_t i = 0; i < pair->count; i++) {
		if (first == PAIR_QUEUE ||
		    pair->queue[i].at < pair->queue[first].at)
			first = i;
	}
	if (first != PAIR_QUEUE && pair->queue[first].at <= next) {
		if (pair->queue[first].at > until)
			return false;
		d = pair->queue[first];
		memmove(&pair->queue[first], &pair->queue[first + 1],
			(pair->count - first - 1) * sizeof *pair->queue);
		pair->count--;
		if (d.at > pair->now)
			pair->now = d.at;
		pair_deliver(pair, &d);
		return true;
	}
	if (next > until)
		return false;
	if (next > pair->now)
		pair->now = next;
	for (int who = 0; who < 2; who++)
		if (at[who] <= pair->now)
			altair_tick(pair_machine(pair, who), pair->now);
	return true;
}

static inline void pair_run(struct pair *pair, altair_time time)
{
	altair_time until = pair->now + time;

	while (pair_step(pair, until))
		continue;
	pair->now = until;
}

static inline bool pair_is_done(const struct pair *pair)
{
	for (int who = 0; who < 2; who++)
		if (!pair->side[who].is_secured && !pair->side[who].has_failed)
			return false;
	return true;
}

/* Until both are open or have failed, at most `time`. */
static inline void pair_settle(struct pair *pair, altair_time time)
{
	altair_time until = pair->now + time;

	while (!pair_is_done(pair) && pair_step(pair, until))
		continue;
}

/* Identities, and what each expects of the other; change `config` before pair_open. */
static inline void pair_make(struct pair *pair)
{
	uint8_t hash[32];

	memset(pair, 0, sizeof *pair);
	pair->now = ALTAIR_SEC(1000);
	pair->delay = ALTAIR_MSEC(25);
	pair->random = 88172645463325252u;
	for (int who = 0; who < 2; who++) {
		struct pair_side *side = &pair->side[who];

		CHECK_EQ(altair_openssl_key_new(&side->key), 0);
		CHECK_EQ(altair_openssl_dtls_open(&side->dtls, side->key), 0);
		altair_secure_config_default(&side->config);
	}
	for (int who = 0; who < 2; who++) {
		struct pair_side *side = &pair->side[who];

		altair_openssl_key_hash(pair->side[!who].key, hash);
		memcpy(side->config.role.peer, hash, sizeof hash);
		side->config.role.is_client = who == CLIENT;
		side->config.dtls = &side->dtls;
	}
}

static inline void pair_open(struct pair *pair)
{
	for (int who = 0; who < 2; who++) {
		struct pair_side *side = &pair->side[who];
		size_t need = altair_secure_size(&side->config);

		CHECK(need > 0);
		side->mem = malloc(need);
		side->is_secured = side->has_failed = false;
		side->payloads = 0;
		CHECK_EQ(altair_secure_init(&side->secure, side->mem, need,
					    &side->config),
			 0);
	}
	pair->count = 0;
}

static inline void pair_start(struct pair *pair)
{
	altair_secure_start(pair->side[SERVER].secure, pair->now);
	altair_secure_start(pair->side[CLIENT].secure, pair->now);
}

static inline void pair_close(struct pair *pair)
{
	for (int who = 0; who < 2; who++) {
		altair_secure_free(pair->side[who].secure);
		free(pair->side[who].mem);
	}
}

static inline void pair_end(struct pair *pair)
{
	for (int who = 0; who < 2; who++) {
		altair_openssl_dtls_close(&pair->side[who].dtls);
		altair_openssl_key_free(pair->side[who].key);
	}
}

/* One message to the other side. */
static inline void pair_say(struct pair *pair, int from, const char *text)
{
	uint8_t room[PAIR_DATAGRAM];
	altair_datagram datagram;

	memcpy(room + ALTAIR_SECURE_HEADROOM, text, strlen(text));
	CHECK_EQ(altair_secure_wrap(pair->side[from].secure,
				    room + ALTAIR_SECURE_HEADROOM, strlen(text),
				    &datagram),
		 0);
	CHECK(datagram.bytes.data == room);
	pair_send(pair, from, datagram.bytes);
}

static inline void pair_check_said(const struct pair *pair, int to,
				   const char *text)
{
	CHECK_EQ(pair->side[to].said_len, strlen(text));
	CHECK_MEM(pair->side[to].said, text, strlen(text));
}

#endif
