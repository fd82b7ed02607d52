/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A guard that is a file, for tests of what uses one: $BATON_FAKE_DIR/guard. Its first line is
 * "baton"; then `interface NAME`, `portal ADDR:PORT` and `pass INTERFACE MAC ADDR ADDR:PORT`, a
 * line each. A file that begins otherwise is somebody else's. A file guard.fault holds one word:
 * refuse (nothing is changed, EPERM) or unbridged (a kernel that cannot guard bridges). */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/guard.h"

#define MARK "baton\n"

static void file_drop(FILE **f)
{
	if (*f)
		fclose(*f);
}

static int path_of(char to[PATH_MAX], const char *end, struct err *e)
{
	const char *dir = getenv("BATON_FAKE_DIR");
	if (!dir)
		return err_say(e, EINVAL, "a fake guard wants the folder in BATON_FAKE_DIR");
	if (snprintf(to, PATH_MAX, "%s/guard%s", dir, end) >= PATH_MAX)
		return err_say(e, ENAMETOOLONG, "BATON_FAKE_DIR: the name is too long");
	return 0;
}

static bool fault(const char *word)
{
	char path[PATH_MAX], line[32] = "";
	if (path_of(path, ".fault", NULL) < 0)
		return false;
	OWN(file) FILE *f = fopen(path, "re");
	return f && fgets(line, sizeof line, f) && strncmp(line, word, strlen(word)) == 0;
}

static void guard_write(FILE *to, const struct guard *g)
{
	char text[GUARD_PASS_TEXT];
	fputs(MARK, to);
	for (unsigned i = 0; i < g->interfaces; i++)
		fprintf(to, "interface %s\n", g->interface[i]);
	for (size_t i = 0; i < g->portals; i++)
		fprintf(to, "portal %s\n", guard_portal_text(text, &g->portal[i]));
	for (size_t i = 0; i < g->passes; i++)
		fprintf(to, "pass %s\n", guard_pass_text(text, &g->pass[i]));
}

/* What is in force, or "" where there is none. To be freed. */
static int guard_read(char **ret, struct err *e)
{
	char path[PATH_MAX];
	size_t size = 0;
	int r = path_of(path, "", e);
	if (r < 0)
		return r;
	OWN(file) FILE *f = fopen(path, "re");
	if (f && getdelim(ret, &size, '\0', f) >= 0)
		return 0;
	free(TAKE(*ret));
	*ret = strdup("");
	return *ret ? 0 : err_set(e, ENOMEM, "%s", path);
}

static int fake_holds(bool *bridged, const struct guard *g, struct err *e)
{
	OWN(text) char *now = NULL;
	OWN(text) char *want = NULL;
	size_t len;
	int r = guard_read(&now, e);
	if (r < 0)
		return r;
	FILE *to = open_memstream(&want, &len);
	if (!to)
		return err_set(e, errno, "guard");
	if (g->interfaces)
		guard_write(to, g);
	fclose(to);
	*bridged = !fault("unbridged");
	if (!g->interfaces)
		return strncmp(now, MARK, strlen(MARK)) != 0;
	return strcmp(now, want) == 0;
}

static int fake_set(const struct guard *g, struct err *e)
{
	char path[PATH_MAX], next[PATH_MAX];
	OWN(text) char *now = NULL;
	int r = path_of(path, "", e);
	r = r ? r : path_of(next, ".new", e);
	r = r ? r : guard_read(&now, e);
	if (r < 0)
		return r;
	if (fault("refuse"))
		return err_say(e, EPERM, "guard: this process may not set it");
	bool others = *now && strncmp(now, MARK, strlen(MARK)) != 0;
	if (!g->interfaces)
		return others || unlink(path) == 0 || errno == ENOENT
			       ? 0
			       : err_set(e, errno, "%s", path);
	if (others)
		return err_say(
			e, EEXIST, "guard: %s is somebody else's; nothing was changed", path);
	OWN(file) FILE *to = fopen(next, "we");
	if (!to)
		return err_set(e, errno, "write %s", path);
	guard_write(to, g);
	return fflush(to) == 0 && rename(next, path) == 0 ? 0 : err_set(e, errno, "write %s", path);
}

const struct guard_ops guard_fake = { .kind = "fake", .holds = fake_holds, .set = fake_set };
