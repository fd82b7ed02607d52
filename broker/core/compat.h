/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Could this machine carry that persona, by what they are? Judged from the store alone: what is so
 * only now, such as what the machine carries, is no part of it (docs/design/0031). Pure. */
#pragma once
#include <stddef.h>

#include "core/model.h"

enum compat_fit { COMPAT_YES, COMPAT_UNKNOWN, COMPAT_NO };

/* In the order in which they are looked at. */
enum compat_reason {
	COMPAT_NIC,
	COMPAT_HBA,
	COMPAT_ARCH,
	COMPAT_FIRMWARE,
	COMPAT_MEMORY,
	COMPAT_CPUS,
	COMPAT_LABEL,
	COMPAT_PACK,
};

enum { COMPAT_REASONS = 8, COMPAT_WHAT = 128 };

struct compat {
	enum compat_fit fit;
	const char
		*by; /* of COMPAT_YES how it would take the identity: "bmc", "handover", "shim" */
	/* All that stands in the way, or of COMPAT_UNKNOWN all that nobody knows. The machine is
	 * not named in it, so that many machines have the same. */
	unsigned n;
	struct {
		enum compat_reason reason;
		char what[COMPAT_WHAT];
	} why[COMPAT_REASONS];
};

const char *compat_fit_word(enum compat_fit f);       /* "yes", "unknown", "no" */
const char *compat_reason_word(enum compat_reason r); /* "nic", "arch", ... */

/* packs: the cards of all tool-packs as broker/packs.h has them; NULL: they cannot be read. */
void compat_judge(
	struct compat *ret, const struct persona *p, const struct machine *m, const char *packs);
