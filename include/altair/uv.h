/*
 * altair/uv.h - drives machines on a libuv loop: one UDP socket per address
 * family, one timer, no thread.                         Library: libaltair-uv.
 */
#ifndef ALTAIR_UV_H
#define ALTAIR_UV_H

#include <altair/machine.h>

#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_uv altair_uv;

/* The numbers of the two sockets in altair_path.sock. */
enum altair_uv_sock { ALTAIR_UV_IPV4 = 0, ALTAIR_UV_IPV6 = 1 };

typedef struct altair_uv_config {
	size_t size;
	bool ipv4, ipv6;     /* which sockets to open, default both; a family
	                        the host lacks is left out unless it is the
	                        only one asked for                           */
	uint16_t local_port; /* 0: any; both sockets try to share one        */
} altair_uv_config;

typedef struct altair_uv_handlers {
	/* An event of `machine`; `out` is valid for the call. */
	void (*event)(void *user, altair_machine *machine,
		      const altair_output *out);
	/* A payload datagram that `machine` passed up; NULL: dropped. */
	void (*payload)(void *user, altair_machine *machine,
			const altair_datagram *datagram);
	/* A datagram to `remote` was refused, by its host or by a router
	 * before it (ICMP "port unreachable"); may be NULL. */
	void (*refused)(void *user, const altair_addr *remote);
	/* Sending to `remote` failed with `error` (ALTAIR_E_*); may be NULL. */
	void (*unsent)(void *user, const altair_addr *remote, int error);
} altair_uv_handlers;

/* Fills in `size` and every default. */
ALTAIR_API void altair_uv_config_default(altair_uv_config *config);

/*
 * Opens the sockets on `loop`. Handlers are copied. Returns 0 or an error of
 * altair_udp_open (ALTAIR_E_IN_USE: the local port is taken).
 */
ALTAIR_API int altair_uv_open(altair_uv **out, uv_loop_t *loop,
			      const altair_uv_config *config,
			      const altair_uv_handlers *handlers, void *user);

/* The local address of a socket; 0, or ALTAIR_E_FAMILY if it is not open. */
ALTAIR_API int altair_uv_local(const altair_uv *driver, uint32_t sock,
			       altair_addr *out);

/*
 * Machines are offered each datagram in the order of attachment until one does
 * not say ALTAIR_NOT_MINE. At most 4; ALTAIR_E_FULL. The machine stays the
 * caller's and must outlive its attachment. Attaching polls it on the next turn.
 */
ALTAIR_API int altair_uv_attach(altair_uv *driver, altair_machine *machine);
ALTAIR_API void altair_uv_detach(altair_uv *driver, altair_machine *machine);

/* Call after changing a machine by its own functions: polls it soon. */
ALTAIR_API void altair_uv_kick(altair_uv *driver);

/* The time to give to machines now. */
ALTAIR_API altair_time altair_uv_now(const altair_uv *driver);

/* Sends one datagram at once. 0, ALTAIR_E_STATE (closing), ALTAIR_E_FAMILY (its
 * socket is not open), or an error of altair_udp_send. */
ALTAIR_API int altair_uv_send(altair_uv *driver,
			      const altair_datagram *datagram);

/* libuv's rule: the object lives until `closed` (may be NULL) is called. */
ALTAIR_API void altair_uv_close(altair_uv *driver, void (*closed)(void *user));

#ifdef __cplusplus
}
#endif
#endif
