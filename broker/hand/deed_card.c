/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deeds on what a BMC sees beside the power: the machine's cards, their identity, and its
 * virtual media. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "hand/bmc.h"

static int no_such_thing(const struct bmc *bmc, const char *what, struct err *e)
{
	return err_say(e, ENOTSUP, "by %s a BMC has no %s; redfish has them", bmc->ops->kind, what);
}

/* ------------------------------------------------------------------ cards */

static const char *link_word(enum card_link l)
{
	return l == LINK_UP ? "up" : l == LINK_DOWN ? "down" : "unknown";
}

static void put_mac(json_t *to, const char *name, const struct mac *m)
{
	char text[MAC_TEXT];
	if (!mac_is_zero(m))
		json_object_set_new(to, name, json_string(mac_text(text, m)));
}

static void put_wwn(json_t *to, const char *name, const struct wwn *w)
{
	char text[WWN_TEXT];
	if (!wwn_is_zero(w))
		json_object_set_new(to, name, json_string(wwn_text(text, w)));
}

static json_t *card_json(const struct card *c)
{
	json_t *j = json_pack("{s:s,s:s,s:s,s:s,s:s,s:b}", "kind",
		c->kind == CARD_FC ? "fc" : "ethernet", "pci", c->pci, "label", c->label, "model",
		c->model, "link", link_word(c->link), "settable", c->settable);
	put_mac(j, "permanent_mac", &c->permanent_mac);
	put_mac(j, "mac", &c->mac);
	put_wwn(j, "permanent_wwpn", &c->permanent_wwpn);
	put_wwn(j, "permanent_wwnn", &c->permanent_wwnn);
	put_wwn(j, "wwpn", &c->wwpn);
	put_wwn(j, "wwnn", &c->wwnn);
	return j;
}

static int cards_put(struct bmc *bmc, json_t *answer, struct err *e)
{
	struct card all[CARDS_MAX];
	size_t n = 0;
	int r = bmc->ops->cards_read(bmc, all, &n, e);
	if (r < 0)
		return r;
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, card_json(&all[i]));
	json_object_set_new(answer, "cards", list);
	return 0;
}

void bmc_cards_put(struct bmc *bmc, json_t *answer)
{
	struct err e = { 0 };
	if (bmc->ops->cards_read && cards_put(bmc, answer, &e) < 0)
		json_object_set_new(answer, "cards_why", json_string(e.text));
}

static int part_cards(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	(void)w;
	return bmc->ops->cards_read ? cards_put(bmc, answer, e)
				    : no_such_thing(bmc, "list of cards", e);
}

/* ------------------------------------------------------------------ identity */

struct target_wish {
	const char *wwpn;
	uint64_t lun;
};

static const struct field target_members[] = {
	{ "wwpn", FIELD_TEXT, offsetof(struct target_wish, wwpn), true, 16, WWN_TEXT - 1 },
	{ "lun", FIELD_UINT, offsetof(struct target_wish, lun), true, 0, INT64_MAX },
};

static int target_read(struct fc_target *to, const json_t *from, struct err *e)
{
	struct target_wish t = { .lun = 0 };
	int r = fields_read(&t, target_members, COUNT(target_members), from, "cards: boot", e);
	if (r < 0)
		return r;
	to->lun = t.lun;
	return wwn_parse(&to->wwpn, t.wwpn)
		       ? 0
		       : err_say(e, EINVAL, "cards: boot: wwpn: want 50:00:00:00:00:00:00:01");
}

struct iscsi_wish {
	const char *initiator, *target, *portal, *address, *gateway, *user, *secret;
	uint64_t lun;
};

#define ISCSI(name, needed, max)                                                                   \
	{                                                                                          \
#name, FIELD_TEXT, offsetof(struct iscsi_wish, name), needed, needed ? 1 : 0, max  \
	}
static const struct field iscsi_members[] = {
	ISCSI(initiator, true, IQN_LEN),
	ISCSI(target, true, IQN_LEN),
	ISCSI(portal, true, 32),
	ISCSI(address, false, 32), /* with its prefix; "": by DHCP */
	ISCSI(gateway, false, 16),
	ISCSI(user, false, SECRET_LEN),
	ISCSI(secret, false, SECRET_LEN),
	{ "lun", FIELD_UINT, offsetof(struct iscsi_wish, lun), true, 0, 255 },
};

/* "10.0.0.3:3260" */
static bool portal_read(struct iscsi_boot *to, const char *text)
{
	char addr[IP4_TEXT], *end;
	size_t len = strcspn(text, ":");
	unsigned long port = text[len] ? strtoul(text + len + 1, &end, 10) : 0;
	if (len >= sizeof addr || !text[len] || *end || port < 1 || port > UINT16_MAX)
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	to->port = (uint16_t)port;
	return ip4_parse(&to->portal, addr);
}

