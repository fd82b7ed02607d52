/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing a resource: its entity tag (DSP0266, "ETags"), and the task that a change may become
 * (DSP0266, "Asynchronous operations"). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/redfish.h"
#include "drivers/wait.h"

enum {
	JOB_POLL_MS = 300,
	JOB_WAITS_MS = 500, /* so long it says "scheduled" before it is believed to wait */
	TAG_TRIES = 4,
};

static void etag_get(struct redfish *rf, const char *path, char etag[RF_ETAG_LEN + 1])
{
	OWN(said) struct said s = { 0 };
	const struct question q = { .method = "GET", .path = path };
	etag[0] = '\0';
	if (talk_ask(rf->talk, &q, &s, NULL) == 0 && said_ok(&s))
		memcpy(etag, s.etag, RF_ETAG_LEN + 1);
}

static bool tag_refused(const struct said *s)
{
	return s->status == 412 || s->status == 428;
}

/* What to try after that many tags were refused: the one that it has now; the same as a strong one,
 * since some show a weak one and compare strongly; any; none. False: it is as the one before. */
static bool etag_next(struct redfish *rf, const char *path, int tried, char etag[RF_ETAG_LEN + 1])
{
	switch (tried) {
	case 0:
		etag_get(rf, path, etag);
		return true;
	case 1:
		if (strncmp(etag, "W/", 2) != 0)
			return false;
		memmove(etag, etag + 2, strlen(etag + 2) + 1);
		return true;
	case 2:
		strcpy(etag, "*");
		return true;
	default:
		etag[0] = '\0';
		return true;
	}
}

int rf_patch(struct redfish *rf, const char *path, const char *etag, const json_t *body, bool quiet,
	struct said *ret, struct err *e)
{
	char tag[RF_ETAG_LEN + 1];
	snprintf(tag, sizeof tag, "%s", etag);
	if (!tag[0])
		etag_get(rf, path, tag);
	const struct question q = {
		.method = "PATCH", .path = path, .body = body, .etag = tag, .quiet = quiet
	};
	for (int tried = 0;; tried++) {
		int r = talk_ask(rf->talk, &q, ret, e);
		if (r < 0 || !tag_refused(ret))
			return r;
		while (tried < TAG_TRIES && !etag_next(rf, path, tried, tag))
			tried++;
		if (tried >= TAG_TRIES)
			return 0;
		said_drop(ret);
	}
}

int rf_post(struct redfish *rf, const char *path, const json_t *body, bool quiet, struct said *ret,
	struct err *e)
{
	const struct question q = {
		.method = "POST", .path = path, .body = body, .once = true, .quiet = quiet
	};
	return talk_ask(rf->talk, &q, ret, e);
}

bool rf_elsewhere_may_do(const struct said *s)
{
	return s->status >= 400 && s->status < 500 && s->status != 401 && s->status != 403;
}

/* One look at the monitor. *ret NONE: it is over, and says no more than that. */
static int job_look(struct redfish *rf, const char *path, struct rf_task *ret, struct err *e)
{
	OWN(said) struct said s = { 0 };
	int r = talk_ask(rf->talk, &(struct question){ .method = "GET", .path = path }, &s, e);
	if (r < 0)
		return r;
	rf_task_read(ret, s.body);
	if (s.status == 202 && ret->state != RF_JOB_WAITS)
		ret->state = RF_JOB_RUNS;
	/* A monitor that is gone was asked for its end before; what came of it is read back. */
	if (said_ok(&s) || s.status == 404 || s.status == 410)
		return 0;
	return talk_refused(rf->talk, &s, e);
}

int rf_job_wait(
	struct redfish *rf, const struct said *s, bool reset, int64_t until_ms, struct err *e)
{
	struct rf_path path = s->location;
	struct rf_task task;
	if (s->status != 202)
		return 0;
	if (!path.text[0] && !rf_path_read(&path, s->body, "@odata.id"))
		return 0; /* it names no task: what came of it is read back */
	for (int64_t begun = wait_now_ms();;) {
		int r = job_look(rf, path.text, &task, e);
		if (r < 0)
			return r;
		int64_t now = wait_now_ms();
		if (task.state == RF_JOB_NONE || task.state == RF_JOB_DONE)
			return 0;
		if (task.state == RF_JOB_FAILED)
			return err_say(e, EIO, "its job for it ended as %s: %s", task.state_word,
				task.message[0] ? task.message : "it does not say why");
		if (task.state == RF_JOB_WAITS && reset && now - begun >= JOB_WAITS_MS)
			return 0;
		if (now >= until_ms)
			return err_say(e, ETIMEDOUT, "its job for it is still %s",
				task.state_word[0] ? task.state_word : "not done");
		wait_until_ms(now + JOB_POLL_MS);
	}
}
