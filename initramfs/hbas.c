/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HBAs from sysfs: see hbas.h. */
#include "initramfs/hbas.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "initramfs/sysfs.h"

enum { CLASS_FC = 0x0c04 };

static bool is_of_a_pack(const struct hba *h, const struct tools *t)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->pack[i].kind == PACK_FC && pack_fits(&t->pack[i], h->vendor, h->device))
			return true;
	return false;
}

/* False: no HBA. */
static bool hba_look(struct hba *ret, const char *sys, const char *pci, const struct tools *t)
{
	char dir[PATH_MAX], path[PATH_MAX + 16];
	struct hba h = { 0 };
	if (!pci_ok(pci))
		return false;
	snprintf(h.pci, sizeof h.pci, "%.12s", pci);
	snprintf(dir, sizeof dir, "%s/bus/pci/devices/%s", sys, h.pci);
	h.vendor = (uint16_t)sysfs_hex(dir, "vendor");
	h.device = (uint16_t)sysfs_hex(dir, "device");
	if (sysfs_hex(dir, "class") >> 8 != CLASS_FC && !is_of_a_pack(&h, t))
		return false;
	snprintf(path, sizeof path, "%s/physfn", dir);
	if (access(path, F_OK) == 0)
		return false;
	sysfs_driver(h.driver, dir);
	snprintf(path, sizeof path, "%s/modalias", dir);
	sysfs_word(h.modalias, sizeof h.modalias, path);
	*ret = h;
	return true;
}

/* host0 stands below the PCI function: .../0000:81:00.0/host0/fc_host/host0. */
static void names_read(struct hba hba[], int hbas, const char *sys, const char *host)
{
	char path[PATH_MAX], dir[PATH_MAX], word[32], part[PCI_TEXT + 8];
	snprintf(path, sizeof path, "%s/class/fc_host/%s", sys, host);
	if (!realpath(path, dir))
		return;
	for (int i = 0; i < hbas; i++) {
		snprintf(part, sizeof part, "/%s/host", hba[i].pci);
		if (!strstr(dir, part))
			continue;
		snprintf(path, sizeof path, "%s/class/fc_host/%s/port_name", sys, host);
		wwn_parse(&hba[i].wwpn, sysfs_word(word, sizeof word, path));
		snprintf(path, sizeof path, "%s/class/fc_host/%s/node_name", sys, host);
		wwn_parse(&hba[i].wwnn, sysfs_word(word, sizeof word, path));
	}
}

static int by_pci(const void *a, const void *b)
{
	return strcmp(((const struct hba *)a)->pci, ((const struct hba *)b)->pci);
}

int hbas_find(struct hba ret[HBAS_MAX], const char *sys, const struct tools *t, struct err *e)
{
	int n = 0;
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/bus/pci/devices", sys);
	DIR *d = opendir(path);
	if (!d)
		return err_set(e, errno, "HBAs: open %s", path);
	for (struct dirent *at; n < HBAS_MAX && (at = readdir(d));)
		if (hba_look(&ret[n], sys, at->d_name, t))
			n++;
	closedir(d);
	qsort(ret, (size_t)n, sizeof ret[0], by_pci);
	snprintf(path, sizeof path, "%s/class/fc_host", sys);
	d = opendir(path); /* not there where no driver of an HBA is loaded */
	for (struct dirent *at; d && (at = readdir(d));)
		if (at->d_name[0] != '.')
			names_read(ret, n, sys, at->d_name);
	if (d)
		closedir(d);
	return n;
}
