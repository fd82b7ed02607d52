/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling in what a machine runs: see script.h. */
#include "core/script.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"

enum { SCRIPT_LEN = 16384, VALUE_LEN = 2048, WORD_LEN = 31 };

const char *const script_file[SCRIPTS] = {
	[SCRIPT_ENTRY] = "entry.ipxe",
	[SCRIPT_SHIM] = "shim.ipxe",
	[SCRIPT_PERSONA] = "persona.ipxe",
	[SCRIPT_PARK] = "park.ipxe",
	[SCRIPT_LOCAL] = "local.ipxe",
	[SCRIPT_PERSONA_FC] = "persona-fc.ipxe",
};

enum script script_of(const struct table *t, const struct boot_plan *plan)
{
	switch (plan->deed) {
	case DEED_IDENTITY:
	case DEED_RESTORE:
		return SCRIPT_SHIM;
	case DEED_PERSONA:
		return plan->machine && table_boots_by_fc(t, plan->machine) ? SCRIPT_PERSONA_FC
									    : SCRIPT_PERSONA;
	case DEED_LOCAL:
		return SCRIPT_LOCAL;
	case DEED_PARK:
	case DEED_LEASE:
		break;
	}
	return SCRIPT_PARK;
}

/* Text that grows up to a bound; the first thing that does not fit sets `full`. */
struct text {
	char *at;
	size_t len, room;
	bool full;
};

static void text_put(struct text *t, const char *s, size_t len)
{
	if (t->full || len >= t->room - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->at + t->len, s, len);
	t->len += len;
	t->at[t->len] = '\0';
}

