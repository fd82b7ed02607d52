/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fault harness: every order, every boundary between two of its steps, every fault
 * (docs/design/0017-fault-harness.md). Prints TAP: a line for each kind of order and fault, with
 * the boundaries behind it; and one for the number of runs. harness [--built DIR] [--only
 * ORDER[:STEP[:FAULT]]] [--seed N] [--workers N] [--most N] [--lying]
 *           [--keep] [--list]
 * --lying: the target lies about sessions; then a run that finds two writers is what is wanted. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness/clock.h"
#include "tests/harness/rest.h"
#include "tests/harness/target.h"

enum { RUNS_MIN = 1000, RUNS_MAX = 8192, WORKERS_MAX = 8, FAULTS_MAX = 64, SAID_LINES = 48 };

struct wanted {
	uint8_t wish, step, fault;
};

struct result {
	struct wanted what;
	bool good;
	unsigned ms;
	char wrong[512];
};

static struct wanted runs[RUNS_MAX];
static unsigned run_count;
static const char *built = "build/dev", *only;
static unsigned seed = 1, workers = 2, most = RUNS_MAX;
static bool lying, keep, verbose;
static char folder[] = "/dev/shm/baton-faults.XXXXXX";
static pid_t worker[WORKERS_MAX];
static volatile sig_atomic_t ended;

static const char *step_name(const struct wanted *w)
{
	return wish_steps(w->wish)->step[w->step].name;
}

static bool is_wanted(const struct wanted *w)
{
	char name[160];
	snprintf(name, sizeof name, "%s:%s:%s", wish_word(w->wish), step_name(w),
		faults[w->fault].name);
	size_t n = only ? strlen(only) : 0;
	return strncmp(name, only ? only : "", n) == 0 && (!n || !name[n] || name[n] == ':');
}

static void add(unsigned wish, unsigned step, unsigned fault)
{
	struct wanted w = { (uint8_t)wish, (uint8_t)step, (uint8_t)fault };
	if (step < wish_steps(wish)->steps && is_wanted(&w) && run_count < RUNS_MAX)
		runs[run_count++] = w;
}

/* In an order in which the end of one is where the next begins, as far as can be. */
static void enumerate(void)
{
	static const unsigned alone[] = { VERB_MOVE, VERB_RESTART, VERB_FAILOVER, ROLL_BACK,
		VERB_RESTORE };
	for (unsigned f = 0; f < fault_count; f++) {
		for (unsigned i = 0; i < 64; i++) {
			add(VERB_START, i, f);
			add(VERB_STOP, i, f);
		}
		for (unsigned a = 0; a < sizeof alone / sizeof *alone; a++)
			for (unsigned i = 0; i < wish_steps(alone[a])->steps; i++)
				add(alone[a], i, f);
	}
}

static void last_lines(const struct site *s, const struct wanted *w)
{
	unsigned n = s->lines < SAID_LINES ? s->lines : SAID_LINES;
	for (unsigned i = s->lines - n; i < s->lines; i++)
		fprintf(stderr, "#   %s:%s:%s: %s\n", wish_word(w->wish), step_name(w),
			faults[w->fault].name, s->line[i % LINES]);
}

/* The same when it is run alone. */
static unsigned seed_of(const struct wanted *w)
{
	unsigned n = (seed << 20) + (w->wish * 64u + w->step) * 64u + w->fault;
	n = (n ^ n >> 15) * 0x2c1b3c6du;
	n = (n ^ n >> 12) * 0x297a2d39u;
	return n ^ n >> 15;
}

static struct result one(struct site *s, unsigned i)
{
	struct result ret = { .what = runs[i], .good = true };
	struct run r = { .s = s,
		.wish = runs[i].wish,
		.step = runs[i].step,
		.fault = &faults[runs[i].fault],
		.seed = seed_of(&runs[i]) };
	int64_t begun = clock_real_ns();
	if (lying && !target_has(s, "keeps="))
		target_line_add(s, "keeps=yes\n");
	run_do(&r);
	ret.ms = (unsigned)((clock_real_ns() - begun) / 1000000);
	if (!*s->wrong)
		return ret;
	ret.good = false;
	snprintf(ret.wrong, sizeof ret.wrong, "%s", s->wrong);
	if (!lying)
		last_lines(s, &runs[i]);
	*s->wrong = '\0';
	rest_forget();
	if (!site_fill(s))
		bail("a site cannot be made anew: %s", s->wrong);
	return ret;
}

static void work(unsigned number, int to)
{
	static struct site s;
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	site_make(&s, folder, number, built);
	if (!site_fill(&s))
		bail("the site does not come up: %s; its last words: %s", s.wrong,
			s.lines ? s.line[(s.lines - 1) % LINES] : "none");
	for (unsigned i = number; i < run_count; i += workers) {
		struct result r = one(&s, i);
		if (write(to, &r, sizeof r) != (ssize_t)sizeof r)
			break;
	}
	rest_all_there(&s);
	if (*s.wrong) {
		struct result r = { .what = runs[number], .good = false };
		memcpy(r.wrong, s.wrong, sizeof r.wrong - 1);
		if (write(to, &r, sizeof r) < 0)
			_exit(1);
	}
	site_drop(&s);
	_exit(0);
}

struct tally {
	unsigned runs, bad;
};

