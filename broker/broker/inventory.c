/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See inventory.h. */
#include "broker/inventory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/deeds.h"
#include "broker/events.h"
#include "broker/hands.h"

enum { INSPECT_MS = 75000 }; /* the client waits for 90 s */

/* ------------------------------------------------------------------ what was told */

size_t report_components(struct component to[COMPONENTS_MAX], const struct report *r)
{
	size_t n = 0;
	for (; n < r->disks && n < COMPONENTS_MAX; n++)
		to[n] = r->disk[n];
	for (unsigned i = 0; i < r->nics && n < COMPONENTS_MAX; i++, n++) {
		const struct report_nic *nic = &r->nic[i];
		struct component *c = &to[n];
		*c = (struct component){ .kind = COMPONENT_NIC };
		component_text(c->slot, sizeof c->slot, nic->pci);
		snprintf(c->model, sizeof c->model, "%s%s%s", nic->card,
			*nic->card && *nic->driver ? " " : "", nic->driver);
		mac_text(c->serial, &nic->permanent);
		memcpy(c->firmware, nic->firmware, sizeof c->firmware);
	}
	return n;
}

int inventory_found(struct broker *b, const char *machine, const struct report *r, struct err *e)
{
	struct component all[COMPONENTS_MAX];
	size_t n = report_components(all, r);
	return store_inventory_set(b->store, machine, BY_SHIM, now_s(), all, n, e);
}

static const char *word_in(const json_t *in, const char *member)
{
	const char *word = json_string_value(json_object_get(in, member));
	return word ? word : "";
}

/* Of a hand's answer; what this broker does not know is left out. */
static size_t told_read(struct component to[COMPONENTS_MAX], const json_t *list)
{
	size_t n = 0;
	for (size_t i = 0; i < json_array_size(list) && n < COMPONENTS_MAX; i++) {
		const json_t *one = json_array_get(list, i);
		json_int_t bytes = json_integer_value(json_object_get(one, "bytes"));
		const char *bus = word_in(one, "bus");
		struct component *c = &to[n];
		*c = (struct component){ .bytes = bytes > 0 ? (uint64_t)bytes : 0 };
		if (!component_kind_parse(&c->kind, word_in(one, "kind")))
			continue;
		component_text(c->slot, sizeof c->slot, word_in(one, "slot"));
		component_text(c->bus, sizeof c->bus, component_bus_ok(bus) ? bus : "");
		component_text(c->model, sizeof c->model, word_in(one, "model"));
		component_text(c->serial, sizeof c->serial, word_in(one, "serial"));
		component_text(c->firmware, sizeof c->firmware, word_in(one, "firmware"));
		component_text(c->health, sizeof c->health, word_in(one, "health"));
		n++;
	}
	return n;
}

/* ------------------------------------------------------------------ as JSON */

static json_t *component_json(const char *machine, const struct component *c)
{
	json_t *j = machine ? json_pack("{s:s}", "machine", machine) : json_object();
	json_t *of = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:f}", "kind",
		component_kind_word(c->kind), "slot", c->slot, "bus", c->bus, "model", c->model,
		"serial", c->serial, "firmware", c->firmware, "bytes", (json_int_t)c->bytes,
		"health", c->health, "by", component_by_word(c->by), "seen", c->seen_s);
	json_object_update(j, of);
	json_decref(of);
	return j;
}

static int by_kind(const void *a, const void *b)
{
	const struct component *x = *(const struct component *const *)a,
			       *y = *(const struct component *const *)b;
	int d = (int)x->kind - (int)y->kind;
	return d ? d : x < y ? -1 : x > y;
}

/* The rows of one machine, of which there are n: merged, by kind, then as they were told. */
static void rows_put(json_t *list, const struct inventory_row *row, size_t n, bool named)
{
	struct component *all = calloc(n ? n : 1, sizeof *all);
	struct component **at = calloc(n ? n : 1, sizeof *at);
	for (size_t i = 0; all && at && i < n; i++)
		all[i] = row[i].c;
	size_t left = all && at ? components_merge(all, n) : 0;
	for (size_t i = 0; i < left; i++)
		at[i] = &all[i];
	if (left)
		qsort(at, left, sizeof(struct component *), by_kind);
	for (size_t i = 0; i < left; i++)
		json_array_append_new(list, component_json(named ? row->machine : NULL, at[i]));
	free(all);
	free(at);
}

