/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the Redfish service share. */
#pragma once
#include "sim/redfish.h"

enum { SESSIONS_MAX = 16, TASKS_MAX = 32, SUBSCRIPTIONS_MAX = 8, SESSION_S = 1800, TOKEN_LEN = 33 };

struct session {
	unsigned id; /* 0: free */
	char token[TOKEN_LEN];
	unsigned long long used; /* ms */
};

enum task_state { TASK_WAITS, TASK_RUNS, TASK_DONE, TASK_FAILED };

struct task {
	unsigned id; /* 0: free */
	enum task_state state;
	const char *what;
	int gesture; /* of enum gesture: what it does when it is done; -1: nothing */
	unsigned long long begun, due; /* ms */
	bool hidden; /* no job of the service's, but something that takes its time */
	char why[160];
};

struct redfish {
	struct machine *m;
	struct tree *t;
	char user[64], secret[64];
	void (*random)(void *to, size_t len);
	struct session session[SESSIONS_MAX];
	unsigned sessions_made;
	struct task task[TASKS_MAX];
	unsigned tasks_made;
	long long starts_seen; /* of the machine */
	json_t *registry;      /* the messages */
	unsigned events_made;
	void (*push)(void *ctx, const char *to, const char *id, const char *body);
	void *push_ctx;
};

/* An answer with that message of the Base registry alone. */
void answer_message(struct redfish *rf, struct redfish_answer *a, unsigned status,
	const char *message, const char *arg1, const char *arg2, const char *arg3);
/* Messages gather in an array; then they are the answer. */
json_t *message_of(struct redfish *rf, const char *message, const char *const *arg, unsigned args);
void answer_error(struct redfish *rf, struct redfish_answer *a, unsigned status, json_t *messages);
/* body is taken over. */
void answer_json(struct redfish_answer *a, unsigned status, json_t *body);
/* The resource at a path as a GET gives it, with its ETag; the caller's, or NULL. */
json_t *resource_get(struct redfish *rf, const char *path, char etag[48]);
/* The body as an object, the caller's; NULL: the answer is made. */
json_t *body_of(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a);

bool trait(const struct redfish *rf, const char *name);
json_t *redfish_live(void *ctx, const char *name);

/* The header Allow of the resource at that path. */
const char *allow_of(json_t *template, const char *path);

/* redfish_patch.c */
void answer_patch(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a);

/* redfish_post.c */
void answer_post(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a);
void answer_delete(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a);
void session_make(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a);
void sessions_show(struct redfish *rf);
bool login_ok(const struct redfish *rf, const char *user, const char *secret);

/* redfish_event.c */
void subscriptions_show(struct redfish *rf);
void subscription_make(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a);
bool subscription_end(struct redfish *rf, const char *id);
/* The answer for the path at which events can be read; false: it is none. */
bool event_stream(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a);
void event_test(struct redfish *rf, json_t *body);

/* redfish_task.c: the answer is 202 with where to ask. */
void task_make(struct redfish *rf, const char *what, int gesture, long takes_ms, bool waits,
	struct redfish_answer *a);
/* The machine has started: jobs that waited for it run, and ids may be others. */
void redfish_started(struct redfish *rf);
/* The power changes once this time is over; until then it is on its way. */
void power_later(struct redfish *rf, enum gesture g, long takes_ms);
void tasks_show(struct redfish *rf);
json_t *task_live(struct redfish *rf, const char *name); /* "task.3.percent" */
/* The answer for a task monitor's path; false: it is none. */
bool task_monitor(struct redfish *rf, const char *path, struct redfish_answer *a);
