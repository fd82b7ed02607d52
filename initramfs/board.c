/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading, writing and reading back the board's identity: see board.h. */
#include "initramfs/board.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "initramfs/cards.h"

/* What a command is told: of what is not known, nothing. */
static struct pack_card about(const struct board_state *s)
{
	return (struct pack_card){ .uuid = s && s->has_uuid ? &s->uuid : NULL,
		.serial = s && s->has_serial ? s->serial : NULL };
}

static int choose(const struct pack **ret, const struct tools *t, struct err *e)
{
	struct tool_on on = { .kind = PACK_BOARD };
	return tool_choose(ret, t, &on, e);
}

static int read_state(
	struct board_state *ret, const struct pack *p, const struct job *j, struct err *e)
{
	struct run r;
	char words[RUN_WORDS + 1];
	struct pack_card c = about(NULL);
	int bad = tool_call(&r, p, PACK_READ, &c, e);
	*ret = (struct board_state){ 0 };
	if (bad)
		return bad;
	snprintf(ret->tool, sizeof ret->tool, "%s", p->name);
	ret->has_uuid = pack_uuid(&ret->uuid, p, r.output);
	ret->has_serial = pack_serial(ret->serial, p, r.output);
	bool no_uuid = !uuid_is_zero(&j->uuid) && !ret->has_uuid;
	if (no_uuid || (*j->serial && !ret->has_serial))
		return err_say(e, EIO, "board: pack %s: read: no %s in: %s", p->name,
			no_uuid ? "UUID" : "serial", run_words(words, r.output));
	return 0;
}

static struct board_state wanted_of(const struct job *j, const struct board_state *is)
{
	struct board_state w = *is;
	if (!uuid_is_zero(&j->uuid)) {
		w.uuid = j->uuid;
		w.has_uuid = true;
	}
	if (*j->serial) {
		snprintf(w.serial, sizeof w.serial, "%s", j->serial);
		w.has_serial = true;
	}
	return w;
}

/* Tools print a UUID in either byte order. */
static bool same(const struct board_state *a, const struct board_state *b)
{
	return uuid_same_body(&a->uuid, &b->uuid) && strcmp(a->serial, b->serial) == 0;
}

/* Without a pack, the firmware's own word is enough where nothing is to be written. */
static bool is_set_already(struct board_state *ret, const struct job *j)
{
	char word[64];
	*ret = (struct board_state){ .tool = "none" };
	ret->has_uuid = uuid_parse(&ret->uuid, smbios_word(word, sizeof word, "product_uuid"));
	snprintf(ret->serial, sizeof ret->serial, "%s",
		smbios_word(word, sizeof word, "product_serial"));
	ret->has_serial = *ret->serial;
	struct board_state want = wanted_of(j, ret);
	return same(ret, &want);
}

static void banner(
	const struct job *j, const struct board_state *old, const struct board_state *new)
{
	char a[UUID_TEXT], b[UUID_TEXT];
	printf("\n  ==============================================================\n"
	       "     %s  board\n"
	       "     old UUID      %s  serial %s\n"
	       "     NEW UUID      %s  serial %s   %s%s\n"
	       "  ==============================================================\n\n",
		j->machine, uuid_text(a, &old->uuid), old->serial, uuid_text(b, &new->uuid),
		new->serial, j->deed == JOB_RESTORE ? "its own again" : "of ",
		j->deed == JOB_RESTORE ? "" : j->persona);
	fflush(stdout);
}

int board_write(const struct job *j, const struct tools *t, struct err *e)
{
	const struct pack *p;
	struct board_state is, want;
	struct run r;
	int bad = choose(&p, t, e);
	if (bad && is_set_already(&is, j)) {
		printf("baton: the board says the wanted already, and no pack is needed\n");
		return 0;
	}
	if (!bad)
		bad = read_state(&is, p, j, e);
	if (bad)
		return bad;
	want = wanted_of(j, &is);
	if (same(&is, &want)) {
		printf("baton: the board holds the wanted UUID and serial already\n");
		return 0;
	}
	banner(j, &is, &want);
	struct pack_card c = about(&want);
	bool has = j->deed == JOB_RESTORE && *p->command[PACK_RESTORE];
	return tool_call(&r, p, has ? PACK_RESTORE : PACK_WRITE, &c, e);
}

int board_verify(struct board_state *ret, const struct job *j, const struct tools *t, struct err *e)
{
	const struct pack *p;
	struct run r;
	char a[UUID_TEXT], b[UUID_TEXT];
	int bad = choose(&p, t, e);
	if (bad)
		return is_set_already(ret, j) ? 0 : bad;
	bad = read_state(ret, p, j, e);
	if (bad)
		return bad;
	struct board_state want = wanted_of(j, ret);
	if (!same(ret, &want))
		return err_say(e, EIO,
			"board holds UUID %s, serial %s after %s, %s was written by pack %s",
			uuid_text(a, &ret->uuid), ret->serial, uuid_text(b, &want.uuid),
			want.serial, p->name);
	if (!*p->command[PACK_VERIFY])
		return 0;
	struct pack_card c = about(&want);
	return tool_call(&r, p, PACK_VERIFY, &c, e);
}
