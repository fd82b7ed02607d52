/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading JSON by a table: see hand/fields.h. */
#include "hand/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool text_read(const char **ret, const json_t *v, uint64_t min, uint64_t max)
{
	const char *text = json_string_value(v);
	size_t len = json_string_length(v);
	if (!text || len < min || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	*ret = text;
	return true;
}

static int field_read(
	char *to, const struct field *f, const json_t *v, const char *where, struct err *e)
{
	switch (f->kind) {
	case FIELD_TEXT:
		if (text_read((const char **)(to + f->at), v, f->min, f->max))
			return 0;
		return err_say(e, EINVAL,
			"%s: %s: want a text of %" PRIu64 " to %" PRIu64 " printable characters",
			where, f->name, f->min, f->max);
	case FIELD_UINT: {
		json_int_t n = json_integer_value(v);
		if (!json_is_integer(v) || n < 0 || (uint64_t)n < f->min || (uint64_t)n > f->max)
			return err_say(e, EINVAL,
				"%s: %s: want a number of %" PRIu64 " to %" PRIu64, where, f->name,
				f->min, f->max);
		*(uint64_t *)(to + f->at) = (uint64_t)n;
		return 0;
	}
	case FIELD_BOOL:
		if (!json_is_boolean(v))
			return err_say(e, EINVAL, "%s: %s: want true or false", where, f->name);
		*(bool *)(to + f->at) = json_is_true(v);
		return 0;
	case FIELD_TEXTS: {
		struct texts *texts = (struct texts *)(to + f->at);
		size_t n = json_array_size(v);
		bool good = json_is_array(v) && n >= f->min && n <= f->max && n <= TEXTS_MAX;
		for (size_t i = 0; good && i < n; i++)
			good = text_read(&texts->of[i], json_array_get(v, i), 1, 255);
		if (!good)
			return err_say(e, EINVAL,
				"%s: %s: want a list of %" PRIu64 " to %" PRIu64 " texts", where,
				f->name, f->min, f->max);
		texts->n = (unsigned)n;
		return 0;
	}
	case FIELD_OBJECT:
		if (!json_is_object(v))
			return err_say(e, EINVAL, "%s: %s: want an object", where, f->name);
		*(const json_t **)(to + f->at) = v;
		return 0;
	case FIELD_LIST:
	case FIELD_OBJECTS: {
		size_t n = json_array_size(v);
		bool good = json_is_array(v) && n >= f->min && n <= f->max;
		for (size_t i = 0; good && f->kind == FIELD_OBJECTS && i < n; i++)
			good = json_is_object(json_array_get(v, i));
		if (!good)
			return err_say(e, EINVAL,
				"%s: %s: want a list of %" PRIu64 " to %" PRIu64 "%s", where,
				f->name, f->min, f->max,
				f->kind == FIELD_OBJECTS ? " objects" : "");
		*(const json_t **)(to + f->at) = v;
		return 0;
	}
	}
	return -EINVAL;
}

static int field_unknown(
	const struct field *fields, size_t n, const char *name, const char *where, struct err *e)
{
	char known[160] = "";
	for (size_t i = 0, at = 0; i < n && at < sizeof known; i++)
		at += (size_t)snprintf(
			known + at, sizeof known - at, "%s%s", i ? ", " : "", fields[i].name);
	return err_say(e, EINVAL, "%s: no member \"%.40s\" is known: want %s", where, name, known);
}

int fields_read(void *to, const struct field *fields, size_t n, const json_t *obj,
	const char *where, struct err *e)
{
	const char *name;
	json_t *v;
	json_object_foreach((json_t *)obj, name, v)
	{
		size_t i = 0;
		while (i < n && strcmp(fields[i].name, name) != 0)
			i++;
		if (i == n)
			return field_unknown(fields, n, name, where, e);
		int r = field_read(to, &fields[i], v, where, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < n; i++)
		if (fields[i].needed && !json_object_get(obj, fields[i].name))
			return err_say(e, EINVAL, "%s: %s is missing", where, fields[i].name);
	return 0;
}
