/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing a machine that is there: what the body names, and nothing else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "broker/api_hba.h"
#include "broker/api_machine.h"
#include "broker/runner.h"
#include "broker/traits.h"

static const char hint_set[] = "`baton machine set --help` shows what can be changed";

static const struct {
	const char *member;
	enum machine_part part;
} parts[] = {
	{ "pool", PART_POOL },
	{ "uuid", PART_UUID },
	{ "idle", PART_IDLE },
	{ "takes", PART_TAKES },
	{ "loader", PART_LOADER },
	{ "arch", PART_ARCH },
	{ "firmware", PART_FIRMWARE },
	{ "memory_mb", PART_MEMORY },
	{ "cpus", PART_CPUS },
	{ "bmc_pin", PART_PIN },
};

/* {"mac":"...","port":"KIND://...","circuit":"...","remote":"..."}: what is named, and "none" takes
 * it off. (A port that its relay calls "none" is 0x6e6f6e65.) */
static int nic_read(struct nic *n, unsigned *ret_parts, const json_t *from, struct err *e)
{
	char mac[MAC_TEXT] = "", circuit[RELAY_ID_TEXT] = "", remote[RELAY_ID_TEXT] = "";
	const struct member members[] = {
		{ "mac", MEMBER_TEXT, mac, sizeof mac, 0, true },
		{ "port", MEMBER_TEXT, n->port, sizeof n->port, 0, false },
		{ "circuit", MEMBER_TEXT, circuit, sizeof circuit, 0, false },
		{ "remote", MEMBER_TEXT, remote, sizeof remote, 0, false },
	};
	char *const part[] = { n->port, circuit, remote }; /* in the order of enum nic_part */
	int r = members_read(from, "machine: nic", members, COUNT(members), MEMBERS_STRICT, e);
	if (r == 0 && !mac_parse(&n->factory, mac))
		r = err_say(e, EINVAL,
			"machine: nic: \"mac\": \"%s\": want the factory address of one of its "
			"NICs",
			mac);
	for (unsigned i = 0; i < COUNT(part); i++) {
		if (json_object_get(from, members[i + 1].name))
			*ret_parts |= 1U << i;
		if (strcmp(part[i], "none") == 0)
			*part[i] = '\0';
	}
	if (r == 0 && !*ret_parts)
		r = err_say(e, EINVAL,
			"machine: nic: %s: nothing is named that shall change: want \"port\", "
			"\"circuit\" or \"remote\"",
			mac);
	r = r < 0 ? r : relay_id_read(&n->relay_port.circuit, circuit, "circuit", e);
	r = r < 0 ? r : relay_id_read(&n->relay_port.remote, remote, "remote", e);
	return r < 0 ? r : port_member_check(n->port, "machine: nic", e);
}

static int unlabels_read(struct machine_change *c, const json_t *list, struct err *e)
{
	size_t n = json_array_size(list);
	if (n > LABELS_MAX)
		return err_say(e, EINVAL, "machine: \"unlabels\": want at most %d", LABELS_MAX);
	for (c->unlabels = 0; c->unlabels < n; c->unlabels++) {
		const char *key = json_string_value(json_array_get(list, c->unlabels));
		if (!key || strlen(key) > LABEL_LEN || !name_ok(key))
			return err_say(e, EINVAL,
				"machine: \"unlabels\": want the keys of labels, as in rack");
		strcpy(c->unlabel[c->unlabels], key);
	}
	return 0;
}

static int words_check(
	struct machine *m, const char *uuid, const char *idle, const char *takes, struct err *e)
{
	if (*uuid && !uuid_parse(&m->uuid, uuid))
		return err_say(e, EINVAL, "machine: \"uuid\": \"%s\" is not a UUID", uuid);
	if (*m->pool && !name_ok(m->pool))
		return err_say(e, EINVAL,
			"machine: \"pool\": want 1 to 63 of a-z, 0-9 and -, not - first");
	if (!idle_parse(&m->idle, idle))
		return err_say(e, EINVAL, "machine: \"idle\": want park or local");
	if (!takes_parse(&m->takes, takes))
		return err_say(e, EINVAL, "machine: \"takes\": want shim or handover");
	if (!file_name_ok(m->loader))
		return err_say(
			e, EINVAL, "machine: \"loader\": want the name of a file in boot_dir");
	return 0;
}

