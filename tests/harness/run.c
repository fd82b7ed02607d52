/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run from a site at rest to a site at rest: see run.h. */
#include "tests/harness/run.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "tests/harness/rest.h"

enum { STOPS_MAX = 6, LOOKS_MAX = 400, LOOK_S = 60 };

const char *wish_word(unsigned wish)
{
	return wish == ROLL_BACK ? "roll-back" : verb_word((enum verb)wish);
}

const struct plan_of_steps *wish_steps(unsigned wish)
{
	return verb_steps(wish == ROLL_BACK ? VERB_FAILOVER : (enum verb)wish);
}

static struct body *side(struct run *r, const struct step *step)
{
	/* A drill has one machine on both sides, and its persona is another one. */
	bool from = step->side == SIDE_FROM && r->wish != VERB_DRILL;
	/* The way back goes from where the move led. */
	if (r->wish == ROLL_BACK)
		from = !from;
	return body_of(r->s, from || !*r->to ? r->from : r->to);
}

static bool at_gate(struct site *s, void *ctx)
{
	judge_now(ctx);
	return site_gate_reached(s) || rest_refused();
}

/* The move whose way back it is: the new machine does not start, or does not come up again. */
static void fail_the_move(struct run *r)
{
	bool late = r->seed / 7 % 4 == 0; /* which takes longer */
	const char *step = late ? "await-os" : "net-start";
	site_gate(r->s, 0, step);
	rest_order(r->s, "move", r->to);
	if (!site_until(r->s, at_gate, r, 7200) || rest_refused()) {
		site_wrong(r->s, "the move never came to %s", step);
		return;
	}
	site_turn(r->s); /* what it said before it came there */
	r->first = r->s->begun;
	if (late)
		body_power(body_of(r->s, r->to), true, false);
	else
		site_fake(r->s, r->to, "refuse", "power-on");
	site_gate_open(r->s);
	site_gate(r->s, r->first + 1, r->at->name);
}

/* Up to the boundary. */
static bool begin(struct run *r)
{
	if (r->wish == ROLL_BACK) {
		fail_the_move(r);
	} else {
		site_gate(r->s, 0, r->at->name);
		rest_order(r->s, wish_word(r->wish), *r->to ? r->to : r->from);
	}
	if (!*r->s->wrong && (!site_until(r->s, at_gate, r, 14400) || rest_refused()))
		site_wrong(r->s, "the boundary was never reached: %s",
			rest_refused() ? rest_refused() : "");
	site_turn(r->s); /* what it said before it came there */
	if (r->wish == ROLL_BACK)
		site_fake(r->s, r->to, "refuse", NULL);
	else
		r->first = r->s->begun;
	r->order = r->first + (r->wish == ROLL_BACK);
	rest_acknowledged(r->s, r->order);
	site_part(r->s, r->from, r->to);
	return !*r->s->wrong;
}

bool run_has_bodies(const struct run *r)
{
	return r->fault->bodies || (r->other_fault && r->other_fault->bodies);
}

bool run_is_undone(const struct run *r)
{
	return strncmp(r->fault->name, "undo", 4) == 0 ||
	       (r->other_fault && strncmp(r->other_fault->name, "undo", 4) == 0);
}

static bool can_heal(const struct run *r)
{
	return r->fault->heal || (r->both && r->other_fault->heal);
}

static void heal(struct run *r)
{
	if (!r->healed && r->fault->heal)
		r->fault->heal(r);
	if (!r->healed && r->both && r->other_fault->heal)
		r->other_fault->heal(r);
	r->healed = true;
}

static unsigned heal_s(const struct run *r)
{
	return r->both && r->other_fault->heal_s ? r->other_fault->heal_s : r->fault->heal_s;
}

static bool something(struct site *s, void *ctx)
{
	struct run *r = ctx;
	judge_now(r);
	return s->ended || (r->both && !r->followed) ||
	       (!r->healed && can_heal(r) && s->failed == r->order);
}

static void sides_set(struct run *r, const struct step *at)
{
	r->at = at;
	r->body = side(r, at);
	r->other = r->s->body[r->body == r->s->body[0]];
}

/* The broker stands at the later boundary. */
static void go_wrong_again(void *ctx)
{
	struct run *r = ctx;
	r->both = true;
	r->healed = false;
	sides_set(r, &wish_steps(r->wish)->step[r->later]);
	r->other_fault->inject(r);
	site_gate_open(r->s);
}

static void gate_again(struct run *r)
{
	if (!r->other_fault || r->both)
		return;
	r->s->at_gate = go_wrong_again;
	r->s->at_gate_ctx = r;
	site_gate(r->s, r->order, wish_steps(r->wish)->step[r->later].name);
}

static void go_wrong(struct run *r)
{
	r->s->failed = 0;
	r->s->ended = false;
	r->fault->inject(r);
	if (r->other_fault)
		gate_again(r);
	else
		site_gate_open(r->s);
	if (r->fault->then)
		r->fault->then(r);
	/* A broker that died forgot where it was to stop. */
	if (r->s->page->gate == GATE_NONE)
		gate_again(r);
}

/* What follows the second fault. */
static void follow_again(struct run *r)
{
	if (!r->both || r->followed)
		return;
	r->followed = true;
	if (r->other_fault->then)
		r->other_fault->then(r);
}

