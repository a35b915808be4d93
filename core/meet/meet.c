/*
 * The introduction as a machine: SPAKE2 (RFC 9382) in three messages, then envelopes.
 * A message is two bytes, MARK and its kind, and
 *     SHARE     pA                            caller -> listener
 *     ANSWER    pB, cB, sealed identity       listener -> caller
 *     PROOF     cA, sealed identity           caller -> listener
 *     REFUSAL   16 bytes of a hash of pA, pB  caller -> listener: cB was wrong
 *     ENVELOPE  number, sealed payload        both
 * MARK is no first byte of STUN, TURN, DTLS (RFC 7983) and the words of a punch.
 *
 * The names of A and B hold role and context; each confirmation covers the transcript
 * and the sealed identities up to it; the keys of envelopes and of the pair come of
 * both confirmations. So whatever differs between the two, nobody is introduced.
 *
 * Invariants: one share of the peer is looked at, ever, so one guess is all there is;
 * nothing that a peer says counts before his confirmation, and nothing is sealed for
 * him but a listener's identity, under a key that he only has if he knows the secret;
 * a machine that is introduced or over holds neither secret, scalar nor transcript. In
 * datagrams, where anybody may send, what is malformed is ignored; on a reliable way
 * it is somebody's doing, and the end.
 */
#include "base/arena.h"
#include "base/assert.h"
#include "base/cursor.h"
#include "base/machine.h"
#include "base/time.h"
#include "base/wipe.h"
#include "meet/envelope.h"
#include "meet/spake.h"

#include <altair/meet.h>

#include <string.h>

#define MARK 0xf5
#define HEAD AIR_ENVELOPE_HEAD
#define REFUSAL_CHECK 16
#define RETRY_FIRST ALTAIR_MSEC(400)
#define RETRY_MAX ALTAIR_SEC(1)
#define SEALED_MAX (ALTAIR_MEET_IDENTITY_MAX + ALTAIR_PAKE_TAG)
#define SAID_MAX (HEAD + ALTAIR_PAKE_POINT + AIR_SPAKE_CONFIRM + SEALED_MAX)

_Static_assert(ALTAIR_MEET_HEADROOM == AIR_ENVELOPE_FRONT, "as promised");
_Static_assert(ALTAIR_MEET_TAILROOM == ALTAIR_PAKE_TAG, "as promised");

enum kind { SHARE = 1, ANSWER, PROOF, REFUSAL, ENVELOPE };

struct altair_meet {
	struct altair_machine machine;
	const altair_crypto *crypto;
	const altair_pake *pake;
	bool is_caller, is_datagram;
	enum altair_meet_state state;
	altair_time patience, ends_at;
	altair_time retry_at, retry_after;
	uint8_t a[AIR_SPAKE_NAME_MAX], b[AIR_SPAKE_NAME_MAX];
	struct air_spake_names names;
	uint8_t identity[ALTAIR_MEET_IDENTITY_MAX];
	size_t identity_len;
	struct air_spake spake;
	/* What we said last, and where in it our sealed identity is. */
	uint8_t said[SAID_MAX];
	size_t said_len, sealed_at;
	bool is_to_be_said;
	/* A caller's: the confirmation that introduced the peer. */
	uint8_t confirmed_by[AIR_SPAKE_CONFIRM];
	/* A listener's: what a refusal of his answer shows. */
	uint8_t refusal[REFUSAL_CHECK];
	/* With room for a tag. */
	uint8_t peer[SEALED_MAX];
	size_t peer_len;
	uint8_t pair[ALTAIR_PAKE_KEY];
	struct air_envelope out, in;
	bool is_spent, tells_introduced, tells_failed;
	int reason;
	altair_meet_stats stats;
};

/* --- states -------------------------------------------------------------- */

