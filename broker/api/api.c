/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which route a request means: see api.h. */
#include "api/api.h"

#include <string.h>

const struct route_info route_info[ROUTES] = {
#define ROUTE(handler, method, path, what) { #handler, method, path, what },
#include "api/api.def"
#undef ROUTE
};

/* Does path fit the pattern? Copies what stands for `{}`. */
static int fits(const char *pattern, const char *path, char arg[128])
{
	arg[0] = '\0';
	while (*pattern) {
		if (pattern[0] == '{') {
			size_t n = strcspn(path, "/");
			if (n == 0 || n >= 128)
				return 0;
			memcpy(arg, path, n);
			arg[n] = '\0';
			path += n;
			pattern += 2;
		} else if (*pattern++ != *path++) {
			return 0;
		}
	}
	return *path == '\0';
}

int route_find(const char *method, const char *path, char arg[128])
{
	int found = -1;
	for (int i = 0; i < ROUTES; i++) {
		if (!fits(route_info[i].path, path, arg))
			continue;
		if (strcmp(route_info[i].method, method) == 0)
			return i;
		found = -2;
	}
	return found;
}
