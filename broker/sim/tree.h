/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Redfish resources as data: the files of redfish/, and over them, as a JSON merge patch (RFC
 * 7396), what is other at one maker's. A file has these parts: ids        what is written as
 * {name}, anywhere in a path or a text; {n} is the row's number rows       of what there are
 * several: a path with {dimm} stands for each row of "dimm" resources  path -> resource.
 * "@odata.id" and a collection's Members are filled in. facts      values of live members before
 * anybody has set them (sim/machine.h) traits     how this maker's service behaves (sim/redfish.h)
 * A text "<name>" is the live value of that name; "<rw name>" can be changed, too, "<wo name>"
 * only be changed. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct tree;

/* vendor: "standard" or the name of a file there. -EINVAL with a sentence that names them all. */
int tree_new(struct tree **ret, const char *vendor, struct err *e);
void tree_free(struct tree *t); /* takes NULL */
const char *tree_vendors(void); /* "standard dell ..." */

/* Borrowed as long as the tree. */
json_t *tree_facts(const struct tree *t);
json_t *tree_trait(const struct tree *t, const char *name); /* NULL: it has none */
json_t *tree_root(const struct tree *t, const char *part);

/* Rows that come and go: sessions, tasks. rows is taken over: an array of objects of texts. */
void tree_rows(struct tree *t, const char *name, json_t *rows);
/* n such rows, numbered from 1. */
void tree_count(struct tree *t, const char *name, unsigned n);
/* What {name} is from now on. */
void tree_id(struct tree *t, const char *name, const char *text);
/* A text of the data with its {names} filled in; malloc'ed. */
char *tree_text(const struct tree *t, const char *text);

/* The resource at that path, names filled in, live members not; the caller's. NULL: nothing is
 * there. row, where not NULL, gets the row that it stands for, the caller's, or NULL. */
json_t *tree_at(const struct tree *t, const char *path, json_t **row);

/* Live members take their values: live() gives one that is the caller's, or NULL. */
typedef json_t *(*tree_live)(void *ctx, const char *name);
void tree_fill(json_t *resource, tree_live live, void *ctx);

/* What is wrong with a change: a message of the Base registry, its arguments. */
struct tree_wrong {
	const char *message;
	char arg[2][96];
};
/* The changes that body makes to the resource at that path: {name: value}, the caller's. Where
 * something is wrong, wrong() hears of each, and the changes are of no use. */
json_t *tree_changes(json_t *resource, json_t *body,
	void (*wrong)(void *ctx, const struct tree_wrong *w), void *ctx, tree_live live,
	void *live_ctx);

/* The names of all schemas, once each: "ComputerSystem.v1_16_0". The caller's. */
json_t *tree_schemas(const struct tree *t);
