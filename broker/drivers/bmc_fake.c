/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine made of files in $BATON_FAKE_DIR, for tests of what uses a BMC. HOST.bmc holds its
 * state, so that many processes see one machine; HOST.log gets a line for each thing that
 * happened to it; and these files, made by a test, are its faults:
 *   HOST.hang    no call returns        HOST.slow    each call takes the ms that stand in it
 *   HOST.refuse  no order is taken      HOST.lie     orders are taken and nothing happens
 *   HOST.deaf    the OS ignores a soft power-off
 *   HOST.fault   while it is off: power failed, as it says itself
 *   HOST.bounce  once, 200 ms after power-off, it is on again (the file goes)
 *   HOST.false   it says off, whatever it is, and nothing goes off (power-on ends the file)
 *   HOST.reset   once, it restarts: the call fails, the next boot is forgotten (the file goes)
 *   HOST.mute    once, a call is carried out and does not return while HOST.muted is there, which
 *                the file becomes
 *   HOST.account "USER SECRET": others are refused
 * HOST.cards and HOST.media are its cards and its drive: bmc_fake_cards.c; HOST.system is its UUID
 * and serial: bmc_fake_system.c; HOST.components is what it is made of: bmc_fake_components.c. A
 * hang, refuse, lie, reset or mute file may name the calls it holds for, else it holds for all:
 * open probe power-on power-off soft-off next-boot. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/own.h"
#include "drivers/bmc_fake.h"
#include "drivers/fake_file.h"
#include "drivers/wait.h"
#include "host/fd.h"

enum {
	STATE_LEN = 64, /* always, so that one write replaces it whole */
	BOUNCE_MS = 200,
	BOOT_CD = BOOT_NETWORK + 1, /* the drive of virtual media */
};

struct state {
	enum power power;
	int next, booted; /* of enum boot_dev, or BOOT_CD; booted: what the last start came from */
	long long bounce_at; /* of wait_now_ms(), or 0 */
};

static void fake_close(struct bmc *bmc)
{
	if (bmc)
		free(fake_of(bmc));
}

static bool fake_file(const struct fake *f, const char *what, char *to, size_t size)
{
	return fake_file_read(f->path, what, to, size);
}

bool fake_fault(const struct fake *f, const char *fault, const char *call)
{
	return fake_file_holds(f->path, fault, call);
}

static void fake_file_rm(const struct fake *f, const char *what)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s.%s", f->path, what);
	unlink(path);
}

int fake_log(const struct fake *f, const char *what, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s.log", f->path);
	OWN(fd) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(e, errno, "fake BMC: open %s", path);
	return dprintf(fd, "%s\n", what) < 0 ? err_set(e, errno, "fake BMC: write %s", path) : 0;
}

static int dev_of(const char *word)
{
	return strcmp(word, "network") == 0 ? BOOT_NETWORK
	       : strcmp(word, "cd") == 0    ? BOOT_CD
					    : BOOT_DEFAULT;
}

static const char *dev_word(int dev)
{
	return dev == BOOT_CD ? "cd" : boot_dev_word(dev);
}

/* Opens the state with its lock and reads it; a machine without a file is off. *ret is the
 * caller's to close, also after a failure. */
static int state_open(int *ret, struct state *s, const struct fake *f, struct err *e)
{
	char path[PATH_MAX], text[STATE_LEN + 1] = "", power[8], next[8], booted[8];
	snprintf(path, sizeof path, "%s.bmc", f->path);
	*s = (struct state){ 0 };
	*ret = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (*ret < 0 || flock(*ret, LOCK_EX) < 0 || pread(*ret, text, STATE_LEN, 0) < 0)
		return err_set(e, errno ? errno : EIO, "fake BMC: open %s", path);
	if (sscanf(text, "power=%7s next=%7s booted=%7s bounce=%lld", power, next, booted,
		    &s->bounce_at) >= 3) {
		s->power = strcmp(power, "on") == 0 ? POWER_ON : POWER_OFF;
		s->next = dev_of(next);
		s->booted = dev_of(booted);
	} else if (text[0]) {
		return err_say(e, EPROTO,
			"fake BMC: %s holds \"%s\": want power=on next=network booted=default",
			path, text);
	}
	if (s->bounce_at && wait_now_ms() >= s->bounce_at) {
		s->bounce_at = 0;
		s->power = POWER_ON;
	}
	return 0;
}

