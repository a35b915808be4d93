/*
 * What the facts mean for somebody who wants to connect. IPv6 comes first where it
 * is better: both ends choose the best that they have in common.
 */
#include "base/assert.h"

#include <altair/probe.h>

static bool works(const altair_probe_facts *f)
{
	return f && f->udp == ALTAIR_YES;
}

/* Behind a NAT that maps for each destination anew. */
static bool is_symmetric(const altair_probe_facts *f)
{
	return f->mapping != ALTAIR_DEPENDENCE_UNKNOWN &&
	       f->mapping != ALTAIR_ENDPOINT_INDEPENDENT;
}

/* No NAT, or one whose mapping is good for all. */
static bool is_reachable(const altair_probe_facts *f)
{
	return f->nat == ALTAIR_NO || f->mapping == ALTAIR_ENDPOINT_INDEPENDENT;
}

/* A symmetric NAT's other ports get in as well. */
static bool lets_ports_in(const altair_probe_facts *f)
{
	return f->filtering == ALTAIR_ENDPOINT_INDEPENDENT ||
	       f->filtering == ALTAIR_ADDRESS_DEPENDENT;
}

static enum altair_probe_verdict judge_one(const altair_probe_facts *f)
{
	if (is_reachable(f))
		return lets_ports_in(f) ? ALTAIR_PROBE_IS_OPEN
					: ALTAIR_PROBE_IS_MOST;
	return is_symmetric(f) ? ALTAIR_PROBE_IS_SOME : ALTAIR_PROBE_IS_UNKNOWN;
}

enum altair_probe_verdict altair_probe_judge(const altair_probe_facts *ipv4,
					     const altair_probe_facts *ipv6,
					     enum altair_known tcp,
					     enum altair_known tls)
{
	enum altair_probe_verdict verdict;

	if (!works(ipv4) && !works(ipv6))
		return tcp == ALTAIR_YES || tls == ALTAIR_YES
			       ? ALTAIR_PROBE_IS_RELAY
			       : ALTAIR_PROBE_IS_NOTHING;
	if (!works(ipv4))
		return judge_one(ipv6);
	verdict = judge_one(ipv4);
	if (verdict == ALTAIR_PROBE_IS_SOME && works(ipv6) &&
	    is_reachable(ipv6))
		return ALTAIR_PROBE_IS_SOME_IPV6;
	return verdict;
}

static const struct text {
	const char *code, *sentence, *advice;
} texts[] = {
#define TEXT(name, code, sentence, advice) {code, sentence, advice},
	ALTAIR_PROBE_VERDICTS(TEXT)
#undef TEXT
};

static const struct text *text_of(enum altair_probe_verdict verdict)
{
	AIR_ASSERT((size_t)verdict < sizeof texts / sizeof *texts);
	return &texts[verdict];
}

const char *altair_probe_code(enum altair_probe_verdict verdict)
{
	return text_of(verdict)->code;
}

const char *altair_probe_sentence(enum altair_probe_verdict verdict)
{
	return text_of(verdict)->sentence;
}

const char *altair_probe_advice(enum altair_probe_verdict verdict)
{
	return text_of(verdict)->advice;
}

/* --- routers ----------------------------------------------------------------- */

static bool is_private(const altair_addr *addr)
{
	enum altair_addr_class class = altair_addr_classify(addr);

	return class == ALTAIR_ADDR_PRIVATE || class == ALTAIR_ADDR_SHARED;
}

static bool is_shared(const altair_addr *addr)
{
	return altair_addr_classify(addr) == ALTAIR_ADDR_SHARED;
}

/* True when the routers tell where the private networks end: after `count`. */
static bool end_of_private(const altair_addr *hops, size_t *count)
{
	for (size_t i = 0; i < *count; i++) {
		if (altair_addr_classify(&hops[i]) == ALTAIR_ADDR_NONE)
			return false;
		if (!is_private(&hops[i])) {
			*count = i;
			return true;
		}
	}
	return false;
}

void altair_probe_judge_hops(const altair_probe_facts *f,
			     const altair_addr *hops, size_t count,
			     enum altair_known *carrier,
			     enum altair_known *several)
{
	bool is_inside = is_shared(&f->local), has_shared = is_inside;

	*carrier = *several = ALTAIR_UNKNOWN;
	if (f->nat == ALTAIR_NO)
		*carrier = *several = ALTAIR_NO;
	if (f->nat != ALTAIR_YES)
		return;
	for (size_t i = 0; i < count; i++)
		has_shared = has_shared || is_shared(&hops[i]);
	if (has_shared)
		*carrier = ALTAIR_YES;
	if (has_shared && !is_inside)
		*several = ALTAIR_YES;
	/* One router, and then the internet: it is the only NAT. */
	else if (end_of_private(hops, &count) && count <= 1) {
		*several = ALTAIR_NO;
		*carrier = has_shared ? ALTAIR_YES : ALTAIR_NO;
	}
}
