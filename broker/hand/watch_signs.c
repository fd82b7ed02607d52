/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How each thing is asked, and the line that tells what it said. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "hand/lock.h"
#include "hand/watch.h"

enum {
	TARGET_MS = 2000,
	CHECK_MS = 2000,
	KEEP_MS = 20000, /* a BMC ends a session that is silent for a minute (IPMI 2.0, 6.12.15) */
};

static const struct {
	const char *word, *of, *silence;
} signs[] = {
	[SIGN_POWER] = { "power", "machine", "silent" },
	[SIGN_SESSION] = { "session", "persona", "unknown" },
	[SIGN_CHECK] = { "check", "persona", "no" },
};

static pthread_mutex_t out = PTHREAD_MUTEX_INITIALIZER;

/* Takes the line. It blocks while nobody reads: then nothing is asked, and nothing piles up. */
static void line_say(json_t *line)
{
	OWN(text) char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
	size_t len = text ? strlen(text) : 0;
	json_decref(line);
	if (!text)
		return;
	text[len++] = '\n'; /* in place of the NUL */
	pthread_mutex_lock(&out);
	for (size_t at = 0; at < len;) {
		ssize_t n = write(STDOUT_FILENO, text + at, len - at);
		if (n < 0 && errno != EINTR)
			_exit(0);
		at += n > 0 ? (size_t)n : 0;
	}
	pthread_mutex_unlock(&out);
}

static void sign_say(const struct thing *t, const char *says, const char *why)
{
	char plain[sizeof((struct err *)0)->text];
	snprintf(plain, sizeof plain, "%s", why);
	for (char *c = plain; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	line_say(json_pack("{s:s,s:s,s:s,s:s}", "sign", signs[t->sign].word, signs[t->sign].of,
		t->name, "says", says, "why", plain));
}

void sign_of_silence(const struct thing *t, const char *why)
{
	sign_say(t, signs[t->sign].silence, why);
}

void sign_round(uint64_t n)
{
	line_say(json_pack("{s:I}", "round", (json_int_t)n));
}

void hearing_say(const struct thing *t, const char *says, const char *why)
{
	line_say(json_pack("{s:s,s:s,s:s,s:s}", "hearing", t->name, "bmc", t->bmc.wish.host, "says",
		says, "why", why));
}

static void session_close(struct thing *t)
{
	events_end(t);
	struct bmc *open = TAKE(t->bmc.open);
	if (open)
		open->ops->close(open);
}

static int power_probe(struct thing *t, struct bmc_facts *f, struct err *e)
{
	int r = t->bmc.open ? 0 : bmc_wish_open(&t->bmc.open, t->hand, &t->bmc.wish, e);
	r = r ? r : t->bmc.open->ops->probe(t->bmc.open, f, e);
	if (r < 0) {
		session_close(t);
		return r;
	}
	events_follow(t);
	if (t->every_ms > KEEP_MS && !t->bmc.hearing.events)
		session_close(t);
	return 0;
}

/* While a deed is at work on the BMC it is left alone: it may have one session only. */
static bool power_ask(struct thing *t)
{
	char name[BMC_LOCK_LEN];
	struct bmc_facts f = { .power = POWER_ON };
	struct err e = { 0 };
	bmc_lock_name(name, &t->bmc.wish);
	if (lock_held(t->hand->run_dir, name)) {
		session_close(t);
		return true;
	}
	bool kept = t->bmc.open;
	int r = power_probe(t, &f, &e);
	if (r < 0 && kept)
		r = power_probe(t, &f, &e); /* only the session may have been lost */
	if (r < 0) {
		err_in(&e, r, "bmc %s", t->bmc.wish.host);
		sign_of_silence(t, e.text);
		return false;
	}
	if (f.power_fault)
		sign_say(t, "fault", "the BMC says that power failed");
	else
		sign_say(t, power_word(f.power), "");
	return true;
}

static int session_ask(struct thing *t, struct err *e)
{
	const struct san_ops *ops = san_of(t->san.kind, e);
	const struct san_account a = { .target = t->san.target,
		.persona = t->san.persona,
		.generation = (uint32_t)t->san.generation,
		.own_initiator = t->hand->san_iqn };
	unsigned n = 0;
	if (!ops)
		return -EINVAL;
	if (!ops->sessions)
		return err_say(e, ENOTSUP,
			"SAN kind %s: Baton does not administer this target, so it cannot ask it "
			"for sessions",
			t->san.kind);
	int r = ops->sessions(&n, &a, TARGET_MS, e);
	if (r == 0)
		sign_say(t, n ? "there" : "none", "");
	return r;
}

/* No target of that tgtd would answer now, so the next one need not be asked. */
static bool target_is_away(int r)
{
	return san_is_dead(r) || r == -ENOTCONN || r == -ECONNRESET;
}

static bool check_ask(struct thing *t)
{
	struct err e = { 0 };
	bool yes = t->check.ping
			   ? reach_ping(t->check.address, CHECK_MS, &e)
			   : reach_tcp(t->check.address, (uint16_t)t->check.port, CHECK_MS, &e);
	sign_say(t, yes ? "yes" : "no", yes ? "" : e.text);
	return yes;
}

bool unit_ask(struct unit *u)
{
	struct err e = { 0 };
	int r = 0;
	if (u->thing->sign == SIGN_POWER)
		return power_ask(u->thing);
	if (u->thing->sign == SIGN_CHECK)
		return check_ask(u->thing);
	for (unsigned i = 0; i < u->n; i++) {
		if (!target_is_away(r)) {
			e = (struct err){ 0 };
			r = session_ask(&u->thing[i], &e);
		}
		if (r < 0)
			sign_of_silence(&u->thing[i], e.text);
	}
	return r == 0;
}
