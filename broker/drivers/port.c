/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of switch drivers, and the proof of a port's state that they share: see drivers/port.h.
 */
#include "drivers/port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "drivers/wait.h"

enum { POLL_MS = 50 }; /* between reads while the state is not there */

static const struct port_ops *const kinds[] = { &port_fake };

const struct port_ops *port_of(const char *kind, struct err *e)
{
	char known[80] = "";
	for (size_t i = 0, at = 0; i < COUNT(kinds); i++) {
		if (strcmp(kinds[i]->kind, kind) == 0)
			return kinds[i];
		int n = snprintf(
			known + at, sizeof known - at, "%s%s", i ? ", " : "", kinds[i]->kind);
		at += (size_t)n < sizeof known - at ? (size_t)n : 0;
	}
	err_say(e, EINVAL, "no switch kind \"%s\": want one of %s", kind, known);
	return NULL;
}

int port_reach(struct port *port,
	int (*tell)(struct port *port, enum port_state want, struct err *e), enum port_state want,
	unsigned timeout_ms, struct err *e)
{
	int64_t end = wait_now_ms() + timeout_ms;
	bool told = false;
	for (;;) {
		enum port_state is;
		int r = port->ops->read(port, &is, e);
		if (r < 0 || is == want)
			return r;
		if (!told)
			r = tell(port, want, e);
		if (r < 0)
			return r;
		if (told && wait_now_ms() >= end)
			return err_say(e, EIO, "it was told to be %s and says that it is %s",
				port_state_word(want), port_state_word(is));
		if (told)
			wait_until_ms(wait_now_ms() + POLL_MS);
		told = true;
	}
}
