/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See take.h. What stands in front of the persona's own initramfs: the iBFT, which its kernel takes
 * for one of the firmware's, and a rule for udev. A card may have its new address only after a
 * reset; its driver shows the old one until then, and the rule sets the new one before anything
 * looks. */
#include "initramfs/take.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "initramfs/front.h"
#include "initramfs/handover.h"
#include "initramfs/ibft.h"
#include "initramfs/kexec.h"
#include "initramfs/lun.h"
#include "initramfs/peer.h"

enum {
	ASK_MS = 10000,
	MOST_S = 120,
	LINE_MOST = 2047, /* of x86: COMMAND_LINE_SIZE */
	RULES_MOST = 4096,
};

static struct http_answer answer;

static int told(struct handover *h, const struct http_url *base, struct err *e)
{
	int r = http_ask(&answer, base, "/handover", NULL, ASK_MS, e);
	if (r < 0)
		return r;
	answer.body[strcspn(answer.body, answer.status == 200 ? "" : "\r\n")] = '\0';
	if (answer.status != 200)
		return err_say(e, EPERM, "%.200s", answer.body);
	r = handover_parse(h, answer.body, e);
	explicit_bzero(answer.body, sizeof answer.body);
	return r;
}

/* The card that the persona's disk is reached by. */
static const struct card *card_of(const struct job *j, const struct mac *mac)
{
	for (unsigned i = 0; i < j->nics; i++)
		if (job_nic_is_due(&j->nic[i]) && mac_equal(&j->nic[i].wanted, mac))
			return j->nic[i].card;
	return NULL;
}

static void rules_put(struct front *f, const struct job *j)
{
	char text[RULES_MOST] = "", now[MAC_TEXT], mine[MAC_TEXT];
	size_t n = 0;
	for (unsigned i = 0; i < j->nics; i++) {
		const struct job_nic *nic = &j->nic[i];
		if (!job_nic_is_due(nic) || mac_equal(&nic->card->current, &nic->wanted))
			continue;
		n += (size_t)snprintf(text + n, sizeof text - n,
			"ACTION==\"add\", SUBSYSTEM==\"net\", ATTR{address}==\"%s\", "
			"PROGRAM==\"/baton/busybox ip link set dev %%k address %s\"\n",
			mac_text(now, &nic->card->current), mac_text(mine, &nic->wanted));
	}
	front_folder(f, "etc");
	front_folder(f, "etc/udev");
	front_folder(f, "etc/udev/rules.d");
	/* Before 80-net-setup-link.rules, where names are given by address. */
	front_file(f, "etc/udev/rules.d/70-baton.rules", 0644, text, n);
}

static int busybox_put(struct front *f, struct err *e)
{
	struct stat st;
	int fd = open("/bin/busybox", O_RDONLY | O_CLOEXEC);
	void *bytes = fd >= 0 && fstat(fd, &st) == 0
			      ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
			      : MAP_FAILED;
	int bad = bytes == MAP_FAILED ? err_set(e, errno, "read /bin/busybox") : 0;
	if (!bad) {
		front_folder(f, "baton");
		front_file(f, "baton/busybox", 0755, bytes, (size_t)st.st_size);
		munmap(bytes, (size_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	return bad;
}

/* The table stands first, where a kernel looks for it long before it unpacks anything. */
static int front_put(int fd, const struct job *j, const struct handover *h, unsigned path,
	const char *pci, struct err *e)
{
	struct front f = { .fd = fd };
	uint8_t table[IBFT_MOST];
	size_t len = ibft_make(table, h, path, pci);
	front_folder(&f, "kernel");
	front_folder(&f, "kernel/firmware");
	front_folder(&f, "kernel/firmware/acpi");
	front_file(&f, "kernel/firmware/acpi/ibft.aml", 0600, table, len);
	explicit_bzero(table, sizeof table);
	rules_put(&f, j);
	int r = busybox_put(&f, e);
	return r < 0 ? r : front_end(&f, e);
}

static int loaded(const struct job *j, const struct handover *h, struct lun *l, struct err *e)
{
	char line[LINE_MOST + 1];
	const struct card *card = card_of(j, &h->mac);
	if (!card)
		return err_say(e, ENODEV, "no card of this machine has the persona's address");
	int r = front_put(l->initrd, j, h, 0, card->pci, e);
	r = r < 0 ? r : lun_read(l, h, e);
	/* Another path than the first: the same table, as long as before, begins with that one. */
	if (r == 0 && l->path && lseek(l->initrd, 0, SEEK_SET) == 0)
		r = front_put(l->initrd, j, h, l->path, card->pci, e);
	r = r < 0 ? r : handover_line(line, sizeof line, h, l->booted.line, e);
	return r < 0 ? r : kexec_ready(l->kernel, l->initrd, line, e);
}

int take_over(const struct job *j, const struct http_url *base, struct err *e)
{
	struct handover h = { .lun = 0 };
	struct lun l = { .kernel = -1, .initrd = memfd_create("initrd", MFD_CLOEXEC) };
	char what[LOADER_PATH + 80];
	/* A disk that neither answers nor fails must not keep the machine from its restart. */
	alarm(MOST_S);
	int r = l.initrd < 0 ? err_set(e, errno, "keep an initramfs in memory") : 0;
	r = r < 0 ? r : kexec_allowed(e);
	r = r < 0 ? r : told(&h, base, e);
	r = r < 0 ? r : loaded(j, &h, &l, e);
	explicit_bzero(&h, sizeof h);
	if (r == 0) {
		snprintf(what, sizeof what, "starts %s of partition %u", l.booted.kernel,
			l.booted.part.n);
		printf("baton: %s\n", what);
		peer_say(base, "handover", what);
		r = kexec_go(e);
	}
	if (l.kernel >= 0)
		close(l.kernel);
	if (l.initrd >= 0)
		close(l.initrd);
	return r;
}
