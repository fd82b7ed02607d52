/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a persona changes bodies, and why never two of them write: the protocol of
 * docs/design/0015-exactly-one.md for one persona and two machines, with what may go wrong.
 * `make model` checks it: the assertions in every state that can be reached, and `arrives`.
 *
 * What is durable (the store) outlives a crash of the broker, what is local to a process does not.
 * A hand is ended and reaped before its broker's successor starts, so it is part of the broker here;
 * a deed is cut off by a crash between any two of its calls. Events of the world happen at any time,
 * each as often as its budget allows. */

#define NOBODY 2    /* no machine */
#define LAST_GEN 7  /* generations that a run can use */

#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef WISHES
#define WISHES 2    /* of the operator, beside the first */
#endif
#ifndef WAKES
#define WAKES 2     /* machines that come on by themselves, or by a word that was late */
#endif

mtype = { FENCE_OLD, SILENCE, UNBIND, CLAIM, FENCE, POWER_ON, LOOK_AGAIN, AWAIT_OS, DONE };

/* The store. */
mtype step = CLAIM;
byte to = 0;            /* where the order goes */
byte bound = NOBODY;    /* who carries the persona */
byte newest = 0;        /* the newest generation; no two secrets have the same */
byte bound_gen = 0;     /* of the binding */
bool fenced = false;    /* nobody but this generation can write: its secret may be given out */

/* The boot table: what the edge says, which may be older than the store. */
byte t_bound = NOBODY, t_gen = 0;

/* The target. */
byte account = 0;       /* the generation whose secret it knows; 0: nobody's */
byte session[2];        /* the generation under which a machine is logged in; 0: it is not */
byte greeted[2];        /* a login whose secret was right and that is not a session yet */

/* The machines. */
bool on[2];
byte secret[2];         /* in its memory; 0: none */
bool shut[2];           /* its switch port */

/* What has happened. */
byte wrote = 0;         /* the newest generation that has written */
byte crashes = 0, wishes = 0, wakes = 0;
bool lies = false;      /* a BMC says off, and it is not so */

inline publish() { atomic { t_bound = (fenced -> bound : NOBODY); t_gen = bound_gen; } }

/* The broker may die between any two steps of its own. */
#define MAY_DIE  :: crashes < CRASHES -> crashes++; goto begin

inline cut_off(m) { session[m] = 0; }

/* Every session that is there is dropped, and then none is seen. The one under the secret that the
 * target knows now is kept where `keep` says so. */
inline drop_sessions() {
	if :: session[0] != 0 && session[0] != account -> cut_off(0) :: else fi;
	if :: session[1] != 0 && session[1] != account -> cut_off(1) :: else fi;
}

active proctype broker()
{
	byte old, next;
begin:
	publish();      /* every broker does so when it starts */
	do
	:: step == FENCE_OLD ->
		/* A secret for nobody: the target never has none, that would let everybody in. */
		if
		MAY_DIE
		:: atomic { newest < LAST_GEN -> newest++; next = newest; account = next }
		fi;
		if
		MAY_DIE
		:: atomic { drop_sessions(); step = SILENCE }
		fi
	:: step == SILENCE ->
		old = bound;
		if
		:: old == NOBODY -> atomic { step = UNBIND }
		MAY_DIE
		/* Power, read off twice. */
		:: old != NOBODY -> atomic {
			on[old] = false; secret[old] = 0; greeted[old] = 0;
			step = UNBIND
		   }
		/* A BMC that lies: the machine runs on. */
		:: old != NOBODY -> atomic { lies = true; step = UNBIND }
		/* Its switch port. A session that was there stays until the target drops it. */
		:: old != NOBODY -> atomic { shut[old] = true; step = UNBIND }
		fi
	:: step == UNBIND ->
		if
		MAY_DIE
		:: atomic { bound = NOBODY; fenced = false; step = CLAIM }
		fi;
		publish()
	:: step == CLAIM ->
		if
		MAY_DIE
		:: atomic {     /* the compare-and-swap */
			if
			:: bound == NOBODY && newest < LAST_GEN ->
				assert(!on[1 - to] || shut[1 - to] || lies || secret[1 - to] == 0);
				newest++; bound_gen = newest; bound = to; fenced = false;
				step = FENCE
			:: bound == to -> step = FENCE    /* a repeat */
			fi
		   }
		fi;
		publish()
	:: step == FENCE ->
		if
		MAY_DIE
		:: atomic { account = bound_gen }
		fi;
		if
		MAY_DIE
		:: atomic { drop_sessions(); step = POWER_ON }
		fi
	:: step == POWER_ON ->
		if
		MAY_DIE
		:: atomic { shut[to] = false; on[to] = true; secret[to] = 0; step = LOOK_AGAIN }
		fi
	:: step == LOOK_AGAIN ->
		/* Minutes later, a boot has passed: a login that had been greeted before the fence has
		 * become a session or has gone. This look is what finds it. */
		if
		MAY_DIE
		:: atomic {
			(greeted[0] == 0 || greeted[0] == account) &&
			(greeted[1] == 0 || greeted[1] == account) ->
			drop_sessions(); fenced = true; step = AWAIT_OS
		   }
		fi;
		publish()
	:: step == AWAIT_OS ->
		publish();
		if
		MAY_DIE
		:: atomic { session[to] == bound_gen -> step = DONE }
		/* It does not come up: the wait ends in vain, a person says retry. */
		:: atomic { !on[to] -> step = POWER_ON }
		:: atomic { step != AWAIT_OS -> skip }
		fi
	:: atomic { step == DONE -> skip }
	   do :: step != DONE -> break od
	od
}

/* The operator moves the persona, also while an order is under way: undo, and another order. */
active proctype operator()
{
	do
	:: atomic { wishes < WISHES && newest + 3 <= LAST_GEN ->
		wishes++; to = 1 - to; step = FENCE_OLD }
	:: wishes == WISHES || newest + 3 > LAST_GEN -> break
	od
}

/* A body. Its firmware asks the edge, which answers by the MAC and the UUID that it knows. */
active [2] proctype machine()
{
	byte m = _pid - 2;
	do
	:: atomic { on[m] && secret[m] == 0 && t_bound == m -> secret[m] = t_gen }
	/* The OS logs in, now or after weeks: in two halves. */
	:: atomic { on[m] && !shut[m] && secret[m] != 0 && secret[m] == account &&
		session[m] == 0 && greeted[m] == 0 -> greeted[m] = secret[m] }
	:: atomic { greeted[m] != 0 -> session[m] = greeted[m]; greeted[m] = 0 }
	:: atomic { greeted[m] != 0 -> greeted[m] = 0 }
	:: atomic { on[m] && session[m] != 0 ->
		/* Once n + 1 has written, n never does. */
		assert(session[m] >= wrote); wrote = session[m] }
	:: atomic { wakes < WAKES && !on[m] -> wakes++; on[m] = true; secret[m] = 0 }
	:: atomic { wakes < WAKES && on[m] -> wakes++; on[m] = false; secret[m] = 0; greeted[m] = 0 }
	od
}

ltl arrives { <>[] (step == DONE && session[to] == bound_gen) }
