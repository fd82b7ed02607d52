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

/* What a machine may have on record. */
static const char *const uuids[] = { "", "00112233-4455-6677-8899-aabbccddeeff",
	"33221100-5544-7766-8899-aabbccddeeff", "10112233-4455-6677-8899-aabbccddeeff",
	"03000200-0400-0500-0006-000700080009" };
static const struct relay_port ports[] = { { .circuit.len = 0 }, { .circuit = { 1, "7" } },
	{ { 1, "7" }, { 1, "a" } }, { { 1, "7" }, { 1, "b" } }, { .circuit = { 1, "8" } } };
enum { UUIDS = sizeof uuids / sizeof *uuids, PORTS = sizeof ports / sizeof *ports };

/* blade-b was left behind with web-01's MAC, which is on blade-a now. */
static void a_stale_machine_is_answered_where_nobody_hears_it_and_there_alone(void)
{
	static const struct {
		bool marked; /* it is being restored */
		const char *via, *uuid, *mac;
		enum boot_stage stage;
		const char *want;
	} q[] = {
		{ true, "10.88.0.1", uuids[3], P, STAGE_IPXE, "restore blade-b" },
		{ true, "10.88.0.1", uuids[3], P, STAGE_OS, "restore blade-b" },
		{ true, "10.88.0.1", uuids[3], "02:00:00:00:00:99", STAGE_IPXE, "restore blade-b" },
		/* its script, and its card once it is written */
		{ true, "10.88.0.1", "", B, STAGE_SCRIPT, "restore blade-b" },
		{ true, "10.88.0.1", uuids[3], B, STAGE_IPXE, "restore blade-b" },
		/* the switch has lied: the question comes in where all others are */
		{ true, HERE, uuids[3], P, STAGE_IPXE, "stale-body" },
		{ true, "10.88.0.1", "", P, STAGE_OS, "other-network" },
		{ true, "10.88.0.1", uuids[1], P, STAGE_IPXE, "other-network" },
		{ false, "10.88.0.1", uuids[3], P, STAGE_IPXE, "stale-body" },
	};
	for (size_t i = 0; i < sizeof q / sizeof *q; i++) {
		struct world w;
		struct boot_plan plan;
		const char *why = "";
		char got[80];
		world_init(&w, PHASE_PERSONA);
		w.network[1].isolated = true;
		w.persona[1] = (struct persona){ .name = "restore-blade-b" };
		uuid_parse(&w.machine[1].uuid, uuids[3]);
		w.binding[1] = (struct binding){ .persona = "restore-blade-b",
			.machine = "blade-b",
			.generation = 5,
			.phase = PHASE_RESTORE,
			.isolated = q[i].marked };
		w.source.bindings = 2;
		CHECK_INT(world_build(&w, NULL), 0);
		struct boot_ask ask = {
			.mac = world_mac(q[i].mac), .via = world_ip(q[i].via), .stage = q[i].stage
		};
		uuid_parse(&ask.uuid, q[i].uuid);
		if (boot_decide(&plan, &why, &w.table, &ask)) {
			snprintf(got, sizeof got, "%s %s", deed_word(plan.deed),
				table_text(&w.table, plan.machine->name));
			CHECK_INT(plan.addr, 0);
			CHECK(strcmp(table_text(&w.table, plan.network->name), "other") == 0);
			CHECK(mac_equal(plan_mac(&plan), &w.machine[1].nic[0].factory));
		} else {
			snprintf(got, sizeof got, "%s", why);
		}
		CHECK_TEXT(got, q[i].want);
		world_fini(&w);
	}
}

static bool comes_back_as_the_new_one(
	const struct world *w, struct boot_ask ask, const struct machine *was)
{
	struct boot_plan plan;
	const char *why = "";
	for (enum boot_stage s = STAGE_FIRMWARE; s <= STAGE_IPXE; s++)
		for (int silent_relay = 0; silent_relay < 2; silent_relay++) {
			ask.stage = s;
			ask.arch = s == STAGE_HTTP ? 16 : 7;
			ask.relay = ask.via;
			ask.port = was->nic[0].relay_port;
			if (silent_relay)
				ask.port.circuit.len = 0;
			if (boot_decide(&plan, &why, &w->table, &ask))
				return true;
		}
	return false;
}

