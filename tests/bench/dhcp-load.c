/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fleet of DHCP clients (fleet.h) in a closed loop: up to K exchanges (DISCOVER, OFFER, REQUEST,
 * ACK) are on their way at once, each for the next machine. Every answer is checked: whose it is,
 * of what kind, with that machine's address. dhcp-load [-b] [-s] [-o] [-r RATE] -n MACHINES -k
 * OUTSTANDING -t SECONDS INTERFACE Asks as a relay does, from 10.0.0.2 to 10.0.0.1; -b: as clients
 * without an address do, by broadcast. -s: strangers, who may get any address, but always the same,
 * and none that another has. -o: each machine once, then ends. -r: no more than so many exchanges a
 * second. Prints a line of numbers: exchanges a second, median and 99th percentile of one in us,
 * exchanges that were lost, answers that were wrong, the longest silence between two answers in ms,
 * exchanges in all. Fails when an answer was wrong or none came. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cursor.h"
#include "tests/bench/fleet.h"

enum { SLOTS_MAX = 4096, BATCH = 64, SAMPLES = 1 << 22, LOST_AFTER_US = 2000000, LOOK_US = 50000 };
enum { QUESTION = 300, HEAD = 240, AT_XID = 4, AT_FLAGS = 10, AT_GIADDR = 24, AT_MAC = 28 };
enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6 };

struct slot {
	uint32_t xid; /* its lower bits are the slot's number */
	uint32_t machine;
	int64_t began_us;
	int waits_for; /* OFFER, ACK; 0: free */
};

static struct {
	bool broadcast, strangers, once;
	unsigned machines, slots, rate, seconds;
	const char *interface;
} asked = { .machines = 1, .slots = 1, .seconds = 1 };

static struct slot slot[SLOTS_MAX];
static uint32_t sample[SAMPLES];
static uint32_t *given; /* strangers: by machine, what it has */
static uint32_t *owner; /* strangers: by address from FLEET_POOL, machine + 1 */
static unsigned samples, lost, wrong, refused, started, step, ended;
static int64_t heard_us, gap_us;
static int fd;

static struct {
	uint8_t bytes[BATCH][QUESTION];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	unsigned n;
} out;

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void flush(void)
{
	static struct sockaddr_in to = { .sin_family = AF_INET };
	to.sin_port = htons(67);
	to.sin_addr.s_addr = htonl(asked.broadcast ? INADDR_BROADCAST : FLEET_SERVER);
	for (unsigned i = 0; i < out.n; i++) {
		out.iov[i] = (struct iovec){ out.bytes[i], QUESTION };
		out.m[i].msg_hdr = (struct msghdr){ .msg_name = &to,
			.msg_namelen = sizeof to,
			.msg_iov = &out.iov[i],
			.msg_iovlen = 1 };
	}
	for (unsigned at = 0; at < out.n;) {
		int n = sendmmsg(fd, out.m + at, out.n - at, 0);
		if (n <= 0) {
			perror("dhcp-load: send");
			exit(1);
		}
		at += (unsigned)n;
	}
	out.n = 0;
}

static void ask(const struct slot *s, uint8_t type, uint32_t wanted)
{
	if (out.n == BATCH)
		flush();
	uint8_t *bytes = memset(out.bytes[out.n++], 0, QUESTION);
	struct mac mac = fleet_mac(asked.strangers ? FLEET_STRANGER : FLEET_KNOWN, s->machine);
	struct writer w = writer_of(bytes, QUESTION);
	write_bytes(&w, (uint8_t[]){ 1, 1, 6, !asked.broadcast }, 4);
	write_be32(&w, s->xid);
	w.at = bytes + AT_FLAGS;
	write_be16(&w, asked.broadcast ? 0x8000 : 0);
	w.at = bytes + AT_GIADDR;
	write_be32(&w, asked.broadcast ? 0 : FLEET_RELAY);
	write_bytes(&w, mac.b, sizeof mac.b);
	w.at = bytes + HEAD - 4;
	write_be32(&w, 0x63825363);
	write_bytes(&w, (uint8_t[]){ 53, 1, type, 55, 4, 1, 3, 6, 15 }, 9);
	if (type == REQUEST) {
		write_be16(&w, 50 << 8 | 4);
		write_be32(&w, wanted);
		write_be16(&w, 54 << 8 | 4);
		write_be32(&w, FLEET_SERVER);
	}
	write_u8(&w, 255);
}

/* The machines come in an order in which no two neighbours follow each other. */
static void begin(unsigned i)
{
	struct slot *s = &slot[i];
	s->xid += SLOTS_MAX;
	s->machine = (uint32_t)((uint64_t)started++ * step % asked.machines);
	s->began_us = now_us();
	s->waits_for = OFFER;
	ask(s, DISCOVER, 0);
}

static int kind_of(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes + HEAD, len - HEAD);
	while (reader_left(&r) > 2) {
		uint8_t code = read_u8(&r), n = read_u8(&r);
		const uint8_t *value = read_bytes(&r, n);
		if (code == 53 && value && n == 1)
			return value[0];
	}
	return 0;
}

static bool right_address(uint32_t machine, uint32_t addr, bool is_lent)
{
	if (!asked.strangers)
		return addr == fleet_addr(machine);
	if (addr < FLEET_POOL || addr >= FLEET_POOL + FLEET_MAX)
		return false;
	uint32_t *has = &owner[addr - FLEET_POOL];
	if ((*has && *has != machine + 1) || (given[machine] && given[machine] != addr))
		return false;
	/* An offer binds nobody: two may be offered one address, and one of them is refused then.
	 */
	if (is_lent) {
		*has = machine + 1;
		given[machine] = addr;
	}
	return true;
}

