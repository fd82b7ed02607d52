/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's work order, and which of this machine's cards each line of it means. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"
#include "initramfs/fc.h"

enum { JOB_NICS = 16, JOB_HBAS = 8, JOB_TARGETS = 32, JOB_SERIAL_LEN = 63, JOB_TEXT_MAX = 8192 };

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

struct job_hba {
	char pci[PCI_TEXT];                  /* "" while nobody knows it */
	struct wwn own, wanted, wanted_node; /* zero: none */
	bool carries;
	const struct hba *hba; /* set by job_match_hbas(); NULL: not in this machine */
};

/* An HBA's boot targets stand in the order in which they are tried. */
struct job_target {
	unsigned hba; /* counts the job's HBAs from 0 */
	struct fc_target at;
};

struct job {
	enum job_deed deed;
	char machine[NAME_LEN + 1], persona[NAME_LEN + 1];
	uint32_t generation;
	bool handover; /* its persona is started from here where that can be */
	unsigned nics;
	struct job_nic nic[JOB_NICS];
	unsigned hbas, targets;
	struct job_hba hba[JOB_HBAS];
	struct job_target target[JOB_TARGETS];
	/* What the board's firmware shall say of the machine; zero and "": as it does. */
	struct uuid uuid;
	char serial[JOB_SERIAL_LEN + 1];
};

const char *job_deed_word(enum job_deed d); /* "identity", "restore" */

/* Reads the text that baton-files serves at /b/TOKEN/job; -EINVAL with the line. */
int job_parse(struct job *ret, const char *text, struct err *e);
/* The same text again, with the PCI address of each card that was found: once a card is written its
 * address no longer tells which one it is. */
void job_text(char to[JOB_TEXT_MAX + 1], const struct job *j);

/* Finds the card of each line: at the PCI address once it is known, else by factory address, else
 * by the wanted one, which a card holds that was written before. Borrows the cards. -ENODEV with
 * a sentence when a line that must be written has no card, or two. */
int job_match(struct job *j, const struct card *card, size_t cards, struct err *e);

/* The same for HBAs, whose names are WWPNs. */
int job_match_hbas(struct job *j, const struct hba *hba, size_t hbas, struct err *e);

/* The boot targets of one of the job's HBAs, in order. Returns their number, at most FC_TARGETS. */
unsigned job_targets(struct fc_target to[FC_TARGETS], const struct job *j, unsigned hba);

/* This line's card has to hold the wanted address when the shim is done. */
static inline bool job_nic_is_due(const struct job_nic *n)
{
	return n->carries && !mac_is_zero(&n->wanted);
}

/* This line's HBA has to hold the wanted names and boot targets when the shim is done; on a restore
 * it has none left. */
bool job_hba_is_due(const struct job *j, unsigned hba);

/* The board's firmware has to say the wanted when the shim is done. */
static inline bool job_board_is_due(const struct job *j)
{
	return !uuid_is_zero(&j->uuid) || *j->serial;
}
