/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See drivers.h. */
#include "core/drivers.h"

#include <stdio.h>
#include <string.h>

/* Four hex digits. */
static bool hex4(unsigned *ret, const char *at)
{
	*ret = 0;
	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef", *one = strchr(digits, at[i] | 0x20);
		if (!at[i] || !one)
			return false;
		*ret = *ret * 16 + (unsigned)(one - digits);
	}
	return true;
}

/* "8086:100e" as the kernel would write it of an Ethernet card (class 02, subclass 00); what is not
 * known, the subsystem, stands for any in every alias but a few. The NIC of a virtual machine is
 * told by what lies on its PCI device: virtio's device 1. */
static bool modalias_of(char to[MODALIAS_LEN], const char *card)
{
	unsigned vendor, device;
	if (strlen(card) != 9 || card[4] != ':' || !hex4(&vendor, card) || !hex4(&device, card + 5))
		return false;
	if (vendor == 0x1af4 && (device == 0x1000 || device == 0x1041))
		snprintf(to, MODALIAS_LEN, "virtio:d00000001v00001AF4");
	else
		snprintf(to, MODALIAS_LEN, "pci:v%08Xd%08Xsv00000000sd00000000bc02sc00i00", vendor,
			device);
	return true;
}

void drivers_wanted(struct drivers_want *ret, const struct machine *m, const struct persona *p)
{
	*ret = (struct drivers_want){ .n = 0 };
	for (unsigned i = 0; i < p->nics; i++) {
		int nic = nic_for(m, p, i);
		if (nic < 0 || !modalias_of(ret->modalias[ret->n], m->nic[nic].card))
			continue;
		ret->nic[ret->n++] = (unsigned)nic;
	}
}

void check_drivers(struct checklist *l, const struct preflight_case *c,
	const struct drivers_want *want, const struct drivers_said *s)
{
	const char *persona = c->p->name;
	if (s->unknown) {
		checklist_add(l, CHECK_drivers, persona, FINDING_UNKNOWN,
			"its initramfs could not be read: %.200s", s->unknown);
		return;
	}
	if (!s->aliases) {
		checklist_add(l, CHECK_drivers, persona, FINDING_UNKNOWN,
			"%.100s does not say which devices its drivers are for", s->initramfs);
		return;
	}
	for (unsigned i = 0; i < want->n && i < s->n; i++) {
		const struct nic *nic = &c->to->nic[want->nic[i]];
		if (!s->missing[i])
			continue;
		checklist_add(l, CHECK_drivers, persona, FINDING_BAD,
			"its initramfs (%.100s) has no driver for the card %s of machine %s (%s): "
			"put it in before the persona gets there (Debian: MODULES=most, "
			"update-initramfs -u)",
			s->initramfs, nic->pci, c->to->name, nic->card);
		return;
	}
	checklist_add(l, CHECK_drivers, persona, FINDING_OK,
		"its initramfs (%.100s) has a driver for each card of machine %s that it "
		"gets%s%.60s",
		s->initramfs, c->to->name, s->n && *s->module[0] ? ": " : "",
		s->n ? s->module[0] : "");
}
