/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which machine could carry which persona: a table of cases. */
#include "core/compat.h"

#include "tap.h"

/* A UEFI machine of 64 GiB whose one NIC carries on mgmt. */
static struct machine machine_of(void)
{
	struct machine m = { .name = "blade-a",
		.nics = 1,
		.is = { .arch = ARCH_X86_64,
			.firmware = FIRMWARE_UEFI,
			.memory_mb = 65536,
			.cpus = 32,
			.labels = 1,
			.label = { { "gpu", "a100" } } } };
	m.nic[0] = (struct nic){ .carries = true, .network = "mgmt", .card = "15b3:1015" };
	return m;
}

static struct persona persona_of(void)
{
	struct persona p = { .name = "web-01", .nics = 1 };
	p.nic[0] = (struct persona_nic){ .network = "mgmt" };
	return p;
}

static const char packs[] = "15b3:* 8086:100e";

/* fit, by, and all whys with "; " between. */
static void judged(const struct persona *p, const struct machine *m, const char *with,
	const char *fit, const char *by, const char *why)
{
	struct compat c;
	char all[COMPAT_REASONS * COMPAT_WHAT] = "";
	compat_judge(&c, p, m, with);
	for (unsigned i = 0, at = 0; i < c.n; i++)
		at += (unsigned)snprintf(
			all + at, sizeof all - at, "%s%s", i ? "; " : "", c.why[i].what);
	CHECK_TEXT(compat_fit_word(c.fit), fit);
	CHECK_TEXT(c.by, by);
	CHECK_TEXT(all, why);
}

static void one_that_fits_says_how_it_would_take_the_identity(void)
{
	struct machine m = machine_of();
	struct persona p = persona_of();
	judged(&p, &m, packs, "yes", "shim", "");
	m.taking = TAKING_HANDOVER;
	judged(&p, &m, packs, "yes", "handover", "");
	/* A BMC that has set addresses needs no tool. */
	m.taken = TAKING_BMC;
	snprintf(m.nic[0].card, sizeof m.nic[0].card, "14e4:16d7");
	judged(&p, &m, packs, "yes", "bmc", "");
	judged(&p, &m, NULL, "yes", "bmc", "");
}

static void nothing_wanted_needs_nothing_known(void)
{
	struct machine m = machine_of();
	struct persona p = persona_of();
	m.is = (struct traits){ .labels = 0 };
	judged(&p, &m, packs, "yes", "shim", "");
	p.nics = 0;
	m.nics = 0;
	judged(&p, &m, NULL, "yes", "shim", "");
}

static void what_is_wanted_and_not_there_is_said(void)
{
	static const struct {
		struct traits wants;
		const char *why;
	} cases[] = {
		{ { .arch = ARCH_AARCH64 }, "wants aarch64, it is x86_64" },
		{ { .firmware = FIRMWARE_BIOS }, "wants bios, it is uefi" },
		{ { .memory_mb = 131072 }, "wants 128 GiB of memory, it has less" },
		{ { .memory_mb = 65537 }, "wants 65537 MiB of memory, it has less" },
		{ { .cpus = 33 }, "wants 33 CPUs, it has less" },
		{ { .labels = 1, .label = { { "gpu", "h100" } } }, "wants label gpu=h100" },
		{ { .labels = 1, .label = { { "rack", "r1" } } }, "wants label rack=r1" },
		{ { .arch = ARCH_AARCH64, .firmware = FIRMWARE_BIOS, .cpus = 64 },
			"wants aarch64, it is x86_64; wants bios, it is uefi; wants 64 CPUs, it "
			"has "
			"less" },
	};
	struct machine m = machine_of();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct persona p = persona_of();
		p.wants = cases[i].wants;
		judged(&p, &m, packs, "no", "", cases[i].why);
	}
	struct persona p = persona_of();
	p.wants = (struct traits){ .arch = ARCH_X86_64,
		.firmware = FIRMWARE_UEFI,
		.memory_mb = 65536,
		.cpus = 32,
		.labels = 1,
		.label = { { "gpu", "a100" } } };
	judged(&p, &m, packs, "yes", "shim", "");
	/* Half a GiB less than 64 is less. */
	m.is.memory_mb = 65000;
	judged(&p, &m, packs, "no", "", "wants 64 GiB of memory, it has less");
	m.is.memory_mb = 512;
	judged(&p, &m, packs, "no", "", "wants 64 GiB of memory, it has less");
}