static void set_state(struct altair_meet *m, enum altair_meet_state next)
{
	static const bool edges[5][5] = {
		[ALTAIR_MEET_WAITING] = {[ALTAIR_MEET_ANSWERED] = true,
					 [ALTAIR_MEET_INTRODUCED] = true,
					 [ALTAIR_MEET_FAILED] = true,
					 [ALTAIR_MEET_CLOSED] = true},
		[ALTAIR_MEET_ANSWERED] = {[ALTAIR_MEET_INTRODUCED] = true,
					  [ALTAIR_MEET_FAILED] = true,
					  [ALTAIR_MEET_CLOSED] = true},
		[ALTAIR_MEET_INTRODUCED] = {[ALTAIR_MEET_FAILED] = true,
					    [ALTAIR_MEET_CLOSED] = true},
		[ALTAIR_MEET_FAILED] = {[ALTAIR_MEET_CLOSED] = true},
		[ALTAIR_MEET_CLOSED] = {[ALTAIR_MEET_CLOSED] = true},
	};

	AIR_ASSERT(edges[m->state][next]);
	m->state = next;
}

/* Nothing is due any more, and nothing secret is left. */
static void forget(struct altair_meet *m)
{
	m->ends_at = ALTAIR_NEVER;
	m->retry_at = ALTAIR_NEVER;
	m->peer_len = 0;
	air_wipe(&m->spake, sizeof m->spake);
	air_wipe(&m->out, sizeof m->out);
	air_wipe(&m->in, sizeof m->in);
	air_wipe(m->pair, sizeof m->pair);
}

static void fail(struct altair_meet *m, int reason)
{
	set_state(m, ALTAIR_MEET_FAILED);
	forget(m);
	m->reason = reason;
	m->tells_failed = true;
}

/* What was not what had to come next. */
static void reject(struct altair_meet *m)
{
	m->stats.ignored++;
	if (!m->is_datagram)
		fail(m, ALTAIR_E_TAMPERED);
}

static void say(struct altair_meet *m, altair_time now)
{
	m->is_to_be_said = true;
	m->retry_after = RETRY_FIRST;
	m->retry_at = m->is_datagram ? air_time_after(now, RETRY_FIRST)
				     : ALTAIR_NEVER;
}

/* --- what we say --------------------------------------------------------- */

static altair_bytes sealed_of(const struct altair_meet *m)
{
	AIR_ASSERT(m->sealed_at > 0);
	return (altair_bytes){m->said + m->sealed_at,
			      m->said_len - m->sealed_at};
}

static struct air_writer begin(struct altair_meet *m, enum kind kind)
{
	struct air_writer w = air_writer(m->said, sizeof m->said);

	air_write_u8(&w, MARK);
	air_write_u8(&w, (uint8_t)kind);
	return w;
}

/* A key that is used once, for the identity of one side. */
static int identity_key(const struct altair_meet *m, bool of_caller,
			uint8_t key[ALTAIR_PAKE_KEY])
{
	return air_spake_derive(&m->spake, (altair_bytes){0},
				of_caller ? "altair identity of the caller"
					  : "altair identity of the listener",
				key);
}

/* Appends our identity, sealed. 0 or ALTAIR_E_MEMORY. */
static int seal_identity(struct altair_meet *m, struct air_writer *w)
{
	uint8_t key[ALTAIR_PAKE_KEY];
	altair_pake_seal how = {.key = key};
	int error = identity_key(m, m->is_caller, key);

	m->sealed_at = w->len;
	air_write_bytes(w, (altair_bytes){m->identity, m->identity_len});
	air_write_zeros(w, ALTAIR_PAKE_TAG);
	AIR_ASSERT(!w->failed);
	m->said_len = w->len;
	if (error == 0)
		error = m->pake->seal(m->pake->user, &how,
				      m->said + m->sealed_at, m->identity_len);
	air_wipe(key, sizeof key);
	return error;
}

static void say_share(struct altair_meet *m, altair_time now)
{
	struct air_writer w = begin(m, SHARE);

	air_write_bytes(&w, (altair_bytes){m->spake.share, ALTAIR_PAKE_POINT});
	m->said_len = w.len;
	say(m, now);
}

