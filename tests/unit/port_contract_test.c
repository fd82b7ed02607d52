/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What core/port.h promises, asked of every driver: of the fake here. The tests look at what became
 * of the port, in the files that port_fake.c tells of, and not at what the driver says. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/port.h"
#include "drivers/wait.h"
#include "tap.h"

static char folder[] = "/tmp/baton-port-XXXXXX";
static const struct port_addr addr = { "fake", "switch-1", "7" };

static void path_of(char to[256], const char *what)
{
	snprintf(to, 256, "%s/switch-1-7.%s", folder, what);
}

static void file_put(const char *what, const char *text)
{
	char path[256];
	path_of(path, what);
	FILE *f = fopen(path, "w");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void file_is(const char *what, const char *want)
{
	char path[256], text[200];
	path_of(path, what);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	text[n] = '\0';
	if (f)
		fclose(f);
	CHECK_TEXT(text, want);
}

static void files_gone(void)
{
	static const char *const whats[] = { "port", "log", "lie", "refuse", "hang" };
	for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++) {
		char path[256];
		path_of(path, whats[i]);
		unlink(path);
	}
}

static void folder_gone(void)
{
	files_gone();
	rmdir(folder);
}

/* A port with no past and no faults. */
static struct port *opened(void)
{
	static bool made;
	struct port *port = NULL;
	struct err e = { 0 };
	if (!made) {
		CHECK(mkdtemp(folder) != NULL);
		atexit(folder_gone);
		setenv("BATON_FAKE_DIR", folder, 1);
		made = true;
	}
	files_gone();
	const struct port_ops *ops = port_of(addr.kind, &e);
	if (!ops || ops->open(&port, &addr, &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	return port;
}

static void a_port_is_put_into_each_state_and_read_back(void)
{
	static const enum port_state states[] = { PORT_SHUT, PORT_ISOLATED, PORT_OPEN };
	struct err e = { 0 };
	enum port_state is;
	struct port *port = opened();
	CHECK_INT(port->ops->read(port, &is, &e), 0);
	CHECK_INT(is, PORT_OPEN);
	for (size_t i = 0; i < 3; i++) {
		CHECK_INT(port->ops->set(port, states[i], 1000, &e), 0);
		CHECK_INT(port->ops->read(port, &is, &e), 0);
		CHECK_INT(is, states[i]);
	}
	file_is("log", "shut\nisolated\nopen\n");
	port->ops->close(port);
}

static void already_so_is_success_and_no_deed(void)
{
	struct err e = { 0 };
	struct port *port = opened();
	CHECK_INT(port->ops->set(port, PORT_OPEN, 1000, &e), 0);
	file_is("log", "");
	CHECK_INT(port->ops->set(port, PORT_SHUT, 1000, &e), 0);
	CHECK_INT(port->ops->set(port, PORT_SHUT, 1000, &e), 0);
	file_is("log", "shut\n");
	port->ops->close(port);
}

static void the_state_outlives_the_session(void)
{
	struct err e = { 0 };
	enum port_state is;
	struct port *port = opened();
	CHECK_INT(port->ops->set(port, PORT_SHUT, 1000, &e), 0);
	port->ops->close(port);
	CHECK_INT(port_fake.open(&port, &addr, &e), 0);
	CHECK_INT(port->ops->read(port, &is, &e), 0);
	CHECK_INT(is, PORT_SHUT);
	port->ops->close(port);
}

static void a_switch_that_lies_is_caught_by_the_read_back(void)
{
	struct err e = { 0 };
	struct port *port = opened();
	file_put("lie", "shut\n");
	int64_t begun = wait_now_ms();
	CHECK_INT(port->ops->set(port, PORT_SHUT, 300, &e), -EIO);
	CHECK(wait_now_ms() - begun >= 300 && wait_now_ms() - begun < 3000);
	CHECK_TEXT(e.text, "it was told to be shut and says that it is open");
	file_is("port", "");
	port->ops->close(port);
}

static void a_switch_that_refuses_changes_nothing(void)
{
	struct err e = { 0 };
	struct port *port = opened();
	file_put("refuse", "shut isolated\n");
	CHECK_INT(port->ops->set(port, PORT_SHUT, 1000, &e), -EIO);
	CHECK_TEXT(e.text, "it refused shut");
	CHECK_INT(port->ops->set(port, PORT_ISOLATED, 1000, &e), -EIO);
	file_is("port", "");
	file_put("refuse", "session\n");
	struct port *other = NULL;
	CHECK_INT(port_fake.open(&other, &addr, &e), -EIO);
	CHECK(!other);
	port->ops->close(port);
}

/* In a process of its own, since it never returns. */
static void a_fake_that_hangs_does_so_until_it_is_killed(void)
{
	struct port *port = opened();
	file_put("hang", "shut\n");
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		port->ops->set(port, PORT_SHUT, 100, NULL);
		_exit(0);
	}
	alarm(20);
	wait_until_ms(wait_now_ms() + 300);
	CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	alarm(0);
	file_is("port", "");
	port->ops->close(port);
}

static void a_state_that_is_none_is_not_guessed(void)
{
	struct err e = { 0 };
	enum port_state is;
	struct port *port = opened();
	file_put("port", "ajar\n");
	CHECK_INT(port->ops->read(port, &is, &e), -EPROTO);
	CHECK(strstr(e.text, "\"ajar\": want open, shut or isolated") != NULL);
	CHECK_INT(port->ops->set(port, PORT_SHUT, 100, &e), -EPROTO);
	file_is("port", "ajar\n");
	port->ops->close(port);
}

static void an_unknown_kind_is_answered_with_the_known_ones(void)
{
	struct err e = { 0 };
	CHECK(port_of("smoke", &e) == NULL);
	CHECK_TEXT(e.text, "no switch kind \"smoke\": want one of fake");
	port_fake.close(NULL);
}

static void an_address_has_a_kind_a_host_and_a_port(void)
{
	static const char *const wrong[] = { "", "sw/1", "fake://", "fake://sw", "fake://sw/",
		"fake:///1", "://sw/1", "fake://.sw/1", "fake://-sw/1", "fake://sw/../1",
		"fake://sw/-1", "fake://sw/a b", "Fake://sw/1", "fake://sw/a?b", "fake://s w/1",
		"fake://sw/\"1" };
	char longer[PORT_LEN + 2] = "fake://sw/";
	struct port_addr a = { "x", "x", "x" };
	CHECK(port_parse(&a, "fake://10.0.0.3:6640/br0/eth1/2"));
	CHECK_TEXT(a.kind, "fake");
	CHECK_TEXT(a.host, "10.0.0.3:6640");
	CHECK_TEXT(a.name, "br0/eth1/2");
	CHECK(port_parse(&a, "fake://[fd00::9]:22/7"));
	CHECK_TEXT(a.host, "[fd00::9]:22");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (port_parse(&a, wrong[i]))
			CHECK_TEXT(wrong[i], "refused");
	memset(longer + strlen(longer), 'a', PORT_LEN + 1 - strlen(longer));
	CHECK(!port_parse(&a, longer));
	longer[PORT_LEN] = '\0';
	CHECK(port_parse(&a, longer));
}

TESTS(T(a_port_is_put_into_each_state_and_read_back), T(already_so_is_success_and_no_deed),
	T(the_state_outlives_the_session), T(a_switch_that_lies_is_caught_by_the_read_back),
	T(a_switch_that_refuses_changes_nothing), T(a_fake_that_hangs_does_so_until_it_is_killed),
	T(a_state_that_is_none_is_not_guessed), T(an_unknown_kind_is_answered_with_the_known_ones),
	T(an_address_has_a_kind_a_host_and_a_port))
