/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a persona changes bodies, and why never two of them write: the protocol of
 * docs/design/0015-exactly-one.md for one persona and two machines, with what may go wrong.
 * `make model` checks it: the assertions in every state that can be reached, and `arrives`.
 *
 * What is durable (the store) outlives a crash of the broker, what is local to a process does not.
 * Built with WITHOUT_SECRET, WITHOUT_DROP or WITHOUT_LOOK_AGAIN it leaves a part of the protocol out,
 * and must be found wanting: else the model could not tell.
 * A hand is ended and reaped before its broker's successor starts, so it is part of the broker here;
 * a deed is cut off by a crash between any two of its calls. Events of the world happen at any time,
 * each as often as its budget allows. */

#define NOBODY 2    /* no machine */
#define LAST_GEN 12 /* more than a run can use */

#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef WISHES
#define WISHES 2    /* of the operator, beside the first */
#endif
#ifndef WAKES
#define WAKES 2     /* machines that go on or off by themselves, or by a word that was late; logins that fail */
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
bool wish = false;      /* the operator wants the persona on the other machine */

inline publish() { atomic { t_bound = (fenced -> bound : NOBODY); t_gen = bound_gen } }

/* Between any two of its own acts the broker may die, or be told to undo what it is at and go the
 * other way: its hand is ended, and the new order begins with the fence. */
#define MAY_STOP \
	:: atomic { crashes < CRASHES -> crashes++; goto begin } \
	:: atomic { wish -> wish = false; to = 1 - to; step = FENCE_OLD; goto begin }

/* Whoever is logged in under another secret than the one that the target knows now is cut off, and
 * then seen gone. */
inline drop_sessions() {
#ifndef WITHOUT_DROP
	if :: session[0] != account -> session[0] = 0 :: else fi;
	if :: session[1] != account -> session[1] = 0 :: else fi
#else
	skip
#endif
}

active proctype broker()
{
	byte old;
begin:
	publish();      /* every broker does so when it starts */
	do
	:: step == FENCE_OLD ->
		/* A secret for nobody: the target never has none, that would let everybody in. */
		if
		MAY_STOP
		:: atomic { assert(newest < LAST_GEN); newest++; account = newest }
		fi;
		if
		MAY_STOP
		:: atomic { drop_sessions(); step = SILENCE }
		fi
	:: step == SILENCE ->
		old = bound;
		if
		MAY_STOP
		:: old == NOBODY -> step = UNBIND
		/* Power, read off twice. */
		:: atomic { old != NOBODY ->
			on[old] = false; secret[old] = 0; greeted[old] = 0; step = UNBIND }
		/* Its switch port. */
		:: atomic { old != NOBODY -> shut[old] = true; step = UNBIND }
		/* A BMC that lies, a person who is wrong: the machine runs on. */
		:: old != NOBODY -> step = UNBIND
		fi
	:: step == UNBIND ->
		if
		MAY_STOP
		:: atomic { bound = NOBODY; fenced = false; step = CLAIM }
		fi;
		publish()
	:: step == CLAIM ->
		if
		MAY_STOP
		/* The compare-and-swap; the second time it finds what it had made. */
		:: atomic { bound == NOBODY ->
			assert(newest < LAST_GEN);
			newest++; bound_gen = newest; bound = to; fenced = false; step = FENCE }
		:: atomic { bound == to -> step = FENCE }
		fi;
		publish()
	:: step == FENCE ->
		if
		MAY_STOP
		:: account = bound_gen
		fi;
		if
		MAY_STOP
		:: atomic { drop_sessions(); step = POWER_ON }
		fi
	:: step == POWER_ON ->
		if
		MAY_STOP
		:: atomic {
			shut[to] = false; on[to] = true; secret[to] = 0; greeted[to] = 0;
			step = LOOK_AGAIN }
		fi
	:: step == LOOK_AGAIN ->
		/* The first boot has passed: a login that was greeted before the fence has become a
		 * session, or has gone. This look is what finds it. */
		if
		MAY_STOP
#ifndef WITHOUT_LOOK_AGAIN
		:: atomic { greeted[0] == 0 && greeted[1] == 0 ->
			drop_sessions(); fenced = true; step = AWAIT_OS }
#else
		:: atomic { fenced = true; step = AWAIT_OS }
#endif
		fi
	:: step == AWAIT_OS ->
		publish();
		if
		MAY_STOP
		:: atomic { session[to] == bound_gen -> step = DONE }
		/* It went off meanwhile: the wait ends in vain, and begins again at the power-off. */
		:: atomic { !on[to] -> step = POWER_ON }
		fi
	:: step == DONE ->
end_done:	if
		MAY_STOP
		fi
	od
}

/* The operator moves the persona, also while an order is under way. */
active proctype operator()
{
	do
	:: atomic { wishes < WISHES && !wish -> wishes++; wish = true }
	:: wishes == WISHES -> break
	od
}

#ifndef WITHOUT_SECRET
#define SECRET_IS_RIGHT(m) (secret[m] == account)
#else
#define SECRET_IS_RIGHT(m) true
#endif

/* A body. Its firmware asks the edge, which answers by the MAC and the UUID that it knows. */
active [2] proctype machine()
{
	byte m = _pid - 2;
end:
	do
	:: atomic { on[m] && secret[m] == 0 && t_bound == m ->
		secret[m] = t_gen;
		assert(secret[0] != secret[1]) }
	/* The OS logs in, now or after weeks: in two halves. */
	:: atomic { on[m] && !shut[m] && secret[m] != 0 && SECRET_IS_RIGHT(m) &&
		session[m] == 0 && greeted[m] == 0 -> greeted[m] = secret[m] }
	:: atomic { greeted[m] != 0 -> session[m] = greeted[m]; greeted[m] = 0 }
	:: atomic { wakes < WAKES && greeted[m] != 0 -> wakes++; greeted[m] = 0 }
	/* Once n + 1 has written, n never does. */
	:: atomic { on[m] && session[m] != 0 && session[m] != wrote ->
		assert(session[m] > wrote); wrote = session[m] }
	:: atomic { wakes < WAKES && !on[m] -> wakes++; on[m] = true; secret[m] = 0 }
	:: atomic { wakes < WAKES && on[m] ->
		wakes++; on[m] = false; secret[m] = 0; greeted[m] = 0 }
	od
}

/* With fair hands, and once faults and wishes have come to an end. */
ltl arrives { <>[] (step == DONE) }
