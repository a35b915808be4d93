/*
 * Roles, nomination and restart of two agents (RFC 8445 7.3.1.1, 8.1.1 and 9),
 * as core/ice has them, over a network that loses, delays and reorders. model.sh
 * has it checked by Spin, and two variants refuted.
 *
 * A check carries the credentials of both sides (its USERNAME), the role and the
 * tie-breaker of its sender, and whether it nominates. Its answer repeats them:
 * that is what the transaction id stands for. A repeated check is one that is
 * sent again; nobody counts them. Signalling loses nothing and keeps its order.
 *
 * The sides do what they may and the network what it likes, for any number of
 * steps. At any moment it may become calm: nobody restarts any more, nothing is
 * lost, and after a few rounds of checks there must be
 *   one session     each side knows the present credentials of the other,
 *   one controller  and one that is controlled,
 *   one choice      the same pair was nominated last on both sides.
 */
#ifndef RESTARTS
#define RESTARTS 1 /* that each side may begin by itself */
#endif
#ifndef ROOM
#define ROOM 1 /* checks, and answers, on their way to one side */
#endif
#define PAIRS 2
#define ROUNDS 4   /* of the calm */
#define NONE 9

typedef agent {
	byte mine, theirs; /* credentials, counted */
	bool knows;	   /* theirs */
	bool proved;	   /* that the peer knows ours, too */
	bool controlling;
	byte tie;
	byte restarts;
	bool valid[PAIRS];
	bool wants[PAIRS]; /* to be nominated: by us, or the peer asked for it */
	byte chosen;	   /* nominated last, or NONE */
}

agent a[2];

/* By who receives:         to    from  pair  ctrl  tie   nominates */
chan checks[2] = [ROOM] of {byte, byte, byte, bool, byte, bool};
/*                          the same of the check, and: role conflict */
chan answers[2] = [ROOM] of {byte, byte, byte, bool, byte, bool, bool};
chan signals[2] = [4] of {byte};

/* The message at hand. */
byte to, from, pair, tie, theirs;
bool ctrl, nominates, conflict;
bool calm; /* from here on */

inline forget(i)
{
	a[i].valid[0] = false;
	a[i].valid[1] = false;
	a[i].wants[0] = false;
	a[i].wants[1] = false;
	a[i].chosen = NONE;
}

/* --- what a side does ---------------------------------------------------- */

#ifdef ONE_RESTARTS /* by itself; the other one then in turn */
#define RESTARTS_LEFT(i) (i == 0 && a[i].restarts < RESTARTS)
#else
#define RESTARTS_LEFT(i) (a[i].restarts < RESTARTS)
#endif

inline restart(i)
{
	a[i].mine++;
	assert(a[i].mine <= 4 * RESTARTS); /* nor for ever in turns */
	a[i].knows = false;
	a[i].proved = false;
	forget(i);
	signals[1 - i]!a[i].mine;
}

/* Other credentials than before: the peer has restarted, and so do we, unless
 * nobody has used ours together with them yet: then ours are as good as new. If
 * they changed each time, the sides could answer each other for ever. */
#ifdef BROKEN_RESTART
#define IS_USED(i) true
#else
#define IS_USED(i) a[i].proved
#endif

inline take_signal(i)
{
	signals[i]?theirs;
	if
	:: !a[i].knows || theirs == a[i].theirs
	:: a[i].knows && theirs != a[i].theirs && IS_USED(i) -> restart(i)
	:: a[i].knows && theirs != a[i].theirs && !IS_USED(i) ->
		forget(i);
		signals[1 - i]!a[i].mine
	fi;
	a[i].theirs = theirs;
	a[i].knows = true
}

#define MAY_NOMINATE(i, p)                                                     \
	(a[i].controlling && a[i].valid[p] && a[i].chosen == NONE &&           \
	 !a[i].wants[0] && !a[i].wants[1])

#define IS_NEEDED(i, p)                                                        \
	(a[i].knows &&                                                         \
	 (!a[i].valid[p] ||                                                    \
	  (a[i].controlling && a[i].wants[p] && a[i].chosen != p)))

/* The consent checks of the controlling side go on nominating. */
#ifdef BROKEN_NOMINATION
#define NOMINATES(i, p) (a[i].controlling && a[i].wants[p])
#else
#define NOMINATES(i, p)                                                        \
	(a[i].controlling && (a[i].wants[p] || a[i].chosen == p))
#endif

inline send_check(i, p)
{
	checks[1 - i]!a[i].theirs, a[i].mine, p, a[i].controlling, a[i].tie,
		NOMINATES(i, p);
}

/* What was to be nominated goes with the role; what was nominated stays. */
inline switch_role(i)
{
	a[i].controlling = !a[i].controlling;
	a[i].wants[0] = false;
	a[i].wants[1] = false
}

/* RFC 8445 7.3.1.1: who keeps the role and refuses the check with a 487. */
#define INSISTS(i) ((a[i].tie >= tie) == a[i].controlling)
#define IS_OURS(i) (to == a[i].mine && (!a[i].knows || from == a[i].theirs))