/* blade-a had web-01 and comes back; blade-b has it. Firmware says the UUID that is on record or
 * none, and where none is on record any; the relay says the port on record, or nothing. */
static void who_differs_on_record_is_never_answered_as_the_other(void)
{
	unsigned differing = 0, answered = 0;
	for (int i = 0; i < UUIDS * PORTS * UUIDS * PORTS; i++) {
		struct world w;
		world_init(&w, PHASE_PERSONA);
		struct machine *was = &w.machine[0], *now = &w.machine[1];
		const char *was_uuid = uuids[i % UUIDS], *now_uuid = uuids[i / UUIDS % UUIDS];
		const struct relay_port *was_port = &ports[i / UUIDS / UUIDS % PORTS];
		const struct relay_port *now_port = &ports[i / UUIDS / UUIDS / PORTS];
		if (was_port->circuit.len && now_port->circuit.len &&
			!relay_ports_differ(was_port, now_port))
			continue; /* the store does not take it */
		*was = (struct machine){ .name = "blade-a", .nics = 1, .nic = { was->nic[0] } };
		uuid_parse(&was->uuid, was_uuid);
		uuid_parse(&now->uuid, now_uuid);
		was->nic[0].relay_port = *was_port;
		now->nic[1].relay_port = *now_port;
		snprintf(w.binding[0].machine, sizeof w.binding[0].machine, "blade-b");
		CHECK_INT(world_build(&w, NULL), 0);
		bool differ = bodies_differ(was, now, &w.persona[0]);
		differing += differ;
		for (int said = 0; said < UUIDS; said++) {
			struct boot_ask ask = {
				.mac = world_mac(P), .via = world_ip(HERE), .has_arch = true
			};
			if (*was_uuid && *uuids[said] && strcmp(was_uuid, uuids[said]) != 0)
				continue;
			uuid_parse(&ask.uuid, uuids[said]);
			bool as_new = comes_back_as_the_new_one(&w, ask, was);
			answered += as_new;
			CHECK(!differ || !as_new);
		}
		world_fini(&w);
	}
	CHECK(differing > 200 && answered > 100);
}

/* web-01's UUID, which moves with it where a machine can be told to say it. */
#define MINE "6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204"
#define MINE_SWAPPED "527a1c6b-0e3f-0a4d-9d3e-0a6c51b7f204"

