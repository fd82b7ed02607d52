/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* dnsmasq's own header, and what the engine takes for granted of it: a newer dnsmasq that differs
 * in any of this does not compile. Include it first: dnsmasq.h refuses to come after stdio.h.
 * The seams themselves are listed in seams.list. */
#pragma once
#include <dnsmasq.h>

#include <stdbool.h>
#include <stdint.h>

#define SEAM_FUNCTION(name, ...)                                                                   \
	_Static_assert(__builtin_types_compatible_p(__typeof__(&name), __VA_ARGS__),               \
		"dnsmasq's " #name "() has another signature")
#define SEAM_FIELD(type, field, ...)                                                               \
	_Static_assert(__builtin_types_compatible_p(__typeof__(((type *)0)->field), __VA_ARGS__),  \
		"dnsmasq's " #type "." #field " has another type")

/* What we call. */
SEAM_FUNCTION(dhcp_reply, size_t (*)(struct dhcp_context *, char *, int, size_t, time_t, int, int,
				  int *, int, struct in_addr, time_t));
SEAM_FUNCTION(dhcp_common_init, void (*)(void));
SEAM_FUNCTION(rand_init, void (*)(void));
SEAM_FUNCTION(expand_buf, int (*)(struct iovec *, size_t));
SEAM_FUNCTION(tftp_request, void (*)(struct listener *, time_t));
SEAM_FUNCTION(check_tftp_listeners, void (*)(time_t));
SEAM_FUNCTION(do_tftp_script_run, int (*)(void));

/* What calls us. */
SEAM_FUNCTION(my_syslog, void (*)(int, const char *, ...));
void __wrap_die(char *message, char *arg, int exit_code) ATTRIBUTE_NORETURN;
SEAM_FUNCTION(die, __typeof__(&__wrap_die));
SEAM_FUNCTION(icmp_ping, int (*)(struct in_addr));
SEAM_FUNCTION(delay_dhcp, int (*)(time_t, int, int, uint32_t, unsigned short));
SEAM_FUNCTION(enumerate_interfaces, int (*)(int));
SEAM_FUNCTION(find_mac, int (*)(union mysockaddr *, unsigned char *, int, time_t));
SEAM_FUNCTION(indextoname, int (*)(int, int, char *));
SEAM_FUNCTION(
	config_find_by_address, struct dhcp_config *(*)(struct dhcp_config *, struct in_addr));
SEAM_FUNCTION(lease4_allocate, struct dhcp_lease *(*)(struct in_addr));
SEAM_FUNCTION(lease_find_by_addr, struct dhcp_lease *(*)(struct in_addr));
SEAM_FUNCTION(lease_find_by_client,
	struct dhcp_lease *(*)(unsigned char *, int, int, unsigned char *, int));
SEAM_FUNCTION(lease_find_max_addr, struct in_addr (*)(struct dhcp_context *));
SEAM_FUNCTION(lease_set_hwaddr, void (*)(struct dhcp_lease *, const unsigned char *,
					const unsigned char *, int, int, int, time_t, int));
SEAM_FUNCTION(lease_set_hostname, void (*)(struct dhcp_lease *, const char *, int, char *, char *));
SEAM_FUNCTION(lease_set_expires, void (*)(struct dhcp_lease *, unsigned int, time_t));
SEAM_FUNCTION(lease_set_interface, void (*)(struct dhcp_lease *, int, time_t));
SEAM_FUNCTION(lease_prune, void (*)(struct dhcp_lease *, time_t));

/* What is exchanged for each client, what it is made of, and what of dnsmasq's own is read. A field
 * that the engine uses and that does not stand here fails tests/bats/21-engine.bats. */
SEAM_FIELD(struct daemon, options, unsigned int[OPTION_SIZE]);
SEAM_FIELD(struct daemon, dhcp, struct dhcp_context *);
SEAM_FIELD(struct daemon, dhcp_conf, struct dhcp_config *);
SEAM_FIELD(struct daemon, dhcp_opts, struct dhcp_opt *);
SEAM_FIELD(struct daemon, boot_config, struct dhcp_boot *);
SEAM_FIELD(struct daemon, shared_networks, struct shared_network *);
SEAM_FIELD(struct daemon, enable_pxe, int);
SEAM_FIELD(struct daemon, dhcp_pxe_vendors, struct dhcp_pxe_vendor *);
SEAM_FIELD(struct daemon, pxe_services, struct pxe_service *);
SEAM_FIELD(struct daemon, interfaces, struct irec *);
SEAM_FIELD(struct daemon, dhcp_max, int);
SEAM_FIELD(struct daemon, dhcpfd, int);
SEAM_FIELD(struct daemon, pxefd, int);
SEAM_FIELD(struct daemon, dhcp_packet, struct iovec);
SEAM_FIELD(struct daemon, packet, char *);
SEAM_FIELD(struct daemon, packet_buff_sz, int);
SEAM_FIELD(struct daemon, namebuff, char *);
SEAM_FIELD(struct daemon, addrbuff, char *);
SEAM_FIELD(struct daemon, tftp_max, int);
SEAM_FIELD(struct daemon, tftp_mtu, int);
SEAM_FIELD(struct daemon, listeners, struct listener *);
SEAM_FIELD(struct daemon, tftp_trans, struct tftp_transfer *);
SEAM_FIELD(struct daemon, tftp_done_trans, struct tftp_transfer *);
SEAM_FIELD(struct dhcp_context, lease_time, unsigned int);
SEAM_FIELD(struct dhcp_context, netmask, struct in_addr);
SEAM_FIELD(struct dhcp_context, broadcast, struct in_addr);
SEAM_FIELD(struct dhcp_context, local, struct in_addr);
SEAM_FIELD(struct dhcp_context, router, struct in_addr);
SEAM_FIELD(struct dhcp_context, start, struct in_addr);
SEAM_FIELD(struct dhcp_context, end, struct in_addr);
SEAM_FIELD(struct dhcp_context, flags, int);
SEAM_FIELD(struct dhcp_context, next, struct dhcp_context *);
SEAM_FIELD(struct shared_network, if_index, int);
SEAM_FIELD(struct shared_network, match_addr, struct in_addr);
SEAM_FIELD(struct shared_network, shared_addr, struct in_addr);
SEAM_FIELD(struct shared_network, next, struct shared_network *);
SEAM_FIELD(struct dhcp_config, flags, unsigned int);
SEAM_FIELD(struct dhcp_config, addr, struct in_addr);
SEAM_FIELD(struct dhcp_config, hostname, char *);
SEAM_FIELD(struct dhcp_config, lease_time, unsigned int);
SEAM_FIELD(struct dhcp_config, hwaddr, struct hwaddr_config *);
SEAM_FIELD(struct dhcp_config, next, struct dhcp_config *);
SEAM_FIELD(struct hwaddr_config, hwaddr_len, int);
SEAM_FIELD(struct hwaddr_config, hwaddr_type, int);
SEAM_FIELD(struct hwaddr_config, hwaddr, unsigned char[DHCP_CHADDR_MAX]);
SEAM_FIELD(struct hwaddr_config, next, struct hwaddr_config *);
SEAM_FIELD(struct dhcp_opt, opt, int);
SEAM_FIELD(struct dhcp_opt, len, int);
SEAM_FIELD(struct dhcp_opt, flags, int);
SEAM_FIELD(struct dhcp_opt, val, unsigned char *);
SEAM_FIELD(struct dhcp_opt, u.encap, int);
SEAM_FIELD(struct dhcp_opt, u.vendor_class, unsigned char *);
SEAM_FIELD(struct dhcp_opt, next, struct dhcp_opt *);
SEAM_FIELD(struct dhcp_boot, file, char *);
SEAM_FIELD(struct dhcp_boot, next_server, struct in_addr);
SEAM_FIELD(struct dhcp_boot, next, struct dhcp_boot *);
SEAM_FIELD(struct dhcp_pxe_vendor, data, char *);
SEAM_FIELD(struct dhcp_pxe_vendor, next, struct dhcp_pxe_vendor *);
SEAM_FIELD(struct dhcp_lease, flags, int);
SEAM_FIELD(struct dhcp_lease, hostname, char *);
SEAM_FIELD(struct dhcp_lease, expires, time_t);
SEAM_FIELD(struct dhcp_lease, hwaddr_len, int);
SEAM_FIELD(struct dhcp_lease, hwaddr_type, int);
SEAM_FIELD(struct dhcp_lease, hwaddr, unsigned char[DHCP_CHADDR_MAX]);
SEAM_FIELD(struct dhcp_lease, addr, struct in_addr);
SEAM_FIELD(struct dhcp_lease, giaddr, struct in_addr);
SEAM_FIELD(struct dhcp_lease, last_interface, int);
SEAM_FIELD(struct dhcp_lease, next, struct dhcp_lease *);
SEAM_FIELD(struct listener, fd, int);
SEAM_FIELD(struct listener, tcpfd, int);
SEAM_FIELD(struct listener, tftpfd, int);
SEAM_FIELD(struct listener, addr, union mysockaddr);
SEAM_FIELD(struct listener, next, struct listener *);
SEAM_FIELD(struct tftp_transfer, block, unsigned int);
SEAM_FIELD(struct tftp_transfer, blocksize, unsigned int);
SEAM_FIELD(struct tftp_transfer, offset, off_t);
SEAM_FIELD(struct tftp_transfer, source, union all_addr);
SEAM_FIELD(struct tftp_transfer, peer, union mysockaddr);
SEAM_FIELD(struct tftp_transfer, file, struct tftp_file *);
SEAM_FIELD(struct tftp_transfer, next, struct tftp_transfer *);
SEAM_FIELD(struct tftp_file, fd, int);
SEAM_FIELD(struct tftp_file, size, off_t);
SEAM_FIELD(struct tftp_file, filename, char[]);
SEAM_FIELD(struct dhcp_packet, flags, u16);
SEAM_FIELD(struct dhcp_packet, ciaddr, struct in_addr);
SEAM_FIELD(struct dhcp_packet, yiaddr, struct in_addr);
SEAM_FIELD(struct dhcp_packet, giaddr, struct in_addr);
SEAM_FIELD(struct dhcp_packet, chaddr, u8[DHCP_CHADDR_MAX]);
SEAM_FIELD(struct dhcp_packet, file, u8[128]);
SEAM_FIELD(struct dhcp_packet, options, u8[312]);
SEAM_FIELD(union mysockaddr, sa, struct sockaddr);
SEAM_FIELD(union mysockaddr, in, struct sockaddr_in);
_Static_assert(sizeof(struct dhcp_packet) == 548, "DHCP packets have another length");
_Static_assert(offsetof(struct dhcp_packet, options) == 236, "DHCP options begin elsewhere");
_Static_assert(offsetof(struct dhcp_packet, giaddr) == 24, "giaddr is elsewhere");
_Static_assert(DHCP_CHADDR_MAX == 16, "hardware addresses have another length");
#ifdef HAVE_DHCP6
#error "dnsmasq is built without DHCPv6 (engine.mk); this was compiled with it"
#endif

/* Set by seams.c, asked by dnsmasq through the seams. */
void seams_folder(int folder); /* where TFTP opens files */
void seams_interface(int index, const char *name);
bool seams_debug(void); /* whether what dnsmasq has to say is wanted */
struct reserved;
void seams_reserved(const struct reserved *r); /* whose address is not lent */

/* The file that TFTP could not be given since it was last forgotten, or NULL. */
struct seams_refused {
	const char *why;
	char file[64];
};
const struct seams_refused *seams_refused(void);
void seams_refused_forget(void);

int engine_open64(const char *path, int flags, ...);
_Static_assert(__builtin_types_compatible_p(__typeof__(&engine_open64), __typeof__(&open64)),
	"open64() has another signature");
