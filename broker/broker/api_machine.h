/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the machines' routes share. */
#pragma once
#include "broker/api.h"
#include "broker/standing.h"

/* at NULL: it was added just now. */
json_t *machine_json(const struct machine *m, const struct standing *at);
/* A file of its folder and nothing else; "" too. */
bool file_name_ok(const char *name);
/* -EINVAL; "" is none. `member` is circuit or remote. */
int relay_id_read(struct relay_id *ret, const char *text, const char *member, struct err *e);
/* -EINVAL; "" is no port. `what` begins the sentence: "machine: nic". */
int port_member_check(const char *port, const char *what, struct err *e);
/* Takes a fingerprint in one of its forms; "" is none. -EINVAL. */
int pin_member_check(char to[PIN_TEXT], const char *pin, const char *member, struct err *e);
