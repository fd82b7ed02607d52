/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HBAs of a report: see report.h. */
#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "broker/members.h"
#include "broker/report.h"

/* ------------------------------------------------------------------ what is read */

static int wwn_read(struct wwn *ret, const char *text, const char *what, struct err *e)
{
	if (*text && !wwn_parse(ret, text))
		return err_say(e, EINVAL, "report: \"%s\": \"%s\" is not a WWN", what, text);
	return 0;
}

static int target_read(struct report_hba *h, const json_t *from, struct err *e)
{
	struct fc_target *t = &h->target[h->targets++];
	char wwpn[WWN_TEXT] = "";
	const struct member members[] = {
		{ "wwpn", MEMBER_TEXT, wwpn, sizeof wwpn, 0, true },
		{ "lun", MEMBER_UINT, &t->lun, 0, INT64_MAX, true },
	};
	int r = members_read(
		from, "report: target", members, COUNT(members), MEMBERS_MORE_ALLOWED, e);
	return r < 0 ? r : wwn_read(&t->wwpn, wwpn, "targets", e);
}

static int hba_read(struct report *r, const json_t *from, struct err *e)
{
	struct report_hba *h = &r->hba[r->hbas];
	char wwpn[WWN_TEXT] = "", wwnn[WWN_TEXT] = "", back[WWN_TEXT] = "", node[WWN_TEXT] = "";
	const json_t *targets = NULL;
	const struct member members[] = {
		{ "pci", MEMBER_TEXT, h->pci, sizeof h->pci, 0, true },
		{ "wwpn", MEMBER_TEXT, wwpn, sizeof wwpn, 0, false },
		{ "wwnn", MEMBER_TEXT, wwnn, sizeof wwnn, 0, false },
		{ "read_back", MEMBER_TEXT, back, sizeof back, 0, false },
		{ "read_back_wwnn", MEMBER_TEXT, node, sizeof node, 0, false },
		{ "targets", MEMBER_LIST, &targets, 0, 0, false },
		{ "tool", MEMBER_TEXT, h->tool, sizeof h->tool, 0, false },
	};
	int ret =
		members_read(from, "report: hba", members, COUNT(members), MEMBERS_MORE_ALLOWED, e);
	if (ret == 0 && !pci_ok(h->pci))
		ret = err_say(e, EINVAL, "report: \"%s\" is not a PCI address", h->pci);
	for (unsigned i = 0; ret == 0 && i < r->hbas; i++)
		if (strcmp(r->hba[i].pci, h->pci) == 0)
			ret = err_say(e, EINVAL, "report: HBA %s stands there twice", h->pci);
	ret = ret < 0 ? ret : wwn_read(&h->wwpn, wwpn, "wwpn", e);
	ret = ret < 0 ? ret : wwn_read(&h->wwnn, wwnn, "wwnn", e);
	ret = ret < 0 ? ret : wwn_read(&h->read_back, back, "read_back", e);
	ret = ret < 0 ? ret : wwn_read(&h->node_back, node, "read_back_wwnn", e);
	if (ret == 0 && json_array_size(targets) > REPORT_TARGETS)
		ret = err_say(
			e, EINVAL, "report: HBA %s: more than %d targets", h->pci, REPORT_TARGETS);
	for (size_t i = 0; ret == 0 && i < json_array_size(targets); i++)
		ret = target_read(h, json_array_get(targets, i), e);
	report_words_read(h->card, h->driver, h->modalias, from);
	r->hbas++;
	return ret;
}

int report_hbas_read(struct report *r, const json_t *list, struct err *e)
{
	int ret = 0;
	if (json_array_size(list) > REPORT_HBAS)
		return err_say(e, EINVAL, "report: more than %d HBAs", REPORT_HBAS);
	for (size_t i = 0; ret == 0 && i < json_array_size(list); i++)
		ret = hba_read(r, json_array_get(list, i), e);
	return ret;
}

/* ------------------------------------------------------------------ which card it is */

static int hba_at(const struct report *r, const char *pci)
{
	for (unsigned i = 0; *pci && i < r->hbas; i++)
		if (strcmp(r->hba[i].pci, pci) == 0)
			return (int)i;
	return -1;
}

static int hba_named(const struct report *r, const struct wwn *wwpn)
{
	for (unsigned i = 0; i < r->hbas; i++)
		if (wwn_equal(&r->hba[i].wwpn, wwpn))
			return (int)i;
	return -1;
}

