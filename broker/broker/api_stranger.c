/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers that have asked and are nobody's: see strangers.h. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "broker/api.h"
#include "broker/strangers.h"

/* What a machine is by its option 93 (RFC 4578 and IANA's list of processor architectures). */
static const char *firmware_of(int arch)
{
	static const struct {
		int arch;
		const char *word;
	} all[] = {
		{ 0, "BIOS" },
		{ 6, "UEFI, 32 bit" },
		{ 7, "UEFI" },
		{ 9, "UEFI" },
		{ 10, "UEFI, arm32" },
		{ 11, "UEFI, arm64" },
		{ 15, "UEFI, 32 bit" },
		{ 16, "UEFI" },
		{ 18, "UEFI, arm32" },
		{ 19, "UEFI, arm64" },
		{ 20, "BIOS" },
	};
	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i].arch == arch)
			return all[i].word;
	return "";
}

static json_t *stranger_json(const struct stranger *s)
{
	char mac[MAC_TEXT], uuid[UUID_TEXT] = "";
	if (!uuid_is_zero(&s->uuid))
		uuid_text(uuid, &s->uuid);
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:f,s:f,s:i}", "mac", mac_text(mac, &s->mac),
		"network", s->network, "firmware", firmware_of(s->arch), "uuid", uuid, "stage",
		s->stage, "circuit", s->circuit, "remote", s->remote, "first", s->first_s, "last",
		s->last_s, "times", (int)s->times);
}

static bool is_somebodys(const struct mac *mac, const struct machine *m, size_t machines,
	const struct persona *p, size_t personas)
{
	for (size_t i = 0; i < machines; i++)
		for (unsigned k = 0; k < m[i].nics; k++)
			if (mac_equal(&m[i].nic[k].factory, mac))
				return true;
	for (size_t i = 0; i < personas; i++)
		for (unsigned k = 0; k < p[i].nics; k++)
			if (mac_equal(&p[i].nic[k].mac, mac))
				return true;
	return false;
}

void api_stranger_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	const struct stranger *all[STRANGERS_MAX];
	struct machine *m = NULL;
	struct persona *p = NULL;
	size_t machines = 0, personas = 0, n = strangers_list(all, a->b->strangers);
	int r = store_machines(a->b->store, &m, &machines, &e);
	if (r == 0)
		r = store_personas(a->b->store, &p, &personas, &e);
	json_t *list = json_array();
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!is_somebodys(&all[i]->mac, m, machines, p, personas))
			json_array_append_new(list, stranger_json(all[i]));
	if (p)
		explicit_bzero(p, personas * sizeof *p);
	free(p);
	free(m);
	if (r == 0) {
		reply_ok(to, json_pack("{s:o}", "items", list));
		return;
	}
	json_decref(list);
	reply_err(to, &e, "");
}
