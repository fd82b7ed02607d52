/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A driver of BMCs and the machine behind it, for the contract tests: the fake, or another one that
 * the environment names (BATON_TEST_BMC="KIND HOST PORT USER SECRET",
 * BATON_TEST_MACHINE=FOLDER/NAME; if it is IPMI, BATON_TEST_CIPHER; if it tells of power that
 * failed, BATON_TEST_FAULT=1). Behind either stands a machine made of files as bmc_fake.c
 * tells, so that a test sees what really happened to it and not what the driver says. */
#pragma once
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "drivers/bmc.h"
#include "drivers/wait.h"
#include "tap.h"

static char machine[200]; /* folder and name */
static char kind[16] = "fake", host[64] = "contract", user[32] = "", secret[32] = "";
static unsigned port;

static inline void path_of(char to[256], const char *what)
{
	snprintf(to, 256, "%s.%s", machine, what);
}

static inline void file_put(const char *what, const char *text)
{
	char path[256];
	path_of(path, what);
	FILE *f = fopen(path, "w");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static inline void file_get(const char *what, char *to, size_t size)
{
	char path[256];
	path_of(path, what);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(to, 1, size - 1, f) : 0;
	to[n] = '\0';
	if (f)
		fclose(f);
}

static inline void file_gone(const char *what)
{
	char path[256];
	path_of(path, what);
	unlink(path);
}

static const char *const file_whats[] = { "log", "lie", "refuse", "hang", "slow", "deaf", "bounce",
	"fault", "account", "bmc", "cards", "media", "revert", "system", "components" };
static char folder[] = "/tmp/baton-contract-XXXXXX";

static inline void files_gone(void)
{
	for (size_t i = 0; i < sizeof file_whats / sizeof file_whats[0]; i++)
		file_gone(file_whats[i]);
}

static inline void folder_gone(void)
{
	files_gone();
	rmdir(folder);
}

/* A machine with that state, no past and no faults. */
static inline void machine_is(const char *power, const char *next)
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

static inline void state_is(const char *power, const char *next)
{
	char state[80], want[80];
	file_get("bmc", state, sizeof state);
	snprintf(want, sizeof want, "power=%s next=%s ", power, next);
	state[strlen(want) < sizeof state ? strlen(want) : 0] = '\0';
	CHECK_TEXT(state, want);
}

static inline void log_is(const char *want)
{
	char log[400];
	file_get("log", log, sizeof log);
	CHECK_TEXT(log, want);
}

static inline struct bmc *open_with(
	const char *as_user, const char *as_secret, int want, struct err *e)
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

static inline struct bmc *opened(struct err *e)
{
	return open_with(user, secret, 0, e);
}
