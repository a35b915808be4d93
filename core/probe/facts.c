/*
 * What the answers say, worked out anew whenever it is asked for. Silence is a
 * "no" only where something else shows that an answer would have come.
 */
#include "probe/question.h"

#include "base/addr.h"

#include <string.h>

/* Ports that other hosts took from the same NAT in between. */
#define STEP_MAX 32
#define PORTS_MAX 32

static bool is_answered(const struct air_question *q)
{
	return q && q->state == QUESTION_ANSWERED;
}

static bool is_silent(const struct air_question *q)
{
	return q && q->state == QUESTION_SILENT;
}

/* --- mapping ----------------------------------------------------------------- */

/* RFC 5780 4.3. */
static enum altair_dependence map_by_pair(const struct altair_probe *p)
{
	const struct air_question *pair = air_probe_pair(p);
	const struct air_question *ip =
		air_question_find(p, ASK_OTHER_IP, ALTAIR_PROBE_MAIN);
	const struct air_question *both =
		air_question_find(p, ASK_OTHER_BOTH, ALTAIR_PROBE_MAIN);

	if (!pair || (!is_answered(ip) && !is_answered(both)))
		return ALTAIR_DEPENDENCE_UNKNOWN;
	if (!is_answered(ip) || !is_answered(both)) {
		ip = is_answered(ip) ? ip : both;
		return altair_addr_equal(&ip->mapped, &pair->mapped)
			       ? ALTAIR_ENDPOINT_INDEPENDENT
			       : ALTAIR_DEPENDENT;
	}
	if (altair_addr_equal(&ip->mapped, &pair->mapped))
		return ALTAIR_ENDPOINT_INDEPENDENT;
	return altair_addr_equal(&ip->mapped, &both->mapped)
		       ? ALTAIR_ADDRESS_DEPENDENT
		       : ALTAIR_ADDRESS_AND_PORT_DEPENDENT;
}

/* What several servers see of MAIN. */
static enum altair_dependence map_by_servers(const struct altair_probe *p)
{
	const struct air_question *first = air_probe_server(p);
	enum altair_dependence found = ALTAIR_DEPENDENCE_UNKNOWN;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct air_question *q = &p->questions[i];

		if (q->kind != ASK_SERVER || !is_answered(q))
			continue;
		if (!altair_addr_equal(&q->mapped, &first->mapped))
			return ALTAIR_DEPENDENT;
		if (!altair_addr_same_ip(&q->to, &first->to))
			found = ALTAIR_ENDPOINT_INDEPENDENT;
	}
	return found;
}

enum altair_dependence air_probe_mapping(const struct altair_probe *p)
{
	enum altair_dependence pair = map_by_pair(p);
	enum altair_dependence servers = map_by_servers(p);

	if (pair == ALTAIR_DEPENDENCE_UNKNOWN ||
	    (pair == ALTAIR_ENDPOINT_INDEPENDENT &&
	     servers == ALTAIR_DEPENDENT))
		return servers;
	return pair;
}

/* --- filtering --------------------------------------------------------------- */

/* RFC 5780 4.4. Silence counts where the server does what it is asked for: it did
 * so towards MAIN, or that cannot be seen because each destination has another
 * mapping. */
static enum altair_dependence find_filtering(const struct altair_probe *p)
{
	const struct air_question *plain =
		air_question_find(p, ASK_PORT, ALTAIR_PROBE_FILTERED);
	const struct air_question *both =
		air_question_find(p, ASK_CHANGE_BOTH, ALTAIR_PROBE_FILTERED);
	const struct air_question *port =
		air_question_find(p, ASK_CHANGE_PORT, ALTAIR_PROBE_FILTERED);
	const struct air_question *control =
		air_question_find(p, ASK_CONTROL, ALTAIR_PROBE_MAIN);
	enum altair_dependence mapping = air_probe_mapping(p);

