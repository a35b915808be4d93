/*
 * altair/probe.h - finds out what the NATs and firewalls on the way do (RFC 5780,
 * RFC 4787), for one address family, as a machine.
 *
 * Any STUN server will do for a part of it. One that has a second address (RFC
 * 5780) tells mapping and filtering exactly; two others on different addresses
 * tell whether the mapping depends on the destination. What cannot be known is
 * unknown: neither yes nor no. All is what the network did just now; nothing of it
 * may keep anybody from trying to connect.
 *
 * The driver opens the sockets, on ports that were not used before, numbers them
 * as below from `sock` on, and says where they are. Tests that need a socket that
 * is not there are left out.
 *
 * Events
 *   ALTAIR_EV_PROBED  once: all is known that can be
 */
#ifndef ALTAIR_PROBE_H
#define ALTAIR_PROBE_H

#include <altair/crypto.h>
#include <altair/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_probe altair_probe;

/* Sockets: path.sock is the configuration's `sock` and one of these. */
enum altair_probe_sock {
	ALTAIR_PROBE_MAIN,	/* asks every server                        */
	ALTAIR_PROBE_FILTERED,	/* asks one, so nobody else may answer      */
	ALTAIR_PROBE_SECOND,	/* for ports and hairpinning                */
	ALTAIR_PROBE_WHOLE,	/* the same; forbids fragments (IP_DF)      */
	ALTAIR_PROBE_LIFETIMES, /* and behind it: they are left idle        */
	ALTAIR_PROBE_SOCKS_MAX = ALTAIR_PROBE_LIFETIMES + 13
};

/* Every question has one of three answers. */
enum altair_known { ALTAIR_UNKNOWN, ALTAIR_YES, ALTAIR_NO };

/* What a mapping or a filter depends on (RFC 4787 4.1 and 5). */
enum altair_dependence {
	ALTAIR_DEPENDENCE_UNKNOWN,
	ALTAIR_ENDPOINT_INDEPENDENT,
	ALTAIR_ADDRESS_DEPENDENT,
	ALTAIR_ADDRESS_AND_PORT_DEPENDENT,
	ALTAIR_DEPENDENT /* on the destination, it is not known on what of it */
};

/* How a NAT chooses ports (RFC 4787 4.2). */
enum altair_port_choice {
	ALTAIR_PORTS_UNKNOWN,
	ALTAIR_PORTS_PRESERVED,
	ALTAIR_PORTS_SEQUENTIAL,
	ALTAIR_PORTS_RANDOM
};

typedef struct altair_probe_config {
	size_t size;
	const altair_crypto *crypto; /* `random` is needed; must outlive it  */
	uint32_t sock;		     /* number of the first socket           */
	const altair_addr *local;    /* where the sockets are, with the IP that
	                                is used towards the servers; copied  */
	size_t socks;		     /* how many, 1 to ALTAIR_PROBE_SOCKS_MAX */
	size_t servers_max;	     /* 1 to 16, default 8                   */
	altair_time timeout;	  /* of servers that do not answer, default 3 s,
	                        1 ms to 1 minute                             */
	altair_time lifetime_max; /* default 0: do not measure how long a
	                             mapping lasts; or wait at most this long,
	                             up to an hour                           */
} altair_probe_config;

/* What is known. Times and numbers are 0 where they are not known. */
typedef struct altair_probe_facts {
	size_t size;
	bool is_done;
	size_t asked, answered; /* servers                                */
	enum altair_known udp;	/* a server answered; no: of several none */
	enum altair_known nat;	/* our address is seen as another one     */
	enum altair_known second_address; /* a server spoke RFC 5780          */
	altair_addr server, local, mapped; /* of the first answer            */
	altair_time rtt;		   /* of it                          */
	enum altair_dependence mapping, filtering;
	enum altair_port_choice ports;
	int port_step;		   /* where they are sequential            */
	enum altair_known pool;	   /* mappings have different addresses    */
	enum altair_known hairpin; /* what goes to our own mapping returns */
	unsigned mtu;		   /* an IP packet of so many bytes passes */
	unsigned mtu_over;	   /* the smallest that did not pass       */
	altair_time lifetime;	   /* an idle mapping lasts so long        */
	altair_time lifetime_over; /* and not so long                      */
} altair_probe_facts;

/* Fills in the defaults, all but `crypto` and the sockets. */
ALTAIR_API void altair_probe_config_default(altair_probe_config *config);

