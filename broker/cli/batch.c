/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See batch.h. A batch that is watched is one line a wish: redrawn in place on a terminal, else a
 * line for each change. */
#include "cli/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "cli/ask.h"
#include "cli/body.h"
#include "cli/checks.h"
#include "cli/follow.h"
#include "cli/grid.h"
#include "cli/show.h"

enum { WAIT_S = 5, AWAY_S = 60, WISHES_SEEN = 512 };

static inline void json_drop(json_t **j)
{
	json_decref(*j);
}

/* ------------------------------------------------------------------ what is sent */

/* PERSONA or PERSONA=MACHINE */
static int wish_own(json_t *wishes, const char *text, bool stop, struct err *e)
{
	size_t n = strcspn(text, "=");
	if (n == 0 || (text[n] && (stop || !text[n + 1])))
		return err_say(e, EINVAL, "\"%s\": want %s", text,
			stop ? "PERSONA alone: its machine is known" : "PERSONA=MACHINE");
	json_t *wish = json_object();
	json_object_set_new(wish, "persona", json_stringn(text, n));
	if (text[n])
		json_object_set_new(wish, "machine", json_string(text + n + 1));
	json_array_append_new(wishes, wish);
	return 0;
}

static int evacuate_own(json_t *body, const struct call *c, struct err *e)
{
	static const char *const options[] = { "rack", "pool" };
	json_t *from = json_object();
	unsigned given = 0;
	json_object_set_new(body, "evacuate", from);
	if (c->args) {
		json_object_set_new(from, "machine", json_string(c->arg[0]));
		given++;
	}
	for (size_t i = 0; i < 2; i++)
		if (call_value(c, options[i])) {
			json_object_set_new(
				from, options[i], json_string(call_value(c, options[i])));
			given++;
		}
	if (given != 1)
		return err_say(e, EINVAL, "say what to evacuate: MACHINE, --rack R or --pool P%s",
			given ? ", only one of them" : "");
	json_object_set_new(
		body, "verb", json_string(call_value(c, "failover") ? "failover" : "move"));
	if (call_value(c, "to"))
		json_object_set_new(body, "pool", json_string(call_value(c, "to")));
	return 0;
}

int batch_own(json_t *body, const struct call *c, struct err *e)
{
	unsigned long long parallel = 0;
	bool evacuate = command_id(c->command) == COMMAND_evacuate;
	int r = evacuate ? evacuate_own(body, c, e) : 0;
	json_t *wishes = json_array();
	for (unsigned i = 0; !evacuate && r == 0 && i < c->args; i++)
		r = wish_own(wishes, c->arg[i], strcmp(c->command->sub, "stop") == 0, e);
	if (!evacuate) {
		json_object_set(body, "wishes", wishes);
		json_object_set_new(body, "verb", json_string(c->command->sub));
		if (call_value(c, "pool"))
			json_object_set_new(body, "pool", json_string(call_value(c, "pool")));
	}
	json_decref(wishes);
	if (call_value(c, "parallel")) {
		number_parse(&parallel, call_value(c, "parallel"), LLONG_MAX);
		json_object_set_new(body, "parallel", json_integer((json_int_t)parallel));
	}
	if (call_value(c, "keep-going"))
		json_object_set_new(body, "keep_going", json_true());
	if (call_value(c, "plan"))
		json_object_set_new(body, "plan", json_true());
	return r;
}

/* ------------------------------------------------------------------ how one looks */

static enum ink wish_ink(const char *state)
{
	if (strcmp(state, "done") == 0)
		return INK_GOOD;
	if (strcmp(state, "running") == 0)
		return INK_WARN;
	if (strcmp(state, "waiting") == 0 || strcmp(state, "dropped") == 0 ||
		strcmp(state, "planned") == 0)
		return INK_DIM;
	return INK_BAD;
}

static void order_text(char to[24], const json_t *wish)
{
	double order = member_number(wish, "order");
	to[0] = '\0';
	if (order > 0)
		snprintf(to, 24, "%.0f", order);
}

