/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Capabilities, no_new_privs, Landlock, seccomp, in this order: each later one would forbid the
 * making of the earlier. See jail.h. */
#include "host/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "host/fd.h"

static const char *word = "off";

static const char *const basic[] = {
	"brk",
	"madvise",
	"mremap",
	"munmap",
	"futex",
	"rseq",
	"set_robust_list",
	"clock_gettime",
	"clock_getres",
	"clock_nanosleep",
	"gettimeofday",
	"nanosleep",
	"time",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigaltstack",
	"restart_syscall",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"eventfd2",
	"poll",
	"ppoll",
	"read",
	"readv",
	"pread64",
	"write",
	"writev",
	"close",
	"lseek",
	"fstat",
	"newfstatat",
	"statx",
	"fcntl",
	"getpid",
	"gettid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getppid",
	"getrandom",
	"sched_yield",
	"exit",
	"exit_group",
};

/* What only an intruder asks for: he is ended, not refused. */
static const char *const deadly[] = {
	"execve",
	"execveat",
	"fork",
	"vfork",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"mount",
	"umount2",
	"pivot_root",
	"chroot",
	"unshare",
	"setns",
	"bpf",
	"init_module",
	"finit_module",
	"kexec_load",
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"add_key",
	"keyctl",
	"request_key",
	"setuid",
	"setresuid",
	"setreuid",
	"capset",
};

struct filter {
	scmp_filter_ctx ctx;
};

static void filter_drop(struct filter *f)
{
	if (f->ctx)
		seccomp_release(f->ctx);
}

/* One name; a call that this machine does not have is no matter. */
static int rule(scmp_filter_ctx ctx, uint32_t action, const char *name, struct err *e)
{
	int nr = seccomp_syscall_resolve_name(name);
	if (nr == __NR_SCMP_ERROR)
		return err_say(e, EINVAL, "jail: %s: no such system call", name);
	int r = seccomp_rule_add(ctx, action, nr, 0);
	return r < 0 ? err_set(e, -r, "jail: rule for %s", name) : 0;
}

static int rules_of_arguments(scmp_filter_ctx ctx, struct err *e)
{
	const uint32_t ok = SCMP_ACT_ALLOW;
	const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	int r = 0;
	/* Memory is for data: nothing that was written here is ever run. */
	r = r ? r
	      : seccomp_rule_add(
			ctx, ok, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	r = r ? r
	      : seccomp_rule_add(
			ctx, ok, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	r = r ? r
	      : seccomp_rule_add(
			ctx, ok, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0));
	r = r ? r : seccomp_rule_add(ctx, ok, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONBIO));
	/* abort() of this process and no signal to any other. */
	r = r ? r
	      : seccomp_rule_add(
			ctx, ok, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return r < 0 ? err_set(e, -r, "jail: rules of arguments") : 0;
}

static int enter_seccomp(const struct jail *j, struct err *e)
{
	OWN(filter) struct filter f = { seccomp_init(SCMP_ACT_ERRNO(EPERM)) };
	if (!f.ctx)
		return err_set(e, ENOMEM, "jail: seccomp");
	int r = rules_of_arguments(f.ctx, e);
	for (size_t i = 0; r == 0 && i < COUNT(basic); i++)
		r = rule(f.ctx, SCMP_ACT_ALLOW, basic[i], e);
	for (size_t i = 0; r == 0 && i < COUNT(deadly); i++)
		r = rule(f.ctx, SCMP_ACT_KILL_PROCESS, deadly[i], e);
	for (size_t i = 0; r == 0 && j->calls && j->calls[i]; i++)
		r = rule(f.ctx, SCMP_ACT_ALLOW, j->calls[i], e);
	if (r < 0)
		return r;
	r = seccomp_load(f.ctx);
	return r < 0 ? err_set(e, -r, "jail: load the list of system calls") : 0;
}

/* Landlock by its raw calls: glibc has no wrappers, and the struct grows with the kernel while
 * the headers of a build machine may be older than the kernel it runs on. */
struct ruleset_attr {
	uint64_t fs, net;
};

struct __attribute__((packed)) path_beneath_attr {
	uint64_t allowed;
	int32_t parent;
};

enum {
	LANDLOCK_READ_FILE = 1 << 2,
	LANDLOCK_READ_DIR = 1 << 3,
	LANDLOCK_RULE_BENEATH = 1,
	LANDLOCK_VERSION = 1,
};

/* How many rights over files, and over TCP ports, each version of Landlock knows. */
static uint64_t fs_rights(long abi)
{
	unsigned bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
	return (UINT64_C(1) << bits) - 1;
}

/* 1 entered, 0 the kernel has none. */
static int enter_landlock(const struct jail *j, struct err *e)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
	if (abi < 1)
		return 0;
	/* Binding and connecting by TCP: no rule allows either, so neither is possible. */
	struct ruleset_attr attr = { .fs = fs_rights(abi), .net = abi >= 4 ? 3 : 0 };
	OWN(fd)
	int set = (int)syscall(
		SYS_landlock_create_ruleset, &attr, abi >= 4 ? sizeof attr : sizeof attr.fs, 0);
	if (set < 0)
		return err_set(e, errno, "jail: landlock ruleset");
	for (size_t i = 0; i < j->folder_count; i++) {
		struct path_beneath_attr p = { LANDLOCK_READ_FILE | LANDLOCK_READ_DIR,
			j->folders[i] };
		if (syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_BENEATH, &p, 0) < 0)
			return err_set(e, errno, "jail: landlock folder %d", j->folders[i]);
	}
	if (syscall(SYS_landlock_restrict_self, set, 0) < 0)
		return err_set(e, errno, "jail: landlock restrict");
	return 1;
}

static int drop_rights(struct err *e)
{
	if (geteuid() == 0 || getuid() == 0)
		return err_say(e, EPERM,
			"jail: this process is root: give it a user without rights, or set "
			"BATON_JAIL=off");
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, none) < 0)
		return err_set(e, errno, "jail: give up capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(e, errno, "jail: no_new_privs");
	/* Its memory holds the table's key and secrets: no core file, no debugger. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

int jail_enter(const struct jail *j, struct err *e)
{
	const char *off = getenv("BATON_JAIL");
	if (off && strcmp(off, "off") == 0)
		return 0;
	int r = drop_rights(e);
	if (r < 0)
		return r;
	int locked = enter_landlock(j, e);
	if (locked < 0)
		return locked;
	r = enter_seccomp(j, e);
	if (r < 0)
		return r;
	word = locked ? "seccomp+landlock" : "seccomp";
	return 0;
}

const char *jail_word(void)
{
	return word;
}
