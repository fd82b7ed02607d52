/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of disk network that Baton can look at, in one list, and what their drivers share. The
 * contract of a driver is core/san.h. */
#pragma once
#include <stddef.h>

#include "core/san.h"

/* iscsi: any target, which Baton does not administer. tgt: the tgtd of this host. */
extern const struct san_ops san_iscsi, san_tgt, san_fake;

/* The driver of that kind, or NULL with a sentence that names the kinds there are. */
const struct san_ops *san_of(const char *kind, struct err *e);

/* A look at the first two blocks of a disk: would firmware find something to start there? */
bool san_bootable(const uint8_t *blocks, size_t len, uint32_t block_len);

/* The generation of an account that Baton made for this persona: PERSONA.GENERATION, and whatever
 * is behind that and no digit. False for any other name. */
bool san_account_of(uint32_t *generation, const char *name, size_t len, const char *persona);
/* Are the accounts of a fence what they are named to be? -EINVAL. */
int san_fence_check(const struct san_fence *f, struct err *e);

/* By tgtd, a file each for what is done to accounts and to copies. */
int san_tgt_fence(
	struct san_fenced *ret, const struct san_fence *f, unsigned timeout_ms, struct err *e);
int san_tgt_clone(const struct san_clone *c, unsigned timeout_ms, struct err *e);
int san_tgt_clone_remove(const struct san_clone *c, unsigned timeout_ms, struct err *e);

/* By libiscsi, for every kind that is reached that way. */
int san_iscsi_look(struct san_facts *ret, const struct san_login *login, uint64_t lun,
	unsigned timeout_ms, struct err *e);
int san_iscsi_reservations_clear(unsigned *ret, const struct san_login *login, uint64_t lun,
	unsigned timeout_ms, struct err *e);
int san_iscsi_open(struct san_disk **ret, struct san_facts *facts, const struct san_login *login,
	uint64_t lun, unsigned timeout_ms, struct err *e);
int san_iscsi_read(struct san_disk *d, uint64_t at, void *to, size_t len, struct err *e);
void san_iscsi_close(struct san_disk *d);
