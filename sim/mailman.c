/*
 * The hostile server. He forwards honestly in part, so that every state is reached, and
 * plays his tricks in between. After it all the judge asks: who is introduced to whom,
 * what was accepted, was everybody told.
 *
 * Right is: a person is introduced to the partner in the same room or to nobody; what
 * is accepted is what the partner sealed, in its order, once; his own machines are
 * introduced to nobody; no identity and no payload stands readable in what he sees.
 */
#include "sim/mailman.h"

#include <assert.h>
#include <string.h>

#define MOVES 24
#define PAYLOADS 2
#define PAYLOAD_LEN 16
#define IDENTITY_LEN 12
#define ROGUE_WORDS 2
/* Of which one counts, if it is as it should be. */
#define GUESSES 3

static bool is_caller(unsigned who)
{
	return who % 2 == 0;
}

static bool is_honest(unsigned who)
{
	return who < SIM_ROGUE_CALLER;
}

static unsigned room_of(unsigned who)
{
	return who / 2 % SIM_MEET_ROOMS;
}

static unsigned partner_of(unsigned who)
{
	return who ^ 1;
}

static uint32_t below(struct sim_mailman *m, uint32_t n)
{
	return sim_rng_below(&m->rng, n);
}

/* --- the slow hash, once for each word and room -------------------------- */

/* The secret is "word-NN", the context "altair 1 code N". */
static int remembered(void *user, altair_bytes secret, altair_bytes salt,
		      uint8_t w[ALTAIR_PAKE_SCALAR])
{
	struct sim_mailman *m = user;
	unsigned word = (unsigned)(secret.data[5] - '0') * 10 +
			(unsigned)(secret.data[6] - '0');
	unsigned room = (unsigned)(salt.data[salt.len - 1] - '0');
	int error = 0;

	if (!m->is_known[room][word])
		error = m->real->stretch(m->real->user, secret, salt,
					 m->known[room][word]);
	m->is_known[room][word] = error == 0;
	memcpy(w, m->known[room][word], ALTAIR_PAKE_SCALAR);
	return error;
}

static int drawn(void *user, uint8_t *out, size_t len)
{
	struct sim_mailman *m = user;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)sim_rng_u32(&m->secrets);
	return 0;
}

void sim_mailman_init(struct sim_mailman *m, uint64_t seed, unsigned words,
		      const altair_crypto *crypto, const altair_pake *pake)
{
	assert(words > 0 && words <= SIM_MEET_WORDS_MAX);
	memset(m, 0, sizeof *m);
	m->words = words;
	m->real = pake;
	m->pake = *pake;
	m->pake.user = m;
	m->pake.stretch = remembered;
	m->crypto = *crypto;
	m->crypto.user = m;
	m->crypto.random = drawn;
	sim_rng_seed(&m->rng, seed, SIM_FOR_ATTACKER, 0);
	sim_rng_seed(&m->secrets, seed, SIM_FOR_SECRETS, 0);
}

/* --- people -------------------------------------------------------------- */

static void write_identity(unsigned who, uint8_t out[IDENTITY_LEN])
{
	memcpy(out, "identity of ", IDENTITY_LEN);
	out[IDENTITY_LEN - 1] = (uint8_t)('0' + who);
}

static void write_payload(unsigned who, unsigned number,
			  uint8_t out[PAYLOAD_LEN])
{
	memcpy(out, "payload NN of ..", PAYLOAD_LEN);
	out[8] = (uint8_t)('0' + number / 10);
	out[9] = (uint8_t)('0' + number % 10);
	out[14] = (uint8_t)('0' + who);
}

/* What he sees. He reads what stands there readable. */
static void mail(struct sim_mailman *m, unsigned from, altair_bytes bytes)
{
	static const char *const readable[] = {"identity", "payload", "word-"};
	struct sim_mail *mail = &m->bag[m->bag_count];

	assert(bytes.len <= SIM_MAIL_MAX);
	for (size_t k = 0; k < sizeof readable / sizeof *readable; k++) {
		size_t len = strlen(readable[k]);

		for (size_t i = 0; i + len <= bytes.len; i++) {
			if (memcmp(bytes.data + i, readable[k], len) == 0)
				m->count.disclosed += len;
		}
	}
	if (m->bag_count == SIM_MAIL_BAG)
		return;
	mail->from = from;
	mail->len = bytes.len;
	memcpy(mail->bytes, bytes.data, bytes.len);
	m->bag_count++;
}