inline nominate(i, p)
{
	a[i].chosen = p;
	a[i].wants[0] = false;
	a[i].wants[1] = false
}

inline answer(i)
{
	if
	:: full(answers[1 - i]) /* lost */
	:: nfull(answers[1 - i]) ->
		answers[1 - i]!to, from, pair, ctrl, tie, nominates, conflict
	fi
}

inline take_check(i)
{
	checks[i]?to, from, pair, ctrl, tie, nominates;
	if
	:: !IS_OURS(i)
	:: IS_OURS(i) ->
		conflict = ctrl == a[i].controlling;
		if
		:: conflict && !INSISTS(i) ->
			switch_role(i);
			conflict = false
		:: else
		fi;
		answer(i);
		if
		:: conflict || !nominates || a[i].controlling
		:: else ->
			if
			:: a[i].valid[pair] -> nominate(i, pair)
			:: !a[i].valid[pair] ->
				a[i].wants[pair] = true;
				a[i].wants[1 - pair] = false
			fi
		fi
	fi
}

inline take_answer(i)
{
	answers[i]?to, from, pair, ctrl, tie, nominates, conflict;
	if
	:: from != a[i].mine || !a[i].knows || to != a[i].theirs
	:: else ->
		if
		:: !conflict ->
			a[i].valid[pair] = true;
			a[i].proved = true;
			if
			:: a[i].wants[pair] &&
			   (nominates || !a[i].controlling) ->
				nominate(i, pair)
			:: else
			fi
		:: conflict && ctrl == a[i].controlling ->
			switch_role(i);
			a[i].tie = 3 + i /* a new one */
		:: else
		fi
	fi
}

/* --- the world ----------------------------------------------------------- */

inline any_side(i)
{
	if
	:: i = 0
	:: i = 1
	fi
}

inline begin()
{
	any_side(i);
	a[0].controlling = i;
	any_side(i);
	a[1].controlling = i;
	any_side(i);
	a[0].tie = 1;
	a[1].tie = 1 + i; /* equal, or the larger one: which is symmetric */
	forget(0);
	forget(1);
	signals[0]!0;
	signals[1]!0;
}

inline calm_down()
{
	do
	:: nempty(checks[0]) -> take_check(0)
	:: nempty(checks[1]) -> take_check(1)
	:: nempty(answers[0]) -> take_answer(0)
	:: nempty(answers[1]) -> take_answer(1)
	:: nempty(signals[0]) -> take_signal(0)
	:: nempty(signals[1]) -> take_signal(1)
	:: empty(checks[0]) && empty(checks[1]) && empty(answers[0]) &&
	   empty(answers[1]) && empty(signals[0]) && empty(signals[1]) -> break
	od
}

inline one_round()
{
	for (i : 0 .. 1) {
		for (p : 0 .. 1) {
			if
			:: MAY_NOMINATE(i, p) -> a[i].wants[p] = true
			:: else
			fi;
			if
			/* one of them asks for the consent (RFC 7675) */
			:: a[i].knows && (p == 0 || p == a[i].chosen ||
					  IS_NEEDED(i, p)) ->
				send_check(i, p)
			:: else
			fi;
			calm_down()
		}
	}
}

active proctype world()
{
	byte i, p, k;

	atomic { begin() };
	do
	:: atomic { any_side(i);
		if
		:: RESTARTS_LEFT(i) &&
		   nfull(signals[1 - i]) ->
			a[i].restarts++;
			restart(i)
		:: nempty(signals[i]) && nfull(signals[1 - i]) -> take_signal(i)
		:: MAY_NOMINATE(i, 0) -> a[i].wants[0] = true
		:: MAY_NOMINATE(i, 1) -> a[i].wants[1] = true
		:: nfull(checks[1 - i]) && a[i].knows -> send_check(i, 0)
		:: nfull(checks[1 - i]) && a[i].knows -> send_check(i, 1)
		:: nempty(checks[i]) -> take_check(i)
		:: nempty(answers[i]) -> take_answer(i)
		/* overtaken */
		:: len(checks[i]) > 1 ->
			checks[i]?to, from, pair, ctrl, tie, nominates;
			checks[i]!to, from, pair, ctrl, tie, nominates
		:: len(answers[i]) > 1 ->
			answers[i]?to, from, pair, ctrl, tie, nominates,
				conflict;
			answers[i]!to, from, pair, ctrl, tie, nominates,
				conflict
		/* lost */
		:: nempty(checks[i]) ->
			checks[i]?to, from, pair, ctrl, tie, nominates
		:: nempty(answers[i]) ->
			answers[i]?to, from, pair, ctrl, tie, nominates,
				conflict
		:: else
		fi;
		to = 0; from = 0; pair = 0; ctrl = 0; tie = 0; nominates = 0;
		conflict = 0; theirs = 0; i = 0 }
	:: break
	od;
	calm = true;
	d_step {
		calm_down();
		for (k : 1 .. ROUNDS) {
			one_round()
		};
		assert(a[0].theirs == a[1].mine && a[1].theirs == a[0].mine);
		assert(a[0].controlling != a[1].controlling);
		assert(a[0].chosen != NONE && a[0].chosen == a[1].chosen)
	}
}
