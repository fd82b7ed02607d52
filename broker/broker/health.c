/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom to watch, and what the verdicts lead to: see health.h. */
#include "broker/health.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/deeds.h"
#include "broker/events.h"
#include "broker/hands.h"
#include "broker/members.h"
#include "broker/placing.h"
#include "broker/publish.h"

enum {
	TURN_MS = 1000,
	OF_A_HAND = 48,     /* personas that one hand watches: its deed has a longest length */
	AGAIN_S = 60,       /* after an order that could not be given */
	HOUR_S = 3600,      /* what the limits count within */
	HAND_BACK_OFF_S = 5 /* after a hand that died */
};

struct patient {
	char persona[NAME_LEN + 1], machine[NAME_LEN + 1];
	uint32_t generation;
	struct policy policy;
	struct reading reading[SIGNS];
	struct health_verdict verdict;
	double tried_s; /* when an order for it could not be given; 0: never */
};

/* One hand and the part of the patients that it asks about. */
struct watcher {
	struct health_of_all *all;
	uint64_t hand;
	size_t from, to;
	double again_s; /* when it is started again; 0: it is at work */
};

struct health_of_all {
	struct broker *b;
	uv_timer_t timer;
	struct patient *patient; /* in order of name */
	size_t patients;
	struct watcher **watcher; /* each stays where it is as long as its hand */
	size_t watchers;
	struct crowd crowd;
	uint64_t table; /* the boot table that the list was made from */
	bool stale;     /* the list is to be made anew */
};

