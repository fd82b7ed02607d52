/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's report: what is read, which card is which NIC, and what was written. */
#include <stdlib.h>

#include "base/list.h"
#include "broker/report.h"
#include "tests/unit/tap.h"

#define HEAD "report id=7 mac=52:54:00:aa:00:01 generation=4\n"
#define SAYS(stage, nics)                                                                          \
	HEAD "{\"stage\":\"" stage "\",\"deed\":\"identity\",\"machine\":\"blade-a\","             \
	     "\"generation\":4,\"nics\":[" nics "]}"
#define NIC(pci, more) "{\"pci\":\"" pci "\"," more "}"

static struct mac mac(const char *text)
{
	struct mac m = { { 0 } };
	if (!mac_parse(&m, text))
		abort();
	return m;
}

static int read_text(struct report *r, const char *text, struct err *e)
{
	memset(e, 0, sizeof *e);
	return report_read(r, text, strlen(text), e);
}

static struct machine blade(void)
{
	return (struct machine){ .name = "blade-a",
		.nics = 2,
		.nic = { { .factory = mac("52:54:00:aa:00:01") },
			{ .factory = mac("52:54:00:aa:00:02"), .carries = true } } };
}

static struct persona web(void)
{
	return (struct persona){
		.name = "web-01", .nics = 1, .nic = { { .mac = mac("02:ba:70:00:00:01") } }
	};
}

static void a_report_is_read(void)
{
	struct report r;
	struct err e;
	CHECK_INT(read_text(&r,
			  SAYS("found", NIC("0000:00:03.0", "\"permanent\":\"52:54:00:aa:00:01\","
							    "\"id\":\"8086:100e\"")),
			  &e),
		0);
	CHECK_INT(r.id, 7);
	CHECK_INT(r.generation, 4);
	CHECK_INT(r.said_generation, 4);
	CHECK_INT(r.stage, REPORT_FOUND);
	CHECK_TEXT(r.machine, "blade-a");
	CHECK_INT(r.nics, 1);
	CHECK_TEXT(r.nic[0].pci, "0000:00:03.0");
	CHECK_TEXT(r.nic[0].card, "8086:100e");
	CHECK_INT(
		read_text(&r, SAYS("found", NIC("0000:00:03.0", "\"id\":\"8086:100e:x\"")), &e), 0);
	CHECK_TEXT(r.nic[0].card, "");
	CHECK_INT(read_text(&r,
			  SAYS("found", NIC("0000:00:03.0", "\"permanent\":\"52:54:00:aa:00:01\"")),
			  &e),
		0);
	CHECK(!r.restore);
}

static void what_drives_a_card_is_read_and_nonsense_of_it_passed_over(void)
{
	struct report r;
	struct err e;
	CHECK_INT(
		read_text(&r,
			SAYS("found",
				NIC("0000:00:03.0", "\"driver\":\"virtio_net\",\"id\":\"1af4:"
						    "1000\","
						    "\"modalias\":\"pci:v00001AF4d00001000 "
						    "virtio:d1\"") "," NIC("0000:00:04.0",
					"\"driver\":\"a b\",\"modalias\":\"x\"") "," NIC("0000:00:"
											 "05.0",
					"\"driver\":7,\"modalias\":[]")),
			&e),
		0);
	CHECK_TEXT(r.nic[0].driver, "virtio_net");
	CHECK_TEXT(r.nic[0].modalias, "pci:v00001AF4d00001000 virtio:d1");
	for (unsigned i = 1; i < 3; i++) {
		CHECK_TEXT(r.nic[i].driver, "");
		CHECK_TEXT(r.nic[i].modalias, "");
	}
}

