/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton.conf: see conf.h. The table below is all there is to say about a setting. */
#include "host/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum { LINE_LEN = 1024 };
enum kind { KIND_TEXT, KIND_UINT };

#define DEFAULT_TEXT(dflt) dflt
#define DEFAULT_UINT(dflt) #dflt

static const struct setting {
	const char *name;
	enum kind kind;
	size_t at; /* its place in struct conf */
	const char *dflt;
	unsigned long min, max;
	const char *what;
} settings[] = {
#define CONF(name, kind, dflt, min, max, what)                                                     \
	{ #name, KIND_##kind, offsetof(struct conf, name), DEFAULT_##kind(dflt), min, max, what },
#include "host/conf.def"
#undef CONF
};

static int set_uint(uint32_t *to, const struct setting *s, const char *value, struct err *e)
{
	char *end;
	errno = 0;
	unsigned long v = strtoul(value, &end, 10);
	/* strtoul() takes a sign and blanks, and gives back negative numbers as large ones. */
	bool number = isdigit((unsigned char)*value) && *end == '\0' && errno == 0;
	if (!number || v < s->min || v > s->max)
		return err_say(
			e, EINVAL, "%s = %.64s: want %lu to %lu", s->name, value, s->min, s->max);
	*to = (uint32_t)v;
	return 0;
}

static int set_text(char *to, const struct setting *s, const char *value, struct err *e)
{
	size_t len = strlen(value);
	if (len > s->max)
		return err_say(e, EINVAL, "%s = %.32s...: %zu characters, want at most %lu",
			s->name, value, len, s->max);
	if (len < s->min)
		return err_say(e, EINVAL, "%s = %s: want %s", s->name, value, s->what);
	for (const char *c = value; *c; c++)
		if (iscntrl((unsigned char)*c))
			return err_say(e, EINVAL, "%s: has a control character", s->name);
	memcpy(to, value, len + 1);
	return 0;
}

static const struct setting *find(const char *key)
{
	for (size_t i = 0; i < COUNT(settings); i++)
		if (strcmp(settings[i].name, key) == 0)
			return &settings[i];
	return NULL;
}

int conf_set(struct conf *c, const char *key, const char *value, struct err *e)
{
	const struct setting *s = find(key);
	if (!s)
		return err_say(
			e, EINVAL, "%.64s: no such setting; `batond --help-conf` lists them", key);
	void *to = (char *)c + s->at;
	return s->kind == KIND_UINT ? set_uint(to, s, value, e) : set_text(to, s, value, e);
}

void conf_defaults(struct conf *c)
{
	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < COUNT(settings); i++) {
		void *to = (char *)c + settings[i].at;
		if (settings[i].kind == KIND_UINT)
			*(uint32_t *)to = (uint32_t)strtoul(settings[i].dflt, NULL, 10);
		else
			memcpy(to, settings[i].dflt, strlen(settings[i].dflt) + 1);
	}
}

static char *trim(char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	size_t len = strlen(s);
	while (len > 0 && isspace((unsigned char)s[len - 1]))
		s[--len] = '\0';
	return s;
}

/* A `#` begins a comment at the start of a line or behind a blank: `a#b` is a value. */
static void cut_comment(char *s)
{
	for (char *c = s; *c; c++)
		if (*c == '#' && (c == s || isspace((unsigned char)c[-1]))) {
			*c = '\0';
			return;
		}
}

/* One line, changed on the way. `seen` has a place for each setting. */
static int take_line(struct conf *c, bool *seen, char *line, struct err *e)
{
	cut_comment(line);
	char *key = trim(line);
	if (*key == '\0')
		return 0;
	char *is = strchr(key, '=');
	if (!is)
		return err_say(e, EINVAL, "%.64s: want `key = value`", key);
	*is = '\0';
	key = trim(key);
	const struct setting *s = find(key);
	if (s && seen[s - settings])
		return err_say(e, EINVAL, "%s: said twice", key);
	if (s)
		seen[s - settings] = true;
	return conf_set(c, key, trim(is + 1), e);
}

static void file_drop(FILE **f)
{
	if (*f)
		fclose(*f);
}

int conf_read(struct conf *c, const char *path, FILE *wrong, struct err *e)
{
	__attribute__((cleanup(file_drop))) FILE *f = fopen(path, "re");
	if (!f)
		return err_set(e, errno, "%s", path);
	struct conf now;
	bool seen[COUNT(settings)] = { false };
	char line[LINE_LEN];
	unsigned bad = 0, number = 0;
	conf_defaults(&now);
	while (fgets(line, sizeof line, f)) {
		struct err why = { 0 };
		int r;
		number++;
		if (!strchr(line, '\n') && !feof(f)) {
			int ch;
			while ((ch = fgetc(f)) != '\n' && ch != EOF)
				;
			r = err_say(&why, EINVAL, "the line is longer than %d characters",
				LINE_LEN - 2);
		} else {
			r = take_line(&now, seen, line, &why);
		}
		if (r < 0) {
			bad++;
			fprintf(wrong, "%s:%u: %s\n", path, number, why.text);
		}
	}
	if (ferror(f))
		return err_set(e, EIO, "read %s", path);
	if (bad)
		return err_say(e, EINVAL, "%s: %u wrong %s; nothing was started", path, bad,
			bad == 1 ? "line" : "lines");
	*c = now;
	return 0;
}

void conf_help(FILE *to)
{
	for (size_t i = 0; i < COUNT(settings); i++) {
		const struct setting *s = &settings[i];
		fprintf(to, "%s = %s\n    %s", s->name, s->dflt, s->what);
		if (s->kind == KIND_UINT)
			fprintf(to, " (%lu to %lu)\n", s->min, s->max);
		else
			fprintf(to, " (%sat most %lu characters)\n", s->min ? "" : "may be empty; ",
				s->max);
	}
}
