/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What core/bmc.h promises, asked of one driver: the fake, or another one that the environment
 * names (BATON_TEST_BMC="KIND HOST PORT USER SECRET", BATON_TEST_MACHINE=FOLDER/NAME). Behind
 * either stands a machine made of files as bmc_fake.c tells, so that the test sees what really
 * happened to it and not what the driver says. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/bmc.h"
#include "drivers/wait.h"
#include "tap.h"

static char machine[200]; /* folder and name */
static char kind[16] = "fake", host[64] = "contract", user[32] = "", secret[32] = "";
static unsigned port;

static void path_of(char to[256], const char *what)
{
	snprintf(to, 256, "%s.%s", machine, what);
}

static void file_put(const char *what, const char *text)
{
	char path[256];
	path_of(path, what);
	FILE *f = fopen(path, "w");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void file_get(const char *what, char *to, size_t size)
{
	char path[256];
	path_of(path, what);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(to, 1, size - 1, f) : 0;
	to[n] = '\0';
	if (f)
		fclose(f);
}

static void file_gone(const char *what)
{
	char path[256];
	path_of(path, what);
	unlink(path);
}

static const char *const file_whats[] = { "log", "lie", "refuse", "hang", "slow", "deaf", "bounce",
	"fault", "account", "bmc", "cards", "media", "revert" };
static char folder[] = "/tmp/baton-contract-XXXXXX";

static void files_gone(void)
{
	for (size_t i = 0; i < sizeof file_whats / sizeof file_whats[0]; i++)
		file_gone(file_whats[i]);
}

static void folder_gone(void)
{
	files_gone();
	rmdir(folder);
}

/* A machine with that state, no past and no faults. */
static void machine_is(const char *power, const char *next)
{
	if (!machine[0]) {
		const char *given = getenv("BATON_TEST_BMC"), *at = getenv("BATON_TEST_MACHINE");
		if (given && at) {
			CHECK_INT(sscanf(given, "%15s %63s %u %31s %31s", kind, host, &port, user,
					  secret),
				5);
			snprintf(machine, sizeof machine, "%s", at);
		} else {
			CHECK(mkdtemp(folder) != NULL);
			atexit(folder_gone);
			setenv("BATON_FAKE_DIR", folder, 1);
			snprintf(machine, sizeof machine, "%s/%s", folder, host);
		}
	}
	files_gone();
	char state[80], padded[80];
	snprintf(state, sizeof state, "power=%s next=%s booted=default bounce=0", power, next);
	snprintf(padded, sizeof padded, "%-63.63s\n", state);
	file_put("bmc", padded);
}

static void state_is(const char *power, const char *next)
{
	char state[80], want[80];
	file_get("bmc", state, sizeof state);
	snprintf(want, sizeof want, "power=%s next=%s ", power, next);
	state[strlen(want) < sizeof state ? strlen(want) : 0] = '\0';
	CHECK_TEXT(state, want);
}

static void log_is(const char *want)
{
	char log[400];
	file_get("log", log, sizeof log);
	CHECK_TEXT(log, want);
}

static struct bmc *open_with(const char *as_user, const char *as_secret, int want, struct err *e)
{
	struct bmc *bmc = NULL;
	const struct bmc_ops *ops = bmc_of(kind, e);
	CHECK(ops != NULL);
	if (!ops)
		exit(1);
	const struct bmc_addr addr = { .kind = kind,
		.host = host,
		.user = as_user,
		.secret = as_secret,
		.port = (uint16_t)port,
		.cipher = 3 };
	CHECK_INT(ops->open(&bmc, &addr, e), want);
	if (want == 0 && !bmc) {
		printf("Bail out! %s\n", e->text);
		exit(1);
	}
	return bmc;
}

static struct bmc *opened(struct err *e)
{
	return open_with(user, secret, 0, e);
}

static void probe_tells_the_power_and_changes_nothing(void)
{
	struct err e = { 0 };
	struct bmc_facts f;
	machine_is("on", "default");
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->probe(bmc, &f, &e), 0);
	CHECK_INT(f.power, POWER_ON);
	CHECK(!f.next_boot_known || f.next_boot == BOOT_DEFAULT);
	log_is("");
	bmc->ops->close(bmc);
	machine_is("off", "default");
	bmc = opened(&e);
	CHECK_INT(bmc->ops->probe(bmc, &f, &e), 0);
	CHECK_INT(f.power, POWER_OFF);
	bmc->ops->close(bmc);
}

