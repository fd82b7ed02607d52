/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See tgtadm.h. Numbers and places are those of tgt's usr/tgtadm.h and usr/tgtadm_error.h. */
#include "wire/tgtadm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"

enum {
	AT_MODE = 0,
	AT_OP = 4,
	AT_DRIVER = 8,
	AT_LEN = 72,
	AT_TID = 76,
	AT_SID = 80,
	AT_CID = 96,
	AT_DIRECTION = 108,
	HEAD_LEN = 120,
	TEXT_MAX = 64 << 20,
	FALSE_HEADS = 16,
};

enum { MODE_TARGET = 1, MODE_CONNECTION = 6, MODE_ACCOUNT = 7 };
enum { OP_NEW, OP_DELETE, OP_SHOW, OP_BIND, OP_UNBIND, OP_UPDATE };

static const struct word {
	uint32_t mode, op;
	const char *params; /* "" none; "user": the names that the request has */
} words[] = {
	[TGT_TARGETS] = { MODE_TARGET, OP_SHOW, "" },
	[TGT_ACCOUNTS] = { MODE_ACCOUNT, OP_SHOW, "" },
	[TGT_CONNECTIONS] = { MODE_CONNECTION, OP_SHOW, "" },
	[TGT_OFFLINE] = { MODE_TARGET, OP_UPDATE, "state=offline" },
	[TGT_READY] = { MODE_TARGET, OP_UPDATE, "state=ready" },
	[TGT_ACCOUNT_NEW] = { MODE_ACCOUNT, OP_NEW, "user" },
	[TGT_ACCOUNT_DELETE] = { MODE_ACCOUNT, OP_DELETE, "user" },
	[TGT_BIND] = { MODE_ACCOUNT, OP_BIND, "user" },
	[TGT_UNBIND] = { MODE_ACCOUNT, OP_UNBIND, "user" },
	[TGT_DROP] = { MODE_CONNECTION, OP_DELETE, "" },
	[TGT_NOP_COUNT] = { MODE_TARGET, OP_UPDATE, "nop_count=3" },
	[TGT_NOP_INTERVAL] = { MODE_TARGET, OP_UPDATE, "nop_interval=2" },
};

static void put(uint8_t *to, uint32_t n)
{
	memcpy(to, &n, sizeof n);
}

