/*
 * Asking and hearing. A question is one STUN transaction (RFC 8489 6.2): its
 * request is made once, sent some times, and answered once. Where silence is an
 * answer it is sent SENDS times at a pace that the round trip gives; a server that
 * was never heard has the whole timeout.
 *
 * Invariants: a question that is not OPEN has no timer and is not sent; an answer
 * counts only on the socket that it was asked for, from the address that was.
 */
#include "probe/question.h"

#include "base/addr.h"
#include "base/time.h"
#include "stun/mapped.h"

#include <string.h>

#define UNDERSTOOD (AIR_STUN_SET_BASE | AIR_STUN_SET_BEHAVIOUR)

/* With a tenth of all datagrams lost each way, all six are one time in 20,000. */
#define SENDS 6
#define INTERVAL_FIRST ALTAIR_MSEC(500) /* RFC 8489 6.2.1 */
#define PACE_MAX ALTAIR_MSEC(500)

/* IP packets of usual links and tunnels, from the longest; the last ones are what
 * IPv6 promises, and what every host takes (RFC 8200 5, RFC 791 3.1). */
static const uint16_t sizes_ipv4[AIR_PROBE_SIZES] = {
	1500, 1492, 1480, 1460, 1440, 1420, 1400, 1360, 1280, 576};
static const uint16_t sizes_ipv6[AIR_PROBE_SIZES] = {
	1500, 1492, 1480, 1460, 1440, 1420, 1400, 1380, 1340, 1280};

/* Seconds: to either side of the lifetimes that are usual. The first one shows
 * that the server does as it is asked. */
static const uint16_t lives[AIR_PROBE_LIVES] = {1,  12,	 25,  35,  50,	65,
						95, 125, 155, 185, 245, 305};

unsigned air_question_size(const struct altair_probe *p, uint32_t index)
{
	return p->local[0].family == ALTAIR_IPV6 ? sizes_ipv6[index]
						 : sizes_ipv4[index];
}

altair_time air_question_life(uint32_t index)
{
	return ALTAIR_SEC(lives[index]);
}

/* --- asking ---------------------------------------------------------------- */

static void write_attribute(struct air_stun_builder *b,
			    const struct altair_probe *p,
			    const struct air_question_order *order)
{
	struct air_stun_value v = {.number = order->port};
	size_t headers = p->local[0].family == ALTAIR_IPV6 ? 48 : 28;
	size_t padding;

	switch (order->kind) {
	case ASK_CHANGE_PORT:
		v.number = AIR_STUN_CHANGE_PORT;
		air_stun_build_attr(b, AIR_STUN_CHANGE_REQUEST, &v);
		break;
	case ASK_CHANGE_BOTH:
	case ASK_CONTROL:
		v.number = AIR_STUN_CHANGE_IP | AIR_STUN_CHANGE_PORT;
		air_stun_build_attr(b, AIR_STUN_CHANGE_REQUEST, &v);
		break;
	case ASK_LIFE:
		air_stun_build_attr(b, AIR_STUN_RESPONSE_PORT, &v);
		break;
	case ASK_SIZE:
		padding = air_question_size(p, order->index) - headers -
			  AIR_STUN_HEADER_LEN - AIR_STUN_TLV_LEN;
		air_write_u16(&b->w, AIR_STUN_PADDING);
		air_write_u16(&b->w, (uint16_t)padding);
		air_write_zeros(&b->w, padding);
		break;
	default:
		break;
	}
}

/* Servers say the more the longer the question is (core/server/alternate.c): as
 * many bytes as the four addresses that may come back take. */
static void write_software(struct air_stun_builder *b,
			   const struct altair_probe *p)
{
	static const uint8_t text[] =
		"altair doctor; this text makes the question as long as the "
		"answer, so that nobody amplifies.";
	struct air_stun_value v = {.bytes.data = text};

	v.bytes.len = p->local[0].family == ALTAIR_IPV6 ? 92 : 44;
	air_stun_build_attr(b, AIR_STUN_SOFTWARE, &v);
}

static int write_request(struct altair_probe *p, struct air_question *q,
			 const struct air_question_order *order)
{
	const altair_crypto *crypto = p->config.crypto;
	struct air_stun_header header = {.class = AIR_STUN_REQUEST,
					 .method = AIR_STUN_BINDING};
	bool is_long = order->kind == ASK_SIZE;
	struct air_stun_builder b;

	if (crypto->random(crypto->user, header.transaction,
			   sizeof header.transaction) != 0)
		return ALTAIR_E_RANDOM;
	q->request =
		is_long ? p->sizes + order->index * AIR_QUESTION_LONG
			: p->requests + (q - p->questions) * AIR_QUESTION_SHORT;
	air_stun_build(&b, q->request,
		       is_long ? AIR_QUESTION_LONG : AIR_QUESTION_SHORT,
		       &header);
	write_attribute(&b, p, order);
	if (!is_long)
		write_software(&b, p);
	q->len = air_stun_build_end(&b).len;
	return 0;
}