static struct patient *patient_find(const struct health_of_all *h, const char *persona)
{
	size_t from = 0, to = h->patients;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int by_name = strcmp(h->patient[mid].persona, persona);
		if (by_name == 0)
			return &h->patient[mid];
		if (by_name < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

/* ------------------------------------------------------------------ what is done */

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
		h->stale = true;
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

/* ------------------------------------------------------------------ what is seen */

static void sign_take(struct patient *p, enum sign sign, const json_t *line)
{
	const char *word = json_string_value(json_object_get(line, "says"));
	const char *why = json_string_value(json_object_get(line, "why"));
	char text[sizeof p->reading[0].why];
	enum says says;
	if (!word || !says_parse(&says, sign, word))
		return;
	plain_text(text, sizeof text, why ? why : "");
	reading_take(&p->reading[sign], says, text, now_s());
}

static void on_line(void *ctx, const json_t *line)
{
	struct watcher *w = ctx;
	struct health_of_all *h = w->all;
	const char *word = json_string_value(json_object_get(line, "sign"));
	const char *machine = json_string_value(json_object_get(line, "machine"));
	const char *persona = json_string_value(json_object_get(line, "persona"));
	enum sign sign;
	if (!word || !sign_parse(&sign, word) || !(sign == SIGN_POWER ? machine : persona))
		return;
	/* A list that is about to be made anew says nothing more. */
	for (size_t i = w->from; !h->stale && i < w->to; i++) {
		struct patient *p = &h->patient[i];
		if (strcmp(sign == SIGN_POWER ? p->machine : p->persona,
			    sign == SIGN_POWER ? machine : persona) != 0)
			continue;
		sign_take(p, sign, line);
		judge(h, p);
		break;
	}
}

static void on_ended(void *ctx, const struct hand_result *r)
{
	struct watcher *w = ctx;
	w->hand = 0;
	w->again_s = now_s() + HAND_BACK_OFF_S;
	event_say(w->all->b->events, EV_watch_ended, &(struct event_about){ 0 }, "why=%s", r->why);
}

/* ------------------------------------------------------------------ whom to ask, and what */

static void power_put(json_t *to, struct store *s, const struct patient *p)
{
	struct machine m;
	if (store_machine(s, p->machine, &m, NULL) < 0)
		return;
	OWN(json) json_t *deed = bmc_deed("watch", &m);
	json_array_append_new(to,
		json_pack("{s:s,s:O}", "machine", p->machine, "bmc", json_object_get(deed, "bmc")));
}

static void session_put(json_t *to, const struct patient *p, const struct persona *is)
{
	if (!persona_is_fenced(is))
		return;
	OWN(json) json_t *deed = san_deed("watch", is);
	json_t *san = json_object_get(deed, "san");
	json_object_set_new(san, "persona", json_string(p->persona));
	json_object_set_new(san, "generation", json_integer(p->generation));
	json_array_append_new(to, json_pack("{s:s,s:O}", "persona", p->persona, "san", san));
}

static void check_put(json_t *to, const struct patient *p, const struct persona *is)
{
	char ip[IP4_TEXT];
	if (p->policy.check == CHECK_BY_NOTHING || is->nics == 0 || is->nic[0].addr == 0)
		return;
	json_array_append_new(
		to, json_pack("{s:s,s:s,s:s,s:i}", "persona", p->persona, "kind",
			    p->policy.check == CHECK_BY_PING ? "ping" : "tcp", "address",
			    ip4_text(ip, is->nic[0].addr), "port", (int)p->policy.port));
}

static json_t *watch_deed(const struct health_of_all *h, const struct watcher *w)
{
	json_t *power = json_array(), *sessions = json_array(), *checks = json_array();
	for (size_t i = w->from; i < w->to; i++) {
		struct persona is;
		const struct patient *p = &h->patient[i];
		power_put(power, h->b->store, p);
		if (store_persona(h->b->store, p->persona, &is, NULL) == 0) {
			session_put(sessions, p, &is);
			check_put(checks, p, &is);
		}
		explicit_bzero(&is, sizeof is);
	}
	return json_pack("{s:s,s:i,s:o,s:o,s:o}", "deed", "watch", "every_ms",
		(int)h->b->conf.health_every_s * 1000, "power", power, "sessions", sessions,
		"checks", checks);
}

static void watcher_start(struct watcher *w)
{
	struct err e = { 0 };
	struct health_of_all *h = w->all;
	OWN(json) json_t *deed = watch_deed(h, w);
	w->again_s = 0;
	if (hand_watch(&w->hand, h->b->hands, deed, on_line, on_ended, w, &e) < 0) {
		w->again_s = now_s() + HAND_BACK_OFF_S;
		event_say(
			h->b->events, EV_watch_ended, &(struct event_about){ 0 }, "why=%s", e.text);
	}
}

static void watcher_end(struct watcher *w)
{
	if (w)
		hand_forget(w->all->b->hands, w->hand);
	free(w);
}

static void watchers_end(struct health_of_all *h)
{
	for (size_t i = 0; i < h->watchers; i++)
		watcher_end(h->watcher[i]);
	free(h->watcher);
	h->watcher = NULL;
	h->watchers = 0;
}

/* Both lists are in order of name. */
static void policy_take(struct patient *p, const struct policy_of *list, size_t n, size_t *at)
{
	while (*at < n && strcmp(list[*at].persona, p->persona) < 0)
		++*at;
	p->policy = (struct policy){ .on_failure = CARE_REPORT };
	if (*at < n && strcmp(list[*at].persona, p->persona) == 0)
		p->policy = list[*at].policy;
}

/* Is it at rest: its OS was up, and nobody is at work on it? */
static bool is_patient(const struct health_of_all *h, const struct binding *b)
{
	return b->phase == PHASE_PERSONA && b->fenced && !runner_of(h->b->runner, b->machine);
}

/* Who runs now. What was seen of one in the same generation still holds. */
static int list_make(
	struct patient **ret, size_t *ret_n, const struct health_of_all *h, struct err *e)
{
	struct binding *b = NULL;
	struct policy_of *policy = NULL;
	size_t n = 0, policies = 0, at = 0, kept = 0;
	int r = store_bindings(h->b->store, &b, &n, e);
	if (r == 0)
		r = store_policies(h->b->store, &policy, &policies, e);
	struct patient *list = r < 0 ? NULL : calloc(n ? n : 1, sizeof *list);
	if (r == 0 && !list)
		r = err_set(e, ENOMEM, "health");
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct patient *p = &list[kept];
		if (!is_patient(h, &b[i]))
			continue;
		const struct patient *was = patient_find(h, b[i].persona);
		if (was && was->generation == b[i].generation)
			*p = *was;
		memcpy(p->persona, b[i].persona, sizeof p->persona);
		memcpy(p->machine, b[i].machine, sizeof p->machine);
		p->generation = b[i].generation;
		policy_take(p, policy, policies, &at);
		kept++;
	}
	free(policy);
	free(b);
	*ret = list;
	*ret_n = kept;
	return r;
}

/* Does a hand ask about the same of both? */
static bool asks_the_same(const struct patient *a, const struct patient *b)
{
	return strcmp(a->persona, b->persona) == 0 && a->generation == b->generation &&
	       a->policy.check == b->policy.check && a->policy.port == b->policy.port;
}

/* The old hand for this part of the new list, where nothing in it has changed; else a new one. */
static int watcher_for(struct watcher **ret, struct health_of_all *h, const struct patient *list,
	size_t n, size_t i, struct err *e)
{
	size_t from = i * OF_A_HAND, to = from + OF_A_HAND < n ? from + OF_A_HAND : n;
	struct watcher *old = i < h->watchers ? h->watcher[i] : NULL;
	bool same = old && old->to == to;
	for (size_t k = from; same && k < to; k++)
		same = asks_the_same(&h->patient[k], &list[k]);
	if (same) {
		h->watcher[i] = NULL;
		*ret = old;
		return 0;
	}
	*ret = calloc(1, sizeof **ret);
	if (!*ret)
		return err_set(e, ENOMEM, "health");
	**ret = (struct watcher){ .all = h, .from = from, .to = to, .again_s = now_s() };
	return 0;
}

static int list_follow(struct health_of_all *h, struct err *e)
{
	struct patient *list = NULL;
	size_t n = 0, made = 0;
	int r = list_make(&list, &n, h, e);
	size_t hands = r < 0 ? 0 : (n + OF_A_HAND - 1) / OF_A_HAND;
	struct watcher **watcher = calloc(hands ? hands : 1, sizeof(struct watcher *));
	if (r == 0 && !watcher)
		r = err_set(e, ENOMEM, "health");
	for (; r == 0 && made < hands; made++)
		r = watcher_for(&watcher[made], h, list, n, made, e);
	/* Half a list is none: what there is ends, and all is made anew at the next turn. */
	watchers_end(h);
	free(h->patient);
	h->patient = list;
	h->patients = r < 0 ? 0 : n;
	h->watcher = watcher;
	h->watchers = made;
	if (r < 0)
		watchers_end(h);
	return r;
}

static void turn(uv_timer_t *t)
{
	struct health_of_all *h = t->data;
	struct err e = { 0 };
	const struct table *now = publish_table(h->b->publisher);
	uint64_t table = now ? now->header->generation : 0;
	if (h->stale || table != h->table) {
		h->table = table;
		h->stale = list_follow(h, &e) < 0;
		if (h->stale)
			event_say(h->b->events, EV_watch_ended, &(struct event_about){ 0 },
				"why=%s", e.text);
	}
	for (size_t i = 0; i < h->watchers; i++)
		if (h->watcher[i]->again_s > 0 && now_s() >= h->watcher[i]->again_s)
			watcher_start(h->watcher[i]);
	h->crowd = (struct crowd){ .asked = { 0 } };
	for (size_t i = 0; i < h->patients; i++)
		crowd_add(&h->crowd, h->patient[i].reading);
	for (size_t i = 0; i < h->patients && !h->stale; i++)
		judge(h, &h->patient[i]);
}

int health_open(struct health_of_all **ret, struct broker *b, struct err *e)
{
	struct health_of_all *h = calloc(1, sizeof *h);
	if (!h)
		return err_set(e, ENOMEM, "health");
	h->b = b;
	h->stale = true;
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
	watchers_end(h);
	free(h->patient);
	uv_close((uv_handle_t *)&h->timer, health_gone);
}

void health_look_again(struct health_of_all *h)
{
	h->stale = true;
}

json_t *health_json(const struct health_of_all *h, const char *persona)
{
	const struct patient *p = patient_find(h, persona);
	json_t *j = json_pack("{s:s,s:s,s:f}", "health", health_now(h, persona), "why",
		p ? p->verdict.why : "", "since", p ? p->verdict.first_s : 0.0);
	for (int s = 0; s < SIGNS; s++)
		json_object_set_new(j, sign_word((enum sign)s),
			json_string(p ? says_word((enum sign)s, p->reading[s].says) : ""));
	return j;
}

const char *health_now(const struct health_of_all *h, const char *persona)
{
	const struct patient *p = patient_find(h, persona);
	return p ? health_word(p->verdict.health) : "";
}
