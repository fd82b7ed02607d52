/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulated BMC manages: the machine itself, which goes on and off and starts from
 * somewhere. body_files.c is one made of files, body_blade.c a blade of the lab. */
#pragma once
#include <stdbool.h>

#include "base/err.h"
#include "base/ids.h"

enum gesture { GESTURE_ON, GESTURE_OFF, GESTURE_SOFT, GESTURE_RESET };

struct body_look {
	bool on;
	bool fault;   /* it is off because power failed */
	char next[8]; /* where its next start comes from: "default", "network", "cd", ... */
};

struct body {
	const struct body_ops *ops;
};

struct body_ops {
	const char *kind;
	/* where: FOLDER/NAME, or the path of a socket */
	int (*open)(struct body **ret, const char *where, struct err *e);
	int (*look)(struct body *b, struct body_look *ret, struct err *e);
	/* A start uses up what was set for the next one, unless it is to hold again. What is so
	 * already is no deed. */
	int (*power)(struct body *b, enum gesture g, bool hold, struct err *e);
	int (*next)(struct body *b, const char *next, struct err *e);
	/* The n-th NIC's address from its next start on, n from 1; NULL where the BMC's own memory
	 * is all there is of an identity. */
	int (*mac)(struct body *b, unsigned n, const struct mac *mac, struct err *e);
	/* The address it has now; NULL as above. -ENODEV: it has fewer NICs. */
	int (*mac_now)(struct body *b, unsigned n, struct mac *ret, struct err *e);
	/* Writes down what a test may want to know; NULL where nothing is written down. */
	void (*note)(struct body *b, const char *words);
	void (*close)(struct body *b); /* takes NULL */
};

extern const struct body_ops body_files, body_blade;
