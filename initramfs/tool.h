/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Vendors' tools at work on one card: which pack fits it, what the card holds, what it shall. */
#pragma once
#include "initramfs/job.h"
#include "initramfs/pack.h"
#include "initramfs/run.h"

enum { TOOLS_MAX = 32 };

struct tools {
	unsigned n;
	char left_out[200]; /* why the last wrong manifest was left out; "" when none was */
	struct pack pack[TOOLS_MAX];
};

/* Reads every DIR/NAME/manifest. One that is wrong is left out, and left_out says why; no
 * folder at all is no pack. */
void tools_load(struct tools *ret, const char *dir);
void tools_fini(struct tools *t);

/* What a tool works on; the board has no PCI function, and vendor and device count for nothing. */
struct tool_on {
	enum pack_kind kind;
	const char *driver;
	uint16_t vendor, device;
	struct pack_card about;
};

/* The pack of that kind that fits the PCI id and whose probe succeeds. -ENODEV with a sentence that
 * names card and id. *ret is borrowed from t. */
int tool_choose(
	const struct pack **ret, const struct tools *t, const struct tool_on *on, struct err *e);
/* Runs one of a pack's commands; the failure's sentence says for which card, by which pack. */
int tool_call(struct run *r, const struct pack *p, enum pack_deed deed,
	const struct pack_card *about, struct err *e);

/* The pack that fits the card's PCI id and whose probe succeeds. -ENODEV with a sentence that
 * names card and id. *ret is borrowed from t. */
int tool_for(const struct pack **ret, const struct tools *t, const struct card *c, struct err *e);

/* What the card's memory holds. -EIO with the tool's own words. */
int tool_read(struct mac *ret, const struct pack *p, const struct card *c, struct err *e);
/* By the pack's restore command where `restore` and it has one, else by write. */
int tool_write(const struct pack *p, const struct card *c, const struct mac *wanted,
	const struct mac *old, bool restore, struct err *e);
/* Reads the card again, and asks the pack's verify command where it has one. *read_back is what
 * was read. -EIO when it is not what was wanted. */
int tool_verify(struct mac *read_back, const struct pack *p, const struct card *c,
	const struct mac *wanted, struct err *e);
