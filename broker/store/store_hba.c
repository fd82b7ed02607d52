/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fibre Channel: HBAs of machines, and what personas make of them (docs/design/0029). */
#include <errno.h>
#include <string.h>

#include "core/port.h"
#include "store/store_priv.h"

#define GOOD_WWN                                                                                   \
	"want a port's or a node's name, as in 20:00:02:ba:70:00:00:01: not zero, not a "          \
	"group's, and its first digit 1, 2, 3, 5 or c to f"

/* ------------------------------------------------------------------ of machines */

struct hba_of {
	char machine[NAME_LEN + 1];
	struct hba hba;
};

static void hba_row(struct query *q, void *to)
{
	struct hba_of *row = to;
	col_text(q, row->machine, sizeof row->machine);
	col_text(q, row->hba.pci, sizeof row->hba.pci);
	col_wwn(q, &row->hba.wwpn);
	col_wwn(q, &row->hba.wwnn);
	row->hba.journaled = col_bool(q);
	row->hba.carries = col_bool(q);
	col_text(q, row->hba.port, sizeof row->hba.port);
	col_text(q, row->hba.card, sizeof row->hba.card);
	col_text(q, row->hba.driver, sizeof row->hba.driver);
	col_text(q, row->hba.modalias, sizeof row->hba.modalias);
}

int machine_hbas_read(struct store *s, const char *from, const char *to, struct machine *all,
	size_t n, struct err *e)
{
	OWN(list) struct hba_of *hbas = NULL;
	size_t have = 0;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT machine, pci, wwpn, wwnn, journaled, carries, port, card, driver, modalias "
		"FROM hba WHERE machine BETWEEN ? AND ? ORDER BY machine, n",
		in_text(from), in_text(to));
	int r = list_of(&q, sizeof *hbas, hba_row, &hbas, &have, e);
	for (size_t i = 0, k = 0; !r && i < n; i++)
		while (k < have && strcmp(hbas[k].machine, all[i].name) == 0 &&
			all[i].hbas < HBAS_MAX)
			all[i].hba[all[i].hbas++] = hbas[k++].hba;
	return r;
}

static int hba_check(const struct machine *m, unsigned i, struct err *e)
{
	const struct hba *h = &m->hba[i];
	char text[WWN_TEXT];
	if (!wwn_is_good(&h->wwpn) || !wwn_is_good(&h->wwnn))
		return err_say(e, EINVAL, "machine %s: HBA %u: %s: " GOOD_WWN, m->name, i,
			wwn_text(text, wwn_is_good(&h->wwpn) ? &h->wwnn : &h->wwpn));
	if (*h->pci && !pci_ok(h->pci))
		return err_say(e, EINVAL,
			"machine %s: HBA %u: PCI address \"%s\": want 0000:00:05.0, as `lspci -D` "
			"shows it",
			m->name, i, h->pci);
	if (*h->port && !port_parse(&(struct port_addr){ 0 }, h->port))
		return err_say(e, EINVAL,
			"machine %s: HBA %u: switch port \"%s\": want KIND://HOST/PORT, as in "
			"fake://switch-1/7",
			m->name, i, h->port);
	for (unsigned k = 0; k < m->hbas; k++) {
		const struct hba *other = &m->hba[k];
		if (k == i)
			continue;
		if (wwn_equal(&other->wwpn, &h->wwpn) || wwn_equal(&other->wwnn, &h->wwpn))
			return err_say(e, EEXIST, "machine %s: WWPN %s is written twice", m->name,
				wwn_text(text, &h->wwpn));
		if (*h->pci && strcmp(other->pci, h->pci) == 0)
			return err_say(e, EEXIST, "machine %s: PCI address %s is written twice",
				m->name, h->pci);
	}
	for (unsigned k = 0; *h->pci && k < m->nics; k++)
		if (strcmp(m->nic[k].pci, h->pci) == 0)
			return err_say(e, EEXIST,
				"machine %s: PCI address %s is that of a NIC and of an HBA",
				m->name, h->pci);
	return 0;
}