static void a_personas_uuid_is_its_body_only_at_the_port_of_one_that_was_told_to_say_it(void)
{
	static const struct {
		const char *record;
		bool told; /* to say it */
		int port_record;
		const char *said, *mac;
		int port_said;
		enum boot_stage stage;
		const char *want;
	} q[] = {
		{ uuids[1], true, 1, MINE, P, 1, STAGE_FIRMWARE, "persona" },
		{ uuids[1], true, 1, MINE_SWAPPED, P, 1, STAGE_IPXE, "persona" },
		{ uuids[4], true, 1, MINE, P, 1, STAGE_IPXE, "persona" },
		/* the machine that web-01 has left says it as well */
		{ uuids[1], true, 1, MINE, P, 4, STAGE_FIRMWARE, "stale-body" },
		{ uuids[1], true, 1, MINE, P, 4, STAGE_IPXE, "stale-body" },
		{ uuids[1], true, 2, MINE, P, 1, STAGE_IPXE, "stale-body" },
		{ uuids[1], true, 1, MINE, P, 0, STAGE_FIRMWARE, "no-relay-port" },
		{ uuids[1], true, 0, MINE, P, 1, STAGE_FIRMWARE, "stale-body" },
		{ uuids[1], true, 0, MINE, P, 0, STAGE_FIRMWARE, "stale-body" },
		/* where nobody told this one, it is another */
		{ uuids[1], false, 1, MINE, P, 1, STAGE_FIRMWARE, "stale-body" },
		{ "", false, 1, MINE, P, 1, STAGE_FIRMWARE, "stale-body" },
		{ "", false, 0, MINE, P, 0, STAGE_IPXE, "stale-body" },
		{ "", true, 1, MINE, P, 1, STAGE_IPXE, "persona" },
		/* its BMC has forgotten: it is itself; one with a third UUID is nobody */
		{ uuids[1], true, 1, uuids[1], P, 4, STAGE_FIRMWARE, "persona other-port" },
		{ uuids[1], true, 1, uuids[3], P, 1, STAGE_FIRMWARE, "stale-body" },
		{ uuids[1], true, 1, "", P, 1, STAGE_FIRMWARE, "persona" },
		{ uuids[1], true, 1, "", P, 0, STAGE_FIRMWARE, "no-uuid" },
		/* only who was answered has a token */
		{ uuids[1], true, 1, MINE, P, 0, STAGE_SCRIPT, "persona" },
		{ uuids[1], false, 1, MINE, P, 0, STAGE_SCRIPT, "stale-body" },
		/* an OS says no UUID: its firmware was judged by the port, and so is it */
		{ uuids[1], true, 1, "", P, 4, STAGE_OS, "stale-body" },
		{ uuids[1], true, 1, "", P, 1, STAGE_OS, "persona" },
		{ uuids[1], true, 1, "", P, 0, STAGE_OS, "persona" },
		/* under its own MAC it is itself, told or not yet told its own again */
		{ uuids[1], true, 1, MINE, A, 4, STAGE_IPXE, "persona other-port" },
		{ uuids[1], false, 1, MINE, A, 1, STAGE_IPXE, "stale-body" },
	};
	for (size_t i = 0; i < sizeof q / sizeof *q; i++) {
		struct world w;
		struct boot_plan plan;
		const char *why = "";
		char got[80];
		world_init(&w, PHASE_PERSONA);
		struct machine *m = &w.machine[0];
		m->uuid = (struct uuid){ { 0 } };
		uuid_parse(&m->uuid, q[i].record);
		uuid_parse(&w.persona[0].uuid, MINE);
		if (q[i].told)
			m->carried_uuid = w.persona[0].uuid;
		m->nic[0].relay_port = ports[q[i].port_record];
		CHECK_INT(world_build(&w, NULL), 0);
		struct boot_ask ask = { .mac = world_mac(q[i].mac),
			.via = world_ip(HERE),
			.relay = world_ip(HERE),
			.stage = q[i].stage,
			.has_arch = true,
			.arch = 7,
			.port = ports[q[i].port_said] };
		uuid_parse(&ask.uuid, q[i].said);
		if (boot_decide(&plan, &why, &w.table, &ask))
			snprintf(got, sizeof got, "%s%s", deed_word(plan.deed),
				plan.other_port ? " other-port" : "");
		else
			snprintf(got, sizeof got, "%s", why);
		if (strcmp(got, q[i].want) != 0)
			printf("# row %zu\n", i);
		CHECK_TEXT(got, q[i].want);
		world_fini(&w);
	}
}

/* blade-a was told to say web-01's UUID, was left behind, and comes back; blade-b has web-01, told
 * to say it or not. The store gives no port to two, and none is told to say it without one. */
static void of_two_that_were_told_to_say_it_one_is_answered(void)
{
	for (int i = 0; i < PORTS * PORTS * 2; i++) {
		struct world w;
		world_init(&w, PHASE_PERSONA);
		struct machine *was = &w.machine[0], *now = &w.machine[1];
		const struct relay_port *was_port = &ports[i / 2 % PORTS];
		const struct relay_port *now_port = &ports[i / 2 / PORTS];
		if (!relay_ports_differ(was_port, now_port))
			continue;
		uuid_parse(&now->uuid, uuids[3]);
		uuid_parse(&w.persona[0].uuid, MINE);
		was->carried_uuid = w.persona[0].uuid;
		if (i % 2)
			now->carried_uuid = w.persona[0].uuid;
		was->nic[0].relay_port = *was_port;
		now->nic[1].relay_port = *now_port;
		snprintf(w.binding[0].machine, sizeof w.binding[0].machine, "blade-b");
		CHECK_INT(world_build(&w, NULL), 0);
		CHECK(bodies_differ(was, now, &w.persona[0]));
		struct boot_ask ask = { .mac = world_mac(P),
			.via = world_ip(HERE),
			.has_arch = true,
			.uuid = w.persona[0].uuid };
		CHECK(!comes_back_as_the_new_one(&w, ask, was));
		struct machine as_now = { .nics = 1, .nic = { now->nic[1] } };
		CHECK_INT(comes_back_as_the_new_one(&w, ask, &as_now), i % 2);
		world_fini(&w);
	}
}

