/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* Our ends of the seams: what dnsmasq calls and finds us. See seams.list. */
#include "engine/seams.h"

#include "engine/reserved.h"

/* Reached only through the linker, which knows them as --wrap made them; each is of the type of
 * what it stands for. */
__typeof__(my_syslog) __wrap_my_syslog;
__typeof__(icmp_ping) __wrap_icmp_ping;
__typeof__(delay_dhcp) __wrap_delay_dhcp;
__typeof__(enumerate_interfaces) __wrap_enumerate_interfaces;
__typeof__(indextoname) __wrap_indextoname;
__typeof__(find_mac) __wrap_find_mac;

enum { INTERFACES_MAX = 64 };

static struct {
	int folder, interfaces;
	struct {
		int index;
		char name[IF_NAMESIZE];
	} interface[INTERFACES_MAX];
	const struct reserved *reserved;
	struct seams_refused refused;
} seams = { .folder = -1 };

void seams_folder(int folder)
{
	seams.folder = folder;
}

void seams_interface(int index, const char *name)
{
	if (seams.interfaces == INTERFACES_MAX)
		return;
	seams.interface[seams.interfaces].index = index;
	snprintf(seams.interface[seams.interfaces].name, IF_NAMESIZE, "%s", name);
	seams.interfaces++;
}

void seams_reserved(const struct reserved *r)
{
	seams.reserved = r;
}

bool seams_debug(void)
{
	static int on = -1;
	if (on < 0)
		on = getenv("BATON_DEBUG") != NULL;
	return on;
}

/* What dnsmasq has to say about a packet is for who looks closely. What an operator reads is said
 * by the edge, once and in Baton's words. */
void __wrap_my_syslog(int priority, const char *format, ...)
{
	(void)priority;
	if (!seams_debug())
		return;
	va_list ap;
	va_start(ap, format);
	fputs("<7>baton-edge dnsmasq ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}

/* What can still be fatal after the cut: no memory, no randomness. The warden starts us again. */
void __wrap_die(char *message, char *arg, int exit_code)
{
	fprintf(stderr, "<3>baton-edge dnsmasq ended with %d: %s %s\n", exit_code, message,
		arg ? arg : strerror(errno));
	abort();
}

/* The table knows what is taken; asking the wire would hold up everybody for three seconds. */
int __wrap_icmp_ping(struct in_addr addr)
{
	(void)addr;
	return 0;
}

int __wrap_delay_dhcp(time_t start, int sec, int fd, uint32_t addr, unsigned short id)
{
	(void)start;
	(void)sec;
	(void)fd;
	(void)addr;
	(void)id;
	return 0;
}

/* daemon->interfaces stays empty: a server id that is not the network's own address is foreign. */
int __wrap_enumerate_interfaces(int reset)
{
	(void)reset;
	return 1;
}

int __wrap_indextoname(int fd, int index, char *name)
{
	(void)fd;
	for (int i = 0; i < seams.interfaces; i++)
		if (seams.interface[i].index == index) {
			memcpy(name, seams.interface[i].name, IF_NAMESIZE);
			return 1;
		}
	return 0;
}

/* Only tftp-unique-root=mac asks this, which is off. */
int __wrap_find_mac(union mysockaddr *addr, unsigned char *mac, int lazy, time_t now)
{
	(void)addr;
	(void)mac;
	(void)lazy;
	(void)now;
	return 0;
}

/* Asked before an address is lent. The config of the client itself is no obstacle; any other
 * answer than NULL is one, and is only compared. */
struct dhcp_config *config_find_by_address(struct dhcp_config *configs, struct in_addr addr)
{
	static struct dhcp_config taken;
	if (configs && (configs->flags & CONFIG_ADDR) && configs->addr.s_addr == addr.s_addr)
		return configs;
	return seams.reserved && reserved_has(seams.reserved, ntohl(addr.s_addr)) ? &taken : NULL;
}

static int open_refused(const char *name, const char *why, int code)
{
	snprintf(seams.refused.file, sizeof seams.refused.file, "%s", name);
	seams.refused.why = why;
	errno = code;
	return -1;
}

/* The name is a stranger's. It is one file of the boot folder; a leading slash is custom. */
int engine_open64(const char *path, int flags, ...)
{
	(void)flags;
	const char *name = path + strspn(path, "/");
	struct stat st;
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return open_refused(name, "bad-name", EACCES);
	int fd = openat(
		seams.folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return open_refused(name, "no-file", ENOENT);
	if (fd < 0 && errno == EACCES)
		return open_refused(name, "not-readable", EACCES);
	if (fd < 0 && errno != ELOOP)
		return open_refused(name, "not-now", errno);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	return open_refused(name, "no-plain-file", EACCES);
}

const struct seams_refused *seams_refused(void)
{
	return seams.refused.why ? &seams.refused : NULL;
}

void seams_refused_forget(void)
{
	seams.refused.why = NULL;
}
