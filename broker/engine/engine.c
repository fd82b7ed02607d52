/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* One question through dnsmasq: read it, decide, exchange the lists, call dhcp_reply(), and say
 * where the answer goes. See engine.h. */
#include "engine/offer.h"

#include <assert.h>
#include <sys/random.h>

#include "engine/engine.h"
#include "engine/lease.h"
#include "engine/reserved.h"

enum {
	QUESTION_MAX = 1500,
	FULL_POOLS = 16,
};

static struct {
	const struct table *table;
	struct reserved reserved;
	bool open;
	/* Networks whose pool had nothing for a stranger when so many loans had ended. */
	struct full {
		const struct table_network *network;
		uint64_t ended;
	} full[FULL_POOLS];
} engine;

static struct daemon the_daemon;
static char pxe_word[] = DHCP_PXE_DEF_VENDOR, http_word[] = "HTTPClient";
static struct dhcp_pxe_vendor http_vendor = { .data = http_word };
static struct dhcp_pxe_vendor pxe_vendor = { .data = pxe_word, .next = &http_vendor };

/* What read_opts() would set up from a file or a command line; the rest of struct daemon stays
 * zero, which means none and off. */
static int daemon_open(struct err *e)
{
	static char name_buffer[MAXDNAME * 2], packet_buffer[4096 + MAXDNAME + RRFIXEDSZ];
	static char addr_buffer[ADDRSTRLEN];
	daemon = &the_daemon;
	daemon->namebuff = name_buffer;
	daemon->addrbuff = addr_buffer;
	daemon->packet = packet_buffer;
	daemon->packet_buff_sz = sizeof packet_buffer;
	daemon->dhcp_pxe_vendors = &pxe_vendor;
	daemon->dhcp_max = LOANS_MAX;
	daemon->dhcpfd = daemon->pxefd = -1;
	static const unsigned on[] = { OPT_AUTHORITATIVE, OPT_IGNORE_CLID, OPT_NO_PING,
		OPT_SINGLE_PORT, OPT_QUIET_TFTP };
	for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
		option_var(on[i]) |= option_val(on[i]);
	/* Half of an answer's cost is what dnsmasq would write about it to a log. */
	if (!seams_debug())
		option_var(OPT_QUIET_DHCP) |= option_val(OPT_QUIET_DHCP);
	dhcp_common_init();
	/* As large as a client can ask for: no memory is taken once strangers are heard. */
	if (!expand_buf(&daemon->dhcp_packet, DHCP_PACKET_MAX))
		return err_set(e, ENOMEM, "engine: packet buffer");
	rand_init();
	return 0;
}

int engine_open(struct err *e)
{
	uint64_t seed;
	if (engine.open)
		return 0;
	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		return err_set(e, errno, "engine: randomness");
	if (!loans_open(seed))
		return err_set(e, ENOMEM, "engine: index of loans");
	int r = daemon_open(e);
	engine.open = r == 0;
	return r;
}

int engine_table(const struct table *t, struct err *e)
{
	struct reserved r;
	if (!reserved_init(&r, t))
		return err_set(e, ENOMEM, "engine: index of addresses");
	reserved_fini(&engine.reserved);
	engine.reserved = r;
	engine.table = t;
	memset(engine.full, 0, sizeof engine.full);
	seams_reserved(&engine.reserved);
	return 0;
}

size_t engine_loans(void)
{
	return loans_count();
}

bool engine_loan_get(size_t i, uint64_t now_s, struct loan_record *ret)
{
	return loan_get(i, now_s, ret);
}

bool engine_loan_restore(const struct loan_record *r, uint64_t until_s)
{
	return loan_restore(r, until_s);
}

/* Through whom it came: the relay, or the client's own address where a renewal was routed here
 * past its relay, or our interface. */
static uint32_t via_of(const struct asked *a, const struct engine_ask *ask)
{
	if (a->subnet)
		return a->subnet;
	if (a->giaddr)
		return a->giaddr;
	if (ask->unicast && a->ciaddr && table_network_of(engine.table, a->ciaddr))
		return a->ciaddr;
	return ask->here;
}