static int say_answer(struct altair_meet *m, altair_time now)
{
	struct air_writer w = begin(m, ANSWER);
	uint8_t *confirm;
	altair_bytes sealed;
	int error;

	air_write_bytes(&w, (altair_bytes){m->spake.share, ALTAIR_PAKE_POINT});
	confirm = m->said + w.len;
	air_write_zeros(&w, AIR_SPAKE_CONFIRM);
	error = seal_identity(m, &w);
	if (error != 0)
		return error;
	sealed = sealed_of(m);
	air_spake_confirm(&m->spake, false, &sealed, 1, confirm);
	say(m, now);
	return 0;
}

/* `heard` is the listener's sealed identity. */
static int say_proof(struct altair_meet *m, altair_time now, altair_bytes heard)
{
	struct air_writer w = begin(m, PROOF);
	altair_bytes sealed[2] = {heard};
	uint8_t *confirm = m->said + w.len;
	int error;

	air_write_zeros(&w, AIR_SPAKE_CONFIRM);
	error = seal_identity(m, &w);
	if (error != 0)
		return error;
	sealed[1] = sealed_of(m);
	air_spake_confirm(&m->spake, true, sealed, 2, confirm);
	say(m, now);
	m->retry_at = ALTAIR_NEVER;
	return 0;
}

/* What a refusal shows: that it comes from somebody who has seen both shares. */
static void refusal_check(const struct altair_meet *m, altair_bytes pa,
			  altair_bytes pb, uint8_t out[REFUSAL_CHECK])
{
	altair_bytes parts[] = {air_text("altair refusal"), pa, pb};
	uint8_t hash[32];

	m->crypto->sha256(m->crypto->user, parts, 3, hash);
	memcpy(out, hash, REFUSAL_CHECK);
}

/* The listener hears of it at once, instead of waiting in vain. */
static void refuse(struct altair_meet *m, altair_time now, altair_bytes pb)
{
	altair_bytes pa = {m->spake.share, ALTAIR_PAKE_POINT};
	uint8_t check[REFUSAL_CHECK];
	struct air_writer w = begin(m, REFUSAL);

	refusal_check(m, pa, pb, check);
	air_write_bytes(&w, (altair_bytes){check, sizeof check});
	m->said_len = w.len;
	say(m, now);
	fail(m, ALTAIR_E_SECRET);
}

/* --- what the peer says -------------------------------------------------- */

static void make_direction(struct air_envelope *e, bool from_caller)
{
	e->number = 0;
	e->direction = from_caller ? 'A' : 'B';
}

/* Both confirmations are good; `ca` and `cb` are these. */
static void introduce(struct altair_meet *m, const uint8_t *ca,
		      const uint8_t *cb)
{
	struct air_envelope *a = m->is_caller ? &m->out : &m->in;
	struct air_envelope *b = m->is_caller ? &m->in : &m->out;
	uint8_t both[2 * AIR_SPAKE_CONFIRM];
	altair_bytes salt = {both, sizeof both};

	memcpy(both, ca, AIR_SPAKE_CONFIRM);
	memcpy(both + AIR_SPAKE_CONFIRM, cb, AIR_SPAKE_CONFIRM);
	make_direction(a, true);
	make_direction(b, false);
	if (air_spake_derive(&m->spake, salt, "altair envelopes of the caller",
			     a->key) != 0 ||
	    air_spake_derive(&m->spake, salt,
			     "altair envelopes of the listener", b->key) != 0 ||
	    air_spake_derive(&m->spake, salt, "altair pair", m->pair) != 0) {
		fail(m, ALTAIR_E_MEMORY);
		return;
	}
	memcpy(m->confirmed_by, cb, AIR_SPAKE_CONFIRM);
	air_wipe(&m->spake, sizeof m->spake);
	set_state(m, ALTAIR_MEET_INTRODUCED);
	m->ends_at = ALTAIR_NEVER;
	m->retry_at = ALTAIR_NEVER;
	m->tells_introduced = true;
	m->stats.heard++;
}

