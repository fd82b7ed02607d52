/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The blade as a QEMU process: see body.h. */
#include "tests/lab/body.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/fabric.h"

#define OVMF "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define OVMF_VARS "/usr/share/OVMF/OVMF_VARS_4M.fd"

static bool nic_parse(struct body *b, const char *value)
{
	char mac[MAC_TEXT], flag[2][8] = { "", "" };
	if (b->nics == NVRAM_NICS)
		return false;
	struct body_nic *n = &b->nic[b->nics];
	if (sscanf(value, "%15s %31s %17s %15s %7s %7s", n->pci, n->model, mac, n->tap, flag[0],
		    flag[1]) < 4 ||
		!pci_ok(n->pci) || !mac_parse(&n->factory, mac))
		return false;
	for (int i = 0; i < 2; i++) {
		n->has_rom |= strcmp(flag[i], "rom") == 0;
		n->boots |= strcmp(flag[i], "boots") == 0;
	}
	b->nics++;
	return true;
}

static bool hba_parse(struct body *b, const char *value)
{
	char wwpn[WWN_TEXT], wwnn[WWN_TEXT];
	if (b->hbas == NVRAM_HBAS)
		return false;
	struct nvram_hba *h = &b->hba[b->hbas];
	if (sscanf(value, "%15s %23s %23s", h->pci, wwpn, wwnn) != 3 || !pci_ok(h->pci) ||
		!wwn_parse(&h->wwpn, wwpn) || !wwn_parse(&h->wwnn, wwnn))
		return false;
	b->hbas++;
	return true;
}

static bool line_parse(struct body *b, const char *key, const char *value)
{
	struct uuid u;
	if (strcmp(key, "name") == 0)
		return name_ok(value) && snprintf(b->name, sizeof b->name, "%s", value) > 0;
	if (strcmp(key, "machine") == 0)
		return snprintf(b->machine, sizeof b->machine, "%s", value) > 0;
	if (strcmp(key, "cpu") == 0)
		return snprintf(b->cpu, sizeof b->cpu, "%s", value) > 0;
	if (strcmp(key, "memory") == 0)
		return (b->memory = (unsigned)strtoul(value, NULL, 10)) >= 256;
	if (strcmp(key, "uuid") == 0)
		return uuid_parse(&u, value) && uuid_text(b->uuid, &u);
	if (strcmp(key, "firmware") == 0) {
		b->is_uefi = strcmp(value, "uefi") == 0;
		return b->is_uefi || strcmp(value, "bios") == 0;
	}
	if (strcmp(key, "serial") == 0)
		return sscanf(value, "%63s", b->serial) == 1;
	if (strcmp(key, "hba") == 0)
		return hba_parse(b, value);
	return strcmp(key, "nic") == 0 && nic_parse(b, value);
}

int body_read(struct body *ret, const char *path, struct err *e)
{
	struct body b = { .memory = 0 };
	FILE *f = fopen(path, "re");
	if (!f)
		return err_set(e, errno, "blade: open %s", path);
	char line[256], key[32], value[200];
	int r = 0;
	for (int at = 1; r == 0 && fgets(line, sizeof line, f); at++) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "%31s %199[^\n]", key, value) != 2 || !line_parse(&b, key, value))
			r = err_say(e, EINVAL, "%s:%d: no sense in %s", path, at, line);
	}
	fclose(f);
	if (r == 0 && (!b.name[0] || !b.machine[0] || !b.cpu[0] || !b.memory || !b.nics))
		r = err_say(e, EINVAL, "%s: want name, firmware, machine, cpu, memory, nic", path);
	if (r == 0)
		*ret = b;
	return r;
}

/* QEMU's arguments, each a string of our own. */
struct argv {
	char *v[160];
	int n;
};

static void __attribute__((format(printf, 2, 3))) arg(struct argv *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (a->n + 1 >= (int)(sizeof a->v / sizeof a->v[0]) || vasprintf(&a->v[a->n], fmt, ap) < 0)
		abort();
	va_end(ap);
	a->v[++a->n] = NULL;
}

