/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resources as data: see tree.h. */
#include "sim/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"

/* The files, as bytes of this program. */
#define DATA(name)                                                                                 \
	__asm__(".pushsection .rodata\n" #name "_begin: .incbin \"broker/sim/redfish/" #name       \
		".json\"\n" #name "_end: .byte 0\n.popsection\n");                                 \
	extern const char name##_begin[], name##_end[];
#include "sim/redfish/files.def"
#undef DATA

static const struct {
	const char *name, *begin, *end;
} files[] = {
#define DATA(name) { #name, name##_begin, name##_end },
#include "sim/redfish/files.def"
#undef DATA
};

enum { BASE_FILES = 5, PATH_LEN = 512 }; /* the first ones are everybody's; then one a maker */

struct tree {
	json_t *all;
	json_t *ids, *rows, *resources; /* in it */
};

const char *tree_vendors(void)
{
	static char text[160];
	size_t at = (size_t)snprintf(text, sizeof text, "standard");
	for (size_t i = BASE_FILES; i < COUNT(files); i++)
		at += (size_t)snprintf(text + at, sizeof text - at, " %s", files[i].name);
	return text;
}

/* RFC 7396; what is null takes away. */
static void merge(json_t *to, json_t *patch)
{
	const char *key;
	json_t *value;
	json_object_foreach(patch, key, value)
	{
		json_t *had = json_object_get(to, key);
		/* A resource's member may really be null: it says so where nothing was. */
		if (json_is_null(value) && had)
			json_object_del(to, key);
		else if (json_is_object(value) && json_is_object(had))
			merge(had, value);
		else
			json_object_set_new(to, key, json_deep_copy(value));
	}
}

static int file_take(struct tree *t, size_t i, struct err *e)
{
	json_error_t why;
	json_t *j = json_loadb(files[i].begin, (size_t)(files[i].end - files[i].begin),
		JSON_REJECT_DUPLICATES, &why);
	if (!j)
		return err_say(
			e, EPROTO, "redfish/%s.json:%d: %s", files[i].name, why.line, why.text);
	merge(t->all, j);
	json_decref(j);
	return 0;
}

int tree_new(struct tree **ret, const char *vendor, struct err *e)
{
	struct tree *t = calloc(1, sizeof *t);
	if (!t || !(t->all = json_object())) {
		free(t);
		return err_set(e, ENOMEM, "Redfish resources");
	}
	int r = 0;
	bool known = strcmp(vendor, "standard") == 0;
	for (size_t i = 0; i < COUNT(files) && r == 0; i++) {
		bool is = i >= BASE_FILES && strcmp(files[i].name, vendor) == 0;
		if (i < BASE_FILES || is)
			r = file_take(t, i, e);
		known |= is;
	}
	if (r == 0 && !known)
		r = err_say(e, EINVAL, "no maker \"%s\": want one of %s", vendor, tree_vendors());
	if (r < 0) {
		tree_free(t);
		return r;
	}
	t->ids = json_object_get(t->all, "ids");
	t->rows = json_object_get(t->all, "rows");
	t->resources = json_object_get(t->all, "resources");
	tree_id(t, "epoch", "");
	*ret = t;
	return 0;
}

void tree_free(struct tree *t)
{
	if (t)
		json_decref(t->all);
	free(t);
}

json_t *tree_root(const struct tree *t, const char *part)
{
	return json_object_get(t->all, part);
}

json_t *tree_facts(const struct tree *t)
{
	return tree_root(t, "facts");
}

json_t *tree_trait(const struct tree *t, const char *name)
{
	return json_object_get(tree_root(t, "traits"), name);
}

void tree_rows(struct tree *t, const char *name, json_t *rows)
{
	json_object_set_new(t->rows, name, rows);
}

void tree_count(struct tree *t, const char *name, unsigned n)
{
	json_t *rows = json_array();
	for (unsigned i = 1; i <= n; i++) {
		char text[12];
		snprintf(text, sizeof text, "%u", i);
		json_array_append_new(rows, json_pack("{s:s}", "n", text));
	}
	tree_rows(t, name, rows);
}

void tree_id(struct tree *t, const char *name, const char *text)
{
	json_object_set_new(t->ids, name, json_string(text));
}

/* Fills {names} in; one that an id holds is filled in, too, down to some depth. */
static void fill_text(
	const struct tree *t, json_t *row, const char *from, char *to, size_t size, int depth)
{
	size_t at = 0;
	to[0] = '\0';
	while (*from && at + 1 < size) {
		size_t n = strcspn(from, "{");
		at += (size_t)snprintf(to + at, size - at, "%.*s", (int)n, from);
		from += n;
		size_t len = *from ? strcspn(from, "}") : 0;
		if (at >= size || !*from || !from[len])
			break;
		char name[32], part[256];
		snprintf(name, sizeof name, "%.*s", (int)len - 1, from + 1);
		const char *text = json_string_value(json_object_get(row, name));
		if (!text)
			text = json_string_value(json_object_get(t->ids, name));
		if (text && depth > 0)
			fill_text(t, row, text, part, sizeof part, depth - 1);
		else
			snprintf(part, sizeof part, "%s", text ? text : "");
		at += (size_t)snprintf(to + at, size - at, "%s", part);
		from += len + 1;
	}
}

char *tree_text(const struct tree *t, const char *text)
{
	char to[PATH_LEN];
	fill_text(t, NULL, text, to, sizeof to, 3);
	return strdup(to);
}

/* The rows that a path stands for: those of the last {name} that has any; NULL: itself alone. */
static json_t *rows_of(const struct tree *t, const char *path)
{
	json_t *found = NULL;
	for (const char *at = path; (at = strchr(at, '{')); at++) {
		char name[32];
		snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "}") - 1, at + 1);
		json_t *rows = json_object_get(t->rows, name);
		if (rows)
			found = rows;
	}
	return found;
}

