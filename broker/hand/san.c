/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See hand/san.h. */
#include "hand/san.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/list.h"
#include "hand/deadline.h"
#include "hand/lock.h"

enum { PATHS = 4 };

#define MEMBER(name, kind, needed, min, max)                                                       \
	{                                                                                          \
#name, kind, offsetof(struct san_wish, name), needed, min, max                     \
	}
#define DISK                                                                                       \
	MEMBER(kind, FIELD_TEXT, true, 1, 16), MEMBER(portals, FIELD_TEXTS, true, 1, PATHS),       \
		MEMBER(target, FIELD_TEXT, true, 5, IQN_LEN),                                      \
		MEMBER(lun, FIELD_UINT, true, 0, 16383)
#define ACCOUNT(needed)                                                                            \
	MEMBER(user, FIELD_TEXT, needed, 0, SECRET_LEN),                                           \
		MEMBER(secret, FIELD_TEXT, needed, 0, SECRET_LEN)
#define BODY                                                                                       \
	MEMBER(persona, FIELD_TEXT, true, 1, NAME_LEN),                                            \
		MEMBER(generation, FIELD_UINT, true, 1, UINT32_MAX)

static const struct field look_members[] = { DISK, ACCOUNT(false) };
static const struct field fence_members[] = { DISK, BODY, ACCOUNT(true),
	MEMBER(mutual_user, FIELD_TEXT, false, 0, SECRET_LEN),
	MEMBER(mutual_secret, FIELD_TEXT, false, 0, SECRET_LEN) };
static const struct field again_members[] = { DISK, BODY };
static const struct field clone_members[] = { DISK, BODY, ACCOUNT(true),
	MEMBER(mutual_user, FIELD_TEXT, false, 0, SECRET_LEN),
	MEMBER(mutual_secret, FIELD_TEXT, false, 0, SECRET_LEN),
	MEMBER(of, FIELD_TEXT, true, 5, IQN_LEN), MEMBER(of_lun, FIELD_UINT, true, 0, 16383) };

static const struct {
	const struct field *members;
	size_t n;
} deeds[] = {
	[SAN_LOOK] = { look_members, COUNT(look_members) },
	[SAN_FENCE] = { fence_members, COUNT(fence_members) },
	[SAN_LOOK_AGAIN] = { again_members, COUNT(again_members) },
	[SAN_CLONE] = { clone_members, COUNT(clone_members) },
	[SAN_CLONE_REMOVE] = { again_members, COUNT(again_members) },
	[SAN_DRIVERS] = { look_members, COUNT(look_members) },
};

static int account_check(const char *user, const char *secret, const char *words, struct err *e)
{
	if (!user[0] != !secret[0])
		return err_say(e, EINVAL, "san: want %s together, or neither of them", words);
	if (user[0] && (!chap_word_ok(user) || !chap_word_ok(secret)))
		return err_say(
			e, EINVAL, "san: want %s of letters, digits and . _ : + / = -", words);
	return 0;
}

static int wish_check(const struct san_wish *s, enum san_deed deed, struct err *e)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		".:-[]";
	if (!iqn_ok(s->target))
		return err_say(e, EINVAL, "san: target: want an IQN in lower case");
	for (unsigned i = 0; i < s->portals.n; i++)
		if (s->portals.of[i][strspn(s->portals.of[i], letters)] != '\0')
			return err_say(
				e, EINVAL, "san: portals: want addresses like 10.77.0.1:3260");
	if (deeds[deed].members != look_members && !name_ok(s->persona))
		return err_say(e, EINVAL, "san: persona: want its name");
	if (deed == SAN_CLONE && (!iqn_ok(s->of) || strcmp(s->of, s->target) == 0))
		return err_say(e, EINVAL, "san: of: want another IQN than target, in lower case");
	if ((deed == SAN_FENCE || deed == SAN_CLONE) && !s->user[0])
		return err_say(e, EINVAL, "san: user: want the generation's account");
	int r = account_check(s->user, s->secret, "user and secret", e);
	if (r == 0)
		r = account_check(
			s->mutual_user, s->mutual_secret, "mutual_user and mutual_secret", e);
	/* RFC 7143, 9.2.1: or the target's own answer could be shown to it. */
	if (r == 0 && s->mutual_secret[0] && strcmp(s->mutual_secret, s->secret) == 0)
		return err_say(e, EINVAL, "san: want another mutual_secret than secret");
	return r;
}

int san_wish_read(struct san_wish *ret, const struct wish *w, enum san_deed deed, struct err *e)
{
	*ret = (struct san_wish){
		.persona = "", .user = "", .secret = "", .mutual_user = "", .mutual_secret = ""
	};
	int r = fields_read(ret, deeds[deed].members, deeds[deed].n, w->on, "san", e);
	return r < 0 ? r : wish_check(ret, deed, e);
}

int san_lock(const struct hand *hand, const struct wish *w, const char *target, struct err *e)
{
	char lock[IQN_LEN + 8];
	snprintf(lock, sizeof lock, "san-%s", target);
	deadline_doing("san %s: %s: another deed on it", target, w->deed);
	int held = lock_take(hand->run_dir, lock, e);
	if (held >= 0)
		deadline_doing("san %s: %s", target, w->deed);
	return held;
}

unsigned san_time(const struct wish *w, unsigned shares)
{
	uint64_t left = (uint64_t)deadline_left_ms() * 9 / 10 / shares;
	return (unsigned)(left < w->timeout_ms ? left : w->timeout_ms);
}

bool san_is_dead(int r)
{
	return r == -ECONNREFUSED || r == -ETIMEDOUT || r == -EHOSTUNREACH;
}
