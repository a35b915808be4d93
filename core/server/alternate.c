/*
 * The server's side of RFC 5780. Four sockets are two addresses with two ports
 * each; of index i, bit 0 is the other port and bit 1 the other address, so the
 * flags of CHANGE-REQUEST are an exclusive or (6.1, table 1).
 *
 * Nobody shall gain by it who forges his address. XOR-MAPPED-ADDRESS alone is
 * what every server says to everybody. What a request brings it may take away: an
 * answer as long as it is holds all that there is to say. A shorter request is told
 * more a few times a second only: our other address, and where an answer came from
 * when it asked for a change. PADDING and RESPONSE-PORT, which goes to no
 * well-known port, make nothing longer. Over the rate an answer is short, and none
 * goes to another port.
 */
#include "server/alternate.h"

#include "base/addr.h"
#include "server/common.h"
#include "stun/auth.h"

#include <string.h>

#define SOCKETS 4
#define OTHER_PORT 1u
#define OTHER_ADDRESS 2u
#define BOTH (OTHER_PORT | OTHER_ADDRESS)

#define RATE_LIMIT 10000
#define RESPONSE_PORT_MIN 1024 /* our own limit */
#define FINGERPRINT_LEN 8

/* A request, and what it asks for. */
struct question {
	const struct air_stun_message *request;
	const altair_server_alternate *pair;
	altair_addr from;
	unsigned at,
		leaves; /* indices of the socket that got it, that answers */
	bool is_short;	/* it gets no more than any request gets */
	bool wants_change, wants_port, wants_padding, wants_fingerprint;
	uint16_t port;
};

/* --- configuration -------------------------------------------------------- */

static bool is_pair_valid(const altair_server_alternate *pair)
{
	const altair_addr *a = pair->addr;

	for (unsigned i = 0; i < SOCKETS; i++) {
		if (!air_addr_is_endpoint(&a[i]) ||
		    pair->sock[i] >= ALTAIR_SERVER_RELAY)
			return false;
		for (unsigned k = 0; k < i; k++)
			if (pair->sock[i] == pair->sock[k])
				return false;
	}
	return altair_addr_same_ip(&a[0], &a[OTHER_PORT]) &&
	       altair_addr_same_ip(&a[OTHER_ADDRESS], &a[BOTH]) &&
	       !altair_addr_same_ip(&a[0], &a[BOTH]) &&
	       a[0].family == a[BOTH].family &&
	       a[0].port == a[OTHER_ADDRESS].port &&
	       a[OTHER_PORT].port == a[BOTH].port && a[0].port != a[BOTH].port;
}

bool air_alternate_is_valid(const altair_server_config *c)
{
	if (c->alternate_count == 0)
		return true;
	if (c->alternate_count > AIR_ALTERNATES_MAX || !c->crypto ||
	    !c->crypto->random || c->challenge_rate > RATE_LIMIT)
		return false;
	for (size_t i = 0; i < c->alternate_count; i++)
		if (!is_pair_valid(&c->alternates[i]))
			return false;
	return c->alternate_count == 1 ||
	       c->alternates[0].addr[0].family !=
		       c->alternates[1].addr[0].family;
}

void air_alternate_init(struct air_alternates *alternates,
			struct air_arena *arena, const altair_server_config *c,
			const uint8_t hash_key[16])
{
	alternates->count = c->alternate_count;
	if (c->alternate_count == 0)
		return;
	memcpy(alternates->all, c->alternates,
	       c->alternate_count * sizeof *c->alternates);
	air_throttle_init(&alternates->throttle, arena, AIR_THROTTLE_FORGED,
			  hash_key,
			  c->common ? &c->common->throttles[OF_PROBES] : NULL);
	alternates->throttle.rate = c->challenge_rate;
}

/* The four with that socket, and its index among them; or NULL. */
static const altair_server_alternate *
find(const struct air_alternates *alternates, uint32_t sock, unsigned *index)
{
	for (unsigned i = 0; i < alternates->count * SOCKETS; i++) {
		const altair_server_alternate *pair =
			&alternates->all[i / SOCKETS];

		*index = i % SOCKETS;
		if (pair->sock[*index] == sock)
			return pair;
	}
	return NULL;
}

bool air_alternate_has(const struct air_alternates *alternates, uint32_t sock)
{
	unsigned unused;

	return find(alternates, sock, &unused) != NULL;
}

/* --- answers -------------------------------------------------------------- */

static void interpret(struct question *q)
{
	struct air_stun_value v;

	q->leaves = q->at;
	q->wants_change =
		air_stun_message_get(q->request, AIR_STUN_CHANGE_REQUEST, &v);
	if (q->wants_change && v.number & AIR_STUN_CHANGE_IP)
		q->leaves ^= OTHER_ADDRESS;
	if (q->wants_change && v.number & AIR_STUN_CHANGE_PORT)
		q->leaves ^= OTHER_PORT;
	q->wants_port =
		air_stun_message_get(q->request, AIR_STUN_RESPONSE_PORT, &v);
	q->port = (uint16_t)v.number;
	q->wants_padding =
		air_stun_message_place(q->request, AIR_STUN_PADDING) != NULL;
	q->wants_fingerprint =
		air_stun_message_place(q->request, AIR_STUN_FINGERPRINT);
}

