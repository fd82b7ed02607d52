/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a child was at when its own fault ended it: kept for whoever looks for the fault, and told
 * to the broker. The bytes are a stranger's and go from memory to a file unread. See warden.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/list.h"
#include "base/own.h"
#include "host/box.h"
#include "host/fd.h"
#include "host/tell.h"
#include "warden/warden.h"

enum { KEPT_MAX = 16, NAME_MAX_LEN = 80 };

static const char suffix[] = ".packet";

int crash_open(struct warden *w, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/crashes", w->site.conf.state_dir);
	w->crashes = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->crashes < 0)
		return err_set(e, errno, "open folder %s", path);
	int r = box_make(&w->box[EDGE], e);
	return r ? r : box_make(&w->box[FILES], e);
}

static void dir_drop(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* How many there are, and which of them is the oldest. */
static unsigned count(int folder, char oldest[NAME_MAX_LEN])
{
	unsigned n = 0;
	struct timespec then = { 0 };
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWN(dir) DIR *d = fdopendir(fd);
	if (!d && fd >= 0)
		close(fd);
	for (struct dirent *x; d && (x = readdir(d));) {
		struct stat st;
		size_t len = strlen(x->d_name);
		if (len < sizeof suffix || len >= NAME_MAX_LEN ||
			strcmp(x->d_name + len - (sizeof suffix - 1), suffix) != 0 ||
			fstatat(folder, x->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (n++ == 0 || st.st_mtim.tv_sec < then.tv_sec ||
			(st.st_mtim.tv_sec == then.tv_sec && st.st_mtim.tv_nsec < then.tv_nsec)) {
			then = st.st_mtim;
			memcpy(oldest, x->d_name, len + 1);
		}
	}
	return n;
}

static int keep(char name[NAME_MAX_LEN], int folder, const char *program, const struct box *b,
	struct err *e)
{
	OWN(fd) int fd = -1;
	while (count(folder, name) >= KEPT_MAX)
		if (unlinkat(folder, name, 0) < 0)
			return err_set(e, errno, "remove %s", name);
	for (int i = 1; fd < 0 && i <= KEPT_MAX + 1; i++) {
		snprintf(name, NAME_MAX_LEN, "%s-%lld-%d%s", program, (long long)time(NULL), i,
			suffix);
		fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0)
		return err_set(e, errno, "make %s", name);
	ssize_t n = write(fd, b->bytes, b->len);
	if (n == (ssize_t)b->len)
		return 0;
	int why = n < 0 ? errno : ENOSPC;
	unlinkat(folder, name, 0);
	return err_set(e, why, "write %s", name);
}

static void tell_box(struct tell *t, const struct child *c, struct box *b)
{
	char addr[IP4_TEXT], name[NAME_MAX_LEN];
	struct err e = { 0 };
	/* A DHCP packet is bytes, and has no token; it stays as it came. */
	if (strcmp(b->kind, "http") == 0)
		box_blank(b);
	tell_add(t, "kind", "%s", b->kind);
	if (*b->interface)
		tell_add(t, "interface", "%s", b->interface);
	if (b->from)
		tell_add(t, "from", "%s", ip4_text(addr, b->from));
	if (b->from && b->port)
		tell_add(t, "port", "%u", b->port);
	tell_add(t, "bytes", "%u", b->sent);
	if (keep(name, c->warden->crashes, c->program, b, &e) < 0)
		tell_add(t, "why", "%s", e.text);
	else
		tell_add(t, "file", "%s/crashes/%s", c->warden->site.conf.state_dir, name);
}

void crash_note(struct child *c, int number)
{
	/* TERM and KILL come from outside. */
	static const int own[] = { SIGSEGV, SIGSYS, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct warden *w = c->warden;
	long which = c - w->child;
	struct box b;
	struct tell t;
	bool held = which != BROKER && box_take(&b, w->box[which]);
	size_t i = 0;
	while (i < COUNT(own) && own[i] != number)
		i++;
	if (i == COUNT(own))
		return;
	tell_begin(&t, EV_child_crashed);
	tell_add(&t, "program", "%s", c->program);
	tell_add(&t, "signal", "SIG%s", sigabbrev_np(number));
	if (held)
		tell_box(&t, c, &b);
	/* Where a broker that is not there yet will find it. */
	tell_send(&t, which == FILES ? w->files_events[0] : w->edge_events[0]);
}
