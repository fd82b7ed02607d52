/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hand's way to the tgtd of this host: tgtd takes a connection only from who makes it as its own
 * user, one question each. The hand asks for one when it needs it, so that none is ever open that
 * is not used: tgtd may spin on one that ends without a question. See warden.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"
#include "warden/warden.h"

enum { LINE_LEN = 256 };

/* Never waits: of a tgtd that hangs the queue is full at some time, and that is EAGAIN. */
static int tgtd_connect(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	OWN(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		return -errno;
	return fd_take(&fd);
}

static void answer(int to, const char *path)
{
	char line[LINE_LEN] = "connected\n";
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room = { { 0 } };
	struct iovec part = { .iov_base = line };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	OWN(fd) int fd = tgtd_connect(path);
	if (fd < 0) {
		snprintf(line, sizeof line, "refused errno=%d path=%s\n", -fd, path);
	} else {
		m.msg_control = room.bytes;
		m.msg_controllen = sizeof room.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	part.iov_len = strlen(line);
	if (sendmsg(to, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return; /* it does not read, or has gone: its deadline ends it */
}

static void on_ask(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	struct hand *h = poll->data;
	char line[LINE_LEN];
	ssize_t n = recv(h->tgt, line, sizeof line, MSG_DONTWAIT);
	if (n > 0)
		answer(h->tgt, h->warden->site.conf.tgt_control);
	else if (n == 0 || errno != EAGAIN)
		uv_poll_stop(poll); /* SIGCHLD tells of the hand's death */
}

int target_open(struct hand *h, int *theirs, struct err *e)
{
	int ends[2];
	uv_poll_t *poll = calloc(1, sizeof *poll);
	if (!poll ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
		int code = errno;
		free(poll);
		return err_set(e, code, "a hand's way to tgtd");
	}
	h->tgt = ends[0];
	h->tgt_poll = poll;
	*theirs = ends[1];
	uv_poll_init(h->warden->loop, poll, h->tgt);
	poll->data = h;
	uv_poll_start(poll, UV_READABLE, on_ask);
	return 0;
}

static void on_closed(uv_handle_t *poll)
{
	free(poll);
}

void target_close(struct hand *h)
{
	if (h->tgt < 0)
		return;
	uv_poll_stop(h->tgt_poll);
	uv_close((uv_handle_t *)h->tgt_poll, on_closed);
	close(h->tgt);
	h->tgt = -1;
}
