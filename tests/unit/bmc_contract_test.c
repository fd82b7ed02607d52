/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What core/bmc.h promises, asked of one driver: the fake, or another one that the environment
 * names (BATON_TEST_BMC="KIND HOST PORT USER SECRET", BATON_TEST_MACHINE=FOLDER/NAME; if it is
 * IPMI, BATON_TEST_CIPHER; if it tells of power that failed, BATON_TEST_FAULT=1). Behind either
 * stands a machine made of files as bmc_fake.c tells, so that the test sees what really happened to
 * it and not what the driver says. */
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
	"fault", "account", "bmc" };
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
	const char *cipher = getenv("BATON_TEST_CIPHER");
	const struct bmc_addr addr = { .kind = kind,
		.host = host,
		.user = as_user,
		.secret = as_secret,
		.port = (uint16_t)port,
		.cipher = cipher ? (unsigned)atoi(cipher) : 3 };
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
	CHECK_TEXT(e.text, "no BMC kind \"telepathy\": want one of ipmi, fake");
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
	if (strcmp(kind, "fake") != 0 && !getenv("BATON_TEST_FAULT")) {
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

TESTS(T(probe_tells_the_power_and_changes_nothing),
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
