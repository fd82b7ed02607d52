/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* dnsmasq's lease interface over two hashes (address, MAC) and a heap (end of the loan). See
 * lease.h for what is lent, dnsmasq.h for who asks. Client ids and names are not kept: a loan
 * belongs to a MAC, since ROM, iPXE and OS of one machine send three different client ids. */
#include "engine/seams.h"

#include <assert.h>

#include "engine/lease.h"

enum { BUCKETS = LOANS_MAX, NOT_IN_HEAP = 0 };

struct loan {
	struct dhcp_lease lease; /* first: dnsmasq holds pointers to this part */
	struct loan *next_by_addr, *next_by_mac;
	size_t heap_at; /* its place, counted from 1 */
	bool has_mac;
};
_Static_assert(offsetof(struct loan, lease) == 0, "a lease is the head of its loan");

static struct {
	struct loan **by_addr, **by_mac, **heap;
	struct loan
		*ended; /* dhcp_reply() may still look at what it has ended: freed a packet later */
	struct loan known; /* stands for the lease of a known machine while it is answered */
	size_t count;
	uint64_t seed, now_s, ended_count;
	bool show;
	struct loan_record change[ENGINE_CHANGES];
	unsigned changes;
} loans;

static struct loan *loan_of(struct dhcp_lease *lease)
{
	return (struct loan *)lease;
}

/* Strangers choose their MACs, so the hash has a secret in it: splitmix64's last steps. */
static size_t bucket(uint64_t key)
{
	key = (key ^ loans.seed) * 0x9e3779b97f4a7c15u;
	key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9u;
	key = (key ^ key >> 27) * 0x94d049bb133111ebu;
	return (size_t)((key ^ key >> 31) % BUCKETS);
}

static size_t addr_bucket(struct in_addr addr)
{
	return bucket(addr.s_addr);
}

static size_t mac_bucket(const unsigned char *mac)
{
	uint64_t key = 0;
	memcpy(&key, mac, 6);
	return bucket(key);
}

static bool ends_before(size_t a, size_t b)
{
	return loans.heap[a - 1]->lease.expires < loans.heap[b - 1]->lease.expires;
}

static void heap_put(struct loan *l, size_t at)
{
	loans.heap[at - 1] = l;
	l->heap_at = at;
}

static void heap_swap(size_t a, size_t b)
{
	struct loan *l = loans.heap[a - 1];
	heap_put(loans.heap[b - 1], a);
	heap_put(l, b);
}

/* Moves one place of the heap up or down to where it belongs. */
static void heap_settle(size_t at)
{
	for (; at > 1 && ends_before(at, at / 2); at /= 2)
		heap_swap(at, at / 2);
	for (;;) {
		size_t least = at;
		for (size_t child = 2 * at; child <= 2 * at + 1 && child <= loans.count; child++)
			if (ends_before(child, least))
				least = child;
		if (least == at)
			return;
		heap_swap(at, least);
		at = least;
	}
}

static void heap_add(struct loan *l)
{
	loans.count++;
	heap_put(l, loans.count);
	heap_settle(loans.count);
}

static void heap_remove(struct loan *l)
{
	size_t at = l->heap_at;
	struct loan *last = loans.heap[loans.count - 1];
	loans.count--;
	l->heap_at = NOT_IN_HEAP;
	if (last == l)
		return;
	heap_put(last, at);
	heap_settle(at);
}

static void forget_addr(struct loan *l)
{
	struct loan **at = &loans.by_addr[addr_bucket(l->lease.addr)];
	while (*at != l)
		at = &(*at)->next_by_addr;
	*at = l->next_by_addr;
}

static void forget_mac(struct loan *l)
{
	if (!l->has_mac)
		return;
	struct loan **at = &loans.by_mac[mac_bucket(l->lease.hwaddr)];
	while (*at != l)
		at = &(*at)->next_by_mac;
	*at = l->next_by_mac;
	l->has_mac = false;
}

