/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Live members of resources: their values, and what a client may change of them. See tree.h. */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "sim/tree.h"

enum { READ = 1, WRITE = 2, NAME_MAX_LEN = 64 };

/* "<rw boot.target>" is both and the name; 0: it is no live member. */
static int live_of(char name[NAME_MAX_LEN], json_t *value)
{
	const char *text = json_string_value(value);
	size_t n = text ? strlen(text) : 0;
	if (n < 3 || n >= NAME_MAX_LEN || text[0] != '<' || text[n - 1] != '>')
		return 0;
	int how = READ;
	text++;
	if (strncmp(text, "rw ", 3) == 0)
		how = READ | WRITE;
	else if (strncmp(text, "wo ", 3) == 0)
		how = WRITE;
	text += how == READ ? 0 : 3;
	snprintf(name, NAME_MAX_LEN, "%.*s", (int)strcspn(text, ">"), text);
	return how;
}

/* The value that a live member has; NULL where the member is none. */
static json_t *live_value(json_t *value, tree_live live, void *ctx)
{
	char name[NAME_MAX_LEN];
	int how = live_of(name, value);
	if (!how)
		return NULL;
	json_t *v = how & READ ? live(ctx, name) : NULL;
	return v ? v : json_null();
}

void tree_fill(json_t *resource, tree_live live, void *ctx)
{
	const char *key;
	json_t *value, *v;
	void *next;
	size_t i;
	json_object_foreach_safe(resource, next, key, value)
	{
		if ((v = live_value(value, live, ctx)))
			json_object_set_new(resource, key, v);
		else
			tree_fill(value, live, ctx);
	}
	if (json_is_array(resource)) {
		json_array_foreach(resource, i, value)
		{
			if ((v = live_value(value, live, ctx)))
				json_array_set_new(resource, i, v);
			else
				tree_fill(value, live, ctx);
		}
	}
}

struct changing {
	json_t *changes;
	void (*wrong)(void *ctx, const struct tree_wrong *w);
	void *ctx;
	tree_live live;
	void *live_ctx;
};

static void refuse(struct changing *c, const char *message, const char *key, json_t *value)
{
	struct tree_wrong w = { .message = message };
	int at = 0;
	if (value) {
		OWN(text) char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		snprintf(w.arg[at++], sizeof w.arg[0], "%s", text ? text : "");
	}
	snprintf(w.arg[at], sizeof w.arg[0], "%s", key);
	c->wrong(c->ctx, &w);
}

static bool in_list(json_t *list, json_t *value)
{
	size_t i;
	json_t *one;
	json_array_foreach(list, i, one) if (json_equal(one, value)) return true;
	return false;
}

static bool same_type(json_t *a, json_t *b)
{
	return json_typeof(a) == json_typeof(b) || (json_is_boolean(a) && json_is_boolean(b));
}

static void member_change(
	struct changing *c, json_t *resource, const char *key, json_t *value, const char *name)
{
	char allowed[96];
	snprintf(allowed, sizeof allowed, "%s@Redfish.AllowableValues", key);
	json_t *list = json_object_get(resource, allowed);
	json_t *now = c->live(c->live_ctx, name);
	if (now && !json_is_null(now) && !same_type(now, value))
		refuse(c, "PropertyValueTypeError", key, value);
	else if (list && !in_list(list, value))
		refuse(c, "PropertyValueNotInList", key, value);
	else
		json_object_set_new(c->changes, name, json_deep_copy(value));
	json_decref(now);
}

static void object_change(struct changing *c, json_t *resource, json_t *body)
{
	const char *key;
	json_t *value;
	char name[NAME_MAX_LEN];
	json_object_foreach(body, key, value)
	{
		json_t *has = json_object_get(resource, key);
		int how = live_of(name, has);
		/* Annotations are about the change, not a part of it (DSP0266, 7.7.2). */
		if (strchr(key, '@'))
			continue;
		if (!has)
			refuse(c, "PropertyUnknown", key, NULL);
		else if (how & WRITE)
			member_change(c, resource, key, value, name);
		else if (!how && json_is_object(has) && json_is_object(value))
			object_change(c, has, value);
		else
			refuse(c, "PropertyNotWritable", key, NULL);
	}
}

json_t *tree_changes(json_t *resource, json_t *body,
	void (*wrong)(void *ctx, const struct tree_wrong *w), void *ctx, tree_live live,
	void *live_ctx)
{
	struct changing c = { json_object(), wrong, ctx, live, live_ctx };
	object_change(&c, resource, body);
	return c.changes;
}
