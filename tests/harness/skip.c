/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When everybody waits, and what then: see clock.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness/clock.h"

enum { ASLEEP_MS = 20, CHILDREN_MAX = 64 };

int64_t clock_real_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND_NS + t.tv_nsec;
}

int64_t site_now_ns(const struct site *s)
{
	return clock_real_ns() + s->page->skipped_ns;
}

static ssize_t proc_read(char *to, size_t size, pid_t pid, const char *what)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, to, size - 1);
	close(fd);
	to[n > 0 ? n : 0] = '\0';
	return n;
}

/* The letter of its state; 0: it has gone. */
static char state_of(pid_t pid)
{
	char text[256];
	const char *end = proc_read(text, sizeof text, pid, "stat") > 0 ? strrchr(text, ')') : NULL;
	return end && end[1] ? end[2] : 0;
}

void clock_forget(struct site *s, pid_t pid)
{
	for (int i = 0; i < SLOTS; i++)
		if (s->page->slot[i].pid == pid)
			s->page->slot[i].pid = 0;
}

void clock_tend(struct site *s)
{
	int64_t now = site_now_ns(s);
	for (int i = 0; i < SLOTS; i++) {
		struct slot *at = &s->page->slot[i];
		pid_t pid = at->pid;
		if (!pid)
			continue;
		if (at->alarm_ns && at->alarm_ns <= now) {
			at->alarm_ns = 0;
			kill(pid, SIGALRM);
		}
		if (at->waits && at->due_ns <= now)
			kill(pid, SIGURG);
		if (kill(pid, 0) < 0 && errno == ESRCH)
			at->pid = 0;
	}
}

static struct slot *slot_of(const struct site *s, pid_t pid)
{
	for (int i = 0; i < SLOTS; i++)
		if (s->page->slot[i].pid == pid)
			return &s->page->slot[i];
	return NULL;
}

/* Those that the warden has forked and that are no programs yet have no slot, and work. */
static bool newborn(const struct site *s)
{
	char text[1024], what[48];
	if (!s->warden)
		return false;
	snprintf(what, sizeof what, "task/%d/children", s->warden);
	if (proc_read(text, sizeof text, s->warden, what) <= 0)
		return false;
	for (char *rest = text, *one; (one = strsep(&rest, " "));)
		if (*one && !slot_of(s, atoi(one)) && state_of(atoi(one)) != 'Z')
			return true;
	return false;
}

/* 0: somebody works; 1: all wait; -1: all wait or sleep. Fills in whose turn it was. */
static int waits_or_sleeps(const struct site *s, uint32_t turns[SLOTS])
{
	bool sleeps = false;
	char guest = s->guest ? state_of(s->guest) : 0;
	/* A guest that has ended is what somebody waits for. */
	if (newborn(s) || (s->warden && !slot_of(s, s->warden)) || guest == 'Z' ||
		(guest && !slot_of(s, s->guest)))
		return 0;
	for (int i = 0; i < SLOTS; i++) {
		const struct slot *at = &s->page->slot[i];
		pid_t pid = at->pid;
		turns[i] = at->turns;
		if (!pid)
			continue;
		bool waits = at->waits;
		char state = state_of(pid);
		if (state == 0 || state == 'Z' || state == 'X')
			continue;
		if (state != 'S' || at->turns != turns[i])
			return 0;
		sleeps |= !waits;
	}
	return sleeps ? -1 : 1;
}

/* One that was looked at first may have been woken by one that was looked at last: all are looked
 * at twice, and nobody may have turned in between. */
static int all_wait_or_sleep(const struct site *s)
{
	uint32_t first[SLOTS], then[SLOTS];
	int how = waits_or_sleeps(s, first);
	if (how == 0)
		return 0;
	how = waits_or_sleeps(s, then);
	return memcmp(first, then, sizeof first) == 0 ? how : 0;
}

/* Asleep in a call that is not for skipping: a lock, a pipe. It is taken for a wait, too, once it
 * lasts, and nobody has worked meanwhile. */
bool clock_all_wait(struct site *s)
{
	int64_t now = clock_real_ns();
	int how = all_wait_or_sleep(s);
	if (how >= 0)
		s->unslept_ns = 0;
	else if (!s->unslept_ns)
		s->unslept_ns = now;
	return how > 0 || (how < 0 && now - s->unslept_ns > ASLEEP_MS * 1000000ll);
}

void clock_who_works(char *to, size_t size, const struct site *s)
{
	size_t at = 0;
	snprintf(to, size, "nobody");
	for (int i = 0; i < SLOTS; i++) {
		const struct slot *one = &s->page->slot[i];
		char name[32];
		char state = one->pid ? state_of(one->pid) : 0;
		if (!state || (state == 'S' && one->waits) || at >= size ||
			proc_read(name, sizeof name, one->pid, "comm") <= 0)
			continue;
		name[strcspn(name, "\n")] = '\0';
		at += (size_t)snprintf(
			to + at, size - at, "%s%s (%c)", at ? ", " : "", name, state);
	}
}

void clock_skip(struct site *s, int64_t until_ns)
{
	int64_t now = site_now_ns(s), next = until_ns;
	for (int i = 0; i < SLOTS; i++) {
		const struct slot *at = &s->page->slot[i];
		if (at->pid && at->waits && at->due_ns < next)
			next = at->due_ns;
		if (at->pid && at->alarm_ns && at->alarm_ns < next)
			next = at->alarm_ns;
	}
	if (next > now)
		s->page->skipped_ns += next - now;
	clock_tend(s);
}
