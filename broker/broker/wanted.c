/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wished of a batch: see wanted.h. */
#include "broker/wanted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "core/choice.h"

enum { WISHES_MAX = 256 };

static inline void list_drop(void *list)
{
	free(*(void **)list);
}

void wanted_drop(struct wanted *w)
{
	free(w->wish);
	free(w->leaves);
}

static int body_read(struct wanted *w, const struct ask *a, struct err *e)
{
	char verb[VERB_TEXT] = "";
	uint64_t parallel = a->b->conf.batch_parallel;
	const struct member members[] = {
		{ "verb", MEMBER_TEXT, verb, sizeof verb, 0, true },
		{ "wishes", MEMBER_LIST, &w->list, 0, 0, false },
		{ "evacuate", MEMBER_DICT, &w->evacuate, 0, 0, false },
		{ "pool", MEMBER_TEXT, w->pool, sizeof w->pool, 0, false },
		{ "parallel", MEMBER_UINT, &parallel, 0, PARALLEL_MAX, false },
		{ "keep_going", MEMBER_BOOL, &w->batch.rule.keep_going, 0, 0, false },
		{ "plan", MEMBER_BOOL, &w->plan, 0, 0, false },
	};
	int r = members_read(a->body, "batch", members, COUNT(members), MEMBERS_STRICT, e);
	if (r < 0)
		return r;
	if (!verb_parse(&w->verb, verb) || w->verb == VERB_RESTORE ||
		w->verb == VERB_RESTORE_ISOLATED || w->verb == VERB_PRESTAGE)
		return err_say(
			e, EINVAL, "batch: verb \"%s\": want start, stop, move or failover", verb);
	if (!w->list == !w->evacuate)
		return err_say(e, EINVAL, "batch: want either \"wishes\" or \"evacuate\"");
	if (w->evacuate && w->verb != VERB_MOVE && w->verb != VERB_FAILOVER)
		return err_say(e, EINVAL, "batch: to evacuate, want verb move or failover");
	if (*w->pool && !name_ok(w->pool))
		return err_say(
			e, EINVAL, "batch: \"pool\": want 1 to 63 of a-z, 0-9 and -, not - first");
	if (*w->pool && w->verb == VERB_STOP)
		return err_say(e, EINVAL, "batch: stop: no pool is wanted; leave it out");
	if (parallel == 0)
		return err_say(e, EINVAL, "batch: \"parallel\": want 1 to %d", PARALLEL_MAX);
	w->batch.rule.parallel = (unsigned)parallel;
	w->batch.who = a->uid;
	return 0;
}

static int wish_check(struct wanted *w, struct broker *b, const struct wish *one, struct err *e)
{
	struct persona p;
	struct machine m;
	for (size_t i = 0; i < w->wishes; i++) {
		if (strcmp(w->wish[i].persona, one->persona) == 0)
			return err_say(e, EINVAL, "batch: persona %s is named twice", one->persona);
		if (*one->machine && strcmp(w->wish[i].machine, one->machine) == 0)
			return err_say(e, EINVAL, "batch: machine %s is named twice", one->machine);
	}
	if (w->verb == VERB_STOP ? *one->machine : !*one->machine && !*w->pool)
		return err_say(e, EINVAL, "batch: %s %s: %s", verb_word(w->verb), one->persona,
			*one->machine ? "the machine is known; leave it out"
				      : "want PERSONA=MACHINE, or a pool to choose from");
	int r = store_persona(b->store, one->persona, &p, e);
	explicit_bzero(&p, sizeof p);
	if (r == 0 && *one->machine)
		r = store_machine(b->store, one->machine, &m, e);
	return r;
}

static int wishes_read(struct wanted *w, struct broker *b, struct err *e)
{
	size_t n = json_array_size(w->list);
	if (n == 0 || n > WISHES_MAX)
		return err_say(e, EINVAL, "batch: want 1 to %d wishes", WISHES_MAX);
	w->wish = calloc(n, sizeof *w->wish);
	if (!w->wish)
		return err_set(e, ENOMEM, "batch");
	int r = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct wish one = { .verb = w->verb };
		const struct member members[] = {
			{ "persona", MEMBER_TEXT, one.persona, sizeof one.persona, 0, true },
			{ "machine", MEMBER_TEXT, one.machine, sizeof one.machine, 0, false },
		};
		r = members_read(json_array_get(w->list, i), "batch: wish", members, COUNT(members),
			MEMBERS_STRICT, e);
		if (r == 0)
			r = wish_check(w, b, &one, e);
		if (!*one.machine && w->verb != VERB_STOP)
			memcpy(one.pool, w->pool, sizeof one.pool);
		w->wish[w->wishes++] = one;
	}
	snprintf(w->batch.what, sizeof w->batch.what, "%s %zu persona%s", verb_word(w->verb), n,
		n == 1 ? "" : "s");
	return r;
}

