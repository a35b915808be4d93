/*
 * getifaddrs(3) leaves no address out, and rtnetlink(7) tells of each that comes or
 * goes. What was told does not matter: the list is read again, so news that the
 * system had no room for are no loss, either.
 */
#define _GNU_SOURCE
#include "own.h"

#include "sockaddr.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEWS_MAX 4096

static size_t take(altair_addr *out, const struct ifaddrs *list, bool runs)
{
	size_t count = 0;

	for (; list; list = list->ifa_next)
		if (list->ifa_addr && !(list->ifa_flags & IFF_RUNNING) != runs)
			count += air_sockaddr_read(&out[count], list->ifa_addr,
						   0);
	return count;
}

bool air_own_find(altair_addr **out, size_t *count)
{
	struct ifaddrs *list;
	size_t all = 1;

	if (getifaddrs(&list) != 0)
		return false;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		all++;
	*out = calloc(all, sizeof **out);
	if (*out) {
		*count = take(*out, list, true);
		*count += take(*out + *count, list, false);
	}
	freeifaddrs(list);
	return *out != NULL;
}

static void on_news(uv_poll_t *poll, int status, int events)
{
	struct own_watch *watch = poll->data;
	char news[NEWS_MAX];

	(void)events;
	while (recv(watch->fd, news, sizeof news, 0) >= 0 || errno == ENOBUFS)
		;
	if (status < 0) /* news were lost; libuv stops at that */
		uv_poll_start(poll, UV_READABLE, on_news);
	watch->changed(watch->user);
}

int air_own_watch(struct own_watch *watch, uv_loop_t *loop,
		  void (*changed)(void *user), void *user)
{
	struct sockaddr_nl at = {.nl_family = AF_NETLINK,
				 .nl_groups = RTMGRP_IPV4_IFADDR |
					      RTMGRP_IPV6_IFADDR};
	int rc = 0;

	*watch = (struct own_watch){.changed = changed, .user = user};
	watch->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			   NETLINK_ROUTE);
	if (watch->fd < 0)
		return uv_translate_sys_error(errno);
	if (bind(watch->fd, (struct sockaddr *)&at, sizeof at) != 0)
		rc = uv_translate_sys_error(errno);
	if (rc == 0)
		rc = uv_poll_init(loop, &watch->poll, watch->fd);
	if (rc != 0) {
		close(watch->fd);
		return rc;
	}
	watch->is_open = true;
	watch->poll.data = watch;
	return uv_poll_start(&watch->poll, UV_READABLE, on_news);
}

static void on_closed(uv_handle_t *handle)
{
	struct own_watch *watch = handle->data;

	close(watch->fd);
}

void air_own_close(struct own_watch *watch)
{
	if (!watch->is_open)
		return;
	watch->is_open = false;
	uv_close((uv_handle_t *)&watch->poll, on_closed);
}
