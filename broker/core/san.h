/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Baton asks of a disk before it lets a persona start on it, and how it shuts others out. core
 * owns this interface; each file drivers/san_KIND.c is one way to do it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
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
/* A copy that is taken while somebody writes is a disk only if it is of one moment. */
enum san_copies { SAN_COPIES_NONE, SAN_COPIES_ATOMIC };

/* A copy of a LUN, offered as LUN 1 of a target of its own. */
struct san_clone {
	const char *of; /* the target whose disk is copied */
	uint64_t of_lun;
	const char *folder;  /* where copies lie (setting clones_dir); "": nowhere */
	struct san_fence as; /* the copy's target, and the account that it wants from the first */
};
enum { SAN_CLONE_LUN = 1 };
struct san_disk; /* a session, for reading */

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
	/* What kind of copy the next two make. SAN_COPIES_NONE: they are NULL. */
	enum san_copies copies;
	/* Afterwards the copy is there, of one moment of this call, whatever writes to the disk
	 * meanwhile; the disk, its target and its sessions are as they were. A copy of that name
	 * that was left over goes first. At no moment is anybody let in to it without a secret.
	 * -ENOTSUP: this disk cannot be copied at one moment. -EEXIST: a target of that name is
	 * there that is no copy of Baton's. */
	int (*clone)(const struct san_clone *c, unsigned timeout_ms, struct err *e);
	/* Ends its sessions, removes its target, its accounts (as.persona's) and its data. What has
	 * gone already is fine. of is not looked at. -EEXIST as above. */
	int (*clone_remove)(const struct san_clone *c, unsigned timeout_ms, struct err *e);
	/* As look, but stays logged in, and every read then has timeout_ms. Nothing that could
	 * change the disk is sent. disk_read: len bytes from byte `at` on, all inside of the disk.
	 * What login shows must live as long. */
	int (*disk_open)(struct san_disk **ret, struct san_facts *facts,
		const struct san_login *login, uint64_t lun, unsigned timeout_ms, struct err *e);
	int (*disk_read)(struct san_disk *d, uint64_t at, void *to, size_t len, struct err *e);
	void (*disk_close)(struct san_disk *d); /* logs out */
};
