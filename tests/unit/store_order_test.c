/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bindings, orders with their journal, events: what is exclusive, what only grows, what is kept. */
#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "store/store.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

static void a_persona_has_one_body_and_a_body_one_persona(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct binding *all = NULL;
	size_t n = 0;
	struct persona db = persona_of("db-01"), p;
	struct binding b, again;
	MUST(store_persona_add(s, &db, &e));
	WANT(ENOENT, "persona web-01 is on no machine; `baton start` starts it",
		store_binding(s, "web-01", &b, &e));
	WANT(ENOENT, "machine blade-a carries no persona", store_binding_of(s, "blade-a", &b, &e));
	MUST(store_bind(s, "web-01", "blade-a", &b, &e));
	CHECK_TEXT(b.persona, "web-01");
	CHECK_TEXT(b.machine, "blade-a");
	CHECK_INT(b.generation, 1);
	CHECK_INT(b.phase, PHASE_IDENTITY);
	MUST(store_phase_set(s, &b, PHASE_PERSONA, &e));

	MUST(store_bind(s, "web-01", "blade-a", &again, &e)); /* a repeat: as it stands */
	CHECK_INT(again.generation, 1);
	CHECK_INT(again.phase, PHASE_PERSONA);

	WANT(EBUSY, "persona web-01 is on machine blade-a; `baton move web-01` takes it from there",
		store_bind(s, "web-01", "blade-b", &again, &e));
	WANT(EBUSY, "machine blade-a carries persona web-01; stop or move that one first",
		store_bind(s, "db-01", "blade-a", &again, &e));
	WANT(ENOENT, "persona nobody: no such persona; `baton persona list` shows them",
		store_bind(s, "nobody", "blade-b", &again, &e));
	WANT(ENOENT, "machine nothing: no such machine; `baton machine list` shows them",
		store_bind(s, "db-01", "nothing", &again, &e));
	WANT(EBUSY, "machine blade-a carries persona web-01; `baton stop web-01` first",
		store_machine_rm(s, "blade-a", &e));
	WANT(EBUSY, "persona web-01 is on machine blade-a; `baton stop web-01` first",
		store_persona_rm(s, "web-01", &e));

	MUST(store_bindings(s, &all, &n, &e));
	CHECK_INT(n, 1);
	CHECK_INT(all[0].phase, PHASE_PERSONA);
	MUST(store_binding_of(s, "blade-a", &again, &e));
	CHECK_TEXT(again.persona, "web-01");
	MUST(store_persona(s, "web-01", &p, &e));
	CHECK_INT(p.generation, 1);
}

static void an_old_generation_is_refused(void)
{
	OWN(store) struct store *s = peopled("");
	struct binding first, second, now;
	MUST(store_bind(s, "web-01", "blade-a", &first, &e));
	MUST(store_unbind(s, &first, &e));
	WANT(ESTALE,
		"persona web-01: generation 1 on machine blade-a is over; it is on no machine now",
		store_unbind(s, &first, &e));
	MUST(store_bind(s, "web-01", "blade-b", &second, &e));
	CHECK_INT(second.generation, 2);
	WANT(ESTALE,
		"persona web-01: generation 1 on machine blade-a is over; it is generation 2 on "
		"machine "
		"blade-b now",
		store_phase_set(s, &first, PHASE_RESTORE, &e));
	CHECK_INT(store_unbind(s, &first, NULL), -ESTALE);
	MUST(store_unbind(s, &second, &e));
	MUST(store_bind(s, "web-01", "blade-b", &now, &e)); /* the same two again */
	CHECK_INT(store_phase_set(s, &second, PHASE_PERSONA, NULL), -ESTALE);
	MUST(store_binding(s, "web-01", &second, &e));
	CHECK_INT(second.generation, 3);
	CHECK_INT(second.phase, PHASE_IDENTITY);
}

