/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The members of a JSON object, read by a table: each is checked, and what is not in the table is
 * refused by name. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { TEXTS_MAX = 8 };

struct texts {
	const char *of[TEXTS_MAX];
	unsigned n;
};

enum field_kind {
	FIELD_TEXT,    /* const char *; min and max are its length; printable ASCII */
	FIELD_UINT,    /* uint64_t */
	FIELD_BOOL,    /* bool */
	FIELD_TEXTS,   /* struct texts; min and max are how many; each 1 to 255 long */
	FIELD_OBJECT,  /* const json_t * */
	FIELD_LIST,    /* const json_t *, an array; min and max are how many */
	FIELD_OBJECTS, /* the same, of objects */
};

struct field {
	const char *name;
	enum field_kind kind;
	size_t at; /* offset of its place in the struct that is filled */
	bool needed;
	uint64_t min, max;
};

/* Fills to; what is left out stays as it was. Texts are borrowed from obj. where begins the
 * sentence: "deed bmc-off". -EINVAL. */
int fields_read(void *to, const struct field *fields, size_t n, const json_t *obj,
	const char *where, struct err *e);
