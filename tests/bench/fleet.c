/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the fleet of fleet.h in each server's own language:
 *   fleet table N FOLDER [GENERATION [POOL [LOG]]]
 *                       a boot table with N machines, renamed into place; with POOL strangers are
 * lent that many addresses. With LOG, a file that the edge's events go to: waits there until the
 * table is taken, and prints how many ms that took from the rename. fleet hosts N       dnsmasq's
 * dhcp-hostsfile       fleet leases N   its lease file, all lent fleet reserved N    Kea's list of
 * reservations     fleet csv N      its lease file, all lent */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "core/table.h"
#include "tests/bench/fleet.h"

enum {
	TAKEN_WITHIN_MS = 10000,
	/* Looked at for each question, and never reached by a load that is one fleet's at full
	 * speed; for strangers conf.def's own, unless they are what is measured. */
	MAC_RATE = 100000,
	RELAY_RATE = 2000,
	STRANGERS_RATE = 1000000,
};

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int build(void **bytes, size_t *len, uint32_t n, uint64_t generation, uint32_t pool)
{
	static struct network network = {
		.name = "fleet", .interface = "s0", .addr = FLEET_SERVER, .prefix = 8
	};
	struct err e = { 0 };
	struct machine *machine = calloc(n, sizeof *machine);
	if (!machine)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct machine *m = &machine[i];
		snprintf(m->name, sizeof m->name, "m%06u", i);
		m->nics = 1;
		m->nic[0].factory = fleet_mac(FLEET_KNOWN, i);
		m->nic[0].addr = fleet_addr(i);
		snprintf(m->nic[0].network, sizeof m->nic[0].network, "fleet");
	}
	if (pool) {
		network.pool_from = FLEET_POOL;
		network.pool_to = FLEET_POOL + pool - 1;
		network.unknown = UNKNOWN_LEASE;
	}
	struct table_source from = { .generation = generation,
		.made_s = (uint64_t)time(NULL),
		.key = "a key that everybody may know",
		.http_port = 8080,
		.lease_s = FLEET_LEASE_S,
		.mac_rate = MAC_RATE,
		.relay_rate = pool ? STRANGERS_RATE : RELAY_RATE,
		.network = &network,
		.networks = 1,
		.machine = machine,
		.machines = n,
		.script = { "entry", "shim", "persona", "park", "local" },
		.packs = "" };
	int r = table_build(bytes, len, &from, &e);
	free(machine);
	if (r < 0)
		fprintf(stderr, "fleet: %s\n", e.text);
	return r;
}

static int write_all(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	while (fd >= 0 && len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return fd < 0 ? -1 : close(fd);
}

/* Whether the log has the event, in what came to it since the call before. */
static bool is_taken(FILE *log, uint64_t generation)
{
	char line[1024], want[64];
	snprintf(want, sizeof want, "table-taken generation=%llu", (unsigned long long)generation);
	clearerr(log);
	while (fgets(line, sizeof line, log))
		if (strncmp(line, want, strlen(want)) == 0)
			return true;
	return false;
}

/* The log is watched from before the rename, so that nothing is added to the time but the way of
 * the event itself. */
static int put_in_place(const char *from, const char *to, const char *log, uint64_t generation)
{
	char room[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	FILE *f = log ? fopen(log, "re") : NULL;
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (log && (!f || inotify_add_watch(watch, log, IN_MODIFY) < 0))
		return -1;
	if (f)
		fseek(f, 0, SEEK_END);
	int64_t began = now_us();
	if (rename(from, to) < 0)
		return -1;
	while (f && !is_taken(f, generation)) {
		struct pollfd p = { .fd = watch, .events = POLLIN };
		errno = ETIMEDOUT;
		if (poll(&p, 1, TAKEN_WITHIN_MS) != 1 || read(watch, room, sizeof room) < 0)
			return -1;
	}
	if (f) {
		printf("%.1f\n", (double)(now_us() - began) / 1000);
		fclose(f);
	}
	return close(watch);
}

static int table(uint32_t n, char **words, int count)
{
	void *bytes;
	size_t len;
	char path[512], fresh[520];
	uint64_t generation = count > 1 ? strtoull(words[1], NULL, 10) : 1;
	uint32_t pool = count > 2 ? (uint32_t)strtoul(words[2], NULL, 10) : 0;
	if (count < 1 || build(&bytes, &len, n, generation, pool) < 0)
		return 2;
	snprintf(path, sizeof path, "%s/%s", words[0], TABLE_FILE);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	int r = write_all(fresh, bytes, len);
	free(bytes);
	if (r == 0)
		r = put_in_place(fresh, path, count > 3 ? words[3] : NULL, generation);
	if (r < 0)
		perror(path);
	return r < 0;
}

static void hosts(uint32_t i, const char *mac, const char *addr)
{
	(void)i;
	printf("%s,%s\n", mac, addr);
}

static void leases(uint32_t i, const char *mac, const char *addr)
{
	(void)i;
	printf("%lld %s %s * *\n", (long long)time(NULL) + FLEET_LEASE_S, mac, addr);
}

static void reserved(uint32_t i, const char *mac, const char *addr)
{
	printf("%s{\"hw-address\":\"%s\",\"ip-address\":\"%s\"}\n", i ? "," : "", mac, addr);
}

static void csv(uint32_t i, const char *mac, const char *addr)
{
	if (i == 0)
		printf("address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,"
		       "hostname,state,user_context\n");
	printf("%s,%s,,%d,%lld,1,0,0,,0,\n", addr, mac, FLEET_LEASE_S,
		(long long)time(NULL) + FLEET_LEASE_S);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		void (*line)(uint32_t i, const char *mac, const char *addr);
	} lists[] = { { "hosts", hosts }, { "leases", leases }, { "reserved", reserved },
		{ "csv", csv } };
	char mac[MAC_TEXT], addr[IP4_TEXT];
	uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	if (n > 0 && n <= FLEET_MAX && strcmp(argv[1], "table") == 0)
		return table(n, argv + 3, argc - 3);
	for (size_t k = 0; n > 0 && n <= FLEET_MAX && k < COUNT(lists); k++) {
		if (strcmp(argv[1], lists[k].word) != 0)
			continue;
		for (uint32_t i = 0; i < n; i++) {
			struct mac m = fleet_mac(FLEET_KNOWN, i);
			lists[k].line(i, mac_text(mac, &m), ip4_text(addr, fleet_addr(i)));
		}
		return fflush(stdout) != 0;
	}
	fprintf(stderr, "usage: fleet table|hosts|leases|reserved|csv N ...\n");
	return 2;
}
