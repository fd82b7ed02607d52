/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a drill as text: see progress.h. */
#include <string.h>

#include "base/list.h"
#include "cli/progress.h"
#include "cli/show.h"

static bool result_is(const json_t *order, const char *word)
{
	return strcmp(member_word(json_object_get(order, "drill"), "result"), word) == 0;
}

bool drill_has_failed(const json_t *order)
{
	return result_is(order, "failed") && strcmp(member_word(order, "state"), "running") != 0;
}

static const char *part_what(const char *name)
{
	static const struct {
		const char *name, *what;
	} parts[] = {
		{ "preflight", "its BMC and the disk were asked" },
		{ "copy", "the copy was made; a failover has none" },
		{ "fence", "it was off, claimed, and the copy shut to others" },
		{ "boot", "the shim ran, the addresses were written and read back" },
		{ "os", "the second boot, until the OS asked for its address" },
	};
	for (size_t i = 0; i < COUNT(parts); i++)
		if (strcmp(parts[i].name, name) == 0)
			return parts[i].what;
	return "";
}

static void verdict_put(
	FILE *to, const struct term *t, const json_t *order, const char *of, const char *machine)
{
	const json_t *drill = json_object_get(order, "drill");
	char span[24], failed[64], why[400];
	text_clean(failed, sizeof failed, member_word(drill, "failed"));
	text_clean(why, sizeof why, member_word(drill, "why"));
	if (result_is(order, "up"))
		fprintf(to, "%s%s would have been up on %s after %s%s\n", term_ink(t, INK_GOOD), of,
			machine, span_text(span, member_number(drill, "up_after")),
			term_ink(t, INK_PLAIN));
	else if (result_is(order, "failed"))
		fprintf(to, "%s%s would not have come up on %s%s: it failed at %s: %s\n",
			term_ink(t, INK_BAD), of, machine, term_ink(t, INK_PLAIN), failed, why);
	else if (result_is(order, "taken-back"))
		fprintf(to, "the rehearsal was taken back at %s\n", failed);
	else
		fprintf(to, "the rehearsal is not over\n");
}

void drill_draw(FILE *to, const struct term *t, const json_t *order)
{
	const json_t *drill = json_object_get(order, "drill"), *part;
	char of[128], machine[128], network[128], name[32], span[24];
	size_t i;
	if (!drill)
		return;
	text_clean(of, sizeof of, member_word(drill, "of"));
	text_clean(machine, sizeof machine, member_word(drill, "machine"));
	text_clean(network, sizeof network, member_word(drill, "network"));
	fprintf(to, "\n%srehearsed: a failover of %s to %s, in network %s%s\n",
		term_ink(t, INK_BOLD), of, machine, network, term_ink(t, INK_PLAIN));
	json_array_foreach(json_object_get(drill, "parts"), i, part)
	{
		text_clean(name, sizeof name, member_word(part, "name"));
		fprintf(to, "   %-9s  %11s  %s\n", name,
			span_text(span, member_number(part, "seconds")), part_what(name));
	}
	verdict_put(to, t, order, of, machine);
	if (strcmp(member_word(order, "state"), "done") == 0)
		fprintf(to, "%s was not touched, and nothing is left of the rehearsal\n", of);
}
