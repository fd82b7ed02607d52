/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing and calling vendors' tools: see tool.h. */
#include "initramfs/tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int load(struct pack *ret, const char *dir, const char *name, struct err *e)
{
	char path[512], text[PACK_TEXT_MAX + 2];
	if (snprintf(path, sizeof path, "%s/%s/manifest", dir, name) > PACK_DIR_LEN)
		return err_say(e, EINVAL, "%.100s: a pack's name is too long", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "%s", path);
	size_t len = 0;
	for (ssize_t n; len < sizeof text && (n = read(fd, text + len, sizeof text - len)) > 0;)
		len += (size_t)n;
	close(fd);
	int bad = pack_parse(ret, path, text, len, e);
	if (!bad)
		snprintf(ret->dir, sizeof ret->dir, "%.*s", (int)(strrchr(path, '/') - path), path);
	return bad;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct pack *)a)->dir, ((const struct pack *)b)->dir);
}

void tools_load(struct tools *ret, const char *dir)
{
	DIR *d = opendir(dir);
	struct err e = { 0 };
	ret->n = 0;
	ret->left_out[0] = '\0';
	if (!d)
		return;
	for (struct dirent *at; ret->n < TOOLS_MAX && (at = readdir(d));) {
		if (at->d_name[0] == '.')
			continue;
		if (load(&ret->pack[ret->n], dir, at->d_name, &e) == 0)
			ret->n++;
		else
			snprintf(ret->left_out, sizeof ret->left_out, "%.199s", e.text);
	}
	closedir(d);
	qsort(ret->pack, ret->n, sizeof ret->pack[0], by_name);
}

void tools_fini(struct tools *t)
{
	for (unsigned i = 0; i < t->n; i++)
		pack_fini(&t->pack[i]);
	t->n = 0;
}

/* "card 0000:81:00.0", "board". */
static const char *named(char to[32], const struct pack_card *about)
{
	snprintf(to, 32, about->pci ? "card %s" : "board", about->pci);
	return to;
}

int tool_call(struct run *r, const struct pack *p, enum pack_deed deed,
	const struct pack_card *about, struct err *e)
{
	struct pack_args args;
	char what[32];
	int bad = pack_args(&args, p, deed, about, e);
	if (!bad)
		bad = run(r, args.argv, p->dir, p->timeout_s, e);
	return bad ? err_in(e, bad, "%s: pack %s: %s", named(what, about), p->name,
			     pack_deed_word(deed))
		   : 0;
}

/* Why none was chosen, in a sentence that says what is wanted. */
static int none_fits(const struct tools *t, const struct tool_on *on, struct err *e)
{
	const char *left_out = *t->left_out ? "; left out: " : "";
	if (on->kind == PACK_BOARD)
		return err_say(e, ENODEV,
			"board: none of %u tool-packs writes its UUID or serial; want one of "
			"kind board in packs_dir%s%s",
			t->n, left_out, t->left_out);
	return err_say(e, ENODEV,
		"card %s (%s, PCI id %04x:%04x): none of %u tool-packs writes it; want one%s in "
		"packs_dir whose manifest names that id%s%s",
		on->about.pci, on->driver, on->vendor, on->device, t->n,
		on->kind == PACK_FC ? " of kind fc" : "", left_out, t->left_out);
}

int tool_choose(
	const struct pack **ret, const struct tools *t, const struct tool_on *on, struct err *e)
{
	struct err why = { 0 };
	struct run r;
	for (unsigned i = 0; i < t->n; i++) {
		const struct pack *p = &t->pack[i];
		bool board = on->kind == PACK_BOARD;
		if (p->kind != on->kind || (!board && !pack_fits(p, on->vendor, on->device)))
			continue;
		if (!board && !pack_writes_function(p, on->about.pci)) {
			err_say(&why, ENODEV,
				"card %s: pack %s does not write this function; its ports share "
				"one memory "
				"and take their addresses from function 0's",
				on->about.pci, p->name);
			continue;
		}
		if (!*p->command[PACK_PROBE] || !tool_call(&r, p, PACK_PROBE, &on->about, &why)) {
			*ret = p;
			return 0;
		}
	}
	if (why.code)
		return err_say(e, ENODEV, "%s", why.text);
	return none_fits(t, on, e);
}

int tool_for(const struct pack **ret, const struct tools *t, const struct card *c, struct err *e)
{
	struct tool_on on = { PACK_NIC, c->driver, c->vendor, c->device,
		{ .pci = c->pci, .netdev = c->netdev } };
	return tool_choose(ret, t, &on, e);
}

static int call(struct run *r, const struct pack *p, enum pack_deed deed, const struct card *c,
	const struct mac *mac, const struct mac *old, struct err *e)
{
	struct pack_card about = { .pci = c->pci, .netdev = c->netdev, .mac = mac, .old = old };
	return tool_call(r, p, deed, &about, e);
}

int tool_read(struct mac *ret, const struct pack *p, const struct card *c, struct err *e)
{
	struct run r;
	char words[RUN_WORDS + 1];
	int bad = call(&r, p, PACK_READ, c, NULL, NULL, e);
	if (bad)
		return bad;
	if (!pack_mac(ret, p, r.output))
		return err_say(e, EIO, "card %s: pack %s: read: no address in: %s", c->pci, p->name,
			run_words(words, r.output));
	return 0;
}

int tool_write(const struct pack *p, const struct card *c, const struct mac *wanted,
	const struct mac *old, bool restore, struct err *e)
{
	struct run r;
	bool has = restore && *p->command[PACK_RESTORE];
	return call(&r, p, has ? PACK_RESTORE : PACK_WRITE, c, wanted, old, e);
}

int tool_verify(struct mac *read_back, const struct pack *p, const struct card *c,
	const struct mac *wanted, struct err *e)
{
	struct run r;
	char is[MAC_TEXT], want[MAC_TEXT];
	char words[RUN_WORDS + 1];
	int bad = call(&r, p, PACK_READ, c, NULL, NULL, e);
	if (bad)
		return bad;
	run_words(words, r.output);
	if (!pack_mac(read_back, p, r.output))
		return err_say(e, EIO, "card %s: pack %s: read: no address in: %s", c->pci, p->name,
			words);
	if (!mac_equal(read_back, wanted))
		return err_say(e, EIO, "card %s holds %s after %s was written; pack %s says: %s",
			c->pci, mac_text(is, read_back), mac_text(want, wanted), p->name, words);
	if (*p->command[PACK_VERIFY])
		return call(&r, p, PACK_VERIFY, c, wanted, NULL, e);
	return 0;
}
