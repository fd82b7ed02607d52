/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done for each kind of step: see steps.h. What concerns the machine that a persona leaves
 * acts on the binding between the two: where there is none, there is nothing to take back. */
#include "broker/steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/hands.h"
#include "broker/members.h"
#include "broker/publish.h"

struct sides {
	struct persona p;
	struct machine m;
};

static enum step_now failed(char why[320], const struct err *e)
{
	snprintf(why, 320, "%s", e->text);
	return STEP_NOW_FAILED;
}

static enum step_now done_with(char why[320], const char *sentence)
{
	snprintf(why, 320, "%s", sentence);
	return STEP_NOW_DONE;
}

/* An order that takes back a fresh start or move whose shim had not reported yet: no card can have
 * been written, for none is before the report. The machine need not boot to be as it was. A wait
 * for `written` that was ever begun says otherwise, also when a retry went back before it. */
static bool nothing_written(const struct run *run)
{
	struct order was;
	struct order_step *begun = NULL;
	size_t n = 0;
	if (!run->o.undoes || store_order(run->b->store, run->o.undoes, &was, NULL) < 0 ||
		was.undoes || was.verb == VERB_STOP || strcmp(was.to, run->o.from) != 0 ||
		store_order_steps(run->b->store, was.id, &begun, &n, NULL) < 0)
		return false;
	const struct plan_of_steps *plan = verb_steps(was.verb);
	unsigned written = 0;
	while (plan->step[written].kind != DO_AWAIT_WRITTEN || plan->step[written].side != SIDE_TO)
		written++;
	bool none = was.at.step < written;
	for (size_t i = 0; i < n; i++)
		none = none && begun[i].step != written;
	free(begun);
	return none;
}

/* A list of the words that stand in text with blanks between. */
static json_t *words(const char *text)
{
	json_t *list = json_array();
	while (*text) {
		size_t len = strcspn(text, " ");
		if (len)
			json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == ' ');
	}
	return list;
}

static json_t *bmc_deed(const char *deed, const struct machine *m)
{
	return json_pack("{s:s,s:{s:s,s:s,s:i,s:s,s:s,s:i,s:o}}", "deed", deed, "bmc", "kind",
		m->bmc.kind, "host", m->bmc.host, "port", (int)m->bmc.port, "user", m->bmc.user,
		"secret", m->bmc.secret, "cipher", (int)m->bmc.cipher, "quirks",
		words(m->bmc.quirks));
}

static json_t *san_deed(const struct persona *p)
{
	json_t *portals = json_array();
	for (unsigned i = 0; i < p->paths; i++) {
		char ip[IP4_TEXT], portal[IP4_TEXT + 8];
		snprintf(portal, sizeof portal, "%s:%u", ip4_text(ip, p->path[i].addr),
			p->path[i].port);
		json_array_append_new(portals, json_string(portal));
	}
	return json_pack("{s:s,s:{s:s,s:o,s:s,s:I,s:s,s:s},s:i}", "deed", "san-look", "san", "kind",
		p->san, "portals", portals, "target", p->target, "lun", (json_int_t)p->lun, "user",
		p->chap_user, "secret", p->chap_secret, "timeout_ms", 5000);
}

/* One more sentence of what stands in the way. */
static void trouble_add(struct run *run, const char *why)
{
	size_t at = strlen(run->trouble);
	snprintf(run->trouble + at, sizeof run->trouble - at, "%s%s", at ? "; " : "", why);
}

static void hand_came_back(struct run *run, int slot)
{
	run->hand[slot] = 0;
	run->hands--;
}

/* Every hand's end but the preflight's. */
static void deed_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	hand_came_back(run, 0);
	if (r->ok)
		run_end(run, STEP_DONE, "");
	else if (run_step(run)->kind == DO_SHUT_DOWN)
		run_end(run, STEP_DONE, r->why); /* the power-off that follows is the proof */
	else
		run_end(run, STEP_FAILED, r->why);
}

static enum step_now deed_start(
	struct run *run, int slot, json_t *built, hand_done *done, char why[320])
{
	OWN(json) json_t *deed = built;
	struct err e = { 0 };
	if (!deed)
		err_set(&e, ENOMEM, "deed");
	else if (hand_start(&run->hand[slot], run->b->hands, deed, run_step(run)->timeout_s * 1000,
			 done, run, &e) == 0)
		run->hands++;
	return e.code ? failed(why, &e) : STEP_WAITS;
}

static void preflight_end(struct run *run)
{
	if (run->hands)
		return;
	char why[sizeof run->trouble];
	memcpy(why, run->trouble, sizeof why);
	run_end(run, *why ? STEP_FAILED : STEP_DONE, why);
}

static void probe_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	hand_came_back(run, 0);
	if (!r->ok)
		trouble_add(run, r->why);
	preflight_end(run);
}

static void look_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	hand_came_back(run, 1);
	if (!r->ok)
		trouble_add(run, r->why);
	else if (json_is_false(json_object_get(r->body, "bootable")))
		trouble_add(run, "the disk carries no boot code: install a system on it, or name "
				 "the right LUN");
	preflight_end(run);
}

static int sides_read(struct sides *ret, const struct run *run, struct err *e)
{
	int r = store_persona(run->b->store, run->o.persona, &ret->p, e);
	return r < 0 ? r : store_machine(run->b->store, run_machine(run), &ret->m, e);
}

