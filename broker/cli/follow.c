/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watching an order: see follow.h. Long-polls for events, and looks at the order after each. */
#include "cli/follow.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "cli/progress.h"
#include "cli/show.h"

enum {
	WAIT_S = 5,  /* so long an event is waited for before the order is looked at anyway */
	AWAY_S = 60, /* so long the broker may be gone */
};

static volatile sig_atomic_t was_interrupted;

static void mark(int sig)
{
	(void)sig;
	was_interrupted = 1;
}

void interrupt_watch(void)
{
	struct sigaction sa = { .sa_handler = mark };
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

bool interrupted(void *unused)
{
	(void)unused;
	return was_interrupted;
}

static inline void json_drop(json_t **j)
{
	json_decref(*j);
}

struct watch {
	struct client *client;
	FILE *out;
	bool json;
	struct term term;
	json_t *order;
	char id[24];
	json_int_t since;
	bool caught_up; /* since stands behind this order's first event */
	bool went_back; /* the order that was asked for did not come up */
	struct seen seen;
	char note[256];
	unsigned frame, lines;
};

static void draw(struct watch *w)
{
	term_read(&w->term, STDOUT_FILENO);
	if (w->lines)
		fprintf(w->out, "\033[%uA\033[J", w->lines);
	w->lines = steps_draw(w->out, &w->term, w->order, clock_now(), w->frame++, w->note,
		w->term.height > 2 ? w->term.height - 1 : 0);
	fflush(w->out);
}

static bool tick(void *ctx)
{
	struct watch *w = ctx;
	if (w->term.tty && !w->json)
		draw(w);
	return was_interrupted;
}

static int nap(struct watch *w, unsigned tenths)
{
	for (; tenths > 0; tenths--) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		if (tick(w))
			return -EINTR;
	}
	return 0;
}

static bool concerns(const struct watch *w, const json_t *event)
{
	const char *machine = member_word(event, "machine");
	if (json_integer_value(json_object_get(event, "order")) ==
		json_integer_value(json_object_get(w->order, "id")))
		return true;
	return *machine && (strcmp(machine, member_word(w->order, "to")) == 0 ||
				   strcmp(machine, member_word(w->order, "from")) == 0);
}

/* What a machine does between two steps is worth a line: it shows that it lives. */
static void events_read(struct watch *w, const json_t *body)
{
	size_t i;
	json_t *event;
	json_array_foreach(json_object_get(body, "items"), i, event)
	{
		json_int_t id = json_integer_value(json_object_get(event, "id"));
		if (id > w->since)
			w->since = id;
		if (w->caught_up && concerns(w, event)) {
			char text[400];
			snprintf(text, sizeof text, "%s %s", member_word(event, "word"),
				member_word(event, "text"));
			text_clean(w->note, sizeof w->note, text);
		}
	}
}

/* Asks for JSON; anything else, or a refusal, is -EPROTO. */
static int ask_json(struct watch *w, enum route r, const char *arg, const char *query, json_t **ret,
	struct reply *raw, struct err *e)
{
	struct reply got = { 0 };
	int n = client_ask(w->client, r, arg, query, NULL, &got, e);
	if (n < 0)
		return n;
	json_t *body = json_loadb(got.body, got.len, 0, NULL);
	if (got.status != 200 || !json_is_object(body)) {
		err_say(e, EPROTO, "order %s: the broker answered %ld: %s", w->id, got.status,
			json_is_object(body) ? member_word(body, "error") : "no JSON");
		json_decref(body);
		reply_drop(&got);
		return -EPROTO;
	}
	*ret = body;
	if (raw)
		*raw = got;
	else
		reply_drop(&got);
	return 0;
}

static int events_wait(struct watch *w, struct err *e)
{
	OWN(json) json_t *body = NULL;
	char query[96];
	if (w->caught_up)
		snprintf(query, sizeof query, "since=%" JSON_INTEGER_FORMAT "&wait_s=%d", w->since,
			WAIT_S);
	else /* the order's own first events say where to begin */
		snprintf(query, sizeof query, "since=0&order=%s", w->id);
	int r = ask_json(w, ROUTE_event_list, "", query, &body, NULL, e);
	if (r < 0)
		return r;
	events_read(w, body);
	w->caught_up = true;
	return 0;
}

static int order_look(struct watch *w, struct reply *raw, struct err *e)
{
	json_t *order = NULL;
	int r = ask_json(w, ROUTE_order_show, w->id, NULL, &order, raw, e);
	if (r < 0)
		return r;
	json_decref(w->order);
	w->order = order;
	if (w->json)
		return 0;
	if (w->term.tty)
		draw(w);
	else
		steps_changes(w->out, w->order, &w->seen, clock_now());
	return 0;
}

static bool runs(const json_t *order)
{
	return strcmp(member_word(order, "state"), "running") == 0;
}

