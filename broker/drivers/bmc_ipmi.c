/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A BMC that speaks IPMI 2.0 over LAN, through libfreeipmi; the only file that sees it. The
 * commands and their bytes are those of the IPMI 2.0 specification, chapter 28. */
#include <errno.h>
#include <freeipmi/freeipmi.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "drivers/bmc.h"
#include "drivers/wait.h"

enum {
	SESSION_MS = 5000, /* without an answer: the BMC is silent */
	AGAIN_MS = 500,    /* before a packet is sent again */
	BUSY_MS = 1000,    /* a BMC without a free session wants some time */
	BUSY_TRIES = 5,
	SET_TRIES = 3,
	PORT_DEFAULT = 623,
	USER_MAX = 16,
	SECRET_MAX = 20,
	QUIRK_EFI = 1 << 16, /* beside libfreeipmi's own flags */
	QUIRK_ADMIN = 1 << 17,
};

enum { NETFN_CHASSIS = 0x00 };
enum {
	CMD_STATUS = 0x01,
	CMD_CONTROL = 0x02,
	CMD_BOOT_SET = 0x08,
	CMD_BOOT_GET = 0x09,
};
enum { CONTROL_OFF = 0, CONTROL_ON = 1, CONTROL_SOFT = 5 };
enum {
	STATE_ON = 0x01,
	STATE_FAULTS = 0x0e, /* overload, interlock, fault in the power subsystem */
	EVENT_FAULTS = 0x0f, /* of the last power event: AC failed, overload, interlock, fault */
};
enum { BOOT_PARAM_CLEARING = 3, BOOT_PARAM_FLAGS = 5 };
enum {
	FLAGS_VALID = 0x80, /* first byte; bit 6, persistent, stays 0: this start only */
	FLAGS_EFI = 0x20,
	DEVICE_MASK = 0x3c, /* second byte */
	DEVICE_PXE = 0x04,
};
enum { DONE_OK = 0x00, DONE_BUSY = 0xc0, DONE_NOT_NOW = 0xd5 };

/* What a BMC needs that another does not; an operator writes the words. */
static const struct {
	const char *word;
	unsigned flag;
} quirks[] = {
	{ "intel", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_INTEL_2_0_SESSION },
	{ "supermicro", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_SUPERMICRO_2_0_SESSION },
	{ "sun", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_SUN_2_0_SESSION },
	{ "auth-caps", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_AUTHENTICATION_CAPABILITIES },
	{ "integrity", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_NON_EMPTY_INTEGRITY_CHECK_VALUE },
	{ "checksum", IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_NO_CHECKSUM_CHECK },
	{ "efi", QUIRK_EFI },
	{ "admin", QUIRK_ADMIN },
};

struct ipmi {
	struct bmc bmc;
	ipmi_ctx_t ctx;
	unsigned quirks;
};

static struct ipmi *ipmi_of(struct bmc *bmc)
{
	return container_of(bmc, struct ipmi, bmc);
}

static void ipmi_close(struct bmc *bmc)
{
	if (!bmc)
		return;
	struct ipmi *ipmi = ipmi_of(bmc);
	if (ipmi->ctx) {
		ipmi_ctx_close(ipmi->ctx);
		ipmi_ctx_destroy(ipmi->ctx);
	}
	free(ipmi);
}

static void ipmi_drop(struct ipmi **ipmi)
{
	if (*ipmi)
		ipmi_close(&(*ipmi)->bmc);
}