static int iscsi_read(struct iscsi_boot *to, const json_t *from, struct err *e)
{
	struct iscsi_wish i = { .address = "", .gateway = "", .user = "", .secret = "" };
	unsigned prefix = 0;
	int r = fields_read(&i, iscsi_members, COUNT(iscsi_members), from, "cards: iscsi", e);
	if (r < 0)
		return r;
	if (!iqn_ok(i.initiator) || !iqn_ok(i.target) || !portal_read(to, i.portal))
		return err_say(e, EINVAL,
			"cards: iscsi: want initiator and target as IQNs, and portal as "
			"10.0.0.3:3260");
	if ((*i.address && !net4_parse(&to->addr, &prefix, i.address)) ||
		(*i.gateway && !ip4_parse(&to->gateway, i.gateway)))
		return err_say(e, EINVAL,
			"cards: iscsi: want address as 10.0.0.21/24, and gateway as 10.0.0.1");
	if (!*i.user != !*i.secret)
		return err_say(e, EINVAL, "cards: iscsi: want user and secret together");
	if (prefix)
		to->mask = net4_mask(prefix);
	strcpy(to->initiator, i.initiator);
	strcpy(to->target, i.target);
	strcpy(to->user, i.user);
	strcpy(to->secret, i.secret);
	to->lun = i.lun;
	return 0;
}

struct card_wish {
	const char *permanent, *mac, *wwpn, *wwnn;
	bool restore;
	const json_t *boot, *iscsi;
};

static const struct field card_members[] = {
	{ "permanent", FIELD_TEXT, offsetof(struct card_wish, permanent), true, 12, WWN_TEXT - 1 },
	{ "mac", FIELD_TEXT, offsetof(struct card_wish, mac), false, 12, MAC_TEXT - 1 },
	{ "wwpn", FIELD_TEXT, offsetof(struct card_wish, wwpn), false, 16, WWN_TEXT - 1 },
	{ "wwnn", FIELD_TEXT, offsetof(struct card_wish, wwnn), false, 16, WWN_TEXT - 1 },
	{ "restore", FIELD_BOOL, offsetof(struct card_wish, restore), false, 0, 0 },
	{ "boot", FIELD_OBJECTS, offsetof(struct card_wish, boot), false, 0, FC_TARGETS_MAX },
	{ "iscsi", FIELD_OBJECT, offsetof(struct card_wish, iscsi), false, 0, 0 },
};

static int addresses_read(struct identity *to, const struct card_wish *c, struct err *e)
{
	if (!mac_parse(&to->permanent_mac, c->permanent) &&
		!wwn_parse(&to->permanent_wwpn, c->permanent))
		return err_say(e, EINVAL, "cards: permanent: want a MAC or a WWPN");
	if (c->mac && (!mac_parse(&to->mac, c->mac) || !mac_is_unicast(&to->mac)))
		return err_say(e, EINVAL, "cards: mac: want one that a card can have");
	if ((c->wwpn && !wwn_parse(&to->wwpn, c->wwpn)) ||
		(c->wwnn && !wwn_parse(&to->wwnn, c->wwnn)))
		return err_say(
			e, EINVAL, "cards: wwpn, wwnn: want them as 20:00:52:54:00:00:00:01");
	if (c->restore && (c->mac || c->wwpn || c->wwnn || c->boot || c->iscsi))
		return err_say(e, EINVAL, "cards: restore: want nothing else beside it");
	if (!c->restore && !c->mac && !c->wwpn && !c->wwnn && !c->boot && !c->iscsi)
		return err_say(e, EINVAL,
			"cards: want one of mac, wwpn, wwnn, boot, iscsi, restore beside "
			"permanent");
	return 0;
}

static int identity_read(struct identity *to, const json_t *from, struct err *e)
{
	struct card_wish c = { .restore = false };
	*to = (struct identity){ .restore = false };
	int r = fields_read(&c, card_members, COUNT(card_members), from, "cards", e);
	r = r < 0 ? r : addresses_read(to, &c, e);
	to->restore = c.restore;
	to->fc_boot = c.boot != NULL;
	to->iscsi_boot = c.iscsi != NULL;
	for (size_t i = 0; r == 0 && i < json_array_size(c.boot); i++, to->fc_targets++)
		r = target_read(&to->fc_target[i], json_array_get(c.boot, i), e);
	return r == 0 && c.iscsi ? iscsi_read(&to->iscsi, c.iscsi, e) : r;
}

static const char *state_word(enum identity_state s)
{
	return s == IDENTITY_ALREADY ? "already" : s == IDENTITY_APPLIED ? "applied" : "staged";
}

