/*
 * What to ask next. All that can be asked at once is: a test waits only for what
 * it needs to know.
 *
 *   a server answers        who are the other sockets? (ports)
 *                           how long may a datagram be?
 *   one has another address what is seen there (mapping), what comes from there to
 *                           a socket that never sent there (filtering), and to one
 *                           that did (control: does the server do it at all?)
 *   both are settled        does what we send to ourselves return? It would
 *                           disturb the ports that a NAT gives one by one
 *   all of it is settled    how long does a mapping last?
 *
 * RFC 5780 5 wants no more than ten new transactions a second; ours are about
 * twenty in all, ten of them paced.
 */
#include "probe/question.h"

#include "base/time.h"

#define GRACE ALTAIR_SEC(1) /* a lost request is repeated within it */
#define SIZE_PACE ALTAIR_MSEC(20)
#define LIFE_PACE ALTAIR_MSEC(100)
/* What was used for longer than two seconds is more than a question and its
 * answer to some NATs, and lasts for longer. */
#define LIFE_KEEP ALTAIR_SEC(3)

static const struct air_question *first(const struct altair_probe *p,
					bool with_other)
{
	const struct air_question *found = NULL;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct air_question *q = &p->questions[i];

		if (q->kind == ASK_SERVER && q->state == QUESTION_ANSWERED &&
		    (!with_other || q->other.family != ALTAIR_NO_FAMILY) &&
		    (!found || q->answered_at < found->answered_at))
			found = q;
	}
	return found;
}

const struct air_question *air_probe_server(const struct altair_probe *p)
{
	return first(p, false);
}

const struct air_question *air_probe_pair(const struct altair_probe *p)
{
	return first(p, true);
}

/* Asks from a socket, if there is one. */
static void ask(struct altair_probe *p, const struct air_question_order *order)
{
	if (order->sock < p->config.socks)
		air_question_add(p, order);
}

static void ask_ports(struct altair_probe *p, altair_time now,
		      const struct air_question *server)
{
	struct air_question_order order = {
		.kind = ASK_PORT, .to = server->to, .at = now};

	p->has_ports = true;
	p->grace_at = air_time_after(now, GRACE);
	for (order.sock = ALTAIR_PROBE_SECOND; order.sock <= ALTAIR_PROBE_WHOLE;
	     order.sock++)
		ask(p, &order);
}

static void ask_changes(struct altair_probe *p, altair_time now,
			const struct air_question *pair)
{
	struct air_question_order order = {.kind = ASK_OTHER_IP,
					   .sock = ALTAIR_PROBE_MAIN,
					   .to = pair->other,
					   .at = now};

	p->has_changes = true;
	order.to.port = pair->to.port;
	ask(p, &order);
	order.kind = ASK_OTHER_BOTH;
	order.to = pair->other;
	ask(p, &order);
	order = (struct air_question_order){.kind = ASK_PORT,
					    .sock = ALTAIR_PROBE_FILTERED,
					    .to = pair->to,
					    .at = now};
	ask(p, &order);
	order.kind = ASK_CHANGE_BOTH;
	order.from = pair->other;
	ask(p, &order);
	order.kind = ASK_CHANGE_PORT;
	order.from = pair->to;
	order.from.port = pair->other.port;
	ask(p, &order);
}

/* Where MAIN has sent to both addresses through one mapping, nothing filters. */
static void ask_control(struct altair_probe *p, altair_time now,
			const struct air_question *pair)
{
	const struct air_question *both =
		air_question_find(p, ASK_OTHER_BOTH, ALTAIR_PROBE_MAIN);

	if (!both || both->state != QUESTION_ANSWERED)
		return;
	p->has_control = true;
	if (altair_addr_equal(&both->mapped, &pair->mapped))
		ask(p, &(struct air_question_order){.kind = ASK_CONTROL,
						    .sock = ALTAIR_PROBE_MAIN,
						    .to = pair->to,
						    .from = pair->other,
						    .at = now});
}

static void ask_sizes(struct altair_probe *p, altair_time now,
		      const struct air_question *server)
{
	const struct air_question *whole =
		air_question_find(p, ASK_PORT, ALTAIR_PROBE_WHOLE);

	if (!whole || whole->state != QUESTION_ANSWERED)
		return;
	p->has_sizes = true;
	for (uint32_t i = 0; i < AIR_PROBE_SIZES; i++)
		ask(p, &(struct air_question_order){
			       .kind = ASK_SIZE,
			       .index = i,
			       .sock = ALTAIR_PROBE_WHOLE,
			       .to = server->to,
			       .at = air_time_after(now, i * SIZE_PACE)});
}

/* A server has us send to where it says that we are. Nobody can have us knock inside
 * our own network. */
static bool is_told_well(const struct air_question *q)
{
	return q && q->state == QUESTION_ANSWERED &&
	       altair_addr_classify(&q->mapped) == altair_addr_classify(&q->to);
}

/* Both to each other, so that either filter is open. */
static void ask_hairpin(struct altair_probe *p, altair_time now)
{
	const struct air_question *one =
		air_question_find(p, ASK_PORT, ALTAIR_PROBE_SECOND);
	const struct air_question *other =
		air_question_find(p, ASK_PORT, ALTAIR_PROBE_WHOLE);

	if (!is_told_well(one) || !is_told_well(other))
		return;
	ask(p, &(struct air_question_order){.kind = ASK_HAIRPIN,
					    .sock = ALTAIR_PROBE_SECOND,
					    .to = other->mapped,
					    .at = now});
	ask(p, &(struct air_question_order){.kind = ASK_HAIRPIN,
					    .sock = ALTAIR_PROBE_WHOLE,
					    .to = one->mapped,
					    .at = now});
}

