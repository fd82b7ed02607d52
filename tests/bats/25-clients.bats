#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=edge,root
# The DHCP clients that people have, in a namespace of their own, against baton-edge in its jail: each
# gets, renews, gives back, asks again for what it had, and hears no when its record has changed.
# What a client says of itself is the witness. Then the same through relays.

. tests/lib/wait.bash
. tests/lib/edge.bash

setup_file() {
	export WAIT_S=20 # clients put off their first question, and wait after a no
	edge_make
	export CLIENT=bte-c-$$ RELAY=bte-r-$$
	ip netns add "$CLIENT"
	ip netns add "$RELAY"
	ip -n "$SERVER" link add s0 type veth peer name c0 netns "$CLIENT"
	ip -n "$SERVER" link add s1 type veth peer name up0 netns "$RELAY"
	ip -n "$RELAY" link add down0 type veth peer name c1 netns "$CLIENT"
	ip -n "$RELAY" link add down1 type veth peer name c2 netns "$CLIENT"
	up "$SERVER" s0 10.77.0.1/24
	up "$SERVER" s1 10.79.0.1/24
	up "$RELAY" up0 10.79.0.2/24
	up "$RELAY" down0 10.88.0.254/24
	up "$RELAY" down1 10.88.0.253/32
	up "$CLIENT" lo
	up "$CLIENT" c0
	up "$CLIENT" c1
	up "$CLIENT" c2
	ip netns exec "$RELAY" sysctl -qw net.ipv4.ip_forward=1
	ip -n "$SERVER" route add 10.88.0.0/24 via 10.79.0.2
	site > "$dir/site"
	hook > "$dir/hook"
	chmod 755 "$dir/hook"
	publish
	edge_start s0 s1
}

teardown_file() {
	edge_end "$CLIENT" "$RELAY"
}

setup() {
	rm -f "$dir/heard" "$dir/said"
	: > "$dir/heard"
	: > "$dir/said"
}

# No test leaves a client, a relay or an address to the next one.
teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 40 "$dir/said" "$dir/events"
	local name
	for name in client relay; do
		ended $name
	done
	ip -n "$CLIENT" addr flush dev c0
	ip -n "$CLIENT" addr flush dev c1
	ip -n "$CLIENT" addr flush dev c2
	site > "$dir/site"
	publish
}

up() { # NAMESPACE INTERFACE [ADDRESS]
	[ -z "${3-}" ] || ip -n "$1" addr add "$3" dev "$2"
	ip -n "$1" link set "$2" up
}

site() {
	local i
	cat <<-'EOF'
		lease 3600
		network mgmt interface=s0 address=10.77.0.1/24 gateway=10.77.0.254 dns=10.77.0.2
		network back interface=s1 address=10.79.0.1/24
		network far relayed address=10.88.0.0/24 gateway=10.88.0.254 pool=10.88.0.100-10.88.0.229 unknown=lease
		machine here
		nic 52:54:00:aa:00:01 network=mgmt addr=10.77.0.11
		machine there
		nic 52:54:00:aa:00:02 network=far addr=10.88.0.11
	EOF
	for i in 0 1 2 3 4 5 6 7; do
		echo "machine many-$i"
		echo "nic 52:54:00:ee:00:0$i network=mgmt addr=10.77.0.3$i"
	done
}

# site_with SED: the record changes, and the edge has the new table with the next question.
site_with() {
	sed -i "$1" "$dir/site"
	publish
}

# What a client was given, as one line of $dir/heard whatever the client:
# EVENT ADDRESS MASK ROUTER NAME-SERVER NAME SECONDS. dhcpcd sets its address by itself.
hook() {
	cat <<-EOF
		#!/bin/sh
		if [ -n "\$reason" ]; then
			echo "\$reason \$new_ip_address \$new_subnet_mask \$new_routers" \\
				"\$new_domain_name_servers \$new_host_name \$new_dhcp_lease_time"
		else
			echo "\$1 \$ip \$subnet \$router \$dns \$hostname \$lease\${opt82:+ option-82 \$opt82}"
			new_ip_address=\$ip new_routers=\$router
		fi >> $dir/heard
		[ -z "\$protocol" ] || exit 0
		if [ -n "\$new_ip_address" ]; then
			ip addr replace "\$new_ip_address/24" dev "\$interface"
			ip route replace default via "\$new_routers" dev "\$interface"
		else
			ip addr flush dev "\$interface"
		fi
		exit 0
	EOF
}

