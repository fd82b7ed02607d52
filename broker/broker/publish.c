/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boot table, from the store to its place: see publish.h. */
#include "broker/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "broker/events.h"
#include "broker/guard.h"
#include "core/script.h"
#include "host/fd.h"

#define NEW_FILE TABLE_FILE ".new"
enum { TEMPLATE_MAX = 16384, PACKS_MAX = 4096, AGAIN_MS = 1000 };

struct bytes {
	void *at;
	size_t len;
};

/* What the table is made of beside the store: read at the start and at each reload. */
struct templates {
	char *script[SCRIPTS];
	char packs[PACKS_MAX];
};

struct publisher {
	struct broker *b;
	int folder, packs_folder;
	uv_timer_t again;
	bool waits; /* for its place: a table could not be put there */
	struct templates from;
	struct bytes now, next; /* in place; built and not yet put */
	struct table table;     /* over now */
};

static int file_read(struct bytes *ret, int dir, const char *name, size_t max, struct err *e)
{
	OWN(fd) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "open %s", name);
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size > max)
		return err_say(e, EFBIG, "%s: want a file of at most %zu bytes", name, max);
	OWN(text) char *text = malloc((size_t)st.st_size + 1);
	if (!text)
		return err_set(e, ENOMEM, "%s", name);
	ssize_t n = read(fd, text, (size_t)st.st_size);
	if (n != st.st_size)
		return err_set(e, n < 0 ? errno : EIO, "read %s", name);
	text[n] = '\0';
	*ret = (struct bytes){ TAKE(text), (size_t)n };
	return 0;
}

static void templates_fini(struct templates *t)
{
	for (int i = 0; i < SCRIPTS; i++)
		free(TAKE(t->script[i]));
}

static int scripts_read(struct templates *t, const char *path, struct err *e)
{
	OWN(fd) int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "scripts: open %s", path);
	for (int i = 0; i < SCRIPTS; i++) {
		struct bytes text;
		int r = file_read(&text, dir, script_file[i], TEMPLATE_MAX, e);
		if (r == 0) {
			t->script[i] = text.at;
			r = script_check(script_file[i], text.at, e);
		}
		if (r < 0)
			return err_in(e, r, "scripts: %s", path);
	}
	return 0;
}

static int pack_wanted(const struct dirent *d)
{
	size_t n = strlen(d->d_name);
	char name[NAME_LEN + 1];
	if (n < 5 || n - 4 > NAME_LEN || strcmp(d->d_name + n - 4, ".img") != 0)
		return 0;
	memcpy(name, d->d_name, n - 4);
	name[n - 4] = '\0';
	return name_ok(name);
}

/* The images that baton-files serves as /shim/packs/NAME.img, one a line. */
static int packs_read(struct templates *t, int folder, struct err *e)
{
	struct dirent **list;
	int n = scandirat(folder, ".", &list, pack_wanted, alphasort);
	size_t at = 0;
	bool fit = true;
	if (n < 0)
		return err_set(e, errno, "packs: read the folder");
	for (int i = 0; i < n; i++) {
		size_t len = strlen(list[i]->d_name);
		fit = fit && at + len + 2 < sizeof t->packs;
		if (fit)
			at += (size_t)sprintf(t->packs + at, "%s\n", list[i]->d_name);
		free(list[i]);
	}
	free(list);
	t->packs[at] = '\0';
	return fit ? 0 : err_say(e, E2BIG, "packs: more than %d bytes of names", PACKS_MAX);
}

/* Two tables are the same when they differ in number, time and thereby checksum alone. */
static bool same(const struct bytes *a, const struct bytes *b)
{
	if (!a->at || a->len != b->len)
		return false;
	struct table_header x, y;
	memcpy(&x, a->at, sizeof x);
	memcpy(&y, b->at, sizeof y);
	x.generation = y.generation;
	x.made_s = y.made_s;
	x.checksum = y.checksum;
	return memcmp(&x, &y, sizeof x) == 0 &&
	       memcmp((char *)a->at + sizeof x, (char *)b->at + sizeof x, a->len - sizeof x) == 0;
}

