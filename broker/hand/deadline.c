/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hand's own deadline: see hand/deadline.h. The sentence is composed beforehand, since a
 * signal handler may only write. */
#include "hand/deadline.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "drivers/wait.h"

enum {
	MARGIN_MS = 500, /* to be told in; of a short deadline, a quarter */
};

static char answer[512];
static volatile sig_atomic_t answer_len;
static int64_t ends, own_ms;

static void deadline_passed(int sig)
{
	(void)sig;
	ssize_t n = write(STDOUT_FILENO, answer, (size_t)answer_len);
	_exit(n == answer_len ? 0 : 1);
}

static void alarm_block(int how)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(how, &set, NULL);
}

void deadline_doing(const char *fmt, ...)
{
	char what[200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	/* Only names that were checked come here; what JSON would want escaped is left out. */
	for (char *c = what; *c; c++)
		if (*c < ' ' || *c == '"' || *c == '\\' || *c == 0x7f)
			*c = '?';
	alarm_block(SIG_BLOCK);
	answer_len = snprintf(answer, sizeof answer,
		"{\"ok\":false,\"errno\":\"ETIMEDOUT\",\"why\":\"%s took longer than %lld ms\"}\n",
		what, (long long)own_ms);
	alarm_block(SIG_UNBLOCK);
}

void deadline_start(uint32_t total_ms)
{
	own_ms = total_ms - (total_ms < 4 * MARGIN_MS ? total_ms / 4 : MARGIN_MS);
	ends = wait_now_ms() + own_ms;
	deadline_doing("hand: to be told its deed");
	struct sigaction act = { .sa_handler = deadline_passed };
	sigaction(SIGALRM, &act, NULL);
	struct itimerval t = { .it_value = {
				       .tv_sec = own_ms / 1000, .tv_usec = own_ms % 1000 * 1000 } };
	setitimer(ITIMER_REAL, &t, NULL);
}

int64_t deadline_left_ms(void)
{
	int64_t left = ends - wait_now_ms();
	return left > 0 ? left : 0;
}

void deadline_stop(void)
{
	alarm_block(SIG_BLOCK);
}
