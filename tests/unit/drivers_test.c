/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a persona's initramfs must know of another machine's cards, and what is said of it. */
#include "core/drivers.h"

#include <string.h>

#include "tests/unit/tap.h"
#include "wire/modules.h"

static const struct persona web = { .name = "web-01", .nics = 2 };
static struct machine blade;

static void blade_make(const char *first, const char *second)
{
	blade = (struct machine){ .name = "blade-b", .nics = 2 };
	blade.nic[0].carries = blade.nic[1].carries = true;
	strcpy(blade.nic[0].pci, "0000:00:03.0");
	strcpy(blade.nic[0].card, first);
	strcpy(blade.nic[1].card, second);
}

#define MLX "pci:v000015B3d00001015sv000015B3sd00000001bc02sc00i00"
#define VIRTIO "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00 virtio:d00000001v00001AF4"

/* One NIC, of which the shim has told more. */
static void blade_told(const char *card, const char *driver, const char *modalias)
{
	blade_make(card, "");
	strcpy(blade.nic[0].driver, driver);
	strcpy(blade.nic[0].modalias, modalias);
}

static void a_card_is_asked_for_as_the_kernel_names_it(void)
{
	struct drivers_want w;
	blade_told("1af4:1000", "virtio_net", VIRTIO);
	strcpy(blade.nic[1].card, "15b3:1015"); /* a shim of before told no more of it */
	drivers_wanted(&w, &blade, &web);
	CHECK_INT(w.n, 4);
	CHECK_TEXT(w.word[0], "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00");
	CHECK_TEXT(w.word[1], "virtio:d00000001v00001AF4");
	CHECK_TEXT(w.word[2], "virtio_net");
	CHECK(w.name[2] && !w.name[1] && w.nic[2] == 0);
	CHECK_TEXT(w.word[3], "pci:v000015B3d00001015sv00000000sd00000000bc02sc00i00");
	blade_make("", "1af4:1041"); /* no shim has told of the first */
	drivers_wanted(&w, &blade, &web);
	CHECK_INT(w.n, 2);
	CHECK_INT(w.nic[0], 1);
	CHECK_TEXT(w.word[0], "pci:v00001AF4d00001041sv00000000sd00000000bc02sc00i00");
	CHECK_TEXT(w.word[1], "virtio:d00000001v00001AF4");
	CHECK(alias_fits("pci:v00001AF4d*sv*sd*bc*sc*i*", w.word[0]));
}

static struct check judged_of(const struct drivers_said *s)
{
	struct checklist l = { .n = 0 };
	struct drivers_want w;
	const struct preflight_case c = { .p = &web, .to = &blade };
	drivers_wanted(&w, &blade, &web);
	check_drivers(&l, &c, &w, s);
	CHECK_INT(l.n, 1);
	return l.check[0];
}

static enum finding judged(
	bool aliases, enum driver_is first, enum driver_is second, enum driver_is third)
{
	struct drivers_want w;
	drivers_wanted(&w, &blade, &web);
	const struct drivers_said s = { .initramfs = "/boot/initrd.img-6.1.0-18-amd64",
		.aliases = aliases,
		.n = w.n,
		.is = { first, second, third },
		.module = { "", "", "" } };
	return judged_of(&s).finding;
}

#define NOT DRIVER_MISSING
#define FILE_ DRIVER_FILE
#define IN DRIVER_BUILTIN

