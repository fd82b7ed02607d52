/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The setting `silence`: see ways.h. */
#include "base/ways.h"

#include <string.h>

static const char *const words[WAYS] = { "power", "port", "person" };

static int way_named(const char *at, size_t len)
{
	for (int i = 0; i < WAYS; i++)
		if (strlen(words[i]) == len && memcmp(words[i], at, len) == 0)
			return i;
	return -1;
}

int ways_parse(struct ways *ret, const char *text, struct err *e)
{
	struct ways w = { .n = 0 };
	for (const char *at = text; *at;) {
		size_t len = strcspn(at, " ");
		int way = len ? way_named(at, len) : 0;
		if (way < 0)
			return err_say(e, EINVAL,
				"silence = %s: \"%.*s\" is no way to silence a machine: want "
				"power, "
				"port and person, those that you trust, in your order",
				text, (int)len, at);
		if (len && ways_have(&w, (enum way)way))
			return err_say(
				e, EINVAL, "silence = %s: %s is said twice", text, words[way]);
		if (len)
			w.way[w.n++] = (enum way)way;
		at += len + (at[len] == ' ');
	}
	if (!w.n)
		return err_say(e, EINVAL,
			"silence: no way is named: want power, port and person, those that you "
			"trust, in your order");
	*ret = w;
	return 0;
}

bool ways_have(const struct ways *w, enum way which)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->way[i] == which)
			return true;
	return false;
}

struct ways ways_without(const struct ways *w, enum way which)
{
	struct ways ret = { .n = 0 };
	for (unsigned i = 0; i < w->n; i++)
		if (w->way[i] != which)
			ret.way[ret.n++] = w->way[i];
	return ret;
}