static void a_generation_never_comes_twice(void)
{
	OWN(store) struct store *s = peopled("");
	struct persona web = persona_of("web-01");
	struct binding b;
	MUST(store_bind(s, "web-01", "blade-a", &b, &e));
	MUST(store_unbind(s, &b, &e));
	MUST(store_persona_rm(s, "web-01", &e));
	MUST(store_persona_add(s, &web, &e)); /* another one of that name */
	CHECK_INT(web.generation, 0);
	MUST(store_bind(s, "web-01", "blade-a", &b, &e));
	CHECK_INT(b.generation, 2);
	MUST(store_unbind(s, &b, &e));
	struct persona db = persona_of("db-01");
	MUST(store_persona_add(s, &db, &e));
	MUST(store_bind(s, "db-01", "blade-a", &b, &e)); /* nor for another persona */
	CHECK_INT(b.generation, 3);
}

static struct order start_of(const char *persona, const char *to)
{
	struct order o = { .verb = VERB_START };
	snprintf(o.persona, sizeof o.persona, "%s", persona);
	snprintf(o.to, sizeof o.to, "%s", to);
	return o;
}

static void an_order_keeps_others_away_until_it_is_done(void)
{
	OWN(store) struct store *s = peopled("");
	struct persona db = persona_of("db-01");
	MUST(store_persona_add(s, &db, &e));
	struct order o = start_of("web-01", "blade-a"), got;
	MUST(store_order_add(s, &o, &e));
	CHECK_INT(o.id, 1);
	CHECK(o.begun_s > 1.7e9 && o.ended_s == 0);
	struct order second = start_of("web-01", "blade-b");
	WANT(EBUSY, "persona web-01: order 1 (start web-01) is running; wait for its end",
		store_order_add(s, &second, &e));
	second = start_of("db-01", "blade-a");
	WANT(EBUSY, "machine blade-a: order 1 (start web-01) is running; wait for its end",
		store_order_add(s, &second, &e));
	WANT(EBUSY, "persona web-01: order 1 (start web-01) is running; wait for its end",
		store_persona_rm(s, "web-01", &e));
	WANT(EBUSY, "machine blade-a: order 1 (start web-01) is running; wait for its end",
		store_machine_rm(s, "blade-a", &e));
	WANT(EBUSY, "order 1 is running; only a stopped one is tried again",
		store_order_reopen(s, 1, o.at, &e));
	WANT(EBUSY, "order 1 is running; only what has stopped or ended is undone",
		store_order_close(s, 1, 5, &e));
	second = start_of("db-01", "blade-b");
	MUST(store_order_add(s, &second, &e));

	MUST(store_step_begin(s, &o, 100, &e));
	o.at = (struct order_at){ .state = ORDER_STOPPED, .step = 0, .tries = 3 };
	MUST(store_step_end(s, &o, 0, "the BMC is silent", 101, &e));
	CHECK(o.ended_s == 101);
	struct order blocked = start_of("web-01", "blade-a");
	WANT(EBUSY,
		"persona web-01: order 1 (start web-01) is stopped; `baton order retry` or `baton "
		"order "
		"undo` it first",
		store_order_add(s, &blocked, &e));
	MUST(store_order(s, 1, &got, &e));
	CHECK_INT(got.at.state, ORDER_STOPPED);
	CHECK_INT(got.at.tries, 3);
	CHECK_TEXT(got.why, "the BMC is silent");

	MUST(store_order_reopen(s, 1, (struct order_at){ .step = 2 }, &e));
	MUST(store_order(s, 1, &got, &e));
	CHECK_INT(got.at.state, ORDER_RUNNING);
	CHECK_INT(got.at.step, 2);
	CHECK_INT(got.at.tries, 0);
	CHECK(got.ended_s == 0);
}

