/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deeds that shut an old body out of a persona's disk (docs/design/0015-exactly-one.md). */
#include <errno.h>
#include <unistd.h>

#include "base/own.h"
#include "hand/deadline.h"
#include "hand/san.h"
#include "host/fd.h"

/* So much of what the deed may take that the driver's own sentence comes before the alarm's. */
static unsigned time_for(const struct wish *w, unsigned shares)
{
	uint64_t left = (uint64_t)deadline_left_ms() * 9 / 10 / shares;
	return (unsigned)(left < w->timeout_ms ? left : w->timeout_ms);
}

/* Asked for early, so that a target that cannot be fenced is told before it is waited for. */
static const struct san_ops *fencer_of(const char *kind, struct err *e)
{
	const struct san_ops *ops = san_of(kind, e);
	if (!ops || ops->fence)
		return ops;
	err_say(e, ENOTSUP,
		"SAN kind %s: Baton does not administer this target, so it cannot be fenced", kind);
	return NULL;
}

/* With the new account and no other: that its secret opens the disk is proved on the way. One live
 * portal is enough, since a LUN has its reservations for all of them. */
static int reservations_clear(const struct hand *hand, const struct wish *w,
	const struct san_wish *s, const struct san_ops *ops, unsigned *ret, struct err *e)
{
	int r = -EINVAL;
	for (unsigned i = 0; i < s->portals.n; i++) {
		const struct san_login login = { .portal = s->portals.of[i],
			.target = s->target,
			.initiator = hand->san_iqn,
			.user = s->user,
			.secret = s->secret,
			.target_user = s->mutual_user[0] ? s->mutual_user : NULL,
			.target_secret = s->mutual_user[0] ? s->mutual_secret : NULL };
		r = ops->reservations_clear(ret, &login, s->lun, time_for(w, s->portals.n - i), e);
		if (!san_is_dead(r))
			break;
	}
	return r == -EACCES ? err_in(e, r, "the new account") : r;
}

/* Reads the wish and finds who fences there. Gives the lock on the target, or -errno. */
static int begin(struct san_wish *s, const struct san_ops **ops, enum san_deed deed,
	const struct hand *hand, const struct wish *w, struct err *e)
{
	int r = san_wish_read(s, w, deed, e);
	if (r < 0)
		return r;
	*ops = fencer_of(s->kind, e);
	return *ops ? san_lock(hand, w, s->target, e) : -e->code;
}

int san_fence(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	struct san_wish s;
	struct san_fenced done = { 0 };
	const struct san_ops *ops;
	unsigned reservations = 0;
	OWN(fd) int held = begin(&s, &ops, SAN_FENCE, hand, w, e);
	if (held < 0)
		return held;
	const struct san_fence f = { .target = s.target,
		.user = s.user,
		.secret = s.secret,
		.mutual_user = s.mutual_user[0] ? s.mutual_user : NULL,
		.mutual_secret = s.mutual_user[0] ? s.mutual_secret : NULL,
		.persona = s.persona,
		.generation = (uint32_t)s.generation,
		.own_user = hand->san_user };
	int r = ops->fence(&done, &f, time_for(w, 1), e);
	r = r ? r : reservations_clear(hand, w, &s, ops, &reservations, e);
	if (r < 0)
		return r;
	json_object_set_new(answer, "accounts_removed", json_integer(done.accounts_removed));
	json_object_set_new(answer, "sessions_dropped", json_integer(done.sessions_dropped));
	json_object_set_new(answer, "reservations", json_integer(reservations));
	return 0;
}

int san_look_again(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	struct san_wish s;
	struct san_fenced done = { 0 };
	const struct san_ops *ops;
	OWN(fd) int held = begin(&s, &ops, SAN_LOOK_AGAIN, hand, w, e);
	if (held < 0)
		return held;
	const struct san_fence f = { .target = s.target,
		.persona = s.persona,
		.generation = (uint32_t)s.generation,
		.own_user = hand->san_user };
	int r = ops->fence(&done, &f, time_for(w, 1), e);
	if (r == 0)
		json_object_set_new(
			answer, "sessions_dropped", json_integer(done.sessions_dropped));
	return r;
}