#define ARG2(a, option, ...)                                                                       \
	do {                                                                                       \
		arg(a, option);                                                                    \
		arg(a, __VA_ARGS__);                                                               \
	} while (0)

static void argv_drop(struct argv *a)
{
	for (int i = 0; i < a->n; i++)
		free(a->v[i]);
}

/* "0000:00:03.0" as QEMU's addr= wants it: "03.0". */
static const char *slot(const char *pci)
{
	return strlen(pci) > 8 ? pci + 8 : pci;
}

static void nic_args(
	struct argv *a, const struct body *b, const struct nvram *n, unsigned at, bool net_boot)
{
	const struct body_nic *nic = &b->nic[at];
	char mac[MAC_TEXT];
	ARG2(a, "-netdev", "tap,id=n%u,ifname=%s,script=no,downscript=no,vnet_hdr=off", at,
		nic->tap);
	/* SeaBIOS tries any card that has a ROM once the disk has failed; a blade that nobody told
	 * to boot from the network shall not, so its card shows no ROM then. */
	bool rom = nic->has_rom && (net_boot || b->is_uefi);
	arg(a, "-device");
	arg(a, "%s,netdev=n%u,addr=%s,mac=%s%s%s", nic->model, at, slot(nic->pci),
		mac_text(mac, nvram_mac(n, nic->pci)),
		rom ? "" : ",romfile=", net_boot && nic->boots ? ",bootindex=1" : "");
}

/* The place of a LUN among the boot targets, or -1. */
static int boot_place(const struct nvram_hba *h, const struct fabric_lun *l)
{
	for (unsigned i = 0; i < h->targets; i++)
		if (wwn_equal(&h->target[i].wwpn, &l->at.wwpn) && h->target[i].lun == l->at.lun)
			return (int)i;
	return -1;
}

/* QEMU has no Fibre Channel: a SCSI adapter stands for the HBA. */
static void hba_args(struct argv *a, const struct nvram_hba *h, unsigned at, const char *dir)
{
	struct fabric_lun lun[FABRIC_LUNS];
	char luns[300];
	snprintf(luns, sizeof luns, "%s/../luns", dir);
	ARG2(a, "-device", "virtio-scsi-pci,id=hba%u,addr=%s,romfile=", at, slot(h->pci));
	unsigned n = fabric_luns(lun, luns, &h->wwpn);
	for (unsigned i = 0; i < n; i++) {
		int place = boot_place(h, &lun[i]);
		ARG2(a, "-drive", "if=none,id=hba%uf%u,format=raw,file=%s", at, i, lun[i].image);
		arg(a, "-device");
		char boots[32] = "";
		if (place >= 0 && place < 7) /* behind the NIC's 1, before the empty disk's 9 */
			snprintf(boots, sizeof boots, ",bootindex=%d", 2 + place);
		arg(a, "scsi-hd,bus=hba%u.0,scsi-id=%u,lun=%u,drive=hba%uf%u%s", at, i,
			lun[i].at.lun, at, i, boots);
	}
}

static void make_args(struct argv *a, const struct body *b, const struct nvram *n, const char *dir,
	bool net_boot, const int line[BODY_LINES])
{
	arg(a, "qemu-system-x86_64");
	ARG2(a, "-name", "%s", b->name);
	ARG2(a, "-accel", "tcg,thread=multi,tb-size=256");
	ARG2(a, "-machine", "%s", b->machine);
	ARG2(a, "-cpu", "%s", b->cpu);
	ARG2(a, "-m", "%u", b->memory);
	if (n->uuid[0])
		ARG2(a, "-uuid", "%s", n->uuid);
	if (n->serial[0])
		ARG2(a, "-smbios", "type=1,serial=%s", n->serial);
	arg(a, "-nodefaults");
	arg(a, "-no-user-config");
	arg(a, "-no-reboot");
	ARG2(a, "-display", "none");
	ARG2(a, "-vga", "none");
	ARG2(a, "-rtc", "base=utc");
	if (b->is_uefi) {
		ARG2(a, "-drive", "if=pflash,format=raw,readonly=on,file=%s", OVMF);
		ARG2(a, "-drive", "if=pflash,format=raw,file=%s/vars.fd", dir);
	}
	static const char *const name[] = { "qmp", "console", "agent", "nvram" };
	for (int i = 0; i < BODY_LINES; i++)
		ARG2(a, "-chardev", "socket,id=%s,fd=%d", name[i], line[i]);
	ARG2(a, "-mon", "chardev=qmp,mode=control");
	ARG2(a, "-serial", "chardev:console");
	ARG2(a, "-serial", "chardev:agent");
	ARG2(a, "-device", "virtio-serial-pci,addr=0f.0");
	ARG2(a, "-device", "virtserialport,chardev=nvram,name=org.baton.nvram");
	ARG2(a, "-device", "virtio-rng-pci,addr=0e.0");
	/* A blade without a network boot goes to this empty disk, finds nothing, and idles. */
	ARG2(a, "-blockdev", "driver=null-co,node-name=empty,size=1048576,read-zeroes=on");
	ARG2(a, "-device", "virtio-blk-pci,addr=10.0,drive=empty,bootindex=9");
	for (unsigned i = 0; i < b->nics; i++)
		nic_args(a, b, n, i, net_boot);
	for (unsigned i = 0; i < n->hbas; i++)
		hba_args(a, &n->hba[i], i, dir);
}

