/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deed that asks a BMC what its machine is made of. */
#include <errno.h>

#include "base/own.h"
#include "hand/bmc.h"

static json_t *component_json(const struct component *c)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s}", "kind", component_kind_word(c->kind),
		"slot", c->slot, "bus", c->bus, "model", c->model, "serial", c->serial, "firmware",
		c->firmware, "bytes", (json_int_t)c->bytes, "health", c->health);
}

static int part_inventory(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	static struct component all[COMPONENTS_MAX];
	size_t n = 0;
	(void)w;
	if (!bmc->ops->inventory_read)
		return err_say(e, ENOTSUP,
			"by %s a BMC does not tell what its machine is made of; redfish does",
			bmc->ops->kind);
	int r = bmc->ops->inventory_read(bmc, all, &n, e);
	if (r < 0)
		return r;
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, component_json(&all[i]));
	json_object_set_new(answer, "components", list);
	return 0;
}

int bmc_inventory(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return bmc_deed(hand, w, part_inventory, answer, e);
}
