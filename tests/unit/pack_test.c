/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the shim reads: manifests, work orders, answers; and how it starts a tool. */
#include <errno.h>
#include <stdlib.h>

#include "initramfs/http.h"
#include "initramfs/job.h"
#include "initramfs/pack.h"
#include "initramfs/run.h"
#include "initramfs/smbios.h"
#include "tests/unit/tap.h"

#define LAB                                                                                        \
	"name = lab\npci = 8086:100e 15b3:*\nread = {pack}/t read {pci}\n"                         \
	"write = {pack}/t  write -m {mac_hex}:{old}\nmac = ^mac ([0-9a-f:]{17})$\n"

static int parse(struct pack *p, const char *text, struct err *e)
{
	return pack_parse(p, "m", text, strlen(text), e);
}

static void a_manifest_says_which_cards_and_how(void)
{
	struct pack p;
	struct err e = { 0 };
	CHECK_INT(parse(&p, "# the lab's\n" LAB "\nfunctions = 0 2\ntimeout_s = 7\n", &e), 0);
	CHECK_TEXT(e.text, "");
	CHECK_TEXT(p.name, "lab");
	CHECK_INT(p.timeout_s, 7);
	CHECK(pack_fits(&p, 0x8086, 0x100e) && pack_fits(&p, 0x15b3, 0x1017));
	CHECK(!pack_fits(&p, 0x8086, 0x100f));
	CHECK(pack_writes_function(&p, "0000:00:03.0") && pack_writes_function(&p, "0000:00:03.2"));
	CHECK(!pack_writes_function(&p, "0000:00:03.1"));
	pack_fini(&p);
}

static void a_wrong_manifest_is_told_its_line(void)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "nonsense\n", "m:1: want key = value" },
		{ "\nname = Lab\n", "m:2: name: want 1 to 63 of a-z, 0-9 and '-'" },
		{ "name = a\nname = b\n", "m:2: this key stands here for the second time" },
		{ "colour = red\n",
			"m:1: unknown key; want name, kind, pci, probe, read, write, verify, "
			"restore, mac, timeout_s, functions or another of docs/tool-packs.md" },
		{ "pci = 8086\n",
			"m:1: pci: want VENDOR:DEVICE, four hex digits each, as in 8086:100e" },
		{ "pci = 8086:1\n",
			"m:1: pci: want VENDOR:DEVICE, four hex digits each, or VENDOR:*" },
		{ "timeout_s = 0\n", "m:1: timeout_s: want 1 to 600" },
		{ "functions = 8\n", "m:1: functions: want digits of 0 to 7 with blanks between" },
		{ "read = tool\n",
			"m:1: a command: want a program's whole path, /... or {pack}/..." },
		{ "read = {pack}/t {colour}\n",
			"m:1: a command: want one of the words of docs/tool-packs.md between "
			"braces, as {pci} or {mac}" },
		{ "kind = disk\n", "m:1: kind: want nic, fc or board" },
		{ "name = a\001\n",
			"m:1: a control character; want plain text, blanks instead of tabs" },
		{ "name = a\n", "m: no pci; want the cards that the tool can write" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pack p;
		struct err e = { 0 };
		CHECK_INT(parse(&p, cases[i].text, &e), -EINVAL);
		CHECK_TEXT(e.text, cases[i].why);
	}
}

static void a_rule_that_would_run_away_is_refused(void)
{
	static const char *const rules[] = { "([0-9]", "[0-9]", "(a)(b)", "(a{64}){64}", "(a){2}",
		"(a)a{64}{64}", "(a)a*{9}", "(a)b{255}", "(a)b{1,999}", "((a))", "(a)\\1",
		"(a)\\w" };
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		struct pack p;
		struct err e = { 0 };
		char text[64];
		snprintf(text, sizeof text, "mac = %s\n", rules[i]);
		CHECK_INT(parse(&p, text, &e), -EINVAL);
		CHECK(strncmp(e.text, "m:1: mac: ", 10) == 0);
	}
}

