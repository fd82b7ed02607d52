/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pools of MACs and initiator names, and the memory of whose each one was first. A switch, a
 * target or an OS may remember an old name for years: none is ever drawn twice. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

/* A drawn initiator name is prefix + persona + "-" + number. */
enum { IQN_PREFIX_LEN = IQN_LEN - NAME_LEN - 8, SERIAL_PREFIX_LEN = SERIAL_LEN - 12 };

static const char *const kinds[] = {
	[POOL_MAC] = "mac", [POOL_IQN] = "iqn", [POOL_SERIAL] = "serial"
};

static uint64_t mac_number(const struct mac *m)
{
	uint64_t v = 0;
	for (int i = 0; i < 6; i++)
		v = v << 8 | m->b[i];
	return v;
}

static struct mac mac_numbered(uint64_t v)
{
	struct mac m;
	for (int i = 5; i >= 0; i--, v >>= 8)
		m.b[i] = (uint8_t)v;
	return m;
}

#define POOL_COLS                                                                                  \
	"name, kind, mac_from, mac_to, prefix, "                                                   \
	"(SELECT count(*) FROM given WHERE value BETWEEN mac_from AND mac_to"                      \
	"   OR substr(value, 1, length(mark || prefix)) = mark || prefix) "                        \
	"FROM (SELECT *, CASE kind WHEN 'serial' THEN 'serial:' ELSE '' END AS mark FROM pool) "

static void pool_row(struct query *q, void *to)
{
	struct pool *p = to;
	char word[8];
	col_text(q, p->name, sizeof p->name);
	col_text(q, word, sizeof word);
	for (p->kind = POOL_MAC; p->kind < POOL_SERIAL && strcmp(word, kinds[p->kind]) != 0;)
		p->kind++;
	col_mac(q, &p->from);
	col_mac(q, &p->to);
	col_text(q, p->prefix, sizeof p->prefix);
	p->given = col_u64(q);
	if (p->kind == POOL_MAC)
		p->size = mac_number(&p->to) - mac_number(&p->from) + 1;
}

int store_pools(struct store *s, struct pool **ret, size_t *ret_n, struct err *e)
{
	OWN(query) struct query q = QUERY(s, "SELECT " POOL_COLS "ORDER BY name");
	return list_of(&q, sizeof **ret, pool_row, ret, ret_n, e);
}

static int pool_check(const struct pool *p, struct err *e)
{
	int r = name_check("pool", p->name, e);
	if (r)
		return r;
	if (p->kind == POOL_IQN) {
		char whole[sizeof p->prefix + 1];
		snprintf(whole, sizeof whole, "%sx", p->prefix);
		if (strlen(p->prefix) > IQN_PREFIX_LEN || !iqn_ok(whole))
			return err_say(e, EINVAL,
				"pool %s: prefix \"%s\": want iqn.YEAR-MONTH.DOMAIN: in lower "
				"case, "
				"%d characters at most",
				p->name, p->prefix, IQN_PREFIX_LEN);
		return 0;
	}
	if (p->kind == POOL_SERIAL) {
		if (strlen(p->prefix) > SERIAL_PREFIX_LEN || !serial_ok(p->prefix))
			return err_say(e, EINVAL,
				"pool %s: prefix \"%s\": want 1 to %d of letters, digits and "
				". _ : + / = -",
				p->name, p->prefix, SERIAL_PREFIX_LEN);
		return 0;
	}
	char a[MAC_TEXT], b[MAC_TEXT];
	uint8_t first = p->from.b[0];
	if ((first & 3) != 2 || p->to.b[0] != first)
		return err_say(e, EINVAL,
			"pool %s: %s to %s: both must begin with the same locally administered "
			"unicast "
			"byte, 02, 06, 0a or 0e for instance",
			p->name, mac_text(a, &p->from), mac_text(b, &p->to));
	if (mac_number(&p->from) > mac_number(&p->to))
		return err_say(e, EINVAL, "pool %s: %s to %s: write the lower one first", p->name,
			mac_text(a, &p->from), mac_text(b, &p->to));
	return 0;
}