static int state_write(int fd, const struct state *s, struct err *e)
{
	char text[STATE_LEN + 1];
	int n = snprintf(text, sizeof text, "power=%s next=%s booted=%s bounce=%lld",
		power_word(s->power), dev_word(s->next), dev_word(s->booted), s->bounce_at);
	memset(text + n, ' ', (size_t)(STATE_LEN - n));
	text[STATE_LEN - 1] = '\n';
	return pwrite(fd, text, STATE_LEN, 0) == STATE_LEN
		       ? 0
		       : err_set(e, errno ? errno : EIO, "fake BMC: write its state");
}

static int fake_restart(const struct fake *f, const char *call, struct err *e)
{
	OWN(fd) int fd = -1;
	struct state s = { 0 };
	int r = state_open(&fd, &s, f, e);
	if (r < 0)
		return r;
	fake_file_rm(f, "reset");
	s.next = BOOT_DEFAULT;
	r = state_write(fd, &s, e);
	return r < 0 ? r : err_say(e, ECONNRESET, "it restarted during %s", call);
}

int fake_enter(const struct fake *f, const char *call, struct err *e)
{
	char ms[16];
	while (fake_fault(f, "hang", call))
		wait_until_ms(wait_now_ms() + 1000);
	if (fake_file(f, "slow", ms, sizeof ms))
		wait_until_ms(wait_now_ms() + atoi(ms));
	if (fake_fault(f, "refuse", call))
		return err_say(e, EIO, "it refused %s", call);
	return fake_fault(f, "reset", call) ? fake_restart(f, call, e) : 0;
}

int fake_leave(const struct fake *f, const char *call, int r)
{
	char from[PATH_MAX], to[PATH_MAX], none[8];
	if (r < 0 || !fake_fault(f, "mute", call))
		return r;
	snprintf(from, sizeof from, "%s.mute", f->path);
	snprintf(to, sizeof to, "%s.muted", f->path);
	if (rename(from, to) == 0)
		while (fake_file(f, "muted", none, sizeof none))
			wait_until_ms(wait_now_ms() + 1000);
	return r;
}

static int fake_open(struct bmc **ret, const struct bmc_addr *addr, struct err *e)
{
	const char *dir = getenv("BATON_FAKE_DIR");
	if (!dir || !name_ok(addr->host))
		return err_say(e, EINVAL,
			"a fake BMC wants the folder in BATON_FAKE_DIR, and a "
			"host of a-z, 0-9 and '-'");
	struct fake *f = calloc(1, sizeof *f);
	if (!f)
		return err_set(e, ENOMEM, "fake BMC");
	f->bmc.ops = &bmc_fake;
	snprintf(f->path, sizeof f->path, "%s/%s", dir, addr->host);
	char account[160], given[160];
	int r = fake_enter(f, "open", e);
	snprintf(given, sizeof given, "%s %s", addr->user ? addr->user : "",
		addr->secret ? addr->secret : "");
	if (r == 0 && fake_file(f, "account", account, sizeof account) &&
		strcmp(account, given) != 0)
		r = err_say(e, EACCES, "it refused the user or the password");
	if (r < 0) {
		free(f);
		return r;
	}
	*ret = &f->bmc;
	return 0;
}

static int fake_read(struct bmc *bmc, struct state *s, struct err *e)
{
	OWN(fd) int fd = -1;
	char none[8];
	int r = state_open(&fd, s, fake_of(bmc), e);
	if (r == 0 && fake_file(fake_of(bmc), "false", none, sizeof none))
		s->power = POWER_OFF;
	return r;
}

static int fake_probe(struct bmc *bmc, struct bmc_facts *ret, struct err *e)
{
	struct state s = { 0 };
	int r = fake_enter(fake_of(bmc), "probe", e);
	if (r == 0)
		r = fake_read(bmc, &s, e);
	char none[8];
	if (r == 0)
		*ret = (struct bmc_facts){ .power = s.power,
			.power_fault = s.power == POWER_OFF &&
				       fake_file(fake_of(bmc), "fault", none, sizeof none),
			.next_boot = s.next == BOOT_NETWORK ? BOOT_NETWORK : BOOT_DEFAULT,
			.next_boot_known = s.next != BOOT_CD };
	return fake_leave(fake_of(bmc), "probe", r);
}

int fake_power_read(struct bmc *bmc, enum power *ret, struct err *e)
{
	struct state s = { 0 };
	int r = fake_read(bmc, &s, e);
	if (r == 0)
		*ret = s.power;
	return r;
}