/* What it is doing, or why it is not. */
static void wish_remark(char *to, size_t len, const json_t *wish)
{
	const char *why = member_word(wish, "why"), *step = member_word(wish, "step");
	bool stopped = strcmp(member_word(wish, "state"), "stopped") == 0;
	snprintf(to, len, "%s%s%s", step, *step && *why ? ": " : "",
		*why && (stopped || !*step) ? why : "");
}

static void wishes_draw(FILE *to, const struct term *t, const json_t *batch)
{
	static const char *const titles[] = { "", "VERB", "PERSONA", "FROM", "TO", "STATE", "ORDER",
		"NOW" };
	OWN(grid) struct grid g = { 0 };
	size_t i;
	json_t *wish;
	for (i = 0; i < sizeof titles / sizeof *titles; i++)
		grid_column(&g, titles[i], i == 0 || i == 6);
	json_array_foreach(json_object_get(batch, "wishes"), i, wish)
	{
		const char *state = member_word(wish, "state"),
			   *machine = member_word(wish, "machine");
		const char *pool = member_word(wish, "pool");
		char n[24], order[24], where[160], remark[512];
		snprintf(n, sizeof n, "%zu", i + 1);
		snprintf(where, sizeof where, "%s%s",
			*machine ? machine
			: *pool  ? "of pool "
				 : "",
			*machine ? "" : pool);
		order_text(order, wish);
		wish_remark(remark, sizeof remark, wish);
		grid_cell(&g, INK_DIM, n);
		grid_cell(&g, INK_PLAIN, member_word(wish, "verb"));
		grid_cell(&g, INK_PLAIN, member_word(wish, "persona"));
		grid_cell(&g, INK_PLAIN, member_word(wish, "from"));
		grid_cell(&g, INK_PLAIN, where);
		grid_cell(&g, wish_ink(state), state);
		grid_cell(&g, INK_PLAIN, order);
		grid_cell(&g, INK_PLAIN, remark);
	}
	grid_print(&g, to, t);
}

static void batch_head(char *to, size_t len, const json_t *batch)
{
	char text[256], id[40] = "";
	double n = member_number(batch, "id");
	if (n > 0)
		snprintf(id, sizeof id, "batch %.0f: ", n);
	snprintf(text, sizeof text, "%s%s", id, member_word(batch, "what"));
	text_clean(to, len, text);
}

static void batch_next_say(FILE *to, const json_t *batch)
{
	double id = member_number(batch, "id");
	fprintf(to,
		"  when the cause is mended:   baton batch retry %.0f\n"
		"  to drop what has not begun: baton batch cancel %.0f\n"
		"  one order of it:            baton order show N, retry N, undo N\n",
		id, id);
}

static void batch_draw(FILE *to, const struct term *t, const json_t *batch)
{
	char head[256];
	batch_head(head, sizeof head, batch);
	fprintf(to, "%s%s%s: %s, %.0f of %.0f done, %.0f at once\n", term_ink(t, INK_BOLD), head,
		term_ink(t, INK_PLAIN), member_word(batch, "state"), member_number(batch, "done"),
		member_number(batch, "of"), member_number(batch, "parallel"));
	wishes_draw(to, t, batch);
}

/* ------------------------------------------------------------------ watching */

struct watch {
	struct run *run;
	json_t *batch;
	char id[24];
	json_int_t since;
	unsigned lines;
	char seen[WISHES_SEEN][16]; /* the state that was last said of each */
};

/* One line a wish, each cut to the width: what is redrawn must stand on as many lines as before. */
static void draw(struct watch *w)
{
	struct term *t = &w->run->term;
	term_read(t, STDOUT_FILENO);
	if (w->lines)
		printf("\033[%uA\033[J", w->lines);
	batch_draw(stdout, t, w->batch);
	w->lines = 2 + (unsigned)json_array_size(json_object_get(w->batch, "wishes"));
	fflush(stdout);
}

