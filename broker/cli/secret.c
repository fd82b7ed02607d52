/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading of a secret: see secret.h. */
#include "cli/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Bytes up to the end of the first line; -EFBIG when the line does not end within len. */
static ssize_t line_read(int fd, char *to, size_t len)
{
	size_t at = 0;
	for (;;) {
		char c;
		ssize_t n = read(fd, &c, 1);
		if (n < 0)
			return -errno;
		if (n == 0 || c == '\n')
			return (ssize_t)at;
		if (at == len)
			return -EFBIG;
		to[at++] = c;
	}
}

static void woken(int sig)
{
	(void)sig;
}

/* From the terminal without echo, or from a pipe. Ctrl-C ends the read and not the process, so
 * that the terminal gets its echo back. */
static ssize_t asked(char *to, size_t len)
{
	struct termios was, quiet;
	if (tcgetattr(STDIN_FILENO, &was) < 0)
		return line_read(STDIN_FILENO, to, len);
	struct sigaction before, wake = { .sa_handler = woken };
	sigaction(SIGINT, &wake, &before);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fputs("CHAP secret: ", stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	ssize_t n = line_read(STDIN_FILENO, to, len);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	fputc('\n', stderr);
	sigaction(SIGINT, &before, NULL);
	return n;
}

int secret_read(char to[SECRET_LEN + 1], const char *from, struct err *e)
{
	ssize_t n;
	if (strcmp(from, "-") == 0) {
		n = asked(to, SECRET_LEN);
	} else {
		int fd = open(from, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_set(e, errno, "--chap-secret-file: open %s", from);
		n = line_read(fd, to, SECRET_LEN);
		close(fd);
	}
	if (n == -EFBIG)
		return err_say(e, EINVAL, "--chap-secret-file %s: the secret is longer than %d",
			from, SECRET_LEN);
	if (n < 0)
		return err_set(e, (int)-n, "--chap-secret-file: read %s", from);
	if (n > 0 && to[n - 1] == '\r')
		n--;
	to[n] = '\0';
	if (n == 0)
		return err_say(e, EINVAL, "--chap-secret-file %s: its first line is empty", from);
	if (strlen(to) != (size_t)n || !chap_word_ok(to))
		return err_say(e, EINVAL,
			"--chap-secret-file %s: want 1 to %d letters, digits and . _ : + / = -",
			from, SECRET_LEN);
	return 0;
}
