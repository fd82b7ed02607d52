/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HBAs of machines and personas, in and out of JSON. A target is written as the CLI takes it:
 * 50:00:09:72:00:00:00:01/3. */
#include "broker/api_hba.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "broker/api_machine.h"

/* Of a LUN by flat addressing, as arrays number them. */
enum { FC_LUN_MAX = 16383 };

static json_t *json_wwn(const struct wwn *w)
{
	char text[WWN_TEXT] = "";
	return json_string(wwn_is_zero(w) ? text : wwn_text(text, w));
}

json_t *machine_hbas_json(const struct machine *m)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < m->hbas; i++) {
		const struct hba *h = &m->hba[i];
		json_array_append_new(
			list, json_pack("{s:o,s:o,s:s,s:b,s:b,s:s,s:s,s:s}", "wwpn",
				      json_wwn(&h->wwpn), "wwnn", json_wwn(&h->wwnn), "pci", h->pci,
				      "carries", h->carries, "journaled", h->journaled, "port",
				      h->port, "card", h->card, "driver", h->driver));
	}
	return list;
}

json_t *persona_hbas_json(const struct persona *p)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < p->hbas; i++) {
		const struct persona_hba *h = &p->hba[i];
		json_t *targets = json_array();
		for (unsigned k = 0; k < h->targets; k++) {
			char wwpn[WWN_TEXT];
			json_array_append_new(
				targets, json_sprintf("%s/%llu", wwn_text(wwpn, &h->target[k].wwpn),
						 (unsigned long long)h->target[k].lun));
		}
		json_array_append_new(
			list, json_pack("{s:o,s:o,s:o}", "wwpn", json_wwn(&h->wwpn), "wwnn",
				      json_wwn(&h->wwnn), "targets", targets));
	}
	return list;
}

/* "" leaves it zero, where it may be left to a pool. */
static int wwn_read(
	struct wwn *ret, const char *text, const char *what, const char *member, struct err *e)
{
	struct wwn w = { { 0 } };
	char digits[WWN_TEXT];
	if (!*text)
		return 0;
	if (!wwn_parse(&w, text))
		return err_say(e, EINVAL,
			"%s: \"%s\": \"%s\" is no WWN; want eight bytes, as in "
			"20:00:02:ba:70:00:00:01",
			what, member, text);
	if (!wwn_is_good(&w))
		return err_say(e, EINVAL,
			"%s: \"%s\": %s is no name that a port may have: %s; want one as in "
			"20:00:02:ba:70:00:00:01",
			what, member, text,
			wwn_is_zero(&w) ? "it is zero"
			: w.b[0] >> 4 && strchr("1235", wwn_text(digits, &w)[0])
				? "it is a group's"
				: "its first digit is none that ports have: 1, 2, 3, 5, c to f");
	*ret = w;
	return 0;
}

static int machine_hba_read(struct hba *h, const json_t *from, struct err *e)
{
	static const char what[] = "machine: hba";
	char wwpn[64] = "", wwnn[64] = "";
	h->carries = true;
	const struct member members[] = {
		{ "wwpn", MEMBER_TEXT, wwpn, sizeof wwpn, 0, true },
		{ "wwnn", MEMBER_TEXT, wwnn, sizeof wwnn, 0, true },
		{ "pci", MEMBER_TEXT, h->pci, sizeof h->pci, 0, false },
		{ "carries", MEMBER_BOOL, &h->carries, 0, 0, false },
		{ "port", MEMBER_TEXT, h->port, sizeof h->port, 0, false },
	};
	int r = members_read(from, what, members, COUNT(members), MEMBERS_STRICT, e);
	if (r == 0 && (!*wwpn || !*wwnn))
		r = err_say(e, EINVAL,
			"machine: hba: want \"wwpn\" and \"wwnn\", as its maker has printed them "
			"on "
			"it: a restore writes both back");
	r = r < 0 ? r : wwn_read(&h->wwpn, wwpn, what, "wwpn", e);
	r = r < 0 ? r : wwn_read(&h->wwnn, wwnn, what, "wwnn", e);
	if (r == 0 && *h->pci && !pci_ok(h->pci))
		r = err_say(e, EINVAL, "machine: hba: \"pci\": want it as in 0000:00:05.0");
	return r < 0 ? r : port_member_check(h->port, "machine: hba", e);
}

int machine_hbas_take(struct machine *m, const json_t *list, struct err *e)
{
	size_t n = json_array_size(list);
	int r = 0;
	if (n > HBAS_MAX)
		return err_say(e, EINVAL, "machine: \"hbas\": want at most %d of them", HBAS_MAX);
	for (m->hbas = 0; r == 0 && m->hbas < n; m->hbas++)
		r = machine_hba_read(&m->hba[m->hbas], json_array_get(list, m->hbas), e);
	return r;
}

