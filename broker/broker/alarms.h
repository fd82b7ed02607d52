/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alarms: events that a person should look at now, although no order waits for him. Which ones, for
 * how long and in which words is a table in alarms.c. A small list in memory, whatever a stranger
 * who controls the edge may say. */
#pragma once
#include <stdbool.h>

#include "base/ids.h"
#include "store/store.h"

enum { ALARMS_MAX = 32 };

struct alarm {
	double at_s; /* unix time of the last such event; 0: the place is free */
	unsigned kind;
	char same[2 * NAME_LEN + 2]; /* what makes two of a kind the same alarm */
	char network[NAME_LEN + 1];  /* "": about none */
	char text[640];              /* a sentence, and what to do */
};

/* Zeroed it is empty. */
struct alarms {
	struct alarm one[ALARMS_MAX];
};

/* An event that is no alarm changes nothing. One more of the same takes the place of the last. */
void alarms_note(struct alarms *a, const struct event_row *row);

/* Those that are still worth a look, newest first; borrowed. Gives how many. */
unsigned alarms_now(const struct alarm *ret[ALARMS_MAX], const struct alarms *a, double now_s);

const char *alarm_word(const struct alarm *a); /* the event's: "dhcp-foreign" */
/* It is one only where Baton gives the addresses: beside another server it is no news. */
bool alarm_is_of_served(const struct alarm *a);