static int change_read(struct machine_change *c, const json_t *body, struct err *e)
{
	struct machine *m = &c->to;
	char uuid[UUID_TEXT] = "", idle[16] = "park", takes[16] = "shim", pin[128] = "";
	const json_t *nics = NULL, *hbas = NULL, *unlabels = NULL;
	struct traits_members is = { .labels = NULL };
	const struct member members[] = {
		TRAITS_MEMBERS(is),
		{ "unlabels", MEMBER_LIST, &unlabels, 0, 0, false },
		{ "pool", MEMBER_TEXT, m->pool, sizeof m->pool, 0, false },
		{ "uuid", MEMBER_TEXT, uuid, sizeof uuid, 0, false },
		{ "idle", MEMBER_TEXT, idle, sizeof idle, 0, false },
		{ "takes", MEMBER_TEXT, takes, sizeof takes, 0, false },
		{ "loader", MEMBER_TEXT, m->loader, sizeof m->loader, 0, false },
		{ "bmc_pin", MEMBER_TEXT, pin, sizeof pin, 0, false },
		{ "nics", MEMBER_LIST, &nics, 0, 0, false },
		{ "hbas", MEMBER_LIST, &hbas, 0, 0, false },
	};
	int r = members_read(body, "machine", members, COUNT(members), MEMBERS_STRICT, e);
	if (r == 0 && json_object_size(body) == 0)
		r = err_say(e, EINVAL, "machine: nothing is named that shall change");
	if (r == 0)
		r = words_check(m, uuid, idle, takes, e);
	if (r == 0)
		r = pin_member_check(m->bmc.pin, pin, "\"bmc_pin\"", e);
	if (r == 0)
		r = traits_take(&m->is, &is, "machine", e);
	if (r == 0)
		r = unlabels_read(c, unlabels, e);
	if (r == 0 && json_array_size(nics) > NICS_MAX)
		r = err_say(e, EINVAL, "machine: \"nics\": want at most %d of them", NICS_MAX);
	for (size_t i = 0; r == 0 && i < json_array_size(nics); i++, m->nics++)
		r = nic_read(&m->nic[i], &c->nic_parts[i], json_array_get(nics, i), e);
	if (r == 0)
		r = machine_hbas_change(m, hbas, e);
	for (size_t i = 0; i < COUNT(parts); i++)
		if (json_object_get(body, parts[i].member))
			c->parts |= parts[i].part;
	return r;
}

/* A hand may be at work on the ports that it has now. */
static int ports_at_rest(
	struct broker *b, const char *machine, const struct machine_change *c, struct err *e)
{
	const struct run *run = c->to.nics || c->to.hbas ? runner_of(b->runner, machine) : NULL;
	if (!run || !run_is_running(run))
		return 0;
	return err_say(
		e, EBUSY, "machine %s: an order is at work on it; wait for its end", machine);
}

void api_machine_set(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	OWN(standing) struct standing *at = NULL;
	struct machine_change c = { .parts = 0 };
	struct machine m = { .nics = 0 };
	char what[128];
	int r = store_machine(a->b->store, a->arg, &m, &e);
	if (r == 0)
		r = change_read(&c, a->body, &e);
	if (r == 0)
		r = ports_at_rest(a->b, a->arg, &c, &e);
	if (r == 0)
		r = store_begin(a->b->store, &e);
	if (r < 0) {
		reply_err(to, &e, hint_set);
		return;
	}
	r = store_machine_set(a->b->store, a->arg, &c, &e);
	r = r < 0 ? r : store_machine(a->b->store, a->arg, &m, &e);
	r = r < 0 ? r : standing_read(&at, a->b->store, &e);
	snprintf(what, sizeof what, "machine=%.63s changed", a->arg);
	reply_change(a, to, r, &e, r < 0 ? NULL : machine_json(&m, at),
		"`baton machine show` shows how it is now", what);
}
