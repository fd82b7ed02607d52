/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a machine would get if it asked now: boot_decide() asked once for each stage, over the
 * table that the edge answers from, so that this can never say anything else. */
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

static json_t *stage_json(const struct table *t, const struct mac *m, size_t i)
{
	struct boot_plan plan;
	const char *why = "";
	char text[320];
	struct boot_ask ask = { .mac = *m,
		.has_arch = asks[i].has_arch,
		.arch = asks[i].arch,
		.stage = asks[i].stage,
		.via = via_of(t, m),
		.here = here_of(t) };
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
	snprintf(text, sizeof text, "%s: %s%s%s%s%s", asks[i].name, deed_word(plan.deed),
		*addr ? ", address " : "", addr, *plan.loader ? ", file " : "", plan.loader);
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

static void summary_add(json_t *to, const struct table *t, const struct mac *m)
{
	struct boot_plan plan;
	const char *why = "", *machine = "", *persona = "";
	char text[400], url[128] = "", ip[IP4_TEXT], mac[MAC_TEXT];
	struct boot_ask ask = {
		.mac = *m, .stage = STAGE_SCRIPT, .via = via_of(t, m), .here = here_of(t)
	};
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

void api_explain(const struct ask *a, struct reply *to)
{
	const struct table *t = publish_table(a->b->publisher);
	struct mac m;
	if (!mac_parse(&m, a->arg)) {
		reply_say(to, 400, "`baton machine show` lists a machine's NICs",
			"explain: want a MAC, as in 52:54:00:aa:00:01");
		return;
	}
	if (!t) {
		reply_say(to, 500, "the log says why", "explain: there is no boot table yet");
		return;
	}
	json_t *j = json_object(), *stages = json_array();
	json_object_set_new(j, "mac", json_mac(&m));
	for (size_t i = 0; i < COUNT(asks); i++)
		json_array_append_new(stages, stage_json(t, &m, i));
	json_object_set_new(j, "stages", stages);
	summary_add(j, t, &m);
	reply_ok(to, j);
}
