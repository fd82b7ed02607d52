/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a jailed process can no longer do, each tried by a child that has entered. As root only:
 * the child becomes an ordinary user first. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/jail.h"
#include "tap.h"

enum { SOMEBODY = 64530, ENTERED_NOT = 99 };

static char folder[64];

/* What a sanitizer does at a process's end, and no program of ours. */
#ifdef __SANITIZE_ADDRESS__
#define CALLS(...)                                                                                 \
	{                                                                                          \
		__VA_ARGS__ "sigaltstack", NULL                                                    \
	}
#else
#define CALLS(...)                                                                                 \
	{                                                                                          \
		__VA_ARGS__ NULL                                                                   \
	}
#endif

static const char *const basic[] = CALLS();

/* Enters with `folder` alone and does deed: its result is the child's exit status, 0 to 98; or
 * 128 + the signal that ended it. */
static int ended(pid_t pid)
{
	int status;
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int jailed(int (*deed)(void), const char *const *calls)
{
	pid_t pid = fork();
	if (pid == 0) {
		int dir = open(folder, O_RDONLY | O_DIRECTORY);
		struct jail j = {
			.folders = &dir, .folder_count = 1, .calls = calls ? calls : basic
		};
		struct err e = { 0 };
		if (setgroups(0, NULL) < 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) < 0 ||
			setresuid(SOMEBODY, SOMEBODY, SOMEBODY) < 0 || jail_enter(&j, &e) < 0)
			_exit(ENTERED_NOT);
		_exit(deed());
	}
	return ended(pid);
}

static int result(int r)
{
	return r < 0 ? errno : 0;
}

static int open_inside(void)
{
	char path[80];
	snprintf(path, sizeof path, "%s/x", folder);
	return result(open(path, O_RDONLY));
}

static int open_outside(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int open_above(void)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	return dir < 0 ? 1 : result(openat(dir, "../../etc/passwd", O_RDONLY));
}

static int remove_inside(void)
{
	char path[80];
	snprintf(path, sizeof path, "%s/x", folder);
	return result(unlink(path));
}

static int write_inside(void)
{
	char path[80];
	snprintf(path, sizeof path, "%s/x", folder);
	return result(open(path, O_WRONLY));
}

static int new_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int connect_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	return result(connect(0, (struct sockaddr *)&at, sizeof at));
}

static int bind_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	return result(bind(0, (struct sockaddr *)&at, sizeof at));
}

/* Asked of a descriptor that there is not: what is let through fails by that. */
static int filter_a_socket(void)
{
	struct sock_fprog none = { 0 };
	return result(setsockopt(-1, SOL_SOCKET, SO_ATTACH_FILTER, &none, sizeof none));
}

static int cork_a_socket(void)
{
	int yes = 1;
	return result(setsockopt(-1, IPPROTO_TCP, TCP_CORK, &yes, sizeof yes));
}

static int more_descriptors(void)
{
	struct rlimit many = { 4096, 4096 };
	return result(setrlimit(RLIMIT_NOFILE, &many));
}

