/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What core/bmc.h promises of cards, their identity, the drive and what a machine is made of, asked
 * of one driver that has them: bmc_fixture.h. */
#include "bmc_fixture.h"

static struct card card[CARDS_MAX];
static size_t cards;

static void cards_look(struct bmc *bmc)
{
	struct err e = { 0 };
	cards = 0;
	CHECK_INT(bmc->ops->cards_read(bmc, card, &cards, &e), 0);
	if (e.code)
		printf("# %s\n", e.text);
}

static struct card *first_of(enum card_kind of)
{
	for (size_t i = 0; i < cards; i++)
		if (card[i].kind == of)
			return &card[i];
	CHECK(false);
	return &card[0];
}

/* Off, with an Ethernet and a Fibre Channel function that go by their permanent addresses; NULL
 * where the driver has no such thing. */
static struct bmc *with_cards(struct err *e)
{
	machine_is("off", "default");
	if (strcmp(kind, "fake") == 0)
		file_put("cards", "ethernet 0000:3b:00.0 a0:36:9f:00:00:01 a0:36:9f:00:00:01\n"
				  "fc 0000:3c:00.0 21:00:00:24:ff:00:00:01 20:00:00:24:ff:00:00:01 "
				  "21:00:00:24:ff:00:00:01 20:00:00:24:ff:00:00:01\n");
	struct bmc *bmc = opened(e);
	if (!bmc->ops->cards_read) {
		CHECK(!bmc->ops->identity_set && !bmc->ops->media_boot && !bmc->ops->media_none);
		bmc->ops->close(bmc);
		return NULL;
	}
	cards_look(bmc);
	const struct card *eth = first_of(CARD_ETHERNET), *fc = first_of(CARD_FC);
	const struct identity back[2] = {
		{ .permanent_mac = eth->permanent_mac, .restore = true },
		{ .permanent_wwpn = fc->permanent_wwpn, .restore = true },
	};
	enum identity_state state[2];
	CHECK_INT(bmc->ops->identity_set(bmc, back, 2, state, 10000, e), 0);
	if (state[0] != IDENTITY_ALREADY || state[1] != IDENTITY_ALREADY) {
		CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, e), 0);
		CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 5000, e), 0);
	}
	cards_look(bmc);
	CHECK(mac_equal(&first_of(CARD_ETHERNET)->mac, &eth->permanent_mac));
	return bmc;
}

static const struct mac persona_mac = { { 0x52, 0x54, 0, 0, 0, 0x31 } };
static const struct wwn persona_wwpn = { { 0x20, 1, 0x52, 0x54, 0, 0, 0, 0x31 } };
static const struct wwn persona_wwnn = { { 0x20, 0, 0x52, 0x54, 0, 0, 0, 0x31 } };

static struct identity ethernet_wanted(void)
{
	return (struct identity){ .permanent_mac = first_of(CARD_ETHERNET)->permanent_mac,
		.mac = persona_mac };
}

static struct identity fc_wanted(void)
{
	return (struct identity){ .permanent_wwpn = first_of(CARD_FC)->permanent_wwpn,
		.wwpn = persona_wwpn,
		.wwnn = persona_wwnn,
		.fc_boot = true,
		.fc_targets = 1,
		.fc_target = { { .wwpn = { { 0x50, 0, 0, 0, 0, 0, 0, 1 } }, .lun = 3 } } };
}

static void an_identity_holds_from_the_next_start_until_it_is_restored(void)
{
	struct err e = { 0 };
	enum identity_state state[2] = { IDENTITY_ALREADY, IDENTITY_ALREADY };
	struct bmc *bmc = with_cards(&e);
	if (!bmc)
		return;
	const struct identity want[2] = { ethernet_wanted(), fc_wanted() };
	CHECK_INT(bmc->ops->identity_set(bmc, want, 2, state, 10000, &e), 0);
	CHECK(state[0] != IDENTITY_ALREADY && state[1] != IDENTITY_ALREADY);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	cards_look(bmc);
	CHECK(mac_equal(&first_of(CARD_ETHERNET)->mac, &persona_mac));
	CHECK(wwn_equal(&first_of(CARD_FC)->wwpn, &persona_wwpn));
	CHECK(wwn_equal(&first_of(CARD_FC)->wwnn, &persona_wwnn));
	CHECK(mac_equal(&first_of(CARD_ETHERNET)->permanent_mac, &want[0].permanent_mac));
	CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 5000, &e), 0);
	CHECK_INT(bmc->ops->identity_set(bmc, want, 2, state, 10000, &e), 0);
	CHECK(state[0] == IDENTITY_ALREADY && state[1] == IDENTITY_ALREADY);
	const struct identity back = { .permanent_mac = want[0].permanent_mac, .restore = true };
	CHECK_INT(bmc->ops->identity_set(bmc, &back, 1, state, 10000, &e), 0);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	cards_look(bmc);
	CHECK(mac_equal(&first_of(CARD_ETHERNET)->mac, &want[0].permanent_mac));
	CHECK(wwn_equal(&first_of(CARD_FC)->wwpn, &persona_wwpn));
	bmc->ops->close(bmc);
}

