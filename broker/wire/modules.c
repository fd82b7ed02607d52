/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See modules.h. The lists are those of depmod: modules.alias, modules.builtin and
 * modules.builtin.modinfo. */
#include "wire/modules.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum {
	LINE_LEN = 511,
	FITS_MAX = 16,
	NAMES_LEN = 4 << 20, /* a distribution has some 6000 modules, of 10 letters */
	FILE_KIND = 0170000,
	FILE_PLAIN = 0100000,
};

/* Names, one behind the other, each with its end. */
struct names {
	char *at;
	size_t len, room;
};

struct fit {
	char module[MODULE_LEN + 1];
	bool builtin;
};

enum list { LIST_NONE, LIST_ALIAS, LIST_BUILTIN, LIST_MODINFO };

struct modules {
	const char *const *wanted;
	unsigned n, modules;
	unsigned fits[WANTED_MAX];
	struct fit fit[WANTED_MAX][FITS_MAX];
	struct names file, builtin;
	char version[VERSION_LEN + 1];
	bool builtin_seen, aliases_seen, too_many;
	enum list list; /* that is being read */
	bool line_long;
	size_t line_len;
	char line[LINE_LEN + 1];
};

bool kernel_word_ok(const char *text, size_t len, size_t most)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._+~-";
	if (len == 0 || len > most)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!text[i] || !strchr(letters, text[i]))
			return false;
	return true;
}

/* "a-z0" between the brackets. */
static bool class_fits(const char *c, const char *end, char is)
{
	bool fits = false;
	for (; c < end; c++) {
		bool range = end - c > 2 && c[1] == '-';
		fits |= is >= *c && is <= (range ? c[2] : *c);
		c += range ? 2 : 0;
	}
	return fits;
}

/* One '*' at a time: what an earlier one took is never taken back, since the later one could take
 * as much. */
bool alias_fits(const char *pattern, const char *text)
{
	const char *star = NULL, *from = text;
	while (*text) {
		bool fits = *pattern == '?' || (*pattern == *text && *pattern != '*');
		const char *next = pattern + 1, *end = *pattern == '[' ? strchr(next, ']') : NULL;
		if (end) {
			fits = class_fits(next, end, *text);
			next = end + 1;
		}
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (*pattern && fits) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star;
			text = ++from;
		} else {
			return false;
		}
	}
	pattern += strspn(pattern, "*");
	return *pattern == '\0';
}

struct modules *modules_new(const char *const wanted[], unsigned n)
{
	struct modules *m = n <= WANTED_MAX ? calloc(1, sizeof *m) : NULL;
	if (m) {
		m->wanted = wanted;
		m->n = n;
	}
	return m;
}

void modules_drop(struct modules **m)
{
	if (!*m)
		return;
	free((*m)->file.at);
	free((*m)->builtin.at);
	free(*m);
	*m = NULL;
}

/* '-' and '_' are one letter in the name of a module. */
static bool name_take(char to[MODULE_LEN + 1], const char *from, size_t len)
{
	if (!kernel_word_ok(from, len, MODULE_LEN))
		return false;
	for (size_t i = 0; i < len; i++)
		to[i] = from[i] == '-' ? '_' : from[i];
	to[len] = '\0';
	return true;
}

static bool names_add(struct names *to, const char *name)
{
	size_t len = strlen(name) + 1;
	if (to->len + len > to->room) {
		size_t room = to->room ? 2 * to->room : 16384;
		char *more = room <= NAMES_LEN ? realloc(to->at, room) : NULL;
		if (!more)
			return false;
		to->at = more;
		to->room = room;
	}
	memcpy(to->at + to->len, name, len);
	to->len += len;
	return true;
}

static bool names_have(const struct names *in, const char *name)
{
	for (size_t at = 0; at < in->len; at += strlen(in->at + at) + 1)
		if (strcmp(in->at + at, name) == 0)
			return true;
	return false;
}

