/*
 * The checklist of the session's one component (RFC 8445 6.1.2), with the
 * candidates that its pairs are made of. Candidates may come at any time (RFC
 * 8838); each is paired at once.
 */
#ifndef AIR_CHECKLIST_H
#define AIR_CHECKLIST_H

#include "base/arena.h"
#include "ice/pair.h"

#define AIR_LOCALS_MAX 24
#define AIR_SIGNALLED_MAX 20 /* candidates that the peer may list           */
#define AIR_PRFLX_MAX 16     /* and those that its checks may show          */
#define AIR_REMOTES_MAX (AIR_SIGNALLED_MAX + AIR_PRFLX_MAX)
#define AIR_PAIRS_MAX 100 /* RFC 8445 6.1.2.5 */
#define AIR_PAST_MAX 2	  /* behind the last place: see ice/generation.c    */

struct air_checklist {
	struct air_candidate *locals, *remotes;
	struct air_pair *pairs;
	uint32_t locals_count, remotes_count, pairs_count;
	uint32_t prflx_count; /* among the remotes                          */
	uint32_t triggers;    /* the last turn given in the triggered queue  */
	uint32_t changes;     /* grows with each change of the remotes        */
	bool controlling;
	bool relay_only; /* the others are no bases                         */
};

void air_checklist_init(struct air_checklist *list, struct air_arena *arena);
/* Forgets the peer's candidates, and all pairs. */
void air_checklist_restart(struct air_checklist *list);

/* Adds a local candidate, gives it its foundation, and pairs it if it is a base
 * (RFC 8445 6.1.2.4). Its place, or ALTAIR_E_FULL; the place of the one that makes it
 * redundant (RFC 8445 5.1.3), with *is_new false. */
int air_checklist_add_local(struct air_checklist *list,
			    const struct air_candidate *candidate,
			    bool *is_new);
/* The same for one of the peer's. One that is peer-reflexive is not paired (RFC
 * 8445 7.3.1.3). */
int air_checklist_add_remote(struct air_checklist *list,
			     const struct air_candidate *candidate,
			     bool *is_new);

/* When it is full: in place of the peer-reflexive one that was heard last the
 * longest ago, before `before`, and is neither kept nor the path's. */
int air_checklist_reuse_remote(struct air_checklist *list,
			       const struct air_candidate *candidate,
			       altair_time before, const struct air_pair *path);
/* A local candidate is gone, and what was known of its pairs. */
void air_checklist_retire(struct air_checklist *list, uint32_t local);
/* Another candidate of the same kind takes the place of one that is gone. */
void air_checklist_replace(struct air_checklist *list, uint32_t local,
			   const struct air_candidate *candidate);

/* The local base of a socket, and of one of its addresses where that is given;
 * ALTAIR_E_ADDRESS when there is none. */
int air_checklist_find_base(const struct air_checklist *list,
			    const altair_path *path);
/* The pair of a base with the remote of a path, or NULL. */
struct air_pair *air_checklist_find(const struct air_checklist *list,
				    uint32_t base, const altair_addr *remote);
/* The pair of a local and a remote, made if it is not there; NULL when they do
 * not fit or there is no room. */
struct air_pair *air_checklist_pair(struct air_checklist *list, uint32_t local,
				    uint32_t remote);
/* The path that a pair stands for. */
altair_path air_checklist_path(const struct air_checklist *list,
			       const struct air_pair *pair);

/* Recomputes the priorities (RFC 8445 7.2.5.1). */
void air_checklist_set_role(struct air_checklist *list, bool controlling);

/* Puts a pair into the triggered queue (RFC 8445 7.3.1.4). */
void air_checklist_trigger(struct air_checklist *list, struct air_pair *pair);
/* The pair to check next (RFC 8445 6.1.4.2), or NULL. */
struct air_pair *air_checklist_next(const struct air_checklist *list);
/* Its check begins. */
void air_checklist_begin(struct air_pair *pair);
/* A check of the pair succeeded: others of its foundation may begin. */
void air_checklist_succeed(struct air_checklist *list, struct air_pair *pair);

#endif
