/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies to text: see show.h. Lists are described by tables of columns. */
#include "cli/show.h"

#include <string.h>
#include <time.h>

#include "base/list.h"
#include "base/own.h"
#include "cli/grid.h"
#include "cli/progress.h"
#include "cli/show_batch.h"

enum how { TEXT, NUMBER, CLOCK, SINCE, STATE, BMC, COUNT_OF, GIVEN, NICS, VIA, PORTS };

struct column {
	const char *title, *path;
	enum how how;
};

struct view {
	enum route route;
	const char *member; /* of the body: where the list stands */
	const struct column *column;
	size_t columns;
	const char *none; /* what to type when there is none */
};

double clock_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double member_number(const json_t *from, const char *name)
{
	return json_number_value(json_object_get(from, name));
}

const char *member_word(const json_t *from, const char *name)
{
	const char *word = json_string_value(json_object_get(from, name));
	return word ? word : "";
}

static void value_text(char *to, size_t len, const json_t *v)
{
	size_t i;
	json_t *item;
	to[0] = '\0';
	if (json_is_string(v))
		snprintf(to, len, "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(to, len, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(to, len, "%.3f", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(to, len, "%s", json_is_true(v) ? "yes" : "no");
	json_array_foreach(v, i, item)
	{
		char one[256];
		size_t at = strlen(to);
		value_text(one, sizeof one, item);
		snprintf(to + at, len - at, "%s%s", at ? " " : "", one);
	}
}

void member_text(char *to, size_t len, const json_t *from, const char *path)
{
	const char *dot;
	for (; (dot = strchr(path, '.')); path = dot + 1) {
		char name[64];
		snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
		from = json_object_get(from, name);
	}
	value_text(to, len, json_object_get(from, path));
}

/* The same word may be good for one thing and bad for another: a persona that is stopped is at
 * rest, an order that has stopped waits for a person. */
static enum ink state_ink(const json_t *thing, const char *state)
{
	static const struct {
		const char *word;
		enum ink ink;
	} inks[] = {
		{ "running", INK_GOOD },
		{ "carries", INK_GOOD },
		{ "done", INK_GOOD },
		{ "stuck", INK_BAD },
		{ "halted", INK_BAD },
		{ "failed", INK_BAD },
		{ "well", INK_GOOD },
		{ "off", INK_BAD },
		{ "ill", INK_WARN },
		{ "starting", INK_WARN },
		{ "moving", INK_WARN },
		{ "stopping", INK_WARN },
		{ "busy", INK_WARN },
		{ "free", INK_DIM },
	};
	if (strcmp(state, "stopped") == 0)
		return json_object_get(thing, "verb") || json_object_get(thing, "parallel")
			       ? INK_BAD
			       : INK_DIM;
	for (size_t i = 0; i < COUNT(inks); i++)
		if (strcmp(inks[i].word, state) == 0)
			return inks[i].ink;
	return INK_PLAIN;
}

static void bmc_text(char *to, size_t len, const json_t *bmc)
{
	const char *user = member_word(bmc, "user"), *host = member_word(bmc, "host");
	bool v6 = strchr(host, ':') != NULL;
	int port = (int)member_number(bmc, "port");
	size_t at;
	snprintf(to, len, "%s://%s%s%s%s%s", member_word(bmc, "kind"), user, *user ? "@" : "",
		v6 ? "[" : "", host, v6 ? "]" : "");
	at = strlen(to);
	if (port)
		snprintf(to + at, len - at, ":%d", port);
}

/* As --wants takes it. */
static void wants_text(char *to, size_t len, const json_t *wants)
{
	const char *member;
	json_t *value, *label;
	size_t i, at = 0;
	to[0] = '\0';
	json_object_foreach((json_t *)wants, member, value)
	{
		char text[64];
		value_text(text, sizeof text, value);
		if (json_is_array(value) || !*text || strcmp(text, "0") == 0)
			continue;
		at += (size_t)snprintf(to + at, len - at, "%s%s=%s", at ? " " : "",
			strcmp(member, "memory_mb") == 0 ? "memory-mb" : member, text);
		if (at >= len)
			return;
	}
	json_array_foreach(json_object_get(wants, "labels"), i, label)
	{
		if (at < len)
			at += (size_t)snprintf(to + at, len - at, "%slabel=%s", at ? " " : "",
				json_string_value(label) ? json_string_value(label) : "");
	}
}

/* Numbers that are 0 while nobody knows them. */
static bool is_unknown(const char *member, const json_t *value)
{
	return (strcmp(member, "memory_mb") == 0 || strcmp(member, "cpus") == 0) &&
	       json_number_value(value) <= 0;
}

static void nics_text(char *to, size_t len, const json_t *nics)
{
	size_t i;
	json_t *nic;
	to[0] = '\0';
	json_array_foreach(nics, i, nic)
	{
		size_t at = strlen(to);
		snprintf(to + at, len - at, "%s%s", i ? " " : "", member_word(nic, "mac"));
	}
}

/* How questions from this network come to us. */
static void via_text(char *to, size_t len, const json_t *network)
{
	member_text(to, len, network, "interface");
	if (!*to)
		member_text(to, len, network, "relays");
	if (!*to)
		snprintf(to, len, "relays");
}

/* Which switch ports are other than open, for how long, and by which order. */
static void ports_text(char *to, size_t len, const json_t *ports, double now)
{
	size_t i, at = 0;
	json_t *port;
	to[0] = '\0';
	json_array_foreach(ports, i, port)
	{
		char span[24];
		double since = member_number(port, "since");
		span_text(span, now > since ? now - since : 0);
		if (at < len)
			at += (size_t)snprintf(to + at, len - at, "%s%s %s%s for %s, order %.0f",
				i ? "; " : "", member_word(port, "port"),
				member_word(port, "state"),
				json_is_true(json_object_get(port, "read_back"))
					? ""
					: " (not read back)",
				span, member_number(port, "order"));
	}
}

static void cell(struct grid *g, const struct column *c, const json_t *item, double now)
{
	char text[1024];
	enum ink ink = INK_PLAIN;
	double n = member_number(item, c->path);
	member_text(text, sizeof text, item, c->path);
	switch (c->how) {
	case TEXT:
	case NUMBER:
		break;
	case CLOCK:
		clock_text(text, n, now);
		break;
	case SINCE:
		span_text(text, n > 0 ? (now > n ? now - n : 0) : -1);
		break;
	case STATE:
		ink = state_ink(item, text);
		break;
	case BMC:
		bmc_text(text, sizeof text, json_object_get(item, c->path));
		break;
	case COUNT_OF:
		snprintf(text, sizeof text, "%zu", json_array_size(json_object_get(item, c->path)));
		break;
	case NICS:
		nics_text(text, sizeof text, json_object_get(item, c->path));
		break;
	case PORTS:
		ports_text(text, sizeof text, json_object_get(item, c->path), now);
		break;
	case VIA:
		via_text(text, sizeof text, item);
		break;
	case GIVEN: /* a pool of names has no end */
		if (strcmp(text, "0") == 0)
			strcpy(text, "no end");
		break;
	}
	grid_cell(g, ink, text);
}

static const struct column network_columns[] = {
	{ "NAME", "name", TEXT },
	{ "MODE", "mode", TEXT },
	{ "VIA", "name", VIA },
	{ "ADDRESS", "address", TEXT },
	{ "POOL", "pool", TEXT },
	{ "UNKNOWN", "unknown", TEXT },
	{ "LINK", "link", TEXT },
	{ "ISOLATED", "isolated", TEXT },
};
static const struct column pool_columns[] = {
	{ "NAME", "name", TEXT },
	{ "KIND", "kind", TEXT },
	{ "FROM", "from", TEXT },
	{ "TO", "to", TEXT },
	{ "PREFIX", "prefix", TEXT },
	{ "GIVEN", "given", NUMBER },
	{ "SIZE", "size", GIVEN },
};
static const struct column machine_columns[] = {
	{ "NAME", "name", TEXT },
	{ "STATE", "state", STATE },
	{ "PERSONA", "persona", TEXT },
	{ "POOL", "pool", TEXT },
	{ "BMC", "bmc", BMC },
	{ "IDLE", "idle", TEXT },
	{ "NICS", "nics", COUNT_OF },
	{ "MACS", "nics", NICS },
};
static const struct column persona_columns[] = {
	{ "NAME", "name", TEXT },
	{ "STATE", "state", STATE },
	{ "MACHINE", "machine", TEXT },
	{ "INITIATOR", "iqn", TEXT },
	{ "TARGET", "target", TEXT },
	{ "LUN", "lun", NUMBER },
	{ "MACS", "nics", NICS },
};
static const struct column order_columns[] = {
	{ "ID", "id", NUMBER },
	{ "VERB", "verb", TEXT },
	{ "PERSONA", "persona", TEXT },
	{ "FROM", "from", TEXT },
	{ "TO", "to", TEXT },
	{ "STATE", "state", STATE },
	{ "STEP", "step", TEXT },
	{ "BEGUN", "begun", CLOCK },
	{ "WHY", "why", TEXT },
};
static const struct column batch_columns[] = {
	{ "ID", "id", NUMBER },
	{ "WHAT", "what", TEXT },
	{ "STATE", "state", STATE },
	{ "DONE", "done", NUMBER },
	{ "OF", "of", NUMBER },
	{ "AT ONCE", "parallel", NUMBER },
	{ "BEGUN", "begun", CLOCK },
	{ "ENDED", "ended", CLOCK },
};
static const struct column status_personas[] = {
	{ "PERSONA", "name", TEXT },
	{ "STATE", "state", STATE },
	{ "HEALTH", "health", STATE },
	{ "MACHINE", "machine", TEXT },
	{ "ADDRESS", "address", TEXT },
	{ "PHASE", "phase", TEXT },
	{ "GENERATION", "generation", NUMBER },
	{ "FOR", "since", SINCE },
};
static const struct column status_machines[] = {
	{ "MACHINE", "name", TEXT },
	{ "STATE", "state", STATE },
	{ "PERSONA", "persona", TEXT },
	{ "LAST SEEN", "seen", TEXT },
	{ "SWITCH PORTS", "ports_held", PORTS },
};
static const struct column status_orders[] = {
	{ "ORDER", "id", NUMBER },
	{ "VERB", "verb", TEXT },
	{ "PERSONA", "persona", TEXT },
	{ "FROM", "from", TEXT },
	{ "TO", "to", TEXT },
	{ "STATE", "state", STATE },
	{ "STEP", "step", TEXT },
	{ "FOR", "begun", SINCE },
	{ "WHY", "why", TEXT },
};
static const struct column health_columns[] = {
	{ "PERSONA", "persona", TEXT },
	{ "HEALTH", "health", STATE },
	{ "MACHINE", "machine", TEXT },
	{ "POWER", "power", TEXT },
	{ "SESSION", "session", TEXT },
	{ "CHECK", "check", TEXT },
	{ "ON FAILURE", "on_failure", TEXT },
	{ "ON POWER-OFF", "on_power_off", TEXT },
	{ "SPARES", "spares", TEXT },
	{ "WHY", "why", TEXT },
};
static const struct column proof_columns[] = {
	{ "FOR", "at", SINCE },
	{ "PERSONA", "persona", TEXT },
	{ "GENERATION", "generation", NUMBER },
	{ "MACHINE", "machine", TEXT },
	{ "PROOF", "kind", TEXT },
	{ "ORDER", "order", NUMBER },
	{ "SEEN", "seen", TEXT },
};
#define COLUMNS(list) list, COUNT(list)
static const struct view views[] = {
	{ ROUTE_network_list, "items", COLUMNS(network_columns),
		"No network yet. Add the first:\n"
		"  baton network add mgmt --interface eth1 --address 10.77.0.1/24 "
		"--pool 10.77.0.100-10.77.0.199" },
	{ ROUTE_pool_list, "items", COLUMNS(pool_columns),
		"No pool yet. Add one of each kind:\n"
		"  baton pool add macs --mac 02:ba:70:00:00:01-02:ba:70:00:ff:ff\n"
		"  baton pool add names --iqn iqn.2026-01.org.example:" },
	{ ROUTE_machine_list, "items", COLUMNS(machine_columns),
		"No machine yet. Add the first:\n"
		"  baton machine add blade-a --bmc ipmi://baton@10.0.0.9 --bmc-secret blade-a "
		"--nic mac=52:54:00:aa:00:01,network=mgmt" },
	{ ROUTE_persona_list, "items", COLUMNS(persona_columns),
		"No persona yet. Add the first:\n"
		"  baton persona add web-01 --target iqn.2026-01.org.example:web-01 --lun 1 "
		"--portal 10.77.0.1:3260 --nic network=mgmt" },
	{ ROUTE_order_list, "items", COLUMNS(order_columns),
		"No order yet. Give the first:\n  baton start PERSONA MACHINE" },
	{ ROUTE_health_list, "items", COLUMNS(health_columns), "No persona yet." },
	{ ROUTE_batch_list, "items", COLUMNS(batch_columns),
		"No batch yet. Give the first:\n  baton evacuate MACHINE --to POOL --plan" },
	{ ROUTE_proof_list, "items", COLUMNS(proof_columns),
		"No proof yet: no persona has left a machine." },
};

static bool filled(const json_t *value)
{
	return value && !json_is_false(value) &&
	       !(json_is_string(value) && json_string_length(value) == 0) &&
	       !(json_is_array(value) && json_array_size(value) == 0);
}

static void list_show(
	FILE *to, const struct term *t, const struct view *v, const json_t *list, double now)
{
	OWN(grid) struct grid g = { 0 };
	size_t n;
	json_t *item;
	for (size_t i = 0; i < v->columns; i++) {
		/* A column that no item fills is no column. */
		bool has = false;
		json_array_foreach(list, n, item) has |=
			filled(json_object_get(item, v->column[i].path));
		if (has)
			grid_column(&g, v->column[i].title,
				v->column[i].how == NUMBER || v->column[i].how == SINCE ||
					v->column[i].how == COUNT_OF || v->column[i].how == GIVEN);
	}
	json_array_foreach(list, n, item)
	{
		size_t shown = 0;
		for (size_t i = 0; i < v->columns && shown < g.columns; i++)
			if (strcmp(g.title[shown], v->column[i].title) == 0) {
				cell(&g, &v->column[i], item, now);
				shown++;
			}
	}
	grid_print(&g, to, t);
}

void show_list(FILE *to, const struct term *t, enum route r, const json_t *body, double now)
{
	for (size_t i = 0; i < COUNT(views); i++) {
		if (views[i].route != r)
			continue;
		const json_t *list = json_object_get(body, views[i].member);
		if (json_array_size(list) == 0)
			fprintf(to, "%s\n", views[i].none);
		else
			list_show(to, t, &views[i], list, now);
	}
}

static void alarms_show(FILE *to, const struct term *t, const json_t *alarms, double now)
{
	size_t i;
	json_t *alarm;
	json_array_foreach(alarms, i, alarm)
	{
		char word[40], text[600], ago[24];
		double at = member_number(alarm, "at");
		text_clean(word, sizeof word, member_word(alarm, "word"));
		text_clean(text, sizeof text, member_word(alarm, "text"));
		span_text(ago, now > at ? now - at : 0);
		fprintf(to, "%s%s%s, %s ago: %s\n\n", term_ink(t, INK_BAD), word,
			term_ink(t, INK_PLAIN), ago, text);
	}
}

/* What waits for a person stands before everything else, with what to type. */
static void stopped_show(FILE *to, const struct term *t, const json_t *orders)
{
	size_t i;
	json_t *order;
	json_array_foreach(orders, i, order)
	{
		char head[400], why[400];
		if (strcmp(member_word(order, "state"), "stopped") != 0)
			continue;
		order_head(head, sizeof head, order);
		text_clean(why, sizeof why, member_word(order, "why"));
		fprintf(to, "%s%s has stopped at %s%s: %s\n", term_ink(t, INK_BAD), head,
			member_word(order, "step"), term_ink(t, INK_PLAIN),
			*why ? why : "it gave no reason");
		order_next(to, order);
		fputc('\n', to);
	}
}

/* So does what an order has left that was taken back half-way. */
static void left_show(FILE *to, const struct term *t, const json_t *personas)
{
	size_t i;
	json_t *persona;
	json_array_foreach(personas, i, persona)
	{
		char why[700];
		text_clean(why, sizeof why, member_word(persona, "why"));
		if (*why)
			fprintf(to, "%s%s%s: %s\n\n", term_ink(t, INK_BAD),
				member_word(persona, "state"), term_ink(t, INK_PLAIN), why);
	}
}

void show_status(FILE *to, const struct term *t, const json_t *body, double now)
{
	static const struct view parts[] = {
		{ ROUTE_status_get, "personas", COLUMNS(status_personas),
			"No persona yet; `baton persona list` says how to add one." },
		{ ROUTE_status_get, "machines", COLUMNS(status_machines),
			"No machine yet; `baton machine list` says how to add one." },
		{ ROUTE_status_get, "orders", COLUMNS(status_orders),
			"No order is running or stopped." },
	};
	alarms_show(to, t, json_object_get(body, "alarms"), now);
	stopped_show(to, t, json_object_get(body, "orders"));
	left_show(to, t, json_object_get(body, "personas"));
	batches_draw(to, t, json_object_get(body, "batches"), now);
	for (size_t i = 0; i < COUNT(parts); i++) {
		const json_t *list = json_object_get(body, parts[i].member);
		if (i)
			fputc('\n', to);
		if (json_array_size(list) == 0)
			fprintf(to, "%s\n", parts[i].none);
		else
			list_show(to, t, &parts[i], list, now);
	}
}

/* Does any of them say something? 0 stands for what is not said. */
static bool column_filled(const json_t *list, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		char text[512];
		value_text(text, sizeof text, json_object_get(item, name));
		if (*text && strcmp(text, "0") != 0)
			return true;
	}
	return false;
}