static void person(struct run *r, const json_t *order)
{
	char path[96], body[64] = "{}";
	const char *step = json_string_value(json_object_get(order, "step"));
	const char *verb = json_string_value(json_object_get(order, "verb"));
	enum verb v = VERBS;
	int status = 0;
	verb_parse(&v, verb ? verb : "");
	unsigned long long id = r->order;
	bool attest = step && strcmp(step, "silence") == 0 && r->seed % 3 == 0;
	bool undo = !attest && r->stops == 1 && r->seed % 5 == 4 && verb_undo(v) != VERBS;
	if (attest) {
		const char *from = json_string_value(json_object_get(order, "from"));
		body_power(body_of(r->s, from), false, false);
		snprintf(path, sizeof path, "/v1/machines/%s/attest", from);
		snprintf(body, sizeof body, "{\"reason\":\"pulled both cords\"}");
	} else {
		snprintf(path, sizeof path, "/v1/orders/%llu/%s", id, undo ? "undo" : "retry");
	}
	r->s->ended = false;
	if (undo)
		site_part(r->s, "", "");
	json_t *answer = site_api(r->s, "POST", path, body, &status);
	if (status != 200)
		site_wrong(r->s, "%s: status %d: %s", path, status,
			json_string_value(json_object_get(answer, "error")));
	else if (undo) {
		r->turned = true;
		r->order = (uint64_t)json_integer_value(json_object_get(answer, "id"));
		rest_acknowledged(r->s, r->order);
	}
	json_decref(answer);
}

/* Closed where it had stopped: the one that leads back has taken its place. */
static bool taken_over(struct run *r, const json_t *order)
{
	const char *why = json_string_value(json_object_get(order, "why"));
	uint64_t next = why && *why ? rest_undoing(r->s, r->order) : 0;
	if (!next)
		return false;
	r->turned = true;
	r->order = next;
	rest_acknowledged(r->s, next);
	return true;
}

static bool is_begun(struct site *s, void *ctx)
{
	return s->begun > *(uint64_t *)ctx || rest_refused();
}

/* It was taken back. Where that left the persona where it was, it is ordered once more, and its
 * machine is on, whatever was seen before. */
static bool order_again(struct run *r)
{
	struct body *b = body_of(r->s, *r->from ? r->from : r->to);
	uint64_t last = r->s->begun;
	r->again = false;
	if (!rest_read(r->s) || strcmp(rest_carrier(), r->from) != 0)
		return false;
	r->generation = rest_generation();
	if (!b->on)
		body_power(b, true, true);
	rest_order(r->s, wish_word(r->wish), *r->to ? r->to : r->from);
	if (!site_until(r->s, is_begun, &last, 600))
		site_wrong(r->s, "it was ordered again, and nothing was heard of it");
	if (*r->s->wrong || rest_refused())
		return false;
	r->turned = false;
	r->order = r->s->begun;
	rest_acknowledged(r->s, r->order);
	return true;
}

/* Until the order is done, whatever it takes; each stop must say what is missing. */
static void follow(struct run *r)
{
	int64_t begun = site_now_ns(r->s);
	bool done = false;
	for (int i = 0; i < LOOKS_MAX && !done && !*r->s->wrong; i++) {
		unsigned most = heal_s(r);
		site_until(r->s, something, r, most && !r->healed ? most : LOOK_S);
		follow_again(r);
		bool late = most && site_now_ns(r->s) - begun > most * SECOND_NS;
		if (!r->healed && (late || (r->s->failed == r->order && r->seed % 2)))
			heal(r);
		else if (r->s->failed == r->order)
			r->s->failed = 0;
		r->s->ended = false;
		json_t *order = rest_get_order(r->s, r->order);
		const char *state = json_string_value(json_object_get(order, "state"));
		if (!state) {
			site_wrong(r->s, "order %llu is not in the store",
				(unsigned long long)r->order);
		} else if (strcmp(state, "stopped") == 0) {
			judge_stopped(r, order);
			heal(r);
			if (++r->stops > STOPS_MAX)
				site_wrong(r->s, "order %llu stopped %u times, last with: %s",
					(unsigned long long)r->order, r->stops,
					json_string_value(json_object_get(order, "why")));
			else
				person(r, order);
		} else if (strcmp(state, "done") == 0) {
			done = !taken_over(r, order) && !(r->again && order_again(r));
		}
		json_decref(order);
	}
	site_part(r->s, "", "");
	if (!done)
		site_wrong(r->s, "order %llu does not end", (unsigned long long)r->order);
}

/* Somebody goes to the machine that has no part in it any more and switches it off. */
static void tidy(struct run *r)
{
	for (int i = 0; i < BODIES; i++) {
		struct body *b = r->s->body[i];
		if (run_has_bodies(r) && b->on && strcmp(rest_carrier(), b->name) != 0)
			body_power(b, false, false);
	}
}

void run_do(struct run *r)
{
	r->at = &wish_steps(r->wish)->step[r->step];
	if (!rest_before(r))
		return;
	sides_set(r, r->at);
	if (!begin(r))
		return;
	go_wrong(r);
	follow(r);
	heal(r);
	r->s->at_gate = NULL;
	r->s->page->gate = GATE_NONE;
	if (!*r->s->wrong)
		judge_end(r);
	tidy(r);
}
