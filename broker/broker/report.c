/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's report: see report.h. */
#include "broker/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "broker/members.h"
#include "core/drivers.h"

static int stage_read(struct report *r, const char *stage, const char *deed, struct err *e)
{
	static const char *const stages[] = { "found", "written", "failed" };
	size_t i = 0;
	while (i < COUNT(stages) && strcmp(stages[i], stage) != 0)
		i++;
	if (i == COUNT(stages))
		return err_say(
			e, EINVAL, "report: stage \"%s\": want found, written or failed", stage);
	r->stage = (enum report_stage)i;
	r->restore = strcmp(deed, "restore") == 0;
	if (!r->restore && strcmp(deed, "identity") != 0)
		return err_say(e, EINVAL, "report: deed \"%s\": want identity or restore", deed);
	return 0;
}

static int mac_read(struct mac *ret, const char *text, const char *what, struct err *e)
{
	if (*text && !mac_parse(ret, text))
		return err_say(e, EINVAL, "report: \"%s\": \"%s\" is not a MAC", what, text);
	return 0;
}

/* It helps a pre-flight, and no boot depends on it: what is no card's number is passed over. */
static void card_read(char to[CARD_TEXT], const char *id)
{
	static const char digits[] = "0123456789abcdef";
	if (id && strlen(id) == CARD_TEXT - 1 && strspn(id, digits) == 4 && id[4] == ':' &&
		strspn(id + 5, digits) == 4)
		memcpy(to, id, CARD_TEXT);
}

/* Likewise. */
void report_words_read(char card[CARD_TEXT], char to_driver[DRIVER_LEN + 1],
	char to_modalias[MODALIAS_LEN + 1], const json_t *from)
{
	const char *driver = json_string_value(json_object_get(from, "driver"));
	const char *modalias = json_string_value(json_object_get(from, "modalias"));
	if (driver && driver_ok(driver))
		snprintf(to_driver, DRIVER_LEN + 1, "%s", driver);
	if (modalias && modalias_ok(modalias))
		snprintf(to_modalias, MODALIAS_LEN + 1, "%s", modalias);
	card_read(card, json_string_value(json_object_get(from, "id")));
}

static int nic_read(struct report *r, const json_t *from, struct err *e)
{
	struct report_nic *n = &r->nic[r->nics];
	char permanent[MAC_TEXT] = "", current[MAC_TEXT] = "", back[MAC_TEXT] = "";
	const struct member members[] = {
		{ "pci", MEMBER_TEXT, n->pci, sizeof n->pci, 0, true },
		{ "permanent", MEMBER_TEXT, permanent, sizeof permanent, 0, false },
		{ "current", MEMBER_TEXT, current, sizeof current, 0, false },
		{ "read_back", MEMBER_TEXT, back, sizeof back, 0, false },
		{ "tool", MEMBER_TEXT, n->tool, sizeof n->tool, 0, false },
	};
	int ret =
		members_read(from, "report: nic", members, COUNT(members), MEMBERS_MORE_ALLOWED, e);
	if (ret == 0 && !pci_ok(n->pci))
		ret = err_say(e, EINVAL, "report: \"%s\" is not a PCI address", n->pci);
	for (unsigned i = 0; ret == 0 && i < r->nics; i++)
		if (strcmp(r->nic[i].pci, n->pci) == 0)
			ret = err_say(e, EINVAL, "report: %s stands there twice", n->pci);
	if (ret == 0)
		ret = mac_read(&n->permanent, permanent, "permanent", e);
	if (ret == 0)
		ret = mac_read(&n->current, current, "current", e);
	if (ret == 0)
		ret = mac_read(&n->read_back, back, "read_back", e);
	report_words_read(n->card, n->driver, n->modalias, from);
	r->nics++;
	return ret;
}

/* They help a choice, and no boot depends on them: a word or number that is strange here is passed
 * over. */
static void found_read(struct traits *found, const json_t *body)
{
	const char *arch = json_string_value(json_object_get(body, "arch"));
	const char *firmware = json_string_value(json_object_get(body, "firmware"));
	json_int_t mb = json_integer_value(json_object_get(body, "memory_mb"));
	json_int_t cpus = json_integer_value(json_object_get(body, "cpus"));
	if (arch)
		arch_parse(&found->arch, arch);
	if (firmware)
		firmware_parse(&found->firmware, firmware);
	if (mb > 0 && mb <= MEMORY_MB_MAX)
		found->memory_mb = (uint32_t)mb;
	if (cpus > 0 && cpus <= CPUS_MAX)
		found->cpus = (uint32_t)cpus;
}

