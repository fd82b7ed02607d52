/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An event as one datagram, `word key=value ...`, for a socket that leads to the broker
 * (docs/design/0003-between-processes.md). */
#pragma once
#include <stddef.h>

#include "host/log.h"

struct tell {
	enum event event;
	size_t at, fields; /* of text: bytes used, where the fields begin */
	char text[1024];
};

void tell_begin(struct tell *t, enum event ev);
/* Adds ` key=value`; what is not printable ASCII, blanks, '%' and '=' become %XX. A value that
 * does not fit is left out, key and all. */
void tell_add(struct tell *t, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An event of one field, from begin to send. */
void tell_one(int fd, enum event ev, const char *key, const char *value);
/* Sends it without waiting, and logs it. A full or closed socket drops it. */
void tell_send(struct tell *t, int fd);