static void an_undo_takes_the_place_of_what_it_undoes(void)
{
	OWN(store) struct store *s = peopled("");
	struct order o = start_of("web-01", "blade-a"), got;
	MUST(store_order_add(s, &o, &e));
	struct order undo = {
		.verb = VERB_STOP, .persona = "web-01", .from = "blade-a", .undoes = 1
	};
	WANT(EBUSY, "order 1 is running; only what has stopped or ended is undone",
		store_order_add(s, &undo, &e));
	MUST(store_step_begin(s, &o, 100, &e));
	o.at.state = ORDER_STOPPED;
	MUST(store_step_end(s, &o, 0, "no", 101, &e));
	MUST(store_begin(s, &e));
	MUST(store_order_add(s, &undo, &e));
	MUST(store_order_close(s, 1, 102, &e));
	MUST(store_commit(s, &e));
	MUST(store_order(s, 1, &got, &e));
	CHECK_INT(got.at.state, ORDER_DONE);
	CHECK(got.ended_s == 102);
	MUST(store_order_close(s, 1, 103, &e)); /* again: it is done */
	MUST(store_order(s, 1, &got, &e));
	CHECK(got.ended_s == 102);
	MUST(store_order(s, undo.id, &got, &e));
	CHECK_INT(got.undoes, 1);
	uint64_t by = 9;
	MUST(store_order_undone(s, 1, &by, &e));
	CHECK_INT(by, undo.id);
	MUST(store_order_undone(s, undo.id, &by, &e));
	CHECK_INT(by, 0);
	CHECK_INT(got.verb, VERB_STOP);
	CHECK_TEXT(got.from, "blade-a");
	CHECK_TEXT(got.to, "");
	undo.undoes = 77;
	WANT(ENOENT, "order 77: no such order; `baton order list` shows them",
		store_order_add(s, &undo, &e));
}

static void an_order_names_only_what_is_there(void)
{
	OWN(store) struct store *s = peopled("");
	struct order o = start_of("nobody", "blade-a");
	WANT(ENOENT, "persona nobody: no such persona; `baton persona list` shows them",
		store_order_add(s, &o, &e));
	o = start_of("web-01", "nothing");
	WANT(ENOENT, "machine nothing: no such machine; `baton machine list` shows them",
		store_order_add(s, &o, &e));
	o = (struct order){
		.verb = VERB_MOVE, .persona = "web-01", .from = "gone", .to = "blade-a"
	};
	WANT(ENOENT, "machine gone: no such machine; `baton machine list` shows them",
		store_order_add(s, &o, &e));
	CHECK_INT(o.id, 0);
}

static void the_journal_tells_what_began_and_how_it_ended(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct order_step *step = NULL;
	size_t n = 0;
	struct order o = start_of("web-01", "blade-a"), stale;
	MUST(store_order_add(s, &o, &e));
	stale = o;
	WANT(ESTALE, "order 1: step 0 was not begun, or has ended; read the order again",
		store_step_end(s, &o, 0, NULL, 1, &e));
	MUST(store_step_begin(s, &o, 10, &e));
	o.at.tries = 1;
	MUST(store_step_end(s, &o, 0, "no answer", 11, &e));
	CHECK_TEXT(o.why, "no answer");
	CHECK_INT(store_step_begin(s, &stale, 12, NULL), -ESTALE);        /* tries differ */
	CHECK_INT(store_step_end(s, &stale, 0, NULL, 12, NULL), -ESTALE); /* it has ended */
	MUST(store_step_begin(s, &o, 12, &e));
	MUST(store_step_begin(s, &o, 13, &e)); /* the broker was killed in between */
	o.at = (struct order_at){ .step = 1 };
	MUST(store_step_end(s, &o, 0, NULL, 14, &e));
	CHECK_TEXT(o.why, "");
	MUST(store_step_begin(s, &o, 15, &e));
	WANT(ESTALE, "order 1: step 0 was not begun, or has ended; read the order again",
		store_step_end(s, &o, 0, NULL, 16, &e));
	WANT(ESTALE, "order 1: step 0 is not where the order stands; read the order again",
		store_step_begin(s, &stale, 16, &e));

	MUST(store_order_steps(s, 1, &step, &n, &e));
	CHECK_INT(n, 4);
	CHECK(step[0].begun_s == 10 && step[0].ended_s == 11);
	CHECK_TEXT(step[0].why, "no answer");
	CHECK(step[1].tries == 1 && step[1].begun_s == 12 && step[1].ended_s == 0);
	CHECK(step[2].begun_s == 13 && step[2].ended_s == 14);
	CHECK_TEXT(step[2].why, "");
	CHECK(step[3].step == 1 && step[3].ended_s == 0);

	o.at.state = ORDER_DONE;
	MUST(store_step_end(s, &o, 1, "", 17, &e));
	CHECK(o.ended_s == 17);
	CHECK_INT(store_step_begin(s, &o, 18, NULL), -ESTALE); /* it is done */
	MUST(store_persona_rm(s, "web-01", &e));               /* the history stays */
	MUST(store_order(s, 1, &o, &e));
	CHECK_TEXT(o.persona, "web-01");
}

