/*
 * The life of allocations, permissions, quotas and moves (RFC 8656 7 to 10, RFC
 * 8016), as core/server has them. model.sh has it checked by Spin, and variants
 * refuted.
 *
 * Any user may ask anything at any 5-tuple at any moment: so whatever a network
 * loses, repeats, holds back and reorders is among it. A request names its
 * 5-tuple (PATHS of them) and its user, who has proved to be that user. A ticket
 * is the number of its allocation and how many came before it; any that there
 * ever was, or will be, is shown. Time lets anything expire at any moment; the
 * driver opens relay ports late, or cannot; a client's stream may be lost.
 *
 * After every step:
 *   quota      a user's counter is the number of his allocations, and never
 *              more than QUOTA; so none exists without its place in the quota
 *   owner      an allocation belongs to the user who made it, till its end
 *   5-tuple    no two allocations are at one 5-tuple
 *   permission only what is open has one
 *   port       what is held was taken, once; what is free is held by nobody
 * At the end, when everything has expired, every table is empty and as many can
 * be made as ever.
 */
#ifndef QUOTA
#define QUOTA 1
#endif
#ifndef MOVES
#define MOVES 2 /* tickets of one allocation after its first one */
#endif
#define USERS 2
#ifndef PATHS
#define PATHS 3
#endif
#ifndef ALLOCATIONS
#define ALLOCATIONS 2
#endif
#define PORTS (ALLOCATIONS + 1)
#define NONE 9

mtype = { allocate, refresh, delete, permit, resume, data };
mtype = { unused, opening, open };

typedef allocation {
	mtype state = unused;
	byte owner, made_by;
	byte path, next; /* NONE: not there; not moving */
	byte port;
	byte ticket; /* how many before it */
	bool mobile, permitted;
}

allocation a[ALLOCATIONS];
byte quota[USERS];
bool taken[PORTS];

/* The request at hand. */
mtype what;
byte path, user, number, ticket;
byte at, i, u, n; /* scratch */

/* --- the server ---------------------------------------------------------- */

/* at = the allocation of `path`, or NONE. */
inline find()
{
	at = NONE;
	for (i : 0 .. ALLOCATIONS - 1) {
		if
		:: a[i].state != unused &&
		   (a[i].path == path || a[i].next == path) -> at = i
		:: else
		fi
	}
}

/* The only place that gives back. */
inline end(k)
{
#ifdef BROKEN_PORT /* a port whose opening failed is not given back */
	taken[a[k].port] = a[k].state == opening;
#else
	taken[a[k].port] = false;
#endif
#ifdef BROKEN_QUOTA
	if
	:: a[k].path == NONE /* given back when the stream was lost */
	:: else -> quota[a[k].owner]--
	fi;
#else
	quota[a[k].owner]--;
#endif
	a[k].state = unused;
	a[k].path = NONE;
	a[k].next = NONE;
	a[k].port = NONE;
	a[k].owner = 0;
	a[k].made_by = 0;
	a[k].ticket = 0;
	a[k].mobile = false;
	a[k].permitted = false
}

inline take_allocate()
{
	n = NONE;
	for (i : 0 .. ALLOCATIONS - 1) {
		if
		:: a[i].state == unused -> n = i
		:: else
		fi
	}
	if
	:: at != NONE			/* 437, or the answer again */
	:: at == NONE && quota[user] >= QUOTA /* 486 */
	:: at == NONE && quota[user] < QUOTA && n == NONE /* 508 */
	:: at == NONE && quota[user] < QUOTA && n != NONE ->
		quota[user]++;
		a[n].state = opening;
		a[n].owner = user;
		a[n].made_by = user;
		a[n].path = path;
		a[n].mobile = number != NONE;
		/* any free port: all are alike */
		for (i : 0 .. PORTS - 1) {
			if
			:: !taken[i] && a[n].port == NONE ->
				taken[i] = true;
				a[n].port = i
			:: else
			fi
		}
		assert(a[n].port != NONE)
	fi
}

#ifdef BROKEN_OWNER /* the resume is checked against the wrong account */
#define MAY_RESUME(k) true
#else
#define MAY_RESUME(k) (a[k].owner == user)
#endif

/* RFC 8016 3.2: at a 5-tuple that is nobody's; or again, when the answer that
 * gave the next ticket was lost. */
inline take_resume()
{
	if
	:: number != NONE && a[number].state == open && a[number].mobile &&
	   MAY_RESUME(number) && at == NONE && ticket == a[number].ticket &&
	   a[number].ticket < MOVES ->
		a[number].ticket++;
		a[number].next = path;
#ifdef BROKEN_OWNER
		a[number].owner = user
#endif
	:: else
	fi
}

