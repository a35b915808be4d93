/*
 * Inherited sockets are known by what they are bound to, not by their order, so
 * that a unit may list them as it likes.
 */
#define _GNU_SOURCE
#include "inherit.h"

#include "adapters/udp/sockaddr.h"

#include <fcntl.h>
#include <sys/socket.h>

static bool is_at(int fd, int type, const altair_addr *wanted)
{
	union air_sockaddr name;
	socklen_t len = sizeof name, type_len = sizeof(int);
	altair_addr addr;
	int its_type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &its_type, &type_len) != 0 ||
	    its_type != type || getsockname(fd, &name.any, &len) != 0)
		return false;
	air_sockaddr_get(&addr, &name);
	return altair_addr_equal(&addr, wanted);
}

int air_inherit_take(const altair_serve_config *config, int type,
		     const altair_addr *addr)
{
	int fd = -1;

	for (size_t i = 0; i < config->socket_count && fd < 0; i++)
		if (is_at(config->sockets[i], type, addr))
			fd = fcntl(config->sockets[i], F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}