/* A copy with all {names} filled in. */
static json_t *filled(const struct tree *t, json_t *row, json_t *from)
{
	json_t *to, *value;
	const char *key;
	size_t i;
	if (json_is_object(from)) {
		to = json_object();
		json_object_foreach(from, key, value)
			json_object_set_new(to, key, filled(t, row, value));
		return to;
	}
	if (json_is_array(from)) {
		to = json_array();
		json_array_foreach(from, i, value) json_array_append_new(to, filled(t, row, value));
		return to;
	}
	if (json_is_string(from)) {
		char text[2 * PATH_LEN];
		fill_text(t, row, json_string_value(from), text, sizeof text, 3);
		return json_string(text);
	}
	return json_copy(from);
}

static void member_add(json_t *members, const char *path)
{
	json_array_append_new(members, json_pack("{s:s}", "@odata.id", path));
}

/* What lies one step below the path is a member. */
static void members_fill(const struct tree *t, json_t *resource, const char *path)
{
	json_t *members = json_array(), *value, *row;
	const char *pattern;
	size_t len = strlen(path), i;
	json_object_foreach(t->resources, pattern, value)
	{
		char one[PATH_LEN];
		json_t *rows = rows_of(t, pattern);
		const char *last = strrchr(pattern, '/');
		fill_text(t, NULL, pattern, one, sizeof one, 3);
		/* Only its last step may be a row's. */
		if (strncmp(one, path, len) != 0 || one[len] != '/' || strchr(one + len + 1, '/') ||
			(rows && last && !strchr(last, '{')))
			continue;
		if (!rows)
			member_add(members, one);
		json_array_foreach(rows, i, row)
		{
			fill_text(t, row, pattern, one, sizeof one, 3);
			member_add(members, one);
		}
	}
	json_object_set_new(resource, "Members@odata.count",
		json_integer((json_int_t)json_array_size(members)));
	json_object_set_new(resource, "Members", members);
}

static bool is_collection(json_t *resource)
{
	const char *type = json_string_value(json_object_get(resource, "@odata.type"));
	size_t n = type ? strlen(type) : 0;
	return n > 10 && strcmp(type + n - 10, "Collection") == 0;
}

static json_t *resource_of(const struct tree *t, json_t *row, json_t *from, const char *path)
{
	json_t *r = filled(t, row, from);
	if (json_object_get(r, "@odata.type")) {
		json_object_set_new(r, "@odata.id", json_string(path));
		if (is_collection(r))
			members_fill(t, r, path);
	}
	return r;
}

json_t *tree_at(const struct tree *t, const char *path, json_t **row)
{
	const char *pattern;
	json_t *from, *one;
	char text[PATH_LEN];
	size_t i;
	if (row)
		*row = NULL;
	json_object_foreach(t->resources, pattern, from)
	{
		json_t *rows = rows_of(t, pattern);
		fill_text(t, NULL, pattern, text, sizeof text, 3);
		if (!rows && strcmp(text, path) == 0)
			return resource_of(t, NULL, from, path);
		json_array_foreach(rows, i, one)
		{
			fill_text(t, one, pattern, text, sizeof text, 3);
			if (strcmp(text, path) != 0)
				continue;
			if (row)
				*row = json_incref(one);
			return resource_of(t, one, from, path);
		}
	}
	return NULL;
}

json_t *tree_schemas(const struct tree *t)
{
	json_t *all = json_object(), *from;
	const char *path;
	json_object_foreach(t->resources, path, from)
	{
		const char *type = json_string_value(json_object_get(from, "@odata.type"));
		char name[96];
		if (!type)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)(strrchr(type, '.') - type - 1), type + 1);
		json_object_set_new(all, name, json_true());
	}
	return all;
}