static void what_kind_of_machine_it_is_is_read_and_nonsense_of_it_passed_over(void)
{
	static const char text[] = HEAD
		"{\"stage\":\"found\",\"deed\":\"identity\",\"machine\":\"blade-a\","
		"\"generation\":4,\"arch\":\"x86_64\",\"firmware\":\"uefi\",\"memory_mb\":65536,"
		"\"cpus\":16}";
	static const char odd[] =
		HEAD "{\"stage\":\"found\",\"deed\":\"identity\",\"machine\":\"blade-a\","
		     "\"generation\":4,\"arch\":\"vax\",\"firmware\":7,\"memory_mb\":-1,"
		     "\"cpus\":4294967296}";
	struct report r;
	struct err e;
	CHECK_INT(read_text(&r, text, &e), 0);
	CHECK_INT(r.found.arch, ARCH_X86_64);
	CHECK_INT(r.found.firmware, FIRMWARE_UEFI);
	CHECK_INT(r.found.memory_mb, 65536);
	CHECK_INT(r.found.cpus, 16);
	CHECK_INT(read_text(&r, odd, &e), 0);
	CHECK(!r.found.arch && !r.found.firmware && !r.found.memory_mb && !r.found.cpus);
	CHECK_INT(read_text(&r, SAYS("found", ""), &e), 0);
	CHECK(!r.found.arch && !r.found.firmware && !r.found.memory_mb && !r.found.cpus);
}

static void nonsense_is_refused_by_name(void)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "no first line" },
		{ "report id=7\n{}", "the first line" },
		{ HEAD "[]", "want a JSON object" },
		{ HEAD "{", "not JSON" },
		{ HEAD "{\"stage\":\"found\",\"deed\":\"identity\",\"generation\":4}",
			"\"machine\" is missing" },
		{ SAYS("eaten", ""), "stage \"eaten\"" },
		{ SAYS("found", NIC("../..", "\"permanent\":\"\"")), "is not a PCI address" },
		{ SAYS("found", NIC("0000:00:03.0", "\"permanent\":\"zz\"")), "is not a MAC" },
		{ SAYS("found", NIC("0000:00:03.0", "\"tool\":\"a\"") "," NIC(
					"0000:00:03.0", "\"tool\":\"b\"")),
			"stands there twice" },
		{ HEAD "{\"stage\":\"found\",\"deed\":\"identity\",\"machine\":\"a b\","
		       "\"generation\":4}",
			"is no machine's name" },
		{ HEAD "{\"stage\":\"found\",\"deed\":\"identity\",\"machine\":\"blade-a\","
		       "\"generation\":-1}",
			"want a whole number" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct report r;
		struct err e;
		CHECK(read_text(&r, bad[i].text, &e) < 0);
		if (!strstr(e.text, bad[i].why))
			CHECK_TEXT(e.text, bad[i].why);
	}
}

static void every_cut_of_a_report_is_survived(void)
{
	const char *text =
		SAYS("found", NIC("0000:00:03.0", "\"permanent\":\"52:54:00:aa:00:01\""));
	size_t len = strlen(text);
	for (size_t n = 0; n < len; n++) {
		struct report r;
		struct err e = { 0 };
		char *cut = malloc(n + 1);
		memcpy(cut, text, n);
		CHECK(report_read(&r, cut, n, &e) < 0);
		CHECK(e.text[0] != '\0');
		free(cut);
	}
}

static void cards_are_found_by_maker_and_then_by_place(void)
{
	struct report r;
	struct err e;
	struct machine m = blade();
	struct persona p = web();
	int at[NICS_MAX];
	read_text(&r,
		SAYS("found", NIC("0000:00:04.0", "\"permanent\":\"52:54:00:aa:00:02\"") "," NIC(
				      "0000:00:09.0",
				      "\"permanent\":\"00:11:22:33:44:55\"") "," NIC("0000:00:03.0",
				      "\"permanent\":\"52:54:00:aa:00:01\"")),
		&e);
	CHECK_INT(report_match(at, &r, &m, &p, &e), 0);
	CHECK_INT(at[0], 2);
	CHECK_INT(at[1], 0);
	/* Written already: the card says the persona's, its place and the journal say whose it is.
	 */
	strcpy(m.nic[1].pci, "0000:00:04.0");
	m.nic[1].journaled = true;
	r.nic[0].permanent = p.nic[0].mac;
	CHECK_INT(report_match(at, &r, &m, &p, &e), 0);
	CHECK_INT(at[1], 0);
}

