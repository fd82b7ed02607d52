/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks: see preflight.h. */
#include "core/preflight.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"

const char *check_word(enum check_id id)
{
	static const char *const words[] = {
#define CHECK(name, word, what) word,
#include "core/preflight.def"
	};
	return words[id];
}

const char *finding_word(enum finding f)
{
	static const char *const words[] = { "bad", "unknown", "ok" };
	return words[f];
}

/* ------------------------------------------------------------------ the list */

void checklist_add(struct checklist *l, enum check_id id, const char *about, enum finding f,
	const char *fmt, ...)
{
	va_list ap;
	if (l->n == CHECKLIST_MAX)
		return;
	struct check *c = &l->check[l->n++];
	*c = (struct check){ .id = id, .finding = f };
	snprintf(c->about, sizeof c->about, "%s", about);
	va_start(ap, fmt);
	vsnprintf(c->why, sizeof c->why, fmt, ap);
	va_end(ap);
}

unsigned checklist_count(const struct checklist *l, enum finding f)
{
	unsigned n = 0;
	for (unsigned i = 0; i < l->n; i++)
		n += l->check[i].finding == f;
	return n;
}

void checklist_sort(struct checklist *l)
{
	for (unsigned i = 1; i < l->n; i++) {
		struct check c = l->check[i];
		unsigned at = i;
		for (; at > 0 && l->check[at - 1].finding > c.finding; at--)
			l->check[at] = l->check[at - 1];
		l->check[at] = c;
	}
}

void checklist_trouble(char *to, size_t size, const struct checklist *l)
{
	size_t at = 0;
	*to = '\0';
	for (unsigned i = 0; i < l->n && at < size; i++)
		if (l->check[i].finding == FINDING_BAD && l->check[i].id != CHECK_spare_off)
			at += (size_t)snprintf(
				to + at, size - at, "%s%s", at ? "; " : "", l->check[i].why);
}

void check_identity(
	struct checklist *l, const struct preflight_case *c, const struct taking_cards *cards)
{
	char why[TAKING_WHY];
	l->taking = c->verb == VERB_PRESTAGE ? taking_to_prestage(why, c->to, c->p, cards, &c->left)
					     : taking_choose(why, c->to, c->p, cards, &c->left);
	checklist_add(l, CHECK_identity, c->to->name, FINDING_OK, "%s", why);
}

/* ------------------------------------------------------------------ what needs no hand */

void check_nics(struct checklist *l, const struct preflight_case *c)
{
	for (unsigned i = 0; i < c->p->nics; i++)
		if (nic_for(c->to, c->p, i) < 0) {
			checklist_add(l, CHECK_nics_fit, c->to->name, FINDING_BAD,
				"machine %s has no NIC left that carries NIC %u of %s on %s",
				c->to->name, i, c->p->name, c->p->nic[i].network);
			return;
		}
	checklist_add(l, CHECK_nics_fit, c->to->name, FINDING_OK, "it has a NIC for each of %s",
		c->p->name);
}

/* One trait of the machine beside what is wanted; "" and 0 are not known, not wanted. */
static void check_trait(struct checklist *l, enum check_id id, const struct preflight_case *c,
	const char *is, const char *want, const char *option)
{
	const char *p = c->p->name, *m = c->to->name;
	if (!*want)
		checklist_add(l, id, m, FINDING_OK,
			"%s wants none in particular; `--wants %s=` of persona add says which", p,
			option);
	else if (!*is)
		checklist_add(l, id, m, FINDING_UNKNOWN,
			"%s wants %s, and no shim has seen yet what %s is", p, want, m);
	else if (strcmp(is, want) != 0)
		checklist_add(
			l, id, m, FINDING_BAD, "machine %s is %s, %s wants %s", m, is, p, want);
	else
		checklist_add(l, id, m, FINDING_OK, "it is %s, as %s wants", is, p);
}

static void check_unique(struct checklist *l, const struct preflight_case *c)
{
	checklist_add(l, CHECK_addresses_unique, c->p->name, FINDING_OK,
		"the store gives no MAC and no initiator name to two");
}

static void check_fence(struct checklist *l, const struct preflight_case *c)
{
	const char *p = c->p->name;
	if (!*c->p->target)
		return;
	if (persona_is_fenced(c->p))
		checklist_add(l, CHECK_fence, p, FINDING_OK,
			"Baton administers its target: everybody else is shut out first");
	else if (strcmp(c->p->san, "fc") == 0)
		checklist_add(l, CHECK_fence, p, FINDING_UNKNOWN,
			"Fibre Channel knows no secret: exclusivity rests on a BMC that says the "
			"truth, or on masking");
	else
		checklist_add(l, CHECK_fence, p, FINDING_UNKNOWN,
			"Baton does not administer its target, so that it cannot be fenced: "
			"exclusivity rests on silence");
}

/* Of a hexadecimal digit. */
static char lower(char c)
{
	return c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
}

bool card_in_packs(const char *packs, const char *card)
{
	size_t vendor = strcspn(card, ":");
	while (*packs) {
		size_t n = strcspn(packs, " "), i = 0;
		bool any = n == vendor + 2 && packs[n - 1] == '*';
		size_t same = any ? vendor + 1 : n;
		while (i < same && card[i] && lower(packs[i]) == lower(card[i]))
			i++;
		if (n && i == same && (any || !card[i]))
			return true;
		packs += n + (packs[n] == ' ');
	}
	return false;
}

