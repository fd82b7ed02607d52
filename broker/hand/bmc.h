/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the deeds on a BMC have in common with who watches one: the members of "bmc", the name of
 * the BMC's lock, and a session. */
#pragma once
#include "drivers/bmc.h"
#include "hand/deed.h"
#include "hand/fields.h"

enum { BMC_HOST_MAX = 127, BMC_LOCK_LEN = BMC_HOST_MAX + 16 };

struct bmc_wish {
	const char *kind, *host, *user, *secret; /* secret: the name of a file */
	const char *pin;                         /* "": the first certificate that it shows */
	uint64_t port, cipher;
	struct texts quirks;
};

/* Borrows from the object. -EINVAL. */
int bmc_wish_read(struct bmc_wish *ret, const json_t *bmc, struct err *e);

/* A deed's part in a session on its BMC. */
typedef int bmc_part(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e);
/* The deed is that part, under the BMC's lock: hand/deed_bmc.c. */
int bmc_deed(const struct hand *hand, const struct wish *w, bmc_part *part, json_t *answer,
	struct err *e);
/* The cards that it shows, or why it shows none; nothing where its driver has no cards. */
void bmc_cards_put(struct bmc *bmc, json_t *answer);
/* Its UUID and serial; nothing where its driver has none, or they cannot be read. */
void bmc_system_put(struct bmc *bmc, json_t *answer);
/* Of so many ms those that leave the driver time for its own sentence. */
unsigned bmc_fit_ms(uint64_t want);

/* "bmc-HOST-PORT" */
void bmc_lock_name(char to[BMC_LOCK_LEN], const struct bmc_wish *b);

/* A session, to be closed by its ops. Reads the secret, which is wiped before this returns. */
int bmc_wish_open(
	struct bmc **ret, const struct hand *hand, const struct bmc_wish *b, struct err *e);
