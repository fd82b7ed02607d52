/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Foreign DHCP servers on the wire: wire/foreign.h. */
#include "wire/foreign.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

static const struct mac ours = { { 0x16, 0x6f, 0xb9, 0xd4, 0x28, 0xaa } };
static const struct mac theirs = { { 0x02, 0, 0, 0, 0, 0x99 } };
enum { MESSAGE = FRAME_HEAD, OPTIONS = FRAME_HEAD + 240 };

struct sent {
	uint8_t b[FRAME_MAX];
	size_t len;
};

/* What a server sends: its address, 10.0.0.99, and an offer of 10.0.0.77. */
static struct sent reply(const void *options, size_t len)
{
	uint8_t message[500] = { 2, 1, 6, 0 };
	memcpy(message + 16, (uint8_t[]){ 10, 0, 0, 77 }, 4);
	memcpy(message + 28, ours.b, 6);
	memcpy(message + 236, (uint8_t[]){ 0x63, 0x82, 0x53, 0x63 }, 4);
	memcpy(message + 240, options, len);
	struct frame f = { .from = theirs,
		.to = ours,
		.source = 0x0a000063,
		.dest = 0xffffffff,
		.source_port = 67,
		.dest_port = 68 };
	struct sent s;
	s.len = frame_make(s.b, &f, message, 240 + len);
	return s;
}
#define REPLY(...) reply((uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }))
#define OF_SERVER 54, 4, 10, 0, 0, 98

static bool read_exact(struct foreign *f, const struct sent *s)
{
	/* As long as the frame and no longer, so that a sanitizer sees a step beyond it. */
	uint8_t *fit = malloc(s->len ? s->len : 1);
	memcpy(fit, s->b, s->len);
	bool ok = foreign_read(f, fit, s->len);
	free(fit);
	return ok;
}

static void an_offer_says_who_offers_what(void)
{
	struct sent s = REPLY(53, 1, 2, OF_SERVER, 255);
	struct foreign f;
	char text[MAC_TEXT], ip[IP4_TEXT];
	CHECK(read_exact(&f, &s));
	CHECK_TEXT(ip4_text(ip, f.server), "10.0.0.98");
	CHECK_TEXT(ip4_text(ip, f.source), "10.0.0.99");
	CHECK_TEXT(ip4_text(ip, f.offered), "10.0.0.77");
	CHECK_TEXT(mac_text(text, &f.mac), "02:00:00:00:00:99");
}

static void a_server_that_does_not_name_itself_is_its_address(void)
{
	struct sent s = REPLY(0, 0, 51, 4, 0, 0, 0, 1, 53, 1, 5, 255);
	struct foreign f;
	char ip[IP4_TEXT];
	CHECK(read_exact(&f, &s));
	CHECK_TEXT(ip4_text(ip, f.server), "10.0.0.99");
}

static void offers_acknowledgements_and_refusals_count_and_nothing_else(void)
{
	for (unsigned type = 0; type < 256; type++) {
		struct sent s = REPLY(53, 1, (uint8_t)type, OF_SERVER, 255);
		struct foreign f;
		CHECK_INT(read_exact(&f, &s), type == 2 || type == 5 || type == 6);
	}
	struct sent bootp = REPLY(OF_SERVER, 255);
	struct foreign f;
	CHECK(!read_exact(&f, &bootp));
}

static void only_what_goes_from_67_to_68_is_a_server_s(void)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = { { 12, 0x86 }, { 14, 0x65 }, { 14, 0x44 }, { 14, 0x4f }, { 20, 0x20 },
		{ 21, 1 }, { 23, 6 }, { 35, 68 }, { 37, 67 }, { MESSAGE, 1 }, { OPTIONS - 1, 0 },
		{ 6, 3 } };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct sent s = REPLY(53, 1, 2, OF_SERVER, 255);
		struct foreign f;
		s.b[wrong[i].at] = wrong[i].value;
		if (read_exact(&f, &s))
			printf("# byte %zu\n", wrong[i].at);
		CHECK(!read_exact(&f, &s));
	}
}

static void no_cut_offer_is_one(void)
{
	struct sent s = REPLY(OF_SERVER, 53, 1, 2);
	struct foreign f;
	CHECK(read_exact(&f, &s));
	while (s.len > 0) {
		s.len--;
		CHECK(!read_exact(&f, &s));
	}
}

static void a_probe_is_a_discover_to_everybody(void)
{
	struct sent s;
	s.len = foreign_probe(s.b, &ours, 0x01020304);
	CHECK_INT(s.len, FRAME_HEAD + 300);
	CHECK(memcmp(s.b, (uint8_t[]){ 255, 255, 255, 255, 255, 255 }, 6) == 0);
	CHECK(memcmp(s.b + 6, ours.b, 6) == 0);
	CHECK(memcmp(s.b + 26, (uint8_t[]){ 0, 0, 0, 0, 255, 255, 255, 255 }, 8) == 0);
	CHECK_INT(s.b[35], 68);
	CHECK_INT(s.b[37], 67);
	CHECK(memcmp(s.b + MESSAGE, (uint8_t[]){ 1, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0x80, 0 }, 12) == 0);
	CHECK(memcmp(s.b + MESSAGE + 28, ours.b, 6) == 0);
	CHECK(memcmp(s.b + OPTIONS, (uint8_t[]){ 53, 1, 1, 255 }, 4) == 0);
}

static void our_own_probe_is_known_again(void)
{
	struct sent s;
	struct mac m;
	s.len = foreign_probe(s.b, &ours, 0x01020304);
	CHECK(foreign_is_probe(&m, s.b + MESSAGE, s.len - MESSAGE, 0x01020304));
	CHECK(mac_equal(&m, &ours));
	CHECK(!foreign_is_probe(&m, s.b + MESSAGE, s.len - MESSAGE, 0x01020305));
	CHECK(!foreign_is_probe(&m, s.b + MESSAGE, 33, 0x01020304));
	s.b[MESSAGE] = 2;
	CHECK(!foreign_is_probe(&m, s.b + MESSAGE, s.len - MESSAGE, 0x01020304));
}

TESTS(T(an_offer_says_who_offers_what), T(a_server_that_does_not_name_itself_is_its_address),
	T(offers_acknowledgements_and_refusals_count_and_nothing_else),
	T(only_what_goes_from_67_to_68_is_a_server_s), T(no_cut_offer_is_one),
	T(a_probe_is_a_discover_to_everybody), T(our_own_probe_is_known_again))
