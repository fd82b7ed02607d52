/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The judgement about a persona's initramfs and a machine's NICs, and its sentences. */
#include "core/drivers.h"
#include "tap.h"

#define MLX "pci:v000015B3d00001015sv000015B3sd00000001bc02sc00i00"
#define VIRTIO "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00 virtio:d00000001v00001AF4"

static struct machine blade(const char *driver, const char *modalias)
{
	struct machine m = { .name = "blade-b",
		.nics = 2,
		.nic = { { .pci = "0000:00:02.0", .network = "mgmt" },
			{ .pci = "0000:00:03.0", .network = "mgmt", .carries = true } } };
	snprintf(m.nic[1].driver, sizeof m.nic[1].driver, "%s", driver);
	snprintf(m.nic[1].modalias, sizeof m.nic[1].modalias, "%s", modalias);
	return m;
}

static const struct persona web = { .name = "web-01", .nics = 1, .nic = { { .network = "mgmt" } } };

static enum drivers_verdict judge(char text[DRIVERS_TEXT], const struct machine *m, bool aliases,
	enum driver_is first, enum driver_is second, enum driver_is third)
{
	const struct drivers_found f = { .kernel = "6.1.0-18-amd64",
		.initramfs = "/boot/initrd.img-6.1.0-18-amd64",
		.aliases = aliases,
		.is = { first, second, third } };
	return drivers_judge(text, m, &web, &f);
}

static void what_is_wanted_is_the_nics_that_the_persona_uses(void)
{
	struct machine m = blade("virtio_net", VIRTIO);
	struct drivers_wanted w;
	snprintf(m.nic[0].driver, sizeof m.nic[0].driver, "igb"); /* it keeps its own MAC */
	drivers_wanted(&w, &m, &web);
	CHECK_INT(w.n, 3);
	CHECK_TEXT(w.word[0], "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00");
	CHECK_TEXT(w.word[1], "virtio:d00000001v00001AF4");
	CHECK_TEXT(w.word[2], "virtio_net");
	struct persona two = web;
	two.nics = 2;
	two.nic[1] = two.nic[0];
	m.nic[0] = m.nic[1];
	drivers_wanted(&w, &m, &two); /* the same card twice */
	CHECK_INT(w.n, 3);
	m = blade("", "");
	drivers_wanted(&w, &m, &web);
	CHECK_INT(w.n, 0);
}

static void a_missing_driver_names_the_card_and_the_remedy(void)
{
	struct machine m = blade("mlx5_core", MLX);
	char text[DRIVERS_TEXT];
	CHECK_INT(judge(text, &m, true, DRIVER_MISSING, DRIVER_MISSING, 0), DRIVERS_BAD);
	CHECK_TEXT(text,
		"persona web-01: its initramfs (6.1.0-18-amd64) has no driver for blade-b's NIC "
		"0000:00:03.0 (15b3:1015, mlx5_core); run update-initramfs -u with MODULES=most in "
		"the OS before the move");
	struct drivers_found f = {
		.kernel = "6.6", .initramfs = "/boot/initramfs-6.6.img", .aliases = true
	};
	CHECK_INT(drivers_judge(text, &m, &web, &f), DRIVERS_BAD);
	CHECK(strstr(text, "; run dracut -f --no-hostonly in the OS") != NULL);
	/* A module of that name which is not for this device: an older driver. */
	CHECK_INT(judge(text, &m, true, DRIVER_MISSING, DRIVER_MODULE, 0), DRIVERS_BAD);
	/* A card and what stands on it: one of two is not enough. */
	m = blade("virtio_net", VIRTIO);
	CHECK_INT(
		judge(text, &m, true, DRIVER_MODULE, DRIVER_MISSING, DRIVER_MISSING), DRIVERS_BAD);
	CHECK_INT(judge(text, &m, true, DRIVER_MISSING, DRIVER_MODULE, DRIVER_MODULE), DRIVERS_BAD);
}

static void a_driver_that_is_there_is_good(void)
{
	struct machine m = blade("mlx5_core", MLX);
	char text[DRIVERS_TEXT];
	CHECK_INT(judge(text, &m, true, DRIVER_MODULE, DRIVER_MODULE, 0), DRIVERS_OK);
	CHECK_TEXT(text, "persona web-01: its initramfs (6.1.0-18-amd64) has the drivers of the 1 "
			 "NIC of blade-b that it uses");
	CHECK_INT(judge(text, &m, true, DRIVER_BUILTIN, DRIVER_MISSING, 0), DRIVERS_OK);
	/* Built in, and in no list of aliases. */
	CHECK_INT(judge(text, &m, true, DRIVER_MISSING, DRIVER_BUILTIN, 0), DRIVERS_OK);
	/* No list of aliases at all: the name has to do. */
	CHECK_INT(judge(text, &m, false, DRIVER_MISSING, DRIVER_MODULE, 0), DRIVERS_OK);
	CHECK_INT(judge(text, &m, false, DRIVER_MISSING, DRIVER_MISSING, 0), DRIVERS_BAD);
	/* A shim of before said the driver's name only. */
	m = blade("mlx5_core", "");
	CHECK_INT(judge(text, &m, true, DRIVER_MODULE, 0, 0), DRIVERS_OK);
	CHECK_INT(judge(text, &m, true, DRIVER_MISSING, 0, 0), DRIVERS_BAD);
	m = blade("virtio_net", VIRTIO);
	CHECK_INT(judge(text, &m, true, DRIVER_BUILTIN, DRIVER_MODULE, DRIVER_MODULE), DRIVERS_OK);
}

static void what_is_not_known_says_why(void)
{
	struct machine m = blade("", "");
	struct drivers_found f = { .unknown = "partition 1 is XFS" };
	char text[DRIVERS_TEXT];
	CHECK_INT(judge(text, &m, true, 0, 0, 0), DRIVERS_UNKNOWN);
	CHECK_TEXT(text, "persona web-01: which driver blade-b's NIC 0000:00:03.0 needs is not "
			 "known: the shim has not run there yet");
	m = blade("mlx5_core", MLX);
	CHECK_INT(drivers_judge(text, &m, &web, &f), DRIVERS_UNKNOWN);
	CHECK_TEXT(text, "persona web-01: whether its initramfs has the drivers of blade-b is not "
			 "known: partition 1 is XFS");
	m = blade("", MLX);
	CHECK_INT(judge(text, &m, false, 0, 0, 0), DRIVERS_UNKNOWN);
	CHECK_TEXT(text, "persona web-01: its initramfs (6.1.0-18-amd64) does not say whether it "
			 "drives blade-b's NIC 0000:00:03.0 (15b3:1015)");
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

TESTS(T(what_is_wanted_is_the_nics_that_the_persona_uses),
	T(a_missing_driver_names_the_card_and_the_remedy), T(a_driver_that_is_there_is_good),
	T(what_is_not_known_says_why), T(words_are_checked))
