/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the signs of those who are watched lead to: see health.h. */
#include "broker/health.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/events.h"
#include "broker/patients.h"
#include "broker/placing.h"
#include "broker/runner.h"

enum {
	TURN_MS = 1000,
	AGAIN_S = 60, /* after an order that could not be given */
	HOUR_S = 3600 /* what the limits count within */
};

struct health_of_all {
	struct broker *b;
	uv_timer_t timer;
	struct patients *patients;
	struct crowd crowd;
};

/* NULL: it may be given. */
static const char *too_many(const struct health_of_all *h, const struct patient *p)
{
	unsigned all = 0, of = 0;
	double since = now_s() - HOUR_S;
	if (store_orders_caused(h->b->store, p->persona, since, &all, &of, NULL) < 0)
		return "the store cannot say how many orders Baton gave lately";
	if (of > 0)
		return "Baton has moved or restarted it within this hour already, and that did not "
		       "last";
	if (all >= h->b->conf.failovers_an_hour)
		return "Baton has given as many orders by itself within this hour as "
		       "failovers_an_hour allows";
	return NULL;
}

static void refused(struct health_of_all *h, struct patient *p, const char *why)
{
	bool first = p->tried_s == 0;
	p->tried_s = now_s();
	if (first)
		event_say(h->b->events, EV_failover_refused,
			&(struct event_about){ 0, p->machine, p->persona },
			"persona=%s machine=%s why=%s", p->persona, p->machine, why);
}

static void act(struct health_of_all *h, struct patient *p, enum care care)
{
	struct err e = { 0 };
	struct order o = { .at = { ORDER_RUNNING, 0, 0 } };
	OWN(choice) struct choice chosen = { .pool = "" };
	if (p->tried_s > 0 && now_s() - p->tried_s < AGAIN_S)
		return;
	const char *limit = too_many(h, p);
	if (limit) {
		refused(h, p, limit);
		return;
	}
	o.verb = care == CARE_RESTART ? VERB_RESTART : VERB_FAILOVER;
	memcpy(o.persona, p->persona, sizeof o.persona);
	snprintf(o.cause, sizeof o.cause, "%s: %.180s", health_word(p->verdict.health),
		p->verdict.why);
	if (order_give(h->b, &o, care == CARE_FAILOVER ? p->policy.spares : "", &chosen, "baton",
		    &e) < 0)
		refused(h, p, e.text);
	else
		patients_renew(h->patients);
}

/* A verdict is said when it changes. */
static void told(struct health_of_all *h, struct patient *p, enum health was, enum care care)
{
	static const enum event of[] = { [HEALTH_WELL] = EV_persona_well,
		[HEALTH_ILL] = EV_persona_ill,
		[HEALTH_OFF] = EV_persona_off,
		[HEALTH_FAILED] = EV_persona_failed };
	enum health now = p->verdict.health;
	bool news = now != was && now != HEALTH_UNKNOWN &&
		    !(now == HEALTH_WELL && was == HEALTH_UNKNOWN);
	if (news)
		event_say(h->b->events, of[now], &(struct event_about){ 0, p->machine, p->persona },
			"persona=%s machine=%s then=%s%s%s", p->persona, p->machine,
			now == HEALTH_OFF || now == HEALTH_FAILED ? care_word(care) : "nothing",
			*p->verdict.why ? " why=" : "", p->verdict.why);
}

static void judge(struct health_of_all *h, struct patient *p)
{
	const struct conf *c = &h->b->conf;
	const struct health_rules rules = { c->health_bad_s, c->health_quorum };
	enum health was = p->verdict.health;
	/* Whoever gave that order sees to it. */
	if (runner_of(h->b->runner, p->machine))
		return;
	health_judge(&p->verdict, p->reading, &h->crowd, &rules, now_s());
	enum health now = p->verdict.health;
	enum care care = now == HEALTH_OFF      ? p->policy.on_power_off
			 : now == HEALTH_FAILED ? p->policy.on_failure
						: CARE_REPORT;
	told(h, p, was, care);
	if (now == HEALTH_WELL)
		p->tried_s = 0;
	if (care == CARE_RESTART || (care == CARE_FAILOVER && p->verdict.agreed))
		act(h, p, care);
}

static void on_sign(void *ctx, struct patient *p)
{
	judge(ctx, p);
}

static void turn(uv_timer_t *t)
{
	struct health_of_all *h = t->data;
	struct patient *p;
	patients_turn(h->patients);
	h->crowd = (struct crowd){ .asked = { 0 } };
	for (size_t i = 0; (p = patients_at(h->patients, i)); i++)
		crowd_add(&h->crowd, p->reading);
	for (size_t i = 0; (p = patients_at(h->patients, i)); i++)
		judge(h, p);
}

int health_open(struct health_of_all **ret, struct broker *b, struct err *e)
{
	struct health_of_all *h = calloc(1, sizeof *h);
	int r = h ? patients_new(&h->patients, b, on_sign, h, e) : err_set(e, ENOMEM, "health");
	if (r < 0) {
		free(h);
		return r;
	}
	h->b = b;
	h->timer.data = h;
	uv_timer_init(b->loop, &h->timer);
	if (b->conf.health_every_s)
		uv_timer_start(&h->timer, turn, 0, TURN_MS);
	*ret = h;
	return 0;
}

static void health_gone(uv_handle_t *t)
{
	free(t->data);
}

void health_close(struct health_of_all *h)
{
	if (!h)
		return;
	patients_free(h->patients);
	uv_close((uv_handle_t *)&h->timer, health_gone);
}

void health_look_again(struct health_of_all *h)
{
	patients_renew(h->patients);
}

json_t *health_json(const struct health_of_all *h, const char *persona)
{
	const struct patient *p = patients_find(h->patients, persona);
	json_t *j = json_pack("{s:s,s:s,s:f}", "health", health_now(h, persona), "why",
		p ? p->verdict.why : "", "since", p ? p->verdict.first_s : 0.0);
	for (int s = 0; s < SIGNS; s++)
		json_object_set_new(j, sign_word((enum sign)s),
			json_string(p ? says_word((enum sign)s, p->reading[s].says) : ""));
	return j;
}

const char *health_now(const struct health_of_all *h, const char *persona)
{
	const struct patient *p = patients_find(h->patients, persona);
	return p ? health_word(p->verdict.health) : "";
}