/* A list of objects as a table whose columns are the members of the first. */
static void things_show(FILE *to, const struct term *t, const json_t *list)
{
	OWN(grid) struct grid g = { 0 };
	const char *name;
	json_t *value, *first = json_array_get(list, 0), *item;
	size_t n;
	json_object_foreach(
		first, name, value) if (g.columns < GRID_COLUMNS && column_filled(list, name))
		grid_column(&g, name, json_is_number(value));
	json_array_foreach(list, n, item) for (unsigned i = 0; i < g.columns; i++)
	{
		char text[512];
		const json_t *one = json_object_get(item, g.title[i]);
		if (strcmp(g.title[i], "since") == 0)
			clock_text(text, json_number_value(one), clock_now());
		else
			value_text(text, sizeof text, one);
		grid_cell(&g, INK_PLAIN, text);
	}
	grid_print(&g, to, t);
}

void show_thing(FILE *to, const struct term *t, const json_t *body)
{
	OWN(grid) struct grid g = { 0 };
	const char *name;
	json_t *value;
	grid_column(&g, "", false);
	grid_column(&g, "", false);
	json_object_foreach((json_t *)body, name, value)
	{
		char text[1024];
		if (json_is_object(json_array_get(value, 0)))
			continue;
		value_text(text, sizeof text, value);
		if (strcmp(name, "bmc") == 0)
			bmc_text(text, sizeof text, value);
		if (strcmp(name, "wants") == 0)
			wants_text(text, sizeof text, value);
		if (!*text || is_unknown(name, value))
			continue;
		grid_cell(&g, INK_DIM, name);
		grid_cell(&g, INK_PLAIN, text);
		if (strcmp(name, "bmc") == 0 && *member_word(value, "pin")) {
			grid_cell(&g, INK_DIM, "bmc pin");
			grid_cell(&g, INK_PLAIN, member_word(value, "pin"));
		}
	}
	grid_print(&g, to, t);
	json_object_foreach(
		(json_t *)body, name, value) if (json_is_object(json_array_get(value, 0)))
	{
		fprintf(to, "\n%s%s%s\n", term_ink(t, INK_BOLD), name, term_ink(t, INK_PLAIN));
		things_show(to, t, value);
	}
}

void show_event(FILE *to, const struct term *t, const json_t *event, double now)
{
	char at[24], id[24], word[40], text[600];
	int level = (int)member_number(event, "level");
	enum ink ink = level <= 3   ? INK_BAD
		       : level == 4 ? INK_WARN
		       : level >= 7 ? INK_DIM
				    : INK_PLAIN;
	member_text(id, sizeof id, event, "id");
	text_clean(word, sizeof word, member_word(event, "word"));
	text_clean(text, sizeof text, member_word(event, "text"));
	clock_text(at, member_number(event, "at"), now);
	fprintf(to, "%s%6s  %s  ", term_ink(t, INK_DIM), id, at);
	fprintf(to, "%s%s", term_ink(t, INK_PLAIN), ink == INK_PLAIN ? "" : term_ink(t, ink));
	text_put(to, t, word, 17, false);
	fprintf(to, "%s  %s\n", ink == INK_PLAIN ? "" : term_ink(t, INK_PLAIN), text);
}