/* Opens the peer's identity. 0, ALTAIR_E_INVALID or ALTAIR_E_MEMORY. */
static int open_identity(struct altair_meet *m, altair_bytes sealed)
{
	uint8_t key[ALTAIR_PAKE_KEY];
	altair_pake_seal how = {.key = key};
	size_t len = sealed.len - ALTAIR_PAKE_TAG;
	int error = identity_key(m, !m->is_caller, key);

	AIR_ASSERT(sealed.len >= ALTAIR_PAKE_TAG && sealed.len <= SEALED_MAX);
	memcpy(m->peer, sealed.data, sealed.len);
	if (error == 0)
		error = m->pake->open(m->pake->user, &how, m->peer, len);
	air_wipe(key, sizeof key);
	if (error == 0)
		m->peer_len = len;
	return error;
}

/* Confirmed, but not sealed as agreed: that is no peer of ours. */
static int said_wrongly(int error)
{
	return error == ALTAIR_E_INVALID ? ALTAIR_E_SECRET : error;
}

static bool is_confirmed(const struct altair_meet *m, bool by_a,
			 const altair_bytes *sealed, altair_bytes confirm)
{
	uint8_t right[AIR_SPAKE_CONFIRM];
	bool is_right;

	air_spake_confirm(&m->spake, by_a, sealed, by_a ? 2 : 1, right);
	is_right = air_bytes_equal_secret((altair_bytes){right, sizeof right},
					  confirm);
	air_wipe(right, sizeof right);
	return is_right;
}

/* Whether the rest can be a sealed identity; it is *out then. */
static bool read_sealed(struct air_reader *r, altair_bytes *out)
{
	*out = air_read_bytes(r, r->len);
	return !r->failed && out->len >= ALTAIR_PAKE_TAG &&
	       out->len <= SEALED_MAX;
}

/* Keys of the peer's share; false where there is nothing more to do. */
static bool take_share(struct altair_meet *m, altair_bytes share)
{
	int error = air_spake_finish(&m->spake, &m->names, share.data);

	if (error == 0) {
		m->is_spent = true;
		return true;
	}
	if (error == ALTAIR_E_INVALID)
		reject(m);
	else
		fail(m, error);
	return false;
}

static void hear_share(struct altair_meet *m, altair_time now,
		       struct air_reader *r)
{
	altair_bytes share = air_read_bytes(r, ALTAIR_PAKE_POINT);

	if (r->failed || r->len > 0) {
		reject(m);
		return;
	}
	if (!take_share(m, share))
		return;
	refusal_check(m, share,
		      (altair_bytes){m->spake.share, ALTAIR_PAKE_POINT},
		      m->refusal);
	if (say_answer(m, now) != 0) {
		fail(m, ALTAIR_E_MEMORY);
		return;
	}
	set_state(m, ALTAIR_MEET_ANSWERED);
	m->stats.heard++;
	if (!m->is_datagram)
		m->ends_at = air_time_after(now, m->patience);
}

static void hear_answer(struct altair_meet *m, altair_time now,
			struct air_reader *r)
{
	altair_bytes share = air_read_bytes(r, ALTAIR_PAKE_POINT);
	altair_bytes confirm = air_read_bytes(r, AIR_SPAKE_CONFIRM), sealed;
	int error;

	if (!read_sealed(r, &sealed)) {
		reject(m);
		return;
	}
	if (!take_share(m, share))
		return;
	if (!is_confirmed(m, false, &sealed, confirm)) {
		refuse(m, now, share);
		return;
	}
	error = open_identity(m, sealed);
	if (error == 0)
		error = say_proof(m, now, sealed);
	if (error != 0) {
		fail(m, said_wrongly(error));
		return;
	}
	introduce(m, m->said + HEAD, confirm.data);
}

