/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words and addresses of switch ports: see port.h. */
#include "core/port.h"

#include <string.h>

#include "base/list.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char *const states[] = { "open", "shut", "isolated" };

const char *port_state_word(enum port_state s)
{
	return states[s];
}

bool port_state_parse(enum port_state *ret, const char *word)
{
	for (size_t i = 0; i < COUNT(states); i++) {
		if (strcmp(states[i], word) == 0) {
			*ret = (enum port_state)i;
			return true;
		}
	}
	return false;
}

/* Only these letters, and the first is none that means something in a path or an option. */
static bool part_take(char *to, size_t size, const char *from, size_t len, const char *letters)
{
	if (len == 0 || len >= size || strspn(from, letters) < len || !strchr(LETTERS "[", *from))
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

bool port_parse(struct port_addr *ret, const char *text)
{
	struct port_addr a;
	const char *colon = strstr(text, "://");
	const char *host = colon ? colon + 3 : NULL, *slash = host ? strchr(host, '/') : NULL;
	if (!slash || strlen(text) > PORT_LEN ||
		!part_take(a.kind, sizeof a.kind, text, (size_t)(colon - text), LETTERS "-") ||
		!part_take(a.host, sizeof a.host, host, (size_t)(slash - host), LETTERS ".:-_[]") ||
		!part_take(a.name, sizeof a.name, slash + 1, strlen(slash + 1), LETTERS ".:-_/"))
		return false;
	if (!name_ok(a.kind))
		return false;
	*ret = a;
	return true;
}