static void power_goes_on_and_off_as_wanted(void)
{
	struct err e = { 0 };
	machine_is("off", "default");
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	state_is("on", "default");
	CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 5000, &e), 0);
	state_is("off", "default");
	log_is("power on\npower off\n");
	bmc->ops->close(bmc);
}

static void already_so_is_success_and_no_deed(void)
{
	struct err e = { 0 };
	machine_is("on", "default");
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	bmc->ops->close(bmc);
	machine_is("off", "default");
	bmc = opened(&e);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 5000, &e), 0);
	bmc->ops->close(bmc);
	log_is("");
}

static void off_is_two_reads_half_a_second_apart(void)
{
	struct err e = { 0 };
	machine_is("off", "default");
	struct bmc *bmc = opened(&e);
	int64_t begun = wait_now_ms();
	CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 5000, &e), 0);
	CHECK(wait_now_ms() - begun >= 500);
	bmc->ops->close(bmc);
}

static void a_machine_that_comes_back_is_told_again(void)
{
	struct err e = { 0 };
	machine_is("on", "default");
	file_put("bounce", "\n");
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 15000, &e), 0);
	state_is("off", "default");
	log_is("power off\npower off\n");
	bmc->ops->close(bmc);
}

static void a_bmc_that_lies_about_power_costs_the_timeout(void)
{
	struct err e = { 0 };
	machine_is("on", "default");
	file_put("lie", "power-off\n");
	struct bmc *bmc = opened(&e);
	int64_t begun = wait_now_ms();
	CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 1000, &e), -ETIMEDOUT);
	CHECK(wait_now_ms() - begun >= 1000 && wait_now_ms() - begun < 3000);
	CHECK_TEXT(e.text, "still on 1000 ms after it was told to go off");
	state_is("on", "default");
	bmc->ops->close(bmc);
}

static void next_boot_holds_for_one_start(void)
{
	struct err e = { 0 };
	struct bmc_facts f;
	machine_is("off", "default");
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->next_boot_set(bmc, BOOT_NETWORK, &e), 0);
	state_is("off", "network");
	CHECK_INT(bmc->ops->probe(bmc, &f, &e), 0);
	CHECK(!f.next_boot_known || f.next_boot == BOOT_NETWORK);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, &e), 0);
	state_is("on", "default");
	CHECK_INT(bmc->ops->probe(bmc, &f, &e), 0);
	CHECK(!f.next_boot_known || f.next_boot == BOOT_DEFAULT);
	bmc->ops->close(bmc);
}

static void next_boot_can_be_set_twice_and_taken_back(void)
{
	struct err e = { 0 };
	machine_is("on", "default");
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->next_boot_set(bmc, BOOT_NETWORK, &e), 0);
	CHECK_INT(bmc->ops->next_boot_set(bmc, BOOT_NETWORK, &e), 0);
	state_is("on", "network");
	CHECK_INT(bmc->ops->next_boot_set(bmc, BOOT_DEFAULT, &e), 0);
	state_is("on", "default");
	bmc->ops->close(bmc);
}

static void a_bmc_that_lies_about_the_next_boot_is_caught(void)
{
	struct err e = { 0 };
	machine_is("off", "default");
	file_put("lie", "next-boot\n");
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->next_boot_set(bmc, BOOT_NETWORK, &e), -EIO);
	CHECK(strstr(e.text, "network") != NULL);
	bmc->ops->close(bmc);
}

