/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which stale machine it is that a question without an answer came from: the one that is switched
 * off, known by its UUID or by its relay's port. */
#include "broker/woken.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "broker/events.h"
#include "broker/hands.h"
#include "broker/members.h"
#include "broker/reports.h"
#include "broker/runner.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

#define U1 "11111111-2222-3333-4444-aaaaaaaaaaaa"
#define U2 "11111111-2222-3333-4444-bbbbbbbbbbbb"
#define WEB "6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204" /* the persona's, on two of them */

static struct err e;

struct site {
	struct broker b;
	uv_loop_t loop;
	int reports[2], control[2];
};

/* Its BMC's host is the machine's name. */
static void left_behind(struct site *s, const char *name, const char *mac, const char *uuid,
	const char *circuit, const char *remote)
{
	struct machine m = machine_of(name, mac);
	snprintf(m.bmc.host, sizeof m.bmc.host, "%s", name);
	m.nic[0].network[0] = '\0';
	uuid_parse(&m.uuid, uuid);
	relay_id_parse(&m.nic[0].relay_port.circuit, circuit);
	relay_id_parse(&m.nic[0].relay_port.remote, remote);
	MUST(store_machine_add(s->b.store, &m, &e));
	MUST(store_stale_add(s->b.store, name, "web-01", 1, 1, &e));
}

static void site_open(struct site *s)
{
	*s = (struct site){ .b.store = peopled("") };
	left_behind(s, "by-both", "52:54:00:cc:00:01", U1, "7", "");
	left_behind(s, "by-port", "52:54:00:cc:00:02", "", "8", "0xaa");
	left_behind(s, "by-uuid", "52:54:00:cc:00:03", U2, "", "");
	left_behind(s, "by-none", "52:54:00:cc:00:04", "", "", "");
	struct uuid web;
	uuid_parse(&web, WEB);
	MUST(store_carried_set(s->b.store, "by-both", &web, "", &e));
	MUST(store_carried_set(s->b.store, "by-uuid", &web, "", &e));
	uv_loop_init(&s->loop);
	s->b.loop = &s->loop;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s->reports) ||
		socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s->control))
		abort();
	MUST(events_open(&s->b.events, s->b.store, NULL, NULL, &e));
	MUST(reports_open(&s->b.reports, &s->b, s->reports[0], &e));
	MUST(hands_open(&s->b.hands, &s->loop, s->control[0], &(struct hands_calls){ 0 }, &e));
	MUST(runner_open(&s->b.runner, &s->b, &e));
}

static void site_close(struct site *s)
{
	runner_close(s->b.runner);
	hands_close(s->b.hands);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	reports_close(s->b.reports);
	events_close(s->b.events);
	store_close(s->b.store);
	for (int i = 0; i < 2; i++) {
		close(s->reports[i]);
		close(s->control[i]);
	}
}

/* The host of the BMC that a hand was asked to switch off; "" where none was. */
static const char *switched_off(const struct site *s)
{
	static char host[HOST_LEN + 1];
	char line[128], deed[1024];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room;
	struct iovec part = { line, sizeof line };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room.bytes,
		.msg_controllen = sizeof room.bytes };
	host[0] = '\0';
	if (recvmsg(s->control[1], &m, MSG_DONTWAIT) <= 0 || !CMSG_FIRSTHDR(&m))
		return host;
	int fd;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	ssize_t n = read(fd, deed, sizeof deed - 1);
	close(fd);
	deed[n > 0 ? n : 0] = '\0';
	OWN(json) json_t *j = json_loads(deed, 0, NULL);
	const json_t *bmc = json_object_get(j, "bmc");
	if (strcmp(json_string_value(json_object_get(j, "deed")), "bmc-off") == 0)
		snprintf(host, sizeof host, "%s", json_string_value(json_object_get(bmc, "host")));
	return host;
}

static void a_stale_machine_is_known_by_its_uuid_or_its_port(void)
{
	static const struct {
		const char *said, *off;
	} rows[] = {
		{ "why=stale-body uuid=" U2, "by-uuid" },
		{ "why=stale-body uuid=" U1, "by-both" },
		{ "why=stale-body circuit=7", "by-both" },
		{ "why=stale-body uuid=" U1 " circuit=9", "by-both" },
		{ "why=stale-body uuid=" U2 " circuit=7", "by-uuid" },
		{ "why=stale-body circuit=8 remote=0xaa", "by-port" },
		{ "why=stale-body uuid=99111111-2222-3333-4444-bbbbbbbbbbbb circuit=8 remote=0xaa",
			"by-port" },
		{ "why=stale-body uuid=" WEB " circuit=7", "by-both" },
		{ "why=stale-body uuid=" WEB " circuit=9", "" },
		{ "why=stale-body uuid=" WEB, "" },
		{ "why=stale-body circuit=8", "" },
		{ "why=stale-body circuit=8 remote=0xab", "" },
		{ "why=stale-body circuit=9", "" },
		{ "why=stale-body circuit=0x", "" },
		{ "why=stale-body", "" },
		{ "why=no-relay-port circuit=7", "" },
		{ "why=stale-body uuid=00000000-0000-0000-0000-000000000000", "" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct site s;
		struct woken *w;
		struct event_row row = { .word = "dhcp-silent" };
		site_open(&s);
		MUST(woken_open(&w, &s.b, &e));
		snprintf(row.text, sizeof row.text, "mac=02:ba:70:00:00:01 %s", rows[i].said);
		woken_heard(w, EV_dhcp_silent, &row);
		CHECK_TEXT(switched_off(&s), rows[i].off);
		/* once; it asks again and again while its BMC works */
		woken_heard(w, EV_dhcp_silent, &row);
		CHECK_TEXT(switched_off(&s), "");
		woken_close(w);
		site_close(&s);
	}
}

TESTS(T(a_stale_machine_is_known_by_its_uuid_or_its_port))