/* tgtd cuts its parameters at commas and at NULs. */
static bool word_fits(const char *word)
{
	for (const char *c = word; *c; c++)
		if (*c == ',' || (unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return *word;
}

static size_t params_put(char *to, size_t room, const struct tgt_request *r)
{
	const char *fixed = words[r->word].params;
	int n;
	if (strcmp(fixed, "user") != 0)
		n = snprintf(to, room, "%s", fixed);
	else if (!r->user || !word_fits(r->user))
		return 0;
	else if (r->word != TGT_ACCOUNT_NEW)
		n = snprintf(to, room, "user=%s", r->user);
	else if (!r->password || !word_fits(r->password))
		return 0;
	else
		n = snprintf(to, room, "user=%s,password=%s", r->user, r->password);
	return n < (int)room ? (size_t)n + 1 : 0;
}

size_t tgt_request_put(uint8_t to[TGT_REQUEST_MAX], const struct tgt_request *r)
{
	const struct word *w = &words[r->word];
	uint64_t sid = r->sid;
	size_t params = 0;
	memset(to, 0, TGT_REQUEST_MAX);
	put(to + AT_MODE, w->mode);
	put(to + AT_OP, w->op);
	memcpy(to + AT_DRIVER, "iscsi", 5);
	put(to + AT_TID, r->word == TGT_TARGETS ? UINT32_MAX : r->tid);
	memcpy(to + AT_SID, &sid, sizeof sid);
	put(to + AT_CID, r->cid);
	put(to + AT_DIRECTION, r->outgoing);
	if (*w->params) {
		params = params_put((char *)to + HEAD_LEN, TGT_REQUEST_MAX - HEAD_LEN, r);
		if (!params)
			return 0;
	}
	put(to + AT_LEN, (uint32_t)(HEAD_LEN + params));
	return HEAD_LEN + params;
}

bool tgt_answer_head(uint32_t *error, size_t *len, const uint8_t head[TGT_ANSWER_HEAD])
{
	uint32_t all;
	memcpy(error, head, sizeof *error);
	memcpy(&all, head + 4, sizeof all);
	if (all < TGT_ANSWER_HEAD || all > TEXT_MAX)
		return false;
	*len = all - TGT_ANSWER_HEAD;
	return true;
}

const char *tgt_error_text(uint32_t error)
{
	static const char *const texts[] = { "success", "unknown error", "out of memory",
		"it has no such driver", "no such target", "no such LUN", "no such session",
		"no such connection", "not bound", "target exists", "LUN exists", "bound already",
		"ACL exists", "no such ACL", "account exists", "no such account",
		"too many accounts", "it does not understand", "it shows an account already",
		"target in use", "LUN in use", "driver in use", "not supported",
		"unknown parameter", "removal is prevented" };
	return error < COUNT(texts) ? texts[error] : "an error without a name";
}

/* The next line, without its end. A last line that has no end is none: the text was cut there. */
static bool line_next(struct tgt_name *ret, size_t *at, const char *text, size_t len)
{
	const char *end = *at < len ? memchr(text + *at, '\n', len - *at) : NULL;
	if (!end)
		return false;
	*ret = (struct tgt_name){ text + *at, (size_t)(end - text) - *at };
	*at = (size_t)(end - text) + 1;
	return true;
}

bool tgt_name_is(const struct tgt_name *n, const char *word)
{
	return strlen(word) == n->len && memcmp(n->at, word, n->len) == 0;
}

/* Takes the words off the front; false where the line begins otherwise. */
static bool skip(struct tgt_name *line, const char *words_)
{
	size_t len = strlen(words_);
	if (line->len < len || memcmp(line->at, words_, len) != 0)
		return false;
	line->at += len;
	line->len -= len;
	return true;
}

static bool number(uint32_t *ret, struct tgt_name *line)
{
	uint64_t n = 0;
	size_t digits = 0;
	for (; digits < line->len && digits < 10; digits++) {
		char c = line->at[digits];
		if (c < '0' || c > '9')
			break;
		n = n * 10 + (unsigned)(c - '0');
	}
	if (!digits || n > UINT32_MAX)
		return false;
	line->at += digits;
	line->len -= digits;
	*ret = (uint32_t)n;
	return true;
}

/* "Target 7: iqn..." */
static bool head_read(uint32_t *tid, struct tgt_name *name, const struct tgt_name *line)
{
	*name = *line;
	return skip(name, "Target ") && number(tid, name) && skip(name, ": ") && name->len;
}

/* How many heads say this tid or this name. Whatever a stranger has written, a true one is there.
 */
static unsigned heads_alike(const char *text, size_t len, uint32_t tid, const struct tgt_name *name)
{
	struct tgt_name line, other;
	unsigned n = 0;
	uint32_t its;
	for (size_t at = 0; line_next(&line, &at, text, len);)
		if (head_read(&its, &other, &line) &&
			(its == tid || (other.len == name->len &&
					       memcmp(other.at, name->at, name->len) == 0)))
			n++;
	return n;
}

/* Where the head's own part of the text ends. */
static int part_end(const char **ret, const char *text, size_t len, size_t at,
	bool (*is_target)(void *ctx, uint32_t tid), void *ctx)
{
	struct tgt_name line, name;
	unsigned asked = 0;
	uint32_t tid;
	while (line_next(&line, &at, text, len)) {
		if (!head_read(&tid, &name, &line))
			continue;
		if (heads_alike(text, len, tid, &name) > 1 || asked++ == FALSE_HEADS)
			return -EPROTO;
		if (is_target(ctx, tid)) {
			*ret = line.at;
			return 0;
		}
	}
	*ret = text + len;
	return 0;
}

/* Three lines that tgtd writes before anything that it was told by others. */
static bool system_read(struct tgt_target *t)
{
	struct tgt_name line[3];
	size_t at = 0, len = (size_t)(t->behind - t->from);
	for (size_t i = 0; i < COUNT(line); i++)
		if (!line_next(&line[i], &at, t->from, len))
			return false;
	t->iscsi = tgt_name_is(&line[1], "        Driver: iscsi");
	t->ready = tgt_name_is(&line[2], "        State: ready");
	return tgt_name_is(&line[0], "    System information:");
}

/* The last list of accounts is tgtd's own: behind it stands nothing that an initiator said. */
static int accounts_read(struct tgt_target *t)
{
	struct tgt_name line;
	size_t len = (size_t)(t->behind - t->from), begin = 0;
	for (size_t at = 0; line_next(&line, &at, t->from, len);)
		if (tgt_name_is(&line, "    Account information:"))
			begin = at;
	if (!begin)
		return -EPROTO;
	while (line_next(&line, &begin, t->from, len)) {
		static const char shown[] = " (outgoing)";
		size_t tail = sizeof shown - 1;
		if (tgt_name_is(&line, "    ACL information:"))
			return 0;
		if (!skip(&line, "        ") || !line.len)
			return -EPROTO;
		if (line.len > tail && memcmp(line.at + line.len - tail, shown, tail) == 0) {
			line.len -= tail;
			t->outgoing = line;
			continue;
		}
		if (t->accounts == TGT_ACCOUNTS_MAX)
			return -E2BIG;
		t->account[t->accounts++] = line;
	}
	return -EPROTO;
}

int tgt_target_find(struct tgt_target *ret, const char *text, size_t len, const char *name,
	bool (*is_target)(void *ctx, uint32_t tid), void *ctx)
{
	struct tgt_name line, found;
	struct tgt_target t = { .from = NULL };
	if (len && text[len - 1] != '\n')
		return -EPROTO;
	for (size_t at = 0; !t.from && line_next(&line, &at, text, len);)
		if (head_read(&t.tid, &found, &line) && tgt_name_is(&found, name))
			t.from = text + at;
	if (!t.from)
		return -ENOENT;
	if (heads_alike(text, len, t.tid, &found) > 1)
		return -EPROTO;
	int r = part_end(&t.behind, text, len, (size_t)(t.from - text), is_target, ctx);
	if (r == 0 && !system_read(&t))
		r = -EPROTO;
	if (r == 0 && t.iscsi)
		r = accounts_read(&t);
	if (r == 0)
		*ret = t;
	return r;
}

bool tgt_bound_elsewhere(const struct tgt_target *t, const char *text, size_t len, const char *user)
{
	struct tgt_name line;
	for (size_t at = 0; line_next(&line, &at, text, len);) {
		if (line.at >= t->from && line.at < t->behind)
			continue;
		if (!skip(&line, "        ") || !skip(&line, user))
			continue;
		if (!line.len || tgt_name_is(&line, " (outgoing)"))
			return true;
	}
	return false;
}

bool tgt_account_next(struct tgt_name *ret, size_t *at, const char *text, size_t len)
{
	while (line_next(ret, at, text, len))
		if (skip(ret, "    ") && ret->len)
			return true;
	return false;
}

bool tgt_connection_next(struct tgt_connection *ret, size_t *at, const char *text, size_t len)
{
	struct tgt_name line;
	bool session = false;
	while (line_next(&line, at, text, len)) {
		if (skip(&line, "Session: ")) {
			session = number(&ret->sid, &line) && !line.len;
			continue;
		}
		if (!session || !skip(&line, "    Connection: ") || !number(&ret->cid, &line))
			continue;
		size_t behind = *at;
		if (line_next(&line, &behind, text, len) && skip(&line, "        Initiator: "))
			ret->initiator = line;
		else
			ret->initiator = (struct tgt_name){ "", 0 };
		return true;
	}
	return false;
}
