/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The faults, a row each at the end. Those that a machine, a BMC or the target has are the fake
 * drivers' (broker/drivers/bmc_fake.c, san_fake.c) or the body's own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/list.h"
#include "tests/harness/rest.h"
#include "tests/harness/target.h"

#define PORTAL_DEAD "dead=" SITE_ADDR ":3260\n"

static void kill_batond(struct run *r)
{
	site_kill(r->s, "batond");
}

static void kill_broker(struct run *r)
{
	site_kill(r->s, "baton-broker");
}

static void kill_edge(struct run *r)
{
	site_kill(r->s, "baton-edge");
}

static void kill_files(struct run *r)
{
	site_kill(r->s, "baton-files");
}

static bool hand_or_end(struct site *s, void *ctx)
{
	(void)ctx;
	return site_hand_works(s);
}

static void all_hang(struct run *r)
{
	site_fake(r->s, r->body->name, "hang", "");
	target_line_add(r->s, "fence=hang\n");
}

static void bmcs_forget(struct run *r, const char *end)
{
	for (int i = 0; i < BODIES; i++)
		site_fake(r->s, r->s->body[i]->name, end, NULL);
}

static void none_hangs(struct run *r)
{
	bmcs_forget(r, "hang");
	target_line_rm(r->s, "fence=hang");
}

static void kill_hand(struct run *r)
{
	if (site_until(r->s, hand_or_end, r, 1))
		site_kill(r->s, "baton-hand");
	none_hangs(r);
}

static void mute(struct run *r)
{
	site_fake(r->s, r->body->name, "mute", "power-on power-off soft-off next-boot");
	target_line_add(r->s, "fence=mute\n");
}

static void not_mute(struct run *r)
{
	bmcs_forget(r, "mute");
	bmcs_forget(r, "muted");
	target_line_rm(r->s, "fence=mute");
}

static bool is_muted(struct site *s, void *ctx)
{
	struct run *r = ctx;
	char path[PATH_MAX];
	(void)s;
	snprintf(path, sizeof path, "%s/fake/%s.muted", s->dir, r->body->name);
	return access(path, F_OK) == 0 || !target_has(s, "fence=mute");
}

/* The deed is done, and nobody hears of it: the next broker has it done once more. */
static void kill_broker_behind_the_deed(struct run *r)
{
	if (site_until(r->s, is_muted, r, 3))
		site_kill(r->s, "baton-broker");
	not_mute(r);
}

static void body_faults(struct run *r, enum body_fault dhcp, enum body_fault http, unsigned times)
{
	for (int i = 0; i < BODIES; i++) {
		r->s->body[i]->dhcp = dhcp;
		r->s->body[i]->http = http;
		r->s->body[i]->times = times;
	}
}

static void dhcp_lost(struct run *r)
{
	body_faults(r, r->seed % 2 ? BODY_UNHEARD : BODY_UNANSWERED, BODY_WELL, 3);
}

static void dhcp_twice(struct run *r)
{
	body_faults(r, BODY_TWICE, BODY_WELL, 40);
}

static void http_lost(struct run *r)
{
	body_faults(r, BODY_WELL, BODY_UNHEARD, 3);
}

static void http_unanswered(struct run *r)
{
	body_faults(r, BODY_WELL, BODY_UNANSWERED, 3);
}

static void http_twice(struct run *r)
{
	body_faults(r, BODY_WELL, BODY_TWICE, 40);
}

static void http_late(struct run *r)
{
	for (int i = 0; i < BODIES; i++)
		r->s->body[i]->late = true;
}

static void bodies_well(struct run *r)
{
	body_faults(r, BODY_WELL, BODY_WELL, 0);
	for (int i = 0; i < BODIES; i++)
		r->s->body[i]->late = false;
}

static void bmc_put(struct run *r, const char *end, const char *text)
{
	site_fake(r->s, r->body->name, end, text);
}

static void bmc_hangs(struct run *r)
{
	bmc_put(r, "hang", "");
}

static void bmc_refuses(struct run *r)
{
	bmc_put(r, "refuse", "");
}

