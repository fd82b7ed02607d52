/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways in which a site lets an old machine's silence be proved, in the order in which they are
 * tried: the setting `silence`. What is done with them is core/silence.h. */
#pragma once
#include <stdbool.h>

#include "base/err.h"

enum way {
	WAY_POWER,  /* its BMC says off, twice */
	WAY_PORT,   /* its switch ports are shut */
	WAY_PERSON, /* somebody signs for it */
	WAYS,
};

struct ways {
	enum way way[WAYS]; /* none twice */
	unsigned n;         /* 1 at least */
};

/* "power port person": words with blanks between. -EINVAL with one sentence; *ret is then as it
 * was. */
int ways_parse(struct ways *ret, const char *text, struct err *e);
bool ways_have(const struct ways *w, enum way which);
/* The same without that one; it may leave none. */
struct ways ways_without(const struct ways *w, enum way which);
