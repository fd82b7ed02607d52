/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading, writing and reading back one HBA: see hba.h. */
#include "initramfs/hba.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TARGET_TEXT = WWN_TEXT + 32 };

/* The names by which a tool finds the port: the kernel's, else what was read. */
static struct pack_card about(const struct hba *h)
{
	struct pack_card c = { .pci = h->pci };
	if (!wwn_is_zero(&h->wwpn))
		c.old_wwpn = &h->wwpn;
	if (!wwn_is_zero(&h->wwnn))
		c.old_wwnn = &h->wwnn;
	return c;
}

static int choose(
	const struct pack **ret, const struct tools *t, const struct hba *h, struct err *e)
{
	struct tool_on on = { PACK_FC, h->driver, h->vendor, h->device, about(h) };
	return tool_choose(ret, t, &on, e);
}

static int not_found(const struct hba *h, const struct pack *p, enum pack_rule rule,
	const char *output, struct err *e)
{
	char words[RUN_WORDS + 1];
	return err_say(e, EIO, "card %s: pack %s: read: no sense by the rule `%s` in: %s", h->pci,
		p->name, pack_rule_word(rule), run_words(words, output));
}

static int read_state(
	struct hba_state *ret, const struct pack *p, const struct hba *h, struct err *e)
{
	struct run r;
	struct pack_card c = about(h);
	int bad = tool_call(&r, p, PACK_READ, &c, e);
	*ret = (struct hba_state){ 0 };
	snprintf(ret->tool, sizeof ret->tool, "%s", p->name);
	if (bad)
		return bad;
	if (!pack_wwn(&ret->wwpn, p, RULE_WWPN, r.output))
		return not_found(h, p, RULE_WWPN, r.output, e);
	if (!pack_wwn(&ret->wwnn, p, RULE_WWNN, r.output))
		return not_found(h, p, RULE_WWNN, r.output, e);
	if (*p->command[PACK_READ_TARGETS]) {
		bad = tool_call(&r, p, PACK_READ_TARGETS, &c, e);
		if (bad)
			return bad;
	}
	int n = pack_targets(ret->target, FC_TARGETS, p, r.output);
	if (n < 0)
		return not_found(h, p, RULE_TARGETS, r.output, e);
	ret->targets = (unsigned)n;
	return 0;
}

/* What the job wants of it; a name that it does not say stays what it is. */
static struct hba_state wanted_of(const struct job *j, unsigned hba, const struct hba_state *is)
{
	const struct job_hba *h = &j->hba[hba];
	struct hba_state w = *is;
	if (!wwn_is_zero(&h->wanted))
		w.wwpn = h->wanted;
	if (!wwn_is_zero(&h->wanted_node))
		w.wwnn = h->wanted_node;
	w.targets = job_targets(w.target, j, hba);
	return w;
}

static bool same_names(const struct hba_state *a, const struct hba_state *b)
{
	return wwn_equal(&a->wwpn, &b->wwpn) && wwn_equal(&a->wwnn, &b->wwnn);
}

/* Both have an i-th boot target, and it is the same. */
static bool same_target(const struct hba_state *a, const struct hba_state *b, unsigned i)
{
	return i < a->targets && i < b->targets &&
	       wwn_equal(&a->target[i].wwpn, &b->target[i].wwpn) &&
	       a->target[i].lun == b->target[i].lun;
}

static bool same_targets(const struct hba_state *a, const struct hba_state *b)
{
	bool same = a->targets == b->targets;
	for (unsigned i = 0; same && i < a->targets; i++)
		same = same_target(a, b, i);
	return same;
}

static const char *target_text(char to[TARGET_TEXT], const struct hba_state *s, unsigned i)
{
	char wwpn[WWN_TEXT];
	if (i >= s->targets)
		return "none";
	snprintf(to, TARGET_TEXT, "%s LUN %" PRIu64, wwn_text(wwpn, &s->target[i].wwpn),
		s->target[i].lun);
	return to;
}

/* Without a pack, the kernel's word on the names is enough where nothing is to be written; of boot
 * targets it knows nothing. */
static bool is_set_already(struct hba_state *ret, const struct job *j, unsigned hba)
{
	const struct hba *h = j->hba[hba].hba;
	*ret = (struct hba_state){ .wwpn = h->wwpn, .wwnn = h->wwnn, .tool = "none" };
	struct hba_state want = wanted_of(j, hba, ret);
	return !wwn_is_zero(&h->wwpn) && same_names(ret, &want) && want.targets == 0;
}

void hba_ask(struct hba *h, const struct tools *t)
{
	const struct pack *p;
	struct hba_state s;
	if (!wwn_is_zero(&h->wwpn) || choose(&p, t, h, NULL) || read_state(&s, p, h, NULL))
		return;
	h->wwpn = s.wwpn;
	h->wwnn = s.wwnn;
}