static void again_due(uv_timer_t *t)
{
	struct publisher *p = t->data;
	struct err e = { 0 };
	p->waits = publish(p, &e) < 0;
	if (p->waits)
		uv_timer_start(&p->again, again_due, AGAIN_MS, 0);
}

/* What was changed holds already; only its table is late. Said once, and tried until it is there.
 */
void publish_later(struct publisher *p, const struct err *e)
{
	if (!p->waits)
		event_say(p->b->events, EV_table_waits, &(struct event_about){ 0 }, "why=%s",
			e->text);
	p->waits = true;
	uv_timer_start(&p->again, again_due, AGAIN_MS, 0);
}

/* What an earlier broker left: if it is whole, edge and files have it. */
static void table_take_up(struct publisher *p)
{
	struct bytes old;
	if (file_read(&old, p->folder, TABLE_FILE, 256u << 20, NULL) < 0)
		return;
	if (table_check(&p->table, old.at, old.len, NULL) < 0)
		free(old.at);
	else
		p->now = old;
}

int publisher_reload(struct publisher *p, struct err *e)
{
	struct templates fresh = { 0 }, old = p->from;
	int r = scripts_read(&fresh, p->b->conf.scripts_dir, e);
	if (r == 0)
		r = packs_read(&fresh, p->packs_folder, e);
	if (r == 0) {
		p->from = fresh;
		r = publish(p, e);
	}
	if (r < 0)
		p->from = old;
	templates_fini(r < 0 ? &fresh : &old);
	return r;
}

int publisher_open(struct publisher **ret, struct broker *b, int folder, int packs, struct err *e)
{
	struct publisher *p = calloc(1, sizeof *p);
	if (!p)
		return err_set(e, ENOMEM, "publisher");
	p->b = b;
	p->folder = folder;
	p->packs_folder = packs;
	uv_timer_init(b->loop, &p->again);
	p->again.data = p;
	*ret = p;
	table_take_up(p);
	return publisher_reload(p, e);
}

static void publisher_gone(uv_handle_t *h)
{
	struct publisher *p = h->data;
	templates_fini(&p->from);
	free(p->now.at);
	free(p->next.at);
	free(p);
}

void publisher_close(struct publisher *p)
{
	if (p)
		uv_close((uv_handle_t *)&p->again, publisher_gone);
}

/* The account of each binding that may have its disk. One whose secret is of another generation has
 * been fenced off: it is not ready any more. */
static int chaps_read(
	struct chap **ret, struct store *s, struct binding *b, size_t n, struct err *e)
{
	struct chap *list = calloc(n ? n : 1, sizeof *list);
	if (!list)
		return err_set(e, ENOMEM, "table");
	*ret = list;
	for (size_t i = 0; i < n; i++) {
		int r = b[i].fenced ? store_chap(s, b[i].persona, &list[i], e) : -ENOENT;
		if (r < 0 && r != -ENOENT)
			return r;
		b[i].fenced = b[i].fenced && (r < 0 || list[i].generation == b[i].generation);
		if (!b[i].fenced || r < 0)
			explicit_bzero(&list[i], sizeof list[i]);
	}
	return 0;
}

static void chaps_free(struct chap *list, size_t n)
{
	if (list)
		explicit_bzero(list, n * sizeof *list);
	free(list);
}

