/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What core/bmc.h promises of power and of the next boot, asked of one driver: bmc_fixture.h. */
#include <signal.h>
#include <sys/wait.h>

#include "bmc_fixture.h"

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
