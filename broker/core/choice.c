/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes a machine unfit, and which of the fit ones is best: see choice.h. */
#include "core/choice.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum { SIZE_TEXT = 24, SIDE_TEXT = 128 };

/* Ends a text that had to be cut. */
static void cut_mark(char *to, size_t size)
{
	memcpy(to + size - 4, "...", 4);
}

__attribute__((format(printf, 2, 3))) static void reason_add(
	struct verdict *v, const char *fmt, ...)
{
	size_t at = strlen(v->why);
	va_list ap;
	if (at)
		at += (size_t)snprintf(v->why + at, sizeof v->why - at, "; ");
	v->fit = false;
	if (at >= sizeof v->why) {
		cut_mark(v->why, sizeof v->why);
		return;
	}
	va_start(ap, fmt);
	int n = vsnprintf(v->why + at, sizeof v->why - at, fmt, ap);
	va_end(ap);
	if (n >= (int)(sizeof v->why - at))
		cut_mark(v->why, sizeof v->why);
}

static const char *memory_text(char to[SIZE_TEXT], uint32_t mb)
{
	bool whole = mb % 1024 == 0;
	snprintf(to, SIZE_TEXT, "%" PRIu32 " %s", whole ? mb / 1024 : mb, whole ? "GiB" : "MiB");
	return to;
}

static const char *count_text(char to[SIZE_TEXT], uint32_t n, const char *one)
{
	snprintf(to, SIZE_TEXT, "%" PRIu32 " %s%s", n, one, n == 1 ? "" : "s");
	return to;
}

/* ------------------------------------------------------------------ what stands in the way */

static void judge_work(struct verdict *v, const struct persona *p, const struct candidate *c)
{
	if (*c->carries && strcmp(c->carries, p->name) == 0)
		reason_add(v, "is where %s is now", p->name);
	else if (*c->carries)
		reason_add(v, "carries persona %s", c->carries);
	if (c->order.id && c->order.planned)
		reason_add(v, "has a part in %s %s of this plan", verb_word(c->order.verb),
			c->order.persona);
	else if (c->order.id)
		reason_add(v, "%s: order %" PRIu64 " (%s %s)",
			c->order.stopped ? "waits for a person" : "is at work", c->order.id,
			verb_word(c->order.verb), c->order.persona);
	if (c->emptied_by)
		reason_add(v, "is being evacuated: batch %" PRIu64, c->emptied_by);
	if (*c->stale_of)
		reason_add(v,
			"is stale: its cards may hold addresses of %s, and `baton restore %s` "
			"takes them off",
			c->stale_of, c->m->name);
	if (*c->like)
		reason_add(v,
			"could not be told from %s, which was never seen off: `baton restore %s`",
			c->like, c->like);
}

static void judge_traits(struct verdict *v, const struct persona *p, const struct traits *is)
{
	const struct traits *want = &p->wants;
	char a[SIZE_TEXT], b[SIZE_TEXT];
	if (want->arch && !is->arch)
		reason_add(v, "its architecture is not known, %s wants %s", p->name,
			arch_word(want->arch));
	else if (want->arch && want->arch != is->arch)
		reason_add(v, "is %s, %s wants %s", arch_word(is->arch), p->name,
			arch_word(want->arch));
	if (want->firmware && !is->firmware)
		reason_add(v, "its firmware is not known, %s wants %s", p->name,
			firmware_word(want->firmware));
	else if (want->firmware && want->firmware != is->firmware)
		reason_add(v, "boots by %s, %s wants %s", firmware_word(is->firmware), p->name,
			firmware_word(want->firmware));
	if (want->memory_mb && !is->memory_mb)
		reason_add(v, "its memory is not known, %s wants %s", p->name,
			memory_text(b, want->memory_mb));
	else if (want->memory_mb > is->memory_mb)
		reason_add(v, "has %s of memory, %s wants %s", memory_text(a, is->memory_mb),
			p->name, memory_text(b, want->memory_mb));
	if (want->cpus && !is->cpus)
		reason_add(v, "its CPUs are not known, %s wants %" PRIu32, p->name, want->cpus);
	else if (want->cpus > is->cpus)
		reason_add(v, "has %s, %s wants %" PRIu32, count_text(a, is->cpus, "CPU"), p->name,
			want->cpus);
}

