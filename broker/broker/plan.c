/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans that wait for their pre-flight: see plan.h. */
#include "broker/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/preflight.h"

/* A client waits for 90 s (cli/client.c). Each pre-flight may have three hands. */
enum { AT_ONCE = 4, ASK_MS = 20000, ALL_MS = 60000 };

struct plan;

struct item {
	struct plan *plan;
	struct planned what;
	struct preflight *preflight; /* NULL: not begun, or over */
};

struct plan {
	struct plan *next;
	struct broker *b;
	struct http_request *request;
	json_t *body;
	struct item *item;
	size_t n, begun;
	unsigned running;
	uv_timer_t timer; /* begins, and then ends it where hands are slow */
};

struct plans {
	struct plan *first;
};

int plans_open(struct plans **ret, struct err *e)
{
	*ret = calloc(1, sizeof **ret);
	return *ret ? 0 : err_set(e, ENOMEM, "plans");
}

static void plan_gone(uv_handle_t *h)
{
	struct plan *p = h->data;
	json_decref(p->body);
	free(p->item);
	free(p);
}

static void plan_drop(struct plan *p)
{
	for (struct plan **at = &p->b->plans->first; *at; at = &(*at)->next) {
		if (*at == p) {
			*at = p->next;
			break;
		}
	}
	for (size_t i = 0; i < p->n; i++)
		preflight_forget(p->item[i].preflight);
	uv_close((uv_handle_t *)&p->timer, plan_gone);
}

void plans_close(struct plans *p)
{
	while (p && p->first)
		plan_drop(p->first);
	free(p);
}

static json_int_t bad_of(const json_t *checks)
{
	size_t i;
	json_t *check;
	json_int_t n = 0;
	json_array_foreach(checks, i, check) n +=
		strcmp(json_string_value(json_object_get(check, "finding")),
			finding_word(FINDING_BAD)) == 0;
	return n;
}

static void checks_put(struct item *it, const struct checklist *l)
{
	json_object_set_new(it->what.to, "checks", checklist_json(l));
}

static void plan_end(struct plan *p)
{
	struct reply to = { 0 };
	json_int_t bad = 0;
	for (size_t i = 0; i < p->n; i++)
		bad += bad_of(json_object_get(p->item[i].what.to, "checks"));
	json_object_set_new(p->body, "bad", json_integer(bad));
	reply_ok(&to, json_incref(p->body));
	reply_send(p->request, &to);
	plan_drop(p);
}

static void plan_go_on(struct plan *p);

static void item_done(void *ctx, const struct checklist *l)
{
	struct item *it = ctx;
	it->preflight = NULL;
	it->plan->running--;
	checks_put(it, l);
	plan_go_on(it->plan);
}

static void item_begin(struct item *it)
{
	struct err e = { 0 };
	struct checklist l = { 0 };
	if (!*it->what.o.persona)
		return;
	if (preflight_begin(&it->preflight, it->plan->b, &it->what.o, PREFLIGHT_PLAN, ASK_MS,
		    item_done, it, &e) == 0) {
		it->plan->running++;
		return;
	}
	it->preflight = NULL;
	checklist_add(&l, CHECK_can_begin, it->what.o.persona, FINDING_BAD, "%s", e.text);
	checks_put(it, &l);
}

static void plan_go_on(struct plan *p)
{
	while (p->begun < p->n && p->running < AT_ONCE)
		item_begin(&p->item[p->begun++]);
	if (p->running == 0)
		plan_end(p);
}

static void plan_late(uv_timer_t *t)
{
	struct plan *p = t->data;
	for (size_t i = 0; i < p->n; i++) {
		struct item *it = &p->item[i];
		struct checklist l = { 0 };
		if (json_object_get(it->what.to, "checks"))
			continue;
		checklist_add(&l, CHECK_bmc_answers, it->what.o.persona, FINDING_UNKNOWN,
			"no time was left to ask: a plan has %d s; plan fewer at once",
			ALL_MS / 1000);
		checks_put(it, &l);
	}
	plan_end(p);
}

static void plan_begin(uv_timer_t *t)
{
	struct plan *p = t->data;
	uv_timer_start(&p->timer, plan_late, ALL_MS, 0);
	plan_go_on(p);
}

void plan_answer(
	const struct ask *a, struct reply *to, json_t *body, const struct planned *list, size_t n)
{
	struct plan *p = calloc(1, sizeof *p);
	struct item *item = calloc(n ? n : 1, sizeof *item);
	if (!p || !item || !body) {
		free(p);
		free(item);
		json_decref(body);
		reply_say(to, 500, "try again", "out of memory");
		return;
	}
	*p = (struct plan){
		.next = a->b->plans->first, .b = a->b, .request = a->request, .body = body
	};
	p->item = item;
	p->n = n;
	for (size_t i = 0; i < n; i++)
		item[i] = (struct item){ .plan = p, .what = list[i] };
	a->b->plans->first = p;
	p->timer.data = p;
	uv_timer_init(a->b->loop, &p->timer);
	uv_timer_start(&p->timer, plan_begin, 0, 0);
	to->status = 0;
}

json_t *plan_refused(const struct order *o, const char *why)
{
	struct checklist l = { 0 };
	checklist_add(&l, CHECK_can_begin, o->persona, FINDING_BAD, "%s", why);
	return checklist_json(&l);
}
