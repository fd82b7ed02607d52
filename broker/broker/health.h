/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watches every persona that runs, by hands that stay, and does what its policy says when its signs
 * agree that it has failed or powered itself off (docs/design/0019). The verdict itself is
 * core/health.h's. What it knows lives in memory: a broker that starts asks again. */
#pragma once
#include <jansson.h>

#include "broker/broker.h"
#include "core/health.h"

struct health_of_all;

int health_open(struct health_of_all **ret, struct broker *b, struct err *e);
void health_close(struct health_of_all *h); /* takes NULL; the loop must turn once afterwards */

/* Something about it may have changed that is in no boot table: its policy. */
void health_look_again(struct health_of_all *h);

/* {"health":"ill","why":"...","since":...,"power":"on","session":"none","check":""}; of one that is
 * not watched, because it does not run or an order is at it, all "". */
json_t *health_json(const struct health_of_all *h, const char *persona);
const char *health_now(const struct health_of_all *h, const char *persona); /* its word, or "" */
