/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a JSON object into plain variables by a table of its members, so that every body is
 * checked alike: a wrong kind, a missing or an unknown member is one sentence that names it. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/own.h"

enum member_kind {
	MEMBER_TEXT,  /* char to[size]; printable ASCII, must fit with its NUL */
	MEMBER_UINT,  /* uint64_t; at most max */
	MEMBER_BOOL,  /* bool */
	MEMBER_LIST,  /* const json_t *; borrowed from the body */
	MEMBER_DICT,  /* const json_t *; borrowed from the body */
	MEMBER_ADDRS, /* uint32_t to[size]: a list of so many IPv4 addresses at most; 0 ends it */
};

struct member {
	const char *name;
	enum member_kind kind;
	void *to;
	size_t size;  /* of the text, the list */
	uint64_t max; /* of the number */
	bool need;
};

enum members_mode { MEMBERS_STRICT, MEMBERS_MORE_ALLOWED };

/* A member that is not there leaves its variable as it was. `what` begins each sentence:
 * "machine: member \"nic\" is not known". -EINVAL. */
int members_read(const json_t *from, const char *what, const struct member *m, size_t n,
	enum members_mode mode, struct err *e);

/* Copies what somebody else wrote, fit for a sentence: printable ASCII, cut where it is too long.
 * to may be from. */
void plain_text(char *to, size_t size, const char *from);

static inline void json_drop(json_t **j)
{
	json_decref(*j);
}
