/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DHCPv6 clients and what they are told: wire/dhcpv6.h. */
#include "wire/dhcpv6.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

static const struct mac ours = { { 0x16, 0x6f, 0xb9, 0xd4, 0x28, 0xaa } };

/* As EDK2's PXE (2022.11) sent it: an identity association, option 61 says x64 UEFI. */
#define EDK2_HEAD                                                                                  \
	"333300010002525400aa000686dd6000000000771180fe80000000000000505400fffeaa0006"             \
	"ff0200000000000000000000000100020222022300771984"
#define EDK2_CLIENT "0001000e0001000131df3a43525400aa0006"
#define EDK2_IA "0003000caf167f76ffffffffffffffff"
static const char edk2[] = EDK2_HEAD
	"010c2b50" EDK2_CLIENT "000800020000" EDK2_IA
	"00060008003b003c00170010003e0003010300003d0002"
	"000700100026000001570020505845436c69656e743a417263683a30303030373a554e44493a303033303030";
/* As iPXE (2019) sent it: a client id of the machine's UUID, which was none. */
static const char ipxe[] =
	"333300010002525400aa000686dd60000000008511fffe80000000000000505400fffeaa0006ff02"
	"0000000000000000000000010002022202230085a53101fe4ebf0001001200040000000000000000"
	"00000000000000000003000cb159bd7400000000000000000006000800170018003b003c00100026"
	"000001570020505845436c69656e743a417263683a30303030373a554e44493a303033303130003d"
	"00020007003e000301030a000f0006000469505845000800020000";

struct bytes {
	uint8_t b[1600];
	size_t len;
};

static struct bytes bytes_of(const char *hex)
{
	struct bytes to = { .len = strlen(hex) / 2 };
	for (size_t i = 0; i < to.len; i++)
		to.b[i] = (uint8_t)strtoul((char[3]){ hex[2 * i], hex[2 * i + 1] }, NULL, 16);
	return to;
}

/* A client's message out of EDK2's, with other type and options. */
static struct bytes asking(const char *type, const char *options)
{
	char hex[3000];
	snprintf(hex, sizeof hex, EDK2_HEAD "%s0c2b50%s", type, options);
	struct bytes f = bytes_of(hex);
	size_t udp = f.len - 54;
	f.b[18] = f.b[58] = (uint8_t)(udp >> 8);
	f.b[19] = f.b[59] = (uint8_t)udp;
	return f;
}

struct got {
	uint8_t b[DHCPV6_ANSWER_MAX];
	size_t len;
	struct mac mac;
	const char *what;
};

static struct got answer_to(const struct bytes *f)
{
	struct got g = { .what = "" };
	/* As long as the frame and no longer, so that a sanitizer sees a step beyond it. */
	uint8_t *fit = malloc(f->len ? f->len : 1);
	memcpy(fit, f->b, f->len);
	g.len = dhcpv6_answer(g.b, &g.mac, &g.what, &ours, fit, f->len);
	free(fit);
	return g;
}

static size_t answered(const char *type, const char *options)
{
	struct bytes f = asking(type, options);
	return answer_to(&f).len;
}

/* Everything behind the checksum, as hex. */
static const char *message_of(const struct got *g)
{
	static char hex[2 * DHCPV6_ANSWER_MAX + 1];
	*hex = '\0';
	for (size_t i = 62; i < g->len; i++)
		snprintf(hex + 2 * (i - 62), 3, "%02x", g->b[i]);
	return hex;
}

