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

/* The next word, behind the blank that follows; 0 at the end. */
static size_t word_len(const char *text)
{
	return strcspn(text, " ");
}

static bool modalias_word_ok(const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	return colon && colon > word && colon + 1 < word + len &&
	       strspn(word, LETTERS "_:.,-") >= len;
}

bool modalias_ok(const char *text)
{
	size_t first = word_len(text);
	if (strlen(text) > MODALIAS_LEN || !modalias_word_ok(text, first))
		return false;
	const char *second = text + first;
	return !*second ||
	       (modalias_word_ok(second + 1, strlen(second + 1)) && !strchr(second + 1, ' '));
}

static void want(struct drivers_wanted *w, const char *word, size_t len)
{
	for (unsigned i = 0; i < w->n; i++)
		if (strncmp(w->word[i], word, len) == 0 && !w->word[i][len])
			return;
	if (len == 0 || len > MODALIAS_LEN || w->n == DRIVERS_MAX)
		return;
	memcpy(w->word[w->n], word, len);
	w->word[w->n++][len] = '\0';
}

static int wanted_at(const struct drivers_wanted *w, const char *word, size_t len)
{
	for (unsigned i = 0; i < w->n; i++)
		if (strncmp(w->word[i], word, len) == 0 && !w->word[i][len])
			return (int)i;
	return -1;
}

void drivers_wanted(struct drivers_wanted *ret, const struct machine *m, const struct persona *p)
{
	memset(ret, 0, sizeof *ret);
	for (unsigned i = 0; i < p->nics; i++) {
		int at = nic_for(m, p, i);
		if (at < 0)
			continue;
		const char *alias = m->nic[at].modalias;
		for (size_t len = word_len(alias); len; alias += len, len = word_len(alias)) {
			want(ret, alias, len);
			len += alias[len] == ' ';
		}
		want(ret, m->nic[at].driver, strlen(m->nic[at].driver));
	}
}

/* A driver that is built in is in no list of aliases everywhere, and one that is named alike is
 * taken for it; where there is no such list at all the name has to do for modules, too. */
static enum drivers_verdict nic_judge(
	const struct nic *n, const struct drivers_wanted *w, const struct drivers_found *found)
{
	const char *alias = n->modalias;
	bool all = found->aliases && *alias;
	for (size_t len = word_len(alias); len; alias += len, len = word_len(alias)) {
		int at = wanted_at(w, alias, len);
		all &= at >= 0 && found->is[at] != DRIVER_MISSING;
		len += alias[len] == ' ';
	}
	if (all)
		return DRIVERS_OK;
	int at = *n->driver ? wanted_at(w, n->driver, strlen(n->driver)) : -1;
	if (at >= 0 && found->is[at] == DRIVER_BUILTIN)
		return DRIVERS_OK;
	if (found->aliases && *n->modalias)
		return DRIVERS_BAD;
	if (at < 0)
		return DRIVERS_UNKNOWN;
	return found->is[at] == DRIVER_MISSING ? DRIVERS_BAD : DRIVERS_OK;
}

/* "15b3:1015" of "pci:v000015B3d00001015..."; the upper halves are 0. */
static bool pci_id(char to[10], const char *modalias)
{
	static const char form[] = "pci:v0000VVVVd0000DDDD";
	if (strlen(modalias) < sizeof form - 1 || strncmp(modalias, form, 9) != 0 ||
		modalias[13] != 'd')
		return false;
	snprintf(to, 10, "%.4s:%.4s", modalias + 9, modalias + 18);
	for (char *c = to; *c; c++)
		*c += *c >= 'A' && *c <= 'F' ? 'a' - 'A' : 0;
	return true;
}

/* "0000:00:03.0 (15b3:1015, mlx5_core)" */
static const char *nic_text(char to[96], const struct nic *n)
{
	char mac[MAC_TEXT], id[10] = "";
	bool known = pci_id(id, n->modalias);
	int at = snprintf(to, 96, "%s", *n->pci ? n->pci : mac_text(mac, &n->factory));
	if (known)
		snprintf(to + at, 96 - (size_t)at, " (%s%s%s)", id, *n->driver ? ", " : "",
			n->driver);
	else if (*n->driver)
		snprintf(to + at, 96 - (size_t)at, " (%s)", n->driver);
	return to;
}

/* Fedora and SUSE name the file otherwise, and make it with dracut. */
static const char *remedy(const struct drivers_found *found)
{
	return strstr(found->initramfs, "/initrd.img") ? "run update-initramfs -u with MODULES=most"
						       : "run dracut -f --no-hostonly";
}

enum drivers_verdict drivers_judge(char sentence[DRIVERS_TEXT], const struct machine *m,
	const struct persona *p, const struct drivers_found *found)
{
	struct drivers_wanted w;
	const struct nic *dark = NULL;
	char nic[96];
	unsigned nics = 0;
	drivers_wanted(&w, m, p);
	for (unsigned i = 0; i < p->nics; i++) {
		int at = nic_for(m, p, i);
		const struct nic *n = at < 0 ? NULL : &m->nic[at];
		if (!n)
			continue;
		nics++;
		if (!*n->modalias && !*n->driver) {
			dark = dark ? dark : n;
			continue;
		}
		enum drivers_verdict v =
			*found->unknown ? DRIVERS_UNKNOWN : nic_judge(n, &w, found);
		if (v == DRIVERS_BAD) {
			snprintf(sentence, DRIVERS_TEXT,
				"persona %s: its initramfs (%s) has no driver for %s's NIC %s; %s "
				"in the OS before the move",
				p->name, found->kernel, m->name, nic_text(nic, n), remedy(found));
			return v;
		}
		dark = v == DRIVERS_UNKNOWN && !dark ? n : dark;
	}
	if (dark && !*dark->modalias && !*dark->driver)
		snprintf(sentence, DRIVERS_TEXT,
			"persona %s: which driver %s's NIC %s needs is not known: the shim has not "
			"run there yet",
			p->name, m->name, nic_text(nic, dark));
	else if (*found->unknown)
		snprintf(sentence, DRIVERS_TEXT,
			"persona %s: whether its initramfs has the drivers of %s is not known: "
			"%.319s",
			p->name, m->name, found->unknown);
	else if (dark)
		snprintf(sentence, DRIVERS_TEXT,
			"persona %s: its initramfs (%s) does not say whether it drives %s's NIC %s",
			p->name, found->kernel, m->name, nic_text(nic, dark));
	else
		snprintf(sentence, DRIVERS_TEXT,
			"persona %s: its initramfs (%s) has the drivers of the %u NIC%s of %s that "
			"it uses",
			p->name, found->kernel, nics, nics == 1 ? "" : "s", m->name);
	return dark || *found->unknown ? DRIVERS_UNKNOWN : DRIVERS_OK;
}
