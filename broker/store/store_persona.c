/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Personas: what a machine becomes. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "store/store_priv.h"

static void persona_row(struct query *q, void *to)
{
	struct persona *p = to;
	col_text(q, p->name, sizeof p->name);
	col_text(q, p->iqn, sizeof p->iqn);
	col_text(q, p->target, sizeof p->target);
	col_text(q, p->san, sizeof p->san);
	p->lun = col_u64(q);
	col_text(q, p->chap_user, sizeof p->chap_user);
	col_sealed(q, &(struct seal_at){ "persona", p->name, "chap_secret" }, p->chap_secret,
		sizeof p->chap_secret);
	p->generation = col_u32(q);
	col_text(q, p->domain, sizeof p->domain);
	p->mutual = col_bool(q);
	col_traits(q, &p->wants);
	col_text(q, p->apart, sizeof p->apart);
}

static const struct labelled labels = { "persona_label", "persona", sizeof(struct persona),
	offsetof(struct persona, wants) };

struct nic_of {
	char persona[NAME_LEN + 1];
	struct persona_nic nic;
};

static void nic_row(struct query *q, void *to)
{
	struct nic_of *row = to;
	col_text(q, row->persona, sizeof row->persona);
	col_mac(q, &row->nic.mac);
	col_text(q, row->nic.network, sizeof row->nic.network);
	row->nic.addr = col_u32(q);
	row->nic.mtu = (uint16_t)col_int(q, 0, MTU_MAX);
}

struct path_of {
	char persona[NAME_LEN + 1];
	struct path path;
};

static void path_row(struct query *q, void *to)
{
	struct path_of *row = to;
	col_text(q, row->persona, sizeof row->persona);
	row->path.addr = col_u32(q);
	row->path.port = (uint16_t)col_int(q, 1, UINT16_MAX);
}

/* Those with from <= name <= to; three lists in the same order of names, walked together. */
static int personas_read(struct store *s, const char *from, const char *to, struct persona **ret,
	size_t *ret_n, struct err *e)
{
	OWN(list) struct persona *all = NULL;
	OWN(list) struct nic_of *nics = NULL;
	OWN(list) struct path_of *paths = NULL;
	size_t n = 0, nics_n = 0, paths_n = 0;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT name, iqn, target, san, lun, chap_user, chap_secret, generation, domain, "
		"mutual, wants_arch, wants_firmware, wants_memory_mb, wants_cpus, apart "
		"FROM persona WHERE name BETWEEN ? AND ? ORDER BY name",
		in_text(from), in_text(to));
	int r = list_of(&q, sizeof *all, persona_row, &all, &n, e);
	if (r)
		return r;
	OWN(query)
	struct query nic_q = QUERY(s,
		"SELECT persona, mac, network, addr, mtu FROM persona_nic "
		"WHERE persona BETWEEN ? AND ? ORDER BY persona, n",
		in_text(from), in_text(to));
	r = list_of(&nic_q, sizeof *nics, nic_row, &nics, &nics_n, e);
	if (r)
		return r;
	OWN(query)
	struct query path_q = QUERY(s,
		"SELECT persona, addr, port FROM path WHERE persona BETWEEN ? AND ? "
		"ORDER BY persona, n",
		in_text(from), in_text(to));
	r = list_of(&path_q, sizeof *paths, path_row, &paths, &paths_n, e);
	if (r)
		return r;
	for (size_t i = 0, k = 0, m = 0; i < n; i++) {
		struct persona *p = &all[i];
		while (k < nics_n && strcmp(nics[k].persona, p->name) == 0 && p->nics < NICS_MAX)
			p->nic[p->nics++] = nics[k++].nic;
		while (m < paths_n && strcmp(paths[m].persona, p->name) == 0 &&
			p->paths < PATHS_MAX)
			p->path[p->paths++] = paths[m++].path;
	}
	r = told_read(s, from, to, all, n, e);
	if (!r)
		r = labels_read(s, &labels, from, to, all, n, e);
	if (!r)
		r = persona_hbas_read(s, from, to, all, n, e);
	if (r)
		return r;
	*ret = TAKE(all);
	*ret_n = n;
	return 0;
}

int store_personas(struct store *s, struct persona **ret, size_t *ret_n, struct err *e)
{
	return personas_read(s, "", "~", ret, ret_n, e);
}

int store_persona(struct store *s, const char *name, struct persona *ret, struct err *e)
{
	OWN(list) struct persona *one = NULL;
	size_t n = 0;
	int r = personas_read(s, name, name, &one, &n, e);
	if (!r && !n)
		r = err_say(e, ENOENT,
			"persona %s: no such persona; `baton persona list` shows them", name);
	if (!r)
		*ret = *one;
	return r;
}