#ifdef BROKEN_STRANGER /* nobody asks whose it is */
#define IS_HIS(k) (a[k].state == open)
#else
#define IS_HIS(k) (a[k].state == open && a[k].owner == user)
#endif

inline take_request()
{
	find();
	if
	:: what == allocate -> take_allocate()
	:: what == resume -> take_resume()
	:: what == data && at != NONE && a[at].state == open &&
	   a[at].next == path ->
		a[at].path = path; /* it has moved */
		a[at].next = NONE
	:: what == delete && at != NONE && IS_HIS(at) ->
		assert(a[at].made_by == user);
		end(at)
	:: what == permit && at != NONE && IS_HIS(at) ->
		assert(a[at].made_by == user);
		a[at].permitted = true
	:: else /* refreshed: time-to-expiry is any time; or refused */
	fi
}

/* The driver: a port is open, or it cannot be. */
inline take_opened(k)
{
	if
	:: a[k].state = open
	:: end(k)
	fi
}

/* A stream is gone. What has a ticket may be resumed from another 5-tuple
 * until its time is over. */
inline lose(p)
{
	path = p;
	find();
	if
	:: at == NONE
	:: at != NONE && a[at].next == path -> a[at].next = NONE
	:: at != NONE && a[at].next != path && a[at].mobile &&
	   a[at].state == open ->
		a[at].path = NONE;
#ifdef BROKEN_QUOTA
		quota[a[at].owner]--
#endif
	:: at != NONE && a[at].next != path &&
	   !(a[at].mobile && a[at].state == open) -> end(at)
	fi
}

/* --- what must hold ------------------------------------------------------ */

inline judge()
{
	for (u : 0 .. USERS - 1) {
		n = 0;
		for (i : 0 .. ALLOCATIONS - 1) {
			if
			:: a[i].state != unused && a[i].owner == u -> n++
			:: else
			fi
		};
		assert(quota[u] == n);
		assert(quota[u] <= QUOTA)
	};
	for (i : 0 .. ALLOCATIONS - 1) {
		assert(a[i].state == unused || a[i].owner == a[i].made_by);
		assert(!a[i].permitted || a[i].state == open);
		assert((a[i].port == NONE) == (a[i].state == unused));
		assert(a[i].port == NONE || taken[a[i].port]);
		for (n : 0 .. ALLOCATIONS - 1) {
			if
			:: n != i && a[i].state != unused &&
			   a[n].state != unused ->
				assert(a[i].path == NONE ||
				       (a[i].path != a[n].path &&
					a[i].path != a[n].next));
				assert(a[i].next == NONE ||
				       a[i].next != a[n].next);
				assert(a[i].port != a[n].port)
			:: else
			fi
		}
	};
	for (i : 0 .. PORTS - 1) {
		n = 0;
		for (u : 0 .. ALLOCATIONS - 1) {
			if
			:: a[u].port == i -> n++
			:: else
			fi
		};
		assert(n == (taken[i] -> 1 : 0))
	}
}

/* --- the world ----------------------------------------------------------- */

inline any(x, most)
{
	x = 0;
	do
	:: x < most - 1 -> x++
	:: break
	od
}

inline ask()
{
	any(path, PATHS);
	any(user, USERS);
	number = NONE;
	ticket = 0;
	if
	:: what = allocate /* with a ticket wanted, or not */
	:: what = allocate; number = 0
	:: what = delete
	:: what = permit
	:: what = resume; any(number, ALLOCATIONS); any(ticket, MOVES + 1)
	:: what = data; user = 0 /* data is not signed */
	fi
}

inline clear()
{
	what = 0; path = 0; user = 0; number = 0; ticket = 0;
	at = 0; i = 0; u = 0; n = 0
}

active proctype world()
{
	byte k;

	d_step {
		for (k : 0 .. ALLOCATIONS - 1) {
			a[k].path = NONE;
			a[k].next = NONE;
			a[k].port = NONE
		};
		k = 0
	};
	do
	:: atomic {
		if
		:: ask(); take_request()
		:: any(k, ALLOCATIONS); /* expiry, or the driver */
			if
			:: a[k].state == opening -> take_opened(k)
			:: a[k].state != unused -> end(k)
			:: a[k].permitted -> a[k].permitted = false
			:: else
			fi
		:: any(k, PATHS); lose(k)
		fi;
		k = 0;
		judge();
		clear() }
	:: break
	od;
	k = 0; /* time passes, and nobody asks */
	d_step {
		for (k : 0 .. ALLOCATIONS - 1) {
			if
			:: a[k].state != unused -> end(k)
			:: else
			fi
		};
		judge();
		assert(quota[0] == 0 && quota[1] == 0);
		for (i : 0 .. PORTS - 1) {
			assert(!taken[i])
		}
	}
}