static void begin(struct air_stun_builder *b, const struct question *q,
		  struct air_server_room room, enum air_stun_class class)
{
	struct air_stun_header header = q->request->header;

	header.class = class;
	air_stun_build(b, room.at, room.len, &header);
}

static size_t end(struct air_stun_builder *b, const struct question *q)
{
	if (q->wants_fingerprint)
		air_stun_build_fingerprint(b);
	return air_stun_build_end(b).len;
}

/* How many bytes the answer may still grow without being longer than what was
 * asked. */
static size_t spare(const struct air_stun_builder *b, const struct question *q)
{
	size_t fixed = b->w.len + (q->wants_fingerprint ? FINGERPRINT_LEN : 0);
	size_t len = q->request->bytes.len;

	return len > fixed ? len - fixed : 0;
}

/* Adds an address where it must be, or where there is room for it and for
 * PADDING, which comes last. */
static void add(struct air_stun_builder *b, const struct question *q,
		uint16_t type, const altair_addr *addr, bool must)
{
	struct air_stun_value v = {.addr = *addr};
	size_t need = AIR_STUN_TLV_LEN + 4 + air_addr_ip_len(addr);

	if (q->wants_padding)
		need += AIR_STUN_TLV_LEN;
	if (must || (!q->is_short && spare(b, q) >= need))
		air_stun_build_attr(b, type, &v);
}

/* RFC 5780 7.6: what it holds does not matter. */
static void add_padding(struct air_stun_builder *b, const struct question *q)
{
	size_t room = spare(b, q);

	if (room < AIR_STUN_TLV_LEN)
		return;
	air_write_u16(&b->w, AIR_STUN_PADDING);
	air_write_u16(&b->w, (uint16_t)(room - AIR_STUN_TLV_LEN));
	air_write_zeros(&b->w, room - AIR_STUN_TLV_LEN);
}

/* The answer is longer than the request, or goes where the request did not come
 * from: that is done a few times a second. */
static bool has_a_price(const struct question *q)
{
	size_t each = AIR_STUN_TLV_LEN + 4 + air_addr_ip_len(&q->from);
	size_t count = q->wants_change ? 3 : 2;
	size_t len = AIR_STUN_HEADER_LEN + count * each +
		     (q->wants_fingerprint ? FINGERPRINT_LEN : 0);

	return q->wants_port ||
	       (!q->wants_padding && len > q->request->bytes.len);
}

static size_t write_success(const struct question *q,
			    struct air_server_room room)
{
	bool is_plain = !q->is_short && !q->wants_port && !q->wants_padding;
	struct air_stun_builder b;

	begin(&b, q, room, AIR_STUN_SUCCESS);
	add(&b, q, AIR_STUN_XOR_MAPPED_ADDRESS, &q->from, true);
	add(&b, q, AIR_STUN_OTHER_ADDRESS, &q->pair->addr[q->at ^ BOTH],
	    is_plain);
	add(&b, q, AIR_STUN_RESPONSE_ORIGIN, &q->pair->addr[q->leaves],
	    is_plain && q->wants_change);
	add(&b, q, AIR_STUN_MAPPED_ADDRESS, &q->from, false);
	if (q->wants_padding && !q->is_short)
		add_padding(&b, q);
	return end(&b, q);
}

static size_t write_error(const struct question *q, struct air_server_room room,
			  uint64_t code)
{
	struct air_stun_value error = {.number = code};
	struct air_stun_builder b;

	begin(&b, q, room, AIR_STUN_ERROR);
	air_stun_build_attr(&b, AIR_STUN_ERROR_CODE, &error);
	return end(&b, q);
}

/* 0, or the error that the request gets. */
static uint64_t judge(const struct question *q)
{
	/* RFC 5780 6.1: or who pads could have others hit. */
	if (q->wants_port && (q->wants_padding || q->port < RESPONSE_PORT_MIN))
		return AIR_STUN_BAD_REQUEST;
	if (q->wants_port && q->is_short)
		return AIR_STUN_SERVER_ERROR; /* for now */
	return 0;
}

void air_alternate_take(struct air_alternates *alternates, altair_time now,
			const struct air_stun_message *request,
			struct air_alternate_answer *answer)
{
	altair_path *path = &answer->path;
	struct question q = {.request = request,
			     .from = air_addr_canonical(&path->remote)};
	uint64_t error;

	q.pair = find(alternates, path->sock, &q.at);
	interpret(&q);
	q.is_short = has_a_price(&q) &&
		     !air_throttle_allows(&alternates->throttle, now, &q.from);
	error = judge(&q);
	answer->is_error = error != 0;
	if (error) {
		answer->len = write_error(&q, answer->room, error);
		return;
	}
	if (q.leaves != q.at) {
		path->sock = q.pair->sock[q.leaves];
		path->local = q.pair->addr[q.leaves];
	}
	if (q.wants_port)
		path->remote.port = q.port;
	answer->len = write_success(&q, answer->room);
}
