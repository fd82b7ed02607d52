/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of traits, and labels: see traits.h. */
#include "core/traits.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"

static const char *const arches[] = { "", "x86_64", "aarch64" };
static const char *const firmwares[] = { "", "bios", "uefi" };

static int word_index(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

const char *arch_word(enum arch a)
{
	return arches[a];
}

bool arch_parse(enum arch *ret, const char *word)
{
	int i = word_index(arches, COUNT(arches), word);
	if (i >= 0)
		*ret = (enum arch)i;
	return i >= 0;
}

const char *firmware_word(enum firmware f)
{
	return firmwares[f];
}

bool firmware_parse(enum firmware *ret, const char *word)
{
	int i = word_index(firmwares, COUNT(firmwares), word);
	if (i >= 0)
		*ret = (enum firmware)i;
	return i >= 0;
}

bool label_ok(const struct label *l)
{
	return name_ok(l->key) && name_ok(l->value);
}

bool label_parse(struct label *ret, const char *text)
{
	struct label l = { .key = "" };
	size_t key = strcspn(text, "=");
	const char *value = text + key + 1;
	if (!text[key] || key > LABEL_LEN || strlen(value) > LABEL_LEN)
		return false;
	memcpy(l.key, text, key);
	memcpy(l.value, value, strlen(value));
	if (!label_ok(&l))
		return false;
	*ret = l;
	return true;
}

const char *label_text(char to[LABEL_TEXT], const struct label *l)
{
	snprintf(to, LABEL_TEXT, "%s=%s", l->key, l->value);
	return to;
}

const char *traits_label(const struct traits *t, const char *key)
{
	for (unsigned i = 0; i < t->labels; i++)
		if (strcmp(t->label[i].key, key) == 0)
			return t->label[i].value;
	return NULL;
}
