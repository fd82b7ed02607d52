/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See names.h. */
#include "cli/names.h"

#include <stdio.h>

void names_text(char *to, size_t size, const json_t *names, size_t most)
{
	size_t n = json_array_size(names), at = 0, i = 0;
	to[0] = '\0';
	for (; i < n && i < most && at < size; i++) {
		const char *name = json_string_value(json_array_get(names, i));
		at += (size_t)snprintf(to + at, size - at, "%s%s", i ? ", " : "", name ? name : "");
	}
	if (i < n && at < size)
		snprintf(to + at, size - at, " and %zu more", n - i);
}
