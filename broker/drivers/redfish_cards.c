/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inventory of cards: from the system to its chassis, their NetworkAdapters and their
 * NetworkDeviceFunctions. Ids and paths are for this one walk: some BMCs number anew. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/redfish.h"

static void rf_cards_drop(struct rf_cards **cards)
{
	free(*cards);
}

int rf_function_get(struct redfish *rf, const char *path, struct rf_function *ret, struct err *e)
{
	OWN(said) struct said s = { 0 };
	int r = talk_get(rf->talk, path, &s, e);
	if (r < 0)
		return r;
	rf_function_read(ret, s.body);
	rf_path_of(&ret->at.self, path);
	memcpy(ret->at.etag, s.etag, sizeof ret->at.etag);
	ret->card.settable =
		!s.allow_known || s.allow_patch || ret->at.settings.text[0] || rf_dell_has(rf, ret);
	return 0;
}

/* A document that a service links to and does not have is as if it were not linked. */
static int get_if_there(
	struct redfish *rf, const struct rf_path *path, struct said *ret, struct err *e)
{
	if (!path->text[0])
		return -ENOENT;
	return talk_get(rf->talk, path->text, ret, e);
}

/* What other documents say of it; what they do not say is no failure. */
static void function_complete(struct redfish *rf, struct rf_function *f)
{
	OWN(said) struct said pcie = { 0 };
	OWN(said) struct said port = { 0 };
	OWN(said) struct said dell = { 0 };
	struct rf_dell d;
	if (get_if_there(rf, &f->pcie, &pcie, NULL) == 0)
		rf_pci_read(f->card.pci, pcie.body);
	if (get_if_there(rf, &f->port, &port, NULL) == 0)
		f->card.link = rf_link_read(port.body);
	if (!f->card.pci[0] && get_if_there(rf, &f->dell, &dell, NULL) == 0) {
		rf_dell_read(&d, dell.body);
		memcpy(f->card.pci, d.pci, sizeof d.pci);
	}
}

static bool is_known(const struct rf_cards *all, const struct rf_path *path)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->of[i].at.self.text, path->text) == 0)
			return true;
	return false;
}

static int functions_get(struct redfish *rf, struct rf_cards *all, const struct rf_path *list,
	const char *model, bool whole, struct err *e)
{
	struct rf_links links;
	int r = list->text[0] ? rf_members_get(rf, &links, list->text, e) : -ENOENT;
	for (size_t i = 0; r == 0 && i < links.n; i++) {
		if (is_known(all, &links.of[i]))
			continue;
		if (all->n == CARDS_MAX)
			return err_say(
				e, E2BIG, "its cards have more than %d functions", CARDS_MAX);
		struct rf_function *f = &all->of[all->n];
		r = rf_function_get(rf, links.of[i].text, f, e);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r < 0)
			return r;
		snprintf(f->card.model, sizeof f->card.model, "%s", model);
		if (whole)
			function_complete(rf, f);
		all->n++;
	}
	return r == -ENOENT ? 0 : r;
}

static int adapters_get(struct redfish *rf, struct rf_cards *all, const struct rf_path *list,
	bool whole, struct err *e)
{
	struct rf_links links;
	int r = rf_members_get(rf, &links, list->text, e);
	for (size_t i = 0; r == 0 && i < links.n; i++) {
		OWN(said) struct said s = { 0 };
		struct rf_path functions;
		char model[CARD_LABEL_LEN + 1];
		r = talk_get(rf->talk, links.of[i].text, &s, e);
		if (r == 0) {
			rf_text_read(model, sizeof model, s.body, "Model");
			rf_path_read(&functions, s.body, "NetworkDeviceFunctions/@odata.id");
			r = functions_get(rf, all, &functions, model, whole, e);
		}
		r = r == -ENOENT ? 0 : r;
	}
	return r == -ENOENT ? 0 : r;
}

static int chassis_get(struct redfish *rf, struct rf_links *ret, struct err *e)
{
	struct rf_system s;
	int r = rf_system_get(rf, &s, e);
	if (r < 0)
		return r;
	*ret = (struct rf_links){ .n = 0 };
	for (size_t i = 0; i < RF_CHASSIS_MAX; i++)
		if (s.chassis[i].text[0])
			ret->of[ret->n++] = s.chassis[i];
	return ret->n || !rf->root.chassis.text[0]
		       ? 0
		       : rf_members_get(rf, ret, rf->root.chassis.text, e);
}

int rf_cards_get(struct redfish *rf, struct rf_cards **ret, bool whole, struct err *e)
{
	OWN(rf_cards) struct rf_cards *all = calloc(1, sizeof *all);
	struct rf_links chassis;
	if (!all)
		return err_set(e, ENOMEM, "cards");
	int r = chassis_get(rf, &chassis, e);
	talk_doing(rf->talk, "tell its cards");
	for (size_t i = 0; r == 0 && i < chassis.n; i++) {
		OWN(said) struct said s = { 0 };
		struct rf_path adapters;
		r = talk_get(rf->talk, chassis.of[i].text, &s, e);
		if (r == 0 && rf_path_read(&adapters, s.body, "NetworkAdapters/@odata.id"))
			r = adapters_get(rf, all, &adapters, whole, e);
		r = r == -ENOENT ? 0 : r;
	}
	if (r < 0)
		return r;
	*ret = TAKE(all);
	return 0;
}

int redfish_cards_read(struct bmc *bmc, struct card *ret, size_t *ret_n, struct err *e)
{
	OWN(rf_cards) struct rf_cards *all = NULL;
	int r = rf_cards_get(redfish_of(bmc), &all, true, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < all->n; i++)
		ret[i] = all->of[i].card;
	*ret_n = all->n;
	return 0;
}
