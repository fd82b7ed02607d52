#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A linked program that holds the engine has no part of dnsmasq that reads DNS or DHCPv6, and no
# way to start another program.
# usage: linkcheck.sh PROGRAM
set -eu
found=$(nm "$1" | awk '
	/ [TtWw] (receive_query|reply_query|tcp_request|process_reply|check_dns_listeners|dhcp6_|icmp6_|dnsmasq_main|read_opts|dhcp_packet$|create_helper|iface_enumerate|lease6_)/ { print $3 }
	/ U (fork|vfork|clone|execv|execve|execvp|execl|execlp|popen|system|posix_spawn)@/ { print $2 }')
[ -z "$found" ] && exit 0
echo "$1: what the engine must not hold is linked in: $found" >&2
exit 1
