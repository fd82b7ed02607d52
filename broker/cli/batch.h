/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a batch's own words on the command line mean. */
#pragma once
#include <jansson.h>

#include "cli/run.h"

/* Adds what a batch's own words mean to its body. -EINVAL with a sentence. */
int batch_own(json_t *body, const struct call *c, struct err *e);
