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

static void a_relays_words_are_read_as_they_are_shown(void)
{
	static const struct {
		const char *text, *shown;
		uint8_t len;
	} rows[] = {
		{ "Gi1/0/7", "Gi1/0/7", 7 },
		{ "ge-0/0/1.0:vlan100", "ge-0/0/1.0:vlan100", 18 },
		{ "0", "0", 1 },
		{ "x", "x", 1 },
		{ "0x000400010003", "0x000400010003", 6 },
		{ "0x4769312f302f37", "Gi1/0/7", 7 },
		{ "0XFF", "0xff", 1 },
		{ "0x307837", "0x307837", 3 }, /* "0x7" in letters */
		{ "0x6120", "0x6120", 2 },     /* a blank, a comma, what an event escapes */
		{ "0x612c", "0x612c", 2 },
		{ "0x25", "0x25", 1 },
		{ "0x613d", "0x613d", 2 },
		{ "0x617f", "0x617f", 2 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct relay_id id = { 0 }, again = { 0 };
		char text[RELAY_ID_TEXT];
		CHECK(relay_id_parse(&id, rows[i].text));
		CHECK_INT(id.len, rows[i].len);
		CHECK_TEXT(relay_id_text(text, &id), rows[i].shown);
		CHECK(relay_id_parse(&again, text) && relay_id_equal(&id, &again));
	}
	struct relay_id most = { .len = RELAY_ID_LEN }, was = most;
	char text[RELAY_ID_TEXT + 2];
	CHECK_INT(strlen(relay_id_text(text, &most)), RELAY_ID_TEXT - 1);
	CHECK(relay_id_parse(&most, text) && relay_id_equal(&most, &was));
	strcat(text, "00");
	CHECK(!relay_id_parse(&most, text));
	memset(text, 'a', RELAY_ID_LEN + 1);
	text[RELAY_ID_LEN + 1] = '\0';
	static const char *const wrong[] = { "", "0x", "0x0", "0x0g", "0x00 ", "a b", "a,b", "50%",
		"a=b", "\xc3\xa4", "a\x7f" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK(!relay_id_parse(&most, wrong[i]));
	CHECK(!relay_id_parse(&most, text));
	CHECK(relay_id_equal(&most, &was));
	CHECK_TEXT(relay_id_text(text, &(struct relay_id){ 0 }), "");
}

static void a_port_is_another_one_only_where_no_question_is_of_both(void)
{
	struct relay_port none = { 0 }, seven = { .circuit = { 1, "7" } },
			  eight = { { 1, "8" }, { 0 } };
	struct relay_port here = { { 1, "7" }, { 1, "a" } }, there = { { 1, "7" }, { 1, "b" } };
	CHECK(relay_ports_differ(&seven, &eight) && relay_ports_differ(&here, &there));
	CHECK(!relay_ports_differ(&seven, &seven) && !relay_ports_differ(&seven, &here));
	CHECK(!relay_ports_differ(&there, &seven) && relay_ports_differ(&here, &eight));
	CHECK(!relay_ports_differ(&none, &seven) && !relay_ports_differ(&seven, &none));
	CHECK(relay_port_is(&here, &seven) && relay_port_is(&here, &here));
	CHECK(!relay_port_is(&seven, &here) && !relay_port_is(&there, &here));
	CHECK(!relay_port_is(&none, &none) && !relay_port_is(&none, &seven));
	CHECK(!relay_port_is(&eight, &seven) && !relay_port_is(&seven, &none));
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

static void a_wwn_and_a_fingerprint_are_read_with_and_without_colons(void)
{
	char text[WWN_TEXT], pin[PIN_TEXT] = "as it was";
	struct wwn w = { { 0 } };
	CHECK(wwn_is_zero(&w) && wwn_parse(&w, "20-00-52-54-00-00-00-FF"));
	CHECK_TEXT(wwn_text(text, &w), "20:00:52:54:00:00:00:ff");
	CHECK(wwn_parse(&w, "0x2000525400000001") && wwn_parse(&w, "2000525400000001"));
	CHECK(!wwn_parse(&w, "20:00:52:54:00:00:00") && !wwn_parse(&w, "") && !wwn_is_zero(&w));
	CHECK(!wwn_parse(&w, "0x") && !wwn_parse(&w, "20:00:52:54:00:00:00:01:02"));
	CHECK(!pin_parse(pin, "sha256:00") && !pin_parse(pin, "sha1:00"));
	CHECK(!pin_parse(pin, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
	CHECK_TEXT(pin, "as it was");
	CHECK(pin_parse(pin, "sha256:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
			     "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"));
	CHECK_TEXT(pin, "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
	CHECK_INT(strlen(pin), PIN_TEXT - 1);
}

TESTS(T(a_wwn_and_a_fingerprint_are_read_with_and_without_colons), T(a_mac_is_read_in_three_forms),
	T(what_is_no_mac_is_refused_and_changes_nothing), T(group_and_zero_macs_belong_to_nobody),
	T(a_uuid_is_the_same_body_in_either_byte_order),
	T(a_relays_words_are_read_as_they_are_shown),
	T(a_port_is_another_one_only_where_no_question_is_of_both),
	T(addresses_are_read_whole_or_not_at_all), T(names_are_safe_in_a_path_and_a_script))