static int runnable_by_then(void)
{
	static char page[8192] __attribute__((aligned(4096)));
	return result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int runnable_memory(void)
{
	void *at = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? errno : 0;
}

static int memory(void)
{
	char *at = malloc(1 << 22);
	if (!at)
		return ENOMEM;
	memset(at, 1, 1 << 22);
	free(at);
	return 0;
}

static int other_program(void)
{
	char name[] = "true", *argv[] = { name, NULL };
	return result(execv("/bin/true", argv));
}

static int another_process(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return result(pid);
}

/* The 32-bit system calls, which have other numbers: 20 is getpid there. */
static int old_door(void)
{
#ifdef __x86_64__
	long r = 20;
	__asm__ volatile("int $0x80" : "+a"(r)::"memory");
	return r < 0 ? 1 : 0;
#else
	raise(SIGSYS);
	return 0;
#endif
}

/* Some kernels, and some hosts of virtual machines, have walled it up: then it is no way out. */
static bool old_door_is_there(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(old_door());
	return ended(pid) != 128 + SIGSEGV;
}

static pid_t parent;

static int kill_parent(void)
{
	return result(kill(parent, 0));
}

static int be_told_by_signal(void)
{
	return result(fcntl(0, F_SETOWN, parent));
}

static int do_abort(void)
{
	abort();
}

static void a_jailed_process_can_do_this_and_not_that(void)
{
	static const char *const more[] = CALLS("socket", );
	static const struct {
		const char *what;
		int (*deed)(void);
		const char *const *calls;
		int want;
	} rows[] = {
		{ "reads below its folder", open_inside, NULL, 0 },
		{ "reads elsewhere", open_outside, NULL, EACCES },
		{ "reads above its folder", open_above, NULL, EACCES },
		{ "writes below its folder", write_inside, NULL, EPERM },
		{ "removes below its folder", remove_inside, NULL, EPERM },
		{ "connects a socket", connect_somewhere, NULL, EPERM },
		{ "binds a socket", bind_somewhere, NULL, EPERM },
		{ "filters a socket", filter_a_socket, NULL, EPERM },
		{ "corks a socket", cork_a_socket, NULL, EBADF },
		{ "raises a limit", more_descriptors, NULL, EPERM },
		{ "opens a socket", new_socket, NULL, EPERM },
		{ "opens a socket, allowed", new_socket, more, 0 },
		{ "takes memory", memory, NULL, 0 },
		{ "takes memory to run", runnable_memory, NULL, EPERM },
		{ "makes memory runnable", runnable_by_then, NULL, EPERM },
		{ "signals its parent", kill_parent, NULL, EPERM },
		{ "has its parent signalled", be_told_by_signal, NULL, EPERM },
		{ "makes another process", another_process, NULL, 128 + SIGSYS },
		{ "calls as 32-bit programs do", old_door, NULL, 128 + SIGSYS },
		{ "becomes another program", other_program, NULL, 128 + SIGSYS },
		{ "ends itself", do_abort, NULL, 128 + SIGABRT },
	};
	if (getuid() != 0)
		return;
	parent = getpid();
	snprintf(folder, sizeof folder, "/tmp/baton-jail-XXXXXX");
	CHECK(mkdtemp(folder));
	CHECK_INT(chmod(folder, 0755), 0);
	char path[80];
	snprintf(path, sizeof path, "%s/x", folder);
	int fd = open(path, O_WRONLY | O_CREAT, 0666);
	CHECK_INT(fchmod(fd, 0666), 0);
	close(fd);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].deed == old_door && !old_door_is_there())
			continue;
		int got = jailed(rows[i].deed, rows[i].calls);
		if (got != rows[i].want)
			printf("# %s\n", rows[i].what);
		CHECK_INT(got, rows[i].want);
	}
	unlink(path);
	rmdir(folder);
}

static void root_is_not_let_in(void)
{
	struct jail j = { .folders = NULL };
	struct err e = { 0 };
	if (getuid() != 0)
		return;
	CHECK_INT(jail_enter(&j, &e), -EPERM);
	CHECK(strstr(e.text, "this process is root"));
	CHECK_TEXT(jail_word(), "off");
	setenv("BATON_JAIL", "off", 1);
	CHECK_INT(jail_enter(&j, &e), 0);
	unsetenv("BATON_JAIL");
}

static void a_call_that_does_not_exist_is_a_sentence(void)
{
	static const char *const nonsense[] = { "no_such_call", NULL };
	if (getuid() != 0)
		return;
	CHECK_INT(jailed(open_inside, nonsense), ENTERED_NOT);
}

TESTS(T(a_jailed_process_can_do_this_and_not_that), T(root_is_not_let_in),
	T(a_call_that_does_not_exist_is_a_sentence))
