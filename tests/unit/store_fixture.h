/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small world for the store's tests: one network, two pools, two blades, one persona. Everything
 * here that fails ends the test program: nothing after it would mean anything. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "store/store.h"

/* What the tests' stores are sealed with. */
static const uint8_t fixed_key[32] = "the key of the tests: no secret";

/* Calls with a fresh err, then compares the code and the whole sentence. */
#define WANT(code, words, call)                                                                    \
	do {                                                                                       \
		e = (struct err){ 0 };                                                             \
		CHECK_INT(call, -(code));                                                          \
		CHECK_TEXT(e.text, words);                                                         \
	} while (0)

static inline void must_(int r, const struct err *e, const char *what)
{
	if (!r)
		return;
	printf("Bail out! %s: %s\n", what, e->text);
	exit(1);
}
#define MUST(call)                                                                                 \
	do {                                                                                       \
		e = (struct err){ 0 };                                                             \
		must_(call, &e, #call);                                                            \
	} while (0)

#ifndef SQLITE_VERSION /* store_priv.h has them, too */
static inline void store_drop(struct store **s)
{
	store_close(*s);
}

static inline void list_drop(void *list)
{
	free(*(void **)list);
}
#endif

static inline struct mac mac_of(const char *text)
{
	struct mac m = { 0 };
	if (!mac_parse(&m, text))
		abort();
	return m;
}

static inline uint32_t ip4_of(const char *text)
{
	uint32_t addr = 0;
	if (!ip4_parse(&addr, text))
		abort();
	return addr;
}

static inline struct network network_of(const char *name, const char *interface, const char *cidr)
{
	struct network n = { 0 };
	snprintf(n.name, sizeof n.name, "%s", name);
	snprintf(n.interface, sizeof n.interface, "%s", interface);
	if (!net4_parse(&n.addr, &n.prefix, cidr))
		abort();
	return n;
}

static inline struct pool mac_pool(const char *name, const char *from, const char *to)
{
	struct pool p = { .kind = POOL_MAC, .from = mac_of(from), .to = mac_of(to) };
	snprintf(p.name, sizeof p.name, "%s", name);
	return p;
}

static inline struct pool iqn_pool(const char *name, const char *prefix)
{
	struct pool p = { .kind = POOL_IQN };
	snprintf(p.name, sizeof p.name, "%s", name);
	snprintf(p.prefix, sizeof p.prefix, "%s", prefix);
	return p;
}

/* A machine with one carrying NIC on mgmt. */
static inline struct machine machine_of(const char *name, const char *mac)
{
	struct machine m = { .bmc = { .kind = "fake", .host = "127.0.0.1", .port = 623 },
		.nics = 1 };
	snprintf(m.name, sizeof m.name, "%s", name);
	m.nic[0] = (struct nic){ .factory = mac_of(mac), .carries = true, .network = "mgmt" };
	return m;
}

/* A persona with one NIC on mgmt and everything else left to the pools. */
static inline struct persona persona_of(const char *name)
{
	struct persona p = { .nics = 1 };
	snprintf(p.name, sizeof p.name, "%s", name);
	p.nic[0] = (struct persona_nic){ .network = "mgmt" };
	return p;
}

/* A persona whose disk lies at a target that Baton administers. */
static inline struct persona fenced_of(const char *name)
{
	struct persona p = persona_of(name);
	snprintf(p.san, sizeof p.san, "tgt");
	snprintf(p.target, sizeof p.target, "iqn.2026-01.org.example:disk-of-%s", name);
	p.nics = 0;
	p.lun = 1;
	p.paths = 1;
	p.path[0] = (struct path){ ip4_of("10.77.0.1"), 3260 };
	return p;
}

static inline struct proof proof_of(const struct binding *b, enum proof_kind kind)
{
	struct proof p = { .order = 3, .generation = b->generation, .kind = kind, .at_s = 1e9 };
	snprintf(p.persona, sizeof p.persona, "%s", b->persona);
	snprintf(p.machine, sizeof p.machine, "%s", b->machine);
	snprintf(p.seen, sizeof p.seen, "off in two reads, 612 ms apart");
	return p;
}

static inline struct proof proved(struct store *s, const struct binding *b, enum proof_kind kind)
{
	struct err e;
	struct proof p = proof_of(b, kind);
	MUST(store_proof_add(s, &p, &e));
	return p;
}

/* Network mgmt 10.77.0.1/24 with pool .100-.103, pool macs of four, pool iqns. */
static inline struct store *world(const char *path)
{
	struct store *s = NULL;
	struct err e;
	struct network mgmt = network_of("mgmt", "mgmt0", "10.77.0.1/24");
	mgmt.pool_from = ip4_of("10.77.0.100");
	mgmt.pool_to = ip4_of("10.77.0.103");
	struct pool macs = mac_pool("macs", "02:ba:70:00:00:01", "02:ba:70:00:00:04");
	struct pool iqns = iqn_pool("iqns", "iqn.2026-01.org.example:");
	MUST(store_open(&s, path, fixed_key, &e));
	MUST(store_network_add(s, &mgmt, &e));
	MUST(store_pool_add(s, &macs, &e));
	MUST(store_pool_add(s, &iqns, &e));
	return s;
}

/* The same, with blade-a, blade-b and web-01. */
static inline struct store *peopled(const char *path)
{
	struct store *s = world(path);
	struct err e;
	struct machine a = machine_of("blade-a", "52:54:00:aa:00:01");
	struct machine b = machine_of("blade-b", "52:54:00:bb:00:01");
	struct persona web = persona_of("web-01");
	MUST(store_machine_add(s, &a, &e));
	MUST(store_machine_add(s, &b, &e));
	MUST(store_persona_add(s, &web, &e));
	return s;
}
