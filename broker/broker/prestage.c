/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See prestage.h. */
#include "broker/prestage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/events.h"

bool prestage_of(struct binding *ret, struct store *s, const char *persona, const char *machine)
{
	struct stale st;
	struct binding bound;
	if (store_prestaged(s, persona, &st, NULL) <= 0 || strcmp(st.machine, machine) != 0 ||
		store_binding(s, persona, &bound, NULL) != -ENOENT)
		return false;
	*ret = (struct binding){ .generation = st.generation };
	memcpy(ret->persona, st.persona, sizeof ret->persona);
	memcpy(ret->machine, st.machine, sizeof ret->machine);
	return true;
}

static int leave_prestaged(struct run *run, struct err *e)
{
	struct binding b;
	struct store *s = run->b->store;
	int r = store_binding(s, run->o.persona, &b, e);
	if (r == -ENOENT) /* begun again */
		return prestage_of(&b, s, run->o.persona, run->o.to) ? 0 : r;
	r = r < 0 ? r : store_unbind(s, &b, e);
	r = r < 0 ? r : store_stale_add(s, b.machine, b.persona, b.generation, now_s(), e);
	return r < 0 ? r : store_stale_mark(s, b.machine, true, true, e);
}

enum step_now keep(struct run *run, char why[320])
{
	return step_change(run, leave_prestaged, why);
}

int prestage_give_up(struct run *run, struct err *e)
{
	return store_stale_mark(run->b->store, run->o.from, true, false, e);
}

bool prestage_missed(struct run *run, const struct event_row *row)
{
	char mac[MAC_TEXT], generation[16];
	struct binding b;
	struct machine m;
	if (run->asked || strcmp(row->machine, run->o.to) != 0 ||
		!event_field(mac, sizeof mac, row->text, "mac") ||
		!event_field(generation, sizeof generation, row->text, "generation") ||
		store_binding_of(run->b->store, run->o.to, &b, NULL) < 0 ||
		b.phase != PHASE_PERSONA || strtoull(generation, NULL, 10) != b.generation ||
		store_machine(run->b->store, run->o.to, &m, NULL) < 0 ||
		m.taken != TAKING_PRESTAGED)
		return false;
	memcpy(run->lost, mac, sizeof run->lost);
	return true;
}

/* Nobody was told a secret: the disk waits until its target was looked at again. */
static int lose(struct run *run, struct err *e)
{
	struct binding b;
	struct store *s = run->b->store;
	int r = store_binding(s, run->o.persona, &b, e);
	r = r < 0 ? r : store_taken_lost(s, b.machine, e);
	r = r < 0 ? r : store_stale_mark(s, b.machine, false, false, e);
	return r < 0 ? r : store_phase_set(s, &b, PHASE_IDENTITY, e);
}

enum step_now prestage_lost(struct run *run, char why[320])
{
	enum step_now now = step_change(run, lose, why);
	if (now == STEP_NOW_DONE)
		snprintf(why, 320,
			"machine %s asks with %s and not with an address of %s: the shim writes it",
			run->o.to, run->lost, run->o.persona);
	return now;
}