int machine_hbas_change(struct machine *m, const json_t *list, struct err *e)
{
	size_t n = json_array_size(list);
	int r = 0;
	if (n > HBAS_MAX)
		return err_say(e, EINVAL, "machine: \"hbas\": want at most %d of them", HBAS_MAX);
	for (m->hbas = 0; r == 0 && m->hbas < n; m->hbas++) {
		struct hba *h = &m->hba[m->hbas];
		char wwpn[64] = "";
		const struct member members[] = {
			{ "wwpn", MEMBER_TEXT, wwpn, sizeof wwpn, 0, true },
			{ "port", MEMBER_TEXT, h->port, sizeof h->port, 0, true },
		};
		r = members_read(json_array_get(list, m->hbas), "machine: hba", members,
			COUNT(members), MEMBERS_STRICT, e);
		r = r < 0 ? r : wwn_read(&h->wwpn, wwpn, "machine: hba", "wwpn", e);
		if (strcmp(h->port, "none") == 0)
			h->port[0] = '\0';
		r = r < 0 ? r : port_member_check(h->port, "machine: hba", e);
	}
	return r;
}

static int target_read(struct fc_target *t, const json_t *from, struct err *e)
{
	const char *text = json_string_value(from), *slash = text ? strrchr(text, '/') : NULL;
	char wwpn[64];
	uint64_t lun;
	if (!slash || slash - text >= (int)sizeof wwpn || !number_read(&lun, slash + 1) ||
		lun > FC_LUN_MAX)
		return err_say(e, EINVAL,
			"persona: hba: \"targets\": \"%.60s\": want the WWPN of a port of the "
			"storage "
			"and the LUN there, decimal, 0 to %d: 50:00:09:72:00:00:00:01/3",
			text ? text : "", FC_LUN_MAX);
	snprintf(wwpn, sizeof wwpn, "%.*s", (int)(slash - text), text);
	t->lun = lun;
	return wwn_read(&t->wwpn, *wwpn ? wwpn : "(none)", "persona: hba", "targets", e);
}

static int persona_hba_read(struct persona_hba *h, const json_t *from, struct err *e)
{
	static const char what[] = "persona: hba";
	char wwpn[64] = "", wwnn[64] = "";
	const json_t *targets = NULL;
	const struct member members[] = {
		{ "wwpn", MEMBER_TEXT, wwpn, sizeof wwpn, 0, false },
		{ "wwnn", MEMBER_TEXT, wwnn, sizeof wwnn, 0, false },
		{ "targets", MEMBER_LIST, &targets, 0, 0, false },
	};
	int r = members_read(from, what, members, COUNT(members), MEMBERS_STRICT, e);
	r = r < 0 ? r : wwn_read(&h->wwpn, wwpn, what, "wwpn", e);
	r = r < 0 ? r : wwn_read(&h->wwnn, wwnn, what, "wwnn", e);
	size_t n = json_array_size(targets);
	if (r == 0 && n > FC_TARGETS_MAX)
		r = err_say(e, EINVAL, "persona: hba: \"targets\": want at most %d of them",
			FC_TARGETS_MAX);
	for (; r == 0 && h->targets < n; h->targets++)
		r = target_read(&h->target[h->targets], json_array_get(targets, h->targets), e);
	return r;
}

int persona_hbas_take(struct persona *p, const json_t *list, struct err *e)
{
	size_t n = json_array_size(list);
	int r = 0;
	if (n > HBAS_MAX)
		return err_say(e, EINVAL, "persona: \"hbas\": want at most %d of them", HBAS_MAX);
	for (p->hbas = 0; r == 0 && p->hbas < n; p->hbas++)
		r = persona_hba_read(&p->hba[p->hbas], json_array_get(list, p->hbas), e);
	return r;
}

int persona_san_take(struct persona *p, const char *said, struct err *e)
{
	bool fc = persona_boots_by_fc(p);
	const char *kind = *said ? said : fc ? "fc" : "iscsi";
	if (fc && strcmp(kind, "fc") != 0)
		return err_say(e, EINVAL,
			"persona: \"san\": %s is a kind of disk by iSCSI, and its HBAs have "
			"targets to "
			"boot from: want fc, or leave it out",
			kind);
	if (!fc && strcmp(kind, "fc") == 0)
		return err_say(e, EINVAL,
			"persona: \"san\": fc: want an HBA with a target to boot from, and no "
			"target "
			"by iSCSI");
	snprintf(p->san, sizeof p->san, "%s", kind);
	return 0;
}
