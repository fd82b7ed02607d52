/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A look at a LUN over iSCSI, and the end of its reservations, through libiscsi; the only file that
 * sees it. One login, in plain order: connect, log in, a few commands, log out. libiscsi's calls do
 * not wait, so that every one of them can be held to the same deadline. */
#include <errno.h>
#include <inttypes.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "drivers/san.h"
#include "drivers/wait.h"

enum {
	ISID_RANDOM = 0xba7017, /* of RFC 7143's "random" type; always the same, so that a login
				 * takes the place of one that a killed hand left behind */
	LUN_MAX = 16383,        /* of flat addressing, SAM-5 4.7.7 */
	LUN_PERIPHERAL_MAX = 255,
	LUN_FLAT = 0x4000,
	ATTENTION_TRIES = 8,
	LOGOUT_MS = 500,
	REDIRECTS = 3,
	MET_CLOSED = -1,
	LOGIN_NO_AUTH = 0x0201, /* RFC 7143, 11.13.5 */
	LOGIN_FORBIDDEN = 0x0202,
	LOGIN_NO_TARGET = 0x0203,
	LOGIN_GONE = 0x0204,
	BLOCKS = 2,
	BLOCK_MAX = 65536,
	KEYS_ROOM = 8192,       /* of 8 bytes each */
	READ_MOST = 128 * 1024, /* in one command: every target takes that */
};

/* What Baton registers with to clear the rest. Any number but 0 is right: "BATON" in ASCII. */
static const uint64_t own_key = 0x4241544f4e;

struct visit {
	const struct san_login *login;
	struct iscsi_context *ctx;
	struct scsi_task *task; /* the answer to the last command */
	int lun;                /* as libiscsi writes it into a PDU */
	uint64_t block;         /* where the next ASK_BLOCKS begins */
	uint32_t blocks;
	int status, met; /* met: the number in libiscsi's words when it failed */
	char words[160];
	bool done;
	int64_t deadline;
	unsigned timeout_ms;
};

/* libiscsi's log has no room for a pointer of ours; a hand has one visit at a time. */
static bool asked_for_chap;

static void log_seen(int level, const char *text)
{
	(void)level;
	if (strstr(text, "AuthMethod=CHAP"))
		asked_for_chap = true;
}

static void visit_drop(struct visit **v)
{
	if ((*v)->ctx)
		iscsi_destroy_context((*v)->ctx);
	if ((*v)->task)
		scsi_free_scsi_task((*v)->task);
}

/* libiscsi tells a number only at the end of its words, "... Connection refused(111)", and its
 * next step writes other words over them. */
static void failure_keep(struct visit *v)
{
	const char *words = iscsi_get_error(v->ctx);
	snprintf(v->words, sizeof v->words, "%s", words ? words : "it does not say why");
	v->words[strcspn(v->words, "\n")] = '\0';
	const char *at = strrchr(v->words, '(');
	if (!at || sscanf(at, "(%d)", &v->met) != 1)
		v->met = 0;
	/* All that is left of a connection that the other end closed. */
	if (strncmp(v->words, "iscsi_service_reconnect", 23) == 0)
		v->met = MET_CLOSED;
}

static void told(struct iscsi_context *ctx, int status, void *data, void *ours)
{
	struct visit *v = ours;
	(void)ctx;
	(void)data;
	if (v->done)
		return;
	v->status = status;
	v->done = true;
	if (status != SCSI_STATUS_GOOD)
		failure_keep(v);
}

static void answered(struct iscsi_context *ctx, int status, void *data, void *ours)
{
	struct visit *v = ours;
	if (v->task)
		scsi_free_scsi_task(v->task);
	v->task = data;
	told(ctx, status, NULL, v);
}

/* Serves the connection until the call under way has ended; its outcome is in v->status. */
static int visit_wait(struct visit *v, const char *doing, struct err *e)
{
	while (!v->done) {
		int64_t left = v->deadline - wait_now_ms();
		if (left <= 0)
			return err_say(e, ETIMEDOUT, "portal %s: no answer within %u ms to %s",
				v->login->portal, v->timeout_ms, doing);
		struct pollfd p = { .fd = iscsi_get_fd(v->ctx),
			.events = (short)iscsi_which_events(v->ctx) };
		int n = poll(&p, 1, left < 1000 ? (int)left : 1000);
		if (n > 0 && iscsi_service(v->ctx, p.revents) < 0)
			told(v->ctx, SCSI_STATUS_ERROR, NULL, v);
	}
	return 0;
}