static int copy_vars(const char *dir, struct err *e)
{
	char to[300], buf[65536];
	snprintf(to, sizeof to, "%s/vars.fd", dir);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return errno == EEXIST ? 0 : err_set(e, errno, "blade: create %s", to);
	int in = open(OVMF_VARS, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;
	while (in >= 0 && (got = read(in, buf, sizeof buf)) > 0)
		if (write(out, buf, (size_t)got) != got)
			break;
	int bad = got == 0 ? 0 : errno;
	close(out);
	if (in >= 0)
		close(in);
	return bad ? err_set(e, bad, "blade: copy %s to %s", OVMF_VARS, to) : 0;
}

/* In the child: the far ends become plain descriptors, everything else closes at exec. */
static void become(struct argv *a, const char *dir, const int far[BODY_LINES])
{
	char log[300];
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(log, sizeof log, "%s/qemu.log", dir);
	int null = open("/dev/null", O_RDONLY),
	    out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (null < 0 || out < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(127);
	for (int i = 0; i < BODY_LINES; i++)
		if (fcntl(far[i], F_SETFD, 0) < 0)
			_exit(127);
	execvp(a->v[0], a->v);
	dprintf(2, "blade: start %s: %s\n", a->v[0], strerror(errno));
	_exit(127);
}

int body_start(struct body_run *ret, const struct body *b, const struct nvram *n, const char *dir,
	bool net_boot, struct err *e)
{
	int r = b->is_uefi ? copy_vars(dir, e) : 0;
	if (r < 0)
		return r;
	struct body_run run = { .pid = 0, .line = { -1, -1, -1, -1 } };
	int far[BODY_LINES] = { -1, -1, -1, -1 };
	for (int i = 0; i < BODY_LINES; i++) {
		int pair[2];
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
			r = err_set(e, errno, "blade: socketpair");
			goto out;
		}
		run.line[i] = pair[0];
		far[i] = pair[1];
		/* Only ours: QEMU sets its own end as it likes. */
		fcntl(pair[0], F_SETFL, O_NONBLOCK);
	}
	struct argv a = { .n = 0 };
	make_args(&a, b, n, dir, net_boot, far);
	run.pid = fork();
	if (run.pid == 0)
		become(&a, dir, far);
	r = run.pid < 0 ? err_set(e, errno, "blade: fork") : 0;
	argv_drop(&a);
out:
	for (int i = 0; i < BODY_LINES; i++)
		if (far[i] >= 0)
			close(far[i]);
	if (r < 0) {
		run.pid = 0;
		body_stop(&run);
		return r;
	}
	*ret = run;
	return 0;
}

void body_stop(struct body_run *run)
{
	if (run->pid > 0) {
		kill(run->pid, SIGKILL);
		while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	run->pid = 0;
	for (int i = 0; i < BODY_LINES; i++) {
		if (run->line[i] >= 0)
			close(run->line[i]);
		run->line[i] = -1;
	}
}