int machine_hbas_check(const struct machine *m, struct err *e)
{
	int r = 0;
	if (m->hbas > HBAS_MAX)
		return err_say(e, EINVAL, "machine %s: %u HBAs, and %d at most can be kept",
			m->name, m->hbas, HBAS_MAX);
	for (unsigned i = 0; !r && i < m->hbas; i++)
		r = hba_check(m, i, e);
	return r;
}

int machine_hbas_write(struct store *s, const struct machine *m, struct err *e)
{
	int r = 0;
	for (unsigned i = 0; !r && i < m->hbas; i++) {
		const struct hba *h = &m->hba[i];
		r = wwn_free(s, &h->wwpn, "machine", m->name, e);
		if (!r)
			r = wwn_free(s, &h->wwnn, "machine", m->name, e);
		if (!r)
			r = port_free(s, h->port, e);
		if (!r)
			r = wwn_note(s, &h->wwpn, m->name, e);
		if (!r)
			r = wwn_note(s, &h->wwnn, m->name, e);
		if (!r)
			r = RUN(s, e,
				"INSERT INTO hba (machine, n, pci, wwpn, wwnn, journaled, carries, "
				"port) VALUES (?,?,?,?,?,?,?,?)",
				in_text(m->name), in_int(i), in_text(h->pci), in_wwn(&h->wwpn),
				in_wwn(&h->wwnn), in_int(h->journaled), in_int(h->carries),
				in_text(h->port));
	}
	return r;
}

int store_hba_journal(
	struct store *s, const char *machine, unsigned hba, const char *pci, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct machine m;
	if (!pci_ok(pci))
		return err_say(e, EINVAL, "machine %s: an HBA at \"%s\" cannot be", machine, pci);
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = store_machine(s, machine, &m, e);
	if (r)
		return r;
	if (hba >= m.hbas)
		return err_say(e, EINVAL, "machine %s: HBA %u: it has %u", machine, hba, m.hbas);
	for (unsigned i = 0; i < m.hbas; i++)
		if (i != hba && strcmp(m.hba[i].pci, pci) == 0)
			return err_say(e, EEXIST, "machine %s: HBA %u is the card at %s already",
				machine, i, pci);
	r = RUN(s, e, "UPDATE hba SET pci = ?, journaled = 1 WHERE machine = ? AND n = ?",
		in_text(pci), in_text(machine), in_int(hba));
	return r ? r : tx_commit(&tx, e);
}

int store_hba_card_set(struct store *s, const char *machine, unsigned hba, const char *card,
	const char *driver, const char *modalias, struct err *e)
{
	return RUN(s, e,
		"UPDATE hba SET card = ?, driver = ?, modalias = ? WHERE machine = ? AND n = ?",
		in_text(card), in_text(driver), in_text(modalias), in_text(machine), in_int(hba));
}

/* ------------------------------------------------------------------ of personas */

struct persona_hba_of {
	char persona[NAME_LEN + 1];
	struct persona_hba hba;
};

static void persona_hba_row(struct query *q, void *to)
{
	struct persona_hba_of *row = to;
	col_text(q, row->persona, sizeof row->persona);
	col_wwn(q, &row->hba.wwpn);
	col_wwn(q, &row->hba.wwnn);
}

struct target_of {
	char persona[NAME_LEN + 1];
	unsigned hba;
	struct fc_target target;
};

static void target_row(struct query *q, void *to)
{
	struct target_of *row = to;
	col_text(q, row->persona, sizeof row->persona);
	row->hba = (unsigned)col_int(q, 0, HBAS_MAX - 1);
	col_wwn(q, &row->target.wwpn);
	row->target.lun = col_u64(q);
}

