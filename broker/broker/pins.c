/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See pins.h. */
#include "broker/pins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "broker/events.h"
#include "broker/members.h"
#include "store/store.h"

static bool trusted_read(struct bmc_at *to, const json_t *from)
{
	char pin[PIN_TEXT] = "";
	uint64_t port = 0;
	const struct member members[] = {
		{ "kind", MEMBER_TEXT, to->kind, sizeof to->kind, 0, true },
		{ "host", MEMBER_TEXT, to->host, sizeof to->host, 0, true },
		{ "port", MEMBER_UINT, &port, 0, 65535, true },
		{ "pin", MEMBER_TEXT, pin, sizeof pin, 0, true },
	};
	int r = members_read(from, "trusted", members, COUNT(members), MEMBERS_STRICT, NULL);
	to->port = (uint16_t)port;
	return r == 0 && pin_parse(to->pin, pin);
}

static void machine_pin(struct broker *b, const char *machine, const char *pin)
{
	struct machine_change c = { .parts = PART_PIN };
	struct err e = { 0 };
	const struct event_about about = { .machine = machine };
	memcpy(c.to.bmc.pin, pin, PIN_TEXT);
	/* What cannot be kept is believed anew, and told again, at the next look. */
	if (store_machine_set(b->store, machine, &c, &e) == 0)
		event_say(b->events, EV_bmc_trusted, &about, "pin=%s", pin);
	else
		event_say(
			b->events, EV_bmc_trusted, &about, "pin=%s why=not kept: %s", pin, e.text);
}

void pin_learn(struct broker *b, const json_t *trusted)
{
	struct bmc_at at = { .port = 0 };
	struct machine *list = NULL;
	size_t n = 0;
	if (!trusted_read(&at, trusted) || store_machines(b->store, &list, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct bmc_at *has = &list[i].bmc;
		if (!has->pin[0] && has->port == at.port && strcmp(has->kind, at.kind) == 0 &&
			strcmp(has->host, at.host) == 0)
			machine_pin(b, list[i].name, at.pin);
	}
	free(list);
}
