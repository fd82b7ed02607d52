/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fault harness: every order, every boundary between two of its steps, every fault, and pairs
 * of faults (docs/design/0017-fault-harness.md). Prints TAP: a line for each kind of order and
 * fault, as soon as the last of its runs is over; and one for all.
 * harness [--built DIR] [--only ORDER[:STEP[:FAULT[+STEP:FAULT]]]] [--seed N] [--pairs N]
 *         [--workers N] [--deadline SECONDS] [--all] [--lying] [--keep] [--verbose]
 * Without --all and --only: of faults that are much alike one at each boundary, by the seed.
 * --lying: the target lies about sessions; then a run that finds two writers is what is wanted. All
 * runs have one such among them. A run that takes longer than the deadline is ended. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/crew.h"
#include "tests/harness/run.h"

enum { RUNS_MIN = 1000, PAIRS = 200, DEADLINE_S = 60, OF_PAIRS = FAULTS_MAX, OF_LIES, COLUMNS };

/* The runs of one line. */
struct tally {
	unsigned want, ended, bad, both, caught;
};

static struct plan plan;
static struct tally tally[WISHES][COLUMNS];
static unsigned ended, bad, lines;
static char folder[] = "/dev/shm/baton-faults.XXXXXX";

static struct tally *tally_of(const struct wanted *w)
{
	return &tally[w->wish][w->lying ? OF_LIES : w->pair ? OF_PAIRS : w->fault];
}

static bool is_good(const struct tally *t, bool lies)
{
	return t->ended == t->want && (lies ? t->caught > 0 : t->bad == 0);
}

static void line_say(const struct wanted *w, const struct tally *t)
{
	printf("%sok %u - %s: ", is_good(t, w->lying) ? "" : "not ", ++lines, wish_word(w->wish));
	if (w->lying)
		printf("the target lies about sessions, and two writers are found in %u of %u runs",
			t->caught, t->want);
	else if (w->pair)
		printf("two faults at two boundaries, %u runs, of which %u came to the second",
			t->want, t->both);
	else
		printf("%s (%s), at %u boundaries", faults[w->fault].name, faults[w->fault].what,
			t->want);
	if (t->ended < t->want)
		printf("; %u of them never ended", t->want - t->ended);
	printf("\n");
}

/* prove shows what goes to stderr. */
static void over(void *ctx, unsigned run, const struct result *r)
{
	const struct crew *c = ctx;
	const struct wanted *w = &plan.run[run];
	struct tally *t = tally_of(w);
	char name[RUN_NAME];
	wanted_name(name, w);
	if (c->verbose)
		printf("# %u ms %s\n", r->ms, name);
	if (!r->good && !w->lying)
		fprintf(stderr,
			"# %s: %s\n#   alone: B=%s %s/tests/harness/harness --seed %u --only %s\n",
			name, r->wrong, c->built, c->built, c->seed, name);
	ended++;
	t->ended++;
	t->bad += !r->good;
	t->both += r->both;
	t->caught += !r->good && strncmp(r->wrong, "two writers", 11) == 0;
	bad += !r->good && !w->lying;
	if (t->ended == t->want)
		line_say(w, t);
}

static void lines_begin(void)
{
	unsigned n = 1;
	for (unsigned i = 0; i < plan.runs; i++)
		n += tally_of(&plan.run[i])->want++ == 0;
	printf("1..%u\n", n);
}

/* Those of which runs are missing, and all together. */
static bool lines_end(const struct crew *c, bool least, unsigned lost)
{
	bool good =
		bad == 0 && lost == 0 && ended == plan.runs && (!least || plan.runs >= RUNS_MIN);
	for (unsigned i = 0; i < plan.runs; i++) {
		struct tally *t = tally_of(&plan.run[i]);
		bool lies = plan.run[i].lying;
		if (t->ended < t->want)
			line_say(&plan.run[i], t);
		good &= t->want == 0 || is_good(t, lies);
		t->want = t->ended = 0;
	}
	printf("# %u s, %u s of CPU time\n", c->seconds, c->cpu_seconds);
	printf("%sok %u - %u runs of %u, %u failed; every order that the API has shown is in its "
	       "store\n",
		good ? "" : "not ", ++lines, ended, plan.runs, bad);
	return good;
}

static unsigned number(const char *text, unsigned least, unsigned most, const char *name)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	if (!*text || *end || n < least || n > most)
		bail("--%s: want %u to %u", name, least, most);
	return (unsigned)n;
}

static void options(struct crew *c, struct plan_wish *w, bool *keep, int argc, char **argv)
{
	static const struct option known[] = { { "built", required_argument, NULL, 'b' },
		{ "only", required_argument, NULL, 'o' }, { "seed", required_argument, NULL, 's' },
		{ "pairs", required_argument, NULL, 'p' },
		{ "workers", required_argument, NULL, 'w' },
		{ "deadline", required_argument, NULL, 'd' }, { "all", no_argument, NULL, 'a' },
		{ "lying", no_argument, NULL, 'l' }, { "keep", no_argument, NULL, 'k' },
		{ "verbose", no_argument, NULL, 'v' }, { 0 } };
	for (int o, at = 0; (o = getopt_long(argc, argv, "", known, &at)) != -1;) {
		if (o == 'b')
			c->built = optarg;
		else if (o == 'o')
			w->only = optarg;
		else if (o == 's')
			w->seed = c->seed = number(optarg, 0, 4095, "seed");
		else if (o == 'p')
			w->pairs = number(optarg, 0, RUNS_MAX / 2, "pairs");
		else if (o == 'w')
			c->workers = number(optarg, 1, WORKERS_MAX, "workers");
		else if (o == 'd')
			c->deadline_s = number(optarg, 1, 3600, "deadline");
		else if (o == 'a')
			w->all = true;
		else if (o == 'l')
			w->lying = true;
		else if (o == 'k')
			*keep = true;
		else if (o == 'v')
			c->verbose = true;
		else
			exit(2);
	}
}

static void clean_up(bool keep)
{
	char line[sizeof folder + 16];
	snprintf(line, sizeof line, "rm -rf %s", folder);
	if (keep)
		printf("# kept: %s\n", folder);
	else if (system(line) != 0)
		printf("# %s is left behind\n", folder);
}

int main(int argc, char **argv)
{
	const char *built = getenv("B");
	struct crew c = { .plan = &plan,
		.built = built ? built : "build/dev",
		.folder = folder,
		.seed = 1,
		.workers = 2,
		.deadline_s = DEADLINE_S,
		.over = over,
		.ctx = &c };
	struct plan_wish wish = { .seed = 1, .pairs = PAIRS };
	bool keep = false;
	options(&c, &wish, &keep, argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	plan_make(&plan, &wish);
	if (!plan.runs)
		bail("--only %s: no such run", wish.only);
	if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
		bail("%s: %s", folder, strerror(errno));
	lines_begin();
	unsigned lost = 0;
	bool whole = crew_work(&c, &lost);
	if (whole)
		whole = lines_end(&c, !wish.only, lost);
	clean_up(keep);
	return !whole;
}