static void hear_proof(struct altair_meet *m, struct air_reader *r)
{
	altair_bytes confirm = air_read_bytes(r, AIR_SPAKE_CONFIRM);
	altair_bytes sealed[2] = {sealed_of(m)};
	int error;

	if (!read_sealed(r, &sealed[1])) {
		reject(m);
		return;
	}
	if (!is_confirmed(m, true, sealed, confirm)) {
		fail(m, ALTAIR_E_SECRET);
		return;
	}
	error = open_identity(m, sealed[1]);
	if (error != 0) {
		fail(m, said_wrongly(error));
		return;
	}
	introduce(m, confirm.data, m->said + HEAD + ALTAIR_PAKE_POINT);
}

static void hear_refusal(struct altair_meet *m, struct air_reader *r)
{
	altair_bytes check = air_read_bytes(r, REFUSAL_CHECK);
	altair_bytes right = {m->refusal, sizeof m->refusal};

	if (r->failed || r->len > 0 || !air_bytes_equal(check, right)) {
		reject(m);
		return;
	}
	m->stats.heard++;
	fail(m, ALTAIR_E_SECRET);
}

static bool hear_envelope(struct altair_meet *m, altair_datagram *datagram)
{
	/* The header says that it is opened in place. */
	uint8_t *bytes = (uint8_t *)(uintptr_t)datagram->bytes.data;
	int error = air_envelope_open(&m->in, m->pake, bytes,
				      datagram->bytes.len, &datagram->bytes);

	if (error == ALTAIR_E_MEMORY)
		fail(m, error);
	else if (error != 0)
		reject(m);
	else
		m->stats.heard++;
	return error == 0;
}

/* A listener who repeats his answer has not got our proof. */
static void hear_again(struct altair_meet *m, struct air_reader *r)
{
	altair_bytes confirm;

	air_read_bytes(r, ALTAIR_PAKE_POINT);
	confirm = air_read_bytes(r, AIR_SPAKE_CONFIRM);
	m->stats.ignored++;
	if (air_bytes_equal(confirm,
			    (altair_bytes){m->confirmed_by, AIR_SPAKE_CONFIRM}))
		m->is_to_be_said = true;
}

static void hear_handshake(struct altair_meet *m, altair_time now,
			   enum kind kind, struct air_reader *r)
{
	if (m->state == ALTAIR_MEET_WAITING && m->is_caller && kind == ANSWER)
		hear_answer(m, now, r);
	else if (m->state == ALTAIR_MEET_WAITING && !m->is_caller &&
		 kind == SHARE)
		hear_share(m, now, r);
	else if (m->state == ALTAIR_MEET_ANSWERED && kind == PROOF)
		hear_proof(m, r);
	else if (m->state == ALTAIR_MEET_ANSWERED && kind == REFUSAL)
		hear_refusal(m, r);
	else if (m->state == ALTAIR_MEET_INTRODUCED && m->is_datagram &&
		 m->is_caller && kind == ANSWER)
		hear_again(m, r);
	else
		reject(m);
}

static enum altair_verdict hear(struct altair_meet *m, altair_time now,
				altair_datagram *datagram)
{
	struct air_reader r = air_reader(datagram->bytes);
	uint8_t mark = air_read_u8(&r), kind = air_read_u8(&r);
	bool is_ours = !r.failed && mark == MARK && kind >= SHARE &&
		       kind <= (m->is_datagram ? REFUSAL : ENVELOPE);

	if (!is_ours && m->is_datagram)
		return ALTAIR_NOT_MINE;
	if (m->state == ALTAIR_MEET_FAILED || m->state == ALTAIR_MEET_CLOSED)
		m->stats.ignored++;
	else if (!is_ours)
		reject(m);
	else if (m->state == ALTAIR_MEET_INTRODUCED && kind == ENVELOPE)
		return hear_envelope(m, datagram) ? ALTAIR_PAYLOAD
						  : ALTAIR_TAKEN;
	else
		hear_handshake(m, now, kind, &r);
	return ALTAIR_TAKEN;
}

/* --- the three verbs ----------------------------------------------------- */