static void a_machine_that_is_on_keeps_its_identity(void)
{
	struct err e = { 0 };
	enum identity_state state;
	struct bmc *bmc = with_cards(&e);
	if (!bmc)
		return;
	const struct identity want = ethernet_wanted();
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	CHECK_INT(bmc->ops->identity_set(bmc, &want, 1, &state, 10000, &e), -EBUSY);
	bmc->ops->close(bmc);
}

static void a_card_that_is_not_there_stops_all_of_it(void)
{
	struct err e = { 0 };
	enum identity_state state[2];
	struct bmc *bmc = with_cards(&e);
	if (!bmc)
		return;
	const struct identity want[2] = { ethernet_wanted(),
		{ .permanent_mac = { { 2, 0, 0, 0, 0, 0xfe } }, .mac = persona_mac } };
	CHECK_INT(bmc->ops->identity_set(bmc, want, 2, state, 10000, &e), -ENODEV);
	CHECK(strstr(e.text, "02:00:00:00:00:fe") != NULL);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	cards_look(bmc);
	CHECK(mac_equal(&first_of(CARD_ETHERNET)->mac, &want[0].permanent_mac));
	bmc->ops->close(bmc);
}

static void an_identity_that_is_taken_and_reverted_is_caught(void)
{
	struct err e = { 0 };
	enum identity_state state;
	struct bmc *bmc = with_cards(&e);
	if (!bmc)
		return;
	const struct identity want = ethernet_wanted();
	file_put("revert", "identity\n");
	int r = bmc->ops->identity_set(bmc, &want, 1, &state, 20000, &e);
	if (r < 0) {
		CHECK_INT(r, -EIO);
		CHECK(strstr(e.text, "it took that and shows") != NULL);
	} else {
		/* What waits for a start is known by then. */
		CHECK_INT(state, IDENTITY_STAGED);
		CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	}
	cards_look(bmc);
	CHECK(mac_equal(&first_of(CARD_ETHERNET)->mac, &want.permanent_mac));
	bmc->ops->close(bmc);
}

/* ------------------------------------------------------------------ UUID and serial */

static struct bmc_system own;

/* Off, with a UUID and a serial of its own; NULL where the driver has no such thing, or the BMC
 * does not say that they can be set. */
static struct bmc *with_system(struct err *e)
{
	machine_is("off", "default");
	if (strcmp(kind, "fake") == 0)
		file_put("system", "00112233-4455-6677-8899-aabbccddeeff CZ123\n");
	struct bmc *bmc = opened(e);
	own = (struct bmc_system){ .serial = "" };
	CHECK_INT(!bmc->ops->system_read, !bmc->ops->cards_read);
	CHECK_INT(!bmc->ops->system_set, !bmc->ops->cards_read);
	if (bmc->ops->system_read)
		CHECK_INT(bmc->ops->system_read(bmc, &own, e), 0);
	if (own.uuid_settable && own.serial_settable)
		return bmc;
	bmc->ops->close(bmc);
	return NULL;
}

static const struct bmc_system persona_says = { .uuid = { { 0x6b, 0x1c, 0x7a, 0x52, 0x3f, 0x0e,
							0x4d, 0x0a, 0x9d, 0x3e, 0x0a, 0x6c, 0x51,
							0xb7, 0xf2, 0x04 } },
	.serial = "BTN-7" };

static void says(struct bmc *bmc, const struct bmc_system *want)
{
	struct bmc_system is;
	CHECK_INT(bmc->ops->system_read(bmc, &is, NULL), 0);
	CHECK(uuid_same_body(&is.uuid, &want->uuid));
	CHECK_TEXT(is.serial, want->serial);
}