static void a_missing_or_foreign_card_is_named(void)
{
	struct report r;
	struct err e;
	struct machine m = blade();
	struct persona p = web();
	int at[NICS_MAX];
	const char *one = SAYS("found", NIC("0000:00:03.0", "\"permanent\":\"52:54:00:aa:00:01\""));
	read_text(&r, one, &e);
	CHECK(report_match(at, &r, &m, &p, &e) < 0);
	CHECK(strstr(e.text, "found no card 52:54:00:aa:00:02"));
	/* It holds the persona's address and nobody ever read its own. */
	r.nic[0].permanent = p.nic[0].mac;
	CHECK(report_match(at, &r, &m, &p, &e) < 0);
	CHECK(strstr(e.text, "holds an address of web-01"));
	/* Another card sits where the operator said. */
	read_text(&r, one, &e);
	m.nics = 1;
	strcpy(m.nic[0].pci, "0000:00:03.0");
	m.nic[0].factory = mac("52:54:00:aa:00:09");
	CHECK(report_match(at, &r, &m, &p, &e) < 0);
	CHECK(strstr(e.text, "is 52:54:00:aa:00:01 by its maker"));
}

static void another_body_is_refused(void)
{
	struct report r;
	struct err e;
	struct machine m = blade();
	int at[NICS_MAX];
	read_text(
		&r, SAYS("found", NIC("0000:00:03.0", "\"permanent\":\"52:54:00:aa:00:01\"")), &e);
	uuid_parse(&r.uuid, "11111111-2222-3333-4444-555555555555");
	uuid_parse(&m.uuid, "99999999-2222-3333-4444-555555555555");
	CHECK(report_match(at, &r, &m, NULL, &e) < 0);
	CHECK(strstr(e.text, "runs on body"));
}

static void what_was_read_back_is_compared(void)
{
	struct report r;
	struct err e;
	struct machine m = blade();
	struct persona p = web();
	strcpy(m.nic[1].pci, "0000:00:04.0");
	read_text(&r,
		SAYS("written", NIC("0000:00:04.0", "\"read_back\":\"02:ba:70:00:00:01\","
						    "\"tool\":\"lab\"")),
		&e);
	CHECK_INT(report_check_written(&r, &m, &p, &e), 0);
	CHECK(!report_all_factory(&r, &m));
	r.restore = true;
	CHECK(report_check_written(&r, &m, &p, &e) < 0);
	CHECK(strstr(e.text, "reads back 02:ba:70:00:00:01, want 52:54:00:aa:00:02"));
	r.nic[0].read_back = m.nic[1].factory;
	CHECK_INT(report_check_written(&r, &m, &p, &e), 0);
	CHECK(report_all_factory(&r, &m));
	r.nics = 0;
	CHECK(report_check_written(&r, &m, &p, &e) < 0);
	CHECK(!report_all_factory(&r, &m));
}

#define WEB "6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204"
#define OWN_UUID "00112233-4455-6677-8899-aabbccddeeff"
#define BOARD(more)                                                                                \
	HEAD "{\"stage\":\"written\",\"deed\":\"restore\",\"machine\":\"blade-a\",\"generation\":" \
	     "4" more "}"