static void run(struct altair_meet *m, altair_time now)
{
	if (now >= m->ends_at) {
		fail(m, ALTAIR_E_TIMEOUT);
		return;
	}
	if (now < m->retry_at)
		return;
	m->is_to_be_said = true;
	m->retry_after = air_time_sooner(2 * m->retry_after, RETRY_MAX);
	m->retry_at = air_time_after(now, m->retry_after);
}

static void meet_input(altair_machine *machine, altair_time now,
		       altair_datagram *batch, size_t count)
{
	struct altair_meet *m = (struct altair_meet *)machine;

	for (size_t i = 0; i < count; i++) {
		batch[i].verdict = ALTAIR_NOT_MINE;
		if (batch[i].segment == 0)
			batch[i].verdict = hear(m, now, &batch[i]);
	}
	run(m, now);
}

static void meet_tick(altair_machine *machine, altair_time now)
{
	run((struct altair_meet *)machine, now);
}

static enum altair_step tell(struct altair_meet *m, altair_output *out)
{
	if (m->tells_introduced) {
		m->tells_introduced = false;
		out->event = ALTAIR_EV_INTRODUCED;
		return ALTAIR_EVENT;
	}
	if (m->tells_failed) {
		m->tells_failed = false;
		out->event = ALTAIR_EV_FAILED;
		out->reason = m->reason;
		out->number = m->is_spent;
		return ALTAIR_EVENT;
	}
	out->deadline = air_time_sooner(m->ends_at, m->retry_at);
	return ALTAIR_WAIT;
}

static enum altair_step meet_poll(altair_machine *machine, altair_output *out)
{
	struct altair_meet *m = (struct altair_meet *)machine;

	memset(out, 0, sizeof *out);
	if (!m->is_to_be_said)
		return tell(m, out);
	m->is_to_be_said = false;
	m->stats.sent++;
	out->datagram.bytes = (altair_bytes){m->said, m->said_len};
	return ALTAIR_SEND;
}

static const struct air_machine_ops ops = {meet_input, meet_tick, meet_poll};

/* --- the public functions ------------------------------------------------ */

void altair_meet_config_default(altair_meet_config *config)
{
	memset(config, 0, sizeof *config);
	config->size = sizeof *config;
	config->patience = ALTAIR_SEC(10);
}

static bool has_tables(const altair_meet_config *config)
{
	const altair_crypto *c = config->crypto;
	const altair_pake *p = config->pake;

	return c && c->size == sizeof *c && c->random && c->hmac_sha256 &&
	       c->sha256 && p && p->size == sizeof *p && p->stretch &&
	       p->share && p->finish && p->hkdf && p->seal && p->open;
}

static size_t identity_max(bool is_datagram)
{
	return is_datagram ? ALTAIR_MEET_IDENTITY_DATAGRAM_MAX
			   : ALTAIR_MEET_IDENTITY_MAX;
}

static bool is_valid(const altair_meet_config *config)
{
	return config->size == sizeof *config && has_tables(config) &&
	       config->role <= ALTAIR_MEET_LISTENER && config->patience > 0 &&
	       config->secret.len > 0 &&
	       config->secret.len <= ALTAIR_MEET_SECRET_MAX &&
	       config->context.len > 0 &&
	       config->context.len <= ALTAIR_MEET_CONTEXT_MAX &&
	       config->identity.len <= identity_max(config->is_datagram);
}

size_t altair_meet_size(const altair_meet_config *config)
{
	return is_valid(config) ? sizeof(struct altair_meet) : 0;
}

static altair_bytes name(const char *role, altair_bytes context,
			 uint8_t out[AIR_SPAKE_NAME_MAX])
{
	struct air_writer w = air_writer(out, AIR_SPAKE_NAME_MAX);

	air_write_bytes(&w, air_text(role));
	air_write_bytes(&w, context);
	AIR_ASSERT(!w.failed);
	return air_written(&w);
}

static void set_identity(struct altair_meet *m, altair_bytes identity)
{
	m->identity_len = identity.len;
	if (identity.len > 0)
		memcpy(m->identity, identity.data, identity.len);
}

