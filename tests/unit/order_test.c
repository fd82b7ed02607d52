/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes after what: every verb ends, a move restores the old machine first, and a retry
 * begins where the machine is off again. */
#include "core/order.h"

#include "tests/unit/tap.h"

static const struct step *step_of(enum verb v, unsigned i)
{
	return &verb_steps(v)->step[i];
}

static void steps_that_work_lead_to_done(void)
{
	for (int v = 0; v < VERBS; v++) {
		struct order_at at = { ORDER_RUNNING, 0, 0 };
		unsigned turns = 0;
		while (at.state == ORDER_RUNNING && ++turns < 100)
			at = order_turn((enum verb)v, at, STEP_DONE);
		CHECK_INT(at.state, ORDER_DONE);
		CHECK_INT(turns, verb_steps((enum verb)v)->steps);
		CHECK_INT(order_turn((enum verb)v, at, STEP_DONE).state, ORDER_DONE);
	}
}

static void a_step_that_fails_is_tried_as_often_as_it_says(void)
{
	for (int v = 0; v < VERBS; v++) {
		for (unsigned i = 0; i < verb_steps((enum verb)v)->steps; i++) {
			struct order_at at = { ORDER_RUNNING, i, 0 };
			unsigned tries = 0;
			if (i < verb_steps((enum verb)v)->turn)
				continue;
			while (at.state == ORDER_RUNNING && ++tries < 100)
				at = order_turn((enum verb)v, at, STEP_FAILED);
			CHECK_INT(at.state, ORDER_STOPPED);
			CHECK_INT(at.step, i);
			CHECK_INT(tries, step_of((enum verb)v, i)->tries);
		}
	}
}

/* docs/design/0020: whatever fails, all is taken back, and the order of it is a stop's. */
static void a_drill_that_fails_turns_to_take_back(void)
{
	const struct plan_of_steps *p = verb_steps(VERB_DRILL);
	for (unsigned i = 0; i < p->turn; i++) {
		struct order_at at = { ORDER_RUNNING, i, 0 };
		unsigned tries = 0;
		CHECK(!verb_takes_back(VERB_DRILL, i));
		CHECK_INT(p->step[i].side, SIDE_TO);
		while (at.step == i && ++tries < 100)
			at = order_turn(VERB_DRILL, at, STEP_FAILED);
		CHECK_INT(tries, p->step[i].tries);
		CHECK_INT(at.state, ORDER_RUNNING);
		CHECK_INT(at.step, p->turn);
		CHECK_INT(at.tries, 0);
	}
	CHECK_INT(p->step[p->turn - 1].kind, DO_AWAIT_OS);
	CHECK_INT(p->step[p->turn].kind, DO_SHUT_DOWN);
	CHECK_INT(p->step[p->steps - 3].kind, DO_UNBIND);
	CHECK_INT(p->step[p->steps - 2].kind, DO_CLONE_REMOVE);
	CHECK_INT(p->step[p->steps - 1].kind, DO_FORGET);
	for (int v = 0; v < VERBS; v++)
		CHECK(v == VERB_DRILL || !verb_takes_back((enum verb)v, 0));
}

static void a_retried_wait_begins_at_a_power_off(void)
{
	for (int v = 0; v < VERBS; v++) {
		for (unsigned i = 0; i < verb_steps((enum verb)v)->steps; i++) {
			const struct step *s = step_of((enum verb)v, i);
			struct order_at at = order_retry(
				(enum verb)v, (struct order_at){ ORDER_STOPPED, i, s->tries });
			CHECK_INT(at.state, ORDER_RUNNING);
			CHECK_INT(at.tries, 0);
			bool waits = s->kind == DO_AWAIT_SHIM || s->kind == DO_AWAIT_WRITTEN ||
				     s->kind == DO_AWAIT_ASK || s->kind == DO_AWAIT_OS;
			const struct step *from = step_of((enum verb)v, at.step);
			CHECK(waits ? from->kind == DO_POWER_OFF && from->side == s->side
				    : at.step == i);
		}
	}
}

/* It goes back from where the old machine is free, and never from before. */
static void what_does_not_come_up_goes_back(void)
{
	for (int v = 0; v < VERBS; v++) {
		bool moves = v == VERB_MOVE || v == VERB_FAILOVER, given_up = false;
		for (unsigned i = 0; i < verb_steps((enum verb)v)->steps; i++) {
			enum deed_kind kind = step_of((enum verb)v, i)->kind;
			CHECK_INT(verb_rolls_back((enum verb)v, i), moves && given_up);
			given_up = given_up || kind == DO_UNBIND || kind == DO_ABANDON;
		}
	}
}

static void a_move_frees_the_old_machine_before_the_new_one_is_claimed(void)
{
	int unbound = -1, claimed = -1, off = -1, released = -1;
	for (unsigned i = 0; i < verb_steps(VERB_MOVE)->steps; i++) {
		const struct step *s = step_of(VERB_MOVE, i);
		if (s->kind == DO_UNBIND && s->side == SIDE_FROM)
			unbound = (int)i;
		if (s->kind == DO_CLAIM && s->side == SIDE_TO)
			claimed = (int)i;
		if (s->kind == DO_POWER_OFF && s->side == SIDE_FROM && off < 0)
			off = (int)i;
		if (s->kind == DO_RELEASE)
			released = (int)i;
	}
	CHECK(off >= 0 && off < released && released < unbound && unbound < claimed);
}