/* The words of what libfreeipmi met, with what to do about it. */
static int ipmi_failed(ipmi_ctx_t ctx, const char *doing, struct err *e)
{
	int met = ipmi_ctx_errnum(ctx);
	switch (met) {
	case IPMI_ERR_CONNECTION_TIMEOUT:
	case IPMI_ERR_SESSION_TIMEOUT:
	case IPMI_ERR_DRIVER_TIMEOUT:
		return err_say(e, ETIMEDOUT,
			"no answer within %d ms while it was asked to %s; is it powered and "
			"reachable?",
			SESSION_MS, doing);
	case IPMI_ERR_MESSAGE_TIMEOUT:
		return err_say(e, ETIMEDOUT, "it gave up on the order to %s; try again", doing);
	case IPMI_ERR_USERNAME_INVALID:
		return err_say(e, EACCES, "it does not know the user; see the machine's bmc.user");
	case IPMI_ERR_PASSWORD_INVALID:
	case IPMI_ERR_PASSWORD_VERIFICATION_TIMEOUT:
		return err_say(e, EACCES,
			"it refused the password; see the file that the machine's bmc.secret "
			"names");
	case IPMI_ERR_PRIVILEGE_LEVEL_INSUFFICIENT:
	case IPMI_ERR_PRIVILEGE_LEVEL_CANNOT_BE_OBTAINED:
		return err_say(e, EACCES,
			"the user may not %s; give it the operator privilege there", doing);
	case IPMI_ERR_CIPHER_SUITE_ID_UNAVAILABLE:
		return err_say(e, EPROTO,
			"it does not offer this cipher suite; set the machine's bmc.cipher to 3 "
			"or 17");
	case IPMI_ERR_IPMI_2_0_UNAVAILABLE:
		return err_say(e, EPROTO, "it speaks no IPMI 2.0; switch IPMI over LAN on there");
	case IPMI_ERR_HOSTNAME_INVALID:
		return err_say(e, EHOSTUNREACH,
			"its host name cannot be resolved; see the machine's bmc.host");
	case IPMI_ERR_BMC_BUSY:
	case IPMI_ERR_DRIVER_BUSY:
		return err_say(e, EBUSY, "it is busy; try again");
	default:
		return err_say(e, EIO, "cannot %s: %s", doing, ipmi_ctx_errormsg(ctx));
	}
}

/* One command and its answer without command and completion code; fills what the BMC leaves out
 * with 0. Gives the completion code, or -errno when there was no answer. */
static int ipmi_ask(struct ipmi *ipmi, const char *doing, const uint8_t *ask, unsigned ask_len,
	uint8_t *answer, unsigned answer_len, struct err *e)
{
	uint8_t got[64] = { 0 };
	int len = -1, code = DONE_BUSY;
	for (int i = 0; i < BUSY_TRIES && code == DONE_BUSY; i++) {
		if (i)
			wait_until_ms(wait_now_ms() + BUSY_MS);
		len = ipmi_cmd_raw(ipmi->ctx, 0, NETFN_CHASSIS, ask, ask_len, got, sizeof got);
		if (len < 0)
			return ipmi_failed(ipmi->ctx, doing, e);
		if (len < 2)
			return err_say(
				e, EPROTO, "its answer was cut short when asked to %s", doing);
		code = got[1];
	}
	unsigned have = (unsigned)len - 2;
	memset(answer, 0, answer_len);
	memcpy(answer, got + 2, have < answer_len ? have : answer_len);
	return code;
}

static int ipmi_refused(const char *doing, int code, struct err *e)
{
	const char *why = code == DONE_BUSY      ? "busy"
			  : code == 0xc1         ? "it has no such command"
			  : code == 0xcc         ? "invalid data"
			  : code == 0xd4         ? "the user lacks the privilege"
			  : code == DONE_NOT_NOW ? "not in this state"
						 : "see the IPMI specification, table 5-2";
	return err_say(e, EIO, "it refused to %s with code 0x%02x: %s", doing, code, why);
}

static int quirk_unknown(const char *word, int len, struct err *e)
{
	char known[160] = "";
	for (size_t i = 0, at = 0; i < COUNT(quirks); i++)
		at += (size_t)snprintf(known + at, sizeof known - at, " %s", quirks[i].word);
	return err_say(e, EINVAL, "no quirk \"%.*s\" is known: want some of%s", len, word, known);
}

static int quirks_parse(unsigned *ret, const char *words, struct err *e)
{
	unsigned flags = IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_OPEN_SESSION_PRIVILEGE;
	while (words && *words) {
		size_t len = strcspn(words, " ");
		size_t i = 0;
		while (i < COUNT(quirks) &&
			(strlen(quirks[i].word) != len || memcmp(quirks[i].word, words, len) != 0))
			i++;
		if (i == COUNT(quirks))
			return quirk_unknown(words, (int)len, e);
		flags |= quirks[i].flag;
		words += len + (words[len] == ' ');
	}
	*ret = flags;
	return 0;
}

