/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands: see run.h. */
#include "cli/run.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/ids.h"
#include "base/own.h"
#include "cli/ask.h"
#include "cli/body.h"
#include "cli/checks.h"
#include "cli/complete.h"
#include "cli/follow.h"
#include "cli/help.h"
#include "cli/progress.h"
#include "cli/show.h"
#include "cli/show_components.h"

static enum route route_of(const struct run *r)
{
	return (enum route)r->call->command->route;
}

static const char *first(const struct run *r)
{
	return r->call->args ? r->call->arg[0] : "";
}

enum exit_code run_status(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	enum exit_code code = ask(r, ROUTE_status_get, "", NULL, NULL, &a);
	if (code == EXIT_DONE && !r->json)
		show_status(stdout, &r->term, a.json, clock_now());
	return code;
}

enum exit_code run_list(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	enum exit_code code = ask(r, route_of(r), "", NULL, NULL, &a);
	if (code == EXIT_DONE && !r->json)
		show_list(stdout, &r->term, route_of(r), a.json, clock_now());
	return code;
}

enum exit_code run_strangers(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	enum exit_code code = ask(r, route_of(r), "", NULL, NULL, &a);
	if (code == EXIT_DONE && !r->json)
		show_strangers(stdout, &r->term, a.json, clock_now());
	return code;
}

enum exit_code run_show(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	enum exit_code code = ask(r, route_of(r), first(r), NULL, NULL, &a);
	if (code == EXIT_DONE && !r->json)
		show_thing(stdout, &r->term, a.json);
	if (code == EXIT_DONE && !r->json)
		show_components(stdout, &r->term, json_object_get(a.json, "inventory"));
	return code;
}

enum exit_code run_add(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	json_t *body = NULL;
	struct err e;
	if (body_of(&body, r->call, &e) < 0)
		return usage_error(r->call, &e);
	enum exit_code code = ask(r, route_of(r), "", NULL, body, &a);
	json_decref(body);
	if (code == EXIT_DONE && !r->json) {
		printf("%s %s added\n", r->call->command->word, first(r));
		show_thing(stdout, &r->term, a.json);
	}
	return code;
}

enum exit_code run_set(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	json_t *body = NULL;
	struct err e;
	if (body_of(&body, r->call, &e) < 0)
		return usage_error(r->call, &e);
	enum exit_code code = ask(r, route_of(r), first(r), NULL, body, &a);
	json_decref(body);
	if (code == EXIT_DONE && !r->json) {
		printf("%s %s changed\n", r->call->command->word, first(r));
		show_thing(stdout, &r->term, a.json);
	}
	return code;
}

enum exit_code run_rm(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	enum exit_code code = ask(r, route_of(r), first(r), NULL, NULL, &a);
	if (code == EXIT_DONE && !r->json)
		printf("%s %s removed\n", r->call->command->word, first(r));
	return code;
}

/* One line about a machine that the broker has chosen; why it was not another is in the plan and in
 * `baton order show`. */
static void choice_say(const json_t *order)
{
	const json_t *choice = json_object_get(order, "choice");
	char machine[128], pool[128];
	if (!choice)
		return;
	text_clean(machine, sizeof machine, member_word(choice, "machine"));
	text_clean(pool, sizeof pool, member_word(choice, "pool"));
	printf("%s was chosen from pool %s; baton order show %.0f says why no other\n", machine,
		pool, member_number(order, "id"));
}

/* Watches the order of a body, or says how to look at it. */
static enum exit_code go_on(struct run *r, const struct answer *a)
{
	char head[400];
	if (call_value(r->call, "no-wait")) {
		order_head(head, sizeof head, a->json);
		if (r->json)
			answer_print(a);
		else
			printf("%s has begun; to look at it: baton order show %.0f\n", head,
				member_number(a->json, "id"));
		return EXIT_DONE;
	}
	return follow_order(r->client, a->json, r->json, stdout);
}

enum exit_code run_order(struct run *r)
{
	OWN(answer) struct answer a = { .quiet = true };
	json_t *body = NULL;
	struct err e;
	if (body_of(&body, r->call, &e) < 0)
		return usage_error(r->call, &e);
	enum exit_code code = ask(r, ROUTE_order_add, "", NULL, body, &a);
	json_decref(body);
	if (code != EXIT_DONE)
		return code;
	if (!call_value(r->call, "plan")) {
		if (!r->json)
			choice_say(a.json);
		return go_on(r, &a);
	}
	if (r->json)
		answer_print(&a);
	else
		plan_draw(stdout, &r->term, a.json);
	return checks_exit(a.json);
}