static void target_take(struct persona *p, const struct target_of *t)
{
	struct persona_hba *h = &p->hba[t->hba];
	if (t->hba < p->hbas && h->targets < FC_TARGETS_MAX)
		h->target[h->targets++] = t->target;
}

int persona_hbas_read(struct store *s, const char *from, const char *to, struct persona *all,
	size_t n, struct err *e)
{
	OWN(list) struct persona_hba_of *hbas = NULL;
	OWN(list) struct target_of *targets = NULL;
	size_t hbas_n = 0, targets_n = 0;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT persona, wwpn, wwnn FROM persona_hba WHERE persona BETWEEN ? AND ? "
		"ORDER BY persona, n",
		in_text(from), in_text(to));
	int r = list_of(&q, sizeof *hbas, persona_hba_row, &hbas, &hbas_n, e);
	if (r)
		return r;
	OWN(query)
	struct query of = QUERY(s,
		"SELECT persona, hba, wwpn, lun FROM fc_target WHERE persona BETWEEN ? AND ? "
		"ORDER BY persona, hba, n",
		in_text(from), in_text(to));
	r = list_of(&of, sizeof *targets, target_row, &targets, &targets_n, e);
	for (size_t i = 0, k = 0, t = 0; !r && i < n; i++) {
		struct persona *p = &all[i];
		while (k < hbas_n && strcmp(hbas[k].persona, p->name) == 0 && p->hbas < HBAS_MAX)
			p->hba[p->hbas++] = hbas[k++].hba;
		for (; t < targets_n && strcmp(targets[t].persona, p->name) == 0; t++)
			target_take(p, &targets[t]);
	}
	return r;
}

static int targets_check(const struct persona *p, unsigned i, struct err *e)
{
	const struct persona_hba *h = &p->hba[i];
	char text[WWN_TEXT];
	if (h->targets > FC_TARGETS_MAX)
		return err_say(e, EINVAL,
			"persona %s: HBA %u: %u targets, and %d at most can be kept", p->name, i,
			h->targets, FC_TARGETS_MAX);
	if (h->targets && *p->target)
		return err_say(e, EINVAL,
			"persona %s: HBA %u has a target to boot from, and %s is one by iSCSI: "
			"want "
			"one of them; an HBA for data alone needs no target here",
			p->name, i, p->target);
	for (unsigned k = 0; k < h->targets; k++) {
		const struct fc_target *t = &h->target[k];
		if (!wwn_is_good(&t->wwpn))
			return err_say(e, EINVAL, "persona %s: HBA %u: target %s: " GOOD_WWN,
				p->name, i, wwn_text(text, &t->wwpn));
		if (wwn_equal(&t->wwpn, &h->wwpn))
			return err_say(e, EINVAL,
				"persona %s: HBA %u: target %s is its own WWPN; want that of a "
				"port "
				"of the storage",
				p->name, i, wwn_text(text, &t->wwpn));
		for (unsigned o = 0; o < k; o++)
			if (wwn_equal(&h->target[o].wwpn, &t->wwpn) && h->target[o].lun == t->lun)
				return err_say(e, EEXIST,
					"persona %s: HBA %u: target %s, LUN %llu is written twice",
					p->name, i, wwn_text(text, &t->wwpn),
					(unsigned long long)t->lun);
	}
	return 0;
}

int persona_hbas_check(const struct persona *p, struct err *e)
{
	char text[WWN_TEXT];
	int r = 0;
	if (p->hbas > HBAS_MAX)
		return err_say(e, EINVAL, "persona %s: %u HBAs, and %d at most can be kept",
			p->name, p->hbas, HBAS_MAX);
	for (unsigned i = 0; !r && i < p->hbas; i++) {
		const struct persona_hba *h = &p->hba[i];
		bool port = wwn_is_zero(&h->wwpn) || wwn_is_good(&h->wwpn);
		if (!port || (!wwn_is_zero(&h->wwnn) && !wwn_is_good(&h->wwnn)))
			return err_say(e, EINVAL, "persona %s: HBA %u: %s: " GOOD_WWN, p->name, i,
				wwn_text(text, port ? &h->wwnn : &h->wwpn));
		for (unsigned k = 0; k < p->hbas && !wwn_is_zero(&h->wwpn); k++)
			if (k != i && (wwn_equal(&p->hba[k].wwpn, &h->wwpn) ||
					      wwn_equal(&p->hba[k].wwnn, &h->wwpn)))
				return err_say(e, EEXIST, "persona %s: WWPN %s is written twice",
					p->name, wwn_text(text, &h->wwpn));
		r = targets_check(p, i, e);
	}
	return r;
}

