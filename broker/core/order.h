/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An order is one wish ("start web-01 on blade-a") carried out in named steps. Steps are values:
 * the log, the API, the CLI and the tests speak of them by the same word. This file is pure: what
 * comes next, after what outcome. The broker journals a step before it begins it and does it
 * (broker/runner.h); every step is idempotent, so after a crash the current one is begun again. */
#pragma once
#include <stdbool.h>

enum verb {
	VERB_START,
	VERB_STOP,
	VERB_MOVE,     /* its OS is shut down, its old machine gets its own addresses back */
	VERB_FAILOVER, /* nothing is asked of the old machine but silence; it is stale then */
	VERB_RESTART,  /* it boots again where it is */
	VERB_RESTORE,  /* a stale machine gets its own addresses back */
	VERB_RESTORE_ISOLATED, /* the same behind isolated switch ports, whoever runs meanwhile */
	VERB_DRILL,    /* a failover rehearsed on a copy of the disk, under another persona */
	VERB_PRESTAGE, /* a machine's cards take the addresses of a persona that runs nowhere */
	VERBS,
};

/* Which machine a step is about. */
enum side { SIDE_FROM, SIDE_TO };

/* What the runner does for a step; one function each. */
enum deed_kind {
	DO_PREFLIGHT,     /* hands: BMC answers, LUN there, CHAP right */
	DO_CLAIM,         /* binding made, generation + 1, table published: shim, identity */
	DO_CLAIM_RESTORE, /* the same for a stale machine: shim, restore */
	DO_FENCE,         /* the target knows one new secret, everybody else was seen gone */
	DO_LOOK_AGAIN,    /* seen gone once more; the secret is in the table from here on */
	DO_SILENCE,       /* proof that the machine's NICs say nothing: power, port, or a person */
	DO_SHUT_DOWN,     /* ask the OS, wait until it is off; a deadline here is no failure */
	DO_POWER_OFF,     /* off, read twice */
	DO_RELEASE,       /* table published: shim, restore */
	DO_IDENTITY,      /* the BMC gives the cards the persona's addresses, read back */
	DO_IDENTITY_BACK, /* and their factory addresses */
	DO_NET_START,     /* one-shot network boot asserted, then power on: one BMC session */
	DO_AWAIT_SHIM,    /* the shim has reported its NICs and they are journaled */
	DO_AWAIT_WRITTEN, /* the shim has read the wanted addresses back from the cards */
	DO_AWAIT_ASK,     /* the machine asks with the persona's MAC; if not, the shim writes it */
	DO_ARM_NEXT, /* one-shot network boot again: the first boot used it up; the shim waits */
	DO_AWAIT_OS, /* the persona's OS asks for its address */
	DO_UNBIND,   /* binding ended, table published */
	DO_ABANDON,  /* the same, and the machine is stale: its cards were not restored */
	DO_KEEP,     /* the same, and its cards hold the addresses on purpose */
	DO_CLONE,    /* an atomic copy of the disk is offered as a target of its own */
	DO_CLONE_REMOVE, /* and is no more */
	DO_FORGET,       /* the persona that was made for the order is removed */
	DO_ISOLATE,      /* its switch ports reach nobody but Baton, read back */
	DO_REJOIN,       /* and are open again */
};

struct step {
	const char *name; /* a dashed word */
	enum deed_kind kind;
	enum side side;
	unsigned timeout_s; /* 0: as long as a boot may take, the setting boot_wait_s */
	unsigned tries;
	unsigned back;    /* how many steps before this one a person's retry begins */
	const char *when; /* what the operator reads while it runs: "waiting for the shim" */
};

struct plan_of_steps {
	const char *word; /* "start" */
	const struct step *step;
	unsigned steps;
	/* From here on it takes back what it did: a step before this one that fails for good
	 * leads here, and the order goes on. 0: it stops. */
	unsigned turn;
};

const struct plan_of_steps *verb_steps(enum verb v);
const char *verb_word(enum verb v);
enum { VERB_TEXT = 24 }; /* the longest word, with its NUL, and room */
bool verb_parse(enum verb *ret, const char *word);
/* The verb that takes this one back: start <-> stop, move <-> move the other way. What a failover
 * left cannot be gone back to: it is taken back by a stop. A restart is given up, no more. VERBS: a
 * restore is not taken back, and a drill takes itself back. */
enum verb verb_undo(enum verb v);
/* Its persona is made for the order alone, and removed by its last step. */
bool verb_stands_in(enum verb v);
/* A drill at this step takes back what it did. */
bool verb_takes_back(enum verb v, unsigned step);

enum order_state { ORDER_RUNNING, ORDER_DONE, ORDER_STOPPED };
const char *order_state_word(enum order_state s); /* "running", "done", "stopped" */
bool order_state_parse(enum order_state *ret, const char *word);

enum outcome { STEP_DONE, STEP_FAILED };

struct order_at {
	enum order_state state;
	unsigned step, tries; /* index into the verb's steps; failed tries of that step */
};

/* Moves on: the next step, the same step again, done, or, when the tries are used up, stopped, or
 * at the verb's turn. */
struct order_at order_turn(enum verb v, struct order_at at, enum outcome how);

/* An order of this verb that stops for good at this step goes back by itself: the old body has
 * given the persona up, and the new one does not bring it up. It is a failover to the old body. */
bool verb_rolls_back(enum verb v, unsigned step);

/* Where a stopped order goes on when a person says retry: a wait that failed begins again at the
 * power-off before it, since the boot it waited for is over. */
struct order_at order_retry(enum verb v, struct order_at at);
