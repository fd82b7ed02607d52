/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lab's vendor tool: reads and writes a lab blade's NVRAM by one line each way through the
 * virtio-serial port "org.baton.nvram", whose other end is the blade's supervisor. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MS = 5000 };

/* The port's device, by its name in sysfs; -1 where this machine has none. */
static int port_open(void)
{
	glob_t names;
	int fd = -1;
	if (glob("/sys/class/virtio-ports/*/name", 0, NULL, &names) != 0)
		return -1;
	for (size_t i = 0; i < names.gl_pathc && fd < 0; i++) {
		char name[32] = "", path[64];
		FILE *f = fopen(names.gl_pathv[i], "re");
		if (f && fgets(name, sizeof name, f) && strcmp(name, "org.baton.nvram\n") == 0 &&
			sscanf(names.gl_pathv[i], "/sys/class/virtio-ports/%31[^/]", name) == 1) {
			snprintf(path, sizeof path, "/dev/%s", name);
			fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		}
		if (f)
			fclose(f);
	}
	globfree(&names);
	return fd;
}

static long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool wait_for(int fd, short what, long deadline)
{
	struct pollfd p = { .fd = fd, .events = what };
	long left = deadline - now_ms();
	return left > 0 && poll(&p, 1, (int)left) > 0 && (p.revents & what);
}

/* One line there, one line back, without its end. */
static bool talk(int fd, const char *line, char *answer, size_t max)
{
	long deadline = now_ms() + ANSWER_MS;
	size_t len = strlen(line), at = 0;
	while (read(fd, answer, max) > 0)
		; /* what a tool that was killed did not read */
	if (!wait_for(fd, POLLOUT, deadline) || write(fd, line, len) != (ssize_t)len)
		return false;
	while (at < max - 1 && wait_for(fd, POLLIN, deadline)) {
		ssize_t n = read(fd, answer + at, max - 1 - at);
		if (n <= 0)
			return false;
		at += (size_t)n;
		answer[at] = '\0';
		char *end = strchr(answer, '\n');
		if (end) {
			*end = '\0';
			return true;
		}
	}
	return false;
}

/* The line that the arguments ask for; false when they are none of the tool's. */
static bool line_of(char *line, size_t max, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	bool writes = strcmp(verb, "write") == 0;
	size_t used = 0;
	if (strcmp(verb, "say") == 0) {
		for (int i = 2; i < argc && used < max; i++)
			used += (size_t)snprintf(line + used, max - used, "%s%s", argv[i],
				i + 1 < argc ? " " : "\n");
		return argc > 2 && used < max;
	}
	bool verifies = strcmp(verb, "verify") == 0;
	if (argc != (writes || verifies ? 4 : 3) ||
		!(writes || verifies || strcmp(verb, "read") == 0 || strcmp(verb, "probe") == 0))
		return false;
	int n = writes ? snprintf(line, max, "write %s %s\n", argv[2], argv[3])
		       : snprintf(line, max, "read %s\n", argv[2]);
	return n > 0 && (size_t)n < max;
}

int main(int argc, char **argv)
{
	char line[256], answer[1024];
	if (!line_of(line, sizeof line, argc, argv)) {
		fprintf(stderr, "nvram: want probe PCI, read PCI, write PCI MAC, verify PCI MAC or "
				"say WORDS\n");
		return 2;
	}
	int fd = port_open();
	if (fd < 0) {
		fprintf(stderr, "nvram: no port org.baton.nvram; this is no lab blade\n");
		return 1;
	}
	if (!talk(fd, line, answer, sizeof answer)) {
		fprintf(stderr, "nvram: the supervisor does not answer: %s\n", strerror(errno));
		return 1;
	}
	if (strncmp(answer, "error", 5) == 0) {
		fprintf(stderr, "nvram: %s\n", answer);
		return 1;
	}
	if (strcmp(argv[1], "verify") == 0 &&
		(strncmp(answer, "mac ", 4) != 0 || strcasecmp(answer + 4, argv[3]) != 0)) {
		fprintf(stderr, "nvram: the memory holds %s, not %s\n", answer, argv[3]);
		return 1;
	}
	puts(answer);
	return 0;
}
