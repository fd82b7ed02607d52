/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line a fact: see back.h. A boot target belongs to the HBA before it. */
#include "initramfs/back.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void back_text(char to[BACK_TEXT_MAX + 1], const struct back *b)
{
	char a[WWN_TEXT], c[WWN_TEXT], uuid[UUID_TEXT];
	FILE *f = fmemopen(to, BACK_TEXT_MAX + 1, "w");
	*to = '\0';
	if (!f)
		return;
	for (const struct back_nic *n = b->nic; n < b->nic + b->nics; n++)
		fprintf(f, "nic %s %s %s\n", n->pci, mac_text(a, &n->mac), n->tool);
	for (const struct back_hba *h = b->hba; h < b->hba + b->hbas; h++) {
		fprintf(f, "hba %s %s %s %s\n", h->pci, wwn_text(a, &h->wwpn),
			wwn_text(c, &h->wwnn), h->tool);
		for (unsigned i = 0; i < h->targets; i++)
			fprintf(f, "target %s %" PRIu64 "\n", wwn_text(a, &h->target[i].wwpn),
				h->target[i].lun);
	}
	if (!uuid_is_zero(&b->uuid))
		fprintf(f, "uuid %s\n", uuid_text(uuid, &b->uuid));
	if (*b->serial)
		fprintf(f, "serial %s\n", b->serial);
	fclose(f);
}

static bool read_line(struct back *b, const char *line)
{
	char one[WWN_TEXT], two[WWN_TEXT];
	struct back_nic *n = &b->nic[b->nics];
	struct back_hba *h = &b->hba[b->hbas];
	if (b->nics < JOB_NICS && sscanf(line, "nic %15s %17s %63s", n->pci, one, n->tool) == 3)
		return mac_parse(&n->mac, one) && ++b->nics;
	if (b->hbas < JOB_HBAS &&
		sscanf(line, "hba %15s %23s %23s %63s", h->pci, one, two, h->tool) == 4)
		return wwn_parse(&h->wwpn, one) && wwn_parse(&h->wwnn, two) && ++b->hbas;
	h = b->hbas ? &b->hba[b->hbas - 1] : NULL;
	struct fc_target *t = h && h->targets < FC_TARGETS ? &h->target[h->targets] : NULL;
	if (t && sscanf(line, "target %23s %" SCNu64, one, &t->lun) == 2)
		return wwn_parse(&t->wwpn, one) && ++h->targets;
	if (sscanf(line, "uuid %23s", one) == 1)
		return uuid_parse(&b->uuid, line + strlen("uuid "));
	return sscanf(line, "serial %63[ -~]", b->serial) == 1;
}

int back_parse(struct back *ret, const char *text, struct err *e)
{
	struct back b = { 0 };
	while (*text) {
		size_t n = strcspn(text, "\n");
		char line[256];
		snprintf(line, sizeof line, "%.*s", (int)n, text);
		if (!read_line(&b, line))
			return err_say(e, EINVAL, "what was read back: no sense in `%.100s`", line);
		text += n + (text[n] ? 1 : 0);
	}
	*ret = b;
	return 0;
}