static int source_build(struct bytes *ret, struct publisher *p, uint64_t number, struct err *e)
{
	struct store *s = p->b->store;
	struct network *network = NULL;
	struct machine *machine = NULL;
	struct persona *persona = NULL;
	struct binding *binding = NULL;
	struct chap *chap = NULL;
	struct table_source from = { .generation = number,
		.made_s = (uint64_t)now_s(),
		.http_port = p->b->conf.http_port,
		.lease_s = p->b->conf.lease_s,
		.mac_rate = p->b->conf.mac_rate,
		.relay_rate = p->b->conf.relay_rate,
		.packs = p->from.packs };
	int r = store_key(s, from.key, e);
	if (r == 0)
		r = store_networks(s, &network, &from.networks, e);
	if (r == 0)
		r = store_machines(s, &machine, &from.machines, e);
	if (r == 0)
		r = store_personas(s, &persona, &from.personas, e);
	if (r == 0)
		r = store_bindings(s, &binding, &from.bindings, e);
	if (r == 0)
		r = chaps_read(&chap, s, binding, from.bindings, e);
	from.network = network;
	from.machine = machine;
	from.persona = persona;
	from.binding = binding;
	from.chap = chap;
	for (int i = 0; i < SCRIPTS; i++)
		from.script[i] = p->from.script[i];
	if (r == 0)
		r = table_build(&ret->at, &ret->len, &from, e);
	free(network);
	free(machine);
	free(persona);
	free(binding);
	chaps_free(chap, from.bindings);
	return r;
}

int publish_build(struct publisher *p, struct err *e)
{
	free(p->next.at);
	p->next = (struct bytes){ 0 };
	uint64_t number = p->now.at ? p->table.header->generation : 0;
	struct bytes built;
	int r = source_build(&built, p, number, e);
	if (r < 0)
		return r;
	bool nothing_new = same(&p->now, &built);
	free(built.at);
	if (nothing_new)
		return 0;
	/* The store may be younger than the table, after a loss: the number still only grows. */
	uint64_t old = number;
	do
		r = store_next(p->b->store, "table", &number, e);
	while (r == 0 && number <= old && old < UINT32_MAX);
	return r < 0 ? r : source_build(&p->next, p, number, e);
}

static int file_put(struct publisher *p, struct err *e)
{
	OWN(fd)
	int fd = openat(p->folder, NEW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_set(e, errno, "table: open " NEW_FILE);
	const char *at = p->next.at;
	for (size_t left = p->next.len; left;) {
		ssize_t n = write(fd, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, n < 0 ? errno : EIO, "table: write " NEW_FILE);
		at += n;
		left -= (size_t)n;
	}
	/* The umask has no say in who may read it, nor has a file that lay there. */
	if (fchmod(fd, 0640) < 0 || renameat(p->folder, NEW_FILE, p->folder, TABLE_FILE) < 0)
		return err_set(e, errno, "table: rename " NEW_FILE);
	return 0;
}

static int next_put(struct publisher *p, struct err *e)
{
	int r = file_put(p, e);
	if (r < 0)
		return r;
	free(p->now.at);
	p->now = p->next;
	p->next = (struct bytes){ 0 };
	r = table_check(&p->table, p->now.at, p->now.len, e);
	if (r < 0)
		return r;
	event_say(p->b->events, EV_table_published, &(struct event_about){ 0 },
		"generation=%" PRIu64 " machines=%u bytes=%zu", p->table.header->generation,
		p->table.header->machines, p->now.len);
	return 0;
}

int publish_put(struct publisher *p, struct err *e)
{
	int r = p->next.at ? next_put(p, e) : 0;
	if (r == 0)
		guarding_look(p->b->guarding);
	return r;
}

int publish(struct publisher *p, struct err *e)
{
	int r = store_begin(p->b->store, e);
	if (r < 0)
		return r;
	r = publish_build(p, e);
	if (r == 0)
		r = store_commit(p->b->store, e);
	else
		store_rollback(p->b->store);
	return r < 0 ? r : publish_put(p, e);
}

int publish_commit(struct publisher *p, struct err *e)
{
	int r = publish_build(p, e);
	if (r < 0) {
		store_rollback(p->b->store);
		return r;
	}
	r = store_commit(p->b->store, e);
	if (r < 0)
		return r;
	if (publish_put(p, e) < 0)
		publish_later(p, e);
	return 0;
}

const struct table *publish_table(const struct publisher *p)
{
	return p->now.at ? &p->table : NULL;
}
