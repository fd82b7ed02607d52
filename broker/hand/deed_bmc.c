/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deeds on a BMC. Each is one session under one lock. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/wait.h"
#include "hand/bmc.h"
#include "hand/deadline.h"
#include "hand/lock.h"
#include "host/fd.h"

enum { SOFT_POLL_MS = 500 };

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

/* The certificate that is believed from now on, since nobody has said which. */
static void answer_trusted(json_t *answer, const struct bmc_wish *b, const struct bmc *bmc)
{
	if (!b->pin[0] && bmc->pin[0])
		json_object_set_new(answer, "trusted",
			json_pack("{s:s,s:s,s:i,s:s}", "kind", b->kind, "host", b->host, "port",
				(int)b->port, "pin", bmc->pin));
}

static int bmc_session(const struct hand *hand, const struct bmc_wish *b, const struct wish *w,
	bmc_part *part, json_t *answer, struct err *e)
{
	char lock[BMC_LOCK_LEN];
	struct bmc *bmc = NULL;
	bmc_lock_name(lock, b);
	deadline_doing("bmc %s: %s: another deed on it", b->host, w->deed);
	OWN(fd) int held = lock_take(hand->run_dir, lock, e);
	if (held < 0)
		return held;
	deadline_doing("bmc %s: %s", b->host, w->deed);
	int r = bmc_wish_open(&bmc, hand, b, e);
	if (r < 0)
		return r;
	answer_trusted(answer, b, bmc);
	r = part(bmc, w, answer, e);
	bmc->ops->close(bmc);
	return r;
}

int bmc_deed(const struct hand *hand, const struct wish *w, bmc_part *part, json_t *answer,
	struct err *e)
{
	struct bmc_wish b;
	int r = bmc_wish_read(&b, w->on, e);
	if (r < 0)
		return r;
	r = bmc_session(hand, &b, w, part, answer, e);
	return r < 0 ? err_in(e, r, "bmc %s", b.host) : 0;
}

/* So long that the driver's own sentence comes before the deadline's. */
unsigned bmc_fit_ms(uint64_t want)
{
	uint64_t most = (uint64_t)deadline_left_ms() * 9 / 10;
	return (unsigned)(want < most ? want : most);
}

static int part_probe(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	struct bmc_facts f;
	int r = bmc->ops->probe(bmc, &f, e);
	if (r == 0)
		answer_facts(answer, &f);
	if (r == 0 && w->cards_too) {
		bmc_cards_put(bmc, answer);
		bmc_system_put(bmc, answer);
	}
	return r;
}

/* Asks the OS, and waits until it has gone. What fails here is no failure of the deed: the power
 * goes off anyway. False when the OS did not go. */
static bool soft_off(struct bmc *bmc, const struct wish *w)
{
	struct bmc_facts f = { .power = POWER_ON };
	if (bmc->ops->power_soft_off(bmc, NULL) < 0)
		return false;
	int64_t spare = deadline_left_ms() - (int64_t)bmc_fit_ms(w->timeout_ms);
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
	r = bmc->ops->power_set(bmc, POWER_OFF, bmc_fit_ms(w->timeout_ms), e);
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
		r = bmc->ops->power_set(bmc, POWER_ON, bmc_fit_ms(w->timeout_ms), e);
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
