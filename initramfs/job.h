/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's work order, and which of this machine's cards each line of it means. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"

enum { JOB_NICS = 16, JOB_TEXT_MAX = 8192 };

enum job_deed { JOB_IDENTITY, JOB_RESTORE };

/* A card as the kernel shows it. */
struct card {
	char netdev[16], pci[PCI_TEXT], driver[32];
	uint16_t vendor, device;
	char modalias[160]; /* of the card, and of what stands between it and the netdev */
	struct mac permanent, current;
};

struct job_nic {
	char pci[PCI_TEXT];         /* "" while nobody knows it */
	struct mac factory, wanted; /* zero: none */
	bool carries;
	const struct card *card; /* set by job_match(); NULL: not in this machine */
};

struct job {
	enum job_deed deed;
	char machine[NAME_LEN + 1], persona[NAME_LEN + 1];
	uint32_t generation;
	bool handover; /* its persona is started from here where that can be */
	unsigned nics;
	struct job_nic nic[JOB_NICS];
};

const char *job_deed_word(enum job_deed d); /* "identity", "restore" */

/* Reads the text that baton-files serves at /b/TOKEN/job; -EINVAL with the line. */
int job_parse(struct job *ret, const char *text, struct err *e);

/* Finds the card of each line: at the PCI address once it is known, else by factory address, else
 * by the wanted one, which a card holds that was written before. Borrows the cards. -ENODEV with
 * a sentence when a line that must be written has no card, or two. */
int job_match(struct job *j, const struct card *card, size_t cards, struct err *e);

/* This line's card has to hold the wanted address when the shim is done. */
static inline bool job_nic_is_due(const struct job_nic *n)
{
	return n->carries && !mac_is_zero(&n->wanted);
}
