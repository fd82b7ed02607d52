/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A failover rehearsed: see drill.h. Nothing here writes anything about the persona that is
 * rehearsed, or asks anything of its target but to be read. */
#include "broker/drill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "broker/choose.h"
#include "broker/deeds.h"

enum { CLONE_MS = 30000 };

static void things_drop(void *list)
{
	free(*(void **)list);
}

/* ------------------------------------------------------------------ who plays it, and where */

static unsigned carrying(const struct machine *m, const char *network)
{
	unsigned n = 0;
	for (unsigned i = 0; i < m->nics; i++)
		n += m->nic[i].carries && strcmp(m->nic[i].network, network) == 0;
	return n;
}

struct field {
	struct machine *machine; /* those that it may be */
	struct network *network;
	size_t machines, networks;
};

static void field_drop(struct field *f)
{
	free(f->machine);
	free(f->network);
}

static int field_read(struct field *f, struct store *s, const struct drill_wish *w, struct err *e)
{
	struct machine one;
	size_t n = 0;
	int r = *w->machine ? store_machine(s, w->machine, &one, e) : 0;
	if (r == 0)
		r = store_networks(s, &f->network, &f->networks, e);
	if (r == 0)
		r = store_machines(s, &f->machine, &f->machines, e);
	for (size_t i = 0; r == 0 && i < f->machines; i++) {
		const struct machine *m = &f->machine[i];
		if (*w->machine ? strcmp(m->name, w->machine) == 0 : strcmp(m->pool, w->pool) == 0)
			f->machine[n++] = *m;
	}
	f->machines = n;
	return r;
}

/* The first by name on which some machine has a card; *nics is the most that one has. */
static const struct network *network_choose(unsigned *nics, const struct field *f, const char *name)
{
	for (size_t i = 0; i < f->networks; i++) {
		const struct network *n = &f->network[i];
		*nics = 0;
		if (!n->isolated || (*name && strcmp(name, n->name) != 0))
			continue;
		for (size_t k = 0; k < f->machines; k++) {
			unsigned has = carrying(&f->machine[k], n->name);
			*nics = has > *nics ? has : *nics;
		}
		if (*nics)
			return n;
	}
	return NULL;
}

static int network_find(const struct network **ret, unsigned *nics, const struct field *f,
	struct store *s, const struct drill_wish *w, struct err *e)
{
	struct network named;
	int r = *w->network ? store_network(s, w->network, &named, e) : 0;
	if (r < 0)
		return r;
	if (*w->network && !named.isolated)
		return err_say(e, EINVAL,
			"network %s is not isolated, and what is rehearsed must reach nobody: want "
			"one that was added with --isolated",
			w->network);
	*ret = network_choose(nics, f, w->network);
	if (*ret)
		return 0;
	return err_say(e, EBUSY,
		"a drill wants a NIC that carries on %s%s: %s %s has none; `baton network add NAME "
		"--isolated ...` makes such a network, and the machine says --nic "
		"mac=MAC,network=NAME,carries=yes",
		*w->network ? "isolated network " : "an isolated network", w->network,
		*w->machine ? "machine" : "pool", *w->machine ? w->machine : w->pool);
}

/* A portal that can be reached from there: the persona's own, or Baton's address. */
static void paths_fill(struct persona *p, const struct persona *of, const struct network *n)
{
	uint32_t mask = net4_mask(n->prefix);
	for (unsigned i = 0; i < of->paths; i++)
		if ((of->path[i].addr & mask) == (n->addr & mask))
			p->path[p->paths++] = of->path[i];
	if (p->paths == 0)
		p->path[p->paths++] = (struct path){ n->addr, of->path[0].port };
}

static int disk_check(const struct broker *b, const struct persona *of, struct err *e)
{
	if (persona_boots_by_fc(of))
		return err_say(e, EINVAL,
			"persona %s: its disk is reached by Fibre Channel, and Baton makes no copy "
			"of "
			"such a one",
			of->name);
	if (!*of->target)
		return err_say(
			e, EINVAL, "persona %s has no disk that could be rehearsed", of->name);
	if (!persona_is_fenced(of))
		return err_say(e, EINVAL,
			"persona %s: its disk is of kind %s, of which Baton makes no copy of one "
			"moment; a copy taken while somebody writes is no disk",
			of->name, of->san);
	if (strcmp(of->san, "tgt") == 0 && !*b->conf.clones_dir)
		return err_say(e, EINVAL,
			"persona %s: its disk cannot be copied: set clones_dir in baton.conf to a "
			"folder on the file system (btrfs, xfs) that the disk's file lies on",
			of->name);
	return 0;
}

