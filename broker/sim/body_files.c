/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine made of files, in the form and with the faults of drivers/bmc_fake.c: NAME.bmc is its
 * state, NAME.log what happened to it, and lie, deaf, bounce, fault and false are its faults. So
 * a test sees what really happened, whichever of the two stood between. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "host/fd.h"
#include "sim/body.h"
#include "sim/fault.h"

enum { STATE_LEN = 64, BOUNCE_MS = 200 };

struct files {
	struct body body;
	char path[PATH_MAX - 16];
};

struct state {
	char power[8], next[8], booted[8];
	long long bounce_at;
};

static struct files *files_of(struct body *b)
{
	return container_of(b, struct files, body);
}

static long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int files_open(struct body **ret, const char *where, struct err *e)
{
	struct files *f = calloc(1, sizeof *f);
	if (!f)
		return err_set(e, ENOMEM, "machine %s", where);
	f->body.ops = &body_files;
	snprintf(f->path, sizeof f->path, "%s", where);
	*ret = &f->body;
	return 0;
}

static void files_close(struct body *b)
{
	if (b)
		free(files_of(b));
}

/* Opens the state with its lock and reads it; a machine without a file is off. */
static int state_open(int *ret, struct state *s, const struct files *f, struct err *e)
{
	char path[PATH_MAX], text[STATE_LEN + 1] = "";
	snprintf(path, sizeof path, "%s.bmc", f->path);
	*s = (struct state){ .power = "off", .next = "default", .booted = "default" };
	*ret = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (*ret < 0 || flock(*ret, LOCK_EX) < 0 || pread(*ret, text, STATE_LEN, 0) < 0)
		return err_set(e, errno, "machine %s", path);
	if (text[0] && sscanf(text, "power=%7s next=%7s booted=%7s bounce=%lld", s->power, s->next,
			       s->booted, &s->bounce_at) < 3)
		return err_say(e, EPROTO,
			"machine %s holds \"%s\": want power=on next=network booted=default", path,
			text);
	if (s->bounce_at && now_ms() >= s->bounce_at) {
		s->bounce_at = 0;
		snprintf(s->power, sizeof s->power, "on");
	}
	return 0;
}

static int state_write(int fd, const struct state *s, struct err *e)
{
	char text[STATE_LEN + 1];
	int n = snprintf(text, sizeof text, "power=%s next=%s booted=%s bounce=%lld", s->power,
		s->next, s->booted, s->bounce_at);
	memset(text + n, ' ', (size_t)(STATE_LEN - n));
	text[STATE_LEN - 1] = '\n';
	return pwrite(fd, text, STATE_LEN, 0) == STATE_LEN ? 0 : err_set(e, EIO, "machine: write");
}

static void files_note(struct body *b, const char *words)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s.log", files_of(b)->path);
	OWN(fd) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		dprintf(fd, "%s\n", words);
}

static int files_look(struct body *b, struct body_look *ret, struct err *e)
{
	struct files *f = files_of(b);
	OWN(fd) int fd = -1;
	struct state s;
	int r = state_open(&fd, &s, f, e);
	if (r < 0)
		return r;
	ret->on = strcmp(s.power, "on") == 0 && !fault_is(f->path, "false", NULL);
	ret->fault = !ret->on && fault_is(f->path, "fault", NULL);
	snprintf(ret->next, sizeof ret->next, "%s", s.next);
	return 0;
}

static bool refuses(const struct files *f, enum gesture g)
{
	static const char *const call[] = {
		[GESTURE_ON] = "power-on",
		[GESTURE_OFF] = "power-off",
		[GESTURE_SOFT] = "soft-off",
		[GESTURE_RESET] = "reset",
	};
	if (fault_is(f->path, "lie", call[g]))
		return true;
	if (g == GESTURE_SOFT && fault_is(f->path, "deaf", NULL))
		return true;
	if (!fault_is(f->path, "false", NULL))
		return false;
	if (g == GESTURE_ON)
		fault_once(f->path, "false", NULL);
	return g == GESTURE_OFF || g == GESTURE_SOFT;
}

static int files_power(struct body *b, enum gesture g, bool hold, struct err *e)
{
	static const char *const words[] = {
		[GESTURE_ON] = "power on",
		[GESTURE_OFF] = "power off",
		[GESTURE_SOFT] = "soft off",
		[GESTURE_RESET] = "reset",
	};
	struct files *f = files_of(b);
	OWN(fd) int fd = -1;
	struct state s;
	if (refuses(f, g))
		return 0;
	int r = state_open(&fd, &s, f, e);
	bool on = strcmp(s.power, "on") == 0, starts = g == GESTURE_ON || g == GESTURE_RESET;
	if (r < 0 || on == (g == GESTURE_ON))
		return r;
	snprintf(s.power, sizeof s.power, "%s", starts ? "on" : "off");
	if (starts) {
		memcpy(s.booted, s.next, sizeof s.booted);
		if (!hold)
			snprintf(s.next, sizeof s.next, "default");
	} else if (fault_once(f->path, "bounce", NULL)) {
		s.bounce_at = now_ms() + BOUNCE_MS;
	}
	r = state_write(fd, &s, e);
	if (r == 0)
		files_note(b, words[g]);
	return r;
}

static int files_next(struct body *b, const char *next, struct err *e)
{
	struct files *f = files_of(b);
	OWN(fd) int fd = -1;
	struct state s;
	char words[32];
	if (fault_is(f->path, "lie", "next-boot"))
		return 0;
	int r = state_open(&fd, &s, f, e);
	if (r < 0)
		return r;
	snprintf(s.next, sizeof s.next, "%s", next);
	r = state_write(fd, &s, e);
	snprintf(words, sizeof words, "next-boot %s", next);
	if (r == 0)
		files_note(b, words);
	return r;
}

const struct body_ops body_files = {
	.kind = "files",
	.open = files_open,
	.look = files_look,
	.power = files_power,
	.next = files_next,
	.note = files_note,
	.close = files_close,
};
