/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decision as a table: who asks, at which stage, in which phase, and what comes of it. */
#include "core/boot.h"

#include "tests/unit/tap.h"
#include "tests/unit/world.h"

#define A "52:54:00:aa:00:01" /* blade-a's own */
#define P "02:ba:70:00:00:01" /* web-01's, on blade-a */
#define B "52:54:00:bb:00:01"
#define HERE "10.77.0.1"

static const struct {
	enum phase phase;
	const char *mac, *via;
	enum boot_stage stage;
	int arch;         /* -1: not said */
	const char *want; /* deed, address and loader; or the silence */
} rows[] = {
	{ PHASE_IDENTITY, A, HERE, STAGE_FIRMWARE, 0, "identity 10.77.0.11 undionly.kpxe" },
	{ PHASE_IDENTITY, A, HERE, STAGE_FIRMWARE, -1, "identity 10.77.0.11 undionly.kpxe" },
	{ PHASE_IDENTITY, A, HERE, STAGE_FIRMWARE, 7, "identity 10.77.0.11 snponly.efi" },
	{ PHASE_IDENTITY, A, HERE, STAGE_FIRMWARE, 9, "identity 10.77.0.11 snponly.efi" },
	{ PHASE_IDENTITY, A, HERE, STAGE_HTTP, 16, "identity 10.77.0.11 snponly.efi" },
	{ PHASE_IDENTITY, A, HERE, STAGE_FIRMWARE, 33, "no-loader-for-arch" },
	{ PHASE_IDENTITY, A, HERE, STAGE_IPXE, 0, "identity 10.77.0.11 " },
	/* the card is written but the report was lost: the shim comes again */
	{ PHASE_IDENTITY, P, HERE, STAGE_IPXE, 0, "identity 10.77.0.50 " },
	{ PHASE_PERSONA, P, HERE, STAGE_IPXE, 0, "persona 10.77.0.50 " },
	/* a management NIC keeps its address: the phase decides, not the MAC */
	{ PHASE_PERSONA, A, HERE, STAGE_IPXE, 0, "persona 10.77.0.11 " },
	{ PHASE_PERSONA, P, HERE, STAGE_SCRIPT, -1, "persona 10.77.0.50 " },
	{ PHASE_PERSONA, P, HERE, STAGE_OS, -1, "persona 10.77.0.50 " },
	{ PHASE_RESTORE, P, HERE, STAGE_IPXE, 0, "restore 10.77.0.50 " },
	{ PHASE_RESTORE, A, HERE, STAGE_IPXE, 0, "restore 10.77.0.11 " },
	{ PHASE_PERSONA, B, HERE, STAGE_IPXE, 0, "park 10.77.0.12 " },
	{ PHASE_PERSONA, "02:ba:70:00:00:02", HERE, STAGE_IPXE, 0, "stale-address" },
	{ PHASE_PERSONA, "02:00:00:00:00:99", HERE, STAGE_IPXE, 0, "unknown-machine" },
	{ PHASE_PERSONA, "02:00:00:00:00:99", "10.88.0.1", STAGE_IPXE, 0, "lease 0.0.0.0 " },
	{ PHASE_PERSONA, A, "10.99.0.1", STAGE_IPXE, 0, "unknown-network" },
	{ PHASE_PERSONA, A, "10.88.0.1", STAGE_IPXE, 0, "other-network" },
};

static void an_address_that_no_client_could_use_is_silence_at_every_stage(void)
{
	static const char *const wrong[] = { "10.99.0.11", HERE };
	for (size_t i = 0; i < 2; i++)
		for (enum boot_stage s = STAGE_FIRMWARE; s <= STAGE_OS; s++) {
			struct world w;
			struct boot_plan plan;
			const char *why = "";
			world_init(&w, PHASE_PERSONA);
			w.machine[1].nic[0].addr = world_ip(wrong[i]);
			CHECK_INT(world_build(&w, NULL), 0);
			struct boot_ask ask = {
				.mac = world_mac(B), .via = world_ip(HERE), .stage = s
			};
			CHECK(!boot_decide(&plan, &why, &w.table, &ask));
			CHECK_TEXT(why, "address-off-network");
			world_fini(&w);
		}
}

static void every_row_comes_out_as_written(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world w;
		struct boot_plan plan;
		const char *why = "";
		char got[128], ip[IP4_TEXT];
		world_init(&w, rows[i].phase);
		CHECK_INT(world_build(&w, NULL), 0);
		struct boot_ask ask = { .mac = world_mac(rows[i].mac),
			.via = world_ip(rows[i].via),
			.stage = rows[i].stage,
			.has_arch = rows[i].arch >= 0,
			.arch = (uint16_t)(rows[i].arch < 0 ? 0 : rows[i].arch) };
		if (strcmp(rows[i].mac, P) == 0)
			ask.uuid = w.machine[0].uuid;
		if (boot_decide(&plan, &why, &w.table, &ask))
			snprintf(got, sizeof got, "%s %s %s", deed_word(plan.deed),
				ip4_text(ip, plan.addr), plan.loader);
		else
			snprintf(got, sizeof got, "%s", why);
		CHECK_TEXT(got, rows[i].want);
		world_fini(&w);
	}
}

static void another_body_with_the_same_mac_gets_silence(void)
{
	struct world w;
	struct boot_plan plan;
	const char *why = "";
	world_init(&w, PHASE_PERSONA);
	CHECK_INT(world_build(&w, NULL), 0);
	struct boot_ask ask = { .mac = world_mac(P), .via = world_ip(HERE), .stage = STAGE_IPXE };
	ask.uuid = w.machine[0].uuid;
	CHECK(boot_decide(&plan, &why, &w.table, &ask));
	ask.uuid.b[15] ^= 1;
	CHECK(!boot_decide(&plan, &why, &w.table, &ask));
	CHECK_TEXT(why, "stale-body");
	world_fini(&w);
}

static void a_machine_may_have_its_own_loader_and_its_own_rest(void)
{
	struct world w;
	struct boot_plan plan;
	const char *why;
	world_init(&w, PHASE_PERSONA);
	snprintf(w.machine[1].loader, sizeof w.machine[1].loader, "ipxe.efi");
	w.machine[1].idle = IDLE_LOCAL;
	CHECK_INT(world_build(&w, NULL), 0);
	struct boot_ask ask = { .mac = world_mac(B),
		.via = world_ip(HERE),
		.stage = STAGE_FIRMWARE,
		.has_arch = true,
		.arch = 7 };
	CHECK(boot_decide(&plan, &why, &w.table, &ask));
	CHECK_TEXT(plan.loader, "ipxe.efi");
	CHECK_INT(plan.deed, DEED_LOCAL);
	world_fini(&w);
}

static void every_silence_has_a_sentence(void)
{
	static const char *const words[] = {
#define SILENCE(name, word, text) word,
#include "core/boot.def"
#undef SILENCE
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		CHECK(silence_text(words[i]) && strlen(silence_text(words[i])) > 20);
	CHECK(!silence_text("no-such-word"));
}

TESTS(T(an_address_that_no_client_could_use_is_silence_at_every_stage),
	T(every_row_comes_out_as_written), T(another_body_with_the_same_mac_gets_silence),
	T(a_machine_may_have_its_own_loader_and_its_own_rest), T(every_silence_has_a_sentence))