static enum step_now preflight(struct run *run, const struct sides *s, char why[320])
{
	for (unsigned i = 0; i < s->p.nics; i++) {
		if (nic_for(&s->m, &s->p, i) >= 0)
			continue;
		snprintf(why, 320, "machine %s has no NIC left that carries NIC %u of %s on %s",
			s->m.name, i, s->p.name, s->p.nic[i].network);
		return STEP_NOW_FAILED;
	}
	enum step_now now = deed_start(run, 0, bmc_deed("bmc-probe", &s->m), probe_done, why);
	if (now == STEP_WAITS && *s->p.target)
		now = deed_start(run, 1, san_deed(&s->p), look_done, why);
	return now;
}

static enum step_now power_off(struct run *run, const struct machine *m, bool soft, char why[320])
{
	json_t *deed = bmc_deed("bmc-off", m);
	unsigned ms = run_step(run)->timeout_s * 1000;
	json_object_set_new(deed, "soft", json_boolean(soft));
	if (soft)
		json_object_set_new(deed, "soft_ms", json_integer(ms * 2 / 3));
	json_object_set_new(deed, "timeout_ms", json_integer(soft ? ms / 6 : ms * 2 / 3));
	return deed_start(run, 0, deed, deed_done, why);
}

static enum step_now net_start(struct run *run, const struct machine *m, char why[320])
{
	json_t *deed = bmc_deed("bmc-net-start", m);
	json_object_set_new(
		deed, "timeout_ms", json_integer(run_step(run)->timeout_s * 1000 * 2 / 3));
	return deed_start(run, 0, deed, deed_done, why);
}

/* One change of the binding and the table that follows from it, in one transaction; only a
 * table that lies in its place lets the order go on. */
static enum step_now change(
	struct run *run, int (*what)(struct run *run, struct err *e), char why[320])
{
	struct err e = { 0 };
	struct store *s = run->b->store;
	if (store_begin(s, &e) < 0)
		return failed(why, &e);
	int r = what(run, &e);
	if (r == 0)
		r = publish_build(run->b->publisher, &e);
	if (r < 0)
		store_rollback(s);
	else
		r = store_commit(s, &e);
	if (r < 0)
		return failed(why, &e);
	/* The change holds, so its table follows, also where the step that made it has no more to
	 * do when it is begun again: an unbind finds nothing bound. */
	if (publish_put(run->b->publisher, &e) == 0)
		return STEP_NOW_DONE;
	publish_later(run->b->publisher, &e);
	return failed(why, &e);
}

static int claim(struct run *run, struct err *e)
{
	struct binding b;
	int r = store_bind(run->b->store, run->o.persona, run->o.to, &b, e);
	if (r == 0 && b.phase != PHASE_IDENTITY)
		r = store_phase_set(run->b->store, &b, PHASE_IDENTITY, e);
	return r;
}

static int release(struct run *run, struct err *e)
{
	struct binding b;
	int r = store_binding(run->b->store, run->o.persona, &b, e);
	if (r == 0 && b.phase != PHASE_RESTORE)
		r = store_phase_set(run->b->store, &b, PHASE_RESTORE, e);
	return r;
}

static int unbind(struct run *run, struct err *e)
{
	struct binding b;
	int r = store_binding(run->b->store, run->o.persona, &b, e);
	return r < 0 ? r : store_unbind(run->b->store, &b, e);
}

/* What needs no doing because the machine was never touched, or no card of it was. */
static bool needless(const struct run *run, const struct binding *b, bool bound, const char **why)
{
	const struct step *s = run_step(run);
	*why = NULL;
	if (s->side != SIDE_FROM)
		return false;
	if (!bound)
		*why = "nothing to take back: the machine does not carry the persona";
	else if (s->kind == DO_SHUT_DOWN && b->phase != PHASE_PERSONA)
		*why = "no OS runs there";
	else if ((s->kind == DO_NET_START || s->kind == DO_AWAIT_SHIM ||
			 s->kind == DO_AWAIT_WRITTEN) &&
		 nothing_written(run))
		*why = "nothing to restore: no card was written";
	return *why != NULL;
}

enum step_now step_do(struct run *run, char why[320])
{
	struct sides s;
	struct binding b = { .generation = 0 };
	struct err e = { 0 };
	const char *sentence;
	int r = store_binding(run->b->store, run->o.persona, &b, &e);
	if (r < 0 && r != -ENOENT)
		return failed(why, &e);
	bool bound = r == 0 && strcmp(b.machine, run_machine(run)) == 0;
	if (needless(run, &b, bound, &sentence))
		return done_with(why, sentence);
	if (sides_read(&s, run, &e) < 0)
		return failed(why, &e);
	switch (run_step(run)->kind) {
	case DO_PREFLIGHT:
		return preflight(run, &s, why);
	case DO_CLAIM:
		return change(run, claim, why);
	case DO_SHUT_DOWN:
		return power_off(run, &s.m, true, why);
	case DO_POWER_OFF:
		return power_off(run, &s.m, false, why);
	case DO_RELEASE:
		return change(run, release, why);
	case DO_UNBIND:
		return change(run, unbind, why);
	case DO_NET_START:
		return net_start(run, &s.m, why);
	case DO_AWAIT_SHIM:
	case DO_AWAIT_WRITTEN:
		return STEP_WAITS;
	case DO_ARM_NEXT:
		/* The table of the second boot must lie there before the shim hears 200. */
		if (publish(run->b->publisher, &e) < 0)
			return failed(why, &e);
		return deed_start(run, 0, bmc_deed("bmc-arm", &s.m), deed_done, why);
	case DO_AWAIT_OS:
		return run->os_seen ? STEP_NOW_DONE : STEP_WAITS;
	}
	return STEP_NOW_FAILED;
}