static int visit_connect(struct visit *v, const char *portal, struct err *e)
{
	v->done = false;
	bool begun = iscsi_connect_async(v->ctx, portal, told, v) == 0;
	int r = begun ? visit_wait(v, "the connection", e) : 0;
	if (r < 0 || (begun && v->status == SCSI_STATUS_GOOD))
		return r;
	if (!begun)
		failure_keep(v);
	if (v->met == ECONNREFUSED)
		return err_say(e, ECONNREFUSED, "portal %s: nothing listens there", portal);
	return err_say(e, v->met == ETIMEDOUT ? ETIMEDOUT : EHOSTUNREACH,
		"portal %s: no connection: %s", portal, v->met ? strerror(v->met) : v->words);
}

static int login_refused(struct visit *v, struct err *e)
{
	const struct san_login *l = v->login;
	switch (v->met) {
	case LOGIN_NO_AUTH:
		if (l->target_user)
			return err_say(e, EACCES,
				"portal %s: target %s refused CHAP user \"%s\" or its secret, or "
				"has "
				"no account to show in turn",
				l->portal, l->target, l->user);
		if (l->user)
			return err_say(e, EACCES,
				"portal %s: target %s refused CHAP user \"%s\" or its secret",
				l->portal, l->target, l->user);
		return err_say(e, EACCES, "portal %s: target %s wants CHAP and no account is set",
			l->portal, l->target);
	case LOGIN_FORBIDDEN:
		return err_say(e, EACCES,
			"portal %s: target %s does not let initiator %s in; allow it there",
			l->portal, l->target, l->initiator);
	case LOGIN_NO_TARGET:
	case LOGIN_GONE:
		return err_say(e, ENOENT, "portal %s: no target %s there", l->portal, l->target);
	case MET_CLOSED:
		return err_say(e, ECONNREFUSED,
			"portal %s: it closed the connection during the login; does an iSCSI "
			"target "
			"listen there?",
			l->portal);
	default:
		if (l->target_user && strstr(v->words, "CHAP_"))
			return err_say(e, EACCES,
				"portal %s: target %s did not show account \"%s\" with its secret; "
				"is "
				"that the target?",
				l->portal, l->target, l->target_user);
		return err_say(e, EIO, "portal %s: target %s ended the login: %s", l->portal,
			l->target, v->words);
	}
}

static int visit_new_context(struct visit *v, struct err *e)
{
	const struct san_login *l = v->login;
	if (v->ctx)
		iscsi_destroy_context(v->ctx);
	v->ctx = iscsi_create_context(l->initiator);
	if (!v->ctx)
		return err_set(e, ENOMEM, "iSCSI session");
	asked_for_chap = false;
	iscsi_set_log_fn(v->ctx, log_seen);
	iscsi_set_log_level(v->ctx, 10);
	iscsi_set_noautoreconnect(v->ctx, 1);
	if (iscsi_set_targetname(v->ctx, l->target) < 0 ||
		iscsi_set_session_type(v->ctx, ISCSI_SESSION_NORMAL) < 0 ||
		iscsi_set_isid_random(v->ctx, ISID_RANDOM, 0) < 0 ||
		(l->user && iscsi_set_initiator_username_pwd(v->ctx, l->user, l->secret) < 0) ||
		(l->target_user && iscsi_set_target_username_pwd(
					   v->ctx, l->target_user, l->target_secret) < 0))
		return err_say(e, EINVAL, "portal %s: %s", l->portal, iscsi_get_error(v->ctx));
	return 0;
}

static int visit_login(struct visit *v, struct err *e)
{
	const struct san_login *l = v->login;
	char portal[256];
	snprintf(portal, sizeof portal, "%s", l->portal);
	for (int i = 0; i <= REDIRECTS; i++) {
		int r = visit_new_context(v, e);
		if (r == 0)
			r = visit_connect(v, portal, e);
		if (r < 0)
			return r;
		v->done = false;
		if (iscsi_login_async(v->ctx, told, v) < 0) {
			failure_keep(v);
			return login_refused(v, e);
		}
		r = visit_wait(v, "the login", e);
		if (r < 0)
			return r;
		if (v->status == SCSI_STATUS_REDIRECT) {
			snprintf(portal, sizeof portal, "%s", iscsi_get_target_address(v->ctx));
			continue;
		}
		if (v->status != SCSI_STATUS_GOOD)
			return login_refused(v, e);
		if (l->user && !asked_for_chap)
			return err_say(e, EACCES,
				"portal %s: target %s let user \"%s\" in without asking for CHAP; "
				"bind the account to it there",
				l->portal, l->target, l->user);
		return 0;
	}
	return err_say(e, ELOOP, "portal %s: the target sent us on %d times", l->portal, REDIRECTS);
}

