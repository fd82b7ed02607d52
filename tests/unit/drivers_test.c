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

static void a_card_is_asked_for_as_the_kernel_names_it(void)
{
	struct drivers_want w;
	blade_make("15b3:1015", "1af4:1000");
	drivers_wanted(&w, &blade, &web);
	CHECK_INT(w.n, 2);
	CHECK_TEXT(w.modalias[0], "pci:v000015B3d00001015sv00000000sd00000000bc02sc00i00");
	CHECK_TEXT(w.modalias[1], "virtio:d00000001v00001AF4");
	blade_make("", "8086:100e"); /* no shim has told of the first */
	drivers_wanted(&w, &blade, &web);
	CHECK_INT(w.n, 1);
	CHECK_INT(w.nic[0], 1);
	CHECK(alias_fits("pci:v00008086d0000100Esv*sd*bc*sc*i*", w.modalias[0]));
	CHECK(!alias_fits("pci:v00008086d0000100Fsv*sd*bc*sc*i*", w.modalias[0]));
}

static struct check judged(const struct drivers_said *s)
{
	struct checklist l = { .n = 0 };
	struct drivers_want w;
	const struct preflight_case c = { .p = &web, .to = &blade };
	drivers_wanted(&w, &blade, &web);
	check_drivers(&l, &c, &w, s);
	CHECK_INT(l.n, 1);
	return l.check[0];
}

static void what_is_missing_is_said_with_what_mends_it(void)
{
	struct drivers_said s = {
		.initramfs = "/boot/initrd.img-6.1.0-18-amd64", .aliases = true, .n = 2
	};
	s.module[0] = "mlx5_core";
	s.module[1] = "virtio_net";
	blade_make("15b3:1015", "1af4:1000");
	struct check k = judged(&s);
	CHECK_INT(k.finding, FINDING_OK);
	CHECK(strstr(k.why, "mlx5_core") != NULL);
	s.missing[0] = true;
	k = judged(&s);
	CHECK_INT(k.finding, FINDING_BAD);
	CHECK_TEXT(k.about, "web-01");
	CHECK(strstr(k.why,
		"6.1.0-18-amd64) has no driver for the card 0000:00:03.0 of machine blade-b "
		"(15b3:1015)"));
	s.aliases = false; /* nobody can say */
	CHECK_INT(judged(&s).finding, FINDING_UNKNOWN);
	s.unknown = "partition 1 is XFS";
	k = judged(&s);
	CHECK_INT(k.finding, FINDING_UNKNOWN);
	CHECK(strstr(k.why, "could not be read: partition 1 is XFS") != NULL);
}

TESTS(T(a_card_is_asked_for_as_the_kernel_names_it), T(what_is_missing_is_said_with_what_mends_it))
