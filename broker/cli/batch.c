/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See batch.h. A batch that is watched is one line a wish: redrawn in place on a terminal, else a
 * line for each change. */
#include "cli/batch.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/own.h"
#include "cli/ask.h"
#include "cli/body.h"
#include "cli/checks.h"
#include "cli/follow_batch.h"
#include "cli/show.h"
#include "cli/show_batch.h"

/* ------------------------------------------------------------------ what is sent */

/* PERSONA or PERSONA=MACHINE */
static int wish_own(json_t *wishes, const char *text, bool stop, struct err *e)
{
	size_t n = strcspn(text, "=");
	if (n == 0 || (text[n] && (stop || !text[n + 1])))
		return err_say(e, EINVAL, "\"%s\": want %s", text,
			stop ? "PERSONA alone: its machine is known" : "PERSONA=MACHINE");
	json_t *wish = json_object();
	json_object_set_new(wish, "persona", json_stringn(text, n));
	if (text[n])
		json_object_set_new(wish, "machine", json_string(text + n + 1));
	json_array_append_new(wishes, wish);
	return 0;
}

static int evacuate_own(json_t *body, const struct call *c, struct err *e)
{
	static const char *const options[] = { "rack", "pool" };
	json_t *from = json_object();
	unsigned given = 0;
	json_object_set_new(body, "evacuate", from);
	if (c->args) {
		json_object_set_new(from, "machine", json_string(c->arg[0]));
		given++;
	}
	for (size_t i = 0; i < 2; i++)
		if (call_value(c, options[i])) {
			json_object_set_new(
				from, options[i], json_string(call_value(c, options[i])));
			given++;
		}
	if (given != 1)
		return err_say(e, EINVAL, "say what to evacuate: MACHINE, --rack R or --pool P%s",
			given ? ", only one of them" : "");
	json_object_set_new(
		body, "verb", json_string(call_value(c, "failover") ? "failover" : "move"));
	if (call_value(c, "to"))
		json_object_set_new(body, "pool", json_string(call_value(c, "to")));
	return 0;
}

int batch_own(json_t *body, const struct call *c, struct err *e)
{
	unsigned long long parallel = 0;
	bool evacuate = command_id(c->command) == COMMAND_evacuate;
	int r = evacuate ? evacuate_own(body, c, e) : 0;
	json_t *wishes = json_array();
	for (unsigned i = 0; !evacuate && r == 0 && i < c->args; i++)
		r = wish_own(wishes, c->arg[i], strcmp(c->command->sub, "stop") == 0, e);
	if (!evacuate) {
		json_object_set(body, "wishes", wishes);
		json_object_set_new(body, "verb", json_string(c->command->sub));
		if (call_value(c, "pool"))
			json_object_set_new(body, "pool", json_string(call_value(c, "pool")));
	}
	json_decref(wishes);
	if (call_value(c, "parallel")) {
		number_parse(&parallel, call_value(c, "parallel"), LLONG_MAX);
		json_object_set_new(body, "parallel", json_integer((json_int_t)parallel));
	}
	if (call_value(c, "keep-going"))
		json_object_set_new(body, "keep_going", json_true());
	if (call_value(c, "plan"))
		json_object_set_new(body, "plan", json_true());
	return r;
}

/* ------------------------------------------------------------------ the commands */

static enum exit_code go_on(struct run *r, const struct answer *a)
{
	char head[256];
	if (!call_value(r->call, "no-wait"))
		return follow_batch(r, a->json);
	batch_head(head, sizeof head, a->json);
	if (r->json)
		answer_print(a);
	else
		printf("%s has begun; to look at it: baton batch show %.0f\n", head,
			member_number(a->json, "id"));
	return EXIT_DONE;
}

static void plan_show(const struct run *r, const json_t *plan)
{
	char head[256];
	batch_head(head, sizeof head, plan);
	printf("%s%s%s would take these orders, %.0f at once; nothing was changed\n",
		term_ink(&r->term, INK_BOLD), head, term_ink(&r->term, INK_PLAIN),
		member_number(plan, "parallel"));
	wishes_draw(stdout, &r->term, plan);
	putchar('\n');
	checks_draw_all(stdout, &r->term, json_object_get(plan, "wishes"));
}

enum exit_code run_batch(struct run *r)
{
	OWN(answer) struct answer a = { .quiet = true };
	json_t *body = NULL;
	struct err e;
	if (body_of(&body, r->call, &e) < 0)
		return usage_error(r->call, &e);
	enum exit_code code = ask(r, ROUTE_batch_add, "", NULL, body, &a);
	json_decref(body);
	if (code != EXIT_DONE)
		return code;
	if (!call_value(r->call, "plan"))
		return go_on(r, &a);
	if (r->json)
		answer_print(&a);
	else
		plan_show(r, a.json);
	return checks_exit(a.json);
}

static enum exit_code number_check(const struct run *r)
{
	unsigned long long n;
	struct err e;
	if (number_parse(&n, r->call->arg[0], INT64_MAX))
		return EXIT_DONE;
	err_say(&e, EINVAL, "\"%s\" is not the number of a batch; `baton batch list` shows them",
		r->call->arg[0]);
	return usage_error(r->call, &e);
}

/* show, cancel and retry: the batch as it stands afterwards. */
enum exit_code run_batch_one(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	enum route route = (enum route)r->call->command->route;
	a.quiet = route == ROUTE_batch_retry;
	enum exit_code code = number_check(r);
	if (code == EXIT_DONE)
		code = ask(r, route, r->call->arg[0], NULL, NULL, &a);
	if (code != EXIT_DONE)
		return code;
	if (route == ROUTE_batch_retry)
		return go_on(r, &a);
	if (r->json)
		return EXIT_DONE;
	batch_draw(stdout, &r->term, a.json);
	if (strcmp(member_word(a.json, "state"), "stopped") == 0) {
		putchar('\n');
		batch_next_say(stdout, a.json);
	}
	return EXIT_DONE;
}
