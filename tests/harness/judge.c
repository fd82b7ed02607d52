/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold, whatever was killed, cut or told a lie. That no two bodies write is target.c's.
 */
#include <stdio.h>
#include <string.h>

#include "tests/harness/rest.h"
#include "tests/harness/target.h"

enum { UP_S = 1800, SENTENCE_MIN = 20 };

void judge_now(struct run *r)
{
	const struct body *a = r->s->body[0], *b = r->s->body[1];
	for (int i = 0; i < WIRES && !run_has_bodies(r) && a->on && b->on; i++)
		if (mac_equal(&a->card[i].mac, &b->card[i].mac))
			site_wrong(r->s, "both machines are on and hold one MAC");
}

void judge_stopped(struct run *r, const json_t *order)
{
	const char *why = json_string_value(json_object_get(order, "why"));
	if (!why || strlen(why) < SENTENCE_MIN || !strchr(why, ' '))
		site_wrong(r->s, "an order has stopped and does not say what is missing: \"%s\"",
			why ? why : "");
}

static double number_in(const json_t *j, const char *name)
{
	return json_number_value(json_object_get(j, name));
}

/* Each step of an order that is done was journaled: its beginning, and then its end. */
static void judge_journal(struct run *r, const json_t *order)
{
	size_t i;
	const json_t *step;
	const char *why = json_string_value(json_object_get(order, "why"));
	if (why && *why)
		return; /* taken back where it stood */
	json_array_foreach(json_object_get(order, "steps"), i, step)
	{
		double begun = number_in(step, "begun"), ended = number_in(step, "ended");
		const char *state = json_string_value(json_object_get(step, "state"));
		/* What a drill that failed never came to. */
		if (state && strcmp(state, "skipped") == 0)
			continue;
		if (begun <= 0 || ended < begun)
			site_wrong(r->s,
				"order %llu: step %s is not in the journal as begun and ended",
				(unsigned long long)r->order,
				json_string_value(json_object_get(step, "name")));
	}
}

/* The body that the persona left was proved harmless, in that generation. */
static void judge_proof(struct run *r)
{
	bool left = r->wish == VERB_STOP || r->wish == VERB_MOVE || r->wish == VERB_FAILOVER;
	bool found = false;
	int status = 0;
	size_t i;
	json_t *p, *j;
	if (!left || (!strcmp(rest_carrier(), r->from) && rest_generation() == r->generation))
		return;
	j = site_api(r->s, "GET", "/v1/proofs", NULL, &status);
	json_array_foreach(json_object_get(j, "items"), i, p)
	{
		const char *machine = json_string_value(json_object_get(p, "machine"));
		const char *kind = json_string_value(json_object_get(p, "kind"));
		/* What an earlier order saw is old; a person's word is not. */
		bool own = r->wish != VERB_FAILOVER || r->turned ||
			   (uint64_t)number_in(p, "order") == r->order ||
			   (kind && strcmp(kind, "attested") == 0);
		found |= own && machine && kind && strcmp(machine, r->from) == 0 &&
			 (unsigned)number_in(p, "generation") == r->generation &&
			 strcmp(kind, "storage") != 0;
	}
	json_decref(j);
	if (!found)
		site_wrong(r->s,
			"%s lost the persona of generation %u without a proof of its silence",
			r->from, r->generation);
}

static bool is_up(struct site *s, void *ctx)
{
	(void)ctx;
	return body_writes(body_of(s, rest_carrier()), rest_generation());
}

/* What a person reads at 3 a.m.: whether it runs, and if not, why and what to type. */
static void judge_said(struct run *r, bool up)
{
	if (!rest_read(r->s))
		return;
	bool halted = strcmp(rest_state(), "halted") == 0;
	if (up ? strcmp(rest_state(), "running") != 0 : !halted && !*rest_why())
		site_wrong(r->s, "the persona %s, and its status says \"%s\" (%s)",
			up ? "runs" : "does not run", rest_state(), rest_why());
	else if (!up && !strstr(rest_why(), "`baton "))
		site_wrong(r->s, "the persona is halted and nobody is told what to type: \"%s\"",
			rest_why());
	else if (up && !r->turned && *rest_why())
		site_wrong(r->s, "the persona runs, and it is said: %s", rest_why());
}