static void a_soft_off_asks_and_does_not_wait(void)
{
	struct err e = { 0 };
	machine_is("on", "default");
	struct bmc *bmc = opened(&e);
	int64_t begun = wait_now_ms();
	CHECK_INT(bmc->ops->power_soft_off(bmc, &e), 0);
	CHECK(wait_now_ms() - begun < 400);
	state_is("off", "default");
	log_is("soft off\n");
	bmc->ops->close(bmc);
}

static void a_wrong_password_is_refused_and_not_repeated(void)
{
	struct err e = { 0 };
	char account[80];
	machine_is("on", "default");
	snprintf(account, sizeof account, "%s %s\n", user, secret);
	file_put("account", account);
	struct bmc *bmc = opened(&e);
	bmc->ops->close(bmc);
	open_with(user, "not-the-one", -EACCES, &e);
	CHECK(strstr(e.text, "not-the-one") == NULL);
	open_with("nobody", secret, -EACCES, &e);
	file_gone("account");
}

static void close_takes_null(void)
{
	struct err e = { 0 };
	const struct bmc_ops *ops = bmc_of(kind, &e);
	CHECK(ops != NULL);
	if (ops)
		ops->close(NULL);
}

/* The fake alone: what a harness makes it do. In a process of its own, since it never returns. */
static void a_fake_that_hangs_does_so_until_it_is_killed(void)
{
	struct err e = { 0 };
	machine_is("on", "default");
	if (strcmp(kind, "fake") != 0)
		return;
	file_put("hang", "probe\n");
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct bmc_facts f;
		struct bmc *bmc = opened(&e);
		bmc->ops->probe(bmc, &f, &e);
		_exit(0);
	}
	alarm(20);
	wait_until_ms(wait_now_ms() + 300);
	CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	alarm(0);
	file_put("hang", "power-off\n");
	struct bmc_facts f;
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->probe(bmc, &f, &e), 0);
	bmc->ops->close(bmc);
}

static void a_fake_that_refuses_changes_nothing(void)
{
	struct err e = { 0 };
	machine_is("on", "default");
	if (strcmp(kind, "fake") != 0)
		return;
	file_put("refuse", "power-off next-boot\n");
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 1000, &e), -EIO);
	CHECK_INT(bmc->ops->next_boot_set(bmc, BOOT_NETWORK, &e), -EIO);
	state_is("on", "default");
	log_is("");
	bmc->ops->close(bmc);
}

static void an_unknown_kind_is_answered_with_the_known_ones(void)
{
	struct err e = { 0 };
	CHECK(bmc_of("telepathy", &e) == NULL);
	CHECK_TEXT(e.text, "no BMC kind \"telepathy\": want one of redfish, ipmi, fake");
}

static void ipmi_refuses_what_the_wire_cannot_carry(void)
{
	struct err e = { 0 };
	struct bmc *bmc = NULL;
	struct bmc_addr addr = { .kind = "ipmi", .host = "127.0.0.1", .port = 1, .cipher = 3 };
	addr.user = "seventeen-letters";
	CHECK_INT(bmc_ipmi.open(&bmc, &addr, &e), -EINVAL);
	addr.user = "baton";
	addr.secret = "a-secret-of-21-letters";
	CHECK_INT(bmc_ipmi.open(&bmc, &addr, &e), -EINVAL);
	CHECK(strstr(e.text, addr.secret) == NULL);
	addr.secret = "";
	addr.cipher = 5;
	CHECK_INT(bmc_ipmi.open(&bmc, &addr, &e), -EINVAL);
	addr.cipher = 3;
	addr.quirks = "sun moon";
	CHECK_INT(bmc_ipmi.open(&bmc, &addr, &e), -EINVAL);
	CHECK(strstr(e.text, "\"moon\"") != NULL);
	CHECK(bmc == NULL);
}

