/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands between libc and every process of the fault harness' site: its clock is the computer's and
 * what the harness has skipped, and while it waits it says until when, so that the harness knows
 * when everybody waits. It stops the broker at the boundary that the harness has named. See page.h.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness/page.h"

#define REAL(name) ((__typeof__(&name))real(&real_##name, #name))
#define SECOND 1000000000ll

enum { POKE = SIGURG }; /* which does nothing to a process that is not ready for it */

static struct page *page;
static struct slot *own;
static pid_t own_pid;
static volatile sig_atomic_t poked;
static void *real_clock_gettime, *real_poll, *real_ppoll, *real_epoll_pwait, *real_write,
	*real_clock_nanosleep, *real_setitimer;

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t size);

static void *real(void **at, const char *name)
{
	if (!*at)
		*at = dlsym(RTLD_NEXT, name);
	return *at;
}

static void on_poke(int number)
{
	poked = number;
}

static int64_t ns_of(const struct timespec *t)
{
	return t->tv_sec * SECOND + t->tv_nsec;
}

static struct timespec spec_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec t = { 0 };
	syscall(SYS_clock_gettime, clock, &t);
	return ns_of(&t) + (page ? page->skipped_ns : 0);
}

__attribute__((constructor)) static void begin(void)
{
	int fd = open(PAGE_PATH, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return;
	/* All that is asked of dlsym is asked before the jails. */
	(void)REAL(clock_gettime), (void)REAL(poll), (void)REAL(ppoll), (void)REAL(epoll_pwait);
	(void)REAL(write), (void)REAL(clock_nanosleep), (void)REAL(setitimer);
	page = at;
	own_pid = getpid();
	struct sigaction act = { .sa_handler = on_poke };
	sigaction(POKE, &act, NULL);
	for (int i = 0; i < SLOTS; i++) {
		int32_t who = 0;
		struct slot *s = &page->slot[i];
		/* It may have been another program before. */
		if (!atomic_compare_exchange_strong(&s->pid, &who, own_pid) && who != own_pid)
			continue;
		s->waits = 0;
		s->alarm_ns = 0;
		own = s;
		return;
	}
}

/* Not the child of a fork that has not become a program of its own yet. */
static bool skips(void)
{
	return own && own->pid == own_pid && getpid() == own_pid;
}

static void wait_begin(int64_t due)
{
	poked = 0;
	own->due_ns = due;
	own->turns++;
	own->waits = 1;
}

static void wait_end(void)
{
	int e = errno;
	own->waits = 0;
	errno = e;
}

static int64_t due_in(int64_t ns)
{
	return ns < 0 ? INT64_MAX : now_ns(CLOCK_MONOTONIC) + ns;
}

/* What is left, for a wait of the kernel's: a minute at most, since the clock may be skipped
 * meanwhile. */
static int64_t left_ns(int64_t due)
{
	if (due == INT64_MAX)
		return 60 * SECOND;
	int64_t left = due - now_ns(CLOCK_MONOTONIC);
	return left < 0 ? 0 : left > 60 * SECOND ? 60 * SECOND : left;
}

/* Goes on waiting? After an answer, or a signal that is not the harness' own, it does not. */
static bool again(int *r, int64_t due)
{
	if (*r > 0 || (*r < 0 && (errno != EINTR || !poked)))
		return false;
	*r = 0;
	poked = 0;
	return now_ns(CLOCK_MONOTONIC) < due;
}

static int wait_poll(struct pollfd *fds, nfds_t n, int64_t for_ns, const sigset_t *mask)
{
	int64_t due = due_in(for_ns);
	int r;
	wait_begin(due);
	do {
		struct timespec t = spec_of(left_ns(due));
		r = REAL(ppoll)(fds, n, &t, mask);
	} while (again(&r, due));
	wait_end();
	return r;
}

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	if (timeout_ms == 0 || !skips())
		return REAL(poll)(fds, n, timeout_ms);
	return wait_poll(fds, n, timeout_ms < 0 ? -1 : timeout_ms * 1000000ll, NULL);
}

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t size)
{
	(void)size;
	return poll(fds, n, timeout_ms);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *t, const sigset_t *mask)
{
	if ((t && ns_of(t) == 0) || !skips())
		return REAL(ppoll)(fds, n, t, mask);
	return wait_poll(fds, n, t ? ns_of(t) : -1, mask);
}

