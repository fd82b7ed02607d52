/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a handover is told: see handover.h. */
#include "core/handover.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

enum { TEXT_MOST = 2048 };

static const char *addr_or_none(char to[IP4_TEXT], uint32_t addr)
{
	return addr ? ip4_text(to, addr) : "-";
}

/* The first NIC that holds a persona's MAC: the one that persona.ipxe takes. */
static const struct table_nic *nic_of(const struct table *t, const struct table_machine *m)
{
	for (uint32_t i = 0; i < m->nics; i++)
		if (!mac_is_zero(&t->nic[m->nic_at + i].persona))
			return &t->nic[m->nic_at + i];
	return NULL;
}

static int sound(const struct table_nic **nic, const struct table *t, const struct boot_plan *plan,
	struct err *e)
{
	const struct table_machine *m = plan->machine;
	if (!m || plan->deed != DEED_PERSONA)
		return err_say(e, ENOENT, "the persona's disk is not given out now");
	if (m->takes != TAKES_HANDOVER)
		return err_say(e, ENOENT, "this machine takes a persona by a restart");
	if (table_has_fc(t, m))
		return err_say(e, ENOENT,
			"the persona has an HBA, which goes by its new name after a restart");
	if (!*table_text(t, m->target) || m->paths == 0)
		return err_say(e, ENOENT, "the persona has no disk by iSCSI");
	*nic = nic_of(t, m);
	if (!*nic)
		return err_say(e, ENOENT, "no NIC of this machine carries the persona");
	if (!(*nic)->persona_addr || (*nic)->persona_network == TABLE_NOWHERE)
		return err_say(e, ENOENT,
			"the persona's address is another DHCP server's to give, so what would be "
			"told of it is not known");
	return 0;
}

static void put(char *to, size_t *n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void put(char *to, size_t *n, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (*n < TEXT_MOST) {
		int more = vsnprintf(to + *n, TEXT_MOST - *n, fmt, ap);
		*n += more < 0 ? TEXT_MOST : (size_t)more;
	}
	va_end(ap);
}

static void put_nic(char *to, size_t *n, const struct table *t, const struct boot_plan *plan,
	const struct table_nic *nic)
{
	const struct table_network *net = &t->network[nic->persona_network];
	const struct table_machine *m = plan->machine;
	char mac[MAC_TEXT], addr[IP4_TEXT], gateway[IP4_TEXT], dns[IP4_TEXT], server[IP4_TEXT];
	put(to, n, "nic %s %s %u %s %s %s\n", mac_text(mac, &nic->persona),
		ip4_text(addr, nic->persona_addr), net->prefix, addr_or_none(gateway, net->gateway),
		addr_or_none(dns, m->dns[0] ? m->dns[0] : net->dns),
		ip4_text(server, plan->server));
}

int handover_render(char **ret, const struct table *t, const struct boot_plan *plan, struct err *e)
{
	const struct table_machine *m = plan->machine;
	const struct table_nic *nic;
	size_t n = 0;
	int r = sound(&nic, t, plan, e);
	if (r < 0)
		return r;
	OWN(text) char *out = calloc(1, TEXT_MOST);
	if (!out)
		return err_set(e, ENOMEM, "handover");
	put(out, &n, "persona %s\ninitiator %s\ntarget %s\nlun %llu\n", table_text(t, m->persona),
		table_text(t, m->iqn), table_text(t, m->target), (unsigned long long)m->lun);
	for (uint32_t i = 0; i < m->paths; i++) {
		char ip[IP4_TEXT];
		put(out, &n, "portal %s %u\n", ip4_text(ip, t->path[m->path_at + i].addr),
			t->path[m->path_at + i].port);
	}
	if (*table_text(t, m->chap_user))
		put(out, &n, "chap %s %s\n", table_text(t, m->chap_user),
			table_text(t, m->chap_secret));
	if (*table_text(t, m->mutual_user))
		put(out, &n, "mutual-chap %s %s\n", table_text(t, m->mutual_user),
			table_text(t, m->mutual_secret));
	put_nic(out, &n, t, plan, nic);
	if (n >= TEXT_MOST)
		return err_say(e, ENOSPC, "handover: longer than %d bytes", TEXT_MOST);
	*ret = TAKE(out);
	return 0;
}