HERE='255.255.255.0 10.77.0.254 10.77.0.2 here'
THERE='255.255.255.0 10.88.0.254  there'

# client [MAC=here's] [ON=c0] COMMAND...: what it prints is in $dir/said.
client() {
	ip -n "$CLIENT" link set "${ON:-c0}" address "${MAC:-52:54:00:aa:00:01}"
	ip netns exec "$CLIENT" "$@" >> "$dir/said" 2>&1 3>&- &
	began client $!
}

# with_own FOLDER=OTHER... -- COMMAND: where a client has its folders in places of its own.
with_own() {
	# shellcheck disable=SC2016 # the inner shell's own
	exec unshare -m sh -c 'set -e
		mount --make-rprivate /
		mount -t tmpfs tmpfs /run
		while [ "$1" != -- ]; do mkdir -p "${1%%=*}"; mount --bind "${1#*=}" "${1%%=*}"; shift; done
		shift
		exec "$@"' - "$@"
}
export -f with_own

signal() { kill -"$1" "$(cat "$dir/pid.client")"; }

udhcpc() { client busybox udhcpc -i "${ON:-c0}" -f -s "$dir/hook" "$@"; }

# What it knows of its leases stays in $dir/dhclient.leases until a test forgets it.
dhclient() {
	[ -e "$dir/dhclient.conf" ] || : > "$dir/dhclient.conf"
	touch "$dir/dhclient.leases"
	client dhclient -4 -d -cf "$dir/dhclient.conf" -lf "$dir/dhclient.leases" -pf "$dir/dhclient.pid" \
		-sf "$dir/hook" "$@" "${ON:-c0}"
}

dhcpcd() {
	mkdir -p "$dir/dhcpcd"
	printf '%s\n' "option domain_name_servers, host_name, routers" noarp noipv4ll noipv6 "${ID:-clientid}" > "$dir/dhcpcd.conf"
	client bash -c 'with_own "$@"' - "/var/lib/dhcpcd=$dir/dhcpcd" -- \
		dhcpcd -B -4 -d -f "$dir/dhcpcd.conf" -c "$dir/hook" c0
}

# Read-only /sys stands for "there is no udev to wait for".
networkd() {
	mkdir -p "$dir/netif" "$dir/netconf"
	mkdir -p "$dir/netif/links" "$dir/netif/leases" "$dir/netif/lldp"
	chown -R systemd-network "$dir/netif"
	printf '%s\n' '[Match]' Name=c0 '[Network]' DHCP=ipv4 LinkLocalAddressing=no > "$dir/netconf/c0.network"
	client bash -c 'with_own "$@"' - "/run/systemd/netif=$dir/netif" "/run/systemd/network=$dir/netconf" -- \
		sh -c 'mount -o remount,ro /sys
			SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console exec /lib/systemd/systemd-networkd'
}

# relay PROGRAM WORDS...: what it prints is in $dir/relay.
relay() {
	ip netns exec "$RELAY" "$@" > "$dir/relay" 2>&1 3>&- &
	began relay $!
}

# It drops an answer that does not bring its option 82 back (-D), and takes the option off.
isc_relay() {
	relay dhcrelay -4 -d -a -D --no-pid -id down0 -id down1 -iu up0 10.79.0.1
	wait_for 'Socket/fallback' "$dir/relay"
}

@test "udhcpc gets what its record says, renews by unicast, and gives it back" {
	udhcpc
	wait_for "^bound 10.77.0.11 $HERE 3600\$" "$dir/heard"
	signal USR1
	wait_for 'sending renew to server 10.77.0.1' "$dir/said"
	wait_for "^renew 10.77.0.11 $HERE 3600\$" "$dir/heard"
	signal USR2
	wait_for 'unicasting a release of 10.77.0.11 to 10.77.0.1' "$dir/said"
	# A known machine's address is its own, given back or not.
	signal USR1
	wait_for "^bound 10.77.0.11 $HERE 3600\$" "$dir/heard" 2
}

