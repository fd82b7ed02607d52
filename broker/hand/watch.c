/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deed "watch": from its lists to things that are asked. Every word is read before the first is
 * asked, so that a deed that cannot be is refused whole, like any other. */
#include "hand/watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "hand/deadline.h"

/* One member of any of the lists. */
struct item {
	const char *machine, *persona, *kind, *address;
	const json_t *on; /* the "bmc" or the "san" */
	uint64_t port;
};

#define MEMBER(name, member, kind, needed, min, max)                                               \
	{                                                                                          \
		name, kind, offsetof(struct item, member), needed, min, max                        \
	}
static const struct field power_members[] = {
	MEMBER("machine", machine, FIELD_TEXT, true, 1, NAME_LEN),
	MEMBER("bmc", on, FIELD_OBJECT, true, 0, 0),
};
static const struct field session_members[] = {
	MEMBER("persona", persona, FIELD_TEXT, true, 1, NAME_LEN),
	MEMBER("san", on, FIELD_OBJECT, true, 0, 0),
};
static const struct field check_members[] = {
	MEMBER("persona", persona, FIELD_TEXT, true, 1, NAME_LEN),
	MEMBER("kind", kind, FIELD_TEXT, true, 1, 8),
	MEMBER("address", address, FIELD_TEXT, true, 7, 15),
	MEMBER("port", port, FIELD_UINT, false, 0, 65535),
};

static int power_read(struct thing *t, const json_t *obj, struct err *e)
{
	struct item i = { .on = NULL };
	int r = fields_read(&i, power_members, COUNT(power_members), obj, "power", e);
	t->name = i.machine;
	return r ? r : bmc_wish_read(&t->bmc.wish, i.on, e);
}

static int session_read(struct thing *t, const json_t *obj, struct err *e)
{
	struct item i = { .on = NULL };
	int r = fields_read(&i, session_members, COUNT(session_members), obj, "sessions", e);
	t->name = i.persona;
	return r ? r : san_wish_read(&t->san, &(struct wish){ .on = i.on }, SAN_LOOK_AGAIN, e);
}

static int check_read(struct thing *t, const json_t *obj, struct err *e)
{
	struct in_addr a;
	struct item i = { .port = 0 };
	int r = fields_read(&i, check_members, COUNT(check_members), obj, "checks", e);
	if (r < 0)
		return r;
	t->name = i.persona;
	t->check.address = i.address;
	t->check.port = i.port;
	t->check.ping = strcmp(i.kind, "ping") == 0;
	if (!t->check.ping && strcmp(i.kind, "tcp") != 0)
		return err_say(e, EINVAL, "checks: kind: want ping or tcp");
	if (inet_pton(AF_INET, i.address, &a) != 1)
		return err_say(e, EINVAL, "checks: address: want one like 10.77.0.50");
	if (!t->check.ping && !i.port)
		return err_say(e, EINVAL, "checks: port: want 1 to 65535");
	return 0;
}

struct lists {
	struct thing *thing;
	struct unit *unit;
	size_t things, units;
};

static int list_read(struct lists *l, const json_t *list, struct thing like,
	int (*read)(struct thing *t, const json_t *obj, struct err *e), struct err *e)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct thing *t = &l->thing[l->things++];
		*t = like;
		int r = read(t, json_array_get(list, i), e);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool of_tgtd(const struct thing *t)
{
	return t->sign == SIGN_SESSION && strcmp(t->san.kind, "tgt") == 0;
}

/* A unit for each, but one for all sessions of the one tgtd: it takes one question at a time, and
 * where it hangs nobody has to find that out for each of them. */
static void units_make(struct lists *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->things; i++)
		if (!of_tgtd(&l->thing[i]))
			l->unit[l->units++] = (struct unit){ .thing = &l->thing[i], .n = 1 };
	struct thing *room = calloc(l->things, sizeof *room);
	for (size_t i = 0; room && i < l->things; i++)
		if (of_tgtd(&l->thing[i]))
			room[n++] = l->thing[i];
	if (n)
		l->unit[l->units++] = (struct unit){ .thing = room, .n = (unsigned)n };
	else
		free(room);
}

int watch(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	(void)answer;
	struct thing like = { .hand = hand, .every_ms = w->every_ms };
	size_t n = json_array_size(w->power) + json_array_size(w->sessions) +
		   json_array_size(w->checks);
	struct lists l = { .thing = calloc(n + 1, sizeof *l.thing),
		.unit = calloc(n + 1, sizeof *l.unit) };
	int r = l.thing && l.unit ? 0 : err_set(e, ENOMEM, "watch");
	r = r ? r : list_read(&l, w->power, like, power_read, e);
	like.sign = SIGN_SESSION;
	r = r ? r : list_read(&l, w->sessions, like, session_read, e);
	like.sign = SIGN_CHECK;
	r = r ? r : list_read(&l, w->checks, like, check_read, e);
	if (r == 0) {
		units_make(&l);
		deadline_stop();
		r = rounds_run(l.unit, l.units, w->every_ms, e);
	}
	free(l.thing);
	free(l.unit);
	return r;
}