/* ------------------------------------------------------------------ evacuate */

/* What is emptied: one of them. */
struct place {
	char machine[NAME_LEN + 1], rack[LABEL_LEN + 1], pool[NAME_LEN + 1];
};

static int place_read(struct place *ret, const json_t *from, struct err *e)
{
	const struct member members[] = {
		{ "machine", MEMBER_TEXT, ret->machine, sizeof ret->machine, 0, false },
		{ "rack", MEMBER_TEXT, ret->rack, sizeof ret->rack, 0, false },
		{ "pool", MEMBER_TEXT, ret->pool, sizeof ret->pool, 0, false },
	};
	int r = members_read(from, "batch: evacuate", members, COUNT(members), MEMBERS_STRICT, e);
	if (r == 0 && !!*ret->machine + !!*ret->rack + !!*ret->pool != 1)
		return err_say(e, EINVAL, "batch: evacuate: want a machine, a rack or a pool");
	return r;
}

static bool stands_there(const struct machine *m, const struct place *at)
{
	const char *rack = traits_label(&m->is, RACK_LABEL);
	if (*at->machine)
		return strcmp(m->name, at->machine) == 0;
	return *at->rack ? rack && strcmp(rack, at->rack) == 0 : strcmp(m->pool, at->pool) == 0;
}

static void place_text(char *to, size_t size, const struct place *at)
{
	snprintf(to, size, "%s %s",
		*at->machine ? "machine"
		: *at->rack  ? "rack"
			     : "pool",
		*at->machine ? at->machine
		: *at->rack  ? at->rack
			     : at->pool);
}

/* A machine is emptied also where it carries nothing: nobody is moved there. */
static int leave_add(struct wanted *w, struct broker *b, const struct machine *m, struct err *e)
{
	struct binding at;
	memcpy(w->leaves[w->leave++], m->name, sizeof *w->leaves);
	int r = store_binding_of(b->store, m->name, &at, e);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (w->wishes == WISHES_MAX)
		return err_say(e, EINVAL, "batch: more than %d personas; evacuate less at once",
			WISHES_MAX);
	const char *pool = *w->pool ? w->pool : m->pool;
	if (!*pool)
		return err_say(e, EINVAL,
			"machine %s is in no pool: say with --to which pool %s shall go to",
			m->name, at.persona);
	struct wish *one = &w->wish[w->wishes++];
	*one = (struct wish){ .verb = w->verb };
	memcpy(one->persona, at.persona, sizeof one->persona);
	snprintf(one->pool, sizeof one->pool, "%s", pool);
	return 0;
}

static int evacuate_read(struct wanted *w, struct broker *b, struct err *e)
{
	OWN(list) struct machine *m = NULL;
	struct place at = { .machine = "" };
	char what[96];
	size_t n = 0;
	int r = place_read(&at, w->evacuate, e);
	if (r == 0)
		r = store_machines(b->store, &m, &n, e);
	if (r < 0)
		return r;
	w->wish = calloc(n ? n : 1, sizeof *w->wish);
	w->leaves = calloc(n ? n : 1, sizeof *w->leaves);
	if (!w->wish || !w->leaves)
		return err_set(e, ENOMEM, "batch");
	for (size_t i = 0; r == 0 && i < n; i++)
		if (stands_there(&m[i], &at))
			r = leave_add(w, b, &m[i], e);
	place_text(what, sizeof what, &at);
	if (r == 0 && w->leave == 0)
		return err_say(e, ENOENT, "%s: %s", what,
			*at.machine ? "no such machine"
			: *at.rack  ? "no machine stands in it, by the label rack"
				    : "no machine is in it");
	if (r == 0 && w->wishes == 0)
		return err_say(
			e, EBUSY, "%s carries no persona: there is nothing to evacuate", what);
	snprintf(w->batch.what, sizeof w->batch.what, "evacuate %s%s", what,
		w->verb == VERB_FAILOVER ? " by failover" : "");
	return r;
}

static int pool_check(struct broker *b, const char *pool, struct err *e)
{
	OWN(list) struct machine *m = NULL;
	size_t n = 0;
	int r = *pool ? store_machines(b->store, &m, &n, e) : 0;
	bool none = r == 0 && *pool;
	for (size_t i = 0; i < n; i++)
		none = none && strcmp(m[i].pool, pool) != 0;
	return none ? err_say(e, ENOENT, "pool %s: no machine is in it", pool) : r;
}

int wanted_read(struct wanted *w, const struct ask *a, struct err *e)
{
	int r = body_read(w, a, e);
	if (r == 0)
		r = w->evacuate ? evacuate_read(w, a->b, e) : wishes_read(w, a->b, e);
	return r < 0 ? r : pool_check(a->b, w->pool, e);
}
