/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the shim is told of the persona that it hands the machine over to: where its disk is, and
 * the one NIC that it is reached by. Pure. docs/design/0027-handover.md. */
#pragma once
#include "base/err.h"
#include "base/ids.h"

enum { HANDOVER_PATHS = 4 };

struct handover_path {
	uint32_t addr; /* host byte order, like all addresses here */
	uint16_t port;
};

struct handover {
	char persona[NAME_LEN + 1];
	char initiator[IQN_LEN + 1], target[IQN_LEN + 1];
	uint32_t lun; /* 0 to 16383 */
	unsigned paths;
	struct handover_path path[HANDOVER_PATHS];
	char user[SECRET_LEN + 1], secret[SECRET_LEN + 1]; /* "": none */
	char mutual_user[SECRET_LEN + 1], mutual_secret[SECRET_LEN + 1];
	struct mac mac;                      /* the persona's */
	uint32_t addr, gateway, dns, server; /* gateway, dns: 0 for none */
	unsigned prefix;
	struct uuid uuid; /* zero: none */
	char serial[SERIAL_LEN + 1];
};

/* Reads the text that baton-files serves at /b/TOKEN/handover; -EINVAL names the line by its number
 * alone, since it may hold a secret. */
int handover_parse(struct handover *ret, const char *text, struct err *e);

/* The line that a kernel is started with: what its loader says, and where that says nothing of it:
 * "panic=30", so that a kernel that finds no root starts the machine again, and "baton.uuid=" and
 * "baton.serial=" of the persona. -E2BIG. */
int handover_line(char *to, size_t len, const struct handover *h, const char *line, struct err *e);
