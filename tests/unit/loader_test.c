/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a loader's files say is booted. */
#include "wire/loader.h"

#include "base/list.h"
#include "tap.h"

static struct loader_entry of(const char *name, const char *text)
{
	struct loader_entry e;
	loader_entry_read(&e, name, text, strlen(text));
	return e;
}

static void an_entry_is_read(void)
{
	struct loader_entry e = of("debian.conf",
		"# made by hand\r\n\ntitle Debian\n  linux\t/vmlinuz  \r\ninitrd /ucode.img\n"
		"initrd   \\EFI\\debian\\initrd.img\nversion 6.1.0-18-amd64\nsort-key debian\n"
		"machine-id 4b3c\noptions initrd=/other.img ro\ninitrdx /y");
	CHECK_TEXT(e.kernel, "/vmlinuz");
	CHECK_INT(e.initrds, 2);
	CHECK_TEXT(e.initrd[0], "/ucode.img");
	CHECK_TEXT(e.initrd[1], "\\EFI\\debian\\initrd.img");
	CHECK_TEXT(e.version, "6.1.0-18-amd64");
	CHECK_TEXT(e.sort_key, "debian");
	CHECK_TEXT(e.machine_id, "4b3c");
	CHECK(!e.odd);
	e = of("a.conf", "title Memtest\nefi /EFI/memtest.efi\n");
	CHECK_TEXT(e.kernel, "");
	CHECK(!e.odd);
}

static void the_options_are_put_in_a_row(void)
{
	char text[2100] = "options ";
	struct loader_entry e =
		of("a.conf", "linux /k\noptions root=LABEL=x  ro \noptions quiet\n");
	CHECK_TEXT(e.line, "root=LABEL=x  ro quiet");
	CHECK(!e.line_odd);
	CHECK(of("a.conf", "options a\noptions \x01\n").line_odd);
	memset(text + 8, 'x', 1023);
	CHECK(!of("a.conf", text).line_odd);
	strcpy(text + 8 + 1023, "\noptions y");
	CHECK(of("a.conf", text).line_odd);
	memset(text + 8, 'x', 1024);
	CHECK(of("a.conf", text).line_odd);
}

static void grub_tells_the_kernel_that_is_meant(void)
{
	static const char cfg[] = "set default=\"0\"\nmenuentry 'Debian' {\n\techo 'Loading'\n"
				  "\tlinux\t/boot/vmlinuz-6.1.0-18-amd64 root=UUID=1-2 ro  quiet\n"
				  "\tinitrd\t/boot/initrd.img-6.1.0-18-amd64\n}\n"
				  "linux /boot/vmlinuz-6.1.0-18-amd64 root=UUID=1-2 ro single\n"
				  "linuxefi /vmlinuz-6.1.0-17-amd64 root=$root ro\n"
				  "linux16 /vmlinuz-6.1.0-16-amd64\n";
	char line[LOADER_LINE + 1] = "";
	CHECK(loader_grub_line(line, "vmlinuz-6.1.0-18-amd64", cfg, sizeof cfg - 1));
	CHECK_TEXT(line, "root=UUID=1-2 ro  quiet");
	CHECK(!loader_grub_line(line, "vmlinuz-6.1.0-17-amd64", cfg, sizeof cfg - 1));
	CHECK(loader_grub_line(line, "vmlinuz-6.1.0-16-amd64", cfg, sizeof cfg - 1));
	CHECK_TEXT(line, "");
	CHECK(!loader_grub_line(line, "vmlinuz-6.1.0-1", cfg, sizeof cfg - 1));
}

static void what_cannot_be_kept_is_odd(void)
{
	char text[400] = "linux /";
	memset(text + 7, 'x', 127);
	CHECK(of("a.conf", text).odd);
	text[7 + 126] = '\n';
	CHECK(!of("a.conf", text).odd);
	CHECK(of("a.conf", "initrd /a\x01\n").odd);
	CHECK(of("a.conf", "initrd /a\xc3\xa9").odd);
	CHECK(of("a.conf", "initrd 1\ninitrd 2\ninitrd 3\ninitrd 4\ninitrd 5\n").odd);
	CHECK(!of("a.conf", "initrd 1\ninitrd 2\ninitrd 3\ninitrd 4\n").odd);
	CHECK(!of("a.conf", "title \x01\xff\nlinux /a").odd);
	CHECK_TEXT(of("a.conf", "linux\n").kernel, "");
}

/* Each stands before the next. */
static void the_first_of_the_menu_is_the_newest(void)
{
	const struct loader_entry order[] = {
		of("z.conf", "sort-key arch\nversion 1\n"),
		of("a-6.10.conf", "sort-key debian\nmachine-id 1\nversion 6.10.0-1\n"),
		of("a-6.9.conf", "sort-key debian\nmachine-id 1\nversion 6.9.0-1\n"),
		of("b.conf", "sort-key debian\nmachine-id 2\nversion 7\n"),
		of("c-6.10.conf", ""),
		of("c-6.9.conf", "version 7\n"),
		of("c-6.8+1-2.conf", ""),
		of("x+0-3.conf", "sort-key arch\nversion 9\n"),
		of("c-9+0.conf", ""),
	};
	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t k = 0; k < COUNT(order); k++) {
			int r = loader_entry_compare(&order[i], &order[k]);
			CHECK((r > 0) - (r < 0) == (i > k) - (i < k));
		}
}

static void the_default_is_a_pattern(void)
{
	static const struct {
		const char *text, *name;
		bool fits;
	} all[] = { { "timeout 3\ndefault persona.conf\n", "persona.conf", true },
		{ "default persona", "Persona.conf", true },
		{ "default 4B3C-*", "4b3c-6.1.0.conf", true },
		{ "default 4b3c-*", "5b3c-6.1.0.conf", false },
		{ "default @saved", "a.conf", false }, { "#default a", "a.conf", false },
		{ "", "a.conf", false }, { "default a\ndefault b\n", "b.conf", true } };
	for (size_t i = 0; i < COUNT(all); i++) {
		char pattern[LOADER_PATH + 1];
		const struct loader_entry e = of(all[i].name, "");
		loader_default_read(pattern, all[i].text, strlen(all[i].text));
		CHECK_INT(loader_default_fits(pattern, &e), all[i].fits);
	}
}

TESTS(T(an_entry_is_read), T(the_options_are_put_in_a_row), T(grub_tells_the_kernel_that_is_meant),
	T(what_cannot_be_kept_is_odd), T(the_first_of_the_menu_is_the_newest),
	T(the_default_is_a_pattern))
