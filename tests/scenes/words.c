/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See words.h. */
#include "words.h"

#include <stdio.h>
#include <string.h>

void words_read(struct words *w, const char *line)
{
	*w = (struct words){ 0 };
	snprintf(w->line, sizeof w->line, "%.*s", (int)strcspn(line, "#\n"), line);
	char *save = NULL;
	for (char *t = strtok_r(w->line, " \t", &save); t && w->n < WORDS_MAX;
		t = strtok_r(NULL, " \t", &save))
		w->word[w->n++] = t;
}

const char *words_value(struct words *w, const char *key)
{
	size_t len = strlen(key);
	for (unsigned i = 1; i < w->n; i++) {
		if (strncmp(w->word[i], key, len) != 0)
			continue;
		if (w->word[i][len] == '=' || w->word[i][len] == '\0') {
			w->used[i] = true;
			return w->word[i] + len + (w->word[i][len] == '=');
		}
	}
	return NULL;
}

const char *words_unused(const struct words *w)
{
	for (unsigned i = 2; i < w->n; i++)
		if (!w->used[i])
			return w->word[i];
	return NULL;
}
