/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Baton asks of a disk before it lets a persona start on it, and how it shuts others out. core
 * owns this interface; each file drivers/san_KIND.c is one way to do it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"

struct san_login {
	const char *portal;    /* "10.77.0.1:3260" */
	const char *target;    /* IQN */
	const char *initiator; /* Baton's own IQN: the persona's would end the persona's session */
	const char *user, *secret;               /* CHAP; both NULL: none */
	const char *target_user, *target_secret; /* what the target has to show; NULL: nothing */
};

struct san_facts {
	uint64_t bytes;
	uint32_t block_len;
	bool bootable; /* sector 0 carries boot code and the 55 AA mark, or a GPT follows */
	char vendor[9], product[17];
};

/* An account that Baton makes is named PERSONA.GENERATION, and may have more behind that. */
struct san_fence {
	const char *target;        /* IQN */
	const char *user, *secret; /* the generation's; NULL: accounts stay as they are */
	const char *mutual_user, *mutual_secret; /* what the target shows in turn; NULL: none */
	const char *persona;
	uint32_t generation;
	const char *own_user; /* Baton's own account stays; "": it has none */
};

struct san_fenced {
	unsigned accounts_removed; /* others than user: let nobody in any more, here */
	unsigned sessions_dropped;
};

/* Whose sessions are counted. */
struct san_account {
	const char *target; /* IQN */
	const char *persona;
	uint32_t generation;
	const char *own_initiator; /* Baton's own IQN: a look of its own is none of them */
};

struct san_ops {
	const char *kind; /* "iscsi", "tgt", "fake" */
	/* Logs in, looks at the LUN, logs out. -EACCES CHAP refused, or the target has not shown
	 * what it should; -ENOENT no such target, -ENXIO no such LUN, -ECONNREFUSED / -ETIMEDOUT
	 * portal dead; always with a sentence. */
	int (*look)(struct san_facts *ret, const struct san_login *login, uint64_t lun,
		unsigned timeout_ms, struct err *e);
	/* Afterwards the target lets in who shows user and secret, and Baton's own account where it
	 * is known there, and nobody else; every session is gone, Baton's own too, and the list
	 * was read until it was empty. At no moment on the way is anybody let in without a secret.
	 * Sessions are told apart by nothing, since a name can be borrowed: who calls holds the
	 * target's lock and has none.
	 * May always be repeated; then the secret that was given last is in force. Accounts of
	 * Baton's older generations are deleted; one that a person has made is only unbound.
	 * -ESTALE: an account of this persona with a higher generation is there, and nothing was
	 * changed. -ETIMEDOUT names what is still there. -ENOENT: no such target.
	 * NULL where the driver cannot administer the target. */
	int (*fence)(struct san_fenced *ret, const struct san_fence *f, unsigned timeout_ms,
		struct err *e);
	/* Logs in, and takes every registration and reservation off the LUN: *ret registrations
	 * were there. None is fine, and so is a target that has no such thing. */
	int (*reservations_clear)(unsigned *ret, const struct san_login *login, uint64_t lun,
		unsigned timeout_ms, struct err *e);
	/* How many sessions the account of that generation has at the target now; changes nothing,
	 * and needs no lock. 0 where the target does not let that account in (any more). A target
	 * that does not say whose a session is has them counted by who could have begun it: after a
	 * fence nobody but that account, and Baton itself.
	 * -ENOENT: no such target. -ETIMEDOUT, -ECONNREFUSED, -ENOTCONN: it cannot be asked.
	 * NULL where the driver cannot administer the target. */
	int (*sessions)(
		unsigned *ret, const struct san_account *a, unsigned timeout_ms, struct err *e);
};
