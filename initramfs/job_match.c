/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the cards and HBAs that the work order means: see job.h. */
#include <errno.h>
#include <string.h>

#include "initramfs/job.h"

/* What fits one line, by each way to tell it; the first way that anything fits by decides. Two
 * ports may share one PCI function: then the address decides among them. */
enum { AT_AND_NAME, AT, OWN, WANTED, WAYS };
struct fit {
	unsigned count[WAYS];
	size_t found[WAYS];
};

static void fit_add(struct fit *f, size_t i, bool has_pci, bool at, bool own, bool wanted)
{
	bool is[WAYS] = { [AT_AND_NAME] = at && (own || wanted),
		[AT] = at,
		[OWN] = !has_pci && own,
		[WANTED] = !has_pci && wanted };
	for (int w = 0; w < WAYS; w++)
		if (is[w] && !f->count[w]++)
			f->found[w] = i;
}

/* The place of the only one that fits; -1 when there is none, or with *several more than one. */
static int fit_only(const struct fit *f, bool *several)
{
	for (int w = 0; w < WAYS; w++)
		if (f->count[w]) {
			*several = f->count[w] > 1;
			return *several ? -1 : (int)f->found[w];
		}
	*several = false;
	return -1;
}

static bool card_holds(const struct card *c, const struct mac *m)
{
	return !mac_is_zero(m) && (mac_equal(&c->permanent, m) || mac_equal(&c->current, m));
}

static const struct card *card_of(
	const struct job_nic *n, const struct card *card, size_t cards, bool *several)
{
	struct fit f = { 0 };
	for (size_t i = 0; i < cards; i++)
		fit_add(&f, i, *n->pci, *n->pci && strcmp(card[i].pci, n->pci) == 0,
			card_holds(&card[i], &n->factory), card_holds(&card[i], &n->wanted));
	int at = fit_only(&f, several);
	return at < 0 ? NULL : &card[at];
}

int job_match(struct job *j, const struct card *card, size_t cards, struct err *e)
{
	for (unsigned i = 0; i < j->nics; i++) {
		struct job_nic *n = &j->nic[i];
		bool several = false;
		char factory[MAC_TEXT];
		n->card = card_of(n, card, cards, &several);
		if (n->card || !job_nic_is_due(n))
			continue;
		mac_text(factory, &n->factory);
		if (several)
			return err_say(e, ENODEV,
				"machine %s: several cards fit the NIC %s %s; want one at that PCI "
				"address",
				j->machine, *n->pci ? n->pci : "-", factory);
		return err_say(e, ENODEV,
			"machine %s: no card with the factory address %s%s%s among its %zu; want "
			"its driver "
			"in the shim, or the right address in `baton machine add`",
			j->machine, factory, *n->pci ? " at PCI " : "", n->pci, cards);
	}
	for (unsigned i = 0; i < j->nics; i++)
		for (unsigned k = 0; k < i; k++)
			if (j->nic[i].card && j->nic[i].card == j->nic[k].card)
				return err_say(e, ENODEV,
					"machine %s: two of its NICs are the card at PCI %s",
					j->machine, j->nic[i].card->pci);
	return 0;
}

static bool hba_holds(const struct hba *h, const struct wwn *w)
{
	return !wwn_is_zero(w) && wwn_equal(&h->wwpn, w);
}

static const struct hba *hba_of(
	const struct job_hba *j, const struct hba *hba, size_t hbas, bool *several)
{
	struct fit f = { 0 };
	for (size_t i = 0; i < hbas; i++)
		fit_add(&f, i, *j->pci, *j->pci && strcmp(hba[i].pci, j->pci) == 0,
			hba_holds(&hba[i], &j->own), hba_holds(&hba[i], &j->wanted));
	int at = fit_only(&f, several);
	return at < 0 ? NULL : &hba[at];
}

int job_match_hbas(struct job *j, const struct hba *hba, size_t hbas, struct err *e)
{
	for (unsigned i = 0; i < j->hbas; i++) {
		struct job_hba *h = &j->hba[i];
		bool several = false;
		char own[WWN_TEXT];
		h->hba = hba_of(h, hba, hbas, &several);
		if (h->hba || !job_hba_is_due(j, i))
			continue;
		wwn_text(own, &h->own);
		if (several)
			return err_say(e, ENODEV,
				"machine %s: several HBAs fit the one %s %s; want its PCI address "
				"in `baton machine add`",
				j->machine, *h->pci ? h->pci : "-", own);
		return err_say(e, ENODEV,
			"machine %s: no HBA with the WWPN %s%s%s among its %zu; want its PCI "
			"address in `baton machine add`, or a driver or tool-pack that reads its "
			"WWPN",
			j->machine, own, *h->pci ? " at PCI " : "", h->pci, hbas);
	}
	for (unsigned i = 0; i < j->hbas; i++)
		for (unsigned k = 0; k < i; k++)
			if (j->hba[i].hba && j->hba[i].hba == j->hba[k].hba)
				return err_say(e, ENODEV,
					"machine %s: two of its HBAs are the one at PCI %s",
					j->machine, j->hba[i].hba->pci);
	return 0;
}
