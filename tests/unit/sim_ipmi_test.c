/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated BMC's IPMI: bytes in both directions, the two cipher suites, and the commands
 * whose time or memory no client outside can see. What clients see is in tests/bats/36-sim.bats. */
#include "sim/ipmi_priv.h"
#include "sim_machine.h"
#include "tap.h"

static struct tree *tree;
static struct machine machine;
static struct memory body;
static struct ipmi *ipmi;
static struct ipmi_session session = { .id = 1, .privilege = PRIVILEGE_ADMIN };

static void begin(void)
{
	struct err e = { 0 };
	CHECK_INT(tree_new(&tree, "standard", &e), 0);
	memory_open(&machine, &body, tree);
	CHECK_INT(ipmi_new(&ipmi, &machine, "baton", "s3cret-word", memory_random, &e), 0);
}

static void end(void)
{
	ipmi_free(ipmi);
	keep_free(machine.keep);
	tree_free(tree);
}

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

/* Gives the completion code; the answer is in *c. */
static int command(struct command *c, uint8_t netfn, uint8_t cmd, const uint8_t *data, size_t len)
{
	*c = (struct command){ .ipmi = ipmi, .s = &session, .data = data, .len = len };
	return (int)command_do(c, netfn, cmd);
}

static void a_ping_is_answered_with_its_tag(void)
{
	static const uint8_t ping[] = { 6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80, 0x2a, 0, 0 };
	uint8_t out[64];
	begin();
	size_t n = ipmi_answer(ipmi, ping, sizeof ping, out, sizeof out);
	CHECK_INT(n, 28);
	CHECK_INT(out[8], 0x40);
	CHECK_INT(out[9], 0x2a);
	CHECK_INT(out[20], 0x81);
	end();
}

/* Get Channel Authentication Capabilities as a client sends it first, byte by byte. */
static void the_first_question_comes_in_the_old_format(void)
{
	static const uint8_t ask[] = { 6, 0, 0xff, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x20, 0x18,
		0xc8, 0x81, 0x04, 0x38, 0x8e, 0x04, 0xb1 };
	uint8_t out[64];
	begin();
	size_t n = ipmi_answer(ipmi, ask, sizeof ask, out, sizeof out);
	CHECK_INT(n, 30);
	CHECK(memcmp(out + 4, "\0\0\0\0\0\0\0\0\0\x10", 10) == 0);
	CHECK(memcmp(out + 14, "\x81\x1c\x63\x20\x04\x38\x00\x01\x80\x04\x02", 11) == 0);
	/* What is changed on the way is not answered. */
	for (size_t i = 14; i < sizeof ask; i++) {
		uint8_t other[sizeof ask];
		memcpy(other, ask, sizeof ask);
		other[i] ^= 0x10;
		CHECK_INT(ipmi_answer(ipmi, other, sizeof other, out, sizeof out), 0);
	}
	for (size_t len = 0; len < sizeof ask; len++)
		CHECK_INT(ipmi_answer(ipmi, ask, len, out, sizeof out), 0);
	end();
}

static void a_signed_packet_is_read_as_it_was_written(void)
{
	uint8_t out[128], signature[12];
	memset(signature, 0xab, sizeof signature);
	for (size_t len = 1; len < 40; len++) {
		uint8_t payload[40];
		memset(payload, (int)len, sizeof payload);
		const struct ipmi_packet p = { .sealed = true,
			.signed_ = true,
			.session = 0x01020304,
			.seq = 7,
			.payload = payload,
			.len = len };
		size_t n = ipmi_packet_write(out, sizeof out, &p);
		CHECK_INT((n - 4) % 4, 0);
		memcpy(out + n, signature, sizeof signature);
		struct ipmi_packet q;
		CHECK(ipmi_packet_read(&q, out, n + sizeof signature));
		CHECK(q.v2 && q.sealed && q.signed_ && q.session == p.session && q.seq == 7);
		CHECK(q.len == len && memcmp(q.payload, payload, len) == 0);
		const uint8_t *at = ipmi_signature(&q, sizeof signature);
		CHECK(at == out + n && q.covered == out + 4 && q.covered_len == n - 4);
		CHECK(ipmi_signature(&q, sizeof signature + 1) == NULL);
		CHECK(!ipmi_packet_read(&q, out, 16 + len - 1));
	}
}

