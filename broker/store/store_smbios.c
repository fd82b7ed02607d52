/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What SMBIOS says of a machine: the UUID and serial that a persona's OS shall see, the machine's
 * own serial, and what the machine may say in place of its own (docs/design/0030). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

/* In the list of what was ever given a serial must be no MAC's or IQN's twin. */
enum { MARKED_LEN = SERIAL_LEN + 8 };

static struct arg in_uuid(const struct uuid *u)
{
	return in_blob(u->b, sizeof u->b);
}

/* ------------------------------------------------------------------ machines */

struct of_machine {
	char name[NAME_LEN + 1];
	struct machine m; /* what is read here of it */
};

static void machine_row(struct query *q, void *to)
{
	struct of_machine *row = to;
	char word[16];
	col_text(q, row->name, sizeof row->name);
	col_text(q, row->m.serial, sizeof row->m.serial);
	col_blob(q, row->m.carried_uuid.b, sizeof row->m.carried_uuid.b);
	col_text(q, row->m.carried_serial, sizeof row->m.carried_serial);
	col_text(q, word, sizeof word);
	q->bad |= !smbios_by_parse(&row->m.uuid_by, word);
	col_text(q, word, sizeof word);
	q->bad |= !smbios_by_parse(&row->m.serial_by, word);
}

int machine_smbios_read(struct store *s, const char *from, const char *to, struct machine *all,
	size_t n, struct err *e)
{
	OWN(list) struct of_machine *rows = NULL;
	size_t rows_n = 0;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT machine, serial, carried_uuid, carried_serial, uuid_by, serial_by "
		"FROM machine_smbios WHERE machine BETWEEN ? AND ? ORDER BY machine",
		in_text(from), in_text(to));
	int r = list_of(&q, sizeof *rows, machine_row, &rows, &rows_n, e);
	for (size_t i = 0, k = 0; !r && i < n && k < rows_n; i++) {
		struct machine *m = &all[i];
		if (strcmp(rows[k].name, m->name) != 0)
			continue;
		const struct machine *is = &rows[k++].m;
		memcpy(m->serial, is->serial, sizeof m->serial);
		m->carried_uuid = is->carried_uuid;
		memcpy(m->carried_serial, is->carried_serial, sizeof m->carried_serial);
		m->uuid_by = is->uuid_by;
		m->serial_by = is->serial_by;
	}
	return r;
}

/* A row for a machine that has none yet. */
static int row_make(struct store *s, const char *machine, struct err *e)
{
	static const struct uuid none = { { 0 } };
	return RUN(s, e,
		"INSERT INTO machine_smbios VALUES (?, '', ?, '', 'presented', 'presented') "
		"ON CONFLICT DO NOTHING",
		in_text(machine), in_uuid(&none));
}

int store_smbios_by_set(struct store *s, const char *machine, enum smbios_by uuid,
	enum smbios_by serial, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = row_make(s, machine, e);
	if (!r)
		r = RUN(s, e,
			"UPDATE machine_smbios SET uuid_by = ?, serial_by = ? WHERE machine = ?3"
			" AND NOT EXISTS (SELECT 1 FROM binding WHERE machine = ?3)"
			" AND NOT EXISTS (SELECT 1 FROM stale WHERE machine = ?3)",
			in_text(smbios_by_word(uuid)), in_text(smbios_by_word(serial)),
			in_text(machine));
	return r ? r : tx_commit(&tx, e);
}

int store_serial_journal(struct store *s, const char *machine, const char *serial, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	if (!serial_is_text(serial))
		return 0;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = row_make(s, machine, e);
	if (!r)
		r = RUN(s, e,
			"UPDATE machine_smbios SET serial = ?1 WHERE machine = ?2 AND serial = ''"
			" AND carried_serial = ''"
			" AND NOT EXISTS (SELECT 1 FROM persona_smbios WHERE serial = ?1)",
			in_text(serial), in_text(machine));
	return r ? r : tx_commit(&tx, e);
}

int store_carried_set(struct store *s, const char *machine, const struct uuid *uuid,
	const char *serial, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = row_make(s, machine, e);
	if (!r)
		r = RUN(s, e,
			"UPDATE machine_smbios SET carried_uuid = ?, carried_serial = ? "
			"WHERE machine = ?",
			in_uuid(uuid), in_text(serial), in_text(machine));
	return r ? r : tx_commit(&tx, e);
}

/* ------------------------------------------------------------------ personas */

struct of_persona {
	char name[NAME_LEN + 1];
	struct uuid uuid;
	char serial[SERIAL_LEN + 1];
};

static void persona_row(struct query *q, void *to)
{
	struct of_persona *row = to;
	col_text(q, row->name, sizeof row->name);
	col_blob(q, row->uuid.b, sizeof row->uuid.b);
	col_text(q, row->serial, sizeof row->serial);
}

static int personas_read(struct store *s, const char *from, const char *to, struct of_persona **ret,
	size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT persona, uuid, serial FROM persona_smbios "
		"WHERE persona BETWEEN ? AND ? ORDER BY persona",
		in_text(from), in_text(to));
	return list_of(&q, sizeof **ret, persona_row, ret, ret_n, e);
}

int persona_smbios_read(struct store *s, const char *from, const char *to, struct persona *all,
	size_t n, struct err *e)
{
	OWN(list) struct of_persona *rows = NULL;
	size_t rows_n = 0;
	int r = personas_read(s, from, to, &rows, &rows_n, e);
	for (size_t i = 0, k = 0; !r && i < n && k < rows_n; i++) {
		if (strcmp(rows[k].name, all[i].name) != 0)
			continue;
		all[i].uuid = rows[k].uuid;
		memcpy(all[i].serial, rows[k].serial, sizeof all[i].serial);
		k++;
	}
	return r;
}

