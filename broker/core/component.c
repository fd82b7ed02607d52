/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See component.h. */
#include "core/component.h"

#include <string.h>

#include "base/list.h"

static const char *const kinds[] = { "disk", "storage", "nic", "bios", "bmc", "cpu", "memory" };
static const char *const bys[] = { "", "shim", "bmc", "both" };
static const char *const buses[] = { "", "nvme", "sata", "sas", "usb", "virtio", "scsi" };

static int word_index(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

const char *component_kind_word(enum component_kind k)
{
	return kinds[k];
}

bool component_kind_parse(enum component_kind *ret, const char *word)
{
	int i = word_index(kinds, COUNT(kinds), word);
	if (i >= 0)
		*ret = (enum component_kind)i;
	return i >= 0;
}

const char *component_by_word(enum component_by by)
{
	return bys[by];
}

bool component_by_parse(enum component_by *ret, const char *word)
{
	int i = word_index(bys, COUNT(bys), word);
	if (i > 0)
		*ret = (enum component_by)i;
	return i > 0;
}

bool component_bus_ok(const char *bus)
{
	return word_index(buses, COUNT(buses), bus) >= 0;
}

void component_text(char *to, size_t size, const char *from)
{
	size_t n = 0;
	while (from && *from == ' ')
		from++;
	for (; from && *from && n + 1 < size; from++) {
		bool plain = *from >= ' ' && *from <= '~' && *from != '"' && *from != '\\';
		to[n++] = plain ? *from : '?';
	}
	while (n && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

static bool is_same(const struct component *a, const struct component *b)
{
	return a->by != b->by && a->kind == b->kind && *a->serial &&
	       strcmp(a->serial, b->serial) == 0;
}

static void take_missing(char *to, const char *from, size_t size)
{
	if (!*to)
		memcpy(to, from, size);
}

static void add_to(struct component *s, const struct component *b)
{
	s->by = BY_BOTH;
	take_missing(s->bus, b->bus, sizeof s->bus);
	take_missing(s->model, b->model, sizeof s->model);
	take_missing(s->health, b->health, sizeof s->health);
	/* SCSI has room for four characters of it. */
	if (strncmp(s->firmware, b->firmware, strlen(s->firmware)) == 0)
		memcpy(s->firmware, b->firmware, sizeof s->firmware);
	if (!s->bytes)
		s->bytes = b->bytes;
}

size_t components_merge(struct component *c, size_t n)
{
	size_t left = 0;
	for (size_t i = 0; i < n; i++) {
		struct component *same = NULL;
		for (size_t k = 0; k < n && c[i].by == BY_BMC && !same; k++)
			if (k != i && c[k].by == BY_SHIM && is_same(&c[k], &c[i]))
				same = &c[k];
		if (same)
			add_to(same, &c[i]);
		else
			c[left++] = c[i];
	}
	return left;
}
