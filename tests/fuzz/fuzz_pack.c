/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a manifest, as a work order, as what was read back, as a handover and as an HTTP
 * answer: refused with a sentence, or good for every command that it holds, and for a table of the
 * firmware. Any bytes as the firmware's table: a number, and nothing read behind its end. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "initramfs/back.h"
#include "initramfs/http.h"
#include "initramfs/ibft.h"
#include "initramfs/job.h"
#include "initramfs/linux64.h"
#include "initramfs/pack.h"
#include "initramfs/smbios.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_manifest(const char *text, size_t len)
{
	struct pack p;
	struct pack_args a;
	struct err e = { 0 };
	struct mac mac = { { 2, 0xba, 0x70, 0, 0, 1 } }, found;
	struct wwn wwn = { { 0x20, 0, 2, 0xba, 0x70, 0, 0, 1 } }, name;
	struct uuid uuid = { { 1 } };
	struct fc_target target = { wwn, 3 }, all[FC_TARGETS];
	char serial[PACK_SERIAL_LEN + 1];
	static const char said[] = "mac 02:ba:70:00:00:01\nBase MAC: 02ba70000001 1\n"
				   "hba 20:00:02:ba:70:00:00:01 20:01:02:ba:70:00:00:01 "
				   "50:06:01:60:3b:a0:00:01/3\nboard "
				   "00020003-0004-0005-0006-000700080009 S1\n";
	const struct pack_card card = { .pci = "0000:00:03.0",
		.netdev = "eth0",
		.mac = &mac,
		.old = &mac,
		.wwpn = &wwn,
		.wwnn = &wwn,
		.old_wwpn = &wwn,
		.old_wwnn = &wwn,
		.target = &target,
		.uuid = &uuid,
		.serial = "S1" };
	if (pack_parse(&p, "manifest", text, len, &e) != 0) {
		assert(*e.text);
		return;
	}
	strcpy(p.dir, "/packs/x");
	for (int d = 0; d < PACK_DEEDS; d++)
		if (*p.command[d] && pack_args(&a, &p, (enum pack_deed)d, &card, &e) == 0)
			assert(a.argv[0] && *a.argv[0] == '/');
	pack_mac(&found, &p, said);
	pack_wwn(&name, &p, RULE_WWPN, said);
	pack_wwn(&name, &p, RULE_WWNN, said);
	pack_uuid(&uuid, &p, said);
	if (pack_serial(serial, &p, said))
		assert(strlen(serial) <= PACK_SERIAL_LEN);
	assert(pack_targets(all, FC_TARGETS, &p, said) <= FC_TARGETS);
	pack_fini(&p);
}

static void as_handover(const char *text)
{
	struct handover h;
	struct err e = { 0 };
	uint8_t table[IBFT_MOST], sum = 0;
	if (handover_parse(&h, text, &e) != 0) {
		assert(*e.text);
		return;
	}
	assert(h.paths && h.paths <= HANDOVER_PATHS);
	size_t len = ibft_make(table, &h, h.paths - 1, "0000:00:03.0");
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + table[i]);
	assert(len <= IBFT_MOST && sum == 0);
}

/* Any bytes as a kernel: refused, or everything lies where the machine has memory. */
static void as_kernel(const uint8_t *data, size_t size, const char *text)
{
	static const struct linux_machine m = { .ranges = 1,
		.range = { { 1 << 20, (1 << 28) - 1, 1 } } };
	static struct linux_start s;
	struct linux_range r;
	struct err e = { 0 };
	if (linux_range_parse(&r, text))
		assert(r.first <= r.last && r.type);
	if (linux_prepare(&s, data, size, 1 << 20, "ro", &m, &e) != 0) {
		assert(*e.text);
		return;
	}
	assert(s.kernel_skip < size && s.kernel_room >= size - s.kernel_skip);
	assert(s.kernel_at + s.kernel_room <= 1 << 28 && s.initrd_at + (1 << 20) <= s.kernel_at);
	assert(s.area_at + LINUX_AREA <= s.initrd_at && s.area_at >= 1 << 20);
}

/* What is read can be written down, and that says the same. */
static void as_job(const char *text)
{
	static struct job j, again;
	char kept[JOB_TEXT_MAX + 1], twice[JOB_TEXT_MAX + 1];
	struct err e = { 0 };
	if (job_parse(&j, text, &e) != 0) {
		assert(*e.text);
		return;
	}
	assert(*j.machine && j.nics <= JOB_NICS && j.hbas <= JOB_HBAS);
	for (unsigned i = 0; i < j.targets; i++)
		assert(j.target[i].hba < j.hbas);
	job_text(kept, &j);
	assert(job_parse(&again, kept, NULL) == 0);
	job_text(twice, &again);
	assert(strcmp(kept, twice) == 0);
}

static void as_read_back(const char *text)
{
	static struct back b, again;
	char kept[BACK_TEXT_MAX + 1];
	if (back_parse(&b, text, NULL) != 0)
		return;
	back_text(kept, &b);
	assert(back_parse(&again, kept, NULL) == 0 && b.hbas == again.hbas);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_answer answer;
	struct err e = { 0 };
	char *text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	as_manifest(text, size);
	as_job(text);
	as_read_back(text);
	as_handover(text);
	as_kernel(data, size, text);
	if (http_answer_parse(&answer, text, size, &e) == 0)
		assert(strlen(answer.body) <= HTTP_BODY_MAX);
	free(text);
	uint8_t *table =
		malloc(size ? size : 1); /* of its own, so that a read past its end is seen */
	if (table && size)
		memcpy(table, data, size);
	if (table)
		smbios_memory_mb(table, size);
	free(table);
	return 0;
}
