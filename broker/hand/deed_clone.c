/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deeds that make and remove a copy of a persona's disk (docs/design/0020-drill.md). The lock
 * is that of the copy's target: the disk's own is only read. */
#include <errno.h>
#include <unistd.h>

#include "base/own.h"
#include "hand/san.h"
#include "host/fd.h"

/* Asked for early, so that a disk that cannot be copied is told before anything is waited for. */
static const struct san_ops *copier_of(const char *kind, struct err *e)
{
	const struct san_ops *ops = san_of(kind, e);
	if (!ops || ops->copies == SAN_COPIES_ATOMIC)
		return ops;
	err_say(e, ENOTSUP,
		"SAN kind %s: it makes no copy of one moment, and a copy taken while somebody "
		"writes is no disk",
		kind);
	return NULL;
}

static struct san_clone clone_of(const struct hand *hand, const struct san_wish *s)
{
	return (struct san_clone){ .of = s->of,
		.of_lun = s->of_lun,
		.folder = hand->clones_dir,
		.as = { .target = s->target,
			.user = s->user[0] ? s->user : NULL,
			.secret = s->secret,
			.mutual_user = s->mutual_user[0] ? s->mutual_user : NULL,
			.mutual_secret = s->mutual_user[0] ? s->mutual_secret : NULL,
			.persona = s->persona,
			.generation = (uint32_t)s->generation,
			.own_user = hand->san_user } };
}

typedef int clone_change(const struct san_clone *c, unsigned timeout_ms, struct err *e);

static int change(enum san_deed deed, const struct hand *hand, const struct wish *w, json_t *answer,
	struct err *e)
{
	struct san_wish s;
	int r = san_wish_read(&s, w, deed, e);
	const struct san_ops *ops = r < 0 ? NULL : copier_of(s.kind, e);
	if (!ops)
		return -e->code;
	OWN(fd) int held = san_lock(hand, w, s.target, e);
	if (held < 0)
		return held;
	const struct san_clone c = clone_of(hand, &s);
	clone_change *what = deed == SAN_CLONE ? ops->clone : ops->clone_remove;
	r = what(&c, san_time(w, 1), e);
	if (r == 0)
		json_object_set_new(answer, "target", json_string(s.target));
	return r;
}

int san_clone(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return change(SAN_CLONE, hand, w, answer, e);
}

int san_clone_remove(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return change(SAN_CLONE_REMOVE, hand, w, answer, e);
}
