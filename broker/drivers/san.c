/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of SAN drivers, and how accounts are named: see drivers/san.h. */
#include "drivers/san.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"

static const struct san_ops *const kinds[] = { &san_iscsi, &san_tgt, &san_fake };

const struct san_ops *san_of(const char *kind, struct err *e)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i]->kind, kind) == 0)
			return kinds[i];
	err_say(e, EINVAL, "no SAN kind \"%s\": want one of %s, %s, %s", kind, san_iscsi.kind,
		san_tgt.kind, san_fake.kind);
	return NULL;
}

bool san_account_of(uint32_t *generation, const char *name, size_t len, const char *persona)
{
	size_t at = strlen(persona), begin = at + 1;
	uint64_t n = 0;
	if (len <= begin || memcmp(name, persona, at) != 0 || name[at] != '.')
		return false;
	for (at = begin; at < len && name[at] >= '0' && name[at] <= '9'; at++) {
		n = n * 10 + (unsigned)(name[at] - '0');
		if (n > UINT32_MAX)
			return false;
	}
	*generation = (uint32_t)n;
	return at > begin;
}

int san_fence_check(const struct san_fence *f, struct err *e)
{
	uint32_t generation;
	if (!f->user)
		return 0;
	if (!san_account_of(&generation, f->user, strlen(f->user), f->persona) ||
		generation != f->generation)
		return err_say(e, EINVAL, "target %s: account \"%s\": want it named %s.%u",
			f->target, f->user, f->persona, f->generation);
	if (f->mutual_user && strcmp(f->mutual_user, f->user) == 0)
		return err_say(e, EINVAL,
			"target %s: account \"%s\" for both sides: want another for what the "
			"target shows",
			f->target, f->user);
	if (strcmp(f->own_user, f->user) == 0 ||
		(f->mutual_user && strcmp(f->own_user, f->mutual_user) == 0))
		return err_say(e, EINVAL, "target %s: account \"%s\" is Baton's own (san_user)",
			f->target, f->own_user);
	return 0;
}
