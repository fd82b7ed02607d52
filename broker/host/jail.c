/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Capabilities, no_new_privs, Landlock, seccomp, in this order: each later one would forbid the
 * making of the earlier. See jail.h. */
#include "host/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "host/landlock.h"

static const char *word = "off";

/* What each of them does while it serves, as strace saw it, and what libc does in places that no
 * test comes to: clocks that the kernel has no page for, the last words of abort(), a call that a
 * stop has interrupted. */
static const char *const basic[] = {
	"brk",
	"mremap",
	"munmap",
	"futex",
	"clock_gettime",
	"gettimeofday",
	"time",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"restart_syscall",
	"read",
	"write",
	"writev",
	"close",
	"fstat",
	"newfstatat",
	"getpid",
	"gettid",
	"getrandom",
	"exit_group",
};

/* What only an intruder asks for: he is ended, not refused. Anything else that is not listed is
 * refused with EPERM, sockets among it: dnsmasq may come to ask for one, and goes on without. */
static const char *const deadly[] = {
	"execve",
	"execveat",
	"fork",
	"vfork",
	"clone",
	"clone3",
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
			ctx, ok, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0));
	r = r ? r
	      : seccomp_rule_add(
			ctx, ok, SCMP_SYS(madvise), 1, SCMP_A2(SCMP_CMP_EQ, MADV_HUGEPAGE));
	/* Of a socket, when a segment of TCP goes: no filter, no interface, no other protocol. */
	r = r ? r
	      : seccomp_rule_add(ctx, ok, SCMP_SYS(setsockopt), 2,
			SCMP_A1(SCMP_CMP_EQ, IPPROTO_TCP), SCMP_A2(SCMP_CMP_EQ, TCP_CORK));
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
	int locked = landlock_enter(j->folders, j->folder_count, e);
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
