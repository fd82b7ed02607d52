/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every verb x boundary between two of its steps x fault, each a run; four sites take turns. What
 * is true after each is judged here. TAP: a line for each verb and fault. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/order.h"
#include "tests/harness/clock.h"
#include "tests/harness/fault.h"
#include "tests/harness/target.h"

enum { RUNS_MAX = 4096, WORKERS = 4, RETRIES = 3, FRESH_AFTER = 40 };

/* The way back is a failover that the broker begins by itself. */
static const struct {
	const char *word;
	enum verb verb, gives;
} tales[] = { { "start", VERB_START, VERB_START }, { "stop", VERB_STOP, VERB_STOP },
	{ "move", VERB_MOVE, VERB_MOVE }, { "failover", VERB_FAILOVER, VERB_FAILOVER },
	{ "roll-back", VERB_FAILOVER, VERB_MOVE } };
enum { TALES = sizeof tales / sizeof *tales };

struct run {
	unsigned tale, step, fault;
	bool over, well, boundary, met;
	int64_t real_ns;
	char why[400];
};

static struct run *runs;
static unsigned runs_n;

/* ---- what the API says ---- */

static json_t *order_newest(struct site *s)
{
	int status;
	json_t *list = site_api(s, "GET", "/v1/orders", NULL, &status);
	json_t *one = json_incref(json_array_get(json_object_get(list, "items"), 0));
	json_decref(list);
	return one;
}

static json_int_t id_of(const json_t *order)
{
	return json_integer_value(json_object_get(order, "id"));
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));
	return text ? text : "";
}

struct standing {
	char state[32], machine[32], stale[32];
	unsigned generation;
};

static bool standing_get(struct site *s, struct standing *ret)
{
	int status;
	size_t i;
	json_t *j = site_api(s, "GET", "/v1/status", NULL, &status), *m;
	json_t *p = json_array_get(json_object_get(j, "personas"), 0);
	*ret = (struct standing){ .generation = (unsigned)json_integer_value(
					  json_object_get(p, "generation")) };
	snprintf(ret->state, sizeof ret->state, "%s", text_of(p, "state"));
	snprintf(ret->machine, sizeof ret->machine, "%s", text_of(p, "machine"));
	json_array_foreach(
		json_object_get(j, "machines"), i, m) if (strcmp(text_of(m, "state"), "stale") == 0)
		snprintf(ret->stale, sizeof ret->stale, "%s", text_of(m, "name"));
	json_decref(j);
	return p != NULL;
}

/* ---- an order's way to its end ---- */

struct giving {
	bool answered;
	int status;
	char said[300];
};

static void given(void *ctx, int status, const char *answer)
{
	struct giving *g = ctx;
	g->answered = true;
	g->status = status;
	snprintf(g->said, sizeof g->said, "%s", answer);
}

static const char *other_of(const char *machine)
{
	return strcmp(machine, "blade-a") == 0 ? "blade-b" : "blade-a";
}

static void wish(char to[200], enum verb v, const char *machine)
{
	if (v == VERB_RESTORE)
		snprintf(to, 200, "{\"verb\":\"restore\",\"machine\":\"%s\"}", machine);
	else if (*machine)
		snprintf(to, 200,
			"{\"verb\":\"%s\",\"persona\":\"" PERSONA "\",\"machine\":\"%s\"}",
			verb_word(v), machine);
	else
		snprintf(to, 200, "{\"verb\":\"%s\",\"persona\":\"" PERSONA "\"}", verb_word(v));
}

static void post(struct site *s, json_int_t order, const char *what)
{
	char path[64];
	int status;
	snprintf(path, sizeof path, "/v1/orders/%lld/%s", (long long)order, what);
	json_decref(site_api(s, "POST", path, "{}", &status));
}

static bool news(struct site *s, void *ctx)
{
	return s->over + s->stopped != *(uint64_t *)ctx;
}

/* Until no order is open. A stopped one says what is missing; a person retries it, signs for the
 * machine that it wants silent, and at last takes it back. */
