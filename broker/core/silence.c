/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See silence.h. */
#include "core/silence.h"

#include <stdio.h>
#include <string.h>

bool silence_counts(const struct ways *w, enum proof_kind kind, bool of_this_order)
{
	switch (kind) {
	case PROOF_POWER:
		return of_this_order && ways_have(w, WAY_POWER);
	case PROOF_PORT:
		return of_this_order && ways_have(w, WAY_PORT);
	case PROOF_ATTESTED:
		return ways_have(w, WAY_PERSON);
	case PROOF_STORAGE:
		break;
	}
	return false;
}

int silence_ports(
	struct silence_ports *ret, const struct machine *m, const struct persona *p, struct err *e)
{
	bool all = *p->target && !persona_is_fenced(p);
	char wwpn[WWN_TEXT];
	*ret = (struct silence_ports){ .n = 0 };
	for (unsigned i = 0; i < m->nics; i++) {
		const struct nic *nic = &m->nic[i];
		char mac[MAC_TEXT];
		if (!all && !nic->carries)
			continue;
		if (!*nic->port)
			return err_say(e, ENOENT, "NIC %s of %s has no switch port on record",
				mac_text(mac, &nic->factory), m->name);
		ret->port[ret->n++] = nic->port;
	}
	for (unsigned i = 0; p->hbas && i < m->hbas; i++) {
		if (!*m->hba[i].port)
			return err_say(e, ENOENT, "HBA %s of %s has no switch port on record",
				wwn_text(wwpn, &m->hba[i].wwpn), m->name);
		ret->port[ret->n++] = m->hba[i].port;
	}
	return ret->n ? 0 : err_say(e, ENOENT, "no NIC of %s carries", m->name);
}

unsigned silence_hands(const struct ways *w)
{
	return (unsigned)ways_have(w, WAY_POWER) + ways_have(w, WAY_PORT);
}

void silence_ask(char to[320], const struct ways *w, const char *machine, unsigned long long order,
	const char *said)
{
	char ask[240];
	if (ways_have(w, WAY_PERSON))
		snprintf(ask, sizeof ask,
			"go to %s, pull its power or its cable, then: baton attest %s \"what you "
			"did\"",
			machine, machine);
	else
		snprintf(ask, sizeof ask, "mend that, then: baton order retry %llu", order);
	snprintf(to, 320, "%.*s%s%s", (int)(317 - strlen(ask)), said, *said ? "; " : "", ask);
}
