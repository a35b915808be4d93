/*
 * altair/verdict.h - what an agent knows about its connection, at any time and
 * on both ends: every pair that was tried and what came of it, the pair that
 * carries data, and in one sentence why it is this one and what may be done.
 */
#ifndef ALTAIR_VERDICT_H
#define ALTAIR_VERDICT_H

#include <altair/agent.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Types of candidates (RFC 8445 5.1.1). */
enum altair_candidate_type {
	ALTAIR_CANDIDATE_HOST,
	ALTAIR_CANDIDATE_SRFLX, /* as a STUN server sees it                  */
	ALTAIR_CANDIDATE_PRFLX, /* as the peer sees it                       */
	ALTAIR_CANDIDATE_RELAY
};

/* What came of a pair. */
enum altair_agent_outcome {
	ALTAIR_PAIR_WAITING,  /* no check has left yet                       */
	ALTAIR_PAIR_CHECKING, /* it is on its way                            */
	ALTAIR_PAIR_WORKS,    /* it was answered                             */
	ALTAIR_PAIR_SILENT,   /* neither an answer nor a check of the peer   */
	ALTAIR_PAIR_ONE_WAY,  /* the peer's checks arrive, ours do not, or
				 its answers do not                          */
	ALTAIR_PAIR_REFUSED,  /* the peer answered with an error, or our relay
				 does not let us send there                  */
	ALTAIR_PAIR_SKIPPED,  /* it was not needed any more                  */
	ALTAIR_PAIR_GONE      /* we have lost its address                    */
};

/* How data travels. */
enum altair_agent_kind {
	ALTAIR_PATH_DIRECT,
	ALTAIR_PATH_RELAY, /* a relay at one end at least, over whatever     */
	ALTAIR_PATH_TCP	   /* direct, over ICE-TCP                           */
};

typedef struct altair_agent_pair {
	size_t size;
	uint32_t local;	 /* what altair_agent_candidate takes: how the peer sees
			    us on this pair, as far as it is known           */
	uint32_t remote; /* what altair_agent_remote_candidate takes         */
	altair_addr local_addr, remote_addr; /* of these two                 */
	enum altair_candidate_type local_type, remote_type;
	enum altair_agent_outcome outcome;
	enum altair_agent_kind kind;
	altair_time rtt;   /* of the last answer; 0 where unknown            */
	uint64_t sent;	   /* requests, repeats included                     */
	uint64_t answered; /* of them, as far as the answer was waited for   */
	int loss;	   /* of the requests that hold the consent, in
			      thousandths; -1 before two of them             */
	bool is_selected;  /* it carries the data                            */
	bool is_nominated;
} altair_agent_pair;

/* Fills in pair `index`, from 0. 0, or ALTAIR_E_INVALID when there are no more. */
ALTAIR_API int altair_agent_get_pair(const altair_agent *agent, uint32_t index,
				     altair_agent_pair *out);

/* The pair that carries data, or did until consent expired. 0, or ALTAIR_E_STATE
 * when there is none. */
ALTAIR_API int altair_agent_selected(const altair_agent *agent,
				     altair_agent_pair *out);

/* As altair_agent_candidate, for a candidate of the peer. One that only its
 * checks have shown has a foundation of ours. */
ALTAIR_API int altair_agent_remote_candidate(const altair_agent *agent,
					     uint32_t number, char *out,
					     size_t cap);

/*
 * Verdicts: code, what it means, what may be done. The names, such as
 * "relayed-udp-blocked", and the numbers are stable; new ones are only ever
 * added at the end. The manual has the same table.
 *
 * "The NAT" of a side is all that lies between it and the internet. "Maps per
 * destination" is also called symmetric: the address that a server saw is of no
 * use to the peer. Ours comes first: with "symmetric-port" our NAT is symmetric
 * and the peer's lets in only what comes from an address and port that was sent
 * to; with "port-symmetric" it is the other way round.
 */
