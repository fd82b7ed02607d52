/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated machine in memory, for tests of what stands in front of it: no file, no clock. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine.h"
#include "sim/tree.h"

struct memory {
	struct body body;
	bool on, fault;
	char next[8], booted[8], noted[80];
};

static int memory_look(struct body *b, struct body_look *ret, struct err *e)
{
	struct memory *m = (struct memory *)(void *)b;
	(void)e;
	ret->on = m->on;
	ret->fault = m->fault;
	snprintf(ret->next, sizeof ret->next, "%s", m->next);
	return 0;
}

static int memory_power(struct body *b, enum gesture g, bool hold, struct err *e)
{
	struct memory *m = (struct memory *)(void *)b;
	(void)e;
	if (m->on == (g == GESTURE_ON))
		return 0;
	m->on = g == GESTURE_ON || g == GESTURE_RESET;
	if (m->on) {
		memcpy(m->booted, m->next, sizeof m->booted);
		if (!hold)
			strcpy(m->next, "default");
	}
	return 0;
}

static int memory_next(struct body *b, const char *next, struct err *e)
{
	struct memory *m = (struct memory *)(void *)b;
	(void)e;
	snprintf(m->next, sizeof m->next, "%s", next);
	return 0;
}

static void memory_note(struct body *b, const char *words)
{
	struct memory *m = (struct memory *)(void *)b;
	snprintf(m->noted, sizeof m->noted, "%s", words);
}

static const struct body_ops body_memory = {
	.kind = "memory",
	.look = memory_look,
	.power = memory_power,
	.next = memory_next,
	.note = memory_note,
};

/* Not random, so that a run is the same as the one before. */
static void memory_random(void *to, size_t len)
{
	static uint8_t next;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = ++next;
}

/* A machine of two NICs and two HBAs that is off, at the hour 1. */
static void memory_open(struct machine *m, struct memory *body, struct tree *t)
{
	struct err e = { 0 };
	*body = (struct memory){ .body.ops = &body_memory, .next = "default" };
	*m = (struct machine){ .body = &body->body,
		.facts = tree_facts(t),
		.faults = "/nowhere/machine",
		.nics = 2,
		.hbas = 2,
		.by_job = tree_trait(t, "settings-job") != NULL,
		.now = 3600000 };
	if (keep_open(&m->keep, NULL, &e) < 0 || machine_identity(m, "test", &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
}