static int body_read(struct report *r, const json_t *body, struct err *e)
{
	char stage[16] = "", deed[16] = "", uuid[UUID_TEXT] = "";
	uint64_t generation = 0;
	const json_t *nics = NULL, *hbas = NULL;
	const struct member members[] = {
		{ "stage", MEMBER_TEXT, stage, sizeof stage, 0, true },
		{ "deed", MEMBER_TEXT, deed, sizeof deed, 0, true },
		{ "machine", MEMBER_TEXT, r->machine, sizeof r->machine, 0, true },
		{ "generation", MEMBER_UINT, &generation, 0, UINT32_MAX, true },
		{ "uuid", MEMBER_TEXT, uuid, sizeof uuid, 0, false },
		{ "step", MEMBER_TEXT, r->step, sizeof r->step, 0, false },
		{ "why", MEMBER_TEXT, r->why, sizeof r->why, 0, false },
		{ "nics", MEMBER_LIST, &nics, 0, 0, false },
		{ "hbas", MEMBER_LIST, &hbas, 0, 0, false },
	};
	int ret = members_read(body, "report", members, COUNT(members), MEMBERS_MORE_ALLOWED, e);
	if (ret < 0)
		return ret;
	r->said_generation = (uint32_t)generation;
	if (!name_ok(r->machine))
		return err_say(e, EINVAL, "report: \"%s\" is no machine's name", r->machine);
	/* Firmware without a UUID says so in many ways; only a real one is compared. */
	if (!uuid_parse(&r->uuid, uuid))
		memset(&r->uuid, 0, sizeof r->uuid);
	found_read(&r->found, body);
	ret = stage_read(r, stage, deed, e);
	if (ret == 0 && json_array_size(nics) > REPORT_NICS)
		ret = err_say(e, EINVAL, "report: more than %d NICs", REPORT_NICS);
	for (size_t i = 0; ret == 0 && i < json_array_size(nics); i++)
		ret = nic_read(r, json_array_get(nics, i), e);
	return ret < 0 ? ret : report_hbas_read(r, hbas, e);
}

int report_read(struct report *ret, const char *bytes, size_t len, struct err *e)
{
	char line[128], mac[MAC_TEXT];
	const char *end = memchr(bytes, '\n', len);
	size_t n = end ? (size_t)(end - bytes) : len;
	int used = 0;
	memset(ret, 0, sizeof *ret);
	if (!end || n >= sizeof line)
		return err_say(e, EINVAL, "report: no first line");
	memcpy(line, bytes, n);
	line[n] = '\0';
	if (sscanf(line, "report id=%" SCNu64 " mac=%17s generation=%" SCNu32 "%n", &ret->id, mac,
		    &ret->generation, &used) != 3 ||
		line[used] != '\0' || !mac_parse(&ret->mac, mac))
		return err_say(e, EINVAL, "report: the first line is not what 0003 says");
	json_error_t je;
	OWN(json) json_t *body = json_loadb(end + 1, len - n - 1, JSON_REJECT_DUPLICATES, &je);
	/* Not jansson's own words: they quote what they choke on, whatever bytes that has. */
	if (!body)
		return err_say(e, EINVAL, "report: not JSON at byte %d", je.position);
	return body_read(ret, body, e);
}

static int card_at(const struct report *r, const char *pci)
{
	for (unsigned i = 0; i < r->nics; i++)
		if (strcmp(r->nic[i].pci, pci) == 0)
			return (int)i;
	return -1;
}

static int card_made_as(const struct report *r, const struct mac *m)
{
	for (unsigned i = 0; i < r->nics; i++)
		if (mac_equal(&r->nic[i].permanent, m))
			return (int)i;
	return -1;
}