static void judge_labels(struct verdict *v, const struct persona *p, const struct traits *is)
{
	for (unsigned i = 0; i < p->wants.labels; i++) {
		const struct label *want = &p->wants.label[i];
		const char *has = traits_label(is, want->key);
		if (!has)
			reason_add(v, "has no label %s, %s wants %s=%s", want->key, p->name,
				want->key, want->value);
		else if (strcmp(has, want->value) != 0)
			reason_add(v, "has label %s=%s, %s wants %s=%s", want->key, has, p->name,
				want->key, want->value);
	}
}

static void judge_nics(struct verdict *v, const struct persona *p, const struct machine *m)
{
	for (unsigned i = 0; i < p->nics; i++)
		if (nic_for(m, p, i) < 0)
			reason_add(v, "has no NIC left that carries NIC %u of %s%s%s", i, p->name,
				*p->nic[i].network ? " on network " : "", p->nic[i].network);
	for (unsigned i = 0; i < p->hbas; i++)
		if (hba_for(m, p, i) < 0)
			reason_add(v, "has no HBA left that carries HBA %u of %s", i, p->name);
}

static void judge_apart(struct verdict *v, const struct persona *p, const struct machine *m,
	const struct neighbour *near, size_t n)
{
	const char *rack = traits_label(&m->is, RACK_LABEL);
	for (size_t i = 0; rack && *p->apart && i < n; i++)
		if (near[i].rack && strcmp(near[i].rack, rack) == 0)
			reason_add(v,
				"stands in rack %s as %s does, where %s is; both are of group %s",
				rack, near[i].machine, near[i].persona, p->apart);
}

/* ------------------------------------------------------------------ which one is best */

/* One measure by which a fit machine is better than another: the smaller number. */
struct measure {
	uint64_t (*of)(const struct candidate *c);
	const char *(*text)(char to[SIDE_TEXT], const struct candidate *c);
	bool against; /* what is said counts against it, and says enough alone */
};

static uint64_t failed_of(const struct candidate *c)
{
	return c->failed.id != 0;
}

/* Of one on which something has failed. */
static const char *failed_text(char to[SIDE_TEXT], const struct candidate *c)
{
	snprintf(to, SIDE_TEXT, "order %" PRIu64 " failed on it at %s: %s", c->failed.id,
		c->failed.step, c->failed.why);
	return to;
}

static uint64_t rehearsed_of(const struct candidate *c)
{
	return c->rehearsed.id != 0;
}

/* Of one on which a rehearsal has failed. */
static const char *rehearsed_text(char to[SIDE_TEXT], const struct candidate *c)
{
	enum { MINUTE_S = 60, HOUR_S = 3600 };
	double s = c->rehearsed.ago_s;
	unsigned long n = (unsigned long)(s < HOUR_S ? s / MINUTE_S : s / HOUR_S);
	snprintf(to, SIDE_TEXT, "its rehearsal of %s failed at %s, %lu %s ago", c->rehearsed.of,
		c->rehearsed.step, n, s < HOUR_S ? "min" : "h");
	return to;
}

/* What is not known comes last: nobody can say how much would lie idle. */
static uint64_t memory_of(const struct candidate *c)
{
	return c->m->is.memory_mb ? c->m->is.memory_mb : UINT64_MAX;
}

static const char *memory_side(char to[SIDE_TEXT], const struct candidate *c)
{
	char size[SIZE_TEXT];
	if (c->m->is.memory_mb)
		snprintf(to, SIDE_TEXT, "%s of memory", memory_text(size, c->m->is.memory_mb));
	else
		snprintf(to, SIDE_TEXT, "memory that is not known");
	return to;
}

static uint64_t cpus_of(const struct candidate *c)
{
	return c->m->is.cpus ? c->m->is.cpus : UINT64_MAX;
}

static const char *cpus_side(char to[SIDE_TEXT], const struct candidate *c)
{
	if (c->m->is.cpus)
		return count_text(to, c->m->is.cpus, "CPU");
	snprintf(to, SIDE_TEXT, "CPUs that are not known");
	return to;
}

static uint64_t nics_of(const struct candidate *c)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < c->m->nics; i++)
		n += c->m->nic[i].carries;
	return n;
}

