/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The routes of the API as values, from api.def. */
#pragma once

enum route {
#define ROUTE(handler, method, path, what) ROUTE_##handler,
#include "api/api.def"
#undef ROUTE
	ROUTES
};

struct route_info {
	const char *word, *method, *path, *what;
};
extern const struct route_info route_info[ROUTES];

/* The route for a method and path; the text that matched `{}` goes to arg ("" where there is
 * none). -1 when no route has that path, -2 when one has it under another method. */
int route_find(const char *method, const char *path, char arg[128]);
