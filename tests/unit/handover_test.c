/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A handover from end to end but for the kernels: what files says is what the shim understands, and
 * becomes the table that an operating system reads; and the archive that it comes in. */
#include <stdlib.h>
#include <unistd.h>

#include "base/own.h"
#include "core/handover.h"
#include "initramfs/front.h"
#include "initramfs/ibft.h"
#include "tests/unit/tap.h"
#include "tests/unit/world.h"
#include "wire/newc.h"

static int render(char **text, struct world *w, const char *mac, struct err *e)
{
	const char *why = "";
	struct boot_plan plan;
	struct boot_ask ask = {
		.mac = world_mac(mac), .via = world_ip("10.77.0.1"), .stage = STAGE_SCRIPT
	};
	CHECK_INT(world_build(w, NULL), 0);
	CHECK(boot_decide(&plan, &why, &w->table, &ask));
	int r = handover_render(text, &w->table, &plan, e);
	world_fini(w);
	return r;
}

static void it_is_told_to_the_shim_that_wrote_the_addresses(void)
{
	struct world w;
	struct handover h;
	struct err e = { 0 };
	char *text = NULL;
	world_init(&w, PHASE_PERSONA);
	w.machine[0].taken = TAKING_HANDOVER;
	/* By the factory's address: the URL is still that of the boot which began under it. */
	CHECK_INT(render(&text, &w, "52:54:00:aa:00:01", &e), 0);
	CHECK_TEXT(text, "persona web-01\ninitiator iqn.2026-01.org.example:web-01\n"
			 "target iqn.2026-01.org.example:disk\nlun 17\nportal 10.77.0.1 3260\n"
			 "portal 10.77.0.2 3261\nchap u s\n"
			 "nic 02:ba:70:00:00:01 10.77.0.50 24 10.77.0.1 - 10.77.0.1\n");
	CHECK_INT(handover_parse(&h, text, &e), 0);
	CHECK_TEXT(h.persona, "web-01");
	CHECK_INT(h.lun, 17);
	CHECK_INT(h.paths, 2);
	CHECK_INT(h.path[1].port, 3261);
	CHECK_TEXT(h.secret, "s");
	CHECK_INT(h.prefix, 24);
	CHECK_INT(h.dns, 0);
	free(text);
}

static void refused(struct world *w, const char *want)
{
	struct err e = { 0 };
	char *text = NULL;
	CHECK_INT(render(&text, w, "52:54:00:aa:00:01", &e), -ENOENT);
	CHECK_TEXT(e.text, want);
	CHECK(!text);
}

static void nobody_is_told_before_it_is_his_or_where_it_is_not_sound(void)
{
	static const char not_now[] = "the persona's disk is not given out now";
	struct world w;
	for (int phase = PHASE_IDENTITY; phase <= PHASE_RESTORE; phase++) {
		world_init(&w, (enum phase)phase);
		w.machine[0].taken = TAKING_HANDOVER;
		w.binding[0].fenced = phase != PHASE_PERSONA; /* others may still write to it */
		refused(&w, not_now);
	}
	world_init(&w, PHASE_PERSONA);
	refused(&w, "this machine takes a persona by a restart");
	world_init(&w, PHASE_PERSONA);
	w.machine[0].taken = TAKING_HANDOVER;
	w.persona[0].paths = 0;
	w.persona[0].target[0] = '\0';
	refused(&w, "the persona has no disk by iSCSI");
	world_init(&w, PHASE_PERSONA);
	w.machine[0].taken = TAKING_HANDOVER;
	w.persona[0].nic[0].addr = 0;
	refused(&w, "the persona's address is another DHCP server's to give, so what would be told "
		    "of it is not known");
}

static void a_wrong_line_is_named_by_its_number_alone(void)
{
	static const char *const wrong[] = { "chap u", "chap u s s", "chap u s$", "lun 16384",
		"lun -1", "uuid 1", "serial a b", "serial a$", "portal 10.77.0.1 0", "portal x 1",
		"nic 02:ba:70:00:00:01 10.77.0.50 24",
		"nic 03:ba:70:00:00:01 10.77.0.50 24 - - 10.77.0.1", "what", "target X" };
	struct handover h;
	char text[200];
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct err e = { 0 };
		snprintf(text, sizeof text, "persona p\n%s\n", wrong[i]);
		CHECK_INT(handover_parse(&h, text, &e), -EINVAL);
		CHECK_TEXT(e.text, "handover: line 2 is not one this shim knows");
	}
	struct err e = { 0 };
	CHECK_INT(handover_parse(&h, "persona p\nlun 1\n", &e), -EINVAL);
	CHECK_TEXT(e.text, "handover: want a persona, its disk and its NIC");
}

