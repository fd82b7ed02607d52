/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs of the Redfish service (DSP0266, 12.2): they take their time, or wait for the machine's
 * next start, and do one thing at their end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "sim/fault.h"
#include "sim/redfish_priv.h"

#define TASKS "/redfish/v1/TaskService/Tasks"
#define MONITORS "/redfish/v1/TaskService/TaskMonitors"

static const char *const state_words[] = {
	[TASK_WAITS] = "Pending",
	[TASK_RUNS] = "Running",
	[TASK_DONE] = "Completed",
	[TASK_FAILED] = "Exception",
};

/* The same, in a maker's own words. */
static const char *const job_words[] = {
	[TASK_WAITS] = "Scheduled",
	[TASK_RUNS] = "Running",
	[TASK_DONE] = "Completed",
	[TASK_FAILED] = "Failed",
};

static struct task *task_of(struct redfish *rf, unsigned id)
{
	for (size_t i = 0; i < COUNT(rf->task); i++)
		if (id && rf->task[i].id == id)
			return &rf->task[i];
	return NULL;
}

/* The oldest gives its place, as TaskService says. */
static struct task *task_free(struct redfish *rf)
{
	struct task *oldest = &rf->task[0];
	for (size_t i = 0; i < COUNT(rf->task); i++) {
		if (!rf->task[i].id)
			return &rf->task[i];
		if (rf->task[i].id < oldest->id)
			oldest = &rf->task[i];
	}
	return oldest;
}

static struct task *task_new(
	struct redfish *rf, const char *what, int gesture, long takes_ms, bool waits)
{
	struct task *t = task_free(rf);
	*t = (struct task){ .id = ++rf->tasks_made,
		.state = waits ? TASK_WAITS : TASK_RUNS,
		.what = what,
		.gesture = gesture,
		.begun = rf->m->now,
		.due = rf->m->now + (unsigned long long)takes_ms };
	return t;
}

void power_later(struct redfish *rf, enum gesture g, long takes_ms)
{
	task_new(rf, "power", (int)g, takes_ms, false)->hidden = true;
	if (g != GESTURE_RESET)
		rf->m->turning = g == GESTURE_ON ? 2 : 1;
}

void task_make(struct redfish *rf, const char *what, int gesture, long takes_ms, bool waits,
	struct redfish_answer *a)
{
	struct task *t = task_new(rf, what, gesture, takes_ms, waits);
	char path[80];
	snprintf(path, sizeof path, TASKS "/%u", t->id);
	snprintf(a->location, sizeof a->location, MONITORS "/%u", t->id);
	answer_json(a, 202, resource_get(rf, path, a->etag));
}

void tasks_show(struct redfish *rf)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < COUNT(rf->task); i++) {
		const struct task *t = &rf->task[i];
		char id[12], begun[32];
		struct tm tm;
		time_t s = (time_t)(t->begun / 1000);
		if (!t->id || t->hidden)
			continue;
		snprintf(id, sizeof id, "%u", t->id);
		gmtime_r(&s, &tm);
		strftime(begun, sizeof begun, "%Y-%m-%dT%H:%M:%SZ", &tm);
		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "n", id, "job",
				      job_words[t->state], "what", t->what, "state",
				      state_words[t->state], "status",
				      t->state == TASK_FAILED ? "Critical" : "OK", "begun", begun));
	}
	tree_rows(rf->t, "task", rows);
}

static unsigned percent(const struct redfish *rf, const struct task *t)
{
	if (t->state != TASK_RUNS)
		return t->state == TASK_WAITS ? 0 : 100;
	unsigned long long all = t->due - t->begun, gone = rf->m->now - t->begun;
	return all && gone < all ? (unsigned)(gone * 100 / all) : 99;
}

json_t *task_live(struct redfish *rf, const char *name)
{
	unsigned id = 0;
	char what[16] = "";
	if (sscanf(name, "task.%u.%15s", &id, what) != 2)
		return NULL;
	const struct task *t = task_of(rf, id);
	if (!t)
		return NULL;
	if (strcmp(what, "percent") == 0)
		return json_integer(percent(rf, t));
	json_t *list = json_array();
	const char *const arg[] = { t->why };
	if (t->state == TASK_DONE)
		json_array_append_new(list, message_of(rf, "Success", NULL, 0));
	else if (t->state == TASK_FAILED)
		json_array_append_new(list, message_of(rf, "GeneralError", arg, 1));
	return list;
}

bool task_monitor(struct redfish *rf, const char *path, struct redfish_answer *a)
{
	if (strncmp(path, MONITORS "/", sizeof MONITORS) != 0)
		return false;
	const struct task *t = task_of(rf, (unsigned)strtoul(path + sizeof MONITORS, NULL, 10));
	char at[80];
	if (!t) {
		answer_message(rf, a, 404, "ResourceMissingAtURI", path, NULL, NULL);
		return true;
	}
	snprintf(at, sizeof at, TASKS "/%u", t->id);
	if (t->state == TASK_DONE) {
		a->status = 204;
	} else if (t->state == TASK_FAILED) {
		answer_message(rf, a, 500, "GeneralError", t->why, NULL, NULL);
	} else {
		snprintf(a->location, sizeof a->location, "%s", path);
		answer_json(a, 202, resource_get(rf, at, a->etag));
	}
	return true;
}

static void task_end(struct redfish *rf, struct task *t)
{
	struct err e = { 0 };
	t->state = TASK_DONE;
	if (t->hidden)
		rf->m->turning = 0;
	if (t->gesture < 0 || machine_power(rf->m, (enum gesture)t->gesture, &e) == 0)
		return;
	t->state = TASK_FAILED;
	snprintf(t->why, sizeof t->why, "%.*s", (int)sizeof t->why - 1, e.text);
}

long redfish_turn(struct redfish *rf)
{
	long next = -1;
	long long starts = keep_number(rf->m->keep, "starts");
	if (starts != rf->starts_seen)
		redfish_started(rf);
	for (size_t i = 0; i < COUNT(rf->task); i++) {
		struct task *t = &rf->task[i];
		if (!t->id || t->state != TASK_RUNS)
			continue;
		if (rf->m->now >= t->due)
			task_end(rf, t);
		else if (next < 0 || (long)(t->due - rf->m->now) < next)
			next = (long)(t->due - rf->m->now);
	}
	return next;
}

/* What waited for the machine's start begins to run; ids that do not last are others now. */
void redfish_started(struct redfish *rf)
{
	long slow = fault_number(rf->m->faults, "slow-job", 1000);
	char epoch[24] = "";
	long long starts = keep_number(rf->m->keep, "starts");
	rf->starts_seen = starts;
	for (size_t i = 0; i < COUNT(rf->task); i++) {
		struct task *t = &rf->task[i];
		if (!t->id || t->state != TASK_WAITS)
			continue;
		t->state = TASK_RUNS;
		t->due = rf->m->now + (slow > 0 ? (unsigned long long)slow : 0);
	}
	if (trait(rf, "reset-ids") || fault_is(rf->m->faults, "reset-ids", NULL))
		snprintf(epoch, sizeof epoch, "-%lld", starts);
	tree_id(rf->t, "epoch", epoch);
}
