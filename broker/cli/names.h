/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many names in one cell. */
#pragma once
#include <jansson.h>
#include <stddef.h>

/* "blade-a, blade-b, blade-c and 209 more": the first `most` of a list of texts. */
void names_text(char *to, size_t size, const json_t *names, size_t most);
