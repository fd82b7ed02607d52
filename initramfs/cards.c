/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Network cards from sysfs and ethtool's ioctl: see cards.h. */
#include "initramfs/cards.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "initramfs/sysfs.h"

#define NET "/sys/class/net"

/* A virtio NIC stands on a virtio device that stands on the PCI card, so the card is the last part
 * of the path that looks like a PCI address. Cuts the path there; false when there is none. */
static bool cut_at_pci(char *path, char pci[PCI_TEXT])
{
	for (char *slash; (slash = strrchr(path, '/')) && slash > path; *slash = '\0')
		if (pci_ok(slash + 1)) {
			snprintf(pci, PCI_TEXT, "%.12s", slash + 1);
			return true;
		}
	return false;
}

static bool read_permanent(struct mac *ret, int sock, const char *netdev)
{
	struct {
		struct ethtool_perm_addr head;
		unsigned char addr[32];
	} ask = { .head = { .cmd = ETHTOOL_GPERMADDR, .size = sizeof ask.addr } };
	struct ifreq r = { .ifr_data = (void *)&ask };
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", netdev);
	if (ioctl(sock, SIOCETHTOOL, &r) != 0 || ask.head.size != sizeof ret->b)
		return false;
	memcpy(ret->b, (unsigned char *)&ask + sizeof ask.head, sizeof ret->b);
	return !mac_is_zero(ret);
}

/* A virtio NIC wants two drivers: one for the card, and one for the device that stands on it. */
static void read_modalias(struct card *c, const char *card, const char *device)
{
	char path[PATH_MAX + 16], of_card[80], of_device[80];
	snprintf(path, sizeof path, "%s/modalias", card);
	sysfs_word(of_card, sizeof of_card, path);
	snprintf(path, sizeof path, "%s/modalias", device);
	sysfs_word(of_device, sizeof of_device, path);
	bool two = *of_device && strcmp(of_card, of_device) != 0;
	snprintf(c->modalias, sizeof c->modalias, "%s%s%s", of_card, two ? " " : "",
		two ? of_device : "");
}

/* False: not a port of a PCI card. */
static bool card_read(struct card *ret, int sock, const char *netdev)
{
	char path[PATH_MAX], dir[PATH_MAX], word[64];
	struct card c = { 0 };
	snprintf(c.netdev, sizeof c.netdev, "%.15s", netdev);
	snprintf(path, sizeof path, NET "/%s/address", c.netdev);
	if (!mac_parse(&c.current, sysfs_word(word, sizeof word, path)))
		return false;
	snprintf(path, sizeof path, NET "/%s/device", c.netdev);
	sysfs_driver(c.driver, path);
	if (!realpath(path, dir) || !cut_at_pci(dir, c.pci))
		return false;
	snprintf(path, sizeof path, "%.4000s/physfn", dir);
	if (access(path, F_OK) == 0)
		return false;
	c.vendor = (uint16_t)sysfs_hex(dir, "vendor");
	c.device = (uint16_t)sysfs_hex(dir, "device");
	snprintf(path, sizeof path, NET "/%s/device", c.netdev);
	read_modalias(&c, dir, path);
	if (!read_permanent(&c.permanent, sock, c.netdev))
		c.permanent = c.current;
	*ret = c;
	return true;
}

static int by_pci(const void *a, const void *b)
{
	const struct card *x = a, *y = b;
	int d = strcmp(x->pci, y->pci);
	return d ? d : strcmp(x->netdev, y->netdev);
}

int cards_find(struct card ret[CARDS_MAX], struct err *e)
{
	int n = 0, sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	DIR *d = opendir(NET);
	if (sock < 0 || !d) {
		int bad = err_set(e, errno, "cards: open " NET);
		if (sock >= 0)
			close(sock);
		if (d)
			closedir(d);
		return bad;
	}
	for (struct dirent *at; n < CARDS_MAX && (at = readdir(d));)
		if (at->d_name[0] != '.' && card_read(&ret[n], sock, at->d_name))
			n++;
	closedir(d);
	close(sock);
	qsort(ret, (size_t)n, sizeof ret[0], by_pci);
	return n;
}

const char *smbios_word(char *to, size_t len, const char *what)
{
	char path[64];
	snprintf(path, sizeof path, "/sys/class/dmi/id/%s", what);
	return sysfs_word(to, len, path);
}

int card_up(const char *netdev, struct err *e)
{
	struct ifreq r = { 0 };
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", netdev);
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bad = sock < 0 ? errno : 0;
	if (!bad && ioctl(sock, SIOCGIFFLAGS, &r) != 0)
		bad = errno;
	r.ifr_flags |= IFF_UP;
	if (!bad && ioctl(sock, SIOCSIFFLAGS, &r) != 0)
		bad = errno;
	if (sock >= 0)
		close(sock);
	return bad ? err_set(e, bad, "card %s: bring it up", netdev) : 0;
}

bool card_has_link(const char *netdev)
{
	char path[64], word[8];
	snprintf(path, sizeof path, NET "/%.15s/carrier", netdev);
	return *sysfs_word(word, sizeof word, path) == '1';
}