static void text_say(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void text_say(struct text *t, const char *fmt, ...)
{
	char piece[512];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(piece, sizeof piece, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof piece)
		t->full = true;
	else
		text_put(t, piece, (size_t)n);
}

struct asking {
	const struct table *t;
	const struct boot_plan *plan;
	const char *token;
};

static void put_server(struct text *to, const struct asking *a)
{
	char ip[IP4_TEXT];
	text_say(to, "http://%s:%u", ip4_text(ip, a->plan->server), a->t->header->http_port);
}

static void put_base(struct text *to, const struct asking *a)
{
	put_server(to, a);
	text_say(to, "/b/%s", a->token);
}

static void put_mac(struct text *to, const struct asking *a)
{
	char mac[MAC_TEXT];
	text_say(to, "%s", mac_text(mac, &a->plan->asked));
}

static void put_mac_hyp(struct text *to, const struct asking *a)
{
	char mac[MAC_TEXT];
	mac_text(mac, &a->plan->asked);
	for (char *c = mac; *c; c++)
		*c = *c == ':' ? '-' : *c;
	text_say(to, "%s", mac);
}

static void put_machine(struct text *to, const struct asking *a)
{
	text_say(to, "%s", table_text(a->t, a->plan->machine->name));
}

static void put_persona(struct text *to, const struct asking *a)
{
	text_say(to, "%s", table_text(a->t, a->plan->machine->persona));
}

static void put_generation(struct text *to, const struct asking *a)
{
	text_say(to, "%u", a->plan->machine->generation);
}

static void put_deed(struct text *to, const struct asking *a)
{
	text_say(to, "%s", deed_word(a->plan->deed));
}

static void put_iqn(struct text *to, const struct asking *a)
{
	text_say(to, "%s", table_text(a->t, a->plan->machine->iqn));
}

static void put_target(struct text *to, const struct asking *a)
{
	text_say(to, "%s", table_text(a->t, a->plan->machine->target));
}

/* iPXE reads a LUN as hexadecimal, up to four groups of four digits joined by '-' (RFC 4173). */
static void put_lun_hex(struct text *to, const struct asking *a)
{
	text_say(to, "%llx", (unsigned long long)a->plan->machine->lun);
}

static void put_san_uris(struct text *to, const struct asking *a)
{
	const struct table_machine *m = a->plan->machine;
	for (uint32_t i = 0; i < m->paths; i++) {
		const struct table_path *p = &a->t->path[m->path_at + i];
		char ip[IP4_TEXT];
		text_say(to, "%siscsi:%s::%u:%llx:%s", i ? " " : "", ip4_text(ip, p->addr), p->port,
			(unsigned long long)m->lun, table_text(a->t, m->target));
	}
}

static void put_chap_user(struct text *to, const struct asking *a)
{
	text_say(to, "%s", table_text(a->t, a->plan->machine->chap_user));
}

static void put_mutual_user(struct text *to, const struct asking *a)
{
	text_say(to, "%s", table_text(a->t, a->plan->machine->mutual_user));
}

static void put_mutual_secret(struct text *to, const struct asking *a)
{
	text_say(to, "%s", table_text(a->t, a->plan->machine->mutual_secret));
}

static void put_chap_secret(struct text *to, const struct asking *a)
{
	text_say(to, "%s", table_text(a->t, a->plan->machine->chap_secret));
}

/* The first NIC that holds a persona's MAC. */
static void put_persona_mac(struct text *to, const struct asking *a)
{
	const struct table_machine *m = a->plan->machine;
	char mac[MAC_TEXT];
	for (uint32_t i = 0; i < m->nics; i++) {
		const struct table_nic *n = &a->t->nic[m->nic_at + i];
		if (!mac_is_zero(&n->persona)) {
			text_say(to, "%s", mac_text(mac, &n->persona));
			return;
		}
	}
}

/* What each HBA boots from, for who stands before the screen. */
static void put_fc_lines(struct text *to, const struct asking *a)
{
	const struct table_machine *m = a->plan->machine;
	const char *end = "";
	for (uint32_t i = 0; i < m->hbas; i++) {
		const struct table_hba *h = &a->t->hba[m->hba_at + i];
		for (uint32_t k = 0; k < h->targets; k++) {
			const struct table_fc_target *f = &a->t->fc_target[h->target_at + k];
			char own[WWN_TEXT], target[WWN_TEXT];
			text_say(to, "%secho Baton: HBA %s boots from target %s, LUN %llu", end,
				wwn_text(own, &h->persona_wwpn), wwn_text(target, &f->wwpn),
				(unsigned long long)f->lun);
			end = "\n";
		}
	}
}

static void put_pack_lines(struct text *to, const struct asking *a)
{
	const char *at = table_text(a->t, a->t->header->packs);
	while (*at) {
		int n = (int)strcspn(at, "\n");
		text_say(to, "initrd --name %.*s ", n, at);
		put_server(to, a);
		/* A line that fails with nothing behind it ends the script, and the boot with it.
		 */
		text_say(to, "/shim/packs/%.*s || goto failed\n", n, at);
		at += n + (at[n] == '\n');
	}
}

/* An EFI kernel loads the initrds that its command line names, and no others. */
static void put_pack_args(struct text *to, const struct asking *a)
{
	const char *at = table_text(a->t, a->t->header->packs);
	while (*at) {
		int n = (int)strcspn(at, "\n");
		text_say(to, " initrd=%.*s", n, at);
		at += n + (at[n] == '\n');
	}
}

static void put_console(struct text *to, const struct asking *a)
{
	(void)a;
	text_say(to, "console=tty0 console=ttyS0,115200");
}

static const struct {
	const char *word;
	void (*put)(struct text *to, const struct asking *a);
	bool needs_machine;
} words[] = {
	{ "server", put_server, false },
	{ "base", put_base, false },
	{ "mac", put_mac, true },
	{ "mac_hyp", put_mac_hyp, true },
	{ "machine", put_machine, true },
	{ "persona", put_persona, true },
	{ "generation", put_generation, true },
	{ "deed", put_deed, false },
	{ "iqn", put_iqn, true },
	{ "target", put_target, true },
	{ "lun_hex", put_lun_hex, true },
	{ "san_uris", put_san_uris, true },
	{ "chap_user", put_chap_user, true },
	{ "chap_secret", put_chap_secret, true },
	{ "mutual_user", put_mutual_user, true },
	{ "mutual_secret", put_mutual_secret, true },
	{ "persona_mac", put_persona_mac, true },
	{ "fc_lines", put_fc_lines, true },
	{ "pack_lines", put_pack_lines, false },
	{ "pack_args", put_pack_args, false },
	{ "console", put_console, false },
};

/* At "{{word}}": the word's index, and *len the length of the whole. -1 when it is no such thing.
 */
static int word_at(const char *at, size_t *len)
{
	size_t n = strcspn(at + 2, "}\n");
	if (strncmp(at + 2 + n, "}}", 2) != 0)
		return -1;
	*len = n + 4;
	for (size_t i = 0; i < COUNT(words); i++)
		if (strlen(words[i].word) == n && strncmp(words[i].word, at + 2, n) == 0)
			return (int)i;
	return -1;
}

/* Like word_at() for the "{{?word}}" that may begin a line. */
static int guard_at(const char *at, size_t *len)
{
	char plain[WORD_LEN + 5];
	size_t n = strcspn(at + 3, "}\n");
	*len = 0;
	if (n > WORD_LEN)
		return -1;
	snprintf(plain, sizeof plain, "{{%.*s%s", (int)n, at + 3,
		strncmp(at + 3 + n, "}}", 2) == 0 ? "}}" : "");
	int word = word_at(plain, len);
	*len += 1;
	return word;
}

int script_check(const char *file, const char *template, struct err *e)
{
	unsigned line = 1;
	bool at_start = true;
	for (const char *at = template; *at;) {
		size_t len = 1;
		if (strncmp(at, "{{", 2) == 0) {
			bool guard = at_start && at[2] == '?';
			if ((guard ? guard_at(at, &len) : word_at(at, &len)) < 0)
				return err_say(e, EINVAL, "%s:%u: %.*s is no word of a script",
					file, line, (int)strcspn(at, " \n"), at);
		}
		at_start = *at == '\n';
		line += at_start;
		at += len;
	}
	return 0;
}

static void put_word(struct text *to, int word, const struct asking *a)
{
	if (a->plan->machine || !words[word].needs_machine)
		words[word].put(to, a);
}

static bool is_empty(int word, const struct asking *a)
{
	char value[VALUE_LEN] = "";
	struct text t = { .at = value, .room = sizeof value };
	put_word(&t, word, a);
	return !t.full && t.len == 0;
}

/* One line of a template, without its end. False when a word in it is not known. */
static bool line_put(struct text *to, const char *at, size_t len, const struct asking *a)
{
	const char *end = at + len;
	size_t n;
	if (len > 3 && strncmp(at, "{{?", 3) == 0) {
		int word = guard_at(at, &n);
		if (word < 0)
			return false;
		if (is_empty(word, a))
			return true;
		at += n;
	}
	while (at < end) {
		const char *open = memmem(at, (size_t)(end - at), "{{", 2);
		if (!open)
			open = end;
		text_put(to, at, (size_t)(open - at));
		at = open;
		if (at == end)
			break;
		int word = word_at(at, &n);
		if (word < 0)
			return false;
		put_word(to, word, a);
		at += n;
	}
	text_put(to, "\n", 1);
	return true;
}

int script_render(char **ret, enum script which, const struct table *t,
	const struct boot_plan *plan, const char *token, struct err *e)
{
	OWN(text) char *out = malloc(SCRIPT_LEN);
	if (!out)
		return err_set(e, ENOMEM, "%s", script_file[which]);
	out[0] = '\0';
	struct text to = { .at = out, .room = SCRIPT_LEN };
	const struct asking a = { t, plan, token };
	for (const char *at = table_text(t, t->header->script[which]); *at;) {
		size_t len = strcspn(at, "\n");
		if (!line_put(&to, at, len, &a))
			return err_say(e, EINVAL,
				"%s: the table holds a script with a word that "
				"this program does not know",
				script_file[which]);
		at += len + (at[len] == '\n');
	}
	if (to.full)
		return err_say(
			e, ENOSPC, "%s: longer than %d bytes", script_file[which], SCRIPT_LEN);
	*ret = TAKE(out);
	return 0;
}

/* What the shim shall write to a card; zero: leave it. */
static struct mac wanted(const struct boot_plan *plan, const struct table_nic *n)
{
	if (plan->deed == DEED_IDENTITY)
		return n->persona;
	return n->carries ? n->factory : (struct mac){ { 0 } };
}

/* A MAC, or "-" for none. */
static const char *mac_or_none(char to[MAC_TEXT], const struct mac *m)
{
	return mac_is_zero(m) ? "-" : mac_text(to, m);
}

static const char *wwn_or_none(char to[WWN_TEXT], const struct wwn *w)
{
	return wwn_is_zero(w) ? "-" : wwn_text(to, w);
}

/* Of a restore every HBA that carries, and nothing to boot from: what it held before Baton is not
 * known to have been wanted. */
static void put_hbas(struct text *to, const struct table *t, const struct boot_plan *plan)
{
	static const struct wwn none;
	const struct table_machine *m = plan->machine;
	bool restore = plan->deed == DEED_RESTORE;
	for (uint32_t i = 0; i < m->hbas; i++) {
		const struct table_hba *h = &t->hba[m->hba_at + i];
		const char *pci = table_text(t, h->pci);
		char own[WWN_TEXT], wwpn[WWN_TEXT], wwnn[WWN_TEXT];
		const struct wwn *port = !h->carries ? &none
					 : restore   ? &h->wwpn
						     : &h->persona_wwpn;
		const struct wwn *node = !h->carries ? &none
					 : restore   ? &h->wwnn
						     : &h->persona_wwnn;
		text_say(to, "hba %s %s %s %s %s\n", *pci ? pci : "-", wwn_or_none(own, &h->wwpn),
			wwn_or_none(wwpn, port), wwn_or_none(wwnn, node),
			h->carries ? "carries" : "keeps");
	}
	for (uint32_t i = 0; i < m->hbas && !restore; i++) {
		const struct table_hba *h = &t->hba[m->hba_at + i];
		for (uint32_t k = 0; k < h->targets; k++) {
			const struct table_fc_target *f = &t->fc_target[h->target_at + k];
			char target[WWN_TEXT];
			text_say(to, "fc-target %u %s %llu\n", (unsigned)i,
				wwn_text(target, &f->wwpn), (unsigned long long)f->lun);
		}
	}
}

int job_render(char **ret, const struct table *t, const struct boot_plan *plan, struct err *e)
{
	const struct table_machine *m = plan->machine;
	if (!m || (plan->deed != DEED_IDENTITY && plan->deed != DEED_RESTORE))
		return err_say(e, ENOENT, "there is nothing for a shim to do here now");
	OWN(text) char *out = malloc(SCRIPT_LEN);
	if (!out)
		return err_set(e, ENOMEM, "job");
	out[0] = '\0';
	struct text to = { .at = out, .room = SCRIPT_LEN };
	text_say(&to, "deed %s\nmachine %s\npersona %s\ngeneration %u\n", deed_word(plan->deed),
		table_text(t, m->name), table_text(t, m->persona), m->generation);
	/* An HBA goes by its new name after a restart. */
	if (m->takes == TAKES_HANDOVER && plan->deed == DEED_IDENTITY && !table_has_fc(t, m))
		text_say(&to, "takes handover\n");
	for (uint32_t i = 0; i < m->nics; i++) {
		const struct table_nic *n = &t->nic[m->nic_at + i];
		struct mac want = wanted(plan, n);
		char own[MAC_TEXT], to_write[MAC_TEXT];
		const char *pci = table_text(t, n->pci);
		text_say(&to, "nic %s %s %s %s\n", *pci ? pci : "-", mac_or_none(own, &n->factory),
			mac_or_none(to_write, &want), n->carries ? "carries" : "keeps");
	}
	put_hbas(&to, t, plan);
	*ret = TAKE(out);
	return 0;
}