/* The module of ".../e1000.ko.zst". */
static bool module_of(char to[MODULE_LEN + 1], const char *path)
{
	static const char *const ends[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t len = strlen(name);
	for (size_t i = 0; i < COUNT(ends); i++) {
		size_t end = strlen(ends[i]);
		if (len > end && strcmp(name + len - end, ends[i]) == 0)
			return name_take(to, name, len - end);
	}
	return false;
}

/* Behind "lib/modules/VERSION/", wherever an initramfs has that; NULL elsewhere, and in the folder
 * of another kernel than the first. */
static const char *below_modules(struct modules *m, const char *path)
{
	static const char lib[] = "lib/modules/";
	path += strspn(path, "./");
	if (strncmp(path, "usr/", 4) == 0)
		path += 4;
	if (strncmp(path, lib, sizeof lib - 1) != 0)
		return NULL;
	path += sizeof lib - 1;
	size_t len = strcspn(path, "/");
	if (path[len] != '/' || !kernel_word_ok(path, len, VERSION_LEN))
		return NULL;
	if (!m->version[0])
		memcpy(m->version, path, len);
	return strncmp(m->version, path, len) == 0 && !m->version[len] ? path + len + 1 : NULL;
}

bool modules_file(struct modules *m, const char *path, uint32_t mode)
{
	char name[MODULE_LEN + 1];
	m->list = LIST_NONE;
	if ((mode & FILE_KIND) != FILE_PLAIN)
		return false;
	const char *rest = below_modules(m, path);
	if (!rest)
		return false;
	m->line_len = 0;
	m->line_long = false;
	if (strcmp(rest, "modules.alias") == 0)
		m->list = LIST_ALIAS;
	else if (strcmp(rest, "modules.builtin") == 0)
		m->list = LIST_BUILTIN;
	else if (strcmp(rest, "modules.builtin.modinfo") == 0)
		m->list = LIST_MODINFO;
	else if (module_of(name, rest) && ++m->modules)
		m->too_many |= !names_add(&m->file, name);
	m->aliases_seen |= m->list == LIST_ALIAS;
	m->builtin_seen |= m->list == LIST_BUILTIN;
	return m->list != LIST_NONE;
}

static void alias_take(
	struct modules *m, const char *pattern, const char *module, size_t len, bool builtin)
{
	char name[MODULE_LEN + 1];
	if (!name_take(name, module, len))
		return;
	for (unsigned i = 0; i < m->n; i++) {
		if (!strchr(m->wanted[i], ':') || !alias_fits(pattern, m->wanted[i]))
			continue;
		if (m->fits[i] == FITS_MAX) {
			m->too_many = true;
			continue;
		}
		struct fit *f = &m->fit[i][m->fits[i]++];
		memcpy(f->module, name, len + 1);
		f->builtin = builtin;
	}
}

/* "alias pci:v0000...* e1000" */
static void alias_line(struct modules *m, char *line)
{
	static const char word[] = "alias ";
	if (strncmp(line, word, sizeof word - 1) != 0)
		return;
	char *pattern = line + sizeof word - 1, *blank = strchr(pattern, ' ');
	if (!blank)
		return;
	*blank = '\0';
	alias_take(m, pattern, blank + 1, strlen(blank + 1), false);
}

/* "virtio_pci.alias=pci:v00001AF4d*sv*sd*bc*sc*i*" */
static void modinfo_line(struct modules *m, const char *line)
{
	static const char key[] = ".alias=";
	const char *at = strstr(line, key);
	if (at)
		alias_take(m, at + sizeof key - 1, line, (size_t)(at - line), true);
}

static void builtin_line(struct modules *m, const char *line)
{
	char name[MODULE_LEN + 1];
	if (module_of(name, line))
		m->too_many |= !names_add(&m->builtin, name);
}

static void line_done(struct modules *m)
{
	m->line[m->line_len] = '\0';
	if (!m->line_long && m->line_len) {
		if (m->list == LIST_ALIAS)
			alias_line(m, m->line);
		else if (m->list == LIST_BUILTIN)
			builtin_line(m, m->line);
		else if (m->list == LIST_MODINFO)
			modinfo_line(m, m->line);
	}
	m->line_len = 0;
	m->line_long = false;
}

void modules_bytes(struct modules *m, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\0')
			line_done(m);
		else if (m->line_len < LINE_LEN)
			m->line[m->line_len++] = (char)bytes[i];
		else
			m->line_long = true;
	}
}

void modules_end(struct modules *m)
{
	line_done(m);
	m->list = LIST_NONE;
}

void modules_seen(struct modules_seen *ret, const struct modules *m)
{
	*ret = (struct modules_seen){ .modules = m->modules,
		.builtin = m->builtin_seen,
		.aliases = m->aliases_seen,
		.too_many = m->too_many };
	memcpy(ret->version, m->version, sizeof ret->version);
}

static enum module_is module_is(const struct modules *m, const char *name)
{
	if (names_have(&m->builtin, name))
		return MODULE_BUILTIN;
	return names_have(&m->file, name) ? MODULE_FILE : MODULE_MISSING;
}

void modules_found(struct module_found *ret, const struct modules *m, unsigned wanted)
{
	const char *word = m->wanted[wanted];
	*ret = (struct module_found){ .is = MODULE_MISSING };
	if (!strchr(word, ':')) {
		if (name_take(ret->module, word, strlen(word)))
			ret->is = module_is(m, ret->module);
		return;
	}
	for (unsigned i = 0; i < m->fits[wanted] && ret->is == MODULE_MISSING; i++) {
		const struct fit *f = &m->fit[wanted][i];
		memcpy(ret->module, f->module, sizeof ret->module);
		ret->is = f->builtin ? MODULE_BUILTIN : module_is(m, f->module);
	}
}