/* Two pools over the same addresses would count each other's and confuse a reader. */
static int pool_alone(struct store *s, const struct pool *p, struct err *e)
{
	OWN(list) struct pool *all = NULL;
	size_t n = 0;
	int r = store_pools(s, &all, &n, e);
	for (size_t i = 0; i < n; i++) {
		const struct pool *other = &all[i];
		if (strcmp(other->name, p->name) == 0)
			return err_say(e, EEXIST, "pool %s exists already", p->name);
		bool same = other->kind == p->kind &&
			    (p->kind != POOL_MAC ? strcmp(other->prefix, p->prefix) == 0
						 : mac_number(&p->from) <= mac_number(&other->to) &&
							   mac_number(&other->from) <=
								   mac_number(&p->to));
		if (same)
			return err_say(
				e, EEXIST, "pool %s: overlaps pool %s", p->name, other->name);
	}
	return r;
}

static int pool_get(struct store *s, struct pool *p, struct err *e)
{
	struct pool stored = { .kind = p->kind };
	OWN(query)
	struct query q = QUERY(s, "SELECT " POOL_COLS "WHERE name = ?", in_text(p->name));
	int r = one_of(&q, pool_row, &stored, e);
	if (r > 0)
		*p = stored;
	return r < 0 ? r : 0;
}

/* What it gives next: of serials, their number. */
static uint64_t first_number(const struct pool *p)
{
	return p->kind == POOL_MAC ? mac_number(&p->from) : 1;
}

int store_pool_add(struct store *s, struct pool *p, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	bool macs = p->kind == POOL_MAC;
	struct arg none = in_name("");
	int r = pool_check(p, e);
	if (!r)
		r = tx_begin(&tx, s, e);
	if (!r)
		r = pool_alone(s, p, e);
	if (!r)
		r = RUN(s, e, "INSERT INTO pool VALUES (?,?,?,?,?,?)", in_text(p->name),
			in_text(kinds[p->kind]), macs ? in_mac(&p->from) : none,
			macs ? in_mac(&p->to) : none,
			p->kind == POOL_IQN ? none : in_int((int64_t)first_number(p)),
			macs ? none : in_text(p->prefix));
	if (!r)
		r = pool_get(s, p, e);
	return r ? r : tx_commit(&tx, e);
}

int store_pool_rm(struct store *s, const char *name, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	char who[NAME_LEN + 1], value[IQN_LEN + 1];
	int r = tx_begin(&tx, s, e);
	if (r)
		return r;
	OWN(query)
	struct query used = QUERY(s,
		"SELECT persona, mac FROM persona_nic JOIN pool ON mac BETWEEN mac_from AND mac_to "
		"WHERE pool.name = ?1 UNION ALL "
		"SELECT persona.name, iqn FROM persona"
		" JOIN pool ON substr(iqn, 1, length(pool.prefix)) = pool.prefix "
		"WHERE pool.name = ?1 AND kind = 'iqn' UNION ALL "
		"SELECT persona, serial FROM persona_smbios"
		" JOIN pool ON substr(serial, 1, length(pool.prefix)) = pool.prefix "
		"WHERE pool.name = ?1 AND kind = 'serial' LIMIT 1",
		in_text(name));
	r = query_next(&used, e);
	if (r > 0) {
		col_text(&used, who, sizeof who);
		col_text(&used, value, sizeof value);
		return err_say(e, EBUSY,
			"pool %s: persona %s has %s of it; `baton persona rm %s` first", name, who,
			value, who);
	}
	if (!r)
		r = RUN(s, e, "DELETE FROM pool WHERE name = ?", in_text(name));
	if (!r && !sqlite3_changes(s->db))
		r = err_say(e, ENOENT, "pool %s: no such pool; `baton pool list` shows them", name);
	return r ? r : tx_commit(&tx, e);
}

/* ------------------------------------------------------------------ who has it, who had it */

int mac_free(struct store *s, const struct mac *m, struct err *e)
{
	char text[MAC_TEXT], what[16], who[NAME_LEN + 1];
	OWN(query)
	struct query q = QUERY(s,
		"SELECT 'machine', machine FROM nic WHERE factory = ?1 UNION ALL "
		"SELECT 'persona', persona FROM persona_nic WHERE mac = ?1",
		in_mac(m));
	int r = query_next(&q, e);
	if (r <= 0)
		return r;
	col_text(&q, what, sizeof what);
	col_text(&q, who, sizeof who);
	return err_say(e, EEXIST, "MAC %s belongs to %s %s", mac_text(text, m), what, who);
}

