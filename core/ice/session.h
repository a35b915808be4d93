/*
 * The agent's own state, for the files that it is made of: gather.c (our
 * candidates), hosts.c, relay.c (our relayed addresses), tcp.c (ICE-TCP), answer.c (what the peer sends),
 * path.c (which pair carries data), nominate.c, generation.c (restart), state.c,
 * agent.c (time, and the outside).
 */
#ifndef AIR_SESSION_H
#define AIR_SESSION_H

#include "base/machine.h"
#include "ice/checklist.h"
#include "ice/outbox.h"
#include "ice/relay.h"
#include "ice/tcp.h"
#include "ice/vigil.h"

#include <altair/agent.h>
#include <altair/discover.h>

/* Places in the gathering's order: each server through each host. */
#define AIR_ASKS_MAX (ALTAIR_AGENT_SERVERS_MAX * ALTAIR_AGENT_HOSTS_MAX)

/* Pairs that are kept alive: the path, one in reserve, the nominated one. */
#define AIR_KEPT_MAX 3

/* The generation before the present one. */
struct air_past {
	struct air_check_keys keys;
	uint32_t count;	   /* of its pairs, behind the checklist's            */
	altair_time until; /* when they are forgotten                        */
	bool is_retired;   /* a pair of the present is valid                 */
};

struct altair_agent {
	struct altair_machine machine;
	altair_agent_config config;
	struct air_check_keys keys;
	struct air_checklist list;
	struct air_outbox outbox;
	struct air_past past;
	struct air_vigil kept[AIR_KEPT_MAX];
	struct air_pair *path;	   /* carries data, or NULL                 */
	altair_discover *discover; /* asks the STUN servers; NULL before
				       altair_agent_gather                   */
	void *discover_memory;
	struct air_relay *relays; /* room for config.relays_max              */
	uint32_t relays_count;
	uint32_t streams_count; /* opened so far                            */
	uint32_t permitted; /* list.changes that the permissions follow     */
	bool is_relay_news; /* permissions may have changed                 */
	struct air_pair
		*urgent; /* in this run: not to wait for a slot, or NULL */
	struct air_tcp tcp[AIR_TCP_STREAMS_MAX];
	uint32_t tcp_followed; /* list.changes that our candidates follow   */
	bool has_tcp;	       /* there is a candidate of ours for it        */
	altair_addr servers[ALTAIR_AGENT_SERVERS_MAX];
	uint32_t servers_count, hosts_count;
	uint8_t hosts[ALTAIR_AGENT_HOSTS_MAX]; /* places among the locals     */
	uint64_t asked;		     /* a bit for each ask that was made     */
	altair_time gather_deadline; /* what `discover` wants                */
	altair_time now;	     /* of the last run                      */
	altair_time slot_at;	     /* the next new transaction (Ta)        */
	altair_time patience_until;
	altair_time nominate_at; /* at the latest, once a pair is valid      */
	altair_time due;	 /* what the driver was told, or NEVER       */
	altair_time news_at;	 /* when servers may be asked for news again */
	altair_time busy_until;	 /* all pairs are checked                    */
	altair_time fresh_until; /* a candidate came: patience counts anew    */
	altair_time search_at;	 /* the next one, or ALTAIR_NEVER            */
	altair_time searched_at; /* the last one                             */
	altair_time search_wait; /* from the next one to the one after it    */
	uint64_t tie_breaker;
	enum altair_agent_state state;
	/* In this generation: */
	bool is_checking;    /* a check has left                             */
	bool is_heard;	     /* an authenticated check arrived               */
	bool is_proved;	     /* a message came that is made with the keys of
				both of us                                   */
	bool has_reserve;    /* a relayed pair beside a direct one, or so    */
	bool has_spoken;     /* data left, and no run since                  */
	bool is_remote_lite; /* the peer never checks                    */
	bool is_sealed;	     /* no more servers will come                   */
	bool is_local_ended, is_remote_ended; /* candidates                  */
	bool checks_next; /* the next slot is not for gathering              */
	bool is_discovered; /* the STUN servers are done                     */
	altair_time asked_at; /* all servers were begun to be asked          */
	uint32_t burst; /* questions to servers that need not wait for a slot */
	altair_agent_stats stats;
};

