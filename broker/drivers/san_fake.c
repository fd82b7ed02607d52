/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A LUN made of one file, $BATON_FAKE_DIR/TARGET.san, for tests of what uses a SAN. A line each:
 *   lun=1 bytes=1073741824 block_len=512 bootable=1     a disk; other LUNs are not there
 *   account=USER SECRET       a CHAP account; without any, all are let in
 *   dead=PORTAL               nothing listens there
 *   hang=PORTAL               never answers there */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/san.h"
#include "drivers/wait.h"

static void file_drop(FILE **f)
{
	if (*f)
		fclose(*f);
}

struct disk {
	uint64_t lun; /* the one that is looked for */
	struct san_facts facts;
	bool found, accounts, account_right, dead, hang;
};

static bool disk_line(struct disk *d, const char *line, const struct san_login *login)
{
	char account[160];
	unsigned bootable;
	if (strncmp(line, "account=", 8) == 0) {
		snprintf(account, sizeof account, "%s %s", login->user ? login->user : "",
			login->secret ? login->secret : "");
		d->accounts = true;
		d->account_right |= strcmp(line + 8, account) == 0;
		return true;
	}
	if (strncmp(line, "dead=", 5) == 0) {
		d->dead |= strcmp(line + 5, login->portal) == 0;
		return true;
	}
	if (strncmp(line, "hang=", 5) == 0) {
		d->hang |= strcmp(line + 5, login->portal) == 0;
		return true;
	}
	struct san_facts f = { .vendor = "BATON", .product = "FAKE DISK" };
	uint64_t lun;
	if (sscanf(line, "lun=%" SCNu64 " bytes=%" SCNu64 " block_len=%" SCNu32 " bootable=%u",
		    &lun, &f.bytes, &f.block_len, &bootable) != 4)
		return false;
	f.bootable = bootable;
	if (lun == d->lun) {
		d->found = true;
		d->facts = f;
	}
	return true;
}

static int fake_look(struct san_facts *ret, const struct san_login *login, uint64_t lun,
	unsigned timeout_ms, struct err *e)
{
	const char *dir = getenv("BATON_FAKE_DIR");
	char path[PATH_MAX], line[256];
	if (!dir || !iqn_ok(login->target))
		return err_say(e, EINVAL,
			"a fake SAN wants the folder in BATON_FAKE_DIR, and an IQN as target");
	snprintf(path, sizeof path, "%s/%s.san", dir, login->target);
	OWN(file) FILE *f = fopen(path, "re");
	if (!f)
		return err_say(e, ENOENT, "portal %s: no target %s", login->portal, login->target);
	struct disk d = { .lun = lun };
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!disk_line(&d, line, login))
			return err_say(e, EPROTO, "%s: cannot read \"%s\"", path, line);
	}
	if (d.dead)
		return err_say(e, ECONNREFUSED, "portal %s: nothing listens there", login->portal);
	if (d.hang) {
		wait_until_ms(wait_now_ms() + timeout_ms);
		return err_say(e, ETIMEDOUT, "portal %s: no answer within %u ms", login->portal,
			timeout_ms);
	}
	if (d.accounts && !d.account_right)
		return err_say(e, EACCES, "portal %s: target %s refused CHAP user \"%s\"",
			login->portal, login->target, login->user ? login->user : "");
	if (!d.found)
		return err_say(e, ENXIO, "portal %s: target %s has no LUN %" PRIu64, login->portal,
			login->target, lun);
	*ret = d.facts;
	return 0;
}

const struct san_ops san_fake = { .kind = "fake", .look = fake_look };
