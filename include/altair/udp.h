/*
 * altair/udp.h - UDP sockets of this system for drivers: non-blocking, many
 * datagrams per call, merged where the kernel merges (UDP_GRO, UDP_SEGMENT).
 * Also the clock and the random source of the system.
 */
#ifndef ALTAIR_UDP_H
#define ALTAIR_UDP_H

#include <altair/crypto.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_udp altair_udp;

enum altair_udp_flags {
	ALTAIR_UDP_REUSEPORT = 1, /* several sockets share the port          */
	ALTAIR_UDP_PKTINFO = 2,	  /* path.local is the address that was asked;
	                             answers leave from it                   */
	ALTAIR_UDP_MERGE = 4,	  /* take and give merged bursts             */
	ALTAIR_UDP_ERRORS = 8,	  /* collect ICMP errors for altair_udp_icmp  */
	ALTAIR_UDP_FRAGMENTS = 16 /* routers may fragment what leaves (IPv4:
	                             DF is 0), unless a datagram is `whole`  */
};

/*
 * Opens and binds a socket. `local` gives family, address and port (port 0: any;
 * address 0.0.0.0 or ::, every one; IPv6 sockets take IPv6 only). `batch` is the
 * most datagrams one receive gives, 1 to 64. Returns 0, ALTAIR_E_IN_USE,
 * ALTAIR_E_ADDRESS (not an address of this host), ALTAIR_E_PERMISSION,
 * ALTAIR_E_FAMILY (the system lacks it), ALTAIR_E_MEMORY, ALTAIR_E_SYSTEM, or
 * ALTAIR_E_INVALID (`batch`). The
 * socket is closed, and the memory freed, by altair_udp_close.
 */
ALTAIR_API int altair_udp_open(altair_udp **out, const altair_addr *local,
			       unsigned flags, size_t batch);
ALTAIR_API void altair_udp_close(altair_udp *udp); /* NULL is allowed */

/*
 * The same with a descriptor that is bound and does not block; it is closed with
 * the socket, also when this fails. An IPv6 one takes IPv6 only.
 */
ALTAIR_API int altair_udp_adopt(altair_udp **out, int fd, unsigned flags,
				size_t batch);

/*
 * The same for a socket that works in the memory of `sibling`, which must
 * outlive it and is in the same thread: it takes about a hundred bytes. What was
 * received stays valid until the next receive on any of them.
 */
ALTAIR_API int altair_udp_open_beside(altair_udp **out, altair_udp *sibling,
				      const altair_addr *local, unsigned flags);

/* The descriptor, to wait for readability; still owned by `udp`. */
ALTAIR_API int altair_udp_fd(const altair_udp *udp);

/* The bound address. 0, or ALTAIR_E_SYSTEM. */
ALTAIR_API int altair_udp_local(const altair_udp *udp, altair_addr *out);

/*
 * Takes what has arrived: at most `cap` datagrams (or bursts), with path.sock
 * set to `sock`. The bytes stay valid until the next receive on this socket.
 * Returns how many (0: nothing there), or ALTAIR_E_SYSTEM. Errors that a peer can
 * cause count as nothing.
 */
ALTAIR_API int altair_udp_receive(altair_udp *udp, uint32_t sock,
				  altair_datagram *batch, size_t cap);

/*
 * The same for one more of several siblings (altair_udp_open_beside): fills
 * batch[used] up to batch[cap - 1], and what was received into the places before
 * stays valid. Returns how many it has added.
 */
ALTAIR_API int altair_udp_receive_more(altair_udp *udp, uint32_t sock,
				       altair_datagram *batch, size_t used,
				       size_t cap);

/*
 * Sends `count` datagrams. A datagram that cannot be sent now is lost, as the
 * network loses them. Returns how many the kernel took (0 to count), or, when it
 * took none, ALTAIR_E_NETWORK (no route), ALTAIR_E_PERMISSION (a local firewall),
 * ALTAIR_E_AGAIN, ALTAIR_E_TOO_LONG or ALTAIR_E_SYSTEM.
 */
ALTAIR_API int altair_udp_send(altair_udp *udp, const altair_datagram *batch,
			       size_t count);

/* With ALTAIR_UDP_ERRORS: takes one queued ICMP "port unreachable", from the
 * remote's host or from a router before it. 1 and the remote it is about, or 0
 * when there is none. */
ALTAIR_API int altair_udp_error(altair_udp *udp, altair_addr *remote);

/* The same for every kind of ICMP error. What was too long for the first link is
 * told as if a router had said so. */
ALTAIR_API int altair_udp_icmp(altair_udp *udp, altair_icmp *out);

/* CLOCK_BOOTTIME: monotonic, and it counts sleep. */
ALTAIR_API altair_time altair_clock_now(void);

/* A crypto table whose `random` is getrandom(2) and which has no hashes:
 * enough for altair_discover. */
ALTAIR_API const altair_crypto *altair_system_random(void);

#ifdef __cplusplus
}
#endif
#endif
