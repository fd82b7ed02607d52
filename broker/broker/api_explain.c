/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a machine would get if it asked now: boot_decide() asked once for each stage, over the
 * table that the edge answers from, so that this can never say anything else. It asks as the
 * machine that has the MAC would: with the UUID that is on record, through the relay port that is.
 */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "broker/api.h"
#include "broker/publish.h"
#include "core/boot.h"

static const struct {
	enum boot_stage stage;
	bool has_arch;
	uint16_t arch;
	const char *name; /* for a person */
} asks[] = {
	{ STAGE_FIRMWARE, true, 0, "PXE, BIOS" },
	{ STAGE_FIRMWARE, true, 7, "PXE, UEFI x64" },
	{ STAGE_FIRMWARE, true, 11, "PXE, UEFI arm64" },
	{ STAGE_HTTP, true, 16, "HTTP boot, UEFI x64" },
	{ STAGE_HTTP, true, 19, "HTTP boot, UEFI arm64" },
	{ STAGE_IPXE, false, 0, "iPXE" },
	{ STAGE_SCRIPT, false, 0, "the script" },
	{ STAGE_OS, false, 0, "the OS" },
};

/* Where its question would come in: the network of the NIC, else the first there is. */
static uint32_t via_of(const struct table *t, const struct mac *m)
{
	bool persona = false;
	const struct table_nic *n = table_find(t, m, &persona);
	uint32_t network = n ? (persona ? n->persona_network : n->network) : 0;
	return network < t->header->networks ? t->network[network].addr
	       : t->header->networks         ? t->network[0].addr
					     : 0;
}

/* Where a machine behind a relay would find us: at one of our addresses, whichever its relay knows.
 */
static uint32_t here_of(const struct table *t)
{
	for (uint32_t i = 0; i < t->header->networks; i++)
		if (t->network[i].ours)
			return t->network[i].ours;
	return 0;
}

static void machine_says(struct boot_ask *a, const struct table *t)
{
	bool persona = false;
	const struct table_nic *n = table_find(t, &a->mac, &persona);
	a->via = via_of(t, &a->mac);
	a->here = here_of(t);
	if (!n || n->machine == TABLE_NOWHERE)
		return;
	const struct table_machine *m = &t->machine[n->machine];
	a->uuid = uuid_is_zero(&m->carried_uuid) ? m->uuid : m->carried_uuid;
	table_relay_port(&a->port, t, n);
}

/* The same at one stage: an OS says its UUID nowhere, and HTTP goes past a relay. */
static struct boot_ask at_stage(const struct boot_ask *from, enum boot_stage stage)
{
	struct boot_ask a = *from;
	a.stage = stage;
	if (stage == STAGE_OS)
		a.uuid = (struct uuid){ { 0 } };
	if (stage == STAGE_SCRIPT)
		a.port = (struct relay_port){ .circuit.len = 0 };
	a.relay = a.port.circuit.len ? a.via : 0;
	return a;
}

static json_t *stage_json(const struct table *t, const struct boot_ask *from, size_t i)
{
	struct boot_plan plan;
	const char *why = "";
	char text[400];
	struct boot_ask ask = at_stage(from, asks[i].stage);
	ask.has_arch = asks[i].has_arch;
	ask.arch = asks[i].arch;
	bool answer = boot_decide(&plan, &why, t, &ask);
	if (!answer) {
		const char *silence = silence_text(why);
		if (why == silence_word(SILENCE_other_server))
			snprintf(text, sizeof text, "%s: left to the network's own DHCP server",
				asks[i].name);
		else
			snprintf(text, sizeof text, "%s: silence, %s", asks[i].name,
				silence ? silence : why);
		return json_pack("{s:s,s:b,s:s,s:s,s:s,s:s,s:s,s:i}", "stage",
			stage_word(asks[i].stage), "answer", 0, "deed", "", "addr", "", "file", "",
			"why", why, "text", text, "arch", asks[i].arch);
	}
	char addr[IP4_TEXT] = "";
	if (plan.addr && plan.network->mode == DHCP_MODE_SERVE)
		ip4_text(addr, plan.addr);
	snprintf(text, sizeof text, "%s: %s%s%s%s%s%s", asks[i].name, deed_word(plan.deed),
		*addr ? ", address " : "", addr, *plan.loader ? ", file " : "", plan.loader,
		plan.other_port ? "; its relay port is not the one on record" : "");
	return json_pack("{s:s,s:b,s:s,s:s,s:s,s:s,s:s,s:i}", "stage", stage_word(asks[i].stage),
		"answer", 1, "deed", deed_word(plan.deed), "addr", addr, "file", plan.loader, "why",
		"", "text", text, "arch", asks[i].arch);
}

