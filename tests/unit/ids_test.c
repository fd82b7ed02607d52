/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every name on the wire: what is read, what is refused, what is printed. */
#include "base/ids.h"

#include "tests/unit/tap.h"

static void a_mac_is_read_in_three_forms(void)
{
	struct mac m;
	char text[MAC_TEXT], hex[MAC_HEX];
	static const char *const same[] = { "52:54:00:AA:00:01", "52-54-00-aa-00-01",
		"525400aa0001" };
	for (size_t i = 0; i < 3; i++) {
		CHECK(mac_parse(&m, same[i]));
		CHECK_TEXT(mac_text(text, &m), "52:54:00:aa:00:01");
		CHECK_TEXT(mac_hex(hex, &m), "525400aa0001");
	}
}

static void what_is_no_mac_is_refused_and_changes_nothing(void)
{
	struct mac m = { { 1, 2, 3, 4, 5, 6 } };
	static const char *const wrong[] = { "", "5", "52:", "52:54:00:aa:00",
		"52:54:00:aa:00:01:", "52:54:00:aa:00:1", "52:54-00:aa:00:01", "52:54:00:aa:00:0g",
		" 52:54:00:aa:00:01", "525400aa000", "525400aa00011" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK(!mac_parse(&m, wrong[i]));
	CHECK_INT(m.b[5], 6);
}

static void group_and_zero_macs_belong_to_nobody(void)
{
	struct mac m;
	CHECK(mac_parse(&m, "01:00:5e:00:00:01") && !mac_is_unicast(&m));
	CHECK(mac_parse(&m, "ff:ff:ff:ff:ff:ff") && !mac_is_unicast(&m));
	CHECK(mac_parse(&m, "00:00:00:00:00:00") && !mac_is_unicast(&m) && mac_is_zero(&m));
	CHECK(mac_parse(&m, "02:00:00:00:00:01") && mac_is_unicast(&m));
}

static void a_uuid_is_the_same_body_in_either_byte_order(void)
{
	struct uuid a, b, c;
	char text[UUID_TEXT];
	CHECK(uuid_parse(&a, "00112233-4455-6677-8899-AABBCCDDEEFF"));
	CHECK(uuid_parse(&b, "33221100-5544-7766-8899-aabbccddeeff"));
	CHECK(uuid_parse(&c, "33221100-5544-7766-8899-aabbccddee00"));
	CHECK(uuid_same_body(&a, &a) && uuid_same_body(&a, &b) && uuid_same_body(&b, &a));
	CHECK(!uuid_same_body(&a, &c));
	CHECK_TEXT(uuid_text(text, &a), "00112233-4455-6677-8899-aabbccddeeff");
	CHECK(!uuid_parse(&a, "00112233445566778899aabbccddeeff"));
	CHECK(!uuid_parse(&a, "00112233-4455-6677-8899-aabbccddeef"));
	CHECK(!uuid_parse(&a, "00112233-4455-6677-8899-aabbccddeeff0"));
}

static void addresses_are_read_whole_or_not_at_all(void)
{
	uint32_t a = 7;
	unsigned p = 7;
	char text[IP4_TEXT];
	CHECK(ip4_parse(&a, "10.77.0.1"));
	CHECK_TEXT(ip4_text(text, a), "10.77.0.1");
	CHECK(!ip4_parse(&a, "10.77.0") && !ip4_parse(&a, "10.77.0.256"));
	CHECK(!ip4_parse(&a, "10.077.0.1") && !ip4_parse(&a, "10.77.0.1 "));
	CHECK(!ip4_parse(&a, "") && !ip4_parse(&a, "-1.0.0.0"));
	CHECK(net4_parse(&a, &p, "10.77.0.1/24"));
	CHECK_INT(p, 24);
	CHECK_INT(net4_mask(24), 0xffffff00);
	CHECK_INT(net4_mask(32), 0xffffffff);
	CHECK(!net4_parse(&a, &p, "10.77.0.1/33") && !net4_parse(&a, &p, "10.77.0.1/0"));
	CHECK(!net4_parse(&a, &p, "10.77.0.1") && !net4_parse(&a, &p, "10.77.0.1/24/"));
}

static void names_are_safe_in_a_path_and_a_script(void)
{
	CHECK(name_ok("web-01") && name_ok("1") && !name_ok("") && !name_ok("-a"));
	CHECK(!name_ok("Web") && !name_ok("a/b") && !name_ok("a.b") && !name_ok("a b"));
	CHECK(!name_ok("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	CHECK(iqn_ok("iqn.2026-01.org.example:web-01") && !iqn_ok("iqn.") && !iqn_ok("eui.01"));
	CHECK(!iqn_ok("iqn.2026-01.org.example:web 01") && !iqn_ok("iqn.2026-01.org:Web"));
	CHECK(chap_word_ok("s3cret+/=") && !chap_word_ok("") && !chap_word_ok("a b"));
	CHECK(!chap_word_ok("${net0/mac}") && !chap_word_ok("a\nb") && !chap_word_ok("a#b"));
	CHECK(pci_ok("0000:00:03.0") && !pci_ok("00:03.0") && !pci_ok("0000:00:03.8"));
	CHECK(!pci_ok("0000:00:03.0 ") && !pci_ok(""));
}

TESTS(T(a_mac_is_read_in_three_forms), T(what_is_no_mac_is_refused_and_changes_nothing),
	T(group_and_zero_macs_belong_to_nobody), T(a_uuid_is_the_same_body_in_either_byte_order),
	T(addresses_are_read_whole_or_not_at_all), T(names_are_safe_in_a_path_and_a_script))
