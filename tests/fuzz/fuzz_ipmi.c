/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes to the simulated BMC's IPMI port. The first byte says how: a packet as it is; a
 * message within a session, whose keys no input could guess; or what is sealed with a key that
 * is known. No answer is longer than its room, and none follows from less than a message. */
#include <assert.h>

#include "sim/ipmi_priv.h"
#include "tests/unit/sim_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tree *tree;
static struct machine machine;
static struct memory body;
static struct ipmi *ipmi;

static void begin(void)
{
	struct err e = { 0 };
	if (tree_new(&tree, "standard", &e) < 0)
		abort();
	memory_open(&machine, &body, tree);
	if (ipmi_new(&ipmi, &machine, "baton", "s3cret-word", memory_random, &e) < 0)
		abort();
}

static void inside(const uint8_t *data, size_t size)
{
	struct ipmi_session s = { .id = 1, .privilege = PRIVILEGE_ADMIN };
	struct ipmi_message m;
	uint8_t out[IPMI_PACKET_MAX];
	struct command c = { .ipmi = ipmi, .s = &s };
	if (size < 2)
		return;
	c.data = data + 2;
	c.len = size - 2;
	command_do(&c, data[0], data[1]);
	assert(c.answer_len <= sizeof c.answer);
	if (ipmi_message_read(&m, data, size))
		assert(ipmi_message_write(out, sizeof out, &m, 0, c.answer, c.answer_len) >= 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[AES_BLOCK];
	uint8_t out[2 * IPMI_PACKET_MAX];
	if (!ipmi)
		begin();
	if (size < 1)
		return 0;
	switch (data[0] % 3) {
	case 0:
		assert(ipmi_answer(ipmi, data + 1, size - 1, out, IPMI_PACKET_MAX) <=
			IPMI_PACKET_MAX);
		break;
	case 1:
		inside(data + 1, size - 1);
		break;
	default:
		assert(aes_open(out, sizeof out, key, data + 1, size - 1) < size);
	}
	return 0;
}