/* What an OS sees of a persona is the same, but for its names and addresses. */
static int persona_make(struct persona *p, const struct persona *of, const struct network *n,
	unsigned nics, struct err *e)
{
	*p = (struct persona){ .lun = 1, .mutual = of->mutual, .wants = of->wants };
	if (snprintf(p->name, sizeof p->name, "drill-%s", of->name) >= (int)sizeof p->name ||
		snprintf(p->target, sizeof p->target, "%s:drill", of->target) >=
			(int)sizeof p->target)
		return err_say(e, EINVAL,
			"persona %s: its name or its target's is too long for a rehearsal, which "
			"adds to both",
			of->name);
	memcpy(p->san, of->san, sizeof p->san);
	memcpy(p->ntp, of->ntp, sizeof p->ntp);
	memcpy(p->domain, of->domain, sizeof p->domain);
	paths_fill(p, of, n);
	for (p->nics = 0; p->nics < of->nics && p->nics < nics; p->nics++) {
		struct persona_nic *nic = &p->nic[p->nics];
		memcpy(nic->network, n->name, sizeof nic->network);
		nic->mtu = of->nic[p->nics].mtu;
	}
	return 0;
}

int drill_persona(
	struct persona *ret, struct broker *b, const char *of, struct drill_wish *w, struct err *e)
{
	OWN(field) struct field f = { .machine = NULL };
	const struct network *n = NULL;
	struct persona p;
	unsigned nics = 0;
	int r = store_persona(b->store, of, &p, e);
	if (r == 0)
		r = disk_check(b, &p, e);
	if (r == 0)
		r = field_read(&f, b->store, w, e);
	if (r == 0)
		r = network_find(&n, &nics, &f, b->store, w, e);
	if (r == 0)
		r = persona_make(ret, &p, n, nics, e);
	explicit_bzero(&p, sizeof p);
	if (r < 0)
		return r;
	if (store_persona(b->store, ret->name, &p, NULL) == 0)
		return err_say(e, EBUSY,
			"persona %s is there: a drill of %s is at work, or the name is somebody's",
			ret->name, of);
	memcpy(w->network, n->name, sizeof w->network);
	return store_persona_add(b->store, ret, e);
}

int drill_cards(const struct machine *m, const struct persona *p, struct err *e)
{
	for (unsigned i = 0; i < p->nics; i++) {
		int at = nic_for(m, p, i);
		if (at < 0 || strcmp(m->nic[at].network, p->nic[i].network) != 0)
			return err_say(e, EBUSY,
				"machine %s: the card that NIC %u of %s would take is not recorded "
				"on network %s: what is rehearsed could reach others",
				m->name, i, p->name, p->nic[i].network);
	}
	return 0;
}

/* ------------------------------------------------------------------ steps */

static void clone_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	deed_over(run, 0);
	run_end(run, r->ok ? STEP_DONE : STEP_FAILED, r->ok ? "" : r->why);
}

/* Its account is nobody's: the claim makes the one that is given out. */
enum step_now drill_clone(struct run *run, const struct persona *p, char why[320])
{
	struct drill d;
	struct persona of;
	struct chap c;
	struct err e = { 0 };
	struct store *s = run->b->store;
	int r = store_drill(s, run->o.id, &d, &e);
	if (r == 0)
		r = store_persona(s, d.of, &of, &e);
	if (r == 0)
		r = store_chap_renew(s, p->name, &c, &e);
	if (r < 0)
		return step_failed(why, &e);
	json_t *deed = san_body_deed("san-clone", p, c.generation);
	json_t *san = json_object_get(deed, "san");
	san_deed_account(deed, &c);
	json_object_set_new(san, "of", json_string(of.target));
	json_object_set_new(san, "of_lun", json_integer((json_int_t)of.lun));
	json_object_set_new(deed, "timeout_ms", json_integer(CLONE_MS));
	explicit_bzero(&c, sizeof c);
	explicit_bzero(&of, sizeof of);
	return deed_start(run, 0, deed, clone_done, why);
}