static int first_of(enum verb v, enum deed_kind kind, enum side side)
{
	for (unsigned i = 0; i < verb_steps(v)->steps; i++)
		if (step_of(v, i)->kind == kind && step_of(v, i)->side == side)
			return (int)i;
	return -1;
}

/* docs/design/0015: the old one is fenced and silent before anybody else is claimed, and the secret
 * is given out after the second look. */
static void a_new_body_comes_after_the_fence_and_the_silence(void)
{
	static const enum verb changes[] = { VERB_MOVE, VERB_FAILOVER };
	for (int i = 0; i < 2; i++) {
		enum verb v = changes[i];
		int silent = first_of(v, v == VERB_MOVE ? DO_POWER_OFF : DO_SILENCE, SIDE_FROM);
		int freed = first_of(v, v == VERB_MOVE ? DO_UNBIND : DO_ABANDON, SIDE_FROM);
		int claimed = first_of(v, DO_CLAIM, SIDE_TO);
		CHECK(silent >= 0 && silent < freed && freed < claimed);
		CHECK(first_of(v, DO_FENCE, SIDE_FROM) >= 0);
		CHECK(first_of(v, DO_FENCE, SIDE_FROM) < freed);
	}
	for (int v = 0; v < VERBS; v++) {
		int claimed = first_of((enum verb)v, DO_CLAIM, SIDE_TO);
		int on = first_of((enum verb)v, DO_NET_START, SIDE_TO);
		int fenced = first_of((enum verb)v, DO_FENCE, SIDE_TO);
		int looked = first_of((enum verb)v, DO_LOOK_AGAIN, SIDE_TO);
		int armed = first_of((enum verb)v, DO_ARM_NEXT, SIDE_TO);
		/* Nobody boots the disk of one that is prestaged: no secret is given out. */
		if (v == VERB_PRESTAGE)
			CHECK(claimed < on && fenced < 0 && looked < 0 && armed < 0);
		else if (claimed >= 0)
			CHECK(claimed < fenced && fenced < on && on < looked && looked < armed);
	}
}

/* What was prestaged may have got lost: the machine's question is heard before the shim is waited
 * for, so that what it says may still lead to the shim. */
static void the_first_question_comes_before_the_shim(void)
{
	for (int v = 0; v < VERBS; v++) {
		int on = first_of((enum verb)v, DO_NET_START, SIDE_TO);
		int asks = first_of((enum verb)v, DO_AWAIT_ASK, SIDE_TO);
		int shim = first_of((enum verb)v, DO_AWAIT_SHIM, SIDE_TO);
		CHECK(asks < 0 || (on < asks && asks < shim));
	}
	unsigned last = verb_steps(VERB_PRESTAGE)->steps - 1;
	CHECK_INT(step_of(VERB_PRESTAGE, last)->kind, DO_KEEP);
	CHECK_INT(step_of(VERB_PRESTAGE, last - 1)->kind, DO_POWER_OFF);
}

static void step_names_are_unique_within_a_verb(void)
{
	for (int v = 0; v < VERBS; v++)
		for (unsigned i = 0; i < verb_steps((enum verb)v)->steps; i++)
			for (unsigned j = 0; j < i; j++)
				CHECK(strcmp(step_of((enum verb)v, i)->name,
					      step_of((enum verb)v, j)->name) != 0);
}

static void words_come_back(void)
{
	enum verb v;
	enum order_state s;
	CHECK(verb_parse(&v, "move") && v == VERB_MOVE && !verb_parse(&v, "swap"));
	CHECK(order_state_parse(&s, "stopped") && s == ORDER_STOPPED);
	CHECK(!order_state_parse(&s, ""));
	CHECK_INT(verb_undo(VERB_START), VERB_STOP);
	CHECK_INT(verb_undo(VERB_STOP), VERB_START);
	CHECK_INT(verb_undo(VERB_MOVE), VERB_MOVE);
	CHECK_INT(verb_undo(VERB_FAILOVER), VERB_STOP);
	CHECK_INT(verb_undo(VERB_RESTART), VERB_RESTART);
	CHECK_INT(verb_undo(VERB_RESTORE), VERBS);
	CHECK_INT(verb_undo(VERB_DRILL), VERBS);
	CHECK_INT(verb_undo(VERB_PRESTAGE), VERB_STOP);
}

static void every_word_of_a_verb_is_read_back(void)
{
	for (enum verb v = 0; v < VERBS; v++) {
		enum verb back = VERBS;
		CHECK(strlen(verb_word(v)) < VERB_TEXT);
		CHECK(verb_parse(&back, verb_word(v)));
		CHECK_INT(back, v);
	}
}

TESTS(T(every_word_of_a_verb_is_read_back), T(steps_that_work_lead_to_done),
	T(a_step_that_fails_is_tried_as_often_as_it_says), T(a_drill_that_fails_turns_to_take_back),
	T(a_retried_wait_begins_at_a_power_off), T(what_does_not_come_up_goes_back),
	T(a_move_frees_the_old_machine_before_the_new_one_is_claimed),
	T(a_new_body_comes_after_the_fence_and_the_silence),
	T(the_first_question_comes_before_the_shim), T(step_names_are_unique_within_a_verb),
	T(words_come_back))
