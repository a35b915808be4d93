/*
 * An alternate makes four sockets of a listener's one (RFC 5780 6), and clients
 * are told their addresses: so both are single addresses, which differ in IP and
 * in port.
 */
#include "alternates.h"

#include "listeners.h"

#define OPTION "alt-listen"

/* The first listener of the family of `addr`, or NULL. */
static const altair_addr *find(const altair_addr *listen, size_t listens,
			       const altair_addr *addr)
{
	for (size_t i = 0; i < listens; i++)
		if (listen[i].family == addr->family)
			return &listen[i];
	return NULL;
}

static bool is_single(const altair_addr *addr)
{
	return addr && altair_addr_classify(addr) != ALTAIR_ADDR_NONE;
}

/* Returns -1 to go on, or the exit code. */
static int check(const struct command *self, const char *text,
		 const altair_addr *addr, const altair_addr *first)
{
	if (!is_single(addr) || !is_single(first))
		return air_options_refuse(
			self, OPTION, text,
			"wants a --listen of the same family, and single "
			"addresses for both, such as --listen 192.0.2.1:3478 "
			"--alt-listen 192.0.2.2:3479");
	if (altair_addr_same_ip(addr, first) ||
	    (addr->port == first->port && addr->port != 0))
		return air_options_refuse(
			self, OPTION, text,
			"wants another IP and another port than --listen has");
	return -1;
}

int air_alternates_read(const struct command *self,
			const struct option_list *list,
			const altair_addr *listen, size_t listens,
			altair_addr *out)
{
	int code = air_listeners_read(self, OPTION, list, out);

	for (size_t i = 0; i < list->count && code < 0; i++) {
		if (find(out, i, &out[i]))
			return air_options_refuse(self, OPTION, list->item[i],
						  "wants one address a family");
		code = check(self, list->item[i], &out[i],
			     find(listen, listens, &out[i]));
	}
	return code;
}
