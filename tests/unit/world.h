/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small site for tests of the core: one network, two machines, two personas; web-01 is bound to
 * blade-a with the phase that the test wants. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/table.h"

struct world {
	struct network network[2];
	struct machine machine[2];
	struct persona persona[2];
	struct binding binding[2];
	struct table_source source;
	void *bytes;
	size_t len;
	struct table table;
};

static inline struct mac world_mac(const char *text)
{
	struct mac m = { { 0 } };
	if (!mac_parse(&m, text))
		abort();
	return m;
}

static inline uint32_t world_ip(const char *text)
{
	uint32_t a = 0;
	if (!ip4_parse(&a, text))
		abort();
	return a;
}

/* The model; the test may change it before world_build(). */
static inline void world_init(struct world *w, enum phase phase)
{
	*w = (struct world){
		.network = {
			{ .name = "mgmt", .interface = "mgmt0", .addr = world_ip("10.77.0.1"),
				.prefix = 24, .gateway = world_ip("10.77.0.1") },
			{ .name = "other", .interface = "other0", .addr = world_ip("10.88.0.1"),
				.prefix = 24, .unknown = UNKNOWN_LEASE,
				.pool_from = world_ip("10.88.0.100"),
				.pool_to = world_ip("10.88.0.199") },
		},
		.machine = {
			{ .name = "blade-a", .nics = 1,
				.nic = { { .pci = "0000:00:03.0",
					.factory = world_mac("52:54:00:aa:00:01"), .journaled = true,
					.carries = true, .network = "mgmt",
					.addr = world_ip("10.77.0.11"),
					.relay_port = { { 7, "Gi1/0/7" },
						{ 6, { 0xaa, 0xbb, 0, 0, 0, 1 } } } } } },
			{ .name = "blade-b", .nics = 2,
				.nic = { { .factory = world_mac("52:54:00:bb:00:01"),
						.network = "mgmt", .addr = world_ip("10.77.0.12") },
					{ .factory = world_mac("52:54:00:bb:00:02"),
						.carries = true, .network = "mgmt",
						.addr = world_ip("10.77.0.13") } } },
		},
		.persona = {
			{ .name = "web-01", .iqn = "iqn.2026-01.org.example:web-01",
				.target = "iqn.2026-01.org.example:disk", .lun = 17, .paths = 2,
				.path = { { world_ip("10.77.0.1"), 3260 },
					{ world_ip("10.77.0.2"), 3261 } },
				.chap_user = "u", .chap_secret = "s", .nics = 1,
				.nic = { { .mac = world_mac("02:ba:70:00:00:01"),
					.network = "mgmt", .addr = world_ip("10.77.0.50") } } },
			{ .name = "db-01", .iqn = "iqn.2026-01.org.example:db-01", .nics = 1,
				.nic = { { .mac = world_mac("02:ba:70:00:00:02"),
					.network = "mgmt", .addr = world_ip("10.77.0.51") } } },
		},
		.binding = { { .persona = "web-01", .machine = "blade-a", .generation = 4,
			.phase = phase, .fenced = true } },
	};
	uuid_parse(&w->machine[0].uuid, "00112233-4455-6677-8899-aabbccddeeff");
	w->source = (struct table_source){
		.generation = 9,
		.made_s = 1000,
		.key = { 1, 2, 3 },
		.http_port = 8080,
		.lease_s = 3600,
		.network = w->network,
		.networks = 2,
		.machine = w->machine,
		.machines = 2,
		.persona = w->persona,
		.personas = 2,
		.binding = w->binding,
		.bindings = 1,
		.script = { "entry {{base}}\n", "shim {{deed}} {{machine}}\n{{pack_lines}}\n",
			"{{?chap_user}}set username {{chap_user}}\nsanboot {{san_uris}}\n",
			"park {{machine}}\n", "local\n" },
		.packs = "lab.img\nmstflint.img\n",
	};
}

static inline int world_build(struct world *w, struct err *e)
{
	int rc = table_build(&w->bytes, &w->len, &w->source, e);
	return rc < 0 ? rc : table_check(&w->table, w->bytes, w->len, e);
}

static inline void world_fini(struct world *w)
{
	free(w->bytes);
}
