/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which event ends the wait for an OS: the persona's MAC asks for an address, of us or of the
 * network's own DHCP server, under the binding that the order made. */
#include "broker/runner.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "broker/events.h"
#include "broker/hands.h"
#include "broker/reports.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

/* A broker with one order, start web-01 on blade-a, that waits for its OS. */
struct site {
	struct broker b;
	uv_loop_t loop;
	int reports[2], control[2];
	uint64_t order;
	char mac[MAC_TEXT];
	uint32_t generation;
};

static void on_heard(void *ctx, enum event ev, const struct event_row *row)
{
	struct site *s = ctx;
	runner_heard(s->b.runner, ev, row);
}

static void order_waits(struct site *s)
{
	struct order o = { .verb = VERB_START, .persona = "web-01", .to = "blade-a" };
	struct binding bound;
	struct persona p;
	MUST(store_bind(s->b.store, "web-01", "blade-a", &bound, &e));
	MUST(store_phase_set(s->b.store, &bound, PHASE_PERSONA, &e));
	MUST(store_order_add(s->b.store, &o, &e));
	while (verb_steps(o.verb)->step[o.at.step].kind != DO_AWAIT_OS) {
		unsigned step = o.at.step;
		MUST(store_step_begin(s->b.store, &o, now_s(), &e));
		o.at = order_turn(o.verb, o.at, STEP_DONE);
		MUST(store_step_end(s->b.store, &o, step, "", now_s(), &e));
	}
	MUST(store_persona(s->b.store, "web-01", &p, &e));
	mac_text(s->mac, &p.nic[0].mac);
	s->generation = bound.generation;
	s->order = o.id;
}

static void site_open(struct site *s)
{
	*s = (struct site){ .b.store = peopled("") };
	order_waits(s);
	uv_loop_init(&s->loop);
	s->b.loop = &s->loop;
	conf_defaults(&s->b.conf);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s->reports) ||
		socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s->control))
		abort();
	MUST(events_open(&s->b.events, s->b.store, on_heard, s, &e));
	MUST(reports_open(&s->b.reports, &s->b, s->reports[0], &e));
	MUST(hands_open(&s->b.hands, &s->loop, s->control[0], &(struct hands_calls){ 0 }, &e));
	MUST(runner_open(&s->b.runner, &s->b, &e));
	uv_run(&s->loop, UV_RUN_NOWAIT); /* the step begins */
}

static void site_close(struct site *s)
{
	runner_close(s->b.runner);
	hands_close(s->b.hands);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	reports_close(s->b.reports);
	events_close(s->b.events);
	store_close(s->b.store);
	for (int i = 0; i < 2; i++) {
		close(s->reports[i]);
		close(s->control[i]);
	}
}

static enum order_state state_of(const struct site *s)
{
	struct order o = { .id = 0 };
	MUST(store_order(s->b.store, s->order, &o, &e));
	return o.at.state;
}

static bool says(
	struct site *s, const char *word, const char *mac, const char *stage, uint32_t generation)
{
	char line[300];
	int n = snprintf(line, sizeof line,
		"%s mac=%s stage=%s machine=blade-a deed=persona generation=%u addr=10.77.0.99",
		word, mac, stage, generation);
	return events_take(s->b.events, line, (size_t)n);
}

static void an_os_is_up_whoever_gives_it_its_address(void)
{
	static const char *const words[] = { "dhcp-answered", "dhcp-left" };
	for (size_t i = 0; i < COUNT(words); i++) {
		struct site s;
		site_open(&s);
		CHECK_INT(state_of(&s), ORDER_RUNNING);
		CHECK(says(&s, words[i], s.mac, "os", s.generation));
		CHECK_INT(state_of(&s), ORDER_DONE);
		site_close(&s);
	}
}

static void nothing_else_says_that_it_is_up(void)
{
	struct site s;
	site_open(&s);
	CHECK(says(&s, "dhcp-left", s.mac, "firmware", s.generation));
	CHECK(says(&s, "dhcp-left", s.mac, "os", s.generation + 1));
	CHECK(says(&s, "dhcp-left", "52:54:00:aa:00:01", "os", s.generation));
	CHECK(says(&s, "dhcp-silent", s.mac, "os", s.generation));
	CHECK(says(&s, "proxy-ignored", s.mac, "os", s.generation));
	CHECK_INT(state_of(&s), ORDER_RUNNING);
	site_close(&s);
}

TESTS(T(an_os_is_up_whoever_gives_it_its_address), T(nothing_else_says_that_it_is_up))
