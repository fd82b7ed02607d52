/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton-hand: reads one deed from stdin, does it, writes one answer to stdout. Exits 0 when it
 * has answered, whether or not the deed went well. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hand/deadline.h"
#include "hand/hand.h"

enum {
	LINE_MAX_LEN = 524288, /* a guard-set as large as it may be has some 320,000 */
	DEADLINE_MS = 120000,  /* when nobody says */
	DEADLINE_MIN_MS = 100,
	DEADLINE_MAX_MS = 3600000,
};

static const char *env(const char *name, const char *otherwise)
{
	const char *v = getenv(name);
	return v && *v ? v : otherwise;
}

/* The line with no newline, or -1. */
static ssize_t line_read(char *to, size_t size)
{
	size_t len = 0;
	while (len < size) {
		ssize_t n = read(STDIN_FILENO, to + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		char *end = n ? memchr(to + len, '\n', (size_t)n) : NULL;
		if (end || n == 0)
			return end ? end - to : (ssize_t)len;
		len += (size_t)n;
	}
	errno = EMSGSIZE;
	return -1;
}

static int line_write(const char *text)
{
	for (size_t len = strlen(text); len;) {
		ssize_t n = write(STDOUT_FILENO, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int main(void)
{
	static char line[LINE_MAX_LEN];
	char *end;
	/* The deed holds secrets: no core file, no debugger of the same user. */
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	const char *ms = env("BATON_DEADLINE_MS", NULL);
	unsigned long total = ms ? strtoul(ms, &end, 10) : DEADLINE_MS;
	if (ms && (*end || total < DEADLINE_MIN_MS || total > DEADLINE_MAX_MS)) {
		fprintf(stderr, "baton-hand: BATON_DEADLINE_MS = %s: want %d to %d\n", ms,
			DEADLINE_MIN_MS, DEADLINE_MAX_MS);
		return 2;
	}
	deadline_start((uint32_t)total);
	ssize_t len = line_read(line, sizeof line);
	if (len < 0) {
		fprintf(stderr, "baton-hand: read the deed: %s\n", strerror(errno));
		return 1;
	}
	const struct hand hand = {
		.run_dir = env("BATON_RUN_DIR", "/run/baton"),
		.secrets_dir = env("BATON_SECRETS_DIR", "/etc/baton/secrets"),
		.san_iqn = env("BATON_SAN_IQN", "iqn.2026-01.baton:broker"),
		.san_user = env("BATON_SAN_USER", ""),
		.san_secret = env("BATON_SAN_SECRET", ""),
	};
	char *answer = deed_answer(&hand, line, (size_t)len);
	explicit_bzero(line, sizeof line);
	deadline_stop();
	int bad = !answer || line_write(answer) < 0;
	free(answer);
	return bad;
}
