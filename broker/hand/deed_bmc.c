/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deeds on a BMC. Each is one session under one lock. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "drivers/bmc.h"
#include "drivers/wait.h"
#include "hand/deadline.h"
#include "hand/deed.h"
#include "hand/fields.h"
#include "hand/lock.h"
#include "hand/secret.h"
#include "host/fd.h"

enum {
	CIPHER = 3, /* where the deed does not say */
	SOFT_POLL_MS = 500,
	HOST_MAX = 127,
};

struct bmc_wish {
	const char *kind, *host, *user, *secret; /* secret: the name of a file */
	uint64_t port, cipher;
	struct texts quirks;
};

#define MEMBER(name, kind, needed, min, max)                                                       \
	{                                                                                          \
#name, kind, offsetof(struct bmc_wish, name), needed, min, max                     \
	}
static const struct field members[] = {
	MEMBER(kind, FIELD_TEXT, true, 1, 16),
	MEMBER(host, FIELD_TEXT, true, 1, HOST_MAX),
	MEMBER(port, FIELD_UINT, false, 0, 65535),
	MEMBER(user, FIELD_TEXT, false, 0, 64),
	MEMBER(secret, FIELD_TEXT, false, 0, 63),
	MEMBER(cipher, FIELD_UINT, false, 0, 17),
	MEMBER(quirks, FIELD_TEXTS, false, 0, TEXTS_MAX),
};

typedef int bmc_part(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e);

/* An address or a name, which is also the name of its lock: no '/', and no "..". */
static bool host_ok(const char *host)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		".:-_";
	return host[strspn(host, letters)] == '\0' && host[0] != '.' && host[0] != '-';
}

static void answer_power(json_t *answer, enum power p)
{
	json_object_set_new(answer, "power", json_string(power_word(p)));
}

static void answer_facts(json_t *answer, const struct bmc_facts *f)
{
	answer_power(answer, f->power);
	if (f->next_boot_known)
		json_object_set_new(answer, "next_boot", json_string(boot_dev_word(f->next_boot)));
}

static int bmc_session(const struct hand *hand, const struct bmc_wish *b, const struct wish *w,
	bmc_part *part, json_t *answer, struct err *e)
{
	const struct bmc_ops *ops = bmc_of(b->kind, e);
	struct secret secret = { "" };
	char lock[HOST_MAX + 16], quirks[256] = "";
	if (!ops)
		return -EINVAL;
	for (unsigned i = 0; i < b->quirks.n; i++) {
		size_t at = strlen(quirks);
		snprintf(quirks + at, sizeof quirks - at, "%s%.30s", i ? " " : "", b->quirks.of[i]);
	}
	snprintf(lock, sizeof lock, "bmc-%s-%u", b->host, (unsigned)b->port);
	deadline_doing("bmc %s: %s: another deed on it", b->host, w->deed);
	OWN(fd) int held = lock_take(hand->run_dir, lock, e);
	if (held < 0)
		return held;
	deadline_doing("bmc %s: %s", b->host, w->deed);
	if (b->secret[0]) {
		int r = secret_read(&secret, hand->secrets_dir, b->secret, e);
		if (r < 0)
			return r;
	}
	const struct bmc_addr addr = { .kind = b->kind,
		.host = b->host,
		.user = b->user,
		.secret = secret.text,
		.port = (uint16_t)b->port,
		.cipher = (unsigned)b->cipher,
		.quirks = quirks };
	struct bmc *bmc = NULL;
	int r = ops->open(&bmc, &addr, e);
	secret_wipe(&secret);
	if (r < 0)
		return r;
	r = part(bmc, w, answer, e);
	ops->close(bmc);
	return r;
}

static int bmc_deed(const struct hand *hand, const struct wish *w, bmc_part *part, json_t *answer,
	struct err *e)
{
	struct bmc_wish b = { .user = "", .secret = "", .cipher = CIPHER };
	int r = fields_read(&b, members, COUNT(members), w->on, "bmc", e);
	if (r < 0)
		return r;
	if (!host_ok(b.host))
		return err_say(e, EINVAL, "bmc: host: want an address or a host name");
	r = bmc_session(hand, &b, w, part, answer, e);
	return r < 0 ? err_in(e, r, "bmc %s", b.host) : 0;
}

/* So long that the driver's own sentence comes before the deadline's. */
static unsigned fit_ms(uint64_t want)
{
	uint64_t most = (uint64_t)deadline_left_ms() * 9 / 10;
	return (unsigned)(want < most ? want : most);
}

static int part_probe(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	struct bmc_facts f;
	(void)w;
	int r = bmc->ops->probe(bmc, &f, e);
	if (r == 0)
		answer_facts(answer, &f);
	return r;
}

/* Asks the OS, and waits until it has gone. What fails here is no failure of the deed: the power
 * goes off anyway. False when the OS did not go. */
static bool soft_off(struct bmc *bmc, const struct wish *w)
{
	struct bmc_facts f = { .power = POWER_ON };
	if (bmc->ops->power_soft_off(bmc, NULL) < 0)
		return false;
	int64_t spare = deadline_left_ms() - (int64_t)fit_ms(w->timeout_ms);
	int64_t end = wait_now_ms() + (spare < (int64_t)w->soft_ms ? spare : (int64_t)w->soft_ms);
	while (bmc->ops->probe(bmc, &f, NULL) == 0 && f.power == POWER_ON && wait_now_ms() < end)
		wait_until_ms(wait_now_ms() + SOFT_POLL_MS);
	return f.power == POWER_OFF;
}

static int part_off(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	struct bmc_facts f;
	int r = bmc->ops->probe(bmc, &f, e);
	if (r < 0)
		return r;
	if (w->soft && f.power == POWER_ON)
		json_object_set_new(answer, "soft", json_boolean(soft_off(bmc, w)));
	r = bmc->ops->power_set(bmc, POWER_OFF, fit_ms(w->timeout_ms), e);
	if (r == 0)
		answer_power(answer, POWER_OFF);
	return r;
}

static int part_arm(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	int r = bmc->ops->next_boot_set(bmc, BOOT_NETWORK, e);
	return r < 0 ? r : part_probe(bmc, w, answer, e);
}

static int part_net_start(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	int r = part_arm(bmc, w, answer, e);
	if (r == 0)
		r = bmc->ops->power_set(bmc, POWER_ON, fit_ms(w->timeout_ms), e);
	if (r == 0)
		answer_power(answer, POWER_ON);
	return r;
}

int bmc_probe(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return bmc_deed(hand, w, part_probe, answer, e);
}

int bmc_off(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return bmc_deed(hand, w, part_off, answer, e);
}

int bmc_net_start(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return bmc_deed(hand, w, part_net_start, answer, e);
}

int bmc_arm(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return bmc_deed(hand, w, part_arm, answer, e);
}