static void a_command_takes_the_cards_values(void)
{
	struct pack p;
	struct pack_args a;
	struct err e = { 0 };
	struct mac mac, old;
	mac_parse(&mac, "02:ba:70:00:00:01");
	mac_parse(&old, "52:54:00:aa:00:01");
	struct pack_card c = { .pci = "0000:00:03.0", .netdev = "eth0", .mac = &mac, .old = &old };
	CHECK_INT(parse(&p, LAB, &e), 0);
	snprintf(p.dir, sizeof p.dir, "/packs/lab");
	CHECK_INT(pack_args(&a, &p, PACK_WRITE, &c, &e), 0);
	CHECK_TEXT(a.argv[0], "/packs/lab/t");
	CHECK_TEXT(a.argv[1], "write");
	CHECK_TEXT(a.argv[2], "-m");
	CHECK_TEXT(a.argv[3], "02ba70000001:52:54:00:aa:00:01");
	CHECK(!a.argv[4]);
	CHECK_INT(pack_args(&a, &p, PACK_VERIFY, &c, &e), -EINVAL);
	CHECK_TEXT(e.text, "pack lab: no verify command");
	c.old = NULL;
	CHECK_INT(pack_args(&a, &p, PACK_WRITE, &c, &e), -EINVAL);
	CHECK_TEXT(e.text, "pack lab: write: no value for {old}");
	pack_fini(&p);
}

static void the_address_is_found_in_what_the_tool_says(void)
{
	struct pack p;
	struct mac mac;
	char text[MAC_TEXT];
	CHECK_INT(parse(&p, LAB, NULL), 0);
	CHECK(pack_mac(&mac, &p, "hello\nmac 02:BA:70:00:00:01\nbye\n"));
	CHECK_TEXT(mac_text(text, &mac), "02:ba:70:00:00:01");
	CHECK(!pack_mac(&mac, &p, "mac 02:ba:70:00:00:0\n"));
	CHECK(!pack_mac(&mac, &p, "mac 02:ba:70:00:00::1\n"));
	CHECK(!pack_mac(&mac, &p, ""));
	pack_fini(&p);
}

static const char order[] = "deed restore\nmachine blade-b\npersona web-01\ngeneration 7\n"
			    "nic - 52:54:00:aa:00:01 - keeps\n"
			    "nic 0000:00:04.0 52:54:00:aa:00:02 52:54:00:aa:00:02 carries\n";

static void a_work_order_is_read(void)
{
	struct job j;
	struct err e = { 0 };
	CHECK_INT(job_parse(&j, order, &e), 0);
	CHECK_INT(j.deed, JOB_RESTORE);
	CHECK_TEXT(j.machine, "blade-b");
	CHECK_INT(j.generation, 7);
	CHECK_INT(j.nics, 2);
	CHECK(!job_nic_is_due(&j.nic[0]) && job_nic_is_due(&j.nic[1]));
	CHECK(!j.handover);
	CHECK_INT(job_parse(&j, "deed identity\nmachine a\ntakes handover\n", &e), 0);
	CHECK(j.handover);
	CHECK_INT(job_parse(&j, "deed identity\nmachine a\ntakes shim\n", &e), -EINVAL);
	CHECK_INT(job_parse(&j, "deed identity\nmachine a\nnic 1 2 3 carries\n", &e), -EINVAL);
	CHECK_TEXT(e.text, "job: line 3 is not one this shim knows: nic 1 2 3 carries");
	CHECK_INT(job_parse(&j, "deed shave\nmachine a\n", &e), -EINVAL);
	CHECK_INT(job_parse(&j, "deed identity\n", &e), -EINVAL);
	CHECK_INT(job_parse(&j, "deed identity\nmachine a\ngeneration 99999999999\n", &e), -EINVAL);
}

