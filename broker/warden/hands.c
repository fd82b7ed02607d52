/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hands for the broker: one process a deed, ended at its deadline or with its broker
 * (docs/design/0003-between-processes.md). See warden.h. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "host/fd.h"
#include "host/log.h"
#include "warden/warden.h"

enum { LINE_LEN = 256, TURN_MAX = 64 };

/* What the broker asks for: how long, and what the hand is given beside a way to answer. */
struct wanted {
	uint64_t id;
	unsigned deadline_ms;
	bool watch; /* it stays, and has no deadline */
	bool tgt;   /* a way to tgtd, where this site has one */
	bool guard; /* the right to set the kernel's packet filter */
};

void control_say(struct warden *w, const char *line)
{
	if (w->control >= 0 &&
		send(w->control, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

static void say_ended(struct warden *w, uint64_t id, const char *how, int status)
{
	char line[LINE_LEN];
	snprintf(
		line, sizeof line, "hand-ended id=%" PRIu64 " how=%s status=%d\n", id, how, status);
	control_say(w, line);
	log_event(EV_hand_ended, "id=%" PRIu64 " how=%s status=%d", id, how, status);
}

static struct hand *find(struct warden *w, uint64_t id)
{
	struct hand *h = w->hands;
	while (h && h->id != id)
		h = h->next;
	return h;
}

static void on_deadline(uv_timer_t *t)
{
	struct hand *h = t->data;
	h->late = true;
	kill(h->pid, SIGKILL);
}

static void on_closed(uv_handle_t *t)
{
	free(t->data);
}

/* A hand knows names of secrets and where they lie, and is told no value. deadline_ms 0: it has
 * none. */
static int hand_start(
	struct hand *h, unsigned deadline_ms, int talk, int tgt, bool guard, struct err *e)
{
	const struct site *s = &h->warden->site;
	const struct conf *c = &s->conf;
	static const char *const keep[] = { "BATON_FAKE_DIR", "BATON_DEBUG", "ASAN_OPTIONS" };
	char text[9][320], path[PATH_MAX + 32];
	const char *env[SPAWN_ENV];
	size_t n = 0;
	snprintf(text[n++], sizeof text[0], "BATON_RUN_DIR=%s", c->run_dir);
	snprintf(text[n++], sizeof text[0], "BATON_SECRETS_DIR=%s", c->secrets_dir);
	snprintf(text[n++], sizeof text[0], "BATON_SAN_IQN=%s", c->san_iqn);
	snprintf(text[n++], sizeof text[0], "BATON_SAN_USER=%s", c->san_user);
	snprintf(text[n++], sizeof text[0], "BATON_SAN_SECRET=%s", c->san_secret);
	if (deadline_ms)
		snprintf(text[n++], sizeof text[0], "BATON_DEADLINE_MS=%u", deadline_ms);
	for (size_t i = 0; i < COUNT(keep); i++) {
		const char *value = getenv(keep[i]);
		if (value)
			snprintf(text[n++], sizeof text[0], "%s=%s", keep[i], value);
	}
	for (size_t i = 0; i < n; i++)
		env[i] = text[i];
	env[n++] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	env[n] = NULL;
	snprintf(path, sizeof path, "%s/baton-hand", s->programs);
	struct spawn_fd fds[] = { { "alive", h->warden->alive }, { "tgt", tgt } };
	struct spawn spawn = { .path = path,
		.env = env,
		.uid = s->hand.uid,
		.gid = s->hand.gid,
		.fds = fds,
		.fd_count = tgt < 0 ? 1 : 2,
		.talk = talk,
		.caps = guard ? 1ULL << CAP_NET_ADMIN : 0 };
	return spawn_start(&h->pid, &spawn, e);
}

static int hand_begin(struct hand *h, const struct wanted *want, int talk, struct err *e)
{
	OWN(fd) int tgt = -1;
	h->tgt = -1;
	int r = want->tgt && *h->warden->site.conf.tgt_control ? target_open(h, &tgt, e) : 0;
	r = r ? r : hand_start(h, want->deadline_ms, talk, tgt, want->guard, e);
	if (r < 0)
		target_close(h);
	return r;
}

/* How long it may take: a watch has no deadline, which is 0 here. */
static bool time_ok(unsigned deadline_ms, bool watch)
{
	return watch ? !deadline_ms : deadline_ms >= 1 && deadline_ms <= DEADLINE_MAX_MS;
}

static void take_hand(struct warden *w, const struct wanted *want, int talk)
{
	uint64_t id = want->id;
	unsigned deadline_ms = want->deadline_ms;
	struct err e = { 0 };
	struct hand *h = NULL;
	if (talk < 0 || !time_ok(deadline_ms, want->watch) || find(w, id))
		err_say(&e, EINVAL, "hand: want a new id, 1 to %d ms or watch=1, one descriptor",
			DEADLINE_MAX_MS);
	else if (w->hand_count == HANDS_MAX)
		err_say(&e, EAGAIN, "hand: %d are at work already", HANDS_MAX);
	else if (!(h = calloc(1, sizeof *h)))
		err_set(&e, ENOMEM, "hand");
	if (h) {
		h->warden = w;
		h->id = id;
		if (hand_begin(h, want, talk, &e) < 0) {
			free(h);
			h = NULL;
		}
	}
	if (!h) {
		fprintf(stderr, "<4>batond: %s\n", e.text);
		say_ended(w, id, "refused", e.code);
		return;
	}
	h->next = w->hands;
	w->hands = h;
	w->hand_count++;
	uv_timer_init(w->loop, &h->timer);
	h->timer.data = h;
	if (deadline_ms)
		uv_timer_start(&h->timer, on_deadline, deadline_ms, 0);
}

static void take_line(struct warden *w, const char *line, int talk)
{
	uint64_t id;
	struct wanted want = { 0 };
	if (sscanf(line, "hand id=%" SCNu64 " deadline_ms=%u", &want.id, &want.deadline_ms) == 2 ||
		(sscanf(line, "hand id=%" SCNu64, &want.id) == 1 && strstr(line, " watch=1"))) {
		want.watch = strstr(line, " watch=1") != NULL;
		want.tgt = strstr(line, " tgt=1") != NULL;
		want.guard = strstr(line, " guard=1") != NULL;
		take_hand(w, &want, talk);
	} else if (sscanf(line, "hand-kill id=%" SCNu64, &id) == 1) {
		struct hand *h = find(w, id);
		if (h)
			kill(h->pid, SIGKILL);
	} else {
		fprintf(stderr, "<4>batond: the broker said \"%.64s\": no such word\n", line);
	}
}

/* One message and its descriptor, -1 where it has none. 0 at the end, -1 when there is nothing. */
static ssize_t receive(int control, char line[LINE_LEN], int *talk)
{
	union {
		char bytes[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} room;
	struct iovec part = { line, LINE_LEN - 1 };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room.bytes,
		.msg_controllen = sizeof room.bytes };
	*talk = -1;
	ssize_t n = recvmsg(control, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return n;
	line[n] = '\0';
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (*talk < 0)
				*talk = fd;
			else
				close(fd);
		}
	}
	return n;
}

static void on_control(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	struct warden *w = poll->data;
	char line[LINE_LEN];
	for (int i = 0; i < TURN_MAX; i++) {
		OWN(fd) int talk = -1;
		ssize_t n = receive(w->control, line, &talk);
		if (n == 0)
			uv_poll_stop(poll); /* SIGCHLD tells of the broker's death */
		if (n <= 0)
			return;
		take_line(w, line, talk);
	}
}

static void on_poll_closed(uv_handle_t *h)
{
	free(h);
}

int hands_open(struct warden *w, int *theirs, struct err *e)
{
	int ends[2];
	uv_poll_t *poll = calloc(1, sizeof *poll);
	if (!poll ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
		free(poll);
		return err_set(e, errno, "control channel");
	}
	w->control = ends[0];
	*theirs = ends[1];
	uv_poll_init(w->loop, poll, w->control);
	poll->data = w;
	uv_poll_start(poll, UV_READABLE, on_control);
	w->control_poll = poll;
	return 0;
}

void hands_close(struct warden *w)
{
	if (w->control >= 0) {
		uv_poll_stop(w->control_poll);
		uv_close((uv_handle_t *)w->control_poll, on_poll_closed);
		close(w->control);
		w->control = -1;
	}
	for (struct hand *h = w->hands; h; h = h->next)
		kill(h->pid, SIGKILL);
}

bool hand_ended(struct warden *w, pid_t pid, int status)
{
	struct hand **at = &w->hands;
	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	struct hand *h = *at;
	if (!h)
		return false;
	*at = h->next;
	w->hand_count--;
	bool killed = WIFSIGNALED(status);
	say_ended(w, h->id,
		h->late  ? "deadline"
		: killed ? "signal"
			 : "exit",
		killed ? WTERMSIG(status) : WEXITSTATUS(status));
	target_close(h);
	uv_close((uv_handle_t *)&h->timer, on_closed);
	if (!w->hands)
		children_hands_gone(w);
	return true;
}
