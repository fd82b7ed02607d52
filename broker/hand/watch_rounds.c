/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When who is asked: a round every every_ms, its units spread over it, and a pool of threads that
 * block for them. What gave no answer the last time shares a part of the threads, so that dead BMCs
 * wait for each other and not the living for them. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "drivers/wait.h"
#include "hand/watch.h"

enum {
	THREADS_MAX = 64,
	SLOW_MAX = 32, /* of them, for what is slow */
	STACK_LEN = 512 << 10,
	SLOW_MS = 2000,     /* so long without an answer: slow */
	PATIENCE_MS = 6000, /* so long: told as silent while it is still waited for */
};

struct queue {
	struct unit *first, **end;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER; /* something is in a queue */
static pthread_cond_t settled;                         /* a unit was begun or answered */
static struct queue fast = { NULL, &fast.first }, slow = { NULL, &slow.first };
static unsigned slow_busy;

static void queue_put(struct queue *q, struct unit *u)
{
	u->next = NULL;
	*q->end = u;
	q->end = &u->next;
}

static struct unit *queue_take(struct queue *q)
{
	struct unit *u = q->first;
	if (u && !(q->first = u->next))
		q->end = &q->first;
	return u;
}

static struct unit *unit_next(void)
{
	struct unit *u = queue_take(&fast);
	return u || slow_busy >= SLOW_MAX ? u : queue_take(&slow);
}

static void *worker(void *none)
{
	(void)none;
	pthread_mutex_lock(&lock);
	for (;;) {
		struct unit *u = unit_next();
		if (!u) {
			pthread_cond_wait(&work, &lock);
			continue;
		}
		u->queued = false;
		u->busy = true;
		u->begun = u->told = wait_now_ms();
		slow_busy += u->slow;
		pthread_cond_signal(&settled);
		pthread_mutex_unlock(&lock);
		bool good = unit_ask(u);
		pthread_mutex_lock(&lock);
		slow_busy -= u->slow;
		u->slow = !good;
		u->busy = false;
		pthread_cond_signal(&settled);
	}
	return NULL;
}

/* Whoever listens has closed the other end: there is nobody to watch for. */
static void *listener_gone(void *none)
{
	(void)none;
	struct pollfd p = { .fd = STDOUT_FILENO };
	while (poll(&p, 1, -1) <= 0 || !p.revents)
		;
	_exit(0);
}

int thread_start(void *(*run)(void *none), struct err *e)
{
	pthread_attr_t attr;
	pthread_t t;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_LEN);
	int r = pthread_create(&t, &attr, run, NULL);
	pthread_attr_destroy(&attr);
	return r ? err_set(e, r, "watch: start a thread") : 0;
}

/* What is still being asked counts as asked. */
void unit_due(struct unit *u)
{
	pthread_mutex_lock(&lock);
	if (!u->busy && !u->queued) {
		u->queued = true;
		queue_put(u->slow ? &slow : &fast, u);
		pthread_cond_signal(&work);
	}
	pthread_mutex_unlock(&lock);
}

/* With the lock. A driver may need ten seconds to give up, and a library may never. */
static void silence_tell(struct unit *u, uint64_t every_ms, int64_t now)
{
	char why[80];
	int64_t waited = now - u->begun;
	if (!u->busy)
		return;
	if (!u->slow && waited >= SLOW_MS) {
		u->slow = true;
		slow_busy++;
	}
	if (waited < PATIENCE_MS || now - u->told < (int64_t)every_ms / 2)
		return;
	u->told = now;
	snprintf(why, sizeof why, "no answer for %lld s, and it is still waited for",
		(long long)waited / 1000);
	for (unsigned i = 0; i < u->n; i++)
		sign_of_silence(&u->thing[i], why);
}

static void settled_wait(int64_t until)
{
	struct timespec t = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };
	pthread_cond_timedwait(&settled, &lock, &t);
}

/* Until all of the round were begun, and answered or waited for some time. */
static void round_end(struct unit *units, size_t n, uint64_t every_ms, int64_t end)
{
	enum { TICK_MS = 500 };
	pthread_mutex_lock(&lock);
	for (;;) {
		int64_t now = wait_now_ms();
		bool waits = fast.first;
		for (size_t i = 0; i < n; i++) {
			silence_tell(&units[i], every_ms, now);
			waits |= units[i].busy && !units[i].slow && now < end;
		}
		if (!waits)
			break;
		settled_wait(now + TICK_MS);
	}
	pthread_mutex_unlock(&lock);
}

static int threads_start(size_t n, struct err *e)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&settled, &attr);
	int r = thread_start(listener_gone, e);
	for (size_t i = 0; r == 0 && i < n && i < THREADS_MAX; i++)
		r = thread_start(worker, e);
	return r;
}

int rounds_run(struct unit *units, size_t n, uint64_t every_ms, struct err *e)
{
	int r = threads_start(n, e);
	r = r < 0 ? r : events_start(units, n, e);
	if (r < 0)
		return r;
	unsigned seed = (unsigned)getpid();
	int64_t begun = wait_now_ms();
	for (uint64_t round = 1;; round++) {
		int64_t end = begun + (int64_t)every_ms;
		uint64_t share = n ? every_ms / n : 0;
		for (size_t i = 0; i < n; i++) {
			int64_t late = (int64_t)(share ? (unsigned)rand_r(&seed) % share : 0);
			wait_until_ms(begun + (int64_t)(every_ms * i / n) + late);
			unit_due(&units[i]);
		}
		round_end(units, n, every_ms, end);
		sign_round(round);
		wait_until_ms(end);
		int64_t now = wait_now_ms();
		begun = now - end < (int64_t)every_ms ? end : now;
	}
}
