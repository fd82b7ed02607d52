/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton.conf: defaults, limits, and every wrong line said at once. */
#include "host/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

/* Reads text as a file; what was found wrong goes to `said`. */
static int read_text(struct conf *c, const char *text, char *said, size_t room, struct err *e)
{
	char path[] = "/tmp/baton-conf-XXXXXX";
	int fd = mkstemp(path);
	FILE *wrong = fmemopen(said, room, "w");
	if (fd < 0 || !wrong || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
	int r = conf_read(c, path, wrong, e);
	fclose(wrong);
	unlink(path);
	return r;
}

static void defaults_are_whole(void)
{
	struct conf c;
	conf_defaults(&c);
	CHECK_INT(c.lease_s, 1200);
	CHECK_INT(c.http_port, 8080);
	CHECK_TEXT(c.run_dir, "/run/baton");
	CHECK_TEXT(c.interfaces, "");
}

static void good_lines_are_taken(void)
{
	struct conf c;
	struct err e = { 0 };
	char said[512] = "";
	conf_defaults(&c);
	int r = read_text(&c,
		"# a site\n\nlease_s = 120   # short\n  interfaces=mgmt0 mgmt1\nuser_edge = 1001\n"
		"packs_dir = /etc/a#b",
		said, sizeof said, &e);
	CHECK_INT(r, 0);
	CHECK_TEXT(said, "");
	CHECK_INT(c.lease_s, 120);
	CHECK_TEXT(c.interfaces, "mgmt0 mgmt1");
	CHECK_TEXT(c.user_edge, "1001");
	CHECK_TEXT(c.packs_dir, "/etc/a#b");
}

static void every_wrong_line_is_said_and_nothing_is_taken(void)
{
	struct conf c;
	struct err e = { 0 };
	char said[2048] = "";
	conf_defaults(&c);
	int r = read_text(&c,
		"lease_s = 0\nhttp_port = 8o80\nhttp_port = -1\ncolour = red\njust words\n"
		"run_dir =\nlease_s = 300\nsan_iqn = iqn\nstate_dir = /srv\n",
		said, sizeof said, &e);
	CHECK_INT(r, -EINVAL);
	CHECK(strstr(said, ":1: lease_s = 0: want 120 to 86400\n"));
	CHECK(strstr(said, ":2: http_port = 8o80: want 1 to 65535\n"));
	CHECK(strstr(said, ":3: http_port: said twice\n"));
	CHECK(strstr(said, ":4: colour: no such setting"));
	CHECK(strstr(said, ":5: just words: want `key = value`\n"));
	CHECK(strstr(said, ":6: run_dir = : want folder"));
	CHECK(strstr(said, ":7: lease_s: said twice\n"));
	CHECK(strstr(said, ":8: san_iqn = iqn: want Baton's own initiator name"));
	CHECK(strstr(e.text, "8 wrong lines; nothing was started"));
	CHECK_TEXT(c.state_dir, "/var/lib/baton");
}

static void limits_hold_at_both_ends(void)
{
	static const struct {
		const char *key, *value;
		int want;
	} rows[] = {
		{ "lease_s", "120", 0 },
		{ "lease_s", "86400", 0 },
		{ "lease_s", "119", -EINVAL },
		{ "lease_s", "86401", -EINVAL },
		{ "lease_s", "99999999999999999999", -EINVAL },
		{ "lease_s", "+300", -EINVAL },
		{ "lease_s", "", -EINVAL },
		{ "user_edge", "12345678901234567890123456789012", 0 },
		{ "user_edge", "123456789012345678901234567890123", -EINVAL },
		{ "user_edge", "a\tb", -EINVAL },
		{ "san_user", "", 0 },
	};
	struct conf c;
	conf_defaults(&c);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int r = conf_set(&c, rows[i].key, rows[i].value, NULL);
		if (r != rows[i].want)
			printf("# %s = %s\n", rows[i].key, rows[i].value);
		CHECK_INT(r, rows[i].want);
	}
}

static void a_line_too_long_is_one_wrong_line(void)
{
	struct conf c;
	struct err e = { 0 };
	char text[3000], said[512] = "";
	memset(text, 'x', sizeof text);
	snprintf(text + 2000, 100, "\nlease_s = 1\n");
	conf_defaults(&c);
	CHECK_INT(read_text(&c, text, said, sizeof said, &e), -EINVAL);
	CHECK(strstr(said, ":1: the line is longer than"));
	CHECK(strstr(said, ":2: lease_s = 1: want"));
}

static void no_file_is_a_sentence(void)
{
	struct conf c;
	struct err e = { 0 };
	CHECK_INT(conf_read(&c, "/nonexistent/baton.conf", stderr, &e), -ENOENT);
	CHECK_TEXT(e.text, "/nonexistent/baton.conf: No such file or directory");
}

static void help_names_every_setting(void)
{
	char text[16384] = "";
	FILE *f = fmemopen(text, sizeof text, "w");
	conf_help(f);
	fclose(f);
#define CONF(name, kind, dflt, min, max, what) CHECK(strstr(text, #name " = "));
#include "host/conf.def"
#undef CONF
}

TESTS(T(defaults_are_whole), T(good_lines_are_taken),
	T(every_wrong_line_is_said_and_nothing_is_taken), T(limits_hold_at_both_ends),
	T(a_line_too_long_is_one_wrong_line), T(no_file_is_a_sentence), T(help_names_every_setting))
