/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The NVRAM file: see nvram.h. */
#include "tests/lab/nvram.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int port_of(const struct nvram *n, const char *pci)
{
	for (unsigned i = 0; i < n->nics; i++)
		if (strcmp(n->nic[i].pci, pci) == 0)
			return (int)i;
	return -1;
}

int nvram_load(struct nvram *n, struct err *e)
{
	FILE *f = fopen(n->path, "re");
	if (!f)
		return errno == ENOENT ? 0 : err_set(e, errno, "nvram: open %s", n->path);
	char pci[PCI_TEXT], text[MAC_TEXT];
	int r = 0, got;
	while ((got = fscanf(f, " nic %15s %17s", pci, text)) == 2) {
		struct mac mac;
		int at = port_of(n, pci);
		if (at < 0 || !mac_parse(&mac, text)) {
			r = err_say(e, EINVAL, "nvram: %s: no sense in `nic %s %s`", n->path, pci,
				text);
			break;
		}
		n->nic[at].mac = mac;
	}
	if (r == 0 && got != EOF)
		r = err_say(e, EINVAL, "nvram: %s: want lines `nic PCI MAC`", n->path);
	fclose(f);
	return r;
}

const struct mac *nvram_mac(const struct nvram *n, const char *pci)
{
	int at = port_of(n, pci);
	return at < 0 ? NULL : &n->nic[at].mac;
}

static int save(const struct nvram *n, struct err *e)
{
	char tmp[sizeof n->path + 4], text[MAC_TEXT];
	snprintf(tmp, sizeof tmp, "%s.new", n->path);
	FILE *f = fopen(tmp, "we");
	if (!f)
		return err_set(e, errno, "nvram: open %s", tmp);
	for (unsigned i = 0; i < n->nics; i++)
		fprintf(f, "nic %s %s\n", n->nic[i].pci, mac_text(text, &n->nic[i].mac));
	int bad = fflush(f) != 0 || fsync(fileno(f)) < 0 ? errno : 0;
	if (fclose(f) != 0 && bad == 0)
		bad = errno;
	if (bad == 0 && rename(tmp, n->path) < 0)
		bad = errno;
	return bad ? err_set(e, bad, "nvram: write %s", n->path) : 0;
}

int nvram_write(struct nvram *n, const char *pci, const char *mac, struct err *e)
{
	struct mac m, before;
	int at = port_of(n, pci);
	if (at < 0)
		return err_say(e, ENODEV, "no port %s", pci);
	if (!mac_parse(&m, mac) || !mac_is_unicast(&m))
		return err_say(e, EINVAL, "%s is no address that a NIC may have", mac);
	before = n->nic[at].mac;
	n->nic[at].mac = m;
	int r = save(n, e);
	if (r < 0)
		n->nic[at].mac = before;
	return r;
}