/* --- gather.c --- */

/* Takes the memory that gathering needs. */
void air_gather_init(struct altair_agent *a, const altair_crypto *crypto,
		     struct air_arena *arena);
/* Begins: tells our host candidates. 0 or ALTAIR_E_RANDOM. */
int air_gather_begin(struct altair_agent *a, altair_time now);
/* Tells it the time that the agent has, and passes on what it says. */
void air_gather_run(struct altair_agent *a);
/* True when a server has still to be asked. */
bool air_gather_has_work(const struct altair_agent *a);
/* Tells all candidates again, for a new generation. */
void air_gather_tell_all(struct altair_agent *a);
/* Asks the next one. */
void air_gather_ask(struct altair_agent *a, altair_time now);

/* True for a local candidate that the peer is told of. */
bool air_gather_is_told(const struct altair_agent *a, uint32_t place);
/* Tells the driver of one. */
void air_gather_tell_one(struct altair_agent *a, uint32_t place);
/* A server, the remote of `path`, saw our host at `mapped`. */
void air_gather_reflexive(struct altair_agent *a, const altair_path *path,
			  const altair_addr *mapped, uint32_t server);

/* The host's number stands for another one now: servers are asked through it. */
void air_gather_anew(struct altair_agent *a, uint32_t host);
/* Asks all servers anew when that was long ago. */
void air_gather_renew(struct altair_agent *a);
/* Asks all servers anew. */
void air_gather_again(struct altair_agent *a);

/* --- hosts.c --- */

/* Host number `host`, which may be gone. */
const struct air_candidate *air_host_at(const struct altair_agent *a,
					uint32_t host);
/* True when a host has the IP. */
bool air_host_has(const struct altair_agent *a, const altair_addr *ip);
/* As altair_agent_add_host and _remove_host, the arguments judged. */
int air_host_add(struct altair_agent *a, uint32_t sock,
		 const altair_addr *addr);
int air_host_remove(struct altair_agent *a, uint32_t sock,
		    const altair_addr *addr);
/* Asks servers and relays again; false when that was done just now. */
bool air_host_ask(struct altair_agent *a);
/* The network has changed, or it seems so. */
void air_host_news(struct altair_agent *a, altair_time now);
/* True for a run that was due so long ago that the host must have slept. */
bool air_host_has_slept(const struct altair_agent *a, altair_time now);

/* --- relay.c --- */

/* Takes the memory of config.relays_max relays. */
void air_relay_init(struct altair_agent *a, const altair_agent_config *config,
		    struct air_arena *arena);
/* As altair_agent_add_relay. */
int air_relay_add(struct altair_agent *a, const altair_agent_relay *relay);
/* True while it gives us an address. */
bool air_relay_is_up(const struct altair_agent *a, const struct air_relay *r);
/* True when an allocation may begin. */
bool air_relay_has_work(const struct altair_agent *a);
void air_relay_begin(struct altair_agent *a);
/* Tells the machines the time, passes on what they say, asks for permissions. */
void air_relay_run(struct altair_agent *a);
altair_time air_relay_deadline(const struct altair_agent *a);
/* True when each relay has given an address or a reason why not. */
bool air_relay_is_settled(const struct altair_agent *a);
/* Binds a channel where the path goes through our relay. */
void air_relay_follow(struct altair_agent *a);
/* Asks the servers at once whether they still know us. */
void air_relay_probe(struct altair_agent *a);
/* The socket is of use no more: those that went through it begin elsewhere. */
void air_relay_leave(struct altair_agent *a, uint32_t sock);
/* Gives the addresses back: one message each. */
void air_relay_close(struct altair_agent *a);

