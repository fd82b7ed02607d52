/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the body of a request to the wishes of a batch: those that a person has written, or those
 * that it takes to evacuate a machine, a rack or a pool. */
#pragma once
#include "broker/api.h"

struct wanted {
	struct batch batch; /* without its number */
	enum verb verb;
	char pool[NAME_LEN + 1]; /* "": none was named */
	bool plan;
	const json_t *list, *evacuate; /* of the body, borrowed; one of them */
	struct wish *wish;             /* owned, as the next one */
	char (*leaves)[NAME_LEN + 1];  /* the machines that are emptied */
	size_t wishes, leave;
};
void wanted_drop(struct wanted *w);

/* Into *w, which is zero but for the state of its batch. -EINVAL, -ENOENT, -EBUSY with a sentence.
 */
int wanted_read(struct wanted *w, const struct ask *a, struct err *e);
