/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ipmi_sim runs when its management controller is told something about the chassis:
 *   chassis CONTROL-SOCKET get power|boot...
 *   chassis CONTROL-SOCKET set power 0|1 | reset 1 | shutdown 1 | boot pxe|default...
 * It passes that on to the blade, and prints what was asked for as ipmi_sim wants it. While there
 * is a file CONTROL-SOCKET.lies it says that all is off, and does nothing. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int tell(const char *path, const char *words, char *answer, size_t len)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
		send(fd, words, strlen(words), MSG_NOSIGNAL) < 0) {
		perror(path);
		return 1;
	}
	ssize_t n = recv(fd, answer, len - 1, 0);
	close(fd);
	answer[n > 0 ? n : 0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return n <= 0 || strncmp(answer, "error", 5) == 0;
}

static bool lies(const char *path)
{
	char file[sizeof((struct sockaddr_un *)0)->sun_path + 8];
	snprintf(file, sizeof file, "%s.lies", path);
	return access(file, F_OK) == 0;
}

static const char *words_of(const char *what, const char *value)
{
	if (strcmp(what, "power") == 0)
		return strcmp(value, "0") == 0 ? "power off" : "power on";
	if (strcmp(what, "reset") == 0)
		return "power reset";
	if (strcmp(what, "shutdown") == 0)
		return "power soft";
	if (strcmp(what, "boot") == 0)
		return strcmp(value, "pxe") == 0 ? "boot pxe" : "boot default";
	return NULL;
}

static int get(const char *path, const char *what)
{
	char answer[64];
	if (strcmp(what, "power") == 0 && lies(path)) {
		puts("power:0");
	} else if (strcmp(what, "power") == 0) {
		if (tell(path, "power status", answer, sizeof answer))
			return 1;
		printf("power:%d\n", strcmp(answer, "power on") == 0);
	} else if (strcmp(what, "boot") == 0) {
		if (tell(path, "boot get", answer, sizeof answer))
			return 1;
		printf("boot:%s\n", strcmp(answer, "boot pxe") == 0 ? "pxe" : "none");
	} else {
		fprintf(stderr, "chassis: nothing known of %s\n", what);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	char answer[64];
	if (argc < 4) {
		fprintf(stderr, "usage: chassis SOCKET get WHAT... | set WHAT VALUE...\n");
		return 64;
	}
	int bad = 0;
	if (strcmp(argv[2], "get") == 0) {
		for (int i = 3; i < argc; i++)
			bad |= get(argv[1], argv[i]);
		return bad;
	}
	for (int i = 3; !lies(argv[1]) && i + 1 < argc; i += 2) {
		const char *words = words_of(argv[i], argv[i + 1]);
		if (!words)
			fprintf(stderr, "chassis: cannot set %s\n", argv[i]);
		bad |= !words || tell(argv[1], words, answer, sizeof answer);
	}
	return bad;
}
