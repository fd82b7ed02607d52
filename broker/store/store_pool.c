/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pools of MACs and initiator names, and the memory of whose each one was first. A switch, a
 * target or an OS may remember an old name for years: none is ever drawn twice. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

/* A drawn initiator name is prefix + persona + "-" + number. */
enum { IQN_PREFIX_LEN = IQN_LEN - NAME_LEN - 8 };

static const char *const kinds[] = { [POOL_MAC] = "mac", [POOL_IQN] = "iqn", [POOL_WWN] = "wwn" };

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

/* What is drawn begins with 1, 2, 3 or 5: as a number it has no sign. */
static uint64_t wwn_number(const struct wwn *w)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | w->b[i];
	return v;
}

static struct wwn wwn_numbered(uint64_t v)
{
	struct wwn w;
	for (int i = 7; i >= 0; i--, v >>= 8)
		w.b[i] = (uint8_t)v;
	return w;
}

/* A MAC may stand between two WWNs as text does. */
#define POOL_COLS                                                                                  \
	"name, kind, mac_from, mac_to, prefix, "                                                   \
	"(SELECT count(*) FROM given WHERE (value BETWEEN mac_from AND mac_to"                     \
	"  AND length(value) = length(mac_from))"                                                  \
	"   OR substr(value, 1, length(prefix)) = prefix) FROM pool "

