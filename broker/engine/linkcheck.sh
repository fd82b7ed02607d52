#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A linked program that reads strangers' bytes has no part of dnsmasq that reads DNS or DHCPv6, and calls
# nothing, in libc or in libuv, that starts a program or a thread, opens a connection or asks for a name.
# The libraries themselves can do such things; who gets at them is ended by the jail (host/jail.c).
# usage: linkcheck.sh PROGRAM
set -eu
found=$(nm "$1" | awk '
	BEGIN {
		never = "fork|vfork|clone|exec[a-z]+|fexecve|popen|system|posix_spawnp?|wordexp|daemon|pthread_create|dlopen"
		never = never "|connect|listen|getaddrinfo(_a)?|getnameinfo|gethostby[a-z0-9_]+|getservby[a-z_]+|(__)?res_[a-z]+|(__)?dn_[a-z]+|ns_[a-z_]+"
		never = never "|uv_(spawn|exec[a-z]*|getaddrinfo|getnameinfo|queue_work|thread_create(_ex)?|(tcp|pipe)_connect|fs_[a-z_]+|dlopen)"
	}
	/ [TtWw] (receive_query|reply_query|tcp_request|process_reply|check_dns_listeners|dhcp6_|icmp6_|dnsmasq_main|read_opts|dhcp_packet$|create_helper|iface_enumerate|lease6_)/ { print $3 }
	$1 == "U" { name = $2; sub(/@.*/, "", name); if (name ~ "^(" never ")$") print name }')
[ -z "$found" ] && exit 0
echo "$1: what a jailed program must not hold is linked in: $(echo "$found" | xargs)" >&2
exit 1