static void send_payload(struct sim_mailman *m, unsigned who, unsigned number)
{
	uint8_t room[ALTAIR_MEET_HEADROOM + PAYLOAD_LEN + ALTAIR_MEET_TAILROOM];
	altair_datagram envelope;

	write_payload(who, number, room + ALTAIR_MEET_HEADROOM);
	if (altair_meet_wrap(m->people[who].meet, room + ALTAIR_MEET_HEADROOM,
			     PAYLOAD_LEN, &envelope) == 0)
		mail(m, who, envelope.bytes);
}

static void introduced(struct sim_mailman *m, unsigned who)
{
	struct sim_person_state *p = &m->people[who];
	altair_bytes peer = altair_meet_peer(p->meet);
	uint8_t right[IDENTITY_LEN];

	p->introduced++;
	if (!is_honest(who)) {
		m->count.disclosed += peer.len;
		return;
	}
	write_identity(partner_of(who), right);
	if (peer.len != IDENTITY_LEN ||
	    memcmp(peer.data, right, IDENTITY_LEN) != 0)
		m->count.accepted += peer.len > 0 ? peer.len : 1;
	for (unsigned i = 0; i < PAYLOADS; i++)
		send_payload(m, who, i);
}

static void pump(struct sim_mailman *m, unsigned who)
{
	struct sim_person_state *p = &m->people[who];
	enum altair_step step;
	altair_output out;

	while ((step = altair_poll(p->machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			mail(m, who, out.datagram.bytes);
		else if (out.event == ALTAIR_EV_INTRODUCED)
			introduced(m, who);
		else
			p->failed++;
	}
}

static void arrive(struct sim_mailman *m, unsigned who, unsigned word)
{
	struct sim_person_state *p = &m->people[who];
	char secret[] = "word-NN", context[] = "altair 1 code N";
	uint8_t identity[IDENTITY_LEN];
	altair_meet_config config;
	int error;

	p->word = word;
	p->forwarded = p->delivered = p->introduced = p->failed = 0;
	p->accepted = 0;
	secret[5] = (char)('0' + word / 10);
	secret[6] = (char)('0' + word % 10);
	context[14] = (char)('0' + room_of(who));
	write_identity(who, identity);
	altair_meet_config_default(&config);
	config.crypto = &m->crypto;
	config.pake = &m->pake;
	config.role =
		is_caller(who) ? ALTAIR_MEET_CALLER : ALTAIR_MEET_LISTENER;
	config.secret = (altair_bytes){(const uint8_t *)secret, 7};
	config.context = (altair_bytes){(const uint8_t *)context, 15};
	config.identity = (altair_bytes){identity, IDENTITY_LEN};
	config.is_datagram = m->is_datagram;
	error = altair_meet_init(&p->meet, p->memory, sizeof p->memory, &config,
				 0);
	assert(error == 0);
	(void)error;
	p->machine = altair_meet_machine(p->meet);
	pump(m, who);
}

/* What was opened has to be the next that the partner sealed. */
static void accept(struct sim_mailman *m, unsigned who, altair_bytes payload)
{
	struct sim_person_state *p = &m->people[who];
	uint8_t right[PAYLOAD_LEN];

	write_payload(partner_of(who), p->accepted++, right);
	m->count.payloads++;
	if (is_honest(who) && payload.len == PAYLOAD_LEN &&
	    memcmp(payload.data, right, PAYLOAD_LEN) == 0)
		return;
	*(is_honest(who) ? &m->count.accepted : &m->count.disclosed) +=
		payload.len;
}

static void deliver(struct sim_mailman *m, unsigned to,
		    const struct sim_mail *mail)
{
	struct sim_mail copy = *mail;
	altair_datagram d = {.bytes = {copy.bytes, copy.len}};

	m->people[to].delivered++;
	altair_input(m->people[to].machine, ALTAIR_SEC(1), &d, 1);
	if (d.verdict == ALTAIR_PAYLOAD)
		accept(m, to, d.bytes);
	pump(m, to);
}

/* --- what he does -------------------------------------------------------- */

/* The next mail of `from` that `to` has not had; NULL when it has had all. */
static const struct sim_mail *next_mail(struct sim_mailman *m, unsigned from,
					unsigned to)
{
	size_t *at = &m->people[to].forwarded;

	for (; *at < m->bag_count; ++*at) {
		if (m->bag[*at].from == from)
			return &m->bag[(*at)++];
	}
	return NULL;
}

static void forward(struct sim_mailman *m, unsigned from, unsigned to)
{
	const struct sim_mail *mail = next_mail(m, from, to);

	if (mail)
		deliver(m, to, mail);
}

/* Any mail of `from` in the bag. */
static const struct sim_mail *any_mail(struct sim_mailman *m, unsigned from)
{
	size_t start = m->bag_count > 0 ? below(m, (uint32_t)m->bag_count) : 0;

	for (size_t i = 0; i < m->bag_count; i++) {
		const struct sim_mail *mail =
			&m->bag[(start + i) % m->bag_count];

		if (mail->from == from)
			return mail;
	}
	return NULL;
}

static void deliver_any(struct sim_mailman *m, unsigned from, unsigned to)
{
	const struct sim_mail *mail = any_mail(m, from);
	struct sim_mail dressed;

	if (!mail)
		return;
	dressed = *mail;
	/* As the kind that it is, or as any other. */
	if (below(m, 3) == 0)
		dressed.bytes[1] = (uint8_t)(1 + below(m, 5));
	deliver(m, to, &dressed);
}

static void substitute(struct sim_mailman *m, unsigned to)
{
	unsigned rogue = is_caller(to) ? SIM_ROGUE_LISTENER : SIM_ROGUE_CALLER;
	const struct sim_mail *his = any_mail(m, rogue);
	const struct sim_mail *theirs = any_mail(m, partner_of(to));
	struct sim_mail both;

	switch (below(m, 3)) {
	case 0:
		forward(m, to, rogue);
		return;
	case 1:
		forward(m, rogue, to);
		return;
	default:
		if (!his || !theirs)
			return;
		/* His share in front of what the partner said. */
		both = *theirs;
		memcpy(both.bytes, his->bytes,
		       his->len < 67 ? his->len : (size_t)67);
		deliver(m, to, &both);
	}
}

static void replay(struct sim_mailman *m, unsigned to)
{
	const struct sim_mail *old = NULL;

	if (m->kept_count > 0 && below(m, 2) == 0)
		old = &m->kept[below(m, (uint32_t)m->kept_count)];
	else
		old = any_mail(m, partner_of(to));
	if (old)
		deliver(m, to, old);
}

static void spoil(struct sim_mailman *m, unsigned to)
{
	const struct sim_mail *mail = next_mail(m, partner_of(to), to);
	struct sim_mail spoilt;

	if (!mail)
		return;
	spoilt = *mail;
	switch (below(m, 4)) {
	case 0:
		spoilt.bytes[below(m, (uint32_t)spoilt.len)] ^=
			(uint8_t)(1u << below(m, 8));
		break;
	case 1:
		spoilt.len = below(m, (uint32_t)spoilt.len);
		break;
	case 2:
		spoilt.len += 1 + below(m, 32);
		break;
	default:
		memset(spoilt.bytes + below(m, (uint32_t)spoilt.len / 2), 0,
		       spoilt.len / 2);
	}
	deliver(m, to, &spoilt);
}

static void play(struct sim_mailman *m, enum sim_trick trick, unsigned to)
{
	switch (trick) {
	case SIM_SUBSTITUTE:
		substitute(m, to);
		break;
	case SIM_REPLAY:
		replay(m, to);
		break;
	case SIM_REORDER:
		deliver_any(m, partner_of(to), to);
		break;
	case SIM_DROP:
		next_mail(m, partner_of(to), to);
		break;
	case SIM_REFLECT:
		deliver_any(m, to, to);
		break;
	case SIM_SWAP_SIDES:
		deliver_any(m, (to + 2) % 4, to);
		break;
	case SIM_SWAP_ROOMS:
		deliver_any(m, (partner_of(to) + 2) % 4, to);
		break;
	default:
		spoil(m, to);
	}
}

/* --- the judge ----------------------------------------------------------- */

static void judge_pair(struct sim_mailman *m, unsigned who)
{
	uint8_t ours[32], theirs[32];

	if (altair_meet_pair(m->people[who].meet, ours) == 0 &&
	    altair_meet_pair(m->people[partner_of(who)].meet, theirs) == 0 &&
	    memcmp(ours, theirs, sizeof ours) != 0)
		m->count.accepted += sizeof ours;
}

/* A listener whom nobody called waits on; everybody else is told. */
static void judge(struct sim_mailman *m, unsigned who)
{
	struct sim_person_state *p = &m->people[who];

	altair_tick(p->machine, ALTAIR_SEC(60));
	pump(m, who);
	if (p->introduced > 1 || p->failed > 1)
		m->count.untold++;
	if (p->introduced + p->failed == 0 &&
	    (is_caller(who) || p->delivered > 0))
		m->count.untold++;
	m->count.introduced += p->introduced;
	m->count.failed += p->failed;
	judge_pair(m, who);
}

/* A part of the bag, for another day. */
static void keep(struct sim_mailman *m)
{
	for (size_t i = 0; i < m->bag_count; i++) {
		size_t at = m->kept_count < SIM_MAIL_KEPT
				    ? m->kept_count++
				    : below(m, SIM_MAIL_KEPT);

		m->kept[at] = m->bag[i];
	}
}

void sim_mailman_attempt(struct sim_mailman *m, enum sim_trick trick)
{
	unsigned word = below(m, m->words), moves = 1 + below(m, MOVES);
	unsigned honest = below(m, 100);

	m->bag_count = 0;
	m->is_datagram = below(m, 2);
	m->count.attempts++;
	/* The same words in both rooms are the worst case. */
	for (unsigned who = 0; who < SIM_ROGUE_CALLER; who++)
		arrive(m, who, word);
	for (unsigned who = SIM_ROGUE_CALLER; who < SIM_PEOPLE; who++)
		arrive(m, who, m->words + below(m, ROGUE_WORDS));
	for (unsigned i = 0; i < moves; i++) {
		unsigned to = below(m, SIM_ROGUE_CALLER);
		enum sim_trick now = trick;

		if (trick == SIM_ALL_TRICKS)
			now = (enum sim_trick)below(m, SIM_ALL_TRICKS);
		if (below(m, 100) < honest)
			forward(m, partner_of(to), to);
		else
			play(m, now, to);
	}
	for (unsigned who = 0; who < SIM_ROGUE_CALLER; who++)
		judge(m, who);
	keep(m);
}

/* One guess of his at the victim; true when it was right. */
static bool guess(struct sim_mailman *m, unsigned victim, unsigned rogue)
{
	size_t start = m->bag_count, said;
	bool tells;

	arrive(m, rogue, below(m, m->words));
	said = m->bag_count;
	for (size_t i = start; i < said; i++)
		deliver(m, victim, &m->bag[i]);
	m->people[victim].forwarded = said;
	/* He need not tell that he was wrong. */
	tells = is_caller(victim) || below(m, 2);
	for (size_t i = 0; i < GUESSES; i++) {
		forward(m, victim, rogue);
		if (tells)
			forward(m, rogue, victim);
	}
	return m->people[rogue].introduced > 0;
}

void sim_mailman_guess(struct sim_mailman *m)
{
	unsigned victim = below(m, 2);
	unsigned rogue =
		is_caller(victim) ? SIM_ROGUE_LISTENER : SIM_ROGUE_CALLER;
	bool is_right = false;

	m->bag_count = 0;
	m->is_datagram = below(m, 2);
	m->count.guesses++;
	arrive(m, victim, below(m, m->words));
	for (unsigned i = 0; i < GUESSES && !is_right; i++)
		is_right = guess(m, victim, rogue);
	m->count.guessed += is_right;
	altair_tick(m->people[victim].machine, ALTAIR_SEC(60));
	pump(m, victim);
	if (m->people[victim].introduced + m->people[victim].failed == 0)
		m->count.untold++;
}
