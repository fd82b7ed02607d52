/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading what a handover is told: see handover.h. */
#include "initramfs/handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 7, LUN_MOST = 16383 };

static bool number_read(uint32_t *ret, const char *text, uint32_t most)
{
	size_t n = strspn(text, "0123456789");
	unsigned long v = n && n < 9 && !text[n] ? strtoul(text, NULL, 10) : 1UL + most;
	*ret = (uint32_t)v;
	return v <= most;
}

static bool word_read(char *to, size_t len, const char *text, bool (*ok)(const char *))
{
	return ok(text) && (size_t)snprintf(to, len, "%s", text) < len;
}

/* "-" is none. */
static bool addr_read(uint32_t *ret, const char *text)
{
	return strcmp(text, "-") == 0 || ip4_parse(ret, text);
}

static bool portal_read(struct handover *h, char *word[])
{
	struct handover_path *p = &h->path[h->paths];
	uint32_t port;
	if (h->paths == HANDOVER_PATHS || !ip4_parse(&p->addr, word[1]) ||
		!number_read(&port, word[2], UINT16_MAX) || port == 0)
		return false;
	p->port = (uint16_t)port;
	h->paths++;
	return true;
}

static bool nic_read(struct handover *h, char *word[])
{
	return mac_parse(&h->mac, word[1]) && mac_is_unicast(&h->mac) &&
	       ip4_parse(&h->addr, word[2]) && number_read(&h->prefix, word[3], 32) &&
	       addr_read(&h->gateway, word[4]) && addr_read(&h->dns, word[5]) &&
	       ip4_parse(&h->server, word[6]);
}

static bool account_read(char user[SECRET_LEN + 1], char secret[SECRET_LEN + 1], char *word[])
{
	return word_read(user, SECRET_LEN + 1, word[1], chap_word_ok) &&
	       word_read(secret, SECRET_LEN + 1, word[2], chap_word_ok);
}

static bool line_read(struct handover *h, char *line)
{
	char *word[WORDS + 1], *rest = line;
	unsigned words = 0;
	for (char *w; words <= WORDS && (w = strsep(&rest, " "));)
		word[words++] = w;
	const char *key = word[0];
	if (words == 2 && strcmp(key, "persona") == 0)
		return word_read(h->persona, sizeof h->persona, word[1], name_ok);
	if (words == 2 && strcmp(key, "initiator") == 0)
		return word_read(h->initiator, sizeof h->initiator, word[1], iqn_ok);
	if (words == 2 && strcmp(key, "target") == 0)
		return word_read(h->target, sizeof h->target, word[1], iqn_ok);
	if (words == 2 && strcmp(key, "lun") == 0)
		return number_read(&h->lun, word[1], LUN_MOST);
	if (words == 2 && strcmp(key, "uuid") == 0)
		return uuid_parse(&h->uuid, word[1]);
	if (words == 2 && strcmp(key, "serial") == 0)
		return word_read(h->serial, sizeof h->serial, word[1], serial_ok);
	if (words == 3 && strcmp(key, "portal") == 0)
		return portal_read(h, word);
	if (words == 3 && strcmp(key, "chap") == 0)
		return account_read(h->user, h->secret, word);
	if (words == 3 && strcmp(key, "mutual-chap") == 0)
		return account_read(h->mutual_user, h->mutual_secret, word);
	return words == WORDS && strcmp(key, "nic") == 0 && nic_read(h, word);
}

int handover_parse(struct handover *ret, const char *text, struct err *e)
{
	struct handover h = { .lun = LUN_MOST + 1 };
	for (unsigned number = 1; *text; number++) {
		size_t n = strcspn(text, "\n");
		char line[512];
		if (n >= sizeof line)
			return err_say(e, EINVAL, "handover: line %u is too long", number);
		memcpy(line, text, n);
		line[n] = '\0';
		text += n + (text[n] ? 1 : 0);
		if (*line && !line_read(&h, line))
			return err_say(
				e, EINVAL, "handover: line %u is not one this shim knows", number);
	}
	if (!*h.persona || !*h.initiator || !*h.target || h.lun > LUN_MOST || !h.paths ||
		mac_is_zero(&h.mac) || (*h.mutual_user && !*h.user))
		return err_say(e, EINVAL, "handover: want a persona, its disk and its NIC");
	*ret = h;
	return 0;
}

static bool has_word(const char *line, const char *word)
{
	const char *at = line;
	while ((at = strstr(at, word)) && at > line && at[-1] != ' ')
		at++;
	return at != NULL;
}

int handover_line(char *to, size_t len, const struct handover *h, const char *line, struct err *e)
{
	char uuid[UUID_TEXT + 16] = " baton.uuid=", serial[SERIAL_LEN + 16];
	bool has_uuid = !uuid_is_zero(&h->uuid) && !has_word(line, "baton.uuid=");
	bool has_serial = *h->serial && !has_word(line, "baton.serial=");
	uuid_text(uuid + strlen(uuid), &h->uuid);
	snprintf(serial, sizeof serial, " baton.serial=%s", h->serial);
	int n = snprintf(to, len, "%s%s%s%s", line, has_word(line, "panic=") ? "" : " panic=30",
		has_uuid ? uuid : "", has_serial ? serial : "");
	return n < 0 || (size_t)n >= len
		       ? err_say(e, E2BIG, "its kernel's line is longer than %zu characters",
				 len - 1)
		       : 0;
}
