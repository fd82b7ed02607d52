/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tgtd in a process of its own, and the warden before it, for tests of what tells it: the list of
 * accounts of one target with the holes that tgtd leaves in it, its sessions, and what was asked,
 * in order. It ends, as tgtd does, when it is to list an account that is a hole. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLAY_TARGET "iqn.2026-01.org.example:web-01"
enum { PLAY_TID = 7, PLAY_OTHER = 9, PLAY_ACCOUNTS = 16, PLAY_SESSIONS = 4 };

struct play {
	/* What there is. A test may set it before play_start() and look at it at any time. */
	struct {
		char user[64], secret[64]; /* user "": free */
		bool elsewhere;            /* bound to another target, too */
	} account[PLAY_ACCOUNTS];
	unsigned slot[PLAY_ACCOUNTS], bound,
		outgoing; /* numbers of accounts, 1 the first; 0: hole */
	bool offline;
	struct {
		unsigned sid;
		char initiator[64];
		unsigned stays; /* in so many lists after it was told to go */
		bool told;
	} session[PLAY_SESSIONS];
	/* Faults: the request of that number gets no answer, done or not done; all but that many
	 * connections are refused; nothing is answered at all. */
	unsigned cut_at;
	bool cut_done, hang, no_nops;
	int refuse;
	unsigned refusals;
	/* What was seen. */
	unsigned requests;
	bool was_open, died;
	char log[4096];
};

static struct play *play;
static pid_t play_pid;
static int play_way; /* our end of the warden's */

static void play_log(const char *word, const char *of)
{
	size_t at = strlen(play->log);
	snprintf(play->log + at, sizeof play->log - at, "%s%s%s%s", at ? ", " : "", word,
		*of ? " " : "", of);
}

static unsigned play_account(const char *user)
{
	for (unsigned i = 0; i < PLAY_ACCOUNTS; i++)
		if (*user && strcmp(play->account[i].user, user) == 0)
			return i + 1;
	return 0;
}

static unsigned play_unbind(unsigned a)
{
	for (unsigned i = 0; i < PLAY_ACCOUNTS; i++)
		if (play->slot[i] == a) {
			play->slot[i] = 0;
			play->bound--;
			return 0;
		}
	return 15;
}

static unsigned play_bind(unsigned a)
{
	unsigned i = 0;
	while (play->slot[i])
		if (play->slot[i++] == a)
			return 14;
	play->slot[i] = a;
	play->bound++;
	return 0;
}

/* For the test's own setting up. */
static inline void play_have(const char *user, const char *secret, bool bind)
{
	unsigned a = 0;
	while (*play->account[a].user)
		a++;
	snprintf(play->account[a].user, sizeof play->account[a].user, "%.63s", user);
	snprintf(play->account[a].secret, sizeof play->account[a].secret, "%.63s", secret);
	if (bind)
		play_bind(a + 1);
}

static unsigned play_account_op(unsigned op, char *params, bool out)
{
	char *user = params + 5, *secret = strchr(user, ',');
	if (secret)
		*secret++ = '\0';
	unsigned a = play_account(user);
	switch (op) {
	case 0:
		play_log("new", user);
		if (a)
			return 14;
		play_have(user, secret ? secret + 9 : "", false);
		return 0;
	case 1:
		play_log("delete", user);
		if (!a)
			return 15;
		play_unbind(a);
		play->outgoing = play->outgoing == a ? 0 : play->outgoing;
		memset(&play->account[a - 1], 0, sizeof play->account[0]);
		return 0;
	case 3:
		play_log(out ? "show" : "bind", user);
		if (!a || (out && play->outgoing))
			return a ? 18 : 15;
		if (!out)
			return play_bind(a);
		play->outgoing = a;
		return 0;
	default:
		play_log(out ? "hide" : "unbind", user);
		if (!out)
			return a ? play_unbind(a) : 15;
		if (play->outgoing != a)
			return 15;
		play->outgoing = 0;
		return 0;
	}
}

static void play_list_sessions(FILE *to)
{
	play_log("connections", "");
	for (unsigned i = 0; i < PLAY_SESSIONS; i++) {
		if (!play->session[i].sid)
			continue;
		if (play->session[i].told && play->session[i].stays-- == 0) {
			play->session[i].sid = 0;
			continue;
		}
		fprintf(to, "Session: %u\n    Connection: 1\n        Initiator: %s\n        IP\n",
			play->session[i].sid, play->session[i].initiator);
	}
}

static void play_list_targets(FILE *to)
{
	play_log("targets", "");
	fprintf(to,
		"Target %d: %s\n    System information:\n        Driver: iscsi\n        State: %s\n"
		"    I_T nexus information:\n",
		PLAY_TID, PLAY_TARGET, play->offline ? "offline" : "ready");
	for (unsigned i = 0; i < PLAY_SESSIONS; i++)
		if (play->session[i].sid)
			fprintf(to,
				"        I_T nexus: %u\n            Initiator: %s alias: none\n",
				play->session[i].sid, play->session[i].initiator);
	fprintf(to, "    LUN information:\n    Account information:\n");
	for (unsigned i = 0; i < play->bound; i++) {
		if (!play->slot[i]) {
			play->died = true;
			_exit(139);
		}
		fprintf(to, "        %s\n", play->account[play->slot[i] - 1].user);
	}
	if (play->outgoing)
		fprintf(to, "        %s (outgoing)\n", play->account[play->outgoing - 1].user);
	fprintf(to,
		"    ACL information:\n        ALL\nTarget %d: iqn.x:other\n"
		"    System information:\n    Account information:\n",
		PLAY_OTHER);
	for (unsigned i = 0; i < PLAY_ACCOUNTS; i++)
		if (play->account[i].elsewhere)
			fprintf(to, "        %s\n", play->account[i].user);
	fprintf(to, "    ACL information:\n");
}

