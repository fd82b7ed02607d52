/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of the port org.baton.nvram: see port.h. */
#include "tests/lab/port.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 6, WORD_LEN = 64 };

struct asked {
	struct nvram *n;
	int words;
	char word[WORDS][WORD_LEN];
	char *to;
	struct err e;
};

static void __attribute__((format(printf, 2, 3))) answer(struct asked *a, const char *fmt, ...)
{
	va_list ap;
	size_t used = strlen(a->to);
	va_start(ap, fmt);
	vsnprintf(a->to + used, PORT_ANSWER - used, fmt, ap);
	va_end(ap);
}

static struct nvram_hba *hba_of(struct asked *a)
{
	struct nvram_hba *h = nvram_hba(a->n, a->word[1]);
	if (!h)
		err_say(&a->e, ENODEV, "no HBA %s", a->word[1]);
	return h;
}

static int do_ports(struct asked *a)
{
	char text[MAC_TEXT];
	for (unsigned i = 0; i < a->n->nics; i++)
		answer(a, "port %s %s\n", a->n->nic[i].pci, mac_text(text, &a->n->nic[i].mac));
	answer(a, "end\n");
	return 0;
}

static int do_read(struct asked *a)
{
	char text[MAC_TEXT];
	const struct mac *m = nvram_mac(a->n, a->word[1]);
	if (!m)
		return err_say(&a->e, ENODEV, "no port %s", a->word[1]);
	answer(a, "mac %s\n", mac_text(text, m));
	return 0;
}

static int do_write(struct asked *a)
{
	return nvram_write(a->n, a->word[1], a->word[2], &a->e);
}

static int do_hba(struct asked *a)
{
	char wwpn[WWN_TEXT], wwnn[WWN_TEXT];
	const struct nvram_hba *h = hba_of(a);
	if (!h)
		return -ENODEV;
	answer(a, "hba %s %s", wwn_text(wwpn, &h->wwpn), wwn_text(wwnn, &h->wwnn));
	for (unsigned i = 0; i < h->targets; i++)
		answer(a, " %s/%u", wwn_text(wwpn, &h->target[i].wwpn), h->target[i].lun);
	answer(a, "\n");
	return 0;
}

static int do_hba_write(struct asked *a)
{
	struct nvram_hba *h = hba_of(a);
	if (!h)
		return -ENODEV;
	if (!wwn_parse(&h->wwpn, a->word[2]) || !wwn_parse(&h->wwnn, a->word[3]))
		return err_say(&a->e, EINVAL, "want a WWPN and a WWNN");
	return nvram_save(a->n, &a->e);
}

static int do_hba_target(struct asked *a)
{
	struct nvram_hba *h = hba_of(a);
	struct nvram_target t;
	unsigned at;
	if (!h)
		return -ENODEV;
	if (sscanf(a->word[2], "%u", &at) != 1 || at > h->targets || at >= NVRAM_TARGETS ||
		!wwn_parse(&t.wwpn, a->word[3]) || sscanf(a->word[4], "%u", &t.lun) != 1)
		return err_say(&a->e, EINVAL, "want the place of a target, its WWPN and a LUN");
	h->target[at] = t;
	h->targets += at == h->targets;
	return nvram_save(a->n, &a->e);
}

static int do_hba_none(struct asked *a)
{
	struct nvram_hba *h = hba_of(a);
	if (!h)
		return -ENODEV;
	h->targets = 0;
	return nvram_save(a->n, &a->e);
}

static int do_board(struct asked *a)
{
	answer(a, "board %s %s\n", a->n->uuid[0] ? a->n->uuid : "-",
		a->n->serial[0] ? a->n->serial : "-");
	return 0;
}

static int do_board_write(struct asked *a)
{
	struct uuid u;
	if (!uuid_parse(&u, a->word[1]))
		return err_say(&a->e, EINVAL, "%s is no UUID", a->word[1]);
	uuid_text(a->n->uuid, &u);
	snprintf(a->n->serial, sizeof a->n->serial, "%s",
		strcmp(a->word[2], "-") == 0 ? "" : a->word[2]);
	return nvram_save(a->n, &a->e);
}

static const struct {
	const char *word;
	int words;
	bool writes;
	int (*run)(struct asked *a);
} rows[] = {
	{ "ports", 1, false, do_ports },
	{ "read", 2, false, do_read },
	{ "write", 3, true, do_write },
	{ "hba", 2, false, do_hba },
	{ "hba-write", 4, true, do_hba_write },
	{ "hba-target", 5, true, do_hba_target },
	{ "hba-none", 2, true, do_hba_none },
	{ "board", 1, false, do_board },
	{ "board-write", 3, true, do_board_write },
};

bool port_answer(char to[PORT_ANSWER], struct nvram *n, enum manner m, const char *line)
{
	struct asked a = { .n = n, .to = to };
	const struct nvram before = *n;
	*to = '\0';
	for (int got; a.words < WORDS && sscanf(line, " %63s%n", a.word[a.words], &got) == 1;
		a.words++)
		line += got;
	if (a.words == 0)
		return false;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(rows[i].word, a.word[0]) != 0 || rows[i].words != a.words)
			continue;
		int bad = 0;
		if (rows[i].writes && m == FAILS)
			bad = err_say(&a.e, EPERM, "the NVRAM is write-protected");
		else if (!rows[i].writes || m == HONEST)
			bad = rows[i].run(&a);
		if (bad) {
			*n = before;
			answer(&a, "error %s\n", a.e.text);
		} else if (rows[i].writes) {
			answer(&a, "ok\n");
		}
		return rows[i].writes;
	}
	answer(&a, "error want a line of docs/lab.md, as `read PCI` or `write PCI MAC`\n");
	return false;
}
