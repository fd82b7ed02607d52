/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Baton asks of a disk before it lets a persona start on it. core owns this interface; each
 * file drivers/san_KIND.c is one way to do it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"

struct san_login {
	const char *portal;    /* "10.77.0.1:3260" */
	const char *target;    /* IQN */
	const char *initiator; /* Baton's own IQN: the persona's would end the persona's session */
	const char *user, *secret; /* CHAP; both NULL: none */
};

struct san_facts {
	uint64_t bytes;
	uint32_t block_len;
	bool bootable; /* sector 0 carries boot code and the 55 AA mark, or a GPT follows */
	char vendor[9], product[17];
};

struct san_ops {
	const char *kind; /* "iscsi", "fake" */
	/* Logs in, looks at the LUN, logs out. -EACCES CHAP refused, -ENOENT no such target,
	 * -ENXIO no such LUN, -ECONNREFUSED / -ETIMEDOUT portal dead; always with a sentence. */
	int (*look)(struct san_facts *ret, const struct san_login *login, uint64_t lun,
		unsigned timeout_ms, struct err *e);
};