/* Orders have numbers; "7" is one and "web-01" is not. */
static enum exit_code number_check(const struct run *r)
{
	unsigned long long n;
	struct err e;
	if (number_parse(&n, first(r), INT64_MAX))
		return EXIT_DONE;
	err_say(&e, EINVAL, "\"%s\" is not the number of an order; `baton order list` shows them",
		first(r));
	return usage_error(r->call, &e);
}

enum exit_code run_resume(struct run *r)
{
	OWN(answer) struct answer a = { .quiet = true };
	enum exit_code code = number_check(r);
	if (code == EXIT_DONE)
		code = ask(r, route_of(r), first(r), NULL, NULL, &a);
	if (code != EXIT_DONE)
		return code;
	/* An undo that finds nothing to take back closes the order and makes no new one. */
	unsigned long long asked = 0;
	number_parse(&asked, first(r), INT64_MAX);
	if (route_of(r) == ROUTE_order_undo && strcmp(member_word(a.json, "state"), "done") == 0 &&
		json_integer_value(json_object_get(a.json, "id")) == (json_int_t)asked) {
		if (r->json)
			answer_print(&a);
		else
			printf("order %s is taken back; nothing had been touched\n", first(r));
		return EXIT_DONE;
	}
	return go_on(r, &a);
}

enum exit_code run_order_show(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	enum exit_code code = number_check(r);
	if (code == EXIT_DONE)
		code = ask(r, ROUTE_order_show, first(r), NULL, NULL, &a);
	if (code != EXIT_DONE || r->json)
		return code;
	char head[400], why[400];
	const char *state = member_word(a.json, "state");
	struct term whole = r->term;
	whole.width = whole.height = 0;
	order_head(head, sizeof head, a.json);
	text_clean(why, sizeof why, member_word(a.json, "why"));
	printf("%s%s%s: %s\n", term_ink(&r->term, INK_BOLD), head, term_ink(&r->term, INK_PLAIN),
		state);
	if (*member_word(a.json, "cause")) {
		text_clean(why, sizeof why, member_word(a.json, "cause"));
		printf("given by Baton itself: %s\n", why);
		text_clean(why, sizeof why, member_word(a.json, "why"));
	}
	steps_draw(stdout, &whole, a.json, clock_now(), 0, "", 0);
	if (strcmp(state, "done") == 0 && member_number(a.json, "undone_by") > 0)
		printf("\ntaken back by order %.0f: %s\n", member_number(a.json, "undone_by"), why);
	if (strcmp(state, "done") == 0)
		timeline_draw(stdout, &r->term, a.json);
	drill_draw(stdout, &r->term, a.json);
	if (json_object_get(a.json, "choice")) {
		putchar('\n');
		choice_draw(stdout, &r->term, a.json);
	}
	if (strcmp(state, "stopped") == 0) {
		printf("\nstopped at %s: %s\n", member_word(a.json, "step"), why);
		order_next(stdout, a.json);
	}
	return EXIT_DONE;
}

enum exit_code run_policy(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	json_t *body = NULL;
	struct err e;
	if (body_of(&body, r->call, &e) < 0)
		return usage_error(r->call, &e);
	enum exit_code code = ask(r, ROUTE_persona_policy, first(r), NULL, body, &a);
	json_decref(body);
	if (code == EXIT_DONE && !r->json)
		show_thing(stdout, &r->term, a.json);
	return code;
}

enum exit_code run_attest(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	json_t *body = NULL;
	struct err e;
	if (body_of(&body, r->call, &e) < 0)
		return usage_error(r->call, &e);
	enum exit_code code = ask(r, ROUTE_machine_attest, first(r), NULL, body, &a);
	json_decref(body);
	if (code != EXIT_DONE || r->json)
		return code;
	const json_t *proof = json_object_get(a.json, "proof");
	printf("signed: machine %s is silent, generation %.0f of %s\n",
		member_word(proof, "machine"), member_number(proof, "generation"),
		member_word(proof, "persona"));
	if (member_number(a.json, "order") > 0)
		printf("order %.0f goes on; to look at it: baton order show %.0f\n",
			member_number(a.json, "order"), member_number(a.json, "order"));
	return EXIT_DONE;
}

/* The relay port that is to be asked through, if the options name one. In hexadecimal, which a URL
 * takes as it is. */
