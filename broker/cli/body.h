/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a call to the JSON body that the API wants. What the broker will check anyway (names,
 * addresses, MACs) is not checked here: only what has to be taken apart. */
#pragma once
#include <jansson.h>

#include "base/err.h"
#include "cli/args.h"

/* On success *ret is the caller's. -EINVAL, or what reading a secret's file failed with, in words.
 */
int body_of(json_t **ret, const struct call *c, struct err *e);
