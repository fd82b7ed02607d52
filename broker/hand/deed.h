/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of deeds share. A deed's function gets what was wished, adds to the answer what
 * it found, and returns 0 or -errno with a sentence. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "hand/fields.h"
#include "hand/hand.h"

struct wish {
	const char *deed; /* its word */
	const json_t *on; /* the "bmc", the "san" or the "guard" */
	bool soft;        /* bmc-off: ask the OS first */
	uint64_t soft_ms; /* and wait so long for it */
	uint64_t timeout_ms;
	uint64_t every_ms;                       /* watch: so often */
	const json_t *power, *sessions, *checks; /* and these, lists or NULL */
	struct texts ports; /* port-set: their addresses, and the state that is wanted */
	const char *state;
	const json_t *cards;  /* bmc-identity: a list of objects */
	const json_t *system; /* bmc-identity: a UUID, a serial, or NULL */
	bool cards_too;      /* bmc-probe: its cards, UUID and serial, where the driver sees them */
	const char *url;     /* bmc-media: an image; NULL, "": none */
	struct texts wanted; /* san-drivers: modaliases, or names of modules */
};

int bmc_probe(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int bmc_off(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int bmc_net_start(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int bmc_cards(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int bmc_identity(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int bmc_media(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int bmc_inventory(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int bmc_arm(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int san_look(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int san_fence(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int san_clone(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int san_clone_remove(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int san_look_again(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
/* Returns only where it cannot begin: hand/watch.c. */
int watch(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int guard_set(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int port_set(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
int san_drivers(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e);
