/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a boot table: refused, or safe to ask and to render from. The checksum is set right
 * first, since it is no defence: who can write the file can sum it too. */
#include <stdlib.h>
#include <string.h>

#include "core/script.h"
#include "core/table_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each NIC through its own port and through its neighbour's. */
static void ask_through_ports(const struct table *t)
{
	for (uint32_t i = 0; i < t->header->nics; i++)
		for (uint32_t by = i ? i - 1 : 0; by <= i; by++) {
			struct boot_ask ask = { .stage = STAGE_IPXE,
				.mac = t->nic[i].persona,
				.via = t->header->networks ? t->network[0].addr : 0 };
			struct boot_plan plan;
			const char *why = NULL;
			ask.relay = ask.via;
			table_relay_port(&ask.port, t, &t->nic[by]);
			boot_decide(&plan, &why, t, &ask);
		}
}

static void ask_everything(const struct table *t)
{
	for (uint32_t i = 0; i < t->header->nics; i++) {
		struct boot_ask ask = { .stage = STAGE_SCRIPT,
			.mac = i % 2 ? t->nic[i].persona : t->nic[i].factory,
			.via = t->header->networks ? t->network[0].addr : 0 };
		struct boot_plan plan;
		const char *why = NULL;
		if (!boot_decide(&plan, &why, t, &ask))
			continue;
		for (int s = 0; s < SCRIPTS; s++) {
			char *text = NULL;
			if (script_render(&text, (enum script)s, t, &plan, "token", NULL) == 0)
				free(text);
		}
		char *job = NULL;
		if (job_render(&job, t, &plan, NULL) == 0)
			free(job);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table t;
	char *bytes = malloc(size + 1);
	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	if (size >= sizeof(struct table_header))
		((struct table_header *)bytes)->checksum = table_checksum(bytes, size);
	if (table_check(&t, bytes, size, NULL) == 0) {
		ask_everything(&t);
		ask_through_ports(&t);
	}
	free(bytes);
	return 0;
}