static void a_uuid_and_a_serial_are_set_and_given_back(void)
{
	struct err e = { 0 };
	enum identity_state state = IDENTITY_STAGED;
	struct bmc *bmc = with_system(&e);
	if (!bmc)
		return;
	CHECK(!uuid_is_zero(&own.uuid) && *own.serial);
	CHECK_INT(bmc->ops->system_set(bmc, &persona_says, &state, 10000, &e), 0);
	CHECK_INT(state, IDENTITY_APPLIED);
	says(bmc, &persona_says);
	CHECK_INT(bmc->ops->system_set(bmc, &persona_says, &state, 10000, &e), 0);
	CHECK_INT(state, IDENTITY_ALREADY);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	says(bmc, &persona_says);
	CHECK_INT(bmc->ops->system_set(bmc, &own, &state, 10000, &e), -EBUSY);
	says(bmc, &persona_says);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 5000, &e), 0);
	/* one of them alone */
	struct bmc_system serial = { .serial = "" };
	memcpy(serial.serial, own.serial, sizeof serial.serial);
	CHECK_INT(bmc->ops->system_set(bmc, &serial, &state, 10000, &e), 0);
	serial.uuid = persona_says.uuid;
	says(bmc, &serial);
	CHECK_INT(bmc->ops->system_set(bmc, &own, &state, 10000, &e), 0);
	CHECK_INT(state, IDENTITY_APPLIED);
	says(bmc, &own);
	bmc->ops->close(bmc);
}

static void a_uuid_that_is_taken_and_reverted_is_caught(void)
{
	struct err e = { 0 };
	enum identity_state state;
	struct bmc *bmc = with_system(&e);
	if (!bmc)
		return;
	file_put("revert", "identity system\n");
	CHECK_INT(bmc->ops->system_set(bmc, &persona_says, &state, 20000, &e), -EIO);
	CHECK(strstr(e.text, "it took that and shows UUID ") != NULL);
	says(bmc, &own);
	bmc->ops->close(bmc);
}

static void an_image_is_in_the_drive_for_one_start_from_it(void)
{
	struct err e = { 0 };
	struct bmc *bmc = with_cards(&e);
	if (!bmc)
		return;
	CHECK_INT(bmc->ops->media_none(bmc, &e), 0);
	CHECK_INT(bmc->ops->media_boot(bmc, "http://10.0.0.1/ipxe.iso", &e), 0);
	state_is("off", "cd");
	CHECK_INT(bmc->ops->media_boot(bmc, "http://10.0.0.1/other.iso", &e), 0);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	state_is("on", "default");
	char is[80];
	file_get("bmc", is, sizeof is);
	CHECK(strstr(is, "booted=cd") != NULL);
	CHECK_INT(bmc->ops->media_none(bmc, &e), 0);
	CHECK_INT(bmc->ops->media_none(bmc, &e), 0);
	bmc->ops->close(bmc);
}

/* Of that kind, with a firmware; NULL: there is none. */
static const struct component *component_of(
	const struct component *all, size_t n, enum component_kind want)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].kind == want && *all[i].firmware)
			return &all[i];
	return NULL;
}

static void what_it_is_made_of_is_told_on_or_off_and_nothing_changes(void)
{
	static const char *const powers[] = { "off", "on" };
	static struct component all[COMPONENTS_MAX];
	struct err e = { 0 };
	size_t n[2] = { 0 };
	for (int i = 0; i < 2; i++) {
		machine_is(powers[i], "default");
		if (strcmp(kind, "fake") == 0)
			file_put("components",
				"disk|Bay 1|sata|SSD|S1|SIM1|480103981056|OK\n"
				"nic|NIC1||25 GbE|E1|22.31.6|0|OK\nbios|||Machine||2.1|0|\n"
				"bmc|||BMC||1.0|0|OK\n");
		struct bmc *bmc = opened(&e);
		if (bmc->ops->inventory_read) {
			CHECK_INT(bmc->ops->inventory_read(bmc, all, &n[i], &e), 0);
			CHECK(n[i] > 3 && n[i] <= COMPONENTS_MAX);
			const struct component *disk = component_of(all, n[i], COMPONENT_DISK);
			CHECK(disk && disk->bytes > 1000000000 && *disk->serial && *disk->slot);
			CHECK(disk && strcmp(disk->bus, "sata") == 0);
			CHECK(component_of(all, n[i], COMPONENT_NIC) != NULL);
			CHECK(component_of(all, n[i], COMPONENT_BIOS) != NULL);
			CHECK(component_of(all, n[i], COMPONENT_BMC) != NULL);
			state_is(powers[i], "default");
		}
		bmc->ops->close(bmc);
	}
	CHECK_INT(n[0], n[1]);
}

TESTS(T(an_identity_holds_from_the_next_start_until_it_is_restored),
	T(a_machine_that_is_on_keeps_its_identity), T(a_card_that_is_not_there_stops_all_of_it),
	T(an_identity_that_is_taken_and_reverted_is_caught),
	T(a_uuid_and_a_serial_are_set_and_given_back),
	T(a_uuid_that_is_taken_and_reverted_is_caught),
	T(an_image_is_in_the_drive_for_one_start_from_it),
	T(what_it_is_made_of_is_told_on_or_off_and_nothing_changes))