static const char *deed_says(enum boot_deed d)
{
	switch (d) {
	case DEED_IDENTITY:
		return "boots the shim and takes the persona's addresses";
	case DEED_PERSONA:
		return "boots the persona's disk";
	case DEED_RESTORE:
		return "boots the shim and takes its factory addresses back";
	case DEED_PARK:
		return "waits in iPXE and asks again";
	case DEED_LOCAL:
		return "goes on to its own disk";
	case DEED_LEASE:
		return "gets an address and nothing to boot";
	}
	return "";
}

static void summary_add(json_t *to, const struct table *t, const struct boot_ask *from)
{
	const struct mac *m = &from->mac;
	struct boot_plan plan;
	const char *why = "", *machine = "", *persona = "";
	char text[400], url[128] = "", ip[IP4_TEXT], mac[MAC_TEXT];
	struct boot_ask ask = at_stage(from, STAGE_SCRIPT);
	bool answer = boot_decide(&plan, &why, t, &ask);
	bool is_persona = false;
	const struct table_nic *n = table_find(t, m, &is_persona);
	if (n && n->machine < t->header->machines) {
		machine = table_text(t, t->machine[n->machine].name);
		persona = table_text(t, t->machine[n->machine].persona);
	}
	mac_text(mac, m);
	if (answer)
		snprintf(text, sizeof text, "%s %s%s%s%s", *machine ? machine : mac,
			*persona ? "carries " : "", persona, *persona ? " and " : "",
			deed_says(plan.deed));
	else
		snprintf(text, sizeof text, "%s gets no answer: %s", mac,
			silence_text(why) ? silence_text(why) : why);
	if (answer && plan.network && plan.machine)
		snprintf(url, sizeof url, "http://%s:%u/b/.../next.ipxe", ip4_text(ip, plan.server),
			t->header->http_port);
	json_object_set_new(to, "machine", json_string(machine));
	json_object_set_new(to, "persona", json_string(persona));
	json_object_set_new(to, "url", json_string(url));
	json_object_set_new(to, "summary", json_string(text));
}

/* Takes the place of what is on record, whole. False with a sentence in the reply. */
static bool port_read(struct boot_ask *ask, const struct ask *a, struct reply *to)
{
	struct relay_port p = { .circuit.len = 0 };
	if (!a->circuit && !a->remote)
		return true;
	if (!a->circuit || !relay_id_parse(&p.circuit, a->circuit) ||
		(a->remote && !relay_id_parse(&p.remote, a->remote))) {
		reply_say(to, 400, "GET /v1/explain/MAC?circuit=ID&remote=ID",
			"explain: want circuit=, and remote= beside it, as events show them");
		return false;
	}
	ask->port = p;
	return true;
}

void api_explain(const struct ask *a, struct reply *to)
{
	const struct table *t = publish_table(a->b->publisher);
	struct boot_ask ask = { .via = 0 };
	char circuit[RELAY_ID_TEXT], remote[RELAY_ID_TEXT];
	if (!mac_parse(&ask.mac, a->arg)) {
		reply_say(to, 400, "`baton machine show` lists a machine's NICs",
			"explain: want a MAC, as in 52:54:00:aa:00:01");
		return;
	}
	if (!t) {
		reply_say(to, 500, "the log says why", "explain: there is no boot table yet");
		return;
	}
	machine_says(&ask, t);
	if (!port_read(&ask, a, to))
		return;
	json_t *j = json_pack("{s:o,s:s,s:s}", "mac", json_mac(&ask.mac), "circuit",
		relay_id_text(circuit, &ask.port.circuit), "remote",
		relay_id_text(remote, &ask.port.remote));
	json_t *stages = json_array();
	for (size_t i = 0; i < COUNT(asks); i++)
		json_array_append_new(stages, stage_json(t, &ask, i));
	json_object_set_new(j, "stages", stages);
	summary_add(j, t, &ask);
	reply_ok(to, j);
}
