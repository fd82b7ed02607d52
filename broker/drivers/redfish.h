/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the Redfish driver share: a service with a session, and what is known of it.
 * bmc_redfish.c holds them together; the others have one subject each. */
#pragma once
#include "base/list.h"
#include "drivers/bmc.h"
#include "drivers/redfish_quirks.h"
#include "drivers/redfish_talk.h"
#include "drivers/redfish_tree.h"

struct redfish {
	struct bmc bmc;
	struct talk *talk;
	struct rf_quirks quirks;
	struct rf_root root;
	struct rf_path system, manager;
	unsigned resets;   /* of enum rf_reset, 0: not listed */
	bool resets_asked; /* at the ActionInfo, where the system does not list them */
	enum power want;   /* of the power_set() that runs */
	char refusal[200]; /* what it said last when it was told to change the power, or "" */
};

static inline struct redfish *redfish_of(struct bmc *bmc)
{
	return container_of(bmc, struct redfish, bmc);
}

/* The system's document. */
int rf_system_get(struct redfish *rf, struct rf_system *ret, struct err *e);
/* All members of a collection, over all of its pages. */
int rf_members_get(struct redfish *rf, struct rf_links *ret, const char *path, struct err *e);

/* PATCH with the tag that it has, and again with what else it may want for one. The answer is the
 * caller's to judge, and to drop. etag may be "": it is read first. */
int rf_patch(struct redfish *rf, const char *path, const char *etag, const json_t *body, bool quiet,
	struct said *ret, struct err *e);
/* POST of an action; the same. quiet: struct question. */
int rf_post(struct redfish *rf, const char *path, const json_t *body, bool quiet, struct said *ret,
	struct err *e);
/* Waits for the task that an answer 202 speaks of; other answers are over. 0: done, and where
 * `reset` is true it may be that it waits for one. -EIO with the job's own words. */
int rf_job_wait(
	struct redfish *rf, const struct said *s, bool reset, int64_t until_ms, struct err *e);

/* One start from that target of "Boot" (BootSource), or BOOT_DEFAULT's: "". */
int rf_boot_once(struct redfish *rf, const char *target, struct err *e);
int redfish_next_boot_set(struct bmc *bmc, enum boot_dev dev, struct err *e);
/* What stands in "Boot". */
void rf_boot_facts(struct bmc_facts *ret, const struct rf_system *s);

struct rf_cards {
	size_t n;
	struct rf_function of[CARDS_MAX];
};
/* Every function of every card of the system's chassis, each with its PCI address and its link
 * where `whole` is true. Freed by free(). */
int rf_cards_get(struct redfish *rf, struct rf_cards **ret, bool whole, struct err *e);
/* One of them again. */
int rf_function_get(struct redfish *rf, const char *path, struct rf_function *ret, struct err *e);
int redfish_cards_read(struct bmc *bmc, struct card *ret, size_t *ret_n, struct err *e);
int redfish_identity_set(struct bmc *bmc, const struct identity *want, size_t n,
	enum identity_state *state, unsigned timeout_ms, struct err *e);

int redfish_system_read(struct bmc *bmc, struct bmc_system *ret, struct err *e);
int redfish_system_set(struct bmc *bmc, const struct bmc_system *want, enum identity_state *state,
	unsigned timeout_ms, struct err *e);

/* What a place says when it is read back: IDENTITY_ALREADY never, -ENODATA while it is another. */
typedef int identity_look(struct redfish *rf, const void *of, const struct identity *want,
	enum identity_state *ret, struct err *e);
/* Looks until two looks half a second apart agree. -EIO: it is another for seconds. */
int rf_read_back(struct redfish *rf, identity_look *look, const void *of,
	const struct identity *want, enum identity_state *ret, int64_t until_ms, struct err *e);
/* Dell's second way, for one function: resolved, so that restore is no more asked for. */
int rf_dell_set(struct redfish *rf, const struct rf_function *f, const struct identity *want,
	enum identity_state *ret, int64_t until_ms, struct err *e);
bool rf_dell_has(const struct redfish *rf, const struct rf_function *f);
/* A refusal that another place, or another way, may not have. */
bool rf_elsewhere_may_do(const struct said *s);

int redfish_media_boot(struct bmc *bmc, const char *url, struct err *e);
int redfish_media_none(struct bmc *bmc, struct err *e);
int redfish_inventory_read(struct bmc *bmc, struct component *ret, size_t *ret_n, struct err *e);

int redfish_events_open(struct bmc *bmc, struct bmc_events **ret, struct err *e);
int redfish_events_turn(struct bmc_events *events, struct err *e);
void redfish_events_close(struct bmc_events *events);