/* The first card that is to take an address and has no pack decides. */
static void check_packs(struct checklist *l, const struct preflight_case *c)
{
	const char *unseen = NULL;
	for (unsigned i = 0; i < c->p->nics; i++) {
		int at = nic_for(c->to, c->p, i);
		const struct nic *nic = at < 0 ? NULL : &c->to->nic[at];
		if (!nic)
			return; /* nics-fit has said so */
		if (!*nic->card)
			unseen = unseen ? unseen : nic->pci;
		else if (c->packs && !card_in_packs(c->packs, nic->card)) {
			checklist_add(l, CHECK_tool_pack, c->to->name, FINDING_BAD,
				"no tool-pack writes the card %s of machine %s (%s): put one into "
				"packs_dir and reload batond",
				nic->pci, c->to->name, nic->card);
			return;
		}
	}
	if (unseen || !c->packs)
		checklist_add(l, CHECK_tool_pack, c->to->name, FINDING_UNKNOWN, "%s",
			unseen ? "no shim has told yet what its cards are"
			       : "the tool-packs cannot be read");
	else
		checklist_add(l, CHECK_tool_pack, c->to->name, FINDING_OK,
			"there is one for each card that takes an address");
}

void check_standing(struct checklist *l, const struct preflight_case *c)
{
	if (!c->to)
		return;
	checklist_add(l, CHECK_can_begin, c->to->name, FINDING_OK,
		"it carries nothing, is not stale, and no order is at it");
	check_nics(l, c);
	check_trait(l, CHECK_architecture, c, arch_word(c->to->is.arch),
		arch_word(c->p->wants.arch), "arch");
	check_trait(l, CHECK_firmware_mode, c, firmware_word(c->to->is.firmware),
		firmware_word(c->p->wants.firmware), "firmware");
	check_unique(l, c);
	check_fence(l, c);
	check_packs(l, c);
}

/* ------------------------------------------------------------------ what hands have answered */

void check_bmc(struct checklist *l, const struct preflight_case *c, enum side side,
	const struct bmc_said *s)
{
	const struct machine *m = side == SIDE_TO ? c->to : c->from;
	bool failover = c->verb == VERB_FAILOVER && side == SIDE_FROM;
	if (s->ok)
		checklist_add(l, CHECK_bmc_answers, m->name, FINDING_OK, "it answers: %s is %s",
			m->name, s->off ? "off" : "on");
	else if (failover)
		checklist_add(l, CHECK_bmc_answers, m->name, FINDING_UNKNOWN,
			"%.200s; the order will wait at `silence` for `baton attest %s`", s->why,
			m->name);
	else
		checklist_add(l, CHECK_bmc_answers, m->name, FINDING_BAD, "%s", s->why);
	if (side != SIDE_TO)
		return;
	if (!s->ok)
		checklist_add(
			l, CHECK_spare_off, m->name, FINDING_UNKNOWN, "its BMC does not answer");
	else if (s->off)
		checklist_add(l, CHECK_spare_off, m->name, FINDING_OK, "it is off");
	else
		checklist_add(l, CHECK_spare_off, m->name, FINDING_BAD,
			"machine %s is on and carries no persona: the order will switch it off "
			"without asking what runs there",
			m->name);
}

/* At a target that Baton administers the fence sets the account: that none is right yet is no
 * trouble. */
static void check_account(
	struct checklist *l, const struct preflight_case *c, const struct look_said *s)
{
	const char *p = c->p->name;
	if (persona_is_fenced(c->p))
		checklist_add(l, CHECK_chap_right, p, FINDING_OK,
			"Baton gives the target a new secret before the start");
	else if (s->refused)
		checklist_add(l, CHECK_chap_right, p, FINDING_BAD, "%s", s->why);
	else if (!s->ok)
		checklist_add(l, CHECK_chap_right, p, FINDING_UNKNOWN, "the LUN was not reached");
	else if (*c->p->chap_user)
		checklist_add(l, CHECK_chap_right, p, FINDING_OK, "the target takes its secret");
	else
		checklist_add(l, CHECK_chap_right, p, FINDING_UNKNOWN,
			"it has no account: the target lets in whoever knows its name");
}

void check_look(struct checklist *l, const struct preflight_case *c, const struct look_said *s)
{
	const char *p = c->p->name;
	if (s->ok)
		checklist_add(l, CHECK_lun_visible, p, FINDING_OK, "by %u of %u portals%s%.200s",
			s->paths, s->portals, *s->dead ? "; " : "", s->dead);
	else if (s->refused)
		checklist_add(l, CHECK_lun_visible, p, FINDING_UNKNOWN,
			"the target is there; without the right secret it shows no LUN");
	else
		checklist_add(l, CHECK_lun_visible, p, FINDING_BAD, "%s", s->why);
	if (!s->ok)
		checklist_add(l, CHECK_lun_bootable, p, FINDING_UNKNOWN, "the LUN was not reached");
	else if (s->bootable)
		checklist_add(l, CHECK_lun_bootable, p, FINDING_OK, "it carries boot code");
	else
		checklist_add(l, CHECK_lun_bootable, p, FINDING_BAD,
			"the disk carries no boot code: install a system on it, or name the right "
			"LUN");
	check_account(l, c, s);
}
