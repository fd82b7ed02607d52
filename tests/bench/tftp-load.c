/* SPDX-License-Identifier: GPL-3.0-or-later */
/* K TFTP clients in one loop: each fetches the file, checks every byte, and begins again from
 * another port.  tftp-load SERVER FILE COPY BLKSIZE K TRANSFERS Asks SERVER for FILE; COPY is the
 * same file as it should be. Ends when so many transfers are over. Prints MB a second, transfers a
 * second, median and 99th percentile of one in ms, packets that had to be asked for again. Fails
 * when a byte was wrong or a transfer was refused. RFC 1350, 2347, 2348. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	CLIENTS_MAX = 1024,
	PACKET = 1500,
	AT_ONCE = 64,
	AGAIN_US = 1000000,
	DATA = 3,
	ACK = 4,
	OACK = 6
};

struct client {
	int fd;
	uint16_t block; /* the last that came */
	size_t got;
	int64_t began_us, asked_us;
	struct sockaddr_in peer; /* where it answers from: not port 69, most servers */
	uint8_t said[256];
	size_t said_len;
};

static struct client client[CLIENTS_MAX];
static struct {
	const char *file;
	const uint8_t *copy;
	size_t len, blksize;
	struct sockaddr_in server;
} want;
static uint32_t *took;
static unsigned long begun, done, limit, again;
static int polled;

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "tftp-load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(struct client *c)
{
	const struct sockaddr_in *to = c->block || c->peer.sin_port ? &c->peer : &want.server;
	c->asked_us = now_us();
	if (sendto(c->fd, c->said, c->said_len, 0, (const struct sockaddr *)to, sizeof *to) < 0)
		die("send");
}

static void begin(struct client *c)
{
	if (begun == limit)
		return;
	begun++;
	*c = (struct client){ .fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	if (c->fd < 0 || epoll_ctl(polled, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		die("socket");
	c->began_us = now_us();
	c->said_len =
		(size_t)snprintf((char *)c->said, sizeof c->said, "%c%c%s%coctet%cblksize%c%zu", 0,
			1, want.file, 0, 0, 0, want.blksize) +
		1;
	say(c);
}

static void acknowledge(struct client *c)
{
	memcpy(c->said, (uint8_t[]){ 0, ACK, (uint8_t)(c->block >> 8), (uint8_t)c->block }, 4);
	c->said_len = 4;
	say(c);
}

static void take_data(struct client *c, const uint8_t *b, size_t len)
{
	if ((uint16_t)(b[2] << 8 | b[3]) != (uint16_t)(c->block + 1))
		return; /* once more what is here already */
	size_t due = want.len - c->got < want.blksize ? want.len - c->got : want.blksize;
	if (len - 4 != due || memcmp(b + 4, want.copy + c->got, due) != 0) {
		fprintf(stderr, "tftp-load: wrong bytes at %zu\n", c->got);
		exit(1);
	}
	c->got += due;
	c->block++;
	acknowledge(c);
	if (due == want.blksize)
		return;
	took[done++] = (uint32_t)(now_us() - c->began_us);
	close(c->fd);
	c->fd = -1;
	begin(c);
}

static void hear(struct client *c)
{
	uint8_t b[PACKET];
	socklen_t len = sizeof c->peer;
	ssize_t n = recvfrom(c->fd, b, sizeof b, 0, (struct sockaddr *)&c->peer, &len);
	if (n < 4)
		return;
	if (b[1] == DATA)
		take_data(c, b, (size_t)n);
	else if (b[1] == OACK && c->block == 0)
		acknowledge(c);
	else if (b[1] != OACK) {
		fprintf(stderr, "tftp-load: refused: %.*s\n", (int)n - 4, (char *)b + 4);
		exit(1);
	}
}

static void ask_again(unsigned clients)
{
	int64_t now = now_us();
	for (unsigned i = 0; i < clients; i++)
		if (client[i].fd > 0 && now - client[i].asked_us > AGAIN_US) {
			again++;
			say(&client[i]);
		}
}

static void open_copy(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	want.len = (size_t)st.st_size;
	want.copy = mmap(NULL, want.len, PROT_READ, MAP_SHARED, fd, 0);
	if (want.copy == MAP_FAILED)
		die(path);
}

static int order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	unsigned clients = argc == 7 ? (unsigned)atoi(argv[5]) : 0;
	want.server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(69) };
	if (clients == 0 || clients > CLIENTS_MAX ||
		inet_pton(AF_INET, argv[1], &want.server.sin_addr) != 1) {
		fprintf(stderr, "usage: tftp-load SERVER FILE COPY BLKSIZE K TRANSFERS\n");
		return 2;
	}
	want.file = argv[2];
	want.blksize = (size_t)atoi(argv[4]);
	limit = strtoul(argv[6], NULL, 10);
	open_copy(argv[3]);
	took = calloc(limit, sizeof *took);
	polled = epoll_create1(EPOLL_CLOEXEC);
	if (!took || polled < 0)
		die("memory");
	int64_t began = now_us(), looked = began;
	for (unsigned i = 0; i < clients; i++)
		begin(&client[i]);
	while (done < limit) {
		struct epoll_event ev[AT_ONCE];
		int n = epoll_wait(polled, ev, AT_ONCE, 100);
		for (int i = 0; i < n; i++)
			hear(ev[i].data.ptr);
		if (now_us() - looked > AGAIN_US / 4) {
			looked = now_us();
			ask_again(clients);
		}
	}
	double ran = (double)(now_us() - began) / 1e6;
	qsort(took, done, sizeof *took, order);
	printf("%.1f %.1f %.1f %.1f %lu\n", (double)want.len * (double)done / 1e6 / ran,
		(double)done / ran, took[done / 2] / 1e3, took[done * 99 / 100] / 1e3, again);
	return 0;
}
