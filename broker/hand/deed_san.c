/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deed on a disk: is it there on the paths that the persona will use, and is the persona's
 * account right? Baton comes under its own initiator name, whichever account it shows. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "hand/deadline.h"
#include "hand/san.h"
#include "hand/secret.h"
#include "host/fd.h"

/* Who logs in: its words, and whose it is for the sentence. */
struct account {
	const char *user, *secret, *whose;
};

struct look {
	const struct san_ops *ops;
	const struct san_wish *san;
	const struct account *accounts;
	unsigned n_accounts;
	const char *initiator;
	uint64_t timeout_ms;
	unsigned logins_left; /* the time that is left is shared by them */
};

/* All logins at one portal. */
static int look_portal(struct look *l, const char *portal, struct san_facts *ret, struct err *e)
{
	for (unsigned i = 0; i < l->n_accounts; i++, l->logins_left--) {
		const struct account *a = &l->accounts[i];
		const struct san_login login = { .portal = portal,
			.target = l->san->target,
			.initiator = l->initiator,
			.user = a->user,
			.secret = a->secret };
		uint64_t share = (uint64_t)deadline_left_ms() * 9 / 10 / l->logins_left;
		int r = l->ops->look(ret, &login, l->san->lun,
			(unsigned)(share < l->timeout_ms ? share : l->timeout_ms), e);
		if (r < 0) {
			l->logins_left -= l->n_accounts - i;
			return r == -EACCES ? err_in(e, r, "%s", a->whose) : r;
		}
	}
	return 0;
}

/* One live portal is enough for a start; a portal that lives and refuses is a mistake that the
 * machine would meet too. */
static int look_all(struct look *l, json_t *answer, struct err *e)
{
	struct san_facts first = { 0 };
	unsigned paths = 0;
	json_t *dead = json_array();
	json_object_set_new(answer, "dead", dead);
	for (unsigned i = 0; i < l->san->portals.n; i++) {
		struct san_facts f = { 0 };
		const char *portal = l->san->portals.of[i];
		int r = look_portal(l, portal, &f, e);
		if (san_is_dead(r)) {
			json_array_append_new(dead, json_string(e->text));
			continue;
		}
		if (r < 0)
			return r;
		if (paths++ == 0)
			first = f;
		else if (first.bytes != f.bytes || first.block_len != f.block_len)
			return err_say(e, EIO,
				"portal %s: LUN %" PRIu64 " has %" PRIu64 " bytes here and %" PRIu64
				" at another portal: that is not one disk",
				portal, l->san->lun, f.bytes, first.bytes);
	}
	if (paths == 0)
		return l->san->portals.n > 1 ? err_in(e, -e->code, "none of %u portals answers",
						       l->san->portals.n)
					     : -e->code;
	json_object_set_new(answer, "bytes", json_integer((json_int_t)first.bytes));
	json_object_set_new(answer, "block_len", json_integer(first.block_len));
	json_object_set_new(answer, "bootable", json_boolean(first.bootable));
	json_object_set_new(answer, "paths", json_integer(paths));
	return 0;
}

static int san_session(const struct hand *hand, const struct wish *w, const struct san_wish *s,
	json_t *answer, struct err *e)
{
	struct account accounts[2];
	struct secret own = { "" };
	unsigned n = 0;
	const struct san_ops *ops = san_of(s->kind, e);
	if (!ops)
		return -EINVAL;
	if (hand->san_user[0]) {
		int r = secret_read(&own, hand->secrets_dir, hand->san_secret, e);
		if (r < 0)
			return err_in(e, r, "san_secret");
		accounts[n++] = (struct account){ hand->san_user, own.text,
			"Baton's own account (san_user)" };
	}
	if (s->user[0])
		accounts[n++] = (struct account){ s->user, s->secret, "the persona's account" };
	if (n == 0)
		accounts[n++] = (struct account){ NULL, NULL, "no account" };

	OWN(fd) int held = san_lock(hand, w, s->target, e);
	if (held < 0) {
		secret_wipe(&own);
		return held;
	}
	struct look l = { .ops = ops,
		.san = s,
		.accounts = accounts,
		.n_accounts = n,
		.initiator = hand->san_iqn,
		.timeout_ms = w->timeout_ms,
		.logins_left = n * s->portals.n };
	int r = look_all(&l, answer, e);
	secret_wipe(&own);
	return r;
}

int san_look(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	struct san_wish s;
	int r = san_wish_read(&s, w, SAN_LOOK, e);
	return r < 0 ? r : san_session(hand, w, &s, answer, e);
}