static int ipmi_open(struct bmc **ret, const struct bmc_addr *addr, struct err *e)
{
	const char *user = addr->user ? addr->user : "", *secret = addr->secret ? addr->secret : "";
	if (strlen(user) > USER_MAX)
		return err_say(e, EINVAL, "IPMI users have at most %d characters", USER_MAX);
	if (strlen(secret) > SECRET_MAX)
		return err_say(e, EINVAL, "IPMI passwords have at most %d characters", SECRET_MAX);
	if (!IPMI_CIPHER_SUITE_ID_SUPPORTED(addr->cipher))
		return err_say(e, EINVAL,
			"cipher suite %u: want 1, 2, 3, 6, 7, 8, 11, 12, 15 to 17", addr->cipher);
	char host[300];
	bool v6 = strchr(addr->host, ':');
	snprintf(host, sizeof host, "%s%s%s:%u", v6 ? "[" : "", addr->host, v6 ? "]" : "",
		addr->port ? addr->port : PORT_DEFAULT);

	OWN(ipmi) struct ipmi *ipmi = calloc(1, sizeof *ipmi);
	if (!ipmi)
		return err_set(e, ENOMEM, "IPMI session");
	ipmi->bmc.ops = &bmc_ipmi;
	int r = quirks_parse(&ipmi->quirks, addr->quirks, e);
	if (r < 0)
		return r;
	for (int i = 0;; i++) {
		ipmi->ctx = ipmi_ctx_create();
		if (!ipmi->ctx)
			return err_set(e, ENOMEM, "IPMI session");
		r = ipmi_ctx_open_outofband_2_0(ipmi->ctx, host, user, secret, NULL, 0,
			ipmi->quirks & QUIRK_ADMIN ? IPMI_PRIVILEGE_LEVEL_ADMIN
						   : IPMI_PRIVILEGE_LEVEL_OPERATOR,
			(uint8_t)addr->cipher, SESSION_MS, AGAIN_MS, ipmi->quirks & (QUIRK_EFI - 1),
			IPMI_FLAGS_DEFAULT);
		if (r == 0)
			break;
		/* All its sessions are taken, some of them by clients that are long gone. */
		int met = ipmi_ctx_errnum(ipmi->ctx);
		bool busy = met == IPMI_ERR_BMC_BUSY || met == IPMI_ERR_DRIVER_BUSY;
		if (!busy || i == BUSY_TRIES) {
			char doing[60];
			snprintf(doing, sizeof doing, "open a session with cipher suite %u",
				addr->cipher);
			return ipmi_failed(ipmi->ctx, doing, e);
		}
		ipmi_ctx_destroy(TAKE(ipmi->ctx));
		wait_until_ms(wait_now_ms() + BUSY_MS);
	}
	*ret = &ipmi->bmc;
	ipmi = NULL;
	return 0;
}

void ipmi_power_of(struct bmc_facts *ret, const uint8_t status[2])
{
	ret->power = status[0] & STATE_ON ? POWER_ON : POWER_OFF;
	/* The event stays in the BMC's memory when the power is back. */
	ret->power_fault =
		ret->power == POWER_OFF && (status[0] & STATE_FAULTS || status[1] & EVENT_FAULTS);
}

static int ipmi_status_read(struct bmc *bmc, struct bmc_facts *ret, struct err *e)
{
	static const char doing[] = "tell its power state";
	uint8_t state[3] = { 0 };
	int code =
		ipmi_ask(ipmi_of(bmc), doing, (uint8_t[]){ CMD_STATUS }, 1, state, sizeof state, e);
	if (code < 0)
		return code;
	if (code != DONE_OK)
		return ipmi_refused(doing, code, e);
	ipmi_power_of(ret, state);
	return 0;
}

static int ipmi_power_read(struct bmc *bmc, enum power *ret, struct err *e)
{
	struct bmc_facts facts = { 0 };
	int r = ipmi_status_read(bmc, &facts, e);
	if (r == 0)
		*ret = facts.power;
	return r;
}

/* Gives the completion code, or -errno. */
static int ipmi_control(struct bmc *bmc, uint8_t control, const char *doing, struct err *e)
{
	uint8_t none[1];
	return ipmi_ask(
		ipmi_of(bmc), doing, (uint8_t[]){ CMD_CONTROL, control }, 2, none, sizeof none, e);
}

static int ipmi_power_tell(struct bmc *bmc, enum power want, struct err *e)
{
	const char *doing = want == POWER_ON ? "power on" : "power off";
	int code = ipmi_control(bmc, want == POWER_ON ? CONTROL_ON : CONTROL_OFF, doing, e);
	/* "Not in this state" is said by a BMC that is already there, or still under way; the
	 * next read tells. */
	return code <= 0 || code == DONE_NOT_NOW ? (code < 0 ? code : 0)
						 : ipmi_refused(doing, code, e);
}