static void bmc_lies(struct run *r)
{
	bmc_put(r, "lie", "");
}

static void bmc_false(struct run *r)
{
	bmc_put(r, "false", "");
}

static void bmc_resets(struct run *r)
{
	bmc_put(r, "reset", "power-on power-off next-boot probe");
	body_forget_next(r->body);
}

static void bmc_well(struct run *r)
{
	static const char *const ends[] = { "hang", "refuse", "lie", "false", "reset" };
	for (size_t i = 0; i < COUNT(ends); i++)
		bmcs_forget(r, ends[i]);
}

static void target_is_cut(struct run *r)
{
	target_line_add(r->s, PORTAL_DEAD);
	target_line_add(r->s, "fence=refuse\n");
}

static void target_hangs(struct run *r)
{
	target_line_add(r->s, "hang=" SITE_ADDR ":3260\n");
	target_line_add(r->s, "fence=hang\n");
}

/* Whoever is logged in now cannot be thrown out. */
static void session_stays(struct run *r)
{
	char line[100];
	target_first_session(r->s, r->session, sizeof r->session);
	if (!*r->session)
		return;
	snprintf(line, sizeof line, "stays=%s\n", r->session);
	target_line_add(r->s, line);
}

static void target_well(struct run *r)
{
	target_line_rm(r->s, "dead=");
	target_line_rm(r->s, "hang=");
	target_line_rm(r->s, "fence=");
	target_line_rm(r->s, "stays=");
}

static void disk_full(struct run *r)
{
	char path[PATH_MAX];
	struct statvfs fs;
	snprintf(path, sizeof path, "%s/state/fill", r->s->dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fstatvfs(fd, &fs) < 0)
		bail("%s: %s", path, strerror(errno));
	/* What was free a moment ago may not be any more. */
	for (off_t len = (off_t)(fs.f_bavail * fs.f_bsize); len > 0; len -= 4096)
		if (posix_fallocate(fd, 0, len) == 0)
			break;
	close(fd);
}

static void disk_free(struct run *r)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/state/fill", r->s->dir);
	unlink(path);
}

static bool is_refused(struct site *s, void *ctx)
{
	(void)ctx;
	return s->stale_asked;
}

/* Somebody at its power button. One that a failover left behind is through with its firmware, and
 * asks while the broker still stands at the boundary. */
static void button(struct run *r, struct body *b)
{
	body_power(b, false, false);
	body_power(b, true, true);
	if (!rest_is_stale(b->name))
		return;
	b->next_ns = site_now_ns(r->s);
	site_until(r->s, is_refused, r, 1);
}

static void restarts(struct run *r)
{
	button(r, r->body);
}

static void loses_power(struct run *r)
{
	body_power(r->body, false, false);
}

/* The other machine is switched on: with the card that it has. */
static void other_boots(struct run *r)
{
	button(r, r->other);
}

/* It comes back without a boot: its OS is in its memory, and so is the secret that it had. */
static void other_wakes(struct run *r)
{
	body_wake(r->other);
}

static void undo(struct run *r)
{
	char path[64];
	int status = 0;
	site_part(r->s, "", "");
	snprintf(path, sizeof path, "/v1/orders/%llu/undo", (unsigned long long)r->order);
	json_t *answer = site_api(r->s, "POST", path, "{}", &status);
	uint64_t id = (uint64_t)json_integer_value(json_object_get(answer, "id"));
	if (status == 200 && id) {
		r->turned = r->wish != VERB_DRILL; /* which turns by itself */
		r->order = id;
	} else if (status != 409) {
		site_wrong(r->s, "undo: status %d", status);
	}
	json_decref(answer);
}

static bool has_failed(struct site *s, void *ctx)
{
	return s->failed == ((struct run *)ctx)->order;
}

/* Where the disk takes no more, the step before it has ended and this one is not done: an order is
 * not taken back there otherwise, since one follows the other at once. Then a machine that was seen
 * off is on again, and what was seen is worth nothing. */
static void undo_and_again(struct run *r)
{
	site_until(r->s, has_failed, r, 60);
	disk_free(r);
	undo(r);
	r->again = r->turned && r->wish != ROLL_BACK;
}