static void pool_row(struct query *q, void *to)
{
	struct pool *p = to;
	char word[8];
	col_text(q, p->name, sizeof p->name);
	col_text(q, word, sizeof word);
	while (strcmp(word, kinds[p->kind]) != 0 && p->kind < POOL_WWN)
		p->kind++;
	if (p->kind == POOL_WWN) {
		col_wwn(q, &p->wwn_from);
		col_wwn(q, &p->wwn_to);
		p->size = wwn_number(&p->wwn_to) - wwn_number(&p->wwn_from) + 1;
	} else {
		col_mac(q, &p->from);
		col_mac(q, &p->to);
	}
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

/* What stands before the last four bytes says whose they are: both ends share it. */
static int wwn_pool_check(const struct pool *p, struct err *e)
{
	char a[WWN_TEXT], b[WWN_TEXT];
	wwn_text(a, &p->wwn_from);
	wwn_text(b, &p->wwn_to);
	if (!wwn_is_local(&p->wwn_from) || memcmp(p->wwn_from.b, p->wwn_to.b, 4) != 0)
		return err_say(e, EINVAL,
			"pool %s: %s to %s: both must begin with the same four bytes, and those "
			"with "
			"3, or with a locally administered number in them: 20:00:02:ba or "
			"50:2b:a7:00 for instance",
			p->name, a, b);
	if (wwn_number(&p->wwn_from) > wwn_number(&p->wwn_to))
		return err_say(
			e, EINVAL, "pool %s: %s to %s: write the lower one first", p->name, a, b);
	return 0;
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
	if (p->kind == POOL_WWN)
		return wwn_pool_check(p, e);
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

static bool pools_overlap(const struct pool *a, const struct pool *b)
{
	if (a->kind == POOL_IQN)
		return strcmp(a->prefix, b->prefix) == 0;
	if (a->kind == POOL_WWN)
		return wwn_number(&a->wwn_from) <= wwn_number(&b->wwn_to) &&
		       wwn_number(&b->wwn_from) <= wwn_number(&a->wwn_to);
	return mac_number(&a->from) <= mac_number(&b->to) &&
	       mac_number(&b->from) <= mac_number(&a->to);
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
		if (other->kind == p->kind && pools_overlap(p, other))
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

int store_pool_add(struct store *s, struct pool *p, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct arg from = in_name(""), to = from, next = from, prefix = from;
	if (p->kind == POOL_MAC) {
		from = in_mac(&p->from);
		to = in_mac(&p->to);
		next = in_int((int64_t)mac_number(&p->from));
	} else if (p->kind == POOL_WWN) {
		from = in_wwn(&p->wwn_from);
		to = in_wwn(&p->wwn_to);
		next = in_int((int64_t)wwn_number(&p->wwn_from));
	} else {
		prefix = in_text(p->prefix);
	}
	int r = pool_check(p, e);
	if (!r)
		r = tx_begin(&tx, s, e);
	if (!r)
		r = pool_alone(s, p, e);
	if (!r)
		r = RUN(s, e, "INSERT INTO pool VALUES (?,?,?,?,?,?)", in_text(p->name),
			in_text(kinds[p->kind]), from, to, next, prefix);
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
		" AND pool.kind = 'mac' WHERE pool.name = ?1 UNION ALL "
		"SELECT persona, wwpn FROM persona_hba JOIN pool ON pool.kind = 'wwn' AND"
		" (wwpn BETWEEN mac_from AND mac_to OR wwnn BETWEEN mac_from AND mac_to) "
		"WHERE pool.name = ?1 UNION ALL "
		"SELECT persona.name, iqn FROM persona"
		" JOIN pool ON substr(iqn, 1, length(pool.prefix)) = pool.prefix "
		"WHERE pool.name = ?1 LIMIT 1",
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

/* 1 if it was never anybody's and is now noted as who's, else 0. */
static int first_note(struct store *s, struct arg value, const char *who, struct err *e)
{
	int r = RUN(s, e, "INSERT INTO given VALUES (?, ?) ON CONFLICT DO NOTHING", value,
		in_text(who));
	return r ? r : sqlite3_changes(s->db);
}

/* What is left of a pool of MACs or WWNs. */
struct rest {
	char pool[NAME_LEN + 1];
	bool wwns;
	uint64_t next, last;
};

static void rest_row(struct query *q, void *to)
{
	struct rest *rest = to;
	struct pool p = { .kind = POOL_MAC };
	col_text(q, rest->pool, sizeof rest->pool);
	rest->wwns = col_bool(q);
	rest->next = col_u64(q);
	if (rest->wwns)
		col_wwn(q, &p.wwn_to);
	else
		col_mac(q, &p.to);
	rest->last = rest->wwns ? wwn_number(&p.wwn_to) : mac_number(&p.to);
}

/* 1, or 0 when the pool is used up. */
static int rest_draw(
	struct store *s, const struct rest *rest, uint64_t *ret, const char *who, struct err *e)
{
	for (uint64_t next = rest->next; next <= rest->last; next++) {
		struct mac m = mac_numbered(next);
		struct wwn w = wwn_numbered(next);
		int r = first_note(s, rest->wwns ? in_wwn(&w) : in_mac(&m), who, e);
		if (r < 0)
			return r;
		if (!r)
			continue;
		*ret = next;
		r = RUN(s, e, "UPDATE pool SET next = ? WHERE name = ?", in_int((int64_t)next + 1),
			in_text(rest->pool));
		return r ? r : 1;
	}
	return 0;
}

/* The next number of the first pool of that kind, which people call `what`. */
static int number_draw(struct store *s, enum pool_kind kind, const char *what, uint64_t *ret,
	const char *who, struct err *e)
{
	OWN(list) struct rest *rest = NULL;
	size_t n = 0;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT name, kind = 'wwn', next, mac_to FROM pool WHERE kind = ? ORDER BY name",
		in_text(kinds[kind]));
	int r = list_of(&q, sizeof *rest, rest_row, &rest, &n, e);
	for (size_t i = 0; !r && i < n; i++)
		r = rest_draw(s, &rest[i], ret, who, e);
	if (r)
		return r < 0 ? r : 0;
	if (n)
		return err_say(
			e, EDQUOT, "every pool of %ss is used up; `baton pool add` adds one", what);
	return err_say(e, EDQUOT,
		"there is no pool of %ss; `baton pool add` makes one, or write the %s out", what,
		what);
}

int mac_draw(struct store *s, struct mac *ret, const char *who, struct err *e)
{
	uint64_t next = 0;
	int r = number_draw(s, POOL_MAC, "MAC", &next, who, e);
	*ret = mac_numbered(next);
	return r;
}

int wwn_draw(struct store *s, struct wwn *ret, const char *who, struct err *e)
{
	uint64_t next = 0;
	int r = number_draw(s, POOL_WWN, "WWN", &next, who, e);
	*ret = wwn_numbered(next);
	return r;
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
