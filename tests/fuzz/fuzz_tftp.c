/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any datagrams as a TFTP client's, over a real socket of the loopback interface: requests, ACKs,
 * errors, in any order and from two ports: input.h. When all transfers have timed out no file is
 * open any more, and nothing but the boot folder's two files was ever sent as a whole. */
#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "engine/engine.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ALL_TIMEOUTS = 12 };

static int server, client[2];
static char folder_path[] = "/tmp/fuzz-tftp.XXXXXX";
static uint64_t now_s = 1 << 20;
static const struct {
	const char *name;
	uint64_t len;
} files[] = { { "a", 100 }, { "snponly.efi", 3000 } };

static int udp_socket(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int yes = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) < 0 ||
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes) < 0)
		abort();
	return fd;
}

static void folder_remove(void)
{
	char path[64];
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof path, "%s/%s", folder_path, files[i].name);
		unlink(path);
	}
	rmdir(folder_path);
}

static int folder_make(void)
{
	int folder = mkdtemp(folder_path) ? open(folder_path, O_RDONLY | O_CLOEXEC) : -1;
	atexit(folder_remove);
	for (size_t i = 0; i < COUNT(files); i++) {
		int fd = openat(folder, files[i].name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0 || ftruncate(fd, (off_t)files[i].len) < 0)
			abort();
		close(fd);
	}
	return folder;
}

static void prepare(void)
{
	struct sockaddr_in at;
	socklen_t len = sizeof at;
	if (engine_open(NULL) < 0)
		abort();
	engine_tftp_open(folder_make(), 1500);
	engine_interface(1, "lo");
	server = udp_socket();
	getsockname(server, (struct sockaddr *)&at, &len);
	for (int i = 0; i < 2; i++) {
		client[i] = udp_socket();
		if (connect(client[i], (struct sockaddr *)&at, sizeof at) < 0)
			abort();
	}
}

static void sent(void *ctx, uint32_t addr, const char *file, uint64_t bytes)
{
	(void)ctx;
	assert(addr == INADDR_LOOPBACK);
	const size_t i = strcmp(file, files[0].name) == 0 ? 0 : 1;
	assert(strcmp(file, files[i].name) == 0 && bytes == files[i].len);
}

/* The lowest descriptor that is free: it rises by what is left open. */
static int lowest_free(void)
{
	int fd = dup(server);
	close(fd);
	return fd;
}

static void drain(int fd)
{
	char room[2048];
	while (recv(fd, room, sizeof room, MSG_DONTWAIT) >= 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!server)
		prepare();
	const int free_before = lowest_free();
	for (size_t at = 0; at < size;) {
		size_t len = data[at] & (OTHER_PORT - 1);
		int from = client[data[at] & OTHER_PORT ? 1 : 0];
		at++;
		len = len < size - at ? len : size - at;
		if (send(from, data + at, len, 0) < 0)
			abort();
		engine_tftp_read(server, now_s, NULL, NULL);
		engine_tftp_work(now_s, sent, NULL);
		at += len;
	}
	bool busy = true;
	for (int i = 0; i < ALL_TIMEOUTS && busy; i++) {
		now_s += 100;
		busy = engine_tftp_work(now_s, sent, NULL);
	}
	assert(!busy);
	drain(client[0]);
	drain(client[1]);
	assert(lowest_free() == free_before);
	return 0;
}
