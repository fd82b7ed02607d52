/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of every verb, and what comes after what: see order.h. A move is a stop on the old
 * machine and then a start on the new one, in that order: two machines never hold one MAC. Why
 * there are fences, and two looks, is in docs/design/0015. */
#include "core/order.h"

#include <stddef.h>
#include <string.h>

#include "base/list.h"

/* Deadlines fit servers whose firmware takes minutes; a lab is done long before. */
#define PREFLIGHT(side)                                                                            \
	{                                                                                          \
		"preflight", DO_PREFLIGHT, side, 40, 2, 0, "asking the BMC and the disk"           \
	}
#define FENCE(name, side, when)                                                                    \
	{                                                                                          \
		name, DO_FENCE, side, 40, 5, 0, when                                               \
	}
/* `wait` is how far the waits behind it lie from the power-off that a retry begins with. */
#define IDENTITY(side)                                                                             \
	{                                                                                          \
		"identity", DO_IDENTITY, side, 600, 2, 0, "its BMC sets the persona's addresses"   \
	}
#define RESTORE(side, wait)                                                                        \
	{ "identity-back", DO_IDENTITY_BACK, side, 600, 3, 0,                                      \
		"its BMC sets the factory addresses" },                                            \
		{ "net-start-restore", DO_NET_START, side, 90, 3, 0,                               \
			"network boot set, power on" },                                            \
		{ "await-restore-shim", DO_AWAIT_SHIM, side, 0, 1, (wait),                         \
			"waiting for the shim" },                                                  \
		{ "await-restored", DO_AWAIT_WRITTEN, side, 300, 1, (wait) + 1,                    \
			"waiting for the factory addresses to be read back" },                     \
		{ "power-off-restored", DO_POWER_OFF, side, 90, 3, 0, "power off, read twice" },   \
	{                                                                                          \
		"unbind", DO_UNBIND, side, 10, 3, 0, "the persona is free"                         \
	}
#define SHUT(side)                                                                                 \
	{ "shut-down", DO_SHUT_DOWN, side, 180, 1, 0, "asking the OS to shut down" },              \
	{                                                                                          \
		"power-off", DO_POWER_OFF, side, 90, 3, 0, "power off, read twice"                 \
	}
#define GIVE_BACK(side, wait)                                                                      \
	{ "release", DO_RELEASE, side, 10, 3, 0, "the next boot restores the machine" },           \
		RESTORE(side, wait)
#define TAKE_OFF(side)                                                                             \
	SHUT(side), FENCE("fence-old", side, "a secret for nobody at the target"),                 \
		GIVE_BACK(side, 5)
#define PUT_ON(side)                                                                               \
	{ "power-off-before", DO_POWER_OFF, side, 90, 3, 0, "power off, read twice" },             \
		{ "claim", DO_CLAIM, side, 10, 3, 0, "the machine is the persona's" },             \
		FENCE("fence", side, "a new secret at the target, old sessions dropped"),          \
		IDENTITY(side),                                                                    \
		{ "net-start", DO_NET_START, side, 90, 3, 0, "network boot set, power on" },       \
		{ "await-ask", DO_AWAIT_ASK, side, 0, 1, 5,                                        \
			"waiting for the machine to ask with the persona's address" },             \
		{ "await-shim", DO_AWAIT_SHIM, side, 0, 1, 6, "waiting for the shim" },            \
		{ "await-written", DO_AWAIT_WRITTEN, side, 300, 1, 7,                              \
			"waiting for the persona's addresses to be read back" },                   \
		{ "look-again", DO_LOOK_AGAIN, side, 40, 5, 0,                                     \
			"nobody else may be logged in at the target" },                            \
		{ "arm-next", DO_ARM_NEXT, side, 60, 3, 0,                                         \
			"network boot set for the second boot" },                                  \
	{                                                                                          \
		"await-os", DO_AWAIT_OS, side, 0, 1, 10, "waiting for the persona's OS"            \
	}

