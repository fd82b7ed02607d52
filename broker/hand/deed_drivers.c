/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deed that looks into a persona's disk: which kernel it boots, and which of some wanted
 * drivers its initramfs carries. Baton comes under its own initiator name, and only reads. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/initramfs.h"
#include "drivers/unpack.h"
#include "hand/deadline.h"
#include "hand/san.h"
#include "hand/secret.h"
#include "host/fd.h"
#include "host/landlock.h"

/* What a disk may make libext2fs and the decompressors take. */
enum { MEMORY_MOST = 768 << 20, WANTED_LEN = 160 };

/* A session, as something that can be read. */
struct reading {
	const struct san_ops *ops;
	struct san_disk *session;
};

static int reading_read(void *of, uint64_t at, void *to, size_t len, struct err *e)
{
	struct reading *r = of;
	return r->ops->disk_read(r->session, at, to, len, e);
}

static const char *word_of(enum module_is is)
{
	static const char *const words[] = {
		[MODULE_MISSING] = "missing", [MODULE_FILE] = "module", [MODULE_BUILTIN] = "builtin"
	};
	return words[is];
}

static void modules_fill(json_t *answer, const struct initramfs_found *f, unsigned wanted)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < wanted; i++)
		json_array_append_new(list, json_pack("{s:s,s:s}", "is", word_of(f->of[i].is),
						    "module", f->of[i].module));
	json_object_set_new(answer, "kernel", json_string(f->kernel));
	json_object_set_new(answer, "initramfs", json_string(f->file));
	json_object_set_new(answer, "partition", json_integer(f->partition));
	json_object_set_new(answer, "modules", json_integer(f->modules));
	json_object_set_new(answer, "aliases", json_boolean(f->aliases));
	json_object_set_new(answer, "wanted", list);
}

/* Of its kernel's line no more than the two words: the rest is the tenant's. */
static void answer_fill(json_t *answer, const struct initramfs_found *f, unsigned wanted)
{
	if (*f->unknown)
		json_object_set_new(answer, "unknown", json_string(f->unknown));
	else
		modules_fill(answer, f, wanted);
	if (f->has_line)
		json_object_set_new(answer, "line",
			json_pack("{s:s,s:s,s:b}", "uuid", f->line_uuid, "serial", f->line_serial,
				"grub", f->grub));
}

/* From here on strangers' bytes go through libraries that are not ours: no more memory than they
 * need, and no file any more, a secret's least of all. */
static int shut_in(struct err *e)
{
	const struct rlimit most = { MEMORY_MOST, MEMORY_MOST };
	int r = unpack_load(e);
	if (r < 0)
		return r;
	if (setrlimit(RLIMIT_AS, &most) < 0)
		return err_set(e, errno, "limit the memory of a hand");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(e, errno, "a hand without new rights");
	r = landlock_enter(NULL, 0, e);
	return r < 0 ? r : 0;
}

/* The first portal that answers. */
static int reading_open(struct reading *r, struct san_facts *facts, struct san_login *login,
	const struct san_wish *s, unsigned timeout_ms, struct err *e)
{
	int ret = -EINVAL;
	for (unsigned i = 0; i < s->portals.n; i++) {
		login->portal = s->portals.of[i];
		ret = r->ops->disk_open(&r->session, facts, login, s->lun, timeout_ms, e);
		if (!san_is_dead(ret))
			break;
	}
	return ret;
}

static int look_inside(const struct san_wish *s, const struct wish *w, struct san_login *login,
	json_t *answer, struct err *e)
{
	struct reading reading = { .ops = san_of(s->kind, e) };
	struct san_facts facts;
	struct initramfs_found found;
	if (!reading.ops)
		return -EINVAL;
	int r = reading_open(&reading, &facts, login, s, (unsigned)w->timeout_ms, e);
	if (r < 0)
		return r;
	const struct disk d = { reading_read, &reading, facts.bytes, facts.block_len };
	r = shut_in(e);
	r = r ? r : initramfs_read(&found, &d, w->wanted.of, w->wanted.n, e);
	reading.ops->disk_close(reading.session);
	if (r == 0)
		answer_fill(answer, &found, w->wanted.n);
	return r;
}

static int wanted_check(const struct texts *wanted, struct err *e)
{
	for (unsigned i = 0; i < wanted->n; i++)
		if (strlen(wanted->of[i]) > WANTED_LEN || strchr(wanted->of[i], ' '))
			return err_say(e, EINVAL,
				"deed san-drivers: wanted: want modaliases and names of modules, "
				"of 1 to %d characters",
				WANTED_LEN);
	return 0;
}

/* Baton's own account where it has one; the persona's may be in nobody's hands yet. */
int san_drivers(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	struct secret own = { "" };
	struct san_wish s;
	int r = wanted_check(&w->wanted, e);
	r = r ? r : san_wish_read(&s, w, SAN_DRIVERS, e);
	if (r < 0)
		return r;
	struct san_login login = { .target = s.target, .initiator = hand->san_iqn };
	if (hand->san_user[0]) {
		r = secret_read(&own, hand->secrets_dir, hand->san_secret, e);
		if (r < 0)
			return err_in(e, r, "san_secret");
		login.user = hand->san_user;
		login.secret = own.text;
	} else if (s.user[0]) {
		login.user = s.user;
		login.secret = s.secret;
	}
	OWN(fd) int held = san_lock(hand, w, s.target, e);
	r = held;
	if (r >= 0)
		r = look_inside(&s, w, &login, answer, e);
	secret_wipe(&own);
	return r < 0 ? r : 0;
}
