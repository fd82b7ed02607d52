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

struct nvram_hba *nvram_hba(struct nvram *n, const char *pci)
{
	for (unsigned i = 0; i < n->hbas; i++)
		if (strcmp(n->hba[i].pci, pci) == 0)
			return &n->hba[i];
	return NULL;
}

static bool nic_line(struct nvram *n, const char *line)
{
	char pci[PCI_TEXT], text[MAC_TEXT];
	int at = sscanf(line, "nic %15s %17s", pci, text) == 2 ? port_of(n, pci) : -1;
	return at >= 0 && mac_parse(&n->nic[at].mac, text);
}

static bool hba_line(struct nvram *n, const char *line)
{
	char pci[PCI_TEXT], wwpn[WWN_TEXT], wwnn[WWN_TEXT];
	if (sscanf(line, "hba %15s %23s %23s", pci, wwpn, wwnn) != 3)
		return false;
	struct nvram_hba *h = nvram_hba(n, pci);
	return h && wwn_parse(&h->wwpn, wwpn) && wwn_parse(&h->wwnn, wwnn);
}

static bool target_line(struct nvram *n, const char *line)
{
	char pci[PCI_TEXT], wwpn[WWN_TEXT];
	struct nvram_target t;
	if (sscanf(line, "target %15s %23s %u", pci, wwpn, &t.lun) != 3)
		return false;
	struct nvram_hba *h = nvram_hba(n, pci);
	if (!h || h->targets == NVRAM_TARGETS || !wwn_parse(&t.wwpn, wwpn))
		return false;
	h->target[h->targets++] = t;
	return true;
}

static bool line_read(struct nvram *n, const char *line)
{
	return nic_line(n, line) || hba_line(n, line) || target_line(n, line) ||
	       sscanf(line, "uuid %36s", n->uuid) == 1 ||
	       sscanf(line, "serial %63s", n->serial) == 1;
}

int nvram_load(struct nvram *n, struct err *e)
{
	FILE *f = fopen(n->path, "re");
	if (!f)
		return errno == ENOENT ? 0 : err_set(e, errno, "nvram: open %s", n->path);
	char line[128];
	int r = 0;
	while (r == 0 && fgets(line, sizeof line, f))
		if (!line_read(n, line))
			r = err_say(e, EINVAL, "nvram: %s: no sense in %s", n->path, line);
	fclose(f);
	return r;
}

const struct mac *nvram_mac(const struct nvram *n, const char *pci)
{
	int at = port_of(n, pci);
	return at < 0 ? NULL : &n->nic[at].mac;
}

void nvram_text(char to[NVRAM_TEXT], const struct nvram *n)
{
	char a[WWN_TEXT], b[WWN_TEXT];
	*to = '\0';
	FILE *f = fmemopen(to, NVRAM_TEXT, "w");
	if (!f)
		return;
	for (unsigned i = 0; i < n->nics; i++)
		fprintf(f, "nic %s %s\n", n->nic[i].pci, mac_text(a, &n->nic[i].mac));
	for (const struct nvram_hba *h = n->hba; h < n->hba + n->hbas; h++) {
		fprintf(f, "hba %s %s %s\n", h->pci, wwn_text(a, &h->wwpn), wwn_text(b, &h->wwnn));
		for (unsigned i = 0; i < h->targets; i++)
			fprintf(f, "target %s %s %u\n", h->pci, wwn_text(a, &h->target[i].wwpn),
				h->target[i].lun);
	}
	if (strcmp(n->uuid, n->own_uuid) != 0)
		fprintf(f, "uuid %s\n", n->uuid);
	if (strcmp(n->serial, n->own_serial) != 0)
		fprintf(f, "serial %s\n", n->serial);
	fclose(f);
}

int nvram_save(const struct nvram *n, struct err *e)
{
	char tmp[sizeof n->path + 4], text[NVRAM_TEXT];
	snprintf(tmp, sizeof tmp, "%s.new", n->path);
	FILE *f = fopen(tmp, "we");
	if (!f)
		return err_set(e, errno, "nvram: open %s", tmp);
	nvram_text(text, n);
	fputs(text, f);
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
	int r = nvram_save(n, e);
	if (r < 0)
		n->nic[at].mac = before;
	return r;
}
