/*
 * altair/base.h - the words every other header is written in: time, bytes,
 * addresses, paths, datagrams.
 *
 * Conventions of the whole library
 *   ownership   What you pass is borrowed for the call. What a machine returns
 *               stays valid as long as its function says. Nothing here is freed
 *               by you except what an altair_*_open or _new gave you.
 *   NULL        Never allowed unless a function says so.
 *   threads     None are started by the core. One object belongs to one thread
 *               at a time; different objects are independent; no global state.
 *   time        Nanoseconds of the caller's monotonic clock, always passed in.
 *               It may not go backwards within one object.
 *   errors      0 or a count on success, a negative ALTAIR_E_* otherwise. Bytes
 *               from the network are never an error: they earn a verdict and a
 *               counter.
 *   structs     Those that begin with `size` are filled by their *_default
 *               function first, so that they may grow in later versions.
 */
#ifndef ALTAIR_BASE_H
#define ALTAIR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define ALTAIR_API __attribute__((visibility("default")))
#define ALTAIR_MUST_USE __attribute__((warn_unused_result))
#else
#define ALTAIR_API
#define ALTAIR_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define ALTAIR_VERSION_MAJOR 0
#define ALTAIR_VERSION_MINOR 1
#define ALTAIR_VERSION_PATCH 0
#define ALTAIR_VERSION "0.1.0"

/* The version of the library that is linked, as "major.minor.patch". */
ALTAIR_API const char *altair_version(void);

/* Nanoseconds on the caller's monotonic clock. */
typedef uint64_t altair_time;

#define ALTAIR_NEVER UINT64_MAX
#define ALTAIR_USEC(n) ((altair_time)(n)*1000u)
#define ALTAIR_MSEC(n) ((altair_time)(n)*1000000u)
#define ALTAIR_SEC(n) ((altair_time)(n)*1000000000u)

/* A view of bytes that somebody else owns. */
typedef struct altair_bytes {
	const uint8_t *data;
	size_t len;
} altair_bytes;

enum altair_family { ALTAIR_NO_FAMILY = 0, ALTAIR_IPV4 = 4, ALTAIR_IPV6 = 6 };

/*
 * A transport address. IPv4 uses ip[0..3], the rest is zero. `port` is in host
 * byte order. `scope` is the IPv6 zone index, 0 where there is none. An address
 * with family ALTAIR_NO_FAMILY is "no address"; all-zero memory is one.
 */
typedef struct altair_addr {
	uint8_t ip[16];
	uint32_t scope;
	uint16_t port;
	uint8_t family;
	uint8_t reserved;
} altair_addr;

/*
 * Where a datagram travels: the caller's number for the socket, and both ends.
 * `local` may be "no address" where the caller does not know or care; an answer
 * to a datagram leaves with the same `sock` and `local` it came with.
 */
typedef struct altair_path {
	uint32_t sock;
	altair_addr local;
	altair_addr remote;
} altair_path;

/* What a machine made of a datagram. */
enum altair_verdict {
	ALTAIR_NOT_MINE = 0, /* another machine on this socket may want it   */
	ALTAIR_TAKEN = 1,    /* it belonged to the machine, or was refused   */
	ALTAIR_PAYLOAD = 2   /* user data from the peer: the datagram's bytes */
};

/*
 * One datagram, or a burst of them on one path. With `segment` 0 `bytes` is one
 * datagram. Otherwise `bytes` holds several, each of `segment` bytes, the last
 * one perhaps shorter: what UDP_GRO delivers and UDP_SEGMENT sends.
 */
typedef struct altair_datagram {
	altair_path path;
	altair_bytes bytes;
	size_t segment;
	enum altair_verdict verdict; /* set by altair_input                 */
	bool whole; /* of altair_server, to peers: nobody on the way may
	               fragment it                                          */
} altair_datagram;

/* An ICMP error about a datagram that was sent (RFC 792, RFC 4443). */
typedef struct altair_icmp {
	altair_addr remote; /* where it was to go; port 0: not known        */
	uint8_t type, code; /* of ICMPv6 where the remote has IPv6          */
	uint32_t mtu;	    /* "fragmentation needed", "packet too big";
	                       else 0                                       */
} altair_icmp;

/* Room for any text that altair_addr_format writes, its NUL included. */
#define ALTAIR_ADDR_TEXT 64

/*
 * Reads an endpoint: "192.0.2.1:5000" or "[2001:db8::1]:5000" (RFC 3986 3.2.2,
 * RFC 4291 2.2; a zone only as a number, "[fe80::1%2]:5000"). The port is 1 to
 * 65535, decimal, without sign or leading zeros. An IPv4-mapped IPv6 address
 * becomes IPv4. Returns 0, ALTAIR_E_SYNTAX (not an address), ALTAIR_E_NO_PORT,
 * or ALTAIR_E_PORT (port out of range); *out is untouched on error.
 */
ALTAIR_API int altair_addr_parse(altair_addr *out, const char *text);

/*
 * Reads a bare IP address, "192.0.2.1" or "2001:db8::1", without brackets or
 * port, and sets `port` as given. Returns 0 or ALTAIR_E_SYNTAX.
 */
ALTAIR_API int altair_addr_parse_ip(altair_addr *out, const char *text,
				    uint16_t port);

/*
 * Writes "192.0.2.1:5000" or "[2001:db8::1]:5000" (RFC 5952), NUL-terminated.
 * Returns the length without the NUL, or ALTAIR_E_SPACE when `cap` is too small
 * (ALTAIR_ADDR_TEXT never is).
 */
ALTAIR_API int altair_addr_format(const altair_addr *addr, char *out,
				  size_t cap);

/* The same without brackets and port. */
ALTAIR_API int altair_addr_format_ip(const altair_addr *addr, char *out,
				     size_t cap);

/* True when family, IP, zone and port are equal. */
ALTAIR_API bool altair_addr_equal(const altair_addr *a, const altair_addr *b);

/* True when family, IP and zone are equal, whatever the ports. */
ALTAIR_API bool altair_addr_same_ip(const altair_addr *a, const altair_addr *b);

/* What kind of address it is (RFC 6890 and the IANA registries behind it). */
enum altair_addr_class {
	ALTAIR_ADDR_NONE,	/* no address, or 0.0.0.0 and ::            */
	ALTAIR_ADDR_GLOBAL,	/* also the documentation ranges: labs use
	                            them (RFC 5737, RFC 3849)                */
	ALTAIR_ADDR_LOOPBACK,	/* 127/8, ::1                               */
	ALTAIR_ADDR_PRIVATE,	/* RFC 1918, fc00::/7                       */
	ALTAIR_ADDR_SHARED,	/* 100.64/10, carrier-grade NAT (RFC 6598)  */
	ALTAIR_ADDR_LINK_LOCAL, /* 169.254/16, fe80::/10                    */
	ALTAIR_ADDR_MULTICAST,	/* 224/4, ff00::/8                          */
	ALTAIR_ADDR_BROADCAST,	/* 255.255.255.255                          */
	ALTAIR_ADDR_RESERVED	/* the rest that is not globally reachable  */
};

/* Anything else than IPv4 and IPv6 is ALTAIR_ADDR_NONE. */
ALTAIR_API enum altair_addr_class altair_addr_classify(const altair_addr *addr);

#ifdef __cplusplus
}
#endif
#endif
