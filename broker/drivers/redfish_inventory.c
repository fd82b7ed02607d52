/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The walk to what a machine is made of: its system, its BMC, its Storage with controllers and
 * drives, and the NetworkAdapters of its chassis. Read only, and bounded: so many components, so
 * many questions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/redfish.h"
#include "drivers/redfish_component.h"

enum { QUESTIONS_MAX = 400 };

struct walk {
	struct redfish *rf;
	struct component *to;
	size_t n, asked;
	struct rf_links seen; /* drives: two Storages may link to one */
};

static size_t room(const struct walk *w)
{
	return COMPONENTS_MAX - w->n;
}

/* A document that a service links to and does not have is as if it were not linked: 0, and no body.
 * So is what is asked after the last question. */
static int doc_get(struct walk *w, const struct rf_path *path, struct said *ret, struct err *e)
{
	if (!path->text[0] || w->asked++ >= QUESTIONS_MAX || !room(w))
		return 0;
	int r = talk_get(w->rf->talk, path->text, ret, e);
	return r == -ENOENT ? 0 : r;
}

static int members_get(
	struct walk *w, struct rf_links *ret, const struct rf_path *path, struct err *e)
{
	*ret = (struct rf_links){ .n = 0 };
	if (!path->text[0] || w->asked++ >= QUESTIONS_MAX)
		return 0;
	int r = rf_members_get(w->rf, ret, path->text, e);
	return r == -ENOENT ? 0 : r;
}

/* Each document of a list becomes one component. */
static int each_take(struct walk *w, const struct rf_links *links,
	size_t (*take)(struct component *to, const json_t *doc), struct err *e)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < links->n && room(w); i++) {
		OWN(said) struct said s = { 0 };
		r = doc_get(w, &links->of[i], &s, e);
		if (r == 0 && s.body)
			w->n += take(&w->to[w->n], s.body);
	}
	return r;
}

static bool is_seen(const struct walk *w, const struct rf_path *path)
{
	for (size_t i = 0; i < w->seen.n; i++)
		if (strcmp(w->seen.of[i].text, path->text) == 0)
			return true;
	return false;
}

/* Of those drives the ones that no Storage before had; what has no room to be remembered is taken.
 */
static void keep_new(struct walk *w, struct rf_links *drives)
{
	size_t n = 0;
	for (size_t i = 0; i < drives->n; i++) {
		if (is_seen(w, &drives->of[i]))
			continue;
		if (w->seen.n < RF_MEMBERS_MAX)
			w->seen.of[w->seen.n++] = drives->of[i];
		drives->of[n++] = drives->of[i];
	}
	drives->n = n;
}

static int storage_take(struct walk *w, const struct rf_path *path, struct err *e)
{
	OWN(said) struct said s = { 0 };
	struct rf_storage storage;
	struct rf_links controllers = { .n = 0 };
	int r = doc_get(w, path, &s, e);
	if (r < 0 || !s.body)
		return r;
	size_t stand_in_it = rf_storage_read(&storage, &w->to[w->n], room(w), s.body);
	w->n += stand_in_it;
	/* Newer services have them apart, and some have them twice. */
	if (!stand_in_it)
		r = members_get(w, &controllers, &storage.controllers, e);
	r = r < 0 ? r : each_take(w, &controllers, rf_controller_component, e);
	keep_new(w, &storage.drives);
	return r < 0 ? r : each_take(w, &storage.drives, rf_drive_component, e);
}

static int storages_take(struct walk *w, const json_t *system, struct err *e)
{
	struct rf_path list;
	struct rf_links links = { .n = 0 };
	rf_path_read(&list, system, "Storage/@odata.id");
	int r = members_get(w, &links, &list, e);
	for (size_t i = 0; r == 0 && i < links.n && room(w); i++)
		r = storage_take(w, &links.of[i], e);
	return r;
}

static int system_take(struct walk *w, struct err *e)
{
	OWN(said) struct said s = { 0 };
	OWN(said) struct said bmc = { 0 };
	int r = doc_get(w, &w->rf->system, &s, e);
	if (r < 0 || !s.body)
		return r;
	w->n += rf_system_components(&w->to[w->n], s.body);
	r = doc_get(w, &w->rf->manager, &bmc, e);
	if (r == 0 && bmc.body)
		w->n += rf_bmc_component(&w->to[w->n], bmc.body);
	return r < 0 ? r : storages_take(w, s.body, e);
}

static int adapters_take(struct walk *w, const struct rf_path *chassis, struct err *e)
{
	OWN(said) struct said s = { 0 };
	struct rf_path list;
	struct rf_links links = { .n = 0 };
	int r = doc_get(w, chassis, &s, e);
	rf_path_read(&list, s.body, "NetworkAdapters/@odata.id");
	r = r < 0 ? r : members_get(w, &links, &list, e);
	return r < 0 ? r : each_take(w, &links, rf_adapter_component, e);
}

int redfish_inventory_read(struct bmc *bmc, struct component *ret, size_t *ret_n, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	struct walk w = { .rf = rf, .to = ret };
	struct rf_system s;
	int r = rf_system_get(rf, &s, e); /* it may go by another name than at the open */
	talk_doing(rf->talk, "tell what the machine is made of");
	r = r < 0 ? r : system_take(&w, e);
	for (size_t i = 0; r == 0 && i < RF_CHASSIS_MAX; i++)
		if (s.chassis[i].text[0])
			r = adapters_take(&w, &s.chassis[i], e);
	*ret_n = w.n;
	return r;
}