/* What goes with a target that Baton administers, and what only with others. */
static int fenced_check(const struct persona *p, struct err *e)
{
	if (!persona_is_fenced(p)) {
		if (p->mutual)
			return err_say(e, EINVAL,
				"persona %s: mutual is for a target that Baton administers; at "
				"this one the secrets are yours",
				p->name);
		return 0;
	}
	if (*p->chap_user)
		return err_say(e, EINVAL,
			"persona %s: Baton makes the secrets of a disk of kind \"%s\"; leave "
			"chap_user and chap_secret out",
			p->name, p->san);
	if (strlen(p->name) > FENCED_NAME_LEN)
		return err_say(e, EINVAL,
			"persona %s: want a name of %d characters at most, since it is part of a "
			"CHAP user",
			p->name, FENCED_NAME_LEN);
	return 0;
}

static int disk_check(const struct persona *p, struct err *e)
{
	if (*p->iqn && !iqn_ok(p->iqn))
		return err_say(e, EINVAL,
			"persona %s: IQN \"%s\": want iqn.YEAR-MONTH.DOMAIN:NAME in lower case",
			p->name, p->iqn);
	if (*p->target && !iqn_ok(p->target))
		return err_say(e, EINVAL,
			"persona %s: target \"%s\": want iqn.YEAR-MONTH.DOMAIN:NAME in lower case",
			p->name, p->target);
	if (p->paths > PATHS_MAX)
		return err_say(e, EINVAL, "persona %s: %u portals, and %d at most can be kept",
			p->name, p->paths, PATHS_MAX);
	if (*p->target ? !p->paths : p->paths)
		return err_say(
			e, EINVAL, "persona %s: a target and its portals go together", p->name);
	for (unsigned i = 0; i < p->paths; i++)
		if (!p->path[i].addr || !p->path[i].port)
			return err_say(e, EINVAL, "persona %s: portal %u: want ADDRESS:PORT",
				p->name, i + 1);
	if (!*p->chap_user != !*p->chap_secret)
		return err_say(e, EINVAL,
			"persona %s: half a CHAP pair; name both chap_user and chap_secret, or "
			"none",
			p->name);
	if (*p->chap_user && (!chap_word_ok(p->chap_user) || !chap_word_ok(p->chap_secret)))
		return err_say(e, EINVAL,
			"persona %s: chap_user and chap_secret are 1 to %d of letters, digits and "
			". _ : "
			"+ / = -",
			p->name, SECRET_LEN);
	return fenced_check(p, e);
}

static int persona_check(const struct persona *p, struct err *e)
{
	char text[MAC_TEXT];
	int r = name_check("persona", p->name, e);
	if (!r)
		r = disk_check(p, e);
	if (!r)
		r = traits_check("persona", p->name, &p->wants, e);
	if (!r && *p->apart)
		r = name_check("group", p->apart, e);
	if (r)
		return r;
	if (p->nics > NICS_MAX)
		return err_say(e, EINVAL, "persona %s: %u NICs, and %d at most can be kept",
			p->name, p->nics, NICS_MAX);
	for (unsigned i = 0; i < p->nics; i++) {
		const struct mac *mac = &p->nic[i].mac;
		if (mac_is_zero(mac))
			continue;
		if (!mac_is_unicast(mac))
			return err_say(e, EINVAL, "persona %s: %s is no MAC that a card can have",
				p->name, mac_text(text, mac));
		for (unsigned k = 0; k < i; k++)
			if (mac_equal(&p->nic[k].mac, mac))
				return err_say(e, EEXIST, "persona %s: MAC %s is written twice",
					p->name, mac_text(text, mac));
	}
	r = persona_hbas_check(p, e);
	return r ? r : told_check(p, e);
}

static void name_row(struct query *q, void *to)
{
	col_text(q, to, NAME_LEN + 1);
}

struct holder {
	char name[NAME_LEN + 1];
	char san[KIND_LEN + 1];
};

static void holder_row(struct query *q, void *to)
{
	struct holder *h = to;
	col_text(q, h->name, sizeof h->name);
	col_text(q, h->san, sizeof h->san);
}

/* Every session of a target is dropped when a persona there changes its body: the other one's must
 * not be among them. Disks that Baton does not administer may share a target. */
static int target_free(struct store *s, const struct persona *p, struct err *e)
{
	OWN(list) struct holder *all = NULL;
	size_t n = 0;
	if (!*p->target)
		return 0;
	OWN(query)
	struct query q = QUERY(s, "SELECT name, san FROM persona WHERE target = ? ORDER BY name",
		in_text(p->target));
	int r = list_of(&q, sizeof *all, holder_row, &all, &n, e);
	for (size_t i = 0; !r && i < n; i++) {
		struct persona other = { .target = "x" };
		memcpy(other.san, all[i].san, sizeof other.san);
		if (persona_is_fenced(p) || persona_is_fenced(&other))
			r = err_say(e, EEXIST,
				"target %s is that of persona %s, and Baton drops all its sessions "
				"when one moves; want a target for each",
				p->target, all[i].name);
	}
	return r;
}