static const char *nics_side(char to[SIDE_TEXT], const struct candidate *c)
{
	char count[SIZE_TEXT];
	snprintf(to, SIDE_TEXT, "%s for a persona", count_text(count, (uint32_t)nics_of(c), "NIC"));
	return to;
}

static uint64_t hbas_of(const struct candidate *c)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < c->m->hbas; i++)
		n += c->m->hba[i].carries;
	return n;
}

static const char *hbas_side(char to[SIDE_TEXT], const struct candidate *c)
{
	char count[SIZE_TEXT];
	snprintf(to, SIDE_TEXT, "%s for a persona", count_text(count, (uint32_t)hbas_of(c), "HBA"));
	return to;
}

/* In this order. All are as large as is wanted, so the smallest leaves the least unused. */
static const struct measure measures[] = {
	{ failed_of, failed_text, true },
	{ rehearsed_of, rehearsed_text, true },
	{ memory_of, memory_side, false },
	{ cpus_of, cpus_side, false },
	{ nics_of, nics_side, false },
	{ hbas_of, hbas_side, false },
};

/* By which measure two differ; COUNT(measures): by none, and their names decide. */
static size_t differ_by(const struct candidate *a, const struct candidate *b)
{
	size_t i = 0;
	while (i < COUNT(measures) && measures[i].of(a) == measures[i].of(b))
		i++;
	return i;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
	size_t i = differ_by(a, b);
	if (i == COUNT(measures))
		return strcmp(a->m->name, b->m->name) < 0;
	return measures[i].of(a) < measures[i].of(b);
}

static void say_second(struct verdict *v, const struct candidate *c, const struct candidate *best)
{
	char mine[SIDE_TEXT], its[SIDE_TEXT];
	size_t i = differ_by(best, c);
	if (i == COUNT(measures))
		snprintf(v->why, sizeof v->why, "fits as well; %s comes first by name",
			best->m->name);
	else if (measures[i].against)
		snprintf(v->why, sizeof v->why, "fits, but %s", measures[i].text(mine, c));
	else
		snprintf(v->why, sizeof v->why,
			"fits as well, but leaves more unused: it has %s, %s has %s",
			measures[i].text(mine, c), best->m->name, measures[i].text(its, best));
}

/* ------------------------------------------------------------------ the whole */

static int by_fit_and_name(const void *a, const void *b)
{
	const struct verdict *x = a, *y = b;
	if (x->fit != y->fit)
		return y->fit - x->fit;
	return strcmp(x->machine, y->machine);
}

size_t choice_make(struct verdict *ret, const struct persona *p, const struct candidate *c,
	size_t n, const struct neighbour *near, size_t nears)
{
	size_t fit = 0, best = n;
	for (size_t i = 0; i < n; i++) {
		ret[i] = (struct verdict){ .fit = true };
		memcpy(ret[i].machine, c[i].m->name, sizeof ret[i].machine);
		judge_work(&ret[i], p, &c[i]);
		judge_traits(&ret[i], p, &c[i].m->is);
		judge_labels(&ret[i], p, &c[i].m->is);
		judge_nics(&ret[i], p, c[i].m);
		judge_apart(&ret[i], p, c[i].m, near, nears);
		fit += ret[i].fit;
		if (ret[i].fit && (best == n || is_better(&c[i], &c[best])))
			best = i;
	}
	for (size_t i = 0; i < n; i++)
		if (ret[i].fit && i != best)
			say_second(&ret[i], &c[i], &c[best]);
	if (fit) {
		struct verdict first = ret[best];
		ret[best] = ret[0];
		ret[0] = first;
		qsort(ret + 1, n - 1, sizeof *ret, by_fit_and_name);
	} else if (n) {
		qsort(ret, n, sizeof *ret, by_fit_and_name);
	}
	return fit;
}

void choice_text(char *to, size_t size, const struct verdict *v, size_t n)
{
	enum { TAIL = sizeof ", and 4294967295 more" };
	size_t at = 0;
	*to = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t left = size - at, keep = i + 1 < n ? TAIL : 0;
		int len = snprintf(
			to + at, left, "%s%s (%.160s)", i ? ", " : "", v[i].machine, v[i].why);
		if (i && (size_t)len + keep >= left) {
			snprintf(to + at, left, ", and %zu more", n - i);
			return;
		}
		at += (size_t)len < left ? (size_t)len : left - 1;
	}
}