/* TAKEN, NOT_MINE, or PAYLOAD: narrowed to what came to the relayed address. */
enum altair_verdict air_relay_take(struct altair_agent *a, altair_time now,
				   altair_datagram *datagram);
/* Sends through a relay; false when it does not let us. */
bool air_relay_send(struct altair_agent *a, const altair_path *path,
		    altair_bytes bytes);
/* As altair_turn_wrap, the path as the driver knows it. */
int air_relay_wrap(struct altair_agent *a, const altair_path *path,
		   uint8_t *payload, size_t len, altair_datagram *out);
/* The address is gone: streams from it begin anew. */
void air_relay_abandon(struct altair_agent *a, const altair_addr *gone);
/* As altair_agent_opened, _lost, _unframe. */
void air_relay_opened(struct altair_agent *a, uint32_t sock,
		      const altair_addr *local);
void air_relay_lost(struct altair_agent *a, uint32_t sock, int reason);
int air_relay_unframe(struct altair_agent *a, uint32_t sock, altair_bytes *in,
		      altair_datagram *out);
/* The driver's number for a relayed address's socket. */
uint32_t air_relay_outer(const struct altair_agent *a, uint32_t sock);

/* --- tcp.c --- */

/* Opens and shuts streams, and holds the pairs that wait for one. */
void air_tcp_run(struct altair_agent *a);
altair_time air_tcp_deadline(const struct altair_agent *a);
/* Our hosts have changed: so may the candidates. */
void air_tcp_follow(struct altair_agent *a);
/* The address is gone: streams from it are shut. */
void air_tcp_abandon(struct altair_agent *a, const altair_addr *gone);
/* As altair_agent_opened, _lost, _unframe. */
void air_tcp_opened(struct altair_agent *a, uint32_t sock,
		    const altair_addr *local);
void air_tcp_lost(struct altair_agent *a, uint32_t sock);
int air_tcp_unframe(struct altair_agent *a, uint32_t sock, altair_bytes *in,
		    altair_datagram *out);
/* True when the driver's `sock` is a stream of ours. */
bool air_tcp_has(const struct altair_agent *a, uint32_t sock);
/* What came from a stream: its path inside the agent. */
void air_tcp_take(const struct altair_agent *a, altair_path *path);
/* Sends by a stream; false when it is not open. */
bool air_tcp_send(struct altair_agent *a, const altair_path *path,
		  altair_bytes bytes);
/* Puts the length in front. 0, or ALTAIR_E_STATE: the stream is not open. */
int air_tcp_wrap(const struct altair_agent *a, const altair_path *path,
		 uint8_t *payload, size_t len, altair_datagram *out);
/* The driver's number for the stream of a path. */
uint32_t air_tcp_outer(const struct altair_agent *a, const altair_path *path);

/* --- answer.c --- */

/* A datagram that is recognised as STUN. */
enum altair_verdict air_answer_take(struct altair_agent *a, altair_time now,
				    const altair_datagram *datagram);

/* --- path.c --- */

/* True when the pair may carry data, or did before its consent expired. */
bool air_path_is_open(const struct air_pair *pair, altair_time now);
/* True when either end of it is relayed. */
bool air_path_is_relayed(const struct altair_agent *a,
			 const struct air_pair *pair);
/* Finds out which pair carries data now, and what is kept. */
void air_path_update(struct altair_agent *a);
/* Sends what is due to hold the consent. */
void air_path_run(struct altair_agent *a);
altair_time air_path_deadline(const struct altair_agent *a);
/* The vigil over a pair that is kept, or NULL. */
struct air_vigil *air_path_vigil(struct altair_agent *a,
				 const struct air_pair *pair);
/* The peer was heard on the pair; data left on the path. */
void air_path_hear(struct altair_agent *a, struct air_pair *pair,
		   altair_time now);