int air_question_add(struct altair_probe *p,
		     const struct air_question_order *order)
{
	struct air_question *q = &p->questions[p->count];
	int rc;

	if (p->count == p->questions_max)
		return ALTAIR_E_FULL;
	*q = (struct air_question){.kind = order->kind,
				   .index = order->index,
				   .sock = order->sock,
				   .to = order->to,
				   .from = order->from,
				   .next = order->at,
				   .interval = p->pace,
				   .sends = SENDS};
	if (q->from.family == ALTAIR_NO_FAMILY)
		q->from = q->to;
	if (order->kind == ASK_SERVER) {
		q->interval = INTERVAL_FIRST;
		q->backs_off = true;
		q->sends = UINT32_MAX;
	}
	rc = write_request(p, q, order);
	if (rc == 0)
		p->count++;
	return rc;
}

static void settle(struct air_question *q, enum air_question_state state)
{
	q->state = state;
	q->next = ALTAIR_NEVER;
	q->is_send_due = false;
}

static void send_again(struct altair_probe *p, struct air_question *q,
		       altair_time now)
{
	if (q->sent == 0) {
		q->asked_at = now;
		q->order = ++p->sent;
	}
	q->sent++;
	q->is_send_due = true;
	q->next = air_time_after(now, q->interval);
	if (!q->backs_off)
		return;
	q->interval *= 2;
	if (q->next > air_time_after(q->asked_at, p->config.timeout))
		q->next = air_time_after(q->asked_at, p->config.timeout);
}

void air_question_tick(struct altair_probe *p, altair_time now)
{
	for (uint32_t i = 0; i < p->count; i++) {
		struct air_question *q = &p->questions[i];
		bool is_over = q->sent == q->sends ||
			       (q->backs_off && q->sent > 0 &&
				now - q->asked_at >= p->config.timeout);

		if (q->state != QUESTION_OPEN || now < q->next)
			continue;
		if (is_over)
			settle(q, QUESTION_SILENT);
		else
			send_again(p, q, now);
	}
}

altair_time air_question_deadline(const struct altair_probe *p)
{
	altair_time deadline = ALTAIR_NEVER;

	for (uint32_t i = 0; i < p->count; i++)
		if (p->questions[i].next < deadline)
			deadline = p->questions[i].next;
	return deadline;
}

const struct air_question *air_question_find(const struct altair_probe *p,
					     enum air_question_kind kind,
					     uint32_t sock)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->questions[i].kind == kind &&
		    p->questions[i].sock == sock)
			return &p->questions[i];
	return NULL;
}

size_t air_question_open(const struct altair_probe *p,
			 enum air_question_kind kind)
{
	size_t count = 0;

	for (uint32_t i = 0; i < p->count; i++)
		count += p->questions[i].kind == kind &&
			 p->questions[i].state == QUESTION_OPEN;
	return count;
}

void air_question_skip(struct altair_probe *p, enum air_question_kind kind)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->questions[i].kind == kind &&
		    p->questions[i].state == QUESTION_OPEN)
			settle(&p->questions[i], QUESTION_SKIPPED);
}

void air_question_refuse(struct altair_probe *p, const altair_addr *remote)
{
	for (uint32_t i = 0; i < p->count; i++) {
		struct air_question *q = &p->questions[i];

		if (q->kind == ASK_SERVER && q->state == QUESTION_OPEN &&
		    altair_addr_equal(&q->to, remote))
			settle(q, QUESTION_SILENT);
	}
}

/* --- hearing --------------------------------------------------------------- */

static struct air_question *find_transaction(struct altair_probe *p,
					     const struct air_stun_header *h)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (memcmp(p->questions[i].request + AIR_STUN_HEADER_LEN -
				   AIR_STUN_TRANSACTION_LEN,
			   h->transaction, AIR_STUN_TRANSACTION_LEN) == 0)
			return &p->questions[i];
	return NULL;
}

/* Ours has come back to another socket than the one that sent it. */
static void take_hairpin(struct air_question *q, uint32_t sock)
{
	if (q->kind == ASK_HAIRPIN && q->sock != sock)
		settle(q, QUESTION_ANSWERED);
}

