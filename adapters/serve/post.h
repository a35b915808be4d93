/*
 * post.h - datagrams of a client that belongs to another thread than the one to
 * which the kernel gives them: one that moved (RFC 8016), or that has the token of
 * a port reserved there. They are passed on, and what is answered leaves from there.
 */
#ifndef AIR_POST_H
#define AIR_POST_H

#include <altair/server.h>

#define GUEST_BUCKETS 256
#define GUESTS_EACH 4

/* A client that another thread has said is its own. */
struct guest {
	altair_path path;
	unsigned worker;
	bool is_used;
};

struct post {
	int box[2]; /* what comes out of the first is put into the second    */
	unsigned worker;
	struct post *all; /* of all threads, so far apart: */
	size_t stride;
	struct guest guests[GUEST_BUCKETS][GUESTS_EACH];
	size_t count;	/* of guests */
	uint8_t *bytes; /* of what was taken out last */
};

/* Returns 0, ALTAIR_E_MEMORY or ALTAIR_E_SYSTEM. */
int air_post_open(struct post *post);
/* Harmless when both descriptors of the box are -1. */
void air_post_close(struct post *post);
/* True when a datagram is another thread's, and has been passed on. */
bool air_post_pass(struct post *post, const altair_server *server,
		   const altair_datagram *datagram);
/* Takes one datagram out that is for our machine: 1, and what _answer needs in
 * *from and *was_guest; or 0: there is none. */
int air_post_take(struct post *post, altair_datagram *out, unsigned *from,
		  bool *was_guest);
/* Tells who passed it on whether the client is ours from now on. */
void air_post_answer(struct post *post, const altair_path *client,
		     unsigned from, bool is_ours);

#endif
