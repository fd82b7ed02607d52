/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulator's memory: see keep.h. */
#include "sim/keep.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"

struct keep {
	json_t *all;
	char path[PATH_MAX - 8]; /* "" : in memory alone */
	bool changed;
};

static int line_read(struct keep *k, char *line, struct err *e)
{
	line[strcspn(line, "\n")] = '\0';
	char *value = strchr(line, ' ');
	if (!value)
		return err_say(e, EPROTO, "%s: no sense in `%s`: want NAME JSON", k->path, line);
	*value++ = '\0';
	json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
	if (!v)
		return err_say(e, EPROTO, "%s: %s has no JSON value", k->path, line);
	json_object_set_new(k->all, line, v);
	return 0;
}

int keep_open(struct keep **ret, const char *path, struct err *e)
{
	struct keep *k = calloc(1, sizeof *k);
	if (!k || !(k->all = json_object())) {
		free(k);
		return err_set(e, ENOMEM, "the simulator's memory");
	}
	snprintf(k->path, sizeof k->path, "%s", path ? path : "");
	FILE *f = path ? fopen(path, "re") : NULL;
	int r = path && !f && errno != ENOENT ? err_set(e, errno, "open %s", path) : 0;
	OWN(text) char *line = NULL;
	size_t room = 0;
	while (r == 0 && f && getline(&line, &room, f) > 0)
		r = line_read(k, line, e);
	if (f)
		fclose(f);
	if (r < 0) {
		keep_free(k);
		return r;
	}
	*ret = k;
	return 0;
}

void keep_free(struct keep *k)
{
	if (k)
		json_decref(k->all);
	free(k);
}

json_t *keep_get(const struct keep *k, const char *name)
{
	return json_object_get(k->all, name);
}

const char *keep_text(const struct keep *k, const char *name)
{
	const char *text = json_string_value(keep_get(k, name));
	return text ? text : "";
}

long long keep_number(const struct keep *k, const char *name)
{
	return json_integer_value(keep_get(k, name));
}

void keep_put(struct keep *k, const char *name, json_t *value)
{
	json_t *had = keep_get(k, name);
	if (value && had && json_equal(had, value)) {
		json_decref(value);
		return;
	}
	if (value)
		json_object_set_new(k->all, name, value);
	else if (had)
		json_object_del(k->all, name);
	k->changed |= value || had;
}

void keep_each(struct keep *k, void (*one)(void *ctx, const char *name, json_t *value), void *ctx)
{
	json_t *now = json_copy(k->all), *value;
	const char *name;
	json_object_foreach(now, name, value) one(ctx, name, value);
	json_decref(now);
}

int keep_save(struct keep *k, struct err *e)
{
	char fresh[PATH_MAX];
	if (!k->changed || !k->path[0])
		return 0;
	snprintf(fresh, sizeof fresh, "%s.new", k->path);
	FILE *f = fopen(fresh, "we");
	if (!f)
		return err_set(e, errno, "open %s", fresh);
	/* Secrets that were set are in it. */
	fchmod(fileno(f), 0600);
	const char *name;
	json_t *value;
	json_object_foreach(k->all, name, value)
	{
		OWN(text) char *v = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		fprintf(f, "%s %s\n", name, v ? v : "null");
	}
	int bad = ferror(f) ? EIO : 0;
	if (fclose(f) != 0 && !bad)
		bad = errno;
	if (!bad && rename(fresh, k->path) < 0)
		bad = errno;
	k->changed = bad != 0;
	return bad ? err_set(e, bad, "write %s", k->path) : 0;
}