static void changes_say(struct watch *w)
{
	size_t i;
	json_t *wish;
	json_array_foreach(json_object_get(w->batch, "wishes"), i, wish)
	{
		const char *state = member_word(wish, "state");
		char clock[24], line[900], clean[900], order[24];
		if (i >= WISHES_SEEN || strcmp(w->seen[i], state) == 0)
			continue;
		bool first = !*w->seen[i];
		snprintf(w->seen[i], sizeof w->seen[i], "%s", state);
		if (first && strcmp(state, "waiting") == 0)
			continue;
		double now = clock_now();
		const char *why = member_word(wish, "why");
		order_text(order, wish);
		snprintf(line, sizeof line, "%s  %-10s  %zu %s %s%s%s%s%s%s%s",
			clock_text(clock, now, now), state, i + 1, member_word(wish, "verb"),
			member_word(wish, "persona"), *member_word(wish, "machine") ? " on " : "",
			member_word(wish, "machine"), *order ? ", order " : "", order,
			*why ? ": " : "", why);
		text_clean(clean, sizeof clean, line);
		printf("%s\n", clean);
	}
	fflush(stdout);
}

static bool is_terminal(const struct watch *w)
{
	/* A batch that is higher than the screen cannot be redrawn in place. */
	const struct term *t = &w->run->term;
	size_t n = json_array_size(json_object_get(w->batch, "wishes"));
	return t->tty && (!t->height || n + 3 < t->height);
}

static int get(struct watch *w, enum route route, const char *arg, const char *query, json_t **ret,
	struct err *e)
{
	struct reply got = { 0 };
	int r = client_ask(w->run->client, route, arg, query, NULL, &got, e);
	if (r < 0)
		return r;
	*ret = json_loadb(got.body, got.len, 0, NULL);
	bool good = got.status == 200 && json_is_object(*ret);
	reply_drop(&got);
	if (good)
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return err_say(e, EPROTO, "batch %s: the broker did not answer as it should", w->id);
}

/* Waits for the next event, whichever it is; the first time it only learns where they stand. */
static int event_wait(struct watch *w, struct err *e)
{
	OWN(json) json_t *body = NULL;
	char query[96] = "";
	size_t i;
	json_t *event;
	if (w->since)
		snprintf(query, sizeof query, "since=%" JSON_INTEGER_FORMAT "&wait_s=%d", w->since,
			WAIT_S);
	int r = get(w, ROUTE_event_list, "", query, &body, e);
	json_array_foreach(json_object_get(body, "items"), i, event)
	{
		json_int_t id = json_integer_value(json_object_get(event, "id"));
		w->since = id > w->since ? id : w->since;
	}
	return r;
}

static int look(struct watch *w, struct err *e)
{
	json_t *batch = NULL;
	int r = event_wait(w, e);
	if (r == 0)
		r = get(w, ROUTE_batch_show, w->id, NULL, &batch, e);
	if (r < 0)
		return r;
	json_decref(w->batch);
	w->batch = batch;
	if (w->run->json)
		return 0;
	if (is_terminal(w))
		draw(w);
	else
		changes_say(w);
	return 0;
}

static bool runs(const json_t *batch)
{
	return strcmp(member_word(batch, "state"), "running") == 0;
}

/* Until it is over or has stopped; the broker may come and go. */
static int wait_end(struct watch *w, struct err *e)
{
	double away_since = 0;
	int r = look(w, e);
	while (r < 0 || runs(w->batch)) {
		if (r == -EINTR || interrupted(NULL))
			return -EINTR;
		double now = clock_now();
		if (r < 0 && away_since <= 0)
			away_since = now;
		if (r == 0)
			away_since = 0;
		else if (now - away_since > AWAY_S)
			return r;
		else
			nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
		r = look(w, e);
	}
	return 0;
}