static int port_query(char to[], size_t size, const struct call *c, struct err *e)
{
	static const char *const names[] = { "circuit", "remote" };
	size_t n = 0;
	*to = '\0';
	for (int i = 0; i < 2; i++) {
		const char *text = call_value(c, names[i]);
		struct relay_id id;
		char hex[RELAY_ID_TEXT];
		if (!text)
			continue;
		if (i && !n)
			return err_say(e, EINVAL, "--remote goes with --circuit: give both");
		if (!relay_id_parse(&id, text))
			return err_say(e, EINVAL,
				"--%s %s: want it as events show it: Gi1/0/7 or 0x and two hex "
				"digits a byte",
				names[i], text);
		n += (size_t)snprintf(to + n, size - n, "%s%s=0x%s", n ? "&" : "", names[i],
			hex_text(hex, id.b, id.len));
	}
	return 0;
}

/* What one machine would get, for one MAC. */
static enum exit_code explain_one(struct run *r, const char *mac)
{
	OWN(answer) struct answer a = { 0 };
	char query[2 * (RELAY_ID_TEXT + 16)];
	struct err e = { 0 };
	if (port_query(query, sizeof query, r->call, &e) < 0)
		return usage_error(r->call, &e);
	enum exit_code code = ask(r, ROUTE_explain, mac, *query ? query : NULL, NULL, &a);
	if (code == EXIT_DONE && !r->json)
		show_explain(stdout, &r->term, a.json);
	return code;
}

/* A machine's name stands for its NICs, one after the other. */
enum exit_code run_explain(struct run *r)
{
	OWN(answer) struct answer a = { .quiet = true };
	struct mac mac;
	size_t i;
	json_t *nic;
	if (mac_parse(&mac, first(r)))
		return explain_one(r, first(r));
	enum exit_code code = ask(r, ROUTE_machine_show, first(r), NULL, NULL, &a);
	json_array_foreach(json_object_get(a.json, "nics"), i, nic)
	{
		if (code != EXIT_DONE)
			break;
		if (i && !r->json)
			putchar('\n');
		code = explain_one(r, member_word(nic, "mac"));
	}
	return code;
}

/* Shows one answer's events; returns how many there were and moves *since behind them. */
static size_t page_show(struct run *r, const struct answer *a, json_int_t *since)
{
	const json_t *items = json_object_get(a->json, "items");
	size_t i;
	json_t *event;
	json_array_foreach(items, i, event)
	{
		json_int_t id = json_integer_value(json_object_get(event, "id"));
		if (id > *since)
			*since = id;
		if (!r->json)
			show_event(stdout, &r->term, event, clock_now());
	}
	if (r->json && i)
		answer_print(a);
	fflush(stdout);
	return i;
}

/* The newest come in one answer; all after a number come page by page, until one is empty. */
enum exit_code run_events(struct run *r)
{
	const char *from = call_value(r->call, "since"), *order = call_value(r->call, "order");
	bool follow = call_value(r->call, "follow") != NULL;
	enum exit_code code = EXIT_DONE;
	json_int_t since = 0;
	bool newest = !from;
	unsigned long long n = 0;
	int wait_s = 0;
	if (from && number_parse(&n, from, INT64_MAX))
		since = (json_int_t)n;
	for (;;) {
		OWN(answer) struct answer a = { .quiet = true };
		char query[128], after[64] = "";
		if (!newest)
			snprintf(after, sizeof after, "since=%" JSON_INTEGER_FORMAT "&", since);
		snprintf(query, sizeof query, "%swait_s=%d%s%s", after, wait_s,
			order ? "&order=" : "", order ? order : "");
		code = ask(r, ROUTE_event_list, "", query, NULL, &a);
		if (code != EXIT_DONE)
			break;
		size_t got = page_show(r, &a, &since);
		bool last = newest || got == 0;
		newest = false;
		if (last && !follow)
			break;
		if (last)
			wait_s = 30;
	}
	return code;
}

enum exit_code run_completion(struct run *r)
{
	(void)r;
	complete_script(stdout);
	return EXIT_DONE;
}

enum exit_code run_help(struct run *r)
{
	const char *word = first(r), *sub = r->call->args > 1 ? r->call->arg[1] : "";
	const struct command *c = command_find(word, sub);
	struct err e;
	if (!*word)
		help_all(stdout);
	else if (c)
		help_command(stdout, c);
	else if (!*sub && command_group(word))
		help_group(stdout, word);
	else {
		err_say(&e, EINVAL, "there is no word \"%s%s%s\"", word, *sub ? " " : "", sub);
		return usage_error(r->call, &e);
	}
	return EXIT_DONE;
}
