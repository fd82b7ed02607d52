/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each command does: one function a kind, named in commands.def. */
#pragma once

#include "cli/args.h"
#include "cli/client.h"
#include "cli/term.h"

struct run {
	const struct call *call;
	const char *socket;
	struct client *client; /* NULL until something is asked */
	struct term term;
	bool json;
};

enum exit_code run_status(struct run *r);
enum exit_code run_strangers(struct run *r);
enum exit_code run_explain(struct run *r);
enum exit_code run_events(struct run *r);
enum exit_code run_list(struct run *r);
enum exit_code run_show(struct run *r);
enum exit_code run_add(struct run *r);
enum exit_code run_set(struct run *r);
enum exit_code run_rm(struct run *r);
enum exit_code run_order(struct run *r);
enum exit_code run_order_show(struct run *r);
enum exit_code run_resume(struct run *r);
enum exit_code run_batch(struct run *r);
enum exit_code run_batch_one(struct run *r);
enum exit_code run_attest(struct run *r);
enum exit_code run_inspect(struct run *r);
enum exit_code run_inventory(struct run *r);
enum exit_code run_compat(struct run *r);
enum exit_code run_policy(struct run *r);
enum exit_code run_completion(struct run *r);
enum exit_code run_help(struct run *r);
