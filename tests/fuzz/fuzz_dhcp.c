/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a DHCP question, on port 67 or 4011, through the whole way of an answer: read,
 * decide, dnsmasq, destination. How it came in: input.h. What holds whatever was asked:
 * a known machine gets its own address or none, a stranger one that is nobody's; and firmware with
 * the persona's MAC is answered only by the UUID or the relay port of the machine that carries it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "tests/fuzz/input.h"
#include "tests/unit/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world world;

static void prepare(void)
{
	if (world.bytes)
		return;
	world_init(&world, PHASE_PERSONA);
	if (world_build(&world, NULL) < 0 || engine_open(NULL) < 0 ||
		engine_table(&world.table, NULL) < 0)
		abort();
}

static bool somebodys(uint32_t addr)
{
	for (uint32_t i = 0; i < world.table.header->nics; i++)
		if (world.table.nic[i].addr == addr || world.table.nic[i].persona_addr == addr)
			return true;
	for (uint32_t i = 0; i < world.table.header->networks; i++)
		if (world.table.network[i].addr == addr)
			return true;
	return false;
}

static bool is_the_body(const struct engine_answer *a)
{
	const struct machine *m = &world.machine[0];
	return uuid_same_body(&a->ask.uuid, &m->uuid) ||
	       (uuid_is_zero(&a->ask.uuid) && a->ask.relay &&
		       relay_port_is(&a->ask.port, &m->nic[0].relay_port));
}

static void check(const struct engine_answer *a)
{
	assert(a->len <= sizeof a->bytes);
	assert(a->len == 0 || (a->heard && a->plan.network && a->len >= 300 && a->bytes[0] == 2));
	assert(a->to == TO_NOBODY || a->len > 0);
	assert(a->len == 0 || !a->plan.is_persona_mac || a->ask.stage == STAGE_OS ||
		is_the_body(a));
	if (a->len == 0 || a->given == 0 || a->plan.network == NULL)
		return;
	if (a->plan.deed == DEED_LEASE)
		assert(!somebodys(a->given) && a->given >= a->plan.network->pool_from &&
			a->given <= a->plan.network->pool_to && a->file[0] == '\0');
	else
		assert(a->given == a->plan.addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct engine_answer answer;
	static uint64_t now_s = 1000;
	prepare();
	if (size == 0)
		return 0;
	uint8_t how = data[0];
	uint8_t *packet = malloc(size);
	if (!packet)
		return 0;
	memcpy(packet, data + 1, size - 1);
	now_s += how & LATER ? 4000 : 1;
	struct engine_ask ask = {
		.bytes = packet,
		.len = size - 1,
		.interface = how & AMONG_STRANGERS ? "other0" : "mgmt0",
		.interface_index = 2,
		.here = world.network[how & AMONG_STRANGERS ? 1 : 0].addr,
		.from = how & WITH_SENDER ? 0x0a4d0063 : 0,
		.from_port = 68,
		.unicast = how & UNICAST,
		.pxe = how & ON_4011,
		.now_s = now_s,
		.unix_s = now_s,
	};
	engine_answer(&answer, &ask);
	check(&answer);
	free(packet);
	return 0;
}