/* --- lifetimes --------------------------------------------------------------- */

static const struct air_question *life(const struct altair_probe *p,
				       enum air_question_kind kind, uint32_t i)
{
	for (uint32_t k = 0; k < p->count; k++)
		if (p->questions[k].kind == kind && p->questions[k].index == i)
			return &p->questions[k];
	return NULL;
}

static void open_lives(struct altair_probe *p, altair_time now,
		       const struct air_question *server)
{
	struct air_question_order order = {.to = server->to};

	p->has_lives = true;
	for (uint32_t i = 0; i < AIR_PROBE_LIVES; i++) {
		if (air_question_life(i) > p->config.lifetime_max)
			return;
		order.index = i;
		order.sock = ALTAIR_PROBE_LIFETIMES + 1 + i;
		order.kind = ASK_LIFE_OPEN;
		order.at = air_time_after(now, i * LIFE_PACE);
		ask(p, &order);
		order.kind = ASK_LIFE_KEEP;
		order.at = air_time_after(order.at, LIFE_KEEP);
		ask(p, &order);
	}
}

/* Mappings that are open and not yet asked for get their time. */
static void time_lives(struct altair_probe *p)
{
	for (uint32_t i = 0; i < AIR_PROBE_LIVES; i++) {
		const struct air_question *keep = life(p, ASK_LIFE_KEEP, i);

		if (!keep || keep->state != QUESTION_ANSWERED ||
		    life(p, ASK_LIFE, i))
			continue;
		ask(p, &(struct air_question_order){
			       .kind = ASK_LIFE,
			       .index = i,
			       .sock = ALTAIR_PROBE_LIFETIMES,
			       .to = keep->to,
			       .port = keep->mapped.port,
			       .at = air_time_after(keep->answered_at,
						    air_question_life(i))});
	}
}

/* What lasts for less than one of them needs no longer test; nor does anything
 * where the server does not do as it is asked. */
static void end_lives(struct altair_probe *p)
{
	for (uint32_t i = 0; i < AIR_PROBE_LIVES; i++) {
		const struct air_question *q = life(p, ASK_LIFE, i);

		if (q && (q->state == QUESTION_SILENT ||
			  q->state == QUESTION_REFUSED)) {
			air_question_skip(p, ASK_LIFE_OPEN);
			air_question_skip(p, ASK_LIFE_KEEP);
			air_question_skip(p, ASK_LIFE);
			return;
		}
	}
}

/* --- the order of things ----------------------------------------------------- */

static bool is_open(const struct altair_probe *p, enum air_question_kind first,
		    enum air_question_kind last)
{
	for (enum air_question_kind kind = first; kind <= last; kind++)
		if (air_question_open(p, kind) > 0)
			return true;
	return false;
}

/* What is decided needs nothing more. */
static void skip(struct altair_probe *p, altair_time now)
{
	const struct air_question *both =
		air_question_find(p, ASK_CHANGE_BOTH, ALTAIR_PROBE_FILTERED);
	bool is_known = air_probe_pair(p) && p->has_changes &&
			!is_open(p, ASK_OTHER_IP, ASK_OTHER_BOTH);

	if (both && both->state == QUESTION_ANSWERED) {
		air_question_skip(p, ASK_CHANGE_PORT);
		air_question_skip(p, ASK_CONTROL);
	}
	if (is_known || (air_probe_server(p) && now >= p->grace_at))
		air_question_skip(p, ASK_SERVER);
	for (uint32_t i = 0; i < p->count; i++)
		if (p->questions[i].kind == ASK_HAIRPIN &&
		    p->questions[i].state == QUESTION_ANSWERED)
			air_question_skip(p, ASK_HAIRPIN);
}

/* The tests that take a second. */
static void plan_quick(struct altair_probe *p, altair_time now)
{
	const struct air_question *server = air_probe_server(p);
	const struct air_question *pair = air_probe_pair(p);

	if (server && !p->has_ports)
		ask_ports(p, now, server);
	if (pair && !p->has_changes)
		ask_changes(p, now, pair);
	if (pair && !p->has_control)
		ask_control(p, now, pair);
	if (server && !p->has_sizes)
		ask_sizes(p, now, server);
	skip(p, now);
	if (server && p->is_sealed && !p->has_hairpin &&
	    !is_open(p, ASK_SERVER, ASK_PORT)) {
		p->has_hairpin = true;
		ask_hairpin(p, now);
	}
}

void air_probe_plan(struct altair_probe *p, altair_time now)
{
	const struct air_question *server;

	plan_quick(p, now);
	if (!p->is_sealed || p->is_done || is_open(p, ASK_SERVER, ASK_SIZE))
		return;
	server = air_probe_server(p);
	if (server && !p->has_lives && p->config.lifetime_max > 0) {
		server = air_probe_pair(p) ? air_probe_pair(p) : server;
		open_lives(p, now, server);
	}
	time_lives(p);
	end_lives(p);
	p->is_done = !is_open(p, ASK_LIFE_OPEN, ASK_LIFE);
}