static unsigned play_do(
	unsigned mode, unsigned op, unsigned tid, unsigned sid, bool out, char *params, FILE *to)
{
	if (mode == 1 && op == 2) {
		play_list_targets(to);
	} else if (mode == 7 && op == 2) {
		play_log("accounts", "");
		for (unsigned i = 0; i < PLAY_ACCOUNTS; i++)
			if (*play->account[i].user)
				fprintf(to, "    %s\n", play->account[i].user);
	} else if (mode == 6 && op == 2) {
		if (tid != PLAY_TID)
			return tid == PLAY_OTHER ? 0 : 4;
		play_list_sessions(to);
	} else if (mode == 6 && op == 1) {
		char text[16];
		snprintf(text, sizeof text, "%u", sid);
		play_log("drop", text);
		for (unsigned i = 0; i < PLAY_SESSIONS; i++)
			if (play->session[i].sid == sid) {
				play->session[i].told = true;
				return 0;
			}
		return 6;
	} else if (mode == 1 && op == 5 && strncmp(params, "nop_", 4) == 0) {
		play_log(params, "");
		return play->no_nops ? 17 : 0;
	} else if (mode == 1 && op == 5) {
		play->offline = strcmp(params, "state=offline") == 0;
		play_log(play->offline ? "offline" : "ready", "");
	} else if (mode == 7) {
		return play_account_op(op, params, out);
	} else {
		return 17;
	}
	return 0;
}

static unsigned play_u32(const uint8_t *at)
{
	uint32_t n;
	memcpy(&n, at, sizeof n);
	return n;
}

/* One connection: a request, an answer, its end. */
static void play_serve(int fd)
{
	uint8_t b[1024] = { 0 };
	char *text = NULL;
	size_t len = 0;
	if (recv(fd, b, 120, MSG_WAITALL) != 120)
		return;
	unsigned params = play_u32(b + 72) - 120;
	if (params > sizeof b - 121 || (params && recv(fd, b + 120, params, MSG_WAITALL) != params))
		return;
	bool cut = ++play->requests == play->cut_at;
	if (play->hang)
		pause();
	if (cut && !play->cut_done)
		return;
	FILE *to = open_memstream(&text, &len);
	unsigned error = play_do(play_u32(b), play_u32(b + 4), play_u32(b + 76), play_u32(b + 80),
		play_u32(b + 108), (char *)b + 120, to);
	fclose(to);
	play->was_open |= !play->offline && !play->bound;
	if (!cut) {
		uint32_t head[2] = { error, (uint32_t)(8 + (error || !len ? 0 : len + 1)) };
		if (send(fd, head, sizeof head, MSG_NOSIGNAL) == (ssize_t)sizeof head &&
			head[1] > 8)
			send(fd, text, len + 1, MSG_NOSIGNAL);
	}
	free(text);
}

static void play_give(int way)
{
	int ends[2];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room = { { 0 } };
	char line[64] = "connected\n";
	struct iovec part = { line, strlen(line) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	if (play->refusals) {
		play->refusals--;
		int n = snprintf(
			line, sizeof line, "refused errno=%d path=/x/socket.0\n", play->refuse);
		part.iov_len = (size_t)n;
		sendmsg(way, &m, MSG_NOSIGNAL);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		_exit(1);
	m.msg_control = room.bytes;
	m.msg_controllen = sizeof room.bytes;
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof ends[1]);
	memcpy(CMSG_DATA(c), &ends[1], sizeof ends[1]);
	sendmsg(way, &m, MSG_NOSIGNAL);
	close(ends[1]);
	play_serve(ends[0]);
	close(ends[0]);
}

static inline void play_new(void)
{
	play = mmap(NULL, sizeof *play, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (play == MAP_FAILED)
		abort();
}

/* From here on what is told tgtd comes here. */
static inline void play_start(void)
{
	int ends[2];
	char fds[256] = "BATON_FDS=", line[16];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	play_way = ends[1];
	fflush(stdout);
	play_pid = fork();
	if (play_pid < 0)
		abort();
	if (play_pid == 0) {
		close(ends[1]);
		alarm(60);
		while (recv(ends[0], line, sizeof line, 0) > 0)
			play_give(ends[0]);
		_exit(0);
	}
	close(ends[0]);
	for (int fd = 3; fd < ends[1]; fd++)
		strcat(fds, "x ");
	strcat(fds, "tgt");
	setenv("BATON_FDS", fds + 10, 1);
}

static inline void play_end(void)
{
	close(play_way);
	kill(play_pid, SIGKILL);
	waitpid(play_pid, NULL, 0);
	unsetenv("BATON_FDS");
	munmap(play, sizeof *play);
	play = NULL;
}

/* The accounts that the target takes, and after a '+' what it shows. */
static inline const char *play_bound(void)
{
	static char line[512];
	size_t at = 0;
	line[0] = '\0';
	for (unsigned i = 0; i < PLAY_ACCOUNTS; i++)
		if (play->slot[i])
			at += (size_t)snprintf(line + at, sizeof line - at, "%s%s", at ? " " : "",
				play->account[play->slot[i] - 1].user);
	if (play->outgoing)
		snprintf(line + at, sizeof line - at, " +%s",
			play->account[play->outgoing - 1].user);
	return line;
}
