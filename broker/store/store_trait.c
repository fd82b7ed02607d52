/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traits of machines and personas: columns that both have, and their labels. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

void col_traits(struct query *q, struct traits *to)
{
	char word[16];
	col_text(q, word, sizeof word);
	q->bad |= !arch_parse(&to->arch, word);
	col_text(q, word, sizeof word);
	q->bad |= !firmware_parse(&to->firmware, word);
	to->memory_mb = (uint32_t)col_int(q, 0, MEMORY_MB_MAX);
	to->cpus = (uint32_t)col_int(q, 0, CPUS_MAX);
}

struct label_of {
	char owner[NAME_LEN + 1];
	struct label label;
};

static void label_row(struct query *q, void *to)
{
	struct label_of *row = to;
	col_text(q, row->owner, sizeof row->owner);
	col_text(q, row->label.key, sizeof row->label.key);
	col_text(q, row->label.value, sizeof row->label.value);
}

int labels_read(struct store *s, const struct labelled *of, const char *from, const char *to,
	void *all, size_t n, struct err *e)
{
	OWN(list) struct label_of *rows = NULL;
	size_t rows_n = 0;
	char sql[160];
	snprintf(sql, sizeof sql,
		"SELECT %s, key, value FROM %s WHERE %s BETWEEN ? AND ? ORDER BY %s, key",
		of->owner, of->table, of->owner, of->owner);
	OWN(query) struct query q = QUERY(s, sql, in_text(from), in_text(to));
	int r = list_of(&q, sizeof *rows, label_row, &rows, &rows_n, e);
	for (size_t i = 0, k = 0; !r && i < n; i++) {
		char *thing = (char *)all + i * of->size;
		struct traits *t = (void *)(thing + of->at);
		for (; k < rows_n && strcmp(rows[k].owner, thing) == 0; k++)
			if (t->labels < LABELS_MAX)
				t->label[t->labels++] = rows[k].label;
	}
	return r;
}

int labels_write(struct store *s, const struct labelled *of, const char *name,
	const struct traits *t, struct err *e)
{
	char sql[80];
	int r = 0;
	snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (?,?,?)", of->table);
	for (unsigned i = 0; !r && i < t->labels; i++)
		r = RUN(s, e, sql, in_text(name), in_text(t->label[i].key),
			in_text(t->label[i].value));
	return r;
}

int traits_check(const char *what, const char *name, const struct traits *t, struct err *e)
{
	if (t->memory_mb > MEMORY_MB_MAX || t->cpus > CPUS_MAX)
		return err_say(e, EINVAL,
			"%s %s: %u MiB of memory and %u CPUs: want at most %d and %d", what, name,
			t->memory_mb, t->cpus, MEMORY_MB_MAX, CPUS_MAX);
	if (t->labels > LABELS_MAX)
		return err_say(e, EINVAL, "%s %s: %u labels, and %d at most can be kept", what,
			name, t->labels, LABELS_MAX);
	for (unsigned i = 0; i < t->labels; i++) {
		if (!label_ok(&t->label[i]))
			return err_say(e, EINVAL,
				"%s %s: label %s=%s: want KEY=VALUE, each 1 to %d of a-z, 0-9 and "
				"'-'",
				what, name, t->label[i].key, t->label[i].value, LABEL_LEN);
		for (unsigned k = 0; k < i; k++)
			if (strcmp(t->label[k].key, t->label[i].key) == 0)
				return err_say(e, EEXIST, "%s %s: label %s is written twice", what,
					name, t->label[i].key);
	}
	return 0;
}