static void what_smbios_says_is_read_and_nonsense_of_it_passed_over(void)
{
	struct report r;
	struct err e;
	char text[UUID_TEXT];
	CHECK_INT(read_text(&r,
			  BOARD(",\"serial\":\"CZ 1\",\"uuid_read_back\":\"" WEB
				"\",\"serial_read_back\":\"BTN-7\""),
			  &e),
		0);
	CHECK_TEXT(r.serial, "CZ 1");
	CHECK_TEXT(r.serial_back, "BTN-7");
	CHECK_TEXT(uuid_text(text, &r.uuid_back), WEB);
	CHECK_INT(read_text(&r,
			  BOARD(",\"serial\":\"a\\u0007\",\"uuid_read_back\":\"x\","
				"\"serial_read_back\":7"),
			  &e),
		0);
	CHECK(!*r.serial && !*r.serial_back && uuid_is_zero(&r.uuid_back));
}

static void a_body_that_was_told_to_say_the_personas_uuid_is_taken(void)
{
	struct report r = { .stage = REPORT_FOUND,
		.nics = 2,
		.nic = { { .pci = "0000:00:03.0", .permanent = mac("52:54:00:aa:00:01") },
			{ .pci = "0000:00:04.0", .permanent = mac("52:54:00:aa:00:02") } } };
	struct machine m = blade();
	struct persona p = web();
	struct err e = { 0 };
	int at[NICS_MAX];
	uuid_parse(&m.uuid, OWN_UUID);
	uuid_parse(&r.uuid, WEB);
	CHECK_INT(report_match(at, &r, &m, &p, &e), -EINVAL);
	CHECK_TEXT(
		e.text, "machine blade-a: the shim runs on body " WEB ", " OWN_UUID " is recorded");
	uuid_parse(&m.carried_uuid, WEB);
	CHECK_INT(report_match(at, &r, &m, &p, &e), 0);
}

static void a_board_must_say_its_own_again(void)
{
	static const struct {
		enum smbios_by by;
		const char *back, *serial, *want;
	} q[] = {
		{ SMBIOS_TOOL, OWN_UUID, "CZ1", "" },
		{ SMBIOS_TOOL, "33221100-5544-7766-8899-aabbccddeeff", "CZ1", "" },
		{ SMBIOS_TOOL, WEB, "CZ1",
			"machine blade-a: its board says UUID " WEB ", want its own, " OWN_UUID
			"; the tool did not write it" },
		{ SMBIOS_TOOL, "", "CZ1",
			"machine blade-a: its board says UUID (not read back), want its "
			"own, " OWN_UUID "; the tool did not write it" },
		{ SMBIOS_TOOL, OWN_UUID, "BTN-7",
			"machine blade-a: its board says serial BTN-7, want its own, CZ1; the tool "
			"did not write it" },
		{ SMBIOS_BMC, "", "", "" },
	};
	for (size_t i = 0; i < COUNT(q); i++) {
		struct report r = { .restore = true };
		struct machine m = blade();
		struct err e = { 0 };
		uuid_parse(&m.uuid, OWN_UUID);
		uuid_parse(&m.carried_uuid, WEB);
		strcpy(m.serial, "CZ1");
		strcpy(m.carried_serial, "BTN-7");
		m.uuid_by = m.serial_by = q[i].by;
		uuid_parse(&r.uuid_back, q[i].back);
		strcpy(r.serial_back, q[i].serial);
		CHECK_INT(report_check_board(&r, &m, &e), *q[i].want ? -EINVAL : 0);
		CHECK_TEXT(e.text, q[i].want);
		r.restore = false;
		CHECK_INT(report_check_board(&r, &m, &e), 0);
	}
}

TESTS(T(a_report_is_read), T(what_drives_a_card_is_read_and_nonsense_of_it_passed_over),
	T(what_kind_of_machine_it_is_is_read_and_nonsense_of_it_passed_over),
	T(nonsense_is_refused_by_name), T(every_cut_of_a_report_is_survived),
	T(cards_are_found_by_maker_and_then_by_place), T(a_missing_or_foreign_card_is_named),
	T(another_body_is_refused), T(what_was_read_back_is_compared),
	T(what_smbios_says_is_read_and_nonsense_of_it_passed_over),
	T(a_body_that_was_told_to_say_the_personas_uuid_is_taken),
	T(a_board_must_say_its_own_again))