static void what_nobody_knows_is_unknown_unless_something_else_says_no(void)
{
	struct machine m = machine_of();
	struct persona p = persona_of();
	p.wants = (struct traits){ .firmware = FIRMWARE_UEFI, .memory_mb = 1024 };
	m.is = (struct traits){ .labels = 0 };
	m.nic[0].card[0] = '\0';
	judged(&p, &m, packs, "unknown", "",
		"wants uefi, and its firmware is not known; wants 1 GiB of memory, and how much it "
		"has is not known; no shim has told yet what its cards are");
	p.wants.labels = 1;
	p.wants.label[0] = (struct label){ "rack", "r1" };
	judged(&p, &m, packs, "no", "", "wants label rack=r1");
	p = persona_of();
	m = machine_of();
	judged(&p, &m, NULL, "unknown", "", "the tool-packs cannot be read");
}

static void nics_and_their_tools(void)
{
	struct machine m = machine_of();
	struct persona p = persona_of();
	m.nic[0].carries = false;
	judged(&p, &m, packs, "no", "", "no NIC left that carries its NIC 0 on network mgmt");
	m = machine_of();
	p.nics = 2;
	p.nic[1] = (struct persona_nic){ .network = "mgmt" };
	judged(&p, &m, packs, "no", "", "no NIC left that carries its NIC 1 on network mgmt");
	m.nics = 2;
	m.nic[1] = m.nic[0];
	judged(&p, &m, packs, "yes", "shim", "");
	/* Two cards of one kind are one reason, two kinds are two. */
	snprintf(m.nic[0].card, sizeof m.nic[0].card, "14e4:16d7");
	judged(&p, &m, packs, "no", "", "no tool-pack for 14e4:16d7");
	m.nic[1] = m.nic[0];
	judged(&p, &m, packs, "no", "", "no tool-pack for 14e4:16d7");
	snprintf(m.nic[1].card, sizeof m.nic[1].card, "8086:1572");
	judged(&p, &m, packs, "no", "", "no tool-pack for 14e4:16d7; no tool-pack for 8086:1572");
	judged(&p, &m, "", "no", "", "no tool-pack for 14e4:16d7; no tool-pack for 8086:1572");
}

static void what_a_machine_does_now_is_no_part_of_it(void)
{
	struct machine m = machine_of();
	struct persona p = persona_of();
	snprintf(m.pool, sizeof m.pool, "spares");
	snprintf(p.apart, sizeof p.apart, "web");
	m.idle = IDLE_LOCAL;
	judged(&p, &m, packs, "yes", "shim", "");
}

static void hbas_and_their_tools(void)
{
	struct machine m = machine_of();
	struct persona p = persona_of();
	p.hbas = 1;
	judged(&p, &m, packs, "no", "", "no HBA left that carries its HBA 0");
	m.hbas = 1;
	m.hba[0].carries = true;
	judged(&p, &m, packs, "unknown", "", "no shim has told yet what its cards are");
	snprintf(m.hba[0].card, sizeof m.hba[0].card, "10df:f100");
	judged(&p, &m, packs, "no", "", "no tool-pack for 10df:f100");
	m.taking = TAKING_HANDOVER; /* an HBA goes by its new name after a restart */
	judged(&p, &m, "15b3:* 10df:*", "yes", "shim", "");
}

TESTS(T(hbas_and_their_tools), T(one_that_fits_says_how_it_would_take_the_identity),
	T(nothing_wanted_needs_nothing_known), T(what_is_wanted_and_not_there_is_said),
	T(what_nobody_knows_is_unknown_unless_something_else_says_no), T(nics_and_their_tools),
	T(what_a_machine_does_now_is_no_part_of_it))
