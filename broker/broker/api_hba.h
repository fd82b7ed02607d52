/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HBAs in the bodies of machines and personas. The readers say -EINVAL with a sentence. */
#pragma once
#include "broker/api.h"

json_t *machine_hbas_json(const struct machine *m);
json_t *persona_hbas_json(const struct persona *p);

int machine_hbas_take(struct machine *m, const json_t *list, struct err *e);
/* Of a change: each is known by its WWPN, and its port is what changes. */
int machine_hbas_change(struct machine *m, const json_t *list, struct err *e);
int persona_hbas_take(struct persona *p, const json_t *list, struct err *e);
/* The kind of its disk: what was said, "" for nothing, and what goes with its HBAs. */
int persona_san_take(struct persona *p, const char *said, struct err *e);