static void tell(const struct tally tally[WISHES][FAULTS_MAX])
{
	unsigned n = 0;
	for (unsigned w = 0; w < WISHES; w++) {
		for (unsigned f = 0; f < fault_count; f++) {
			const struct tally *t = &tally[w][f];
			if (t->runs)
				printf("%sok %u - %s: %s (%s), at %u boundaries\n",
					t->bad ? "not " : "", ++n, wish_word(w), faults[f].name,
					faults[f].what, t->runs);
		}
	}
	unsigned runs_done = 0, bad = 0;
	for (unsigned w = 0; w < WISHES; w++)
		for (unsigned f = 0; f < fault_count; f++) {
			runs_done += tally[w][f].runs;
			bad += tally[w][f].bad;
		}
	bool all = runs_done >= run_count && bad == 0 &&
		   (only || most < RUNS_MAX || runs_done >= RUNS_MIN);
	printf("%sok %u - %u runs of %u, %u failed\n1..%u\n", all ? "" : "not ", n + 1, runs_done,
		run_count, bad, n + 1);
}

static void on_end(int number)
{
	ended = number;
}

/* Whatever they were at: their namespaces go with them. */
static void clean_up(void)
{
	char line[sizeof folder + 16];
	for (unsigned i = 0; ended && i < workers; i++)
		kill(worker[i], SIGKILL);
	while (ended && wait(NULL) > 0)
		;
	snprintf(line, sizeof line, "rm -rf %s", folder);
	if (keep)
		printf("# kept: %s\n", folder);
	else if (system(line) != 0)
		printf("# %s is left behind\n", folder);
}

static int gather(int from)
{
	static struct tally tally[WISHES][FAULTS_MAX];
	struct result r;
	struct timespec t0, t1;
	struct rusage u;
	bool caught = false;
	int status, bad = 0;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	while (read(from, &r, sizeof r) == (ssize_t)sizeof r) {
		struct tally *t = &tally[r.what.wish][r.what.fault];
		t->runs++;
		t->bad += !r.good;
		bad += !r.good;
		caught |= strncmp(r.wrong, "two writers", 11) == 0;
		if (verbose)
			printf("# %u ms %s:%s:%s\n", r.ms, wish_word(r.what.wish),
				step_name(&r.what), faults[r.what.fault].name);
		if (!r.good && (!lying || verbose))
			printf("# %s:%s:%s: %s\n#   alone: %s/tests/harness/harness --built %s "
			       "--seed %u "
			       "--only %s:%s:%s\n",
				wish_word(r.what.wish), step_name(&r.what),
				faults[r.what.fault].name, r.wrong, built, built, seed,
				wish_word(r.what.wish), step_name(&r.what),
				faults[r.what.fault].name);
		fflush(stdout);
	}
	while (!ended && wait(&status) > 0)
		bad += status != 0;
	clock_gettime(CLOCK_MONOTONIC, &t1);
	getrusage(RUSAGE_CHILDREN, &u);
	printf("# %ld s, %ld s of CPU time\n", (long)(t1.tv_sec - t0.tv_sec),
		(long)(u.ru_utime.tv_sec + u.ru_stime.tv_sec));
	if (lying) {
		printf("%sok 1 - a target that lies about sessions is found out by its "
		       "writers\n1..1\n",
			caught ? "" : "not ");
		return !caught;
	}
	tell(tally);
	return bad != 0;
}

static void options(int argc, char **argv)
{
	static const struct option known[] = { { "built", required_argument, NULL, 'b' },
		{ "only", required_argument, NULL, 'o' }, { "seed", required_argument, NULL, 's' },
		{ "workers", required_argument, NULL, 'w' },
		{ "most", required_argument, NULL, 'm' }, { "lying", no_argument, NULL, 'l' },
		{ "keep", no_argument, NULL, 'k' }, { "verbose", no_argument, NULL, 'v' }, { 0 } };
	for (int o; (o = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (o) {
		case 'b':
			built = optarg;
			break;
		case 'o':
			only = optarg;
			break;
		case 's':
			seed = (unsigned)atoi(optarg);
			break;
		case 'w':
			workers = (unsigned)atoi(optarg);
			break;
		case 'm':
			most = (unsigned)atoi(optarg);
			break;
		case 'l':
			lying = true;
			break;
		case 'k':
			keep = true;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			exit(2);
		}
	}
	if (workers < 1 || workers > WORKERS_MAX)
		bail("--workers: want 1 to %d", WORKERS_MAX);
}

int main(int argc, char **argv)
{
	int ends[2];
	built = getenv("B") ? getenv("B") : built;
	options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	enumerate();
	run_count = run_count < most ? run_count : most;
	if (!run_count)
		bail("--only %s: no such run", only);
	workers = workers < run_count ? workers : run_count;
	if (pipe2(ends, O_CLOEXEC) < 0)
		bail("pipe: %s", strerror(errno));
	struct sigaction act = { .sa_handler = on_end };
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
		bail("%s: %s", folder, strerror(errno));
	for (unsigned i = 0; i < workers; i++) {
		worker[i] = fork();
		if (worker[i] == 0)
			work(i, ends[1]);
		if (worker[i] < 0)
			bail("fork: %s", strerror(errno));
	}
	close(ends[1]);
	int bad = gather(ends[0]);
	clean_up();
	return bad || ended;
}
