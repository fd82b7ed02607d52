/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fake's machine is made of: HOST.components, a line for each component with '|' between,
 * and nothing where nothing is told: KIND|SLOT|BUS|MODEL|SERIAL|FIRMWARE|BYTES|HEALTH Its call, for
 * the faults that name some: inventory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "drivers/bmc_fake.h"

static void stream_drop(FILE **f)
{
	if (*f)
		fclose(*f);
}

static bool component_parse(struct component *c, char *line)
{
	enum { WORDS = 8 };
	char *word[WORDS] = { NULL }, *rest = line;
	size_t n = 0;
	line[strcspn(line, "\n")] = '\0';
	while (n < WORDS && rest)
		word[n++] = strsep(&rest, "|");
	*c = (struct component){ .kind = COMPONENT_DISK };
	if (n < WORDS || rest || !component_kind_parse(&c->kind, word[0]) ||
		!component_bus_ok(word[2]))
		return false;
	component_text(c->slot, sizeof c->slot, word[1]);
	component_text(c->bus, sizeof c->bus, word[2]);
	component_text(c->model, sizeof c->model, word[3]);
	component_text(c->serial, sizeof c->serial, word[4]);
	component_text(c->firmware, sizeof c->firmware, word[5]);
	c->bytes = strtoull(word[6], NULL, 10);
	component_text(c->health, sizeof c->health, word[7]);
	return true;
}

static int components_load(
	const struct fake *f, struct component *ret, size_t *ret_n, struct err *e)
{
	char path[PATH_MAX], line[400];
	snprintf(path, sizeof path, "%s.components", f->path);
	OWN(stream) FILE *from = fopen(path, "re");
	*ret_n = 0;
	while (from && *ret_n < COMPONENTS_MAX && fgets(line, sizeof line, from))
		if (!component_parse(&ret[(*ret_n)++], line))
			return err_say(
				e, EPROTO, "fake BMC: %s: line %zu is no component", path, *ret_n);
	return 0;
}

int fake_inventory_read(struct bmc *bmc, struct component *ret, size_t *ret_n, struct err *e)
{
	struct fake *f = fake_of(bmc);
	int r = fake_enter(f, "inventory", e);
	r = r < 0 ? r : components_load(f, ret, ret_n, e);
	return fake_leave(f, "inventory", r);
}
