/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See compat.h, and the route that answers with it. */
#include "broker/compat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/api.h"
#include "broker/packs.h"
#include "broker/standing.h"
#include "core/compat.h"
#include "host/given.h"

static bool is_group(const json_t *group, const struct compat *c)
{
	const json_t *why = json_object_get(group, "why");
	if (json_array_size(why) != c->n ||
		strcmp(json_string_value(json_object_get(group, "fit")), compat_fit_word(c->fit)) ||
		strcmp(json_string_value(json_object_get(group, "by")), c->by))
		return false;
	for (unsigned i = 0; i < c->n; i++)
		if (strcmp(json_string_value(json_array_get(why, i)), c->why[i].what) != 0)
			return false;
	return true;
}

static json_t *group_new(const struct compat *c)
{
	json_t *reasons = json_array(), *why = json_array();
	for (unsigned i = 0; i < c->n; i++) {
		json_array_append_new(reasons, json_string(compat_reason_word(c->why[i].reason)));
		json_array_append_new(why, json_string(c->why[i].what));
	}
	return json_pack("{s:s,s:s,s:o,s:o,s:[]}", "fit", compat_fit_word(c->fit), "by", c->by,
		"reasons", reasons, "why", why, "machines");
}

static void group_put(json_t *groups, const struct compat *c, const char *machine)
{
	size_t i = 0;
	while (i < json_array_size(groups) && !is_group(json_array_get(groups, i), c))
		i++;
	if (i == json_array_size(groups))
		json_array_append_new(groups, group_new(c));
	json_array_append_new(
		json_object_get(json_array_get(groups, i), "machines"), json_string(machine));
}

/* Those that fit first, then by how many they are, then as they were found. */
static bool comes_before(const json_t *a, const json_t *b)
{
	enum { FITS = COMPAT_NO + 1 };
	int rank[2] = { 0 };
	const json_t *of[2] = { a, b };
	for (int i = 0; i < 2; i++) {
		const char *fit = json_string_value(json_object_get(of[i], "fit"));
		while (rank[i] < FITS && strcmp(fit, compat_fit_word((enum compat_fit)rank[i])))
			rank[i]++;
	}
	if (rank[0] != rank[1])
		return rank[0] < rank[1];
	return json_array_size(json_object_get(a, "machines")) >
	       json_array_size(json_object_get(b, "machines"));
}

static json_t *sorted(json_t *groups)
{
	json_t *list = json_array();
	for (size_t i = 0; i < json_array_size(groups); i++) {
		json_t *g = json_array_get(groups, i);
		size_t at = json_array_size(list);
		while (at > 0 && comes_before(g, json_array_get(list, at - 1)))
			at--;
		json_array_insert(list, at, g);
	}
	json_decref(groups);
	return list;
}

/* Everything that the rows are made from. */
struct field {
	struct machine *machine;
	size_t machines;
	struct standing *at;
	const char *packs;
};

static json_t *row_of(const struct field *f, const struct persona *p)
{
	json_t *groups = json_array();
	const struct binding *b = standing_of_persona(f->at, p->name);
	json_int_t n[COMPAT_NO + 1] = { 0 };
	for (size_t i = 0; i < f->machines; i++) {
		struct compat c;
		compat_judge(&c, p, &f->machine[i], f->packs);
		n[c.fit]++;
		group_put(groups, &c, f->machine[i].name);
	}
	return json_pack("{s:s,s:s,s:I,s:I,s:I,s:o}", "persona", p->name, "here",
		b ? b->machine : "", "yes", n[COMPAT_YES], "unknown", n[COMPAT_UNKNOWN], "no",
		n[COMPAT_NO], "groups", sorted(groups));
}

/* One of a name that is there, or all. */
static int machines_read(struct field *f, struct store *s, const char *name, struct err *e)
{
	if (!name)
		return store_machines(s, &f->machine, &f->machines, e);
	f->machine = calloc(1, sizeof *f->machine);
	if (!f->machine)
		return err_set(e, ENOMEM, "compat");
	f->machines = 1;
	return store_machine(s, name, f->machine, e);
}

static int personas_read(
	struct persona **ret, size_t *n, struct store *s, const char *name, struct err *e)
{
	if (!name)
		return store_personas(s, ret, n, e);
	*ret = calloc(1, sizeof **ret);
	if (!*ret)
		return err_set(e, ENOMEM, "compat");
	*n = 1;
	return store_persona(s, name, *ret, e);
}

json_t *compat_json(
	struct store *s, const char *persona, const char *machine, const char *packs, struct err *e)
{
	OWN(standing) struct standing *at = NULL;
	struct field f = { .packs = packs };
	struct persona *p = NULL;
	size_t n = 0;
	json_t *items = json_array(), *names = json_array(), *all = NULL;
	int r = machines_read(&f, s, machine, e);
	r = r < 0 ? r : personas_read(&p, &n, s, persona, e);
	r = r < 0 ? r : standing_read(&at, s, e);
	f.at = at;
	for (size_t i = 0; r == 0 && i < f.machines; i++)
		json_array_append_new(names, json_string(f.machine[i].name));
	for (size_t i = 0; r == 0 && i < n; i++)
		json_array_append_new(items, row_of(&f, &p[i]));
	if (r == 0)
		all = json_pack("{s:O,s:O}", "machines", names, "items", items);
	if (p)
		explicit_bzero(p, n * sizeof *p);
	free(p);
	free(f.machine);
	json_decref(names);
	json_decref(items);
	return all;
}

void api_compat_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	char cards[PACKS_CARDS];
	int folder = given_fd("packs", NULL);
	bool known = folder >= 0 && packs_cards(cards, folder, NULL) == 0;
	json_t *all = compat_json(a->b->store, a->persona, a->machine, known ? cards : NULL, &e);
	if (all)
		reply_ok(to, all);
	else
		reply_err(to, &e, "`baton status` shows what there is");
}
