/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the warden for hands as the broker does, where a test wants to see the warden's side alone:
 * started by batond in the broker's place, under its name. Each line of run_dir/ask is done once:
 *   hand ID DEADLINE_MS [bare]   bare: without the descriptor
 *   deed ID DEADLINE_MS MORE JSON   a hand that is told that deed; MORE: "tgt=1", or "-" for
 * nothing say TEXT                     sends TEXT and every answer is a line on stderr: "ask got:
 * hand-ended ..."; what the hand of a deed says is "ask heard: ...". */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/conf.h"
#include "host/given.h"

/* Our ends of deeds that are not answered. */
enum { DEEDS = 8 };
static int deeds[DEEDS] = { -1, -1, -1, -1, -1, -1, -1, -1 };

static void ask_hand(
	int control, unsigned long long id, unsigned deadline_ms, const char *more, int talk)
{
	char line[128];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room = { { 0 } };
	int n = snprintf(
		line, sizeof line, "hand id=%llu deadline_ms=%u%s\n", id, deadline_ms, more);
	struct iovec part = { line, (size_t)n };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	if (talk >= 0) {
		m.msg_control = room.bytes;
		m.msg_controllen = sizeof room.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof talk);
		memcpy(CMSG_DATA(c), &talk, sizeof talk);
	}
	if (sendmsg(control, &m, 0) < 0)
		perror("ask");
}

static void ask_deed(int control, unsigned long long id, unsigned deadline_ms, const char *word,
	const char *deed)
{
	char more[24] = "";
	int ends[2], at = 0;
	if (strcmp(word, "-") != 0)
		snprintf(more, sizeof more, " %s", word);
	while (at < DEEDS && deeds[at] >= 0)
		at++;
	if (at == DEEDS || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	ask_hand(control, id, deadline_ms, more, ends[1]);
	close(ends[1]);
	if (send(ends[0], deed, strlen(deed), MSG_NOSIGNAL) < 0)
		perror("ask");
	shutdown(ends[0], SHUT_WR);
	deeds[at] = ends[0];
}

static void hear(int *fd)
{
	char line[2048];
	ssize_t n = recv(*fd, line, sizeof line - 1, MSG_WAITALL);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	fprintf(stderr, "ask heard: %s\n", line);
	close(*fd);
	*fd = -1;
}

static void do_line(int control, const char *line)
{
	unsigned long long id;
	unsigned deadline_ms;
	char bare[8] = "", more[16];
	int ends[2], at = 0;
	if (sscanf(line, "deed %llu %u %15s %n", &id, &deadline_ms, more, &at) == 3 && at) {
		ask_deed(control, id, deadline_ms, more, line + at);
	} else if (sscanf(line, "hand %llu %u %7s", &id, &deadline_ms, bare) >= 2) {
		/* Our end stays open and silent: the hand waits for its deed. */
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
			abort();
		ask_hand(control, id, deadline_ms, "", *bare ? -1 : ends[1]);
		close(ends[1]);
	} else if (strncmp(line, "say ", 4) == 0 &&
		   send(control, line + 4, strlen(line + 4), 0) < 0) {
		perror("ask");
	}
}

int main(int argc, char **argv)
{
	struct conf c;
	struct err e = { 0 };
	char path[256], line[2048];
	long at = 0;
	conf_defaults(&c);
	if (argc != 3 || conf_read(&c, argv[2], stderr, &e) < 0)
		return 2;
	int control = given_fd("control", &e);
	if (control < 0)
		return 2;
	snprintf(path, sizeof path, "%s/ask", c.run_dir);
	fprintf(stderr, "<6>baton-broker started pid=%d\n", getpid());
	for (;;) {
		FILE *f = fopen(path, "re");
		if (f && fseek(f, at, SEEK_SET) == 0) {
			while (fgets(line, sizeof line, f)) {
				line[strcspn(line, "\n")] = '\0';
				do_line(control, line);
			}
			at = ftell(f);
		}
		if (f)
			fclose(f);
		struct pollfd p[DEEDS + 1] = { { .fd = control, .events = POLLIN } };
		for (int i = 0; i < DEEDS; i++)
			p[i + 1] = (struct pollfd){ .fd = deeds[i], .events = POLLIN };
		if (poll(p, DEEDS + 1, 20) <= 0)
			continue;
		for (int i = 0; i < DEEDS; i++)
			if (p[i + 1].revents)
				hear(&deeds[i]);
		if (!p[0].revents)
			continue;
		ssize_t n = recv(control, line, sizeof line - 1, 0);
		if (n <= 0)
			return 0;
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		fprintf(stderr, "ask got: %s\n", line);
	}
}