static int ipmi_power_set(struct bmc *bmc, enum power want, unsigned timeout_ms, struct err *e)
{
	static const struct bmc_power how = { .read = ipmi_power_read, .tell = ipmi_power_tell };
	return bmc_power_reach(bmc, &how, want, timeout_ms, e);
}

static int ipmi_power_soft_off(struct bmc *bmc, struct err *e)
{
	static const char doing[] = "ask the OS to shut down";
	int code = ipmi_control(bmc, CONTROL_SOFT, doing, e);
	if (code <= 0)
		return code;
	return err_say(e, ENOTSUP, "it cannot %s (code 0x%02x)", doing, code);
}

/* The boot flags' two telling bytes. Gives the completion code, or -errno. */
static int ipmi_flags_read(struct ipmi *ipmi, uint8_t flags[2], struct err *e)
{
	uint8_t got[4] = { 0 };
	int code = ipmi_ask(ipmi, "tell its boot flags",
		(uint8_t[]){ CMD_BOOT_GET, BOOT_PARAM_FLAGS, 0, 0 }, 4, got, sizeof got, e);
	if (code != DONE_OK)
		return code;
	/* Bit 7: the BMC itself marks what follows as not valid. */
	if ((got[1] & 0x7f) != BOOT_PARAM_FLAGS || got[1] & 0x80)
		return 0x80; /* "parameter not supported" */
	memcpy(flags, got + 2, 2);
	return code;
}

static int ipmi_probe(struct bmc *bmc, struct bmc_facts *ret, struct err *e)
{
	struct bmc_facts facts = { 0 };
	int r = ipmi_status_read(bmc, &facts, e);
	if (r < 0)
		return r;
	uint8_t flags[2] = { 0 };
	int code = ipmi_flags_read(ipmi_of(bmc), flags, e);
	if (code < 0)
		return code;
	if (code == DONE_OK) {
		bool valid = flags[0] & FLAGS_VALID;
		uint8_t device = flags[1] & DEVICE_MASK;
		facts.next_boot = device == DEVICE_PXE ? BOOT_NETWORK : BOOT_DEFAULT;
		/* A device without the valid bit: used up at one BMC, still to come at another
		 * that drops the bit. */
		facts.next_boot_known = valid || device == 0;
	}
	*ret = facts;
	return 0;
}

static int ipmi_next_boot_set(struct bmc *bmc, enum boot_dev dev, struct err *e)
{
	static const char doing[] = "set the next boot";
	struct ipmi *ipmi = ipmi_of(bmc);
	uint8_t none[1], device = dev == BOOT_NETWORK ? DEVICE_PXE : 0, flags[2] = { 0 };
	uint8_t first = FLAGS_VALID | (ipmi->quirks & QUIRK_EFI ? FLAGS_EFI : 0);
	for (int i = 0; i < SET_TRIES; i++) {
		/* The flags expire 60 s after they were set unless bit 3 says not to; bits 4..0
		 * name the other occasions. Many BMCs refuse the parameter: no matter. */
		int code = ipmi_ask(ipmi, doing,
			(uint8_t[]){ CMD_BOOT_SET, BOOT_PARAM_CLEARING, 0x08 }, 3, none,
			sizeof none, e);
		if (code < 0)
			return code;
		code = ipmi_ask(ipmi, doing,
			(uint8_t[]){ CMD_BOOT_SET, BOOT_PARAM_FLAGS, first, device, 0, 0, 0 }, 7,
			none, sizeof none, e);
		if (code < 0)
			return code;
		if (code != DONE_OK)
			return ipmi_refused(doing, code, e);
		code = ipmi_flags_read(ipmi, flags, e);
		if (code < 0)
			return code;
		if (code != DONE_OK || (flags[1] & DEVICE_MASK) == device ||
			(device == 0 && !(flags[0] & FLAGS_VALID)))
			return 0;
	}
	return err_say(e, EIO,
		"it was told to start from \"%s\" next and says device 0x%02x, %d times",
		boot_dev_word(dev), flags[1] & DEVICE_MASK, SET_TRIES);
}

const struct bmc_ops bmc_ipmi = {
	.kind = "ipmi",
	.open = ipmi_open,
	.probe = ipmi_probe,
	.power_set = ipmi_power_set,
	.power_soft_off = ipmi_power_soft_off,
	.next_boot_set = ipmi_next_boot_set,
	.close = ipmi_close,
};
