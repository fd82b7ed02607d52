/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and writing the work order: see job.h. */
#include "initramfs/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
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

static bool read_lun(uint64_t *ret, const char *text)
{
	size_t n = strspn(text, "0123456789");
	if (!n || text[n])
		return false;
	errno = 0;
	*ret = strtoull(text, NULL, 10);
	return errno == 0;
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

static bool read_wwn(struct wwn *ret, const char *text)
{
	return strcmp(text, "-") == 0 || (wwn_parse(ret, text) && !wwn_is_zero(ret));
}

static bool read_pci(char to[PCI_TEXT], const char *text)
{
	if (strcmp(text, "-") == 0)
		return true;
	if (!pci_ok(text))
		return false;
	snprintf(to, PCI_TEXT, "%s", text);
	return true;
}

static bool read_carries(bool *ret, const char *text)
{
	*ret = strcmp(text, "carries") == 0;
	return *ret || strcmp(text, "keeps") == 0;
}

static bool read_nic(struct job *j, char *word[], unsigned words)
{
	struct job_nic n = { 0 };
	if (words != 5 || j->nics == JOB_NICS || !read_carries(&n.carries, word[4]) ||
		!read_pci(n.pci, word[1]))
		return false;
	if (!read_mac(&n.factory, word[2]) || !read_mac(&n.wanted, word[3]))
		return false;
	j->nic[j->nics++] = n;
	return true;
}

static bool read_hba(struct job *j, char *word[], unsigned words)
{
	struct job_hba h = { 0 };
	if (words != 6 || j->hbas == JOB_HBAS || !read_carries(&h.carries, word[5]) ||
		!read_pci(h.pci, word[1]) || !read_wwn(&h.own, word[2]) ||
		!read_wwn(&h.wanted, word[3]) || !read_wwn(&h.wanted_node, word[4]))
		return false;
	j->hba[j->hbas++] = h;
	return true;
}

/* Its HBA's line may stand behind it. */
static bool read_target(struct job *j, char *word[], unsigned words)
{
	struct job_target t = { 0 };
	if (words != 4 || j->targets == JOB_TARGETS || !read_number(&t.hba, word[1]) ||
		!wwn_parse(&t.at.wwpn, word[2]) || wwn_is_zero(&t.at.wwpn) ||
		!read_lun(&t.at.lun, word[3]))
		return false;
	j->target[j->targets++] = t;
	return true;
}

/* Plain characters; a blank is one, but not at an end. */
static bool read_serial(struct job *j, const char *text)
{
	size_t n = strlen(text);
	if (*j->serial || n < 1 || n > JOB_SERIAL_LEN || text[0] == ' ' || text[n - 1] == ' ')
		return false;
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return false;
	memcpy(j->serial, text, n + 1);
	return true;
}

static bool read_line(struct job *j, bool *has_deed, char *line)
{
	char *word[7], *rest = line;
	unsigned words = 0;
	if (strncmp(line, "serial ", 7) == 0)
		return read_serial(j, line + 7);
	for (char *w; words < 7 && (w = strsep(&rest, " "));)
		word[words++] = w;
	if (strcmp(word[0], "nic") == 0)
		return read_nic(j, word, words);
	if (strcmp(word[0], "hba") == 0)
		return read_hba(j, word, words);
	if (strcmp(word[0], "fc-target") == 0)
		return read_target(j, word, words);
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
	if (strcmp(word[0], "uuid") == 0)
		return uuid_is_zero(&j->uuid) && uuid_parse(&j->uuid, word[1]) &&
		       !uuid_is_zero(&j->uuid);
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
	unsigned of[JOB_HBAS] = { 0 };
	for (unsigned i = 0; i < j.targets; i++)
		if (j.target[i].hba >= j.hbas || ++of[j.target[i].hba] > FC_TARGETS)
			return err_say(e, EINVAL,
				"job: a boot target of HBA %u, which is not in it or has more "
				"than %d of them",
				j.target[i].hba, FC_TARGETS);
	*ret = j;
	return 0;
}

unsigned job_targets(struct fc_target to[FC_TARGETS], const struct job *j, unsigned hba)
{
	unsigned n = 0;
	for (unsigned i = 0; i < j->targets && n < FC_TARGETS; i++)
		if (j->target[i].hba == hba)
			to[n++] = j->target[i].at;
	return n;
}

bool job_hba_is_due(const struct job *j, unsigned hba)
{
	struct fc_target target[FC_TARGETS];
	const struct job_hba *h = &j->hba[hba];
	return h->carries && (!wwn_is_zero(&h->wanted) || job_targets(target, j, hba) > 0);
}

/* A text that grows; what does not fit is cut, and the reader of it says so. */
struct growing {
	char *to;
	size_t used, max;
};

static void __attribute__((format(printf, 2, 3))) add(struct growing *g, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(g->to + g->used, g->max - g->used, fmt, ap);
	va_end(ap);
	g->used += n < 0 ? 0 : (size_t)n < g->max - g->used ? (size_t)n : g->max - g->used - 1;
}

static const char *mac_or_none(char to[MAC_TEXT], const struct mac *m)
{
	return mac_is_zero(m) ? "-" : mac_text(to, m);
}

static const char *wwn_or_none(char to[WWN_TEXT], const struct wwn *w)
{
	return wwn_is_zero(w) ? "-" : wwn_text(to, w);
}

static const char *pci_or_none(const char *pci)
{
	return *pci ? pci : "-";
}

static const char *carries_word(bool carries)
{
	return carries ? "carries" : "keeps";
}

void job_text(char to[JOB_TEXT_MAX + 1], const struct job *j)
{
	struct growing g = { to, 0, JOB_TEXT_MAX + 1 };
	char a[WWN_TEXT], b[WWN_TEXT], c[WWN_TEXT], uuid[UUID_TEXT];
	add(&g, "deed %s\nmachine %s\ngeneration %u\n", job_deed_word(j->deed), j->machine,
		j->generation);
	if (*j->persona)
		add(&g, "persona %s\n", j->persona);
	if (j->handover)
		add(&g, "takes handover\n");
	for (const struct job_nic *n = j->nic; n < j->nic + j->nics; n++)
		add(&g, "nic %s %s %s %s\n", n->card ? n->card->pci : pci_or_none(n->pci),
			mac_or_none(a, &n->factory), mac_or_none(b, &n->wanted),
			carries_word(n->carries));
	for (const struct job_hba *h = j->hba; h < j->hba + j->hbas; h++)
		add(&g, "hba %s %s %s %s %s\n", h->hba ? h->hba->pci : pci_or_none(h->pci),
			wwn_or_none(a, &h->own), wwn_or_none(b, &h->wanted),
			wwn_or_none(c, &h->wanted_node), carries_word(h->carries));
	for (const struct job_target *t = j->target; t < j->target + j->targets; t++)
		add(&g, "fc-target %u %s %" PRIu64 "\n", t->hba, wwn_text(a, &t->at.wwpn),
			t->at.lun);
	if (!uuid_is_zero(&j->uuid))
		add(&g, "uuid %s\n", uuid_text(uuid, &j->uuid));
	if (*j->serial)
		add(&g, "serial %s\n", j->serial);
}