/* Takes what is written out, so that nothing is drawn that stands below; then draws. Ports of one
 * node share its name. */
static int wwns_fill(struct store *s, struct persona *p, struct err *e)
{
	struct wwn node = { 0 };
	int r = 0;
	for (unsigned i = 0; !r && i < 2 * p->hbas; i++) {
		const struct wwn *w = i % 2 ? &p->hba[i / 2].wwnn : &p->hba[i / 2].wwpn;
		if (wwn_is_zero(w))
			continue;
		r = wwn_free(s, w, "persona", p->name, e);
		if (!r)
			r = wwn_note(s, w, p->name, e);
	}
	for (unsigned i = 0; !r && i < p->hbas; i++)
		if (wwn_is_zero(&p->hba[i].wwpn))
			r = wwn_draw(s, &p->hba[i].wwpn, p->name, e);
	for (unsigned i = 0; !r && i < p->hbas; i++) {
		if (!wwn_is_zero(&p->hba[i].wwnn))
			continue;
		if (wwn_is_zero(&node))
			r = wwn_draw(s, &node, p->name, e);
		p->hba[i].wwnn = node;
	}
	return r;
}

int persona_hbas_write(struct store *s, struct persona *p, struct err *e)
{
	int r = wwns_fill(s, p, e);
	for (unsigned i = 0; !r && i < p->hbas; i++) {
		const struct persona_hba *h = &p->hba[i];
		r = RUN(s, e, "INSERT INTO persona_hba VALUES (?,?,?,?)", in_text(p->name),
			in_int(i), in_wwn(&h->wwpn), in_wwn(&h->wwnn));
		for (unsigned k = 0; !r && k < h->targets; k++)
			r = RUN(s, e, "INSERT INTO fc_target VALUES (?,?,?,?,?)", in_text(p->name),
				in_int(i), in_int(k), in_wwn(&h->target[k].wwpn),
				in_int((int64_t)h->target[k].lun));
	}
	return r;
}

/* ------------------------------------------------------------------ who has it, who had it */

int wwn_free(
	struct store *s, const struct wwn *w, const char *kind, const char *name, struct err *e)
{
	char text[WWN_TEXT], what[16], who[NAME_LEN + 1];
	OWN(query)
	struct query q = QUERY(s,
		"SELECT kind, name FROM ("
		" SELECT 'machine' AS kind, machine AS name FROM hba WHERE wwpn = ?1 OR wwnn = ?1"
		" UNION ALL SELECT 'persona', persona FROM persona_hba WHERE wwpn = ?1 OR wwnn = "
		"?1)"
		" WHERE kind <> ?2 OR name <> ?3 LIMIT 1",
		in_wwn(w), in_text(kind), in_text(name));
	int r = query_next(&q, e);
	if (r <= 0)
		return r;
	col_text(&q, what, sizeof what);
	col_text(&q, who, sizeof who);
	return err_say(e, EEXIST, "WWN %s belongs to %s %s", wwn_text(text, w), what, who);
}

int wwn_note(struct store *s, const struct wwn *w, const char *who, struct err *e)
{
	return RUN(s, e, "INSERT INTO given VALUES (?, ?) ON CONFLICT DO NOTHING", in_wwn(w),
		in_text(who));
}
