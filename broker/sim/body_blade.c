/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A blade of the lab (docs/lab.md), through its control socket: a command a connection, a line
 * back. Its identity is in its own NVRAM. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "host/fd.h"
#include "sim/body.h"

enum { ANSWER_LEN = 1024, ANSWER_S = 2 };

struct blade {
	struct body body;
	struct sockaddr_un at;
};

static struct blade *blade_of(struct body *b)
{
	return container_of(b, struct blade, body);
}

static int blade_open(struct body **ret, const char *where, struct err *e)
{
	struct blade *b = calloc(1, sizeof *b);
	if (!b)
		return err_set(e, ENOMEM, "blade");
	b->body.ops = &body_blade;
	b->at.sun_family = AF_UNIX;
	if (snprintf(b->at.sun_path, sizeof b->at.sun_path, "%s", where) >=
		(int)sizeof b->at.sun_path) {
		free(b);
		return err_say(e, ENAMETOOLONG, "%s is too long for a socket", where);
	}
	*ret = &b->body;
	return 0;
}

static void blade_close(struct body *b)
{
	if (b)
		free(blade_of(b));
}

/* The whole answer, until the blade closes. */
static int tell(struct body *body, const char *words, char answer[ANSWER_LEN], struct err *e)
{
	struct blade *b = blade_of(body);
	struct timeval soon = { .tv_sec = ANSWER_S };
	size_t len = 0;
	ssize_t n = 0;
	OWN(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon) < 0 ||
		connect(fd, (struct sockaddr *)&b->at, sizeof b->at) < 0 ||
		send(fd, words, strlen(words), MSG_NOSIGNAL) < 0)
		return err_set(e, errno, "blade at %s", b->at.sun_path);
	while (len < ANSWER_LEN - 1 && (n = recv(fd, answer + len, ANSWER_LEN - 1 - len, 0)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	if (len == 0)
		return err_say(
			e, EIO, "the blade at %s does not answer `%s`", b->at.sun_path, words);
	if (strncmp(answer, "error", 5) == 0)
		return err_say(e, EIO, "the blade at %s says: %.*s", b->at.sun_path,
			(int)strcspn(answer, "\n"), answer);
	return 0;
}

static int blade_look(struct body *b, struct body_look *ret, struct err *e)
{
	char answer[ANSWER_LEN];
	int r = tell(b, "power status", answer, e);
	if (r < 0)
		return r;
	ret->on = strncmp(answer, "power on", 8) == 0;
	ret->fault = false;
	r = tell(b, "boot get", answer, e);
	snprintf(ret->next, sizeof ret->next, "%s",
		r == 0 && strncmp(answer, "boot pxe", 8) == 0 ? "network" : "default");
	return r;
}

static int blade_next(struct body *b, const char *next, struct err *e)
{
	char answer[ANSWER_LEN];
	/* The lab's firmware knows no other source than these two. */
	return tell(b, strcmp(next, "network") == 0 ? "boot pxe" : "boot default", answer, e);
}

static int blade_power(struct body *b, enum gesture g, bool hold, struct err *e)
{
	static const char *const words[] = {
		[GESTURE_ON] = "power on",
		[GESTURE_OFF] = "power off",
		[GESTURE_SOFT] = "power soft",
		[GESTURE_RESET] = "power reset",
	};
	char answer[ANSWER_LEN];
	struct body_look look;
	int r = hold ? blade_look(b, &look, e) : 0;
	r = r < 0 ? r : tell(b, words[g], answer, e);
	bool starts = g == GESTURE_ON || g == GESTURE_RESET;
	return r == 0 && hold && starts ? blade_next(b, look.next, e) : r;
}

/* The n-th line of `nvram show`: "nic PCI MAC". */
static int nic(struct body *b, unsigned n, char pci[PCI_TEXT], char mac[MAC_TEXT], struct err *e)
{
	char answer[ANSWER_LEN];
	int r = tell(b, "nvram show", answer, e);
	const char *at = answer;
	for (unsigned i = 1; r == 0 && at && *at; i++) {
		if (i == n && sscanf(at, "nic %15s %17s", pci, mac) == 2)
			return 0;
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return r < 0 ? r : err_say(e, ENODEV, "the blade has no NIC %u", n);
}

static int blade_mac(struct body *b, unsigned n, const struct mac *mac, struct err *e)
{
	char pci[PCI_TEXT], now[MAC_TEXT], want[MAC_TEXT], words[80], answer[ANSWER_LEN];
	int r = nic(b, n, pci, now, e);
	snprintf(words, sizeof words, "nvram write %s %s", pci, mac_text(want, mac));
	return r < 0 ? r : tell(b, words, answer, e);
}

static int blade_mac_now(struct body *b, unsigned n, struct mac *ret, struct err *e)
{
	char pci[PCI_TEXT], now[MAC_TEXT];
	int r = nic(b, n, pci, now, e);
	if (r == 0 && !mac_parse(ret, now))
		r = err_say(e, EPROTO, "the blade's NIC %u has the address `%s`", n, now);
	return r;
}

const struct body_ops body_blade = {
	.kind = "blade",
	.open = blade_open,
	.look = blade_look,
	.power = blade_power,
	.next = blade_next,
	.mac = blade_mac,
	.mac_now = blade_mac_now,
	.close = blade_close,
};
