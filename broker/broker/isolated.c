/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See isolated.h. */
#include "broker/isolated.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/ports.h"

/* No disk by iSCSI can be reached from there: only the NICs that carry matter, and the HBAs where
 * the persona whose addresses it holds has some. */
static int held_persona(
	struct persona *ret, struct store *s, const struct machine *m, struct err *e)
{
	struct stale left;
	struct persona p;
	int r = store_stale(s, m->name, &left, e);
	r = r < 0 ? r : store_persona(s, left.persona, &p, e);
	*ret = (struct persona){ .hbas = r < 0 ? 0 : p.hbas };
	explicit_bzero(&p, sizeof p);
	return r;
}

/* It asks with a MAC that is another machine's by right, and only its UUID tells who it is. */
static int uuid_check(struct store *s, const struct machine *m, struct err *e)
{
	struct machine *all = NULL;
	size_t n = 0;
	if (!uuid_names_one(&m->uuid))
		return err_say(e, ENOENT, "it has no UUID of its own on record");
	int r = store_machines(s, &all, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (strcmp(all[i].name, m->name) != 0 && uuid_same_body(&all[i].uuid, &m->uuid))
			r = err_say(e, EEXIST, "machine %s has the same UUID", all[i].name);
	free(all);
	return r;
}

/* Where its questions come in, if none of its NICs stays outside. */
static int network_check(struct store *s, const struct machine *m, struct err *e)
{
	struct network *all = NULL;
	size_t n = 0;
	bool outside = false, found = false;
	for (unsigned i = 0; i < m->nics; i++)
		outside |= !m->nic[i].carries;
	int r = store_networks(s, &all, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		found |= all[i].isolated && all[i].pool_from;
	free(all);
	if (r < 0 || outside || found)
		return r;
	return err_say(e, ENOENT,
		"no isolated network with a pool is on record (`baton network add NAME --isolated "
		"--pool FROM-TO ...`)");
}

int isolated_check(struct broker *b, struct order *o, const struct machine *m, struct err *e)
{
	struct silence_ports ports;
	struct persona held;
	bool starts = m->taking == TAKING_SHIM;
	int r = starts ? held_persona(&held, b->store, m, e) : 0;
	if (r == 0 && starts)
		r = silence_ports(&ports, m, &held, e);
	if (r == 0 && starts)
		r = uuid_check(b->store, m, e);
	if (r == 0 && starts)
		r = network_check(b->store, m, e);
	char name[sizeof "restore-" + NAME_LEN];
	snprintf(name, sizeof name, "restore-%s", m->name);
	if (r == 0 && strlen(name) >= sizeof o->persona)
		r = err_say(e, EINVAL, "its name is too long for a persona %s", name);
	if (r < 0)
		return r;
	o->verb = VERB_RESTORE_ISOLATED;
	memcpy(o->persona, name, sizeof o->persona);
	return 0;
}

int isolated_persona_add(struct store *s, const struct order *o, struct err *e)
{
	struct persona p = { .lun = 0 };
	memcpy(p.name, o->persona, sizeof p.name);
	return store_persona_add(s, &p, e);
}

void isolate_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	struct err e = { 0 };
	enum port_state state = run_step(run)->kind == DO_ISOLATE ? PORT_ISOLATED : PORT_OPEN;
	deed_over(run, 0);
	if (!r->ok)
		run_end(run, STEP_FAILED, r->why);
	else if (ports_seen(run, state, &e) < 0)
		run_end(run, STEP_FAILED, e.text);
	else
		run_end(run, STEP_DONE, "");
}

enum step_now isolate(
	struct run *run, const struct machine *m, unsigned ms, hand_done *done, char why[320])
{
	struct silence_ports ports;
	struct persona held;
	struct err e = { 0 };
	if (held_persona(&held, run->b->store, m, &e) < 0 ||
		silence_ports(&ports, m, &held, &e) < 0)
		return step_failed(why, &e);
	return ports_hold(run, &ports, PORT_ISOLATED, ms, done, why);
}

enum step_now rejoin(struct run *run, char why[320])
{
	return ports_open(run, run_step(run)->timeout_s * 1000, isolate_done, why);
}
