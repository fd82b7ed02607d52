/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a template: what script_check() lets through, script_render() can render. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/script.h"
#include "tests/unit/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 12000)
		return 0;
	char *template = calloc(1, size + 1), *out = NULL;
	struct world w;
	struct boot_plan plan;
	const char *why;
	memcpy(template, data, size);
	world_init(&w, PHASE_PERSONA);
	w.source.script[SCRIPT_PERSONA] = template;
	if (world_build(&w, NULL) < 0)
		abort();
	struct boot_ask ask = {
		.mac = w.persona[0].nic[0].mac, .via = w.network[0].addr, .stage = STAGE_SCRIPT
	};
	if (!boot_decide(&plan, &why, &w.table, &ask))
		abort();
	int checked = script_check("x", template, NULL);
	int rc = script_render(&out, SCRIPT_PERSONA, &w.table, &plan, "token", NULL);
	assert(checked < 0 || rc == 0 || rc == -ENOSPC);
	free(out);
	free(template);
	world_fini(&w);
	return 0;
}