int mac_note(struct store *s, const struct mac *m, const char *who, struct err *e)
{
	return RUN(s, e, "INSERT INTO given VALUES (?, ?) ON CONFLICT DO NOTHING", in_mac(m),
		in_text(who));
}

int iqn_note(struct store *s, const char *iqn, const char *who, struct err *e)
{
	return RUN(s, e, "INSERT INTO given VALUES (?, ?) ON CONFLICT DO NOTHING", in_text(iqn),
		in_text(who));
}

int first_note(struct store *s, struct arg value, const char *who, struct err *e)
{
	int r = RUN(s, e, "INSERT INTO given VALUES (?, ?) ON CONFLICT DO NOTHING", value,
		in_text(who));
	return r ? r : sqlite3_changes(s->db);
}

/* What is left of a pool of MACs. */
struct rest {
	char pool[NAME_LEN + 1];
	uint64_t next, last;
};

static void rest_row(struct query *q, void *to)
{
	struct rest *rest = to;
	struct mac last;
	col_text(q, rest->pool, sizeof rest->pool);
	rest->next = col_u64(q);
	col_mac(q, &last);
	rest->last = mac_number(&last);
}

/* 1, or 0 when the pool is used up. */
static int rest_draw(
	struct store *s, const struct rest *rest, struct mac *ret, const char *who, struct err *e)
{
	for (uint64_t next = rest->next; next <= rest->last; next++) {
		struct mac m = mac_numbered(next);
		int r = first_note(s, in_mac(&m), who, e);
		if (r < 0)
			return r;
		if (!r)
			continue;
		*ret = m;
		r = RUN(s, e, "UPDATE pool SET next = ? WHERE name = ?", in_int((int64_t)next + 1),
			in_text(rest->pool));
		return r ? r : 1;
	}
	return 0;
}

int mac_draw(struct store *s, struct mac *ret, const char *who, struct err *e)
{
	OWN(list) struct rest *rest = NULL;
	size_t n = 0;
	OWN(query)
	struct query q =
		QUERY(s, "SELECT name, next, mac_to FROM pool WHERE kind = 'mac' ORDER BY name");
	int r = list_of(&q, sizeof *rest, rest_row, &rest, &n, e);
	for (size_t i = 0; !r && i < n; i++)
		r = rest_draw(s, &rest[i], ret, who, e);
	if (r)
		return r < 0 ? r : 0;
	return err_say(e, EDQUOT, "%s",
		n ? "every pool of MACs is used up; `baton pool add` adds one"
		  : "there is no pool of MACs; `baton pool add` makes one, or write the MAC out");
}

int iqn_draw(struct store *s, char ret[IQN_LEN + 1], const char *who, struct err *e)
{
	char prefix[IQN_LEN + 1] = "", iqn[IQN_LEN + 1];
	OWN(query)
	struct query q =
		QUERY(s, "SELECT prefix FROM pool WHERE kind = 'iqn' ORDER BY name LIMIT 1");
	int r = query_next(&q, e);
	if (r > 0)
		col_text(&q, prefix, sizeof prefix);
	if (r < 0)
		return r;
	if (!r)
		return err_say(e, EDQUOT,
			"there is no pool of initiator names; `baton pool add` makes one, or write "
			"the "
			"IQN out");
	/* The persona's own name where it was never given, else the first number behind it. */
	for (unsigned i = 1; i < 1000000; i++) {
		int len = i == 1 ? snprintf(iqn, sizeof iqn, "%s%s", prefix, who)
				 : snprintf(iqn, sizeof iqn, "%s%s-%u", prefix, who, i);
		if (len < 0 || (size_t)len >= sizeof iqn)
			break;
		r = first_note(s, in_text(iqn), who, e);
		if (r > 0)
			memcpy(ret, iqn, sizeof iqn);
		if (r)
			return r < 0 ? r : 0;
	}
	return err_say(
		e, EDQUOT, "persona %s: every initiator name of its pool was given before", who);
}