static void orders_are_listed_newest_first(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct order *all = NULL, *open = NULL, *one = NULL, *two = NULL;
	size_t n = 0;
	for (int i = 0; i < 3; i++) {
		struct order o = start_of("web-01", "blade-a");
		MUST(store_order_add(s, &o, &e));
		MUST(store_step_begin(s, &o, 1, &e));
		o.at.state = i < 2 ? ORDER_DONE : ORDER_STOPPED;
		MUST(store_step_end(s, &o, 0, "", 2, &e));
	}
	MUST(store_orders(s, 10, &all, &n, &e));
	CHECK_INT(n, 3);
	CHECK_INT(all[0].id, 3);
	CHECK_INT(all[2].id, 1);
	MUST(store_orders(s, 0, &open, &n, &e));
	CHECK_INT(n, 1);
	CHECK_INT(open[0].id, 3);
	MUST(store_orders(s, 1, &one, &n, &e));
	CHECK_INT(n, 1);
	CHECK_INT(one[0].id, 3);
	/* One that waits for a person is never too old to be listed. */
	struct persona db = persona_of("db-01");
	MUST(store_persona_add(s, &db, &e));
	struct order late = start_of("db-01", "blade-b");
	MUST(store_order_add(s, &late, &e));
	MUST(store_step_begin(s, &late, 1, &e));
	late.at.state = ORDER_DONE;
	MUST(store_step_end(s, &late, 0, "", 2, &e));
	MUST(store_orders(s, 1, &two, &n, &e));
	CHECK_INT(n, 2);
	CHECK_INT(two[0].id, 4);
	CHECK_INT(two[1].id, 3);
}

static void events_are_read_in_order_and_by_order(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list)
	struct event_row *newest = NULL, *next = NULL, *of = NULL, *first = NULL, *newest_of = NULL;
	size_t n = 0;
	for (unsigned i = 1; i <= 10; i++) {
		struct event_row ev = { .at_s = i + 0.5,
			.level = 6,
			.word = "step-begun",
			.machine = "blade-a",
			.persona = "web-01",
			.order = i % 2 ? 7 : 0 };
		snprintf(ev.text, sizeof ev.text, "i=%u", i);
		MUST(store_event_add(s, &ev, &e));
		CHECK_INT(ev.id, i);
	}
	MUST(store_events_newest(s, 0, 3, &newest, &n, &e));
	CHECK_INT(n, 3);
	CHECK_INT(newest[0].id, 8);
	CHECK_INT(newest[2].id, 10);
	CHECK_TEXT(newest[2].text, "i=10");
	CHECK_TEXT(newest[2].word, "step-begun");
	CHECK_TEXT(newest[2].machine, "blade-a");
	CHECK_TEXT(newest[2].persona, "web-01");
	CHECK(newest[2].at_s == 10.5 && newest[2].level == 6);
	MUST(store_events(s, 4, 0, 3, &next, &n, &e));
	CHECK_INT(n, 3);
	CHECK_INT(next[0].id, 5);
	CHECK_INT(next[2].id, 7);
	MUST(store_events(s, 2, 7, 100, &of, &n, &e));
	CHECK_INT(n, 4);
	CHECK_INT(of[0].id, 3);
	CHECK_INT(of[3].id, 9);
	MUST(store_events(s, 0, 0, 3, &first, &n, &e)); /* behind 0 is from the beginning */
	CHECK_INT(n, 3);
	CHECK_INT(first[0].id, 1);
	MUST(store_events_newest(s, 7, 2, &newest_of, &n, &e));
	CHECK_INT(n, 2);
	CHECK_INT(newest_of[0].id, 7);
	CHECK_INT(newest_of[1].id, 9);
}

