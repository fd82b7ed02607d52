/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sockets.h. Descriptors live as long as the process; a failed start ends it. */
#include "warden/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/list.h"
#include "warden/frames.h"

enum { BACKLOG = 4096, BUFFER = 4 << 20 };

static int on(int fd, int level, int option)
{
	int yes = 1;
	return setsockopt(fd, level, option, &yes, sizeof yes);
}

/* A socket on every address of one interface and on no other interface. */
static int open_on(const char *interface, int type, unsigned port, struct err *e)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int size = BUFFER;
	bool ok = fd >= 0 && on(fd, SOL_SOCKET, SO_REUSEADDR) == 0 &&
		  setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
			  (socklen_t)strlen(interface) + 1) == 0;
	if (ok && type == SOCK_DGRAM) {
		/* A rack that comes back from a power cut asks all at once. Past the system's
		 * limit, since root may; where not, the default has to do. */
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
			size = 0;
		ok = on(fd, SOL_SOCKET, SO_BROADCAST) == 0 && on(fd, IPPROTO_IP, IP_PKTINFO) == 0;
	}
	ok = ok && bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
	if (ok && type == SOCK_STREAM)
		ok = listen(fd, BACKLOG) == 0;
	if (ok)
		return fd;
	err_set(e, errno, "%s port %u on %s", type == SOCK_DGRAM ? "UDP" : "TCP", port, interface);
	if (fd >= 0)
		close(fd);
	return -e->code;
}

static struct spawn_fd named(struct sockets *s, const char *kind, const char *interface, int fd)
{
	char *name = s->names[s->named++];
	snprintf(name, SOCKET_NAME, "%s.%s", kind, interface);
	return (struct spawn_fd){ name, fd };
}

int sockets_open(struct sockets *ret, const struct site *s, struct err *e)
{
	static const struct {
		const char *kind;
		unsigned port;
	} datagrams[] = { { "dhcp", 67 }, { "pxe", 4011 }, { "tftp", 69 } };
	static const struct {
		const char *kind;
		int (*open)(const char *interface, struct err *e);
	} frames[] = { { "raw", frames_open_raw }, { "v6", frames_open_v6 },
		{ "heard", frames_open_heard } };
	for (unsigned i = 0; i < s->interfaces; i++) {
		const char *interface = s->interface[i];
		int fd;
		for (size_t k = 0; k < COUNT(datagrams); k++) {
			fd = open_on(interface, SOCK_DGRAM, datagrams[k].port, e);
			if (fd < 0)
				return fd;
			ret->edge[ret->edges++] = named(ret, datagrams[k].kind, interface, fd);
		}
		for (size_t k = 0; k < COUNT(frames); k++) {
			fd = frames[k].open(interface, e);
			if (fd < 0)
				return fd;
			ret->edge[ret->edges++] = named(ret, frames[k].kind, interface, fd);
		}
		fd = open_on(interface, SOCK_STREAM, s->conf.http_port, e);
		if (fd < 0)
			return fd;
		ret->files[ret->filess++] = named(ret, "http", interface, fd);
	}
	return 0;
}

int sockets_open_api(struct sockets *ret, const struct site *s, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	if (snprintf(at.sun_path, sizeof at.sun_path, "%s/api.sock", s->conf.run_dir) >=
		(int)sizeof at.sun_path)
		return err_say(e, ENAMETOOLONG, "run_dir: the path is too long for a socket");
	if (unlink(at.sun_path) < 0 && errno != ENOENT)
		return err_set(e, errno, "%s", at.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Nobody may come in before group and mode are set. */
	mode_t before = umask(0777);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
	umask(before);
	ok = ok && chown(at.sun_path, 0, s->api) == 0 && chmod(at.sun_path, 0660) == 0 &&
	     listen(fd, BACKLOG) == 0;
	if (!ok)
		return err_set(e, errno, "%s", at.sun_path);
	ret->api = fd;
	return 0;
}
