/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of LUNs of the tgtd of this host: the file behind the LUN is cloned by the file system
 * (FICLONE), which gives one moment of it and copies nothing, and tgtd offers the clone as a target
 * of its own. tgtd itself opens files as root; the hand opens the LUN's file with its own rights,
 * so that it reads no disk that the operator has not opened to it (docs/design/0020-drill.md). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/san.h"
#include "drivers/san_tgt_talk.h"
#include "drivers/wait.h"
#include "host/fd.h"

/* Out of the way of those that a person numbers; so many are tried. */
enum { TID_FROM = 20000, TIDS = 1000, BLOCK_LEN = 512 };

struct copy {
	struct tgt_talk talk;
	const struct san_clone *c;
	struct tgt_said targets;
	struct tgt_target target; /* in the text of targets: the one that was read last */
	char path[PATH_MAX];      /* of the clone */
	struct err *e;
};

static void copy_drop(struct copy **c)
{
	tgt_said_fini(&(*c)->targets);
}

/* What tgtd says to it, or -errno. */
static int ask(struct copy *cp, const struct tgt_request *r, const char *doing)
{
	struct tgt_said said;
	int rc = tgt_talk(&said, &cp->talk, r, doing, cp->e);
	if (rc < 0)
		return rc;
	tgt_said_fini(&said);
	return (int)said.error;
}

static int tell(struct copy *cp, const struct tgt_request *r, const char *doing)
{
	int said = ask(cp, r, doing);
	if (said <= 0)
		return said;
	return err_say(cp->e, EIO, "target %s: tgtd was told %s, and says: %s", cp->talk.target,
		doing, tgt_error_text((uint32_t)said));
}

static int target_read(struct copy *cp, const char *name)
{
	cp->talk.target = name;
	return tgt_target_read(&cp->targets, &cp->target, &cp->talk, cp->e);
}

static int copy_open(struct copy *cp, const struct san_clone *c, unsigned timeout_ms, struct err *e)
{
	*cp = (struct copy){ .c = c,
		.e = e,
		.talk = { .target = c->as.target,
			.deadline = wait_now_ms() + timeout_ms,
			.timeout_ms = timeout_ms } };
	if (!*c->folder)
		return err_say(e, ENOTSUP,
			"target %s: it cannot be copied: set clones_dir in baton.conf to a folder "
			"on the file system that its file lies on",
			c->as.target);
	if (snprintf(cp->path, sizeof cp->path, "%s/%s.img", c->folder, c->as.target) >=
		(int)sizeof cp->path)
		return err_say(e, ENAMETOOLONG, "clones_dir %s: the name is too long", c->folder);
	return tgt_talk_open(&cp->talk, e);
}

/* ------------------------------------------------------------------ what is left over */

/* A target of that name with another disk behind it is somebody's own. */
static int is_copy(struct copy *cp)
{
	struct tgt_lun lun;
	if (!tgt_lun_find(&lun, &cp->target, SAN_CLONE_LUN) || tgt_name_is(&lun.path, cp->path))
		return 0;
	return err_say(cp->e, EEXIST,
		"target %s: it is there already and is no copy that Baton made; remove it, or give "
		"it another name",
		cp->c->as.target);
}

/* Nobody comes in any more, everybody is seen gone, and then it goes. */
static int target_remove(struct copy *cp)
{
	struct san_fenced gone;
	const struct san_fence all = { .target = cp->c->as.target,
		.persona = cp->c->as.persona,
		.generation = UINT32_MAX,
		.own_user = "" };
	uint32_t tid = cp->target.tid;
	int64_t left = cp->talk.deadline - wait_now_ms();
	int r = tell(
		cp, &(struct tgt_request){ .word = TGT_OFFLINE, .tid = tid }, "to let nobody in");
	if (r == 0)
		r = san_tgt_fence(&gone, &all, left > 1 ? (unsigned)left : 1, cp->e);
	return r ? r
		 : tell(cp, &(struct tgt_request){ .word = TGT_TARGET_DELETE, .tid = tid },
			   "to remove the target");
}

/* Only now, since one that is bound to a target leaves a hole there. */
static int accounts_remove(struct copy *cp)
{
	struct tgt_said said = { .text = NULL };
	struct tgt_name n;
	uint32_t generation;
	const struct tgt_target none = { .from = NULL };
	int r = tgt_list(&said, &cp->talk, &(struct tgt_request){ .word = TGT_ACCOUNTS },
		"to list its accounts", cp->e);
	if (r == 0)
		r = tgt_list(&cp->targets, &cp->talk, &(struct tgt_request){ .word = TGT_TARGETS },
			"to list its targets", cp->e);
	for (size_t at = 0; r == 0 && tgt_account_next(&n, &at, said.text, said.len);) {
		char user[TGT_REQUEST_MAX] = "";
		if (n.len >= sizeof user ||
			!san_account_of(&generation, n.at, n.len, cp->c->as.persona))
			continue;
		memcpy(user, n.at, n.len);
		if (tgt_bound_elsewhere(&none, cp->targets.text, cp->targets.len, user))
			continue;
		int said_no =
			ask(cp, &(struct tgt_request){ .word = TGT_ACCOUNT_DELETE, .user = user },
				"to delete an account");
		r = said_no < 0 ? said_no : 0;
	}
	tgt_said_fini(&said);
	return r;
}