@test "udhcpc hears no when its record has changed, and comes back with the new address" {
	udhcpc
	wait_for '^bound 10.77.0.11 ' "$dir/heard"
	site_with s/10.77.0.11/10.77.0.21/
	signal USR1
	wait_for 'received DHCP NAK' "$dir/said"
	wait_for "^bound 10.77.0.21 $HERE 3600\$" "$dir/heard"
}

@test "dhclient gets what its record says, renews by unicast when half the time is over, and gives it back" {
	rm -f "$dir/dhclient.leases"
	site_with s/3600/8/
	dhclient
	wait_for "^BOUND 10.77.0.11 $HERE 8\$" "$dir/heard"
	wait_for '^DHCPREQUEST for 10.77.0.11 on c0 to 10.77.0.1 port 67' "$dir/said"
	wait_for "^RENEW 10.77.0.11 $HERE 8\$" "$dir/heard"
	ended client
	dhclient -r
	wait_for '^DHCPRELEASE of 10.77.0.11 on c0 to 10.77.0.1 port 67' "$dir/said"
}

@test "dhclient that was away asks for the address it had, and has it" {
	rm -f "$dir/dhclient.leases"
	dhclient
	wait_for '^BOUND 10.77.0.11 ' "$dir/heard"
	ended client
	: > "$dir/said"
	dhclient
	wait_for "^REBOOT 10.77.0.11 $HERE 3600\$" "$dir/heard"
	wait_for '^DHCPREQUEST for 10.77.0.11 on c0 to 255.255.255.255 port 67' "$dir/said"
	[ "$(grep -c DHCPDISCOVER "$dir/said")" -eq 0 ]
}

@test "dhclient that was away while its record changed hears no, and gets the new address" {
	rm -f "$dir/dhclient.leases"
	dhclient
	wait_for '^BOUND 10.77.0.11 ' "$dir/heard"
	ended client
	site_with s/10.77.0.11/10.77.0.21/
	dhclient
	wait_for '^DHCPNAK from 10.77.0.1' "$dir/said"
	wait_for "^BOUND 10.77.0.21 $HERE 3600\$" "$dir/heard"
}

@test "dhcpcd gets what its record says, renews, and gives it back" {
	rm -rf "$dir/dhcpcd"
	dhcpcd
	wait_for "^BOUND 10.77.0.11 $HERE 3600\$" "$dir/heard"
	signal USR1
	wait_for 'renewing lease of 10.77.0.11' "$dir/said"
	wait_for "^RENEW 10.77.0.11 $HERE 3600\$" "$dir/heard"
	signal ALRM
	wait_for 'sending RELEASE' "$dir/said"
}

@test "dhcpcd that was away asks for the address it had, and hears no once the record has changed" {
	rm -rf "$dir/dhcpcd"
	dhcpcd
	wait_for '^BOUND 10.77.0.11 ' "$dir/heard"
	ended client
	dhcpcd
	wait_for 'rebinding lease of 10.77.0.11' "$dir/said"
	wait_for "^REBOOT 10.77.0.11 $HERE 3600\$" "$dir/heard"
	[ "$(grep -c DISCOVER "$dir/said")" -eq 1 ]
	ended client
	site_with s/10.77.0.11/10.77.0.21/
	dhcpcd
	wait_for 'NAK.* from 10.77.0.1' "$dir/said"
	wait_for "^BOUND 10.77.0.21 $HERE 3600\$" "$dir/heard"
}

