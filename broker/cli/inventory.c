/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton machine inspect, and baton inventory. */
#include <errno.h>
#include <stdio.h>

#include "base/ids.h"
#include "base/own.h"
#include "cli/ask.h"
#include "cli/show.h"
#include "cli/show_components.h"

static void json_drop(json_t **j)
{
	json_decref(*j);
}

/* ------------------------------------------------------------------ inspect */

struct asked {
	const char *machine;
	double since;
	bool said;
};

/* Some BMCs take a minute for it. */
static bool waiting(void *ctx)
{
	enum { PATIENCE_S = 2 };
	struct asked *a = ctx;
	if (!a->said && clock_now() - a->since > PATIENCE_S) {
		fprintf(stderr,
			"baton: asking the BMC of %s what it is made of; it has 75 s for that\n",
			a->machine);
		a->said = true;
	}
	return false;
}

enum exit_code run_inspect(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	struct asked asked = { r->call->arg[0], clock_now(), false };
	/* Where that fails, ask() says why. */
	if (!r->client && client_open(&r->client, r->socket, NULL) < 0)
		r->client = NULL;
	if (r->client)
		client_on_tick(r->client, waiting, &asked);
	enum exit_code code = ask(r, ROUTE_machine_inspect, asked.machine, NULL, NULL, &a);
	if (r->client)
		client_on_tick(r->client, NULL, NULL);
	if (code != EXIT_DONE || r->json)
		return code;
	printf("machine %s: %zu components are known\n", asked.machine,
		json_array_size(json_object_get(a.json, "components")));
	show_components(stdout, &r->term, a.json);
	return code;
}

/* ------------------------------------------------------------------ inventory */

/* Adds what one machine, or each, is made of. */
static enum exit_code items_add(struct run *r, json_t *items, const char *machine)
{
	OWN(answer) struct answer a = { .quiet = true };
	char query[NAME_LEN + 16] = "";
	if (machine)
		snprintf(query, sizeof query, "machine=%s", machine);
	enum exit_code code = ask(r, ROUTE_inventory_list, "", *query ? query : NULL, NULL, &a);
	if (code == EXIT_DONE)
		json_array_extend(items, json_object_get(a.json, "items"));
	return code;
}

enum exit_code run_inventory(struct run *r)
{
	OWN(json) json_t *body = json_pack("{s:[]}", "items");
	json_t *items = json_object_get(body, "items");
	enum exit_code code = EXIT_DONE;
	struct err e = { 0 };
	for (unsigned i = 0; code == EXIT_DONE && i < r->call->args; i++) {
		/* It goes into a URL. */
		if (!name_ok(r->call->arg[i])) {
			err_say(&e, EINVAL, "\"%s\" is no machine's name", r->call->arg[i]);
			return usage_error(r->call, &e);
		}
		code = items_add(r, items, r->call->arg[i]);
	}
	if (r->call->args == 0)
		code = items_add(r, items, NULL);
	if (code != EXIT_DONE)
		return code;
	if (r->json) {
		json_dumpf(body, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (r->call->args) {
		show_inventory(stdout, &r->term, items);
	} else {
		show_inventory_grouped(stdout, &r->term, items);
	}
	return code;
}
