/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton: the command line. Reads the words, finds the command in the table, runs it. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/run.h"

static enum exit_code (*const run_of[COMMANDS])(struct run *r) = {
#define COMMAND(id, word, sub, args, run, route, what) [COMMAND_##id] = run_##run,
#include "cli/commands.def"
};

static const char *socket_of(const struct call *c)
{
	const char *given = call_value(c, "socket"), *env = getenv("BATON_SOCKET");
	if (given)
		return given;
	return env && *env ? env : "/run/baton/api.sock";
}

static enum exit_code helped(const struct call *c)
{
	if (!c->command)
		help_all(stdout);
	else if (c->group)
		help_group(stdout, c->command->word);
	else
		help_command(stdout, c->command);
	return EXIT_DONE;
}

int main(int argc, char *argv[])
{
	struct call call;
	struct err e;
	setlocale(LC_ALL, "");
	/* completion.bash's own question; its words are unfinished and not to be parsed. */
	if (argc > 3 && strcmp(argv[1], "completion") == 0 && strcmp(argv[2], "words") == 0) {
		complete_words(stdout, argc - 4, argv + 4, socket_of(&(struct call){ 0 }));
		return EXIT_DONE;
	}
	if (args_parse(&call, argc, argv, &e) < 0)
		return (int)usage_error(&call, &e);
	if (call.help)
		return (int)helped(&call);
	struct run run = { .call = &call, .socket = socket_of(&call), .json = call_json(&call) };
	term_read(&run.term, STDOUT_FILENO);
	enum exit_code code = run_of[command_id(call.command)](&run);
	client_close(run.client);
	if (fflush(stdout) != 0 && code == EXIT_DONE) {
		perror("baton: standard output");
		code = EXIT_REFUSED;
	}
	return (int)code;
}