static void undo_and_kill(struct run *r)
{
	undo(r);
	site_kill(r->s, "baton-broker");
}

static void nothing(struct run *r)
{
	(void)r;
}

const struct fault faults[] = {
	{ "none", nothing, NULL, NULL, 0, false, "nothing goes wrong", 0 },
	{ "kill-batond", kill_batond, NULL, NULL, 0, false,
		"batond dies, and with it all it started", 0 },
	{ "kill-broker", kill_broker, NULL, NULL, 0, false, "the broker dies", 0 },
	{ "kill-edge", kill_edge, NULL, NULL, 0, false, "the edge dies", 0 },
	{ "kill-files", kill_files, NULL, NULL, 0, false, "files dies", 0 },
	{ "kill-hand", all_hang, kill_hand, NULL, 0, false, "the hand at work dies", 0 },
	{ "answer-lost", mute, NULL, not_mute, 0, false, "a deed is done and never answered", 'a' },
	{ "deed-twice", mute, kill_broker_behind_the_deed, NULL, 0, false,
		"the broker dies behind a deed, which is done once more", 'a' },
	{ "dhcp-lost", dhcp_lost, NULL, bodies_well, 0, false,
		"questions or answers of DHCP are lost", 'd' },
	{ "dhcp-twice", dhcp_twice, NULL, bodies_well, 0, false,
		"each question of DHCP comes twice", 'd' },
	{ "http-lost", http_lost, NULL, bodies_well, 0, false, "requests do not arrive", 'h' },
	{ "http-unanswered", http_unanswered, NULL, bodies_well, 0, false, "answers do not arrive",
		'h' },
	{ "http-twice", http_twice, NULL, bodies_well, 0, false, "each request comes twice", 'h' },
	{ "http-late", http_late, NULL, bodies_well, 0, false,
		"a report of an earlier boot comes late", 'h' },
	{ "bmc-hangs", bmc_hangs, NULL, bmc_well, 0, false, "the BMC does not answer", 0 },
	{ "bmc-refuses", bmc_refuses, NULL, bmc_well, 0, false, "the BMC refuses all orders", 'a' },
	{ "bmc-lies", bmc_lies, NULL, bmc_well, 0, false, "the BMC takes orders and does nothing",
		0 },
	{ "bmc-says-off", bmc_false, NULL, bmc_well, 0, true,
		"the BMC says off, and the machine is on", 0 },
	{ "bmc-resets", bmc_resets, NULL, bmc_well, 0, false,
		"the BMC restarts and forgets the next boot", 0 },
	{ "target-cut", target_is_cut, NULL, target_well, 0, false,
		"the target is cut off, its control, too", 0 },
	{ "target-hangs", target_hangs, NULL, target_well, 0, false, "the target does not answer",
		't' },
	{ "session-stays", session_stays, NULL, target_well, 0, false,
		"a session does not go, and the target says so", 't' },
	{ "disk-full", disk_full, NULL, disk_free, 30, false, "the store's disk is full", 0 },
	{ "restarts", restarts, NULL, NULL, 0, true, "somebody restarts the machine", 'p' },
	{ "loses-power", loses_power, NULL, NULL, 0, true, "the machine loses its power", 'p' },
	{ "other-boots", other_boots, NULL, NULL, 0, true, "somebody switches the other machine on",
		0 },
	{ "other-wakes", other_wakes, NULL, NULL, 0, true,
		"the OS that was on the other machine goes on, with its session and secret of "
		"then",
		0 },
	{ "undo", nothing, undo, NULL, 0, false, "a person takes the order back", 'u' },
	{ "undo-and-kill", nothing, undo_and_kill, NULL, 0, false,
		"a person takes the order back, and the broker dies", 'u' },
	{ "undo-and-again", disk_full, undo_and_again, disk_free, 0, false,
		"the store's disk is full, a person takes the order back, somebody switches the "
		"machine on, and it is "
		"ordered again",
		0 },
};
const unsigned fault_count = COUNT(faults);
