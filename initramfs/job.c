/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the work order and finding its cards: see job.h. */
#include "initramfs/job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const deeds[] = { "identity", "restore" };

const char *job_deed_word(enum job_deed d)
{
	return deeds[d];
}

static bool read_number(uint32_t *ret, const char *text)
{
	size_t n = strspn(text, "0123456789");
	unsigned long long v = n && n < 11 && !text[n] ? strtoull(text, NULL, 10) : UINT64_MAX;
	if (v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static bool read_name(char to[NAME_LEN + 1], const char *text)
{
	if (!name_ok(text))
		return false;
	snprintf(to, NAME_LEN + 1, "%s", text);
	return true;
}

/* "-" is no address. */
static bool read_mac(struct mac *ret, const char *text)
{
	return strcmp(text, "-") == 0 || (mac_parse(ret, text) && mac_is_unicast(ret));
}

static bool read_nic(struct job *j, char *word[], unsigned words)
{
	struct job_nic n = { .carries = words == 5 && strcmp(word[4], "carries") == 0 };
	if (words != 5 || j->nics == JOB_NICS || (!n.carries && strcmp(word[4], "keeps") != 0))
		return false;
	bool has_pci = strcmp(word[1], "-") != 0;
	if (has_pci && !pci_ok(word[1]))
		return false;
	if (has_pci)
		snprintf(n.pci, sizeof n.pci, "%s", word[1]);
	if (!read_mac(&n.factory, word[2]) || !read_mac(&n.wanted, word[3]))
		return false;
	j->nic[j->nics++] = n;
	return true;
}

static bool read_line(struct job *j, bool *has_deed, char *line)
{
	char *word[6], *rest = line;
	unsigned words = 0;
	for (char *w; words < 6 && (w = strsep(&rest, " "));)
		word[words++] = w;
	if (strcmp(word[0], "nic") == 0)
		return read_nic(j, word, words);
	if (words != 2)
		return false;
	if (strcmp(word[0], "deed") == 0) {
		*has_deed = true;
		j->deed = strcmp(word[1], deeds[JOB_RESTORE]) == 0 ? JOB_RESTORE : JOB_IDENTITY;
		return strcmp(word[1], deeds[j->deed]) == 0;
	}
	if (strcmp(word[0], "machine") == 0)
		return read_name(j->machine, word[1]);
	if (strcmp(word[0], "persona") == 0)
		return !*word[1] || read_name(j->persona, word[1]);
	if (strcmp(word[0], "takes") == 0)
		return (j->handover = strcmp(word[1], "handover") == 0);
	return strcmp(word[0], "generation") == 0 && read_number(&j->generation, word[1]);
}

int job_parse(struct job *ret, const char *text, struct err *e)
{
	struct job j = { 0 };
	bool has_deed = false;
	unsigned number = 0;
	if (strlen(text) > JOB_TEXT_MAX)
		return err_say(e, EINVAL, "job: longer than 8 KiB");
	while (*text) {
		size_t n = strcspn(text, "\n");
		char line[256];
		number++;
		if (n >= sizeof line)
			return err_say(
				e, EINVAL, "job: line %u is longer than 255 characters", number);
		memcpy(line, text, n);
		line[n] = '\0';
		text += n + (text[n] ? 1 : 0);
		if (*line && !read_line(&j, &has_deed, line)) {
			memcpy(line, text - n - (text[-1] == '\n' ? 1 : 0), n);
			return err_say(e, EINVAL, "job: line %u is not one this shim knows: %.60s",
				number, line);
		}
	}
	if (!has_deed || !*j.machine)
		return err_say(e, EINVAL, "job: no deed or no machine in it");
	*ret = j;
	return 0;
}

static bool card_at(const struct card *c, const struct job_nic *n)
{
	return strcmp(c->pci, n->pci) == 0;
}

static bool card_holds(const struct card *c, const struct mac *m)
{
	return !mac_is_zero(m) && (mac_equal(&c->permanent, m) || mac_equal(&c->current, m));
}

/* The only card that fits; NULL with *several when more than one does. */
static const struct card *card_of(
	const struct job_nic *n, const struct card *card, size_t cards, bool *several)
{
	const struct card *found[4] = { NULL };
	unsigned count[4] = { 0 };
	for (const struct card *c = card; c < card + cards; c++) {
		bool at = *n->pci && card_at(c, n);
		bool factory = card_holds(c, &n->factory), wanted = card_holds(c, &n->wanted);
		/* Two ports may share one PCI function: then the address decides. */
		bool is[4] = { at && (factory || wanted), at, !*n->pci && factory,
			!*n->pci && wanted };
		for (int i = 0; i < 4; i++)
			if (is[i] && !count[i]++)
				found[i] = c;
	}
	for (int i = 0; i < 4; i++)
		if (count[i]) {
			*several = count[i] > 1;
			return *several ? NULL : found[i];
		}
	return NULL;
}

int job_match(struct job *j, const struct card *card, size_t cards, struct err *e)
{
	for (unsigned i = 0; i < j->nics; i++) {
		struct job_nic *n = &j->nic[i];
		bool several = false;
		char factory[MAC_TEXT];
		n->card = card_of(n, card, cards, &several);
		if (n->card || !job_nic_is_due(n))
			continue;
		mac_text(factory, &n->factory);
		if (several)
			return err_say(e, ENODEV,
				"machine %s: several cards fit the NIC %s %s; want one at that PCI "
				"address",
				j->machine, *n->pci ? n->pci : "-", factory);
		return err_say(e, ENODEV,
			"machine %s: no card with the factory address %s%s%s among its %zu; want "
			"its driver "
			"in the shim, or the right address in `baton machine add`",
			j->machine, factory, *n->pci ? " at PCI " : "", n->pci, cards);
	}
	for (unsigned i = 0; i < j->nics; i++)
		for (unsigned k = 0; k < i; k++)
			if (j->nic[i].card && j->nic[i].card == j->nic[k].card)
				return err_say(e, ENODEV,
					"machine %s: two of its NICs are the card at PCI %s",
					j->machine, j->nic[i].card->pci);
	return 0;
}