static const struct step start_steps[] = { PREFLIGHT(SIDE_TO), PUT_ON(SIDE_TO) };
static const struct step stop_steps[] = { TAKE_OFF(SIDE_FROM) };
static const struct step move_steps[] = { PREFLIGHT(SIDE_TO), TAKE_OFF(SIDE_FROM),
	PUT_ON(SIDE_TO) };
static const struct step failover_steps[] = { PREFLIGHT(SIDE_TO),
	FENCE("fence-old", SIDE_FROM, "a secret for nobody at the target"),
	{ "silence", DO_SILENCE, SIDE_FROM, 60, 3, 0, "proving that the old machine is silent" },
	{ "abandon", DO_ABANDON, SIDE_FROM, 10, 3, 0, "the old machine is stale" },
	PUT_ON(SIDE_TO) };
static const struct step restart_steps[] = { { "shut-down", DO_SHUT_DOWN, SIDE_FROM, 180, 1, 0,
						     "asking the OS to shut down" },
	{ "power-off", DO_POWER_OFF, SIDE_FROM, 90, 3, 0, "power off, read twice" },
	IDENTITY(SIDE_FROM),
	{ "net-start", DO_NET_START, SIDE_FROM, 90, 3, 0, "network boot set, power on" },
	{ "await-os", DO_AWAIT_OS, SIDE_FROM, 0, 1, 3, "waiting for the persona's OS" } };
static const struct step restore_steps[] = { { "power-off-before", DO_POWER_OFF, SIDE_FROM, 90, 3,
						     0, "power off, read twice" },
	{ "claim-restore", DO_CLAIM_RESTORE, SIDE_FROM, 10, 3, 0,
		"the next boot restores the machine" },
	RESTORE(SIDE_FROM, 4) };

/* Another machine may hold the same addresses: this one is behind ports that reach nobody else
 * before it has power, until its own were read back and it is off again. */
static const struct step isolated_steps[] = { { "power-off-before", DO_POWER_OFF, SIDE_FROM, 90, 3,
						      0, "power off, read twice" },
	{ "isolate", DO_ISOLATE, SIDE_FROM, 60, 3, 0, "its switch ports reach nobody but Baton" },
	{ "claim-restore", DO_CLAIM_RESTORE, SIDE_FROM, 10, 3, 0,
		"the next boot restores the machine" },
	RESTORE(SIDE_FROM, 5),
	{ "rejoin", DO_REJOIN, SIDE_FROM, 60, 3, 0, "its switch ports open" },
	{ "forget", DO_FORGET, SIDE_FROM, 10, 3, 0, "removing the persona that stood in" } };

/* One machine on both sides: it is put on and taken off. */
static const struct step drill_steps[] = { PREFLIGHT(SIDE_TO),
	{ "clone", DO_CLONE, SIDE_TO, 60, 2, 0, "copying the disk, and offering the copy" },
	PUT_ON(SIDE_TO), SHUT(SIDE_FROM), GIVE_BACK(SIDE_FROM, 4),
	{ "clone-remove", DO_CLONE_REMOVE, SIDE_TO, 60, 3, 0, "removing the copy" },
	{ "forget", DO_FORGET, SIDE_TO, 10, 3, 0, "removing the rehearsal's persona" } };
enum { DRILL_TURN = 13 }; /* its shut-down */

/* Nobody boots the persona's disk: no secret is set at its target, and none is given out. */
static const struct step prestage_steps[] = { PREFLIGHT(SIDE_TO),
	{ "power-off-before", DO_POWER_OFF, SIDE_TO, 90, 3, 0, "power off, read twice" },
	{ "claim", DO_CLAIM, SIDE_TO, 10, 3, 0, "the machine is the persona's" }, IDENTITY(SIDE_TO),
	{ "net-start", DO_NET_START, SIDE_TO, 90, 3, 0, "network boot set, power on" },
	{ "await-shim", DO_AWAIT_SHIM, SIDE_TO, 0, 1, 4, "waiting for the shim" },
	{ "await-written", DO_AWAIT_WRITTEN, SIDE_TO, 300, 1, 5,
		"waiting for the persona's addresses to be read back" },
	{ "power-off", DO_POWER_OFF, SIDE_TO, 90, 3, 0, "power off, read twice" },
	{ "keep", DO_KEEP, SIDE_TO, 10, 3, 0, "its cards keep the persona's addresses" } };