/* The peer's data came on it. */
void air_path_listen(struct altair_agent *a, struct air_pair *pair,
		     altair_time now);
void air_path_speak(struct altair_agent *a);

/* There is a reason to doubt the path: it has to answer now. */
void air_path_doubt(struct altair_agent *a, altair_time now);

/* --- search.c --- */

/* Something has happened: checks all pairs again, soon. */
void air_search_begin(struct altair_agent *a, altair_time now);
/* The peer is known: the first one, should there be no path then. */
void air_search_later(struct altair_agent *a, altair_time now);
void air_search_run(struct altair_agent *a);
/* True while no path works. */
bool air_search_is_lost(const struct altair_agent *a);

/* --- budget.c --- */

/* True when a check may go to the remote of the pair. */
bool air_budget_allows(const struct altair_agent *a,
		       const struct air_pair *pair);
/* One of so many bytes leaves. */
void air_budget_spend(const struct altair_agent *a, struct air_pair *pair,
		      size_t len);

/* --- nominate.c --- */

void air_nominate_update(struct altair_agent *a);
/* Controlled: the peer nominates the pair; at once, or when it is valid. */
void air_nominate_want(struct altair_agent *a, struct air_pair *pair);
/* The pair is nominated, and no other. */
void air_nominate_conclude(struct altair_agent *a, struct air_pair *pair);

/* --- generation.c --- */

/* True for the peer's credentials as we know them. */
bool air_generation_knows(const struct altair_agent *a,
			  const struct air_credentials *remote);

/* True for a pair of the generation before the present one. */
bool air_generation_is_past(const struct altair_agent *a,
			    const struct air_pair *pair);
/* What the messages on the pair are made with. */
const struct air_check_keys *air_generation_keys(const struct altair_agent *a,
						 const struct air_pair *pair);
/* As air_checklist_find, among the pairs of the past. */
struct air_pair *air_generation_find(struct altair_agent *a, uint32_t base,
				     const altair_addr *remote);
/* A new one: 0 or ALTAIR_E_RANDOM. */
int air_generation_begin(struct altair_agent *a, altair_time now);
/* The peer's credentials: 0 or ALTAIR_E_RANDOM. */
int air_generation_remote(struct altair_agent *a, altair_time now,
			  const struct air_credentials *remote);
/* The local candidate is gone, and all that went through it. */
void air_generation_leave(struct altair_agent *a, uint32_t local);
/* A pair of the present is valid. */
void air_generation_retire(struct altair_agent *a);
/* Forgets the past in time. */
void air_generation_run(struct altair_agent *a);

/* --- lite.c --- */

/* An authenticated check came on a pair of a lite agent. */
void air_lite_hear(struct altair_agent *a, struct air_pair *pair,
		   altair_time now, bool nominates);
/* When the consent of a lite agent changes. */
altair_time air_lite_deadline(const struct altair_agent *a);
/* The peer is lite, so we control (RFC 8445 6.1.1), or it is full. */
void air_lite_set_remote(struct altair_agent *a, bool is_lite);

/* --- state.c --- */

/* True when it has failed or was closed. */
bool air_state_is_over(const struct altair_agent *a);
void air_state_update(struct altair_agent *a);
/* A restart after failure; the end. */
void air_state_renew(struct altair_agent *a);
void air_state_close(struct altair_agent *a);

/* --- agent.c --- */

/* The check of a pair as it would be made now, without its transaction. */
struct air_check air_session_new_check(const struct altair_agent *a,
				       const struct air_pair *pair);
/* Sends a request on the pair. */
void air_session_request(struct altair_agent *a, struct air_pair *pair,
			 const struct air_check *check);

/* Sends, and counts what there is no room for. */
void air_session_send(struct altair_agent *a, const altair_path *path,
		      altair_bytes bytes);

#endif