static void the_last_word_about_each_machine_is_found(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct event_row *last = NULL;
	size_t n = 0;
	static const char *const said[][2] = { { "blade-a", "script-sent" }, { "", "dhcp-silent" },
		{ "blade-a", "shim-sent" }, { "blade-b", "script-sent" },
		{ "blade-a", "script-sent" } };
	for (size_t i = 0; i < COUNT(said); i++) {
		struct event_row ev = { .level = 6 };
		snprintf(ev.machine, sizeof ev.machine, "%s", said[i][0]);
		snprintf(ev.word, sizeof ev.word, "%s", said[i][1]);
		MUST(store_event_add(s, &ev, &e));
	}
	MUST(store_events_last(s, &last, &n, &e));
	CHECK_INT(n, 4);
	CHECK_INT(last[0].id, 2);
	CHECK_INT(last[1].id, 3);
	CHECK_INT(last[2].id, 4);
	CHECK_INT(last[3].id, 5);
}

static void the_newest_100000_events_are_kept(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct event_row *all = NULL;
	size_t n = 0;
	struct event_row ev = { .word = "dhcp-answered", .level = 6 };
	MUST(store_begin(s, &e));
	for (int i = 0; i < 100005; i++)
		MUST(store_event_add(s, &ev, &e));
	MUST(store_commit(s, &e));
	MUST(store_events(s, 1, 0, 200000, &all, &n, &e));
	CHECK_INT(n, 100000);
	CHECK_INT(all[0].id, 6);
}

static void what_baton_gives_by_itself_is_counted(void)
{
	OWN(store) struct store *s = peopled("");
	struct order o = {
		.verb = VERB_FAILOVER, .persona = "web-01", .from = "blade-a", .to = "blade-b"
	};
	struct order got;
	unsigned all = 9, of = 9;
	MUST(store_orders_caused(s, "web-01", 0, &all, &of, &e));
	CHECK_INT(all + of, 0);
	strcpy(o.cause, "failed: its power");
	MUST(store_order_add(s, &o, &e));
	MUST(store_order(s, o.id, &got, &e));
	CHECK_TEXT(got.cause, "failed: its power");
	CHECK(!got.stays);
	MUST(store_orders_caused(s, "web-01", o.begun_s - 1, &all, &of, &e));
	CHECK_INT(all, 1);
	CHECK_INT(of, 1);
	MUST(store_orders_caused(s, "db-01", o.begun_s - 1, &all, &of, &e));
	CHECK_INT(all, 1);
	CHECK_INT(of, 0);
	MUST(store_orders_caused(s, "web-01", o.begun_s + 1, &all, &of, &e));
	CHECK_INT(all + of, 0);
}