	if (is_answered(both))
		return ALTAIR_ENDPOINT_INDEPENDENT;
	if (!is_answered(plain) || !is_silent(both))
		return ALTAIR_DEPENDENCE_UNKNOWN;
	if (is_answered(port))
		return ALTAIR_ADDRESS_DEPENDENT;
	if (is_silent(port) &&
	    (is_answered(control) ||
	     (!control && mapping != ALTAIR_DEPENDENCE_UNKNOWN &&
	      mapping != ALTAIR_ENDPOINT_INDEPENDENT)))
		return ALTAIR_ADDRESS_AND_PORT_DEPENDENT;
	return ALTAIR_DEPENDENCE_UNKNOWN;
}

/* --- ports ------------------------------------------------------------------- */

static bool tells_port(const struct air_question *q)
{
	return q->kind <= ASK_PORT && is_answered(q);
}

/* All mappings that were made first by a socket have its port. */
static bool is_preserved(const struct altair_probe *p, size_t *sockets)
{
	*sockets = 0;
	for (uint32_t sock = 0; sock < ALTAIR_PROBE_LIFETIMES; sock++) {
		const struct air_question *one = NULL;

		for (uint32_t i = 0; i < p->count; i++)
			if (tells_port(&p->questions[i]) &&
			    p->questions[i].sock == sock &&
			    (!one || p->questions[i].order < one->order))
				one = &p->questions[i];
		if (one && one->mapped.port != p->local[sock].port)
			return false;
		*sockets += one != NULL;
	}
	return true;
}

static bool is_in(uint16_t port, const uint16_t *ports, size_t count)
{
	while (count > 0)
		if (ports[--count] == port)
			return true;
	return false;
}

/* The ports in the order in which the NAT gave them. */
static size_t list_ports(const struct altair_probe *p,
			 uint16_t ports[PORTS_MAX])
{
	size_t count = 0;

	for (uint32_t order = 1; order <= p->sent; order++) {
		const struct air_question *q = p->questions;

		while (q->order != order)
			q++;
		/* Of what was repeated nobody knows when it arrived. */
		if (tells_port(q) && q->sent == 1 && count < PORTS_MAX &&
		    !is_in(q->mapped.port, ports, count))
			ports[count++] = q->mapped.port;
	}
	return count;
}

/* The smallest step upwards, or downwards where most go that way. */
static int find_step(const uint16_t *ports, size_t count, size_t *small)
{
	int up = 0, down = 0, ups = 0;

	*small = 0;
	for (size_t i = 1; i < count; i++) {
		int d = ports[i] - ports[i - 1];

		if (d > STEP_MAX || d < -STEP_MAX)
			continue;
		++*small;
		ups += d > 0 ? 1 : -1;
		if (d > 0 && (up == 0 || d < up))
			up = d;
		if (d < 0 && (down == 0 || d > down))
			down = d;
	}
	return (ups > 0 && up) || !down ? up : down;
}

/* One step may be large: the range of ports begins anew. One of two that is small
 * may be chance. */
static void find_ports(const struct altair_probe *p, altair_probe_facts *f)
{
	uint16_t ports[PORTS_MAX];
	size_t count, sockets, small;
	int step;

	f->ports = ALTAIR_PORTS_UNKNOWN;
	if (is_preserved(p, &sockets)) {
		if (sockets >= 2)
			f->ports = ALTAIR_PORTS_PRESERVED;
		return;
	}
	count = list_ports(p, ports);
	if (count < 3)
		return;
	step = find_step(ports, count, &small);
	if (small == 0) {
		f->ports = ALTAIR_PORTS_RANDOM;
	} else if (small >= 2 && small + 2 >= count) {
		f->ports = ALTAIR_PORTS_SEQUENTIAL;
		f->port_step = step;
	}
}

static enum altair_known find_pool(const struct altair_probe *p)
{
	const struct air_question *first = NULL;
	enum altair_known found = ALTAIR_UNKNOWN;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct air_question *q = &p->questions[i];