static void visit_logout(struct visit *v)
{
	int64_t soon = wait_now_ms() + LOGOUT_MS;
	v->done = false;
	if (soon < v->deadline)
		v->deadline = soon;
	if (iscsi_logout_async(v->ctx, told, v) == 0)
		visit_wait(v, "the logout", NULL);
}

enum ask { ASK_INQUIRY, ASK_SIZE, ASK_BLOCKS, ASK_KEYS, ASK_REGISTER, ASK_CLEAR };

static struct scsi_task *visit_reserve(struct visit *v, enum scsi_persistent_out_sa what)
{
	bool clear = what == SCSI_PERSISTENT_RESERVE_CLEAR;
	struct scsi_persistent_reserve_out_basic p = {
		.reservation_key = clear ? own_key : 0,
		.service_action_reservation_key = clear ? 0 : own_key,
	};
	return iscsi_persistent_reserve_out_task(
		v->ctx, v->lun, what, SCSI_PERSISTENT_RESERVE_SCOPE_LU, 0, &p, answered, v);
}

static struct scsi_task *visit_begin(struct visit *v, enum ask ask, uint32_t block_len)
{
	switch (ask) {
	case ASK_INQUIRY:
		return iscsi_inquiry_task(v->ctx, v->lun, 0, 0, 96, answered, v);
	case ASK_SIZE:
		return iscsi_readcapacity16_task(v->ctx, v->lun, answered, v);
	case ASK_BLOCKS:
		return iscsi_read16_task(v->ctx, v->lun, v->block, v->blocks * block_len,
			(int)block_len, 0, 0, 0, 0, 0, answered, v);
	case ASK_KEYS:
		return iscsi_persistent_reserve_in_task(
			v->ctx, v->lun, SCSI_PERSISTENT_RESERVE_READ_KEYS, KEYS_ROOM, answered, v);
	case ASK_REGISTER: /* also where an earlier hand has left this key */
		return visit_reserve(v, SCSI_PERSISTENT_RESERVE_REGISTER_AND_IGNORE_EXISTING_KEY);
	case ASK_CLEAR:
		break;
	}
	return visit_reserve(v, SCSI_PERSISTENT_RESERVE_CLEAR);
}

/* One command; its answer is in v->task. A unit attention only tells what happened before we
 * came, and is asked past. */
static int visit_ask(
	struct visit *v, enum ask ask, uint32_t block_len, const char *doing, struct err *e)
{
	const struct san_login *l = v->login;
	for (int i = 0; i < ATTENTION_TRIES; i++) {
		v->done = false;
		if (!visit_begin(v, ask, block_len))
			return err_say(e, EIO, "portal %s: cannot send %s: %s", l->portal, doing,
				iscsi_get_error(v->ctx));
		int r = visit_wait(v, doing, e);
		if (r < 0)
			return r;
		if (v->status == SCSI_STATUS_GOOD && v->task)
			return 0;
		if (v->status != SCSI_STATUS_CHECK_CONDITION || !v->task ||
			v->task->sense.key != SCSI_SENSE_UNIT_ATTENTION)
			break;
	}
	if (v->status == SCSI_STATUS_CHECK_CONDITION && v->task) {
		const struct scsi_sense *s = &v->task->sense;
		if (s->ascq == SCSI_SENSE_ASCQ_LOGICAL_UNIT_NOT_SUPPORTED)
			return err_say(e, ENXIO, "portal %s: target %s has no LUN %d", l->portal,
				l->target, v->lun & LUN_MAX);
		return err_say(e, EIO, "portal %s: LUN %d failed %s: %s, %s", l->portal,
			v->lun & LUN_MAX, doing, scsi_sense_key_str((int)s->key),
			scsi_sense_ascq_str(s->ascq));
	}
	if (v->status == SCSI_STATUS_RESERVATION_CONFLICT)
		return err_say(e, EBUSY,
			"portal %s: LUN %d is reserved by another initiator and refused %s",
			l->portal, v->lun & LUN_MAX, doing);
	if (v->status >= SCSI_STATUS_CANCELLED) /* libiscsi's own, and no target's */
		return err_say(e, ECONNRESET, "portal %s: the connection was lost (LUN %d, %s)",
			l->portal, v->lun & LUN_MAX, doing);
	return err_say(e, EIO, "portal %s: LUN %d failed %s with status 0x%x", l->portal,
		v->lun & LUN_MAX, doing, (unsigned)v->status);
}

