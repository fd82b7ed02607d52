/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON members by a table: see members.h. */
#include "broker/members.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/ids.h"

static int text_read(const struct member *m, const json_t *v, const char *what, struct err *e)
{
	const char *s = json_string_value(v);
	size_t len = s ? json_string_length(v) : 0;
	if (!s)
		return err_say(e, EINVAL, "%s: \"%s\" is not text", what, m->name);
	if (len >= m->size)
		return err_say(e, EINVAL, "%s: \"%s\" is too long: want at most %zu characters",
			what, m->name, m->size - 1);
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return err_say(e, EINVAL,
				"%s: \"%s\" has a character that is not printable ASCII", what,
				m->name);
	memcpy(m->to, s, len + 1);
	return 0;
}

static int uint_read(const struct member *m, const json_t *v, const char *what, struct err *e)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		(uint64_t)json_integer_value(v) > m->max)
		return err_say(e, EINVAL, "%s: \"%s\": want a whole number of 0 to %" PRIu64, what,
			m->name, m->max);
	*(uint64_t *)m->to = (uint64_t)json_integer_value(v);
	return 0;
}

static int addrs_read(const struct member *m, const json_t *v, const char *what, struct err *e)
{
	uint32_t *to = m->to;
	size_t n = json_array_size(v);
	bool good = json_is_array(v) && n <= m->size;
	for (size_t i = 0; good && i < n; i++) {
		const char *text = json_string_value(json_array_get(v, i));
		good = text && ip4_parse(&to[i], text) && to[i];
	}
	return good ? 0
		    : err_say(e, EINVAL,
			      "%s: \"%s\": want a list of at most %zu IPv4 addresses, as in "
			      "[\"10.77.0.2\"]",
			      what, m->name, m->size);
}

static int member_read(const struct member *m, const json_t *v, const char *what, struct err *e)
{
	switch (m->kind) {
	case MEMBER_TEXT:
		return text_read(m, v, what, e);
	case MEMBER_UINT:
		return uint_read(m, v, what, e);
	case MEMBER_BOOL:
		if (!json_is_boolean(v))
			return err_say(e, EINVAL, "%s: \"%s\": want true or false", what, m->name);
		*(bool *)m->to = json_is_true(v);
		return 0;
	case MEMBER_ADDRS:
		return addrs_read(m, v, what, e);
	case MEMBER_LIST:
	case MEMBER_DICT:
		break;
	}
	bool list = m->kind == MEMBER_LIST;
	if (list ? !json_is_array(v) : !json_is_object(v))
		return err_say(e, EINVAL, "%s: \"%s\": want %s", what, m->name,
			list ? "a list" : "an object");
	*(const json_t **)m->to = v;
	return 0;
}

void plain_text(char *to, size_t size, const char *from)
{
	size_t n = 0;
	for (; from[n] && n + 1 < size; n++)
		to[n] = from[n] < 0x20 || from[n] > 0x7e ? '?' : from[n];
	to[n] = '\0';
}

int members_read(const json_t *from, const char *what, const struct member *m, size_t n,
	enum members_mode mode, struct err *e)
{
	if (!json_is_object(from))
		return err_say(e, EINVAL, "%s: want a JSON object", what);
	const char *name;
	json_t *v;
	json_object_foreach((json_t *)from, name, v)
	{
		size_t i = 0;
		while (i < n && strcmp(m[i].name, name) != 0)
			i++;
		if (i == n && mode == MEMBERS_STRICT) {
			char safe[48];
			plain_text(safe, sizeof safe, name);
			return err_say(e, EINVAL, "%s: member \"%s\" is not known", what, safe);
		}
		int r = i == n ? 0 : member_read(&m[i], v, what, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < n; i++)
		if (m[i].need && !json_object_get(from, m[i].name))
			return err_say(e, EINVAL, "%s: member \"%s\" is missing", what, m[i].name);
	return 0;
}