static void banner(const struct job *j, const struct hba *h, const struct hba_state *old,
	const struct hba_state *new)
{
	char a[WWN_TEXT], b[WWN_TEXT], target[TARGET_TEXT];
	bool own = j->deed == JOB_RESTORE;
	printf("\n  ==============================================================\n"
	       "     %s  HBA %s (%s)\n"
	       "     old WWPN      %s  WWNN %s\n",
		j->machine, h->pci, h->driver, wwn_text(a, &old->wwpn), wwn_text(b, &old->wwnn));
	printf("     NEW WWPN      %s  WWNN %s   %s%s\n", wwn_text(a, &new->wwpn),
		wwn_text(b, &new->wwnn), own ? "its own again" : "of ", own ? "" : j->persona);
	for (unsigned i = 0; i == 0 || i < new->targets; i++)
		printf("     BOOTS FROM    %s\n", target_text(target, new, i));
	printf("  ==============================================================\n\n");
	fflush(stdout);
}

static int write_names(const struct pack *p, const struct hba *h, const struct hba_state *is,
	const struct hba_state *want, bool restore, struct err *e)
{
	struct run r;
	struct pack_card c = about(h);
	bool has = restore && *p->command[PACK_RESTORE];
	c.wwpn = &want->wwpn;
	c.wwnn = &want->wwnn;
	if (!c.old_wwpn)
		c.old_wwpn = &is->wwpn;
	if (!c.old_wwnn)
		c.old_wwnn = &is->wwnn;
	return tool_call(&r, p, has ? PACK_RESTORE : PACK_WRITE, &c, e);
}

static int write_targets(
	const struct pack *p, const struct hba *h, const struct hba_state *want, struct err *e)
{
	struct run r;
	struct pack_card c = about(h);
	int bad = tool_call(&r, p, PACK_TARGET_NONE, &c, e);
	for (unsigned i = 0; i < want->targets && !bad; i++) {
		c.target = &want->target[i];
		c.n = i;
		bad = tool_call(&r, p, PACK_TARGET, &c, e);
	}
	if (!bad && want->targets && *p->command[PACK_BOOT_ON])
		bad = tool_call(&r, p, PACK_BOOT_ON, &c, e);
	return bad;
}

int hba_write(const struct job *j, unsigned hba, const struct tools *t, struct err *e)
{
	const struct hba *h = j->hba[hba].hba;
	const struct pack *p;
	struct hba_state is, want;
	int bad = choose(&p, t, h, e);
	if (bad && is_set_already(&is, j, hba)) {
		printf("baton: HBA %s holds the wanted names already, and no pack is needed\n",
			h->pci);
		return 0;
	}
	if (!bad)
		bad = read_state(&is, p, h, e);
	if (bad)
		return bad;
	want = wanted_of(j, hba, &is);
	bool names = !same_names(&is, &want), targets = !same_targets(&is, &want);
	if (!names && !targets) {
		printf("baton: HBA %s holds the wanted names and boot targets already\n", h->pci);
		return 0;
	}
	if (targets && !*p->command[PACK_TARGET])
		return err_say(e, ENOTSUP,
			"card %s: pack %s sets no boot targets; want one whose manifest has "
			"target, target_none and targets",
			h->pci, p->name);
	banner(j, h, &is, &want);
	if (names)
		bad = write_names(p, h, &is, &want, j->deed == JOB_RESTORE, e);
	return bad || !targets ? bad : write_targets(p, h, &want, e);
}

static int is_not_wanted(const struct hba *h, const struct hba_state *is,
	const struct hba_state *want, struct err *e)
{
	char a[WWN_TEXT], b[WWN_TEXT], c[WWN_TEXT], d[WWN_TEXT];
	if (!same_names(is, want))
		return err_say(e, EIO,
			"card %s holds WWPN %s, WWNN %s after %s, %s was written by pack %s",
			h->pci, wwn_text(a, &is->wwpn), wwn_text(b, &is->wwnn),
			wwn_text(c, &want->wwpn), wwn_text(d, &want->wwnn), is->tool);
	unsigned i = 0;
	while (same_target(is, want, i))
		i++;
	char has[TARGET_TEXT], wants[TARGET_TEXT];
	return err_say(e, EIO,
		"card %s has %u boot targets after %u were set by pack %s; the one at %u is %s, "
		"not %s",
		h->pci, is->targets, want->targets, is->tool, i, target_text(has, is, i),
		target_text(wants, want, i));
}

int hba_verify(struct hba_state *ret, const struct job *j, unsigned hba, const struct tools *t,
	struct err *e)
{
	const struct hba *h = j->hba[hba].hba;
	const struct pack *p;
	struct run r;
	int bad = choose(&p, t, h, e);
	if (bad)
		return is_set_already(ret, j, hba) ? 0 : bad;
	bad = read_state(ret, p, h, e);
	if (bad)
		return bad;
	struct hba_state want = wanted_of(j, hba, ret);
	if (!same_names(ret, &want) || !same_targets(ret, &want))
		return is_not_wanted(h, ret, &want, e);
	if (!*p->command[PACK_VERIFY])
		return 0;
	struct pack_card c = about(h);
	c.wwpn = &want.wwpn;
	c.wwnn = &want.wwnn;
	return tool_call(&r, p, PACK_VERIFY, &c, e);
}
