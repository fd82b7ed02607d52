/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What core/san.h promises of copies, asked of one driver: the fake, or a target that the
 * environment names as in san_contract_test.c, with a folder for copies in BATON_TEST_CLONES. LUN 1
 * has 64 MiB with boot code in an MBR, and there is no LUN 4. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "drivers/san.h"
#include "tap.h"

static char kind[16] = "fake", portal[64] = "10.0.0.1:3260", dead[64];
static char target[IQN_LEN + 1] = "iqn.2026-01.org.example:disk";
static char user[32] = "web-01", secret[32] = "right-secret";
static char folder[] = "/tmp/baton-san-XXXXXX", file[300];

static void folder_gone(void)
{
	unlink(file);
	rmdir(folder);
}

static void ready(void)
{
	const char *given = getenv("BATON_TEST_SAN");
	if (given) {
		CHECK_INT(sscanf(given, "%15s %63s %63s %223s %31s %31s", kind, portal, dead,
				  target, user, secret),
			6);
		return;
	}
	CHECK(mkdtemp(folder) != NULL);
	atexit(folder_gone);
	setenv("BATON_FAKE_DIR", folder, 1);
	snprintf(file, sizeof file, "%s/%s.san", folder, target);
	FILE *f = fopen(file, "w");
	CHECK(f &&
		fprintf(f,
			"lun=1 bytes=67108864 block_len=512 bootable=1\n"
			"account=%s %s\nregistration=7\n",
			user, secret) > 0 &&
		fclose(f) == 0);
}

static int look_with(const char *at, const char *as, const char *word)
{
	struct err e = { 0 };
	struct san_facts f = { .bytes = 0 };
	const struct san_login l = { .portal = portal,
		.target = at,
		.initiator = "iqn.2026-01.baton:contract-test",
		.user = as,
		.secret = word };
	int r = san_of(kind, &e)->look(&f, &l, SAN_CLONE_LUN, 5000, &e);
	CHECK(r < 0 || (f.bytes == 64 << 20 && f.block_len == 512 && f.bootable));
	return r;
}

/* A copy of LUN 1. The driver's folder of copies is BATON_TEST_CLONES; the fake needs none. */
static struct san_clone clone_wish(const char *copy)
{
	const char *given = getenv("BATON_TEST_CLONES");
	return (struct san_clone){ .of = target,
		.of_lun = 1,
		.folder = given ? given : "/nowhere",
		.as = { .target = copy,
			.user = "drill-web-01.20",
			.secret = "secret-of-copy",
			.persona = "drill-web-01",
			.generation = 20,
			.own_user = "" } };
}

static void a_copy_is_a_target_of_its_own_and_goes_again(void)
{
	struct err e = { 0 };
	char copy[IQN_LEN + 8];
	ready();
	snprintf(copy, sizeof copy, "%s:drill", target);
	const struct san_ops *ops = san_of(kind, &e);
	CHECK((ops->copies == SAN_COPIES_NONE) == (ops->clone == NULL));
	CHECK((ops->copies == SAN_COPIES_NONE) == (ops->clone_remove == NULL));
	if (ops->copies == SAN_COPIES_NONE || (ops != &san_fake && !getenv("BATON_TEST_CLONES")))
		return;
	struct san_clone c = clone_wish(copy);
	CHECK_INT(ops->clone_remove(&c, 5000, &e), 0);
	for (int again = 0; again < 2; again++) {
		CHECK_INT(ops->clone(&c, 5000, &e), 0);
		CHECK_TEXT(e.text, "");
		CHECK_INT(look_with(copy, "drill-web-01.20", "secret-of-copy"), 0);
		CHECK_INT(look_with(copy, user, secret), -EACCES);
		CHECK_INT(look_with(copy, NULL, NULL), -EACCES);
	}
	c.of_lun = 4;
	CHECK_INT(ops->clone(&c, 5000, &e), -ENXIO);
	/* What was left over went before. */
	CHECK_INT(look_with(copy, "drill-web-01.20", "secret-of-copy"), -ENOENT);
	c = clone_wish(copy);
	c.of = "iqn.2026-01.org.example:nobody-made-it";
	CHECK_INT(ops->clone(&c, 5000, &e), -ENOENT);
	c = clone_wish(copy);
	CHECK_INT(ops->clone(&c, 5000, &e), 0);
	for (int again = 0; again < 2; again++) {
		CHECK_INT(ops->clone_remove(&c, 5000, &e), 0);
		CHECK_INT(look_with(copy, "drill-web-01.20", "secret-of-copy"), -ENOENT);
	}
	/* A target that no clone() has made. */
	c = clone_wish(target);
	CHECK_INT(ops->clone_remove(&c, 5000, &e), -EEXIST);
	CHECK(strstr(e.text, "no copy that Baton made") != NULL);
	CHECK_INT(look_with(target, user, secret), 0);
}

static void only_what_is_fit_for_it_is_copied(void)
{
	struct err e = { 0 };
	CHECK_INT(san_iscsi.copies, SAN_COPIES_NONE);
	CHECK_INT(san_tgt.copies, SAN_COPIES_ATOMIC);
	if (san_of(kind, &e) != &san_fake)
		return;
	struct san_clone c = clone_wish("iqn.2026-01.org.example:disk:drill");
	FILE *f = fopen(file, "a");
	CHECK(f && fputs("clone=torn\n", f) >= 0 && fclose(f) == 0);
	CHECK_INT(san_fake.clone(&c, 5000, &e), -ENOTSUP);
	CHECK(strstr(e.text, "cannot be copied at one moment") != NULL);
	CHECK_INT(look_with(c.as.target, "drill-web-01.20", "secret-of-copy"), -ENOENT);
}

TESTS(T(a_copy_is_a_target_of_its_own_and_goes_again), T(only_what_is_fit_for_it_is_copied))
