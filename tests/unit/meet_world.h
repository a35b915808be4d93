/*
 * Two who want to be introduced, and the way between them in the test's hands. The
 * tables are OpenSSL's, but for the slow hash, which is a fast one here: how slow it is
 * proves nothing.
 */
#ifndef MEET_WORLD_H
#define MEET_WORLD_H

#include "check.h"

#include <altair/meet.h>
#include <altair/openssl.h>

#include <stdlib.h>

#define MESSAGE_MAX (ALTAIR_MEET_IDENTITY_MAX + 512)

struct message {
	uint8_t bytes[MESSAGE_MAX];
	size_t len;
};

struct side {
	altair_meet *meet;
	altair_machine *machine;
	void *memory;
	size_t size;
	/* What it said last, and how often it said something. */
	struct message said;
	unsigned times;
	/* What it told. */
	unsigned introduced, failed;
	int reason;
	uint32_t spent;
	altair_time deadline;
};

static inline int quick(void *user, altair_bytes secret, altair_bytes salt,
			uint8_t w[ALTAIR_PAKE_SCALAR])
{
	altair_bytes parts[] = {secret, {(const uint8_t *)"", 1}, salt};

	(void)user;
	altair_openssl()->sha256(NULL, parts, 3, w);
	w[0] &= 0x7f;
	return 0;
}

static inline const altair_pake *quick_pake(void)
{
	static altair_pake table;

	table = *altair_openssl_pake();
	table.stretch = quick;
	return &table;
}

static inline altair_bytes text(const char *s)
{
	return (altair_bytes){(const uint8_t *)s, strlen(s)};
}

static inline altair_meet_config config_of(enum altair_meet_role role)
{
	altair_meet_config config;

	altair_meet_config_default(&config);
	config.crypto = altair_openssl();
	config.pake = quick_pake();
	config.role = role;
	config.secret = text("amber-window");
	config.context = text("altair 1 code 7");
	config.identity = text(role == ALTAIR_MEET_CALLER ? "the caller's key"
							  : "the listener's");
	return config;
}

static inline void drain(struct side *s)
{
	enum altair_step step;
	altair_output out;

	while ((step = altair_poll(s->machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND) {
			CHECK(out.datagram.bytes.len <= MESSAGE_MAX);
			s->said.len = out.datagram.bytes.len;
			memcpy(s->said.bytes, out.datagram.bytes.data,
			       s->said.len);
			s->times++;
		} else if (out.event == ALTAIR_EV_INTRODUCED) {
			s->introduced++;
		} else {
			CHECK_EQ(out.event, ALTAIR_EV_FAILED);
			s->failed++;
			s->reason = out.reason;
			s->spent = out.number;
		}
	}
	s->deadline = out.deadline;
}

static inline struct side side_of(const altair_meet_config *config)
{
	struct side s = {.size = altair_meet_size(config)};

	CHECK(s.size > 0);
	s.memory = malloc(s.size);
	CHECK(s.memory != NULL);
	CHECK_EQ(altair_meet_init(&s.meet, s.memory, s.size, config, 0), 0);
	s.machine = altair_meet_machine(s.meet);
	drain(&s);
	return s;
}

static inline void leave(struct side *s)
{
	altair_meet_close(s->meet);
	free(s->memory);
}

/* Hands over a copy, of exactly that size. */
static inline enum altair_verdict hand(struct side *to, altair_time now,
				       const struct message *message)
{
	uint8_t *copy = malloc(message->len > 0 ? message->len : 1);
	altair_datagram d = {.bytes = {copy, message->len}};

	CHECK(copy != NULL);
	memcpy(copy, message->bytes, message->len);
	altair_input(to->machine, now, &d, 1);
	free(copy);
	drain(to);
	return d.verdict;
}

/* The three messages. */
static inline void introduce(struct side *a, struct side *b)
{
	hand(b, 0, &a->said);
	hand(a, 0, &b->said);
	hand(b, 0, &a->said);
	CHECK_EQ(a->introduced, 1);
	CHECK_EQ(b->introduced, 1);
}

/* What `from` wraps. */
static inline struct message envelope(struct side *from, const char *payload)
{
	struct message m = {.len = 0};
	altair_datagram d;

	memcpy(m.bytes + ALTAIR_MEET_HEADROOM, payload, strlen(payload));
	CHECK_EQ(altair_meet_wrap(from->meet, m.bytes + ALTAIR_MEET_HEADROOM,
				  strlen(payload), &d),
		 0);
	CHECK(d.bytes.data == m.bytes);
	m.len = d.bytes.len;
	return m;
}

/* What `to` gives of an envelope; NULL if it gives nothing. */
static inline const char *opened(struct side *to, const struct message *m)
{
	static char payload[MESSAGE_MAX];
	struct message copy = *m;
	altair_datagram d = {.bytes = {copy.bytes, copy.len}};

	altair_input(to->machine, 0, &d, 1);
	drain(to);
	if (d.verdict != ALTAIR_PAYLOAD)
		return NULL;
	memcpy(payload, d.bytes.data, d.bytes.len);
	payload[d.bytes.len] = '\0';
	return payload;
}

/* It is over, told once, and nothing is given away. */
static inline void check_over(struct side *s, int reason)
{
	uint8_t pair[32], room[64];
	altair_datagram d;

	CHECK_EQ(s->failed, 1);
	CHECK_EQ(s->reason, reason);
	CHECK_EQ(altair_meet_state(s->meet), ALTAIR_MEET_FAILED);
	CHECK_EQ(altair_meet_peer(s->meet).len, 0);
	CHECK_EQ(altair_meet_pair(s->meet, pair), ALTAIR_E_STATE);
	CHECK_EQ(altair_meet_wrap(s->meet, room + 20, 4, &d), ALTAIR_E_STATE);
	CHECK_EQ(s->deadline, ALTAIR_NEVER);
}

#endif
