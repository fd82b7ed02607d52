/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Router solicitations and the answer to them: wire/router.h. */
#include "wire/router.h"

#include "tests/unit/tap.h"

static const struct mac ours = { { 0x16, 0x6f, 0xb9, 0xd4, 0x28, 0xaa } };

/* As iPXE on an e1000 sent it. */
static const uint8_t asked_by_ipxe[] = { 0x33, 0x33, 0, 0, 0, 2, 0x02, 0xba, 0x70, 0, 0, 1, 0x86,
	0xdd, 0x60, 0, 0, 0, 0, 0x10, 0x3a, 0xff, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0xba, 0x70, 0xff,
	0xfe, 0, 0, 1, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x85, 0, 0x99, 0xb7, 0, 0,
	0, 0, 1, 1, 2, 0xba, 0x70, 0, 0, 1 };

static uint32_t words(const uint8_t *b, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(b[i] << 8 | b[i + 1]);
	return sum;
}

static void ipxe_is_told_that_there_is_no_router(void)
{
	uint8_t to[ROUTER_ANSWER_LEN];
	struct mac asked;
	char text[MAC_TEXT];
	CHECK_INT(router_answer(to, &asked, &ours, asked_by_ipxe, sizeof asked_by_ipxe),
		ROUTER_ANSWER_LEN);
	CHECK_TEXT(mac_text(text, &asked), "02:ba:70:00:00:01");
	CHECK(memcmp(to, asked.b, 6) == 0);
	CHECK(memcmp(to + 6, ours.b, 6) == 0);
	CHECK(memcmp(to + 38, asked_by_ipxe + 22, 16) == 0);
	CHECK_INT(to[21], 255);
	CHECK_INT(to[54], 134);
	CHECK_INT(to[59], 0);               /* neither addresses nor anything else by DHCPv6 */
	CHECK_INT(to[60] << 8 | to[61], 0); /* lifetime: no router */
	uint32_t sum = words(to + 22, 32) + words(to + 54, 16) + 16 + 58;
	sum = (sum & 0xffff) + (sum >> 16);
	CHECK_INT((sum & 0xffff) + (sum >> 16), 0xffff);
}

static void no_cut_solicitation_is_answered(void)
{
	uint8_t to[ROUTER_ANSWER_LEN];
	struct mac asked;
	for (size_t len = 0; len < sizeof asked_by_ipxe; len++)
		CHECK_INT(router_answer(to, &asked, &ours, asked_by_ipxe, len), 0);
}

static void no_flipped_bit_is_answered_but_where_nothing_depends_on_it(void)
{
	uint8_t frame[sizeof asked_by_ipxe], to[ROUTER_ANSWER_LEN];
	struct mac asked;
	for (size_t i = 12; i < sizeof frame; i++) {
		bool flow = i >= 14 && i < 18;
		memcpy(frame, asked_by_ipxe, sizeof frame);
		frame[i] ^= 0x40;
		if (!flow)
			CHECK_INT(router_answer(to, &asked, &ours, frame, sizeof frame), 0);
	}
}

static void a_group_address_never_asks(void)
{
	uint8_t frame[sizeof asked_by_ipxe], to[ROUTER_ANSWER_LEN];
	struct mac asked;
	memcpy(frame, asked_by_ipxe, sizeof frame);
	frame[6] |= 1;
	CHECK_INT(router_answer(to, &asked, &ours, frame, sizeof frame), 0);
}

TESTS(T(ipxe_is_told_that_there_is_no_router), T(no_cut_solicitation_is_answered),
	T(no_flipped_bit_is_answered_but_where_nothing_depends_on_it),
	T(a_group_address_never_asks))