/* Bytes of memory for altair_probe_init; 0 if the configuration is invalid. */
ALTAIR_API size_t altair_probe_size(const altair_probe_config *config);

/* Returns 0, ALTAIR_E_INVALID or ALTAIR_E_SPACE. */
ALTAIR_API int altair_probe_init(altair_probe **out, void *mem, size_t len,
				 const altair_probe_config *config,
				 altair_time now);

/* What altair_input, altair_tick and altair_poll take. */
ALTAIR_API altair_machine *altair_probe_machine(altair_probe *probe);

/* Asks one more server. 0, ALTAIR_E_STATE after altair_probe_seal, ALTAIR_E_FULL,
 * ALTAIR_E_ADDRESS, or ALTAIR_E_RANDOM. */
ALTAIR_API int altair_probe_add(altair_probe *probe, altair_time now,
				const altair_addr *server);

/* No more servers will be added. */
ALTAIR_API void altair_probe_seal(altair_probe *probe, altair_time now);

/* A datagram to `remote` was refused (ICMP "port unreachable"): a server there is
 * not waited for any more (RFC 8489 6.2.1). */
ALTAIR_API void altair_probe_refused(altair_probe *probe, altair_time now,
				     const altair_addr *remote);

/* What is known by now. */
ALTAIR_API void altair_probe_get(const altair_probe *probe,
				 altair_probe_facts *out);

/* --- what it means -------------------------------------------------------- */

/*
 * What the routers on the way tell: `hops` are those that answered to datagrams
 * with a time to live of 1, 2, ... ("no address" where none did), up to the first
 * that is no private address. A router inside 100.64.0.0/10 is a provider's NAT
 * (RFC 6598), and if the host is not inside, there are several NATs.
 */
ALTAIR_API void altair_probe_judge_hops(const altair_probe_facts *ipv4,
					const altair_addr *hops, size_t count,
					enum altair_known *carrier,
					enum altair_known *several);

/*
 * Verdicts: code, what it means, what may be done. The names and the numbers are
 * stable; new ones are only ever added at the end. The manual has the same table.
 */
#define ALTAIR_PROBE_VERDICTS(X)                                               \
	X(NOTHING, "no-answer", "no server answered, over nothing",            \
	  "check that this host is connected, or name another server")         \
	X(UNKNOWN, "direct-unknown",                                           \
	  "UDP works; which peers can be reached directly is not known",       \
	  "name a server with two addresses, or two servers")                  \
	X(OPEN, "direct-all", "direct with every peer that can send UDP",      \
	  "nothing is left to improve")                                        \
	X(MOST, "direct-most",                                                 \
	  "direct with most peers; not with symmetric NATs",                   \
	  "enable IPv6 or port mapping on the router to reach those, too")     \
	X(SOME, "direct-some",                                                 \
	  "direct only with peers whose NAT lets other ports in: ours is "     \
	  "symmetric",                                                         \
	  "enable IPv6 or port mapping on the router, or have a relay")        \
	X(SOME_IPV6, "direct-some-ipv6",                                       \
	  "direct with most peers over IPv6; over IPv4 our NAT is symmetric",  \
	  "use IPv6 on both sides")                                            \
	X(RELAY, "relay-only",                                                 \
	  "never direct: UDP does not get out; a relay over TCP or TLS works", \
	  "let UDP out of the network, or have a relay")

enum altair_probe_verdict {
#define ALTAIR_PROBE_VERDICT(name, text, sentence, advice)                     \
	ALTAIR_PROBE_IS_##name,
	ALTAIR_PROBE_VERDICTS(ALTAIR_PROBE_VERDICT)
#undef ALTAIR_PROBE_VERDICT
};

/* `ipv4` and `ipv6` may be NULL: not probed. `tcp` and `tls`: a server answered
 * over it. */
ALTAIR_API enum altair_probe_verdict
altair_probe_judge(const altair_probe_facts *ipv4,
		   const altair_probe_facts *ipv6, enum altair_known tcp,
		   enum altair_known tls);

/* The code, the sentence, the advice of a verdict. */
ALTAIR_API const char *altair_probe_code(enum altair_probe_verdict verdict);
ALTAIR_API const char *altair_probe_sentence(enum altair_probe_verdict verdict);
ALTAIR_API const char *altair_probe_advice(enum altair_probe_verdict verdict);

#ifdef __cplusplus
}
#endif
#endif
