/*
 * Our hosts: addresses that the driver has sockets for, which come and go, and
 * what to do when the network around them has changed. That shows in a mapping
 * that differs from the one before, in a kept pair that falls silent, in time
 * that leaps because the host slept, or the driver says so.
 *
 * Invariant: hosts[i] is the place of host i among the local candidates, for good;
 * a host that is gone leaves its place to the next one that is added.
 */
#include "ice/session.h"

#include "base/addr.h"
#include "base/time.h"

/* Servers and relays are asked this often because of news. */
#define NEWS_RARELY ALTAIR_SEC(2)

/* So long after news all pairs are checked, also those that were not needed. */
#define BUSY_FOR ALTAIR_SEC(10)

/* Ticks are never so late unless the host slept. */
#define SLEEP_MIN ALTAIR_SEC(3)

const struct air_candidate *air_host_at(const struct altair_agent *a,
					uint32_t host)
{
	return &a->list.locals[a->hosts[host]];
}

bool air_host_has(const struct altair_agent *a, const altair_addr *ip)
{
	for (uint32_t i = 0; i < a->hosts_count; i++)
		if (!air_host_at(a, i)->is_gone &&
		    altair_addr_same_ip(&air_host_at(a, i)->addr, ip))
			return true;
	return false;
}

/* --- news ---------------------------------------------------------------- */

bool air_host_ask(struct altair_agent *a)
{
	if (!a->discover || a->now < a->news_at)
		return false;
	a->news_at = air_time_after(a->now, NEWS_RARELY);
	a->busy_until = air_time_after(a->now, BUSY_FOR);
	air_relay_probe(a);
	air_gather_again(a);
	return true;
}

void air_host_news(struct altair_agent *a, altair_time now)
{
	a->now = now;
	air_search_begin(a, now);
	air_path_doubt(a, now);
	(void)air_host_ask(a);
}

bool air_host_has_slept(const struct altair_agent *a, altair_time now)
{
	return now > air_time_after(a->due, SLEEP_MIN);
}

/* --- they come and go ---------------------------------------------------- */

static int find_host(const struct altair_agent *a, uint32_t sock,
		     const altair_addr *addr)
{
	for (uint32_t i = 0; i < a->hosts_count; i++) {
		const struct air_candidate *host = air_host_at(a, i);

		if (!host->is_gone && host->sock == sock &&
		    altair_addr_equal(&host->addr, addr))
			return (int)i;
	}
	return ALTAIR_E_ADDRESS;
}

/* A host's number for a new one. */
static uint32_t free_host(const struct altair_agent *a)
{
	uint32_t host = 0;

	while (host < a->hosts_count && !air_host_at(a, host)->is_gone)
		host++;
	return host;
}

int air_host_add(struct altair_agent *a, uint32_t sock, const altair_addr *addr)
{
	uint32_t host = free_host(a);
	struct air_candidate c = {.sock = sock, .type = CANDIDATE_HOST};
	bool is_new;
	int place;

	c.addr = c.base = air_addr_canonical(addr);
	if (find_host(a, sock, &c.addr) >= 0)
		return 0;
	if (host == ALTAIR_AGENT_HOSTS_MAX)
		return ALTAIR_E_FULL;
	c.priority = air_candidate_priority(CANDIDATE_HOST,
					    AIR_LOCAL_PREFERENCE_MAX - host);
	if (host < a->hosts_count) {
		place = a->hosts[host];
		air_checklist_replace(&a->list, (uint32_t)place, &c);
	} else {
		place = air_checklist_add_local(&a->list, &c, &is_new);
	}
	if (place < 0)
		return place;
	a->hosts[host] = (uint8_t)place;
	a->hosts_count += host == a->hosts_count;
	air_gather_anew(a, host);
	air_tcp_follow(a);
	if (!a->discover)
		return 0;
	air_gather_tell_one(a, (uint32_t)place);
	a->news_at = 0; /* this is no news that repeats */
	air_host_news(a, a->now);
	return 0;
}

/* True when another host is reached through the same socket. */
static bool is_shared(const struct altair_agent *a, uint32_t sock)
{
	for (uint32_t i = 0; i < a->hosts_count; i++)
		if (!air_host_at(a, i)->is_gone &&
		    air_host_at(a, i)->sock == sock)
			return true;
	return false;
}

int air_host_remove(struct altair_agent *a, uint32_t sock,
		    const altair_addr *addr)
{
	altair_addr gone = air_addr_canonical(addr);
	int host = find_host(a, sock, &gone);

	if (host < 0)
		return host;
	air_generation_leave(a, a->hosts[host]);
	air_checklist_retire(&a->list, a->hosts[host]);
	for (uint32_t i = 0; i < a->list.locals_count; i++) {
		const struct air_candidate *c = &a->list.locals[i];

		if ((c->type == CANDIDATE_SRFLX ||
		     c->type == CANDIDATE_PRFLX) &&
		    c->sock == sock && altair_addr_equal(&c->base, &gone))
			air_checklist_retire(&a->list, i);
	}
	if (!is_shared(a, sock))
		air_relay_leave(a, sock);
	if (!air_host_has(a, &gone)) {
		air_relay_abandon(a, &gone);
		air_tcp_abandon(a, &gone);
	}
	air_tcp_follow(a);
	air_host_news(a, a->now);
	return 0;
}