static int leftover_remove(struct copy *cp)
{
	int r = target_read(cp, cp->c->as.target);
	bool there = r == 0;
	if (r == -ENOENT) {
		*cp->e = (struct err){ 0 };
		r = 0;
	}
	if (there)
		r = is_copy(cp);
	if (r == 0 && there)
		r = target_remove(cp);
	if (r == 0)
		r = accounts_remove(cp);
	if (r == 0 && unlink(cp->path) < 0 && errno != ENOENT)
		r = err_set(cp->e, errno, "target %s: remove %s", cp->c->as.target, cp->path);
	return r;
}

/* ------------------------------------------------------------------ the copy */

/* The file behind the LUN, with the hand's own rights. */
static int disk_open(int *ret, struct copy *cp, const char *path)
{
	struct stat st;
	OWN(fd) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return err_say(cp->e, EACCES,
			"target %s: Baton's hands may not read %s: give it, and the folders above "
			"it, to their group: chgrp baton-hand FILE; chmod g+r FILE",
			cp->c->of, path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(cp->e, errno, "target %s: open %s", cp->c->of, path);
	if (!S_ISREG(st.st_mode))
		return err_say(cp->e, ENOTSUP,
			"target %s: %s is no file: a disk that is a device cannot be copied at one "
			"moment here",
			cp->c->of, path);
	*ret = fd_take(&fd);
	return 0;
}

static int disk_clone(struct copy *cp, const char *path)
{
	OWN(fd) int from = -1;
	int r = disk_open(&from, cp, path);
	if (r < 0)
		return r;
	OWN(fd)
	int to = open(cp->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_set(
			cp->e, errno, "target %s: make %s (clones_dir)", cp->c->of, cp->path);
	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	int code = errno;
	unlink(cp->path);
	if (code == EXDEV || code == EOPNOTSUPP || code == EINVAL || code == ENOTTY)
		return err_say(cp->e, ENOTSUP,
			"target %s: %s cannot be copied at one moment: want it and clones_dir on "
			"one "
			"file system that can (btrfs, or xfs with reflink)",
			cp->c->of, path);
	return err_set(cp->e, code, "target %s: clone %s to %s", cp->c->of, path, cp->path);
}

static int target_new(struct copy *cp, uint32_t *tid)
{
	struct tgt_request r = { .word = TGT_TARGET_NEW, .name = cp->c->as.target };
	int said = TGT_TARGET_EXISTS;
	cp->talk.target = cp->c->as.target;
	for (r.tid = TID_FROM; said == TGT_TARGET_EXISTS && r.tid < TID_FROM + TIDS; r.tid++)
		said = ask(cp, &r, "to make a target");
	*tid = r.tid - 1;
	return said <= 0 ? said
			 : err_say(cp->e, EIO, "target %s: tgtd was told to make it, and says: %s",
				   cp->c->as.target, tgt_error_text((uint32_t)said));
}

/* It has no address that may try until it is offline, and is offline until it has its account. */
static int target_offer(struct copy *cp, uint32_t block_len)
{
	struct san_fenced gone;
	uint32_t tid;
	int r = target_new(cp, &tid);
	if (r == 0)
		r = tell(cp, &(struct tgt_request){ .word = TGT_OFFLINE, .tid = tid },
			"to let nobody in");
	if (r == 0)
		r = tell(cp,
			&(struct tgt_request){ .word = TGT_LUN_NEW,
				.tid = tid,
				.lun = SAN_CLONE_LUN,
				.name = cp->path,
				.block_len = block_len ? block_len : BLOCK_LEN },
			"to offer the copy");
	if (r == 0)
		r = tell(cp, &(struct tgt_request){ .word = TGT_BIND_ALL, .tid = tid },
			"to let initiators try");
	int64_t left = cp->talk.deadline - wait_now_ms();
	return r ? r : san_tgt_fence(&gone, &cp->c->as, left > 1 ? (unsigned)left : 1, cp->e);
}

int san_tgt_clone(const struct san_clone *c, unsigned timeout_ms, struct err *e)
{
	struct err nobody = { 0 };
	struct copy copy = { .path = "" };
	OWN(copy) struct copy *cp = &copy;
	struct tgt_lun lun;
	char path[PATH_MAX] = "";
	int r = copy_open(cp, c, timeout_ms, e ? e : &nobody);
	r = r ? r : leftover_remove(cp);
	r = r ? r : target_read(cp, c->of);
	if (r < 0)
		return r;
	if (!tgt_lun_find(&lun, &cp->target, (uint32_t)c->of_lun) || !lun.path.len ||
		lun.path.len >= sizeof path)
		return err_say(cp->e, ENXIO, "target %s: tgtd shows no file behind LUN %u", c->of,
			(unsigned)c->of_lun);
	memcpy(path, lun.path.at, lun.path.len);
	r = disk_clone(cp, path);
	return r ? r : target_offer(cp, lun.block_len);
}

int san_tgt_clone_remove(const struct san_clone *c, unsigned timeout_ms, struct err *e)
{
	struct err nobody = { 0 };
	struct copy copy = { .path = "" };
	OWN(copy) struct copy *cp = &copy;
	int r = copy_open(cp, c, timeout_ms, e ? e : &nobody);
	return r ? r : leftover_remove(cp);
}
