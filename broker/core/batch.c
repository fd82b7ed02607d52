/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See batch.h. */
#include "core/batch.h"

#include <string.h>

#include "base/list.h"

static const char *const wish_words[] = { "waiting", "running", "done", "stopped", "refused",
	"taken-back", "dropped" };
static const char *const batch_words[] = { "running", "stopped", "done", "cancelled" };

const char *wish_state_word(enum wish_state s)
{
	return wish_words[s];
}

bool wish_state_parse(enum wish_state *ret, const char *word)
{
	for (size_t i = 0; i < COUNT(wish_words); i++)
		if (strcmp(wish_words[i], word) == 0) {
			*ret = (enum wish_state)i;
			return true;
		}
	return false;
}

const char *batch_state_word(enum batch_state s)
{
	return batch_words[s];
}

bool batch_state_parse(enum batch_state *ret, const char *word)
{
	for (size_t i = 0; i < COUNT(batch_words); i++)
		if (strcmp(batch_words[i], word) == 0) {
			*ret = (enum batch_state)i;
			return true;
		}
	return false;
}

size_t wishes_in(const enum wish_state *w, size_t n, enum wish_state s)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += w[i] == s;
	return count;
}

static size_t failed(const enum wish_state *w, size_t n)
{
	return wishes_in(w, n, WISH_STOPPED) + wishes_in(w, n, WISH_REFUSED) +
	       wishes_in(w, n, WISH_TAKEN_BACK);
}

size_t batch_next(const struct batch_rule *rule, const enum wish_state *w, size_t n)
{
	size_t i = 0;
	if (rule->cancelled || wishes_in(w, n, WISH_RUNNING) >= rule->parallel ||
		(!rule->keep_going && failed(w, n)))
		return n;
	while (i < n && w[i] != WISH_WAITING)
		i++;
	return i;
}

enum batch_state batch_stands(const struct batch_rule *rule, const enum wish_state *w, size_t n)
{
	if (wishes_in(w, n, WISH_RUNNING) || batch_next(rule, w, n) < n)
		return BATCH_RUNNING;
	if (wishes_in(w, n, WISH_DONE) == n)
		return BATCH_DONE;
	return rule->cancelled ? BATCH_CANCELLED : BATCH_STOPPED;
}

enum wish_state wish_ended(unsigned undone)
{
	return undone % 2 ? WISH_TAKEN_BACK : WISH_DONE;
}
