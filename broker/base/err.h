/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why an operation failed, in words a person at the console can act on.
 * The caller owns it, on its stack; a NULL is welcome where nobody will read it. */
#pragma once
#include <errno.h>

struct err {
	int code;       /* a positive errno, 0 while nothing went wrong */
	char text[320]; /* "persona web-01: open /srv/x: No such file or directory" */
};

/* Records a failure of the system ("open x: Permission denied": the errno's own words are
 * added) and returns -code, so that a caller can `return err_set(...)`. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Records a failure in our own words alone ("persona web-01: no such persona") and returns
 * -code. */
int err_say(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts a prefix before what is there ("persona web-01: ...") and returns rc. */
int err_in(struct err *e, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A failure is never 0, which would be taken for success: an errno that was lost on the way is told
 * as EIO. Here and not in err.c, so that who reads the caller, compiler and analyzer too, sees it.
 */
#define ERR_NEGATIVE(rc)                                                                           \
	({                                                                                         \
		int negative_ = (rc);                                                              \
		negative_ < 0 ? negative_ : -EIO;                                                  \
	})
#define err_set(...) ERR_NEGATIVE(err_set(__VA_ARGS__))
#define err_say(...) ERR_NEGATIVE(err_say(__VA_ARGS__))