static struct card card_of(const char *pci, const char *permanent)
{
	struct card c = { 0 };
	snprintf(c.pci, sizeof c.pci, "%s", pci);
	mac_parse(&c.permanent, permanent);
	c.current = c.permanent;
	return c;
}

static void a_card_is_known_by_place_then_by_address(void)
{
	struct job j;
	struct err e = { 0 };
	/* The second has the persona's address by now; where it stands tells which it is. */
	struct card c[] = { card_of("0000:00:03.0", "52:54:00:aa:00:01"),
		card_of("0000:00:04.0", "02:ba:70:00:00:01") };
	CHECK_INT(job_parse(&j, order, &e), 0);
	CHECK_INT(job_match(&j, c, 2, &e), 0);
	CHECK(j.nic[0].card == &c[0] && j.nic[1].card == &c[1]);

	j.nic[1].pci[0] = '\0';
	CHECK_INT(job_match(&j, c, 2, &e), -ENODEV);
	CHECK(strstr(e.text, "no card with the factory address 52:54:00:aa:00:02"));
	mac_parse(&j.nic[1].wanted, "02:ba:70:00:00:01");
	CHECK_INT(job_match(&j, c, 2, &e), 0);
	CHECK(j.nic[1].card == &c[1]);

	c[0] = c[1];
	CHECK_INT(job_match(&j, c, 2, &e), -ENODEV);
	CHECK(strstr(e.text, "several cards fit"));
}