static void the_uuid_decides_before_the_port_and_the_port_before_nothing(void)
{
	static const struct {
		const char *record, *said;
		int port_record, port_said;
		enum boot_stage stage;
		const char *want;
	} cases[] = {
		{ uuids[1], uuids[1], 1, 4, STAGE_FIRMWARE, "persona other-port" },
		{ uuids[1], uuids[2], 1, 1, STAGE_FIRMWARE, "persona" },
		{ uuids[1], uuids[3], 1, 1, STAGE_FIRMWARE, "stale-body" },
		{ uuids[1], "", 1, 1, STAGE_FIRMWARE, "persona" },
		{ uuids[1], "", 1, 4, STAGE_IPXE, "stale-body" },
		{ uuids[1], "", 1, 0, STAGE_HTTP, "no-uuid" },
		{ uuids[1], "", 0, 1, STAGE_IPXE, "no-uuid" },
		{ uuids[1], "", 1, 4, STAGE_OS, "persona other-port" },
		{ uuids[1], "", 1, 4, STAGE_SCRIPT, "persona other-port" },
		{ "", uuids[1], 1, 1, STAGE_FIRMWARE, "persona" },
		{ "", uuids[1], 1, 4, STAGE_FIRMWARE, "stale-body" },
		{ "", uuids[1], 1, 0, STAGE_FIRMWARE, "no-relay-port" },
		{ "", "", 1, 3, STAGE_IPXE, "persona" },
		{ "", "", 2, 1, STAGE_IPXE, "stale-body" },
		{ "", "", 2, 3, STAGE_IPXE, "stale-body" },
		{ "", "", 2, 2, STAGE_IPXE, "persona" },
		{ "", "", 1, 4, STAGE_OS, "stale-body" },
		{ "", "", 1, 0, STAGE_OS, "persona" },
		{ "", "", 1, 0, STAGE_SCRIPT, "persona" },
		{ "", "", 0, 4, STAGE_IPXE, "persona" },
		{ uuids[4], uuids[4], 1, 1, STAGE_IPXE, "persona" },
		{ uuids[4], uuids[4], 1, 4, STAGE_IPXE, "stale-body" },
		{ uuids[4], uuids[4], 1, 0, STAGE_IPXE, "no-relay-port" },
		{ uuids[4], uuids[4], 0, 4, STAGE_IPXE, "persona" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world w;
		struct boot_plan plan;
		const char *why = "";
		char got[64];
		world_init(&w, PHASE_PERSONA);
		w.machine[0].uuid = (struct uuid){ { 0 } };
		uuid_parse(&w.machine[0].uuid, cases[i].record);
		w.machine[0].nic[0].relay_port = ports[cases[i].port_record];
		CHECK_INT(world_build(&w, NULL), 0);
		struct boot_ask ask = { .mac = world_mac(P),
			.via = world_ip(HERE),
			.relay = world_ip(HERE),
			.stage = cases[i].stage,
			.has_arch = true,
			.arch = cases[i].stage == STAGE_HTTP ? 16 : 7,
			.port = ports[cases[i].port_said] };
		uuid_parse(&ask.uuid, cases[i].said);
		if (boot_decide(&plan, &why, &w.table, &ask))
			snprintf(got, sizeof got, "%s%s", deed_word(plan.deed),
				plan.other_port ? " other-port" : "");
		else
			snprintf(got, sizeof got, "%s", why);
		CHECK_TEXT(got, cases[i].want);
		world_fini(&w);
	}
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
	T(the_uuid_decides_before_the_port_and_the_port_before_nothing),
	T(who_differs_on_record_is_never_answered_as_the_other),
	T(a_personas_uuid_is_its_body_only_at_the_port_of_one_that_was_told_to_say_it),
	T(of_two_that_were_told_to_say_it_one_is_answered),
	T(a_stale_machine_is_answered_where_nobody_hears_it_and_there_alone),
	T(a_machine_may_have_its_own_loader_and_its_own_rest), T(every_silence_has_a_sentence))