/* It runs where the store says, alone at its disk; or nowhere. */
static void judge_body(struct run *r)
{
	struct site *s = r->s;
	const char *on = rest_carrier();
	bool ours = false;
	if (*on) {
		struct body *b = body_of(s, on);
		bool person = run_has_bodies(r) || run_is_undone(r) || r->stops;
		if (person && (!b->on || b->at == BODY_IDLE))
			body_power(b, true, true);
		bool up = site_until(s, is_up, r, UP_S);
		if (up || r->turned)
			judge_said(r, up);
		/* What a person has taken back may leave it half-way; then a stop ends it. */
		if (!up && r->turned) {
			rest_give_up(s);
			on = rest_carrier();
		} else if (!up)
			site_wrong(s,
				"%s should run the persona in generation %u: it is %s, at %d, with "
				"session "
				"%u of generation %u",
				on, rest_generation(), b->on ? "on" : "off", (int)b->at, b->session,
				b->runs);
	}
	unsigned accounts = target_accounts(s, rest_generation(), &ours);
	if (accounts > 1 || (*on && !ours && !r->turned))
		site_wrong(s, "the target has %u accounts, generation %u is %samong them", accounts,
			rest_generation(), ours ? "" : "not ");
	if (target_sessions(s) != (*on ? 1 : 0))
		site_wrong(s, "%u sessions at the target", target_sessions(s));
	on = rest_carrier();
	for (int i = 0; i < BODIES; i++)
		if (strcmp(s->body[i]->name, on) != 0 && !rest_is_stale(s->body[i]->name) &&
			!body_factory(s->body[i]))
			site_wrong(s,
				"%s carries nothing and is not stale, but its card holds no "
				"factory address",
				s->body[i]->name);
}

/* Nothing is left of it, and what it rehearsed was not touched. */
static void judge_drill(struct run *r, const json_t *order)
{
	const char *result =
		json_string_value(json_object_get(json_object_get(order, "drill"), "result"));
	if (strcmp(r->fault->name, "none") == 0 && !r->other_fault &&
		(!result || strcmp(result, "up") != 0))
		site_wrong(r->s, "nothing went wrong, and the rehearsal's report is \"%s\"",
			result ? result : "");
	if (rest_personas() != 1)
		site_wrong(
			r->s, "the rehearsal is over, and there are %u personas", rest_personas());
	if (target_copy_is(r->s))
		site_wrong(r->s, "the rehearsal is over, and its copy of the disk is there");
	if (strcmp(rest_carrier(), r->from) != 0 || rest_generation() != r->generation)
		site_wrong(r->s, "%s carried the persona in generation %u; now \"%s\" does in %u",
			r->from, r->generation, rest_carrier(), rest_generation());
	if (rest_is_stale(r->to))
		site_wrong(r->s, "%s is stale of a rehearsal", r->to);
}

static void judge_store(struct run *r, const json_t *order)
{
	if (rest_open())
		site_wrong(r->s, "%u orders are left open", rest_open());
	if (rest_generation() < r->generation)
		site_wrong(r->s, "the generation fell from %u to %u", r->generation,
			rest_generation());
	judge_proof(r);
	if (r->wish == VERB_DRILL)
		judge_drill(r, order);
}

void judge_end(struct run *r)
{
	json_t *order = rest_get_order(r->s, r->order);
	judge_journal(r, order);
	if (r->order != r->first) {
		json_t *first = rest_get_order(r->s, r->first);
		if (!first)
			site_wrong(r->s, "order %llu is lost", (unsigned long long)r->first);
		json_decref(first);
	}
	bool read = rest_read(r->s);
	if (read)
		judge_store(r, order);
	json_decref(order);
	if (!read)
		return;
	judge_body(r);
	target_judge_all(r->s);
}
