/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See taking.h. */
#include "core/taking.h"

#include <stdio.h>
#include <string.h>

/* The card of that permanent address; -1 where none is shown. */
static int card_of(const struct taking_cards *cards, const struct mac *permanent)
{
	for (unsigned i = 0; i < cards->n; i++)
		if (mac_equal(&cards->card[i].permanent, permanent))
			return (int)i;
	return -1;
}

static int hba_card_of(const struct taking_cards *cards, const struct wwn *permanent)
{
	for (unsigned i = 0; i < cards->n; i++)
		if (wwn_equal(&cards->card[i].permanent_wwpn, permanent))
			return (int)i;
	return -1;
}

/* Is each HBA that the persona needs one that the BMC sets? Else says which is not. */
static bool hbas_settable(char why[TAKING_WHY], const struct machine *m, const struct persona *p,
	const struct taking_cards *cards)
{
	for (unsigned i = 0; i < p->hbas; i++) {
		char wwpn[WWN_TEXT];
		int hba = hba_for(m, p, i);
		const struct wwn *factory = hba < 0 ? NULL : &m->hba[hba].wwpn;
		int card = factory ? hba_card_of(cards, factory) : -1;
		if (card >= 0 && cards->card[card].settable)
			continue;
		if (factory)
			wwn_text(wwpn, factory);
		snprintf(why, TAKING_WHY, "its BMC %s HBA %s",
			card < 0 ? "shows no" : "does not let itself be told the WWPN of",
			factory ? wwpn : "that would carry");
		return false;
	}
	return true;
}

/* Why its BMC does not set them; false where it does. What a BMC has set, a BMC takes off, and what
 * the shim has written, the shim: so it is not changed while the cards may hold it. */
static bool bmc_does_not(char why[TAKING_WHY], const struct machine *m, const struct persona *p,
	const struct taking_cards *cards, const struct taking_left *left)
{
	if (left->stale) {
		snprintf(why, TAKING_WHY, "the shim wrote its cards before");
		return m->taken != TAKING_BMC;
	}
	if (m->taking == TAKING_SHIM) {
		snprintf(why, TAKING_WHY, "its BMC is not to be asked, by the word of --taking");
		return true;
	}
	if (cards->distrusted) {
		snprintf(why, TAKING_WHY,
			"its BMC is not asked, since no-identity stands among its quirks");
		return true;
	}
	if (!cards->told) {
		snprintf(why, TAKING_WHY, "%s%s", *cards->why ? "" : "no address is set by ",
			*cards->why ? cards->why : cards->kind);
		return true;
	}
	for (unsigned i = 0; i < p->nics; i++) {
		char mac[MAC_TEXT];
		int nic = nic_for(m, p, i);
		const struct mac *factory = nic < 0 ? NULL : &m->nic[nic].factory;
		int card = factory ? card_of(cards, factory) : -1;
		if (card >= 0 && cards->card[card].settable)
			continue;
		if (factory)
			mac_text(mac, factory);
		snprintf(why, TAKING_WHY, "its BMC %s NIC %s",
			card < 0 ? "shows no" : "does not let itself be told the address of",
			factory ? mac : "that would carry");
		return true;
	}
	return !hbas_settable(why, m, p, cards);
}

bool taking_distrusts(const struct machine *m)
{
	static const char word[] = "no-identity";
	const char *at = m->bmc.quirks;
	while (*at) {
		size_t n = strcspn(at, " ");
		if (n == sizeof word - 1 && memcmp(at, word, n) == 0)
			return true;
		at += n + (at[n] == ' ');
	}
	return false;
}

enum taking taking_by_shim(const struct machine *m)
{
	return m->taking == TAKING_HANDOVER ? TAKING_HANDOVER : TAKING_SHIM;
}

enum taking taking_choose(char why[TAKING_WHY], const struct machine *m, const struct persona *p,
	const struct taking_cards *cards, const struct taking_left *left)
{
	char no[TAKING_WHY];
	if (!bmc_does_not(no, m, p, cards, left)) {
		snprintf(why, TAKING_WHY, "by its BMC while it is off, in one start");
		return TAKING_BMC;
	}
	if (left->holds) {
		snprintf(why, TAKING_WHY,
			"prestaged, in one start: its cards hold the addresses already");
		return TAKING_PRESTAGED;
	}
	/* An HBA goes by its new name after a restart. */
	enum taking by = p->hbas ? TAKING_SHIM : taking_by_shim(m);
	snprintf(why, TAKING_WHY, "%s: %.140s",
		by == TAKING_HANDOVER ? "by a handover, in one start where that is sound"
				      : "by the shim, in two starts",
		no);
	return by;
}

enum taking taking_to_prestage(char why[TAKING_WHY], const struct machine *m,
	const struct persona *p, const struct taking_cards *cards, const struct taking_left *left)
{
	char no[TAKING_WHY];
	if (!bmc_does_not(no, m, p, cards, left)) {
		snprintf(why, TAKING_WHY, "by its BMC while it is off, without a start");
		return TAKING_BMC;
	}
	snprintf(why, TAKING_WHY, "by the shim, in one start: %.140s", no);
	return TAKING_SHIM;
}
