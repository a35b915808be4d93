/*
 * LISTEN_FDS says how many there are, from descriptor 3 on, and LISTEN_PID for
 * whom.
 */
#define _GNU_SOURCE
#include "activation.h"

#include "sockaddr.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST 3

size_t air_activation_sockets(int out[ACTIVATION_MAX])
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	size_t count = fds ? strtoul(fds, NULL, 10) : 0;

	if (!pid || strtol(pid, NULL, 10) != getpid())
		return 0;
	if (count > ACTIVATION_MAX)
		count = ACTIVATION_MAX;
	for (size_t i = 0; i < count; i++) {
		out[i] = FIRST + (int)i;
		fcntl(out[i], F_SETFD, FD_CLOEXEC);
	}
	return count;
}

size_t air_activation_addresses(altair_addr *out, size_t cap)
{
	int fds[ACTIVATION_MAX];
	size_t all = air_activation_sockets(fds), count = 0;

	for (size_t i = 0; i < all && count < cap; i++) {
		struct sockaddr_storage name;
		socklen_t len = sizeof name, type_len = sizeof(int);
		int type;

		if (getsockopt(fds[i], SOL_SOCKET, SO_TYPE, &type, &type_len) ==
			    0 &&
		    type == SOCK_DGRAM &&
		    getsockname(fds[i], (struct sockaddr *)&name, &len) == 0 &&
		    air_sockaddr_read(&out[count], (struct sockaddr *)&name,
				      air_sockaddr_port(&name)))
			count++;
	}
	return count;
}
