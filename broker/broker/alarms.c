/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alarms: see alarms.h. */
#include "broker/alarms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "broker/events.h"

/* `{key}` stands for a field of the event. Of `[this|that]` that is said where a field of this is
 * not there; `|that` may be missing. */
static const struct {
	enum event event;
	unsigned for_s;
	bool of_served;
	const char *same[2]; /* fields */
	const char *text;
} kinds[] = {
	{ EV_child_crashed, 86400, false, { "program" },
		"{program} was ended by {signal}[ over what came by {kind}][ from {from}], and was "
		"started again; [the bytes are kept in {file}|nothing was kept]" },
	{ EV_dhcp_foreign, 900, true, { "network", "addr" },
		"another DHCP server answers on network {network}: {addr}[, MAC {server-mac}][, "
		"which "
		"has offered {offered}]; switch it off, or serve this network with --mode proxy" },
	{ EV_stale_woke, 900, false, { "machine" },
		"machine {machine} is on again with the addresses of {persona}, which runs "
		"elsewhere: it gets no answer; switched off by its BMC: {off}[ ({why})]" },
	{ EV_persona_failed, 3600, false, { "persona" },
		"persona {persona} has failed on {machine} (by policy: {then}): {why}" },
	{ EV_persona_off, 3600, false, { "persona" },
		"persona {persona} is off on {machine} (by policy: {then}): {why}" },
	{ EV_failover_refused, 900, false, { "persona" },
		"persona {persona} is down on {machine} and Baton does not move it: {why}" },
	{ EV_rolled_back, 3600, false, { "persona" },
		"persona {persona} did not come up on {from} and goes back to {to}: {why}" },
	{ EV_leases_not_kept, 120, false, { NULL },
		"strangers get no address: what is lent to them cannot be written down: {why}" },
	{ EV_table_waits, 120, false, { NULL },
		"machines are answered from an old boot table: the new one cannot be put in place: "
		"{why}" },
	{ EV_guard_not_set, 120, false, { NULL },
		"the guard in front of the personas' portals is not as it should be, so that a "
		"machine may be kept out, or an old one let through: {why}" },
	{ EV_proxy_ignored, 900, false, { "machine", "mac" },
		"machine {machine} took an address from its network's own DHCP server and asked "
		"for nothing that Baton told it to boot: its NIC {mac} does not listen to a proxy; "
		"have that server name Baton as next-server, and the loader as its file" },
	{ EV_wish_refused, 900, false, { "batch", "persona" },
		"batch {batch} could do nothing for {persona}: {why}; `baton batch show {batch}` "
		"says "
		"how it stands" },
};

/* Writes the template, or as much of it as fits, up to one of the characters in `ends`; false when
 * a field is not there. */
static bool render(char *to, size_t size, const char **at, const char *ends, const char *fields)
{
	char key[24], value[320];
	size_t n = 0;
	bool whole = true;
	for (; **at && !strchr(ends, **at); (*at)++) {
		size_t len = strcspn(*at, "}");
		if (**at == '[') {
			++*at;
			bool said = render(to + n, size - n, at, "|]", fields);
			if (!said)
				to[n] = '\0';
			if (!said && **at == '|') {
				++*at;
				render(to + n, size - n, at, "]", fields);
			}
			*at += strcspn(*at, "]");
			n += strlen(to + n);
		} else if (**at == '{') {
			snprintf(key, sizeof key, "%.*s", (int)len - 1, *at + 1);
			bool has = event_field(value, sizeof value, fields, key);
			whole = whole && has;
			snprintf(to + n, size - n, "%s", has ? value : "-");
			n += strlen(to + n);
			*at += len;
		} else if (n + 1 < size) {
			to[n++] = **at;
		}
	}
	to[n] = '\0';
	return whole;
}

static void same_text(char *to, size_t size, unsigned kind, const char *fields)
{
	char value[NAME_LEN + 1];
	to[0] = '\0';
	for (size_t i = 0; i < COUNT(kinds[kind].same); i++) {
		size_t at = strlen(to);
		const char *key = kinds[kind].same[i];
		if (key && event_field(value, sizeof value, fields, key))
			snprintf(to + at, size - at, "%s ", value);
	}
}

/* The place of the same alarm, else a free one, else of the oldest of its kind, else of the oldest:
 * who makes up one kind by the hundred takes no place from another. */
static struct alarm *place(struct alarms *a, unsigned kind, const char *same)
{
	struct alarm *free_one = NULL, *oldest = &a->one[0], *of_kind = NULL;
	for (size_t i = 0; i < ALARMS_MAX; i++) {
		struct alarm *one = &a->one[i];
		if (one->at_s == 0) {
			free_one = one;
			continue;
		}
		if (one->kind == kind && strcmp(one->same, same) == 0)
			return one;
		if (one->kind == kind && (!of_kind || one->at_s < of_kind->at_s))
			of_kind = one;
		if (one->at_s < oldest->at_s)
			oldest = one;
	}
	return free_one ? free_one : of_kind ? of_kind : oldest;
}

void alarms_note(struct alarms *a, const struct event_row *row)
{
	char same[sizeof a->one[0].same];
	unsigned kind = 0;
	while (kind < COUNT(kinds) && strcmp(event_word(kinds[kind].event), row->word) != 0)
		kind++;
	if (kind == COUNT(kinds))
		return;
	same_text(same, sizeof same, kind, row->text);
	struct alarm *one = place(a, kind, same);
	const char *text = kinds[kind].text;
	*one = (struct alarm){ .at_s = row->at_s, .kind = kind };
	memcpy(one->same, same, sizeof same);
	if (!event_field(one->network, sizeof one->network, row->text, "network"))
		one->network[0] = '\0';
	render(one->text, sizeof one->text, &text, "", row->text);
}

static int newer(const void *a, const void *b)
{
	const struct alarm *const *one = a, *const *other = b;
	return ((*one)->at_s < (*other)->at_s) - ((*one)->at_s > (*other)->at_s);
}

unsigned alarms_now(const struct alarm *ret[ALARMS_MAX], const struct alarms *a, double now_s)
{
	unsigned n = 0;
	for (size_t i = 0; i < ALARMS_MAX; i++)
		if (a->one[i].at_s > 0 && now_s - a->one[i].at_s < kinds[a->one[i].kind].for_s)
			ret[n++] = &a->one[i];
	qsort(ret, n, sizeof *ret, newer);
	return n;
}

const char *alarm_word(const struct alarm *a)
{
	return event_word(kinds[a->kind].event);
}

bool alarm_is_of_served(const struct alarm *a)
{
	return kinds[a->kind].of_served;
}
