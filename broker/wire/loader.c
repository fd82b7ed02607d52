/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See loader.h. The order of entries is that of the specification, "Sorting". */
#include "wire/loader.h"

#include <stdio.h>
#include <string.h>

#include "wire/modules.h"

/* One line: a word, blanks, and a value up to the line's end. */
struct line {
	const char *key, *value;
	size_t key_len, value_len;
};

static bool line_next(struct line *l, const char **text, const char *end)
{
	static const char blanks[] = " \t\r";
	while (*text < end) {
		const char *at = *text, *stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		*text = stop < end ? stop + 1 : end;
		while (at < stop && *at && strchr(blanks, *at))
			at++;
		l->key = at;
		while (at < stop && *at && !strchr(blanks, *at))
			at++;
		l->key_len = (size_t)(at - l->key);
		while (at < stop && *at && strchr(blanks, *at))
			at++;
		while (stop > at && stop[-1] && strchr(blanks, stop[-1]))
			stop--;
		l->value = at;
		l->value_len = (size_t)(stop - at);
		if (l->key_len && *l->key != '#')
			return true;
	}
	return false;
}

static bool key_is(const struct line *l, const char *word)
{
	return strlen(word) == l->key_len && memcmp(l->key, word, l->key_len) == 0;
}

/* False: it does not fit, or has a letter that is not ASCII. */
static bool value_take(char *to, size_t most, const struct line *l)
{
	to[0] = '\0';
	if (l->value_len > most)
		return false;
	for (size_t i = 0; i < l->value_len; i++)
		if (l->value[i] < ' ' || l->value[i] > '~')
			return false;
	memcpy(to, l->value, l->value_len);
	to[l->value_len] = '\0';
	return true;
}

/* One more line of options behind those that are there. */
static bool line_add(char to[LOADER_LINE + 1], const struct line *l)
{
	size_t n = strlen(to);
	n += n && l->value_len ? (size_t)snprintf(to + n, LOADER_LINE + 1 - n, " ") : 0;
	return n <= LOADER_LINE && value_take(to + n, LOADER_LINE - n, l);
}

void loader_entry_read(struct loader_entry *ret, const char *name, const char *text, size_t len)
{
	const char *end = text + len;
	struct line l;
	*ret = (struct loader_entry){ .initrds = 0 };
	snprintf(ret->name, sizeof ret->name, "%s", name);
	while (line_next(&l, &text, end)) {
		if (key_is(&l, "linux"))
			ret->odd |= !value_take(ret->kernel, LOADER_PATH, &l);
		else if (key_is(&l, "initrd") && ret->initrds == LOADER_INITRDS)
			ret->odd = true;
		else if (key_is(&l, "initrd"))
			ret->odd |= !value_take(ret->initrd[ret->initrds++], LOADER_PATH, &l);
		else if (key_is(&l, "options"))
			ret->line_odd |= !line_add(ret->line, &l);
		else if (key_is(&l, "version"))
			value_take(ret->version, LOADER_WORD, &l);
		else if (key_is(&l, "sort-key"))
			value_take(ret->sort_key, LOADER_WORD, &l);
		else if (key_is(&l, "machine-id"))
			value_take(ret->machine_id, LOADER_WORD, &l);
	}
}

/* "debian-6.1.0+0-3.conf": it was tried three times and has no try left. */
static bool is_used_up(const struct loader_entry *entry)
{
	const char *plus = strrchr(entry->name, '+');
	if (!plus || plus[1] != '0')
		return false;
	plus += 2;
	plus += *plus == '-' ? 1 + strspn(plus + 1, "0123456789") : 0;
	return strcmp(plus, ".conf") == 0;
}

int loader_entry_compare(const struct loader_entry *a, const struct loader_entry *b)
{
	int r = is_used_up(a) - is_used_up(b);
	if (r == 0)
		r = (*b->sort_key != '\0') - (*a->sort_key != '\0');
	if (r == 0 && *a->sort_key) {
		r = strcmp(a->sort_key, b->sort_key);
		r = r ? r : strcmp(a->machine_id, b->machine_id);
		r = r ? r : strverscmp(b->version, a->version);
	}
	return r ? r : strverscmp(b->name, a->name);
}

void loader_default_read(char ret[LOADER_PATH + 1], const char *text, size_t len)
{
	const char *end = text + len;
	struct line l;
	ret[0] = '\0';
	while (line_next(&l, &text, end))
		if (key_is(&l, "default"))
			value_take(ret, LOADER_PATH, &l);
}

static void fold(char *to, const char *from)
{
	size_t i = 0;
	for (; from[i]; i++)
		to[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] | 0x20) : from[i];
	to[i] = '\0';
}

bool loader_default_fits(const char *pattern, const struct loader_entry *entry)
{
	static const char end[] = ".conf";
	char want[LOADER_PATH + 1], name[LOADER_PATH + 1];
	fold(want, pattern);
	fold(name, entry->name);
	if (alias_fits(want, name))
		return true;
	size_t len = strlen(name);
	if (len < sizeof end || strcmp(name + len - (sizeof end - 1), end) != 0)
		return false;
	name[len - (sizeof end - 1)] = '\0';
	return alias_fits(want, name);
}

/* GRUB's words for "load a Linux". */
static bool loads_linux(const struct line *l)
{
	return key_is(l, "linux") || key_is(l, "linux16") || key_is(l, "linuxefi");
}

bool loader_grub_line(char ret[LOADER_LINE + 1], const char *kernel, const char *text, size_t len)
{
	const char *end = text + len;
	char value[LOADER_PATH + 1 + LOADER_LINE + 1];
	struct line l;
	while (line_next(&l, &text, end)) {
		if (!loads_linux(&l) || !value_take(value, sizeof value - 1, &l))
			continue;
		size_t path = strcspn(value, " \t");
		const char *words = value + path + strspn(value + path, " \t");
		value[path] = '\0';
		const char *slash = strrchr(value, '/');
		if (strcmp(slash ? slash + 1 : value, kernel) != 0)
			continue;
		/* Quotes, escapes and variables are GRUB's to take apart. */
		return !words[strcspn(words, "$\\'\"`;{}")] &&
		       snprintf(ret, LOADER_LINE + 1, "%s", words) <= LOADER_LINE;
	}
	return false;
}
