/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What core/port.h promises, held against every kind of switch port that a test can have: the fake
 * one, made of files. */
#include "core/port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "drivers/port.h"
#include "drivers/wait.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/baton-port-XXXXXX";
static struct err e;

static void fault(const char *what, const char *calls)
{
	char path[300];
	snprintf(path, sizeof path, "%s/sw-7.%s", folder, what);
	FILE *f = fopen(path, "we");
	CHECK(f && fprintf(f, "%s\n", calls) > 0 && fclose(f) == 0);
}

static void well(const char *what)
{
	char path[300];
	snprintf(path, sizeof path, "%s/sw-7.%s", folder, what);
	unlink(path);
}

static struct port *opened(void)
{
	struct port_addr a;
	struct port *p = NULL;
	CHECK(port_parse(&a, "fake://sw/7"));
	e = (struct err){ 0 };
	const struct port_ops *ops = port_of(a.kind, &e);
	CHECK(ops && ops->open(&p, &a, &e) == 0);
	return p;
}

static enum port_state state_of(struct port *p)
{
	enum port_state s = PORT_ISOLATED;
	CHECK_INT(p->ops->read(p, &s, &e), 0);
	return s;
}

static void a_state_that_is_set_is_read_back(void)
{
	struct port *p = opened();
	CHECK_INT(state_of(p), PORT_OPEN);
	for (int s = PORT_ISOLATED; s >= PORT_OPEN; s--) {
		CHECK_INT(p->ops->set(p, (enum port_state)s, 2000, &e), 0);
		CHECK_INT(state_of(p), s);
		CHECK_INT(p->ops->set(p, (enum port_state)s, 2000, &e), 0); /* already so */
	}
	p->ops->close(p);
	p = opened(); /* another hand finds it as the first left it */
	CHECK_INT(p->ops->set(p, PORT_SHUT, 2000, &e), 0);
	p->ops->close(p);
	p = opened();
	CHECK_INT(state_of(p), PORT_SHUT);
	CHECK_INT(p->ops->set(p, PORT_OPEN, 2000, &e), 0);
	p->ops->close(p);
	p->ops->close(NULL);
}

static void a_switch_that_lies_is_caught(void)
{
	struct port *p = opened();
	fault("lie", "shut");
	CHECK_INT(p->ops->set(p, PORT_SHUT, 300, &e), -EIO);
	CHECK(strstr(e.text, "told to be shut and says that it is open") != NULL);
	well("lie");
	CHECK_INT(state_of(p), PORT_OPEN);
	p->ops->close(p);
}

static void one_that_refuses_says_so_and_changes_nothing(void)
{
	struct port *p = opened();
	fault("refuse", "shut isolated");
	CHECK(p->ops->set(p, PORT_SHUT, 300, &e) < 0);
	CHECK(strstr(e.text, "refused") != NULL);
	well("refuse");
	CHECK_INT(state_of(p), PORT_OPEN);
	p->ops->close(p);
}

static void addresses_are_read_strictly(void)
{
	static const char *const wrong[] = { "", "fake", "fake://", "fake:///7", "://sw/7",
		"fake://sw", "fake://sw/", "Fake://sw/7", "fake://s w/7", "fake://sw/../7",
		"fake://-sw/7" };
	struct port_addr a = { .kind = "kept" };
	for (size_t i = 0; i < COUNT(wrong); i++) {
		if (port_parse(&a, wrong[i]))
			printf("# %s\n", wrong[i]);
		CHECK(!port_parse(&a, wrong[i]));
	}
	CHECK_TEXT(a.kind, "kept");
	CHECK(port_parse(&a, "fake://switch-1/ge-0/0/7"));
	CHECK_TEXT(a.host, "switch-1");
	CHECK_TEXT(a.name, "ge-0/0/7");
	CHECK(port_of("snmp", &e) == NULL);
	CHECK(strstr(e.text, "fake") != NULL);
}

static void the_folder_goes(void)
{
	char path[300];
	static const char *const files[] = { "port", "log", "lock" };
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof path, "%s/sw-7.%s", folder, files[i]);
		unlink(path);
	}
	CHECK(rmdir(folder) == 0);
}

static void the_folder_comes(void)
{
	CHECK(mkdtemp(folder) != NULL);
	setenv("BATON_FAKE_DIR", folder, 1);
}

TESTS(T(the_folder_comes), T(a_state_that_is_set_is_read_back), T(a_switch_that_lies_is_caught),
	T(one_that_refuses_says_so_and_changes_nothing), T(addresses_are_read_strictly),
	T(the_folder_goes))