/* Takes what is written out, then draws what is not: so nothing is drawn that stands below. */
static int names_fill(struct store *s, struct persona *p, struct err *e)
{
	int r = 0;
	if (*p->iqn) {
		char who[NAME_LEN + 1];
		OWN(query)
		struct query q =
			QUERY(s, "SELECT name FROM persona WHERE iqn = ?", in_text(p->iqn));
		r = one_of(&q, name_row, who, e);
		if (r > 0)
			return err_say(e, EEXIST, "IQN %s belongs to persona %s", p->iqn, who);
		if (!r)
			r = iqn_note(s, p->iqn, p->name, e);
	} else {
		r = iqn_draw(s, p->iqn, p->name, e);
	}
	for (unsigned i = 0; !r && i < p->nics; i++) {
		if (mac_is_zero(&p->nic[i].mac))
			continue;
		r = mac_free(s, &p->nic[i].mac, e);
		if (!r)
			r = mac_note(s, &p->nic[i].mac, p->name, e);
	}
	for (unsigned i = 0; !r && i < p->nics; i++)
		if (mac_is_zero(&p->nic[i].mac))
			r = mac_draw(s, &p->nic[i].mac, p->name, e);
	return r;
}

static int row_write(struct store *s, const struct persona *p, struct err *e)
{
	struct sealed secret;
	int r = sealed_make(&secret, s, &(struct seal_at){ "persona", p->name, "chap_secret" },
		p->chap_secret, strlen(p->chap_secret), e);
	if (!r)
		r = RUN(s, e, "INSERT INTO persona VALUES (?,?,?,?,?,?,?,0,?,?,?,?,?,?,?)",
			in_text(p->name), in_text(p->iqn), in_text(p->target), in_text(p->san),
			in_int((int64_t)p->lun), in_text(p->chap_user), in_sealed(&secret),
			in_text(p->domain), in_int(p->mutual), in_text(arch_word(p->wants.arch)),
			in_text(firmware_word(p->wants.firmware)), in_int(p->wants.memory_mb),
			in_int(p->wants.cpus), in_text(p->apart));
	if (!r)
		r = labels_write(s, &labels, p->name, &p->wants, e);
	return r;
}

static int persona_write(struct store *s, struct persona *p, struct err *e)
{
	struct seat seat[NICS_MAX];
	for (unsigned i = 0; i < p->nics; i++)
		seat[i] = (struct seat){ .network = p->nic[i].network, .addr = &p->nic[i].addr };
	int r = seats_fill(s, seat, p->nics, e);
	if (!r)
		r = target_free(s, p, e);
	if (!r)
		r = names_fill(s, p, e);
	if (!r)
		r = row_write(s, p, e);
	for (unsigned i = 0; !r && i < p->nics; i++)
		r = RUN(s, e, "INSERT INTO persona_nic VALUES (?,?,?,?,?,?)", in_text(p->name),
			in_int(i), in_mac(&p->nic[i].mac), in_name(p->nic[i].network),
			in_addr(p->nic[i].addr), in_int(p->nic[i].mtu));
	for (unsigned i = 0; !r && i < p->paths; i++)
		r = RUN(s, e, "INSERT INTO path VALUES (?,?,?,?)", in_text(p->name), in_int(i),
			in_int(p->path[i].addr), in_int(p->path[i].port));
	if (!r)
		r = persona_hbas_write(s, p, e);
	r = r ? err_in(e, r, "persona %s", p->name) : 0;
	return r ? r : told_write(s, p, e);
}

int store_persona_add(struct store *s, struct persona *p, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct persona filled = *p, other;
	filled.generation = 0;
	int r = persona_check(p, e);
	if (!r)
		r = tx_begin(&tx, s, e);
	if (!r && store_persona(s, p->name, &other, NULL) == 0)
		r = err_say(e, EEXIST, "persona %s exists already", p->name);
	if (!r)
		r = persona_write(s, &filled, e);
	if (!r)
		r = tx_commit(&tx, e);
	if (!r)
		*p = filled;
	return r;
}

int store_group(struct store *s, const char *group, char (**ret)[NAME_LEN + 1], size_t *ret_n,
	struct err *e)
{
	OWN(query)
	struct query q =
		QUERY(s, "SELECT name FROM persona WHERE apart = ? AND apart <> '' ORDER BY name",
			in_text(group));
	return list_of(&q, sizeof **ret, name_row, ret, ret_n, e);
}

int store_persona_rm(struct store *s, const char *name, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct persona p;
	struct binding b;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = store_persona(s, name, &p, e);
	if (!r && store_binding(s, name, &b, NULL) == 0)
		r = err_say(e, EBUSY, "persona %s is on machine %s; `baton stop %s` first", name,
			b.machine, name);
	if (!r)
		r = stale_none_of(s, name, e);
	if (!r)
		r = order_free(s, name, NULL, 0, e);
	if (!r)
		r = RUN(s, e, "DELETE FROM persona WHERE name = ?", in_text(name));
	return r ? r : tx_commit(&tx, e);
}