static void remember_mac(struct loan *l)
{
	struct loan **at = &loans.by_mac[mac_bucket(l->lease.hwaddr)];
	l->next_by_mac = *at;
	*at = l;
	l->has_mac = true;
}

static void loan_end(struct loan *l)
{
	loans.ended_count++;
	forget_addr(l);
	forget_mac(l);
	heap_remove(l);
	l->next_by_addr = loans.ended;
	loans.ended = l;
}

static struct loan *loan_new(struct in_addr addr, time_t expires)
{
	if (loans.count >= LOANS_MAX)
		return NULL;
	struct loan *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	l->lease.addr = addr;
	l->lease.expires = expires;
	l->lease.flags = LEASE_NEW;
	l->lease.hwaddr_len =
		DHCP_CHADDR_MAX + 1; /* no address is that long: unlike any client's */
	struct loan **at = &loans.by_addr[addr_bucket(addr)];
	l->next_by_addr = *at;
	*at = l;
	heap_add(l);
	return l;
}

static struct loan *loan_at(struct in_addr addr)
{
	struct loan *l = loans.by_addr[addr_bucket(addr)];
	while (l && l->lease.addr.s_addr != addr.s_addr)
		l = l->next_by_addr;
	return l;
}

bool loans_open(uint64_t seed)
{
	loans.seed = seed;
	loans.by_addr = calloc(BUCKETS, sizeof(struct loan *));
	loans.by_mac = calloc(BUCKETS, sizeof(struct loan *));
	loans.heap = calloc(LOANS_MAX, sizeof(struct loan *));
	return loans.by_addr && loans.by_mac && loans.heap;
}

uint64_t loans_ended(void)
{
	return loans.ended_count;
}

size_t loans_count(void)
{
	return loans.count;
}

static struct loan_record record_of(const struct loan *l, enum loan_kind kind, uint64_t now_s)
{
	uint64_t end_s = (uint64_t)l->lease.expires;
	struct loan_record r = { .kind = kind,
		.addr = ntohl(l->lease.addr.s_addr),
		.for_s = end_s > now_s ? (uint32_t)(end_s - now_s) : 0,
		.at_s = now_s };
	if (l->has_mac)
		memcpy(r.mac.b, l->lease.hwaddr, sizeof r.mac.b);
	return r;
}

static void note(const struct loan *l, enum loan_kind kind)
{
	assert(loans.changes < ENGINE_CHANGES);
	loans.change[loans.changes++] = record_of(l, kind, loans.now_s);
}

unsigned loans_changed(struct loan_record ret[ENGINE_CHANGES])
{
	memcpy(ret, loans.change, loans.changes * sizeof *ret);
	return loans.changes;
}

static void free_ended(void)
{
	while (loans.ended) {
		struct loan *l = loans.ended;
		loans.ended = l->next_by_addr;
		free(l);
	}
}

void loans_show(bool show, uint64_t now_s)
{
	loans.show = show;
	loans.now_s = now_s;
	loans.changes = 0;
	free_ended();
}

void loan_block(uint32_t addr, uint64_t until_s)
{
	struct in_addr a = { addr };
	struct loan *l = loan_at(a) ? NULL : loan_new(a, (time_t)until_s);
	if (l)
		note(l, LOAN_BLOCKED);
}

bool loan_get(size_t i, uint64_t now_s, struct loan_record *ret)
{
	if (i >= loans.count)
		return false;
	const struct loan *l = loans.heap[i];
	*ret = record_of(l, l->has_mac ? LOAN_LENT : LOAN_BLOCKED, now_s);
	return true;
}

bool loan_restore(const struct loan_record *r, uint64_t until_s)
{
	struct in_addr addr = { htonl(r->addr) };
	struct loan *l = loan_at(addr);
	if (l) {
		loan_end(l);
		free_ended();
	}
	if (until_s == 0)
		return true;
	l = loan_new(addr, (time_t)until_s);
	if (l && r->kind == LOAN_LENT)
		lease_set_hwaddr(&l->lease, r->mac.b, NULL, ETHER_ADDR_LEN, ARPHRD_ETHER, 0, 0, 0);
	return l != NULL;
}

