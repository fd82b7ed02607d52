/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking, reporting, and waiting for the answer: see peer.h. */
#include "initramfs/peer.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "initramfs/cards.h"
#include "initramfs/inventory.h"

enum {
	WAIT_FIRST_MS = 250,
	WAIT_MOST_MS = 10000,
	ASK_MS = 25000, /* baton-files itself says 503 after 20 s without the broker */
	SAY_MS = 3000,
	REPORT_CARDS = 24, /* a report stays below 8 KiB */
	REPORT_HBAS = 8,
	REPORT_ROOM = 7800,
};

static void nap(unsigned ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };
	while (nanosleep(&t, &t) != 0)
		;
}

/* An answer's text as one line of plain characters. */
static const char *one_line(char *text)
{
	size_t n = strcspn(text, "\r\n");
	text[n < 240 ? n : 240] = '\0';
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return text;
}

int peer_ask(struct http_answer *ret, const struct http_url *base, const char *rest,
	const char *body, struct err *e)
{
	unsigned wait_ms = WAIT_FIRST_MS;
	for (;;) {
		struct err why = { 0 };
		int bad = http_ask(ret, base, rest, body, ASK_MS, &why);
		if (!bad && (ret->status == 200 || ret->status == 204))
			return 0;
		if (!bad && ret->status == 410)
			return err_say(e, ESTALE, "%s: %s", rest, one_line(ret->body));
		if (!bad && ret->status < 500)
			return err_say(e, EPERM, "%s: refused with %u: %s", rest, ret->status,
				one_line(ret->body));
		if (!bad)
			err_say(&why, EAGAIN, "not now (%u): %s", ret->status, one_line(ret->body));
		printf("baton: %s: %s; again in %u.%02u s\n", rest, why.text, wait_ms / 1000,
			wait_ms % 1000 / 10);
		fflush(stdout);
		nap(wait_ms);
		wait_ms = wait_ms * 2 < WAIT_MOST_MS ? wait_ms * 2 : WAIT_MOST_MS;
	}
}

void peer_say(const struct http_url *base, const char *step, const char *what)
{
	static struct http_answer answer;
	char rest[1200];
	size_t n = (size_t)snprintf(rest, sizeof rest, "/said?step=%.63s&what=", step);
	for (; *what && n + 4 < sizeof rest; what++)
		if (isalnum((unsigned char)*what) || strchr("-._", *what))
			rest[n++] = *what;
		else
			n += (size_t)snprintf(rest + n, 4, "%%%02X", (unsigned char)*what);
	rest[n] = '\0';
	http_ask(&answer, base, rest, NULL, SAY_MS, NULL);
}

static json_t *json_mac(const struct mac *m)
{
	char text[MAC_TEXT];
	return json_string(mac_text(text, m));
}

static json_t *head_of(const char *stage, const struct job *j)
{
	/* jansson would else wait for the kernel's random numbers, a second or more after power-on;
	 * nobody outside chooses the keys of these objects. */
	json_object_seed(1);
	json_t *o = json_object();
	json_object_set_new(o, "stage", json_string(stage));
	if (!j)
		return o;
	json_object_set_new(o, "deed", json_string(job_deed_word(j->deed)));
	json_object_set_new(o, "machine", json_string(j->machine));
	json_object_set_new(o, "generation", json_integer(j->generation));
	return o;
}

static char *text_of(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	assert(text);
	return text;
}

static void add_card(json_t *list, const struct card *c)
{
	char id[12], firmware[64];
	if (json_array_size(list) == REPORT_CARDS)
		return;
	json_t *o = json_object();
	snprintf(id, sizeof id, "%04x:%04x", c->vendor, c->device);
	json_object_set_new(o, "pci", json_string(c->pci));
	json_object_set_new(o, "permanent", json_mac(&c->permanent));
	json_object_set_new(o, "current", json_mac(&c->current));
	json_object_set_new(o, "driver", json_string(c->driver));
	json_object_set_new(o, "id", json_string(id));
	json_object_set_new(o, "modalias", json_string(c->modalias));
	if (*nic_firmware(firmware, sizeof firmware, c->netdev))
		json_object_set_new(o, "firmware", json_string(firmware));
	json_array_append_new(list, o);
}

static bool is_in_job(const struct job *j, const struct card *c)
{
	for (unsigned i = 0; i < j->nics; i++)
		if (j->nic[i].card == c)
			return true;
	return false;
}

static void add_facts(json_t *o, const struct facts *f)
{
	json_object_set_new(o, "arch", json_string(f->arch));
	json_object_set_new(o, "firmware", json_string(f->firmware));
	json_object_set_new(o, "memory_mb", json_integer((json_int_t)f->memory_mb));
	json_object_set_new(o, "cpus", json_integer(f->cpus));
}

static size_t length_of(const json_t *o)
{
	return json_dumpb(o, NULL, 0, JSON_COMPACT | JSON_ENSURE_ASCII);
}

