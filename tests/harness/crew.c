/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See crew.h. */
#include "tests/harness/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/clock.h"
#include "tests/harness/rest.h"
#include "tests/harness/target.h"

/* AT_ONCE: runs that follow each other save orders between them; see plan.h. */
enum { AT_ONCE = 8, SAID_LINES = 48, REPLACED_MAX = 8, NOTHING = -1 };

/* What a worker writes. */
struct said {
	unsigned worker;
	enum { SAID_BEGUN, SAID_OVER, SAID_LOST } what;
	unsigned run;
	struct result result;
};

struct worker {
	pid_t pid;
	int run; /* that it is at, or NOTHING */
	int64_t since_ns;
	unsigned site; /* no two workers ever have one folder */
};

static volatile sig_atomic_t ended;

static void on_end(int number)
{
	ended = number;
}

/* ------------------------------------------------------------------ a worker */

static void last_lines(const struct site *s, const struct wanted *w)
{
	char name[RUN_NAME];
	unsigned n = s->lines < SAID_LINES ? s->lines : SAID_LINES;
	wanted_name(name, w);
	for (unsigned i = s->lines - n; i < s->lines; i++)
		fprintf(stderr, "#   %s: %s\n", name, s->line[i % LINES]);
}

static void fill(struct site *s, unsigned deadline_s)
{
	site_deadline(s, deadline_s);
	if (!site_fill(s))
		bail("the site does not come up: %s; its last words: %s", s->wrong,
			s->lines ? s->line[(s->lines - 1) % LINES] : "none");
}

static struct result one(const struct crew *c, struct site *s, const struct wanted *w)
{
	struct result ret = { .good = true };
	struct run r = { .s = s,
		.wish = w->wish,
		.step = w->step,
		.fault = &faults[w->fault],
		.later = w->later,
		.other_fault = w->pair ? &faults[w->other] : NULL,
		.seed = wanted_seed(w, c->seed) };
	int64_t begun = clock_real_ns();
	if (w->lying)
		target_line_add(s, "keeps=yes\n");
	site_deadline(s, c->deadline_s);
	run_do(&r);
	ret.good = !*s->wrong;
	ret.both = r.both;
	snprintf(ret.wrong, sizeof ret.wrong, "%s", s->wrong);
	if (!ret.good && !w->lying)
		last_lines(s, w);
	if (!ret.good || w->lying) {
		*s->wrong = '\0';
		rest_forget();
		fill(s, c->deadline_s);
	}
	ret.ms = (unsigned)((clock_real_ns() - begun) / 1000000);
	return ret;
}

static void say(int to, const struct said *said)
{
	if (write(to, said, sizeof *said) != (ssize_t)sizeof *said)
		_exit(1);
}

__attribute__((noreturn)) static void work(const struct crew *c, unsigned number, unsigned folder,
	unsigned from, _Atomic unsigned *next, int to)
{
	static struct site s;
	struct said said = { .worker = number };
	unsigned runs = c->plan->runs;
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	bail_word = "#";
	site_make(&s, c->folder, folder, c->built);
	fill(&s, c->deadline_s);
	for (;; from++) {
		if (from % AT_ONCE == 0)
			from = atomic_fetch_add(next, AT_ONCE);
		if (from >= runs)
			break;
		said.what = SAID_BEGUN;
		said.run = from;
		say(to, &said);
		said.what = SAID_OVER;
		said.result = one(c, &s, &c->plan->run[from]);
		say(to, &said);
	}
	site_deadline(&s, c->deadline_s);
	rest_all_there(&s);
	if (*s.wrong) {
		fprintf(stderr, "# at the end: %s\n", s.wrong);
		said.what = SAID_LOST;
		say(to, &said);
	}
	site_drop(&s);
	_exit(0);
}

/* ------------------------------------------------------------------ who sees to them */

struct seen {
	struct crew *c;
	struct worker worker[WORKERS_MAX];
	_Atomic unsigned *next;
	int ends[2];
	unsigned sites, replaced, lost;
};

