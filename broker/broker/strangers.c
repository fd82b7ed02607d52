/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See strangers.h. */
#include "broker/strangers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/events.h"
#include "core/boot.h"

struct strangers {
	size_t n;
	struct stranger one[STRANGERS_MAX];
};

int strangers_open(struct strangers **ret, struct err *e)
{
	*ret = calloc(1, sizeof **ret);
	return *ret ? 0 : err_set(e, ENOMEM, "strangers");
}

void strangers_close(struct strangers *s)
{
	free(s);
}

/* A MAC that no machine has, and one that is lent an address. */
static bool is_stranger(enum event ev, const char *text)
{
	char word[40];
	if (ev == EV_dhcp_silent)
		return event_field(word, sizeof word, text, "why") &&
		       strcmp(word, silence_word(SILENCE_unknown_machine)) == 0;
	return ev == EV_dhcp_answered && event_field(word, sizeof word, text, "deed") &&
	       strcmp(word, deed_word(DEED_LEASE)) == 0;
}

/* Its own place, a free one, else that of who was heard least often and longest ago. */
static struct stranger *place_for(struct strangers *s, const struct mac *m)
{
	struct stranger *least = &s->one[0];
	for (size_t i = 0; i < s->n; i++) {
		struct stranger *one = &s->one[i];
		if (mac_equal(&one->mac, m))
			return one;
		if (one->times < least->times ||
			(one->times == least->times && one->last_s < least->last_s))
			least = one;
	}
	if (s->n < STRANGERS_MAX)
		least = &s->one[s->n++];
	*least = (struct stranger){ .mac = *m, .arch = -1 };
	return least;
}

static int arch_of(const char *text)
{
	char word[8];
	return event_field(word, sizeof word, text, "arch") ? atoi(word) : -1;
}

void strangers_heard(struct strangers *s, enum event ev, const struct event_row *row)
{
	char text[RELAY_ID_TEXT];
	struct mac mac;
	if (!is_stranger(ev, row->text) || !event_field(text, sizeof text, row->text, "mac") ||
		!mac_parse(&mac, text))
		return;
	struct stranger *one = place_for(s, &mac);
	if (!one->times++)
		one->first_s = row->at_s;
	one->last_s = row->at_s;
	if (!event_field(one->network, sizeof one->network, row->text, "network") ||
		!name_ok(one->network))
		one->network[0] = '\0';
	if (!event_field(one->stage, sizeof one->stage, row->text, "stage"))
		one->stage[0] = '\0';
	/* An OS that comes behind the firmware says neither. */
	if (event_field(text, sizeof text, row->text, "uuid"))
		uuid_parse(&one->uuid, text);
	int arch = arch_of(row->text);
	one->arch = arch >= 0 ? arch : one->arch;
	if (!event_field(one->circuit, sizeof one->circuit, row->text, "circuit"))
		one->circuit[0] = '\0';
	if (!event_field(one->remote, sizeof one->remote, row->text, "remote"))
		one->remote[0] = '\0';
}

static int newer(const void *a, const void *b)
{
	const struct stranger *const *one = a, *const *other = b;
	return ((*one)->last_s < (*other)->last_s) - ((*one)->last_s > (*other)->last_s);
}

size_t strangers_list(const struct stranger *ret[STRANGERS_MAX], const struct strangers *s)
{
	for (size_t i = 0; i < s->n; i++)
		ret[i] = &s->one[i];
	qsort(ret, s->n, sizeof *ret, newer);
	return s->n;
}