/* From here on: what dnsmasq calls. */

struct dhcp_lease *lease4_allocate(struct in_addr addr)
{
	if (loans.show) {
		/* 1 is long past: a loan that is not given an end is nobody's. */
		struct loan *l = loan_new(addr, 1);
		return l ? &l->lease : NULL;
	}
	loans.known = (struct loan){ .lease = { .addr = addr, .flags = LEASE_NEW } };
	return &loans.known.lease;
}

struct dhcp_lease *lease_find_by_addr(struct in_addr addr)
{
	struct loan *l = loans.show ? loan_at(addr) : NULL;
	return l ? &l->lease : NULL;
}

struct dhcp_lease *lease_find_by_client(
	unsigned char *hwaddr, int hw_len, int hw_type, unsigned char *clid, int clid_len)
{
	(void)clid;
	(void)clid_len;
	if (!loans.show || hw_len != ETHER_ADDR_LEN)
		return NULL;
	struct loan *l = loans.by_mac[mac_bucket(hwaddr)];
	while (l && (l->lease.hwaddr_type != hw_type ||
			    memcmp(l->lease.hwaddr, hwaddr, ETHER_ADDR_LEN) != 0))
		l = l->next_by_mac;
	return l ? &l->lease : NULL;
}

void lease_set_hwaddr(struct dhcp_lease *lease, const unsigned char *hwaddr,
	const unsigned char *clid, int hw_len, int hw_type, int clid_len, time_t now, int force)
{
	(void)clid;
	(void)clid_len;
	(void)now;
	(void)force;
	struct loan *l = loan_of(lease);
	if (hw_len != ETHER_ADDR_LEN)
		return;
	if (l != &loans.known)
		forget_mac(l);
	memcpy(lease->hwaddr, hwaddr, ETHER_ADDR_LEN);
	lease->hwaddr_len = hw_len;
	lease->hwaddr_type = hw_type;
	if (l != &loans.known)
		remember_mac(l);
}

void lease_set_expires(struct dhcp_lease *lease, unsigned int len, time_t now)
{
	struct loan *l = loan_of(lease);
	lease->expires = now + (time_t)len;
	if (l->heap_at == NOT_IN_HEAP)
		return;
	heap_settle(l->heap_at);
	note(l, LOAN_LENT);
}

/* Ends one loan, or none (NULL), and all that are over. */
void lease_prune(struct dhcp_lease *target, time_t now)
{
	struct loan *l = target ? loan_of(target) : NULL;
	if (l && l->heap_at != NOT_IN_HEAP) {
		note(l, LOAN_ENDED);
		loan_end(l);
	}
	while (loans.count > 0 && loans.heap[0]->lease.expires <= now)
		loan_end(loans.heap[0]);
}

void lease_set_hostname(
	struct dhcp_lease *lease, const char *name, int auth, char *domain, char *config_domain)
{
	(void)lease;
	(void)name;
	(void)auth;
	(void)domain;
	(void)config_domain;
}

void lease_set_interface(struct dhcp_lease *lease, int interface, time_t now)
{
	(void)now;
	lease->last_interface = interface;
}

/* Only dhcp-sequential-ip asks this, which is off. */
struct in_addr lease_find_max_addr(struct dhcp_context *context)
{
	return context->start;
}

/* The rest serves dnsmasq's lease file, scripts and DNS, and is called by nothing that is linked.
 */
void lease_init(time_t now)
{
	(void)now;
}

void lease_update_file(time_t now)
{
	(void)now;
}

void lease_update_dns(int force)
{
	(void)force;
}

void lease_update_from_configs(void)
{
}

int do_script_run(time_t now)
{
	(void)now;
	return 0;
}

void rerun_scripts(void)
{
}

void lease_find_interfaces(time_t now)
{
	(void)now;
}

void lease_calc_fqdns(void)
{
}
