/*
 * name.h - the addresses of one host name, on a loop.
 */
#ifndef AIR_NAME_H
#define AIR_NAME_H

#include <altair/base.h>

#include <uv.h>

#define AIR_NAME_ADDRS_MAX 8

struct air_name {
	uv_getaddrinfo_t request;
	bool is_running;
	altair_addr addrs[AIR_NAME_ADDRS_MAX];
	size_t count;
	void (*found)(void *user); /* NULL once nobody wants to know     */
	void (*over)(void *user);  /* after air_name_forget: it is free  */
	void *user;
};

/* Looks up; `found` is called once, perhaps within the call, with `addrs` filled
 * in: none where there are none. An IP address needs no looking up. */
void air_name_find(struct air_name *name, uv_loop_t *loop, const char *host,
		   uint16_t port);

/* Calls `found` no more. True: the object is still in use until `over`. */
bool air_name_forget(struct air_name *name, void (*over)(void *user));

#endif