static bool settle(struct site *s, bool *stopped)
{
	int64_t end = site_now_ns(s) + 4 * 3600 * SECOND_NS;
	for (unsigned tries = 0; site_now_ns(s) < end && !*s->wrong;) {
		uint64_t was = s->over + s->stopped;
		json_t *o = order_newest(s);
		char state[16], why[200], from[32];
		json_int_t id = id_of(o);
		snprintf(state, sizeof state, "%s", text_of(o, "state"));
		snprintf(why, sizeof why, "%s", text_of(o, "why"));
		snprintf(from, sizeof from, "%s", text_of(o, "from"));
		json_decref(o);
		if (strcmp(state, "done") == 0)
			return true;
		if (strcmp(state, "stopped") != 0) {
			site_until(s, news, &was, 120);
			continue;
		}
		*stopped = true;
		if (strlen(why) < 8)
			site_wrong(s, "order %lld stopped and does not say why: \"%s\"",
				(long long)id, why);
		if (++tries > 2 * RETRIES)
			break;
		if (tries > 1 && *from) {
			char path[80];
			int status;
			body_power(body_of(s, from), false, false);
			snprintf(path, sizeof path, "/v1/machines/%s/attest", from);
			json_decref(site_api(s, "POST", path,
				"{\"reason\":\"pulled both of its cords\"}", &status));
		}
		post(s, id, tries > RETRIES ? "undo" : "retry");
		site_until(s, news, &was, 120);
	}
	if (!*s->wrong) {
		json_t *o = order_newest(s);
		site_wrong(s, "order %lld is %s for ever: %s", (long long)id_of(o),
			text_of(o, "state"), text_of(o, "why"));
		json_decref(o);
	}
	return false;
}

static bool wanted(struct site *s, enum verb v, const char *machine)
{
	char body[200];
	int status;
	bool stopped = false;
	wish(body, v, machine);
	json_t *answer = site_api(s, "POST", "/v1/orders", body, &status);
	if (status != 200 && status != 202)
		site_wrong(s, "%s: %d %s", body, status, text_of(answer, "error"));
	json_decref(answer);
	return !*s->wrong && settle(s, &stopped);
}

/* Nobody stale, and the persona where the verb wants it. */
static bool prepare(struct site *s, bool runs_now, struct standing *at)
{
	for (int i = 0; i < 6 && !*s->wrong && standing_get(s, at); i++) {
		bool running = strcmp(at->state, "running") == 0;
		if (*at->stale && strcmp(at->stale, at->machine) != 0)
			wanted(s, *at->machine ? VERB_STOP : VERB_RESTORE,
				*at->machine ? "" : at->stale);
		else if (runs_now && !running && !*at->machine)
			wanted(s, VERB_START, "blade-a");
		else if (!runs_now && *at->machine)
			wanted(s, VERB_STOP, "");
		else if (running == runs_now)
			return true;
		else
			return false;
	}
	return false;
}

/* ---- the judge ---- */

static bool os_writes(struct site *s, void *ctx)
{
	const struct standing *at = ctx;
	return body_writes(body_of(s, at->machine), at->generation) &&
	       target_count(s, at->generation) > 0;
}

/* Each step that was done was begun before; none is missing. */
static void judge_journal(struct site *s, json_int_t id, bool stopped)
{
	char path[64];
	int status;
	size_t i;
	snprintf(path, sizeof path, "/v1/orders/%lld", (long long)id);
	json_t *o = site_api(s, "GET", path, NULL, &status), *step;
	if (status != 200)
		site_wrong(s, "order %lld was acknowledged and is lost: %d", (long long)id, status);
	/* One that a person took back at its preflight is done, and its steps are not. */
	bool done = !stopped && strcmp(text_of(o, "state"), "done") == 0 &&
		    json_integer_value(json_object_get(o, "undone_by")) == 0;
	json_array_foreach(json_object_get(o, "steps"), i, step)
	{
		double begun = json_number_value(json_object_get(step, "begun"));
		double ended = json_number_value(json_object_get(step, "ended"));
		bool is = strcmp(text_of(step, "state"), "done") == 0;
		if ((is && (begun <= 0 || ended < begun)) || (done && !is))
			site_wrong(s, "order %lld: the journal has step %s as %s, %f to %f",
				(long long)id, text_of(step, "name"), text_of(step, "state"), begun,
				ended);
	}
	json_decref(o);
}

static void judge_proof(struct site *s, unsigned generation)
{
	int status;
	size_t i;
	json_t *list = site_api(s, "GET", "/v1/proofs", NULL, &status), *p;
	bool found = false;
	json_array_foreach(json_object_get(list, "items"), i, p) found |=
		json_integer_value(json_object_get(p, "generation")) == generation;
	json_decref(list);
	if (!found)
		site_wrong(s, "generation %u has ended and no proof says so", generation);
}

