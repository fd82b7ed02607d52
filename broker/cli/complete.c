/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion: see complete.h. */
#include "cli/complete.h"

#include <jansson.h>
#include <string.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/show.h"

/* The file of that name, as bytes of this program. */
__asm__(".pushsection .rodata\n"
	"script_begin: .incbin \"broker/cli/completion.bash\"\n"
	"script_end:\n"
	".popsection\n");
extern const char script_begin[], script_end[];

void complete_script(FILE *to)
{
	fwrite(script_begin, 1, (size_t)(script_end - script_begin), to);
}

struct words {
	FILE *to;
	const char *typed; /* what stands there already */
};

static void offer(const struct words *w, const char *word)
{
	if (*word && strncmp(word, w->typed, strlen(w->typed)) == 0)
		fprintf(w->to, "%s\n", word);
}

static void offer_choice(const struct words *w, const char *choice)
{
	for (const char *at = choice;; at++) {
		char word[64];
		size_t n = strcspn(at, "|");
		snprintf(word, sizeof word, "%.*s", (int)n, at);
		offer(w, word);
		at += n;
		if (!*at)
			return;
	}
}

static bool late(void *ctx)
{
	int *ticks = ctx;
	return ++*ticks > 10;
}

/* The names (or ids) of a list that the broker gives. */
static void offer_names(const struct words *w, const char *socket, enum route list)
{
	struct client *c;
	struct reply got = { 0 };
	int ticks = 0;
	size_t i;
	json_t *item;
	if (client_open(&c, socket, NULL) < 0)
		return;
	client_on_tick(c, late, &ticks);
	if (client_ask(c, list, "", NULL, NULL, &got, NULL) == 0) {
		json_t *body = json_loadb(got.body, got.len, 0, NULL);
		json_array_foreach(json_object_get(body, "items"), i, item)
		{
			char name[128], clean[128];
			member_text(name, sizeof name, item,
				list == ROUTE_order_list || list == ROUTE_batch_list ? "id"
										     : "name");
			text_clean(clean, sizeof clean, name);
			offer(w, clean);
		}
		json_decref(body);
		reply_drop(&got);
	}
	client_close(c);
}

static void offer_subs(const struct words *w, const char *group)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(command_info[i].word, group) == 0)
			offer(w, command_info[i].sub);
}

static void offer_groups(const struct words *w)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (i == 0 || strcmp(command_info[i].word, command_info[i - 1].word) != 0)
			offer(w, command_info[i].word);
}

static void offer_argument(const struct words *w, const struct command *c, unsigned n,
	const char *before, const char *socket)
{
	char name[32];
	const struct command *list = command_find(c->word, "list");
	args_name(c, n, name);
	if (strcmp(name, "WORD") == 0)
		offer_groups(w);
	else if (strcmp(name, "SUB") == 0)
		offer_subs(w, before);
	else if (strcmp(name, "PERSONA") == 0)
		offer_names(w, socket, ROUTE_persona_list);
	else if (strstr(name, "MACHINE"))
		offer_names(w, socket, ROUTE_machine_list);
	else if (*name && list && strcmp(c->sub, "add") != 0)
		offer_names(w, socket, (enum route)list->route);
}

void complete_words(FILE *to, int n, char *const word[], const char *socket)
{
	struct words w = { to, n > 0 ? word[n - 1] : "" };
	const struct command *c = NULL;
	const char *group = NULL, *before = "";
	const struct opt *open = NULL; /* an option that waits for its value */
	unsigned args = 0;
	for (int i = 0; i + 1 < n; i++) {
		if (open) {
			if (strcmp(open->name, "socket") == 0)
				socket = word[i];
			open = NULL;
			continue;
		}
		if (word[i][0] == '-') {
			const struct opt *o = word[i][1] == '-' ? opt_find(c, word[i] + 2, 0)
								: opt_find(c, NULL, word[i][1]);
			if (o && o->kind != OPT_FLAG)
				open = o;
			continue;
		}
		before = word[i];
		if (c)
			args++;
		else if (group)
			c = command_find(group, word[i]);
		else if (!(c = command_find(word[i], "")))
			group = word[i];
	}
	if (open) {
		if (choice_is(open->value))
			offer_choice(&w, open->value);
		else if (strcmp(open->value, "NETWORK") == 0)
			offer_names(&w, socket, ROUTE_network_list);
	} else if (w.typed[0] == '-') {
		for (const struct opt *o = NULL; (o = opt_next(c, o));) {
			char text[64];
			snprintf(text, sizeof text, "--%s", o->name);
			offer(&w, text);
		}
	} else if (c) {
		offer_argument(&w, c, args, before, socket);
	} else if (group) {
		offer_subs(&w, group);
	} else {
		offer_groups(&w);
	}
}