/* dnsmasq's own choice, minus the ARP entry that it would need a privilege for. */
static void address_answer(struct engine_answer *ret, const struct engine_ask *ask,
	const struct dhcp_packet *m, bool inform)
{
	uint32_t ciaddr = ntohl(m->ciaddr.s_addr);
	ret->to = TO_ADDR;
	ret->addr = ask->from;
	ret->port = ask->from_port;
	memcpy(ret->mac.b, m->chaddr, sizeof ret->mac.b);
	if (ask->pxe) {
		if (ciaddr)
			ret->addr = ciaddr;
		if (!ret->addr)
			ret->to = TO_NOBODY;
	} else if (m->giaddr.s_addr) {
		ret->addr = ntohl(m->giaddr.s_addr);
		ret->port = PORT_SERVER;
	} else if (ciaddr) {
		if (!ask->from || !ask->from_port || (!inform && ask->from != ciaddr)) {
			ret->addr = ciaddr;
			ret->port = PORT_CLIENT;
		}
	} else if (ntohs(m->flags) & 0x8000) {
		ret->to = TO_EVERYBODY;
		ret->addr = INADDR_BROADCAST;
		ret->port = PORT_CLIENT;
	} else {
		ret->to = TO_MAC;
		ret->addr = ntohl(m->yiaddr.s_addr);
		ret->port = PORT_CLIENT;
	}
}

/* Only who holds a loan can say that its address is somebody else's. */
static bool gives_back(struct asked *a, struct in_addr here)
{
	if (a->type != DHCP_DECLINE || a->server_id != ntohl(here.s_addr))
		return false;
	struct dhcp_lease *l =
		lease_find_by_client(a->boot.mac.b, ETHER_ADDR_LEN, ARPHRD_ETHER, NULL, 0);
	return l && ntohl(l->addr.s_addr) == a->wanted;
}

static void call_dnsmasq(struct engine_answer *ret, const struct engine_ask *ask,
	struct asked *asked, struct offer *o)
{
	struct dhcp_packet *m = daemon->dhcp_packet.iov_base;
	struct in_addr here = o->context.local;
	char interface[IF_NAMESIZE];
	int inform = 0;
	snprintf(interface, sizeof interface, "%s", ask->interface);
	memset(m, 0, QUESTION_MAX);
	memcpy(m, ask->bytes, ask->len);
	/* The server's field, which an answer to an INFORM would give back. */
	m->yiaddr.s_addr = 0;
	/* The network is chosen; a client's own wish for another one is not heard. */
	asked_blank((uint8_t *)m, ask->len, OPTION_SUBNET_SELECT);
	/* The same for the relay's, which hears its own word again. */
	uint32_t subnet = 0;
	uint8_t *link = asked->subnet ? asked_link((uint8_t *)m, ask->len) : NULL;
	if (link) {
		memcpy(&subnet, link, sizeof subnet);
		memcpy(link, &o->wire.shared_addr, sizeof subnet);
	}
	/* There is no menu, so no item of it can be asked for. */
	if (ask->pxe)
		asked_blank((uint8_t *)m, ask->len, OPTION_VENDOR_CLASS_OPT);

	loans_show(ret->plan.addr == 0, ask->now_s);
	lease_prune(NULL, (time_t)ask->now_s);
	bool declined = gives_back(asked, o->context.local);
	offer_enter(o);
	size_t len = dhcp_reply(&o->context, interface, ask->interface_index, ask->len,
		(time_t)ask->now_s, ask->unicast, 0, &inform, ask->pxe, here, (time_t)ask->now_s);
	offer_leave();

	if (declined)
		loan_block(htonl(asked->wanted), ask->now_s + DECLINE_BACKOFF);
	ret->changes = loans_changed(ret->change);
	m = daemon->dhcp_packet.iov_base;
	if (len == 0 || len > sizeof ret->bytes)
		return;
	memcpy(ret->bytes, m, len);
	ret->len = len;
	if (link && (link = asked_link(ret->bytes, len)))
		memcpy(link, &subnet, sizeof subnet);
	ret->given = ntohl(m->yiaddr.s_addr);
	ret->lends = ret->given && ret->plan.addr == 0 && asked->type == DHCP_REQUEST;
	address_answer(ret, ask, m, inform);
}