static void take_error(struct air_question *q, const struct air_stun_message *m)
{
	struct air_stun_value error;

	if (!air_stun_message_get(m, AIR_STUN_ERROR_CODE, &error))
		return;
	/* Whatever it says: our long datagram has arrived. */
	if (q->kind == ASK_SIZE)
		settle(q, QUESTION_ANSWERED);
	/* For now: see core/server/alternate.c. */
	else if (error.number != AIR_STUN_SERVER_ERROR)
		settle(q, QUESTION_REFUSED);
}

/*
 * Where the server says that it can answer from, too: an address to send to, so
 * it must be of the same kind as the one we know. Nobody can have us knock
 * inside our own network.
 */
static altair_addr find_other(const struct air_question *q,
			      const struct air_stun_message *m)
{
	altair_addr none = {.family = ALTAIR_NO_FAMILY}, other;
	struct air_stun_value v;

	if (!air_stun_message_get(m, AIR_STUN_OTHER_ADDRESS, &v))
		return none;
	other = air_addr_canonical(&v.addr);
	if (!air_addr_is_endpoint(&other) || other.family != q->to.family ||
	    altair_addr_same_ip(&other, &q->to) || other.port == q->to.port ||
	    altair_addr_classify(&other) != altair_addr_classify(&q->to))
		return none;
	return other;
}

static void take_success(struct air_question *q, altair_time now,
			 const struct air_stun_message *m)
{
	if (m->unknown_count > 0 || !air_stun_mapped(m, &q->mapped)) {
		settle(q, QUESTION_REFUSED);
		return;
	}
	q->rtt = q->sent == 1 ? now - q->asked_at : 0;
	if (q->kind == ASK_SERVER)
		q->other = find_other(q, m);
	settle(q, QUESTION_ANSWERED);
}

/* The answer to "is the mapping there still" comes through that mapping; where it
 * was lost and given out again it comes to the socket that asks. */
static bool is_way_of(const struct air_question *q, uint32_t sock)
{
	if (q->kind == ASK_LIFE)
		return sock == ALTAIR_PROBE_LIFETIMES + 1 + q->index ||
		       sock == q->sock;
	return sock == q->sock;
}

static void take_response(struct air_question *q, altair_time now,
			  const altair_datagram *datagram, uint32_t sock,
			  const struct air_stun_message *m)
{
	const altair_addr from = air_addr_canonical(&datagram->path.remote);
	bool is_asked = altair_addr_equal(&from, &q->to);

	if (!is_way_of(q, sock))
		return;
	if (m->header.class == AIR_STUN_ERROR) {
		if (is_asked)
			take_error(q, m);
		return;
	}
	if (q->kind == ASK_LIFE && sock == q->sock)
		settle(q, QUESTION_SILENT);
	else if (altair_addr_equal(&from, &q->from))
		take_success(q, now, m);
	/* It has no other address, or does not do as it was asked. */
	else if (is_asked)
		settle(q, QUESTION_REFUSED);
}

/* The slowest answer, repeats included, says how long silence must last: a server
 * that is busy is slow to everybody, and what is lost once is lost again. */
static void adapt(struct altair_probe *p, const struct air_question *slow)
{
	altair_time pace = 2 * (slow->answered_at - slow->asked_at);

	if (pace > PACE_MAX)
		pace = PACE_MAX;
	if (pace <= p->pace)
		return;
	p->pace = pace;
	for (uint32_t i = 0; i < p->count; i++)
		if (!p->questions[i].backs_off)
			p->questions[i].interval = pace;
}

bool air_question_take(struct altair_probe *p, altair_time now,
		       const altair_datagram *datagram)
{
	uint32_t sock = datagram->path.sock - p->config.sock;
	struct air_stun_message m;
	struct air_question *q;

	if (sock >= p->config.socks ||
	    !air_stun_message_read(&m, datagram->bytes, UNDERSTOOD) ||
	    m.header.method != AIR_STUN_BINDING)
		return false;
	q = find_transaction(p, &m.header);
	if (!q)
		return false;
	if (q->state != QUESTION_OPEN || q->sent == 0)
		return true;
	if (m.header.class == AIR_STUN_REQUEST)
		take_hairpin(q, sock);
	else if (m.header.class != AIR_STUN_INDICATION)
		take_response(q, now, datagram, sock, &m);
	if (q->state == QUESTION_ANSWERED) {
		q->answered_at = now;
		adapt(p, q);
	}
	return true;
}
