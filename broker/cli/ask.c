/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question to the broker: see ask.h. */
#include "cli/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "cli/show.h"

void answer_drop(struct answer *a)
{
	json_decref(a->json);
	reply_drop(&a->raw);
}

void answer_print(const struct answer *a)
{
	size_t len = a->raw.len;
	fwrite(a->raw.body, 1, len, stdout);
	if (len == 0 || a->raw.body[len - 1] != '\n')
		putchar('\n');
	fflush(stdout);
}

static enum exit_code no_broker(int code, enum route route, const struct err *e)
{
	bool changes = strcmp(route_info[route].method, "GET") != 0;
	const char *next = "is batond running? systemctl status batond; another socket: "
			   "--socket PATH or BATON_SOCKET";
	if (code == -EACCES || code == -EPERM)
		next = "the socket is for root and for the group of the setting group_api: use "
		       "sudo, or join that group";
	if (changes && (code == -ECONNRESET || code == -ETIMEDOUT || code == -EMSGSIZE))
		next = "it may have been done all the same: `baton status` and `baton events` "
		       "show whether it was";
	if (code == -EINTR)
		next = "nothing is known of how it ended; `baton status` shows how things stand";
	fflush(stdout);
	fprintf(stderr, "baton: %s\n  %s\n", e->text, next);
	return code == -EINTR ? EXIT_INTERRUPTED : EXIT_NO_BROKER;
}

/* For a refusal that came without a hint of its own. */
static void hint_for(char *to, size_t len, const struct command *c, long status)
{
	const struct command *list = command_find(c->word, "list");
	const char *gap = *c->sub ? " " : "";
	if (status == 400)
		snprintf(to, len, "`baton help %s%s%s` shows what the command wants", c->word, gap,
			c->sub);
	else if (status == 403)
		snprintf(to, len, "join the group of the setting group_api, or use sudo");
	else if (status == 404 && list)
		snprintf(to, len, "`baton %s list` shows what there is", c->word);
	else if (status == 404 || status == 409)
		snprintf(to, len, "`baton status` shows how things stand");
	else
		snprintf(to, len, "the broker's log says more: journalctl -u batond");
}

static enum exit_code refused(const struct command *c, const struct answer *a)
{
	char why[1024], hint[1024];
	const char *said = member_word(a->json, "error"), *next = member_word(a->json, "hint");
	text_clean(why, sizeof why, said);
	if (*next)
		text_clean(hint, sizeof hint, next);
	else
		hint_for(hint, sizeof hint, c, a->raw.status);
	fflush(stdout);
	if (*why)
		fprintf(stderr, "baton: %s\n  %s\n", why, hint);
	else
		fprintf(stderr, "baton: the broker answered with status %ld and no reason\n  %s\n",
			a->raw.status, hint);
	return EXIT_REFUSED;
}

enum exit_code ask(struct run *r, enum route route, const char *arg, const char *query,
	const json_t *body, struct answer *a)
{
	struct err e = { 0 };
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	int n = r->client ? 0 : client_open(&r->client, r->socket, &e);
	if (n == 0)
		n = client_ask(r->client, route, arg, query, text, &a->raw, &e);
	if (text)
		explicit_bzero(text, strlen(text)); /* it may hold a secret */
	free(text);
	if (n < 0)
		return no_broker(n, route, &e);
	a->json = json_loadb(a->raw.body, a->raw.len, 0, NULL);
	bool good = a->raw.status == 200;
	if (r->json && json_is_object(a->json) && (!good || !a->quiet))
		answer_print(a);
	if (!good)
		return refused(r->call->command, a);
	if (!json_is_object(a->json)) {
		fprintf(stderr,
			"baton: what answered at %s is not the broker: its answer is no JSON\n"
			"  name the broker's socket with --socket PATH or BATON_SOCKET\n",
			r->socket);
		return EXIT_NO_BROKER;
	}
	return EXIT_DONE;
}

enum exit_code usage_error(const struct call *c, const struct err *e)
{
	const struct command *cmd = c->command;
	fprintf(stderr, "baton: %s\n", e->text);
	if (!cmd)
		fputs("  `baton help` lists the words\n", stderr);
	else
		fprintf(stderr, "  `baton help %s%s%s` shows what it wants\n", cmd->word,
			c->group || !*cmd->sub ? "" : " ", c->group ? "" : cmd->sub);
	return EXIT_USAGE;
}