static enum exit_code last_words(const struct watch *w)
{
	char head[256];
	const char *state = member_word(w->batch, "state");
	bool stopped = strcmp(state, "stopped") == 0;
	if (w->run->json) {
		json_dumpf(w->batch, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
		return stopped ? EXIT_ORDER_STOPPED : EXIT_DONE;
	}
	batch_head(head, sizeof head, w->batch);
	fflush(stdout);
	fprintf(stopped ? stderr : stdout, "\n%s: %s, %.0f of %.0f done\n", head, state,
		member_number(w->batch, "done"), member_number(w->batch, "of"));
	if (stopped)
		batch_next_say(stderr, w->batch);
	return stopped ? EXIT_ORDER_STOPPED : EXIT_DONE;
}

static enum exit_code batch_follow(struct run *r, const json_t *batch)
{
	struct watch w = { .run = r, .batch = json_deep_copy(batch) };
	struct err e = { 0 };
	char head[256];
	snprintf(w.id, sizeof w.id, "%.0f", member_number(batch, "id"));
	if (!r->json && !is_terminal(&w)) {
		batch_head(head, sizeof head, batch);
		printf("%s\n", head);
		fflush(stdout);
	}
	interrupt_watch();
	client_on_tick(r->client, interrupted, NULL);
	int n = wait_end(&w, &e);
	client_on_tick(r->client, NULL, NULL);
	enum exit_code code = EXIT_DONE;
	if (n == 0)
		code = last_words(&w);
	else {
		fprintf(stderr,
			"%s%s%sbatch %s is on disk and goes on; to look at it: baton batch show "
			"%s\n",
			n == -EINTR ? "\n" : "baton: ", n == -EINTR ? "" : e.text,
			n == -EINTR ? "" : "\n  ", w.id, w.id);
		code = n == -EINTR ? EXIT_INTERRUPTED : EXIT_NO_BROKER;
	}
	json_decref(w.batch);
	return code;
}

/* ------------------------------------------------------------------ the commands */

static enum exit_code go_on(struct run *r, const struct answer *a)
{
	char head[256];
	if (!call_value(r->call, "no-wait"))
		return batch_follow(r, a->json);
	batch_head(head, sizeof head, a->json);
	if (r->json)
		answer_print(a);
	else
		printf("%s has begun; to look at it: baton batch show %.0f\n", head,
			member_number(a->json, "id"));
	return EXIT_DONE;
}

static void plan_show(const struct run *r, const json_t *plan)
{
	char head[256];
	batch_head(head, sizeof head, plan);
	printf("%s%s%s would take these orders, %.0f at once; nothing was changed\n",
		term_ink(&r->term, INK_BOLD), head, term_ink(&r->term, INK_PLAIN),
		member_number(plan, "parallel"));
	wishes_draw(stdout, &r->term, plan);
	putchar('\n');
	checks_draw_all(stdout, &r->term, json_object_get(plan, "wishes"));
}

enum exit_code run_batch(struct run *r)
{
	OWN(answer) struct answer a = { .quiet = true };
	json_t *body = NULL;
	struct err e;
	if (body_of(&body, r->call, &e) < 0)
		return usage_error(r->call, &e);
	enum exit_code code = ask(r, ROUTE_batch_add, "", NULL, body, &a);
	json_decref(body);
	if (code != EXIT_DONE)
		return code;
	if (!call_value(r->call, "plan"))
		return go_on(r, &a);
	if (r->json)
		answer_print(&a);
	else
		plan_show(r, a.json);
	return checks_exit(a.json);
}

static enum exit_code number_check(const struct run *r)
{
	unsigned long long n;
	struct err e;
	if (number_parse(&n, r->call->arg[0], INT64_MAX))
		return EXIT_DONE;
	err_say(&e, EINVAL, "\"%s\" is not the number of a batch; `baton batch list` shows them",
		r->call->arg[0]);
	return usage_error(r->call, &e);
}

/* show, cancel and retry: the batch as it stands afterwards. */
enum exit_code run_batch_one(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	enum route route = (enum route)r->call->command->route;
	a.quiet = route == ROUTE_batch_retry;
	enum exit_code code = number_check(r);
	if (code == EXIT_DONE)
		code = ask(r, route, r->call->arg[0], NULL, NULL, &a);
	if (code != EXIT_DONE)
		return code;
	if (route == ROUTE_batch_retry)
		return go_on(r, &a);
	if (r->json)
		return EXIT_DONE;
	batch_draw(stdout, &r->term, a.json);
	if (strcmp(member_word(a.json, "state"), "stopped") == 0) {
		putchar('\n');
		batch_next_say(stdout, a.json);
	}
	return EXIT_DONE;
}