static void what_opens_a_session_is_read_whole_or_not_at_all(void)
{
	static const uint8_t open[] = { 9, 4, 0, 0, 0xa4, 0xa3, 0xa2, 0xa0, 0, 0, 0, 8, 3, 0, 0, 0,
		1, 0, 0, 8, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t rakp1[28 + 5] = { 5, 0, 0, 0, 4, 3, 2, 1, [24] = 0x14, [27] = 5, 'b',
		'a', 't', 'o', 'n' };
	struct ipmi_open o;
	struct ipmi_rakp1 r;
	CHECK(ipmi_open_read(&o, open, sizeof open));
	CHECK(o.tag == 9 && o.privilege == 4 && o.console == 0xa0a2a3a4);
	CHECK(o.auth == 3 && o.integrity == 4 && o.secrecy == -1);
	CHECK(suite_of(o.auth, o.integrity, o.secrecy)->id == 17);
	CHECK(suite_of(1, 1, 1)->id == 3 && suite_of(-1, -1, -1) && !suite_of(1, 4, 1));
	for (size_t len = 0; len < sizeof open; len++)
		CHECK(!ipmi_open_read(&o, open, len));
	CHECK(ipmi_rakp1_read(&r, rakp1, sizeof rakp1));
	CHECK(r.managed == 0x01020304 && r.role == 0x14);
	CHECK_TEXT(r.user, "baton");
	for (size_t len = 0; len < sizeof rakp1; len++)
		CHECK(!ipmi_rakp1_read(&r, rakp1, len));
	uint8_t longer[28 + 17] = { [27] = 17 };
	CHECK(!ipmi_rakp1_read(&r, longer, sizeof longer));
}

static void what_is_sealed_is_opened_and_nothing_else(void)
{
	static const uint8_t key[AES_BLOCK] = { 1 }, iv[AES_BLOCK] = { 2 };
	uint8_t text[64], sealed[128], opened[128];
	for (size_t len = 1; len <= sizeof text; len++) {
		memset(text, (int)len, sizeof text);
		size_t n = aes_seal(sealed, sizeof sealed, key, iv, text, len);
		CHECK_INT(n % AES_BLOCK, 0);
		CHECK_INT(aes_open(opened, sizeof opened, key, sealed, n), len);
		CHECK(memcmp(opened, text, len) == 0);
		CHECK_INT(aes_open(opened, sizeof opened, key, sealed, n - 1), 0);
	}
	CHECK_INT(aes_seal(sealed, 32, key, iv, text, 16), 0);
	CHECK_INT(aes_open(opened, sizeof opened, key, sealed, AES_BLOCK), 0);
}

/* What a client with the session's keys sends: Get Device ID under that number. */
static size_t client_sends(uint8_t to[256], const struct ipmi_session *s, uint32_t seq)
{
	static const uint8_t ask[] = { 0x20, 0x18, 0xc8, 0x81, 0x04, 0x01, 0x7a };
	static const uint8_t iv[AES_BLOCK] = { 9 };
	uint8_t sealed[64], code[HASH_MAX];
	struct ipmi_packet p = { .sealed = true,
		.signed_ = true,
		.session = s->id,
		.seq = seq,
		.payload = sealed,
		.len = aes_seal(sealed, sizeof sealed, s->k2, iv, ask, sizeof ask) };
	size_t n = ipmi_packet_write(to, 256, &p);
	s->suite->hmac(code, s->k1, s->suite->hash_len, to + 4, n - 4);
	memcpy(to + n, code, s->suite->signature_len);
	return n + s->suite->signature_len;
}

static void a_packet_counts_once_and_only_from_its_client(void)
{
	uint8_t packet[256], out[IPMI_PACKET_MAX];
	size_t n;
	begin();
	for (int id = 3; id <= 17; id += 14) {
		struct ipmi_session *s = &ipmi->session[0];
		*s = (struct ipmi_session){ .id = 77,
			.console = 88,
			.state = ACTIVE,
			.privilege = PRIVILEGE_USER,
			.suite = id == 3 ? suite_of(1, 1, 1) : suite_of(3, 4, 1),
			.k1 = { 1 },
			.k2 = { 2 },
			.used = machine.now };
		CHECK_INT(s->suite->id, id);
		n = client_sends(packet, s, 5);
		CHECK(ipmi_answer(ipmi, packet, n, out, sizeof out) > 0);
		CHECK_INT(ipmi_answer(ipmi, packet, n, out, sizeof out), 0);
		/* One that was overtaken counts, once, too; one from long ago does not. */
		n = client_sends(packet, s, 4);
		CHECK(ipmi_answer(ipmi, packet, n, out, sizeof out) > 0);
		CHECK_INT(ipmi_answer(ipmi, packet, n, out, sizeof out), 0);
		n = client_sends(packet, s, 20);
		CHECK(ipmi_answer(ipmi, packet, n, out, sizeof out) > 0);
		n = client_sends(packet, s, 3);
		CHECK_INT(ipmi_answer(ipmi, packet, n, out, sizeof out), 0);
		n = client_sends(packet, s, 21);
		for (size_t i = 4; i < n; i++) {
			packet[i] ^= 1;
			CHECK_INT(ipmi_answer(ipmi, packet, n, out, sizeof out), 0);
			packet[i] ^= 1;
		}
		CHECK(ipmi_answer(ipmi, packet, n, out, sizeof out) > 0);
		ipmi_sessions_drop(ipmi);
		n = client_sends(
			packet, &(struct ipmi_session){ .id = 77, .suite = suite_of(1, 1, 1) }, 22);
		CHECK_INT(ipmi_answer(ipmi, packet, n, out, sizeof out), 0);
	}
	end();
}

static void boot_flags_are_kept_with_all_they_say(void)
{
	struct command c;
	begin();
	CHECK_INT(command(&c, 0, 0x08, BYTES(5, 0xe0, 0x04, 0, 0, 0)), 0);
	CHECK_TEXT(body.next, "network");
	CHECK_INT(command(&c, 0, 0x09, BYTES(5, 0, 0)), 0);
	CHECK(c.answer_len == 7 && memcmp(c.answer, "\x01\x05\xe0\x04\0\0\0", 7) == 0);
	/* Persistent: a start does not use it up. */
	CHECK_INT(command(&c, 0, 0x02, BYTES(1)), 0);
	CHECK(body.on && strcmp(body.booted, "network") == 0);
	CHECK_INT(command(&c, 0, 0x09, BYTES(5, 0, 0)), 0);
	CHECK_INT(c.answer[2], 0xe0);
	CHECK_INT(command(&c, 0, 0x08, BYTES(5, 0x80, 0x14, 0, 0, 0)), 0);
	CHECK_INT(command(&c, 0, 0x02, BYTES(3)), 0);
	CHECK_TEXT(body.booted, "cd");
	CHECK_INT(command(&c, 0, 0x09, BYTES(5, 0, 0)), 0);
	CHECK_INT(c.answer[2], 0);
	end();
}

static void flags_expire_after_a_minute_unless_told_otherwise(void)
{
	struct command c;
	begin();
	CHECK_INT(command(&c, 0, 0x08, BYTES(5, 0x80, 0x04, 0, 0, 0)), 0);
	machine.now += 59999;
	CHECK_INT(command(&c, 0, 0x09, BYTES(5, 0, 0)), 0);
	CHECK_INT(c.answer[2], 0x80);
	machine.now += 1;
	CHECK_INT(command(&c, 0, 0x09, BYTES(5, 0, 0)), 0);
	CHECK_INT(c.answer[2], 0);
	CHECK_TEXT(body.next, "default");
	CHECK_INT(command(&c, 0, 0x08, BYTES(3, 0x08)), 0);
	CHECK_INT(command(&c, 0, 0x08, BYTES(5, 0x80, 0x04, 0, 0, 0)), 0);
	machine.now += 3600000;
	CHECK_INT(command(&c, 0, 0x02, BYTES(1)), 0);
	CHECK_TEXT(body.booted, "network");
	end();
}

static void a_command_wants_its_length_and_its_privilege(void)
{
	struct command c;
	begin();
	CHECK_INT(command(&c, 0, 0x08, NULL, 0), DONE_LENGTH);
	CHECK_INT(command(&c, 0, 0x08, BYTES(5, 0x80)), DONE_LENGTH);
	CHECK_INT(command(&c, 0, 0x08, BYTES(7, 0)), DONE_NO_PARAM);
	CHECK_INT(command(&c, 0, 0x02, BYTES(2)), DONE_STATE);
	CHECK_INT(command(&c, 0, 0x02, BYTES(9)), DONE_INVALID);
	CHECK_INT(command(&c, 0x3a, 1, NULL, 0), DONE_NO_COMMAND);
	session.privilege = PRIVILEGE_USER;
	CHECK_INT(command(&c, 0, 0x02, BYTES(1)), DONE_PRIVILEGE);
	CHECK_INT(command(&c, 0, 0x01, NULL, 0), 0);
	session.privilege = PRIVILEGE_ADMIN;
	CHECK(!body.on);
	end();
}

static void power_that_failed_stands_in_both_bytes(void)
{
	struct command c;
	begin();
	body.fault = true;
	CHECK_INT(command(&c, 0, 0x01, NULL, 0), 0);
	CHECK(c.answer[0] & 0x08 && c.answer[1] & 0x08);
	body.fault = false;
	keep_put(machine.keep, "policy", json_string("AlwaysOff"));
	struct err e = { 0 };
	CHECK_INT(machine_power(&machine, GESTURE_ON, &e), 0);
	CHECK_INT(machine_ac_loss(&machine, false, &e), 0);
	CHECK_INT(command(&c, 0, 0x01, NULL, 0), 0);
	CHECK(!(c.answer[0] & 1) && c.answer[1] == 0x01);
	end();
}

TESTS(T(a_ping_is_answered_with_its_tag), T(the_first_question_comes_in_the_old_format),
	T(a_signed_packet_is_read_as_it_was_written),
	T(what_opens_a_session_is_read_whole_or_not_at_all),
	T(what_is_sealed_is_opened_and_nothing_else),
	T(a_packet_counts_once_and_only_from_its_client), T(boot_flags_are_kept_with_all_they_say),
	T(flags_expire_after_a_minute_unless_told_otherwise),
	T(a_command_wants_its_length_and_its_privilege), T(power_that_failed_stands_in_both_bytes))