static void an_answer_is_whole_or_refused(void)
{
	struct http_answer a;
	struct err e = { 0 };
	static const char good[] = "HTTP/1.1 503 Busy\r\nContent-length: 2\r\n\r\nno, and more";
	CHECK_INT(http_answer_parse(&a, good, sizeof good - 1, &e), 0);
	CHECK_INT(a.status, 503);
	CHECK_TEXT(a.body, "no");
	static const char *const bad[] = { "", "HTTP/1.1 200 OK\r\n", "SSH-2.0 x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 20x\r\n\r\n" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK_INT(http_answer_parse(&a, bad[i], strlen(bad[i]), &e), -EBADMSG);
}

static void a_base_url_is_an_address_in_digits(void)
{
	struct http_url u;
	CHECK(http_url_parse(&u, "http://10.0.2.2:8080/b/TOKEN/"));
	CHECK_INT(u.addr, 0x0a000202);
	CHECK_INT(u.port, 8080);
	CHECK_TEXT(u.path, "/b/TOKEN");
	CHECK(!http_url_parse(&u, "http://host/b") && !http_url_parse(&u, "https://10.0.0.1/"));
	CHECK(!http_url_parse(&u, "http://10.0.0.1:0/") &&
		!http_url_parse(&u, "http://10.0.0.1/a b"));
}

static int sh(struct run *r, const char *script, unsigned timeout_s, struct err *e)
{
	char shell[] = "/bin/sh", c[] = "-c", text[128];
	snprintf(text, sizeof text, "%s", script);
	char *argv[] = { shell, c, text, NULL };
	return run(r, argv, "/", timeout_s, e);
}

static void a_tools_words_are_kept(void)
{
	struct run r;
	struct err e = { 0 };
	CHECK_INT(sh(&r, "echo out; echo err >&2", 10, &e), 0);
	CHECK_TEXT(r.output, "out\nerr\n");
	CHECK_INT(sh(&r, "echo no; printf 'NVM\\033 locked\\n'; exit 3", 10, &e), -ECHILD);
	CHECK_INT(r.status, 3);
	CHECK_TEXT(e.text, "/bin/sh: status 3: no; NVM? locked");
	CHECK_INT(sh(&r, "kill -9 $$", 10, &e), -ECHILD);
	CHECK_TEXT(e.text, "/bin/sh: ended by signal 9: ");
	CHECK_INT(sh(&r, "yes | head -c 100000; echo end", 10, &e), 0);
	CHECK_INT(strlen(r.output), RUN_OUTPUT);
	CHECK_TEXT(r.output + RUN_OUTPUT - 5, "\nend\n");
}

static void a_tool_that_hangs_is_ended_with_its_children(void)
{
	struct run r;
	struct err e = { 0 };
	CHECK_INT(sh(&r, "echo begun; sleep 1000 & wait", 1, &e), -ETIMEDOUT);
	CHECK_TEXT(e.text, "/bin/sh: no end after 1 s: begun");
	/* One that ends at once, and leaves a child that holds its output open. */
	CHECK_INT(sh(&r, "echo gone; sleep 1000 &", 10, &e), 0);
	CHECK_TEXT(r.output, "gone\n");
}

/* One memory module: its size as it stands in the table, and the large one behind it. */
static size_t module_put(uint8_t *to, uint8_t len, uint32_t size, uint32_t large)
{
	memset(to, 0, len);
	to[0] = 17;
	to[1] = len;
	to[0x0c] = (uint8_t)size;
	to[0x0d] = (uint8_t)(size >> 8);
	for (int i = 0; len >= 0x20 && i < 4; i++)
		to[0x1c + i] = (uint8_t)(large >> 8 * i);
	return len;
}

static size_t strings_put(uint8_t *to, const char *strings, size_t len)
{
	memcpy(to, strings, len);
	return len;
}
#define STRINGS(to, words) strings_put(to, words "\0", sizeof words + 1)

static void the_firmwares_table_says_how_much_memory_is_in(void)
{
	uint8_t t[512] = { 1, 8, 0, 0, 17, 17, 17, 17 }; /* a type 1 of 8 bytes, with strings */
	size_t n = 8, with_all;
	n += STRINGS(t + n, "Maker\0Model");
	n += module_put(t + n, 0x28, 16384, 0);
	n += STRINGS(t + n, "DIMM 0");
	n += module_put(t + n, 0x28, 0, 0); /* nothing is in that one */
	n += STRINGS(t + n, "DIMM 1");
	n += module_put(t + n, 0x28, 0x7fff, 65536);
	n += STRINGS(t + n, "");
	n += module_put(t + n, 0x1b, 0x8000 | 2048, 0); /* an old form, in KiB */
	n += STRINGS(t + n, "");
	n += module_put(t + n, 0x28, 0xffff, 7); /* it does not know */
	n += STRINGS(t + n, "");
	with_all = n;
	t[n++] = 127;
	t[n++] = 4;
	n += 4;
	n += module_put(t + n, 0x28, 99, 0); /* behind the end */
	CHECK_INT(smbios_memory_mb(t, with_all), 16384 + 65536 + 2);
	CHECK_INT(smbios_memory_mb(t, n), 16384 + 65536 + 2);
	CHECK_INT(smbios_memory_mb(t, 0), 0);
	for (size_t cut = 0; cut < n; cut++) { /* whatever is missing at its end */
		uint8_t *some = malloc(cut + 1);
		memcpy(some, t, cut);
		CHECK(smbios_memory_mb(some, cut) <= 16384 + 65536 + 2);
		free(some);
	}
	t[1] = 3; /* shorter than its own head */
	CHECK_INT(smbios_memory_mb(t, n), 0);
}

TESTS(T(a_manifest_says_which_cards_and_how), T(a_wrong_manifest_is_told_its_line),
	T(a_rule_that_would_run_away_is_refused), T(a_command_takes_the_cards_values),
	T(the_address_is_found_in_what_the_tool_says), T(a_work_order_is_read),
	T(a_card_is_known_by_place_then_by_address), T(an_answer_is_whole_or_refused),
	T(a_base_url_is_an_address_in_digits), T(a_tools_words_are_kept),
	T(a_tool_that_hangs_is_ended_with_its_children),
	T(the_firmwares_table_says_how_much_memory_is_in))
