/*
 * Mistakes with --peer are found before anything is sent: a wrong form, an
 * address that nobody can have, a broadcast address of an own network, and the
 * socket's own address.
 */
#define _GNU_SOURCE
#include "peer.h"

#include "sockaddr.h"

#include <altair/error.h>

#include <stdio.h>
#include <string.h>
#include <uv.h>

static const char *explain_parse(const char *text, int error)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *colon = strchr(text, ':');
	bool has_colons = colon && strchr(colon + 1, ':');

	if (has_colons && text[0] != '[')
		return "is no endpoint: an IPv6 address stands in brackets, "
		       "such as [2001:db8::1]:5000";
	if (strpbrk(text, letters) && !has_colons)
		return "is a name: give the IP address and port that the "
		       "peer's `altair discover` shows";
	if (error == ALTAIR_E_SYNTAX && text[0] == '[' && strchr(text, '%'))
		return "has no valid zone: a zone is the number of the "
		       "interface, such as [fe80::1%2]:5000";
	if (error == ALTAIR_E_NO_PORT)
		return "has no port: give IP:PORT, such as 198.51.100.5:54321";
	if (error == ALTAIR_E_PORT && strncmp(strrchr(text, ':'), ":0", 2) == 0)
		return "has no valid port: a port is 1 to 65535, and begins "
		       "with no zero";
	if (error == ALTAIR_E_PORT)
		return "has no valid port: a port is 1 to 65535";
	return "is no endpoint: give IP:PORT, such as 198.51.100.5:54321";
}

static const char *explain_class(enum altair_addr_class class)
{
	switch (class) {
	case ALTAIR_ADDR_NONE:
		return "is the unspecified address, which nobody has";
	case ALTAIR_ADDR_MULTICAST:
		return "is a multicast address: one peer has one address";
	case ALTAIR_ADDR_BROADCAST:
		return "is a broadcast address: one peer has one address";
	default:
		return NULL;
	}
}

/* True when `peer` is the last address of an IPv4 network of this host. */
static bool is_broadcast_on(const altair_addr *peer,
			    const uv_interface_address_t *interface)
{
	altair_addr own, mask;
	bool is_equal = true, has_host_part = false;

	if (!air_sockaddr_read(&own, (const void *)&interface->address, 1) ||
	    !air_sockaddr_read(&mask, (const void *)&interface->netmask, 1) ||
	    own.family != ALTAIR_IPV4 || peer->family != ALTAIR_IPV4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		uint8_t host = (uint8_t)~mask.ip[i];

		if (peer->ip[i] != (own.ip[i] | host))
			is_equal = false;
		/* A /31 and a /32 have no broadcast address (RFC 3021). */
		if (host > 1)
			has_host_part = true;
	}
	return is_equal && has_host_part;
}

static bool is_same_ip_on(const altair_addr *peer,
			  const uv_interface_address_t *interface)
{
	altair_addr own;

	if (!air_sockaddr_read(&own, (const void *)&interface->address, 1))
		return false;
	own.scope = peer->scope;
	return altair_addr_same_ip(peer, &own);
}

static bool any_interface(const altair_addr *peer,
			  bool (*test)(const altair_addr *,
				       const uv_interface_address_t *))
{
	uv_interface_address_t *list;
	int count;
	bool is_found = false;

	if (uv_interface_addresses(&list, &count) < 0)
		return false;
	for (int i = 0; i < count && !is_found; i++)
		is_found = test(peer, &list[i]);
	uv_free_interface_addresses(list, count);
	return is_found;
}

bool air_peer_parse(altair_addr *out, const char *text, char *why, size_t cap)
{
	const char *problem = NULL;
	int error = altair_addr_parse(out, text);

	if (error)
		problem = explain_parse(text, error);
	else
		problem = explain_class(altair_addr_classify(out));
	if (!problem && any_interface(out, is_broadcast_on))
		problem = explain_class(ALTAIR_ADDR_BROADCAST);
	if (problem)
		snprintf(why, cap, "%s", problem);
	return !problem;
}

bool air_peer_is_local(const altair_addr *peer, const altair_addr *local)
{
	return peer->family == local->family && peer->port == local->port &&
	       (altair_addr_classify(peer) == ALTAIR_ADDR_LOOPBACK ||
		any_interface(peer, is_same_ip_on));
}
