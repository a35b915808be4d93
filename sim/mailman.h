/*
 * A hostile server between people who want to be introduced (altair/meet.h): all that
 * they say goes by him, and he may do with it what he likes. Two rooms with a caller
 * and a listener each, two machines of his own, and what he has kept from earlier
 * meetings. The machines are the shipped ones; hashes and group come from the caller.
 * Half of the time he is no server, but on the path of their datagrams.
 */
#ifndef SIM_MAILMAN_H
#define SIM_MAILMAN_H

#include "sim/rng.h"

#include <altair/meet.h>

#define SIM_MAIL_MAX 512
#define SIM_MAIL_BAG 96
#define SIM_MAIL_KEPT 64
#define SIM_MEET_MEMORY 8192
#define SIM_MEET_WORDS_MAX 64
#define SIM_MEET_ROOMS 2

enum sim_trick {
	SIM_SUBSTITUTE, /* his own machines and shares in the middle        */
	SIM_REPLAY,	/* what was said before, here or in another meeting */
	SIM_REORDER,
	SIM_DROP,
	SIM_REFLECT,	/* back to whom it came from                        */
	SIM_SWAP_SIDES, /* callers among themselves, and listeners          */
	SIM_SWAP_ROOMS,
	SIM_SPOIL, /* bits, lengths, kinds                             */
	SIM_ALL_TRICKS,
	SIM_TRICKS
};

/* The first four are honest: caller and listener of each room. */
enum sim_person { SIM_ROGUE_CALLER = 4, SIM_ROGUE_LISTENER, SIM_PEOPLE };

struct sim_mail {
	uint8_t bytes[SIM_MAIL_MAX];
	size_t len;
	unsigned from;
};

struct sim_person_state {
	altair_meet *meet;
	altair_machine *machine;
	_Alignas(16) uint8_t memory[SIM_MEET_MEMORY];
	unsigned word;
	size_t forwarded; /* mails of the bag that went to it in order */
	unsigned delivered, introduced, failed, accepted;
};

/* What became of it all. */
struct sim_mail_count {
	uint64_t attempts, introduced, failed, payloads;
	uint64_t disclosed; /* bytes that he could read               */
	uint64_t accepted;  /* bytes that were not the partner's      */
	uint64_t untold;    /* people who were left without an answer */
	uint64_t guesses, guessed;
};

struct sim_mailman {
	altair_crypto crypto; /* the random numbers are the seed's */
	altair_pake pake;     /* `stretch` remembers               */
	const altair_pake *real;
	struct sim_rng rng, secrets;
	unsigned words; /* in the shortened list */
	bool is_datagram;
	struct sim_person_state people[SIM_PEOPLE];
	struct sim_mail bag[SIM_MAIL_BAG], kept[SIM_MAIL_KEPT];
	size_t bag_count, kept_count;
	struct sim_mail_count count;
	bool is_known[SIM_MEET_ROOMS][SIM_MEET_WORDS_MAX + 2];
	uint8_t known[SIM_MEET_ROOMS][SIM_MEET_WORDS_MAX + 2]
		     [ALTAIR_PAKE_SCALAR];
};

/* `words` is the length of the list, at most SIM_MEET_WORDS_MAX. */
void sim_mailman_init(struct sim_mailman *m, uint64_t seed, unsigned words,
		      const altair_crypto *crypto, const altair_pake *pake);

/* One evening of his: two rooms, and tricks of one kind, or all. */
void sim_mailman_attempt(struct sim_mailman *m, enum sim_trick trick);

/* He guesses, as often as he is let, against one machine. */
void sim_mailman_guess(struct sim_mailman *m);

#endif