static bool was_begun(const struct run *run, enum deed_kind kind)
{
	OWN(things) struct order_step *row = NULL;
	size_t n = 0;
	bool begun = store_order_steps(run->b->store, run->o.id, &row, &n, NULL) < 0;
	for (size_t i = 0; i < n; i++)
		begun |= verb_steps(run->o.verb)->step[row[i].step].kind == kind;
	return begun;
}

enum step_now drill_clone_remove(struct run *run, const struct persona *p, char why[320])
{
	if (!was_begun(run, DO_CLONE))
		return step_done_with(why, "no copy was made");
	json_t *deed = san_body_deed("san-clone-remove", p, 1);
	json_object_set_new(deed, "timeout_ms", json_integer(CLONE_MS));
	return deed_start(run, 0, deed, clone_done, why);
}

/* ------------------------------------------------------------------ what is told of it */

static bool has_ended_well(const struct order_step *row)
{
	return row->ended_s > 0 && !*row->why;
}

/* The newest row of the rehearsal itself, or NULL. */
static const struct order_step *last_row(
	const struct order *o, const struct order_step *row, size_t rows)
{
	while (rows > 0 && verb_takes_back(o->verb, row[rows - 1].step))
		rows--;
	return rows ? &row[rows - 1] : NULL;
}

int drill_failed(const struct order *o, const struct order_step *row, size_t rows)
{
	const struct order_step *last = last_row(o, row, rows);
	if (!last || !verb_takes_back(o->verb, o->at.step))
		return -1;
	bool up = verb_steps(o->verb)->step[last->step].kind == DO_AWAIT_OS && has_ended_well(last);
	return up ? -1 : (int)last->step;
}

/* From the first try of the first step of some kind to the end of the last one; 0: not all of it.
 */
struct part {
	const char *name;
	enum deed_kind from, to;
};
static const struct part parts[] = {
	{ "preflight", DO_PREFLIGHT, DO_PREFLIGHT },
	{ "copy", DO_CLONE, DO_CLONE },
	{ "fence", DO_POWER_OFF, DO_FENCE },
	{ "boot", DO_NET_START, DO_ARM_NEXT },
	{ "os", DO_AWAIT_OS, DO_AWAIT_OS },
};

static double part_seconds(const struct part *p, const struct order *o,
	const struct order_step *row, size_t rows, int failed)
{
	const struct step *step = verb_steps(o->verb)->step;
	double begun = 0, ended = 0;
	for (size_t i = 0; i < rows && !verb_takes_back(o->verb, row[i].step); i++) {
		if (step[row[i].step].kind == p->from && begun <= 0)
			begun = row[i].begun_s;
		if (step[row[i].step].kind == p->to && (int)row[i].step != failed)
			ended = row[i].ended_s;
	}
	return begun > 0 && ended > begun ? ended - begun : 0;
}

json_t *drill_json(struct store *s, const struct order *o)
{
	OWN(things) struct order_step *row = NULL;
	struct drill d;
	size_t n = 0;
	if (o->verb != VERB_DRILL || !o->id || store_drill(s, o->id, &d, NULL) < 0 ||
		store_order_steps(s, o->id, &row, &n, NULL) < 0)
		return NULL;
	int failed = drill_failed(o, row, n);
	const struct order_step *last = last_row(o, row, n);
	bool over = verb_takes_back(o->verb, o->at.step);
	const char *result = !over                                ? "running"
			     : failed < 0                         ? "up"
			     : !last                              ? "failed"
			     : strcmp(last->why, TAKEN_BACK) == 0 ? "taken-back"
								  : "failed";
	json_t *list = json_array();
	double up = 0;
	for (size_t i = 0; i < COUNT(parts); i++) {
		double seconds = part_seconds(&parts[i], o, row, n, failed);
		if (seconds <= 0)
			continue;
		up += parts[i].from == DO_CLONE ? 0 : seconds;
		json_array_append_new(
			list, json_pack("{s:s,s:f}", "name", parts[i].name, "seconds", seconds));
	}
	json_t *j = json_pack("{s:s,s:s,s:s,s:s,s:o}", "of", d.of, "machine", o->to, "network",
		d.network, "result", result, "parts", list);
	if (j && over && failed < 0)
		json_object_set_new(j, "up_after", json_real(up));
	if (j && failed >= 0) {
		json_object_set_new(
			j, "failed", json_string(verb_steps(o->verb)->step[failed].name));
		json_object_set_new(j, "why", json_string(last->why));
	}
	return j;
}
