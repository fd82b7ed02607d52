/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a persona's initramfs must know of another machine's cards, and what is said of it; and the
 * walk through archives and aliases that a stranger has written. */
#include "core/drivers.h"

#include <string.h>

#include "base/list.h"
#include "tests/unit/tap.h"
#include "wire/modules.h"
#include "wire/newc.h"
#include "wire/parts.h"

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

/* ------------------------------------------------------------------ the walk */

static const char *const wanted[] = { "pci:v00008086d0000100Esv00000000sd00000000bc02sc00i00",
	"igb", "virtio:d00000001v00001AF4" };

static void file_put(struct modules *m, const char *path, const char *bytes)
{
	if (modules_file(m, path, 0100644)) {
		modules_bytes(m, (const uint8_t *)bytes, strlen(bytes));
		modules_end(m);
	}
}

static void drivers_are_found_as_files_as_aliases_and_built_in(void)
{
	struct modules *m = modules_new(wanted, COUNT(wanted));
	struct module_found f;
	struct modules_seen seen;
	CHECK(m != NULL);
	file_put(m,
		"usr/lib/modules/6.1.0-18-amd64/kernel/drivers/net/ethernet/intel/e1000/"
		"e1000.ko.xz",
		"");
	file_put(m, "usr/lib/modules/6.1.0-18-amd64/modules.alias",
		"# a comment\nalias pci:v00008086d0000100Esv*sd*bc*sc*i* e1000\n"
		"alias virtio:d00000001v* virtio_net\n");
	file_put(m, "usr/lib/modules/6.1.0-18-amd64/modules.builtin",
		"kernel/drivers/net/ethernet/intel/igb/igb.ko\n");
	modules_seen(&seen, m);
	CHECK_TEXT(seen.version, "6.1.0-18-amd64");
	CHECK(seen.aliases && seen.builtin && !seen.too_many);
	modules_found(&f, m, 0);
	CHECK_INT(f.is, MODULE_FILE);
	CHECK_TEXT(f.module, "e1000");
	modules_found(&f, m, 1);
	CHECK_INT(f.is, MODULE_BUILTIN);
	modules_found(&f, m, 2); /* its alias is there, and it is not */
	CHECK_INT(f.is, MODULE_MISSING);
	modules_drop(&m);
}

static void patterns_end_whatever_they_hold(void)
{
	char pattern[256], text[256];
	memset(pattern, '*', sizeof pattern);
	pattern[255] = '\0';
	memset(text, 'a', sizeof text);
	text[255] = '\0';
	CHECK(alias_fits(pattern, text));
	for (int i = 0; i < 254; i += 2)
		pattern[i] = 'a';
	pattern[254] = 'b';
	CHECK(!alias_fits(pattern, text));
	CHECK(alias_fits("v[0-9a]?", "va1"));
	CHECK(alias_fits("v[", "v[")); /* a bracket that does not close is one */
	CHECK(!alias_fits("", "a"));
}

struct heard {
	char names[200];
	size_t bytes;
};

static bool on_file(void *of, const char *name, uint32_t mode)
{
	struct heard *h = of;
	(void)mode;
	strncat(h->names, name, sizeof h->names - strlen(h->names) - 1);
	strcat(h->names, " ");
	return true;
}

static void on_bytes(void *of, const uint8_t *bytes, size_t n)
{
	(void)bytes;
	((struct heard *)of)->bytes += n;
}

static void on_end(void *of)
{
	strcat(((struct heard *)of)->names, "| ");
}

static size_t member(char *to, const char *name, const char *data)
{
	size_t n = (size_t)sprintf(to,
		"07070100000001000081a400000000000000000000000100000000%08zx"
		"00000000000000000000000000000000%08zx00000000%s",
		strlen(data), strlen(name) + 1, name);
	n++;
	while (n % 4)
		to[n++] = '\0';
	memcpy(to + n, data, strlen(data));
	n += strlen(data);
	while (n % 4)
		to[n++] = '\0';
	return n;
}

static void archives_follow_each_other_however_they_are_cut(void)
{
	char text[2048] = "";
	size_t len = member(text, "early", "microcode");
	len += member(text + len, "TRAILER!!!", "");
	len += 512; /* zeros */
	len += member(text + len, "lib", "abc");
	len += member(text + len, "TRAILER!!!", "");
	memcpy(text + len, "\x1f\x8b", 2); /* the rest is compressed */
	for (size_t cut = 1; cut < len; cut++) {
		struct heard h = { "", 0 };
		struct newc w = { .to = { on_file, on_bytes, on_end, &h } };
		size_t at = newc_feed(&w, (const uint8_t *)text, cut);
		if (at == cut)
			at += newc_feed(&w, (const uint8_t *)text + cut, len + 2 - cut);
		CHECK_INT(w.state, NEWC_FOREIGN);
		CHECK_INT(at, len);
		CHECK_TEXT(h.names, "early | lib | ");
		CHECK_INT(h.bytes, 12);
	}
	struct newc w = { .to = { on_file, on_bytes, on_end, &(struct heard){ "", 0 } } };
	memset(text + 54, 'z', 8); /* a size that is no number */
	newc_feed(&w, (const uint8_t *)text, len);
	CHECK_INT(w.state, NEWC_BAD);
}

TESTS(T(a_card_is_asked_for_as_the_kernel_names_it), T(what_is_missing_is_said_with_what_mends_it),
	T(drivers_are_found_as_files_as_aliases_and_built_in), T(patterns_end_whatever_they_hold),
	T(archives_follow_each_other_however_they_are_cut))
