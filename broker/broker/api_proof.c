/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proofs that a persona runs nowhere else: those there are, and the one that a person signs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "broker/api.h"
#include "broker/events.h"
#include "broker/prestage.h"
#include "broker/runner.h"

enum { LISTED = 200, REASON_MIN = 4 };

static json_t *proof_json(const void *one)
{
	const struct proof *p = one;
	return json_pack("{s:I,s:I,s:s,s:s,s:i,s:s,s:f,s:s}", "id", (json_int_t)p->id, "order",
		(json_int_t)p->order, "persona", p->persona, "machine", p->machine, "generation",
		(int)p->generation, "kind", proof_word(p->kind), "at", p->at_s, "seen", p->seen);
}

void api_proof_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct proof *list = NULL;
	size_t n = 0;
	if (store_proofs(a->b->store, "", "", LISTED, &list, &n, &e) < 0)
		reply_err(to, &e, "");
	else
		reply_ok(to, json_items(list, n, sizeof *list, proof_json));
	free(list);
}

static int reason_read(char reason[], size_t size, const json_t *body, struct err *e)
{
	const struct member members[] = { { "reason", MEMBER_TEXT, reason, size, 0, true } };
	int r = members_read(body, "attest", members, COUNT(members), MEMBERS_STRICT, e);
	if (r == 0 && strlen(reason) < REASON_MIN)
		r = err_say(e, EINVAL,
			"attest: say what you saw or did at the machine: \"pulled both cords\"");
	return r;
}

/* The order that waits for this machine's silence goes on where it stopped. */
static int order_go_on(struct broker *b, const struct binding *at, struct order *o, struct err *e)
{
	struct run *run = runner_of(b->runner, at->machine);
	if (!run || run->o.at.state != ORDER_STOPPED || run_step(run)->kind != DO_SILENCE ||
		strcmp(run_machine(run), at->machine) != 0)
		return 0;
	int r = store_order_reopen(b->store, run->o.id, order_retry(run->o.verb, run->o.at), e);
	return r < 0 ? r : store_order(b->store, run->o.id, o, e);
}

/* What the machine carries, or is prestaged for. */
static int body_of(struct binding *ret, struct store *s, const char *machine, struct err *e)
{
	struct stale st;
	if (store_stale(s, machine, &st, NULL) == 0 && prestage_of(ret, s, st.persona, machine))
		return 0;
	return store_binding_of(s, machine, ret, e);
}

void api_machine_attest(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct binding at;
	struct order o = { .id = 0 };
	struct proof p = { .kind = PROOF_ATTESTED, .at_s = now_s() };
	char reason[120] = "";
	struct store *s = a->b->store;
	int r = reason_read(reason, sizeof reason, a->body, &e);
	if (r == 0 && !ways_have(&a->b->silence, WAY_PERSON))
		r = err_say(&e, EBUSY,
			"attest: this site takes nobody's word for a machine's silence (silence = "
			"%s)",
			a->b->conf.silence);
	r = r < 0 ? r : body_of(&at, s, a->arg, &e);
	if (r == 0) {
		memcpy(p.persona, at.persona, sizeof p.persona);
		memcpy(p.machine, at.machine, sizeof p.machine);
		p.generation = at.generation;
		snprintf(p.seen, sizeof p.seen, "user %u says: %s", a->uid, reason);
		r = store_begin(s, &e);
	}
	if (r == 0) {
		r = store_proof_add(s, &p, &e);
		r = r < 0 ? r : order_go_on(a->b, &at, &o, &e);
		if (r < 0)
			store_rollback(s);
		else
			r = store_commit(s, &e);
	}
	if (r < 0) {
		reply_err(to, &e, "`baton status` shows what waits for you");
		return;
	}
	event_say(a->b->events, EV_attested, &(struct event_about){ o.id, p.machine, p.persona },
		"machine=%s persona=%s generation=%u %s", p.machine, p.persona, p.generation,
		p.seen);
	if (o.id)
		runner_begin(a->b->runner, &o);
	reply_ok(to, json_pack("{s:o,s:I}", "proof", proof_json(&p), "order", (json_int_t)o.id));
}
