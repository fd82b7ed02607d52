/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts the boot table in place: what the store holds, built whole and renamed into the table
 * folder, where baton-edge and baton-files take it up. Nothing is written when nothing but its
 * number and time would differ. */
#pragma once
#include "base/err.h"
#include "broker/broker.h"
#include "core/table.h"

struct publisher;

/* Reads the script templates and the names of the tool-packs, and publishes. The folders, of the
 * table and of the packs, are borrowed. */
int publisher_open(struct publisher **ret, struct broker *b, int folder, int packs, struct err *e);
/* Reads both again and publishes; the old ones stay when a new one is not good. */
int publisher_reload(struct publisher *p, struct err *e);
void publisher_close(struct publisher *p); /* takes NULL; the loop must turn once afterwards */

/* In two halves, so that a change which makes no table is refused before it is committed.
 * publish_build() belongs inside the change's transaction; publish_put() after its commit. */
int publish_build(struct publisher *p, struct err *e);
int publish_put(struct publisher *p, struct err *e);
/* After a publish_put() that failed with e: says so once, and tries every second until the table is
 * there. */
void publish_later(struct publisher *p, const struct err *e);
/* Both, for what is committed already. */
int publish(struct publisher *p, struct err *e);
/* Commits the transaction that is open and publishes; on failure all is rolled back. A table that
 * could be built but not be written does not fail the change: it is tried again every second. */
int publish_commit(struct publisher *p, struct err *e);

/* The table in place; NULL while there is none. Borrowed until the next publish. */
const struct table *publish_table(const struct publisher *p);
