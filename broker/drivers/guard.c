/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of guard drivers: see drivers/guard.h. */
#include "drivers/guard.h"

#include <string.h>

#include "base/list.h"

static const struct guard_ops *const kinds[] = { &guard_nft, &guard_fake };

const struct guard_ops *guard_ops_of(const char *kind, struct err *e)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i]->kind, kind) == 0)
			return kinds[i];
	err_say(e, EINVAL, "no guard kind \"%s\": want one of %s, %s", kind, guard_nft.kind,
		guard_fake.kind);
	return NULL;
}
