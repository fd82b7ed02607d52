/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's reports on their way to the broker and back: one datagram each way, matched by id
 * (docs/design/0003-between-processes.md). A broker that is away for a moment finds them waiting.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/own.h"
#include "files/files.h"

struct report {
	uv_timer_t timer;
	struct files *files;
	struct http_request *request;
	struct mac mac;
	uint32_t generation;
	uint64_t id;
	struct report *next;
};

static void on_closed(uv_handle_t *h)
{
	free(h->data);
}

/* Out of the list; its memory goes back when the loop turns. */
static void report_end(struct report *p, unsigned status, const char *text)
{
	struct report **at = &p->files->reports;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->files->report_count--;
	http_reply_text(p->request, status, text);
	uv_close((uv_handle_t *)&p->timer, on_closed);
}

static void on_deadline(uv_timer_t *t)
{
	report_end(t->data, 503, "broker-silent: the broker did not answer in time; try again");
}

static bool pass_on(const struct report *p)
{
	char line[128], text[MAC_TEXT];
	size_t len;
	const void *body = http_body(p->request, &len);
	int n = snprintf(line, sizeof line, "report id=%llu mac=%s generation=%u\n",
		(unsigned long long)p->id, mac_text(text, &p->mac), p->generation);
	struct iovec parts[2] = { { line, (size_t)n }, { (void *)(uintptr_t)body, len } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };
	return sendmsg(p->files->events, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

void report_pass(
	struct files *f, struct http_request *r, const struct mac *mac, uint32_t generation)
{
	struct report *p = f->report_count < REPORTS_MAX ? calloc(1, sizeof *p) : NULL;
	if (!p) {
		http_reply_text(r, 503, "busy: too many reports wait for the broker; try again");
		return;
	}
	*p = (struct report){ .files = f,
		.request = r,
		.mac = *mac,
		.generation = generation,
		.id = f->report_id + 1,
		.next = f->reports };
	if (!pass_on(p)) {
		free(p);
		http_reply_text(r, 503, "broker-away: the broker takes no report now; try again");
		return;
	}
	f->report_id = p->id;
	f->reports = p;
	f->report_count++;
	uv_timer_init(f->loop, &p->timer);
	p->timer.data = p;
	uv_timer_start(&p->timer, on_deadline, REPORT_WAIT_MS, 0);
}

/* `answer id=N status=S` LF text. An answer to nobody, or to one that has given up, is dropped. */
static void take_answer(struct files *f, char *message)
{
	unsigned long long id;
	unsigned status;
	int end = 0;
	if (sscanf(message, "answer id=%20llu status=%3u%n", &id, &status, &end) != 2 || end == 0)
		return;
	if ((message[end] != '\n' && message[end] != '\0') || status < 200 || status > 599)
		return;
	const char *text = message[end] ? message + end + 1 : "";
	for (struct report *p = f->reports; p; p = p->next)
		if (p->id == id) {
			report_end(p, status, text);
			return;
		}
}

/* A new broker has taken the place of one that died with reports in its hands. What one of them
 * said may still lie in the queue and be heard twice: a report may always be repeated. */
static void pass_on_again(struct files *f)
{
	for (struct report *p = f->reports, *next; p; p = next) {
		next = p->next;
		if (!pass_on(p))
			report_end(
				p, 503, "broker-away: the broker takes no report now; try again");
	}
}

static void on_answers(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	struct files *f = poll->data;
	char message[1024];
	/* Bounded, so that a talkative broker cannot keep machines waiting. */
	for (int i = 0; i < 64; i++) {
		ssize_t n = recv(f->events, message, sizeof message - 1, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			uv_poll_stop(poll); /* nobody holds the far end: the warden has gone */
		if (n <= 0)
			return;
		message[n] = '\0';
		if (strcmp(message, "restarted") == 0)
			pass_on_again(f);
		else
			take_answer(f, message);
	}
}

int reports_open(struct files *f, struct err *e)
{
	/* Ids of this process and of one before it must not meet: an answer may outlive both. */
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	f->report_id = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	int r = uv_poll_init(f->loop, &f->answers, f->events);
	if (r < 0)
		return err_set(e, -r, "descriptor \"events\"");
	f->answers.data = f;
	r = uv_poll_start(&f->answers, UV_READABLE, on_answers);
	return r < 0 ? err_set(e, -r, "descriptor \"events\"") : 0;
}

void reports_close(struct files *f)
{
	while (f->reports)
		report_end(f->reports, 503, "stopping: this server stops; try again");
	uv_close((uv_handle_t *)&f->answers, NULL);
}