@test "systemd-networkd gets what its record says, and renews by unicast when half the time is over" {
	site_with s/3600/8/
	networkd
	wait_for 'DHCPv4 address 10.77.0.11/24, gateway 10.77.0.254 acquired from 10.77.0.1' "$dir/said"
	wait_for '^ADDRESS=10.77.0.11$' "$dir"/netif/leases/*
	for line in NETMASK=255.255.255.0 ROUTER=10.77.0.254 DNS=10.77.0.2 HOSTNAME=here LIFETIME=8; do
		grep -qx "$line" "$dir"/netif/leases/*
	done
	wait_for 'DHCPv4 client: REQUEST (renewing)' "$dir/said"
	wait_for 'DHCPv4 client: ACK' "$dir/said" 2
}

@test "systemd-networkd gives back and asks again for what it had when the cable was out, and hears no once the record has changed" {
	networkd
	wait_for 'DHCPv4 address 10.77.0.11/24' "$dir/said"
	ip -n "$SERVER" link set s0 down
	wait_for 'DHCPv4 client: RELEASE' "$dir/said"
	ip -n "$SERVER" link set s0 up
	wait_for 'DHCPv4 client: REQUEST (init-reboot)' "$dir/said"
	wait_for 'DHCPv4 address 10.77.0.11/24' "$dir/said" 2
	ip -n "$SERVER" link set s0 down
	wait_for 'DHCPv4 client: RELEASE' "$dir/said" 2
	site_with s/10.77.0.11/10.77.0.21/
	ip -n "$SERVER" link set s0 up
	wait_for 'DHCPv4 client: NAK' "$dir/said"
	wait_for 'DHCPv4 address 10.77.0.21/24' "$dir/said"
}

@test "ROM, iPXE and OS call themselves what they like: one MAC, one address" {
	udhcpc -x 0x3d:00aabbccdd
	wait_for '^bound 10.77.0.11 ' "$dir/heard"
	ended client
	udhcpc -C
	wait_for '^bound 10.77.0.11 ' "$dir/heard" 2
	ended client
	rm -f "$dir/dhclient.leases"
	echo 'send dhcp-client-identifier 0:1:2:3:4:5:6:7;' > "$dir/dhclient.conf"
	dhclient
	wait_for '^BOUND 10.77.0.11 ' "$dir/heard"
	rm "$dir/dhclient.conf"
	ended client
	rm -rf "$dir/dhcpcd"
	ID=duid dhcpcd
	wait_for '^BOUND 10.77.0.11 ' "$dir/heard" 2
	grep -q '^DUID 00:' "$dir/said"
}

# A stranger has only its MAC to be known by again.
@test "a stranger that calls itself something else has the address that it was lent" {
	local lent
	isc_relay
	ON=c1 MAC=52:54:00:99:00:01 udhcpc -x 0x3d:00aabbccdd
	wait_for '^bound 10.88.0.' "$dir/heard"
	lent=$(sed -n 's/^bound \([0-9.]*\) .*/\1/p' "$dir/heard")
	ended client
	ON=c1 MAC=52:54:00:99:00:01 udhcpc -C
	wait_for "^bound $lent " "$dir/heard" 2
}

perfdhcp() {
	ip -n "$CLIENT" addr replace 10.77.0.200/24 dev c0
	timeout 60 ip netns exec "$CLIENT" perfdhcp -4 -l c0 -L 67 "$@" 10.77.0.1 > "$dir/said" 2>&1
}

perfdhcp_said() { # WORDS [TIMES]: once for DISCOVER and OFFER, once for REQUEST and ACK
	[ "$(grep -c -- "^$1\$" "$dir/said")" -eq "${2:-2}" ] || { cat "$dir/said"; return 1; }
}

@test "perfdhcp: eight known machines, ten times each, and none waits in vain" {
	perfdhcp -b mac=52:54:00:ee:00:00 -R 8 -r 40 -n 80 -W 1000000
	perfdhcp_said 'received packets: 80'
	perfdhcp_said 'drops: 0'
	perfdhcp_said 'orphans: 0'
	wait_for 'dhcp-answered mac=52:54:00:ee:00:07 .*addr=10.77.0.37' "$dir/events"
}

@test "perfdhcp: renewals and releases beside new questions" {
	# A release has no answer; perfdhcp counts that as a drop and says so by its status.
	run perfdhcp -b mac=52:54:00:ee:00:00 -R 8 -r 20 -f 10 -F 10 -p 3 -W 1000000
	[ "$status" -eq 3 ]
	grep -A2 'REQUEST-ACK (renewal)' "$dir/said" | grep -qE '^received packets: [1-9]'
	perfdhcp_said 'drops: 0' 3
	grep -A2 'Statistics for: RELEASE' "$dir/said" | grep -qE '^sent packets: [1-9]'
	grep -A2 'Statistics for: RELEASE' "$dir/said" | grep -q '^received packets: 0$'
}

