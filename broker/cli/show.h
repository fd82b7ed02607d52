/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The API's bodies as text for people. A body that lacks a member shows nothing in its place:
 * a newer or older broker is no reason to end. */
#pragma once
#include <jansson.h>
#include <stdio.h>

#include "api/api.h"
#include "cli/term.h"

/* {"items":[...]} of a list route, or a sentence that says how to add the first one. */
void show_list(FILE *to, const struct term *t, enum route r, const json_t *body, double now);
/* One thing, whatever it is: its members one a line, lists of things as tables. */
void show_thing(FILE *to, const struct term *t, const json_t *body);
void show_status(FILE *to, const struct term *t, const json_t *body, double now);
void show_explain(FILE *to, const struct term *t, const json_t *body);
/* Who has asked and is nobody's, and what adds each of them. */
void show_strangers(FILE *to, const struct term *t, const json_t *body, double now);
void show_event(FILE *to, const struct term *t, const json_t *event, double now);

/* A member as text: strings as they are, numbers, yes and no, lists with blanks between; "" where
 * there is none. `path` may go down: "bmc.kind". */
void member_text(char *to, size_t len, const json_t *from, const char *path);
double member_number(const json_t *from, const char *name);    /* 0 where there is none */
const char *member_word(const json_t *from, const char *name); /* "" where there is none */
double clock_now(void);