static void copy_config(struct altair_meet *m, const altair_meet_config *config)
{
	m->machine.ops = &ops;
	m->crypto = config->crypto;
	m->pake = config->pake;
	m->is_caller = config->role == ALTAIR_MEET_CALLER;
	m->is_datagram = config->is_datagram;
	m->patience = config->patience;
	m->names.a = name("caller ", config->context, m->a);
	m->names.b = name("listener ", config->context, m->b);
	m->names.associated =
		(altair_bytes){m->b + m->names.b.len - config->context.len,
			       config->context.len};
	set_identity(m, config->identity);
	m->spake.crypto = m->crypto;
	m->spake.pake = m->pake;
	m->spake.side.is_a = m->is_caller;
}

int altair_meet_init(altair_meet **out, void *mem, size_t len,
		     const altair_meet_config *config, altair_time now)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_meet *m;
	int error;

	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	m = air_arena_take(&arena, 1, sizeof *m);
	if (!m)
		return ALTAIR_E_SPACE;
	copy_config(m, config);
	error = m->pake->stretch(m->pake->user, config->secret, config->context,
				 m->spake.side.w);
	if (error == 0)
		error = air_spake_begin(&m->spake);
	if (error != 0) {
		forget(m);
		return error;
	}
	m->ends_at = ALTAIR_NEVER;
	m->retry_at = ALTAIR_NEVER;
	if (m->is_caller || m->is_datagram)
		m->ends_at = air_time_after(now, m->patience);
	if (m->is_caller)
		say_share(m, now);
	*out = m;
	return 0;
}

int altair_meet_identity(altair_meet *meet, altair_bytes identity)
{
	if (meet->state != ALTAIR_MEET_WAITING)
		return ALTAIR_E_STATE;
	if (identity.len > identity_max(meet->is_datagram))
		return ALTAIR_E_TOO_LONG;
	set_identity(meet, identity);
	return 0;
}

altair_machine *altair_meet_machine(altair_meet *meet)
{
	return &meet->machine;
}

enum altair_meet_state altair_meet_state(const altair_meet *meet)
{
	return meet->state;
}

altair_bytes altair_meet_peer(const altair_meet *meet)
{
	return (altair_bytes){meet->peer, meet->peer_len};
}

int altair_meet_pair(const altair_meet *meet, uint8_t out[32])
{
	if (meet->state != ALTAIR_MEET_INTRODUCED)
		return ALTAIR_E_STATE;
	memcpy(out, meet->pair, sizeof meet->pair);
	return 0;
}

int altair_meet_wrap(altair_meet *meet, uint8_t *payload, size_t len,
		     altair_datagram *out)
{
	uint8_t *bytes = payload - ALTAIR_MEET_HEADROOM;
	int error;

	memset(out, 0, sizeof *out);
	if (meet->state != ALTAIR_MEET_INTRODUCED || meet->is_datagram)
		return ALTAIR_E_STATE;
	if (len > ALTAIR_MEET_PAYLOAD_MAX)
		return ALTAIR_E_TOO_LONG;
	bytes[0] = MARK;
	bytes[1] = ENVELOPE;
	error = air_envelope_seal(&meet->out, meet->pake, bytes, len);
	if (error != 0)
		return error;
	out->bytes = (altair_bytes){bytes, ALTAIR_MEET_HEADROOM + len +
						   ALTAIR_MEET_TAILROOM};
	meet->stats.sent++;
	return 0;
}

void altair_meet_close(altair_meet *meet)
{
	set_state(meet, ALTAIR_MEET_CLOSED);
	forget(meet);
	air_wipe(meet->peer, sizeof meet->peer);
	meet->is_to_be_said = false;
	meet->tells_introduced = false;
	meet->tells_failed = false;
}

void altair_meet_get_stats(const altair_meet *meet, altair_meet_stats *out)
{
	*out = meet->stats;
	out->size = sizeof *out;
}