		if (!tells_port(q))
			continue;
		if (first && !altair_addr_same_ip(&q->mapped, &first->mapped))
			return ALTAIR_YES;
		if (first)
			found = ALTAIR_NO;
		first = first ? first : q;
	}
	return found;
}

/* --- the rest ---------------------------------------------------------------- */

static void find_servers(const struct altair_probe *p, altair_probe_facts *f)
{
	const struct air_question *one = NULL;
	bool are_two = false;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct air_question *q = &p->questions[i];

		if (q->kind != ASK_SERVER)
			continue;
		f->asked++;
		f->answered += q->state == QUESTION_ANSWERED ||
			       q->state == QUESTION_REFUSED;
		one = one ? one : q;
		are_two = are_two || !altair_addr_same_ip(&one->to, &q->to);
	}
	if (f->answered > 0)
		f->udp = ALTAIR_YES;
	else if (p->is_done && are_two)
		f->udp = ALTAIR_NO;
}

static void find_first(const struct altair_probe *p, altair_probe_facts *f)
{
	const struct air_question *q = air_probe_server(p);
	const altair_addr *local = &p->local[ALTAIR_PROBE_MAIN];

	f->local = *local;
	if (!q)
		return;
	f->server = q->to;
	f->mapped = q->mapped;
	f->rtt = q->rtt;
	if (altair_addr_classify(local) != ALTAIR_ADDR_NONE)
		f->nat = altair_addr_equal(local, &q->mapped) ? ALTAIR_NO
							      : ALTAIR_YES;
	if (air_probe_pair(p))
		f->second_address = ALTAIR_YES;
	else if (air_question_open(p, ASK_SERVER) == 0)
		f->second_address = ALTAIR_NO;
}

/* Without a mapping for all we do not know where to send. */
static enum altair_known find_hairpin(const struct altair_probe *p)
{
	bool is_asked = false;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct air_question *q = &p->questions[i];

		if (q->kind != ASK_HAIRPIN)
			continue;
		if (is_answered(q))
			return ALTAIR_YES;
		is_asked = is_asked || is_silent(q);
	}
	return is_asked && air_question_open(p, ASK_HAIRPIN) == 0 &&
			       air_probe_mapping(p) ==
				       ALTAIR_ENDPOINT_INDEPENDENT
		       ? ALTAIR_NO
		       : ALTAIR_UNKNOWN;
}

static void find_sizes(const struct altair_probe *p, altair_probe_facts *f)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct air_question *q = &p->questions[i];
		unsigned size;

		if (q->kind != ASK_SIZE)
			continue;
		/* From the longest to the shortest. */
		size = air_question_size(p, q->index);
		if (is_answered(q) && size > f->mtu)
			f->mtu = size;
		else if (is_silent(q) && f->mtu == 0)
			f->mtu_over = size;
	}
	if (f->mtu == 0)
		f->mtu_over = 0;
}

/* The shortest test shows that the server does it at all. */
static void find_lifetime(const struct altair_probe *p, altair_probe_facts *f)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct air_question *q = &p->questions[i];
		altair_time life;

		if (q->kind != ASK_LIFE)
			continue;
		life = air_question_life(q->index);
		if (is_answered(q) && life > f->lifetime)
			f->lifetime = life;
		else if (is_silent(q) &&
			 (f->lifetime_over == 0 || life < f->lifetime_over))
			f->lifetime_over = life;
	}
	if (f->lifetime == 0)
		f->lifetime_over = 0;
}

void altair_probe_get(const altair_probe *p, altair_probe_facts *f)
{
	memset(f, 0, sizeof *f);
	f->size = sizeof *f;
	f->is_done = p->is_done;
	find_servers(p, f);
	find_first(p, f);
	if (!air_probe_server(p))
		return;
	f->mapping = air_probe_mapping(p);
	f->filtering = find_filtering(p);
	find_ports(p, f);
	f->pool = find_pool(p);
	f->hairpin = find_hairpin(p);
	find_sizes(p, f);
	find_lifetime(p, f);
}
