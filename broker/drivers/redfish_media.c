/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Virtual media (VirtualMedia): an image by its URL in a drive that the machine sees, so that it
 * starts iPXE without PXE. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/redfish.h"
#include "drivers/wait.h"

enum { MEDIA_JOB_MS = 30000, MEDIA_LOOK_MS = 10000, MEDIA_POLL_MS = 300 };

static void json_drop(json_t **j)
{
	json_decref(*j);
}

static int media_get(struct redfish *rf, const char *path, struct rf_media *ret, struct err *e)
{
	OWN(said) struct said s = { 0 };
	int r = talk_get(rf->talk, path, &s, e);
	if (r < 0)
		return r;
	rf_media_read(ret, s.body);
	rf_path_of(&ret->self, path);
	memcpy(ret->etag, s.etag, sizeof ret->etag);
	return 0;
}

/* Newer services keep the drives with the system, older ones with its manager. */
static int drives_path(
	struct redfish *rf, const struct rf_system *s, struct rf_path *ret, struct err *e)
{
	OWN(said) struct said manager = { 0 };
	*ret = s->media;
	if (ret->text[0])
		return 0;
	int r = s->manager.text[0] ? talk_get(rf->talk, s->manager.text, &manager, e) : -ENOENT;
	if (r == 0 && rf_path_read(ret, manager.body, "VirtualMedia/@odata.id"))
		return 0;
	return r < 0 && r != -ENOENT ? r : err_say(e, ENOTSUP, "it has no virtual media");
}

/* The drive for a CD, else one for a stick. */
static int drive_choose(
	struct redfish *rf, const struct rf_system *s, struct rf_media *ret, struct err *e)
{
	struct rf_path list;
	struct rf_links links;
	bool found = false;
	talk_doing(rf->talk, "tell its virtual media");
	int r = drives_path(rf, s, &list, e);
	r = r < 0 ? r : rf_members_get(rf, &links, list.text, e);
	for (size_t i = 0; r == 0 && i < links.n && !(found && ret->cd); i++) {
		struct rf_media one;
		r = media_get(rf, links.of[i].text, &one, e);
		if (r < 0 || !(one.cd || (one.usb && !found)))
			continue;
		*ret = one;
		found = true;
	}
	if (r < 0)
		return r;
	return found ? 0 : err_say(e, ENOTSUP, "none of its virtual media is a CD or a stick");
}

static int over(struct redfish *rf, struct said *s, struct err *e)
{
	if (!said_ok(s))
		return talk_refused(rf->talk, s, e);
	return rf_job_wait(rf, s, false, wait_now_ms() + MEDIA_JOB_MS, e);
}

static int eject(struct redfish *rf, const struct rf_media *m, struct err *e)
{
	OWN(said) struct said s = { 0 };
	OWN(json) json_t *none = json_object();
	OWN(json) json_t *empty = json_pack("{s:n,s:b}", "Image", "Inserted", 0);
	talk_doing(rf->talk, "take an image out");
	int r = m->eject.text[0] ? rf_post(rf, m->eject.text, none, false, &s, e)
				 : rf_patch(rf, m->self.text, m->etag, empty, false, &s, e);
	return r < 0 ? r : over(rf, &s, e);
}

static int insert_with(struct redfish *rf, const struct rf_media *m, const char *url, bool only,
	struct said *ret, struct err *e)
{
	OWN(json) json_t *body = json_pack("{s:s}", "Image", url);
	if (!only)
		json_object_set_new(body, "Inserted", json_true());
	if (!only)
		json_object_set_new(body, "WriteProtected", json_true());
	talk_doing(rf->talk, "put an image in");
	/* An address may have a token in it. */
	return m->insert.text[0] ? rf_post(rf, m->insert.text, body, true, ret, e)
				 : rf_patch(rf, m->self.text, m->etag, body, true, ret, e);
}

static int insert(struct redfish *rf, const struct rf_media *m, const char *url, struct err *e)
{
	OWN(said) struct said s = { 0 };
	bool only = rf->quirks.media_image_only;
	int r = insert_with(rf, m, url, only, &s, e);
	if (r == 0 && s.status == 400 && !only) {
		said_drop(&s);
		r = insert_with(rf, m, url, true, &s, e);
	}
	return r < 0 ? r : over(rf, &s, e);
}

static bool media_is(const struct rf_media *m, const char *url)
{
	return url ? m->inserted && strcmp(m->image, url) == 0 : !m->inserted;
}

/* Until that is in the drive *m; NULL: nothing. */
static int media_reach(struct redfish *rf, struct rf_media *m, const char *url, struct err *e)
{
	const struct rf_path drive = m->self;
	int64_t end = wait_now_ms() + MEDIA_LOOK_MS;
	talk_doing(rf->talk, "tell its virtual media");
	for (;;) {
		int r = media_get(rf, drive.text, m, e);
		if (r < 0 || media_is(m, url))
			return r;
		if (wait_now_ms() >= end)
			return err_say(e, EIO,
				url ? "it took the image and does not show it in the drive"
				    : "it was told to take the image out and still shows it");
		wait_until_ms(wait_now_ms() + MEDIA_POLL_MS);
	}
}

static const char *boot_target(const struct rf_system *s, const struct rf_media *m)
{
	if (!m->cd)
		return "Usb";
	return s->boots_listed && !s->boots_cd && s->boots_usb_cd ? "UsbCd" : "Cd";
}

int redfish_media_boot(struct bmc *bmc, const char *url, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	struct rf_system s;
	struct rf_media m;
	int r = rf_system_get(rf, &s, e);
	r = r < 0 ? r : drive_choose(rf, &s, &m, e);
	if (r < 0)
		return r;
	if (m.inserted && !media_is(&m, url)) {
		r = eject(rf, &m, e);
		r = r < 0 ? r : media_reach(rf, &m, NULL, e);
	}
	if (r == 0 && !media_is(&m, url)) {
		r = insert(rf, &m, url, e);
		r = r < 0 ? r : media_reach(rf, &m, url, e);
	}
	return r < 0 ? r : rf_boot_once(rf, boot_target(&s, &m), e);
}

int redfish_media_none(struct bmc *bmc, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	struct rf_system s;
	struct rf_media m;
	int r = rf_system_get(rf, &s, e);
	r = r < 0 ? r : drive_choose(rf, &s, &m, e);
	if (r < 0 || !m.inserted)
		return r;
	r = eject(rf, &m, e);
	return r < 0 ? r : media_reach(rf, &m, NULL, e);
}