/* As many as there is room for behind the cards. */
static void add_disks(json_t *o)
{
	static struct disk_seen disk[DISKS_MAX];
	size_t n = disks_find(disk, "/sys"), used = length_of(o);
	json_t *list = json_array();
	for (struct disk_seen *d = disk; d < disk + n; d++) {
		json_t *one = json_object();
		json_object_set_new(one, "name", json_string(d->name));
		json_object_set_new(one, "kind", json_string(d->kind));
		json_object_set_new(one, "model", json_string(d->model));
		json_object_set_new(one, "serial", json_string(d->serial));
		json_object_set_new(one, "firmware", json_string(d->firmware));
		json_object_set_new(one, "bytes", json_integer((json_int_t)d->bytes));
		used += length_of(one) + 1;
		if (used < REPORT_ROOM)
			json_array_append(list, one);
		json_decref(one);
	}
	json_object_set_new(o, "disks", list);
}

/* "" for one that nobody has told. */
static json_t *json_wwn(const struct wwn *w)
{
	char text[WWN_TEXT];
	return json_string(wwn_is_zero(w) ? "" : wwn_text(text, w));
}

static json_t *json_hba(const struct hba *h)
{
	char id[12];
	json_t *o = json_object();
	snprintf(id, sizeof id, "%04x:%04x", h->vendor, h->device);
	json_object_set_new(o, "pci", json_string(h->pci));
	json_object_set_new(o, "wwpn", json_wwn(&h->wwpn));
	json_object_set_new(o, "wwnn", json_wwn(&h->wwnn));
	json_object_set_new(o, "id", json_string(id));
	json_object_set_new(o, "driver", json_string(h->driver));
	json_object_set_new(o, "modalias", json_string(h->modalias));
	return o;
}

static void add_hbas(json_t *o, const struct hba *hba, size_t hbas)
{
	json_t *list = json_array();
	for (size_t i = 0; i < hbas && i < REPORT_HBAS; i++)
		json_array_append_new(list, json_hba(&hba[i]));
	if (hbas)
		json_object_set_new(o, "hbas", list);
	else
		json_decref(list);
}

char *report_found(const struct job *j, const struct found *f)
{
	char word[64];
	struct uuid uuid;
	json_t *o = head_of("found", j), *list = json_array();
	smbios_word(word, sizeof word, "product_uuid");
	json_object_set_new(o, "uuid", json_string(uuid_parse(&uuid, word) ? word : ""));
	smbios_word(word, sizeof word, "product_serial");
	json_t *serial = json_string(word);
	json_object_set_new(o, "serial", serial ? serial : json_string(""));
	add_facts(o, f->facts);
	for (int pass = 0; pass < 2; pass++)
		for (const struct card *c = f->card; c < f->card + f->cards; c++)
			if (is_in_job(j, c) == (pass == 0))
				add_card(list, c);
	json_object_set_new(o, "nics", list);
	add_hbas(o, f->hba, f->hbas);
	add_disks(o);
	return text_of(o);
}

static json_t *json_back_hba(const struct back_hba *h)
{
	json_t *o = json_object(), *list = json_array();
	json_object_set_new(o, "pci", json_string(h->pci));
	json_object_set_new(o, "read_back", json_wwn(&h->wwpn));
	json_object_set_new(o, "read_back_wwnn", json_wwn(&h->wwnn));
	for (const struct fc_target *t = h->target; t < h->target + h->targets; t++) {
		json_t *one = json_object();
		json_object_set_new(one, "wwpn", json_wwn(&t->wwpn));
		json_object_set_new(one, "lun", json_integer((json_int_t)t->lun));
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "targets", list);
	json_object_set_new(o, "tool", json_string(h->tool));
	return o;
}

char *report_written(const struct job *j, const struct back *b)
{
	char uuid[UUID_TEXT];
	json_t *o = head_of("written", j), *nics = json_array(), *hbas = json_array();
	for (const struct back_nic *n = b->nic; n < b->nic + b->nics; n++) {
		json_t *one = json_object();
		json_object_set_new(one, "pci", json_string(n->pci));
		json_object_set_new(one, "read_back", json_mac(&n->mac));
		json_object_set_new(one, "tool", json_string(n->tool));
		json_array_append_new(nics, one);
	}
	json_object_set_new(o, "nics", nics);
	for (const struct back_hba *h = b->hba; h < b->hba + b->hbas; h++)
		json_array_append_new(hbas, json_back_hba(h));
	if (b->hbas)
		json_object_set(o, "hbas", hbas);
	json_decref(hbas);
	if (!uuid_is_zero(&b->uuid))
		json_object_set_new(o, "uuid_read_back", json_string(uuid_text(uuid, &b->uuid)));
	if (*b->serial)
		json_object_set_new(o, "serial_read_back", json_string(b->serial));
	return text_of(o);
}

char *report_failed(const struct job *j, const char *step, const char *why)
{
	json_t *o = head_of("failed", j);
	json_t *text = json_string(why);
	json_object_set_new(o, "step", json_string(step));
	json_object_set_new(o, "why", text ? text : json_string("words that are not text"));
	return text_of(o);
}
