/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two files of the fake BMC share: bmc_fake.c tells the machine's files and its faults. */
#pragma once
#include <limits.h>

#include "base/list.h"
#include "drivers/bmc.h"

struct fake {
	struct bmc bmc;
	char path[PATH_MAX - 16]; /* folder and host */
};

static inline struct fake *fake_of(struct bmc *bmc)
{
	return container_of(bmc, struct fake, bmc);
}

/* What every call meets first, and last. */
int fake_enter(const struct fake *f, const char *call, struct err *e);
int fake_leave(const struct fake *f, const char *call, int r);
/* Does that fault hold for that call? */
bool fake_fault(const struct fake *f, const char *fault, const char *call);
int fake_log(const struct fake *f, const char *what, struct err *e);
int fake_power_read(struct bmc *bmc, enum power *ret, struct err *e);
/* The drive of virtual media, for one start. */
int fake_cd_boot(struct fake *f, struct err *e);

int fake_cards_read(struct bmc *bmc, struct card *ret, size_t *ret_n, struct err *e);
int fake_identity_set(struct bmc *bmc, const struct identity *want, size_t n,
	enum identity_state *state, unsigned timeout_ms, struct err *e);
int fake_system_read(struct bmc *bmc, struct bmc_system *ret, struct err *e);
int fake_system_set(struct bmc *bmc, const struct bmc_system *want, enum identity_state *state,
	unsigned timeout_ms, struct err *e);
int fake_media_boot(struct bmc *bmc, const char *url, struct err *e);
int fake_media_none(struct bmc *bmc, struct err *e);
int fake_inventory_read(struct bmc *bmc, struct component *ret, size_t *ret_n, struct err *e);
