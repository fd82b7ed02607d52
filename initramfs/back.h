/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was read back, between the step that reads and the one that reports: text in /run/baton. */
#pragma once
#include "initramfs/job.h"

enum { BACK_TEXT_MAX = 8192 };

struct back {
	unsigned nics, hbas;
	struct back_nic {
		char pci[PCI_TEXT], tool[NAME_LEN + 1];
		struct mac mac;
	} nic[JOB_NICS];
	struct back_hba {
		char pci[PCI_TEXT], tool[NAME_LEN + 1];
		struct wwn wwpn, wwnn;
		unsigned targets;
		struct fc_target target[FC_TARGETS];
	} hba[JOB_HBAS];
	struct uuid uuid; /* zero and "" where the job did not order them */
	char serial[JOB_SERIAL_LEN + 1];
};

void back_text(char to[BACK_TEXT_MAX + 1], const struct back *b);
/* -EINVAL with the line that makes no sense. */
int back_parse(struct back *ret, const char *text, struct err *e);