@test "through ISC's relay: option 82 comes back to it, and the client does not see it" {
	isc_relay
	ON=c1 MAC=52:54:00:aa:00:02 udhcpc -O 82
	wait_for "^bound 10.88.0.11 $THERE 3600\$" "$dir/heard"
	grep -q 'Adding .*relay agent option' "$dir/relay"
	grep -q 'Forwarded BOOTREPLY for 52:54:00:aa:00:02 to 10.88.0.11' "$dir/relay"
	[ "$(grep -c option-82 "$dir/heard")" -eq 0 ]
	signal USR1
	wait_for 'sending renew to server 10.79.0.1' "$dir/said"
	wait_for "^renew 10.88.0.11 $THERE 3600\$" "$dir/heard"
	signal USR2
	wait_for 'unicasting a release of 10.88.0.11 to 10.79.0.1' "$dir/said"
}

# ISC's relay calls its ports by its interfaces: old is plugged in at down0, new at down1.
firmware() { # ON OPTION...
	local on=$1
	shift
	ON=$on MAC=02:ba:70:00:00:01 udhcpc -V PXEClient -x 0x5d:0007 "$@"
}

@test "through ISC's relay: a persona's MAC is answered at the port of its machine and at no other" {
	cat >> "$dir/site" <<-'EOF'
		machine old
		nic 52:54:00:aa:00:03 network=far addr=10.88.0.13 carries circuit=down0
		machine new
		nic 52:54:00:aa:00:04 network=far addr=10.88.0.14 carries circuit=down1
		persona web-01 mac=02:ba:70:00:00:01 network=far addr=10.88.0.50
		bind web-01 to=new generation=4 phase=persona
	EOF
	publish
	isc_relay
	firmware c1
	wait_for 'dhcp-silent mac=02:ba:70:00:00:01 why=stale-body network=far stage=.* circuit=down0$' "$dir/events"
	ended client
	firmware c2
	wait_for '^bound 10.88.0.50 ' "$dir/heard"
	wait_for 'dhcp-answered mac=02:ba:70:00:00:01 .*machine=new deed=persona .*circuit=down1$' "$dir/events"
	ended client
	# Under its own MAC the old one is itself, wherever it is plugged in, and that is told.
	ON=c2 MAC=52:54:00:aa:00:03 udhcpc
	wait_for '^bound 10.88.0.13 ' "$dir/heard"
	wait_for 'relay-port-differs mac=52:54:00:aa:00:03 machine=old circuit=down1$' "$dir/events"
	# What the machine itself writes about its port does not get past the relay.
	ended client
	: > "$dir/said"
	firmware c1 -x 0x52:0105646f776e31
	wait_for 'broadcasting discover' "$dir/said" 2
	[ "$(grep -c '^bound 10.88.0.50' "$dir/heard")" -eq 1 ]
	[ "$(grep -c 'circuit=down1' <(grep 'mac=02:ba:70:00:00:01' "$dir/events"))" -eq 1 ]
}

@test "through ISC's relay: the no reaches dhclient, too" {
	isc_relay
	rm -f "$dir/dhclient.leases"
	ON=c1 MAC=52:54:00:aa:00:02 dhclient
	wait_for "^BOUND 10.88.0.11 $THERE 3600\$" "$dir/heard"
	ended client
	site_with s/10.88.0.11/10.88.0.21/
	ON=c1 MAC=52:54:00:aa:00:02 dhclient
	wait_for '^DHCPNAK from ' "$dir/said"
	wait_for "^BOUND 10.88.0.21 $THERE 3600\$" "$dir/heard"
}

@test "through ISC's relay: a machine of another network gets silence with its reason" {
	isc_relay
	ON=c1 udhcpc
	wait_for 'dhcp-silent mac=52:54:00:aa:00:01 why=other-network network=far' "$dir/events"
	[ "$(grep -c '^bound' "$dir/heard")" -eq 0 ]
}

@test "through dnsmasq as a relay, which adds no option 82" {
	relay dnsmasq -C /dev/null --keep-in-foreground --log-facility=- --user=root --pid-file= --port=0 --interface=down0 \
		--dhcp-relay=10.88.0.254,10.79.0.1
	wait_for 'DHCP relay from 10.88.0.254 to 10.79.0.1' "$dir/relay"
	ON=c1 MAC=52:54:00:aa:00:02 udhcpc
	wait_for "^bound 10.88.0.11 $THERE 3600\$" "$dir/heard"
	signal USR1
	wait_for "^renew 10.88.0.11 $THERE 3600\$" "$dir/heard"
}
