/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors in words: see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int known(int code)
{
	return code > 0 ? code : EIO;
}

int(err_set)(struct err *e, int code, const char *fmt, ...)
{
	code = known(code);
	if (!e)
		return -code;
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof e->text)
		snprintf(e->text + n, sizeof e->text - (size_t)n, ": %s", strerror(code));
	e->code = code;
	return -code;
}

int(err_say)(struct err *e, int code, const char *fmt, ...)
{
	code = known(code);
	if (!e)
		return -code;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	e->code = code;
	return -code;
}

int err_in(struct err *e, int rc, const char *fmt, ...)
{
	if (!e)
		return rc;
	char was[sizeof e->text];
	memcpy(was, e->text, sizeof was);
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof e->text)
		snprintf(e->text + n, sizeof e->text - (size_t)n, ": %.*s",
			(int)(sizeof was - (size_t)n - 3), was);
	return rc;
}
