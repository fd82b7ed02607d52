/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See fault.h. */
#include "tests/harness/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/list.h"
#include "tests/harness/target.h"

static void bmcs(const struct at_fault *f, const char *end, const char *text)
{
	for (int i = 0; i < BODIES; i++)
		site_fake(f->site, f->site->body[i]->name, end, text);
}

static void kill_now(struct at_fault *f, const char *program)
{
	f->met = site_kill(f->site, program);
}
static void kill_batond(struct at_fault *f)
{
	kill_now(f, "batond");
}
static void kill_broker(struct at_fault *f)
{
	kill_now(f, "baton-broker");
}
static void kill_edge(struct at_fault *f)
{
	kill_now(f, "baton-edge");
}
static void kill_files(struct at_fault *f)
{
	kill_now(f, "baton-files");
}

/* A hand is met where it hangs. */
static void hang_all(struct at_fault *f)
{
	bmcs(f, "hang", "");
	target_line_add(f->site, "fence=hang\n");
}
static void hang_end(struct at_fault *f)
{
	bmcs(f, "hang", NULL);
	target_line_rm(f->site, "fence=hang");
}
static void hand_turn(struct at_fault *f)
{
	if (site_hand_works(f->site))
		kill_now(f, "baton-hand");
	if (f->met)
		hang_end(f);
}