static json_t *states_json(const json_t *asked, const enum identity_state *state)
{
	json_t *list = json_array();
	for (size_t i = 0; i < json_array_size(asked); i++)
		json_array_append_new(
			list, json_pack("{s:O,s:s}", "permanent",
				      json_object_get(json_array_get(asked, i), "permanent"),
				      "state", state_word(state[i])));
	return list;
}

/* ------------------------------------------------------------------ UUID and serial */

void bmc_system_put(struct bmc *bmc, json_t *answer)
{
	struct bmc_system s;
	char uuid[UUID_TEXT];
	if (!bmc->ops->system_read || bmc->ops->system_read(bmc, &s, NULL) < 0)
		return;
	json_object_set_new(answer, "system",
		json_pack("{s:s,s:s,s:b,s:b}", "uuid",
			uuid_is_zero(&s.uuid) ? "" : uuid_text(uuid, &s.uuid), "serial", s.serial,
			"uuid_settable", s.uuid_settable, "serial_settable", s.serial_settable));
}

struct system_wish {
	const char *uuid, *serial;
	bool must; /* else what is not set is said and is no failure */
};

static const struct field system_members[] = {
	{ "uuid", FIELD_TEXT, offsetof(struct system_wish, uuid), false, 36, UUID_TEXT - 1 },
	{ "serial", FIELD_TEXT, offsetof(struct system_wish, serial), false, 1, SERIAL_LEN },
	{ "must", FIELD_BOOL, offsetof(struct system_wish, must), false, 0, 0 },
};

static int system_wish_read(
	struct bmc_system *to, struct system_wish *w, const json_t *from, struct err *e)
{
	int r = fields_read(w, system_members, COUNT(system_members), from, "system", e);
	if (r < 0)
		return r;
	if (!w->uuid && !w->serial)
		return err_say(e, EINVAL, "system: want uuid, serial or both");
	if (w->uuid && !uuid_parse(&to->uuid, w->uuid))
		return err_say(e, EINVAL, "system: uuid: want its 36 characters");
	if (w->serial && !serial_is_text(w->serial))
		return err_say(e, EINVAL, "system: serial: want printable ASCII");
	snprintf(to->serial, sizeof to->serial, "%s", w->serial ? w->serial : "");
	return 0;
}

static int system_wished(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	struct system_wish asked = { .must = false };
	struct bmc_system want = { .serial = "" };
	enum identity_state state;
	struct err why = { 0 };
	int r = system_wish_read(&want, &asked, w->system, e);
	if (r < 0)
		return r;
	if (!bmc->ops->system_set)
		r = no_such_thing(bmc, "way to set a UUID", &why);
	else
		r = bmc->ops->system_set(bmc, &want, &state, bmc_fit_ms(w->timeout_ms), &why);
	if (r < 0 && asked.must)
		return err_say(e, -r, "%s", why.text);
	if (r < 0)
		json_object_set_new(answer, "system_why", json_string(why.text));
	else
		json_object_set_new(answer, "system", json_string(state_word(state)));
	return 0;
}

static int part_identity(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	struct identity want[IDENTITIES_MAX];
	enum identity_state state[IDENTITIES_MAX];
	size_t n = json_array_size(w->cards);
	int r = 0;
	if (n && !bmc->ops->identity_set)
		return no_such_thing(bmc, "way to set a card's identity", e);
	if (!n && !w->system)
		return err_say(e, EINVAL, "deed bmc-identity: want a card, or system");
	for (size_t i = 0; r == 0 && i < n; i++)
		r = identity_read(&want[i], json_array_get(w->cards, i), e);
	if (r == 0 && n)
		r = bmc->ops->identity_set(bmc, want, n, state, bmc_fit_ms(w->timeout_ms), e);
	explicit_bzero(want, sizeof want);
	if (r == 0)
		json_object_set_new(answer, "cards", states_json(w->cards, state));
	return r == 0 && w->system ? system_wished(bmc, w, answer, e) : r;
}

/* ------------------------------------------------------------------ media */

static int part_media(struct bmc *bmc, const struct wish *w, json_t *answer, struct err *e)
{
	bool any = w->url && *w->url;
	if (!bmc->ops->media_boot)
		return no_such_thing(bmc, "virtual media", e);
	int r = any ? bmc->ops->media_boot(bmc, w->url, e) : bmc->ops->media_none(bmc, e);
	if (r == 0)
		json_object_set_new(answer, "inserted", json_boolean(any));
	return r;
}

int bmc_cards(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return bmc_deed(hand, w, part_cards, answer, e);
}

int bmc_identity(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return bmc_deed(hand, w, part_identity, answer, e);
}

int bmc_media(const struct hand *hand, const struct wish *w, json_t *answer, struct err *e)
{
	return bmc_deed(hand, w, part_media, answer, e);
}