static unsigned at16(const uint8_t *b, size_t at)
{
	return b[at] | (unsigned)b[at + 1] << 8;
}

static void check_text_at(const uint8_t *table, size_t at, const char *want)
{
	CHECK_INT(at16(table, at), (int)strlen(want));
	CHECK_TEXT((const char *)table + at16(table, at + 2), want);
}

/* As the kernel walks it: drivers/firmware/iscsi_ibft.c. */
static void the_table_says_what_firmware_would_say(void)
{
	struct handover h = { .persona = "web-01",
		.initiator = "iqn.i",
		.target = "iqn.t",
		.lun = 300,
		.paths = 3,
		.path = { { 0x0a4d0001, 3260 }, { 0x0a4d0002, 3261 }, { 0x0a4d0003, 3262 } },
		.user = "u",
		.secret = "s",
		.mutual_user = "mu",
		.mutual_secret = "ms",
		.mac = { { 2, 0xba, 0x70, 0, 0, 1 } },
		.addr = 0x0a4d0032,
		.prefix = 24,
		.gateway = 0x0a4d0001,
		.server = 0x0a4d0001 };
	uint8_t b[IBFT_MOST], again[IBFT_MOST], sum = 0;
	size_t len = ibft_make(b, &h, 2, "0000:1a:03.1");
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + b[i]);
	CHECK_INT(sum, 0);
	CHECK(memcmp(b, "IBFT", 4) == 0);
	CHECK_INT(at16(b, 4), (int)len);
	CHECK_INT(b[48], 1);
	CHECK_INT(at16(b, 50), 18);
	unsigned initiator = at16(b, 56), nic = at16(b, 58), one = at16(b, 60), two = at16(b, 64);
	CHECK_INT(at16(b, 62), 0); /* one NIC for both */
	CHECK(b[initiator] == 2 && at16(b, initiator + 2) == 74 && b[nic] == 3 &&
		at16(b, nic + 2) == 102 && b[one] == 4 && at16(b, one + 2) == 54 && b[two] == 4);
	check_text_at(b, initiator + 70, "iqn.i");
	CHECK(memcmp(b + nic + 6, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x4d\0\x32\x18\x03", 18) == 0);
	CHECK(memcmp(b + nic + 90, h.mac.b, 6) == 0);
	CHECK_INT(at16(b, nic + 96), 0x1a << 8 | 3 << 3 | 1);
	/* The path that has answered is the one that booted. */
	CHECK(b[one + 5] == 3 && b[two + 5] == 1 && b[one + 4] == 0 && b[two + 4] == 1);
	CHECK_INT(b[one + 21], 3);
	CHECK_INT(at16(b, one + 22), 3262);
	CHECK_INT(at16(b, two + 22), 3260);
	CHECK(memcmp(b + one + 24, "\x41\x2c\0\0\0\0\0\0", 8) == 0);
	CHECK_INT(b[one + 32], 2);
	check_text_at(b, one + 34, "iqn.t");
	check_text_at(b, one + 38, "u");
	check_text_at(b, one + 42, "s");
	check_text_at(b, two + 46, "mu");
	check_text_at(b, two + 50, "ms");
	/* It may be written again over one that begins with another path. */
	CHECK_INT(ibft_make(again, &h, 0, "0000:1a:03.1"), (int)len);
	CHECK_INT(at16(again, one + 22), 3260);
}

static void a_line_gets_a_word_that_ends_a_failed_boot(void)
{
	static const struct handover h = { .lun = 0 };
	struct err e = { 0 };
	char line[40];
	CHECK_INT(handover_line(line, sizeof line, &h, "root=LABEL=x xpanic=1", &e), 0);
	CHECK_TEXT(line, "root=LABEL=x xpanic=1 panic=30");
	CHECK_INT(handover_line(line, sizeof line, &h, "panic=0 ro", &e), 0);
	CHECK_TEXT(line, "panic=0 ro");
	CHECK_INT(handover_line(line, sizeof line, &h, "ro panic=5", &e), 0);
	CHECK_TEXT(line, "ro panic=5");
	CHECK_INT(handover_line(line, sizeof line, &h, "root=UUID=0123456789012345678901234", &e),
		-E2BIG);
}

#define WEB "6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204"

static void its_kernel_is_told_its_uuid_and_serial_where_the_loader_does_not(void)
{
	static const struct {
		const char *line, *want;
	} q[] = {
		{ "ro panic=5", "ro panic=5 baton.uuid=" WEB " baton.serial=BTN-7" },
		{ "ro", "ro panic=30 baton.uuid=" WEB " baton.serial=BTN-7" },
		{ "panic=5 baton.serial=other", "panic=5 baton.serial=other baton.uuid=" WEB },
		{ "baton.uuid=" WEB " panic=5", "baton.uuid=" WEB " panic=5 baton.serial=BTN-7" },
		{ "xbaton.uuid=1 panic=5 baton.serial=",
			"xbaton.uuid=1 panic=5 baton.serial= baton.uuid=" WEB },
	};
	struct world w;
	struct handover h;
	struct err e = { 0 };
	char *text = NULL, line[120];
	world_init(&w, PHASE_PERSONA);
	w.machine[0].taken = TAKING_HANDOVER;
	uuid_parse(&w.persona[0].uuid, WEB);
	strcpy(w.persona[0].serial, "BTN-7");
	CHECK_INT(render(&text, &w, "52:54:00:aa:00:01", &e), 0);
	CHECK(strstr(text, "\nuuid " WEB "\nserial BTN-7\n") != NULL);
	CHECK_INT(handover_parse(&h, text, &e), 0);
	CHECK_TEXT(e.text, "");
	for (size_t i = 0; i < sizeof q / sizeof *q; i++) {
		CHECK_INT(handover_line(line, sizeof line, &h, q[i].line, &e), 0);
		CHECK_TEXT(line, q[i].want);
	}
	free(text);
}

struct seen {
	char names[200];
	char bytes[40];
};

static bool saw(void *of, const char *name, uint32_t mode)
{
	struct seen *s = of;
	size_t n = strlen(s->names);
	snprintf(s->names + n, sizeof s->names - n, "%s:%o ", name, mode);
	return true;
}

static void saw_bytes(void *of, const uint8_t *bytes, size_t n)
{
	struct seen *s = of;
	strncat(s->bytes, (const char *)bytes, n);
}

static void saw_end(void *of)
{
	(void)of;
}

static void what_is_put_in_front_is_an_archive(void)
{
	FILE *file = tmpfile();
	CHECK(file != NULL);
	struct front f = { .fd = file ? fileno(file) : -1 };
	struct seen seen = { .names = "" };
	struct newc w = { .to = { saw, saw_bytes, saw_end, &seen } };
	struct err e = { 0 };
	uint8_t bytes[4096];
	front_folder(&f, "etc");
	front_file(&f, "etc/a", 0600, "hello", 5);
	front_file(&f, "etc/bcd", 0755, ", you", 5);
	CHECK_INT(front_end(&f, &e), 0);
	ssize_t n = pread(f.fd, bytes, sizeof bytes, 0);
	CHECK(n > 0 && n % 4 == 0 && newc_feed(&w, bytes, (size_t)n) == (size_t)n);
	CHECK(newc_is_whole(&w));
	CHECK_TEXT(seen.names, "etc:40755 etc/a:100600 etc/bcd:100755 ");
	CHECK_TEXT(seen.bytes, "hello, you");
	if (file)
		fclose(file);
	f = (struct front){ .fd = -1 };
	front_folder(&f, "etc");
	CHECK_INT(front_end(&f, &e), -EBADF);
}

TESTS(T(it_is_told_to_the_shim_that_wrote_the_addresses),
	T(nobody_is_told_before_it_is_his_or_where_it_is_not_sound),
	T(a_wrong_line_is_named_by_its_number_alone), T(the_table_says_what_firmware_would_say),
	T(a_line_gets_a_word_that_ends_a_failed_boot),
	T(its_kernel_is_told_its_uuid_and_serial_where_the_loader_does_not),
	T(what_is_put_in_front_is_an_archive))