json_t *inventory_json(struct broker *b, const char *machine, struct err *e)
{
	struct inventory_row *row = NULL;
	size_t n = 0;
	double seen[BY_BOTH] = { 0 };
	if (store_inventory(b->store, machine, &row, &n, e) < 0)
		return NULL;
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		seen[row[i].c.by] = row[i].c.seen_s;
	rows_put(list, row, n, false);
	free(row);
	return json_pack("{s:f,s:f,s:o}", "shim_seen", seen[BY_SHIM], "bmc_seen", seen[BY_BMC],
		"components", list);
}

void api_inventory_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct machine m;
	struct inventory_row *row = NULL;
	size_t n = 0;
	int r = a->machine ? store_machine(a->b->store, a->machine, &m, &e) : 0;
	if (r == 0)
		r = store_inventory(a->b->store, a->machine ? a->machine : "", &row, &n, &e);
	if (r < 0) {
		reply_err(to, &e, "`baton machine list` shows what there is");
		return;
	}
	json_t *items = json_array();
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && strcmp(row[end].machine, row[i].machine) == 0;)
			end++;
		rows_put(items, row + i, end - i, true);
	}
	free(row);
	reply_ok(to, json_pack("{s:o}", "items", items));
}

/* ------------------------------------------------------------------ asking a BMC */

struct inspection {
	struct inspection *next;
	struct broker *b;
	struct http_request *request;
	uint64_t hand;
	unsigned uid;
	char machine[NAME_LEN + 1];
};

static void inspection_drop(struct inspection *in)
{
	struct inspection **at = &in->b->inspections;
	while (*at && *at != in)
		at = &(*at)->next;
	if (*at)
		*at = in->next;
	free(in);
}

void inspections_close(struct broker *b)
{
	while (b->inspections) {
		hand_forget(b->hands, b->inspections->hand);
		inspection_drop(b->inspections);
	}
}

static void keep(struct inspection *in, struct reply *to, const json_t *body)
{
	struct err e = { 0 };
	struct component all[COMPONENTS_MAX];
	struct event_about about = { 0, in->machine, NULL };
	size_t n = told_read(all, json_object_get(body, "components"));
	json_t *j = NULL;
	if (store_inventory_set(in->b->store, in->machine, BY_BMC, now_s(), all, n, &e) == 0)
		j = inventory_json(in->b, in->machine, &e);
	if (!j) {
		reply_err(to, &e, "`baton machine list` shows what there is");
		return;
	}
	event_say(in->b->events, EV_machine_inspected, &about, "machine=%s components=%zu who=%u",
		in->machine, n, in->uid);
	json_object_set_new(j, "machine", json_string(in->machine));
	reply_ok(to, j);
}

static void inspected(void *ctx, const struct hand_result *r)
{
	struct inspection *in = ctx;
	struct reply to = { 0 };
	if (r->ok)
		keep(in, &to, r->body);
	else
		reply_say(&to, 409,
			"what was known before stays; the shim tells of disks and NICs at the next "
			"start",
			"machine %s: %s", in->machine, r->why);
	reply_send(in->request, &to);
	inspection_drop(in);
}

void inspect_answer(const struct ask *a, struct reply *to, const struct machine *m)
{
	struct err e = { 0 };
	struct inspection *in = calloc(1, sizeof *in);
	OWN(json) json_t *deed = bmc_deed("bmc-inventory", m);
	if (!in || !deed) {
		free(in);
		reply_say(to, 500, "try again", "out of memory");
		return;
	}
	*in = (struct inspection){ .b = a->b, .request = a->request, .uid = a->uid };
	memcpy(in->machine, m->name, sizeof in->machine);
	if (hand_start(&in->hand, a->b->hands, deed, INSPECT_MS, inspected, in, &e) < 0) {
		free(in);
		reply_err(to, &e, "");
		return;
	}
	in->next = a->b->inspections;
	a->b->inspections = in;
}

void api_machine_inspect(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct machine m;
	if (store_machine(a->b->store, a->arg, &m, &e) < 0)
		reply_err(to, &e, "`baton machine list` shows what there is");
	else
		inspect_answer(a, to, &m);
}