static void hear(const uint8_t *bytes, size_t len)
{
	if (len < HEAD)
		return;
	struct reader r = reader_of(bytes + AT_XID, 16);
	uint32_t xid = read_be32(&r);
	read_bytes(&r, 8);
	uint32_t addr = read_be32(&r);
	unsigned i = xid % SLOTS_MAX;
	struct slot *s = &slot[i];
	if (i >= asked.slots || s->xid != xid || !s->waits_for)
		return; /* to one that was given up */
	int kind = kind_of(bytes, len);
	if (asked.strangers && kind == NAK && s->waits_for == ACK) {
		refused++;
		s->xid += SLOTS_MAX;
		s->waits_for = OFFER;
		ask(s, DISCOVER, 0);
	} else if (kind != s->waits_for || !right_address(s->machine, addr, kind == ACK)) {
		wrong++;
		s->waits_for = 0;
	} else if (kind == OFFER) {
		s->waits_for = ACK;
		ask(s, REQUEST, addr);
	} else {
		if (samples < SAMPLES)
			sample[samples++] = (uint32_t)(now_us() - s->began_us);
		s->waits_for = 0;
		ended++;
	}
}

static void hear_all(void)
{
	static uint8_t bytes[BATCH][1500];
	static struct mmsghdr m[BATCH];
	static struct iovec iov[BATCH];
	int n;
	do {
		for (int i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ bytes[i], sizeof bytes[i] };
			m[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
		}
		n = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
		int64_t now = now_us();
		if (n > 0 && heard_us && now - heard_us > gap_us)
			gap_us = now - heard_us;
		if (n > 0)
			heard_us = now;
		for (int i = 0; i < n; i++)
			hear(bytes[i], m[i].msg_len);
	} while (n == BATCH);
}

/* Frees what has waited too long; gives how many still wait. */
static unsigned give_up(int64_t now)
{
	unsigned waiting = 0;
	for (unsigned i = 0; i < asked.slots; i++) {
		if (slot[i].waits_for && now - slot[i].began_us > LOST_AFTER_US) {
			lost++;
			slot[i].waits_for = 0;
		}
		waiting += slot[i].waits_for != 0;
	}
	return waiting;
}

/* Begins exchanges in the free slots, as many as are due. */
static void begin_due(int64_t ran_us)
{
	for (unsigned i = 0; i < asked.slots; i++) {
		if (slot[i].waits_for)
			continue;
		if (asked.once && started == asked.machines)
			return;
		if (asked.rate && started > (uint64_t)ran_us * asked.rate / 1000000)
			return;
		begin(i);
	}
}

static void run(int64_t began)
{
	int64_t end = began + asked.seconds * (int64_t)1000000, looked = began, now;
	while ((now = now_us()) < end) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (now - looked > LOOK_US) {
			looked = now;
			if (give_up(now) == 0 && asked.once && started == asked.machines)
				return;
		}
		begin_due(now - began);
		flush();
		if (asked.once && started == asked.machines && ended + lost + wrong == started)
			return;
		if (poll(&p, 1, asked.rate ? 1 : 20) < 0)
			return;
		hear_all();
	}
}

static bool open_socket(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int yes = 1, room = 32 << 20;
	at.sin_port = htons(asked.broadcast ? 68 : 67);
	at.sin_addr.s_addr = htonl(asked.broadcast ? INADDR_ANY : FLEET_RELAY);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, asked.interface,
		       (socklen_t)strlen(asked.interface)) == 0 &&
	       bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
}

static bool read_words(int argc, char **argv)
{
	int c;
	while ((c = getopt(argc, argv, "bsor:n:k:t:")) != -1) {
		unsigned *number = c == 'r'   ? &asked.rate
				   : c == 'n' ? &asked.machines
				   : c == 'k' ? &asked.slots
				   : c == 't' ? &asked.seconds
					      : NULL;
		bool *flag = c == 'b'   ? &asked.broadcast
			     : c == 's' ? &asked.strangers
			     : c == 'o' ? &asked.once
					: NULL;
		if (number)
			*number = (unsigned)strtoul(optarg, NULL, 10);
		else if (flag)
			*flag = true;
		else
			return false;
	}
	asked.interface = argv[optind];
	return argc == optind + 1 && asked.machines && asked.machines <= FLEET_MAX && asked.slots &&
	       asked.slots <= SLOTS_MAX && asked.seconds;
}

static unsigned divisor(unsigned a, unsigned b)
{
	return b ? divisor(b, a % b) : a;
}

static int order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	if (!read_words(argc, argv)) {
		fprintf(stderr, "usage: dhcp-load [-b] [-s] [-o] [-r RATE] -n MACHINES -k "
				"OUTSTANDING -t SECONDS INTERFACE\n");
		return 2;
	}
	given = calloc(FLEET_MAX, sizeof *given);
	owner = calloc(FLEET_MAX, sizeof *owner);
	if (!given || !owner || !open_socket()) {
		perror("dhcp-load");
		return 1;
	}
	for (step = (unsigned)(asked.machines * 0.618) | 1; divisor(step, asked.machines) != 1;)
		step++;
	for (unsigned i = 0; i < asked.slots; i++)
		slot[i].xid = (uint32_t)time(NULL) * 2 * SLOTS_MAX + i;
	int64_t began = now_us();
	run(began);
	int64_t ran = now_us() - began;
	qsort(sample, samples, sizeof *sample, order);
	printf("%.0f %u %u %u %u %.1f %u %u\n", ended * 1e6 / (double)ran,
		samples ? sample[samples / 2] : 0, samples ? sample[(size_t)samples * 99 / 100] : 0,
		lost, wrong, (double)gap_us / 1000, ended, refused);
	return wrong > 0 || samples == 0;
}
