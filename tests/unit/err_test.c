/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors in words: what the caller gets back, and what a person reads. */
#include "base/err.h"

#include "tests/unit/tap.h"

static void a_failure_is_negative_and_says_what_was_tried(void)
{
	struct err e = { 0 };
	CHECK_INT(err_set(&e, EACCES, "open %s", "x"), -EACCES);
	CHECK_TEXT(e.text, "open x: Permission denied");
	CHECK_INT(e.code, EACCES);
	CHECK_INT(err_say(&e, ENOENT, "persona %s: no such persona", "p"), -ENOENT);
	CHECK_TEXT(e.text, "persona p: no such persona");
	CHECK_INT(err_set(NULL, ENOMEM, "nobody reads this"), -ENOMEM);
}

static void a_lost_errno_is_no_success(void)
{
	struct err e = { 0 };
	CHECK_INT(err_set(&e, 0, "read x"), -EIO);
	CHECK_TEXT(e.text, "read x: Input/output error");
	CHECK_INT(e.code, EIO);
	CHECK_INT(err_say(&e, 0, "x"), -EIO);
	CHECK_INT(err_say(NULL, 0, "x"), -EIO);
}

static void a_prefix_keeps_the_cause_even_where_both_do_not_fit(void)
{
	struct err e = { 0 };
	char name[sizeof e.text];
	err_say(&e, EIO, "disk");
	CHECK_INT(err_in(&e, -EIO, "persona %s", "p"), -EIO);
	CHECK_TEXT(e.text, "persona p: disk");
	for (size_t len = sizeof e.text - 6; len < sizeof e.text; len++) {
		memset(name, 'x', len);
		name[len] = '\0';
		err_say(&e, EIO, "disk");
		CHECK_INT(err_in(&e, -EIO, "%s", name), -EIO);
		CHECK(strlen(e.text) < sizeof e.text);
	}
}

TESTS(T(a_failure_is_negative_and_says_what_was_tried), T(a_lost_errno_is_no_success),
	T(a_prefix_keeps_the_cause_even_where_both_do_not_fit))
