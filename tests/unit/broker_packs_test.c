/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which cards the tool-packs write, read out of images as the warden makes them. */
#include "broker/packs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "host/cpio.h"
#include "host/fd.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/broker_packs_test.XXXXXX";
static int at = -1;

static void put(const char *name, const char *text, size_t len)
{
	OWN(fd) int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		abort();
}

/* NAME.img of a folder with a manifest, and a file that lies before it. */
static void pack(const char *name, const char *manifest)
{
	char image[64], prefix[64];
	struct err e;
	mkdirat(at, "from", 0755);
	put("from/a-tool", "#!", 2);
	put("from/manifest", manifest, strlen(manifest));
	snprintf(image, sizeof image, "%s.img", name);
	snprintf(prefix, sizeof prefix, "packs/%s", name);
	OWN(fd) int from = openat(at, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWN(fd) int to = openat(at, image, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (from < 0 || to < 0 || cpio_write(to, prefix, from, 1 << 20, &e) < 0)
		abort();
	unlinkat(at, "from/a-tool", 0);
	unlinkat(at, "from/manifest", 0);
	unlinkat(at, "from", AT_REMOVEDIR);
}

static const char *cards(void)
{
	static char text[PACKS_CARDS];
	struct err e = { 0 };
	CHECK_INT(packs_cards(text, at, &e), 0);
	return text;
}

static void every_manifest_names_its_cards(void)
{
	CHECK_TEXT(cards(), "");
	pack("lab", "name = lab\n# pci = 1111:2222\n  pci\t=\t8086:100e 1af4:1000\r\nread = "
		    "x\npcix = 3\n");
	CHECK_TEXT(cards(), "8086:100e 1af4:1000 ");
	pack("none", "name = none\npci\n");
	CHECK_TEXT(cards(), "8086:100e 1af4:1000 ");
	unlinkat(at, "lab.img", 0);
	unlinkat(at, "none.img", 0);
}

static void one_for_boards_is_known(void)
{
	pack("a", "name = a\npci = 15b3:*\nkindness = board\nkind = boards\n");
	CHECK(!packs_board(at));
	pack("b", "name = b\n kind\t=  board \r\n");
	CHECK(packs_board(at));
	unlinkat(at, "b.img", 0);
	CHECK(!packs_board(at));
	unlinkat(at, "a.img", 0);
}

static void a_damaged_image_is_passed_over(void)
{
	char whole[4096];
	pack("lab", "pci = 8086:100e");
	OWN(fd) int fd = openat(at, "lab.img", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, whole, sizeof whole);
	CHECK(len > 0);
	for (ssize_t n = 0; n < len; n++) {
		put("lab.img", whole, (size_t)n);
		const char *got = cards();
		CHECK(!*got || strcmp(got, "8086:100e") == 0);
	}
	for (ssize_t n = 0; n < len; n++) {
		char was = whole[n];
		whole[n] = (char)0xff;
		put("lab.img", whole, (size_t)len);
		CHECK(strlen(cards()) < 64);
		whole[n] = was;
	}
	/* ... and does not hide the others. */
	put("lab.img", whole, (size_t)len);
	put("x.img", "", 0);
	CHECK_TEXT(cards(), "8086:100e");
	unlinkat(at, "x.img", 0);
	unlinkat(at, "lab.img", 0);
}

static void nothing_is_left(void)
{
	CHECK(at >= 0);
	close(at);
	CHECK_INT(rmdir(folder), 0);
}

static void the_folder_is_made(void)
{
	CHECK(mkdtemp(folder) != NULL);
	at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(at >= 0);
}

TESTS(T(the_folder_is_made), T(every_manifest_names_its_cards), T(one_for_boards_is_known),
	T(a_damaged_image_is_passed_over), T(nothing_is_left))
