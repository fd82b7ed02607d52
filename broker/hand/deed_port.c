/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deed on switch ports: all of them in one state, each read back. A switch is locked while a
 * port of it is set. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/port.h"
#include "hand/deadline.h"
#include "hand/deed.h"
#include "hand/lock.h"
#include "host/fd.h"

/* So long that the driver's own sentence comes before the deadline's, with `left` ports to go. */
static unsigned time_for(const struct wish *w, unsigned left)
{
	uint64_t most = (uint64_t)deadline_left_ms() * 9 / 10 / left;
	return (unsigned)(most < w->timeout_ms ? most : w->timeout_ms);
}

static int port_session(const struct hand *hand, const struct port_addr *at, enum port_state want,
	unsigned ms, struct err *e)
{
	char lock[sizeof at->host + 16];
	struct port *port = NULL;
	const struct port_ops *ops = port_of(at->kind, e);
	if (!ops)
		return -EINVAL;
	snprintf(lock, sizeof lock, "switch-%s", at->host);
	deadline_doing("switch %s: another deed on it", at->host);
	OWN(fd) int held = lock_take(hand->run_dir, lock, e);
	if (held < 0)
		return held;
	deadline_doing("port %s://%s/%s: %s", at->kind, at->host, at->name, port_state_word(want));
	int r = ops->open(&port, at, e);
	if (r < 0)
		return r;
	r = ops->set(port, want, ms, e);
	ops->close(port);
	return r;
}

int port_set(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	enum port_state want;
	struct port_addr at[TEXTS_MAX];
	if (!port_state_parse(&want, w->state))
		return err_say(e, EINVAL, "deed %s: state: want open, shut or isolated", w->deed);
	for (unsigned i = 0; i < w->ports.n; i++)
		if (!port_parse(&at[i], w->ports.of[i]))
			return err_say(e, EINVAL, "deed %s: port \"%s\": want KIND://HOST/PORT",
				w->deed, w->ports.of[i]);
	for (unsigned i = 0; i < w->ports.n; i++) {
		int r = port_session(hand, &at[i], want, time_for(w, w->ports.n - i), e);
		if (r < 0)
			return err_in(e, r, "port %s", w->ports.of[i]);
	}
	json_object_set_new(answer, "state", json_string(port_state_word(want)));
	return 0;
}
