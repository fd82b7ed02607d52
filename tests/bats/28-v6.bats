#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=edge,root
# What baton-edge says to IPv6 clients, and what real ones make of it: the kernel, ISC's dhclient.
# A real DHCPv6 server beside it loses nothing by it.

. tests/lib/wait.bash

USER_EDGE=64502
KNOWN=52:54:00:aa:00:01
STRANGER=52:54:00:99:00:01

setup() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-v6.XXXXXX)
	mkdir -p "$dir"/{table,boot}
	chmod 755 "$dir"
	: > "$dir/events"
	: > "$dir/given"
	printf '#!/bin/sh\nenv | grep -E "^new_(ip6_address|dhcp6_name_servers)=" >> "$GIVEN"\n' > "$dir/script"
	chmod 755 "$dir/script"
	SERVER=btv-s-$$ OTHER=btv-o-$$ CLIENT=btv-c-$$
	for ns in "$SERVER" "$OTHER" "$CLIENT"; do ip netns add "$ns"; done
	ip -n "$SERVER" link add br0 type bridge
	ip -n "$SERVER" link add p0 type veth peer name o0 netns "$OTHER"
	ip -n "$SERVER" link add p1 type veth peer name c0 netns "$CLIENT"
	for p in p0 p1; do ip -n "$SERVER" link set $p master br0 up; done
	# The edge answers where its own interface has no IPv6 at all.
	ip netns exec "$SERVER" sysctl -qw net.ipv6.conf.br0.disable_ipv6=1
	ip -n "$SERVER" addr add 10.77.0.1/24 dev br0
	ip -n "$SERVER" link set br0 up
	ip -n "$CLIENT" link set lo up
	cat > "$dir/site" <<-'TABLE'
		network mgmt interface=br0 address=10.77.0.1/24
		machine blade-a
		nic 52:54:00:aa:00:01 network=mgmt addr=10.77.0.11 carries
		persona web-01 mac=02:ba:70:00:00:01 network=mgmt addr=10.77.0.50
	TABLE
	GENERATION=1 "$B/tests/scenes/scene" --table "$dir/table/boot.table" "$dir/site"
	chmod 644 "$dir/table/boot.table"
	cp "$B/baton-edge" "$dir/baton-edge"
	ip netns exec "$SERVER" "$B/tests/lib/give" -u $USER_EDGE "table=dir:$dir/table" \
		"boot=dir:$dir/boot" "events=log:$dir/events" \
		"dhcp.br0=udp:0.0.0.0:67@br0" "raw.br0=raw:br0" "v6.br0=v6:br0" \
		-- "$dir/baton-edge" 2> "$dir/stderr" 3>&- &
	echo $! > "$dir/edge.pid"
	wait_for table-taken "$dir/events"
}

teardown() {
	for pid in "$dir"/*.pid; do
		kill "$(cat "$pid")" 2>/dev/null || true
		wait "$(cat "$pid")" 2>/dev/null || true
	done
	for ns in "$SERVER" "$OTHER" "$CLIENT"; do ip netns del "$ns" 2>/dev/null || true; done
	rm -rf "$dir"
}

# be MAC: the client's card, with a link-local address that can be used.
be() {
	ip -n "$CLIENT" link set c0 down
	ip -n "$CLIENT" link set c0 address "$1"
	ip -n "$CLIENT" link set c0 up
	local until=$((SECONDS + 5))
	while [ $SECONDS -lt $until ]; do
		[[ $(ip -n "$CLIENT" -6 addr show dev c0 scope link -tentative) == *fe80* ]] && return
		read -rt 0.02 <> <(:) || true
	done
	return 1
}

# client [WORD]: dhclient in the background; what it was given is in $dir/given.
client() {
	ip netns exec "$CLIENT" dhclient -6 -v -d -1 -sf "$dir/script" -e "GIVEN=$dir/given" -pf "$dir/pf" -lf "$dir/leases" "$@" c0 \
		> "$dir/dhclient" 2>&1 3>&- &
	echo $! > "$dir/client.pid"
}

# A server of addresses and, where only that is asked for, of information.
start_other() {
	ip -n "$OTHER" addr add fd00:77::1/64 dev o0 nodad
	ip -n "$OTHER" link set o0 up
	ip netns exec "$OTHER" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=o0 \
		--bind-interfaces --leasefile-ro --log-facility=- --log-dhcp --pid-file= --user=root \
		--dhcp-range=fd00:77::100,fd00:77::1ff,64,1h --dhcp-option=option6:dns-server,fd00:77::53 \
		2> "$dir/dnsmasq" 3>&- &
	echo $! > "$dir/other.pid"
	wait_for 'DHCPv6, IP range' "$dir/dnsmasq"
}

adverts() { ip netns exec "$CLIENT" sed -n 's/^Icmp6InRouterAdvertisements[[:space:]]*//p' /proc/net/snmp6; }

@test "a machine that asks for an address is told that Baton boots by IPv4, and so is the operator" {
	be $KNOWN
	client
	wait_for 'Status code of no addrs' "$dir/dhclient"
	wait_for "ipv6-asked mac=$KNOWN machine=blade-a what=solicit" "$dir/events"
	wait_for 'Status code of no addrs' "$dir/dhclient" 2
	[ "$(grep -c ipv6-asked "$dir/events")" -eq 1 ]
}

@test "one that asks for information only is told the same, in words" {
	be $KNOWN
	client -S
	wait_for 'message status code UnspecFail: "Baton boots machines by IPv4"' "$dir/dhclient"
	wait_for "ipv6-asked mac=$KNOWN machine=blade-a what=information-request" "$dir/events"
}

@test "a persona's MAC that no machine carries is told, too" {
	be 02:ba:70:00:00:01
	client
	wait_for 'Status code of no addrs' "$dir/dhclient"
	wait_for 'ipv6-asked mac=02:ba:70:00:00:01 what=solicit' "$dir/events"
}

@test "a stranger hears nothing" {
	be $STRANGER
	client
	wait_for 'XMT: Solicit' "$dir/dhclient" 2
	run grep 'RCV:' "$dir/dhclient"
	[ -z "$output" ]
	run grep ipv6-asked "$dir/events"
	[ -z "$output" ]
}

@test "a machine is told that there is no router, a stranger is not" {
	be $STRANGER
	until=$((SECONDS + 9))
	until [ "$(ip netns exec "$CLIENT" awk '$1 == "Icmp6OutRouterSolicits" { print $2 }' /proc/net/snmp6)" -ge 1 ]; do
		[ $SECONDS -lt $until ]
		read -rt 0.05 <> <(:) || true
	done
	[ "$(adverts)" -eq 0 ]
	be $KNOWN
	until [ "$(adverts)" -ge 1 ]; do
		[ $SECONDS -lt $until ]
		read -rt 0.05 <> <(:) || true
	done
	[ -z "$(ip -n "$CLIENT" -6 route show default)" ]
}

@test "beside a DHCPv6 server, a machine gets that server's address all the same" {
	start_other
	be $KNOWN
	client
	wait_for 'ipv6-asked' "$dir/events"
	wait_for 'new_ip6_address=fd00:77::1' "$dir/given"
}

@test "beside a DHCPv6 server, a machine gets that server's information all the same" {
	start_other
	be $KNOWN
	client -S
	wait_for 'ipv6-asked' "$dir/events"
	wait_for 'new_dhcp6_name_servers=fd00:77::53' "$dir/given"
}
