/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's report as a value, and whether it fits the machine it speaks for. Pure: bytes and
 * model in, verdict in words out; reports.c asks the store and answers. */
#pragma once
#include <jansson.h>

#include "base/err.h"
#include "core/model.h"

enum { REPORT_NICS = 32, REPORT_HBAS = 16, REPORT_TARGETS = 8 };

enum report_stage { REPORT_FOUND, REPORT_WRITTEN, REPORT_FAILED };

struct report_nic {
	char pci[PCI_TEXT];
	struct mac permanent, current, read_back; /* zero: not said */
	char tool[64];
	char card[CARD_TEXT]; /* "8086:100e"; "" where that was not said */
	char driver[DRIVER_LEN + 1], modalias[MODALIAS_LEN + 1]; /* "": not said, or strange */
};

struct report_hba {
	char pci[PCI_TEXT];
	struct wwn wwpn, wwnn;           /* found; zero: cannot be told before a tool reads it */
	struct wwn read_back, node_back; /* written; zero: not said */
	unsigned targets;                /* written: what it boots from now, in order */
	struct fc_target target[REPORT_TARGETS];
	char tool[64], card[CARD_TEXT]; /* as of a NIC */
	char driver[DRIVER_LEN + 1], modalias[MODALIAS_LEN + 1];
};

struct report {
	uint64_t id;         /* to answer under */
	struct mac mac;      /* out of the token, proved by baton-files */
	uint32_t generation; /* likewise */
	enum report_stage stage;
	bool restore; /* the deed it was given */
	char machine[NAME_LEN + 1];
	uint32_t said_generation;
	struct uuid uuid; /* zero: not said */
	struct traits
		found; /* without labels; what was not said, or is not known here, is unknown */
	char step[64], why[256];
	unsigned nics;
	struct report_nic nic[REPORT_NICS];
	unsigned hbas;
	struct report_hba hba[REPORT_HBAS];
};

/* Reads "report id=N mac=M generation=G" LF JSON. -EINVAL with a sentence; ret->id is right as
 * soon as the line could be read, else 0. */
int report_read(struct report *ret, const char *bytes, size_t len, struct err *e);

/* Finds the card for each NIC of the machine: at[i] is an index into r->nic. By PCI address, else
 * by the maker's address. -EINVAL with a sentence that says which card is missing or another. */
int report_match(int at[NICS_MAX], const struct report *r, const struct machine *m,
	const struct persona *p, struct err *e);

/* The same of HBAs: by PCI address, else by the maker's WWPN. One whose WWPN nobody can tell yet is
 * known by its place alone. */
int report_match_hbas(
	int at[HBAS_MAX], const struct report *r, const struct machine *m, struct err *e);

/* Does what was read back equal what was wanted, on every NIC and HBA that the persona uses?
 * -EINVAL. */
int report_check_written(
	const struct report *r, const struct machine *m, const struct persona *p, struct err *e);

/* Does every carrying NIC and HBA that the report speaks of read back its factory address? At least
 * one. */
bool report_all_factory(const struct report *r, const struct machine *m);

/* Of report.c's own: the HBAs of a report (report_hba.c), and words that both kinds of card have.
 */
int report_hbas_read(struct report *r, const json_t *list, struct err *e);
int report_hbas_written(
	const struct report *r, const struct machine *m, const struct persona *p, struct err *e);
/* -1: one reads back another name than the maker's; else how many read back theirs. */
int report_hbas_factory(const struct report *r, const struct machine *m);
void report_words_read(char card[CARD_TEXT], char driver[DRIVER_LEN + 1],
	char modalias[MODALIAS_LEN + 1], const json_t *from);