static void a_policy_is_kept_with_its_persona(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct policy_of *all = NULL;
	size_t n = 0;
	struct policy p;
	MUST(store_policy(s, "web-01", &p, &e));
	CHECK_INT(p.on_failure, CARE_REPORT);
	CHECK_INT(store_policy(s, "nobody", &p, NULL), -ENOENT);
	p = (struct policy){ .on_failure = CARE_FAILOVER };
	WANT(EINVAL, "persona web-01: a failover wants a pool of machines to choose from",
		store_policy_set(s, "web-01", &p, &e));
	strcpy(p.spares, "spares");
	CHECK(check_parse(&p, "tcp:22"));
	MUST(store_policy_set(s, "web-01", &p, &e));
	p.on_power_off = CARE_RESTART;
	MUST(store_policy_set(s, "web-01", &p, &e)); /* the later one counts */
	MUST(store_policies(s, &all, &n, &e));
	CHECK_INT(n, 1);
	CHECK_TEXT(all[0].persona, "web-01");
	CHECK_INT(all[0].policy.on_power_off, CARE_RESTART);
	CHECK_INT(all[0].policy.port, 22);
	p.on_failure = CARE_RESTART;
	CHECK_INT(store_policy_set(s, "web-01", &p, NULL), -EINVAL);
	CHECK_INT(store_policy_set(s, "nobody", &all[0].policy, NULL), -ENOENT);
	for (const char *const *w = (const char *const[]){ "udp:9", "tcp:", "tcp:0", "tcp:65536",
		     "tcp:22x", "ping ", "tcp:000022", NULL };
		*w; w++)
		CHECK(!check_parse(&p, *w));
	MUST(store_persona_rm(s, "web-01", &e));
	CHECK_INT(store_policy(s, "web-01", &p, NULL), -ENOENT);
}

/* Only the persona that a drill has made goes while its order is open. */
static void a_drill_forgets_its_own_persona_and_no_other(void)
{
	OWN(store) struct store *s = peopled("");
	struct order o = start_of("web-01", "blade-a"), other = start_of("db-01", "blade-b");
	struct drill d = { .of = "mail-01", .network = "iso" }, got;
	struct persona p;
	struct binding b;
	struct persona db = persona_of("db-01");
	MUST(store_persona_add(s, &db, &e));
	o.verb = VERB_DRILL;
	MUST(store_order_add(s, &o, &e));
	MUST(store_order_add(s, &other, &e));
	d.order = o.id;
	MUST(store_drill_add(s, &d, &e));
	MUST(store_drill(s, o.id, &got, &e));
	CHECK(memcmp(&got, &d, sizeof got) == 0);
	CHECK_INT(store_drill(s, other.id, &got, &e), -ENOENT);
	CHECK_INT(store_persona_rm(s, "web-01", &e), -EBUSY);
	CHECK_INT(store_stand_in_rm(s, &other, &e), -EINVAL);
	MUST(store_bind(s, "web-01", "blade-a", &b, &e));
	CHECK_INT(store_stand_in_rm(s, &o, &e), -EBUSY);
	MUST(store_unbind(s, &b, &e));
	MUST(store_stand_in_rm(s, &o, &e));
	CHECK_INT(store_persona(s, "web-01", &p, &e), -ENOENT);
	MUST(store_stand_in_rm(s, &o, &e));
	MUST(store_persona(s, "db-01", &p, &e));
}

TESTS(T(a_drill_forgets_its_own_persona_and_no_other),
	T(a_persona_has_one_body_and_a_body_one_persona), T(an_old_generation_is_refused),
	T(a_generation_never_comes_twice), T(an_order_keeps_others_away_until_it_is_done),
	T(an_undo_takes_the_place_of_what_it_undoes), T(an_order_names_only_what_is_there),
	T(the_journal_tells_what_began_and_how_it_ended), T(orders_are_listed_newest_first),
	T(events_are_read_in_order_and_by_order), T(the_last_word_about_each_machine_is_found),
	T(the_newest_100000_events_are_kept), T(what_baton_gives_by_itself_is_counted),
	T(a_policy_is_kept_with_its_persona))