static void each_modalias_must_fit_what_is_there(void)
{
	blade_told("15b3:1015", "mlx5_core", MLX);
	CHECK_INT(judged(true, FILE_, FILE_, 0), FINDING_OK);
	CHECK_INT(judged(true, IN, NOT, 0), FINDING_OK);
	CHECK_INT(judged(true, NOT, NOT, 0), FINDING_BAD);
	/* A module of that name which is not for this device: an older driver. */
	CHECK_INT(judged(true, NOT, FILE_, 0), FINDING_BAD);
	/* Built in, and in no list of aliases. */
	CHECK_INT(judged(true, NOT, IN, 0), FINDING_OK);
	/* No such list at all: the name has to do. */
	CHECK_INT(judged(false, NOT, FILE_, 0), FINDING_OK);
	CHECK_INT(judged(false, NOT, NOT, 0), FINDING_BAD);
	/* A card and what stands on it: one of two is not enough. */
	blade_told("1af4:1000", "virtio_net", VIRTIO);
	CHECK_INT(judged(true, FILE_, NOT, NOT), FINDING_BAD);
	CHECK_INT(judged(true, NOT, FILE_, FILE_), FINDING_BAD);
	CHECK_INT(judged(true, IN, FILE_, FILE_), FINDING_OK);
	blade_make("15b3:1015", "");
	CHECK_INT(judged(true, FILE_, 0, 0), FINDING_OK);
	CHECK_INT(judged(true, NOT, 0, 0), FINDING_BAD);
	CHECK_INT(judged(false, NOT, 0, 0), FINDING_UNKNOWN);
}

static void what_is_missing_is_said_with_what_mends_it(void)
{
	struct drivers_said s = { .initramfs = "/boot/initrd.img-6.1.0-18-amd64",
		.aliases = true,
		.n = 2,
		.is = { DRIVER_FILE, DRIVER_FILE },
		.module = { "mlx5_core", "mlx5_core" } };
	blade_told("15b3:1015", "mlx5_core", MLX);
	struct check k = judged_of(&s);
	CHECK_INT(k.finding, FINDING_OK);
	CHECK(strstr(k.why, "mlx5_core") != NULL);
	s.is[0] = DRIVER_MISSING;
	k = judged_of(&s);
	CHECK_INT(k.finding, FINDING_BAD);
	CHECK_TEXT(k.about, "web-01");
	CHECK(strstr(k.why,
		      "6.1.0-18-amd64) has no driver for the card 0000:00:03.0 of machine blade-b "
		      "(15b3:1015, mlx5_core)") != NULL);
	CHECK(strstr(k.why, "MODULES=most") != NULL);
	s.initramfs = "/boot/initramfs-6.6.img";
	CHECK(strstr(judged_of(&s).why, "dracut -f --no-hostonly") != NULL);
	s.n = 1;
	CHECK_INT(judged_of(&s).finding, FINDING_UNKNOWN);
	s.unknown = "partition 1 is XFS";
	k = judged_of(&s);
	CHECK_INT(k.finding, FINDING_UNKNOWN);
	CHECK(strstr(k.why, "could not be read: partition 1 is XFS") != NULL);
}

static void words_are_checked(void)
{
	CHECK(modalias_ok(MLX) && modalias_ok(VIRTIO) && modalias_ok("vmbus:f8615163"));
	CHECK(!modalias_ok("") && !modalias_ok("mlx5_core") && !modalias_ok(":x") &&
		!modalias_ok("pci:") && !modalias_ok("pci:x ") && !modalias_ok("pci:x y:z a:b") &&
		!modalias_ok("pci:\n") && !modalias_ok("pci:v*") && !modalias_ok(" pci:v"));
	char longer[MODALIAS_LEN + 2];
	memset(longer, 'a', sizeof longer);
	longer[3] = ':';
	longer[MODALIAS_LEN + 1] = '\0';
	CHECK(!modalias_ok(longer));
	longer[MODALIAS_LEN] = '\0';
	CHECK(modalias_ok(longer));
	CHECK(driver_ok("e1000") && driver_ok("mlx5-core.x_y"));
	CHECK(!driver_ok("") && !driver_ok("a b") && !driver_ok("../x") &&
		!driver_ok("abcdefghijklmnopqrstuvwxyzabcdef"));
}

TESTS(T(a_card_is_asked_for_as_the_kernel_names_it), T(each_modalias_must_fit_what_is_there),
	T(what_is_missing_is_said_with_what_mends_it), T(words_are_checked))
