/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be known before an order begins: a list of checks, each with its finding and a sentence.
 * Pure: what the store knows and what hands have answered goes in, findings come out. Who asks the
 * hands is broker/preflight.h; what each check rests on is docs/design/0021. */
#pragma once
#include <stddef.h>

#include "core/model.h"
#include "core/order.h"
#include "core/taking.h"

enum check_id {
#define CHECK(name, word, what) CHECK_##name,
#include "core/preflight.def"
	CHECKS
};
const char *check_word(enum check_id id); /* "bmc-answers" */

/* In the order in which they are shown. */
enum finding { FINDING_BAD, FINDING_UNKNOWN, FINDING_OK };
const char *finding_word(enum finding f); /* "bad", "unknown", "ok" */

enum { CHECK_WHY = 320, CHECKLIST_MAX = 24 };

struct check {
	enum check_id id;
	char about[NAME_LEN + 1]; /* a machine or a persona */
	enum finding finding;
	char why[CHECK_WHY]; /* one sentence, whatever was found */
};

struct checklist {
	unsigned n;
	struct check check[CHECKLIST_MAX];
	enum taking taking; /* how the machine would take the addresses */
};

void checklist_add(struct checklist *l, enum check_id id, const char *about, enum finding f,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));
unsigned checklist_count(const struct checklist *l, enum finding f);
/* Bad ones first, then unknown ones; else as they were added. */
void checklist_sort(struct checklist *l);
/* The sentences of the bad ones that stop an order, with "; " between; "" where there is none. That
 * a machine is on is for a person to know before; an order switches it off. */
void checklist_trouble(char *to, size_t size, const struct checklist *l);

/* What is judged; everything is borrowed. */
struct preflight_case {
	enum verb verb;
	const struct persona *p;
	const struct machine *from, *to; /* NULL: none */
	const char *packs; /* the cards of all tool-packs: "15b3:* 8086:100e"; NULL: not known */
};

/* NICs and HBAs. The same sentence stops the step `preflight`. */
void check_nics(struct checklist *l, const struct preflight_case *c);
/* All that needs no hand. */
void check_standing(struct checklist *l, const struct preflight_case *c);

/* What a BMC has answered: whether it did, and the power; why it did not. */
struct bmc_said {
	bool ok, off;
	const char *why;
};
void check_bmc(struct checklist *l, const struct preflight_case *c, enum side side,
	const struct bmc_said *s);

/* What it has told of the cards. */
void check_identity(
	struct checklist *l, const struct preflight_case *c, const struct taking_cards *cards);

/* What a look at the LUN has shown; paths of them were live, and dead says why others are not. */
struct look_said {
	bool ok, refused, bootable; /* refused: the account */
	unsigned paths, portals;
	const char *why, *dead; /* "" where there is nothing to say */
};
void check_look(struct checklist *l, const struct preflight_case *c, const struct look_said *s);

/* Is the card "8086:100e" one of those? */
bool card_in_packs(const char *packs, const char *card);
