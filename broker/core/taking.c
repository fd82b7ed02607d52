/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See taking.h. */
#include "core/taking.h"

#include <stdio.h>

#define BY_SHIM "by the shim, in two starts: "

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
		snprintf(why, TAKING_WHY, BY_SHIM "its BMC %s HBA %s",
			card < 0 ? "shows no" : "does not let itself be told the WWPN of",
			factory ? wwpn : "that would carry");
		return false;
	}
	return true;
}

enum taking taking_choose(char why[TAKING_WHY], const struct machine *m, const struct persona *p,
	const struct taking_cards *cards)
{
	if (!cards->told) {
		snprintf(why, TAKING_WHY, BY_SHIM "%s%s",
			*cards->why ? "" : "no address is set by ",
			*cards->why ? cards->why : cards->kind);
		return TAKING_SHIM;
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
		snprintf(why, TAKING_WHY, BY_SHIM "its BMC %s NIC %s",
			card < 0 ? "shows no" : "does not let itself be told the address of",
			factory ? mac : "that would carry");
		return TAKING_SHIM;
	}
	if (!hbas_settable(why, m, p, cards))
		return TAKING_SHIM;
	snprintf(why, TAKING_WHY, "by its BMC while it is off, in one start");
	return TAKING_BMC;
}
