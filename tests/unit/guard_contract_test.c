/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What core/guard.h promises, asked of the fake, or of the driver that BATON_TEST_GUARD names: nft,
 * in a network namespace that may be filled with rules. */
#include <stdlib.h>
#include <unistd.h>

#include "drivers/guard.h"
#include "tap.h"

static char folder[] = "/tmp/baton-guard-XXXXXX", file[64], fault[64];
static const char *kind = "fake";

static void folder_gone(void)
{
	unlink(file);
	unlink(fault);
	rmdir(folder);
}

static const struct guard_ops *ops(void)
{
	struct err e;
	if (!*file) {
		CHECK(mkdtemp(folder) != NULL);
		atexit(folder_gone);
		setenv("BATON_FAKE_DIR", folder, 1);
		snprintf(file, sizeof file, "%s/guard", folder);
		snprintf(fault, sizeof fault, "%s/guard.fault", folder);
		kind = getenv("BATON_TEST_GUARD") ? getenv("BATON_TEST_GUARD") : kind;
	}
	const struct guard_ops *o = guard_ops_of(kind, &e);
	if (!o)
		exit(1);
	return o;
}

/* One interface, one portal, two passes. */
static struct path portal[2];
static struct guard_pass pass[2];
static struct guard guard_some(void)
{
	struct guard g = { .interface = { "mgmt0" },
		.portal = portal,
		.pass = pass,
		.interfaces = 1,
		.portals = 1,
		.passes = 2 };
	CHECK(guard_portal_parse(&portal[0], "10.77.0.1:3260"));
	CHECK(guard_pass_parse(&pass[0], "mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260"));
	CHECK(guard_pass_parse(&pass[1], "mgmt0 02:ba:70:00:00:02 any 10.77.0.1:3260"));
	return g;
}

static int holds(const struct guard *g)
{
	struct err e = { 0 };
	bool bridged;
	int r = ops()->holds(&bridged, g, &e);
	if (r < 0)
		printf("# %s\n", e.text);
	return r;
}

static int set(const struct guard *g)
{
	struct err e = { 0 };
	int r = ops()->set(g, &e);
	if (r < 0)
		printf("# %s\n", e.text);
	return r;
}

static void what_was_set_holds_and_nothing_else_does(void)
{
	struct guard g = guard_some();
	CHECK_INT(holds(&g), 0);
	CHECK_INT(set(&g), 0);
	CHECK_INT(holds(&g), 1);
	CHECK_INT(set(&g), 0);
	CHECK_INT(holds(&g), 1);
	g.passes = 1;
	CHECK_INT(holds(&g), 0);
	g = guard_some();
	pass[1].addr = 1;
	CHECK_INT(holds(&g), 0);
	g = guard_some();
	portal[0].port++;
	CHECK_INT(holds(&g), 0);
	g = guard_some();
	g.interface[0][0] = 'x';
	CHECK_INT(holds(&g), 0);
}

static void a_new_one_takes_the_place_of_the_old_one(void)
{
	struct guard g = guard_some();
	g.passes = 1;
	CHECK_INT(set(&g), 0);
	CHECK_INT(holds(&g), 1);
	g.passes = g.portals = 0;
	CHECK_INT(set(&g), 0);
	CHECK_INT(holds(&g), 1);
}

static void many_hold_like_few(void)
{
	struct guard g = { .interface = { "mgmt0" }, .interfaces = 1 };
	g.pass = calloc(GUARD_PASSES_MAX, sizeof *g.pass);
	g.portal = calloc(GUARD_PORTALS_MAX, sizeof *g.portal);
	CHECK(g.pass && g.portal);
	if (!g.pass || !g.portal)
		return;
	guard_some();
	for (; g.passes < GUARD_PASSES_MAX; g.passes++) {
		g.pass[g.passes] = pass[0];
		g.pass[g.passes].addr += (uint32_t)g.passes;
	}
	for (; g.portals < GUARD_PORTALS_MAX; g.portals++)
		g.portal[g.portals] = (struct path){ 0x0a000001 + (uint32_t)g.portals, 3260 };
	CHECK_INT(set(&g), 0);
	CHECK_INT(holds(&g), 1);
	g.pass[GUARD_PASSES_MAX - 1].addr++;
	CHECK_INT(holds(&g), 0);
	guard_fini(&g);
}

static void without_interfaces_there_is_none(void)
{
	struct guard some = guard_some(), none = { .interfaces = 0 };
	CHECK_INT(set(&some), 0);
	CHECK_INT(holds(&none), 0);
	CHECK_INT(set(&none), 0);
	CHECK_INT(holds(&none), 1);
	CHECK_INT(holds(&some), 0);
	CHECK_INT(set(&none), 0);
}

static void fake_say(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void the_fake_keeps_what_is_not_its_own_and_has_faults(void)
{
	struct err e = { 0 };
	struct guard g = guard_some(), none = { .interfaces = 0 };
	bool bridged;
	if (strcmp(ops()->kind, "fake") != 0)
		return;
	fake_say(file, "somebody's\n");
	CHECK_INT(set(&g), -EEXIST);
	CHECK_INT(set(&none), 0);
	CHECK_INT(access(file, F_OK), 0);
	unlink(file);
	fake_say(fault, "refuse\n");
	CHECK_INT(set(&g), -EPERM);
	CHECK_INT(access(file, F_OK), -1);
	fake_say(fault, "unbridged\n");
	CHECK_INT(set(&g), 0);
	CHECK_INT(ops()->holds(&bridged, &g, &e), 1);
	CHECK(!bridged);
}

static void an_unknown_kind_is_answered_with_the_known_ones(void)
{
	struct err e = { 0 };
	CHECK(guard_ops_of("wall", &e) == NULL);
	CHECK_TEXT(e.text, "no guard kind \"wall\": want one of nft, fake");
}

TESTS(T(what_was_set_holds_and_nothing_else_does), T(a_new_one_takes_the_place_of_the_old_one),
	T(many_hold_like_few), T(without_interfaces_there_is_none),
	T(the_fake_keeps_what_is_not_its_own_and_has_faults),
	T(an_unknown_kind_is_answered_with_the_known_ones))
