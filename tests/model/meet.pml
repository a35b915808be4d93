/*
 * Introductions over a server that does what it likes, as core/meet has them: who
 * ends up with whom. model.sh has it checked by Spin, and variants refuted.
 *
 * Four machines, callers and listeners. By code: two rooms with two people each, and
 * the same words in both rooms. By name (BY_NAME): two people who have met before, and
 * each of them listens and calls at once, so everybody has the same secret and
 * context. The mailbox is the server's own: any of its messages goes to anybody, at any
 * time, as often as it likes, whole or taken apart: share, confirmation, identity and
 * envelope each from another one, or made by the server (SERVER). It does not know the
 * secret; a share of its own is a guess, which is wrong. Time may end any wait.
 *
 * A confirmation is what it was computed of: by whom, of which two shares, where, over
 * which identities. Without the secret nobody can make one of a share of the server.
 *
 *   agreement  who is introduced has the other's share, and the other his; the other is
 *              somebody else, has the other role, is in the same room; and the identity
 *              is his
 *   one guess  no machine looks at two shares of the server
 *   envelopes  what is accepted was sealed by the other one, in this order, once
 *
 * DATAGRAMS: what is malformed or out of turn is ignored; else it is the end.
 */
#define N 4
#define SERVER 4
#define JUNK 5
#define NOBODY 6
#define ENVELOPES 2

mtype = { waiting, answered, introduced, failed };

mtype state[N];
byte heard[N]; /* whose share is in its transcript                     */
byte peer[N];  /* whose identity it was given                          */
byte tried[N]; /* shares of the server that it looked at               */
byte sealed[N], opened[N];
bool said[N];	   /* its share is known to the server                 */
bool confirmed[N]; /* and its confirmation, with its identity          */

#define IS_CALLER(i) ((i) % 2 == 0)
#ifdef BY_NAME
#define OWNER(i) ((i) / 2)
#define ROOM(i) 0
#else
#define OWNER(i) (i)
#define ROOM(i) ((i) / 2)
#endif

/* Confirmation of `j`, over the shares of i and s: of that transcript? */
#ifdef BROKEN_ROOM /* the context is in nothing that is hashed */
#define SAME_ROOM(i, j) true
#else
#define SAME_ROOM(i, j) (ROOM(i) == ROOM(j))
#endif
#ifdef BROKEN_ROLES /* neither transcript nor confirmation know roles */
#define BOUND(i, s, j) \
	((j == s && heard[j] == i) || (j == i && heard[j] == s))
#else
#define BOUND(i, s, j) \
	(j == s && heard[j] == i && IS_CALLER(j) != IS_CALLER(i))
#endif
#ifdef BROKEN_IDENTITY /* it does not cover the identities */
#define COVERS(j, d) true
#else
#define COVERS(j, d) (d == j)
#endif
#if defined(BY_NAME) && !defined(BROKEN_SELF) /* the identity is a known one */
#define IS_WANTED(i, d) (d < N && OWNER(d) != OWNER(i))
#else
#define IS_WANTED(i, d) true
#endif

/* The server's choices. */
byte i, s, j, d, n;

inline choose(what, most)
{
	what = 0;
	do
	:: what < most -> what++
	:: break
	od
}

inline reject()
{
#ifdef DATAGRAMS
	skip
#else
	state[i] = failed
#endif
}

inline introduce()
{
	peer[i] = d;
	if
	:: !IS_WANTED(i, d) -> state[i] = failed
	:: else ->
		state[i] = introduced;
		assert(heard[i] < N && d < N);
		assert(heard[heard[i]] == i);
		assert(OWNER(heard[i]) != OWNER(i));
		assert(IS_CALLER(heard[i]) != IS_CALLER(i));
		assert(ROOM(heard[i]) == ROOM(i));
		assert(d == heard[i])
	fi
}

inline look_at_share()
{
	heard[i] = s;
	if
	:: s == SERVER -> tried[i]++; assert(tried[i] <= 1)
	:: else
	fi
}

inline wrong()
{
#ifdef BROKEN_GUESS /* a wrong confirmation is not the end */
	heard[i] = NOBODY;
	state[i] = waiting
#else
	state[i] = failed
#endif
}

inline hear_share()
{
	choose(s, SERVER);
	if
	:: s == SERVER || said[s] ->
		look_at_share();
		state[i] = answered;
		said[i] = true;
		confirmed[i] = true
	:: else
	fi
}

inline hear_answer()
{
	choose(s, SERVER);
	choose(j, JUNK);
	choose(d, SERVER);
	if
	:: s == SERVER || said[s] ->
		look_at_share();
		if
		:: j < N && s < N && confirmed[j] && BOUND(i, s, j) &&
		   SAME_ROOM(i, j) && COVERS(j, d) ->
			confirmed[i] = true;
			introduce()
		:: else -> wrong()
		fi
	:: else
	fi
}

inline hear_proof()
{
	choose(j, JUNK);
	choose(d, SERVER);
	s = heard[i];
	if
	:: j < N && confirmed[j] && BOUND(i, s, j) && SAME_ROOM(i, j) &&
	   COVERS(j, d) -> introduce()
	:: else -> wrong()
	fi
}

/* Envelope n of j. */
inline hear_envelope()
{
	choose(j, N - 1);
	choose(n, ENVELOPES - 1);
	if
	:: heard[i] == j && heard[j] == i && n < sealed[j] &&
#ifdef BROKEN_NUMBER /* any that is authentic */
	   true
#else
	   n == opened[i]
#endif
	   ->
		assert(n == opened[i]);
		opened[i]++
	:: else -> reject()
	fi
}

init {
	for (i : 0 .. N - 1) {
		state[i] = waiting;
		heard[i] = NOBODY;
		peer[i] = NOBODY;
		said[i] = IS_CALLER(i)
	}
	do
	:: atomic {
		choose(i, N - 1);
		if
		:: state[i] == waiting && !IS_CALLER(i) -> hear_share()
		:: state[i] == waiting && IS_CALLER(i) -> hear_answer()
		:: state[i] == answered -> hear_proof()
		:: state[i] == introduced -> hear_envelope()
		:: state[i] == introduced && sealed[i] < ENVELOPES -> sealed[i]++
		:: reject() /* what has no place there, of whatever kind */
		:: state[i] != introduced ->
			state[i] = failed /* time is over */
		fi;
		i = 0; s = 0; j = 0; d = 0; n = 0
	   }
	od
}