static void start(struct seen *s, unsigned i, unsigned from)
{
	struct worker *w = &s->worker[i];
	*w = (struct worker){ .run = NOTHING, .since_ns = clock_real_ns(), .site = s->sites++ };
	w->pid = fork();
	if (w->pid == 0) {
		close(s->ends[0]);
		work(s->c, i, w->site, from, s->next, s->ends[1]);
	}
	if (w->pid < 0)
		bail("fork: %s", strerror(errno));
}

static void take(struct seen *s)
{
	struct said said;
	while (read(s->ends[0], &said, sizeof said) == (ssize_t)sizeof said) {
		struct worker *w = &s->worker[said.worker];
		w->since_ns = clock_real_ns();
		w->run = said.what == SAID_BEGUN ? (int)said.run : NOTHING;
		s->lost += said.what == SAID_LOST;
		if (said.what == SAID_OVER)
			s->c->over(s->c->ctx, said.run, &said.result);
	}
}

/* Its run has failed, and another one goes on behind that. */
static void replace(struct seen *s, unsigned i, const char *why)
{
	struct worker *w = &s->worker[i];
	struct result r = { .good = false, .ms = 0 };
	int run = w->run;
	snprintf(r.wrong, sizeof r.wrong, "%s", why);
	if (run != NOTHING)
		s->c->over(s->c->ctx, (unsigned)run, &r);
	else
		fprintf(stderr, "# between two runs: %s\n", why);
	w->pid = 0;
	s->lost += run == NOTHING;
	if (s->replaced++ < REPLACED_MAX)
		start(s, i, run == NOTHING ? 0 : (unsigned)run + 1);
}

static void see_to(struct seen *s, unsigned i)
{
	struct worker *w = &s->worker[i];
	char why[120];
	int status;
	int64_t late = clock_real_ns() - w->since_ns - (2ll * s->c->deadline_s + 30) * SECOND_NS;
	if (w->pid == 0)
		return;
	if (late > 0)
		kill(w->pid, SIGKILL);
	if (waitpid(w->pid, &status, late > 0 ? 0 : WNOHANG) != w->pid)
		return;
	take(s);
	if (late > 0) {
		snprintf(why, sizeof why,
			"the harness itself hangs: it has done nothing for %u s and was ended",
			2 * s->c->deadline_s + 30);
		replace(s, i, why);
	} else if (status != 0) {
		snprintf(why, sizeof why, "the harness' worker has ended with status %#x",
			(unsigned)status);
		replace(s, i, why);
	} else {
		w->pid = 0;
	}
}

static bool at_work(const struct seen *s)
{
	for (unsigned i = 0; i < s->c->workers; i++)
		if (s->worker[i].pid)
			return true;
	return false;
}

/* Whatever they were at: their namespaces go with them. */
static void end_all(struct seen *s)
{
	for (unsigned i = 0; i < s->c->workers; i++)
		if (s->worker[i].pid)
			kill(s->worker[i].pid, SIGKILL);
	while (wait(NULL) > 0)
		;
}

bool crew_work(struct crew *c, unsigned *lost)
{
	struct seen s = { .c = c };
	struct sigaction act = { .sa_handler = on_end };
	struct rusage u;
	int64_t begun = clock_real_ns();
	unsigned blocks = (c->plan->runs + AT_ONCE - 1) / AT_ONCE;
	c->workers = c->workers < blocks ? c->workers : blocks;
	s.next = mmap(
		NULL, sizeof *s.next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.next == MAP_FAILED || pipe2(s.ends, O_CLOEXEC) < 0 ||
		fcntl(s.ends[0], F_SETFL, O_NONBLOCK) < 0)
		bail("crew: %s", strerror(errno));
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	for (unsigned i = 0; i < c->workers; i++)
		start(&s, i, 0);
	while (!ended && at_work(&s)) {
		poll(&(struct pollfd){ .fd = s.ends[0], .events = POLLIN }, 1, 200);
		take(&s);
		for (unsigned i = 0; i < c->workers; i++)
			see_to(&s, i);
	}
	end_all(&s);
	getrusage(RUSAGE_CHILDREN, &u);
	c->seconds = (unsigned)((clock_real_ns() - begun) / SECOND_NS);
	c->cpu_seconds = (unsigned)(u.ru_utime.tv_sec + u.ru_stime.tv_sec);
	*lost = s.lost;
	return !ended;
}
