/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fake's cards and its drive, in files as those of bmc_fake.c. HOST.cards has a line for each
 * function, permanent addresses before those that it goes by; a machine without the file has none:
 *   ethernet PCI MAC MAC
 *   fc PCI WWPN WWNN WWPN WWNN [WWPN/LUN...]
 * HOST.media holds the URL of the image in the drive. HOST.log gets "identity PERMANENT" for each
 * function that is set, and "media URL" or "media none". Its calls, for the faults that name some:
 * cards identity media. HOST.revert: an identity is taken and reverted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/bmc_fake.h"
#include "host/fd.h"

struct fake_card {
	struct card card;
	unsigned targets;
	struct fc_target target[FC_TARGETS_MAX];
};

static void stream_drop(FILE **f)
{
	if (*f)
		fclose(*f);
}

static FILE *beside_open(const struct fake *f, const char *what, const char *how)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s.%s", f->path, what);
	return fopen(path, how);
}

static bool target_parse(struct fc_target *to, const char *word)
{
	unsigned long long lun;
	char wwpn[WWN_TEXT];
	if (sscanf(word, "%23[^/]/%llu", wwpn, &lun) != 2 || !wwn_parse(&to->wwpn, wwpn))
		return false;
	to->lun = lun;
	return true;
}

static bool card_parse(struct fake_card *to, char *line)
{
	char *word[6 + FC_TARGETS_MAX] = { NULL }, *rest = line, *one;
	size_t n = 0;
	struct card *c = &to->card;
	*to = (struct fake_card){ .targets = 0 };
	while ((one = strsep(&rest, " \n")) && n < COUNT(word))
		if (*one)
			word[n++] = one;
	if (n < 4 || !pci_ok(word[1]))
		return false;
	snprintf(c->pci, sizeof c->pci, "%s", word[1]);
	snprintf(c->model, sizeof c->model, "fake");
	c->settable = true;
	c->link = LINK_UP;
	if (n == 4 && strcmp(word[0], "ethernet") == 0)
		return mac_parse(&c->permanent_mac, word[2]) && mac_parse(&c->mac, word[3]);
	c->kind = CARD_FC;
	for (size_t i = 6; i < n; i++)
		if (!target_parse(&to->target[to->targets++], word[i]))
			return false;
	return n >= 6 && strcmp(word[0], "fc") == 0 && wwn_parse(&c->permanent_wwpn, word[2]) &&
	       wwn_parse(&c->permanent_wwnn, word[3]) && wwn_parse(&c->wwpn, word[4]) &&
	       wwn_parse(&c->wwnn, word[5]);
}

static int cards_load(const struct fake *f, struct fake_card *ret, size_t *ret_n, struct err *e)
{
	char line[400];
	OWN(stream) FILE *from = beside_open(f, "cards", "re");
	*ret_n = 0;
	while (from && fgets(line, sizeof line, from)) {
		if (*ret_n == CARDS_MAX || !card_parse(&ret[*ret_n], line))
			return err_say(e, EPROTO, "fake BMC: %s.cards: line %zu is no card",
				f->path, *ret_n + 1);
		++*ret_n;
	}
	return 0;
}

static void card_print(FILE *to, const struct fake_card *c)
{
	char a[WWN_TEXT], b[WWN_TEXT];
	const struct card *k = &c->card;
	if (k->kind == CARD_ETHERNET) {
		fprintf(to, "ethernet %s %s %s\n", k->pci, mac_text(a, &k->permanent_mac),
			mac_text(b, &k->mac));
		return;
	}
	fprintf(to, "fc %s %s %s", k->pci, wwn_text(a, &k->permanent_wwpn),
		wwn_text(b, &k->permanent_wwnn));
	fprintf(to, " %s %s", wwn_text(a, &k->wwpn), wwn_text(b, &k->wwnn));
	for (unsigned i = 0; i < c->targets; i++)
		fprintf(to, " %s/%llu", wwn_text(a, &c->target[i].wwpn),
			(unsigned long long)c->target[i].lun);
	fputc('\n', to);
}

static int cards_keep(const struct fake *f, const struct fake_card *all, size_t n, struct err *e)
{
	FILE *to = beside_open(f, "cards", "we");
	if (!to)
		return err_set(e, errno, "fake BMC: open %s.cards", f->path);
	for (size_t i = 0; i < n; i++)
		card_print(to, &all[i]);
	return fclose(to) == 0 ? 0 : err_set(e, errno, "fake BMC: write %s.cards", f->path);
}

int fake_cards_read(struct bmc *bmc, struct card *ret, size_t *ret_n, struct err *e)
{
	struct fake *f = fake_of(bmc);
	struct fake_card all[CARDS_MAX];
	int r = fake_enter(f, "cards", e);
	r = r < 0 ? r : cards_load(f, all, ret_n, e);
	for (size_t i = 0; r == 0 && i < *ret_n; i++)
		ret[i] = all[i].card;
	return fake_leave(f, "cards", r);
}

/* ------------------------------------------------------------------ identity */

