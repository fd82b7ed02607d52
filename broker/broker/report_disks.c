/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disks of a shim's report. They are for people, and no boot depends on them: what is strange
 * here is passed over. */
#include <string.h>

#include "broker/members.h"
#include "broker/report.h"

static const char *word_in(const json_t *in, const char *member)
{
	const char *word = json_string_value(json_object_get(in, member));
	return word ? word : "";
}

void report_disks_read(struct report *r, const json_t *body)
{
	const json_t *list = json_object_get(body, "disks");
	for (size_t i = 0; i < json_array_size(list) && r->disks < REPORT_DISKS; i++) {
		const json_t *one = json_array_get(list, i);
		json_int_t bytes = json_integer_value(json_object_get(one, "bytes"));
		const char *bus = word_in(one, "kind");
		struct component *c = &r->disk[r->disks];
		if (!*word_in(one, "name") || bytes < 0)
			continue;
		*c = (struct component){ .kind = COMPONENT_DISK, .bytes = (uint64_t)bytes };
		component_text(c->slot, sizeof c->slot, word_in(one, "name"));
		component_text(c->bus, sizeof c->bus, component_bus_ok(bus) ? bus : "");
		component_text(c->model, sizeof c->model, word_in(one, "model"));
		component_text(c->serial, sizeof c->serial, word_in(one, "serial"));
		component_text(c->firmware, sizeof c->firmware, word_in(one, "firmware"));
		r->disks++;
	}
}
