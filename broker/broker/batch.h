/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carries batches out: makes orders of their wishes, as core/batch.h says, whenever an order of one
 * has got somewhere. All that it knows is in the store, so that the next broker goes on where this
 * one died: a wish and the order that was made of it are one transaction. */
#pragma once
#include "broker/broker.h"

struct batches;

int batches_open(struct batches **ret, struct broker *b, struct err *e); /* resumes */
void batches_close(struct batches *x); /* takes NULL; the loop must turn once afterwards */

/* An order has begun, ended or stopped, or a batch has changed: looked at from the loop, soon.
 * Takes NULL. */
void batches_look(struct batches *x);

/* The wishes of a batch with their states as they are now. The caller frees the list. */
int batch_wishes(struct broker *b, uint64_t batch, struct wish **ret, size_t *ret_n, struct err *e);
/* The order that speaks for a wish now: its own, or the last one that takes that back. -ENOENT
 * while it has none. */
int wish_order(struct broker *b, const struct wish *w, struct order *ret, struct err *e);

/* A code that says how things stand, not that the disk or memory failed: it is told to a person. */
bool is_refusal(int code);
