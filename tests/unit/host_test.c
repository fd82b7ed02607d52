/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small helpers of host: following a file, events as datagrams, folders as cpio images,
 * programs with given descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cpio.h"
#include "host/follow.h"
#include "host/spawn.h"
#include "host/tell.h"
#include "tap.h"

static char folder[64];

/* A fresh folder; the descriptor is open. */
static int folder_open(void)
{
	snprintf(folder, sizeof folder, "/tmp/baton-host-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void folder_close(int dir)
{
	char line[128];
	close(dir);
	snprintf(line, sizeof line, "rm -rf %s", folder);
	CHECK_INT(system(line), 0);
}

static void put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static void replace(int dir, const char *name, const char *text)
{
	put(dir, "new", text);
	CHECK_INT(renameat(dir, "new", dir, name), 0);
}

static void a_file_is_offered_once_for_each_change(void)
{
	int dir = folder_open();
	struct follow f = { .folder = dir, .name = "x", .len_max = 100 };
	struct err e = { 0 };
	const void *bytes;
	size_t len;
	CHECK_INT(follow_look(&f, &bytes, &len, &e), -ENOENT);
	CHECK_TEXT(e.text, "x: No such file or directory");
	CHECK_INT(follow_look(&f, &bytes, &len, &e), 0);
	replace(dir, "x", "one");
	CHECK_INT(follow_look(&f, &bytes, &len, &e), 1);
	CHECK_INT(len, 3);
	CHECK(memcmp(bytes, "one", 3) == 0);
	follow_take(&f);
	CHECK_INT(follow_look(&f, &bytes, &len, &e), 0);
	const char *used = f.used.at;
	replace(dir, "x", "two");
	CHECK_INT(follow_look(&f, &bytes, &len, &e), 1);
	follow_refuse(&f);
	CHECK_INT(follow_look(&f, &bytes, &len, &e), 0);
	CHECK(f.used.at == used && memcmp(used, "one", 3) == 0);
	follow_fini(&f);
	folder_close(dir);
}

static void what_is_in_use_does_not_feel_its_file_shrink(void)
{
	int dir = folder_open();
	struct follow f = { .folder = dir, .name = "x", .len_max = 100 };
	const void *bytes;
	size_t len;
	replace(dir, "x", "one");
	CHECK_INT(follow_look(&f, &bytes, &len, NULL), 1);
	follow_take(&f);
	put(dir, "x", "");
	CHECK(memcmp(f.used.at, "one", 3) == 0);
	CHECK_INT(follow_look(&f, &bytes, &len, NULL), 1);
	CHECK_INT(len, 0);
	follow_fini(&f);
	folder_close(dir);
}

static void a_file_that_could_not_be_read_is_tried_again(void)
{
	int dir = folder_open();
	struct follow f = { .folder = dir, .name = "x", .len_max = 100 };
	struct err e = { 0 };
	struct rlimit was, none;
	const void *bytes;
	size_t len;
	replace(dir, "x", "one");
	getrlimit(RLIMIT_NOFILE, &was);
	none = (struct rlimit){ 0, was.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	CHECK_INT(follow_look(&f, &bytes, &len, &e), -EMFILE);
	CHECK_TEXT(e.text, "x: Too many open files");
	CHECK_INT(follow_look(&f, &bytes, &len, &e), 0);
	setrlimit(RLIMIT_NOFILE, &was);
	CHECK_INT(follow_look(&f, &bytes, &len, &e), 1);
	follow_take(&f);
	CHECK_INT(follow_look(&f, &bytes, &len, &e), 0);
	follow_fini(&f);
	folder_close(dir);
}

static void what_is_no_file_or_too_long_is_refused(void)
{
	int dir = folder_open();
	struct follow f = { .folder = dir, .name = "x", .len_max = 4 };
	struct err e = { 0 };
	const void *bytes;
	size_t len;
	replace(dir, "x", "12345");
	CHECK_INT(follow_look(&f, &bytes, &len, &e), -EFBIG);
	CHECK_INT(follow_look(&f, &bytes, &len, &e), 0);
	unlinkat(dir, "x", 0);
	CHECK_INT(mkfifoat(dir, "x", 0644), 0);
	CHECK_INT(follow_look(&f, &bytes, &len, &e), -EINVAL);
	unlinkat(dir, "x", 0);
	CHECK_INT(symlinkat("/etc/passwd", dir, "x"), 0);
	CHECK(follow_look(&f, &bytes, &len, &e) < 0);
	follow_fini(&f);
	folder_close(dir);
}

static void an_event_is_one_datagram_of_plain_words(void)
{
	struct tell t;
	int ends[2];
	char got[2048];
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	tell_begin(&t, EV_step_said);
	tell_add(&t, "step", "%d-%s", 20, "identity");
	tell_add(&t, "what", "a b=c%%\n\xff");
	tell_send(&t, ends[0]);
	ssize_t n = read(ends[1], got, sizeof got - 1);
	got[n < 0 ? 0 : n] = '\0';
	CHECK_TEXT(got, "step-said step=20-identity what=a%20b%3Dc%25%0A%FF");
	close(ends[0]);
	close(ends[1]);
}

static void an_event_too_long_loses_whole_fields(void)
{
	struct tell t;
	char blanks[400];
	memset(blanks, ' ', sizeof blanks - 1);
	blanks[sizeof blanks - 1] = '\0';
	tell_begin(&t, EV_step_said);
	tell_add(&t, "what", "%s", blanks);
	CHECK_TEXT(t.text, "step-said");
	tell_add(&t, "step", "x");
	CHECK_TEXT(t.text, "step-said step=x");
	for (int i = 0; i < 200; i++)
		tell_add(&t, "again", "%d", i);
	CHECK(strlen(t.text) < sizeof t.text);
	CHECK_INT(t.at, strlen(t.text));
}

static void a_folder_becomes_an_image_that_cpio_reads(void)
{
	int dir = folder_open();
	struct err e = { 0 };
	mkdirat(dir, "in", 0755);
	mkdirat(dir, "in/bin", 0755);
	put(dir, "in/bin/tool", "#!/bin/sh\n");
	put(dir, "in/manifest", "name lab\n");
	put(dir, "in/empty", "");
	CHECK_INT(fchmodat(dir, "in/bin/tool", 0755, 0), 0);
	int in = openat(dir, "in", O_RDONLY | O_DIRECTORY);
	int out = openat(dir, "out.img", O_RDWR | O_CREAT, 0644);
	CHECK_INT(cpio_write(out, "packs/lab", in, 1 << 20, &e), 0);
	char line[256], got[512] = "";
	snprintf(line, sizeof line,
		"cd %s && cpio -it --quiet < out.img && cpio -i --quiet -d < out.img &&"
		" cmp in/bin/tool packs/lab/bin/tool && stat -c %%a packs/lab/bin/tool",
		folder);
	FILE *p = popen(line, "r");
	size_t n = fread(got, 1, sizeof got - 1, p);
	got[n] = '\0';
	CHECK_INT(pclose(p), 0);
	CHECK_TEXT(got, "packs\npacks/lab\npacks/lab/bin\npacks/lab/bin/tool\npacks/lab/empty\n"
			"packs/lab/manifest\n755\n");
	close(out);
	close(in);
	folder_close(dir);
}

static void links_devices_and_too_much_are_refused(void)
{
	int dir = folder_open();
	struct err e = { 0 };
	mkdirat(dir, "in", 0755);
	int in = openat(dir, "in", O_RDONLY | O_DIRECTORY);
	int out = open("/dev/null", O_WRONLY);
	CHECK_INT(symlinkat("/etc/shadow", dir, "in/x"), 0);
	CHECK_INT(cpio_write(out, "packs/lab", in, 1 << 20, &e), -EINVAL);
	CHECK_TEXT(e.text, "packs/lab/x is a link: want files and folders alone");
	unlinkat(dir, "in/x", 0);
	CHECK_INT(mkfifoat(dir, "in/x", 0644), 0);
	CHECK_INT(cpio_write(out, "packs/lab", in, 1 << 20, &e), -EINVAL);
	CHECK_TEXT(e.text, "packs/lab/x is no plain file: want files and folders alone");
	unlinkat(dir, "in/x", 0);
	put(dir, "in/x", "0123456789");
	CHECK_INT(cpio_write(out, "packs/lab", in, 300, &e), -EFBIG);
	close(out);
	close(in);
	folder_close(dir);
}

static void a_program_that_is_not_there_is_a_sentence(void)
{
	struct spawn s = { .path = "/nonexistent/x", .uid = getuid(), .gid = getgid(), .talk = -1 };
	struct err e = { 0 };
	pid_t pid = 0;
	if (getuid() != 0)
		return;
	CHECK_INT(spawn_start(&pid, &s, &e), -ENOENT);
	CHECK_TEXT(e.text, "start /nonexistent/x: No such file or directory");
}

static void as_many_descriptors_as_there_may_be_have_long_names(void)
{
	if (getuid() != 0)
		return;
	struct spawn_fd fds[SPAWN_FDS];
	for (size_t i = 0; i < SPAWN_FDS; i++)
		fds[i] = (struct spawn_fd){ "heard.an-interface-15", STDERR_FILENO };
	struct spawn s = { .path = "/bin/true",
		.uid = 64520,
		.gid = 64521,
		.fds = fds,
		.fd_count = SPAWN_FDS,
		.talk = -1 };
	struct err e = { 0 };
	pid_t pid;
	CHECK_INT(spawn_start(&pid, &s, &e), 0);
	CHECK_TEXT(e.text, "");
	if (!e.code)
		waitpid(pid, NULL, 0);
}

/* Descriptors arrive in order under their names, others do not; the user is another. */
static void a_program_gets_what_it_is_given_and_no_more(void)
{
	if (getuid() != 0)
		return;
	/* One that nobody marked close-on-exec, right behind those that are given. */
	int ends[2], stray = dup2(STDIN_FILENO, 5);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	int low = open("/etc/passwd", O_RDONLY | O_CLOEXEC), high = open("/", O_RDONLY | O_CLOEXEC);
	/* The wrong way round on purpose: the later one stands where the first must go. */
	struct spawn_fd fds[] = { { "folder", high }, { "file", low } };
	const char *args[] = { "-c",
		"echo $BATON_FDS; readlink /proc/self/fd/3 /proc/self/fd/4; "
		"readlink /proc/self/fd/5; id -u; id -G; grep -c 'CapBnd:.0000000000000000' "
		"/proc/self/status",
		NULL };
	const char *env[] = { "PATH=/bin:/usr/bin", NULL };
	const gid_t groups[] = { 64522 };
	struct spawn s = { .path = "/bin/sh",
		.args = args,
		.env = env,
		.uid = 64520,
		.gid = 64521,
		.groups = groups,
		.group_count = 1,
		.fds = fds,
		.fd_count = 2,
		.talk = ends[1] };
	struct err e = { 0 };
	pid_t pid;
	CHECK_INT(spawn_start(&pid, &s, &e), 0);
	close(ends[1]);
	char got[1024];
	size_t len = 0;
	for (ssize_t n; (n = read(ends[0], got + len, sizeof got - 1 - len)) > 0;)
		len += (size_t)n;
	got[len] = '\0';
	waitpid(pid, NULL, 0);
	CHECK_TEXT(got, "folder file\n/\n/etc/passwd\n64520\n64521 64522\n1\n");
	close(ends[0]);
	close(stray);
	close(low);
	close(high);
}

/* One capability for one program: it is there behind the execve, and no other can be had. */
static void a_capability_is_given_by_name_and_no_other_comes_along(void)
{
	if (getuid() != 0)
		return;
	const char *args[] = { "-c",
		"sed -n 's/^Cap\\(Prm\\|Eff\\|Bnd\\):.0*//p' /proc/self/status; id -u", NULL };
	const char *env[] = { "PATH=/bin:/usr/bin", NULL };
	for (int given = 0; given < 2; given++) {
		int ends[2];
		CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		struct spawn s = { .path = "/bin/sh",
			.args = args,
			.env = env,
			.uid = 64520,
			.gid = 64521,
			.talk = ends[1],
			.caps = given ? 1ULL << CAP_NET_ADMIN : 0 };
		struct err e = { 0 };
		pid_t pid;
		char got[64] = "";
		CHECK_INT(spawn_start(&pid, &s, &e), 0);
		close(ends[1]);
		CHECK(recv(ends[0], got, sizeof got - 1, MSG_WAITALL) > 0);
		waitpid(pid, NULL, 0);
		CHECK_TEXT(got, given ? "1000\n1000\n1000\n64520\n" : "\n\n\n64520\n");
		close(ends[0]);
	}
}

TESTS(T(a_file_is_offered_once_for_each_change), T(what_is_in_use_does_not_feel_its_file_shrink),
	T(a_file_that_could_not_be_read_is_tried_again), T(what_is_no_file_or_too_long_is_refused),
	T(an_event_is_one_datagram_of_plain_words), T(an_event_too_long_loses_whole_fields),
	T(a_folder_becomes_an_image_that_cpio_reads), T(links_devices_and_too_much_are_refused),
	T(a_program_that_is_not_there_is_a_sentence),
	T(as_many_descriptors_as_there_may_be_have_long_names),
	T(a_program_gets_what_it_is_given_and_no_more),
	T(a_capability_is_given_by_name_and_no_other_comes_along))