/* Until the order has ended; the broker may come and go. */
static int wait_end(struct watch *w, struct reply *raw, struct err *e)
{
	double away_since = 0;
	for (;;) {
		struct reply got = { 0 };
		int r = runs(w->order) ? events_wait(w, e) : 0;
		if (r == -EPROTO)
			r = nap(w, 10);
		if (r == 0)
			r = order_look(w, &got, e);
		if (r == 0) {
			away_since = 0;
			reply_drop(raw);
			*raw = got;
			if (!runs(w->order))
				return 0;
			continue;
		}
		if (r == -EINTR || was_interrupted)
			return -EINTR;
		double now = clock_now();
		if (away_since <= 0) {
			away_since = now;
			snprintf(w->note, sizeof w->note,
				"the broker is away; the order goes on when it is back");
			if (!w->term.tty && !w->json)
				fprintf(w->out, "%s\n", w->note);
		}
		if (now - away_since > AWAY_S)
			return r;
		if (nap(w, 5) < 0)
			return -EINTR;
	}
}

/* An order that did not come up and went back by itself: the one that takes it back is watched on,
 * and the wish still counts as stopped. False: there is none. */
static bool go_back(struct watch *w)
{
	char why[400];
	double back = member_number(w->order, "undone_by");
	if (back <= 0 || strcmp(member_word(w->order, "state"), "done") != 0)
		return false;
	text_clean(why, sizeof why, member_word(w->order, "why"));
	if (!w->json) {
		if (w->term.tty)
			draw(w);
		fflush(w->out);
		fprintf(stderr, "\norder %s did not come up: %s\nit goes back: order %.0f\n", w->id,
			why, back);
	}
	snprintf(w->id, sizeof w->id, "%.0f", back);
	w->lines = 0;
	w->note[0] = '\0';
	w->caught_up = false;
	w->went_back = true;
	w->seen = (struct seen){ 0 };
	json_object_set_new(w->order, "id", json_integer((json_int_t)back));
	json_object_set_new(w->order, "state", json_string("running"));
	json_object_set_new(w->order, "steps", json_array());
	return true;
}

static void last_words(const struct watch *w)
{
	const struct term *t = &w->term;
	char head[400], why[400];
	order_head(head, sizeof head, w->order);
	text_clean(why, sizeof why, member_word(w->order, "why"));
	if (strcmp(member_word(w->order, "state"), "stopped") != 0) {
		timeline_draw(w->out, t, w->order);
		fprintf(w->out, "\n%sdone%s: %s\n", term_ink(t, INK_GOOD), term_ink(t, INK_PLAIN),
			head);
		return;
	}
	fflush(w->out);
	fprintf(stderr, "\n%s stopped at %s: %s\n", head, member_word(w->order, "step"),
		*why ? why : "it gave no reason");
	order_next(stderr, w->order);
}

enum exit_code follow_order(struct client *c, const json_t *order, bool json, FILE *out)
{
	struct watch w = { .client = c, .out = out, .json = json };
	struct reply raw = { 0 };
	struct err e = { 0 };
	char head[400];
	w.order = json_deep_copy(order);
	snprintf(w.id, sizeof w.id, "%" JSON_INTEGER_FORMAT,
		json_integer_value(json_object_get(order, "id")));
	term_read(&w.term, STDOUT_FILENO);
	if (!json) {
		order_head(head, sizeof head, order);
		fprintf(out, "%s%s%s\n", term_ink(&w.term, INK_BOLD), head,
			term_ink(&w.term, INK_PLAIN));
		fflush(out);
	}
	interrupt_watch();
	client_on_tick(c, tick, &w);
	int r;
	do
		r = wait_end(&w, &raw, &e);
	while (r == 0 && go_back(&w));
	client_on_tick(c, NULL, NULL);
	enum exit_code code = EXIT_DONE;
	if (r == -EINTR) {
		fprintf(stderr,
			"\norder %s goes on without you; to look at it: baton order show %s\n",
			w.id, w.id);
		code = EXIT_INTERRUPTED;
	} else if (r < 0) {
		fprintf(stderr,
			"baton: %s\n  order %s is journaled and goes on when the broker is "
			"back: baton order show %s\n",
			e.text, w.id, w.id);
		code = r == -EPROTO ? EXIT_REFUSED : EXIT_NO_BROKER;
	} else {
		if (json)
			fprintf(out, "%s\n", raw.body);
		else {
			if (w.term.tty) {
				w.note[0] = '\0';
				draw(&w);
			}
			last_words(&w);
		}
		if (strcmp(member_word(w.order, "state"), "stopped") == 0 || w.went_back)
			code = EXIT_ORDER_STOPPED;
	}
	reply_drop(&raw);
	json_decref(w.order);
	return code;
}
