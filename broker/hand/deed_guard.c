/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deed that sets the guard in front of the portals (docs/design/0018-guard.md): the whole of it
 * at once, and read back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "drivers/guard.h"
#include "hand/deadline.h"
#include "hand/deed.h"
#include "hand/fields.h"
#include "hand/lock.h"
#include "host/fd.h"

struct guard_wish {
	const char *kind;
	const json_t *interfaces, *portals, *passes;
};

#define MEMBER(name, kind, min, max)                                                               \
	{                                                                                          \
#name, kind, offsetof(struct guard_wish, name), true, min, max                     \
	}
static const struct field members[] = {
	MEMBER(kind, FIELD_TEXT, 1, 16),
	MEMBER(interfaces, FIELD_LIST, 0, GUARD_INTERFACES_MAX),
	MEMBER(portals, FIELD_LIST, 0, GUARD_PORTALS_MAX),
	MEMBER(passes, FIELD_LIST, 0, GUARD_PASSES_MAX),
};

static void guard_drop(struct guard *g)
{
	guard_fini(g);
}

static const char *text_at(const json_t *list, size_t i)
{
	const char *text = json_string_value(json_array_get(list, i));
	return text ? text : "";
}

static int wrong(const char *what, const char *text, const char *like, struct err *e)
{
	return err_say(e, EINVAL, "guard: %s: \"%.60s\": want it like \"%s\"", what, text, like);
}

static int lists_read(struct guard *g, const struct guard_wish *w, struct err *e)
{
	for (size_t i = 0; i < json_array_size(w->interfaces); i++) {
		const char *name = text_at(w->interfaces, i);
		if (!guard_interface_ok(name))
			return wrong("interfaces", name, "eth1", e);
		snprintf(g->interface[g->interfaces++], GUARD_INTERFACE, "%s", name);
	}
	for (size_t i = 0; i < json_array_size(w->portals); i++)
		if (!guard_portal_parse(&g->portal[g->portals++], text_at(w->portals, i)))
			return wrong("portals", text_at(w->portals, i), "10.77.0.1:3260", e);
	for (size_t i = 0; i < json_array_size(w->passes); i++)
		if (!guard_pass_parse(&g->pass[g->passes++], text_at(w->passes, i)))
			return wrong("passes", text_at(w->passes, i),
				"eth1 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260", e);
	guard_sort(g);
	return 0;
}

static int guard_read(struct guard *g, const struct guard_wish *w, struct err *e)
{
	g->portal = calloc(json_array_size(w->portals) + 1, sizeof *g->portal);
	g->pass = calloc(json_array_size(w->passes) + 1, sizeof *g->pass);
	if (!g->portal || !g->pass)
		return err_set(e, ENOMEM, "guard");
	return lists_read(g, w, e);
}

/* One that holds already is left alone: so a guard can be looked after without a change of rules.
 */
static int hold(const struct guard *g, const struct guard_ops *ops, json_t *answer, struct err *e)
{
	bool bridged = false;
	int kept = ops->holds(&bridged, g, e);
	if (kept < 0)
		return kept;
	int r = kept ? 0 : ops->set(g, e);
	if (r < 0)
		return r;
	r = kept ? kept : ops->holds(&bridged, g, e);
	if (r < 0)
		return r;
	if (r == 0)
		return err_say(e, EIO, "guard: what was read back is not what was set");
	json_object_set_new(answer, "kept", json_boolean(kept));
	json_object_set_new(answer, "bridged", json_boolean(bridged));
	return 0;
}

int guard_set(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	struct guard_wish wish;
	OWN(guard) struct guard g = { .interfaces = 0 };
	int r = fields_read(&wish, members, COUNT(members), w->on, "guard", e);
	const struct guard_ops *ops = r < 0 ? NULL : guard_ops_of(wish.kind, e);
	if (!ops)
		return -EINVAL;
	r = guard_read(&g, &wish, e);
	if (r < 0)
		return r;
	deadline_doing("guard: %s: another deed on it", w->deed);
	OWN(fd) int held = lock_take(hand->run_dir, "guard", e);
	if (held < 0)
		return held;
	deadline_doing("guard: %s", w->deed);
	return hold(&g, ops, answer, e);
}