static void power_that_failed_is_told_apart_from_power_that_is_off(void)
{
	struct err e = { 0 };
	struct bmc_facts f;
	machine_is("off", "default");
	struct bmc *bmc = opened(&e);
	CHECK_INT(bmc->ops->probe(bmc, &f, &e), 0);
	CHECK(f.power == POWER_OFF && !f.power_fault);
	/* ipmi_sim says of the last power event always that there was none. */
	if (strcmp(kind, "fake") != 0) {
		bmc->ops->close(bmc);
		return;
	}
	file_put("fault", "");
	CHECK_INT(bmc->ops->probe(bmc, &f, &e), 0);
	CHECK(f.power == POWER_OFF && f.power_fault);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 2000, &e), 0);
	CHECK_INT(bmc->ops->probe(bmc, &f, &e), 0);
	CHECK(f.power == POWER_ON && !f.power_fault);
	bmc->ops->close(bmc);
}

static void ipmi_tells_a_fault_from_the_state_and_from_the_last_event(void)
{
	static const struct {
		uint8_t status[2];
		bool on, fault;
	} seen[] = {
		{ { 0x00, 0x00 }, false, false },
		{ { 0x60, 0x10 }, false, false }, /* a policy; the last time it was told to go on */
		{ { 0x01, 0x00 }, true, false },
		{ { 0x01, 0x01 }, true, false }, /* AC had failed once */
		{ { 0x00, 0x01 }, false, true }, { { 0x00, 0x02 }, false, true },
		{ { 0x00, 0x04 }, false, true }, { { 0x00, 0x08 }, false, true },
		{ { 0x02, 0x00 }, false, true }, { { 0x04, 0x00 }, false, true },
		{ { 0x08, 0x00 }, false, true },
		{ { 0x10, 0x00 }, false,
			false }, /* it could not be switched: no word of its power */
	};
	for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
		struct bmc_facts f = { 0 };
		ipmi_power_of(&f, seen[i].status);
		CHECK_INT(f.power == POWER_ON, seen[i].on);
		CHECK_INT(f.power_fault, seen[i].fault);
	}
}

/* ------------------------------------------------------------------ cards, identity, media */

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
	CHECK_INT(bmc->ops->power_set(bmc, POWER_ON, 5000, e), 0);
	CHECK_INT(bmc->ops->power_set(bmc, POWER_OFF, 5000, e), 0);
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

TESTS(T(an_identity_holds_from_the_next_start_until_it_is_restored),
	T(a_machine_that_is_on_keeps_its_identity), T(a_card_that_is_not_there_stops_all_of_it),
	T(an_identity_that_is_taken_and_reverted_is_caught),
	T(an_image_is_in_the_drive_for_one_start_from_it),
	T(probe_tells_the_power_and_changes_nothing),
	T(power_that_failed_is_told_apart_from_power_that_is_off),
	T(ipmi_tells_a_fault_from_the_state_and_from_the_last_event),
	T(power_goes_on_and_off_as_wanted), T(already_so_is_success_and_no_deed),
	T(off_is_two_reads_half_a_second_apart), T(a_machine_that_comes_back_is_told_again),
	T(a_bmc_that_lies_about_power_costs_the_timeout), T(next_boot_holds_for_one_start),
	T(next_boot_can_be_set_twice_and_taken_back),
	T(a_bmc_that_lies_about_the_next_boot_is_caught), T(a_soft_off_asks_and_does_not_wait),
	T(a_wrong_password_is_refused_and_not_repeated), T(close_takes_null),
	T(a_fake_that_hangs_does_so_until_it_is_killed), T(a_fake_that_refuses_changes_nothing),
	T(an_unknown_kind_is_answered_with_the_known_ones),
	T(ipmi_refuses_what_the_wire_cannot_carry))
