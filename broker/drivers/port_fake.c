/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A switch port made of files in $BATON_FAKE_DIR, for tests of what sets one. HOST-NAME.port holds
 * its state, a word; without the file it is open. HOST-NAME.log gets a line for each change, and
 * these files, made by a test, are its faults:
 *   HOST-NAME.hang     no call returns      HOST-NAME.lie   orders are taken and nothing happens
 *   HOST-NAME.refuse   no order is taken
 * A file may name the calls it holds for, else it holds for all of them:
 * session read open shut isolated. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/list.h"
#include "base/own.h"
#include "drivers/fake_file.h"
#include "drivers/port.h"
#include "drivers/wait.h"
#include "host/fd.h"

struct fake {
	struct port port;
	char path[PATH_MAX - 16]; /* folder, host and name */
};

static struct fake *fake_of(struct port *port)
{
	return container_of(port, struct fake, port);
}

static void fake_close(struct port *port)
{
	if (port)
		free(fake_of(port));
}

/* What every call meets first. */
static int fake_enter(const struct fake *f, const char *call, struct err *e)
{
	while (fake_file_holds(f->path, "hang", call))
		wait_until_ms(wait_now_ms() + 1000);
	return fake_file_holds(f->path, "refuse", call) ? err_say(e, EIO, "it refused %s", call)
							: 0;
}

static int fake_open(struct port **ret, const struct port_addr *addr, struct err *e)
{
	const char *dir = getenv("BATON_FAKE_DIR");
	if (!dir || !name_ok(addr->host) || !name_ok(addr->name))
		return err_say(e, EINVAL,
			"a fake switch wants the folder in BATON_FAKE_DIR, and a host and a port "
			"of a-z, 0-9 and '-'");
	struct fake *f = calloc(1, sizeof *f);
	if (!f)
		return err_set(e, ENOMEM, "fake switch");
	f->port.ops = &port_fake;
	snprintf(f->path, sizeof f->path, "%s/%s-%s", dir, addr->host, addr->name);
	int r = fake_enter(f, "session", e);
	if (r < 0)
		free(f);
	else
		*ret = &f->port;
	return r;
}

static int fake_read(struct port *port, enum port_state *ret, struct err *e)
{
	const struct fake *f = fake_of(port);
	char word[16];
	int r = fake_enter(f, "read", e);
	if (r < 0)
		return r;
	if (!fake_file_read(f->path, "port", word, sizeof word))
		*ret = PORT_OPEN;
	else if (!port_state_parse(ret, word))
		return err_say(e, EPROTO,
			"fake switch: %s.port holds \"%s\": want open, shut or isolated", f->path,
			word);
	return 0;
}

static int fake_append(
	const struct fake *f, const char *what, int flags, const char *word, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s.%s", f->path, what);
	OWN(fd) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
	if (fd < 0 || dprintf(fd, "%s\n", word) < 0)
		return err_set(e, errno, "fake switch: write %s", path);
	return 0;
}

static int fake_tell(struct port *port, enum port_state want, struct err *e)
{
	const struct fake *f = fake_of(port);
	const char *word = port_state_word(want);
	int r = fake_enter(f, word, e);
	if (r < 0 || fake_file_holds(f->path, "lie", word))
		return r;
	r = fake_append(f, "port", O_TRUNC, word, e);
	return r < 0 ? r : fake_append(f, "log", O_APPEND, word, e);
}

static int fake_set(struct port *port, enum port_state want, unsigned timeout_ms, struct err *e)
{
	return port_reach(port, fake_tell, want, timeout_ms, e);
}

const struct port_ops port_fake = {
	.kind = "fake",
	.open = fake_open,
	.read = fake_read,
	.set = fake_set,
	.close = fake_close,
};
