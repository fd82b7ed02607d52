/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the place of redfish_talk.c for a test that plays a service: it writes talk_ask() and
 * talk_refused(), the rest is here. */
#pragma once
#include <errno.h>

#include "drivers/redfish_talk.h"

int talk_get(struct talk *t, const char *path, struct said *ret, struct err *e)
{
	int r = talk_ask(t, &(struct question){ .method = "GET", .path = path }, ret, e);
	return r == 0 && !said_ok(ret) ? talk_refused(t, ret, e) : r;
}

void talk_doing(struct talk *t, const char *doing)
{
	(void)t;
	(void)doing;
}

const char *talk_pin(const struct talk *t)
{
	(void)t;
	return "";
}

int talk_open(struct talk **ret, const struct talk_to *to, struct err *e)
{
	(void)ret;
	(void)to;
	return err_say(e, EIO, "nobody is there");
}

int talk_login(struct talk *t, const char *sessions, struct err *e)
{
	(void)t;
	(void)sessions;
	return err_say(e, EIO, "nobody is there");
}

void talk_close(struct talk *t)
{
	(void)t;
}

void talk_basic(struct talk *t)
{
	(void)t;
}

/* Nobody reads events here. */
void talk_way(struct talk_way *ret, const struct talk *t)
{
	(void)t;
	*ret = (struct talk_way){ .base = "https://bmc", .pin = "" };
}

void said_drop(struct said *s)
{
	json_decref(s->body);
	s->body = NULL;
}
