/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See compat.h. The order of what is looked at is that of a person: what would have to be rebuilt
 * comes before what has to be bought, and that before what has to be dropped into a folder. */
#include "core/compat.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/preflight.h"
#include "core/taking.h"

/* While it is judged: known obstacles, and what nobody knows. */
struct judging {
	struct compat no, unknown;
};

const char *compat_fit_word(enum compat_fit f)
{
	static const char *const words[] = { "yes", "unknown", "no" };
	return words[f];
}

const char *compat_reason_word(enum compat_reason r)
{
	static const char *const words[] = { "nic", "hba", "arch", "firmware", "memory", "cpus",
		"label", "tool-pack" };
	return words[r];
}

/* The same words twice say no more than once. */
__attribute__((format(printf, 3, 4))) static void reason_add(
	struct compat *to, enum compat_reason reason, const char *fmt, ...)
{
	char what[COMPAT_WHAT];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	for (unsigned i = 0; i < to->n; i++)
		if (strcmp(to->why[i].what, what) == 0)
			return;
	if (to->n == COMPAT_REASONS)
		return;
	to->why[to->n].reason = reason;
	memcpy(to->why[to->n++].what, what, sizeof what);
}

static void judge_nics(struct judging *j, const struct persona *p, const struct machine *m)
{
	for (unsigned i = 0; i < p->nics; i++)
		if (nic_for(m, p, i) < 0)
			reason_add(&j->no, COMPAT_NIC, "no NIC left that carries its NIC %u%s%s", i,
				*p->nic[i].network ? " on network " : "", p->nic[i].network);
}

static void judge_hbas(struct judging *j, const struct persona *p, const struct machine *m)
{
	for (unsigned i = 0; i < p->hbas; i++)
		if (hba_for(m, p, i) < 0)
			reason_add(&j->no, COMPAT_HBA, "no HBA left that carries its HBA %u", i);
}

static void judge_word(struct judging *j, enum compat_reason reason, const char *what,
	const char *is, const char *want)
{
	if (!*want || strcmp(is, want) == 0)
		return;
	if (*is)
		reason_add(&j->no, reason, "wants %s, it is %s", want, is);
	else
		reason_add(&j->unknown, reason, "wants %s, and its %s is not known", want, what);
}

/* wanted: in words, "64 GiB of memory". */
static void judge_number(struct judging *j, enum compat_reason reason, uint32_t is, uint32_t want,
	const char *wanted)
{
	if (want <= is)
		return;
	if (is)
		reason_add(&j->no, reason, "wants %s, it has less", wanted);
	else
		reason_add(
			&j->unknown, reason, "wants %s, and how much it has is not known", wanted);
}

static void judge_traits(struct judging *j, const struct traits *want, const struct traits *is)
{
	char memory[32], cpus[32];
	bool gib = want->memory_mb % 1024 == 0;
	snprintf(memory, sizeof memory, "%" PRIu32 " %s of memory",
		gib ? want->memory_mb / 1024 : want->memory_mb, gib ? "GiB" : "MiB");
	snprintf(cpus, sizeof cpus, "%" PRIu32 " CPUs", want->cpus);
	judge_word(j, COMPAT_ARCH, "architecture", arch_word(is->arch), arch_word(want->arch));
	judge_word(j, COMPAT_FIRMWARE, "firmware", firmware_word(is->firmware),
		firmware_word(want->firmware));
	judge_number(j, COMPAT_MEMORY, is->memory_mb, want->memory_mb, memory);
	judge_number(j, COMPAT_CPUS, is->cpus, want->cpus, cpus);
	for (unsigned i = 0; i < want->labels; i++) {
		const char *has = traits_label(is, want->label[i].key);
		if (!has || strcmp(has, want->label[i].value) != 0)
			reason_add(&j->no, COMPAT_LABEL, "wants label %s=%s", want->label[i].key,
				want->label[i].value);
	}
}

static void judge_pack(struct judging *j, const char *card, const char *packs)
{
	if (!*card)
		reason_add(&j->unknown, COMPAT_PACK, "no shim has told yet what its cards are");
	else if (!packs)
		reason_add(&j->unknown, COMPAT_PACK, "the tool-packs cannot be read");
	else if (!card_in_packs(packs, card))
		reason_add(&j->no, COMPAT_PACK, "no tool-pack for %s", card);
}

/* Only the shim needs a tool. */
static void judge_packs(
	struct judging *j, const struct persona *p, const struct machine *m, const char *packs)
{
	int at;
	for (unsigned i = 0; i < p->nics; i++)
		if ((at = nic_for(m, p, i)) >= 0)
			judge_pack(j, m->nic[at].card, packs);
	for (unsigned i = 0; i < p->hbas; i++)
		if ((at = hba_for(m, p, i)) >= 0)
			judge_pack(j, m->hba[at].card, packs);
}

void compat_judge(
	struct compat *ret, const struct persona *p, const struct machine *m, const char *packs)
{
	struct judging j = { .no = { .fit = COMPAT_NO }, .unknown = { .fit = COMPAT_UNKNOWN } };
	bool by_bmc = m->taken == TAKING_BMC && m->taking != TAKING_SHIM;
	judge_nics(&j, p, m);
	judge_hbas(&j, p, m);
	judge_traits(&j, &p->wants, &m->is);
	if (!by_bmc)
		judge_packs(&j, p, m, packs);
	*ret = j.no.n ? j.no : j.unknown.n ? j.unknown : (struct compat){ .fit = COMPAT_YES };
	ret->by = ret->fit != COMPAT_YES ? ""
		  : by_bmc               ? taking_word(TAKING_BMC)
		  : p->hbas              ? taking_word(TAKING_SHIM)
					 : taking_word(taking_by_shim(m));
}
