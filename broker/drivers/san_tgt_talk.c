/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See san_tgt_talk.h. No call here waits longer than the deadline. */
#include "drivers/san_tgt_talk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/own.h"
#include "drivers/wait.h"
#include "host/fd.h"
#include "host/given.h"

enum { AGAIN_MS = 20, LINE_LEN = 256 };

int tgt_talk_open(struct tgt_talk *t, struct err *e)
{
	t->warden = given_fd("tgt", NULL);
	if (t->warden < 0)
		return err_say(e, ENOTCONN,
			"target %s: Baton has no way to its tgtd: set tgt_control in baton.conf to "
			"tgtd's management socket, such as /run/tgtd/socket.0",
			t->target);
	return 0;
}

void tgt_said_fini(struct tgt_said *s)
{
	free(s->text);
	s->text = NULL;
}

static int late(const struct tgt_talk *t, const char *doing, struct err *e)
{
	return err_say(e, ETIMEDOUT,
		"target %s: tgtd gives no answer within %u ms %s; does it hang?", t->target,
		t->timeout_ms, doing);
}

/* Waits until fd is ready for it. */
static int ready(const struct tgt_talk *t, int fd, short events, const char *doing, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = events };
	for (;;) {
		int64_t left = t->deadline - wait_now_ms();
		if (left <= 0)
			return late(t, doing, e);
		int n = poll(&p, 1, left < 60000 ? (int)left : 60000);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_set(e, errno, "target %s: wait for tgtd", t->target);
	}
}

/* The warden's answer: "connected" and a descriptor, or "refused errno=N path=P". -1 in *fd for
 * the latter. */
static int warden_answer(char line[LINE_LEN], int *fd, const struct tgt_talk *t, struct err *e)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room;
	struct iovec part = { line, LINE_LEN - 1 };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room.bytes,
		.msg_controllen = sizeof room.bytes };
	*fd = -1;
	ssize_t n = recvmsg(t->warden, &m, MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return err_say(e, ECONNRESET, "target %s: batond has gone", t->target);
	line[n] = '\0';
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
	return 0;
}

/* A connection to tgtd, or -errno. While tgtd has no room for one the warden says EAGAIN. */
static int connection(const struct tgt_talk *t, const char *doing, struct err *e)
{
	static const char ask[] = "connect\n";
	char line[LINE_LEN], path[LINE_LEN];
	for (;;) {
		int fd = -1, code;
		if (send(t->warden, ask, sizeof ask - 1, MSG_NOSIGNAL) < 0)
			return err_set(e, errno, "target %s: batond was asked for tgtd", t->target);
		int r = ready(t, t->warden, POLLIN, doing, e);
		r = r ? r : warden_answer(line, &fd, t, e);
		if (r < 0)
			return r;
		if (fd >= 0)
			return fd;
		if (sscanf(line, "refused errno=%d path=%255[^\n]", &code, path) != 2)
			return err_say(e, EPROTO,
				"target %s: batond's answer cannot be read; are all programs of "
				"one "
				"version?",
				t->target);
		if (code != EAGAIN)
			return err_say(e, code,
				"target %s: tgtd's management socket (tgt_control) %s: %s; does "
				"tgtd run, and is that its socket?",
				t->target, path, strerror(code));
		int64_t again = wait_now_ms() + AGAIN_MS;
		if (again >= t->deadline)
			return late(t, doing, e);
		wait_until_ms(again);
	}
}

static int gone(const struct tgt_talk *t, const char *doing, struct err *e)
{
	return err_say(e, ECONNRESET,
		"target %s: tgtd closed its management socket and gave no answer %s; does it run "
		"as another user than root?",
		t->target, doing);
}