/* A client that has taken another server's offer is told so where the table says that it is
 * ours; a stranger is let go. */
static bool chose_another(const struct engine_answer *ret, const struct asked *a)
{
	return ret->plan.deed == DEED_LEASE && a->type == DHCP_REQUEST && a->server_id &&
	       a->server_id != ret->plan.server;
}

static struct full *full_of(const struct table_network *n)
{
	return &engine.full[(size_t)(n - engine.table->network) % FULL_POOLS];
}

/* A pool that has nothing left has nothing until a loan ends, and dnsmasq would look through all of
 * it for each who asks: a flood would hold up everybody. */
static bool pool_is_full(const struct boot_plan *plan, const struct asked *a, uint64_t now_s)
{
	const struct full *f = full_of(plan->network);
	if (plan->deed != DEED_LEASE || a->type != DHCP_DISCOVER || f->network != plan->network)
		return false;
	loans_show(true, now_s);
	lease_prune(NULL, (time_t)now_s);
	return f->ended == loans_ended() &&
	       !lease_find_by_client((unsigned char *)(uintptr_t)a->boot.mac.b, ETHER_ADDR_LEN,
		       ARPHRD_ETHER, NULL, 0);
}

static void pool_note_full(const struct boot_plan *plan, const struct asked *a)
{
	if (plan->deed == DEED_LEASE && a->type == DHCP_DISCOVER)
		*full_of(plan->network) = (struct full){ plan->network, loans_ended() };
}

static bool due(const struct asked *a)
{
	return a->type == DHCP_DISCOVER || a->type == DHCP_REQUEST || a->type == DHCP_INFORM;
}

/* Of what dnsmasq leaves unanswered, though an answer was due. */
static void say_why_not(struct engine_answer *ret, const struct asked *a)
{
	if (ret->plan.network->mode == DHCP_MODE_PROXY) {
		ret->why = silence_word(SILENCE_other_server);
	} else if (ret->plan.addr == 0) {
		ret->why = silence_word(SILENCE_no_address_left);
		pool_note_full(&ret->plan, a);
	}
}

void engine_answer(struct engine_answer *ret, const struct engine_ask *ask)
{
	struct asked asked;
	struct offer offer;
	ret->to = TO_NOBODY;
	ret->len = 0;
	ret->why = NULL;
	ret->heard = false;
	ret->given = 0;
	ret->changes = 0;
	ret->lends = false;
	ret->file[0] = '\0';
	ret->plan = (struct boot_plan){ 0 };
	if (!engine.table || ask->len > QUESTION_MAX || !asked_read(&asked, ask->bytes, ask->len))
		return;
	ret->heard = true;
	ret->type = asked.type;
	ret->wanted = asked.wanted ? asked.wanted : asked.ciaddr;
	ret->chosen = asked.server_id;
	asked.boot.via = via_of(&asked, ask);
	asked.boot.relay = asked.giaddr;
	asked.boot.here = ask->here;
	ret->ask = asked.boot;
	if (!boot_decide(&ret->plan, &ret->why, engine.table, &ret->ask))
		return;
	assert(ret->plan.network);
	if (chose_another(ret, &asked))
		return;
	/* On 4011 only who is known is told where to boot from; it has its address. */
	if (ask->pxe && (ret->plan.deed == DEED_LEASE || asked.boot.stage == STAGE_OS))
		return;
	if (pool_is_full(&ret->plan, &asked, ask->now_s)) {
		ret->why = silence_word(SILENCE_no_address_left);
		return;
	}
	bool proxy = ask->pxe || ret->plan.network->mode == DHCP_MODE_PROXY;
	ret->source = ret->plan.server;
	offer_make(&offer, engine.table, &ret->plan, &asked, proxy, ask->unix_s);
	snprintf(ret->file, sizeof ret->file, "%s", offer.shown);
	call_dnsmasq(ret, ask, &asked, &offer);
	if (asked.type == DHCP_DECLINE)
		ret->why = silence_word(SILENCE_address_declined);
	else if (ret->len == 0 && due(&asked) && !ask->pxe)
		say_why_not(ret, &asked);
}