int persona_smbios_check(const struct persona *p, struct err *e)
{
	char text[UUID_TEXT];
	if (!uuid_is_zero(&p->uuid) && !uuid_names_one(&p->uuid))
		return err_say(e, EINVAL,
			"persona %s: UUID %s is one that boards ship with; want one that is this "
			"persona's alone",
			p->name, uuid_text(text, &p->uuid));
	if (*p->serial && !serial_ok(p->serial))
		return err_say(e, EINVAL,
			"persona %s: serial \"%s\": want 1 to %d of letters, digits and . _ : + / "
			"= -",
			p->name, p->serial, SERIAL_LEN);
	return 0;
}

int uuid_free_of_personas(struct store *s, const struct uuid *uuid, struct err *e)
{
	OWN(list) struct of_persona *rows = NULL;
	size_t n = 0;
	char text[UUID_TEXT];
	int r = uuid_is_zero(uuid) ? 0 : personas_read(s, "", "~", &rows, &n, e);
	for (size_t i = 0; !r && i < n; i++)
		if (uuid_same_body(&rows[i].uuid, uuid))
			r = err_say(e, EEXIST, "UUID %s belongs to persona %s",
				uuid_text(text, uuid), rows[i].name);
	return r;
}

static void uuid_row(struct query *q, void *to)
{
	struct of_persona *row = to;
	col_text(q, row->name, sizeof row->name);
	col_blob(q, row->uuid.b, sizeof row->uuid.b);
}

/* By its UUID a machine is told from others: a persona's must be none of them. */
static int uuid_free_of_machines(struct store *s, const struct uuid *uuid, struct err *e)
{
	OWN(list) struct of_persona *rows = NULL;
	size_t n = 0;
	char text[UUID_TEXT];
	OWN(query) struct query q = QUERY(s, "SELECT name, uuid FROM machine ORDER BY name");
	int r = list_of(&q, sizeof *rows, uuid_row, &rows, &n, e);
	for (size_t i = 0; !r && i < n; i++)
		if (uuid_same_body(&rows[i].uuid, uuid))
			r = err_say(e, EEXIST,
				"UUID %s is that of machine %s, which is known by it; want another",
				uuid_text(text, uuid), rows[i].name);
	return r;
}

static void name_row(struct query *q, void *to)
{
	col_text(q, to, NAME_LEN + 1);
}

static int serial_free(struct store *s, const char *serial, struct err *e)
{
	char who[NAME_LEN + 1];
	OWN(query)
	struct query q =
		QUERY(s, "SELECT persona FROM persona_smbios WHERE serial = ?", in_text(serial));
	int r = *serial ? one_of(&q, name_row, who, e) : 0;
	return r > 0 ? err_say(e, EEXIST, "serial %s belongs to persona %s", serial, who) : r;
}

static struct arg in_marked(char to[MARKED_LEN], const char *serial)
{
	snprintf(to, MARKED_LEN, "serial:%s", serial);
	return in_text(to);
}

int persona_smbios_write(struct store *s, const struct persona *p, struct err *e)
{
	char marked[MARKED_LEN];
	int r = serial_free(s, p->serial, e);
	if (!r && *p->serial)
		r = first_note(s, in_marked(marked, p->serial), p->name, e);
	r = r > 0 ? 0 : r;
	if (!r && !uuid_is_zero(&p->uuid))
		r = uuid_free_of_personas(s, &p->uuid, e);
	if (!r && !uuid_is_zero(&p->uuid))
		r = uuid_free_of_machines(s, &p->uuid, e);
	if (r || (uuid_is_zero(&p->uuid) && !*p->serial))
		return r;
	return RUN(s, e, "INSERT INTO persona_smbios VALUES (?,?,?)", in_text(p->name),
		in_uuid(&p->uuid), in_text(p->serial));
}

/* ------------------------------------------------------------------ the pool */

struct rest {
	char pool[NAME_LEN + 1], prefix[SERIAL_LEN + 1];
	uint64_t next;
};

static void rest_row(struct query *q, void *to)
{
	struct rest *rest = to;
	col_text(q, rest->pool, sizeof rest->pool);
	col_text(q, rest->prefix, sizeof rest->prefix);
	rest->next = col_u64(q);
}

int store_serial_draw(struct store *s, char ret[SERIAL_LEN + 1], const char *persona, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct rest rest;
	char serial[SERIAL_LEN + 1], marked[MARKED_LEN];
	ret[0] = '\0';
	OWN(query)
	struct query q = QUERY(s,
		"SELECT name, prefix, next FROM pool WHERE kind = 'serial' ORDER BY name LIMIT 1");
	int r = one_of(&q, rest_row, &rest, e);
	if (r <= 0)
		return r;
	r = tx_begin(&tx, s, e);
	for (int first = 0; !r && !first; rest.next++) {
		if (snprintf(serial, sizeof serial, "%s%06llu", rest.prefix,
			    (unsigned long long)rest.next) >= (int)sizeof serial)
			return err_say(e, EDQUOT, "pool %s: its serials are used up", rest.pool);
		first = first_note(s, in_marked(marked, serial), persona, e);
		r = first < 0 ? first : 0;
	}
	if (!r)
		r = RUN(s, e, "UPDATE pool SET next = ? WHERE name = ?", in_int((int64_t)rest.next),
			in_text(rest.pool));
	if (!r)
		r = tx_commit(&tx, e);
	if (!r)
		memcpy(ret, serial, sizeof serial);
	return r;
}
