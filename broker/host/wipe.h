/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that may have held a secret is given back as zeroes. */
#pragma once
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* free(), for whoever takes such a function: json_set_alloc_funcs(malloc, wipe_free) has every
 * string of JSON wiped, whoever drops it. */
static inline void wipe_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

/* OWN(secret) char *text */
static inline void secret_drop(char **p)
{
	wipe_free(*p);
}