static struct fake_card *card_of(struct fake_card *all, size_t n, const struct identity *want)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].card.kind == CARD_ETHERNET
				? mac_equal(&all[i].card.permanent_mac, &want->permanent_mac)
				: wwn_equal(&all[i].card.permanent_wwpn, &want->permanent_wwpn))
			return &all[i];
	return NULL;
}

static const char *key_text(char to[WWN_TEXT], const struct identity *want)
{
	return mac_is_zero(&want->permanent_mac) ? wwn_text(to, &want->permanent_wwpn)
						 : mac_text(to, &want->permanent_mac);
}

static void card_become(struct fake_card *to, const struct identity *want)
{
	struct card *c = &to->card;
	if (want->restore) {
		c->mac = c->permanent_mac;
		c->wwpn = c->permanent_wwpn;
		c->wwnn = c->permanent_wwnn;
		to->targets = 0;
		return;
	}
	if (!mac_is_zero(&want->mac))
		c->mac = want->mac;
	if (!wwn_is_zero(&want->wwpn))
		c->wwpn = want->wwpn;
	if (!wwn_is_zero(&want->wwnn))
		c->wwnn = want->wwnn;
	if (want->fc_boot) {
		to->targets = want->fc_targets;
		memcpy(to->target, want->fc_target, sizeof to->target);
	}
}

static int identity_one(struct fake *f, struct fake_card *c, const struct identity *want,
	enum identity_state *state, struct err *e)
{
	const struct fake_card was = *c;
	char key[WWN_TEXT], line[64];
	key_text(key, want);
	card_become(c, want);
	*state = memcmp(&was, c, sizeof was) == 0 ? IDENTITY_ALREADY : IDENTITY_APPLIED;
	if (*state == IDENTITY_ALREADY)
		return 0;
	if (fake_fault(f, "revert", "identity")) {
		*c = was;
		return err_say(e, EIO, "card %s: it took that and shows the one before", key);
	}
	snprintf(line, sizeof line, "identity %s", key);
	return fake_log(f, line, e);
}

static int identities(struct fake *f, const struct identity *want, size_t n,
	enum identity_state *state, struct err *e)
{
	struct fake_card all[CARDS_MAX];
	size_t have;
	char key[WWN_TEXT];
	int r = cards_load(f, all, &have, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!card_of(all, have, &want[i]))
			return err_say(e, ENODEV,
				"none of the %zu functions of its cards has the permanent address "
				"%s",
				have, key_text(key, &want[i]));
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = identity_one(f, card_of(all, have, &want[i]), &want[i], &state[i], e);
		if (r == 0 && state[i] != IDENTITY_ALREADY)
			r = cards_keep(f, all, have, e);
	}
	return r;
}

int fake_identity_set(struct bmc *bmc, const struct identity *want, size_t n,
	enum identity_state *state, unsigned timeout_ms, struct err *e)
{
	struct fake *f = fake_of(bmc);
	enum power is = POWER_ON;
	(void)timeout_ms;
	int r = fake_enter(f, "identity", e);
	r = r < 0 ? r : fake_power_read(bmc, &is, e);
	if (r == 0 && is == POWER_ON)
		r = err_say(e, EBUSY, "it is on, and a card's identity is set while it is off");
	r = r < 0 ? r : identities(f, want, n, state, e);
	return fake_leave(f, "identity", r);
}

/* ------------------------------------------------------------------ media */

static bool media_is(const struct fake *f, const char *url)
{
	char is[600] = "";
	OWN(stream) FILE *from = beside_open(f, "media", "re");
	if (from && fgets(is, sizeof is, from))
		is[strcspn(is, "\n")] = '\0';
	return strcmp(is, url) == 0;
}

static int media_keep(const struct fake *f, const char *url, struct err *e)
{
	char path[PATH_MAX], line[600];
	snprintf(path, sizeof path, "%s.media", f->path);
	snprintf(line, sizeof line, "media %s", *url ? url : "none");
	if (media_is(f, url))
		return 0;
	if (!*url)
		return unlink(path) == 0 ? fake_log(f, line, e)
					 : err_set(e, errno, "fake BMC: remove %s", path);
	FILE *to = beside_open(f, "media", "we");
	if (!to || fprintf(to, "%s\n", url) < 0 || fclose(to) != 0)
		return err_set(e, errno, "fake BMC: write %s", path);
	return fake_log(f, line, e);
}

int fake_media_boot(struct bmc *bmc, const char *url, struct err *e)
{
	struct fake *f = fake_of(bmc);
	int r = fake_enter(f, "media", e);
	r = r < 0 ? r : media_keep(f, url, e);
	r = r < 0 ? r : fake_cd_boot(f, e);
	return fake_leave(f, "media", r);
}

int fake_media_none(struct bmc *bmc, struct err *e)
{
	struct fake *f = fake_of(bmc);
	int r = fake_enter(f, "media", e);
	r = r < 0 ? r : media_keep(f, "", e);
	return fake_leave(f, "media", r);
}