/* The machine's own side of a change of power. A start uses the next boot up. */
static int fake_power_turn(struct fake *f, enum power want, const char *what, struct err *e)
{
	OWN(fd) int fd = -1;
	struct state s = { 0 };
	char none[8], bounce[PATH_MAX];
	int r = state_open(&fd, &s, f, e);
	if (r < 0 || s.power == want)
		return r;
	s.power = want;
	snprintf(bounce, sizeof bounce, "%s.bounce", f->path);
	if (want == POWER_ON) {
		s.booted = s.next;
		s.next = BOOT_DEFAULT;
	} else if (fake_file(f, "bounce", none, sizeof none)) {
		unlink(bounce);
		s.bounce_at = wait_now_ms() + BOUNCE_MS;
	}
	r = state_write(fd, &s, e);
	return r < 0 ? r : fake_log(f, what, e);
}

static bool fake_false(struct fake *f, enum power want)
{
	char none[8];
	if (!fake_file(f, "false", none, sizeof none))
		return false;
	if (want == POWER_ON)
		fake_file_rm(f, "false");
	return want == POWER_OFF;
}

static int fake_power_tell(struct bmc *bmc, enum power want, struct err *e)
{
	struct fake *f = fake_of(bmc);
	const char *call = want == POWER_ON ? "power-on" : "power-off";
	if (fake_fault(f, "lie", call) || fake_false(f, want))
		return 0;
	return fake_power_turn(f, want, want == POWER_ON ? "power on" : "power off", e);
}

static int fake_power_set(struct bmc *bmc, enum power want, unsigned timeout_ms, struct err *e)
{
	static const struct bmc_power how = { .read = fake_power_read, .tell = fake_power_tell };
	const char *call = want == POWER_ON ? "power-on" : "power-off";
	int r = fake_enter(fake_of(bmc), call, e);
	r = r < 0 ? r : bmc_power_reach(bmc, &how, want, timeout_ms, e);
	return fake_leave(fake_of(bmc), call, r);
}

static int fake_power_soft_off(struct bmc *bmc, struct err *e)
{
	struct fake *f = fake_of(bmc);
	int r = fake_enter(f, "soft-off", e);
	if (r < 0 || fake_fault(f, "lie", "soft-off") || fake_fault(f, "deaf", "soft-off") ||
		fake_false(f, POWER_OFF))
		return r;
	return fake_leave(f, "soft-off", fake_power_turn(f, POWER_OFF, "soft off", e));
}

static int fake_next_boot_set(struct bmc *bmc, enum boot_dev dev, struct err *e)
{
	struct fake *f = fake_of(bmc);
	OWN(fd) int fd = -1;
	struct state s = { 0 };
	int r = fake_enter(f, "next-boot", e);
	if (r == 0)
		r = state_open(&fd, &s, f, e);
	if (r < 0)
		return r;
	if (fake_fault(f, "lie", "next-boot"))
		return s.next == (int)dev
			       ? 0
			       : err_say(e, EIO,
					 "it was told to start from \"%s\" next and says "
					 "\"%s\"",
					 boot_dev_word(dev), dev_word(s.next));
	s.next = dev;
	r = state_write(fd, &s, e);
	r = r < 0 ? r
		  : fake_log(f, dev == BOOT_NETWORK ? "next-boot network" : "next-boot default", e);
	flock(fd, LOCK_UN);
	return fake_leave(f, "next-boot", r);
}

int fake_cd_boot(struct fake *f, struct err *e)
{
	OWN(fd) int fd = -1;
	struct state s = { 0 };
	int r = state_open(&fd, &s, f, e);
	s.next = BOOT_CD;
	r = r < 0 ? r : state_write(fd, &s, e);
	return r < 0 ? r : fake_log(f, "next-boot cd", e);
}

const struct bmc_ops bmc_fake = {
	.kind = "fake",
	.open = fake_open,
	.probe = fake_probe,
	.power_set = fake_power_set,
	.power_soft_off = fake_power_soft_off,
	.next_boot_set = fake_next_boot_set,
	.close = fake_close,
	.cards_read = fake_cards_read,
	.identity_set = fake_identity_set,
	.system_read = fake_system_read,
	.system_set = fake_system_set,
	.media_boot = fake_media_boot,
	.media_none = fake_media_none,
	.inventory_read = fake_inventory_read,
};