static int visit_disk(struct visit *v, struct san_facts *f, struct err *e)
{
	const struct san_login *l = v->login;
	int lun = v->lun & LUN_MAX;
	int r = visit_ask(v, ASK_INQUIRY, 0, "the inquiry", e);
	if (r < 0)
		return r;
	const struct scsi_inquiry_standard *inquiry = scsi_datain_unmarshall(v->task);
	if (!inquiry)
		return err_say(e, EPROTO, "portal %s: LUN %d: the inquiry's answer is cut short",
			l->portal, lun);
	if (inquiry->qualifier != SCSI_INQUIRY_PERIPHERAL_QUALIFIER_CONNECTED)
		return err_say(
			e, ENXIO, "portal %s: target %s has no LUN %d", l->portal, l->target, lun);
	if (inquiry->device_type != SCSI_INQUIRY_PERIPHERAL_DEVICE_TYPE_DIRECT_ACCESS)
		return err_say(e, ENXIO, "portal %s: target %s: LUN %d is no disk but a %s",
			l->portal, l->target, lun, scsi_devtype_to_str(inquiry->device_type));
	snprintf(f->vendor, sizeof f->vendor, "%s", inquiry->vendor_identification);
	snprintf(f->product, sizeof f->product, "%s", inquiry->product_identification);

	r = visit_ask(v, ASK_SIZE, 0, "to tell its size", e);
	if (r < 0)
		return r;
	const struct scsi_readcapacity16 *size = scsi_datain_unmarshall(v->task);
	if (!size || size->block_length < 512 || size->block_length > BLOCK_MAX ||
		size->returned_lba >= UINT64_MAX / BLOCK_MAX)
		return err_say(
			e, EPROTO, "portal %s: LUN %d tells a size that cannot be", l->portal, lun);
	f->block_len = size->block_length;
	f->bytes = (size->returned_lba + 1) * size->block_length;
	if (size->returned_lba + 1 < BLOCKS)
		return 0; /* nothing starts from one block */

	v->blocks = BLOCKS;
	r = visit_ask(v, ASK_BLOCKS, f->block_len, "to read its first blocks", e);
	if (r < 0)
		return r;
	const struct scsi_data *blocks = &v->task->datain;
	f->bootable = blocks->data && blocks->size > 0 &&
		      san_bootable(blocks->data, (size_t)blocks->size, f->block_len);
	return 0;
}

static int visit_begins(struct visit *v, const struct san_login *login, uint64_t lun,
	unsigned timeout_ms, struct err *e)
{
	if (lun > LUN_MAX)
		return err_say(e, EINVAL, "LUN %" PRIu64 ": want 0 to %d", lun, LUN_MAX);
	*v = (struct visit){ .login = login,
		.lun = (int)lun | (lun > LUN_PERIPHERAL_MAX ? LUN_FLAT : 0),
		.deadline = wait_now_ms() + timeout_ms,
		.timeout_ms = timeout_ms };
	return visit_login(v, e);
}

int san_iscsi_look(struct san_facts *ret, const struct san_login *login, uint64_t lun,
	unsigned timeout_ms, struct err *e)
{
	struct visit visit = { .ctx = NULL };
	OWN(visit) struct visit *v = &visit;
	struct san_facts facts = { 0 };
	int r = visit_begins(v, login, lun, timeout_ms, e);
	if (r < 0)
		return r;
	r = visit_disk(v, &facts, e);
	visit_logout(v);
	if (r == 0)
		*ret = facts;
	return r;
}