/* Done, and not answered; then the broker dies, and its next one has it done once more. */
static void mute(struct at_fault *f)
{
	bmcs(f, "mute", "");
	target_line_add(f->site, "fence=mute\n");
}
static void mute_end(struct at_fault *f)
{
	bmcs(f, "mute", NULL);
	bmcs(f, "muted", NULL);
	target_line_rm(f->site, "fence=mute");
}
static bool muted(const struct at_fault *f)
{
	for (int i = 0; i < BODIES; i++) {
		char path[PATH_MAX];
		snprintf(path, sizeof path, "%s/fake/%s.muted", f->site->dir,
			f->site->body[i]->name);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}
static void mute_turn(struct at_fault *f)
{
	f->met = f->met || muted(f);
}
static void twice_turn(struct at_fault *f)
{
	if (f->met || !muted(f))
		return;
	kill_now(f, "baton-broker");
	mute_end(f);
}

static void by_body(struct at_fault *f, enum body_fault dhcp, enum body_fault http)
{
	for (int i = 0; i < BODIES; i++) {
		struct body *b = f->site->body[i];
		b->dhcp = dhcp;
		b->http = http;
		b->times = dhcp || http ? 3 : 0;
	}
}
static void dhcp_lost(struct at_fault *f)
{
	by_body(f, BODY_UNHEARD, BODY_WELL);
}
static void dhcp_unanswered(struct at_fault *f)
{
	by_body(f, BODY_UNANSWERED, BODY_WELL);
}
static void dhcp_twice(struct at_fault *f)
{
	by_body(f, BODY_TWICE, BODY_WELL);
}
static void http_lost(struct at_fault *f)
{
	by_body(f, BODY_WELL, BODY_UNHEARD);
}
static void http_unanswered(struct at_fault *f)
{
	by_body(f, BODY_WELL, BODY_UNANSWERED);
}
static void http_twice(struct at_fault *f)
{
	by_body(f, BODY_WELL, BODY_TWICE);
}
static void body_turn(struct at_fault *f)
{
	for (int i = 0; i < BODIES; i++)
		f->met = f->met || f->site->body[i]->times < 3;
}
static void body_well(struct at_fault *f)
{
	by_body(f, BODY_WELL, BODY_WELL);
}
static void http_late(struct at_fault *f)
{
	for (int i = 0; i < BODIES; i++)
		f->site->body[i]->late = true;
}
static void late_turn(struct at_fault *f)
{
	for (int i = 0; i < BODIES; i++)
		f->met = f->met || !f->site->body[i]->late;
}
static void late_end(struct at_fault *f)
{
	for (int i = 0; i < BODIES; i++)
		f->site->body[i]->late = false;
}

static void bmc_hang(struct at_fault *f)
{
	bmcs(f, "hang", ""), f->met = true;
}
static void bmc_hang_end(struct at_fault *f)
{
	bmcs(f, "hang", NULL);
}
static void bmc_refuse(struct at_fault *f)
{
	bmcs(f, "refuse", ""), f->met = true;
}
static void bmc_refuse_end(struct at_fault *f)
{
	bmcs(f, "refuse", NULL);
}
static void bmc_lie(struct at_fault *f)
{
	bmcs(f, "lie", ""), f->met = true;
}
static void bmc_lie_end(struct at_fault *f)
{
	bmcs(f, "lie", NULL);
}
static void bmc_false(struct at_fault *f)
{
	bmcs(f, "false", ""), f->met = true;
}
static void bmc_false_end(struct at_fault *f)
{
	bmcs(f, "false", NULL);
}
static void bmc_reset(struct at_fault *f)
{
	bmcs(f, "reset", ""), f->met = true;
}
static void bmc_reset_end(struct at_fault *f)
{
	bmcs(f, "reset", NULL);
}
static void bmc_bounce(struct at_fault *f)
{
	bmcs(f, "bounce", ""), f->met = true;
}
static void bmc_bounce_end(struct at_fault *f)
{
	bmcs(f, "bounce", NULL);
}

static void target_cut(struct at_fault *f)
{
	target_line_add(f->site, "dead=" SITE_ADDR ":3260\nfence=refuse\n");
	f->met = true;
}
static void target_cut_end(struct at_fault *f)
{
	target_line_rm(f->site, "dead=");
	target_line_rm(f->site, "fence=refuse");
}

static void filler(const struct at_fault *f, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/state/filler", f->site->dir);
}
static void disk_full(struct at_fault *f)
{
	char path[PATH_MAX];
	struct statvfs v;
	filler(f, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fstatvfs(fd, &v) < 0 ||
		posix_fallocate(fd, 0, (off_t)(v.f_bavail * v.f_frsize)) != 0)
		bail("%s: %s", path, strerror(errno));
	close(fd);
	f->met = true;
}
static void disk_full_end(struct at_fault *f)
{
	char path[PATH_MAX];
	filler(f, path);
	unlink(path);
}

static void power_cycle(struct at_fault *f)
{
	body_power(f->body, false, false);
	body_power(f->body, true, true);
	f->met = true;
}
static void power_cut(struct at_fault *f)
{
	body_power(f->body, false, false), f->met = true;
}
static void old_wakes(struct at_fault *f)
{
	body_wake(f->other), f->met = true;
}
static void old_boots(struct at_fault *f)
{
	body_power(f->other, true, true), f->met = true;
}

/* BMC and target lie at once: what no protocol can hold against. The judge must see it. */
static void all_lie(struct at_fault *f)
{
	bmc_false(f);
	target_line_add(f->site, "keeps=yes\n");
}
static void no_end(struct at_fault *f)
{
	(void)f;
}

const struct fault fault_all_lie = { "all-lie", all_lie, NULL, no_end };

const struct fault faults[] = {
	{ "kill-batond", kill_batond, NULL, NULL },
	{ "kill-broker", kill_broker, NULL, NULL },
	{ "kill-edge", kill_edge, NULL, NULL },
	{ "kill-files", kill_files, NULL, NULL },
	{ "kill-hand", hang_all, hand_turn, hang_end },
	{ "hand-unanswered", mute, mute_turn, mute_end },
	{ "deed-twice", mute, twice_turn, mute_end },
	{ "dhcp-lost", dhcp_lost, body_turn, body_well },
	{ "dhcp-unanswered", dhcp_unanswered, body_turn, body_well },
	{ "dhcp-twice", dhcp_twice, body_turn, body_well },
	{ "http-lost", http_lost, body_turn, body_well },
	{ "http-unanswered", http_unanswered, body_turn, body_well },
	{ "http-twice", http_twice, body_turn, body_well },
	{ "http-late", http_late, late_turn, late_end },
	{ "bmc-hang", bmc_hang, NULL, bmc_hang_end },
	{ "bmc-refuse", bmc_refuse, NULL, bmc_refuse_end },
	{ "bmc-lie", bmc_lie, NULL, bmc_lie_end },
	{ "bmc-false", bmc_false, NULL, bmc_false_end },
	{ "bmc-reset", bmc_reset, NULL, bmc_reset_end },
	{ "bmc-bounce", bmc_bounce, NULL, bmc_bounce_end },
	{ "target-cut", target_cut, NULL, target_cut_end },
	{ "disk-full", disk_full, NULL, disk_full_end },
	{ "power-cycle", power_cycle, NULL, NULL },
	{ "power-cut", power_cut, NULL, NULL },
	{ "old-wakes", old_wakes, NULL, NULL },
	{ "old-boots", old_boots, NULL, NULL },
};
const unsigned faults_n = COUNT(faults);