static uint32_t folded(const struct got *g)
{
	uint32_t sum = (uint32_t)(g->len - 54) + 17;
	for (size_t i = 22; i < g->len; i++)
		sum += (uint32_t)(i % 2 ? g->b[i] : g->b[i] << 8);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

#define SERVER "0002000a00030001166fb9d428aa"
#define TEXT "4261746f6e20626f6f7473206d616368696e65732062792049507634"
/* For the whole message, and without an address in the association. */
#define NO_ADDRS "000d001e0002" TEXT
#define NO_ADDRS_IN(iaid) NO_ADDRS "0003002e" iaid "0000000000000000" NO_ADDRS

static void a_firmware_that_solicits_is_told_why_it_gets_no_address(void)
{
	struct bytes f = bytes_of(edk2);
	struct got g = answer_to(&f);
	char text[MAC_TEXT];
	CHECK_TEXT(g.what, "solicit");
	CHECK_TEXT(mac_text(text, &g.mac), "52:54:00:aa:00:06");
	CHECK_TEXT(message_of(&g), "020c2b50" EDK2_CLIENT SERVER NO_ADDRS_IN("af167f76"));
	CHECK_INT(folded(&g), 0xffff);
}

static void the_answer_goes_from_our_link_local_address_to_the_client_s(void)
{
	struct bytes f = bytes_of(edk2), from = bytes_of("fe80000000000000146fb9fffed428aa");
	struct got g = answer_to(&f);
	CHECK(memcmp(g.b, f.b + 6, 6) == 0);
	CHECK(memcmp(g.b + 6, ours.b, 6) == 0);
	CHECK(memcmp(g.b + 22, from.b, 16) == 0);
	CHECK(memcmp(g.b + 38, f.b + 22, 16) == 0);
	CHECK_INT(g.b[18] << 8 | g.b[19], g.len - 54);
	CHECK_INT(g.b[20], 17);
	CHECK_INT(g.b[54] << 8 | g.b[55], 547);
	CHECK_INT(g.b[56] << 8 | g.b[57], 546);
	CHECK_INT(g.b[58] << 8 | g.b[59], g.len - 54);
}

static void ipxe_is_told_as_well(void)
{
	struct bytes f = bytes_of(ipxe);
	struct got g = answer_to(&f);
	CHECK_TEXT(g.what, "solicit");
	CHECK_TEXT(message_of(&g),
		"02fe4ebf00010012000400000000000000000000000000000000" SERVER NO_ADDRS_IN(
			"b159bd74"));
	CHECK_INT(folded(&g), 0xffff);
}

static void who_is_in_a_hurry_gets_an_advertise_all_the_same(void)
{
	struct bytes f = asking("01", EDK2_CLIENT EDK2_IA "000e0000");
	struct got g = answer_to(&f);
	CHECK_TEXT(message_of(&g), "020c2b50" EDK2_CLIENT SERVER NO_ADDRS_IN("af167f76"));
}

static void a_request_is_ours_only_when_it_names_us(void)
{
	struct bytes f = asking("03", EDK2_CLIENT SERVER EDK2_IA);
	struct got g = answer_to(&f);
	CHECK_TEXT(g.what, "request");
	CHECK_TEXT(message_of(&g), "070c2b50" EDK2_CLIENT SERVER NO_ADDRS_IN("af167f76"));
	CHECK_INT(answered("03", EDK2_CLIENT "0002000a00030001166fb9d428ab" EDK2_IA), 0);
	CHECK_INT(answered("03", EDK2_CLIENT EDK2_IA), 0);
	CHECK_INT(answered("03", SERVER EDK2_IA), 0);
}

static void who_asks_for_information_alone_is_not_told_of_addresses(void)
{
	struct bytes f = asking("0b", EDK2_CLIENT "000600020017");
	struct got g = answer_to(&f);
	CHECK_TEXT(g.what, "information-request");
	CHECK_TEXT(message_of(&g), "070c2b50" EDK2_CLIENT SERVER "000d001e0001" TEXT);
	CHECK(answered("0b", "") > 0); /* a client id is its own choice here */
	CHECK_INT(answered("0b", EDK2_CLIENT EDK2_IA), 0);
	CHECK_INT(answered("0b", EDK2_CLIENT "0002000a00030001166fb9d428ab"), 0);
}

static void whoever_has_an_address_from_another_server_hears_nothing(void)
{
	/* confirm, renew, rebind, release, decline; what servers say; what relays say */
	static const char *const types[] = { "04", "05", "06", "08", "09", "02", "07", "0a", "0c",
		"0d", "00", "ff" };
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		CHECK_INT(answered(types[i], EDK2_CLIENT SERVER EDK2_IA), 0);
		CHECK_INT(answered(types[i], EDK2_CLIENT EDK2_IA), 0);
	}
}

static void a_solicit_names_its_client_and_no_server(void)
{
	CHECK(answered("01", EDK2_CLIENT) > 0);
	CHECK_INT(answered("01", EDK2_IA), 0);
	CHECK_INT(answered("01", EDK2_CLIENT SERVER), 0);
}

static void the_longest_client_id_is_answered_and_no_longer_one(void)
{
	char options[400] = "00010082";
	memset(options + 8, 'a', (size_t)2 * 130);
	CHECK_INT(answered("01", options), 54 + 8 + 4 + 4 + 130 + 14 + 6 + 28);
	strcat(options, "aa");
	memcpy(options, "00010083", 8);
	CHECK_INT(answered("01", options), 0);
}

static void of_two_associations_the_first_is_answered_and_a_cut_one_never(void)
{
	struct bytes f = asking("01", EDK2_CLIENT "0003000bff00000000000000000000" EDK2_IA
						  "0003000c11111111ffffffffffffffff");
	struct got g = answer_to(&f);
	CHECK_TEXT(message_of(&g), "020c2b50" EDK2_CLIENT SERVER NO_ADDRS_IN("af167f76"));
}

static void no_cut_solicit_is_answered(void)
{
	struct bytes f = bytes_of(ipxe);
	for (size_t len = f.len; len > 0; len--) {
		f.len = len - 1;
		CHECK_INT(answer_to(&f).len, 0);
	}
}

static void no_option_reaches_beyond_the_packet(void)
{
	CHECK_INT(answered("01", EDK2_CLIENT "0006ffff0017"), 0);
	CHECK_INT(answered("01", EDK2_CLIENT "00060003"), 0);
	CHECK_INT(answered("01", EDK2_CLIENT "0006"), 0);
	CHECK_INT(answered("01", "0001000e0001"), 0);
}

static void who_is_not_on_this_wire_hears_nothing(void)
{
	struct bytes f = bytes_of(edk2);
	f.b[22] = 0xfd; /* a routed address */
	CHECK_INT(answer_to(&f).len, 0);
	f = bytes_of(edk2);
	f.b[6] |= 1; /* a group's MAC */
	CHECK_INT(answer_to(&f).len, 0);
	f = bytes_of(edk2);
	f.b[57] = 0x22; /* another port */
	CHECK_INT(answer_to(&f).len, 0);
	f = bytes_of(edk2);
	f.b[20] = 6; /* TCP */
	CHECK_INT(answer_to(&f).len, 0);
}

TESTS(T(a_firmware_that_solicits_is_told_why_it_gets_no_address),
	T(the_answer_goes_from_our_link_local_address_to_the_client_s), T(ipxe_is_told_as_well),
	T(who_is_in_a_hurry_gets_an_advertise_all_the_same),
	T(a_request_is_ours_only_when_it_names_us),
	T(who_asks_for_information_alone_is_not_told_of_addresses),
	T(whoever_has_an_address_from_another_server_hears_nothing),
	T(a_solicit_names_its_client_and_no_server),
	T(the_longest_client_id_is_answered_and_no_longer_one),
	T(of_two_associations_the_first_is_answered_and_a_cut_one_never),
	T(no_cut_solicit_is_answered), T(no_option_reaches_beyond_the_packet),
	T(who_is_not_on_this_wire_hears_nothing))