/* The card that no NIC of the machine is known for and that shows an address of the persona's. */
static const char *card_with_persona(const struct report *r, const struct persona *p)
{
	for (unsigned i = 0; p && i < p->nics; i++) {
		int at = card_made_as(r, &p->nic[i].mac);
		if (at >= 0)
			return r->nic[at].pci;
	}
	return NULL;
}

static int card_missing(const struct report *r, const struct machine *m, const struct nic *n,
	const struct persona *p, struct err *e)
{
	char mac[MAC_TEXT];
	const char *other = card_with_persona(r, p);
	mac_text(mac, &n->factory);
	if (!n->journaled && other)
		return err_say(e, EINVAL,
			"machine %s: the card at %s holds an address of %s and its own is not "
			"journaled; write %s back with the maker's tool",
			m->name, other, p->name, mac);
	return err_say(e, EINVAL, "machine %s: the shim found no card %s%s%s", m->name, mac,
		*n->pci ? " at " : "", n->pci);
}

int report_match(int at[NICS_MAX], const struct report *r, const struct machine *m,
	const struct persona *p, struct err *e)
{
	if (!uuid_is_zero(&r->uuid) && !uuid_is_zero(&m->uuid) &&
		!uuid_same_body(&r->uuid, &m->uuid)) {
		char is[UUID_TEXT], want[UUID_TEXT];
		return err_say(e, EINVAL, "machine %s: the shim runs on body %s, %s is recorded",
			m->name, uuid_text(is, &r->uuid), uuid_text(want, &m->uuid));
	}
	for (unsigned i = 0; i < m->nics; i++) {
		const struct nic *n = &m->nic[i];
		at[i] = *n->pci ? card_at(r, n->pci) : -1;
		if (at[i] >= 0 && !n->journaled &&
			!mac_equal(&r->nic[at[i]].permanent, &n->factory)) {
			char is[MAC_TEXT], want[MAC_TEXT];
			return err_say(e, EINVAL,
				"machine %s: the card at %s is %s by its maker, %s is recorded",
				m->name, n->pci, mac_text(is, &r->nic[at[i]].permanent),
				mac_text(want, &n->factory));
		}
		if (at[i] < 0)
			at[i] = card_made_as(r, &n->factory);
		if (at[i] < 0)
			return card_missing(r, m, n, p, e);
		for (unsigned k = 0; k < i; k++)
			if (at[k] == at[i])
				return err_say(e, EINVAL,
					"machine %s: the card at %s answers for two NICs", m->name,
					r->nic[at[i]].pci);
	}
	return 0;
}

int report_check_written(
	const struct report *r, const struct machine *m, const struct persona *p, struct err *e)
{
	for (unsigned i = 0; i < p->nics; i++) {
		int nic = nic_for(m, p, i);
		if (nic < 0)
			return err_say(e, EINVAL, "machine %s has no NIC for NIC %u of %s", m->name,
				i, p->name);
		const struct nic *n = &m->nic[nic];
		const struct mac *want = r->restore ? &n->factory : &p->nic[i].mac;
		int card = *n->pci ? card_at(r, n->pci) : -1;
		char is[MAC_TEXT], wanted[MAC_TEXT];
		mac_text(wanted, want);
		if (card < 0)
			return err_say(e, EINVAL,
				"machine %s: the shim has not read %s back from the card %s%s",
				m->name, wanted, *n->pci ? "at " : "", n->pci);
		if (!mac_equal(&r->nic[card].read_back, want))
			return err_say(e, EINVAL,
				"machine %s: the card at %s reads back %s, want %s; tool %s did "
				"not write it",
				m->name, n->pci, mac_text(is, &r->nic[card].read_back), wanted,
				*r->nic[card].tool ? r->nic[card].tool : "(not named)");
	}
	return report_hbas_written(r, m, p, e);
}

bool report_all_factory(const struct report *r, const struct machine *m)
{
	int hbas = report_hbas_factory(r, m);
	unsigned good = hbas > 0 ? (unsigned)hbas : 0;
	if (hbas < 0)
		return false;
	for (unsigned i = 0; i < m->nics; i++) {
		const struct nic *n = &m->nic[i];
		int card = *n->pci && n->carries ? card_at(r, n->pci) : -1;
		if (card < 0)
			continue;
		if (!mac_equal(&r->nic[card].read_back, &n->factory))
			return false;
		good++;
	}
	return good > 0;
}