int epoll_pwait(int fd, struct epoll_event *events, int n, int timeout_ms, const sigset_t *mask)
{
	if (timeout_ms == 0 || !skips())
		return REAL(epoll_pwait)(fd, events, n, timeout_ms, mask);
	int64_t due = due_in(timeout_ms < 0 ? -1 : timeout_ms * 1000000ll);
	int r;
	wait_begin(due);
	do {
		int64_t ms = (left_ns(due) + 999999) / 1000000;
		r = REAL(epoll_pwait)(fd, events, n, (int)ms, mask);
	} while (again(&r, due));
	wait_end();
	return r;
}

int epoll_wait(int fd, struct epoll_event *events, int n, int timeout_ms)
{
	return epoll_pwait(fd, events, n, timeout_ms, NULL);
}

/* Until then on the monotonic clock. */
static int sleep_until(int64_t due)
{
	int r;
	wait_begin(due);
	do {
		struct timespec t = spec_of(left_ns(due));
		errno = REAL(clock_nanosleep)(CLOCK_MONOTONIC, 0, &t, NULL);
		r = errno ? -1 : 0;
	} while (again(&r, due));
	wait_end();
	return r < 0 ? errno : 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t, struct timespec *left)
{
	if (!skips())
		return REAL(clock_nanosleep)(clock, flags, t, left);
	int64_t from = now_ns(clock), ns = flags & TIMER_ABSTIME ? ns_of(t) - from : ns_of(t);
	return ns <= 0 ? 0 : sleep_until(now_ns(CLOCK_MONOTONIC) + ns);
}

int nanosleep(const struct timespec *t, struct timespec *left)
{
	int r = clock_nanosleep(CLOCK_MONOTONIC, 0, t, left);
	errno = r;
	return r ? -1 : 0;
}

int usleep(useconds_t us)
{
	struct timespec t = spec_of(us * 1000ll);
	return nanosleep(&t, NULL);
}

int clock_gettime(clockid_t clock, struct timespec *to)
{
	int r = REAL(clock_gettime)(clock, to);
	if (r == 0 && page && clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID)
		*to = spec_of(ns_of(to) + page->skipped_ns);
	return r;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone)
{
	struct timespec t;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*to = (struct timeval){ .tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *to)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	if (to)
		*to = t.tv_sec;
	return t.tv_sec;
}

/* The harness sends the signal when its time has come. */
int setitimer(__itimer_which_t which, const struct itimerval *restrict new,
	struct itimerval *restrict old)
{
	if (which != ITIMER_REAL || !skips())
		return REAL(setitimer)(which, new, old);
	int64_t ns = new->it_value.tv_sec *SECOND + new->it_value.tv_usec * 1000;
	own->alarm_ns = ns ? now_ns(CLOCK_MONOTONIC) + ns : 0;
	return 0;
}

static void gate(const char *line, size_t len)
{
	uint32_t armed = GATE_ARMED;
	if (page->gate != GATE_ARMED ||
		!memmem(line, len, page->gate_word, strlen(page->gate_word)) ||
		!memmem(line, len, page->gate_step, strlen(page->gate_step)) ||
		!atomic_compare_exchange_strong(&page->gate, &armed, GATE_REACHED))
		return;
	while (page->gate == GATE_REACHED)
		syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = 100000 }, NULL);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	ssize_t n = REAL(write)(fd, bytes, len);
	if (fd == STDERR_FILENO && page && n > 0 && own)
		gate(bytes, (size_t)n);
	return n;
}
