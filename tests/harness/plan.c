/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See plan.h. The boundaries are the rows of core/order.c. */
#include "tests/harness/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "tests/harness/run.h"

static const char *step_name(unsigned wish, unsigned step)
{
	return wish_steps(wish)->step[step].name;
}

const char *wanted_name(char to[RUN_NAME], const struct wanted *w)
{
	int n = snprintf(to, RUN_NAME, "%s:%s:%s", wish_word(w->wish), step_name(w->wish, w->step),
		faults[w->fault].name);
	if (w->pair)
		snprintf(to + n, RUN_NAME - (size_t)n, "+%s:%s", step_name(w->wish, w->later),
			faults[w->other].name);
	return to;
}

static unsigned mixed(unsigned n)
{
	n = (n ^ n >> 15) * 0x2c1b3c6du;
	n = (n ^ n >> 12) * 0x297a2d39u;
	return n ^ n >> 15;
}

unsigned wanted_seed(const struct wanted *w, unsigned seed)
{
	unsigned n = mixed((seed << 20) + (w->wish * 64u + w->step) * 64u + w->fault);
	return w->pair ? mixed(n + w->later * 64u + w->other + 1) : n;
}

static bool is_wanted(const struct wanted *w, const char *only)
{
	char name[RUN_NAME];
	size_t n = only ? strlen(only) : 0;
	wanted_name(name, w);
	return !n || (strncmp(name, only, n) == 0 && (!name[n] || name[n] == ':'));
}

static void add(struct plan *p, const struct plan_wish *wish, struct wanted w)
{
	w.lying |= wish->lying;
	if (w.step < wish_steps(w.wish)->steps && is_wanted(&w, wish->only) && p->runs < RUNS_MAX)
		p->run[p->runs++] = w;
}

/* One of its kin at each boundary, by the seed; of what nobody waits for at night, a restore and a
 * rehearsal, a third. */
static bool is_chosen(const struct plan_wish *wish, unsigned v, unsigned step, unsigned fault)
{
	unsigned kin = 0, place = 0;
	for (unsigned f = 0; f < fault_count; f++) {
		place = f == fault ? kin : place;
		kin += faults[f].kin == faults[fault].kin;
	}
	unsigned n = mixed(((wish->seed * 64 + v) * 64 + step) * 128 + (unsigned)faults[fault].kin);
	if (wish->all || wish->only)
		return true;
	if ((v == VERB_RESTORE || v == VERB_DRILL) && mixed(n + fault) % 3)
		return false;
	return !faults[fault].kin || n % kin == place;
}

static void add_one(
	struct plan *p, const struct plan_wish *wish, enum verb v, unsigned step, unsigned fault)
{
	if (is_chosen(wish, v, step, fault))
		add(p, wish, (struct wanted){ .wish = (uint8_t)v, (uint8_t)step, (uint8_t)fault });
}

/* A stop begins where a start ended, and a restore behind a failover that was stopped. */
static void add_singles(struct plan *p, const struct plan_wish *wish, unsigned fault)
{
	static const unsigned alone[] = { VERB_MOVE, VERB_RESTART, VERB_DRILL, ROLL_BACK };
	for (unsigned i = 0; i < 64; i++) {
		add_one(p, wish, VERB_START, i, fault);
		add_one(p, wish, VERB_STOP, i, fault);
	}
	for (unsigned a = 0; a < COUNT(alone); a++)
		for (unsigned i = 0; i < wish_steps(alone[a])->steps; i++)
			add_one(p, wish, alone[a], i, fault);
	for (unsigned i = 0; i < 64; i++) {
		add_one(p, wish, VERB_FAILOVER, i, fault);
		add_one(p, wish, VERB_RESTORE, i, fault);
	}
}

/* The first one must leave an order for the second. */
static bool may_be_first(unsigned fault)
{
	return strcmp(faults[fault].name, "none") != 0 && strncmp(faults[fault].name, "undo", 4);
}

static void add_all_pairs(struct plan *p, const struct plan_wish *wish)
{
	struct wanted w = { .pair = true };
	for (w.wish = 0; w.wish < WISHES; w.wish++)
		for (w.step = 0; w.step < wish_steps(w.wish)->steps; w.step++)
			for (w.fault = 0; w.fault < fault_count; w.fault++)
				for (w.later = w.step + 1; w.later < wish_steps(w.wish)->steps;
					w.later++)
					for (w.other = 0; w.other < fault_count; w.other++)
						add(p, wish, w);
}

/* A boundary at random of an order at random, a later one, and what goes wrong there. */
static void add_pairs(struct plan *p, const struct plan_wish *wish)
{
	unsigned n = mixed(wish->seed), drawn = 0;
	while (drawn < wish->pairs) {
		struct wanted w = { .pair = true };
		w.wish = (uint8_t)((n = mixed(n + 1)) % WISHES);
		/* These sites have no switch, and nobody here goes on from a machine prestaged. */
		if (w.wish == VERB_RESTORE_ISOLATED || w.wish == VERB_PRESTAGE)
			continue;
		unsigned steps = wish_steps(w.wish)->steps;
		w.step = (uint8_t)((n = mixed(n + 1)) % (steps - 1));
		w.later = (uint8_t)(w.step + 1 + (n = mixed(n + 1)) % (steps - 1 - w.step));
		w.fault = (uint8_t)((n = mixed(n + 1)) % fault_count);
		w.other = (uint8_t)(1 + (n = mixed(n + 1)) % (fault_count - 1));
		if (!may_be_first(w.fault))
			continue;
		drawn++;
		add(p, wish, w);
	}
}

/* The judge must be able to say no. */
static void add_lie(struct plan *p, const struct plan_wish *wish)
{
	struct wanted w = { .wish = VERB_FAILOVER, .lying = true };
	while (wish_steps(w.wish)->step[w.step].kind != DO_SILENCE)
		w.step++;
	while (strcmp(faults[w.fault].name, "bmc-says-off") != 0)
		w.fault++;
	add(p, wish, w);
}

void plan_make(struct plan *ret, const struct plan_wish *wish)
{
	ret->runs = 0;
	if (wish->only && strchr(wish->only, '+')) {
		add_all_pairs(ret, wish);
		return;
	}
	if (!wish->only)
		add_lie(ret, wish);
	for (unsigned f = 0; f < fault_count; f++)
		add_singles(ret, wish, f);
	if (!wish->lying)
		add_pairs(ret, wish);
}
