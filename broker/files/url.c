/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See url.h. */
#include "files/url.h"

#include <stddef.h>
#include <string.h>

#include "base/list.h"

static const struct {
	const char *leaf;
	enum url_kind kind;
} leaves[] = {
	{ "entry.ipxe", URL_ENTRY },
	{ "next.ipxe", URL_NEXT },
	{ "job", URL_JOB },
	{ "handover", URL_HANDOVER },
	{ "report", URL_REPORT },
	{ "said", URL_SAID },
};

/* The longer prefix stands first. */
static const struct {
	const char *prefix;
	enum url_kind kind;
} folders[] = {
	{ "/shim/packs/", URL_PACK },
	{ "/shim/", URL_SHIM },
	{ "/loaders/", URL_LOADER },
};

static bool take_file(struct url *u, const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789._+-";
	size_t len = strspn(name, good);
	if (name[len] != '\0' || len == 0 || len > URL_FILE_LEN || name[0] == '.')
		return false;
	memcpy(u->file, name, len + 1);
	return true;
}

static bool take_leaf(struct url *u, const char *at)
{
	const char *slash = strchr(at, '/');
	if (!slash || slash == at)
		return false;
	u->token = at;
	for (size_t i = 0; i < COUNT(leaves); i++)
		if (strcmp(slash + 1, leaves[i].leaf) == 0) {
			u->kind = leaves[i].kind;
			return true;
		}
	return false;
}

bool url_parse(struct url *ret, const char *path)
{
	struct url u = { 0 };
	bool ok = false;
	if (strncmp(path, "/b/", 3) == 0) {
		ok = take_leaf(&u, path + 3);
	} else {
		for (size_t i = 0; i < COUNT(folders) && !ok; i++) {
			size_t len = strlen(folders[i].prefix);
			u.kind = folders[i].kind;
			ok = strncmp(path, folders[i].prefix, len) == 0 &&
			     take_file(&u, path + len);
		}
	}
	if (ok)
		*ret = u;
	return ok;
}