/* What the card says it is by its maker, before anything was written to it. */
static int maker_check(
	const struct report_hba *said, const struct machine *m, const struct hba *h, struct err *e)
{
	const struct {
		const char *what;
		const struct wwn *is, *want;
	} names[] = { { "WWPN", &said->wwpn, &h->wwpn }, { "WWNN", &said->wwnn, &h->wwnn } };
	for (size_t i = 0; i < COUNT(names); i++) {
		char is[WWN_TEXT], want[WWN_TEXT];
		if (wwn_is_zero(names[i].is) || wwn_equal(names[i].is, names[i].want))
			continue;
		return err_say(e, EINVAL,
			"machine %s: the HBA at %s has %s %s by its maker, %s is recorded", m->name,
			said->pci, names[i].what, wwn_text(is, names[i].is),
			wwn_text(want, names[i].want));
	}
	return 0;
}

int report_match_hbas(
	int at[HBAS_MAX], const struct report *r, const struct machine *m, struct err *e)
{
	for (unsigned i = 0; i < m->hbas; i++) {
		const struct hba *h = &m->hba[i];
		char wwpn[WWN_TEXT];
		at[i] = hba_at(r, h->pci);
		if (at[i] < 0)
			at[i] = hba_named(r, &h->wwpn);
		if (at[i] < 0)
			return err_say(e, EINVAL, "machine %s: the shim found no HBA %s%s%s%s",
				m->name, wwn_text(wwpn, &h->wwpn), *h->pci ? " at " : "", h->pci,
				*h->pci ? ""
					: "; where only a tool can tell its WWPN, want its PCI "
					  "address with the machine");
		int ret = h->journaled ? 0 : maker_check(&r->hba[at[i]], m, h, e);
		if (ret < 0)
			return ret;
		for (unsigned k = 0; k < i; k++)
			if (at[k] == at[i])
				return err_say(e, EINVAL,
					"machine %s: the card at %s answers for two HBAs", m->name,
					r->hba[at[i]].pci);
	}
	return 0;
}

/* ------------------------------------------------------------------ what was written */

static bool targets_are(const struct report_hba *is, const struct persona_hba *want)
{
	unsigned n = want ? want->targets : 0;
	if (is->targets != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!wwn_equal(&is->target[i].wwpn, &want->target[i].wwpn) ||
			is->target[i].lun != want->target[i].lun)
			return false;
	return true;
}

/* want NULL: as its maker made it, and nothing to boot from. */
static int written_check(const struct report *r, const struct machine *m, const struct hba *h,
	const struct persona_hba *want, struct err *e)
{
	const struct wwn *port = want ? &want->wwpn : &h->wwpn,
			 *node = want ? &want->wwnn : &h->wwnn;
	char is[WWN_TEXT], wanted[WWN_TEXT];
	int at = hba_at(r, h->pci);
	if (at < 0)
		return err_say(e, EINVAL,
			"machine %s: the shim has not read %s back from the HBA %s%s", m->name,
			wwn_text(wanted, port), *h->pci ? "at " : "", h->pci);
	const struct report_hba *said = &r->hba[at];
	const char *tool = *said->tool ? said->tool : "(not named)";
	bool good = wwn_equal(&said->read_back, port);
	if (!good || !wwn_equal(&said->node_back, node))
		return err_say(e, EINVAL,
			"machine %s: the HBA at %s reads back %s %s, want %s; tool %s did not "
			"write it",
			m->name, h->pci, good ? "WWNN" : "WWPN",
			wwn_text(is, good ? &said->node_back : &said->read_back),
			wwn_text(wanted, good ? node : port), tool);
	if (!targets_are(said, want))
		return err_say(e, EINVAL,
			"machine %s: the HBA at %s reads back %u boot targets that are not the %u "
			"wanted; tool %s did not write them",
			m->name, h->pci, said->targets, want ? want->targets : 0, tool);
	return 0;
}

int report_hbas_written(
	const struct report *r, const struct machine *m, const struct persona *p, struct err *e)
{
	int ret = 0;
	for (unsigned i = 0; ret == 0 && i < p->hbas; i++) {
		int on = hba_for(m, p, i);
		if (on < 0)
			return err_say(e, EINVAL, "machine %s has no HBA for HBA %u of %s", m->name,
				i, p->name);
		ret = written_check(r, m, &m->hba[on], r->restore ? NULL : &p->hba[i], e);
	}
	return ret;
}

int report_hbas_factory(const struct report *r, const struct machine *m)
{
	int good = 0;
	for (unsigned i = 0; i < m->hbas; i++) {
		int at = m->hba[i].carries ? hba_at(r, m->hba[i].pci) : -1;
		if (at < 0)
			continue;
		if (written_check(r, m, &m->hba[i], NULL, NULL) < 0)
			return -1;
		good++;
	}
	return good;
}