static void judge_all(struct site *s, const struct standing *before, json_int_t first, bool stopped)
{
	struct standing at;
	json_t *o = order_newest(s);
	json_int_t last = id_of(o);
	json_decref(o);
	for (json_int_t id = first; id <= last && !*s->wrong; id++)
		judge_journal(s, id, stopped);
	if (*s->wrong || !standing_get(s, &at))
		return;
	if (at.generation < before->generation)
		site_wrong(s, "generation %u after %u", at.generation, before->generation);
	if (*before->machine && (!*at.machine || at.generation != before->generation))
		judge_proof(s, before->generation);
	if (*at.machine && !stopped && !site_until(s, os_writes, &at, 1800))
		site_wrong(s, "%s is %s on %s, generation %u, and does not write", PERSONA,
			at.state, at.machine, at.generation);
	target_judge_all(s);
}

/* ---- a run ---- */

static bool at_gate(struct site *s, const struct giving *g, json_int_t order)
{
	int64_t end = site_now_ns(s) + 7200 * SECOND_NS;
	while (!site_gate_reached(s) && !*s->wrong && site_now_ns(s) < end) {
		if (g->answered && g->status != 200 && g->status != 202)
			return false;
		if (s->over >= (uint64_t)order)
			return false;
		site_turn(s);
	}
	return site_gate_reached(s);
}

static void fault_play(struct site *s, const struct run *r, struct at_fault *f, uint64_t failed)
{
	const struct fault *row = r->fault < faults_n ? &faults[r->fault] : &fault_all_lie;
	int64_t end = site_now_ns(s) + 60 * SECOND_NS;
	uint64_t was = s->over + s->stopped;
	row->inject(f);
	site_gate_open(s);
	while (site_now_ns(s) < end && s->over + s->stopped == was && s->failed == failed &&
		!*s->wrong) {
		site_turn(s);
		if (row->turn)
			row->turn(f);
	}
	if (row->heal)
		row->heal(f);
}

/* The persona is where the verb wants it, and its OS writes. What a run before has left may be out
 * of a person's reach by the verbs alone: then it is another site's turn. */
static bool ready(struct site *s, enum verb gives, struct standing *at)
{
	bool is = prepare(s, gives != VERB_START, at) &&
		  (!*at->machine || site_until(s, os_writes, at, 300));
	*s->wrong = is ? *s->wrong : '\0';
	return is;
}

static void fill(struct site *s)
{
	if (site_fill(s))
		return;
	bail("a site does not begin: %s %s", s->wrong, s->line[(s->lines - 1) % LINES]);
}

static void run_one(struct site *s, struct run *r)
{
	const struct step *step = &verb_steps(tales[r->tale].verb)->step[r->step];
	enum verb gives = tales[r->tale].gives;
	bool back = tales[r->tale].verb != gives, stopped = false;
	static struct giving g;
	struct standing at;
	char body[200];
	if (!ready(s, gives, &at)) {
		fill(s);
		if (!ready(s, gives, &at)) {
			site_wrong(
				s, "before it: %s on %s, stale %s", at.state, at.machine, at.stale);
			return;
		}
	}
	const char *to = gives == VERB_START ? "blade-a" : other_of(at.machine);
	const char *from = other_of(to);
	json_t *o = order_newest(s);
	json_int_t first = id_of(o) + 1, gated = first + back;
	json_decref(o);
	struct at_fault f = { .site = s };
	/* On the way back the two have changed sides. */
	const char *about = (step->side == SIDE_TO) != back ? to : from;
	f.body = body_of(s, gives == VERB_STOP ? at.machine : about);
	f.other = body_of(s, other_of(f.body->name));
	body_of(s, to)->dumb = back;
	s->over = s->stopped = s->failed = 0;
	site_gate_order(s, "step-begun", (unsigned long long)gated, step->name);
	wish(body, gives, gives == VERB_STOP ? "" : to);
	g = (struct giving){ .answered = false };
	site_ask(s, NULL, "POST", "/v1/orders", body, given, &g);
	r->boundary = at_gate(s, &g, gated);
	if (!r->boundary && !*s->wrong)
		site_wrong(s, "it did not come to that boundary: %d %s", g.status, g.said);
	if (r->boundary)
		fault_play(s, r, &f, s->failed);
	r->met = f.met;
	bool acknowledged = g.answered && (g.status == 200 || g.status == 202);
	body_of(s, to)->dumb = false;
	settle(s, &stopped);
	o = order_newest(s);
	if (id_of(o) < first && acknowledged)
		site_wrong(s, "order %lld was acknowledged and is lost", (long long)first);
	json_decref(o);
	if (!*s->wrong)
		judge_all(s, &at, first, stopped);
}

