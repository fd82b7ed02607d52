/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an initramfs carries: patterns of depmod, its lists, and names of files. */
#include "base/list.h"
#include "base/own.h"
#include "tap.h"
#include "wire/modules.h"

#define V "usr/lib/modules/6.1.0-18-amd64/"
#define E1000 "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00"
enum { PLAIN = 0100644 };

static void patterns_fit_as_depmod_means_them(void)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} all[] = {
		{ "pci:v00008086d0000100Esv*sd*bc*sc*i*", E1000, true },
		{ "pci:v00008086d0000100Fsv*sd*bc*sc*i*", E1000, false },
		{ "pci:v*d*sv*sd*bc02sc00i*", E1000, true },
		{ "pci:v*d*sv*sd*bc01sc00i*", E1000, false },
		{ "*", "", true },
		{ "", "", true },
		{ "", "a", false },
		{ "a?c", "abc", true },
		{ "a?c", "ac", false },
		{ "[a-c]x", "bx", true },
		{ "[a-c]x", "dx", false },
		{ "[xb]x", "bx", true },
		{ "[", "[", true },
		{ "a*b*c", "aXbXbXc", true },
		{ "a*b*c", "aXbXbX", false },
		{ "**b", "aab", true },
		{ "*a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			false },
	};
	for (size_t i = 0; i < COUNT(all); i++) {
		CHECK_INT(alias_fits(all[i].pattern, all[i].text), all[i].fits);
		if (alias_fits(all[i].pattern, all[i].text) != all[i].fits)
			printf("# %s %s\n", all[i].pattern, all[i].text);
	}
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

static void file(struct modules *m, const char *path, const char *holds)
{
	bool wanted = modules_file(m, path, PLAIN);
	CHECK_INT(wanted, holds != NULL);
	/* Byte for byte: a line does not care how it comes. */
	for (size_t i = 0; wanted && i < strlen(holds); i++)
		modules_bytes(m, (const uint8_t *)holds + i, 1);
	if (wanted)
		modules_end(m);
}

static void drivers_are_found_by_device_and_by_name(void)
{
	static const char *const wanted[] = { E1000, "virtio:d00000001v00001AF4", "virtio-net",
		"mlx5_core", "pci:v00001AF4d00001000sv0", "pci:v000015B3d00001015sv0", "e1000e" };
	static const struct module_found want[] = { { MODULE_FILE, "e1000" },
		{ MODULE_FILE, "virtio_net" }, { MODULE_FILE, "virtio_net" },
		{ MODULE_MISSING, "mlx5_core" }, { MODULE_BUILTIN, "virtio_pci" },
		{ MODULE_MISSING, "mlx5_core" }, { MODULE_BUILTIN, "e1000e" } };
	OWN(modules) struct modules *m = modules_new(wanted, COUNT(wanted));
	struct modules_seen seen;
	file(m, V "modules.alias",
		"# Aliases\nalias pci:v00008086d0000100Esv*sd*bc*sc*i* e1000\n"
		"alias virtio:d00000001v* virtio_net\nalias pci:v000015B3d00001015sv* mlx5_core\n"
		"alias\nalias x\n");
	file(m, V "modules.builtin.modinfo", "virtio_pci.alias=pci:v00001AF4d*");
	file(m, V "modules.builtin", "kernel/drivers/net/e1000e.ko");
	file(m, V "kernel/drivers/net/e1000.ko.xz", NULL);
	file(m, "lib/modules/6.1.0-18-amd64/kernel/virtio-net.ko.zst", NULL);
	file(m, "lib/modules/5.10.0/kernel/mlx5_core.ko", NULL); /* another kernel's */
	file(m, "etc/modules.alias", NULL);
	CHECK(!modules_file(m, V "kernel/mlx5_core.ko", 0120777)); /* a link */
	modules_seen(&seen, m);
	CHECK_TEXT(seen.version, "6.1.0-18-amd64");
	CHECK_INT(seen.modules, 2);
	CHECK(seen.aliases && seen.builtin && !seen.too_many);
	for (unsigned i = 0; i < COUNT(wanted); i++) {
		struct module_found f;
		modules_found(&f, m, i);
		CHECK_INT(f.is, want[i].is);
		CHECK_TEXT(f.module, want[i].module);
	}
}

static void what_is_too_much_is_said_and_not_kept(void)
{
	static const char *const wanted[] = { E1000 };
	OWN(modules) struct modules *m = modules_new(wanted, 1);
	struct modules_seen seen;
	struct module_found f;
	char line[3000] = "kernel/";
	memset(line + 7, 'x', sizeof line - 8);
	line[sizeof line - 1] = '\0';
	file(m, V "modules.builtin", line);
	modules_seen(&seen, m);
	CHECK(!seen.too_many);
	for (int i = 0; i < 17; i++)
		file(m, V "modules.alias", "alias pci:* other\n");
	modules_seen(&seen, m);
	CHECK(seen.too_many);
	modules_found(&f, m, 0);
	CHECK_INT(f.is, MODULE_MISSING);
	CHECK(modules_new(wanted, WANTED_MAX + 1) == NULL);
}

TESTS(T(patterns_fit_as_depmod_means_them), T(patterns_end_whatever_they_hold),
	T(drivers_are_found_by_device_and_by_name), T(what_is_too_much_is_said_and_not_kept))
