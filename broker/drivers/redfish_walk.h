/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files that read documents share: the way down to a member. */
#pragma once
#include <jansson.h>
#include <stdbool.h>

/* "Links/Chassis", names with '/' between; "" is the document. NULL where there is none. */
const json_t *rf_at(const json_t *doc, const char *at);
bool rf_word_is(const json_t *doc, const char *at, const char *word);
bool rf_list_has(const json_t *doc, const char *at, const char *word);