static void run_says(const struct site *s, const struct run *r)
{
	printf("# %s:%s:%s: %s\n", tales[r->tale].word,
		verb_steps(tales[r->tale].verb)->step[r->step].name,
		r->fault < faults_n ? faults[r->fault].name : fault_all_lie.name, r->why);
	for (unsigned i = 0; getenv("HARNESS_LOG") && i < LINES; i++)
		printf("#   %s\n", s->line[(s->lines + i) % LINES]);
}

static void worker(unsigned number, const char *built)
{
	static struct site s;
	unsigned since = FRESH_AFTER;
	site_make(&s, number, built);
	srandom(number + 1);
	for (unsigned i = number; i < runs_n; i += WORKERS) {
		struct run *r = &runs[i];
		int64_t begun = clock_real_ns();
		if (since++ >= FRESH_AFTER) {
			since = 0;
			fill(&s);
		}
		run_one(&s, r);
		r->real_ns = clock_real_ns() - begun;
		r->well = !*s.wrong;
		r->over = true;
		snprintf(r->why, sizeof r->why, "%.399s", s.wrong);
		if (!r->well) {
			run_says(&s, r);
			since = FRESH_AFTER;
		}
	}
	site_drop(&s);
	fflush(stdout);
	_exit(0);
}

static bool asked_for(const char *only, unsigned tale, unsigned step, unsigned fault)
{
	char name[128];
	snprintf(name, sizeof name, "%s:%s:%s", tales[tale].word,
		verb_steps(tales[tale].verb)->step[step].name, faults[fault].name);
	return !only || strstr(name, only) != NULL;
}

static void enumerate(const char *only)
{
	for (unsigned f = 0; f < faults_n; f++)
		for (unsigned t = 0; t < TALES; t++)
			for (unsigned i = 0; i < verb_steps(tales[t].verb)->steps; i++)
				if (asked_for(only, t, i, f))
					runs[runs_n++] =
						(struct run){ .tale = t, .step = i, .fault = f };
}

/* A line for each verb and fault, and one for all. */
static int tell(void)
{
	unsigned line = 0, bad = 0, met = 0;
	for (unsigned f = 0; f < faults_n; f++) {
		for (unsigned t = 0; t < TALES; t++) {
			unsigned n = 0, wrong = 0;
			for (unsigned i = 0; i < runs_n; i++) {
				if (runs[i].tale != t || runs[i].fault != f)
					continue;
				n++;
				wrong += !runs[i].well;
				met += runs[i].met;
			}
			bad += wrong;
			if (n)
				printf("%sok %u - %s, %s: %u runs, %u wrong\n", wrong ? "not " : "",
					++line, tales[t].word, faults[f].name, n, wrong);
		}
	}
	printf("%sok %u - %u runs, %u faults met\n1..%u\n", bad || !runs_n ? "not " : "", line + 1,
		runs_n, met, line + 1);
	return bad || !runs_n;
}

/* Can the judge fail? One run in which there are two writers. */
static int tell_lie(void)
{
	bool seen = strncmp(runs[0].why, "two writers", 11) == 0;
	printf("%sok 1 - two writers are seen\n1..1\n", seen ? "" : "not ");
	return !seen;
}

int main(int argc, char **argv)
{
	const char *built = getenv("B"),
		   *only = argc == 3 && !strcmp(argv[1], "--only") ? argv[2] : NULL;
	setvbuf(stdout, NULL, _IOLBF, 0);
	runs = mmap(NULL, RUNS_MAX * sizeof *runs, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (runs == MAP_FAILED)
		bail("no memory");
	bool lie = argc == 2 && strcmp(argv[1], "--lie") == 0;
	if (lie)
		runs[runs_n++] = (struct run){ .tale = 3, .step = 1, .fault = faults_n };
	else
		enumerate(only);
	for (unsigned i = 0; i < WORKERS; i++)
		if (fork() == 0)
			worker(i, built ? built : "build/dev");
	while (wait(NULL) > 0)
		;
	return lie ? tell_lie() : tell();
}
