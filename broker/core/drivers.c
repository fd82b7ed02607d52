/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See drivers.h. */
#include "core/drivers.h"

#include <stdio.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

bool driver_ok(const char *text)
{
	size_t len = strlen(text);
	return len > 0 && len <= DRIVER_LEN && strspn(text, LETTERS "_-.") == len;
}

static bool modalias_word_ok(const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	return colon && colon > word && colon + 1 < word + len &&
	       strspn(word, LETTERS "_:.,-") >= len;
}

bool modalias_ok(const char *text)
{
	size_t len = strlen(text), first = strcspn(text, " ");
	if (len > MODALIAS_LEN || !modalias_word_ok(text, first))
		return false;
	const char *second = text + first + 1;
	return first == len || (modalias_word_ok(second, strlen(second)) && !strchr(second, ' '));
}

/* Four hex digits. */
static bool hex4(unsigned *ret, const char *at)
{
	*ret = 0;
	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef", *one = strchr(digits, at[i] | 0x20);
		if (!at[i] || !one)
			return false;
		*ret = *ret * 16 + (unsigned)(one - digits);
	}
	return true;
}

/* Of a card of which a shim has told no modalias: "8086:100e" as the kernel would write it of an
 * Ethernet card (class 02, subclass 00). What is not known, the subsystem, stands for any in every
 * alias but a few. */
static bool modalias_of(char to[MODALIAS_LEN + 1], const char *card)
{
	unsigned vendor, device;
	if (strlen(card) != 9 || card[4] != ':' || !hex4(&vendor, card) || !hex4(&device, card + 5))
		return false;
	bool virtio = vendor == 0x1af4 && (device == 0x1000 || device == 0x1041);
	snprintf(to, MODALIAS_LEN + 1, "pci:v%08Xd%08Xsv00000000sd00000000bc02sc00i00%s", vendor,
		device, virtio ? " virtio:d00000001v00001AF4" : "");
	return true;
}

static void want_word(struct drivers_want *w, unsigned nic, bool name, const char *word, size_t len)
{
	if (len == 0 || len > MODALIAS_LEN || w->n == DRIVERS_MAX)
		return;
	w->nic[w->n] = nic;
	w->name[w->n] = name;
	memcpy(w->word[w->n], word, len);
	w->word[w->n++][len] = '\0';
}

void drivers_wanted(struct drivers_want *ret, const struct machine *m, const struct persona *p)
{
	char of_card[MODALIAS_LEN + 1];
	memset(ret, 0, sizeof *ret);
	for (unsigned i = 0; i < p->nics; i++) {
		int at = nic_for(m, p, i);
		const struct nic *n = at < 0 ? NULL : &m->nic[at];
		if (!n)
			continue;
		const char *alias = n->modalias;
		if (!*alias && modalias_of(of_card, n->card))
			alias = of_card;
		if (!*alias)
			continue;
		size_t first = strcspn(alias, " ");
		want_word(ret, (unsigned)at, false, alias, first);
		if (alias[first])
			want_word(ret, (unsigned)at, false, alias + first + 1,
				strlen(alias + first + 1));
		want_word(ret, (unsigned)at, true, n->driver, strlen(n->driver));
	}
}

/* Of the NIC whose words begin at i. A driver that is built in is in no list of aliases everywhere,
 * and one that is named alike is taken for it; a module of that name may be too old for the card,
 * and has to do only where there is no such list at all. */
static enum finding nic_judge(
	const struct drivers_want *w, const struct drivers_said *s, unsigned i, unsigned *next)
{
	bool fits = s->aliases, named = false, there = false, builtin = false;
	unsigned nic = w->nic[i];
	for (; i < w->n && w->nic[i] == nic; i++) {
		bool is = s->is[i] != DRIVER_MISSING;
		fits &= is || w->name[i];
		if (w->name[i]) {
			named = true;
			there = is;
			builtin = s->is[i] == DRIVER_BUILTIN;
		}
	}
	*next = i;
	if (fits || builtin)
		return FINDING_OK;
	if (!s->aliases && !named)
		return FINDING_UNKNOWN;
	return !s->aliases && there ? FINDING_OK : FINDING_BAD;
}

/* Debian's own way, or dracut's: Fedora and SUSE name the file otherwise. */
static const char *remedy(const char *initramfs)
{
	return strstr(initramfs, "/initrd.img") ? "Debian: MODULES=most, update-initramfs -u"
						: "dracut -f --no-hostonly";
}

void check_drivers(struct checklist *l, const struct preflight_case *c,
	const struct drivers_want *want, const struct drivers_said *s)
{
	const char *persona = c->p->name;
	bool known = true;
	if (s->unknown || s->n != want->n) {
		checklist_add(l, CHECK_drivers, persona, FINDING_UNKNOWN,
			"its initramfs could not be read: %.200s",
			s->unknown ? s->unknown : "the hand did not answer what it was asked");
		return;
	}
	for (unsigned i = 0; i < want->n;) {
		const struct nic *nic = &c->to->nic[want->nic[i]];
		enum finding f = nic_judge(want, s, i, &i);
		known &= f == FINDING_OK;
		if (f != FINDING_BAD)
			continue;
		checklist_add(l, CHECK_drivers, persona, FINDING_BAD,
			"its initramfs (%.100s) has no driver for the card %s of machine %s "
			"(%s%s%s): put it in before the persona gets there (%s)",
			s->initramfs, nic->pci, c->to->name, nic->card, *nic->driver ? ", " : "",
			nic->driver, remedy(s->initramfs));
		return;
	}
	if (!known)
		checklist_add(l, CHECK_drivers, persona, FINDING_UNKNOWN,
			"%.100s does not say which devices its drivers are for", s->initramfs);
	else
		checklist_add(l, CHECK_drivers, persona, FINDING_OK,
			"its initramfs (%.100s) has a driver for each card of machine %s that it "
			"gets%s%.60s",
			s->initramfs, c->to->name, s->n && *s->module[s->n - 1] ? ": " : "",
			s->n ? s->module[s->n - 1] : "");
}