#define ALTAIR_AGENT_VERDICTS(X)                                               \
	X(WAITING, "waiting-for-peer", "the peer has told nothing yet",        \
	  "make sure that what each side prints reaches the other")            \
	X(CHECKING, "checking", "paths to the peer are being tried",           \
	  "wait, this takes seconds")                                          \
	X(DIRECT_HOST, "direct-host", "direct, with no NAT between",           \
	  "nothing is left to improve")                                        \
	X(DIRECT_LAN, "direct-lan", "direct, inside one network",              \
	  "nothing is left to improve")                                        \
	X(DIRECT_NAT, "direct-nat", "direct, through a NAT",                   \
	  "nothing is left to improve")                                        \
	X(DIRECT_TCP, "direct-tcp", "direct, over TCP because UDP fails",      \
	  "let UDP through the firewall: it is faster")                        \
	X(RELAYED_FOR_NOW, "relayed-for-now",                                  \
	  "relayed, while direct paths are still tried",                       \
	  "wait, this takes seconds")                                          \
	X(RELAYED_BY_CHOICE, "relayed-by-choice",                              \
	  "relayed, because one side allows nothing else",                     \
	  "allow direct paths on both sides")                                  \
	X(RELAYED_FAMILY, "relayed-no-common-family",                          \
	  "relayed: one side has only IPv4, the other only IPv6",              \
	  "enable IPv6 on the side without it")                                \
	X(RELAYED_UDP_BLOCKED, "relayed-udp-blocked",                          \
	  "relayed: your network lets no UDP out",                             \
	  "let UDP out of your network, or use another one")                   \
	X(RELAYED_PEER_UNREACHABLE, "relayed-peer-unreachable",                \
	  "relayed: the peer has no address that can be reached from outside", \
	  "let UDP out of the peer's network, and give it a STUN server")      \
	X(RELAYED_SAME_NAT, "relayed-same-nat",                                \
	  "relayed: both are behind one NAT that does not lead back inside",   \
	  "enable IPv6, or join the same local network")                       \
	X(RELAYED_SYMMETRIC_SYMMETRIC, "relayed-symmetric-symmetric",          \
	  "relayed: both NATs map per destination",                            \
	  "enable IPv6 or port mapping on either router")                      \
	X(RELAYED_SYMMETRIC_PORT, "relayed-symmetric-port",                    \
	  "relayed: your NAT maps per destination and the peer's filters per " \
	  "port",                                                              \
	  "enable IPv6 or port mapping on either router")                      \
	X(RELAYED_PORT_SYMMETRIC, "relayed-port-symmetric",                    \
	  "relayed: the peer's NAT maps per destination and yours filters "    \
	  "per port",                                                          \
	  "enable IPv6 or port mapping on either router")                      \
	X(RELAYED_FIREWALL, "relayed-firewall",                                \
	  "relayed: no NAT explains it, so a firewall lets nothing in",        \
	  "allow UDP for this program in the firewalls of both sides")         \
	X(RELAYED_UNKNOWN, "relayed-unknown",                                  \
	  "relayed: no direct path works, the reason is not known",            \
	  "give both sides two STUN servers: then more is known")              \
	X(SILENT, "silent", "the peer has not answered for some seconds",      \
	  "wait: it goes on by itself if the network comes back")              \
	X(CONSENT_LOST, "consent-lost",                                        \
	  "the peer has not answered for half a minute, so sending pauses",    \
	  "look at the network and the peer, or restart through signalling")   \
	X(WRONG_CREDENTIALS, "wrong-credentials",                              \
	  "the peer was reached, but the credentials do not fit",              \
	  "exchange fragment and password again, in both directions")          \
	X(NO_CANDIDATES, "no-candidates",                                      \
	  "the peer has listed no address that can be used",                   \
	  "let the peer list IP addresses, not names, and a relay")            \
	X(ONE_WAY, "one-way", "the peer is heard, but nothing reaches it",     \
	  "allow UDP for this program in the firewalls of both sides")         \
	X(RELAY_REFUSED, "relay-refused",                                      \
	  "no direct path works, and the relay refused us",                    \
	  "look at name, password and quota of the relay")                     \
	X(RELAY_SILENT, "relay-silent",                                        \
	  "no direct path works, and the relay does not answer",               \
	  "look at the relay's address, or try it over TCP or TLS")            \
	X(NO_SERVERS, "no-servers",                                            \
	  "you have only private addresses, and no server was given",          \
	  "give a STUN server and a relay")                                    \
	X(FAILED_FAMILY, "failed-no-common-family",                            \
	  "one side has only IPv4, the other only IPv6",                       \
	  "use a relay, or enable IPv6 on the side without it")                \
	X(FAILED_UDP_BLOCKED, "failed-udp-blocked",                            \
	  "your network lets no UDP out",                                      \
	  "use a relay over TLS, or another network")                          \
	X(FAILED_PEER_UNREACHABLE, "failed-peer-unreachable",                  \
	  "the peer has no address that can be reached from outside",          \
	  "give the peer a STUN server and a relay")                           \
	X(FAILED_SAME_NAT, "failed-same-nat",                                  \
	  "both are behind one NAT that does not lead back inside",            \
	  "use a relay, enable IPv6, or join the same local network")          \
	X(FAILED_SYMMETRIC_SYMMETRIC, "failed-symmetric-symmetric",            \
	  "both NATs map per destination",                                     \
	  "use a relay, or enable IPv6 or port mapping on either router")      \
	X(FAILED_SYMMETRIC_PORT, "failed-symmetric-port",                      \
	  "your NAT maps per destination and the peer's filters per port",     \
	  "use a relay, or enable IPv6 or port mapping on either router")      \
	X(FAILED_PORT_SYMMETRIC, "failed-port-symmetric",                      \
	  "the peer's NAT maps per destination and yours filters per port",    \
	  "use a relay, or enable IPv6 or port mapping on either router")      \
	X(NO_ANSWER, "no-answer", "nothing was heard of the peer",             \
	  "make sure that it runs, then use a relay")                          \
	X(CLOSED, "closed", "the session was closed", "begin a new one")       \
	X(GATHERING, "gathering", "no path to the peer was tried yet",         \
	  "wait, this takes seconds; if it does not end, look at the servers " \
	  "that were given")                                                   \
	X(DIRECT, "direct", "direct, whether through a NAT is not known",      \
	  "nothing is left to improve")

enum altair_agent_verdict_code {
#define ALTAIR_AGENT_VERDICT_ENUM(id, name, sentence, advice)                  \
	ALTAIR_VERDICT_##id,
	ALTAIR_AGENT_VERDICTS(ALTAIR_AGENT_VERDICT_ENUM)
#undef ALTAIR_AGENT_VERDICT_ENUM
	/* Keeps the list open; never given. */
	ALTAIR_VERDICT_LAST_
};

typedef struct altair_agent_verdict {
	size_t size;
	enum altair_agent_verdict_code code;
	const char *name, *sentence, *advice; /* of the table, constants     */
	int reason; /* RELAY_REFUSED, RELAY_SILENT: an ALTAIR_E_*, otherwise 0 */
} altair_agent_verdict;

/* The verdict as of the last input or tick. */
ALTAIR_API void altair_agent_get_verdict(const altair_agent *agent,
					 altair_agent_verdict *out);

#ifdef __cplusplus
}
#endif
#endif