static int request_send(const struct tgt_talk *t, int fd, const uint8_t *bytes, size_t len,
	const char *doing, struct err *e)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = send(fd, bytes + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			at += (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return gone(t, doing, e);
		int r = ready(t, fd, POLLOUT, doing, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int answer_read(
	const struct tgt_talk *t, int fd, void *to, size_t len, const char *doing, struct err *e)
{
	for (size_t at = 0; at < len;) {
		int r = ready(t, fd, POLLIN, doing, e);
		if (r < 0)
			return r;
		ssize_t n = recv(fd, (char *)to + at, len - at, MSG_DONTWAIT);
		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return gone(t, doing, e);
	}
	return 0;
}

int tgt_talk(struct tgt_said *ret, struct tgt_talk *t, const struct tgt_request *r,
	const char *doing, struct err *e)
{
	uint8_t bytes[TGT_REQUEST_MAX], head[TGT_ANSWER_HEAD];
	struct tgt_said said = { .text = NULL };
	size_t len = tgt_request_put(bytes, r);
	if (!len)
		return err_say(e, EPROTO, "target %s: tgtd cannot be asked %s: a name has no place",
			t->target, doing);
	OWN(fd) int fd = connection(t, doing, e);
	int rc = fd < 0 ? fd : request_send(t, fd, bytes, len, doing, e);
	explicit_bzero(bytes, sizeof bytes);
	rc = rc ? rc : answer_read(t, fd, head, sizeof head, doing, e);
	if (rc < 0)
		return rc;
	if (!tgt_answer_head(&said.error, &said.len, head))
		return err_say(e, EPROTO, "target %s: tgtd's answer cannot be read", t->target);
	said.text = calloc(1, said.len + 1);
	if (!said.text)
		return err_set(e, ENOMEM, "target %s: tgtd's answer", t->target);
	rc = answer_read(t, fd, said.text, said.len, doing, e);
	if (rc < 0) {
		tgt_said_fini(&said);
		return rc;
	}
	/* A text comes with the NUL behind it. */
	if (said.len && !said.text[said.len - 1])
		said.len--;
	*ret = said;
	return 0;
}

int tgt_list(struct tgt_said *ret, struct tgt_talk *t, const struct tgt_request *r,
	const char *doing, struct err *e)
{
	tgt_said_fini(ret);
	int rc = tgt_talk(ret, t, r, doing, e);
	if (rc < 0 || ret->error == TGT_OK)
		return rc;
	if (ret->error == TGT_NO_TARGET)
		return err_say(e, ENOENT, "target %s: tgtd has it no more", t->target);
	return err_say(e, EIO, "target %s: tgtd was asked %s, and says: %s", t->target, doing,
		tgt_error_text(ret->error));
}

/* Of is_target(), which can say no more than yes or no. */
struct asking {
	struct tgt_talk *talk;
	struct err *e;
	int failed;
};

static bool is_target(void *ctx, uint32_t tid)
{
	struct asking *a = ctx;
	struct tgt_said said;
	const struct tgt_request r = { .word = TGT_CONNECTIONS, .tid = tid };
	a->failed = tgt_talk(&said, a->talk, &r, "about a target", a->e);
	if (a->failed < 0)
		return true;
	tgt_said_fini(&said);
	return said.error != TGT_NO_TARGET;
}

int tgt_target_read(
	struct tgt_said *targets, struct tgt_target *ret, struct tgt_talk *t, struct err *e)
{
	struct asking a = { t, e, 0 };
	int r = tgt_list(
		targets, t, &(struct tgt_request){ .word = TGT_TARGETS }, "to list its targets", e);
	if (r < 0)
		return r;
	r = tgt_target_find(ret, targets->text, targets->len, t->target, is_target, &a);
	if (a.failed < 0)
		return a.failed;
	if (r == -ENOENT)
		return err_say(e, ENOENT, "target %s: this tgtd has no such target", t->target);
	if (r == -E2BIG)
		return err_say(e, E2BIG, "target %s: more than %d accounts are bound to it",
			t->target, TGT_ACCOUNTS_MAX);
	if (r < 0)
		return err_say(e, EPROTO,
			"target %s: tgtd's list of targets cannot be read; does an initiator have "
			"a line break in its name?",
			t->target);
	if (!ret->iscsi)
		return err_say(e, ENOTSUP, "target %s: tgtd serves it, but not by iSCSI over TCP",
			t->target);
	return 0;
}