/* How many registrations the LUN has. A target that knows no such command has none. */
static int visit_keys(struct visit *v, unsigned *ret, struct err *e)
{
	*ret = 0;
	int r = visit_ask(v, ASK_KEYS, 0, "to list its registrations", e);
	if (r == -EIO && v->status == SCSI_STATUS_CHECK_CONDITION && v->task &&
		v->task->sense.key == SCSI_SENSE_ILLEGAL_REQUEST) {
		if (e)
			*e = (struct err){ 0 };
		return 0;
	}
	if (r < 0)
		return r;
	const struct scsi_persistent_reserve_in_read_keys *keys = scsi_datain_unmarshall(v->task);
	if (!keys)
		return err_say(e, EPROTO, "portal %s: LUN %d: its list of registrations is cut",
			v->login->portal, v->lun & LUN_MAX);
	*ret = keys->additional_length / 8;
	return 0;
}

static int visit_clear(struct visit *v, unsigned *ret, struct err *e)
{
	unsigned left;
	int r = visit_keys(v, ret, e);
	if (r < 0 || *ret == 0)
		return r;
	r = visit_ask(v, ASK_REGISTER, 0, "a registration of Baton's own", e);
	r = r ? r : visit_ask(v, ASK_CLEAR, 0, "to clear its reservations", e);
	r = r ? r : visit_keys(v, &left, e);
	if (r == 0 && left)
		r = err_say(e, EBUSY,
			"portal %s: target %s: LUN %d was cleared and has %u registrations again; "
			"who else is logged in?",
			v->login->portal, v->login->target, v->lun & LUN_MAX, left);
	return r;
}

int san_iscsi_reservations_clear(unsigned *ret, const struct san_login *login, uint64_t lun,
	unsigned timeout_ms, struct err *e)
{
	struct visit visit = { .ctx = NULL };
	OWN(visit) struct visit *v = &visit;
	int r = visit_begins(v, login, lun, timeout_ms, e);
	if (r < 0)
		return r;
	r = visit_clear(v, ret, e);
	visit_logout(v);
	return r;
}

/* ------------------------------------------------------------------ reading */

struct san_disk {
	struct visit v;
	struct san_facts facts;
};

static void disk_drop(struct san_disk **d)
{
	if (!*d)
		return;
	struct visit *v = &(*d)->v;
	visit_drop(&v);
	free(*d);
}

int san_iscsi_open(struct san_disk **ret, struct san_facts *facts, const struct san_login *login,
	uint64_t lun, unsigned timeout_ms, struct err *e)
{
	OWN(disk) struct san_disk *d = calloc(1, sizeof *d);
	if (!d)
		return err_set(e, ENOMEM, "iSCSI session");
	int r = visit_begins(&d->v, login, lun, timeout_ms, e);
	if (r < 0)
		return r;
	r = visit_disk(&d->v, &d->facts, e);
	if (r < 0) {
		visit_logout(&d->v);
		return r;
	}
	*facts = d->facts;
	*ret = TAKE(d);
	return 0;
}

int san_iscsi_read(struct san_disk *d, uint64_t at, void *to, size_t len, struct err *e)
{
	uint32_t block_len = d->facts.block_len;
	char *next = to;
	while (len) {
		size_t skip = at % block_len, most = READ_MOST - skip, n = len < most ? len : most;
		d->v.block = at / block_len;
		d->v.blocks = (uint32_t)((skip + n + block_len - 1) / block_len);
		d->v.deadline = wait_now_ms() + d->v.timeout_ms;
		int r = visit_ask(&d->v, ASK_BLOCKS, block_len, "a read", e);
		if (r < 0)
			return r;
		const struct scsi_data *in = &d->v.task->datain;
		if (!in->data || in->size < 0 || (size_t)in->size < skip + n)
			return err_say(e, EPROTO, "portal %s: LUN %d: it sent less than was asked",
				d->v.login->portal, d->v.lun & LUN_MAX);
		memcpy(next, in->data + skip, n);
		next += n;
		at += n;
		len -= n;
	}
	return 0;
}

void san_iscsi_close(struct san_disk *d)
{
	d->v.deadline = wait_now_ms() + LOGOUT_MS;
	visit_logout(&d->v);
	disk_drop(&d);
}

const struct san_ops san_iscsi = { .kind = "iscsi",
	.look = san_iscsi_look,
	.reservations_clear = san_iscsi_reservations_clear,
	.disk_open = san_iscsi_open,
	.disk_read = san_iscsi_read,
	.disk_close = san_iscsi_close };