static const struct plan_of_steps plans[VERBS] = {
	[VERB_START] = { "start", start_steps, COUNT(start_steps), 0 },
	[VERB_STOP] = { "stop", stop_steps, COUNT(stop_steps), 0 },
	[VERB_MOVE] = { "move", move_steps, COUNT(move_steps), 0 },
	[VERB_FAILOVER] = { "failover", failover_steps, COUNT(failover_steps), 0 },
	[VERB_RESTART] = { "restart", restart_steps, COUNT(restart_steps), 0 },
	[VERB_RESTORE] = { "restore", restore_steps, COUNT(restore_steps), 0 },
	[VERB_RESTORE_ISOLATED] = { "restore-isolated", isolated_steps, COUNT(isolated_steps), 0 },
	[VERB_DRILL] = { "drill", drill_steps, COUNT(drill_steps), DRILL_TURN },
	[VERB_PRESTAGE] = { "prestage", prestage_steps, COUNT(prestage_steps), 0 },
};

static const char *const states[] = { "running", "done", "stopped" };

const struct plan_of_steps *verb_steps(enum verb v)
{
	return &plans[v];
}

const char *verb_word(enum verb v)
{
	return plans[v].word;
}

bool verb_parse(enum verb *ret, const char *word)
{
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(plans[i].word, word) == 0) {
			*ret = (enum verb)i;
			return true;
		}
	}
	return false;
}

enum verb verb_undo(enum verb v)
{
	static const enum verb back[VERBS] = {
		[VERB_START] = VERB_STOP,
		[VERB_STOP] = VERB_START,
		[VERB_MOVE] = VERB_MOVE,
		[VERB_FAILOVER] = VERB_STOP,
		[VERB_RESTART] = VERB_RESTART,
		[VERB_RESTORE] = VERBS,
		[VERB_RESTORE_ISOLATED] = VERBS,
		[VERB_DRILL] = VERBS,
		[VERB_PRESTAGE] = VERB_STOP,
	};
	return back[v];
}

bool verb_stands_in(enum verb v)
{
	return v == VERB_DRILL || v == VERB_RESTORE_ISOLATED;
}

bool verb_takes_back(enum verb v, unsigned step)
{
	return plans[v].turn && step >= plans[v].turn;
}

const char *order_state_word(enum order_state s)
{
	return states[s];
}

bool order_state_parse(enum order_state *ret, const char *word)
{
	for (size_t i = 0; i < COUNT(states); i++) {
		if (strcmp(states[i], word) == 0) {
			*ret = (enum order_state)i;
			return true;
		}
	}
	return false;
}

struct order_at order_turn(enum verb v, struct order_at at, enum outcome how)
{
	const struct plan_of_steps *p = &plans[v];
	if (at.state != ORDER_RUNNING)
		return at;
	if (how == STEP_DONE) {
		at.tries = 0;
		if (++at.step == p->steps)
			at = (struct order_at){ ORDER_DONE, p->steps - 1, 0 };
	} else if (++at.tries >= p->step[at.step].tries) {
		if (at.step < p->turn)
			at = (struct order_at){ ORDER_RUNNING, p->turn, 0 };
		else
			at.state = ORDER_STOPPED;
	}
	return at;
}

bool verb_rolls_back(enum verb v, unsigned step)
{
	const struct step *s = &plans[v].step[step];
	return (v == VERB_MOVE || v == VERB_FAILOVER) && s->side == SIDE_TO &&
	       s->kind != DO_PREFLIGHT;
}

struct order_at order_retry(enum verb v, struct order_at at)
{
	return (struct order_at){ ORDER_RUNNING, at.step - plans[v].step[at.step].back, 0 };
}
