/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BMCs that say by themselves that something has changed: one thread waits for all of them. What it
 * hears has the BMC looked at, and is nothing else: who looks says the sign. A stream that cannot
 * be had, or has ended, is tried again later and later; its BMC is polled all the while. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "drivers/wait.h"
#include "hand/watch.h"

enum {
	TICK_MS = 1000,
	LOOK_GAP_MS = 1000,    /* a BMC that says much is not looked at more often */
	ANSWER_MS = 20000,     /* until it has agreed to tell */
	BACK_OFF_MS = 5000,    /* doubled each time, */
	BACK_OFF_MAX = 600000, /* up to this */
	STEADY_MS = 60000,     /* one that was open for so long may be had again at once */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of every hearing and its events */
static int changed = -1;                                 /* the eventfd of who waits */
static struct unit *all;
static struct pollfd *waits;
static size_t units;

static struct hearing *hearing_of(const struct unit *u)
{
	return u->thing->sign == SIGN_POWER ? &u->thing->bmc.hearing : NULL;
}

static void said(struct thing *t, const char *says, const char *why)
{
	struct hearing *h = &t->bmc.hearing;
	if (h->said != says)
		hearing_say(t, says, why);
	h->said = says;
}

static const char open_word[] = "open", closed_word[] = "closed";

/* With the lock. */
static void lost(struct thing *t, int64_t now, const char *why)
{
	struct hearing *h = &t->bmc.hearing;
	uint32_t wanted = h->events ? h->events->retry_ms : 0;
	bool steady = h->events && h->events->open && now - h->begun >= STEADY_MS;
	if (h->events)
		t->bmc.open->ops->events_close(h->events);
	h->events = NULL;
	h->back_off = steady || !h->back_off ? BACK_OFF_MS : h->back_off * 2;
	if (h->back_off < wanted)
		h->back_off = wanted;
	if (h->back_off > BACK_OFF_MAX)
		h->back_off = BACK_OFF_MAX;
	h->again = now + h->back_off;
	said(t, closed_word, why);
}

void events_follow(struct thing *t)
{
	const struct bmc_ops *ops = t->bmc.open->ops;
	struct hearing *h = &t->bmc.hearing;
	struct bmc_events *events = NULL;
	struct err e = { 0 };
	int64_t now = wait_now_ms();
	pthread_mutex_lock(&lock);
	bool due = !h->events && now >= h->again; /* nobody else makes them */
	pthread_mutex_unlock(&lock);
	if (!ops->events_open || !due)
		return;
	int r = ops->events_open(t->bmc.open, &events, &e);
	pthread_mutex_lock(&lock);
	h->events = events;
	h->begun = now;
	if (r < 0)
		lost(t, now, e.text);
	pthread_mutex_unlock(&lock);
	if (eventfd_write(changed, 1) < 0)
		abort();
}

void events_end(struct thing *t)
{
	struct hearing *h = &t->bmc.hearing;
	pthread_mutex_lock(&lock);
	if (h->events)
		t->bmc.open->ops->events_close(h->events);
	h->events = NULL;
	pthread_mutex_unlock(&lock);
}

/* ------------------------------------------------------------------ the one who waits */

/* With the lock. */
static void hear(struct unit *u, int64_t now)
{
	struct thing *t = u->thing;
	struct hearing *h = &t->bmc.hearing;
	struct err e = { 0 };
	bool was_open = h->events->open;
	int r = t->bmc.open->ops->events_turn(h->events, &e);
	if (r == 0 && !h->events->open && now - h->begun >= ANSWER_MS)
		r = err_say(&e, ETIMEDOUT, "it does not answer when it is asked for its events");
	if (r < 0) {
		lost(t, now, e.text);
		/* What it said last may have been lost with it. */
		r = was_open;
	} else if (h->events->open) {
		said(t, open_word, "");
	}
	h->news |= r > 0;
	if (r > 0 && !h->look)
		h->look = now - h->looked >= LOOK_GAP_MS ? now : h->looked + LOOK_GAP_MS;
}

/* A BMC may speak of what it is about to do: it is looked at twice. True: now. */
static bool look_due(struct hearing *h, int64_t now)
{
	if (!h->look || now < h->look)
		return false;
	h->looked = now;
	h->look = h->news ? now + LOOK_GAP_MS : 0;
	h->news = false;
	return true;
}

/* One turn of all; the ms until the next, or -1 where there is nothing to wait for. */
static int all_turn(void)
{
	int64_t now = wait_now_ms(), next = now + TICK_MS;
	bool some = false;
	for (size_t i = 0; i < units; i++) {
		struct hearing *h = hearing_of(&all[i]);
		if (!h)
			continue;
		pthread_mutex_lock(&lock);
		if (h->events)
			hear(&all[i], now);
		bool due = look_due(h, now);
		if (h->look && h->look < next)
			next = h->look;
		some |= h->look || h->events;
		pthread_mutex_unlock(&lock);
		if (due)
			unit_due(&all[i]);
	}
	return some ? (int)(next - now) : -1;
}

static nfds_t waits_put(void)
{
	struct pollfd *p = waits;
	nfds_t n = 0;
	p[n++] = (struct pollfd){ .fd = changed, .events = POLLIN };
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < units; i++) {
		struct hearing *h = hearing_of(&all[i]);
		if (h && h->events)
			p[n++] = (struct pollfd){ .fd = h->events->fd, .events = POLLIN };
	}
	pthread_mutex_unlock(&lock);
	return n;
}

/* A descriptor that was closed meanwhile is looked at once for nothing. */
static void *wait_for_all(void *none)
{
	eventfd_t n;
	for (;;) {
		int ms = all_turn();
		if (poll(waits, waits_put(), ms) > 0 && waits[0].revents)
			eventfd_read(changed, &n);
	}
	return none;
}

int events_start(struct unit *list, size_t n, struct err *e)
{
	all = list;
	units = n;
	waits = calloc(n + 1, sizeof *waits);
	changed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!waits || changed < 0)
		return err_set(e, waits ? errno : ENOMEM, "watch: listen to events");
	return thread_start(wait_for_all, e);
}
