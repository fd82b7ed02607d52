/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The site of a scene: what its `network`, `machine`, `nic`, `persona`, `bind` lines add up to, as
 * a boot table. */
#pragma once
#include "core/table.h"
#include "words.h"

struct site {
	struct network network[8];
	struct machine machine[24];
	struct persona persona[16];
	struct binding binding[16];
	struct table_source source;
	void *bytes;
	struct table table;
	bool changed;
};

void site_init(struct site *s);
void site_fini(struct site *s);
/* 1 when the line is about the site, 0 when not, negative with words when it is wrong. */
int site_line(struct site *s, struct words *w, struct err *e);
/* Makes the table again if anything has changed; 1 when it did. */
int site_build(struct site *s, struct err *e);
