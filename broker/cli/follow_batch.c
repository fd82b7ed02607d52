/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watching a batch: see follow_batch.h. Long-polls for events, and looks at the batch after each.
 */
#include "cli/follow_batch.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "cli/follow.h"
#include "cli/show.h"
#include "cli/show_batch.h"

enum { WAIT_S = 5, AWAY_S = 60, WISHES_SEEN = 512 };

static inline void json_drop(json_t **j)
{
	json_decref(*j);
}

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

enum exit_code follow_batch(struct run *r, const json_t *batch)
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
