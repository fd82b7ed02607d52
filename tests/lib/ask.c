/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the warden for hands as the broker does, where a test wants to see the warden's side alone:
 * started by batond in the broker's place, under its name. Each line of run_dir/ask is done once:
 *   hand ID DEADLINE_MS [bare]   bare: without the descriptor
 *   say TEXT                     sends TEXT
 * and every answer is a line on stderr: "ask got: hand-ended ...". */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/conf.h"
#include "host/given.h"

static void ask_hand(int control, unsigned long long id, unsigned deadline_ms, int talk)
{
	char line[128];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room = { { 0 } };
	int n = snprintf(line, sizeof line, "hand id=%llu deadline_ms=%u\n", id, deadline_ms);
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

static void do_line(int control, const char *line)
{
	unsigned long long id;
	unsigned deadline_ms;
	char bare[8] = "";
	int ends[2];
	if (sscanf(line, "hand %llu %u %7s", &id, &deadline_ms, bare) >= 2) {
		/* Our end stays open and silent: the hand waits for its deed. */
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
			abort();
		ask_hand(control, id, deadline_ms, *bare ? -1 : ends[1]);
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
	char path[256], line[512];
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
		struct pollfd p = { .fd = control, .events = POLLIN };
		if (poll(&p, 1, 20) <= 0)
			continue;
		ssize_t n = recv(control, line, sizeof line - 1, 0);
		if (n <= 0)
			return 0;
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		fprintf(stderr, "ask got: %s\n", line);
	}
}
